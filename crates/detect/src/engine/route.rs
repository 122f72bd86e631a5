//! Routing: which program an event is evaluated with, told by shape, the reader's hints and a few fields' values.

use std::collections::HashMap;
use std::sync::Arc;

use bulkhead_model::event::{Event, Layout, Shape, Value};
use bulkhead_model::logsource::LogSource;

use super::hash::FastHash;
use super::program::Program;
use super::raw::RawFilters;
use super::test;
use super::values::{Memory, Values};
use crate::expr::{Dimension, Expr};
use crate::field::FieldId;
use crate::matcher::Matcher;
use crate::ruleset::{Inner, Instance};

/// Routes kept; a flood of made-up channels empties the table instead of the memory.
const ROUTES_MAX: usize = 4096;
/// Plans kept.
const PLANS_MAX: usize = 2048;
/// Routes kept by one plan: most layouts have one.
const PLAN_ROUTES_MAX: usize = 16;

/// Programs by route, and what was worked out for layouts seen.
#[derive(Debug, Default)]
pub struct Routes {
    routes: HashMap<Vec<u8>, usize, FastHash>,
    programs: Vec<Program>,
    key: Vec<u8>,
    /// Plans by the address of their layout, which they keep alive.
    by_layout: HashMap<usize, usize, FastHash>,
    plans: Vec<Plan>,
    /// How many looks all programs so far have had.
    n_looks: u64,
    keyword_filters: RawFilters,
}

/// What is the same for all events of one layout.
#[derive(Debug)]
struct Plan {
    /// Kept so that no other layout takes its address.
    _layout: Arc<Layout>,
    /// Every field any rule reads.
    known: Vec<(FieldId, u32)>,
    /// Places of the values of each routing field.
    routing: Vec<Vec<u32>>,
    routes: Vec<PlanRoute>,
    last: usize,
}

#[derive(Debug)]
struct PlanRoute {
    key: Vec<u8>,
    program: usize,
    /// The fields that the rules of the program read.
    needs: Box<[Need]>,
}

/// A field that the rules of a program read, in events of one layout.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// Which.
    pub field: FieldId,
    /// Where its value stands.
    pub place: u32,
    /// Number of the program's look at it.
    pub look: usize,
}

/// The program of an event at hand, and where the values are that its rules read.
pub struct Routed<'e> {
    /// Number of its program.
    pub program: usize,
    /// Where they are.
    pub values: Where<'e>,
}

/// Where values are.
pub enum Where<'e> {
    /// At the places that the plan of this number has for its last route; nothing was read yet.
    Planned(usize),
    /// Gathered, of every field that any rule reads.
    Gathered(Values<'e>),
}

impl Routes {
    /// The program of this number.
    pub fn program(&self, program: usize) -> &Program {
        &self.programs[program]
    }

