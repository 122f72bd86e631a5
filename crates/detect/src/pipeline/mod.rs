//! Processing pipelines in pySigma's format: rules changed to fit the names and values of somebody's logs.

mod apply;
mod parse;

use std::collections::BTreeMap;

use regex::Regex;

use crate::rule::{Source, Value};

/// A pipeline: transformations in order.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Lower first.
    pub priority: i64,
    file: String,
    /// Values of placeholders.
    vars: BTreeMap<String, Vec<String>>,
    steps: Vec<Step>,
}

/// One transformation and when it applies.
#[derive(Clone, Debug)]
struct Step {
    id: Option<String>,
    action: Action,
    rule: Conditions<RuleCondition>,
    item: Conditions<ItemCondition>,
    field: Conditions<FieldCondition>,
}

/// Conditions and how they combine; none always hold.
#[derive(Clone, Debug)]
struct Conditions<C> {
    list: Vec<C>,
    any: bool,
    not: bool,
}

impl<C> Conditions<C> {
    fn hold(&self, mut one: impl FnMut(&C) -> bool) -> bool {
        if self.list.is_empty() {
            return true;
        }
        let holds = if self.any { self.list.iter().any(&mut one) } else { self.list.iter().all(&mut one) };
        holds != self.not
    }
}

/// Conditions on a rule.
#[derive(Clone, Debug)]
enum RuleCondition {
    /// Its log source has these parts.
    LogSource(Source),
    /// Some item has the field, and the value where one is given.
    HasItem(String, Option<String>),
    /// It has the tag.
    Tag(String),
    /// Its attribute (`level`, `status`, `title`, `id`) is this.
    Attribute(String, String),
    /// A detection rule, which every rule here is.
    SigmaRule(bool),
    /// The step with this id was applied to it.
    Applied(String),
    /// The state has this value.
    State(String, String),
}

/// Conditions on an item.
#[derive(Clone, Debug)]
enum ItemCondition {
    /// One value (or with `all` each) matches the expression.
    MatchString { pattern: Regex, all: bool, negate: bool },
    /// It has the value null.
    IsNull,
    /// One value (or with `all` each) is this.
    MatchValue { value: String, all: bool },
    /// One value (or with `all` each) has a wildcard.
    ContainsWildcard { all: bool },
    /// The state has this value.
    State(String, String),
}

/// Conditions on a field's name.
#[derive(Clone, Debug)]
enum FieldCondition {
    /// One of these names or patterns (`include_fields`), or none of them.
    Fields { names: Vec<String>, patterns: Vec<Regex>, include: bool },
    /// The state has this value.
    State(String, String),
}

/// What a transformation does.
#[derive(Clone, Debug)]
enum Action {
    /// Other names; several are alternatives.
    MapFields(BTreeMap<String, Vec<String>>),
    /// Other beginnings of names.
    MapPrefixes(BTreeMap<String, Vec<String>>),
    /// A text before or after names.
    Affix { before: String, after: String },
    /// Names in another case.
    FieldCase(Case),
    /// Items that must hold too.
    AddCondition { items: Vec<(String, Vec<Value>)>, negated: bool, template: bool },
    /// Another log source.
    ChangeLogSource(Source),
    /// Items left out.
    DropItem,
    /// Parts of values replaced.
    Replace(Regex, String),
    /// Whole values replaced.
    MapValues(BTreeMap<String, Vec<String>>),
    /// Values in another case.
    ValueCase(Case),
    /// All values replaced.
    SetValue(Value),
    /// Values as text or as numbers.
    ConvertType { to_number: bool },
    /// Placeholders replaced by the pipeline's values; `*` where they are unknown and that is wanted.
    Placeholders { include: Option<Vec<String>>, exclude: Vec<String>, wildcard: bool },
    /// The rule is refused.
    Fail(String),
    /// A value remembered for conditions.
    SetState(String, String),
    /// An attribute of the rule, for conditions.
    SetAttribute(String, String),
    /// Values compared with regard to case, as a regular expression does.
    Cased,
    /// `Hashes: SHA1=...` as fields of their own, named by the algorithm behind a prefix (and without it, the prefix alone).
    Hashes { algorithms: Vec<String>, prefix: String, plain: bool },
    /// Nothing that a match depends on.
    Nothing,
    /// Several in order.
    Nest(Vec<Step>),
}

/// A case of letters.
#[derive(Clone, Copy, Debug)]
enum Case {
    Lower,
    Upper,
    Snake,
}

impl Case {
    fn of(self, text: &str) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Snake => snake(text),
        }
    }
}

fn snake(text: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in text.chars() {
        if c.is_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}
