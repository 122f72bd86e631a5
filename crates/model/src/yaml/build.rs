//! From the parser's events to nodes: aliases and merge keys resolved within bounds, duplicate keys reported.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::{Key, Kind, MAX_DEPTH, MAX_EXPANSION, Node, Scalar, block, json};
use crate::diag::{Diagnostic, Pos};

/// Mappings up to this many entries are searched for duplicates pair by pair, without a hash set.
const FEW: usize = 16;

/// Reads every document of `text`.
pub fn documents(file: &str, text: &str) -> (Vec<Node>, Vec<Diagnostic>) {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut builder = Builder::new(file);
    let mut rest = text;
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        // The parser takes NUL for the end of input; what follows would vanish in silence.
        let pos = Some(end_of(&text[..at]));
        let fault = Diagnostic::error("control-character", file, pos, "a NUL byte stands in the text")
            .hint("what follows it was not read; is this a binary file?");
        builder.diagnostics.push(fault);
        rest = &text[..at];
    }
    // JSON is read as such: several times faster, and with what YAML parsers stumble over (tabs, surrogate pairs).
    if let Some(found) = json::parse(rest, 0) {
        builder.take_json(found);
        return (builder.documents, builder.diagnostics);
    }
    if let Some(node) = block::parse(rest) {
        builder.documents.push(node);
        return (builder.documents, builder.diagnostics);
    }
    builder.read_all(rest);
    (builder.documents, builder.diagnostics)
}

/// The place just behind `text`.
pub fn end_of(text: &str) -> Pos {
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let last = text.rsplit('\n').next().unwrap_or_default();
    Pos { line: number(lines + 1), column: number(last.chars().count() + 1) }
}

/// How many lines and bytes lie before the first line from line `after` (1-based) on that begins with `---`. A bracket
/// left open is told at the very line that begins the next document; the first line is where reading began.
fn next_document(text: &str, after: u32) -> Option<(u32, usize)> {
    let mut at = 0;
    for (lines, line) in (0..).zip(text.split_inclusive('\n')) {
        if lines >= after.saturating_sub(1).max(1) && line.starts_with("---") {
            return Some((lines, at));
        }
        at += line.len();
    }
    None
}

/// A fault that ends a document.
struct Fatal {
    line: u32,
    diagnostic: Diagnostic,
}

/// What an anchor stands for.
struct Anchored {
    node: Node,
    cost: usize,
    depth: usize,
}

/// A collection that is not closed yet.
struct Open {
    pos: Pos,
    anchor: usize,
    body: Body,
}

enum Body {
    Seq(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, merged: Vec<Node>, key: Expect },
}

/// What the next node of a mapping is.
enum Expect {
    Key,
    Value(Key),
    /// The value of a merge key `<<`.
    Merge,
    /// The value of a key that cannot be one; dropped.
    Dropped,
}

struct Builder<'f> {
    file: &'f str,
    documents: Vec<Node>,
    diagnostics: Vec<Diagnostic>,
    line_offset: u32,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    expanded: usize,
}

impl<'f> Builder<'f> {
    fn new(file: &'f str) -> Self {
        Self {
            file,
            documents: Vec::new(),
            diagnostics: Vec::new(),
            line_offset: 0,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            expanded: 0,
        }
    }

    /// Reads documents to the end; one with a fault is left out.
    fn read_all(&mut self, text: &str) {
        let mut rest = text;
        while let Some(fault) = self.read(rest) {
            let line = fault.line;
            self.diagnostics.push(fault.diagnostic);
            let Some((lines, bytes)) = next_document(rest, line - self.line_offset) else { break };
            self.line_offset += lines;
            rest = &rest[bytes..];
        }
        self.diagnostics.sort_by_key(|it| it.pos);
    }

    /// Reads documents until the end or the first fault that ends one.
    fn read(&mut self, text: &str) -> Option<Fatal> {
        self.open.clear();
        self.anchors.clear();
        let mut parser = Parser::new_from_str(text);
        loop {
            let (event, span) = match parser.next_event()? {
                Ok(it) => it,
                Err(fault) => return Some(self.syntax(&fault)),
            };
            if let Err(fault) = self.event(event, self.pos(&span.start)) {
                return Some(*fault);
            }
        }
    }

    fn take_json(&mut self, (node, faults): (Node, Vec<(Pos, String)>)) {
        for (pos, message) in faults {
            self.diagnostics.push(Diagnostic::error("duplicate-key", self.file, Some(pos), message));
        }
        self.documents.push(node);
    }

