//! The plans shown beside the one chosen: the best under other weights, and the cheapest without any foothold.

use std::rc::Rc;

use bulkhead_model::case::{Alternative, Plan};
use bulkhead_service::MOST_WEIGHT;

use crate::common::Common;
use crate::draft::{Drafter, Drawn, SILENT};
use crate::planner::positions_of;
use crate::presolve::{Limits, solve};
use crate::problem::{Problem, Weights};
use crate::refusal;
use crate::residual::keeping_ids;
use crate::solve::Solution;

pub(crate) const BALANCED: Weights = Weights { service: 1, exposure: 1 };
/// Losing a service hour weighs as much as a thousand times its value: as little impact as containment allows.
const LEAST_IMPACT: Weights = Weights { service: 1000, exposure: 1 };
/// An asset left within reach weighs a thousand times its value: as much assurance as the estate's points allow.
const MOST_ASSURANCE: Weights = Weights { service: 1, exposure: MOST_WEIGHT as i128 };

/// The searches for all of them.
pub(crate) struct Others<'o, 'e> {
    pub(crate) drafter: &'o Drafter<'o, 'e>,
    pub(crate) common: &'o Rc<Common>,
    pub(crate) forced: &'o [u32],
    /// The plan chosen, as found and as drawn up.
    pub(crate) balanced: &'o Solution,
    pub(crate) drawn: &'o Drawn,
    pub(crate) previous: Option<&'o Plan>,
    pub(crate) limits: Limits,
    /// Nodes of these searches expanded.
    pub(crate) nodes: u64,
}

impl<'o, 'e> Others<'o, 'e> {
    pub(crate) fn all(&mut self) -> Vec<Alternative> {
        let mut found = Vec::new();
        let mut surest = None;
        for (name, weights) in
            [("least_impact", LEAST_IMPACT), ("balanced", BALANCED), ("most_assurance", MOST_ASSURANCE)]
        {
            let solution = self.weighted(name, weights);
            let shown = solution.as_ref().unwrap_or(self.balanced);
            found.push(self.drafter.alternative(name, weights, shown, self.drawn));
            surest = solution.filter(|_| weights == MOST_ASSURANCE);
        }
        found.push(self.silent(surest));
        found
    }

    /// The best plan under these weights; none where the plan chosen is.
    fn weighted(&mut self, name: &str, weights: Weights) -> Option<Solution> {
        // No weight is below 1: a plan that has nothing of what weighs more costs the same under these weights, and its
        // bound holds for them too.
        let parts = self.drawn.assessment.parts;
        if (weights.service == 1 || parts.service == 0)
            && (weights.exposure == 1 || parts.exposure + parts.foothold == 0)
        {
            return None;
        }
        let hints: Vec<Vec<u32>> = self.before(name).into_iter().chain([self.drawn.chosen.clone()]).collect();
        Some(self.search(&self.drafter.problem.weighted(weights), &hints))
    }

    /// The cheapest plan without footholds, or what prevents it. The plan of most assurance, `surest`, often is one.
    fn silent(&mut self, surest: Option<Solution>) -> Alternative {
        let (drafter, problem) = (self.drafter, self.drafter.problem);
        if keeping_ids(drafter.ground, problem.graph, &self.drawn.assessment.reach.nodes).is_empty() {
            return drafter.alternative(SILENT, BALANCED, self.balanced, self.drawn);
        }
        let hints: Vec<Vec<u32>> =
            self.before(SILENT).into_iter().chain(surest.and_then(|it| it.chosen)).collect();
        let solution = self.search(&problem.silent(), &hints);
        if solution.chosen.is_some() {
            return drafter.alternative(SILENT, BALANCED, &solution, self.drawn);
        }
        drafter.prevented(refusal::of_silence(drafter.request, problem))
    }

    /// The alternative of this name in the plan before, as far as it is still possible.
    fn before(&self, name: &str) -> Option<Vec<u32>> {
        let before = self.previous?.alternatives.iter().find(|it| it.name == name)?;
        Some(positions_of(&before.actions, self.drafter.problem.candidates))
    }

    fn search(&mut self, problem: &Problem<'_, '_>, hints: &[Vec<u32>]) -> Solution {
        let solution = solve(problem, self.common, self.forced, hints, self.limits);
        self.nodes += solution.nodes;
        solution
    }
}
