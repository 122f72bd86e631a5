//! What the loss of assets costs while they come back one by one: services over time, by the service graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bulkhead_model::case::{Action, ActionKind, ServiceState};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use bulkhead_service::{EstateIndex, Evaluation, Exemptions, Leaf, Losses, ServiceGraph};

/// A time that never comes.
pub const NEVER: u64 = u64::MAX;

/// Services under recovery: lost assets by position, containment actions that are lifted when their assets are back.
#[derive(Debug)]
pub struct Services {
    index: EstateIndex,
    graph: ServiceGraph,
    baseline: Vec<ServiceState>,
    lost: Vec<u32>,
    /// Per containment action: what it takes, and the positions of lost assets it waits for.
    lifts: Vec<Lift>,
    /// Everything lost at the start.
    losses: Losses,
    at_start: Evaluation,
    /// Leaves that may change when the lost asset of that position comes back.
    touched: Vec<Vec<u32>>,
}

/// A containment action and when it can be lifted.
#[derive(Debug)]
struct Lift {
    id: String,
    takes: Vec<Entry>,
    waits_for: Vec<usize>,
    touched: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Asset(u32),
    Identity(u32),
    Flow(u32),
    Source(u32, u32),
    Destination(u32, u32),
    Zones(u32, u32),
}

/// When one service is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restoration {
    /// Degraded or better.
    pub degraded: u64,
    /// As well as before the incident.
    pub full: u64,
}

/// Services over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Per service, in file order.
    pub restored: Vec<Restoration>,
    /// Value lost until the horizon.
    pub loss: f64,
    /// Value still lost per hour at the horizon.
    pub rate_left: f64,
}

impl Services {
    /// The services of `estate` while the assets `lost` are gone and `actions` stand. Actions on what the estate does
    /// not have are left out.
    pub fn new(estate: &Estate, lost: &[AssetId], actions: &[Action]) -> Self {
        let index = EstateIndex::new(estate);
        let graph = ServiceGraph::new(estate, &index);
        let lost: Vec<u32> = lost.iter().filter_map(|it| index.asset(it)).collect();
        let compromised: BTreeSet<u32> = lost.iter().copied().collect();
        let exempt = Arc::new(Exemptions::new(&index, protected(estate), &compromised));
        let baseline = graph.evaluate(&index, &Losses::none(Arc::clone(&exempt))).states;
        let mut losses = Losses::none(exempt);
        losses.assets.extend(&compromised);
        let mut lifts: Vec<Lift> = actions.iter().filter_map(|it| lift(estate, &index, &lost, it)).collect();
        for entry in lifts.iter().flat_map(|it| &it.takes) {
            entry.take(&mut losses);
        }
        for lift in &mut lifts {
            lift.touched = lift.takes.iter().flat_map(|it| touched_by(&index, &graph, *it)).collect();
        }
        let touched = lost.iter().map(|&it| touched_by(&index, &graph, Entry::Asset(it))).collect();
        let at_start = graph.evaluate(&index, &losses);
        Self { index, graph, baseline, lost, lifts, losses, at_start, touched }
    }

    /// How many lost assets there are.
    pub fn lost(&self) -> usize {
        self.lost.len()
    }

    /// Lost assets, by position, on which any service hangs, through a need or through an action that waits for them.
    pub fn relevant(&self) -> BTreeSet<usize> {
        let touching = (0..self.lost()).filter(|it| !self.touched[*it].is_empty());
        touching.chain(self.lifts.iter().flat_map(|it| it.waits_for.iter().copied())).collect()
    }

    /// Services that fare worse than before the incident, by number in the file.
    pub fn affected(&self) -> Vec<usize> {
        (0..self.baseline.len()).filter(|&it| self.at_start.states[it] > self.baseline[it]).collect()
    }

    /// Value lost per hour by service `number` in `state` beyond what it lost before the incident.
    fn rate(&self, number: usize, state: ServiceState) -> f64 {
        self.graph.value_lost(number, state) - self.graph.value_lost(number, self.baseline[number])
    }

    /// Value lost per hour at the start by service `number`, and by it in degraded mode.
    pub fn rates(&self, number: usize) -> (f64, f64) {
        let start = self.at_start.states[number];
        let degraded = start.min(ServiceState::Degraded).max(self.baseline[number]);
        (self.rate(number, start), self.rate(number, degraded))
    }

    /// Actions that are lifted once the lost assets `back` (by position) are back.
    pub fn lifted(&self, back: &BTreeSet<usize>) -> Vec<&str> {
        let ready = |it: &&Lift| it.waits_for.iter().all(|it| back.contains(it));
        self.lifts.iter().filter(ready).map(|it| it.id.as_str()).collect()
    }