    fn event(&mut self, event: Event<'_>, pos: Pos) -> Result<(), Box<Fatal>> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::DocumentEnd => {}
            Event::Alias(id) => return self.alias(id, pos),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.is_plain(style, tag.as_deref(), pos);
                let scalar = Scalar { text: Cow::into_owned(text), plain };
                return self.finish(Node { kind: Kind::Scalar(scalar), pos }, anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), pos);
                return self.begin(pos, anchor, Body::Seq(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), pos);
                let body = Body::Map { entries: Vec::new(), merged: Vec::new(), key: Expect::Key };
                return self.begin(pos, anchor, body);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(),
        }
        Ok(())
    }

    fn begin(&mut self, pos: Pos, anchor: usize, body: Body) -> Result<(), Box<Fatal>> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(pos));
        }
        self.open.push(Open { pos, anchor, body });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Box<Fatal>> {
        let Some(Open { pos, anchor, body }) = self.open.pop() else { return Ok(()) };
        let kind = match body {
            Body::Seq(items) => Kind::Seq(items),
            Body::Map { entries, merged, .. } => {
                let mut entries = self.without_duplicates(entries);
                merge(&mut entries, merged);
                Kind::Map(entries)
            }
        };
        self.finish(Node { kind, pos }, anchor)
    }

    /// Takes in a complete node: remembers it under its anchor and puts it where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Box<Fatal>> {
        if anchor != 0 {
            let (cost, depth) = measure(&node);
            self.spend(cost, node.pos)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), cost, depth });
        }
        self.place(node);
        Ok(())
    }

    fn place(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        let (entries, merged, key) = match &mut open.body {
            Body::Seq(items) => {
                items.push(node);
                return;
            }
            Body::Map { entries, merged, key } => (entries, merged, key),
        };
        match std::mem::replace(key, Expect::Key) {
            Expect::Key => match node.kind {
                Kind::Scalar(it) if it.plain && it.text == "<<" => *key = Expect::Merge,
                Kind::Scalar(it) => *key = Expect::Value(Key { text: it.text, pos: node.pos }),
                Kind::Seq(_) | Kind::Map(_) => {
                    *key = Expect::Dropped;
                    let message = format!("a key must be text, not {}", node.describe());
                    let fault = Diagnostic::error("bad-key", self.file, Some(node.pos), message);
                    self.diagnostics
                        .push(fault.hint("quote it if the brackets or braces are part of the text"));
                }
            },
            Expect::Value(name) => entries.push((name, node)),
            Expect::Dropped => {}
            Expect::Merge => {
                for source in node.one_or_many() {
                    if source.as_map().is_none() {
                        let message =
                            format!("`<<` merges a mapping into this one, not {}", source.describe());
                        self.diagnostics.push(Diagnostic::error(
                            "bad-merge",
                            self.file,
                            Some(source.pos),
                            message,
                        ));
                    }
                }
                merged.push(node);
            }
        }
    }

    fn alias(&mut self, id: usize, pos: Pos) -> Result<(), Box<Fatal>> {
        let Some(anchored) = self.anchors.get(&id) else {
            let fault =
                Diagnostic::error("bad-alias", self.file, Some(pos), "an alias stands inside what it names");
            return Err(self.fatal(fault, pos));
        };
        let (cost, depth) = (anchored.cost, anchored.depth);
        if self.open.len() + depth > MAX_DEPTH {
            return Err(self.too_deep(pos));
        }
        self.spend(cost, pos)?;
        if let Some(anchored) = self.anchors.get(&id) {
            let node = Node { pos, ..anchored.node.clone() };
            self.place(node);
        }
        Ok(())
    }

    /// Counts the copies that anchors and aliases make.
    fn spend(&mut self, cost: usize, pos: Pos) -> Result<(), Box<Fatal>> {
        self.expanded = self.expanded.saturating_add(cost);
        if self.expanded <= MAX_EXPANSION {
            return Ok(());
        }
        let message = format!("aliases expand to more than {MAX_EXPANSION} nodes");
        let fault = Diagnostic::error("too-large", self.file, Some(pos), message);
        Err(self.fatal(fault.hint("write out what is meant, or use fewer aliases of aliases"), pos))
    }

    fn too_deep(&self, pos: Pos) -> Box<Fatal> {
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        self.fatal(Diagnostic::error("too-deep", self.file, Some(pos), message), pos)
    }

    fn fatal(&self, diagnostic: Diagnostic, pos: Pos) -> Box<Fatal> {
        Box::new(Fatal { line: pos.line, diagnostic })
    }

    fn syntax(&self, fault: &ScanError) -> Fatal {
        let pos = self.pos(fault.marker());
        let diagnostic =
            Diagnostic::error("syntax", self.file, Some(pos), format!("not YAML: {}", fault.info()));
        let diagnostic = match hint(fault.info()) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        };
        Fatal { line: pos.line, diagnostic }
    }

    fn pos(&self, marker: &Marker) -> Pos {
        Pos { line: number(marker.line()) + self.line_offset, column: number(marker.col() + 1) }
    }

    /// Whether the scalar's text may mean a number, truth value or null.
    fn is_plain(&mut self, style: ScalarStyle, tag: Option<&Tag>, pos: Pos) -> bool {
        self.check_tag(tag, pos);
        match tag {
            Some(tag) if tag.is_yaml_core_schema() => {
                matches!(tag.suffix.as_str(), "int" | "float" | "bool" | "null")
            }
            Some(_) => false,
            None => style == ScalarStyle::Plain,
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, pos: Pos) {
        let Some(tag) = tag else { return };
        let known = tag.is_yaml_core_schema() || (tag.handle.is_empty() && tag.suffix == "!");
        if !known {
            let message = format!("the tag {tag} means nothing here and is ignored");
            self.diagnostics.push(Diagnostic::warning("unknown-tag", self.file, Some(pos), message));
        }
    }

    fn without_duplicates(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        let duplicates = duplicates(&entries);
        if duplicates.is_empty() {
            return entries;
        }
        for &at in &duplicates {
            let key = &entries[at].0;
            let first = entries.iter().find(|(it, _)| it.text == key.text).map_or(key.pos, |(it, _)| it.pos);
            let message = format!("the key `{}` stands twice in one mapping", key.text);
            let fault = Diagnostic::error("duplicate-key", self.file, Some(key.pos), message)
                .hint(format!("the first is at line {}; rename or remove one", first.line));
            self.diagnostics.push(fault);
        }
        let mut at = 0;
        let mut entries = entries;
        entries.retain(|_| {
            at += 1;
            duplicates.binary_search(&(at - 1)).is_err()
        });
        entries
    }
}

