//! Matching: routes events to the rules that can fire, and evaluates those whose anchors are there.

pub mod hash;
pub mod index;
pub mod program;
pub mod required;
pub mod test;
pub mod values;

use std::collections::HashMap;

use bulkhead_model::event::{Event, Value};
use bulkhead_model::logsource::LogSource;

use crate::expr::{Dimension, Expr};
use crate::field::KEYWORDS;
use crate::matcher::Matcher;
use crate::ruleset::{Inner, Instance, RuleSet};
use hash::FastHash;
use program::Program;
use values::{Memory, Values};

/// Routes kept; a flood of made-up channels empties the table instead of the memory.
const ROUTES_MAX: usize = 4096;

/// Finds the rules that an event matches. Keeps memory and compiled programs from event to event.
#[derive(Debug)]
pub struct Matching {
    set: RuleSet,
    routes: HashMap<Vec<u8>, usize, FastHash>,
    programs: Vec<Program>,
    key: Vec<u8>,
    memory: Memory,
    memo: Vec<u64>,
    marks: Vec<u64>,
    candidates: Vec<u32>,
    matched: Vec<u32>,
    /// The raw event in lower case, where keywords are looked for.
    folded: Vec<u8>,
    stamp: u64,
}

/// What one event is evaluated with.
struct Run<'r, 'e> {
    inner: &'r Inner,
    program: &'r Program,
    values: &'r mut Values<'e>,
    event: &'e dyn Event,
    memo: &'r mut [u64],
    stamp: u64,
}

impl Matching {
    /// A matcher for `set`.
    pub fn new(set: &RuleSet) -> Self {
        Self {
            set: set.clone(),
            routes: HashMap::default(),
            programs: Vec::new(),
            key: Vec::new(),
            memory: Memory::default(),
            memo: Vec::new(),
            marks: Vec::new(),
            candidates: Vec::new(),
            matched: Vec::new(),
            folded: Vec::new(),
            stamp: 0,
        }
    }

    /// Numbers of the instances that `event` matches, in the order loaded; shown to `each` with the event's values.
    pub fn run<'e>(
        &mut self,
        event: &'e dyn Event,
        source: &LogSource<'_>,
        mut each: impl FnMut(&Inner, u32, &Values<'e>),
    ) {
        let set = self.set.clone();
        let inner = &*set.inner;
        let memory = std::mem::take(&mut self.memory);
        let mut values = Values::gather(memory, &inner.interner.fields, event);
        let program = self.route(inner, event, source, &mut values);
        self.evaluate(inner, program, event, &mut values);
        for instance in &self.matched {
            each(inner, *instance, &values);
        }
        self.memory = values.into_memory();
    }

    /// Whether the log source gate lets `event` through to rule `rule`.
    pub fn admits(&mut self, rule: u32, event: &dyn Event, source: &LogSource<'_>) -> bool {
        let set = self.set.clone();
        let inner = &*set.inner;
        let mut values = Values::gather(std::mem::take(&mut self.memory), &inner.interner.fields, event);
        let admits = inner
            .instances
            .iter()
            .filter(|it| it.rule == rule)
            .any(|it| admits(inner, it, event, source, &mut values));
        self.memory = values.into_memory();
        admits
    }

    /// Number of the program for the event's kind, compiled when the kind is new.
    fn route<'e>(
        &mut self,
        inner: &Inner,
        event: &'e dyn Event,
        source: &LogSource<'_>,
        values: &mut Values<'e>,
    ) -> usize {
        let shape = event.shape();
        self.key.clear();
        self.key.push(shape as u8);
        for part in [source.product, source.category, source.service] {
            self.key.extend_from_slice(part.unwrap_or_default().as_bytes());
            self.key.push(0);
        }
        for field in inner.routing(shape) {
            let mut next = values.first(*field);
            while let Some(at) = next {
                match values.value(at) {
                    Value::Text(text) => self.key.extend_from_slice(text.raw().as_bytes()),
                    Value::Number(text) => self.key.extend_from_slice(text.as_bytes()),
                    Value::Bool(it) => self.key.push(if it { 2 } else { 3 }),
                    Value::Null => self.key.push(4),
                }
                self.key.push(1);
                next = values.next(at);
            }
            self.key.push(0);
        }
        if let Some(program) = self.routes.get(self.key.as_slice()) {
            return *program;
        }
        if self.routes.len() >= ROUTES_MAX {
            self.routes.clear();
            self.programs.clear();
        }
        let residual = residual(inner, event, source, values);
        self.programs.push(Program::new(inner, residual));
        self.routes.insert(self.key.clone(), self.programs.len() - 1);
        self.programs.len() - 1
    }

    fn evaluate<'e>(&mut self, inner: &Inner, program: usize, event: &'e dyn Event, values: &mut Values<'e>) {
        self.matched.clear();
        let program = &self.programs[program];
        if program.rules.is_empty() {
            return;
        }
        self.stamp += 1;
        let stamp = self.stamp;
        if self.memo.len() < program.preds.len() {
            self.memo.resize(program.preds.len(), 0);
        }
        if self.marks.len() < program.rules.len() {
            self.marks.resize(program.rules.len(), 0);
        }
        self.candidates.clear();
        self.candidates.extend(&program.always);
        let (memo, marks, candidates) = (&mut self.memo, &mut self.marks, &mut self.candidates);
        for (field, index) in &program.indexes {
            let mut next =
                if *field != KEYWORDS {
                    values.first(*field)
                } else if program.keywords.as_ref().is_some_and(|it| {
                    event.raw_holds_values() && !it.may_match(event.raw(), &mut self.folded)
                }) {
                    None
                } else {
                    values.first_keyword(event)
                };
            while let Some(at) = next {
                if values.value(at) != Value::Null {
                    index.find(values.folded(at), |hit| {
                        if hit.sure {
                            memo[hit.pred as usize] = stamp << 1 | 1;
                        }
                        let (from, to) = program.triggers[hit.pred as usize];
                        for rule in &program.triggered[from as usize..to as usize] {
                            if marks[*rule as usize] != stamp {
                                marks[*rule as usize] = stamp;
                                candidates.push(*rule);
                            }
                        }
                    });
                }
                next = values.next(at);
            }
        }
        if candidates.is_empty() {
            return;
        }
        candidates.sort_unstable();
        let mut run = Run { inner, program, values, event, memo, stamp };
        for rule in candidates.iter() {
            let candidate = &program.rules[*rule as usize];
            if candidate.expr.eval(&mut |leaf| run.leaf(leaf)) {
                self.matched.push(candidate.instance);
            }
        }
    }
}