    /// Whether service `number` is as before the incident once the lost assets `back` are back.
    pub fn holds_with(&self, number: usize, back: &BTreeSet<usize>) -> bool {
        self.reached(back)[number].full == 0
    }

    /// Which services are degraded (0) or full (0) once the lost assets `back` are back, and which not ([`NEVER`]).
    pub fn reached(&self, back: &BTreeSet<usize>) -> Vec<Restoration> {
        let times: Vec<u64> = (0..self.lost()).map(|it| if back.contains(&it) { 0 } else { NEVER }).collect();
        self.course(&times, 0).restored
    }

    /// The course of services when lost asset `i` is back at `times[i]` seconds ([`NEVER`] for not at all), with the
    /// value lost until `horizon` seconds.
    pub fn course(&self, times: &[u64], horizon: u64) -> Course {
        let mut run = Run {
            services: self,
            losses: self.losses.clone(),
            now: self.at_start.clone(),
            standing: vec![true; self.lifts.len()],
            course: Course {
                restored: self
                    .at_start
                    .states
                    .iter()
                    .zip(&self.baseline)
                    .map(|it| Restoration::at_start(*it.0, *it.1))
                    .collect(),
                loss: 0.0,
                rate_left: 0.0,
            },
            horizon,
        };
        let mut events: BTreeMap<u64, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        // Assets that no service hangs on change nothing when they come back.
        let counts = |it: &(usize, &u64)| *it.1 != NEVER && !self.touched[it.0].is_empty();
        for (position, &time) in times.iter().enumerate().filter(counts) {
            events.entry(time).or_default().0.push(position);
        }
        for (number, lift) in self.lifts.iter().enumerate() {
            let time = lift.waits_for.iter().map(|&it| times[it]).max().unwrap_or(0);
            if time != NEVER {
                events.entry(time).or_default().1.push(number);
            }
        }
        for (time, (assets, lifts)) in events {
            run.event(time, &assets, &lifts);
        }
        run.finish()
    }
}

struct Run<'a> {
    services: &'a Services,
    losses: Losses,
    now: Evaluation,
    standing: Vec<bool>,
    course: Course,
    horizon: u64,
}

