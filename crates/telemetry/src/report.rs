//! What was read, file by file, and what could not be.

use std::borrow::Cow;
use std::io;

use bulkhead_model::case::{TelemetrySummary, UnmatchedFamily, Unread};
use bulkhead_model::count::counted;
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
    /// Bytes that were no text and were replaced in events.
    pub replaced: u64,
}

/// Everything that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// By file, in the order read.
    pub sources: Vec<SourceReport>,
    /// What could not be read: errors are of whole files that the user named, warnings of the rest.
    pub diagnostics: Vec<Diagnostic>,
    /// What was not read, sorted: files, members, ends of streams.
    pub unread: Vec<Unread>,
    /// Events to which no rule can apply although they look like a family that rules speak of, sorted.
    pub unmatched: Vec<UnmatchedFamily>,
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

    /// Bytes of all files that were no text and were replaced.
    pub fn replaced(&self) -> u64 {
        self.sources.iter().map(|it| it.replaced).sum()
    }

    /// Whether everything named was read: no record, member, file or end of a stream is missing.
    pub fn is_whole(&self) -> bool {
        self.malformed() == 0 && self.unread.is_empty()
    }

    /// Notes that something of `source` was not read.
    pub(crate) fn missed(&mut self, source: &str, what: String, bytes: Option<u64>) {
        self.unread.push(Unread { source: source.to_owned(), what, bytes, ..Unread::default() });
    }

    /// The same in one order, whatever the threads.
    pub(crate) fn sorted(mut self) -> Self {
        self.unread.sort();
        self.unmatched.sort();
        self
    }

    /// Takes in what is known of one more stream.
    pub(crate) fn take(&mut self, done: Finished) {
        self.sources.push(done.report);
        self.diagnostics.extend(done.diagnostics);
        self.unread.extend(done.unread);
        self.unmatched.extend(done.unmatched);
    }

    /// Whether a file that the user named could not be read at all.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// As `incident.json` states it.
    pub fn summary(&self) -> TelemetrySummary {
        let mut sources: Vec<String> = self.sources.iter().map(|it| it.file.clone()).collect();
        sources.sort();
        TelemetrySummary {
            events: self.events(),
            malformed: self.malformed(),
            sources,
            unread: self.unread.clone(),
            replaced_bytes: self.replaced(),
            unmatched_families: self.unmatched.clone(),
            ..TelemetrySummary::default()
        }
    }
}

/// Something that went wrong within one stream; worded at the end, when the numbers before it are known.
#[derive(Debug)]
enum Fault {
    /// A record that could not be read: its number, its line (0 where the format has none), column, and why.
    Malformed { record: u64, line: u64, column: usize, why: String },
    /// The stream ended early after so many events.
    EndedEarly { events: u64, why: String, bytes: Option<u64> },
    /// A part of the stream is missing, or may be; reading went on.
    Missing { what: String, bytes: Option<u64>, records: Option<u64> },
    /// Records of an event stand elsewhere: which event, whether the `first` or `last`, what of it is missing.
    Split { event: String, which: &'static str, end: &'static str },
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
    /// Bytes that were no text.
    pub(crate) replaced: u64,
    /// Events to which no rule can apply, of a family that rules speak of.
    unmatched: [u64; FAMILIES.len()],
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
            replaced: 0,
            unmatched: [0; FAMILIES.len()],
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
    pub(crate) fn ended_early(&mut self, why: &Ended) {
        self.faults.push(Fault::EndedEarly { events: self.events, why: why.why.clone(), bytes: why.bytes });
    }

    /// A part of the stream that is missing, though reading went on.
    pub(crate) fn missing(&mut self, what: String, bytes: Option<u64>, records: Option<u64>) {
        self.faults.push(Fault::Missing { what, bytes, records });
    }

    /// An event whose records go on in another stream: the `first` of this one, or the `last`.
    pub(crate) fn split_event(&mut self, event: &[u8], which: &'static str, end: &'static str) {
        let event = String::from_utf8_lossy(event).into_owned();
        self.faults.push(Fault::Split { event, which, end });
    }

    /// Counts an event to which no rule can apply.
    pub(crate) fn unmatched(&mut self, family: Family) {
        self.unmatched[family as usize] += 1;
    }

