//! Compliance: which reporting duties an incident starts, until when, to whom, and what each filing must say.
//!
//! Regimes and holiday calendars are data (`regimes/*.yaml`, `calendars/*.yaml`), each with its status, sources and the
//! date they were checked; operators add files or override the embedded ones by id. Given the [`Facts`] of a case and
//! the legal profile, [`Library::clocks`] gives every deadline twice: the earliest defensible instant, to work to, and
//! the latest that can be argued, for counsel. Unknown facts keep a clock running. In reading order:
//!
//! [`facts`] what is known · [`predicate`] three-valued conditions on it · [`regime`] the data model · [`calendar`] and
//! [`period`] how time is counted · [`clocks`] the deadlines, [`diff()`] how they moved · [`filing`] what each filing says and lacks.
//!
//! Pure: knows no file, no clock, no mail, no rendering. Not legal advice.

#![warn(clippy::disallowed_methods)]

mod builtin;
pub mod calendar;
pub mod clocks;
mod diff;
pub mod facts;
pub mod filing;
pub mod load;
pub mod period;
pub mod predicate;
mod reader;
pub mod regime;
pub mod vocabulary;

pub use builtin::Library;
pub use clocks::{Assessment, RegimeSummary};
pub use diff::{Change, Standing, diff};
pub use facts::{Fact, FactKind, FactValue, Facts};
pub use filing::{CaseView, Filing};
