//! The compiled service graph and its exact evaluation.

use std::collections::BTreeMap;

use bulkhead_model::case::{ServiceImpact, ServiceState};
use bulkhead_model::estate::{Customers, Estate, Requirement};
use bulkhead_model::id::ServiceId;

use crate::index::EstateIndex;
use crate::losses::Losses;

/// What a service needs at the bottom: something that holds or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// Holds while the asset is not lost.
    Asset(u32),
    /// Holds while one of the flow's pairs is open.
    Flow(u32),
    /// Holds while this pair (flow, from, to) is open.
    Pair(u32, u32, u32),
    /// Holds while the identity is not disabled.
    Identity(u32),
    /// Never holds: it names what the estate does not have.
    Unknown,
}

#[derive(Clone, Debug)]
enum Expr {
    AtLeast(usize, Vec<Expr>),
    Leaf(u32),
    Service(u32),
}

#[derive(Clone, Debug)]
struct Compiled {
    id: ServiceId,
    customers: Vec<Customers>,
    value_per_hour: f64,
    share: f64,
    requires: Expr,
    degraded: Option<Expr>,
}

/// Every leaf and every service under one set of losses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether each leaf holds.
    pub leaves: Vec<bool>,
    /// State of each service, in file order.
    pub states: Vec<ServiceState>,
}

/// The services of an estate, compiled.
#[derive(Clone, Debug)]
pub struct ServiceGraph {
    services: Vec<Compiled>,
    leaves: Vec<Leaf>,
    /// Services in an order in which each comes after those it refers to.
    order: Vec<u32>,
    /// Per leaf: the services whose state may hang on it, in that order.
    dependents: Vec<Vec<u32>>,
    /// Per leaf and per service: the services that name it.
    naming_leaf: Vec<Vec<u32>>,
    naming_service: Vec<Vec<u32>>,
}

