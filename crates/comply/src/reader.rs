//! Reading of YAML nodes into typed values: every fault becomes a diagnostic with its place, and reading goes on.

use std::collections::BTreeMap;

use bulkhead_model::case::Localized;
use bulkhead_model::diag::{Diagnostic, Pos};
use bulkhead_model::yaml::Node;
use jiff::civil::Date;

/// A file being read and the faults found so far.
pub struct Reader<'f> {
    file: &'f str,
    /// Faults found so far.
    pub faults: Vec<Diagnostic>,
    /// French for the English of [`Reader::said`].
    pub french: BTreeMap<String, String>,
}

impl<'f> Reader<'f> {
    /// A reader of `file` (its name for messages).
    pub fn new(file: &'f str) -> Self {
        Self { file, faults: Vec::new(), french: BTreeMap::new() }
    }

    /// Reports an error at `pos`.
    pub fn error(&mut self, code: &'static str, pos: Pos, message: String, hint: &str) {
        let fault = Diagnostic::error(code, self.file, Some(pos), message);
        self.faults.push(if hint.is_empty() { fault } else { fault.hint(hint) });
    }

    /// Reports that `node` is not what is wanted.
    pub fn wrong(&mut self, node: &Node, wanted: &str) {
        self.error(
            "wrong-type",
            node.pos,
            format!("{} stands where {wanted} is wanted", node.describe()),
            "",
        );
    }

    /// Checks that `node` is a mapping with no keys but `known`.
    pub fn map(&mut self, node: &Node, known: &[&str], what: &str) -> Option<()> {
        let Some(entries) = node.as_map() else {
            self.wrong(node, what);
            return None;
        };
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                let message = format!("`{}` is not a key of {what}", key.text);
                self.error("unknown-key", key.pos, message, &format!("keys: {}", known.join(", ")));
            }
        }
        Some(())
    }

    /// The value of `key`, which must be there.
    pub fn need<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n Node> {
        let found = node.get(key).filter(|it| !it.is_null());
        if found.is_none() {
            self.error("missing-key", node.pos, format!("`{key}` is missing here"), "");
        }
        found
    }

    /// The value of `key`, if it is there and not null.
    pub fn may<'n>(&self, node: &'n Node, key: &str) -> Option<&'n Node> {
        node.get(key).filter(|it| !it.is_null())
    }

    /// A text.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        let text = node.as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(node, "a text");
        }
        text
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&mut self, node: &Node) -> Vec<String> {
        node.one_or_many().iter().filter_map(|it| self.text(it)).collect()
    }

    /// A whole number that is not negative.
    pub fn whole(&mut self, node: &Node) -> Option<u32> {
        let number = node.as_u64().and_then(|it| u32::try_from(it).ok());
        if number.is_none() {
            self.wrong(node, "a whole number");
        }
        number
    }

    /// `true` or `false`.
    pub fn truth(&mut self, node: &Node) -> Option<bool> {
        let truth = node.as_bool();
        if truth.is_none() {
            self.wrong(node, "true or false");
        }
        truth
    }

    /// A date, `2025-07-25`.
    pub fn date(&mut self, node: &Node) -> Option<Date> {
        self.parsed(node, "a date such as 2025-07-25")
    }

    /// A text that parses.
    pub fn parsed<T: std::str::FromStr>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        let value = node.as_str().and_then(|it| it.parse().ok());
        if value.is_none() {
            self.wrong(node, wanted);
        }
        value
    }

    /// One of several words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let found = node.as_str().and_then(|text| words.iter().find(|it| it.0 == text)).map(|it| it.1);
        if found.is_none() {
            let list: Vec<&str> = words.iter().map(|it| it.0).collect();
            self.wrong(node, &format!("one of {}", list.join(", ")));
        }
        found
    }

    /// A text for people, its English; its French, where the file gives it, is kept beside.
    pub fn said(&mut self, node: &Node) -> Option<String> {
        let text = self.localized(node)?;
        if let Localized::Each { en, fr: Some(fr) } = &text {
            self.french.insert(en.clone(), fr.clone());
        }
        Some(text.en().to_owned())
    }

    /// A list of texts for people; one text stands for a list of one.
    pub fn all_said(&mut self, node: &Node) -> Vec<String> {
        node.one_or_many().iter().filter_map(|it| self.said(it)).collect()
    }

    /// A text in English and French: `{en: ..., fr: ...}`, or one text for both.
    pub fn localized(&mut self, node: &Node) -> Option<Localized> {
        if let Some(text) = node.as_str() {
            return Some(Localized::Same(text.to_owned()));
        }
        self.map(node, &["en", "fr"], "a text in English (`en`) and French (`fr`)")?;
        let en = self.need(node, "en")?;
        let en = self.text(en)?;
        let fr = match self.may(node, "fr") {
            Some(fr) => Some(self.text(fr)?),
            None => None,
        };
        Some(Localized::Each { en, fr })
    }
}
