//! Layouts learned from events: the bytes between scalars (keys, colons, brackets), which tell an event's structure.
//!
//! Telemetry repeats itself: events of one kind have the same keys in the same order, and differ in their scalars only.
//! What stands between two scalars is compared with what stood there before, in one comparison; where all of it is the
//! same, the event has the structure of the one that was learned, and nothing more need be read. What differs anywhere
//! is scanned as if nothing had been learned.

use std::sync::Arc;

use super::flatten;
use super::scan::{Entry, Kind, LENGTH_MAX, Scanner};
use crate::event::{Layout, Shape};

/// No node.
const NONE: u32 = u32::MAX;
/// Most nodes kept; a flood of structures empties the table instead of the memory.
const NODES_MAX: usize = 16 << 10;
/// Most bytes of text between scalars kept.
const TEXTS_MAX: usize = 1 << 20;
/// Hashes of structures seen once. Only what is seen again is learned.
const SEEN: usize = 512;
/// Bytes of a text that its node holds itself, at either end.
const PIECE: usize = 16;

/// What follows a text between scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The inside of a string.
    Text,
    /// A number, `true`, `false` or `null`.
    Bare,
    /// Nothing: an event with the layout of this number.
    End(u32),
}

/// One text that may stand at one place, in a tree of all structures learned.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The first bytes of the text.
    head: u128,
    /// The last bytes of a longer one.
    tail: u128,
    /// Which bits of `head` count.
    mask: u128,
    start: u32,
    length: u32,
    then: Then,
    /// Another text that may stand at the same place; they form a ring.
    sibling: u32,
    /// A text that may stand after the scalar: the one that did so last.
    child: u32,
}

/// Structures learned.
#[derive(Clone, Debug)]
pub(super) struct Layouts {
    nodes: Vec<Node>,
    texts: Vec<u8>,
    /// First node by the shape that the caller asked for.
    roots: [u32; 9],
    seen: Box<[u64; SEEN]>,
    known: Vec<(Shape, Arc<Layout>)>,
}

impl Default for Layouts {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            texts: Vec::new(),
            roots: [NONE; 9],
            seen: Box::new([0; SEEN]),
            known: Vec::new(),
        }
    }
}

fn root_of(shape: Option<Shape>) -> usize {
    shape.map_or(0, |it| it as usize + 1)
}

#[inline]
fn piece(bytes: &[u8]) -> Option<u128> {
    Some(u128::from_le_bytes(bytes.get(..PIECE)?.try_into().ok()?))
}

/// A short text, filled up with zeros, and which of its bits count.
fn padded(text: &[u8]) -> (u128, u128) {
    let mut bytes = [0; PIECE];
    let mut mask = [0; PIECE];
    let n = text.len().min(PIECE);
    bytes[..n].copy_from_slice(&text[..n]);
    mask[..n].fill(0xFF);
    (u128::from_le_bytes(bytes), u128::from_le_bytes(mask))
}

impl Layouts {
    /// The layout of number `layout`.
    pub(super) fn get(&self, layout: u32) -> &Arc<Layout> {
        &self.known[layout as usize].1
    }

    /// The shape and layout of `text`, where its structure was learned; `out` gets its scalars, one entry for each.
    /// Otherwise `out` is left with anything.
    #[inline]
    pub(super) fn follow(
        &mut self,
        text: &[u8],
        shape: Option<Shape>,
        out: &mut Vec<Entry>,
    ) -> Option<(Shape, u32)> {
        let root = root_of(shape);
        let mut last = self.roots[root];
        if last == NONE || text.len() >= LENGTH_MAX {
            return None;
        }
        let mut parent = NONE;
        let mut scanner = Scanner { text, at: 0, out };
        loop {
            let rest = text.get(scanner.at..)?;
            let mut node = self.nodes.get(last as usize)?;
            // Mostly what follows is what did so last.
            if !self.stands(node, rest) {
                last = self.sibling(last, rest)?;
                let child = match self.nodes.get_mut(parent as usize) {
                    Some(parent) => &mut parent.child,
                    None => &mut self.roots[root],
                };
                *child = last;
                node = self.nodes.get(last as usize)?;
            }
            scanner.at += node.length as usize;
            match node.then {
                Then::Text => {
                    let (start, end, kind) = scanner.inside()?;
                    scanner.out.push(Entry::scalar(start, end, kind));
                }
                Then::Bare => {
                    let start = scanner.at;
                    let kind = scanner.bare().ok()?;
                    let (start, end) = (u32::try_from(start).ok()?, u32::try_from(scanner.at).ok()?);
                    scanner.out.push(Entry::scalar(start, end, kind));
                }
                Then::End(layout) => return Some((self.known[layout as usize].0, layout)),
            }
            (parent, last) = (last, node.child);
        }
    }

    /// The node whose text `rest` begins with, among the other siblings of `first`.
    #[cold]
    fn sibling(&self, first: u32, rest: &[u8]) -> Option<u32> {
        let mut number = self.nodes[first as usize].sibling;
        while number != first {
            let node = &self.nodes[number as usize];
            if self.stands(node, rest) {
                return Some(number);
            }
            number = node.sibling;
        }
        None
    }

