//! One way of writing for all the ways in which a text may be written: capitals, composed and decomposed letters, full width,
//! characters without width, and the escapes of addresses, pages and JSON; with where in the text each character came from.
//!
//! Two spellings that fold to the same text are the same name.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A text folded, and its way back.
pub(crate) struct Folded {
    /// The text in its one way of writing.
    pub(crate) text: String,
    /// For every byte of it: where the characters it stands for begin and end in the text as it was.
    from: Vec<(usize, usize)>,
}

/// Which escapes of a text are undone. What looks like one may be none: in `C:\Users\xaa` no character `\xaa` stands.
#[derive(Clone, Copy)]
struct Escapes {
    /// `\u0041`, `\x41`.
    codes: bool,
    /// `%41`, `&#65;`, `+`.
    addresses: bool,
}

impl Folded {
    /// `text` as it is compared; none where that is the text itself, but for capitals of ASCII.
    pub(crate) fn new(text: &str) -> Option<Self> {
        Self::undo(text, Escapes { codes: true, addresses: true })
    }

    /// `text` in every way in which it may be read, as [`Folded::new`].
    pub(crate) fn readings(text: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (codes, addresses) in [(true, true), (false, true), (true, false), (false, false)] {
            let Some(read) = Self::undo(text, Escapes { codes, addresses }) else { break };
            if all.iter().all(|it| it.text != read.text) {
                all.push(read);
            }
        }
        all
    }

    fn undo(text: &str, escapes: Escapes) -> Option<Self> {
        let is_plain = text.is_ascii()
            && !text.bytes().any(|it| matches!(it, b'%' | b'&' | b'\\' | b'+'))
            && !["''", "  ", "\t"].iter().any(|it| text.contains(it));
        if is_plain {
            return None;
        }
        let mut folded = Self { text: String::with_capacity(text.len()), from: Vec::new() };
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let (length, decoded) = unit(rest, escapes);
            let end = at + length;
            match decoded {
                Some(decoded) => decoded.chars().for_each(|it| folded.push(it, at, end)),
                None => rest[..length].chars().for_each(|it| folded.push(it, at, end)),
            }
            at = end;
        }
        folded.order();
        Some(folded)
    }

    /// Where the bytes `start..end` of the folded text stand in the text as it was.
    pub(crate) fn origin(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let last = end.checked_sub(1)?;
        Some((self.from.get(start)?.0, self.from.get(last)?.1))
    }

    /// Takes in a character that stands at `start..end`.
    fn push(&mut self, c: char, start: usize, end: usize) {
        if is_without_width(c) {
            // It belongs to the letter before it, and goes where that goes.
            if let Some(last) = self.from.last_mut().filter(|it| it.1 == start) {
                last.1 = end;
            }
            return;
        }
        let c = if is_apostrophe(c) { '\'' } else { c };
        let text = &mut self.text;
        let before = text.len();
        decompose_compatible(c, |it| {
            // By way of its capitals a letter comes to one form: `ß` and `SS`, `ſ` and `s`, both small sigmas.
            it.to_uppercase().flat_map(char::to_lowercase).nfkd().for_each(|it| text.push(it));
        });
        let is_blank = |it: &str| it.ends_with(char::is_whitespace);
        let added = &self.text[before..];
        let again = (added == "'" && self.text[..before].ends_with('\''))
            || (!added.is_empty() && added.trim().is_empty() && is_blank(&self.text[..before]));
        if again {
            // Apostrophes are doubled in some languages, and blanks anywhere.
            self.text.truncate(before);
            if let Some(last) = self.from.last_mut() {
                last.1 = end;
            }
            return;
        }
        if !added.is_empty() && added.trim().is_empty() && !added.contains('\n') {
            self.text.truncate(before);
            self.text.push(' ');
        }
        self.from.resize(self.text.len(), (start, end));
    }

    /// Puts marks on one letter into their one order; what they came from is then the letter with all its marks.
    fn order(&mut self) {
        let marks = |text: &str| text.chars().any(is_combining_mark);
        if !marks(&self.text) {
            return;
        }
        let chars: Vec<(usize, char)> = self.text.char_indices().collect();
        for at in (1..chars.len()).rev() {
            if is_combining_mark(chars[at].1) {
                let end = self.from[chars[at].0].1;
                let letter = chars[at - 1];
                for it in &mut self.from[letter.0..letter.0 + letter.1.len_utf8()] {
                    it.1 = it.1.max(end);
                }
            }
        }
        let ordered: String = self.text.nfd().collect();
        // The order of marks changes no length.
        if ordered.len() == self.text.len() {
            self.text = ordered;
        }
    }
}

