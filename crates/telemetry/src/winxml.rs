//! Windows events as XML: what `wevtutil qe /f:xml`, Event Viewer and `Get-WinEvent | % ToXml` write; one after another,
//! with or without `<Events>` around them, on one line or many.
//!
//! An event has the fields that the same event has when it is read from EVTX.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape, windows_header};
use bulkhead_model::logsource::LogSource;
use memchr::memmem;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event as Xml};

use crate::dns;
use crate::input::Input;
use crate::read::Stream;
use crate::report::{Ended, Tally};

const OPEN: &[u8] = b"<Event";
const CLOSE: &[u8] = b"</Event>";

/// More fields than this are not kept of one event.
const FIELDS_MAX: usize = 4096;

/// Elements nested deeper than this make an event malformed.
const DEPTH_MAX: usize = 64;

/// Whether `text`, the start of a stream, is such a log.
pub(crate) fn is_log(text: &[u8]) -> bool {
    text.starts_with(b"<Events") || find_open(text).is_some_and(|at| !has_junk(&text[..at]))
}

/// Reads the events.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut line = 1;
    let mut around = Around::default();
    // After a fault, what lies before the next event belongs to it.
    let mut in_fault = false;
    loop {
        around.only_ends = in_fault;
        let (junk, there) = to_event(&mut stream.input, &mut line, &mut around);
        if junk && !in_fault {
            stream.out.tally.malformed(line, 0, || "what stands here is no `<Event>`".to_owned());
        }
        if !there {
            if stream.input.fault().is_none() {
                around.tell(&mut stream.out.tally);
            }
            return ControlFlow::Continue(());
        }
        let (length, fault) = match extent(&mut stream.input, stream.options.record_max) {
            Extent::Whole(length) => (length, None),
            Extent::Broken(length) => (length, Some("the event has no end".to_owned())),
            Extent::TooLong(length) => (length, Some(format!("it is longer than {length} bytes"))),
        };
        let bytes = &stream.input.window()[..length];
        in_fault = fault.is_some();
        if in_fault {
            // The end of what stands around the events may lie in what was taken for one.
            around.only_ends = true;
            around.tags(bytes);
        }
        let text = stream.out.tally.text(bytes);
        match fault.map_or_else(|| event(&text), Err) {
            Ok(fields) => {
                let event = FieldsEvent { raw: bytes, shape: Shape::Windows, fields };
                stream.out.event(&event, LogSource::of_shape(Shape::Windows))?;
            }
            Err(why) => stream.out.tally.malformed(line, 0, || why),
        }
        line += count_lines(bytes);
        stream.input.skip(length);
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Where `<Event ` or `<Event>` stands, and not `<EventData>`; the tag's next character must be in reach.
fn find_open(text: &[u8]) -> Option<usize> {
    memmem::find_iter(text, OPEN)
        .find(|at| text.get(at + OPEN.len()).is_some_and(|it| it.is_ascii_whitespace() || *it == b'>'))
}

/// Moves to the next event; whether anything but tags and blanks lay before it, and whether there is one.
fn to_event(input: &mut Input<'_>, line: &mut u64, around: &mut Around) -> (bool, bool) {
    let mut junk = false;
    loop {
        let window = input.window();
        if window.is_empty() {
            return (junk, false);
        }
        let found = find_open(window);
        // A tag may begin at the window's end.
        let whole = found.or_else(|| memchr::memrchr(b'<', window)).unwrap_or(window.len());
        let gap = &window[..whole];
        junk |= has_junk(gap);
        around.tags(gap);
        *line += count_lines(gap);
        input.skip(whole);
        if found.is_some() {
            return (junk, true);
        }
        if !input.extend() {
            let rest = input.window();
            junk |= has_junk(rest);
            around.tags(rest);
            around.is_cut = memchr::memrchr(b'<', rest) > memchr::memrchr(b'>', rest);
            let length = rest.len();
            input.skip(length);
            return (junk, false);
        }
        // A tag without end is passed over, lest it grow without bound.
        if input.window().len() > 64 * 1024 && find_open(input.window()).is_none() {
            input.skip(1);
            junk = true;
        }
    }
}

/// The elements around the events: `<Events>`, and whatever else an exporter puts there. An input that ends before they do
/// was cut.
#[derive(Default)]
struct Around {
    open: Vec<Vec<u8>>,
    /// An element that ends and never began.
    headless: Option<Vec<u8>>,
    /// The input ends within a tag.
    is_cut: bool,
    /// Whether the tags met are those of a broken event, of which only the ends mean something here.
    only_ends: bool,
}

impl Around {
    /// Takes in the tags in `text`.
    fn tags(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest) {
            rest = &rest[at + 1..];
            let is_comment = rest.starts_with(b"!--");
            let end = if is_comment {
                memmem::find(rest, b"-->").map(|at| at + 2)
            } else {
                memchr::memchr(b'>', rest)
            };
            let Some(end) = end else { return };
            let (tag, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let name = |tag: &[u8]| tag.split(u8::is_ascii_whitespace).next().unwrap_or_default().to_vec();
            match tag.first() {
                None | Some(b'?' | b'!') => {}
                Some(b'/') => self.end(name(&tag[1..])),
                Some(_) if self.only_ends || tag.ends_with(b"/") || self.open.len() >= DEPTH_MAX => {}
                Some(_) => self.open.push(name(tag)),
            }
        }
    }

    fn end(&mut self, name: Vec<u8>) {
        match self.open.iter().rposition(|it| *it == name) {
            Some(at) => self.open.truncate(at),
            None if !self.only_ends && self.headless.is_none() => self.headless = Some(name),
            None => {}
        }
    }

    /// Says at the end of the input what of it is missing.
    fn tell(&self, tally: &mut Tally) {
        if let Some(name) = &self.headless {
            let name = String::from_utf8_lossy(name);
            tally.missing(
                format!("`<{name}>` ends and never began: what stood before is missing"),
                None,
                None,
            );
        }
        let why = match self.open.first() {
            Some(name) => {
                format!("`<{}>` has no end: what followed is missing", String::from_utf8_lossy(name))
            }
            None if self.is_cut => "it ends within a tag".to_owned(),
            None => return,
        };
        tally.ended_early(&Ended { why, bytes: None });
    }
}

/// Whether more than blanks and tags stand in `gap`.
fn has_junk(gap: &[u8]) -> bool {
    let mut rest = gap.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(gap);
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return false;
        }
        match memchr::memchr(b'>', rest) {
            Some(end) if rest[0] == b'<' => rest = &rest[end + 1..],
            None if rest[0] == b'<' => return false,
            _ => return true,
        }
    }
}

