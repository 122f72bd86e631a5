//! What reading hands out: a record with its place and origin, the sink that takes it, and the limits of reading.

use std::ops::ControlFlow;

use bulkhead_model::event::Event;
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;

/// One record of the telemetry.
pub struct Record<'a> {
    /// The file as the user named it, with the member of an archive: `a.zip!b.json`.
    pub file: &'a str,
    /// 1-based number of the record within the file; records that could not be read have numbers too.
    pub record: u64,
    /// The event.
    pub event: &'a dyn Event,
    /// Where it comes from, in Sigma's terms, as far as its fields do not say it themselves.
    pub source: LogSource<'a>,
}

/// How far reading has come, in bytes as they lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The file being read.
    pub file: &'a str,
    /// Bytes read of all files.
    pub read: u64,
    /// Size of all files; 0 when it is not known (standard input).
    pub total: u64,
    /// Events handed out so far.
    pub events: u64,
}

/// Takes the records, in the order of the files and of the records in them.
pub trait Sink {
    /// Takes one record; `Break` ends the reading.
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()>;

    /// Is told now and then how far reading has come.
    fn progress(&mut self, _progress: &Progress<'_>) {}
}

impl<F: FnMut(&Record<'_>) -> ControlFlow<()>> Sink for F {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        self(record)
    }
}

/// Limits and assumptions of reading.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest record in bytes; a longer one is counted as malformed and skipped.
    pub record_max: usize,
    /// Most bytes one file may unpack to.
    pub unpacked_max: u64,
    /// Most bytes that one packed byte may unpack to, once 256 MiB are unpacked.
    pub ratio_max: u64,
    /// How many malformed records of one file are shown; the others are only counted.
    pub shown_max: usize,
    /// The instant by which syslog lines without a year were written (RFC 3164): they get the latest year that does not
    /// lie after it. Without it such lines carry no time.
    pub now: Option<Timestamp>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            record_max: 16 * 1024 * 1024,
            unpacked_max: 256 * 1024 * 1024 * 1024,
            ratio_max: 1000,
            shown_max: 5,
            now: None,
        }
    }
}
