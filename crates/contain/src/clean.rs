//! Dropping from a set of actions those it does not need, one after the other, without judging the whole set each time:
//! an action holds back what lies behind the arcs that it alone cuts.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use bulkhead_service::Evaluation;

use crate::problem::{Assessment, Problem};

/// A set of actions under judgement.
pub(crate) struct Cleaner<'s, 'p, 'e> {
    problem: &'s Problem<'p, 'e>,
    chosen: Vec<u32>,
    cost: i128,
    /// Per arc: how many chosen actions cut it.
    cut: Vec<u32>,
    /// Per node and identity: whether the attacker has it.
    nodes: Vec<bool>,
    usable: Vec<bool>,
    evaluation: Evaluation,
    /// Arcs looked at.
    pub(crate) work: u64,
}

/// What is reached beyond, once an action is dropped.
struct Further {
    nodes: Vec<u32>,
    exposure: i128,
}

impl<'s, 'p, 'e> Cleaner<'s, 'p, 'e> {
    /// `chosen` (ascending), which `assessment` finds to cost `cost`.
    pub(crate) fn new(
        problem: &'s Problem<'p, 'e>,
        chosen: Vec<u32>,
        assessment: &Assessment,
        cost: i128,
    ) -> Self {
        let mut cut = vec![0; problem.graph.arcs.len()];
        for &action in &chosen {
            problem.graph.cut_by(action).iter().for_each(|&it| cut[it as usize] += 1);
        }
        let reach = &assessment.reach;
        Self {
            problem,
            chosen,
            cost,
            cut,
            nodes: reach.nodes.clone(),
            usable: reach.usable.clone(),
            evaluation: assessment.evaluation.clone(),
            work: 0,
        }
    }

    /// Drops what makes the set dearer, the dearest first, but nothing of `kept`; returns what is left, and its cost.
    pub(crate) fn clean(mut self, kept: &BTreeSet<u32>) -> (Vec<u32>, i128, u64) {
        let mut by_cost: Vec<u32> = self.chosen.iter().copied().filter(|it| !kept.contains(it)).collect();
        by_cost.sort_by_key(|&it| (Reverse(self.problem.operating[it as usize]), Reverse(it)));
        for action in by_cost {
            self.try_without(action);
        }
        (self.chosen, self.cost, self.work)
    }

    fn try_without(&mut self, action: u32) {
        let problem = self.problem;
        let fewer: Vec<u32> = self.chosen.iter().copied().filter(|&it| it != action).collect();
        let evaluation = self.evaluation_of(&fewer, action);
        let served = evaluation
            .as_ref()
            .map_or(0, |it| problem.service_cost(&self.evaluation.states) - problem.service_cost(&it.states));
        let saved = problem.operating[action as usize] + served * problem.weights.service;
        match self.without(action, saved) {
            Err(Unclear) => self.judge_anew(fewer),
            Ok(Some(further)) if further.exposure * problem.weights.exposure < saved => {
                self.cost += further.exposure * problem.weights.exposure - saved;
                further.nodes.into_iter().for_each(|it| self.nodes[it as usize] = true);
                problem.graph.cut_by(action).iter().for_each(|&it| self.cut[it as usize] -= 1);
                self.chosen = fewer;
                if let Some(evaluation) = evaluation {
                    self.evaluation = evaluation;
                }
            }
            Ok(_) => {}
        }
    }

    /// The services under `fewer`, which is the set without `action`; none when it touches none.
    fn evaluation_of(&self, fewer: &[u32], action: u32) -> Option<Evaluation> {
        let touched = &self.problem.touched[action as usize];
        if touched.iter().all(|&it| self.evaluation.leaves[it as usize]) {
            return None;
        }
        let ground = self.problem.ground;
        let losses = self.problem.losses_of(fewer);
        Some(ground.services.updated(&ground.index, &self.evaluation, &losses, touched.iter().copied()))
    }

    /// What is reached beyond without `action`; none when that breaks a hard rule or costs more than is `saved`.
    fn without(&mut self, action: u32, saved: i128) -> Result<Option<Further>, Unclear> {
        let (problem, graph) = (self.problem, self.problem.graph);
        let mut further = Further { nodes: Vec::new(), exposure: 0 };
        let own: BTreeSet<u32> =
            graph.cut_by(action).iter().copied().filter(|&it| self.cut[it as usize] == 1).collect();
        let mut opened: Vec<u32> = own.iter().copied().collect();
        let mut seen: BTreeSet<u32> = BTreeSet::new();
        while let Some(number) = opened.pop() {
            self.work += 1;
            let arc = &graph.arcs[number as usize];
            let reached = |it: u32, seen: &BTreeSet<u32>| self.nodes[it as usize] || seen.contains(&it);
            let passable = self.cut[number as usize] == 0 || own.contains(&number);
            let open = arc.gate.is_none_or(|it| self.usable[it as usize]);
            if !passable || !open || !reached(arc.from, &seen) || reached(arc.to, &seen) {
                continue;
            }
            let to = arc.to as usize;
            if graph.secrets.get(&arc.to).is_some_and(|it| it.iter().any(|&it| !self.usable[it as usize])) {
                return Err(Unclear);
            }
            if to < graph.n_valued {
                further.exposure += problem.values[to];
                if problem.hard[to] || further.exposure * problem.weights.exposure >= saved {
                    return Ok(None);
                }
            }
            seen.insert(arc.to);
            opened.extend(&graph.leaving[to]);
        }
        further.nodes = seen.into_iter().collect();
        Ok(Some(further))
    }

    /// The plain way, where a secret newly within reach may open what lies elsewhere.
    fn judge_anew(&mut self, fewer: Vec<u32>) {
        let assessment = self.problem.assess(&fewer);
        self.work += (self.problem.graph.arcs.len() / 2) as u64;
        if let Some(cost) = assessment.cost.filter(|&it| it < self.cost) {
            *self = Self { work: self.work, ..Self::new(self.problem, fewer, &assessment, cost) };
        }
    }
}

/// A secret newly within reach: what it opens is not looked for here.
struct Unclear;
