//! The single pass over a JSON text: where every key and value begins and ends.

use crate::bytes::{find, find_either};

/// Objects and arrays nested deeper than this are refused; no log source comes near it.
const DEPTH_MAX: usize = 64;

/// Longer texts are refused: places in them are kept in 32 bits.
pub(super) const LENGTH_MAX: usize = u32::MAX as usize;

/// Why a text is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object: {what} (byte {at})")]
pub struct Malformed {
    /// Offset of the byte where reading stopped.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Malformed {
    /// What is wrong with bytes that are no text.
    pub const NO_TEXT: &str = "this is not UTF-8";
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    True,
    False,
    Number,
    /// A string that stands for itself.
    Text,
    /// A string with at least one backslash.
    Escaped,
    Object,
    Array,
}

impl Kind {
    /// Whether it is a string.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Escaped)
    }
}

/// Where one value stands, and under which key. Entries are in the order of the text, an object or array before what it
/// holds.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub(super) key_start: u32,
    pub(super) key_end: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index of the first entry that is not inside this one.
    pub(super) next: u32,
    pub(super) kind: Kind,
}

impl Entry {
    /// A scalar whose key is known from elsewhere.
    pub(super) fn scalar(start: u32, end: u32, kind: Kind) -> Self {
        Self { key_start: 0, key_end: 0, start, end, next: 0, kind }
    }
}

/// Reads a text from byte `at` on.
pub(super) struct Scanner<'t, 'o> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    pub(super) out: &'o mut Vec<Entry>,
}

/// Appends the entries of the one object that `text` holds.
pub(super) fn scan(text: &[u8], out: &mut Vec<Entry>) -> Result<(), Malformed> {
    if text.len() >= LENGTH_MAX {
        return Err(Malformed { at: 0, what: "an event of 4 GiB or more" });
    }
    let mut scanner = Scanner { text, at: 0, out };
    scanner.skip_space();
    if scanner.peek() != b'{' {
        return scanner.fail("expected `{`");
    }
    scanner.at += 1;
    scanner.object(0)?;
    scanner.skip_space();
    if scanner.at < text.len() {
        return scanner.fail("something follows the object");
    }
    Ok(())
}

impl Scanner<'_, '_> {
    fn fail<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, what })
    }

    /// The next byte; 0 at the end, which no valid text holds outside a string.
    #[inline]
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Members up to and with `}`.
    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        self.skip_space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.peek() != b'"' {
                return self.fail("expected a key in double quotes");
            }
            let (key_start, key_end, _) = self.string()?;
            self.skip_space();
            if self.peek() != b':' {
                return self.fail("expected `:` after a key");
            }
            self.at += 1;
            self.value(key_start, key_end, depth)?;
            self.skip_space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.fail("expected `,` or `}`"),
            }
        }
    }

    /// Elements up to and with `]`; each under the array's own key.
    fn array(&mut self, key_start: u32, key_end: u32, depth: usize) -> Result<(), Malformed> {
        self.skip_space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(key_start, key_end, depth)?;
            self.skip_space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.fail("expected `,` or `]`"),
            }
        }
    }

    /// A value under a key.
    #[expect(clippy::cast_possible_truncation, reason = "`scan` refuses texts of 4 GiB or more")]
    fn value(&mut self, key_start: u32, key_end: u32, depth: usize) -> Result<(), Malformed> {
        self.skip_space();
        let mut entry =
            Entry { key_start, key_end, start: self.at as u32, end: 0, next: 0, kind: Kind::Null };
        match self.peek() {
            b'"' => {
                (entry.start, entry.end, entry.kind) = self.string()?;
            }
            b'{' | b'[' => return self.container(entry, depth + 1),
            _ => {
                entry.kind = self.bare()?;
                entry.end = self.at as u32;
            }
        }
        entry.next = self.out.len() as u32 + 1;
        self.out.push(entry);
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "`scan` refuses texts of 4 GiB or more")]
    fn container(&mut self, mut entry: Entry, depth: usize) -> Result<(), Malformed> {
        if depth > DEPTH_MAX {
            return self.fail("nested more than 64 deep");
        }
        let index = self.out.len();
        let object = self.peek() == b'{';
        entry.kind = if object { Kind::Object } else { Kind::Array };
        self.out.push(entry);
        self.at += 1;
        if object {
            self.object(depth)?;
        } else {
            self.array(entry.key_start, entry.key_end, depth)?;
        }
        self.out[index].end = self.at as u32;
        self.out[index].next = self.out.len() as u32;
        Ok(())
    }

    /// A number, `true`, `false` or `null`.
    #[inline]
    pub(super) fn bare(&mut self) -> Result<Kind, Malformed> {
        match self.peek() {
            b'-' | b'0'..=b'9' => self.number().map(|()| Kind::Number),
            b't' => self.literal(b"true").map(|()| Kind::True),
            b'f' => self.literal(b"false").map(|()| Kind::False),
            b'n' => self.literal(b"null").map(|()| Kind::Null),
            _ => self.fail("expected a value"),
        }
    }

    /// A string with its quotes: where its inside stands, and of which kind it is.
    #[inline]
    fn string(&mut self) -> Result<(u32, u32, Kind), Malformed> {
        let quote = self.at;
        self.at += 1;
        let Some(inside) = self.inside() else {
            self.at = quote;
            return self.fail("a string without end");
        };
        self.at += 1;
        Ok(inside)
    }

    /// The inside of a string, up to its closing quote.
    #[inline(always)] // what is done most: once for every text of every event
    #[expect(clippy::cast_possible_truncation, reason = "`scan` refuses texts of 4 GiB or more")]
    pub(super) fn inside(&mut self) -> Option<(u32, u32, Kind)> {
        let start = self.at;
        let rest = self.text.get(start..)?;
        let first = find_either(b'"', b'\\', rest)?;
        let (end, kind) = match rest[first] {
            b'"' => (start + first, Kind::Text),
            _ => (self.escaped_end(start + first)?, Kind::Escaped),
        };
        self.at = end;
        Some((start as u32, end as u32, kind))
    }

    /// Where the string ends whose first backslash stands at `first`; an odd number of them before a quote escapes it.
    #[inline(never)]
    fn escaped_end(&self, first: usize) -> Option<usize> {
        let mut from = first;
        loop {
            let quote = from + find(b'"', self.text.get(from..)?)?;
            let backslashes = self.text[first..quote].iter().rev().take_while(|it| **it == b'\\').count();
            if backslashes % 2 == 0 {
                return Some(quote);
            }
            from = quote + 1;
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else if !self.digits() {
            return self.fail("a number without digits");
        }
        if self.peek() == b'.' {
            self.at += 1;
            if !self.digits() {
                return self.fail("a number without digits after its point");
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            if !self.digits() {
                return self.fail("a number without digits in its exponent");
            }
        }
        Ok(())
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail("expected true, false or null");
        }
        self.at += word.len();
        Ok(())
    }
}
