//! Telemetry files in, events and entities out: samples of every format, broken inputs, archives, the public data sets.

mod archives;
mod broken;
mod discover;
mod samples;
mod shared_data;
mod support;
