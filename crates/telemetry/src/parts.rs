//! Streams cut into parts that can be parsed apart from one another: whole lines, whole chunks of EVTX.
//!
//! Cutting costs a search for line breaks; parsing and matching, which cost a hundred times as much, go to other
//! threads. What a part needs of the stream before it (the header of a Zeek log) is put before its bytes.

use std::ops::ControlFlow;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bulkhead_model::bytes::places;

use crate::ait;
use crate::evtx::{CHUNK, HEADER, Promise};
use crate::format::Format;
use crate::input::Input;
use crate::read;
use crate::record::{Progress, Record, Sink};
use crate::report::{Ended, Tally, Telemetry};

/// Bytes gathered before a part is cut, where the stream is not live.
const PART: usize = 256 * 1024;

/// Pieces of memory kept for parts to come.
const SPARE_MAX: usize = 8;

/// Chunks of EVTX in a part.
const CHUNKS: usize = 4;

/// Takes records one by one, or streams in parts.
pub(crate) trait Taker {
    /// Takes one record; `Break` ends the reading.
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()>;

    /// Is told now and then how far reading has come.
    fn progress(&mut self, _progress: &Progress<'_>) {}

    /// Whether streams that can be cut are wanted in parts.
    fn wants_parts(&self) -> bool {
        false
    }

    /// Takes one part; `read` are the packed bytes read so far.
    fn part(&mut self, _part: Part, _read: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A sink that takes every record on the thread that reads.
pub(crate) struct Whole<'s>(pub(crate) &'s mut dyn Sink);

impl Taker for Whole<'_> {
    fn record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        self.0.record(record)
    }

    fn progress(&mut self, progress: &Progress<'_>) {
        self.0.progress(progress);
    }
}

/// A piece of a stream that can be parsed by itself.
#[derive(Debug)]
pub(crate) struct Part {
    /// Number of the stream among those of its file that were cut.
    pub(crate) stream: usize,
    pub(crate) file: Arc<str>,
    pub(crate) format: Format,
    /// Lines (chunks of EVTX) of the stream before `bytes`.
    pub(crate) before: u64,
    pub(crate) bytes: Vec<u8>,
    /// Where in `bytes` it begins and ends.
    pub(crate) range: Range<usize>,
    /// Where lines end in that range, from its beginning on; empty where that was not found out.
    pub(crate) line_ends: Vec<usize>,
    /// Where the memory goes when it was parsed.
    pub(crate) spare: Spare,
    /// Instead of bytes: a line longer than records may be was skipped.
    pub(crate) too_long: Option<u64>,
}

/// Memory of parts that were parsed, for those to come: taking a quarter of a megabyte anew each time costs more than
/// reading it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spare(Arc<Mutex<Vec<Vec<u8>>>>);

impl Spare {
    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps `memory`, unless enough is kept or one long line has made it large.
    pub(crate) fn put(&self, memory: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < SPARE_MAX && memory.len() <= 4 * PART {
            kept.push(memory);
        }
    }
}

/// A stream that was handed out in parts, as far as its reader knows it.
#[derive(Debug)]
pub(crate) struct Cut {
    /// Where its report stands.
    pub(crate) source_at: usize,
    /// How many diagnostics came before its own.
    pub(crate) diagnostics_at: usize,
    /// Whether the user named the file.
    pub(crate) named: bool,
    /// What ended it early.
    pub(crate) fault: Option<Ended>,
    /// What it promised and does not hold.
    pub(crate) missing: Vec<Missing>,
}

/// What a stream promised and does not hold: in words, how many bytes, and how many records.
pub(crate) type Missing = (String, Option<u64>, Option<u64>);

/// Completes what the reader of a file knows by the tallies of its cut streams.
pub(crate) fn complete(mut telemetry: Telemetry, cuts: Vec<Cut>, tallies: Vec<Option<Tally>>) -> Telemetry {
    let tallies = tallies.into_iter().chain(std::iter::repeat_with(|| None));
    let parts: Vec<_> = cuts.into_iter().zip(tallies).collect();
    // From the last to the first, so that positions stay true.
    for (cut, tally) in parts.into_iter().rev() {
        let report = &mut telemetry.sources[cut.source_at];
        let mut tally = tally.unwrap_or_else(|| Tally::new(&report.file, 0));
        for (what, bytes, records) in cut.missing {
            tally.missing(what, bytes, records);
        }
        if let Some(fault) = &cut.fault {
            tally.ended_early(fault);
        }
        let mut done = tally.finish(report.format, report.bytes);
        done.diagnostics.extend(read::hopeless(&done.report, cut.named));
        *report = done.report;
        let at = cut.diagnostics_at;
        telemetry.diagnostics.splice(at..at, done.diagnostics);
        telemetry.unread.extend(done.unread);
        telemetry.unmatched.extend(done.unmatched);
    }
    telemetry
}

/// Whether streams of this format can be cut: not where a record may go over many lines.
pub(crate) fn can_cut(format: Format) -> bool {
    matches!(
        format,
        Format::Ndjson
            | Format::Evtx
            | Format::ZeekTsv
            | Format::Syslog
            | Format::AitAlerts
            | Format::AccessLog
            | Format::Squid
            | Format::ServerLog
    )
}

