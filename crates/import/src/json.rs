//! Large JSON exports record by record: finds where each record stands without building the whole, so that a broken
//! record costs itself alone and memory is that of the text and one record.

use bulkhead_model::diag::Pos;
use serde_json::Value;

use crate::facts::Intake;

/// The lists whose items are records, by path from the top; the empty path is a list at the top.
const LISTS: &[&str] = &[
    "",
    "data",
    "results",
    "graph.nodes",
    "graph.edges",
    // SharpHound up to version 3.
    "computers",
    "users",
    "groups",
    "domains",
    "sessions",
    "ous",
    "gpos",
    "containers",
];

/// Where the records of a text are.
#[derive(Debug, Default)]
pub(crate) struct Split<'t> {
    /// Path of the list, 1-based line, and text of every record.
    pub(crate) records: Vec<(&'static str, u32, &'t str)>,
    /// The other values near the top, by path.
    pub(crate) others: Vec<(String, &'t str)>,
    /// Line at which the text stops being JSON.
    pub(crate) fault: Option<u32>,
}

impl Split<'_> {
    /// A value near the top, by path.
    pub(crate) fn other(&self, path: &str) -> Option<Value> {
        let (_, text) = self.others.iter().find(|it| it.0 == path)?;
        serde_json::from_str(text).ok()
    }
}

/// Finds the records of `text`.
pub(crate) fn split(text: &str) -> Split<'_> {
    let mut walker = Walker { text, at: 0, line: 1, counted: 0, split: Split::default() };
    let whole = walker.value(&mut String::new(), 0).is_some();
    walker.space();
    if !whole || walker.at < text.len() {
        walker.split.fault = Some(walker.line());
    }
    walker.split
}

/// Reads every record; those that are no JSON are noted, and so is a text that breaks off.
pub(crate) fn each<'t>(
    split: &Split<'t>,
    intake: &mut Intake<'_>,
    mut take: impl FnMut(&'static str, u32, &Value, &mut Intake<'_>),
) {
    let line_of = |n: usize| split.records.get(n).map(|it| it.1);
    for (n, (path, line, text)) in split.records.iter().enumerate() {
        intake.report.records += 1;
        let shared = line_of(n + 1) == Some(*line) || (n > 0 && line_of(n - 1) == Some(*line));
        intake.record = if shared { u32::try_from(n + 1).unwrap_or(u32::MAX) } else { 0 };
        match serde_json::from_str::<Value>(text) {
            Ok(value) => take(path, *line, &value, intake),
            Err(fault) => {
                let within = u32::try_from(fault.line()).unwrap_or(1);
                let column = u32::try_from(fault.column()).unwrap_or(1);
                let pos = Pos { line: line.saturating_add(within.saturating_sub(1)), column };
                intake.malformed(Some(pos), "this record is no JSON");
            }
        }
    }
    intake.record = 0;
    if let Some(line) = split.fault {
        intake.malformed(Some(Pos { line, column: 1 }), "the file is no JSON from here on, or breaks off");
    }
}

struct Walker<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    counted: usize,
    split: Split<'t>,
}

impl<'t> Walker<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn line(&mut self) -> u32 {
        let passed = &self.text.as_bytes()[self.counted..self.at];
        let lines = passed.iter().filter(|it| **it == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.counted = self.at;
        self.line
    }

    /// Walks a value at `path`; nothing if the text breaks off or is no JSON.
    fn value(&mut self, path: &mut String, depth: usize) -> Option<()> {
        self.space();
        match self.peek()? {
            b'{' if depth < 2 && (path.is_empty() || path == "graph") => self.object(path, depth),
            b'[' => match LISTS.iter().find(|it| *it == path) {
                Some(list) => self.list(list),
                None => self.other(path),
            },
            _ => self.other(path),
        }
    }

    fn other(&mut self, path: &str) -> Option<()> {
        let text = self.skip()?;
        // A few short values tell what the file is; the rest is passed over.
        if self.split.others.len() < 64 && text.len() < 4096 {
            self.split.others.push((path.to_owned(), text));
        }
        Some(())
    }

    fn object(&mut self, path: &mut String, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            let key: String = serde_json::from_str(self.string()?).ok()?;
            self.space();
            if self.peek()? != b':' {
                return None;
            }
            self.at += 1;
            let length = path.len();
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&key);
            self.value(path, depth + 1)?;
            path.truncate(length);
            self.space();
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn list(&mut self, path: &'static str) -> Option<()> {
        self.at += 1;
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            let line = self.line();
            let record = self.skip()?;
            self.split.records.push((path, line, record));
            self.space();
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    /// Any value as text, by its brackets; what is inside is for its reader to judge.
    fn skip(&mut self) -> Option<&'t str> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => self.at += 1,
                _ => {
                    while self.peek().is_some_and(|it| !b" \t\r\n,:{}[]\"".contains(&it)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, records: &[(&str, u32, &str)], fault: Option<u32>) {
        let found = split(text);
        assert_eq!(found.records, records);
        assert_eq!(found.fault, fault);
    }

    #[test]
    fn records_of_every_shape() {
        check("[{\"a\": \"]\"},\n {}]", &[("", 1, "{\"a\": \"]\"}"), ("", 2, "{}")], None);
        check(
            "{\"meta\": {\"n\": 1},\n\"data\": [1,\n{\"b\": [2]}]}",
            &[("data", 2, "1"), ("data", 3, "{\"b\": [2]}")],
            None,
        );
        check("{\"graph\": {\"nodes\": [{}], \"edges\": []}}", &[("graph.nodes", 1, "{}")], None);
        assert_eq!(
            split("{\"meta\": {\"type\": \"users\"}}").other("meta"),
            Some(serde_json::json!({"type": "users"}))
        );
    }

    #[test]
    fn what_breaks_off_keeps_what_was_whole() {
        check("{\"data\": [{\"a\": 1},\n{\"b\": ", &[("data", 1, "{\"a\": 1}")], Some(2));
        check("[{}] x", &[("", 1, "{}")], Some(1));
        check("", &[], Some(1));
        check("\"\\", &[], Some(1));
    }
}