enum Extent {
    /// Length of the event that begins the window.
    Whole(usize),
    /// The next event begins, or the stream ends, before this one does.
    Broken(usize),
    TooLong(usize),
}

/// How far the event goes that begins the window; brings all of it into the window.
fn extent(input: &mut Input<'_>, limit: usize) -> Extent {
    let mut seen = OPEN.len();
    loop {
        let window = input.window();
        let from = seen.saturating_sub(CLOSE.len()).max(OPEN.len());
        let close = memmem::find(&window[from..], CLOSE).map(|at| from + at);
        let next = find_open(&window[from..close.unwrap_or(window.len())]);
        match (next, close) {
            (Some(at), _) => return Extent::Broken(from + at),
            (None, Some(at)) if at + CLOSE.len() > limit => return Extent::TooLong(at + CLOSE.len()),
            (None, Some(at)) => return Extent::Whole(at + CLOSE.len()),
            (None, None) if window.len() > limit => return Extent::TooLong(window.len()),
            (None, None) => seen = window.len(),
        }
        if !input.extend() {
            return Extent::Broken(input.window().len());
        }
    }
}

pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Field<'a>)>;

/// The event that stands in `text`, from its first tag to its last: a line of syslog, a cell of a table.
pub(crate) fn embedded(text: &str) -> Option<Result<Fields<'static>, String>> {
    let from = find_open(text.as_bytes())?;
    let to = from + memmem::rfind(&text.as_bytes()[from..], CLOSE)? + CLOSE.len();
    Some(event(&text[from..to]))
}

