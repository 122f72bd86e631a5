//! JSON in every layout: one object a line, objects over several lines, objects in one array.
//!
//! Which family an object belongs to (Windows, Zeek, Suricata, Wazuh, any other) is told by its names; for Zeek the
//! log's name comes from the record (`_path`) or from the file's name (`conn.log`).

use std::ops::ControlFlow;

use bulkhead_model::event::{Event, Layout, Shape, Text, Value, Visitor};
use bulkhead_model::json::{JsonEvent, Malformed};
use bulkhead_model::logsource::LogSource;

use crate::around::{Around, Open};
use crate::envelope::{self, Step};
use crate::input::{Input, Line};
use crate::read::{Out, Stream};
use crate::report::{Family, Tally};
use crate::{winexport, zeek};

/// How many bytes are looked at to tell whether an object wraps records.
const WRAPPER: usize = 4096;

/// Reads one object a line.
pub(crate) fn lines(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut objects = Objects::new(&stream.out.tally.file);
    let mut number = stream.before;
    while let Some(line) = stream.input.line(stream.options.record_max) {
        number += 1;
        match line {
            Line::TooLong(length) => too_long(&mut stream.out, number, length),
            Line::Whole(line) => {
                let line = without_bom(line, number);
                if let Some(at) = envelope::records(line) {
                    objects.wrapped(&mut stream.out, line, at, number)?;
                } else if !line.trim_ascii().is_empty() {
                    objects.read(&mut stream.out, line, number)?;
                }
            }
        }
    }
    ControlFlow::Continue(())
}

fn too_long(out: &mut Out<'_>, line: u64, length: u64) {
    out.tally.malformed(line, 0, || format!("it is {length} bytes long, more than a record may be"));
}

/// The line without the byte order mark that some exporters put first.
pub(crate) fn without_bom(line: &[u8], number: u64) -> &[u8] {
    match line.strip_prefix(b"\xEF\xBB\xBF") {
        Some(rest) if number == 1 => rest,
        _ => line,
    }
}

/// Reads objects wherever they begin and end: after one another, or as the elements of an array.
pub(crate) fn objects(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut objects = Objects::new(&stream.out.tally.file);
    let mut line = 1;
    let mut around = Around::default();
    loop {
        let gap = to_object(&mut stream.input, &mut line, &mut around);
        if let Some(junk) = gap.junk {
            stream.out.tally.malformed(line, 0, || format!("`{junk}` stands between the objects"));
        }
        if gap.end {
            around.tell(stream);
            return ControlFlow::Continue(());
        }
        if let Some(at) = envelope::records(stream.input.peek(WRAPPER)) {
            line += count_lines(&stream.input.window()[..at]);
            stream.input.skip(at);
            around.begin(Open::Wrapper, line);
            continue;
        }
        match object_length(&mut stream.input, stream.options.record_max) {
            Extent::Whole(length) => {
                let object = &stream.input.window()[..length];
                objects.read(&mut stream.out, object, line)?;
                line += count_lines(object);
                stream.input.skip(length);
            }
            Extent::TooLong => {
                too_long(&mut stream.out, line, stream.options.record_max as u64 + 1);
                around.begin(Open::Object, line);
                let (lines, is_whole) = skip_to_end(&mut stream.input, Braces::default());
                line += lines;
                if is_whole {
                    around.end();
                }
            }
            Extent::Unfinished => {
                stream.out.tally.malformed(line, 0, || "the object has no end".to_owned());
                around.begin(Open::Object, line);
                while !stream.input.window().is_empty() {
                    let length = stream.input.window().len();
                    stream.input.skip(length);
                }
            }
        }
    }
}

struct Gap {
    /// The first character that is neither blank nor part of an array.
    junk: Option<char>,
    end: bool,
}

