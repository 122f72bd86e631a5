//! Small decoders from YAML nodes to values: every fault is noted with its place and reading goes on.

use std::fmt::Display;
use std::str::FromStr;

use crate::diag::{Diagnostic, Pos, nearest};
use crate::yaml::Node;

/// Collects the faults of one file.
pub struct Decoder {
    file: String,
    /// The faults so far.
    pub diagnostics: Vec<Diagnostic>,
    /// The time zone in which times without an offset are read.
    pub timezone: String,
}

/// How a value of type `T` is read from a node; a fault is noted and gives nothing.
pub type Read<T> = fn(&mut Decoder, &Node) -> Option<T>;

impl Decoder {
    /// A decoder of `file`.
    pub fn new(file: &str, diagnostics: Vec<Diagnostic>) -> Self {
        Self { file: file.to_owned(), diagnostics, timezone: "UTC".to_owned() }
    }

    /// Notes an error.
    pub fn error(&mut self, code: &'static str, pos: Pos, message: impl Into<String>, hint: &str) {
        self.note(Diagnostic::error(code, &self.file, Some(pos), message), hint);
    }

    /// Notes a warning.
    pub fn warn(&mut self, code: &'static str, pos: Pos, message: impl Into<String>, hint: &str) {
        self.note(Diagnostic::warning(code, &self.file, Some(pos), message), hint);
    }

    fn note(&mut self, fault: Diagnostic, hint: &str) {
        self.diagnostics.push(if hint.is_empty() { fault } else { fault.hint(hint) });
    }

    /// Opens `node` as the mapping of a `what`; keys that are not among `keys` are errors: what a
    /// misspelt `crown_jewel` would protect must not be left open in silence.
    pub fn open<'d>(&'d mut self, node: &'d Node, what: &'static str, keys: &[&str]) -> Option<Fields<'d>> {
        let Some(entries) = node.as_map() else {
            let hint = format!("keys: {}", keys.join(", "));
            self.wrong_type(node, &format!("{what} as a mapping"), &hint);
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !keys.contains(&key.text.as_str())) {
            let hint = match nearest(&key.text, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys: {}", keys.join(", ")),
            };
            let message = format!("`{}` is no key of {what}", key.text);
            self.error("unknown-key", key.pos, message, &hint);
        }
        Some(Fields { decoder: self, node, what })
    }

    /// Notes that `node` is not what was expected.
    pub fn wrong_type(&mut self, node: &Node, expected: &str, hint: &str) {
        let message = format!("expected {expected}, found {}", node.describe());
        self.error("wrong-type", node.pos, message, hint);
    }
}

/// The keys of one mapping.
pub struct Fields<'d> {
    /// For further faults.
    pub decoder: &'d mut Decoder,
    /// The mapping.
    pub node: &'d Node,
    what: &'static str,
}

impl<'d> Fields<'d> {
    /// The value of a key that must be there; its absence is an error.
    pub fn required<T>(&mut self, key: &str, read: Read<T>) -> Option<T> {
        match self.raw(key) {
            Some(node) => read(self.decoder, node),
            None => {
                let message = format!("{} needs the key `{key}`", self.what);
                self.decoder.error("missing-key", self.node.pos, message, "");
                None
            }
        }
    }

    /// The value of a key that may be left out.
    pub fn optional<T>(&mut self, key: &str, read: Read<T>) -> Option<T> {
        let node = self.raw(key)?;
        read(self.decoder, node)
    }

    /// The value of a key that may be left out, or its type's default.
    pub fn or_default<T: Default>(&mut self, key: &str, read: Read<T>) -> T {
        self.optional(key, read).unwrap_or_default()
    }

    /// The items of a list that may be left out; items with faults are noted and left out.
    pub fn list<T>(&mut self, key: &str, read: Read<T>) -> Vec<T> {
        self.indexed(key, read).into_iter().map(|(_, item)| item).collect()
    }

    /// The items of a list with their places in it, so that they can be found again.
    pub fn indexed<T>(&mut self, key: &str, read: Read<T>) -> Vec<(u32, T)> {
        let Some(node) = self.raw(key) else { return Vec::new() };
        let Some(items) = node.as_seq() else {
            self.decoder.wrong_type(
                node,
                &format!("a list under `{key}`"),
                "write [..] or lines beginning with `- `",
            );
            return Vec::new();
        };
        let decoder = &mut *self.decoder;
        (0..).zip(items).filter_map(|(at, item)| Some((at, read(decoder, item)?))).collect()
    }

