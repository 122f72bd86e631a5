//! Candidate actions: what can be done, at which enforcement points that exist and answer, and what each one blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bulkhead_model::case::ActionKind;
use bulkhead_model::estate::{Asset, Capability, EnforcementPoint};
use bulkhead_model::id::PointId;
use bulkhead_service::{Losses, ZoneEnds};

use crate::blocked::{Blocked, Foreign};
use crate::ground::Ground;
use crate::wanted::{Unpriced, Wanted};

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
    /// Operating cost of one.
    pub(crate) cost: f64,
    /// How many actions it stands for: one per asset of the unit it is for.
    pub(crate) count: u32,
    /// What it takes from others than the compromised.
    pub(crate) foreign: Foreign,
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
    /// The ways of obtaining one effect are offered one after the other: the best of them comes last here.
    found: Vec<Candidate>,
    /// Further ways of obtaining an effect, all of them forced.
    again: Vec<Candidate>,
    /// Per enforcement point: whether it answers.
    available: Vec<bool>,
    /// Per asset: the flows it opens and those it answers, as positions in `ground.ordinary`.
    opens: Vec<Vec<u32>>,
    answers: Vec<Vec<u32>>,
    /// Per ordered zone pair: the flows that cross it, as positions in `ground.ordinary`.
    crossing: BTreeMap<(u32, u32), Vec<u32>>,
    /// Pairs of a relay and an external asset that nobody knows the price of.
    unpriced: Unpriced,
}

impl<'g, 'e> Candidates<'g, 'e> {
    /// Candidates that matter to an attacker who could, unhindered, reach the assets `within` and talk to the outside.
    pub(crate) fn list(ground: &'g Ground<'e>, steering: &'g Steering, within: &[bool]) -> Vec<Candidate> {
        let mut lister = Self::new(ground, steering);
        let wanted = Wanted::new(ground, within);
        for at in 0..ground.ordinary.len() {
            lister.block_flow(at, &wanted);
        }
        lister.segments(&wanted);
        wanted.isolated(ground).into_iter().for_each(|it| lister.isolate(it));
        lister.disable_identities();
        let mut all = std::mem::take(&mut lister.found);
        all.append(&mut lister.again);
        let blocked = Blocked::new(ground);
        for it in &mut all {
            it.foreign = blocked.by(it.effect, &lister.concerned(it.effect));
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Positions in `ground.ordinary` of the flows that `effect` may block.
    fn concerned(&self, effect: Effect) -> Vec<u32> {
        match effect {
            Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
                let at = self.ground.ordinary.binary_search_by_key(&flow, |it| it.flow);
                at.ok().map(|it| it as u32).into_iter().collect()
            }
            Effect::Segment(from, to) => self.crossing.get(&(from, to)).cloned().unwrap_or_default(),
            Effect::Isolate(unit) => {
                let (opens, answers) = (&self.opens[unit as usize], &self.answers[unit as usize]);
                let mut flows: Vec<u32> = opens.iter().chain(answers).copied().collect();
                flows.sort_unstable();
                flows.dedup();
                flows
            }
            Effect::Disable(_) => Vec::new(),
        }
    }

    /// Those of `effects` (isolations and segments) that some available points can bring about, or that take no point: an
    /// asset without flows is cut off as it is, unless nobody knows how it talks to the outside.
    pub(crate) fn possible(
        ground: &'g Ground<'e>,
        steering: &'g Steering,
        effects: &[Effect],
    ) -> BTreeSet<Effect> {
        let mut lister = Self::new(ground, steering);
        for effect in effects {
            match *effect {
                Effect::Isolate(asset) => lister.isolate(asset),
                Effect::Segment(from, to) => lister.segment((from, to)),
                _ => {}
            }
        }
        let unknown = ground.talk().unknown;
        let silent =
            |asset: u32| !(unknown && ground.is_held(asset)) && lister.zone_pairs_of(asset).is_empty();
        let needless = |it: &Effect| matches!(*it, Effect::Isolate(asset) if silent(asset));
        let needless: BTreeSet<Effect> = effects.iter().copied().filter(needless).collect();
        lister.found.into_iter().map(|it| it.effect).chain(needless).collect()
    }

    fn new(ground: &'g Ground<'e>, steering: &'g Steering) -> Self {
        let n = ground.index.n_assets();
        let (mut opens, mut answers) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        for (at, it) in (0..).zip(&ground.ordinary) {
            it.from.iter().for_each(|&asset| opens[asset as usize].push(at));
            ground.flow(it.flow).to.iter().for_each(|&asset| answers[asset as usize].push(at));
        }
        let mut crossing: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        for (at, it) in (0..).zip(&ground.ordinary) {
            it.zone_pairs.iter().for_each(|&pair| crossing.entry(pair).or_default().push(at));
        }
        let points = ground.estate.enforcement_points.iter();
        Self {
            ground,
            steering,
            found: Vec::new(),
            again: Vec::new(),
            available: points.map(|it| !steering.unavailable.contains(&it.id)).collect(),
            opens,
            answers,
            crossing,
            unpriced: Unpriced::new(ground),
        }
    }

    /// Points that answer and cover the pair, ascending by id.
    fn covering(&self, capability: Capability, pair: (u32, u32)) -> impl Iterator<Item = usize> + '_ {
        let points = self.ground.fixed.covering.get(&(capability, pair));
        points.into_iter().flatten().copied().filter(|&it| self.available[it])
    }