impl ServiceGraph {
    /// Compiles the services of `estate`, which `index` numbers. References to nothing never hold; in a cycle (which
    /// `estate check` refuses) the reference that closes it never holds. A drafted estate has none: nobody has said yet which
    /// services there are, and what a plan costs them is unknown.
    pub fn new(estate: &Estate, index: &EstateIndex) -> Self {
        let declared = if estate.estate.drafted { &[][..] } else { &estate.services };
        let numbers: BTreeMap<&ServiceId, u32> = declared.iter().map(|it| &it.id).zip(0..).collect();
        let mut compiler = Compiler { index, numbers, leaves: BTreeMap::new() };
        let services: Vec<Compiled> = declared
            .iter()
            .map(|service| Compiled {
                id: service.id.clone(),
                customers: service.customers.clone(),
                value_per_hour: service.value_per_hour,
                share: service.degraded.as_ref().map_or(0.0, |it| it.share),
                requires: compiler.compile(&service.requires),
                degraded: service.degraded.as_ref().map(|it| compiler.compile(&it.requires)),
            })
            .collect();
        let mut leaves = vec![Leaf::Unknown; compiler.leaves.len()];
        for (leaf, number) in compiler.leaves {
            leaves[number as usize] = leaf;
        }
        let order = dependency_order(&services);
        let dependents = dependents(&services, &order, leaves.len());
        let mut naming_leaf = vec![Vec::new(); leaves.len()];
        let mut naming_service = vec![Vec::new(); services.len()];
        for (number, service) in (0..).zip(&services) {
            let (referred, named) = needs(service);
            referred.into_iter().for_each(|it| naming_service[it as usize].push(number));
            named.into_iter().for_each(|it| naming_leaf[it as usize].push(number));
        }
        Self { services, leaves, order, dependents, naming_leaf, naming_service }
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Id of service `number`.
    pub fn id(&self, number: usize) -> &ServiceId {
        &self.services[number].id
    }

    /// The leaves, by number.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// Services whose state may hang on leaf `number`, in dependency order.
    pub fn dependents(&self, number: u32) -> &[u32] {
        &self.dependents[number as usize]
    }

    /// Whether `leaf` holds under `losses`.
    pub fn leaf_holds(&self, index: &EstateIndex, leaf: Leaf, losses: &Losses) -> bool {
        match leaf {
            Leaf::Asset(asset) => !losses.assets.contains(&asset),
            Leaf::Flow(flow) => losses.flow_open(index, flow),
            Leaf::Pair(flow, from, to) => losses.pair_open(index, flow, from, to),
            Leaf::Identity(identity) => !losses.identities.contains(&identity),
            Leaf::Unknown => false,
        }
    }

    /// Evaluates everything under `losses`.
    pub fn evaluate(&self, index: &EstateIndex, losses: &Losses) -> Evaluation {
        let leaves: Vec<bool> =
            self.leaves.iter().map(|&leaf| self.leaf_holds(index, leaf, losses)).collect();
        let mut states = vec![ServiceState::Down; self.services.len()];
        for &number in &self.order {
            states[number as usize] = self.state(number, &leaves, &states);
        }
        Evaluation { leaves, states }
    }

    /// As [`Self::evaluate`], given that only the leaves `touched` (numbers) can differ from `base`.
    pub fn updated(
        &self,
        index: &EstateIndex,
        base: &Evaluation,
        losses: &Losses,
        touched: impl IntoIterator<Item = u32>,
    ) -> Evaluation {
        let mut next = base.clone();
        let changed = self.changed(index, base, losses, touched);
        self.settle(&mut next, &changed, |_, _| {});
        next
    }

    /// The services whose state differs from `base` when `losses` takes its place, given that only the leaves
    /// `touched` (numbers) can have changed: (service, new state), in dependency order.
    pub fn changes(
        &self,
        index: &EstateIndex,
        base: &Evaluation,
        losses: &Losses,
        touched: &[u32],
    ) -> Vec<(u32, ServiceState)> {
        let changed = self.changed(index, base, losses, touched.iter().copied());
        let mut changes = Vec::new();
        if !changed.is_empty() {
            self.settle(&mut base.clone(), &changed, |service, state| changes.push((service, state)));
        }
        changes
    }

    /// Those of the leaves `touched` that no longer are as in `base`: (leaf, whether it holds).
    fn changed(
        &self,
        index: &EstateIndex,
        base: &Evaluation,
        losses: &Losses,
        touched: impl IntoIterator<Item = u32>,
    ) -> Vec<(u32, bool)> {
        touched
            .into_iter()
            .map(|it| (it, self.leaf_holds(index, self.leaves[it as usize], losses)))
            .filter(|&(it, holds)| base.leaves[it as usize] != holds)
            .collect()
    }

    /// Brings `evaluation` up to date with leaves that changed, telling `changes` the services that did, in dependency
    /// order.
    fn settle(
        &self,
        evaluation: &mut Evaluation,
        changed: &[(u32, bool)],
        mut changes: impl FnMut(u32, ServiceState),
    ) {
        if changed.is_empty() {
            return;
        }
        let mut affected = vec![false; self.services.len()];
        for &(leaf, holds) in changed {
            evaluation.leaves[leaf as usize] = holds;
            self.naming_leaf[leaf as usize].iter().for_each(|&it| affected[it as usize] = true);
        }
        for &number in &self.order {
            if !affected[number as usize] {
                continue;
            }
            let state = self.state(number, &evaluation.leaves, &evaluation.states);
            if std::mem::replace(&mut evaluation.states[number as usize], state) != state {
                // Whoever names it comes later in the order.
                self.naming_service[number as usize].iter().for_each(|&it| affected[it as usize] = true);
                changes(number, state);
            }
        }
    }

    /// The services that fare worse than in `base` when the leaf `number` no longer holds: (service, new state), in
    /// dependency order.
    pub fn without(&self, base: &Evaluation, number: u32) -> Vec<(u32, ServiceState)> {
        if !base.leaves[number as usize] {
            return Vec::new();
        }
        let mut changes = Vec::new();
        self.settle(&mut base.clone(), &[(number, false)], |service, state| changes.push((service, state)));
        changes
    }

    fn state(&self, number: u32, leaves: &[bool], states: &[ServiceState]) -> ServiceState {
        let service = &self.services[number as usize];
        if holds(&service.requires, leaves, states) {
            return ServiceState::Up;
        }
        match &service.degraded {
            Some(weaker) if holds(weaker, leaves, states) => ServiceState::Degraded,
            _ => ServiceState::Down,
        }
    }

    /// Value per hour that service `number` loses in `state`: all of it when down, what degraded mode does not give
    /// when degraded.
    pub fn value_lost(&self, number: usize, state: ServiceState) -> f64 {
        let service = &self.services[number];
        match state {
            ServiceState::Up => 0.0,
            ServiceState::Degraded => service.value_per_hour * (1.0 - service.share),
            ServiceState::Down => service.value_per_hour,
        }
    }

    /// The services that fare worse than in `baseline`, with customers and value lost per hour beyond it; in file order.
    pub fn impacts(&self, baseline: &[ServiceState], states: &[ServiceState]) -> Vec<ServiceImpact> {
        let worse = |&number: &usize| states[number] > baseline[number];
        (0..self.services.len())
            .filter(worse)
            .map(|number| ServiceImpact {
                service: self.services[number].id.clone(),
                state: states[number],
                customers: self.services[number].customers.clone(),
                value_per_hour: self.value_lost(number, states[number])
                    - self.value_lost(number, baseline[number]),
            })
            .collect()
    }
}

struct Compiler<'a> {
    index: &'a EstateIndex,
    numbers: BTreeMap<&'a ServiceId, u32>,
    leaves: BTreeMap<Leaf, u32>,
}

