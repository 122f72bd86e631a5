//! What was read, file by file, and what could not be.

use bulkhead_model::case::TelemetrySummary;
use bulkhead_model::diag::{Diagnostic, Pos};

use crate::format::Format;

/// One file (or member of an archive) as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// The file as the user named it, with the member of an archive: `a.zip!b.json`.
    pub file: String,
    /// What it was recognised as.
    pub format: Format,
    /// Events handed out.
    pub events: u64,
    /// Records that could not be read.
    pub malformed: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
}

/// Everything that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// By file, in the order read.
    pub sources: Vec<SourceReport>,
    /// What could not be read: errors are of whole files that the user named, warnings of the rest.
    pub diagnostics: Vec<Diagnostic>,
}

impl Telemetry {
    /// Events of all files.
    pub fn events(&self) -> u64 {
        self.sources.iter().map(|it| it.events).sum()
    }

    /// Records of all files that could not be read.
    pub fn malformed(&self) -> u64 {
        self.sources.iter().map(|it| it.malformed).sum()
    }

    /// Bytes of all files, unpacked.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(|it| it.bytes).sum()
    }

    /// Whether a file that the user named could not be read at all.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// As `incident.json` states it.
    pub fn summary(&self) -> TelemetrySummary {
        let mut sources: Vec<String> = self.sources.iter().map(|it| it.file.clone()).collect();
        sources.sort();
        TelemetrySummary { events: self.events(), malformed: self.malformed(), sources }
    }
}

/// Something that went wrong within one stream; worded at the end, when the numbers before it are known.
#[derive(Debug)]
enum Fault {
    /// A record that could not be read: its number, its line (0 where the format has none), column, and why.
    Malformed { record: u64, line: u64, column: usize, why: String },
    /// The stream ended early after so many events.
    EndedEarly { events: u64, why: String },
    /// Something about the whole stream that somebody should know.
    Note { code: &'static str, message: String, hint: &'static str },
}

/// Counts what one stream (or a part of it) yields, and keeps its first faults.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) file: String,
    pub(crate) events: u64,
    pub(crate) malformed: u64,
    /// Lines with a time of which nobody knows the year.
    pub(crate) yearless: u64,
    shown_max: usize,
    shown: usize,
    faults: Vec<Fault>,
}

impl Tally {
    pub(crate) fn new(file: &str, shown_max: usize) -> Self {
        Self {
            file: file.to_owned(),
            events: 0,
            malformed: 0,
            yearless: 0,
            shown_max,
            shown: 0,
            faults: Vec::new(),
        }
    }

    /// 1-based number of the record that comes next.
    pub(crate) fn next_record(&self) -> u64 {
        self.events + self.malformed + 1
    }

    /// Counts one malformed record; `line` is 0 where the format has none.
    pub(crate) fn malformed(&mut self, line: u64, column: usize, why: impl FnOnce() -> String) {
        let record = self.next_record();
        self.malformed += 1;
        if self.shown < self.shown_max {
            self.shown += 1;
            self.faults.push(Fault::Malformed { record, line, column, why: why() });
        }
    }

    /// A fault that ended the file early.
    pub(crate) fn ended_early(&mut self, why: &dyn std::fmt::Display) {
        self.faults.push(Fault::EndedEarly { events: self.events, why: why.to_string() });
    }

    /// Something about the whole stream that somebody should know.
    pub(crate) fn note(&mut self, code: &'static str, message: String, hint: &'static str) {
        self.faults.push(Fault::Note { code, message, hint });
    }

    /// Adds the tally of the part of the stream that follows.
    pub(crate) fn append(&mut self, part: Self) {
        let records = self.events + self.malformed;
        for mut fault in part.faults {
            match &mut fault {
                Fault::Malformed { record, .. } => {
                    if self.shown >= self.shown_max {
                        continue;
                    }
                    self.shown += 1;
                    *record += records;
                }
                Fault::EndedEarly { events, .. } => *events += self.events,
                Fault::Note { .. } => {}
            }
            self.faults.push(fault);
        }
        self.events += part.events;
        self.malformed += part.malformed;
        self.yearless += part.yearless;
    }

    /// The report and the faults.
    pub(crate) fn finish(self, format: Format, bytes: u64) -> (SourceReport, Vec<Diagnostic>) {
        let mut diagnostics: Vec<Diagnostic> = self.faults.iter().map(|it| it.worded(&self.file)).collect();
        if self.yearless > 0 {
            let message =
                format!("{} lines have a time without a year, so their events carry no time", self.yearless);
            diagnostics.push(
                Diagnostic::warning("time-without-year", &self.file, None, message)
                    .hint("say when the log was written (`--now`)"),
            );
        }
        if self.malformed > self.shown as u64 {
            let message =
                format!("{} more malformed records were skipped", self.malformed - self.shown as u64);
            diagnostics.push(Diagnostic::warning("malformed-records", &self.file, None, message));
        }
        let report =
            SourceReport { file: self.file, format, events: self.events, malformed: self.malformed, bytes };
        (report, diagnostics)
    }
}

impl Fault {
    fn worded(&self, file: &str) -> Diagnostic {
        match self {
            Self::Malformed { record, line, column, why } => {
                let pos =
                    (*line > 0).then(|| Pos { line: saturate(*line), column: saturate(*column as u64 + 1) });
                let message = if *line > 0 {
                    format!("record skipped: {why}")
                } else {
                    format!("record {record} skipped: {why}")
                };
                Diagnostic::warning("malformed-record", file, pos, message)
            }
            Self::EndedEarly { events, why } => {
                let message = format!("reading ended early: {why}; {events} records were read before");
                Diagnostic::warning("incomplete-file", file, None, message)
                    .hint("fetch the file again; what was read is used")
            }
            Self::Note { code, message, hint } => {
                Diagnostic::warning(code, file, None, message.clone()).hint(*hint)
            }
        }
    }
}

fn saturate(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
