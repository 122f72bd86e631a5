//! Candidate actions: what can be done, at which enforcement points that exist and answer, and what each one blocks.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::ActionKind;
use bulkhead_model::estate::{Capability, EnforcementPoint};
use bulkhead_model::id::PointId;
use bulkhead_service::Losses;

use crate::ground::{Ground, Ordinary};

/// What an action blocks, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// A flow.
    Flow(u32),
    /// A flow for one source asset: (flow, asset).
    FlowFrom(u32, u32),
    /// A flow for one destination asset: (flow, asset).
    FlowTo(u32, u32),
    /// All flows of an ordered zone pair.
    Segment(u32, u32),
    /// All flows of an asset, both ways.
    Isolate(u32),
    /// An identity.
    Disable(u32),
}

impl Effect {
    pub(crate) fn kind(self) -> ActionKind {
        match self {
            Self::Flow(_) | Self::FlowFrom(..) | Self::FlowTo(..) => ActionKind::BlockFlow,
            Self::Segment(..) => ActionKind::Segment,
            Self::Isolate(_) => ActionKind::Isolate,
            Self::Disable(_) => ActionKind::DisableIdentity,
        }
    }

    /// Adds what the action blocks to `losses`.
    pub(crate) fn apply(self, losses: &mut Losses) {
        match self {
            Self::Flow(flow) => losses.flows.insert(flow),
            Self::FlowFrom(flow, asset) => losses.sources.insert((flow, asset)),
            Self::FlowTo(flow, asset) => losses.destinations.insert((flow, asset)),
            Self::Segment(from, to) => losses.zone_pairs.insert((from, to)),
            Self::Isolate(asset) => losses.assets.insert(asset),
            Self::Disable(identity) => losses.identities.insert(identity),
        };
    }
}

/// One candidate action.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    /// Positions in `enforcement_points`, the first one leading.
    pub(crate) points: Vec<usize>,
    /// Operating cost.
    pub(crate) cost: f64,
}

/// Which points answer, and which actions an operator forces or forbids, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steering {
    pub(crate) unavailable: BTreeSet<PointId>,
    pub(crate) forced: BTreeSet<String>,
    pub(crate) forbidden: BTreeSet<String>,
}

/// Lists the candidate actions of an estate: for each effect the one with the smallest id, except where `forced` names another.
pub(crate) struct Candidates<'g, 'e> {
    ground: &'g Ground<'e>,
    steering: &'g Steering,
    found: BTreeMap<Effect, Candidate>,
    /// Per capability: (ordered zone pair) -> points, ascending by id.
    covering: BTreeMap<(Capability, (u32, u32)), Vec<usize>>,
    /// (point, assets) of points with agents that can isolate.
    agents: Vec<(usize, BTreeSet<u32>)>,
    /// Per asset: the flows it opens and those it answers, as positions in `ground.ordinary`.
    opens: Vec<Vec<u32>>,
    answers: Vec<Vec<u32>>,
}

