//! The rules that can fire for one kind of event, arranged so that most events touch none of them.
//!
//! Every rule has an anchor: a set of comparisons of which at least one must hold for the rule to hold. Only anchors
//! are looked for (in one index per field); the other comparisons of a rule are made when an anchor was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::{Hit, Patterns, TextIndex};
use super::raw::{RawFilter, RawFilters};
use crate::expr::{Expr, Pred, PredId};
use crate::field::{FieldId, KEYWORDS};
use crate::matcher::{Cmp, Matcher, TextOp};
use crate::rule::text::{Part, fold};
use crate::ruleset::Inner;

/// One rule within a program; comparisons by the program's own numbers.
#[derive(Debug)]
pub struct Candidate {
    /// Number of the instance in the rule set.
    pub instance: u32,
    /// What must hold, as far as the event's route and the anchor that was found do not decide it.
    pub expr: Expr,
}

/// Rules and indexes for one route.
#[derive(Debug, Default)]
pub struct Program {
    /// Rules in the order loaded.
    pub rules: Vec<Candidate>,
    /// Rules without an anchor.
    pub always: Vec<u32>,
    /// The fields that the rules read, sorted, and what to look for in their values.
    pub looks: Vec<Look>,
    /// By field, the number of its look; [`NONE`] where no rule reads it.
    look_of: Vec<u32>,
    /// Number of the first look, counted over all programs; that of the program itself precedes it.
    pub first_look: u64,
    /// What to look for in every value.
    pub keywords: Option<TextIndex>,
    /// Spares most events the look into every value that keywords need.
    pub keyword_filter: Option<Arc<RawFilter>>,
    /// Whether the values of the fields alone tell what matches, once the filter has found no keyword.
    pub by_values: bool,
    /// Global number of each comparison.
    pub preds: Vec<PredId>,
    /// Whether a comparison that its index did not find does not hold.
    pub decided: Vec<bool>,
    /// By comparison, the rules it is an anchor of: a range of `triggered`.
    pub triggers: Vec<(u32, u32)>,
    /// Rules by anchor.
    pub triggered: Vec<u32>,
}

/// One field that rules read.
#[derive(Debug)]
pub struct Look {
    /// Which.
    pub field: FieldId,
    /// Its anchors.
    pub index: Option<TextIndex>,
}

/// No comparison of the program, no look.
const NONE: u32 = u32::MAX;

/// By comparison of the rule set, the program's own number.
struct Locals(Vec<u32>);

/// A set of comparisons of which one must hold, and what looking for them costs.
struct Anchor {
    cost: u32,
    preds: Vec<PredId>,
}

impl Program {
    /// Arranges the rules left over on a route: instance number and what remains to be decided. `n_looks` is how many
    /// looks programs before had, `filters` theirs for keywords.
    pub fn new(inner: &Inner, residual: Vec<(u32, Expr)>, n_looks: u64, filters: &mut RawFilters) -> Self {
        let mut program = Self { first_look: n_looks + 1, ..Self::default() };
        let mut locals = Locals(vec![NONE; inner.interner.preds.len()]);
        let mut anchored: Vec<(u32, u32)> = Vec::new();
        for (instance, expr) in residual {
            let number = size(program.rules.len());
            let (anchor, expr) = split(inner, expr);
            let expr = expr.map(&mut |leaf| match leaf {
                Expr::Pred(pred) => Expr::Pred(program.local(&mut locals, *pred)),
                other => other.clone(),
            });
            match anchor {
                Some(anchor) => {
                    for pred in anchor.preds {
                        let local = program.local(&mut locals, pred);
                        anchored.push((local, number));
                    }
                }
                None => program.always.push(number),
            }
            program.rules.push(Candidate { instance, expr });
        }
        program.arrange(inner, anchored, filters);
        let mut rules = std::mem::take(&mut program.rules);
        for rule in &mut rules {
            program.cheapest_first(inner, &mut rule.expr);
        }
        program.rules = rules;
        program
    }

    /// The number of the look at `field`, where the rules read it.
    #[inline]
    pub fn look_of(&self, field: FieldId) -> Option<usize> {
        self.look_of.get(field as usize).filter(|it| **it != NONE).map(|it| *it as usize)
    }

    /// Every field that the rules read, keywords apart.
    fn fields_read(&self, inner: &Inner) -> BTreeSet<FieldId> {
        let mut fields = BTreeSet::new();
        for pred in &self.preds {
            let pred = &inner.interner.preds[*pred as usize];
            fields.insert(pred.field);
            if let Matcher::Field { field, .. } = pred.matcher {
                fields.insert(field);
            }
        }
        fields.remove(&KEYWORDS);
        fields
    }