impl Compiler<'_> {
    fn compile(&mut self, requirement: &Requirement) -> Expr {
        match requirement {
            Requirement::All { all } => Expr::AtLeast(all.len(), self.compile_each(all)),
            Requirement::Any { any } => Expr::AtLeast(1, self.compile_each(any)),
            Requirement::AtLeast { at_least } => Expr::AtLeast(at_least.n, self.compile_each(&at_least.of)),
            Requirement::Service { service } => {
                let number = self.numbers.get(service).copied();
                number.map_or_else(|| self.leaf(Leaf::Unknown), Expr::Service)
            }
            Requirement::Asset { asset } => {
                let leaf = self.index.asset(asset).map_or(Leaf::Unknown, Leaf::Asset);
                self.leaf(leaf)
            }
            Requirement::Identity { identity } => {
                let leaf = self.index.identity(identity).map_or(Leaf::Unknown, Leaf::Identity);
                self.leaf(leaf)
            }
            Requirement::Flow { flow, from, to } => {
                let leaf = self.flow_leaf(flow, from.as_ref(), to.as_ref());
                self.leaf(leaf)
            }
        }
    }

    fn compile_each(&mut self, requirements: &[Requirement]) -> Vec<Expr> {
        requirements.iter().map(|it| self.compile(it)).collect()
    }

    /// A flow with one end given means that end and any other; `estate check` asks for both or none.
    fn flow_leaf(
        &self,
        flow: &bulkhead_model::id::FlowId,
        from: Option<&bulkhead_model::id::AssetId>,
        to: Option<&bulkhead_model::id::AssetId>,
    ) -> Leaf {
        let Some(number) = self.index.flow(flow) else { return Leaf::Unknown };
        let members = &self.index.flows()[number as usize];
        match (from, to) {
            (None, None) => Leaf::Flow(number),
            (Some(from), Some(to)) => match (self.index.asset(from), self.index.asset(to)) {
                (Some(from), Some(to)) if members.has_pair(from, to) => Leaf::Pair(number, from, to),
                _ => Leaf::Unknown,
            },
            _ => Leaf::Unknown,
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> Expr {
        let next = self.leaves.len() as u32;
        Expr::Leaf(*self.leaves.entry(leaf).or_insert(next))
    }
}

fn holds(expr: &Expr, leaves: &[bool], states: &[ServiceState]) -> bool {
    match expr {
        Expr::Leaf(leaf) => leaves[*leaf as usize],
        Expr::Service(service) => states[*service as usize] != ServiceState::Down,
        Expr::AtLeast(n, of) => {
            *n == 0 || of.iter().filter(|it| holds(it, leaves, states)).nth(n - 1).is_some()
        }
    }
}

fn references(expr: &Expr, found: &mut Vec<u32>, leaves: &mut Vec<u32>) {
    match expr {
        Expr::Leaf(leaf) => leaves.push(*leaf),
        Expr::Service(service) => found.push(*service),
        Expr::AtLeast(_, of) => of.iter().for_each(|it| references(it, found, leaves)),
    }
}

/// (services referred to, leaves referred to) of one service.
fn needs(service: &Compiled) -> (Vec<u32>, Vec<u32>) {
    let (mut services, mut leaves) = (Vec::new(), Vec::new());
    references(&service.requires, &mut services, &mut leaves);
    if let Some(weaker) = &service.degraded {
        references(weaker, &mut services, &mut leaves);
    }
    (services, leaves)
}

fn dependency_order(services: &[Compiled]) -> Vec<u32> {
    fn visit(number: u32, needs_of: &[Vec<u32>], seen: &mut [bool], order: &mut Vec<u32>) {
        if std::mem::replace(&mut seen[number as usize], true) {
            return;
        }
        for &it in &needs_of[number as usize] {
            visit(it, needs_of, seen, order);
        }
        order.push(number);
    }
    let needs_of: Vec<Vec<u32>> = services.iter().map(|it| needs(it).0).collect();
    let (mut seen, mut order) = (vec![false; services.len()], Vec::new());
    for number in 0..services.len() as u32 {
        visit(number, &needs_of, &mut seen, &mut order);
    }
    order
}

fn dependents(services: &[Compiled], order: &[u32], n_leaves: usize) -> Vec<Vec<u32>> {
    let mut leaves_of: Vec<Vec<u32>> = vec![Vec::new(); services.len()];
    let mut dependents = vec![Vec::new(); n_leaves];
    for &number in order {
        let (referred, mut leaves) = needs(&services[number as usize]);
        for it in referred {
            leaves.extend_from_slice(&leaves_of[it as usize]);
        }
        leaves.sort_unstable();
        leaves.dedup();
        for &leaf in &leaves {
            dependents[leaf as usize].push(number);
        }
        leaves_of[number as usize] = leaves;
    }
    dependents
}