impl<'g, 'e> Candidates<'g, 'e> {
    /// Candidates that matter to an attacker who could, unhindered, reach the assets `within`.
    pub(crate) fn list(ground: &'g Ground<'e>, steering: &'g Steering, within: &[bool]) -> Vec<Candidate> {
        let mut lister = Self::new(ground, steering);
        for ordinary in &ground.ordinary {
            if ordinary.from.iter().any(|&it| within[it as usize]) {
                lister.block_flow(ordinary, within);
            }
        }
        lister.segments(within);
        for asset in (0..within.len() as u32).filter(|&it| within[it as usize]) {
            lister.isolate(asset);
        }
        lister.disable_identities();
        let mut all: Vec<Candidate> = lister.found.into_values().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    fn new(ground: &'g Ground<'e>, steering: &'g Steering) -> Self {
        let n = ground.index.n_assets();
        let (mut opens, mut answers) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        for (at, it) in (0..).zip(&ground.ordinary) {
            it.from.iter().for_each(|&asset| opens[asset as usize].push(at));
            ground.flow(it.flow).to.iter().for_each(|&asset| answers[asset as usize].push(at));
        }
        let mut lister = Self {
            ground,
            steering,
            found: BTreeMap::new(),
            covering: BTreeMap::new(),
            agents: Vec::new(),
            opens,
            answers,
        };
        lister.index_points();
        lister
    }

    fn index_points(&mut self) {
        let ground = self.ground;
        let mut points: Vec<(usize, &EnforcementPoint)> =
            ground.estate.enforcement_points.iter().enumerate().collect();
        points.retain(|(_, it)| !self.steering.unavailable.contains(&it.id));
        points.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        for (at, point) in points {
            for &capability in &point.can {
                for (from, to) in &point.covers {
                    if let (Some(from), Some(to)) = (ground.index.zone(from), ground.index.zone(to)) {
                        self.covering.entry((capability, (from, to))).or_default().push(at);
                    }
                }
            }
            if let (Some(hosts), true) = (&point.hosts, point.can.contains(&Capability::Isolate)) {
                self.agents.push((at, ground.index.select(ground.estate, hosts).into_iter().collect()));
            }
        }
    }

    /// Points that cover every one of `pairs` each, ascending by id.
    fn covering_all(&self, capability: Capability, pairs: &[(u32, u32)]) -> Vec<usize> {
        let covers = |pair: &(u32, u32)| self.covering.get(&(capability, *pair)).map_or(&[][..], |it| it);
        let Some((first, rest)) = pairs.split_first() else { return Vec::new() };
        covers(first).iter().copied().filter(|at| rest.iter().all(|it| covers(it).contains(at))).collect()
    }

    /// Offers one way of obtaining `effect`: kept when forced, or when no better way is known.
    fn offer(&mut self, effect: Effect, points: Vec<usize>, cost: f64) {
        let id = self.ground.action_id(effect, &points);
        if self.steering.forbidden.contains(&id) {
            return;
        }
        let rank = |id: &str| (!self.steering.forced.contains(id), id.to_owned());
        if self.found.get(&effect).is_none_or(|it| rank(&id) < rank(&it.id)) {
            self.found.insert(effect, Candidate { id, effect, points, cost });
        }
    }

    fn block_flow(&mut self, ordinary: &Ordinary, within: &[bool]) {
        let ground = self.ground;
        let (flow, to) = (ordinary.flow, &ground.flow(ordinary.flow).to);
        let cost = ground.estate.operating_costs.block_flow;
        for point in self.covering_all(Capability::BlockFlow, &ordinary.zone_pairs) {
            self.offer(Effect::Flow(flow), vec![point], cost);
        }
        for &asset in ordinary.from.iter().filter(|&&it| within[it as usize]) {
            if ordinary.from.len() > 1 {
                let pairs = ground.index.zone_pairs(&[asset], to);
                for point in self.covering_all(Capability::BlockFlow, &pairs) {
                    self.offer(Effect::FlowFrom(flow, asset), vec![point], cost);
                }
            }
        }
        for &asset in to.iter().filter(|&&it| within[it as usize]) {
            if to.len() > 1 {
                let pairs = ground.index.zone_pairs(&ordinary.from, &[asset]);
                for point in self.covering_all(Capability::BlockFlow, &pairs) {
                    self.offer(Effect::FlowTo(flow, asset), vec![point], cost);
                }
            }
        }
    }

    fn segments(&mut self, within: &[bool]) {
        let ground = self.ground;
        let mut pairs = BTreeSet::new();
        for it in &ground.ordinary {
            pairs.extend(it.zone_pairs.iter().copied());
        }
        let inhabited: BTreeSet<u32> = (0..within.len() as u32)
            .filter(|&it| within[it as usize])
            .map(|it| ground.index.zone_of(it))
            .collect();
        for pair in pairs.into_iter().filter(|it| inhabited.contains(&it.0)) {
            for point in self.covering_all(Capability::Segment, &[pair]) {
                self.offer(
                    Effect::Segment(pair.0, pair.1),
                    vec![point],
                    ground.estate.operating_costs.segment,
                );
            }
        }
    }

    fn isolate(&mut self, asset: u32) {
        let ground = self.ground;
        if ground.exempt.protected().contains(&asset) {
            return;
        }
        let cost = ground.estate.operating_costs.isolate;
        let pairs = self.zone_pairs_of(asset);
        if pairs.is_empty() {
            return;
        }
        let agents: Vec<usize> =
            self.agents.iter().filter(|(_, hosts)| hosts.contains(&asset)).map(|(at, _)| *at).collect();
        for point in agents {
            self.offer(Effect::Isolate(asset), vec![point], cost);
        }
        for point in self.covering_all(Capability::Isolate, &pairs) {
            self.offer(Effect::Isolate(asset), vec![point], cost);
        }
        let first_covering =
            |pair: &(u32, u32)| self.covering.get(&(Capability::Isolate, *pair))?.first().copied();
        if let Some(points) = pairs.iter().map(first_covering).collect::<Option<BTreeSet<usize>>>() {
            let mut points: Vec<usize> = points.into_iter().collect();
            points.sort_by(|&a, &b| ground.point(a).id.cmp(&ground.point(b).id));
            if points.len() > 1 {
                self.offer(Effect::Isolate(asset), points, cost);
            }
        }
    }

    /// Ordered zone pairs that the asset's flows cross, but for management kept open; ascending.
    fn zone_pairs_of(&self, asset: u32) -> Vec<(u32, u32)> {
        let ground = self.ground;
        let mut pairs = BTreeSet::new();
        for &at in &self.opens[asset as usize] {
            let flow = ground.ordinary[at as usize].flow;
            pairs.extend(ground.index.zone_pairs(&[asset], &ground.flow(flow).to));
        }
        for &at in &self.answers[asset as usize] {
            pairs.extend(ground.index.zone_pairs(&ground.ordinary[at as usize].from, &[asset]));
        }
        pairs.into_iter().collect()
    }

    fn disable_identities(&mut self) {
        let ground = self.ground;
        let can = |point: &EnforcementPoint| {
            point.can.contains(&Capability::DisableIdentity) && !self.steering.unavailable.contains(&point.id)
        };
        let points: Vec<usize> =
            (0..ground.estate.enforcement_points.len()).filter(|&it| can(ground.point(it))).collect();
        for identity in 0..ground.estate.identities.len() as u32 {
            for &point in &points {
                let cost = ground.estate.operating_costs.disable_identity;
                self.offer(Effect::Disable(identity), vec![point], cost);
            }
        }
    }
}

impl Ground<'_> {
    pub(crate) fn point(&self, at: usize) -> &EnforcementPoint {
        &self.estate.enforcement_points[at]
    }

