//! The plain block form that nearly every rule is written in, read in one pass. Whatever is not certain to mean here what
//! it means in all of YAML (flow collections, escapes, scalars over many lines, faults) is left to the full parser.

use super::{Key, Kind, Node, Scalar};
use crate::diag::Pos;

/// Deepest nesting read here.
const DEPTH_MAX: usize = 32;
/// Longest key read here; YAML allows 1024 characters.
const KEY_MAX: usize = 128;

/// The one document of `text`; none where the full parser has to decide.
pub fn parse(text: &str) -> Option<Node> {
    // One byte is one character, and a line ends in one way only.
    if !text.as_bytes().chunks(BLOCK).all(is_simple) {
        return None;
    }
    let mut reader = Reader { text, at: 0, number: 0, ahead: None };
    reader.advance();
    let node = reader.mapping(0, None, 0)?;
    reader.ahead.is_none().then_some(node)
}

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line<'t> {
    indent: usize,
    /// From the first character that is no space to the last.
    text: &'t str,
    number: u32,
}

/// A piece of a line, and where it stands.
#[derive(Clone, Copy)]
struct Piece<'t> {
    text: &'t str,
    column: usize,
    number: u32,
}

impl Piece<'_> {
    fn pos(&self) -> Option<Pos> {
        Some(Pos { line: self.number, column: u32::try_from(self.column + 1).ok()? })
    }

    /// What follows the first `n` bytes, without the spaces before it.
    fn after(&self, n: usize) -> Self {
        let (text, spaces) = unspaced(&self.text[n..]);
        Self { text, column: self.column + n + spaces, number: self.number }
    }
}

/// Bytes checked at once; without an end in between the compiler does it in vectors.
const BLOCK: usize = 256;

/// Whether all `bytes` are visible ASCII, spaces or line feeds.
fn is_simple(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, it| all & ((*it == b'\n') | (b' '..=b'~').contains(it)))
}

struct Reader<'t> {
    text: &'t str,
    /// Where the line after the one ahead begins.
    at: usize,
    /// Number of the last line taken from `text`.
    number: u32,
    ahead: Option<Line<'t>>,
}

impl<'t> Reader<'t> {
    /// The next line as it stands, with its line break if it has one.
    fn raw(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |it| it + 1);
        self.at += length;
        self.number += 1;
        Some(&rest[..length])
    }

    /// Moves to the next line that is neither blank nor a comment.
    fn advance(&mut self) {
        self.ahead = None;
        while let Some(raw) = self.raw() {
            let line = raw.trim_end_matches(['\n', ' ']);
            let (text, indent) = unspaced(line);
            if !text.is_empty() && !text.starts_with('#') {
                self.ahead = Some(Line { indent, text, number: self.number });
                return;
            }
        }
    }

    /// The entries whose keys stand at `indent`, the first of them perhaps behind a dash.
    fn mapping(&mut self, indent: usize, first: Option<Piece<'t>>, depth: usize) -> Option<Node> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut next = first;
        loop {
            let piece = match (next.take(), self.ahead) {
                (Some(piece), _) => piece,
                (None, Some(line)) if line.indent == indent => {
                    Piece { text: line.text, column: indent, number: line.number }
                }
                (None, Some(line)) if line.indent > indent => return None,
                (None, _) => break,
            };
            let key = key_of(piece.text)?;
            // What stands twice is a fault that the full parser tells.
            if entries.iter().any(|(it, _)| it.text == key) {
                return None;
            }
            self.advance();
            let value = self.value(piece.after(key.len() + 1), indent, depth)?;
            entries.push((Key { text: key.to_owned(), pos: piece.pos()? }, value));
        }
        let pos = entries.first()?.0.pos;
        Some(Node { kind: Kind::Map(entries), pos })
    }

    /// The value of a key at `indent`, of which `rest` stands on the key's line.
    fn value(&mut self, rest: Piece<'t>, indent: usize, depth: usize) -> Option<Node> {
        if !rest.text.is_empty() && !rest.text.starts_with('#') {
            return self.scalar(rest, indent);
        }
        let line = self.ahead?;
        let list = is_item(line.text);
        if line.indent > indent || (line.indent == indent && list) {
            if list {
                self.sequence(line, indent, depth + 1)
            } else {
                self.mapping(line.indent, None, depth + 1)
            }
        } else {
            None
        }
    }

    /// The items whose dashes stand where that of `first` does, below a key at `outer`.
    fn sequence(&mut self, first: Line<'t>, outer: usize, depth: usize) -> Option<Node> {
        if depth > DEPTH_MAX {
            return None;
        }
        let indent = first.indent;
        let mut items = Vec::new();
        while let Some(line) = self.ahead.filter(|it| it.indent == indent && is_item(it.text)) {
            let piece = Piece { text: line.text, column: indent, number: line.number }.after(1);
            if key_of(piece.text).is_some() {
                items.push(self.mapping(piece.column, Some(piece), depth + 1)?);
            } else {
                self.advance();
                items.push(self.scalar(piece, indent)?);
            }
        }
        // As the full parser has it: a list that is not indented begins with its first item.
        let dash = Piece { text: "", column: indent, number: first.number };
        let pos = if indent == outer { items.first()?.pos } else { dash.pos()? };
        Some(Node { kind: Kind::Seq(items), pos })
    }

    /// A scalar that begins with `piece`, below a key or dash at `indent`; the line after it is ahead.
    fn scalar(&mut self, piece: Piece<'t>, indent: usize) -> Option<Node> {
        let pos = piece.pos()?;
        let (text, plain) = match piece.text.as_bytes().first()? {
            b'|' => {
                let (text, pos) = self.literal(piece, indent)?;
                return Some(Node { kind: Kind::Scalar(Scalar { text, plain: false }), pos });
            }
            b'\'' => (single_quoted(&piece.text[1..])?, false),
            b'"' => (double_quoted(&piece.text[1..])?, false),
            _ => (plain(piece.text)?.to_owned(), true),
        };
        // It may go on there.
        if self.ahead.is_some_and(|it| it.indent > indent) {
            return None;
        }
        Some(Node { kind: Kind::Scalar(Scalar { text, plain }), pos })
    }

    /// The lines of a literal block whose header is `header`, below a key or dash at `indent`, and where they begin.
    fn literal(&mut self, header: Piece<'t>, indent: usize) -> Option<(String, Pos)> {
        let clip = match header.text {
            "|" => "\n",
            "|-" => "",
            _ => return None,
        };
        // The line ahead was found by looking for a key, and may have passed over lines that look like comments.
        self.back_to(header.number)?;
        let mut text = String::new();
        let mut margin = None;
        loop {
            let (at, number) = (self.at, self.number);
            let Some(raw) = self.raw() else { break };
            let line = raw.strip_suffix('\n')?;
            let spaces = unspaced(line).1;
            if spaces == line.len() {
                // Spaces beyond the margin belong to the text, or are a fault before it.
                if margin.is_none_or(|it| spaces > it) {
                    return None;
                }
                text.push('\n');
                continue;
            }
            if spaces <= indent || margin.is_some_and(|it| spaces < it) {
                (self.at, self.number) = (at, number);
                break;
            }
            let margin = *margin.get_or_insert(spaces);
            text.push_str(&line[margin..]);
            text.push('\n');
        }
        let column = margin?;
        self.advance();
        text.truncate(text.trim_end_matches('\n').len());
        text.push_str(clip);
        Some((text, Piece { text: "", column, number: header.number + 1 }.pos()?))
    }

    /// Makes the line after line `number` the next.
    fn back_to(&mut self, number: u32) -> Option<()> {
        self.ahead = None;
        while self.number > number {
            let before = self.text.get(..self.at.checked_sub(1)?)?;
            self.at = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |it| it + 1);
            self.number -= 1;
        }
        Some(())
    }
}

