//! Where in its file everything of an estate stands.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Pos};
use crate::yaml::{Kind, Node};

/// The places of an estate's parts; without a file, everything is nowhere in particular.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The file as the user named it.
    pub file: String,
    /// The whole tree.
    pub(super) root: Option<Node>,
    /// Per section, where in the written list the nth item read stands; faulty items were left out.
    pub(super) order: BTreeMap<&'static str, Vec<u32>>,
}

/// One place: a node, or the nearest known thing around it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    file: &'p str,
    node: Option<&'p Node>,
    pos: Option<Pos>,
}

impl Places {
    /// Places of an estate that was not read from a file, under the name `file`.
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }

    /// The place of a section of the file, such as `assets`.
    pub fn section(&self, section: &str) -> Place<'_> {
        let pos = self.root.as_ref().map(|it| it.pos);
        Place { file: &self.file, node: self.root.as_ref(), pos }.key(section)
    }

    /// The place of the nth item of a section.
    pub fn item(&self, section: &str, n: usize) -> Place<'_> {
        let at = self.order.get(section).and_then(|it| it.get(n)).map_or(n, |it| *it as usize);
        self.section(section).nth(at)
    }
}

impl<'p> Place<'p> {
    /// The value under `key`; where there is none, this place.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.inner(self.node.and_then(|it| it.get(key)))
    }

    /// The nth item of a list; where there is none, this place.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        self.inner(self.node.and_then(Node::as_seq).and_then(|it| it.get(n)))
    }

    /// The first scalar within that reads `text`; where there is none, this place.
    #[must_use]
    pub fn scalar(self, text: &str) -> Self {
        self.inner(self.node.and_then(|it| find(it, text)))
    }

    fn inner(self, node: Option<&'p Node>) -> Self {
        match node {
            Some(node) => Place { node: Some(node), pos: Some(node.pos), ..self },
            None => Place { node: None, ..self },
        }
    }

    /// Line and column, where known.
    pub fn pos(self) -> Option<Pos> {
        self.pos
    }

    /// An error here.
    pub fn error(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.file, self.pos, message)
    }

    /// A warning here.
    pub fn warning(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, self.file, self.pos, message)
    }
}

fn find<'n>(node: &'n Node, text: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Scalar(scalar) => (scalar.text == text).then_some(node),
        Kind::Seq(items) => items.iter().find_map(|it| find(it, text)),
        Kind::Map(entries) => entries.iter().find_map(|(_, it)| find(it, text)),
    }
}
