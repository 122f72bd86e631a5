//! Delimited tables: CSV with quotes (RFC 4180), tabs, and the padded columns that end with a bar.

use std::borrow::Cow;

/// One row: its 1-based line and its cells.
pub(crate) type Row<'t> = (u32, Vec<Cow<'t, str>>);

/// Walks through the rows of a text; empty lines are passed over.
pub(crate) struct Rows<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    delimiter: u8,
}

impl<'t> Rows<'t> {
    pub(crate) fn new(text: &'t str, delimiter: u8) -> Self {
        Self { text, at: 0, line: 1, delimiter }
    }

    /// One cell, and whether the row goes on behind it.
    fn cell(&mut self) -> (Cow<'t, str>, bool) {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start_matches(' ');
        if let Some(quoted) = trimmed.strip_prefix('"') {
            return self.quoted(rest.len() - quoted.len(), quoted);
        }
        let end = rest.bytes().position(|it| it == self.delimiter || it == b'\n').unwrap_or(rest.len());
        let more = rest.as_bytes().get(end) == Some(&self.delimiter);
        self.pass(end + 1);
        (Cow::Borrowed(rest[..end].trim()), more)
    }

    /// A quoted cell: `""` stands for a quote. One that is never closed ends with the text.
    fn quoted(&mut self, skipped: usize, body: &'t str) -> (Cow<'t, str>, bool) {
        let bytes = body.as_bytes();
        let (mut end, mut doubled) = (0, false);
        while end < bytes.len() {
            match (bytes[end], bytes.get(end + 1)) {
                (b'"', Some(b'"')) => {
                    doubled = true;
                    end += 2;
                }
                (b'"', _) => break,
                _ => end += 1,
            }
        }
        let content = &body[..end.min(body.len())];
        let content =
            if doubled { Cow::Owned(content.replace("\"\"", "\"")) } else { Cow::Borrowed(content) };
        let after = body.get(end + 1..).unwrap_or_default();
        let tail = after.bytes().position(|it| it == self.delimiter || it == b'\n').unwrap_or(after.len());
        let more = after.as_bytes().get(tail) == Some(&self.delimiter);
        self.pass(skipped + end + 1 + tail + 1);
        (content, more)
    }

    fn pass(&mut self, by: usize) {
        let to = (self.at + by).min(self.text.len());
        let lines = self.text.as_bytes()[self.at..to].iter().filter(|it| **it == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = to;
    }
}

impl<'t> Iterator for Rows<'t> {
    type Item = Row<'t>;

    fn next(&mut self) -> Option<Row<'t>> {
        while self.at < self.text.len() {
            let line = self.line;
            let mut cells = Vec::new();
            loop {
                let (cell, more) = self.cell();
                cells.push(cell);
                if !more {
                    break;
                }
            }
            if cells.iter().any(|it| !it.is_empty()) {
                return Some((line, cells));
            }
        }
        None
    }
}

/// A header's name without case, spaces and punctuation: `Src IP Addr` and `src_ip_addr` are one.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, delimiter: u8, expected: &[(u32, &[&str])]) {
        let found: Vec<_> = Rows::new(text, delimiter).collect();
        let found: Vec<(u32, Vec<&str>)> =
            found.iter().map(|(line, cells)| (*line, cells.iter().map(AsRef::as_ref).collect())).collect();
        let expected: Vec<(u32, Vec<&str>)> =
            expected.iter().map(|(line, cells)| (*line, cells.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn quotes_hold_anything() {
        check(
            "a,\"b, c\",\"say \"\"d\"\"\"\r\n\n\"two\nlines\",e,\n",
            b',',
            &[(1, &["a", "b, c", "say \"d\""]), (3, &["two\nlines", "e", ""])],
        );
    }

    #[test]
    fn padded_columns() {
        check(
            "   sIP|dPort|\n10.0.0.1|  443|\n",
            b'|',
            &[(1, &["sIP", "dPort", ""]), (2, &["10.0.0.1", "443", ""])],
        );
    }

    #[test]
    fn what_is_broken_ends_somewhere() {
        check("\"never closed,\nmore", b',', &[(1, &["never closed,\nmore"])]);
        check("\"", b',', &[]);
    }
}