/// Positions of entries whose key came before, in order.
fn duplicates(entries: &[(Key, Node)]) -> Vec<usize> {
    let texts = || entries.iter().map(|(key, _)| key.text.as_str());
    if entries.len() <= FEW {
        let earlier = |(at, text): &(usize, &str)| texts().take(*at).any(|it| it == *text);
        return texts().enumerate().filter(earlier).map(|(at, _)| at).collect();
    }
    let mut seen = HashSet::with_capacity(entries.len());
    texts().enumerate().filter(|(_, text)| !seen.insert(*text)).map(|(at, _)| at).collect()
}

/// Adds what merge keys bring: the mapping's own keys win, then the earlier of the merged mappings.
fn merge(entries: &mut Vec<(Key, Node)>, merged: Vec<Node>) {
    if merged.is_empty() {
        return;
    }
    let mut seen: HashSet<String> = entries.iter().map(|(key, _)| key.text.clone()).collect();
    for source in merged {
        let sources = match source.kind {
            Kind::Seq(items) => items,
            Kind::Map(_) | Kind::Scalar(_) => vec![source],
        };
        for source in sources {
            let Kind::Map(new) = source.kind else { continue };
            entries.extend(new.into_iter().filter(|(key, _)| seen.insert(key.text.clone())));
        }
    }
}

/// Cost of a copy (one for each node and for each 64 bytes of text) and depth of a node.
fn measure(node: &Node) -> (usize, usize) {
    let text = |it: &str| 1 + it.len() / 64;
    let add = |(cost, depth): (usize, usize), (more, deep): (usize, usize)| (cost + more, depth.max(deep));
    match &node.kind {
        Kind::Scalar(scalar) => (text(&scalar.text), 0),
        Kind::Seq(items) => {
            let (cost, depth) = items.iter().map(measure).fold((1, 0), add);
            (cost, depth + 1)
        }
        Kind::Map(entries) => {
            let each = entries.iter().map(|(key, value)| {
                let (cost, depth) = measure(value);
                (cost + text(&key.text), depth)
            });
            let (cost, depth) = each.fold((1, 0), add);
            (cost, depth + 1)
        }
    }
}

/// What to do about the parser's commonest complaints.
fn hint(info: &str) -> Option<&'static str> {
    let about = |words: &[&str]| words.iter().any(|it| info.contains(it));
    if about(&["tab"]) {
        Some("indent with spaces; YAML does not allow tabs")
    } else if about(&["mapping values are not allowed"]) {
        Some("quote the text if it holds `: `, or check the indentation")
    } else if about(&["quoted scalar", "document indicator", "unexpected end of stream"]) {
        Some("a quote is probably not closed")
    } else if about(&["flow sequence", "flow mapping", "',' or"]) {
        Some("a bracket or brace is probably not closed, or a comma is missing")
    } else if about(&["unexpected character"]) {
        Some("quote texts that begin with a special character such as @, ` or %")
    } else if about(&["unknown anchor"]) {
        Some("an alias needs an anchor before it in the same document; quote a text that begins with `*`")
    } else {
        None
    }
}

fn number(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

/// What the full parser alone makes of `text`.
#[cfg(test)]
pub fn by_full_parser(text: &str) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut builder = Builder::new("f");
    builder.read_all(text);
    (builder.documents, builder.diagnostics)
}
