//! A fault found in what a user wrote: what, where, why, and what to do next.

use std::fmt;

use serde::Serialize;

use crate::plain::Plain;

/// Whether a fault stops the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used; somebody should look.
    Warning,
}

/// A place in a text: 1-based line and column (in characters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pos {
    /// 1-based line.
    pub line: u32,
    /// 1-based column, counted in characters.
    pub column: u32,
}

/// One fault: what is wrong, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable short name of the kind of fault, such as `unknown-reference`.
    pub code: &'static str,
    /// The file as the user named it.
    pub file: String,
    /// Where in the file; absent when the fault is of the whole file.
    pub pos: Option<Pos>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do next, when there is something better than "correct it".
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at `pos` of `file`.
    pub fn error(code: &'static str, file: &str, pos: Option<Pos>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: file.to_owned(),
            pos,
            message: message.into(),
            hint: None,
        }
    }

    /// A warning at `pos` of `file`.
    pub fn warning(code: &'static str, file: &str, pos: Option<Pos>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, pos, message) }
    }

    /// The same fault with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the fault stops the command.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Plain(&self.file))?;
        if let Some(pos) = self.pos {
            write!(f, ":{}:{}", pos.line, pos.column)?;
        }
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, ": {word}[{}]: {}", self.code, Plain(&self.message))?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", Plain(hint))?;
        }
        Ok(())
    }
}

/// The candidate closest to `word`, if one is close enough to have been meant.
///
/// Closeness is the number of letters to insert, remove, replace or swap; at most a third of the word, and three.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let limit = (word.len().max(2) / 3).clamp(1, 3);
    let close = candidates.into_iter().filter_map(|candidate| {
        let other: Vec<char> = candidate.to_lowercase().chars().take(64).collect();
        let near = other.len().abs_diff(word.len()) <= limit;
        let distance = if near { distance(&word, &other) } else { usize::MAX };
        (distance <= limit).then_some((distance, candidate))
    });
    close.min().map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, near: Option<&str>) {
        assert_eq!(nearest(word, ["adresses", "addresses", "zone", "zones", "ssh", "rdp"]), near);
    }

    #[test]
    fn finds_what_was_meant() {
        check("addreses", Some("addresses"));
        check("Zoen", Some("zone"));
        check("shs", Some("ssh"));
        check("ports", None);
        check("", None);
    }
}
