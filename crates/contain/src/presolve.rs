//! Making a problem small before it is searched: actions that no plan as cheap as the best known can hold are left out,
//! and with them every arc that nothing left can cut off the attacker.

use std::rc::Rc;

use crate::actions::Candidate;
use crate::attack::{Arc, AttackGraph};
use crate::common::Common;
use crate::cover::ROOT_ROWS;
use crate::problem::Problem;
use crate::required::Needs;
use crate::solve::{PROPOSALS, Pass, ROOT_ROUNDS, Search, Solution, Worthwhile};

/// Problems of no more candidates are searched as they are.
const SMALL: usize = 6;
/// The first pass has the whole estate before it, and is to leave little of it: one proposal and the plain cut mostly do.
const GLANCE: Pass = Pass { proposals: 1, rounds: 0, rows: 0 };
/// Where they leave more candidates than this, the pass is done again, this way. Tests try all sets of few candidates.
const FEW: usize = if cfg!(test) { 8 } else { 1_000 };
const AGAIN: Pass = Pass { proposals: 4, rounds: 8, rows: ROOT_ROWS };
/// Every other pass.
const CLOSE: Pass = Pass { proposals: PROPOSALS, rounds: ROOT_ROUNDS, rows: ROOT_ROWS };
const PASSES: u32 = 3;

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Nodes of the search.
    pub(crate) nodes: u64,
    /// Arcs looked at.
    pub(crate) effort: u64,
}

/// The cheapest plan in which the candidates `forced` are chosen; `hints` are sets of actions worth trying first. `common`
/// is that of the problem.
pub(crate) fn solve(
    problem: &Problem<'_, '_>,
    common: &Rc<Common>,
    forced: &[u32],
    hints: &[Vec<u32>],
    limits: Limits,
) -> Solution {
    let search = Search::new(problem, common.clone(), forced, hints);
    solve_within(problem, search, forced, limits, PASSES)
}

fn solve_within(
    problem: &Problem<'_, '_>,
    mut search: Search<'_, '_, '_>,
    forced: &[u32],
    limits: Limits,
    passes: u32,
) -> Solution {
    if passes == 0 || problem.candidates.len() <= SMALL {
        return search.run(limits.nodes, limits.effort);
    }
    let Some(smaller) = smaller(problem, &mut search, forced) else {
        return search.run(limits.nodes, limits.effort);
    };
    let (forced, hint) =
        (smaller.positions(forced), smaller.positions(search.best().map_or(&[], Vec::as_slice)));
    let part = smaller.problem(problem);
    let search = Search::new(&part, Common::with(&part, smaller.needs.clone()), &forced, &[hint]);
    let solution = solve_within(&part, search, &forced, limits, passes - 1);
    let chosen = solution.chosen.map(|it| it.iter().map(|&at| smaller.kept[at as usize]).collect());
    Solution { chosen, ..solution }
}

/// What a pass leaves of the problem; none where it tells nothing.
fn smaller(problem: &Problem<'_, '_>, search: &mut Search<'_, '_, '_>, forced: &[u32]) -> Option<Smaller> {
    let mut left = |pass| {
        let worthwhile = search.worthwhile(pass)?;
        Some(Smaller::new(problem, &search.common().needs, &worthwhile, forced))
    };
    if problem.candidates.len() <= FEW {
        return left(CLOSE);
    }
    left(GLANCE).filter(|it| it.kept.len() <= FEW).or_else(|| left(AGAIN))
}

/// What is left of a problem.
struct Smaller {
    /// Per candidate left: its position before.
    kept: Vec<u32>,
    candidates: Vec<Candidate>,
    /// Per node left: its number before.
    nodes: Vec<u32>,
    graph: AttackGraph,
    needs: Needs,
    /// Per asset and foothold left: whether it must not be, by the rules or because no plan worth having lets that happen.
    hard: Vec<bool>,
}

impl Smaller {
    fn new(problem: &Problem<'_, '_>, needs: &Needs, worthwhile: &Worthwhile, forced: &[u32]) -> Self {
        let hard: Vec<bool> = problem.hard.iter().zip(&worthwhile.reached).map(|it| *it.0 || !it.1).collect();
        let whole = problem.graph;
        let cuttable = |arc: &Arc| arc.cutters.iter().any(|&it| worthwhile.actions[it as usize]);
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
        let kept = kept(whole, &arcs, worthwhile, forced);
        let lost_to = |it: u32| lost[it as usize].unwrap_or(it);
        let mut left = vec![false; whole.n_nodes];
        for &number in &arcs {
            let arc = &whole.arcs[number as usize];
            [arc.from, lost_to(arc.to)].iter().for_each(|&it| left[it as usize] = true);
        }
        let costs = |it: usize| it < whole.n_valued && (hard[it] || problem.values[it] > 0);
        let matters = |it: &&u32| costs(**it as usize) || whole.secrets.contains_key(*it);
        sources.iter().filter(matters).for_each(|&it| left[it as usize] = true);
        let needs = needs.part(&mut left, kept.iter().map(|&it| &problem.candidates[it as usize]));
        let nodes: Vec<u32> = (0..whole.n_nodes as u32).filter(|&it| left[it as usize]).collect();
        let now = |it: u32| nodes.binary_search(&it).ok().map(|it| it as u32);
        let node = |it: u32| now(it).unwrap_or_default();
        let place = |it: &u32| kept.binary_search(it).ok().map(|it| it as u32);
        let part = |&number: &u32| {
            let arc = &whole.arcs[number as usize];
            let cutters = arc.cutters.iter().filter_map(place).collect();
            Arc { from: node(arc.from), to: node(lost_to(arc.to)), cutters, ..*arc }
        };
        let sources = sources.into_iter().filter_map(now).collect();
        let graph = whole.part(&nodes, arcs.iter().map(part).collect(), sources, kept.len());
        let candidates = kept.iter().map(|&it| problem.candidates[it as usize].clone()).collect();
        let hard = nodes[..graph.n_valued].iter().map(|&it| hard[it as usize]).collect();
        let needs = needs.renumbered(now);
        Self { kept, candidates, nodes, graph, needs, hard }
    }

    fn problem<'p, 'e>(&'p self, whole: &Problem<'p, 'e>) -> Problem<'p, 'e> {
        whole.part(&self.graph, &self.candidates, &self.kept, &self.nodes, self.hard.clone())
    }

    /// Where these positions are now, as far as they are left.
    fn positions(&self, before: &[u32]) -> Vec<u32> {
        before.iter().filter_map(|it| self.kept.binary_search(it).ok()).map(|it| it as u32).collect()
    }
}

/// Candidates left, ascending: those worth taking that cut one of `arcs`, and the forced ones. What cuts nothing that is
/// still open costs something and helps nobody.
fn kept(graph: &AttackGraph, arcs: &[u32], worthwhile: &Worthwhile, forced: &[u32]) -> Vec<u32> {
    let cutters = arcs.iter().flat_map(|&it| &graph.arcs[it as usize].cutters).copied();
    let mut kept: Vec<u32> = cutters.chain(forced.iter().copied()).collect();
    kept.sort_unstable();
    kept.dedup();
    kept.retain(|&it| worthwhile.actions[it as usize]);
    kept
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
