//! Correlation rules: what several findings within a span of time mean together (specification 2.1, "Correlation").

pub mod correlator;
pub mod groups;
pub mod parse;
pub mod plan;
pub mod resolve;
pub mod state;
pub mod statistic;
pub mod window;

use std::collections::BTreeMap;

use bulkhead_model::diag::Pos;
use bulkhead_model::finding::RuleRef;

use crate::rule::Condition;

pub use parse::parse;
pub use resolve::resolve;

/// A correlation rule.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// File it stands in.
    pub file: String,
    /// Where its document begins.
    pub pos: Pos,
    /// What findings say of it.
    pub rule: RuleRef,
    /// `name`, by which other correlations may refer to it.
    pub name: Option<String>,
    /// What is looked for.
    pub kind: Kind,
    /// Ids or names of the rules it looks at, and where each stands.
    pub refs: Vec<(String, Pos)>,
    /// The same resolved; in the order written.
    pub sources: Vec<Source>,
    /// Fields whose values must agree.
    pub group_by: Vec<String>,
    /// How long findings belong together, in milliseconds.
    pub timespan_ms: i64,
    /// By alias and rule (as written), the field meant.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the rules it looks at make findings of their own.
    pub generate: bool,
    /// Whether it makes findings itself; not if it serves another correlation only.
    pub reported: bool,
}

/// Where hits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A detection rule, by number.
    Rule(u32),
    /// Another correlation, by number.
    Correlation(u32),
}

/// What a correlation looks for in a group.
#[derive(Clone, Debug)]
pub enum Kind {
    /// So many findings.
    EventCount(Bounds),
    /// So many different values of a field, or combinations of the values of several.
    ValueCount(Vec<String>, Bounds),
    /// Rules in any order.
    Temporal(Together),
    /// Rules in the order written: all of them, or so many.
    TemporalOrdered(Option<Bounds>),
    /// A number made of a field's values.
    Value(Statistic, String, Bounds),
}

/// Which rules must be seen in a timespan.
#[derive(Clone, Debug)]
pub enum Together {
    /// Every one.
    All,
    /// So many of them.
    Count(Bounds),
    /// Those that make the condition hold.
    Condition(Condition),
}

/// How a number is made of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The value below which this share (percent) of them lies, interpolated; 50 is the median.
    Percentile(f64),
}

/// What the number must be; every bound given must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Greater.
    pub gt: Option<f64>,
    /// Greater or equal.
    pub gte: Option<f64>,
    /// Less.
    pub lt: Option<f64>,
    /// Less or equal.
    pub lte: Option<f64>,
    /// Equal.
    pub eq: Option<f64>,
    /// Not equal.
    pub neq: Option<f64>,
}

impl Bounds {
    /// Whether `value` lies within.
    #[expect(clippy::float_cmp, reason = "equality of numbers is what the rule asks for")]
    pub fn hold(&self, value: f64) -> bool {
        self.gt.is_none_or(|it| value > it)
            && self.gte.is_none_or(|it| value >= it)
            && self.lt.is_none_or(|it| value < it)
            && self.lte.is_none_or(|it| value <= it)
            && self.eq.is_none_or(|it| value == it)
            && self.neq.is_none_or(|it| value != it)
    }

    /// The greatest number in them; counts beyond it by two or more are all alike.
    pub fn greatest(&self) -> f64 {
        [self.gt, self.gte, self.lt, self.lte, self.eq, self.neq].into_iter().flatten().fold(0.0, f64::max)
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            (">", self.gt),
            (">=", self.gte),
            ("<", self.lt),
            ("<=", self.lte),
            ("=", self.eq),
            ("!=", self.neq),
        ];
        let given: Vec<String> =
            all.iter().filter_map(|(sign, bound)| bound.map(|it| format!("{sign} {it}"))).collect();
        f.write_str(&given.join(" and "))
    }
}

impl Correlation {
    /// The field that `name` (a field or an alias) means in findings of the rule written `rule`.
    pub fn field<'c>(&'c self, name: &'c str, rule: &str) -> &'c str {
        self.aliases.get(name).and_then(|it| it.get(rule)).map_or(name, String::as_str)
    }

    /// The fields whose values are counted or calculated with.
    pub fn value_fields(&self) -> &[String] {
        match &self.kind {
            Kind::ValueCount(fields, _) => fields,
            Kind::Value(_, field, _) => std::slice::from_ref(field),
            Kind::EventCount(_) | Kind::Temporal(_) | Kind::TemporalOrdered(_) => &[],
        }
    }

    /// Names of the event fields it reads in findings of the rule at `position`.
    pub fn fields_of(&self, position: usize) -> impl Iterator<Item = &str> {
        let rule = self.refs[position].0.as_str();
        self.group_by.iter().chain(self.value_fields()).map(move |it| self.field(it, rule))
    }

    /// Names of all event fields it reads.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        (0..self.refs.len()).flat_map(|it| self.fields_of(it))
    }
}
