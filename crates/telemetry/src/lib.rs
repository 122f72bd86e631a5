//! Recorded telemetry in: files, archives and streams of many formats, read to events one at a time, in bounded memory;
//! the entities each event speaks of; and a first estate drafted from what was seen.
//!
//! [`read`] is the way in. It knows no rules: what an event means is for `detect` and `incident` to say.

mod archives;
mod around;
mod clocks;
pub mod discover;
mod entities;
mod format;
mod input;
mod observe;
mod parallel;
mod parts;
mod read;
mod record;
mod report;
mod tar;
mod unpack;
mod walk;

mod ait;
mod auditd;
mod cef;
mod delimited;
mod device;
mod dns;
mod envelope;
mod evtx;
mod forms;
mod json;
mod lines;
mod message;
mod server;
mod syscalls;
mod syslog;
mod web;
mod winexport;
mod winxml;
mod with;
mod zeek;

pub use clocks::{Clocks, SaidTwice, Told, TwicePlaces, Waiting};
pub use entities::{entities, parse_address, parse_time};
pub use format::Format;
pub use observe::{Bounds, Observer};
pub use parallel::{Batch, Take, Worker, read_parallel};
pub use read::{read, read_bytes};
pub use record::{Options, Progress, Record, Sink};
pub use report::{SourceReport, Telemetry};