impl Run<'_> {
    fn event(&mut self, time: u64, assets: &[usize], lifts: &[usize]) {
        let services = self.services;
        let mut touched: Vec<u32> = Vec::new();
        for &lift in lifts {
            self.standing[lift] = false;
            touched.extend(&services.lifts[lift].touched);
        }
        for &lift in lifts {
            for entry in &services.lifts[lift].takes {
                entry.give(&mut self.losses);
            }
        }
        for &asset in assets {
            self.losses.assets.remove(&services.lost[asset]);
            touched.extend(&services.touched[asset]);
        }
        // What two actions take stays taken while one of them stands; an isolated asset may also still be lost.
        if !lifts.is_empty() || !assets.is_empty() {
            for (lift, _) in services.lifts.iter().zip(&self.standing).filter(|it| *it.1) {
                for entry in &lift.takes {
                    entry.take(&mut self.losses);
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let changes = services.graph.changes(&services.index, &self.now, &self.losses, &touched);
        for &leaf in &touched {
            let it = services.graph.leaves()[leaf as usize];
            self.now.leaves[leaf as usize] = services.graph.leaf_holds(&services.index, it, &self.losses);
        }
        for (service, state) in changes {
            self.change(service as usize, state, time);
        }
    }

    fn change(&mut self, service: usize, state: ServiceState, time: u64) {
        let before = self.now.states[service];
        self.now.states[service] = state;
        // Each drop of the rate is paid for until the moment it happens.
        let drop = self.services.rate(service, before) - self.services.rate(service, state);
        self.course.loss += drop * hours(time.min(self.horizon));
        let restored = &mut self.course.restored[service];
        if state <= ServiceState::Degraded {
            restored.degraded = restored.degraded.min(time);
        }
        if state <= self.services.baseline[service] {
            restored.full = restored.full.min(time);
        }
    }

    fn finish(mut self) -> Course {
        for (service, &state) in self.now.states.iter().enumerate() {
            self.course.rate_left += self.services.rate(service, state);
        }
        self.course.loss += self.course.rate_left * hours(self.horizon);
        self.course
    }
}

impl Restoration {
    fn at_start(state: ServiceState, baseline: ServiceState) -> Self {
        let at = |met: bool| if met { 0 } else { NEVER };
        Self { degraded: at(state <= ServiceState::Degraded), full: at(state <= baseline) }
    }
}

impl Entry {
    fn take(self, losses: &mut Losses) {
        match self {
            Self::Asset(it) => losses.assets.insert(it),
            Self::Identity(it) => losses.identities.insert(it),
            Self::Flow(it) => losses.flows.insert(it),
            Self::Source(flow, asset) => losses.sources.insert((flow, asset)),
            Self::Destination(flow, asset) => losses.destinations.insert((flow, asset)),
            Self::Zones(from, to) => losses.zone_pairs.insert((from, to)),
        };
    }

    fn give(self, losses: &mut Losses) {
        match self {
            Self::Asset(it) => losses.assets.remove(&it),
            Self::Identity(it) => losses.identities.remove(&it),
            Self::Flow(it) => losses.flows.remove(&it),
            Self::Source(flow, asset) => losses.sources.remove(&(flow, asset)),
            Self::Destination(flow, asset) => losses.destinations.remove(&(flow, asset)),
            Self::Zones(from, to) => losses.zone_pairs.remove(&(from, to)),
        };
    }
}

fn hours(secs: u64) -> f64 {
    secs as f64 / 3600.0
}

fn protected(estate: &Estate) -> BTreeSet<u32> {
    let is_protected =
        |it: &std::net::IpAddr| estate.protected_addresses.iter().any(|network| network.contains(it));
    let assets = (0..).zip(&estate.assets).filter(|(_, asset)| asset.addresses.iter().any(is_protected));
    assets.map(|(number, _)| number).collect()
}

/// What an action takes and which lost assets it waits for: those it keeps from moving on; where none of the lost is
/// among its ends, all of them.
fn lift(estate: &Estate, index: &EstateIndex, lost: &[u32], action: &Action) -> Option<Lift> {
    let asset = |it: &Option<String>| it.as_ref().and_then(|it| index.asset(&AssetId::new(it.as_str())));
    let (entry, ends): (Entry, Vec<Vec<u32>>) = match action.kind {
        ActionKind::Isolate => {
            let it = index.asset(&AssetId::new(action.target.as_str()))?;
            (Entry::Asset(it), vec![vec![it]])
        }
        ActionKind::DisableIdentity => {
            let id = action.target.as_str().into();
            let it = index.identity(&id)?;
            let secrets = &estate.identities.get(it as usize)?.secrets_on;
            (Entry::Identity(it), vec![secrets.iter().flat_map(|it| index.select(estate, it)).collect()])
        }
        ActionKind::BlockFlow => {
            let flow = index.flow(&action.target.as_str().into())?;
            let members = &index.flows()[flow as usize];
            match (asset(&action.from), asset(&action.to)) {
                (Some(from), _) => (Entry::Source(flow, from), vec![vec![from], members.to.clone()]),
                (None, Some(to)) => (Entry::Destination(flow, to), vec![members.from.clone(), vec![to]]),
                (None, None) => (Entry::Flow(flow), vec![members.from.clone(), members.to.clone()]),
            }
        }
        ActionKind::Segment => {
            let (from, to) = match (&action.from, &action.to) {
                (Some(from), Some(to)) => (from.as_str(), to.as_str()),
                _ => action.target.split_once("->")?,
            };
            let (from, to) = (index.zone(&from.into())?, index.zone(&to.into())?);
            (Entry::Zones(from, to), vec![index.zone_members(from).to_vec(), index.zone_members(to).to_vec()])
        }
    };
    let positions =
        |ends: &Vec<u32>| -> Vec<usize> { (0..lost.len()).filter(|&it| ends.contains(&lost[it])).collect() };
    let mut waits_for = ends.iter().map(positions).find(|it| !it.is_empty()).unwrap_or_default();
    if waits_for.is_empty() {
        waits_for = (0..lost.len()).collect();
    }
    Some(Lift { id: action.id.clone(), takes: vec![entry], waits_for, touched: Vec::new() })
}

/// Leaves whose truth may hang on an entry.
fn touched_by(index: &EstateIndex, graph: &ServiceGraph, entry: Entry) -> Vec<u32> {
    let member = |flow: u32, asset: u32| {
        let members = &index.flows()[flow as usize];
        members.from.binary_search(&asset).is_ok() || members.to.binary_search(&asset).is_ok()
    };
    let flow_is = |flow: u32| match entry {
        Entry::Asset(asset) => member(flow, asset),
        Entry::Flow(it) | Entry::Source(it, _) | Entry::Destination(it, _) => it == flow,
        Entry::Zones(from, to) => index.flows()[flow as usize].zone_pairs.contains(&(from, to)),
        Entry::Identity(_) => false,
    };
    let touches = |leaf: &Leaf| match *leaf {
        Leaf::Asset(asset) => entry == Entry::Asset(asset),
        Leaf::Identity(identity) => entry == Entry::Identity(identity),
        Leaf::Flow(flow) | Leaf::Pair(flow, _, _) => flow_is(flow),
        Leaf::Unknown => false,
    };
    (0..).zip(graph.leaves()).filter(|(_, leaf)| touches(leaf)).map(|(number, _)| number).collect()
}
