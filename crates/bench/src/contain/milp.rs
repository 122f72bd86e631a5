//! The planner's problem as one mixed-integer program, host by host and pair by pair, for HiGHS.
//!
//! Written from the contract's planner semantics without classes, lazy paths or any code of the planner: a variable for
//! every asset's being reached, one for every action, a row for every pair of assets between which a flow counts as a
//! move, and the services with their all/any/k-of-n, degraded modes and shared costs.

mod needs;
mod talk;

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{AssetKind, Capability, Estate, Movement, Port};
use bulkhead_model::id::AssetId;
use bulkhead_service::{EstateIndex, FlowMembers};

/// `sum(coefficient x variable) >= least`.
pub struct Row {
    pub least: f64,
    pub terms: Vec<(usize, f64)>,
}

/// Minimise `sum(cost x variable)` subject to the rows and bounds.
#[derive(Default)]
pub struct Milp {
    pub costs: Vec<f64>,
    pub bounds: Vec<(f64, f64)>,
    pub integer: Vec<bool>,
    pub rows: Vec<Row>,
}

impl Milp {
    fn variable(&mut self, cost: f64, bounds: (f64, f64), integer: bool) -> usize {
        self.costs.push(cost);
        self.bounds.push(bounds);
        self.integer.push(integer);
        self.costs.len() - 1
    }

    fn row(&mut self, least: f64, terms: Vec<(usize, f64)>) {
        self.rows.push(Row { least, terms });
    }
}

/// What an action blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Flow(u32),
    From(u32, u32),
    To(u32, u32),
    Segment(u32, u32),
    Isolate(u32),
    Disable(u32),
}

/// Whether a need fails: never, always, or when a variable is 1.
#[derive(Clone, Copy)]
enum Fails {
    Never,
    Always,
    When(usize),
}

struct Builder<'e> {
    estate: &'e Estate,
    index: EstateIndex,
    attitude: Attitude,
    compromised: BTreeSet<u32>,
    protected: Vec<bool>,
    admitted: Vec<(Port, Option<String>)>,
    milp: Milp,
    actions: BTreeMap<Effect, usize>,
    reached: Vec<usize>,
    usable: Vec<usize>,
    flow_fails: BTreeMap<u32, Fails>,
    service_fails: BTreeMap<String, Fails>,
}

/// The program of planning against `compromised` over `hours`.
pub fn build(
    estate: &Estate,
    ports: &MovementPorts,
    attitude: Attitude,
    compromised: &[AssetId],
    hours: f64,
) -> Milp {
    let index = EstateIndex::new(estate);
    let compromised = compromised.iter().filter_map(|it| index.asset(it)).collect();
    let nets = &estate.protected_addresses;
    let protected = estate
        .assets
        .iter()
        .map(|asset| asset.addresses.iter().any(|address| nets.iter().any(|net| net.contains(address))));
    let mut builder = Builder {
        estate,
        attitude,
        compromised,
        protected: protected.collect(),
        admitted: ports.ports().iter().map(|it| (it.port, it.login.clone())).collect(),
        milp: Milp::default(),
        actions: BTreeMap::new(),
        reached: Vec::new(),
        usable: Vec::new(),
        flow_fails: BTreeMap::new(),
        service_fails: BTreeMap::new(),
        index,
    };
    builder.actions();
    builder.assets();
    if attitude == Attitude::Credential {
        builder.secrets();
    }
    for number in 0..builder.index.flows().len() as u32 {
        builder.moves(number);
    }
    builder.talk();
    builder.services(hours);
    builder.milp
}