impl Run<'_, '_> {
    #[inline]
    fn leaf(&mut self, leaf: &Expr) -> bool {
        let Expr::Pred(local) = leaf else { return false };
        let at = *local as usize;
        let known = self.memo[at];
        if known >> 1 == self.stamp {
            return known & 1 == 1;
        }
        if self.program.decided[at] {
            return false;
        }
        let holds = test::holds(self.inner, self.program.preds[at], self.values, self.event);
        self.memo[at] = self.stamp << 1 | u64::from(holds);
        holds
    }
}

/// Whether the gate of `instance` lets `event` through.
pub fn admits<'e>(
    inner: &Inner,
    instance: &Instance,
    event: &'e dyn Event,
    source: &LogSource<'_>,
    values: &mut Values<'e>,
) -> bool {
    let shape = event.shape();
    inner.gates[instance.gate as usize].eval(&mut |leaf| match leaf {
        Expr::Shape(shapes) => shapes.contains(&shape),
        Expr::Hint(dimension, value) => hinted(source, *dimension, value),
        Expr::Pred(pred) => test::holds(inner, *pred, values, event),
        _ => false,
    })
}

/// What remains of every rule once shape, hints and routing fields of the event are known.
fn residual<'e>(
    inner: &Inner,
    event: &'e dyn Event,
    source: &LogSource<'_>,
    values: &mut Values<'e>,
) -> Vec<(u32, Expr)> {
    let shape = event.shape();
    let routing = inner.routing(shape);
    let mut leaf = |it: &Expr| match it {
        Expr::Shape(shapes) => Expr::Const(shapes.contains(&shape)),
        Expr::Hint(dimension, value) => Expr::Const(hinted(source, *dimension, value)),
        Expr::Pred(pred) => {
            let known = &inner.interner.preds[*pred as usize];
            if routing.contains(&known.field) && !matches!(known.matcher, Matcher::Field { .. }) {
                Expr::Const(test::holds(inner, *pred, values, event))
            } else {
                it.clone()
            }
        }
        other => other.clone(),
    };
    let gates: Vec<Expr> = inner.gates.iter().map(|it| it.map(&mut leaf)).collect();
    let mut left = Vec::new();
    for (number, instance) in inner.instances.iter().enumerate() {
        let when = &gates[instance.gate as usize];
        if *when == Expr::Const(false) {
            continue;
        }
        let expr = Expr::and([when.clone(), instance.expr.map(&mut leaf)]);
        if expr != Expr::Const(false) {
            left.push((u32::try_from(number).unwrap_or(u32::MAX), expr));
        }
    }
    left
}

/// Whether the reader of the event says that it is of that product, category or service.
pub fn hinted(source: &LogSource<'_>, dimension: Dimension, value: &str) -> bool {
    let said = match dimension {
        Dimension::Product => source.product,
        Dimension::Category => source.category,
        Dimension::Service => source.service,
    };
    said.is_some_and(|it| it.eq_ignore_ascii_case(value))
}

impl Matching {
    /// One line per route for people who tune: key, rules, rules without anchor, fields looked into.
    #[expect(clippy::disallowed_methods, reason = "sorted below")]
    pub fn describe(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .routes
            .iter()
            .map(|(key, program)| {
                let program = &self.programs[*program];
                let fields: Vec<String> = program
                    .indexes
                    .iter()
                    .map(|(field, index)| {
                        format!("{}[{}]", self.set.inner.interner.fields.name(*field), index.describe())
                    })
                    .collect();
                let always: Vec<&str> = program
                    .always
                    .iter()
                    .map(|it| {
                        let rule =
                            self.set.inner.instances[program.rules[*it as usize].instance as usize].rule;
                        self.set.inner.refs[rule as usize].title.as_str()
                    })
                    .collect();
                format!(
                    "{} rules={} always={:?} {}",
                    String::from_utf8_lossy(key).replace(|c: char| c.is_control(), " "),
                    program.rules.len(),
                    always,
                    fields.join(" ")
                )
            })
            .collect();
        lines.sort();
        lines
    }
}
