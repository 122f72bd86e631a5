//! What is to be minimised, in whole numbers: micro-units of the currency, then the number of actions.
//!
//! One `i128` holds all of it, so that a sum of costs compares as the contract says ties are broken: bits 60 and up the
//! cost, below that how many actions, below that how many pairs they block whose source is not compromised (a pair that
//! two actions block counts for both). Which ids are smallest among the plans left equal, the search finds out.

use std::collections::BTreeMap;

use bulkhead_model::case::ServiceState;
use bulkhead_model::estate::IdentityKind;
use bulkhead_service::{Evaluation, Leaf, Losses};

use crate::actions::{Candidate, Effect};
use crate::attack::{AttackGraph, Reach};
use crate::ground::Ground;

const COST_SHIFT: u32 = 60;
const COUNT_SHIFT: u32 = 48;
/// Bits below are left to prices that do not divide evenly.
const PAIRS_SHIFT: u32 = 16;
/// Most pairs of one action that count: a plan of 64 such still compares by its actions first.
const MOST_PAIRS: u64 = 1 << 26;
/// Largest single cost in micro-units: 3.6e10 units of the currency, far beyond any asset or service.
const LARGEST: f64 = (1_u64 << 55) as f64;

/// Micro-units of the currency as a cost.
pub(crate) fn cost_of(currency: f64) -> i128 {
    let micro = (currency * 1e6).round().clamp(0.0, LARGEST);
    (micro as i128) << COST_SHIFT
}

/// A cost back in the currency; action counts are left out.
pub(crate) fn currency_of(cost: i128) -> f64 {
    (cost >> COST_SHIFT) as f64 / 1e6
}

/// Cost and number of actions alone.
pub(crate) fn without_pairs(cost: i128) -> i128 {
    cost >> COUNT_SHIFT << COUNT_SHIFT
}

/// How much each part of the objective weighs; (1, 1) is the contract's objective. Footholds weigh what exposure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weights {
    pub(crate) service: i128,
    pub(crate) exposure: i128,
}

/// The parts of a plan's cost, each as a cost, unweighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) service: i128,
    pub(crate) exposure: i128,
    pub(crate) foothold: i128,
    pub(crate) operating: i128,
}

/// A set of actions judged exactly.
pub(crate) struct Assessment {
    pub(crate) reach: Reach,
    pub(crate) evaluation: Evaluation,
    pub(crate) parts: Parts,
    /// Weighted cost with count; none when a hard rule is broken.
    pub(crate) cost: Option<i128>,
}

/// The whole problem.
#[derive(Clone)]
pub(crate) struct Problem<'p, 'e> {
    pub(crate) ground: &'p Ground<'e>,
    pub(crate) graph: &'p AttackGraph,
    pub(crate) candidates: &'p [Candidate],
    pub(crate) weights: Weights,
    /// Per candidate: numbers of the service leaves it may take away.
    pub(crate) touched: Vec<Vec<u32>>,
    /// Per candidate: operating cost with its count and pairs.
    pub(crate) operating: Vec<i128>,
    /// Per asset: unweighted cost of its being reached; then per compromised asset and identity: of its keeping a foothold.
    pub(crate) values: Vec<i128>,
    /// Per asset: whether it must not be reached; then whether no foothold may stay.
    pub(crate) hard: Vec<bool>,
    /// Without any loss.
    pub(crate) baseline: Evaluation,
    /// Per candidate: whether somebody must approve it in any plan, because alone it breaks a service, disables a
    /// privileged account or one of a program that no service names, or blocks what nobody knows the price of.
    pub(crate) needs_approval: Vec<bool>,
    /// How many of those a plan may hold.
    pub(crate) approval_budget: Option<u32>,
    /// Per service and state (up, degraded, down): unweighted cost over the horizon beyond the baseline.
    pub(crate) losses: Vec<[i128; 3]>,
    /// Micro-units of which every plan costs a multiple, whatever the weights.
    step: i128,
}