/// The fields of one event.
pub(crate) fn event(text: &str) -> Result<Fields<'static>, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        match reader.read_event() {
            Ok(Xml::Start(tag)) => walk.open(&tag)?,
            Ok(Xml::Empty(tag)) => {
                walk.open(&tag)?;
                walk.close();
            }
            Ok(Xml::End(_)) => walk.close(),
            // Line breaks stay as Windows wrote them, CR LF, so that a value is the one EVTX holds.
            Ok(Xml::Text(text)) => walk.text(&text.into_inner()),
            Ok(Xml::CData(text)) => walk.text(&text.into_inner()),
            Ok(Xml::GeneralRef(name)) => match name.resolve_char_ref() {
                Ok(Some(c)) => walk.text(c.encode_utf8(&mut [0; 4])),
                _ => walk.text(entity(&name.xml10_content())),
            },
            Ok(Xml::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(format!("not well-formed: {error}")),
        }
    }
    if walk.fields.iter().all(|(name, _)| name != "EventID") {
        return Err("an event without `EventID`".to_owned());
    }
    question(&mut walk.fields);
    walk.tell_apart();
    Ok(walk.fields)
}

/// Adds name and type of a question to Windows' name server (its analytic log), as rules write them.
fn question(fields: &mut Fields<'static>) {
    let text = |wanted: &str| match fields.iter().find(|(name, _)| name == wanted) {
        Some((_, Field::Text(it) | Field::Number(it))) => Some(it.as_ref()),
        _ => None,
    };
    let (Some(name), Some(kind)) = (text("QNAME"), text("QTYPE")) else { return };
    let (name, kind) = dns::of_windows(name, kind);
    let more = [("query", name.to_owned()), ("record_type", kind.to_owned())];
    fields.extend(more.map(|(name, value)| (Cow::Borrowed(name), Field::Text(Cow::Owned(value)))));
}

/// The five entities XML has of itself; another stands for nothing.
fn entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

/// One element on the way down.
struct Element {
    /// Name without prefix; of `Data` its attribute `Name`.
    name: String,
    has_children: bool,
}

#[derive(Default)]
struct Walk {
    path: Vec<Element>,
    text: String,
    fields: Fields<'static>,
    /// Places of the fields that the header gave.
    in_header: Vec<usize>,
}

