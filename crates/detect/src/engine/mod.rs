//! Matching: routes events to the rules that can fire, and evaluates those whose anchors are there.

pub mod budget;
pub mod hash;
pub mod index;
pub mod memo;
pub mod program;
pub mod raw;
pub mod required;
pub mod route;
pub mod test;
pub mod values;

use bulkhead_model::event::{Event, Value};
use bulkhead_model::logsource::LogSource;

use crate::expr::{Expr, PredId};
use crate::ruleset::{Inner, RuleSet};
use index::Hit;
use memo::{Known, OutcomeMemo, ValueMemo};
use program::{Look, Program};
pub use route::admits;
use route::{Routed, Routes, Where};
use values::{Memory, Values};

/// Finds the rules that an event matches. Keeps memory and compiled programs from event to event.
#[derive(Debug)]
pub struct Matching {
    set: RuleSet,
    routes: Routes,
    memory: Memory,
    evaluation: Evaluation,
    /// Comparisons that would have taken too long, until somebody asks.
    given_up: Vec<PredId>,
}

/// What evaluating an event needs and keeps for the next.
#[derive(Debug, Default)]
struct Evaluation {
    /// By comparison of the program, the event it was made for and how it came out.
    memo: Vec<u64>,
    /// By rule of the program, the event it was last a candidate for.
    marks: Vec<u64>,
    candidates: Vec<u32>,
    matched: Vec<u32>,
    /// The raw event in lower case, where keywords are looked for.
    folded: Vec<u8>,
    stamp: u64,
    values: ValueMemo,
    outcomes: OutcomeMemo,
    /// Numbers of the event's values.
    key: Vec<u64>,
    /// Where each of the event's values is remembered.
    known: Vec<Option<Known>>,
    hits: Vec<Hit>,
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

/// Whether it is known what an event matches.
enum Recalled {
    All,
    Not(Unknown),
}

/// An event like which none is remembered.
#[derive(Clone, Copy)]
struct Unknown {
    /// Whether its values may hold keywords.
    keywords: bool,
    /// Whether its values alone tell what matches.
    by_values: bool,
}

impl Matching {
    /// A matcher for `set`.
    pub fn new(set: &RuleSet) -> Self {
        Self {
            set: set.clone(),
            routes: Routes::default(),
            memory: Memory::default(),
            evaluation: Evaluation::default(),
            given_up: Vec::new(),
        }
    }

    /// Numbers of the instances that `event` matches, in the order loaded; shown to `each` with the event's values.
    pub fn run<'e>(
        &mut self,
        event: &'e dyn Event,
        source: &LogSource<'_>,
        mut each: impl FnMut(&Inner, u32, &Values<'e>),
    ) {
        let inner = &*self.set.inner;
        let Routed { program, values } = self.routes.route(inner, &mut self.memory, event, source);
        let program = self.routes.program(program);
        let (plan, mut gathered) = match values {
            Where::Planned(plan) => (Some(plan), None),
            Where::Gathered(values) => (None, Some(values)),
        };
        let needs = plan.map_or(&[][..], |it| self.routes.needs(it));
        let recalled = match &gathered {
            None => {
                let values = needs.iter().map(|it| (Some(it.look), event.value_at(it.place)));
                self.evaluation.recall(program, event, values)
            }
            Some(values) => {
                let values = values.all().map(|(field, value)| (program.look_of(field), value));
                self.evaluation.recall(program, event, values)
            }
        };
        // Most events end here, and nothing more of them was read.
        if let Recalled::Not(unknown) = recalled {
            let values = gathered.get_or_insert_with(|| {
                let memory = std::mem::take(&mut self.memory).for_fields(inner.interner.fields.len());
                Values::gather_at(memory, needs.iter().map(|it| (it.field, it.place)), event)
            });
            self.evaluation.run(inner, program, event, values, unknown);
        }
        if let Some(values) = &mut gathered {
            self.given_up.append(&mut values.given_up);
        }
        if let Some(plan) = plan
            && !self.evaluation.matched.is_empty()
        {
            let memory = gathered.map_or_else(|| std::mem::take(&mut self.memory), Values::into_memory);
            let memory = memory.for_fields(inner.interner.fields.len());
            gathered = Some(self.routes.all_values(memory, plan, event));
        }
        if let Some(values) = gathered {
            for instance in &self.evaluation.matched {
                each(inner, *instance, &values);
            }
            self.memory = values.into_memory();
        }
    }

    /// The rules to which rule `rule` gives way.
    pub fn gives_way(&self, rule: u32) -> &[u32] {
        self.set.inner.gives_way.get(&rule).map_or(&[], Vec::as_slice)
    }

    /// Comparisons that were given up since this was asked last.
    pub fn given_up(&mut self) -> impl Iterator<Item = PredId> + '_ {
        self.given_up.drain(..)
    }

    /// Forgets values and outcomes seen so far; what was compiled stays.
    pub fn forget(&mut self) {
        self.evaluation = Evaluation::default();
    }

    /// Whether the log source gate lets `event` through to rule `rule`.
    pub fn admits(&mut self, rule: u32, event: &dyn Event, source: &LogSource<'_>) -> bool {
        let inner = &*self.set.inner;
        let mut values = Values::gather(std::mem::take(&mut self.memory), &inner.interner.fields, event);
        let admits = inner
            .instances
            .iter()
            .filter(|it| it.rule == rule)
            .any(|it| admits(inner, it, event, source, &mut values));
        self.memory = values.into_memory();
        admits
    }
}