/// Whether `byte` stands in `text` with `before` and `after` beside it, where given. Keys and values are short: for them a
/// search made for long texts costs more than looking at every byte.
fn holds(text: &str, byte: u8, before: Option<u8>, after: Option<u8>) -> bool {
    let bytes = text.as_bytes();
    let beside = |at: usize, wanted: Option<u8>| wanted.is_none() || bytes.get(at).copied() == wanted;
    let found = |at: usize| {
        (at > 0 || before.is_none()) && beside(at.wrapping_sub(1), before) && beside(at + 1, after)
    };
    memchr::memchr_iter(byte, bytes).any(found)
}

/// `text` without the spaces it begins with, and how many those are.
fn unspaced(text: &str) -> (&str, usize) {
    let n = text.bytes().take_while(|it| *it == b' ').count();
    (&text[n..], n)
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ")
}

/// The key that begins `text`; none if it is no mapping's entry.
fn key_of(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_') {
        return None;
    }
    let ends = |at: &usize| bytes.get(at + 1).is_none_or(|it| *it == b' ');
    let key = &text[..memchr::memchr_iter(b':', bytes).find(ends)?];
    (key.len() <= KEY_MAX && !key.ends_with(' ') && !holds(key, b'#', Some(b' '), None)).then_some(key)
}

/// Whether nothing but a comment follows.
fn is_over(rest: &str) -> bool {
    let comment = rest.trim_start_matches(' ');
    comment.is_empty() || (comment.len() < rest.len() && comment.starts_with('#'))
}

/// The scalar of which `text` stands behind the opening quote.
fn single_quoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let at = memchr::memchr(b'\'', rest.as_bytes())?;
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return is_over(rest).then_some(out),
        }
    }
}

fn double_quoted(text: &str) -> Option<String> {
    let at = memchr::memchr2(b'"', b'\\', text.as_bytes())?;
    (text.as_bytes()[at] == b'"' && is_over(&text[at + 1..])).then(|| text[..at].to_owned())
}

/// The plain scalar that begins `text`, without the comment behind it.
fn plain(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let begins = match bytes.first()? {
        b'-' => bytes.get(1).is_some_and(u8::is_ascii_alphanumeric),
        it => it.is_ascii_alphanumeric() || b"_/\\.$()~+;^<=".contains(it),
    };
    let end = memchr::memmem::find(bytes, b" #").unwrap_or(text.len());
    let text = text[..end].trim_end_matches(' ');
    (begins && !holds(text, b':', None, Some(b' ')) && !text.ends_with(':')).then_some(text)
}