impl Walk {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        if self.path.len() >= DEPTH_MAX {
            return Err(format!("elements are nested more than {DEPTH_MAX} deep"));
        }
        if let Some(outer) = self.path.last_mut() {
            outer.has_children = true;
        }
        self.text.clear();
        let mut name = tag.local_name().as_ref().to_owned();
        let in_system = self.path.len() == 2 && self.path[1].name == "System";
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|it| format!("not well-formed: {it}"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|it| format!("not well-formed: {it}"))?;
            let key = attribute.key.local_name();
            if in_system {
                self.push(format!("{name}_{}", key.as_ref()), value.into_owned(), false);
            } else if self.path.len() >= 2 && key.as_ref() == "Name" && name == "Data" {
                name = value.replace(' ', "");
            }
        }
        self.path.push(Element { name, has_children: false });
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn close(&mut self) {
        let Some(element) = self.path.pop() else { return };
        let text = std::mem::take(&mut self.text);
        if element.has_children || self.path.len() < 2 {
            return;
        }
        let section = self.path[1].name.as_str();
        let below = match section {
            "System" | "EventData" => &self.path[2..],
            // One more level is dropped: the provider's own element.
            "UserData" => self.path.get(3..).unwrap_or_default(),
            "RenderingInfo" if element.name == "Message" => &self.path[2..],
            "RenderingInfo" => return,
            _ => &self.path[1..],
        };
        let in_system = section == "System";
        if in_system && text.trim().is_empty() {
            return;
        }
        if section == "UserData" && self.path.len() < 3 {
            return;
        }
        let mut name = String::new();
        for outer in below {
            name.push_str(&outer.name);
            name.push('.');
        }
        name.push_str(&element.name);
        self.push(name, text, in_system);
    }

    fn push(&mut self, name: String, text: String, in_system: bool) {
        if self.fields.len() >= FIELDS_MAX {
            return;
        }
        let is_number = in_system && !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        if self.path.get(1).is_some_and(|it| it.name == "System") {
            self.in_header.push(self.fields.len());
        }
        let value = if is_number { Field::Number(Cow::Owned(text)) } else { Field::Text(Cow::Owned(text)) };
        self.fields.push((Cow::Owned(name), value));
    }
}

impl Walk {
    /// Gives values of the header another name where the event's data has a field of the same name: rules mean that.
    fn tell_apart(&mut self) {
        let of_header = std::mem::take(&mut self.in_header);
        for at in &of_header {
            let name = self.fields[*at].0.clone();
            let Some(other) = windows_header(&name) else { continue };
            let mut others = self.fields.iter().enumerate().filter(|(it, _)| !of_header.contains(it));
            if others.any(|(_, (it, _))| *it == name) {
                self.fields[*at].0 = Cow::Borrowed(other);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(xml: &str, expect: &[(&str, &str)]) {
        let fields = event(xml).unwrap();
        let found: Vec<(&str, String)> = fields
            .iter()
            .map(|(name, value)| match value {
                Field::Text(it) | Field::Number(it) => (name.as_ref(), it.to_string()),
                other => (name.as_ref(), format!("{other:?}")),
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn sections_flatten_as_sigma_expects() {
        check(
            "<Event><System><Provider Name='P' Guid=\"{1}\"/><EventID Qualifiers='2'>1</EventID><Correlation/></System>\
             <EventData><Data Name='Threat Name'>a &lt;b&gt; &#65;</Data><Data>x</Data><Data Name='E'/></EventData></Event>",
            &[
                ("Provider_Name", "P"),
                ("Provider_Guid", "{1}"),
                ("EventID_Qualifiers", "2"),
                ("EventID", "1"),
                ("ThreatName", "a <b> A"),
                ("Data", "x"),
                ("E", ""),
            ],
        );
        check(
            "<Event><System><EventID>21</EventID></System><UserData><EventXML xmlns='Event_NS'><User>D\\a</User>\
             <a><b>c</b></a></EventXML></UserData><RenderingInfo><Message>m</Message><Level>l</Level></RenderingInfo></Event>",
            &[("EventID", "21"), ("User", "D\\a"), ("a.b", "c"), ("Message", "m")],
        );
    }

    #[test]
    fn data_of_a_headers_name_goes_by_it() {
        check(
            "<Event><System><EventID>104</EventID><Channel>System</Channel></System>\
             <UserData><LogFileCleared><Channel>Security</Channel></LogFileCleared></UserData></Event>",
            &[("EventID", "104"), ("System.Channel", "System"), ("Channel", "Security")],
        );
    }

    #[test]
    fn an_event_starts_at_its_own_tag() {
        assert_eq!(find_open(b"<Events><EventData><Event>"), Some(19));
        assert_eq!(find_open(b"<Events><EventData><Event"), None);
        assert!(!has_junk(b"<?xml version='1.0'?>\r\n<Events>\n"));
        assert!(has_junk(b"<?xml?> oops <Events>"));
    }
}