    /// The program for `event`, compiled when its kind is new, and where the values are that its rules read; `memory` is
    /// taken where they were gathered.
    pub fn route<'e>(
        &mut self,
        inner: &Inner,
        memory: &mut Memory,
        event: &'e dyn Event,
        source: &LogSource<'_>,
    ) -> Routed<'e> {
        if let Some(layout) = event.layout() {
            return self.planned(inner, memory, event, layout, source);
        }
        let mut values = Values::gather(std::mem::take(memory), &inner.interner.fields, event);
        begin_key(&mut self.key, event.shape(), source);
        for field in inner.routing(event.shape()) {
            let mut next = values.first(*field);
            while let Some(at) = next {
                push_value(&mut self.key, values.value(at));
                next = values.next(at);
            }
            self.key.push(0);
        }
        let program = self.find(inner, event, source, &mut values);
        Routed { program, values: Where::Gathered(values) }
    }

    /// What the last route of plan `plan` needs.
    #[inline]
    pub fn needs(&self, plan: usize) -> &[Need] {
        self.plans.get(plan).and_then(|it| it.routes.get(it.last)).map_or(&[], |it| &it.needs)
    }

    /// The values of every field that any rule reads, of an event with plan `plan`.
    pub fn all_values<'e>(&self, memory: Memory, plan: usize, event: &'e dyn Event) -> Values<'e> {
        Values::gather_at(memory, self.plans[plan].known.iter().copied(), event)
    }

    fn planned<'e>(
        &mut self,
        inner: &Inner,
        memory: &mut Memory,
        event: &'e dyn Event,
        layout: &Arc<Layout>,
        source: &LogSource<'_>,
    ) -> Routed<'e> {
        let number = self.plan(inner, event, layout);
        let plan = &mut self.plans[number];
        begin_key(&mut self.key, event.shape(), source);
        for places in &plan.routing {
            for place in places {
                push_value(&mut self.key, event.value_at(*place));
            }
            self.key.push(0);
        }
        match plan.route(&self.key) {
            Some(route) => Routed { program: route.program, values: Where::Planned(number) },
            None => self.unplanned(inner, std::mem::take(memory), event, source, number),
        }
    }

    /// Adds the route of the key at hand to plan `number`.
    fn unplanned<'e>(
        &mut self,
        inner: &Inner,
        memory: Memory,
        event: &'e dyn Event,
        source: &LogSource<'_>,
        number: usize,
    ) -> Routed<'e> {
        let memory = memory.for_fields(inner.interner.fields.len());
        let mut values = self.all_values(memory, number, event);
        let program = self.find(inner, event, source, &mut values);
        let of_program = &self.programs[program];
        // Where all programs were dropped, all plans were.
        if let Some(plan) = self.plans.get_mut(number) {
            if plan.routes.len() >= PLAN_ROUTES_MAX {
                plan.routes.clear();
            }
            let need = |(field, place): &(FieldId, u32)| {
                Some(Need { field: *field, place: *place, look: of_program.look_of(*field)? })
            };
            let needs = plan.known.iter().filter_map(need).collect();
            plan.last = plan.routes.len();
            plan.routes.push(PlanRoute { key: self.key.clone(), program, needs });
        }
        Routed { program, values: Where::Gathered(values) }
    }

    /// Number of the plan for `layout`.
    fn plan(&mut self, inner: &Inner, event: &dyn Event, layout: &Arc<Layout>) -> usize {
        let address = Arc::as_ptr(layout).addr();
        if let Some(plan) = self.by_layout.get(&address) {
            return *plan;
        }
        if self.plans.len() >= PLANS_MAX {
            self.plans.clear();
            self.by_layout.clear();
        }
        let known: Vec<(FieldId, u32)> = layout
            .fields()
            .filter_map(|(name, place)| Some((inner.interner.fields.find(name)?, place)))
            .collect();
        let places = |field: &FieldId| known.iter().filter(|it| it.0 == *field).map(|it| it.1).collect();
        let routing = inner.routing(event.shape()).iter().map(places).collect();
        let layout = Arc::clone(layout);
        self.plans.push(Plan { _layout: layout, known, routing, routes: Vec::new(), last: 0 });
        self.by_layout.insert(address, self.plans.len() - 1);
        self.plans.len() - 1
    }

    /// Number of the program for the key at hand, compiled when the kind of event is new.
    fn find<'e>(
        &mut self,
        inner: &Inner,
        event: &'e dyn Event,
        source: &LogSource<'_>,
        values: &mut Values<'e>,
    ) -> usize {
        if let Some(program) = self.routes.get(self.key.as_slice()) {
            return *program;
        }
        if self.routes.len() >= ROUTES_MAX {
            self.routes.clear();
            self.programs.clear();
            self.keyword_filters = RawFilters::default();
            self.plans.clear();
            self.by_layout.clear();
        }
        let residual = residual(inner, event, source, values);
        let program = Program::new(inner, residual, self.n_looks, &mut self.keyword_filters);
        self.n_looks += program.looks.len() as u64 + 1;
        self.programs.push(program);
        self.routes.insert(self.key.clone(), self.programs.len() - 1);
        self.programs.len() - 1
    }

    /// Key and program of every route, sorted.
    #[expect(clippy::disallowed_methods, reason = "sorted below")]
    pub fn sorted(&self) -> Vec<(&[u8], &Program)> {
        let mut routes: Vec<_> =
            self.routes.iter().map(|(key, program)| (key.as_slice(), &self.programs[*program])).collect();
        routes.sort_by_key(|it| it.0);
        routes
    }
}

impl Plan {
    #[inline]
    fn route(&mut self, key: &[u8]) -> Option<&PlanRoute> {
        if self.routes.get(self.last).is_none_or(|it| it.key != key) {
            self.last = self.routes.iter().position(|it| it.key == key)?;
        }
        self.routes.get(self.last)
    }
}

fn begin_key(key: &mut Vec<u8>, shape: Shape, source: &LogSource<'_>) {
    key.clear();
    key.push(shape as u8);
    for part in [source.product, source.category, source.service] {
        key.extend_from_slice(part.unwrap_or_default().as_bytes());
        key.push(0);
    }
}

/// Appends a value to a route's key.
fn push_value(key: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Text(text) => key.extend_from_slice(text.raw().as_bytes()),
        Value::Number(text) => key.extend_from_slice(text.as_bytes()),
        Value::Bool(it) => key.push(if it { 2 } else { 3 }),
        Value::Null => key.push(4),
    }
    key.push(1);
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

/// Whether the reader of the event says that it is of that product, category or service; where `value` is empty, that it
/// says nothing.
pub fn hinted(source: &LogSource<'_>, dimension: Dimension, value: &str) -> bool {
    let said = match dimension {
        Dimension::Product => source.product,
        Dimension::Category => source.category,
        Dimension::Service => source.service,
    };
    said.unwrap_or_default().eq_ignore_ascii_case(value)
}
