//! Gates and conditions as trees of what holds and what does not, and what stands in the way.

use bulkhead_model::event::{Event, Shape, Value, Visitor};
use bulkhead_model::logsource::LogSource;
use serde::Serialize;

use super::Trace;
use crate::engine::route::hinted;
use crate::engine::test;
use crate::engine::values::Values;
use crate::expr::{Dimension, Expr};
use crate::matcher::{Cmp, Matcher, TextOp};
use crate::rule::condition::Quantity;
use crate::rule::{Condition, Item, Search};
use crate::ruleset::{Inner, Instance};

/// One point of a condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// What is asked, and where it is a comparison, what the event has.
    pub what: String,
    /// Whether it holds.
    pub holds: bool,
    /// How it follows from `sides`.
    pub kind: NodeKind,
    /// What it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Node>,
}

/// How a point follows from those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Nothing is below it.
    Leaf,
    /// All must hold.
    All,
    /// At least so many must hold.
    AtLeast(u32),
    /// The one below must not hold.
    Not,
}

impl Node {
    fn leaf(what: String, holds: bool) -> Self {
        Self { what, holds, kind: NodeKind::Leaf, sides: Vec::new() }
    }

    fn of(what: &str, kind: NodeKind, sides: Vec<Self>) -> Self {
        let n = sides.iter().filter(|it| it.holds).count();
        let holds = match kind {
            NodeKind::Leaf => false,
            NodeKind::All => n == sides.len(),
            NodeKind::AtLeast(needed) => n >= needed as usize,
            NodeKind::Not => n == 0,
        };
        Self { what: what.to_owned(), holds, kind, sides }
    }

    /// The least that would have to be otherwise for this point to be `wanted`.
    fn blame(&self, wanted: bool) -> Vec<String> {
        if self.holds == wanted {
            return Vec::new();
        }
        let wrong = || self.sides.iter().filter(|it| it.holds != wanted).map(|it| it.blame(wanted));
        let least = || wrong().min_by_key(Vec::len).unwrap_or_default();
        match self.kind {
            NodeKind::Leaf if wanted => vec![format!("not so: {}", self.what)],
            NodeKind::Leaf => vec![format!("excluded, because {}", self.what)],
            NodeKind::Not => self.sides.iter().flat_map(|it| it.blame(!wanted)).collect(),
            NodeKind::All if wanted => wrong().flatten().collect(),
            NodeKind::All => least(),
            NodeKind::AtLeast(1) if wanted => least(),
            NodeKind::AtLeast(needed) if wanted => {
                let holding = self.sides.iter().filter(|it| it.holds).count();
                let mut ways: Vec<Vec<String>> = wrong().collect();
                ways.sort_by_key(Vec::len);
                ways.into_iter().take((needed as usize).saturating_sub(holding)).flatten().collect()
            }
            NodeKind::AtLeast(_) => wrong().flatten().collect(),
        }
    }
}

/// What stands in the way of the alternative that is nearest.
pub fn blame_any(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|it| it.blame(true)).min_by_key(Vec::len).unwrap_or_default()
}