impl<'p, 'e> Problem<'p, 'e> {
    pub(crate) fn new(
        ground: &'p Ground<'e>,
        graph: &'p AttackGraph,
        candidates: &'p [Candidate],
        horizon_h: f64,
        approval_budget: Option<u32>,
        weights: Weights,
    ) -> Self {
        let baseline = ground.services.evaluate(&ground.index, &Losses::none(ground.exempt.clone()));
        let operating: Vec<i128> = candidates.iter().map(counted).collect();
        let n = ground.index.n_assets() as u32;
        let mut hard: Vec<bool> = (0..n).map(|it| ground.hard.contains(&it)).collect();
        hard.resize(graph.n_valued, false);
        let values = values(ground, graph);
        let losses: Vec<[i128; 3]> = (0..ground.services.len())
            .map(|number| loss_table(ground, number, baseline.states[number], horizon_h))
            .collect();
        let parts = candidates.iter().map(operating_of).chain(values.iter().copied());
        let step = parts.chain(losses.iter().flatten().copied()).fold(0, |a, b| gcd(a, b >> COST_SHIFT));
        let touched = touched_leaves(ground, candidates);
        let needs_approval = (0..)
            .zip(candidates)
            .map(|(at, it): (usize, _)| needs_approval(ground, &baseline, it, &touched[at]))
            .collect();
        Self {
            ground,
            graph,
            candidates,
            weights,
            touched,
            operating,
            values,
            hard,
            baseline,
            needs_approval,
            approval_budget,
            losses,
            step,
        }
    }

    /// The same problem under other weights.
    pub(crate) fn weighted(&self, weights: Weights) -> Self {
        Self { weights, ..self.clone() }
    }

    /// The same problem with only the candidates `kept` (positions), over the part of the graph that they leave of
    /// interest, of which `nodes` are left, and with those of them not to be reached for which `hard` says so.
    pub(crate) fn part(
        &self,
        graph: &'p AttackGraph,
        candidates: &'p [Candidate],
        kept: &[u32],
        nodes: &[u32],
        hard: Vec<bool>,
    ) -> Self {
        fn of<T: Clone>(all: &[T], kept: &[u32]) -> Vec<T> {
            kept.iter().map(|&it| all[it as usize].clone()).collect()
        }
        Self {
            graph,
            candidates,
            touched: of(&self.touched, kept),
            operating: of(&self.operating, kept),
            needs_approval: of(&self.needs_approval, kept),
            values: of(&self.values, &nodes[..graph.n_valued]),
            hard,
            baseline: self.baseline.clone(),
            losses: self.losses.clone(),
            ..*self
        }
    }

    /// Everything that `chosen` (positions, any order) takes away.
    pub(crate) fn losses_of(&self, chosen: &[u32]) -> Losses {
        let mut losses = Losses::none(self.ground.exempt.clone());
        chosen.iter().for_each(|&it| self.candidates[it as usize].effect.apply(&mut losses));
        losses
    }

    /// The services under `losses`, which are those of `chosen`.
    pub(crate) fn evaluate(&self, chosen: &[u32], losses: &Losses) -> Evaluation {
        let mut touched: Vec<u32> =
            chosen.iter().flat_map(|&it| self.touched[it as usize].iter().copied()).collect();
        touched.sort_unstable();
        touched.dedup();
        self.ground.services.updated(&self.ground.index, &self.baseline, losses, touched)
    }

    /// Judges `chosen` exactly.
    pub(crate) fn assess(&self, chosen: &[u32]) -> Assessment {
        let mut is_chosen = vec![false; self.candidates.len()];
        chosen.iter().for_each(|&it| is_chosen[it as usize] = true);
        let reach = self.graph.reach(|arc| arc.cutters.iter().any(|&it| is_chosen[it as usize]));
        let evaluation = self.evaluate(chosen, &self.losses_of(chosen));
        let reached = |nodes: std::ops::Range<usize>| nodes.filter(|&it| reach.nodes[it]);
        let worth = |nodes| reached(nodes).map(|it| self.values[it]).sum::<i128>();
        let parts = Parts {
            service: self.service_cost(&evaluation.states),
            exposure: worth(0..self.graph.n_assets),
            foothold: worth(self.graph.n_assets..self.graph.n_valued),
            operating: chosen.iter().map(|&it| &self.candidates[it as usize]).map(operating_of).sum(),
        };
        let broken = reached(0..self.graph.n_valued).any(|it| self.hard[it]);
        let feasible = self.within_budget(chosen, &evaluation) && !broken;
        let counted: i128 = chosen.iter().map(|&it| self.operating[it as usize]).sum();
        let cost = feasible.then_some(
            counted
                + parts.service * self.weights.service
                + (parts.exposure + parts.foothold) * self.weights.exposure,
        );
        Assessment { reach, evaluation, parts, cost }
    }

