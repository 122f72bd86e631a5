//! Sigma rules as written (specification 2.1): what the YAML says, before anything is compiled.

pub mod condition;
pub mod modifier;
pub mod parse;
pub mod text;

use bulkhead_model::diag::Pos;
use bulkhead_model::finding::Level;

pub use condition::Condition;
pub use modifier::Modifier;

/// A detection rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// File it stands in, as the user named it.
    pub file: String,
    /// Where its document begins.
    pub pos: Pos,
    /// `id`, or the file's name where there is none.
    pub id: String,
    /// `name`, by which correlations may refer to it.
    pub name: Option<String>,
    /// `title`.
    pub title: String,
    /// `level`; informational where there is none.
    pub level: Level,
    /// `tags`.
    pub tags: Vec<String>,
    /// Ids of the rules that `related` says are like this one (similar, derived, merged): what they find need not be
    /// found twice.
    pub related: Vec<String>,
    /// `status`, where given.
    pub status: Option<String>,
    /// `logsource`.
    pub source: Source,
    /// Named searches in the order written.
    pub searches: Vec<(String, Search)>,
    /// What must hold; several conditions are alternatives.
    pub conditions: Vec<Condition>,
}

/// `logsource`: which events a rule is about. Lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Such as `windows`.
    pub product: Option<String>,
    /// Such as `process_creation`.
    pub category: Option<String>,
    /// Such as `sysmon`.
    pub service: Option<String>,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for (key, value) in
            [("product", &self.product), ("category", &self.category), ("service", &self.service)]
        {
            if let Some(value) = value {
                write!(f, "{}{key}={value}", if first { "" } else { " " })?;
                first = false;
            }
        }
        if first { f.write_str("any") } else { Ok(()) }
    }
}

/// One named search.
#[derive(Clone, Debug)]
pub enum Search {
    /// A mapping: every item must match.
    All(Vec<Item>),
    /// A list: one must match.
    Any(Vec<Search>),
    /// A condition over other searches, as filters and pipelines add them.
    Nested(Vec<(String, Search)>, Condition),
}

impl Search {
    /// Whether it speaks of a field whose name `is` says yes to.
    pub fn names(&self, is: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::All(items) => items.iter().any(|it| {
                let refers = it.modifiers.contains(&Modifier::FieldRef);
                it.field.as_deref().is_some_and(is) || (refers && it.values.iter().any(|it| is(it.text())))
            }),
            Self::Any(searches) => searches.iter().any(|it| it.names(is)),
            Self::Nested(searches, _) => searches.iter().any(|(_, it)| it.names(is)),
        }
    }
}

/// One line of a mapping: a field, modifiers, and values. No field means any text of the event (keywords).
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it stands.
    pub pos: Pos,
    /// The field; none for keywords.
    pub field: Option<String>,
    /// In the order written.
    pub modifiers: Vec<Modifier>,
    /// Alternatives, or with `all` all of them.
    pub values: Vec<Value>,
}

/// One value of an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, escapes and wildcards not yet read.
    Text(String),
    /// A number and how it is written.
    Number(f64, String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`: the field has no value.
    Null,
}

impl Value {
    /// As written.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(_, text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Null => "",
        }
    }
}
