//! Small decoders from YAML nodes: every fault is noted with its place and reading goes on.

use std::fmt::Display;
use std::str::FromStr;

use bulkhead_model::diag::{Diagnostic, Pos, nearest};
use bulkhead_model::yaml::Node;

/// Collects the faults of one file.
pub(super) struct Faults<'f> {
    file: &'f str,
    pub list: Vec<Diagnostic>,
}

impl<'f> Faults<'f> {
    pub fn new(file: &'f str, list: Vec<Diagnostic>) -> Self {
        Self { file, list }
    }

    pub fn error(&mut self, code: &'static str, pos: Pos, message: impl Into<String>, hint: &str) {
        let fault = Diagnostic::error(code, self.file, Some(pos), message);
        self.list.push(if hint.is_empty() { fault } else { fault.hint(hint) });
    }

    /// Notes keys of the mapping `node` that are not among `keys`, and anything that is no mapping at all.
    pub fn keys(&mut self, node: &Node, what: &str, keys: &[&str]) -> bool {
        if node.as_map().is_none() {
            let message = format!("expected {what} as a mapping, found {}", node.describe());
            self.error("wrong-type", node.pos, message, &format!("keys: {}", keys.join(", ")));
            return false;
        }
        for (key, _) in node.entries() {
            if !keys.contains(&key.text.as_str()) {
                let message = format!("`{}` is no key of {what}", key.text);
                let hint = match nearest(&key.text, keys.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys: {}", keys.join(", ")),
                };
                self.error("unknown-key", key.pos, message, &hint);
            }
        }
        true
    }

    pub fn missing(&mut self, node: &Node, what: &str, key: &str) {
        self.error("missing-key", node.pos, format!("{what} needs the key `{key}`"), "");
    }

    pub fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key).filter(|it| !it.is_null())?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.error(
                "wrong-type",
                value.pos,
                format!("expected text under `{key}`, found {}", value.describe()),
                "",
            );
        }
        text
    }

    /// A value with a syntax of its own, such as `40m`; `hint` says how to write it.
    pub fn parsed<T>(&mut self, node: &Node, key: &str, hint: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(node, key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(fault) => {
                let pos = node.get(key).map_or(node.pos, |it| it.pos);
                self.error("bad-value", pos, format!("`{key}`: {fault}"), hint);
                None
            }
        }
    }

    pub fn count(&mut self, node: &Node, key: &str) -> Option<u64> {
        let value = node.get(key).filter(|it| !it.is_null())?;
        let count = value.as_u64();
        if count.is_none() {
            let message = format!("expected a whole number under `{key}`, found {}", value.describe());
            self.error("wrong-type", value.pos, message, "");
        }
        count
    }

    pub fn amount(&mut self, node: &Node, key: &str) -> Option<f64> {
        let value = node.get(key).filter(|it| !it.is_null())?;
        let amount = value.as_f64().filter(|it| it.is_finite() && (0.0..=1e6).contains(it));
        if amount.is_none() {
            let message =
                format!("expected a number from 0 to 1000000 under `{key}`, found {}", value.describe());
            self.error("wrong-type", value.pos, message, "");
        }
        amount
    }

    pub fn truth(&mut self, node: &Node, key: &str) -> Option<bool> {
        let value = node.get(key).filter(|it| !it.is_null())?;
        let truth = value.as_bool();
        if truth.is_none() {
            let message = format!("expected true or false under `{key}`, found {}", value.describe());
            self.error("wrong-type", value.pos, message, "");
        }
        truth
    }

    /// One of `choices` by name.
    pub fn choice<T: Copy>(&mut self, node: &Node, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, key)?;
        let pos = node.get(key).map_or(node.pos, |it| it.pos);
        self.chosen(&text, pos, key, choices)
    }

    /// A list of `choices` by name.
    pub fn choices<T: Copy>(&mut self, node: &Node, key: &str, choices: &[(&str, T)]) -> Vec<T> {
        let mut chosen = Vec::new();
        for item in self.items(node, key) {
            match item.as_str() {
                Some(text) => chosen.extend(self.chosen(text, item.pos, key, choices)),
                None => {
                    let message = format!("expected text in `{key}`, found {}", item.describe());
                    self.error("wrong-type", item.pos, message, "");
                }
            }
        }
        chosen
    }

    fn chosen<T: Copy>(&mut self, text: &str, pos: Pos, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let near = nearest(text, names.iter().copied());
            let near = near.map_or(String::new(), |it| format!("did you mean `{it}`? "));
            let hint = format!("{near}choose from: {}", names.join(", "));
            self.error("bad-choice", pos, format!("`{text}` is not known under `{key}`"), &hint);
        }
        found
    }

    /// The items of a list that may be left out.
    pub fn items<'n>(&mut self, node: &'n Node, key: &str) -> &'n [Node] {
        let Some(value) = node.get(key).filter(|it| !it.is_null()) else {
            return &[];
        };
        value.as_seq().unwrap_or_else(|| {
            let message = format!("expected a list under `{key}`, found {}", value.describe());
            self.error("wrong-type", value.pos, message, "write [..] or lines beginning with `- `");
            &[]
        })
    }

    /// A list of texts.
    pub fn texts(&mut self, node: &Node, key: &str) -> Vec<String> {
        let items = self.items(node, key);
        let mut texts = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.error(
                    "wrong-type",
                    item.pos,
                    format!("expected text, found {}", item.describe()),
                    "",
                ),
            }
        }
        texts
    }
}