    /// The least that any plan can cost that costs at least `bound`.
    pub(crate) fn rounded_up(&self, bound: i128) -> i128 {
        let micro = bound >> COST_SHIFT;
        // Counts carry into the cost once in 4,096 actions.
        let carried =
            self.candidates.iter().map(|it| i128::from(it.count)).sum::<i128>() >> (COST_SHIFT - COUNT_SHIFT);
        if self.step > 0 && micro % self.step > carried {
            return ((micro / self.step + 1) * self.step) << COST_SHIFT;
        }
        let up = |shift: u32| (((bound - 1) >> shift) + 1) << shift;
        // What is below the actions is more than all actions together block: no plan has it.
        let all: i128 = self.operating.iter().map(|it| it & ((1 << COUNT_SHIFT) - 1)).sum();
        let next = up(COUNT_SHIFT);
        let below = bound - without_pairs(bound);
        if bound > 0 && below > all { next } else { up(PAIRS_SHIFT) }
    }

    /// The same problem in which nobody compromised may keep a foothold.
    pub(crate) fn silent(&self) -> Self {
        let mut hard = self.hard.clone();
        hard[self.graph.n_assets..].fill(true);
        Self { hard, ..self.clone() }
    }

    /// Whether no more of `chosen`, which bring about `evaluation`, need approval than may. What breaks the budget still
    /// does with more actions.
    pub(crate) fn within_budget(&self, chosen: &[u32], evaluation: &Evaluation) -> bool {
        let Some(budget) = self.approval_budget else { return true };
        let needing = chosen.iter().filter(|&&it| self.is_approved(it, evaluation));
        needing.map(|&it| self.candidates[it as usize].count).sum::<u32>() <= budget
    }

    /// Whether somebody must approve the action: for what it does alone, or because it has a part in what is broken.
    pub(crate) fn is_approved(&self, action: u32, evaluation: &Evaluation) -> bool {
        self.needs_approval[action as usize] || self.takes_part(action, evaluation)
    }

    /// Whether the action may have a part in breaking a service that is worse than without any loss.
    pub(crate) fn takes_part(&self, action: u32, evaluation: &Evaluation) -> bool {
        let broken = |&it: &u32| evaluation.states[it as usize] > self.baseline.states[it as usize];
        let services = &self.ground.services;
        self.touched[action as usize].iter().any(|&leaf| services.dependents(leaf).iter().any(broken))
    }

    /// Unweighted cost of the services' being in `states`.
    pub(crate) fn service_cost(&self, states: &[ServiceState]) -> i128 {
        states.iter().zip(&self.losses).map(|(&state, losses)| losses[state as usize]).sum()
    }
}

/// Whether an action alone breaks a service, disables an account that somebody must answer for, or blocks what nobody knows
/// the price of.
fn needs_approval(
    ground: &Ground<'_>,
    baseline: &Evaluation,
    candidate: &Candidate,
    touched: &[u32],
) -> bool {
    if let Effect::Disable(number) = candidate.effect {
        let identity = &ground.estate.identities[number as usize];
        let unpriced =
            identity.kind == IdentityKind::Service && !ground.fixed.named.identities.contains(&number);
        if identity.privileged || unpriced {
            return true;
        }
    }
    if candidate.foreign.unpriced {
        return true;
    }
    let mut losses = Losses::none(ground.exempt.clone());
    candidate.effect.apply(&mut losses);
    !ground.services.changes(&ground.index, baseline, &losses, touched).is_empty()
}

/// An action's cost, then that it is one per asset it stands for, then the pairs it blocks of others.
fn counted(candidate: &Candidate) -> i128 {
    let single = cost_of(candidate.cost) + (1 << COUNT_SHIFT);
    let pairs = candidate.foreign.pairs.min(MOST_PAIRS);
    single * i128::from(candidate.count) + (i128::from(pairs) << PAIRS_SHIFT)
}

