//! An event: raw bytes with borrowed, lazy field access.
//!
//! Detection at wire speed depends on this trait: a visitor says which fields it wants, the others are skipped without
//! being read as text, and text is unescaped only when somebody asks for it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::bytes::find;

/// Which family of records an event comes from; decides how nested names are flattened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// A Windows event (EVTX, NXLog, winlogbeat), names flattened as Sigma expects.
    Windows,
    /// A Zeek log record.
    Zeek,
    /// A Suricata EVE record.
    Suricata,
    /// A Linux audit record.
    Auditd,
    /// A syslog line.
    Syslog,
    /// A Wazuh alert.
    Wazuh,
    /// Any other JSON object; nested names are joined with dots.
    Json,
    /// A Windows event in an exporter's own terms, names joined with dots; its reader makes it [`Shape::Windows`].
    WindowsExport,
}

/// Names of a Windows event's header, and the names under which the header's values go where the event's data has a field
/// of the same name.
pub const WINDOWS_HEADER: [(&str, &str); 12] = [
    ("EventID", "System.EventID"),
    ("Channel", "System.Channel"),
    ("Computer", "System.Computer"),
    ("Provider_Name", "System.Provider_Name"),
    ("Level", "System.Level"),
    ("Task", "System.Task"),
    ("Opcode", "System.Opcode"),
    ("Version", "System.Version"),
    ("Keywords", "System.Keywords"),
    ("EventRecordID", "System.EventRecordID"),
    ("ProcessID", "System.ProcessID"),
    ("ThreadID", "System.ThreadID"),
];

/// The name under which the header's value of `name` goes where the event's data has a field of that name.
pub fn windows_header(name: &str) -> Option<&'static str> {
    if !matches!(name.as_bytes().first(), Some(b'E' | b'C' | b'P' | b'L' | b'T' | b'O' | b'V' | b'K')) {
        return None;
    }
    WINDOWS_HEADER.iter().find(|it| it.0 == name).map(|it| it.1)
}

/// Text inside an event: a slice of the raw bytes, perhaps still escaped as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'e> {
    raw: &'e str,
    escaped: bool,
}

impl<'e> Text<'e> {
    /// Text that stands for itself.
    pub fn plain(raw: &'e str) -> Self {
        Self { raw, escaped: false }
    }

    /// The inside of a JSON string that holds at least one backslash.
    pub fn json_escaped(raw: &'e str) -> Self {
        Self { raw, escaped: true }
    }

    /// The bytes as they stand in the event.
    pub fn raw(&self) -> &'e str {
        self.raw
    }

    /// Whether `raw` must be unescaped before it is compared.
    pub fn is_escaped(&self) -> bool {
        self.escaped
    }
}

/// One value of one field. An array yields its field once per element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'e> {
    /// JSON null, or Zeek's `-`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(&'e str),
    /// Text.
    Text(Text<'e>),
}

impl<'e> Value<'e> {
    /// The value as people would write it; null is empty.
    pub fn to_text(self) -> Cow<'e, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(number) => Cow::Borrowed(number),
            Self::Text(text) => text.decode(),
        }
    }
}

/// Receives the fields of an event in the order they stand in it.
pub trait Visitor<'e> {
    /// Whether the value of the field `name` is wanted; if not, it is skipped unread.
    fn wants(&mut self, name: &str) -> bool;

    /// One value of a wanted field.
    fn value(&mut self, name: &str, value: Value<'e>);

    /// Whether nothing more is wanted; the event may then stop early.
    fn done(&self) -> bool {
        false
    }
}

/// What events of one kind have in common: the names of their fields in the order they stand, and which scalar of the
/// event each is. Made once by a reader that met the kind before; whoever reads many such events works with places
/// instead of names. Two layouts are the same if they are the same allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    fields: Vec<(Box<str>, u32)>,
}

impl Layout {
    /// A layout of these names, each with the place of its value.
    pub fn new(fields: Vec<(Box<str>, u32)>) -> Self {
        Self { fields }
    }

    /// Names in the order [`Event::visit`] shows them, each with the place [`Event::value_at`] takes.
    pub fn fields(&self) -> impl Iterator<Item = (&str, u32)> {
        self.fields.iter().map(|(name, place)| (&**name, *place))
    }

    /// The place of the first field `name`.
    pub fn place(&self, name: &str) -> Option<u32> {
        self.fields().find(|(it, _)| *it == name).map(|it| it.1)
    }
}

/// Layouts of which it is remembered what was worked out.
const REMEMBERED: usize = 256;

/// What was worked out once for all events of one layout, for the layouts met last.
#[derive(Clone, Debug)]
pub struct ByLayout<T> {
    /// By a hash of the address of a layout, which is kept alive so that no other layout takes it.
    slots: Vec<Option<(Arc<Layout>, T)>>,
}

impl<T> Default for ByLayout<T> {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(|| None).take(REMEMBERED).collect() }
    }
}

impl<T> ByLayout<T> {
    /// What is remembered for `layout`, made if it is not.
    #[inline]
    pub fn get_or_make(&mut self, layout: &Arc<Layout>, make: impl FnOnce(&Layout) -> T) -> &mut T {
        let address = Arc::as_ptr(layout).addr() as u64;
        let slot = address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let slot = &mut self.slots[slot as usize % REMEMBERED];
        if slot.as_ref().is_some_and(|it| !Arc::ptr_eq(&it.0, layout)) {
            *slot = None;
        }
        &mut slot.get_or_insert_with(|| (Arc::clone(layout), make(layout))).1
    }
}

