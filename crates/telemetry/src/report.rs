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

/// Counts what one file yields, and keeps its first faults.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) file: String,
    pub(crate) events: u64,
    pub(crate) malformed: u64,
    shown_max: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Tally {
    pub(crate) fn new(file: &str, shown_max: usize) -> Self {
        Self { file: file.to_owned(), events: 0, malformed: 0, shown_max, diagnostics: Vec::new() }
    }

    /// 1-based number of the record that comes next.
    pub(crate) fn next_record(&self) -> u64 {
        self.events + self.malformed + 1
    }

    /// Counts one malformed record; `line` is 0 where the format has none.
    pub(crate) fn malformed(&mut self, line: u64, column: usize, why: impl FnOnce() -> String) {
        let record = self.next_record();
        self.malformed += 1;
        if self.diagnostics.len() >= self.shown_max {
            return;
        }
        let pos = (line > 0).then(|| Pos { line: saturate(line), column: saturate(column as u64 + 1) });
        let message = if line > 0 {
            format!("record skipped: {}", why())
        } else {
            format!("record {record} skipped: {}", why())
        };
        self.diagnostics.push(Diagnostic::warning("malformed-record", &self.file, pos, message));
    }

    /// Something about the whole file that somebody should know.
    pub(crate) fn note(&mut self, code: &'static str, message: String, hint: &str) {
        self.diagnostics.push(Diagnostic::warning(code, &self.file, None, message).hint(hint));
    }

    /// A fault that ended the file early.
    pub(crate) fn ended_early(&mut self, why: &dyn std::fmt::Display) {
        let message = format!("reading ended early: {why}; {} records were read before", self.events);
        self.diagnostics.push(
            Diagnostic::warning("incomplete-file", &self.file, None, message)
                .hint("fetch the file again; what was read is used"),
        );
    }

    /// The report and the faults.
    pub(crate) fn finish(mut self, format: Format, bytes: u64) -> (SourceReport, Vec<Diagnostic>) {
        let shown = self.diagnostics.iter().filter(|it| it.code == "malformed-record").count() as u64;
        if self.malformed > shown {
            let message = format!("{} more malformed records were skipped", self.malformed - shown);
            self.diagnostics.push(Diagnostic::warning("malformed-records", &self.file, None, message));
        }
        let report =
            SourceReport { file: self.file, format, events: self.events, malformed: self.malformed, bytes };
        (report, self.diagnostics)
    }
}

fn saturate(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
