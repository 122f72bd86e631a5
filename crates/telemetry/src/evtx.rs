//! Windows event logs (EVTX), read chunk by chunk from any stream; every record becomes one line of JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use bulkhead_model::count::counted;
use bulkhead_model::event::{Event, Shape};
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;
use evtx::{EvtxChunkData, ParserSettings};
use memchr::memmem;

use crate::dns;
use crate::parts::Missing;
use crate::read::{Out, Stream};
use crate::report::Ended;
use crate::with::With;

/// Size of the file header.
pub(crate) const HEADER: usize = 4096;

/// Size of every chunk.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Reads the header and the chunks.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut promise = Promise::of(stream.input.peek(HEADER));
    let header = stream.input.peek(HEADER).len();
    stream.input.skip(header);
    every_chunk(stream, &mut promise)?;
    for (what, bytes, records) in promise.broken() {
        stream.out.tally.missing(what, bytes, records);
    }
    ControlFlow::Continue(())
}

/// Reads the chunks of a part of a file, one after another.
pub(crate) fn chunks(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    every_chunk(stream, &mut Promise::default())
}

/// Reads the chunks one after another. Chunks that were never used (all zero) are passed over.
fn every_chunk(stream: &mut Stream<'_, '_>, promise: &mut Promise) -> ControlFlow<()> {
    let settings = Arc::new(ParserSettings::new().indent(false));
    let limit = stream.options.record_max;
    let mut reader = Reader { settings, limit, chunk: stream.before };
    loop {
        reader.chunk += 1;
        let bytes = stream.input.peek(CHUNK);
        if bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        let length = bytes.len();
        if promise.chunk(bytes) {
            let chunk = bytes.to_vec();
            if length < CHUNK {
                let why = format!("chunk {} is cut off after {length} of {CHUNK} bytes", reader.chunk);
                let bytes = Some((CHUNK - length) as u64);
                stream.out.tally.ended_early(&Ended { why, bytes });
            }
            reader.chunk(&mut stream.out, chunk)?;
        }
        stream.input.skip(length);
    }
}

/// What the header of a file promises of the chunks after it ("Windows XML Event Log (EVTX) format", libevtx).
#[derive(Debug, Default)]
pub(crate) struct Promise {
    /// How many chunks are in use.
    chunks: u64,
    /// The log was not closed: what was written last may not be in the file.
    dirty: bool,
    /// The header itself cannot be relied on.
    damaged: Option<&'static str>,
    /// Chunks met, used or not, and those used among the promised ones.
    met: u64,
    used: u64,
    /// First and last number of the records in each chunk, as the chunk's header states them.
    numbers: Vec<(u64, u64)>,
    /// Numbers and checksums of the chunks met.
    seen: BTreeSet<(u64, u64, u32, u32)>,
    /// Chunks that stand in the file again, and how many records they hold.
    repeated: (u64, u64),
}

impl Promise {
    /// Reads the first block of a file.
    pub(crate) fn of(header: &[u8]) -> Self {
        let Some(head) = header.get(..128) else {
            return Self { damaged: Some("its header is cut off"), ..Self::default() };
        };
        let damaged = (crc(&[&head[..120]]) != u32_at(head, 124))
            .then_some("the checksum of its header is wrong: how many records it should hold is not known");
        let chunks = u64::from(u16::from_le_bytes([head[42], head[43]]));
        Self { chunks, dirty: u32_at(head, 120) & 1 != 0, damaged, ..Self::default() }
    }

    /// Takes in the next chunk; whether it is used, and not the repetition of another.
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> bool {
        self.met += 1;
        let used = bytes.iter().any(|it| *it != 0);
        self.used += u64::from(used && self.met <= self.chunks);
        if let Some(records) = records_stated(bytes).filter(|_| bytes.starts_with(b"ElfChnk\0")) {
            let (first, last) = (u64_at(bytes, 8), u64_at(bytes, 16));
            if !self.seen.insert((first, last, crc(&[bytes]), u32_at(bytes, 52))) {
                self.repeated = (self.repeated.0 + 1, self.repeated.1 + records);
                return false;
            }
            self.numbers.push((first, last));
        }
        used
    }

    /// What was promised and is not there: in words, how many bytes, and how many records.
    pub(crate) fn broken(&self) -> Vec<Missing> {
        let mut broken = Vec::new();
        let absent = self.chunks.saturating_sub(self.met);
        let empty = self.chunks.saturating_sub(self.used + absent);
        if let Some(damaged) = self.damaged {
            broken.push((damaged.to_owned(), None, None));
        }
        let absent_are = (absent, "is missing", "are missing");
        for (n, one, many) in [absent_are, (empty, "holds nothing but zeros", "hold nothing but zeros")] {
            if n > 0 && self.damaged.is_none() {
                let what = format!(
                    "its header counts {}, of which {}: the records in {} were not read",
                    counted(self.chunks, "chunk", "chunks"),
                    counted(n, one, many),
                    if n == 1 { "it" } else { "them" },
                );
                broken.push((what, Some(n * CHUNK as u64), None));
            }
        }
        let (chunks, records) = self.repeated;
        if chunks > 0 {
            let again = counted(chunks, "chunk stands in it again", "chunks stand in it again");
            let what = format!("{again}, with {} that were read once", counted(records, "record", "records"));
            broken.push((what, None, None));
        }
        let between = self.numbers_missing();
        if between > 0 {
            let what = format!(
                "its records are numbered, and {} missing",
                counted(between, "number between them is", "numbers between them are")
            );
            broken.push((what, None, Some(between)));
        }
        if self.dirty {
            let what = "it was copied while it was written to (its header is marked dirty): the last records may be missing";
            broken.push((what.to_owned(), None, None));
        }
        broken
    }