/// What it costs that a node of the graph is reached.
fn values(ground: &Ground<'_>, graph: &AttackGraph) -> Vec<i128> {
    let n = ground.index.n_assets() as u32;
    let compromised = |it: u32| ground.start.compromised.contains(&it);
    let exposed = (0..n).map(|it| if compromised(it) { 0 } else { value_of(ground, it) });
    let mut values: Vec<i128> = exposed.collect();
    // A graph of moves alone knows no footholds of assets.
    let identities = ground.start.identities.iter();
    if graph.n_valued > values.len() + ground.start.identities.len() {
        values.extend(ground.start.held.iter().map(|&it| value_of(ground, it)));
    }
    let worth = |it: &u32| cost_of(ground.estate.identities[*it as usize].foothold_value());
    values.extend(identities.map(worth));
    values
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

fn value_of(ground: &Ground<'_>, unit: u32) -> i128 {
    ground.index.values(unit).map(|(value, assets)| cost_of(value) * assets as i128).sum()
}

fn operating_of(candidate: &Candidate) -> i128 {
    cost_of(candidate.cost) * i128::from(candidate.count)
}

fn loss_table(ground: &Ground<'_>, number: usize, baseline: ServiceState, horizon_h: f64) -> [i128; 3] {
    let over_horizon = |state| ground.services.value_lost(number, state) * horizon_h;
    let already = over_horizon(baseline);
    [ServiceState::Up, ServiceState::Degraded, ServiceState::Down]
        .map(|state| cost_of(over_horizon(state) - already))
}

/// Per candidate: the leaves it may take away, found through an index of the leaves by what they hang on.
fn touched_leaves(ground: &Ground<'_>, candidates: &[Candidate]) -> Vec<Vec<u32>> {
    let mut by_flow: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut by_asset: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut identities: Vec<u32> = Vec::new();
    for (number, leaf) in (0..).zip(ground.services.leaves()) {
        match *leaf {
            Leaf::Asset(asset) => by_asset.entry(asset).or_default().push(number),
            Leaf::Flow(flow) => {
                by_flow.entry(flow).or_default().push(number);
                let ends = ground.flow(flow).from.iter().chain(&ground.flow(flow).to);
                ends.for_each(|&it| by_asset.entry(it).or_default().push(number));
            }
            Leaf::Pair(flow, from, to) => {
                by_flow.entry(flow).or_default().push(number);
                [from, to].iter().for_each(|&it| by_asset.entry(it).or_default().push(number));
            }
            Leaf::Identity(_) => identities.push(number),
            Leaf::Unknown => {}
        }
    }
    let every_flow: Vec<u32> = by_flow.values().flatten().copied().collect();
    let of = |effect: Effect| -> Vec<u32> {
        let near = match effect {
            Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => by_flow.get(&flow),
            Effect::Isolate(asset) => by_asset.get(&asset),
            Effect::Segment(..) => Some(&every_flow),
            Effect::Disable(_) => Some(&identities),
        };
        let touches = |it: &u32| leaf_touched(ground, effect, ground.services.leaves()[*it as usize]);
        let mut leaves: Vec<u32> = near.into_iter().flatten().copied().filter(touches).collect();
        leaves.sort_unstable();
        leaves.dedup();
        leaves
    };
    candidates.iter().map(|it| of(it.effect)).collect()
}

fn leaf_touched(ground: &Ground<'_>, effect: Effect, leaf: Leaf) -> bool {
    let crosses = |flow: u32, pair: (u32, u32)| ground.flow(flow).zone_pairs.binary_search(&pair).is_ok();
    let zone = |asset: u32| ground.index.zone_of(asset);
    match (leaf, effect) {
        (Leaf::Asset(asset), Effect::Isolate(isolated)) => asset == isolated,
        (Leaf::Flow(number), Effect::Isolate(asset)) => {
            let flow = ground.flow(number);
            flow.from.binary_search(&asset).is_ok() || flow.to.binary_search(&asset).is_ok()
        }
        (Leaf::Flow(number), Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _)) => {
            number == flow
        }
        (Leaf::Flow(number), Effect::Segment(from, to)) => crosses(number, (from, to)),
        (Leaf::Pair(_, from, to), Effect::Isolate(asset)) => asset == from || asset == to,
        (Leaf::Pair(number, ..), Effect::Flow(flow)) => number == flow,
        (Leaf::Pair(number, from, _), Effect::FlowFrom(flow, asset)) => number == flow && from == asset,
        (Leaf::Pair(number, _, to), Effect::FlowTo(flow, asset)) => number == flow && to == asset,
        (Leaf::Pair(_, from, to), Effect::Segment(source, target)) => {
            zone(from) == source && zone(to) == target
        }
        (Leaf::Identity(identity), Effect::Disable(disabled)) => identity == disabled,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_survive_the_journey_with_counts() {
        for (currency, actions) in [(0.0, 0), (0.0, 1), (1.0, 3), (864_000.25, 17)] {
            let counted = actions * (1_i128 << COUNT_SHIFT);
            assert!(
                (currency_of(cost_of(currency) + counted) - currency).abs() < 1e-9,
                "{currency} {actions}"
            );
        }
    }
}