    /// A line as text; bytes that are none are replaced, and counted.
    pub(crate) fn text<'l>(&mut self, line: &'l [u8]) -> Cow<'l, str> {
        let text = String::from_utf8_lossy(line);
        if matches!(text, Cow::Owned(_)) {
            self.replaced += line.utf8_chunks().map(|it| it.invalid().len() as u64).sum::<u64>();
        }
        text
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
                Fault::Missing { .. } | Fault::Split { .. } | Fault::Note { .. } => {}
            }
            self.faults.push(fault);
        }
        self.events += part.events;
        self.malformed += part.malformed;
        self.yearless += part.yearless;
        self.replaced += part.replaced;
        for (sum, more) in self.unmatched.iter_mut().zip(part.unmatched) {
            *sum += more;
        }
    }

    /// The report and the faults.
    pub(crate) fn finish(self, format: Format, bytes: u64) -> Finished {
        let mut diagnostics: Vec<Diagnostic> = self.faults.iter().map(|it| it.worded(&self.file)).collect();
        let unread = self.faults.iter().filter_map(|it| it.unread(&self.file)).collect();
        let mut warn = |code, message: String, hint: Option<&str>| {
            let diagnostic = Diagnostic::warning(code, &self.file, None, message);
            diagnostics.push(hint.into_iter().fold(diagnostic, Diagnostic::hint));
        };
        if self.yearless > 0 {
            let message = counted(
                self.yearless,
                "line has a time without a year, so its event carries no time",
                "lines have a time without a year, so their events carry no time",
            );
            warn("time-without-year", message, Some("say when the log was written (`--now`)"));
        }
        if self.replaced > 0 {
            let message = counted(
                self.replaced,
                "byte is no text (UTF-8); it was replaced, the event read",
                "bytes are no text (UTF-8); they were replaced, the events read",
            );
            warn("replaced-bytes", message, None);
        }
        if self.malformed > self.shown as u64 {
            let message = counted(
                self.malformed - self.shown as u64,
                "more malformed record was skipped",
                "more malformed records were skipped",
            );
            warn("malformed-records", message, None);
        }
        let mut unmatched = Vec::new();
        for ((family, lacks), events) in FAMILIES.into_iter().zip(self.unmatched).filter(|it| it.1 > 0) {
            let message = format!(
                "{} like {family}, but {} no {lacks}: no rule for {family} can apply to {}",
                counted(events, "event looks", "events look"),
                if events == 1 { "has" } else { "have" },
                if events == 1 { "it" } else { "them" },
            );
            warn(
                "unmatched-family",
                message,
                Some("export them with these fields, or map them (docs/logsources.md)"),
            );
            unmatched.push(UnmatchedFamily { source: self.file.clone(), family: family.to_owned(), events });
        }
        let report = SourceReport {
            file: self.file,
            format,
            events: self.events,
            malformed: self.malformed,
            bytes,
            replaced: self.replaced,
        };
        Finished { report, diagnostics, unread, unmatched }
    }
}

/// Everything known of one stream.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) report: SourceReport,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) unmatched: Vec<UnmatchedFamily>,
}

/// A family of records that rules choose by fields of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Windows,
    Zeek,
}

/// Names of the families, and what rules choose their events by.
const FAMILIES: [(&str, &str); 2] = [("windows", "channel or event id"), ("zeek", "log name (`_path`)")];

/// Why a stream ended early, and how many bytes of it are missing, where that is known.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) why: String,
    pub(crate) bytes: Option<u64>,
}

impl Ended {
    /// What an IO error says.
    pub(crate) fn by(error: &io::Error) -> Self {
        let cut = error.get_ref().and_then(|it| it.downcast_ref::<Cut>());
        Self { why: error.to_string(), bytes: cut.map(|it| it.size - it.served) }
    }
}

/// A stream whose size is stated ended before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is cut off after {served} of {size} bytes")]
pub(crate) struct Cut {
    pub(crate) served: u64,
    pub(crate) size: u64,
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
            Self::EndedEarly { events, why, .. } => {
                let message = format!(
                    "reading ended early: {why}; {} read before",
                    counted(*events, "record was", "records were")
                );
                Diagnostic::warning("incomplete-file", file, None, message)
                    .hint("fetch the file again; what was read is used")
            }
            Self::Missing { what, .. } => Diagnostic::warning("incomplete-file", file, None, what.clone())
                .hint("fetch the file again; what was read is used"),
            Self::Split { .. } => Diagnostic::warning("split-event", file, None, self.split()).hint(
                "rotated audit logs that lie unpacked in one folder (audit.log.1, audit.log) are put together; join others in the \
                 order of their records",
            ),
            Self::Note { code, message, hint } => {
                Diagnostic::warning(code, file, None, message.clone()).hint(*hint)
            }
        }
    }
}

impl Fault {
    /// What is said of an event that is split.
    fn split(&self) -> String {
        let Self::Split { event, which, end } = self else { return String::new() };
        format!("its {which} event ({event}) {end} in another file: it was read without those records")
    }

    /// What was not read, where the fault means that.
    fn unread(&self, file: &str) -> Option<Unread> {
        let (what, bytes, records) = match self {
            Self::EndedEarly { why, bytes, .. } => (why.clone(), *bytes, None),
            Self::Missing { what, bytes, records } => (what.clone(), *bytes, *records),
            Self::Split { .. } => (self.split(), None, None),
            Self::Malformed { .. } | Self::Note { .. } => return None,
        };
        Some(Unread { source: file.to_owned(), what, bytes, records, ..Unread::default() })
    }
}

fn saturate(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