/// One way of meeting the log source.
pub fn gate<'e>(
    inner: &Inner,
    way: &Instance,
    event: &'e dyn Event,
    source: &LogSource<'_>,
    values: &mut Values<'e>,
) -> Node {
    let mut leaf = |it: &Expr| match it {
        Expr::Pred(pred) => {
            let known = &inner.interner.preds[*pred as usize];
            let name = inner.interner.fields.name(known.field);
            let what = format!("`{name}` {}; {}", wanted(inner, &known.matcher), seen(event, &[name]));
            Node::leaf(what, test::holds(inner, *pred, values, event))
        }
        Expr::Shape(shapes) => {
            let names: Vec<_> = shapes.iter().map(|it| family(*it)).collect();
            let what = format!(
                "the event is a {} record; it is a {} one",
                names.join(" or "),
                family(event.shape())
            );
            Node::leaf(what, shapes.contains(&event.shape()))
        }
        Expr::Hint(dimension, value) => {
            let (key, said) = match dimension {
                Dimension::Product => ("product", source.product),
                Dimension::Category => ("category", source.category),
                Dimension::Service => ("service", source.service),
            };
            let what = if value.is_empty() {
                format!("nobody knows its {key}; it is {}", said.unwrap_or("not known"))
            } else {
                format!("its file is known to be {key} `{value}`; it is {}", said.unwrap_or("not known"))
            };
            Node::leaf(what, hinted(source, *dimension, value))
        }
        Expr::Const(true) => Node::leaf("any event".to_owned(), true),
        _ => Node::leaf("no event".to_owned(), false),
    };
    expr(&inner.gates[way.gate as usize], &mut leaf)
}

fn expr(it: &Expr, leaf: &mut dyn FnMut(&Expr) -> Node) -> Node {
    let mut all = |sides: &[Expr]| sides.iter().map(|it| expr(it, leaf)).collect::<Vec<_>>();
    match it {
        Expr::And(sides) => Node::of("all of", NodeKind::All, all(sides)),
        Expr::Or(sides) => Node::of("one of", NodeKind::AtLeast(1), all(sides)),
        Expr::AtLeast(n, sides) => Node::of(&format!("{n} of"), NodeKind::AtLeast(*n), all(sides)),
        Expr::Not(inner) => Node::of("not", NodeKind::Not, all(std::slice::from_ref(inner))),
        other => leaf(other),
    }
}

fn family(shape: Shape) -> &'static str {
    match shape {
        Shape::Windows | Shape::WindowsExport => "Windows",
        Shape::Zeek => "Zeek",
        Shape::Suricata => "Suricata",
        Shape::Auditd => "auditd",
        Shape::Syslog => "syslog",
        Shape::Wazuh => "Wazuh",
        Shape::Json => "JSON",
    }
}

/// What a comparison asks, after the field's name.
fn wanted(inner: &Inner, matcher: &Matcher) -> String {
    let of_text = |op: TextOp| match op {
        TextOp::Equals => "is",
        TextOp::Contains => "contains",
        TextOp::StartsWith => "begins with",
        TextOp::EndsWith => "ends with",
    };
    let of_number = |cmp: Cmp| match cmp {
        Cmp::Eq => "is",
        Cmp::Lt => "is less than",
        Cmp::Lte => "is at most",
        Cmp::Gt => "is more than",
        Cmp::Gte => "is at least",
    };
    match matcher {
        Matcher::Text { op, text, .. } => format!("{} `{text}`", of_text(*op)),
        Matcher::Glob { pattern, .. } => format!("is like `{pattern:?}`"),
        Matcher::Present => "is there".to_owned(),
        Matcher::Regex(pattern) => format!("matches `{pattern}`"),
        Matcher::Cidr(network) => format!("lies in {network}"),
        Matcher::Number(cmp, number) => format!("{} {}", of_number(*cmp), number.get()),
        Matcher::Field { op, field, .. } => {
            format!("{} the field `{}`", of_text(*op), inner.interner.fields.name(*field))
        }
        Matcher::Time(part, cmp, number) => format!("{part:?} {} {}", of_number(*cmp), number.get()),
    }
}

/// Longest value shown.
const SHOWN: usize = 200;