impl Evaluation {
    /// Leaves in `matched` the instances of `program` that `event` matches, where an event with the same values came before;
    /// `values` are those that the rules read, with the number of their look.
    #[inline]
    fn recall<'e>(
        &mut self,
        program: &Program,
        event: &dyn Event,
        values: impl Iterator<Item = (Option<usize>, Value<'e>)>,
    ) -> Recalled {
        self.matched.clear();
        if program.rules.is_empty() {
            return Recalled::All;
        }
        let keywords = program.keywords.is_some()
            && !(event.raw_holds_values()
                && program
                    .keyword_filter
                    .as_ref()
                    .is_some_and(|it| !it.may_match(event.raw(), &mut self.folded)));
        let whole = self.recognise(program, values);
        let by_values = whole && !keywords && program.by_values;
        if by_values && let Some(matched) = self.outcomes.get(&self.key) {
            self.matched.extend_from_slice(matched);
            return Recalled::All;
        }
        Recalled::Not(Unknown { keywords, by_values })
    }

    /// Leaves in `matched` the instances of `program` that `event` matches, whose values were recognised.
    fn run<'e>(
        &mut self,
        inner: &Inner,
        program: &Program,
        event: &'e dyn Event,
        values: &mut Values<'e>,
        unknown: Unknown,
    ) {
        self.find_candidates(program, event, values, unknown.keywords);
        self.evaluate(inner, program, event, values);
        // What was given up is told for every event.
        if unknown.by_values && values.given_up.is_empty() {
            self.outcomes.put(&self.key, &self.matched);
        }
    }

    /// Looks the event's values up, and makes a key of their numbers; whether the key tells all values.
    #[inline]
    fn recognise<'e>(
        &mut self,
        program: &Program,
        values: impl Iterator<Item = (Option<usize>, Value<'e>)>,
    ) -> bool {
        self.key.clear();
        self.known.clear();
        self.key.push(program.first_look);
        let mut whole = true;
        for (look, value) in values {
            let known = look.and_then(|it| self.values.place(program.first_look + it as u64, value));
            match known {
                Some(known) => self.key.push(known.number),
                None => whole &= look.is_none() || value == Value::Null,
            }
            self.known.push(known);
        }
        whole
    }

    /// Collects the rules of which an anchor is there.
    fn find_candidates<'e>(
        &mut self,
        program: &Program,
        event: &'e dyn Event,
        values: &mut Values<'e>,
        keywords: bool,
    ) {
        self.stamp += 1;
        if self.memo.len() < program.preds.len() {
            self.memo.resize(program.preds.len(), 0);
        }
        if self.marks.len() < program.rules.len() {
            self.marks.resize(program.rules.len(), 0);
        }
        self.candidates.clear();
        self.candidates.extend(&program.always);
        for at in (0..).take(self.known.len()) {
            let (field, value) = values.at(at);
            let look = program.look_of(field).map(|it| &program.looks[it]);
            if let Some(Look { index: Some(index), .. }) = look
                && value != Value::Null
            {
                let hits = std::mem::take(&mut self.hits);
                self.hits = self.look(program, index, self.known[at as usize], at, values, hits);
            }
        }
        if let (true, Some(index)) = (keywords, &program.keywords) {
            let mut next = values.first_keyword(event);
            while let Some(at) = next {
                let hits = std::mem::take(&mut self.hits);
                self.hits = self.look(program, index, None, at, values, hits);
                next = values.next(at);
            }
        }
    }

    /// Takes in what `index` finds in the value at `at`.
    fn look(
        &mut self,
        program: &Program,
        index: &index::TextIndex,
        known: Option<Known>,
        at: u32,
        values: &mut Values<'_>,
        mut hits: Vec<Hit>,
    ) -> Vec<Hit> {
        hits.clear();
        match known.and_then(|it| self.values.hits(it)) {
            Some(found) => hits.extend_from_slice(found),
            None => {
                index.find(values.folded(at), |it| hits.push(it));
                if let Some(known) = known {
                    self.values.found(known, &hits);
                }
            }
        }
        for hit in &hits {
            if hit.sure {
                self.memo[hit.pred as usize] = self.stamp << 1 | 1;
            }
            let (from, to) = program.triggers[hit.pred as usize];
            for rule in &program.triggered[from as usize..to as usize] {
                if self.marks[*rule as usize] != self.stamp {
                    self.marks[*rule as usize] = self.stamp;
                    self.candidates.push(*rule);
                }
            }
        }
        hits
    }

    /// Evaluates the candidates.
    fn evaluate<'e>(
        &mut self,
        inner: &Inner,
        program: &Program,
        event: &'e dyn Event,
        values: &mut Values<'e>,
    ) {
        self.candidates.sort_unstable();
        let mut run = Run { inner, program, values, event, memo: &mut self.memo, stamp: self.stamp };
        for rule in &self.candidates {
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

impl Matching {
    /// One line per route for people who tune: key, rules, rules without anchor, fields looked into, fields read.
    pub fn describe(&self) -> Vec<String> {
        let inner = &*self.set.inner;
        let line = |(key, program): (&[u8], &Program)| {
            let named = |it: &Look| match &it.index {
                Some(index) => format!("{}[{}]", inner.interner.fields.name(it.field), index.describe()),
                None => inner.interner.fields.name(it.field).to_owned(),
            };
            let mut fields: Vec<String> = program.looks.iter().map(named).collect();
            fields.extend(program.keywords.as_ref().map(|it| format!("keywords[{}]", it.describe())));
            let title = |it: &u32| {
                let rule = inner.instances[program.rules[*it as usize].instance as usize].rule;
                inner.refs[rule as usize].title.as_str()
            };
            let always: Vec<&str> = program.always.iter().map(title).collect();
            format!(
                "{} rules={} always={always:?} {}",
                String::from_utf8_lossy(key).replace(|c: char| c.is_control(), " "),
                program.rules.len(),
                fields.join(" ")
            )
        };
        self.routes.sorted().into_iter().map(line).collect()
    }
}
