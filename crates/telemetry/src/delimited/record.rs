//! Records of delimited text (RFC 4180): cells between separators, quoted where they hold separators or line breaks.

use std::borrow::Cow;

/// Follows quotes through a record that comes line by line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quotes {
    inside: bool,
}

impl Quotes {
    /// Takes in one line (or the next of the record); whether the record ends with it.
    pub(crate) fn ends(&mut self, line: &[u8], separator: u8) -> bool {
        let mut at_start = !self.inside;
        let mut from = 0;
        while let Some(found) = memchr::memchr2(b'"', separator, &line[from..]) {
            let at = from + found;
            at_start &= found == 0;
            if line[at] == b'"' {
                if self.inside {
                    // A doubled quote closes and opens again.
                    self.inside = false;
                    if line.get(at + 1) == Some(&b'"') {
                        self.inside = true;
                        from = at + 2;
                        at_start = false;
                        continue;
                    }
                } else if at_start {
                    self.inside = true;
                }
                at_start = false;
            } else {
                at_start = !self.inside;
            }
            from = at + 1;
        }
        !self.inside
    }
}

/// The cells of a whole record, at most `limit`.
pub(crate) fn cells(record: &str, separator: u8, limit: usize) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = Some(record);
    while let Some(text) = rest {
        if cells.len() >= limit {
            break;
        }
        let (cell, after) = cell(text, separator);
        cells.push(cell);
        rest = after;
    }
    cells
}

/// The first cell of `text`, and what stands behind its separator.
fn cell(text: &str, separator: u8) -> (Cow<'_, str>, Option<&str>) {
    let bytes = text.as_bytes();
    let Some(inner) = text.strip_prefix('"') else {
        return match memchr::memchr(separator, bytes) {
            Some(at) => (Cow::Borrowed(&text[..at]), Some(&text[at + 1..])),
            None => (Cow::Borrowed(text), None),
        };
    };
    let mut from = 0;
    let mut doubled = false;
    while let Some(at) = memchr::memchr(b'"', &inner.as_bytes()[from..]) {
        let at = from + at;
        if inner.as_bytes().get(at + 1) == Some(&b'"') {
            doubled = true;
            from = at + 2;
            continue;
        }
        let value = &inner[..at];
        let value = if doubled { Cow::Owned(value.replace("\"\"", "\"")) } else { Cow::Borrowed(value) };
        let tail = &inner[at + 1..];
        return match memchr::memchr(separator, tail.as_bytes()) {
            Some(0) => (value, Some(&tail[1..])),
            None if tail.is_empty() => (value, None),
            // Text behind the closing quote belongs to the cell.
            Some(at) => (Cow::Owned(format!("{value}{}", &tail[..at])), Some(&tail[at + 1..])),
            None => (Cow::Owned(format!("{value}{tail}")), None),
        };
    }
    (Cow::Borrowed(text), None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_come_apart() {
        assert_eq!(cells(r#"a,"b,c","d ""e""",,f"g"#, b',', 99), ["a", "b,c", "d \"e\"", "", "f\"g"]);
        assert_eq!(cells("a\t\"b\tc\"x\t", b'\t', 99), ["a", "b\tcx", ""]);
        assert_eq!(cells("\"open,a", b',', 99), ["\"open,a"]);
        assert_eq!(cells("a,b,c", b',', 2), ["a", "b"]);
    }

    #[test]
    fn a_quote_inside_a_cell_opens_nothing() {
        assert!(Quotes::default().ends(b"a,5\" disk,c", b','));
        assert!(!Quotes::default().ends(b"a,\"5 disk,c", b','));
        let mut quotes = Quotes::default();
        assert!(!quotes.ends(b"a,\"b \"\"c", b','));
        assert!(!quotes.ends(b"d, \"\"", b','));
        assert!(quotes.ends(b"e\",f", b','));
    }

    proptest! {
        /// What is written with every cell quoted comes back, whatever is in the cells.
        #[test]
        fn quoted_cells_come_back(values in proptest::collection::vec("[a,\"\n\t; é]{0,8}", 1..6)) {
            let quoted: Vec<String> = values.iter().map(|it| format!("\"{}\"", it.replace('"', "\"\""))).collect();
            let record = quoted.join(",");
            prop_assert_eq!(cells(&record, b',', 99), values);
            let mut quotes = Quotes::default();
            let lines: Vec<&str> = record.split('\n').collect();
            for (n, line) in lines.iter().enumerate() {
                prop_assert_eq!(quotes.ends(line.as_bytes(), b','), n + 1 == lines.len());
            }
        }
    }
}