    /// Points that cover every one of `pairs` each, ascending by id.
    fn covering_all(&self, capability: Capability, pairs: &[(u32, u32)]) -> Vec<usize> {
        let Some((&first, rest)) = pairs.split_first() else { return Vec::new() };
        let covers_all =
            |at: &usize| rest.iter().all(|&it| self.covering(capability, it).any(|other| other == *at));
        self.covering(capability, first).filter(covers_all).collect()
    }

    /// Offers one way of obtaining `effect`: kept when forced, or when no better way is known.
    fn offer(&mut self, effect: Effect, points: Vec<usize>, cost: f64) {
        let id = self.ground.action_id(effect, &points);
        if self.steering.forbidden.contains(&id) {
            return;
        }
        let (count, foreign) = (self.ground.count(effect), Foreign::default());
        let candidate = Candidate { id, effect, points, cost, count, foreign };
        let forced = |it: &Candidate| self.steering.forced.contains(&it.id);
        let is_better =
            |it: &Candidate, known: &Candidate| (!forced(it), &it.id) < (!forced(known), &known.id);
        match self.found.last_mut().filter(|it| it.effect == effect) {
            // Somebody wants it at both.
            Some(known) if forced(known) && forced(&candidate) => self.again.push(candidate),
            Some(known) if is_better(&candidate, known) => *known = candidate,
            Some(_) => {}
            None => self.found.push(candidate),
        }
    }

    /// Points at which a flow may be blocked for each of `assets`, which stand at one end of it; those of the other end are
    /// summarised in `others`, and `pairs` gives the zone pairs that an asset crosses.
    fn points_each(
        &self,
        assets: impl Iterator<Item = u32>,
        others: &ZoneEnds,
        pairs: impl Fn(u32, u32, usize) -> Vec<(u32, u32)>,
    ) -> Vec<(u32, Rc<[usize]>)> {
        let index = &self.ground.index;
        let mut last: Option<(u32, Rc<[usize]>)> = None;
        let mut found = Vec::new();
        for asset in assets {
            let (zone, size) = (index.zone_of(asset), index.size(asset));
            // Who stands alone at both ends makes no pair with itself; all others of a zone are alike.
            let both = size == 1 && others.contains(&(zone, asset, false));
            let known = last.as_ref().filter(|it| it.0 == zone && !both).map(|it| it.1.clone());
            let points = known.unwrap_or_else(|| {
                self.covering_all(Capability::BlockFlow, &pairs(zone, asset, size)).into()
            });
            if !both {
                last = Some((zone, points.clone()));
            }
            found.push((asset, points));
        }
        found
    }