    fn zone_id(&self, number: u32) -> &str {
        // Zones that only assets name have no entry of their own; their members do.
        let declared = self.estate.zones.get(number as usize).map(|it| it.id.as_str());
        declared.unwrap_or_else(|| {
            let member = self.index.zone_members(number).first().map(|&it| &self.estate.assets[it as usize]);
            member.map_or("", |it| it.zone.as_str())
        })
    }

    /// What an action is done to: a flow, asset or identity id, or `zone->zone`.
    pub(crate) fn target(&self, effect: Effect) -> String {
        match effect {
            Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
                self.flow(flow).id.to_string()
            }
            Effect::Segment(from, to) => format!("{}->{}", self.zone_id(from), self.zone_id(to)),
            Effect::Isolate(asset) => self.asset_id(asset).to_owned(),
            Effect::Disable(identity) => self.estate.identities[identity as usize].id.to_string(),
        }
    }

    /// The narrower ends of an action: (from, to), assets for `block_flow`, zones for `segment`.
    pub(crate) fn ends(&self, effect: Effect) -> (Option<String>, Option<String>) {
        match effect {
            Effect::FlowFrom(_, asset) => (Some(self.asset_id(asset).to_owned()), None),
            Effect::FlowTo(_, asset) => (None, Some(self.asset_id(asset).to_owned())),
            Effect::Segment(from, to) => {
                (Some(self.zone_id(from).to_owned()), Some(self.zone_id(to).to_owned()))
            }
            Effect::Flow(_) | Effect::Isolate(_) | Effect::Disable(_) => (None, None),
        }
    }

    /// Stable id of an action: kind, target, points and, for a flow, the one asset it is blocked for.
    pub(crate) fn action_id(&self, effect: Effect, points: &[usize]) -> String {
        let kind = match effect.kind() {
            ActionKind::BlockFlow => "block_flow",
            ActionKind::Segment => "segment",
            ActionKind::Isolate => "isolate",
            ActionKind::DisableIdentity => "disable_identity",
        };
        let at: Vec<&str> = points.iter().map(|&it| self.point(it).id.as_str()).collect();
        let narrow = match effect {
            Effect::FlowFrom(_, asset) => format!(":from={}", self.asset_id(asset)),
            Effect::FlowTo(_, asset) => format!(":to={}", self.asset_id(asset)),
            _ => String::new(),
        };
        format!("{kind}:{}@{}{narrow}", self.target(effect), at.join("+"))
    }
}
