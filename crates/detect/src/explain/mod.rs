//! Why a rule did or did not fire for an event: every comparison of the rule, one by one.

use std::collections::BTreeSet;

use bulkhead_model::event::{Event, Value};
use bulkhead_model::finding::RuleRef;
use bulkhead_model::logsource::LogSource;

use serde::Serialize;

use crate::compile::Compiler;
use crate::engine::values::{Memory, Values};
use crate::engine::{admits, test};
use crate::expr::{Expr, Interner};
use crate::rule::parse::Reader;
use crate::rule::{Item, Search};
use crate::ruleset::{Inner, Instance, RuleSet};

mod correlation;
mod tree;

pub use correlation::{Contribution, CorrelationExplanation};
pub use tree::{Node, NodeKind};

/// What became of a rule on an event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule.
    pub rule: RuleRef,
    /// Its log source as written.
    pub log_source: String,
    /// Whether the log source gate lets the event through.
    pub admitted: bool,
    /// Whether it fires: let through, and a condition holds.
    pub matched: bool,
    /// Every way of meeting the log source, and what of it holds.
    pub gate: Vec<Node>,
    /// Conditions, and whether each holds.
    pub conditions: Vec<(String, bool)>,
    /// The conditions as trees down to the single comparison.
    pub tree: Vec<Node>,
    /// What stands in the way of a match; empty where it matched.
    pub advice: Vec<String>,
    /// Its searches, in the order written.
    pub searches: Vec<SearchTrace>,
}

/// One named search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchTrace {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
    /// Its items, lists of mappings one after the other.
    pub items: Vec<ItemTrace>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemTrace {
    /// Number of the alternative in a list of mappings, from 0.
    pub alternative: usize,
    /// Field and modifiers as written; `keywords` where there is no field.
    pub field: String,
    /// Values the rule gives.
    pub wanted: Vec<String>,
    /// Values the event has; none if the field is absent.
    pub found: Vec<String>,
    /// Whether it holds.
    pub holds: bool,
}

impl RuleSet {
    /// Explains the rule with the id `id` on `event`; none if no such rule is loaded.
    pub fn explain(&self, id: &str, event: &dyn Event, source: &LogSource<'_>) -> Option<Explanation> {
        let inner = &*self.inner;
        let number = inner.refs.iter().position(|it| it.id == id)?;
        let rule = &inner.rules[number];
        let ways: Vec<&Instance> = inner.instances.iter().filter(|it| it.rule as usize == number).collect();
        let mut values = Values::gather(Memory::default(), &inner.interner.fields, event);
        let admitted = ways.iter().find(|it| admits(inner, it, event, source, &mut values));
        let way = admitted.or(ways.first())?;
        let mut trace = Trace { inner, way, event };
        let searches: Vec<SearchTrace> =
            rule.searches.iter().map(|(name, search)| trace.search(name, search)).collect();
        let conditions: Vec<(String, bool)> = rule
            .conditions
            .iter()
            .map(|it| {
                (
                    it.to_string(),
                    trace.holds(|compiler| compiler.conditions(std::slice::from_ref(it), &rule.searches)),
                )
            })
            .collect();
        let gate: Vec<Node> =
            ways.iter().map(|it| tree::gate(inner, it, event, source, &mut values)).collect();
        let tree: Vec<Node> = rule.conditions.iter().map(|it| trace.condition(it, &rule.searches)).collect();
        let matched = admitted.is_some() && conditions.iter().any(|it| it.1);
        let mut advice = Vec::new();
        if admitted.is_none() {
            advice.extend(tree::blame_any(&gate));
        }
        if !conditions.iter().any(|it| it.1) {
            advice.extend(tree::blame_any(&tree));
        }
        Some(Explanation {
            rule: inner.refs[number].clone(),
            log_source: rule.source.to_string(),
            admitted: admitted.is_some(),
            matched,
            gate,
            conditions,
            tree,
            advice,
            searches,
        })
    }
}

struct Trace<'a> {
    inner: &'a Inner,
    way: &'a Instance,
    event: &'a dyn Event,
}

impl Trace<'_> {
    /// The value of a freshly compiled piece of the rule.
    fn holds(&mut self, compile: impl FnOnce(&mut Compiler<'_, '_>) -> Expr) -> bool {
        let mut interner = Interner::default();
        let mut reader = Reader::new("");
        let mut compiler = Compiler {
            interner: &mut interner,
            reader: &mut reader,
            placeholders: &self.inner.placeholders,
            mapping: &self.way.mapping,
        };
        let expr = compile(&mut compiler);
        let piece = Inner::of_expressions(interner);
        let mut values = Values::gather(Memory::default(), &piece.interner.fields, self.event);
        expr.eval(&mut |leaf| match leaf {
            Expr::Pred(pred) => test::holds(&piece, *pred, &mut values, self.event),
            _ => false,
        })
    }

    fn search(&mut self, name: &str, search: &Search) -> SearchTrace {
        let mut items = Vec::new();
        self.items(search, 0, &mut items);
        let named = [(name.to_owned(), search.clone())];
        let condition = crate::rule::Condition::Search(name.to_owned());
        let holds = self.holds(|compiler| compiler.conditions(&[condition], &named));
        SearchTrace { name: name.to_owned(), holds, items }
    }

    fn items(&mut self, search: &Search, alternative: usize, out: &mut Vec<ItemTrace>) {
        match search {
            Search::All(items) => {
                for item in items {
                    let trace = self.item(item, alternative);
                    out.push(trace);
                }
            }
            Search::Any(searches) => {
                searches.iter().enumerate().for_each(|(number, it)| self.items(it, number, out));
            }
            Search::Nested(searches, _) => {
                searches.iter().for_each(|(_, it)| self.items(it, alternative, out));
            }
        }
    }

    fn item(&mut self, item: &Item, alternative: usize) -> ItemTrace {
        let only = Search::All(vec![item.clone()]);
        let named = [("it".to_owned(), only)];
        let condition = crate::rule::Condition::Search("it".to_owned());
        let holds = self.holds(|compiler| compiler.conditions(&[condition], &named));
        let names: BTreeSet<String> = match &item.field {
            None => BTreeSet::new(),
            Some(field) => self
                .way
                .mapping
                .get(field)
                .cloned()
                .unwrap_or_else(|| vec![field.clone()])
                .into_iter()
                .collect(),
        };
        let mut field = item.field.clone().unwrap_or_else(|| "keywords".to_owned());
        for modifier in &item.modifiers {
            field.push('|');
            field.push_str(modifier.name());
        }
        ItemTrace {
            alternative,
            field,
            wanted: item.values.iter().map(|it| it.text().to_owned()).collect(),
            found: self.found(&names),
            holds,
        }
    }

    fn found(&self, names: &BTreeSet<String>) -> Vec<String> {
        struct Named<'n>(&'n BTreeSet<String>, Vec<String>);
        impl<'e> bulkhead_model::event::Visitor<'e> for Named<'_> {
            fn wants(&mut self, name: &str) -> bool {
                self.0.contains(name)
            }
            fn value(&mut self, _: &str, value: Value<'e>) {
                self.1.push(value.to_text().into_owned());
            }
        }
        let mut named = Named(names, Vec::new());
        self.event.visit(&mut named);
        named.1
    }
}