    /// How many record numbers lie between those of the chunks. A log that was full goes on at its front, so the order of
    /// the chunks says nothing.
    fn numbers_missing(&self) -> u64 {
        let mut numbers = self.numbers.clone();
        numbers.sort_unstable();
        let mut missing = 0;
        let mut next = None;
        for (first, last) in numbers {
            missing += next.map_or(0, |it| first.saturating_sub(it));
            next = next.max(Some(last.saturating_add(1)));
        }
        missing
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|it| it.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|it| it.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn crc(parts: &[&[u8]]) -> u32 {
    let mut crc = flate2::Crc::new();
    parts.iter().for_each(|it| crc.update(it));
    crc.sum()
}

/// Whether the checksums of a whole chunk are right: that of its header and that of its records.
fn checksums_hold(chunk: &[u8]) -> bool {
    let records = chunk.get(512..u32_at(chunk, 48) as usize);
    crc(&[&chunk[..120], &chunk[128..512]]) == u32_at(chunk, 124)
        && records.is_some_and(|it| crc(&[it]) == u32_at(chunk, 52))
}

/// How many records a chunk's header says it holds; none where it says nothing sensible.
fn records_stated(chunk: &[u8]) -> Option<u64> {
    let (first, last) = (u64_at(chunk, 8), u64_at(chunk, 16));
    // No record is shorter than 28 bytes.
    last.checked_sub(first).map(|it| it + 1).filter(|it| *it <= (CHUNK / 28) as u64)
}

struct Reader {
    settings: Arc<ParserSettings>,
    limit: usize,
    /// 1-based number of the chunk.
    chunk: u64,
}

impl Reader {
    /// Hands out the records of one chunk. Only the last chunk of a truncated file is shorter than others: it is filled
    /// up, and its records up to the cut are read.
    fn chunk(&mut self, out: &mut Out<'_>, mut bytes: Vec<u8>) -> ControlFlow<()> {
        let whole = bytes.len() == CHUNK;
        bytes.resize(CHUNK, 0);
        let stated = records_stated(&bytes);
        if whole && bytes.starts_with(b"ElfChnk\0") && !checksums_hold(&bytes) {
            let what = format!(
                "the checksum of chunk {} is wrong: its records were read as far as they go, but may be damaged or missing",
                self.chunk
            );
            out.tally.missing(what, None, None);
        }
        let before = out.tally.events + out.tally.malformed;
        let flow = self.records(out, bytes, whole);
        let read = out.tally.events + out.tally.malformed - before;
        if flow.is_continue()
            && let Some(missing) = stated.and_then(|it| it.checked_sub(read)).filter(|it| *it > 0)
        {
            let what = format!(
                "chunk {} should hold {}; {} not read",
                self.chunk,
                counted(read + missing, "record", "records"),
                counted(missing, "was", "were"),
            );
            out.tally.missing(what, None, Some(missing));
        }
        flow
    }

    /// The records of a chunk, which is filled up unless it is `whole`.
    fn records(&mut self, out: &mut Out<'_>, bytes: Vec<u8>, whole: bool) -> ControlFlow<()> {
        let number = self.chunk;
        let mut data = match EvtxChunkData::new(bytes, false) {
            Ok(data) => data,
            Err(error) => {
                if whole {
                    unreadable(out, number, &error);
                }
                return ControlFlow::Continue(());
            }
        };
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => {
                unreadable(out, number, &error);
                return ControlFlow::Continue(());
            }
        };
        for record in chunk.iter() {
            match record.and_then(evtx::EvtxRecord::into_json_bytes) {
                Ok(record) => self.record(out, &record.data)?,
                // What follows the cut cannot be read; the cut itself is reported.
                Err(_) if !whole => break,
                Err(error) => out.tally.malformed(0, 0, || format!("in chunk {number}: {}", chain(&error))),
            }
        }
        ControlFlow::Continue(())
    }

    fn record(&mut self, out: &mut Out<'_>, json: &[u8]) -> ControlFlow<()> {
        if json.len() > self.limit {
            let length = json.len();
            out.tally.malformed(0, 0, || format!("it is {length} bytes long, more than a record may be"));
            return ControlFlow::Continue(());
        }
        match JsonEvent::with_memory(json, Some(Shape::Windows), std::mem::take(out.memory)) {
            Ok(event) => {
                let source = LogSource::of_shape(Shape::Windows);
                let flow = match question(&event) {
                    Some(more) => out.event(&With { event: &event, more }, source),
                    None => out.event(&event, source),
                };
                *out.memory = event.into_memory();
                flow
            }
            Err((fault, memory)) => {
                *out.memory = memory;
                out.tally.malformed(0, 0, || fault.to_string());
                ControlFlow::Continue(())
            }
        }
    }
}

/// Says that nothing of a chunk could be read: a malformed record, and a part of the log that is missing.
fn unreadable(out: &mut Out<'_>, number: u64, error: &dyn std::error::Error) {
    out.tally.malformed(0, 0, || format!("chunk {number} cannot be read: {error}"));
    out.tally.missing(
        format!("none of the records of chunk {number} could be read"),
        Some(CHUNK as u64),
        None,
    );
}

/// Name and type of a question to Windows' name server (its analytic log), as rules write them.
fn question<'e>(event: &'e JsonEvent<'_>) -> Option<Vec<(&'static str, Cow<'e, str>)>> {
    memmem::find(event.raw(), b"\"QNAME\"")?;
    let (name, kind) = (event.get("QNAME")?.to_text(), event.get("QTYPE")?.to_text());
    let (name, kind) = dns::of_windows(&name, &kind);
    Some(vec![("query", Cow::Owned(name.to_owned())), ("record_type", Cow::Owned(kind.to_owned()))])
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
