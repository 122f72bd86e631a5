//! What a service that is kept must leave open: where every source of a flow it needs is in the attacker's hands, one of
//! the flow's targets is reached, or the service loses the flow.
//!
//! Each such either-or is a row of the relaxation that no single path shows. Its price is paid out of what the cut left
//! unpaid of the targets' values and of the service's loss, so it adds to the cut's bound.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_service::{Evaluation, Leaf, Losses};

use crate::actions::{Candidate, Effect};
use crate::ground::Means;
use crate::maxflow::INFINITE;
use crate::problem::Problem;
use crate::relax::Cut;

/// An end of a flow: a unit of assets, and its node in the graph.
type End = (u32, u32);

/// The node of a unit that the graph at hand does not have: nobody reaches it.
const NOWHERE: u32 = u32::MAX;

/// A need for an open pair, every one of which is a move.
#[derive(Clone)]
struct Need {
    leaf: u32,
    flow: u32,
    from: Vec<End>,
    to: Vec<End>,
}

impl Need {
    /// Whether every source that is left is in the attacker's hands.
    fn is_opened_by_attackers(&self, losses: &Losses, reached: &[bool]) -> bool {
        let left = |it: u32| !losses.assets.contains(&it) && !losses.sources.contains(&(self.flow, it));
        let is_reached = |node: u32| reached.get(node as usize).copied().unwrap_or(false);
        self.from.iter().all(|&(unit, node)| is_reached(node) || !left(unit))
    }

    /// Nodes of the targets that are left.
    fn open_targets(&self, losses: &Losses) -> Vec<u32> {
        let left = |it: &u32| !losses.assets.contains(it) && !losses.destinations.contains(&(self.flow, *it));
        self.to.iter().filter(|it| left(&it.0)).map(|it| it.1).collect()
    }
}

/// Every such need of an estate that matters to the problem at hand.
#[derive(Clone)]
pub(crate) struct Needs {
    needs: Vec<Need>,
}

impl Needs {
    /// Those of the whole estate, over its whole graph.
    pub(crate) fn new(problem: &Problem<'_, '_>) -> Self {
        let ground = problem.ground;
        let ends = |units: &[u32]| units.iter().map(|&it| (it, it)).collect::<Vec<End>>();
        let need = |(leaf, it): (u32, &Leaf)| {
            let (flow, from, to) = match *it {
                Leaf::Flow(flow) => (flow, ends(&ground.flow(flow).from), ends(&ground.flow(flow).to)),
                Leaf::Pair(flow, from, to) => (flow, ends(&[from]), ends(&[to])),
                _ => return None,
            };
            let moves = to.iter().all(|it| ground.means(flow, it.0) == Means::Always);
            moves.then_some(Need { leaf, flow, from, to })
        };
        Self { needs: (0..).zip(ground.services.leaves()).filter_map(need).collect() }
    }

    /// Those that matter where only the nodes `left` can be reached and only these candidates be taken: every source must be in
    /// the attacker's hands or be lost. Their targets are left as well.
    pub(crate) fn part<'c>(
        &self,
        left: &mut [bool],
        candidates: impl Iterator<Item = &'c Candidate>,
    ) -> Self {
        let effects: BTreeSet<Effect> = candidates.map(|it| it.effect).collect();
        let can_be_lost = |flow: u32, unit: u32| {
            effects.contains(&Effect::Isolate(unit)) || effects.contains(&Effect::FlowFrom(flow, unit))
        };
        let is_left = |node: u32, left: &[bool]| left.get(node as usize).copied().unwrap_or(false);
        let mut needs = Vec::new();
        for need in &self.needs {
            if need.from.iter().all(|&(unit, node)| is_left(node, left) || can_be_lost(need.flow, unit)) {
                need.to.iter().for_each(|it| left[it.1 as usize] = true);
                needs.push(need.clone());
            }
        }
        Self { needs }
    }

    /// The same by new numbers of the nodes.
    pub(crate) fn renumbered(mut self, now: impl Fn(u32) -> Option<u32>) -> Self {
        let ends = self.needs.iter_mut().flat_map(|it| it.from.iter_mut().chain(&mut it.to));
        ends.filter(|it| it.1 != NOWHERE).for_each(|it| it.1 = now(it.1).unwrap_or(NOWHERE));
        self
    }

    /// Assets one of which is reached if `service` is kept as `levels` allow: the targets of a flow that it cannot do
    /// without and that attackers alone open. None where one of them is reached anyway.
    pub(crate) fn kept_by(
        &self,
        problem: &Problem<'_, '_>,
        service: u32,
        losses: &Losses,
        evaluation: &Evaluation,
        levels: &[(u8, u8)],
        surely: &[bool],
    ) -> Option<Vec<u32>> {
        let allowed = levels[service as usize].1;
        let lost_without = |need: &&Need| {
            let changes = problem.ground.services.without(evaluation, need.leaf);
            changes.iter().any(|it| it.0 == service && it.1 as u8 > allowed)
        };
        let targets = |need: &Need| {
            let targets = need.open_targets(losses);
            let asked =
                need.is_opened_by_attackers(losses, surely) && !targets.iter().any(|it| surely[*it as usize]);
            asked.then_some(targets)
        };
        self.needs.iter().filter(lost_without).find_map(targets)
    }

    /// What the either-ors add to the bound of `cut`, when `reached` assets are reached whatever else is done.
    pub(crate) fn gain(
        &self,
        problem: &Problem<'_, '_>,
        cut: &Cut,
        losses: &Losses,
        evaluation: &Evaluation,
        levels: &[(u8, u8)],
        reached: &[bool],
    ) -> i128 {
        let mut spared = cut.spared.clone();
        // Per service: the least it loses by any need used so far, and how much of that is used.
        let mut used: BTreeMap<u32, (i128, i128)> = BTreeMap::new();
        let mut gain = 0_i128;
        for need in &self.needs {
            if !evaluation.leaves[need.leaf as usize] || !need.is_opened_by_attackers(losses, reached) {
                continue;
            }
            let targets: Vec<usize> = need.open_targets(losses).into_iter().map(|it| it as usize).collect();
            let mut least = targets.iter().map(|&it| spared[it]).min().unwrap_or(INFINITE);
            for (service, state) in problem.ground.services.without(evaluation, need.leaf) {
                let (paid, allowed) = levels[service as usize];
                let kept = state as u8 > allowed;
                let table = &problem.losses[service as usize];
                let step = (table[state as usize] - table[paid as usize]).max(0) * problem.weights.service;
                let charged = cut.charged.get(&service).copied().unwrap_or(0);
                let entry = used.entry(service).or_insert((step, charged));
                let most = if kept { INFINITE } else { (entry.0.min(step) - entry.1).max(0) };
                let taken = least.min(most);
                if taken == 0 {
                    continue;
                }
                if !kept {
                    *entry = (entry.0.min(step), entry.1 + taken);
                }
                gain = (gain + taken).min(INFINITE);
                targets.iter().for_each(|&it| spared[it] -= taken.min(spared[it]));
                least -= taken;
            }
        }
        gain
    }
}
