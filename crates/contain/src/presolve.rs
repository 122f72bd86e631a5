//! Making a problem small before it is searched: actions that no plan as cheap as the best known can hold are left out,
//! and with them every arc that nothing left can cut off the attacker.

use crate::actions::Candidate;
use crate::attack::{Arc, AttackGraph};
use crate::problem::Problem;
use crate::solve::{Search, Solution};

/// Problems of no more candidates are searched as they are.
const SMALL: usize = 6;
/// How often a problem may be made smaller.
const PASSES: u32 = 3;

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Nodes of the search.
    pub(crate) nodes: u64,
    /// Arcs looked at.
    pub(crate) effort: u64,
}

/// The cheapest plan in which the candidates `forced` are chosen; `hints` are sets of actions worth trying first.
pub(crate) fn solve(
    problem: &Problem<'_, '_>,
    forced: &[u32],
    hints: &[Vec<u32>],
    limits: Limits,
) -> Solution {
    solve_within(problem, forced, hints, limits, PASSES)
}

fn solve_within(
    problem: &Problem<'_, '_>,
    forced: &[u32],
    hints: &[Vec<u32>],
    limits: Limits,
    passes: u32,
) -> Solution {
    let mut search = Search::new(problem, forced, hints);
    let n = problem.candidates.len();
    if passes == 0 || n <= SMALL {
        return search.run(limits.nodes, limits.effort);
    }
    let worthwhile = search.worthwhile();
    let (Some(worthwhile), Some(best)) = (worthwhile, search.best()) else {
        return search.run(limits.nodes, limits.effort);
    };
    let kept: Vec<u32> = (0..n as u32).filter(|&it| worthwhile[it as usize]).collect();
    if kept.len() * 10 > n * 9 {
        return search.run(limits.nodes, limits.effort);
    }
    let smaller = Smaller::new(problem, kept, forced);
    let (forced, hint) = (smaller.positions(forced), smaller.positions(best));
    let solution = solve_within(&smaller.problem(problem), &forced, &[hint], limits, passes - 1);
    let chosen = solution.chosen.map(|it| it.iter().map(|&at| smaller.kept[at as usize]).collect());
    Solution { chosen, ..solution }
}

/// What is left of a problem.
struct Smaller {
    /// Per candidate left: its position before.
    kept: Vec<u32>,
    candidates: Vec<Candidate>,
    graph: AttackGraph,
}

impl Smaller {
    fn new(problem: &Problem<'_, '_>, kept: Vec<u32>, forced: &[u32]) -> Self {
        let mut place: Vec<Option<u32>> = vec![None; problem.candidates.len()];
        for (now, &before) in (0..).zip(&kept) {
            place[before as usize] = Some(now);
        }
        let whole = problem.graph;
        let surely = whole.reach(|arc| arc.cutters.iter().any(|&it| place[it as usize].is_some()));
        let most = whole.reach(|arc| arc.cutters.iter().any(|it| forced.contains(it)));
        let matters = |arc: &&Arc| most.nodes[arc.from as usize] && !surely.nodes[arc.to as usize];
        let arcs = whole.arcs.iter().filter(matters).map(|arc| Arc {
            cutters: arc.cutters.iter().filter_map(|&it| place[it as usize]).collect(),
            ..arc.clone()
        });
        let sources = (0..whole.n_nodes as u32).filter(|&it| surely.nodes[it as usize]).collect();
        let graph = whole.part(arcs.collect(), sources, kept.len());
        let candidates = kept.iter().map(|&it| problem.candidates[it as usize].clone()).collect();
        Self { kept, candidates, graph }
    }

    fn problem<'p, 'e>(&'p self, whole: &Problem<'p, 'e>) -> Problem<'p, 'e> {
        whole.part(&self.graph, &self.candidates, &self.kept)
    }

    /// Where these positions are now, as far as they are left.
    fn positions(&self, before: &[u32]) -> Vec<u32> {
        before.iter().filter_map(|it| self.kept.binary_search(it).ok()).map(|it| it as u32).collect()
    }
}