    fn block_flow(&mut self, at: usize, wanted: &Wanted<'_>) {
        let ground = self.ground;
        let ordinary = &ground.ordinary[at];
        let (flow, to) = (ordinary.flow, &ground.flow(ordinary.flow).to);
        let Some(ends) = wanted.ends(ordinary) else { return };
        let several = |units: &[u32]| units.len() > 1 || units.iter().any(|&it| ground.index.size(it) > 1);
        let cost = ground.estate.operating_costs.block_flow;
        if !self.unpriced.is_hit(ground, at, |_| true, |_| true) {
            for point in self.covering_all(Capability::BlockFlow, &ordinary.zone_pairs) {
                self.offer(Effect::Flow(flow), vec![point], cost);
            }
        }
        if several(&ordinary.from) {
            let wanted = ordinary.from.iter().copied().filter(|&it| ends.wants_from(it));
            let priced =
                wanted.filter(|&asset| !self.unpriced.is_hit(ground, at, |it| it == asset, |_| true));
            let pairs = |zone, asset, size| ordinary.pairs_from(zone, asset, size);
            for (asset, points) in self.points_each(priced, &ordinary.to_zones, pairs) {
                points.iter().for_each(|&it| self.offer(Effect::FlowFrom(flow, asset), vec![it], cost));
            }
        }
        if several(to) {
            let wanted = to.iter().copied().filter(|&it| ends.wants_to(it));
            let priced =
                wanted.filter(|&asset| !self.unpriced.is_hit(ground, at, |_| true, |it| it == asset));
            let pairs = |zone, asset, size| ordinary.pairs_to(zone, asset, size);
            for (asset, points) in self.points_each(priced, &ordinary.from_zones, pairs) {
                points.iter().for_each(|&it| self.offer(Effect::FlowTo(flow, asset), vec![it], cost));
            }
        }
    }

    fn segments(&mut self, wanted: &Wanted<'_>) {
        let pairs: Vec<(u32, u32)> = self.crossing.keys().copied().collect();
        pairs.into_iter().filter(|&it| wanted.wants_segment(it)).for_each(|it| self.segment(it));
    }

    fn segment(&mut self, pair: (u32, u32)) {
        let zone = |it: u32| self.ground.index.zone_of(it);
        let mut crossing = self.crossing.get(&pair).into_iter().flatten();
        if crossing.any(|&at| {
            self.unpriced.is_hit(self.ground, at as usize, |it| zone(it) == pair.0, |it| zone(it) == pair.1)
        }) {
            return;
        }
        for point in self.covering_all(Capability::Segment, &[pair]) {
            let cost = self.ground.estate.operating_costs.segment;
            self.offer(Effect::Segment(pair.0, pair.1), vec![point], cost);
        }
    }

    fn isolate(&mut self, asset: u32) {
        let ground = self.ground;
        // Nobody knows the price of isolating a relay that no service names, unless the attacker is on it.
        let unpriced = ground.asset(asset).relay
            && !ground.is_held(asset)
            && !ground.fixed.named.assets.contains(&asset);
        if ground.exempt.protected().contains(&asset) || ground.index.is_external(asset) || unpriced {
            return;
        }
        let cost = ground.estate.operating_costs.isolate;
        for &point in &ground.fixed.agents[ground.origin(asset) as usize] {
            if !self.available[point] {
                continue;
            }
            self.offer(Effect::Isolate(asset), vec![point], cost);
        }
        if !ground.fixed.isolates_by_zones {
            return;
        }
        let pairs = self.zone_pairs_of(asset);
        if pairs.is_empty() {
            return;
        }
        let single = self.covering_all(Capability::Isolate, &pairs);
        if single.is_empty() {
            self.covering_together(&pairs)
                .into_iter()
                .for_each(|it| self.offer(Effect::Isolate(asset), it, cost));
        }
        for point in single {
            self.offer(Effect::Isolate(asset), vec![point], cost);
        }
    }

    /// Points that together cover `pairs` and none of which can be left out, ascending by id.
    fn covering_together(&self, pairs: &[(u32, u32)]) -> Option<Vec<usize>> {
        let of = |pair: (u32, u32)| self.covering(Capability::Isolate, pair);
        let first: BTreeSet<usize> = pairs.iter().map(|&it| of(it).next()).collect::<Option<_>>()?;
        let mut points: Vec<usize> = first.into_iter().collect();
        points.sort_by(|&a, &b| self.ground.point(a).id.cmp(&self.ground.point(b).id));
        for point in points.clone() {
            let others = || points.iter().filter(|&&it| it != point);
            if pairs.iter().all(|&pair| of(pair).any(|it| others().any(|&other| other == it))) {
                points.retain(|&it| it != point);
            }
        }
        Some(points)
    }