    /// Orders the sides of `expr` by what they cost to evaluate, and returns what the whole costs.
    fn cheapest_first(&self, inner: &Inner, expr: &mut Expr) -> u32 {
        match expr {
            Expr::Pred(local) if self.decided[*local as usize] => 1,
            Expr::Pred(local) => {
                let pred = &inner.interner.preds[self.preds[*local as usize] as usize];
                let cost = match &pred.matcher {
                    Matcher::Present => 2,
                    Matcher::Text { op: TextOp::Contains, .. } => 40,
                    Matcher::Text { .. } => 20,
                    Matcher::Number(..) => 30,
                    Matcher::Glob { .. } | Matcher::Cidr(_) => 80,
                    Matcher::Field { .. } | Matcher::Time(..) => 150,
                    Matcher::Regex(_) => 400,
                };
                if pred.field == KEYWORDS { cost * 50 } else { cost }
            }
            Expr::Not(inner_expr) => self.cheapest_first(inner, inner_expr),
            Expr::And(sides) | Expr::Or(sides) | Expr::AtLeast(_, sides) => {
                let mut costed: Vec<(u32, Expr)> = std::mem::take(sides)
                    .into_iter()
                    .map(|mut side| (self.cheapest_first(inner, &mut side), side))
                    .collect();
                costed.sort_by_key(|it| it.0);
                let whole = costed.iter().fold(0, |sum: u32, it| sum.saturating_add(it.0));
                sides.extend(costed.into_iter().map(|it| it.1));
                whole
            }
            Expr::Const(_) | Expr::Shape(_) | Expr::Hint(..) => 0,
        }
    }

    fn local(&mut self, locals: &mut Locals, pred: PredId) -> u32 {
        let local = &mut locals.0[pred as usize];
        if *local == NONE {
            *local = size(self.preds.len());
            self.preds.push(pred);
        }
        *local
    }

    /// Makes the indexes; `anchored` are comparisons, each with a rule that it is an anchor of.
    fn arrange(&mut self, inner: &Inner, mut anchored: Vec<(u32, u32)>, filters: &mut RawFilters) {
        anchored.sort_unstable();
        anchored.dedup();

        let mut by_field: BTreeMap<FieldId, Patterns> = BTreeMap::new();
        self.decided = vec![false; self.preds.len()];
        self.triggers = vec![(0, 0); self.preds.len()];
        for rules in anchored.chunk_by(|a, b| a.0 == b.0) {
            let local = rules[0].0;
            let number = self.preds[local as usize];
            let field = inner.interner.preds[number as usize].field;
            self.decided[local as usize] = add(inner, by_field.entry(field).or_default(), number, local);
            let from = size(self.triggered.len());
            self.triggered.extend(rules.iter().map(|it| it.1));
            self.triggers[local as usize] = (from, size(self.triggered.len()));
        }
        if let Some(patterns) = by_field.remove(&KEYWORDS) {
            self.keyword_filter = patterns.raw_filter(filters);
            self.keywords = Some(TextIndex::new(patterns, Arc::clone(&inner.automata)));
        }
        self.by_values = self.preds.iter().zip(&self.decided).all(|(pred, decided)| {
            inner.interner.preds[*pred as usize].field != KEYWORDS
                || (*decided && self.keyword_filter.is_some())
        });
        let fields = self.fields_read(inner);
        self.look_of = vec![NONE; inner.interner.fields.len()];
        for (number, field) in (0..).zip(&fields) {
            self.look_of[*field as usize] = number;
        }
        let index = |it| TextIndex::new(it, Arc::clone(&inner.automata));
        self.looks = fields
            .into_iter()
            .map(|field| Look { field, index: by_field.remove(&field).map(index) })
            .collect();
    }
}

