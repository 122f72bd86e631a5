//! A rule set: every rule that loaded, as expressions over shared comparisons, behind its log source gate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use bulkhead_model::event::Shape;
use bulkhead_model::finding::RuleRef;
use memchr::memmem::Finder;

use crate::compile::Placeholders;
use crate::correlation::Correlation;
use crate::correlation::plan::Plan;
use crate::engine::budget::Bounded;
use crate::engine::index::Automata;
use crate::engine::required::required;
use crate::expr::{Expr, Interner, Pred, PredId};
use crate::field::FieldId;
use crate::logsource::Mapping;
use crate::matcher::Matcher;
use crate::rule::Rule;

/// Everything loaded, shared between detectors and threads.
#[derive(Clone, Debug)]
pub struct RuleSet {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    /// Detection rules as written (filters and pipelines applied).
    pub rules: Vec<Rule>,
    /// What findings say of them, by rule.
    pub refs: Vec<RuleRef>,
    /// Whether a finding of the rule itself is wanted; a rule may serve correlations only.
    pub generate: Vec<bool>,
    /// Rules that find nothing in an event in which one of these rules finds something, by rule.
    pub gives_way: BTreeMap<u32, Vec<u32>>,
    pub instances: Vec<Instance>,
    pub interner: Interner,
    /// Compiled when first needed, by comparison: few ever are, so what they take stands elsewhere.
    pub regexes: Vec<OnceLock<Option<Box<Bounded>>>>,
    /// What values must hold for a regular expression, worked out when first needed, by comparison.
    pub needed: Vec<OnceLock<Option<Vec<String>>>>,
    /// Prepared when first needed, by comparison.
    pub finders: Vec<OnceLock<Box<Finder<'static>>>>,
    /// Searches for many texts, made when first needed.
    pub automata: Arc<Automata>,
    /// The different gates; most rules share one.
    pub gates: Vec<Expr>,
    pub correlations: Vec<Correlation>,
    /// Which correlations look at which rules.
    pub plan: Arc<Plan>,
    /// Values of placeholders, for explanations.
    pub placeholders: Placeholders,
    /// Fields whose values choose the rules that can fire, by family of records.
    pub routing: Vec<(Shape, Vec<FieldId>)>,
}

/// A rule within one way of meeting its log source.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub rule: u32,
    /// Number of its gate.
    pub gate: u32,
    pub expr: Expr,
    /// How the rule's fields are called there.
    pub mapping: Arc<Mapping>,
    /// Fields the rule reads there, sorted.
    pub reads: Vec<FieldId>,
}

impl Inner {
    /// Comparisons alone, without rules.
    pub fn of_expressions(interner: Interner) -> Self {
        let n_preds = interner.preds.len();
        Self {
            rules: Vec::new(),
            refs: Vec::new(),
            generate: Vec::new(),
            gives_way: BTreeMap::new(),
            instances: Vec::new(),
            interner,
            regexes: (0..n_preds).map(|_| OnceLock::new()).collect(),
            needed: (0..n_preds).map(|_| OnceLock::new()).collect(),
            finders: (0..n_preds).map(|_| OnceLock::new()).collect(),
            automata: Arc::default(),
            gates: Vec::new(),
            correlations: Vec::new(),
            plan: Arc::default(),
            placeholders: Placeholders::new(),
            routing: Vec::new(),
        }
    }

    /// The fields that choose the rules for events of `shape`.
    pub fn routing(&self, shape: Shape) -> &[FieldId] {
        self.routing.iter().find(|(it, _)| *it == shape).map_or(&[], |(_, fields)| fields)
    }

    /// Whether `haystack` contains `text`, the text of comparison `pred`.
    #[inline]
    pub fn contains(&self, pred: u32, haystack: &str, text: &str) -> bool {
        let finder =
            self.finders[pred as usize].get_or_init(|| Box::new(Finder::new(text.as_bytes()).into_owned()));
        finder.find(haystack.as_bytes()).is_some()
    }

    /// The compiled regular expression of comparison `pred`; none if it is none or too large.
    pub fn regex(&self, pred: u32) -> Option<&Bounded> {
        let Pred { matcher: Matcher::Regex(pattern), .. } = &self.interner.preds[pred as usize] else {
            return None;
        };
        self.regexes[pred as usize].get_or_init(|| Bounded::new(pattern).map(Box::new)).as_deref()
    }

    /// The texts of which the regular expression of comparison `pred` needs one; none where nothing certain is needed.
    pub fn required(&self, pred: PredId) -> Option<&[String]> {
        let Pred { matcher: Matcher::Regex(pattern), .. } = &self.interner.preds[pred as usize] else {
            return None;
        };
        self.needed[pred as usize].get_or_init(|| required(pattern)).as_deref()
    }

    /// Titles of the rules that make comparison `pred`.
    pub fn rules_with(&self, pred: PredId) -> BTreeSet<&str> {
        let makes = |expr: &Expr| {
            let mut found = false;
            let _ = expr.map(&mut |leaf| {
                found |= *leaf == Expr::Pred(pred);
                leaf.clone()
            });
            found
        };
        let with = self.instances.iter().filter(|it| makes(&it.expr));
        with.map(|it| self.refs[it.rule as usize].title.as_str()).collect()
    }
}

impl RuleSet {
    /// How many detection rules there are.
    pub fn len(&self) -> usize {
        self.inner.rules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.inner.rules.is_empty() && self.inner.correlations.is_empty()
    }

    /// What findings say of the detection rules, in the order loaded.
    pub fn rules(&self) -> &[RuleRef] {
        &self.inner.refs
    }
}

/// Names of the fields whose values choose the rules, by family of records.
pub(crate) const ROUTING: &[(Shape, &[&str])] = &[
    (Shape::Windows, &["Channel", "EventID", "System.Channel", "System.EventID"]),
    (Shape::Zeek, &["_path"]),
    (Shape::Suricata, &["event_type"]),
    (Shape::Auditd, &["type"]),
    (Shape::Syslog, &["program"]),
];
