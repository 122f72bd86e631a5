//! Making a problem small before it is searched: actions that no plan as cheap as the best known can hold are left out,
//! and with them every arc that nothing left can cut off the attacker.

use crate::actions::Candidate;
use crate::attack::{Arc, AttackGraph};
use crate::problem::Problem;
use crate::solve::{PROPOSALS, ROOT_ROUNDS, Search, Solution, Worthwhile};

/// Problems of no more candidates are searched as they are.
const SMALL: usize = 6;
/// Proposals and moves of prices per pass: the first pass has the whole estate before it and is to leave little of it.
const PASSES: [(u32, u32); 3] = [(4, 16), (PROPOSALS, ROOT_ROUNDS), (PROPOSALS, ROOT_ROUNDS)];

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
    solve_within(problem, forced, hints, limits, &PASSES)
}

fn solve_within(
    problem: &Problem<'_, '_>,
    forced: &[u32],
    hints: &[Vec<u32>],
    limits: Limits,
    passes: &[(u32, u32)],
) -> Solution {
    let mut search = Search::new(problem, forced, hints);
    let n = problem.candidates.len();
    let Some((&(proposals, rounds), passes)) = passes.split_first().filter(|_| n > SMALL) else {
        return search.run(limits.nodes, limits.effort);
    };
    let worthwhile = search.worthwhile(proposals, rounds);
    let (Some(worthwhile), Some(best)) = (worthwhile, search.best()) else {
        return search.run(limits.nodes, limits.effort);
    };
    let smaller = Smaller::new(problem, &worthwhile, forced);
    let (forced, hint) = (smaller.positions(forced), smaller.positions(best));
    let solution = solve_within(&smaller.problem(problem), &forced, &[hint], limits, passes);
    let chosen = solution.chosen.map(|it| it.iter().map(|&at| smaller.kept[at as usize]).collect());
    Solution { chosen, ..solution }
}

/// What is left of a problem.
struct Smaller {
    /// Per candidate left: its position before.
    kept: Vec<u32>,
    candidates: Vec<Candidate>,
    graph: AttackGraph,
    /// Per asset and foothold: whether it must not be, by the rules or because no plan worth having lets that happen.
    hard: Vec<bool>,
}

impl Smaller {
    fn new(problem: &Problem<'_, '_>, worthwhile: &Worthwhile, forced: &[u32]) -> Self {
        let all = 0..problem.candidates.len() as u32;
        let kept: Vec<u32> = all.filter(|&it| worthwhile.actions[it as usize]).collect();
        let mut place: Vec<Option<u32>> = vec![None; problem.candidates.len()];
        for (now, &before) in (0..).zip(&kept) {
            place[before as usize] = Some(now);
        }
        let hard: Vec<bool> = problem.hard.iter().zip(&worthwhile.reached).map(|it| *it.0 || !it.1).collect();
        let whole = problem.graph;
        let cuttable = |arc: &Arc| arc.cutters.iter().any(|&it| place[it as usize].is_some());
        let surely = whole.reach(cuttable).nodes;
        let lost = leading_to(whole, &hard, cuttable);
        // From where the attacker surely is on, as far as anything is still to be decided.
        let (mut seen, mut arcs) = (surely.clone(), Vec::new());
        let mut queue: Vec<u32> = (0..whole.n_nodes as u32).filter(|&it| surely[it as usize]).collect();
        let sources = queue.clone();
        while let Some(node) = queue.pop() {
            for &number in &whole.leaving[node as usize] {
                let arc = &whole.arcs[number as usize];
                if surely[arc.to as usize] || arc.cutters.iter().any(|it| forced.contains(it)) {
                    continue;
                }
                arcs.push(number);
                if lost[arc.to as usize].is_none() && !std::mem::replace(&mut seen[arc.to as usize], true) {
                    queue.push(arc.to);
                }
            }
        }
        arcs.sort_unstable();
        let part = |&number: &u32| {
            let arc = &whole.arcs[number as usize];
            Arc {
                to: lost[arc.to as usize].unwrap_or(arc.to),
                cutters: arc.cutters.iter().filter_map(|&it| place[it as usize]).collect(),
                ..arc.clone()
            }
        };
        let graph = whole.part(arcs.iter().map(part).collect(), sources, kept.len());
        let candidates = kept.iter().map(|&it| problem.candidates[it as usize].clone()).collect();
        Self { kept, candidates, graph, hard }
    }

    fn problem<'p, 'e>(&'p self, whole: &Problem<'p, 'e>) -> Problem<'p, 'e> {
        whole.part(&self.graph, &self.candidates, &self.kept, self.hard.clone())
    }

    /// Where these positions are now, as far as they are left.
    fn positions(&self, before: &[u32]) -> Vec<u32> {
        before.iter().filter_map(|it| self.kept.binary_search(it).ok()).map(|it| it as u32).collect()
    }
}

/// Per node: the hard asset that falls with it, whatever is done.
fn leading_to(graph: &AttackGraph, hard: &[bool], cuttable: impl Fn(&Arc) -> bool) -> Vec<Option<u32>> {
    let mut entering: Vec<Vec<u32>> = vec![Vec::new(); graph.n_nodes];
    for arc in graph.arcs.iter().filter(|it| it.gate.is_none() && !cuttable(it)) {
        entering[arc.to as usize].push(arc.from);
    }
    let mut lost = vec![None; graph.n_nodes];
    let mut queue: Vec<u32> = (0..graph.n_valued as u32).filter(|&it| hard[it as usize]).collect();
    queue.iter().for_each(|&it| lost[it as usize] = Some(it));
    while let Some(node) = queue.pop() {
        for &before in &entering[node as usize] {
            if lost[before as usize].is_none() {
                lost[before as usize] = lost[node as usize];
                queue.push(before);
            }
        }
    }
    lost
}