/// `text` folded.
pub(crate) fn fold(text: &str) -> String {
    Folded::new(text).map_or_else(|| text.to_ascii_lowercase(), |it| it.text)
}

/// `text` in small letters, composed, in one width, its escapes undone: as a reader of it would write it down.
pub fn plain(text: &str) -> String {
    Folded::new(text).map_or_else(|| text.to_ascii_lowercase(), |it| it.text.nfc().collect())
}

/// The character or escape that `rest` begins with: its length, and what it stands for where that is another text.
fn unit(rest: &str, escapes: Escapes) -> (usize, Option<String>) {
    let bytes = rest.as_bytes();
    let escaped = match bytes {
        [b'\\', b'u' | b'U' | b'x', ..] if !escapes.codes => None,
        [b'%' | b'&' | b'+', ..] if !escapes.addresses => None,
        [b'%', b'u' | b'U', ..] => code(rest, 2, 4),
        [b'%', ..] => percent(bytes),
        [b'\\', b'u' | b'U', ..] => code(rest, 2, 4),
        [b'\\', b'x', ..] => code(rest, 2, 2),
        [b'\\', quote @ (b'\'' | b'"' | b' ' | b','), ..] => Some((2, char::from(*quote).to_string())),
        // Escaped once more, a separator is still one.
        [b'\\', b'\\', ..] => Some((2, "\\".to_owned())),
        [b'&', ..] => reference(rest),
        // Forms write a blank so.
        [b'+', ..] => Some((1, " ".to_owned())),
        _ => None,
    };
    match escaped {
        Some((length, text)) => (length, Some(text)),
        None => (rest.chars().next().map_or(1, char::len_utf8), None),
    }
}

/// The UTF-8 character that percent signs write.
fn percent(bytes: &[u8]) -> Option<(usize, String)> {
    let byte = |n: usize| {
        let digits = bytes.get(n * 3 + 1..n * 3 + 3).filter(|_| bytes.get(n * 3) == Some(&b'%'))?;
        u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = byte(0)?;
    let n = match first {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let all: Option<Vec<u8>> = (0..n).map(byte).collect();
    Some((n * 3, String::from_utf8(all?).ok()?))
}

/// The character whose code stands in `digits` hexadecimal digits from `from` on.
fn code(rest: &str, from: usize, digits: usize) -> Option<(usize, String)> {
    let text = rest.get(from..from + digits)?;
    let code = u32::from_str_radix(text, 16).ok().filter(|it| *it >= 0x20)?;
    Some((from + digits, char::from_u32(code)?.to_string()))
}

/// The character that a reference of a page names.
fn reference(rest: &str) -> Option<(usize, String)> {
    let end = rest.bytes().take(10).position(|it| it == b';')?;
    let name = rest.get(1..end)?;
    let named = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' ')];
    let found = named.iter().find(|it| it.0 == name).map(|it| it.1).or_else(|| {
        let digits = name.strip_prefix('#')?;
        let hexadecimal = digits.strip_prefix(['x', 'X']);
        let code = hexadecimal.map_or_else(|| digits.parse().ok(), |it| u32::from_str_radix(it, 16).ok())?;
        char::from_u32(code).filter(|it| !it.is_control())
    });
    found.map(|it| (end + 1, it.to_string()))
}

/// Characters that are not seen: of no width, marks of direction, hyphens that may be, selectors of variants.
fn is_without_width(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2032}' | '`' | '\u{b4}')
}