/// Raw bytes with borrowed, lazy field access.
pub trait Event {
    /// The bytes as they came, for evidence and keyword search.
    fn raw(&self) -> &[u8];

    /// The family of records it comes from.
    fn shape(&self) -> Shape;

    /// Shows the visitor every field, flattened to the names Sigma rules use.
    fn visit<'e>(&'e self, visitor: &mut dyn Visitor<'e>);

    /// The first value of the field `name`.
    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>>;

    /// Whether every value stands in `raw`, as itself or escaped as JSON does, so that a search of `raw` can tell that
    /// no value holds a text.
    fn raw_holds_values(&self) -> bool {
        false
    }

    /// The layout of the event, where its reader knows one.
    fn layout(&self) -> Option<&Arc<Layout>> {
        None
    }

    /// The value at a place of the event's layout; null where it has none.
    fn value_at(&self, _place: u32) -> Value<'_> {
        Value::Null
    }
}

impl<'e> Text<'e> {
    /// The text unescaped (RFC 8259 section 7); a lone surrogate becomes U+FFFD, and an escape that is none stands as
    /// written.
    pub fn decode(&self) -> Cow<'e, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.decode_into(&mut text);
        Cow::Owned(text)
    }

    /// Appends the unescaped text to `out`, so that a caller can reuse one buffer for many values.
    pub fn decode_into(&self, out: &mut String) {
        if !self.escaped {
            out.push_str(self.raw);
            return;
        }
        let mut rest = self.raw;
        while let Some(at) = find(b'\\', rest.as_bytes()) {
            // Windows paths are full of escaped backslashes: the first of the two is copied with what precedes it.
            if rest.as_bytes().get(at + 1) == Some(&b'\\') {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 2..];
                continue;
            }
            out.push_str(&rest[..at]);
            rest = unescape(&rest[at..], out);
        }
        out.push_str(rest);
    }
}

/// Appends what the escape at the start of `text` stands for and returns what follows it.
fn unescape<'t>(text: &'t str, out: &mut String) -> &'t str {
    let plain = match text.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(text, out),
        _ => {
            out.push('\\');
            return &text[1..];
        }
    };
    out.push(plain);
    &text[2..]
}

/// The same for `\uXXXX`, with surrogate pairs.
fn unescape_unicode<'t>(text: &'t str, out: &mut String) -> &'t str {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|it| it.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let Some(high) = unit(text) else {
        out.push('\\');
        return &text[1..];
    };
    let rest = &text[6..];
    if let Some(c) = char::from_u32(high) {
        out.push(c);
        return rest;
    }
    if high < 0xDC00
        && let Some(low @ 0xDC00..0xE000) = unit(rest)
    {
        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return &rest[6..];
    }
    out.push(char::REPLACEMENT_CHARACTER);
    rest
}

/// A value that an event owns or borrows, for parsers that take fields apart themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// No value: Zeek's `-`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(Cow<'a, str>),
    /// Text.
    Text(Cow<'a, str>),
}

impl<'a> Field<'a> {
    /// Text that is part of the raw line.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(it) => Value::Bool(*it),
            Self::Number(it) => Value::Number(it),
            Self::Text(it) => Value::Text(Text::plain(it)),
        }
    }
}

/// An event whose fields a parser has already named: a syslog line, an audit record, a row of a Zeek log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsEvent<'a> {
    /// The line as it came.
    pub raw: &'a [u8],
    /// The family of records.
    pub shape: Shape,
    /// Name and value in the order they stand; a name that stands twice has two values.
    pub fields: Vec<(Cow<'a, str>, Field<'a>)>,
}

impl<'a> FieldsEvent<'a> {
    /// An event without fields yet.
    pub fn new(raw: &'a [u8], shape: Shape) -> Self {
        Self { raw, shape, fields: Vec::new() }
    }

    /// Adds one value of the field `name`.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: Field<'a>) {
        self.fields.push((name.into(), value));
    }
}

impl Event for FieldsEvent<'_> {
    fn raw(&self) -> &[u8] {
        self.raw
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn visit<'e>(&'e self, visitor: &mut dyn Visitor<'e>) {
        for (name, value) in &self.fields {
            if visitor.wants(name) {
                visitor.value(name, value.value());
            }
        }
    }

    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>> {
        self.fields.iter().find(|(it, _)| it == name).map(|(_, value)| value.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: &str) {
        assert_eq!(Text::json_escaped(raw).decode(), expect);
    }

    #[test]
    fn unescapes_what_rfc_8259_names() {
        check(r"C:\\Windows\\a.exe", r"C:\Windows\a.exe");
        check(r#"\"a\" \/ \b\f\n\r\t"#, "\"a\" / \u{8}\u{c}\n\r\t");
        check(r"\u00e9\u0041", "\u{e9}A");
        check(r"\ud83d\ude00", "\u{1F600}");
    }

    #[test]
    fn keeps_what_is_no_escape() {
        check(r"\x \u12 \u+123 é", r"\x \u12 \u+123 é");
        check("a\\", "a\\");
        check(r"\ud83d \ude00", "\u{FFFD} \u{FFFD}");
        check(r"\ud83d\u0041", "\u{FFFD}A");
    }

    #[test]
    fn fields_are_found_by_name() {
        let mut event = FieldsEvent::new(b"raw", Shape::Syslog);
        event.push("program", Field::text("sshd"));
        event.push("pid", Field::Number("12".into()));
        assert_eq!(event.get("program"), Some(Value::Text(Text::plain("sshd"))));
        assert_eq!(event.get("pid").map(Value::to_text).as_deref(), Some("12"));
        assert_eq!(event.get("host"), None);
    }
}