impl Builder<'_> {
    fn flow(&self, number: u32) -> &FlowMembers {
        &self.index.flows()[number as usize]
    }

    /// Sources whose pairs actions may block: a management channel's only where they are compromised.
    fn ordinary(&self, flow: &FlowMembers) -> Vec<u32> {
        let ordinary = |it: &u32| !flow.survives && (!flow.is_management() || self.compromised.contains(it));
        flow.from.iter().copied().filter(ordinary).collect()
    }

    fn zones(&self, pairs: impl Iterator<Item = (u32, u32)>) -> BTreeSet<(u32, u32)> {
        pairs
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (self.index.zone_of(from), self.index.zone_of(to)))
            .collect()
    }

    /// Whether one point with the capability covers all of `zones`.
    fn one_covers(&self, capability: Capability, zones: &BTreeSet<(u32, u32)>) -> bool {
        let mut points = self.estate.enforcement_points.iter().filter(|it| it.can.contains(&capability));
        !zones.is_empty()
            && points.any(|point| {
                let covered: BTreeSet<(u32, u32)> = point
                    .covers
                    .iter()
                    .filter_map(|(from, to)| Some((self.index.zone(from)?, self.index.zone(to)?)))
                    .collect();
                zones.is_subset(&covered)
            })
    }

    fn action(&mut self, effect: Effect, cost: f64) {
        let variable = self.milp.variable(cost, (0.0, 1.0), true);
        self.actions.insert(effect, variable);
    }

    fn actions(&mut self) {
        let costs = self.estate.operating_costs.clone();
        let mut of_asset: Vec<BTreeSet<(u32, u32)>> = vec![BTreeSet::new(); self.estate.assets.len()];
        let (mut crossed, mut unpriced_zones) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..self.index.flows().len() as u32 {
            let flow = self.flow(number).clone();
            let from = self.ordinary(&flow);
            let from_zones: BTreeMap<u32, Vec<u32>> = self.by_zone(&from);
            let to_zones: BTreeMap<u32, Vec<u32>> = self.by_zone(&flow.to);
            // Two of a zone stand for all of it: enough to tell whether a pair of distinct assets is there.
            let few = |zones: &BTreeMap<u32, Vec<u32>>| -> Vec<u32> {
                zones.values().flat_map(|it| it.iter().copied().take(2)).collect()
            };
            let (few_from, few_to) = (few(&from_zones), few(&to_zones));
            let product = few_from.iter().flat_map(|&u| few_to.iter().map(move |&v| (u, v)));
            let all = self.zones(product);
            let unpriced = self.unpriced_pairs(&flow, &from);
            for &(u, v) in &unpriced {
                unpriced_zones.insert((self.index.zone_of(u), self.index.zone_of(v)));
            }
            if unpriced.is_empty() && self.one_covers(Capability::BlockFlow, &all) {
                self.action(Effect::Flow(number), costs.block_flow);
            }
            for &u in &from {
                let zones = self.zones(few_to.iter().map(|&v| (u, v)));
                let priced = !unpriced.iter().any(|it| it.0 == u);
                if from.len() > 1 && priced && self.one_covers(Capability::BlockFlow, &zones) {
                    self.action(Effect::From(number, u), costs.block_flow);
                }
                of_asset[u as usize].extend(zones);
            }
            for &v in &flow.to {
                let zones = self.zones(few_from.iter().map(|&u| (u, v)));
                let priced = !unpriced.iter().any(|it| it.1 == v);
                if flow.to.len() > 1 && priced && self.one_covers(Capability::BlockFlow, &zones) {
                    self.action(Effect::To(number, v), costs.block_flow);
                }
                of_asset[v as usize].extend(zones);
            }
            crossed.extend(all);
        }
        for (from, to) in crossed.into_iter().filter(|it| !unpriced_zones.contains(it)) {
            if self.one_covers(Capability::Segment, &BTreeSet::from([(from, to)])) {
                self.action(Effect::Segment(from, to), costs.segment);
            }
        }
        for (asset, zones) in (0..).zip(of_asset) {
            if self.is_isolable(asset) && self.isolates(asset, &zones) {
                self.action(Effect::Isolate(asset), costs.isolate);
            }
        }
        let disables = |it: &Capability| *it == Capability::DisableIdentity;
        if self.estate.enforcement_points.iter().any(|it| it.can.iter().any(disables)) {
            for identity in 0..self.estate.identities.len() as u32 {
                self.action(Effect::Disable(identity), costs.disable_identity);
            }
        }
    }

    fn by_zone(&self, assets: &[u32]) -> BTreeMap<u32, Vec<u32>> {
        let mut zones: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        assets.iter().for_each(|&it| zones.entry(self.index.zone_of(it)).or_default().push(it));
        zones
    }

    fn isolates(&self, asset: u32, zones: &BTreeSet<(u32, u32)>) -> bool {
        let declared = &self.estate.assets[asset as usize];
        let able =
            || self.estate.enforcement_points.iter().filter(|it| it.can.contains(&Capability::Isolate));
        let agent = able().any(|it| it.hosts.as_ref().is_some_and(|on| on.matches(declared)));
        let each = |pair: &(u32, u32)| self.one_covers(Capability::Isolate, &BTreeSet::from([*pair]));
        agent || (!zones.is_empty() && zones.iter().all(each))
    }

    /// Pairs of the flow, between a relay and the outside, that nobody knows the price of.
    fn unpriced_pairs(&self, flow: &FlowMembers, from: &[u32]) -> Vec<(u32, u32)> {
        let outside = |it: &u32| self.is_external(*it);
        if !from.iter().any(outside) && !flow.to.iter().any(outside) {
            return Vec::new();
        }
        let pairs = from.iter().flat_map(|&u| flow.to.iter().map(move |&v| (u, v)));
        let touching = pairs.filter(|it| outside(&it.0) || outside(&it.1));
        touching.filter(|&(u, v)| self.is_unpriced(flow, u, v)).collect()
    }

    fn assets(&mut self) {
        let of_points: BTreeSet<&AssetId> =
            self.estate.enforcement_points.iter().filter_map(|it| it.asset.as_ref()).collect();
        for (number, asset) in (0..).zip(&self.estate.assets) {
            let hard = !self.is_external(number)
                && (asset.crown_jewel
                    || asset.kind == AssetKind::IdentityProvider
                    || of_points.contains(&asset.id));
            let (cost, bounds) = match (self.compromised.contains(&number), hard) {
                (true, _) => (0.0, (1.0, 1.0)),
                (false, true) => (0.0, (0.0, 0.0)),
                (false, false) => (asset.value, (0.0, 1.0)),
            };
            let variable = self.milp.variable(cost, bounds, false);
            self.reached.push(variable);
        }
    }

    /// An identity is usable once an asset with its secret is reached; what disabling it does stands with the moves.
    fn secrets(&mut self) {
        for identity in &self.estate.identities {
            let usable = self.milp.variable(0.0, (0.0, 1.0), false);
            self.usable.push(usable);
            let on = |number: &usize| {
                identity.secrets_on.iter().any(|it| it.matches(&self.estate.assets[*number]))
            };
            for number in (0..self.estate.assets.len()).filter(on) {
                self.milp.row(0.0, vec![(usable, 1.0), (self.reached[number], -1.0)]);
            }
        }
    }

    /// Whether any port of the flow counts towards `to` by itself; else the identities with which one does.
    fn counts(&self, flow: &FlowMembers, to: u32) -> (bool, BTreeSet<u32>) {
        if flow.survives || self.is_external(to) {
            return (false, BTreeSet::new());
        }
        if self.attitude == Attitude::Strict || flow.movement == Movement::Yes {
            return (true, BTreeSet::new());
        }
        if flow.movement == Movement::No {
            return (false, BTreeSet::new());
        }
        let asset = &self.estate.assets[to as usize];
        let mut with = BTreeSet::new();
        for &port in &flow.ports {
            if asset.exploitable.iter().any(|it| it.overlaps(port)) {
                return (true, BTreeSet::new());
            }
            for (_, login) in self.admitted.iter().filter(|it| it.0.overlaps(port)) {
                let Some(login) = login.as_ref().filter(|_| self.attitude == Attitude::Credential) else {
                    return (true, BTreeSet::new());
                };
                let allows =
                    |it: &bulkhead_model::estate::Right| it.on.matches(asset) && it.via.contains(login);
                let identities = (0..).zip(&self.estate.identities);
                with.extend(identities.filter(|it| it.1.rights.iter().any(allows)).map(|it| it.0));
            }
        }
        (false, with)
    }

    /// Whether the responders hold a channel from `from` to `to` whose ports are as asked.
    fn channel(&self, from: u32, to: u32, ports: impl Fn(&[Port]) -> bool) -> bool {
        let kept = |it: &&FlowMembers| {
            it.is_management() && (it.survives || !self.compromised.contains(&from)) && it.has_pair(from, to)
        };
        self.index.flows().iter().filter(kept).any(|it| ports(&it.ports))
    }

    /// Whether no action touches the pair.
    fn exempt(&self, flow: &FlowMembers, from: u32, to: u32) -> bool {
        let all = |held: &[Port]| flow.ports.iter().all(|&port| held.iter().any(|it| it.contains(port)));
        self.protected[from as usize] || self.protected[to as usize] || self.channel(from, to, all)
    }

    /// Actions that block the pair.
    fn blockers(&self, number: u32, from: u32, to: u32) -> Vec<usize> {
        let zones = (self.index.zone_of(from), self.index.zone_of(to));
        [
            Effect::Flow(number),
            Effect::From(number, from),
            Effect::To(number, to),
            Effect::Segment(zones.0, zones.1),
            Effect::Isolate(from),
            Effect::Isolate(to),
        ]
        .iter()
        .filter_map(|it| self.actions.get(it).copied())
        .collect()
    }

    /// A row for every pair of the flow that counts as a move: reached at one end, reached at the other, or blocked.
    fn moves(&mut self, number: u32) {
        let flow = self.flow(number).clone();
        for &to in &flow.to {
            let (always, with) = self.counts(&flow, to);
            if !always && with.is_empty() {
                continue;
            }
            for &from in flow.from.iter().filter(|&&it| it != to) {
                let some =
                    |held: &[Port]| flow.ports.iter().any(|&port| held.iter().any(|it| it.overlaps(port)));
                let kept = flow.movement == Movement::Yes && self.channel(from, to, some);
                let all =
                    |held: &[Port]| flow.ports.iter().all(|&port| held.iter().any(|it| it.contains(port)));
                let blockers = if kept || self.channel(from, to, all) {
                    Vec::new()
                } else if self.exempt(&flow, from, to) {
                    self.isolations_of_held(from, from)
                } else {
                    self.blockers(number, from, to)
                };
                let (source, target) = (self.reached[from as usize], self.reached[to as usize]);
                let mut terms = vec![(target, 1.0), (source, -1.0)];
                terms.extend(blockers.into_iter().map(|it| (it, 1.0)));
                if always {
                    self.milp.row(0.0, terms);
                    continue;
                }
                for &identity in &with {
                    let mut terms = terms.clone();
                    terms.push((self.usable[identity as usize], -1.0));
                    let disabled = self.actions.get(&Effect::Disable(identity));
                    terms.extend(disabled.map(|&it| (it, 1.0)));
                    self.milp.row(-1.0, terms);
                }
            }
        }
    }
}