    /// Ordered zone pairs that the asset's flows cross, but for management kept open; ascending.
    fn zone_pairs_of(&self, asset: u32) -> Vec<(u32, u32)> {
        let ground = self.ground;
        let (zone, size) = (ground.index.zone_of(asset), ground.index.size(asset));
        let mut pairs = BTreeSet::new();
        for &at in &self.opens[asset as usize] {
            pairs.extend(ground.ordinary[at as usize].pairs_from(zone, asset, size));
        }
        for &at in &self.answers[asset as usize] {
            pairs.extend(ground.ordinary[at as usize].pairs_to(zone, asset, size));
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
    /// How many actions it takes to have `effect`.
    pub(crate) fn count(&self, effect: Effect) -> u32 {
        match effect {
            Effect::FlowFrom(_, asset) | Effect::FlowTo(_, asset) | Effect::Isolate(asset) => {
                self.index.size(asset) as u32
            }
            Effect::Flow(_) | Effect::Segment(..) | Effect::Disable(_) => 1,
        }
    }

    pub(crate) fn point(&self, at: usize) -> &EnforcementPoint {
        &self.estate.enforcement_points[at]
    }

    fn zone_id(&self, number: u32) -> &str {
        // Zones that only assets name have no entry of their own; their members do.
        let declared = self.estate.zones.get(number as usize).map(|it| it.id.as_str());
        declared.unwrap_or_else(|| {
            let member = self.index.zone_members(number).first().map(|&it| self.asset(it));
            member.map_or("", |it| it.zone.as_str())
        })
    }

    /// What an action is done to: a flow, asset or identity id, or `zone->zone`. Of a unit, `only` is meant.
    pub(crate) fn target(&self, effect: Effect, only: Option<&Asset>) -> String {
        match effect {
            Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
                self.flow(flow).id.to_string()
            }
            Effect::Segment(from, to) => format!("{}->{}", self.zone_id(from), self.zone_id(to)),
            Effect::Isolate(unit) => only.unwrap_or_else(|| self.asset(unit)).id.to_string(),
            Effect::Disable(identity) => self.estate.identities[identity as usize].id.to_string(),
        }
    }

    /// The narrower ends of an action: (from, to), assets for `block_flow`, zones for `segment`. Of a unit, `only` is meant.
    pub(crate) fn ends(&self, effect: Effect, only: Option<&Asset>) -> (Option<String>, Option<String>) {
        let name = |unit: u32| Some(only.unwrap_or_else(|| self.asset(unit)).id.to_string());
        match effect {
            Effect::FlowFrom(_, unit) => (name(unit), None),
            Effect::FlowTo(_, unit) => (None, name(unit)),
            Effect::Segment(from, to) => {
                (Some(self.zone_id(from).to_owned()), Some(self.zone_id(to).to_owned()))
            }
            Effect::Flow(_) | Effect::Isolate(_) | Effect::Disable(_) => (None, None),
        }
    }

    /// Stable id of an action: kind, target, points and, for a flow, the one asset it is blocked for.
    pub(crate) fn action_id(&self, effect: Effect, points: &[usize]) -> String {
        self.action_id_for(effect, points, None)
    }

    /// As [`Self::action_id`]; of a unit, `only` is meant.
    pub(crate) fn action_id_for(&self, effect: Effect, points: &[usize], only: Option<&Asset>) -> String {
        let kind = match effect.kind() {
            ActionKind::BlockFlow => "block_flow:",
            ActionKind::Segment => "segment:",
            ActionKind::Isolate => "isolate:",
            ActionKind::DisableIdentity => "disable_identity:",
        };
        let name = |unit: u32| only.unwrap_or_else(|| self.asset(unit)).id.as_str();
        let mut id = String::with_capacity(64);
        id.push_str(kind);
        match effect {
            Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
                id.push_str(self.flow(flow).id.as_str());
            }
            Effect::Isolate(unit) => id.push_str(name(unit)),
            Effect::Segment(..) | Effect::Disable(_) => id.push_str(&self.target(effect, only)),
        }
        id.push('@');
        for (at, &point) in points.iter().enumerate() {
            id.push_str(if at == 0 { "" } else { "+" });
            id.push_str(self.point(point).id.as_str());
        }
        match effect {
            Effect::FlowFrom(_, unit) => id.extend([":from=", name(unit)]),
            Effect::FlowTo(_, unit) => id.extend([":to=", name(unit)]),
            _ => {}
        }
        id
    }
}