    /// Whether `rest` begins with the text of `node` and goes on as it must.
    #[inline(always)] // what is done most: once for every scalar of every event
    fn stands(&self, node: &Node, rest: &[u8]) -> bool {
        let length = node.length as usize;
        let same = match piece(rest) {
            Some(head) if length <= PIECE => (head ^ node.head) & node.mask == 0,
            Some(head) => {
                head == node.head
                    && rest.get(length - PIECE..length).and_then(piece) == Some(node.tail)
                    && (length <= 2 * PIECE || rest[..length] == *self.text(node))
            }
            None => rest.starts_with(self.text(node)),
        };
        same && match node.then {
            Then::Text => true,
            // One key can be followed by a bare value, a string or a bracket.
            Then::Bare => matches!(rest.get(length), Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n')),
            Then::End(_) => rest.len() == length,
        }
    }

    /// How many nodes are kept.
    #[cfg(test)]
    pub(super) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    fn text(&self, node: &Node) -> &[u8] {
        &self.texts[node.start as usize..(node.start + node.length) as usize]
    }

    /// Learns the structure of `raw`, whose scanned entries are `entries`, if it was seen before.
    pub(super) fn learn(&mut self, raw: &str, asked: Option<Shape>, shape: Shape, entries: &[Entry]) {
        let scalars = || entries.iter().filter(|it| !matches!(it.kind, Kind::Object | Kind::Array));
        let mut hash = root_of(asked) as u64;
        let (mut at, mut n_bytes) = (0, 0);
        let bytes = raw.as_bytes();
        for scalar in scalars() {
            let text = &bytes[at..scalar.start as usize];
            hash = mixed(hash, text);
            n_bytes += text.len();
            at = scalar.end as usize;
        }
        hash = mixed(hash, &bytes[at..]);
        n_bytes += bytes.len() - at;
        if entries.len() >= NODES_MAX / 8 || n_bytes >= TEXTS_MAX / 8 {
            return;
        }
        let slot = &mut self.seen[hash as usize % SEEN];
        if *slot != hash {
            *slot = hash;
            return;
        }
        if self.nodes.len() + entries.len() >= NODES_MAX || self.texts.len() + n_bytes >= TEXTS_MAX {
            *self = Self::default();
        }
        let root = root_of(asked);
        let mut parent = NONE;
        let mut at = 0;
        for scalar in scalars() {
            let then = if scalar.kind.is_text() { Then::Text } else { Then::Bare };
            parent = self.grow(root, parent, &bytes[at..scalar.start as usize], then);
            at = scalar.end as usize;
        }
        let layout = number(self.known.len());
        self.grow(root, parent, &bytes[at..], Then::End(layout));
        self.known.push((shape, Arc::new(places(raw, shape, entries))));
    }

    /// The node after `parent` (or at the root) for a text that may stand there, made if there is none.
    fn grow(&mut self, root: usize, parent: u32, text: &[u8], then: Then) -> u32 {
        let first = self.nodes.get(parent as usize).map_or(self.roots[root], |it| it.child);
        let mut at = first;
        while at != NONE {
            let node = &self.nodes[at as usize];
            if node.then == then && self.text(node) == text {
                return at;
            }
            at = if node.sibling == first { NONE } else { node.sibling };
        }
        let made = number(self.nodes.len());
        let (head, mask) = padded(text);
        let tail = text.len().checked_sub(PIECE).and_then(|it| piece(&text[it..])).unwrap_or(0);
        let sibling = match self.nodes.get_mut(first as usize) {
            Some(first) => std::mem::replace(&mut first.sibling, made),
            None => made,
        };
        let (start, length) = (number(self.texts.len()), number(text.len()));
        self.texts.extend_from_slice(text);
        self.nodes.push(Node { head, tail, mask, start, length, then, sibling, child: NONE });
        match self.nodes.get_mut(parent as usize) {
            Some(parent) => parent.child = made,
            None => self.roots[root] = made,
        }
        made
    }
}

/// Names of the fields, each with the number of its scalar.
fn places(raw: &str, shape: Shape, entries: &[Entry]) -> Layout {
    let mut n_scalars = 0;
    let scalar: Vec<u32> = entries
        .iter()
        .map(|it| {
            let place = n_scalars;
            n_scalars += u32::from(!matches!(it.kind, Kind::Object | Kind::Array));
            place
        })
        .collect();
    let names = flatten::names(raw, shape, entries);
    Layout::new(names.into_iter().map(|(name, entry)| (name, scalar[entry])).collect())
}

fn number(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(NONE)
}

/// A hash that tells texts and where they end apart.
fn mixed(mut hash: u64, text: &[u8]) -> u64 {
    for chunk in text.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (hash ^ text.len() as u64).wrapping_mul(0x517C_C1B7_2722_0A95) | 1
}
