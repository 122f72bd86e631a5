//! Windows event logs (EVTX), read chunk by chunk from any stream; every record becomes one line of JSON.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use bulkhead_model::event::{Event, Shape};
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;
use evtx::{EvtxChunkData, ParserSettings};
use memchr::memmem;

use crate::dns;
use crate::read::{Out, Stream};
use crate::with::With;

/// Size of the file header.
pub(crate) const HEADER: usize = 4096;

/// Size of every chunk.
pub(crate) const CHUNK: usize = 64 * 1024;

/// Reads the header and the chunks.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let header = stream.input.peek(HEADER).len();
    stream.input.skip(header);
    chunks(stream)
}

/// Reads the chunks one after another. Chunks that were never used (all zero) are passed over.
pub(crate) fn chunks(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let settings = Arc::new(ParserSettings::new().indent(false));
    let limit = stream.options.record_max;
    let mut reader = Reader { settings, limit, chunk: stream.before, ..Reader::default() };
    loop {
        reader.chunk += 1;
        let bytes = stream.input.peek(CHUNK);
        if bytes.is_empty() {
            return ControlFlow::Continue(());
        }
        let length = bytes.len();
        if bytes.iter().any(|it| *it != 0) {
            let chunk = bytes.to_vec();
            if length < CHUNK {
                let why = format!("chunk {} is cut off after {length} of {CHUNK} bytes", reader.chunk);
                stream.out.tally.ended_early(&why);
            }
            reader.chunk(&mut stream.out, chunk)?;
        }
        stream.input.skip(length);
    }
}

#[derive(Default)]
struct Reader {
    settings: Arc<ParserSettings>,
    limit: usize,
    /// 1-based number of the chunk.
    chunk: u64,
    memory: bulkhead_model::json::Memory,
}

impl Reader {
    /// Hands out the records of one chunk. Only the last chunk of a truncated file is shorter than others: it is filled
    /// up, and its records up to the cut are read.
    fn chunk(&mut self, out: &mut Out<'_>, mut bytes: Vec<u8>) -> ControlFlow<()> {
        let whole = bytes.len() == CHUNK;
        bytes.resize(CHUNK, 0);
        let number = self.chunk;
        let mut data = match EvtxChunkData::new(bytes, false) {
            Ok(data) => data,
            Err(error) => {
                if whole {
                    out.tally.malformed(0, 0, || format!("chunk {number} cannot be read: {error}"));
                }
                return ControlFlow::Continue(());
            }
        };
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => {
                out.tally.malformed(0, 0, || format!("chunk {number} cannot be read: {error}"));
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
        match JsonEvent::with_memory(json, Some(Shape::Windows), std::mem::take(&mut self.memory)) {
            Ok(event) => {
                let source = LogSource::of_shape(Shape::Windows);
                let flow = match question(&event) {
                    Some(more) => out.event(&With { event: &event, more }, source),
                    None => out.event(&event, source),
                };
                self.memory = event.into_memory();
                flow
            }
            Err((fault, memory)) => {
                self.memory = memory;
                out.tally.malformed(0, 0, || fault.to_string());
                ControlFlow::Continue(())
            }
        }
    }
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