/// Moves to the next `{` of a record, behind the ends of what is open.
fn to_object(input: &mut Input<'_>, line: &mut u64, around: &mut Around) -> Gap {
    let mut junk = None;
    loop {
        let window = input.window();
        if window.is_empty() {
            return Gap { junk, end: true };
        }
        let at = window.iter().position(|it| matches!(it, b'{' | b']'));
        let gap = &window[..at.unwrap_or(window.len())];
        let expected = |it: &u8| it.is_ascii_whitespace() || b",[\xEF\xBB\xBF\x1e".contains(it);
        junk = junk.or_else(|| gap.iter().find(|it| !expected(it)).map(|it| char::from(*it)));
        let ends = at.is_some_and(|at| window[at] == b']');
        for piece in gap.split_inclusive(|it| *it == b'[') {
            *line += count_lines(piece);
            if piece.ends_with(b"[") {
                around.begin(Open::Array, *line);
            }
        }
        let length = gap.len() + usize::from(ends);
        input.skip(length);
        if ends {
            let since = around.since().unwrap_or(*line);
            match around.end() {
                Some(Open::Wrapper) => {
                    // What follows the records inside a wrapper is no record.
                    let (lines, is_whole) = skip_to_end(input, Braces { depth: 1, ..Braces::default() });
                    *line += lines;
                    if !is_whole {
                        around.begin(Open::Wrapper, since);
                    }
                }
                Some(_) => {}
                None => around.ends_headless(*line),
            }
        } else if at.is_some() {
            return Gap { junk, end: false };
        }
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

enum Extent {
    Whole(usize),
    TooLong,
    Unfinished,
}

/// Where the object that begins the window ends; brings all of it into the window.
fn object_length(input: &mut Input<'_>, limit: usize) -> Extent {
    let mut braces = Braces::default();
    let mut seen = 0;
    loop {
        let window = input.window();
        if let Some(end) = braces.end(&window[seen..]) {
            return if seen + end > limit { Extent::TooLong } else { Extent::Whole(seen + end) };
        }
        seen = window.len();
        if seen > limit {
            return Extent::TooLong;
        }
        if !input.extend() {
            return Extent::Unfinished;
        }
    }
}

/// Moves behind the end of the object of which `braces` has seen the beginning without holding it; how many lines that
/// were, and whether there was an end.
fn skip_to_end(input: &mut Input<'_>, mut braces: Braces) -> (u64, bool) {
    let mut lines = 0;
    loop {
        let window = input.window();
        let end = braces.end(window);
        let length = end.unwrap_or(window.len());
        lines += count_lines(&window[..length]);
        if end.is_some() || length == 0 {
            input.skip(length);
            return (lines, end.is_some());
        }
        input.skip(length);
    }
}

/// Follows nesting through a text that comes in pieces.
#[derive(Default)]
pub(crate) struct Braces {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Braces {
    /// Offset behind the brace that closes the first one, when it stands in `piece`.
    pub(crate) fn end(&mut self, piece: &[u8]) -> Option<usize> {
        for (at, byte) in piece.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// Makes events of objects, with the reader's memory and the layouts it has learned.
pub(crate) struct Objects {
    known: Known,
    /// The Zeek log that the file's name speaks of.
    zeek: Option<String>,
}

impl Objects {
    pub(crate) fn new(file: &str) -> Self {
        Self { known: Known::default(), zeek: zeek::log_of_file(file) }
    }

    /// Hands out the records of a wrapper that lies in one line, from `at` on.
    fn wrapped(&mut self, out: &mut Out<'_>, text: &[u8], mut at: usize, line: u64) -> ControlFlow<()> {
        loop {
            match envelope::step(text, &mut at) {
                Step::Record(object) => self.read(out, object, line)?,
                Step::End => return ControlFlow::Continue(()),
                Step::Other => {
                    out.tally.malformed(line, column(text, at), || "no object stands before this".to_owned());
                }
                Step::Broken => {
                    out.tally
                        .malformed(line, column(text, at), || "the list of records has no end".to_owned());
                    let what =
                        format!("the list of records in line {line} has no end: what followed is missing");
                    out.tally.missing(what, None, None);
                    return ControlFlow::Continue(());
                }
            }
        }
    }

    /// Hands out the event of one object, or counts it as malformed. Bytes that are no text are replaced, and counted.
    fn read(&mut self, out: &mut Out<'_>, object: &[u8], line: u64) -> ControlFlow<()> {
        let object = envelope::inner(object).unwrap_or(object);
        match self.text(out, object) {
            Err(Malformed { what: Malformed::NO_TEXT, .. }) => {
                let text = out.tally.text(object);
                let again = self.text(out, text.as_bytes());
                self.flow(again, out, text.as_bytes(), line)
            }
            first => self.flow(first, out, object, line),
        }
    }

    fn flow(
        &mut self,
        read: Result<ControlFlow<()>, Malformed>,
        out: &mut Out<'_>,
        object: &[u8],
        line: u64,
    ) -> ControlFlow<()> {
        read.unwrap_or_else(|Malformed { at, what }| {
            out.tally.malformed(line, column(object, at), || what.to_owned());
            ControlFlow::Continue(())
        })
    }

    /// Hands out the event of one object.
    fn text(&mut self, out: &mut Out<'_>, object: &[u8]) -> Result<ControlFlow<()>, Malformed> {
        // A Zeek log that not every record of tells by its names (dhcp, pe, notice, ...) goes by the file's.
        let shape = match &self.zeek {
            Some(log) if log == "loaded_scripts" || memchr::memmem::find(object, b"\"ts\"").is_some() => {
                Some(Shape::Zeek)
            }
            _ => None,
        };
        match JsonEvent::with_memory(object, shape, std::mem::take(out.memory)) {
            Ok(event) => {
                let flow = self.event(out, &event);
                *out.memory = event.into_memory();
                Ok(flow)
            }
            Err((fault, memory)) => {
                *out.memory = memory;
                Err(fault)
            }
        }
    }

    fn event(&mut self, out: &mut Out<'_>, event: &JsonEvent<'_>) -> ControlFlow<()> {
        if event.shape() == Shape::WindowsExport {
            return exported(out, event);
        }
        let source = source(event, self.zeek.as_deref());
        self.known.check(event, &source, &mut out.tally);
        match &self.zeek {
            Some(log) if event.shape() == Shape::Zeek && event.get(zeek::PATH).is_none() => {
                out.event(&OfLog { event, log }, source)
            }
            _ => out.event(event, source),
        }
    }
}

/// A Windows event in an exporter's terms; what turns out to be none stays a record of no known family.
fn exported(out: &mut Out<'_>, event: &JsonEvent<'_>) -> ControlFlow<()> {
    if let Some(event) = winexport::of_json(event) {
        return out.event(&event, LogSource::of_shape(Shape::Windows));
    }
    if looks_like_windows(event.raw()) {
        out.tally.unmatched(Family::Windows);
    }
    let plain = JsonEvent::new(event.raw(), Some(Shape::Json));
    match plain {
        Ok(event) => out.event(&event, source(&event, None)),
        Err(_) => ControlFlow::Continue(()),
    }
}

/// Whether a record speaks of Windows' event log, in whatever terms.
fn looks_like_windows(raw: &[u8]) -> bool {
    [&b"\"winlog"[..], b"\"EventID\"", b"\"EventCode\"", b"\"EventData\"", b"\"event_data\""]
        .iter()
        .any(|it| memchr::memmem::find(raw, it).is_some())
}

/// Whether events have what rules for their family choose them by; asked once for all events that are laid out alike one
/// after another.
#[derive(Default)]
struct Known {
    layout: Option<std::sync::Arc<Layout>>,
    lacks: Option<Family>,
}

impl Known {
    fn check(&mut self, event: &JsonEvent<'_>, source: &LogSource<'_>, tally: &mut Tally) {
        let known = match (event.layout(), &self.layout) {
            (Some(layout), Some(last)) => std::sync::Arc::ptr_eq(layout, last),
            _ => false,
        };
        if !known {
            self.lacks = match event.shape() {
                Shape::Windows if !is_windows(event) => Some(Family::Windows),
                Shape::Zeek if source.service.is_none() => Some(Family::Zeek),
                Shape::Json if looks_like_windows(event.raw()) && source.product.is_none() => {
                    Some(Family::Windows)
                }
                _ => None,
            };
            self.layout = event.layout().cloned();
        }
        if let Some(family) = self.lacks {
            tally.unmatched(family);
        }
    }
}

/// Whether rules for Windows can choose an event: by its channel and its id.
fn is_windows(event: &dyn Event) -> bool {
    ["Channel", "EventID"].iter().all(|it| event.get(it).is_some_and(|it| it != Value::Null))
}

/// Where an event comes from; `log` is the Zeek log that its file's name speaks of.
pub(crate) fn source<'s>(event: &'s JsonEvent<'_>, log: Option<&'s str>) -> LogSource<'s> {
    let mut source = LogSource::of_shape(event.shape());
    match event.shape() {
        Shape::Zeek => source.service = text(event, zeek::PATH).or(log),
        Shape::Suricata => source.service = text(event, "event_type"),
        Shape::Json => {
            source.product = text(event, "event.module").or_else(|| text(event, "host.os.type"));
            source.service = text(event, "event.dataset");
        }
        _ => {}
    }
    source
}

/// A Zeek record that does not name its log, with the name from the file.
struct OfLog<'a> {
    event: &'a JsonEvent<'a>,
    log: &'a str,
}

impl Event for OfLog<'_> {
    fn raw(&self) -> &[u8] {
        self.event.raw()
    }

    fn shape(&self) -> Shape {
        self.event.shape()
    }

    fn visit<'e>(&'e self, visitor: &mut dyn Visitor<'e>) {
        if visitor.wants(zeek::PATH) {
            visitor.value(zeek::PATH, Value::Text(Text::plain(self.log)));
        }
        self.event.visit(visitor);
    }

    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>> {
        if name == zeek::PATH { Some(Value::Text(Text::plain(self.log))) } else { self.event.get(name) }
    }
}

/// 0-based column in characters of the byte at `at`, where it stands in the first line of a multi-line text as well.
fn column(text: &[u8], at: usize) -> usize {
    let before = &text[..at.min(text.len())];
    let line = before.rsplit(|it| *it == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).chars().count()
}

fn text<'e>(event: &'e JsonEvent<'_>, name: &str) -> Option<&'e str> {
    match event.get(name)? {
        Value::Text(text) if !text.is_escaped() => Some(text.raw()),
        _ => None,
    }
}
