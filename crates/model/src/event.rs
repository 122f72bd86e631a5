//! An event: raw bytes with borrowed, lazy field access.
//!
//! Detection at wire speed depends on this trait: a visitor says which fields it wants, the others are skipped without
//! being read as text, and text is unescaped only when somebody asks for it.

use std::borrow::Cow;

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
}

impl<'e> Text<'e> {
    /// The text unescaped (RFC 8259 section 7); a lone surrogate becomes U+FFFD.
    pub fn decode(&self) -> Cow<'e, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(self.raw.to_owned())
    }
}