fn size(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

/// Adds a comparison to an index; whether a comparison that is not found is known not to hold.
fn add(inner: &Inner, patterns: &mut Patterns, number: PredId, local: u32) -> bool {
    let matcher = &inner.interner.preds[number as usize].matcher;
    let hit = Hit { pred: local, sure: is_sure(matcher) };
    match matcher {
        Matcher::Text { op, cased, text } => {
            // What is told apart by case is looked for caselessly first.
            let list = match op {
                TextOp::Equals => &mut patterns.equals,
                TextOp::StartsWith => &mut patterns.prefixes,
                TextOp::EndsWith => &mut patterns.suffixes,
                TextOp::Contains => &mut patterns.contains,
            };
            list.push((if *cased { fold(text) } else { text.clone() }, hit));
        }
        Matcher::Glob { pattern, .. } => match longest_literal(&pattern.0) {
            Some(text) => patterns.contains.push((fold(text), hit)),
            None => patterns.present.push(hit),
        },
        Matcher::Number(Cmp::Eq, number) => match number.as_whole() {
            Some(text) => patterns.numbers.push((text, hit)),
            None => patterns.present.push(hit),
        },
        Matcher::Present => {
            patterns.present.push(hit);
        }
        Matcher::Regex(_) => match inner.required(number) {
            Some(texts) => patterns.contains.extend(texts.iter().map(|it| (it.clone(), hit))),
            None => patterns.present.push(hit),
        },
        Matcher::Cidr(_) | Matcher::Number(..) | Matcher::Field { .. } | Matcher::Time(..) => {
            patterns.present.push(hit);
        }
    }
    hit.sure
}

fn longest_literal(parts: &[Part]) -> Option<&str> {
    parts
        .iter()
        .filter_map(|it| match it {
            Part::Literal(text) => Some(text.as_str()),
            Part::One | Part::Any => None,
        })
        .max_by_key(|it| it.len())
}

/// The cheapest set of comparisons of which one must hold if `expr` holds.
fn anchor(inner: &Inner, expr: &Expr) -> Option<Anchor> {
    match expr {
        Expr::Pred(pred) => Some(Anchor { cost: cost(inner, *pred), preds: vec![*pred] }),
        Expr::And(sides) => cheapest(inner, sides).map(|it| it.1),
        Expr::Or(sides) | Expr::AtLeast(_, sides) => {
            let mut whole = Anchor { cost: 0, preds: Vec::new() };
            for side in sides {
                let anchor = anchor(inner, side)?;
                whole.cost = whole.cost.saturating_add(anchor.cost);
                whole.preds.extend(anchor.preds);
            }
            Some(whole)
        }
        Expr::Not(_) | Expr::Const(_) | Expr::Shape(_) | Expr::Hint(..) => None,
    }
}

/// The side that is cheapest to look for, and its anchor.
fn cheapest(inner: &Inner, sides: &[Expr]) -> Option<(usize, Anchor)> {
    let anchors = sides.iter().enumerate().filter_map(|(at, it)| Some((at, anchor(inner, it)?)));
    anchors.min_by_key(|(_, it)| it.cost)
}

/// The anchor of `expr`, and what is still to be decided once one of the anchor's comparisons was found: lists of hundreds of
/// texts, of which one was there, are not gone through again.
fn split(inner: &Inner, expr: Expr) -> (Option<Anchor>, Expr) {
    let Expr::And(mut sides) = expr else {
        let anchor = anchor(inner, &expr);
        return (anchor, if tells(inner, &expr) { Expr::Const(true) } else { expr });
    };
    let Some((at, anchor)) = cheapest(inner, &sides) else { return (None, Expr::And(sides)) };
    if tells(inner, &sides[at]) {
        sides.remove(at);
    }
    (Some(anchor), Expr::and(sides))
}

/// Whether finding one comparison of `expr` in an index tells that it holds.
fn tells(inner: &Inner, expr: &Expr) -> bool {
    match expr {
        Expr::Pred(pred) => is_sure(&inner.interner.preds[*pred as usize].matcher),
        Expr::Or(sides) => sides.iter().all(|it| matches!(it, Expr::Pred(_)) && tells(inner, it)),
        _ => false,
    }
}

/// Whether a comparison holds wherever an index finds it, and nowhere else.
fn is_sure(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::Text { cased: false, .. } | Matcher::Present)
}

/// What looking for a comparison costs, and how often it will be found in vain.
fn cost(inner: &Inner, number: PredId) -> u32 {
    let Pred { field, matcher } = &inner.interner.preds[number as usize];
    let own = match matcher {
        Matcher::Text { op: TextOp::Equals, text, .. } if !text.is_empty() && text != "-" => 10,
        Matcher::Number(Cmp::Eq, number) if number.as_whole().is_some() => 15,
        Matcher::Text { op: TextOp::StartsWith | TextOp::EndsWith, text, .. } if text.len() > 3 => 20,
        Matcher::Text { op: TextOp::StartsWith | TextOp::EndsWith, .. } => 600,
        Matcher::Text { op: TextOp::Contains, text, .. } if text.len() > 3 => 300,
        Matcher::Text { op: TextOp::Contains, .. } => 2000,
        Matcher::Glob { pattern, .. } if longest_literal(&pattern.0).is_some_and(|it| it.len() > 3) => 320,
        Matcher::Regex(_) if inner.required(number).is_some() => 400,
        Matcher::Present => 100_000,
        _ => 50_000,
    };
    if *field == KEYWORDS { own + 1_000_000 } else { own }
}