/// What the event has of the fields `names`; where it has none, names that are nearly the same.
fn seen(event: &dyn Event, names: &[&str]) -> String {
    struct Look<'n> {
        names: &'n [&'n str],
        values: Vec<String>,
        near: Vec<String>,
    }
    fn folded(name: &str) -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
    }
    impl<'e> Visitor<'e> for Look<'_> {
        fn wants(&mut self, name: &str) -> bool {
            let last = name.rsplit('.').next().unwrap_or(name);
            let wanted = self.names.contains(&name);
            if !wanted && self.names.iter().any(|it| folded(it) == folded(name) || folded(it) == folded(last))
            {
                self.near.push(name.to_owned());
            }
            wanted
        }
        fn value(&mut self, _: &str, value: Value<'e>) {
            let text = value.to_text();
            let short: String = text.chars().take(SHOWN).collect();
            let more = if short.len() < text.len() { "..." } else { "" };
            self.values.push(if value == Value::Null {
                "null".to_owned()
            } else {
                format!("`{short}`{more}")
            });
        }
    }
    let mut look = Look { names, values: Vec::new(), near: Vec::new() };
    event.visit(&mut look);
    if !look.values.is_empty() {
        return format!("the event has {}", look.values.join(", "));
    }
    look.near.dedup();
    if look.near.is_empty() {
        "the event has no such field".to_owned()
    } else {
        format!("the event has no such field, but `{}`", look.near.join("`, `"))
    }
}

impl Trace<'_> {
    /// A condition with everything below it.
    pub(super) fn condition(&mut self, condition: &Condition, searches: &[(String, Search)]) -> Node {
        match condition {
            Condition::Search(name) => match searches.iter().find(|(it, _)| it == name) {
                Some((_, search)) => self.named(name, search),
                None => Node::leaf(format!("`{name}`, which the rule does not have"), false),
            },
            Condition::Not(inner) => Node::of("not", NodeKind::Not, vec![self.condition(inner, searches)]),
            Condition::And(sides) => {
                let sides = sides.iter().map(|it| self.condition(it, searches)).collect();
                Node::of("all of", NodeKind::All, sides)
            }
            Condition::Or(sides) => {
                let sides = sides.iter().map(|it| self.condition(it, searches)).collect();
                Node::of("one of", NodeKind::AtLeast(1), sides)
            }
            Condition::Of(quantity, names) => {
                let meant: Vec<_> = searches.iter().filter(|(name, _)| names.matches(name)).collect();
                let sides = meant.iter().map(|(name, it)| self.named(name, it)).collect();
                let kind = match quantity {
                    Quantity::All => NodeKind::All,
                    Quantity::AtLeast(n) => NodeKind::AtLeast(*n),
                };
                Node::of(&condition.to_string(), kind, sides)
            }
        }
    }

    fn named(&mut self, name: &str, search: &Search) -> Node {
        let inside = self.of_search(search);
        Node { what: format!("{name}: {}", inside.what), ..inside }
    }

    fn of_search(&mut self, search: &Search) -> Node {
        match search {
            Search::All(items) => {
                let sides = items.iter().map(|it| self.of_item(it)).collect();
                Node::of("all of", NodeKind::All, sides)
            }
            Search::Any(searches) => {
                let sides = searches.iter().map(|it| self.of_search(it)).collect();
                Node::of("one of", NodeKind::AtLeast(1), sides)
            }
            Search::Nested(searches, condition) => self.condition(condition, searches),
        }
    }

    fn of_item(&mut self, item: &Item) -> Node {
        let trace = self.item(item, 0);
        let mut values: Vec<String> = trace.wanted.iter().take(8).map(|it| format!("`{it}`")).collect();
        if trace.wanted.len() > 8 {
            values.push(format!("{} more", trace.wanted.len() - 8));
        }
        let found = match &item.field {
            None => "looked for in every value".to_owned(),
            Some(field) => {
                let mapped = self.way.mapping.get(field);
                let names: Vec<&str> =
                    mapped.map_or_else(|| vec![field.as_str()], |it| it.iter().map(String::as_str).collect());
                let called = match mapped {
                    Some(_) => format!("there called `{}`, ", names.join("`, `")),
                    None => String::new(),
                };
                format!("{called}{}", seen(self.event, &names))
            }
        };
        Node::leaf(format!("{}: {}; {found}", trace.field, values.join(", ")), trace.holds)
    }
}