/// Cuts one stream.
pub(crate) struct Cutter {
    pub(crate) stream: usize,
    pub(crate) file: Arc<str>,
    pub(crate) format: Format,
    /// Whether whatever has arrived goes out at once.
    pub(crate) live: bool,
    /// Longest line.
    pub(crate) limit: usize,
    /// Memory of parts.
    pub(crate) spare: Spare,
}

impl Cutter {
    /// Cuts all of `input`; `missing` gets what it promised and does not hold.
    pub(crate) fn run(
        &self,
        input: &mut Input<'_>,
        missing: &mut Vec<Missing>,
        emit: &mut dyn FnMut(Part) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.format == Format::Evtx { self.chunks(input, missing, emit) } else { self.lines(input, emit) }
    }

    fn part(&self, before: u64, bytes: Vec<u8>) -> Part {
        let range = 0..bytes.len();
        self.piece(before, bytes, range, Vec::new())
    }

    fn piece(&self, before: u64, bytes: Vec<u8>, range: Range<usize>, line_ends: Vec<usize>) -> Part {
        let (file, stream, spare) = (Arc::clone(&self.file), self.stream, self.spare.clone());
        Part { stream, file, format: self.format, before, bytes, range, line_ends, spare, too_long: None }
    }

    fn chunks(
        &self,
        input: &mut Input<'_>,
        missing: &mut Vec<Missing>,
        emit: &mut dyn FnMut(Part) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut promise = Promise::of(input.peek(HEADER));
        let header = input.peek(HEADER).len();
        input.skip(header);
        let mut before = 0;
        loop {
            let mut bytes = input.peek(CHUNKS * CHUNK).to_vec();
            if bytes.is_empty() {
                *missing = promise.broken();
                return ControlFlow::Continue(());
            }
            for chunk in bytes.chunks_mut(CHUNK) {
                // What is not to be read is passed over like what was never used.
                if !promise.chunk(chunk) {
                    chunk.fill(0);
                }
            }
            input.skip(bytes.len());
            emit(self.part(before, bytes))?;
            before += CHUNKS as u64;
        }
    }

    fn lines(&self, input: &mut Input<'_>, emit: &mut dyn FnMut(Part) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut header = Header::default();
        let mut before = 0;
        loop {
            if !self.live {
                input.peek(PART);
            }
            let window = input.window();
            if window.is_empty() {
                return ControlFlow::Continue(());
            }
            let length = match memchr::memrchr(b'\n', window) {
                Some(at) => at + 1,
                None if window.len() > self.limit => {
                    let length = input.skip_line();
                    emit(Part { too_long: Some(length), ..self.part(before, Vec::new()) })?;
                    before += 1;
                    continue;
                }
                None if input.extend() => continue,
                None => input.window().len(),
            };
            let block = &input.window()[..length];
            // Line breaks are looked for once: here they are counted, and whoever parses the part goes by them.
            let mut line_ends = Vec::new();
            places(b'\n', block, &mut line_ends);
            let n_lines = line_ends.len() as u64;
            let mut bytes = header.text();
            let part_before = before - header.lines.len() as u64;
            header.learn(self.format, block);
            // A little of a live stream is copied: it must not hold the memory of much.
            let part = if bytes.is_empty() && length >= PART / 2 {
                let (bytes, from) = input.give(length, self.spare.take());
                self.piece(part_before, bytes, from..from + length, line_ends)
            } else {
                bytes.extend_from_slice(block);
                input.skip(length);
                self.part(part_before, bytes)
            };
            emit(part)?;
            before += n_lines;
        }
    }
}

/// The lines of a stream that say how to read those after them, the last of each kind.
#[derive(Default)]
struct Header {
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Header {
    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (_, line) in &self.lines {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text
    }

    fn learn(&mut self, format: Format, block: &[u8]) {
        if !matches!(format, Format::ZeekTsv | Format::AitAlerts) {
            return;
        }
        for line in block.split(|it| *it == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(kind) = kind_of(format, line) else { continue };
            // A log that begins anew forgets the header before.
            if kind == b"separator" {
                self.lines.clear();
            }
            match self.lines.iter_mut().find(|(it, _)| it == kind) {
                Some((_, old)) => *old = line.to_vec(),
                None => self.lines.push((kind.to_vec(), line.to_vec())),
            }
        }
    }
}

/// What kind of header line this is; none if it is a record.
fn kind_of(format: Format, line: &[u8]) -> Option<&[u8]> {
    const KINDS: [&[u8]; 7] =
        [b"separator", b"set_separator", b"empty_field", b"unset_field", b"path", b"fields", b"types"];
    if format == Format::AitAlerts {
        return ait::is_header(line).then_some(b"header");
    }
    let directive = line.trim_ascii_start().strip_prefix(b"#")?;
    let end = directive.iter().position(|it| !(it.is_ascii_alphanumeric() || *it == b'_'));
    let name = &directive[..end.unwrap_or(directive.len())];
    KINDS.into_iter().find(|it| *it == name)
}
