//! Sigma's strings: wildcards `*` and `?`, escaped with a backslash (specification 2.1, "Escaping").

/// One piece of a string with wildcards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Characters that stand for themselves.
    Literal(String),
    /// `?`: exactly one character.
    One,
    /// `*`: any number of characters.
    Any,
}

/// A string as a rule writes it, wildcards found and escapes undone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(pub Vec<Part>);

impl Pattern {
    /// Reads `text`: `\*`, `\?` and `\\` stand for the second character, a backslash before anything else for itself.
    pub fn parse(text: &str) -> Self {
        if stands_for_itself(text) {
            return Self::literal(text);
        }
        let mut pattern = Self::default();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => pattern.push(Part::Any),
                '?' => pattern.push(Part::One),
                '\\' => match chars.next_if(|it| matches!(it, '*' | '?' | '\\')) {
                    Some(escaped) => pattern.push_char(escaped),
                    None => pattern.push_char('\\'),
                },
                _ => pattern.push_char(c),
            }
        }
        pattern
    }

    /// A string without wildcards.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Vec::new() } else { vec![Part::Literal(text)] })
    }

    /// The text, if there is no wildcard in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends a piece; literals are joined and repeated `*` is one.
    pub fn push(&mut self, part: Part) {
        match (self.0.last_mut(), part) {
            (Some(Part::Any), Part::Any) => {}
            (Some(Part::Literal(text)), Part::Literal(more)) => text.push_str(&more),
            (_, part) => self.0.push(part),
        }
    }

    fn push_char(&mut self, c: char) {
        if let Some(Part::Literal(text)) = self.0.last_mut() {
            text.push(c);
        } else {
            self.0.push(Part::Literal(c.to_string()));
        }
    }

    /// The pattern between wildcards where asked.
    #[must_use]
    pub fn surrounded(self, before: bool, after: bool) -> Self {
        let mut pattern = Self::default();
        if before {
            pattern.push(Part::Any);
        }
        self.0.into_iter().for_each(|part| pattern.push(part));
        if after {
            pattern.push(Part::Any);
        }
        pattern
    }

    /// The same with every literal changed by `change`.
    #[must_use]
    pub fn map_literals(self, mut change: impl FnMut(String) -> String) -> Self {
        let mut pattern = Self::default();
        for part in self.0 {
            pattern.push(match part {
                Part::Literal(text) => Part::Literal(change(text)),
                other => other,
            });
        }
        pattern
    }
}

/// Whether `text` has neither wildcard nor escape, as most values: a backslash before anything else is one, as in a path.
pub fn stands_for_itself(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |at| bytes[at] == b'\\' && !matches!(bytes.get(at + 1), Some(b'*' | b'?' | b'\\'));
    memchr::memchr3_iter(b'*', b'?', b'\\', bytes).all(plain)
}

/// Appends `text` in lower case, character by character, as all caseless comparison here does.
pub fn fold_into(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        // Nearly everything is ASCII, and asking that of all at once is quickest.
        let beyond = |rest: &str| rest.bytes().position(|it| !it.is_ascii());
        let n_plain = if rest.is_ascii() { rest.len() } else { beyond(rest).unwrap_or(rest.len()) };
        let start = out.len();
        out.push_str(&rest[..n_plain]);
        out[start..].make_ascii_lowercase();
        rest = &rest[n_plain..];
        let mut chars = rest.chars();
        if let Some(c) = chars.next() {
            out.extend(c.to_lowercase());
            rest = chars.as_str();
        }
    }
}

/// `text` in lower case.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[Part]) {
        assert_eq!(Pattern::parse(text).0, expect);
    }

    fn lit(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    #[test]
    fn folds_character_by_character() {
        for text in ["", "ABC", "Ünï®X", "®", "ΑΣ", "\u{212A}\u{130}z"] {
            assert_eq!(fold(text), text.chars().flat_map(char::to_lowercase).collect::<String>());
        }
    }

    #[test]
    fn escapes_follow_the_specification() {
        check("plain", &[lit("plain")]);
        check(r"C:\Windows\a", &[lit(r"C:\Windows\a")]);
        check(r"\\\\host", &[lit(r"\\host")]);
        check(r"a\*b", &[lit("a*b")]);
        check(r"a\\*b", &[lit(r"a\"), Part::Any, lit("b")]);
        check(r"a\?**?", &[lit("a?"), Part::Any, Part::One]);
        check(r"end\", &[lit(r"end\")]);
        check("", &[]);
    }
}
