//! YAML as a tree that remembers where every node stands, so that semantic faults carry file:line:column.
//!
//! Scalars keep their text: `00000429` stays eight characters and `yes` stays a word until somebody asks for a number
//! or a truth value, and then only the core schema of YAML 1.2 answers. JSON is accepted as the YAML it is.

use crate::diag::{Diagnostic, Pos};

mod block;
mod build;
mod emit;
mod json;
mod scalar;
#[cfg(test)]
mod tests;

pub use emit::emit;

/// Deepest nesting accepted; what stands deeper is a fault, since every reader of the tree is recursive.
pub const MAX_DEPTH: usize = 128;

/// Most nodes that aliases of one file may be expanded to (long texts count more), against "billion laughs" files.
pub const MAX_EXPANSION: usize = 1_000_000;

/// One node and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it begins; for an alias, where the alias stands.
    pub pos: Pos,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A leaf.
    Scalar(Scalar),
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping, in the order written. Keys are scalars; a duplicate key is a diagnostic and its first value stays.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key as text.
    pub text: String,
    /// Where it stands.
    pub pos: Pos,
}

/// A leaf as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, unquoted and unescaped.
    pub text: String,
    /// Written without quotes, so that `null`, `true`, `12` mean what YAML says (core schema).
    pub plain: bool,
}

/// Reads every document of `text`; faults are reported under the name `file` and what could be read is returned.
///
/// A document with a syntax fault is left out; reading goes on at the next line that begins with `---`.
pub fn parse(file: &str, text: &str) -> (Vec<Node>, Vec<Diagnostic>) {
    build::documents(file, text)
}

/// Reads every document of `bytes`, which must be UTF-8; see [`parse`].
pub fn parse_bytes(file: &str, bytes: &[u8]) -> (Vec<Node>, Vec<Diagnostic>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(file, text),
        Err(fault) => {
            let before = String::from_utf8_lossy(&bytes[..fault.valid_up_to()]);
            let utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
            let hint = if utf16 { "it looks like UTF-16: " } else { "" };
            let diagnostic = Diagnostic::error(
                "not-utf8",
                file,
                Some(build::end_of(&before)),
                format!("byte {} is not UTF-8 text", fault.valid_up_to()),
            );
            (Vec::new(), vec![diagnostic.hint(format!("{hint}save the file as UTF-8"))])
        }
    }
}

impl Node {
    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// The text of a scalar as written, quoted or not; absent for null and for collections.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().filter(|it| !it.is_null()).map(|it| it.text.as_str())
    }

    /// `true` or `false`, unquoted (core schema: `yes` and `on` are words).
    pub fn as_bool(&self) -> Option<bool> {
        self.as_scalar().and_then(Scalar::as_bool)
    }

    /// An unquoted integer (core schema: decimal, `0o17`, `0x1F`).
    pub fn as_i64(&self) -> Option<i64> {
        self.as_scalar().and_then(Scalar::as_i64)
    }

    /// An unquoted integer that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_scalar().and_then(Scalar::as_u64)
    }

    /// An unquoted number (core schema).
    pub fn as_f64(&self) -> Option<f64> {
        self.as_scalar().and_then(Scalar::as_f64)
    }

    /// Whether it is null: `~`, `null` or nothing at all, unquoted.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// The value of `key`, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(it, _)| it.text == key).map(|(_, value)| value)
    }

    /// The entries in the order written; none if it is not a mapping.
    pub fn entries(&self) -> &[(Key, Node)] {
        self.as_map().unwrap_or_default()
    }

    /// The entries, if it is a mapping.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Scalar(_) | Kind::Seq(_) => None,
        }
    }

    /// The items, if it is a sequence.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Seq(items) => Some(items),
            Kind::Scalar(_) | Kind::Map(_) => None,
        }
    }

    /// The items of a sequence, or the node itself as the only item: many formats allow one where a list may stand.
    pub fn one_or_many(&self) -> &[Node] {
        self.as_seq().unwrap_or(std::slice::from_ref(self))
    }

    /// What it is, in words for a message: `a mapping`, `a list`, `the number 12`, `the text "x"`.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Seq(_) => "a list".to_owned(),
            Kind::Scalar(scalar) => scalar.describe(),
        }
    }

    /// The same tree as a JSON value, for readers made with serde. A number written with needless zeros stays text.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.to_json(),
            Kind::Seq(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect()
            }
        }
    }
}