    /// The items of a list that must be there.
    pub fn required_list<T>(&mut self, key: &str, read: Read<T>) -> Vec<T> {
        if self.raw(key).is_none() {
            let message = format!("{} needs the list `{key}`", self.what);
            self.decoder.error("missing-key", self.node.pos, message, "");
        }
        self.list(key, read)
    }

    /// The node under a key; null counts as absent.
    pub fn raw(&self, key: &str) -> Option<&'d Node> {
        self.node.get(key).filter(|it| !it.is_null())
    }
}

/// Any scalar's text.
pub fn text(decoder: &mut Decoder, node: &Node) -> Option<String> {
    if let Some(text) = node.as_str() {
        return Some(text.to_owned());
    }
    decoder.wrong_type(node, "text", "");
    None
}

/// A name that others refer to, of the alphabet and length that [`id::check`](crate::id::check) allows.
pub fn id<T: From<String>>(decoder: &mut Decoder, node: &Node) -> Option<T> {
    let text = text(decoder, node)?;
    if text.is_empty() {
        decoder.wrong_type(node, "an id", "ids are short names such as web-1");
        return None;
    }
    if let Err(fault) = crate::id::check(&text) {
        decoder.error("bad-id", node.pos, fault.to_string(), "use letters, digits, `-`, `_` and `.`");
        return None;
    }
    Some(T::from(text))
}

/// `true` or `false`.
pub fn truth(decoder: &mut Decoder, node: &Node) -> Option<bool> {
    let value = node.as_bool();
    if value.is_none() {
        decoder.wrong_type(node, "true or false", "unquoted; YAML 1.2 takes `yes` and `on` for words");
    }
    value
}

/// A whole number that is not negative and fits.
pub fn count<T: TryFrom<u64>>(decoder: &mut Decoder, node: &Node) -> Option<T> {
    let value = node.as_u64().and_then(|it| it.try_into().ok());
    if value.is_none() {
        decoder.wrong_type(node, "a whole number that is not negative", "");
    }
    value
}

/// Most customers of a segment: more than there are people, and sums over an estate stay exact.
const CUSTOMERS_MAX: u64 = 100_000_000_000;

/// Most that anything is worth, or costs an hour: more than the world produces in a year, and sums stay finite.
const AMOUNT_MAX: f64 = 1e15;

/// How many customers there are.
pub fn customers(decoder: &mut Decoder, node: &Node) -> Option<u64> {
    let value = node.as_u64().filter(|it| *it <= CUSTOMERS_MAX);
    if value.is_none() {
        decoder.wrong_type(node, "a whole number from 0 to 100000000000", "");
    }
    value
}

/// A finite number that is not negative: money, in the estate's currency.
pub fn amount(decoder: &mut Decoder, node: &Node) -> Option<f64> {
    let value = node.as_f64().filter(|it| (0.0..=AMOUNT_MAX).contains(it));
    if value.is_none() {
        let is_too_much = node.as_f64().is_some_and(|it| it > AMOUNT_MAX);
        decoder.wrong_type(
            node,
            if is_too_much { "an amount of at most 1e15" } else { "a number that is not negative" },
            "write 20000, without quotes, units or separators",
        );
    }
    value
}

/// Anything written as one text with its own syntax; the parser's message says what is wrong.
pub fn parsed<T>(decoder: &mut Decoder, node: &Node) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    match text(decoder, node)?.parse() {
        Ok(value) => Some(value),
        Err(fault) => {
            decoder.error("bad-value", node.pos, format!("{fault}"), "");
            None
        }
    }
}

/// One of `choices`.
pub fn choice<T: Copy>(decoder: &mut Decoder, node: &Node, what: &str, choices: &[(&str, T)]) -> Option<T> {
    let text = text(decoder, node)?;
    let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let near = nearest(&text, names.iter().copied());
        let near = near.map_or(String::new(), |it| format!("did you mean `{it}`? "));
        let message = format!("`{text}` is no {what}");
        decoder.error("bad-choice", node.pos, message, &format!("{near}choose from: {}", names.join(", ")));
    }
    found
}
