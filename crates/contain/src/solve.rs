//! The exact planner: best-first branch and bound over services and actions, with a minimum cut as lower bound.
//!
//! At a node some actions are chosen, some excluded, and each service has a least state already paid for and a worst
//! state allowed. What the remaining actions must at least cost is a minimum cut of the compact attack graph, in which
//! an action that cuts several arcs has its cost split among them and services cost nothing beyond what is paid. The cut
//! proposes a set of actions; where its true cost exceeds the bound, the cause is found (a service it breaks, an action
//! split over arcs, a secret the bound did not believe reached) and branched on. Deterministic: no clock, no hash order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use bulkhead_service::{Evaluation, Losses};

use crate::attack::Reach;
use crate::maxflow::{INFINITE, Network};
use crate::problem::{Assessment, Problem};

/// Larger sets are not tried without each of their actions: that would cost a search of the graph per action.
const CLEANED: usize = 600;
/// Arcs that all nodes of one search may look at together; keeps large estates within about a second per search.
const ARCS: u64 = 60_000_000;

/// Weight of an arc in the split of an action's cost before anything is known, and the most it may become.
const EVEN: u32 = 64;
const MOST: u32 = 1 << 16;
/// How often the split is moved towards the cut at the first node, and at every other.
const ROOT_ROUNDS: u32 = 24;
const ROUNDS: u32 = 2;

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// Positions of the chosen candidates, ascending; none when the hard rules cannot be met.
    pub(crate) chosen: Option<Vec<u32>>,
    /// Weighted cost of the chosen set, with count and ids.
    pub(crate) cost: i128,
    /// Proven lower bound of the weighted cost; equal to `cost` when proven optimal.
    pub(crate) bound: i128,
    /// Nodes of the search expanded.
    pub(crate) nodes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    bound: i128,
    /// Deeper first among equals, then oldest first: finds complete plans soonest.
    depth: Reverse<u32>,
    number: u64,
    chosen: BTreeSet<u32>,
    excluded: BTreeSet<u32>,
    /// Per service: least state paid for, worst state allowed (0 up, 1 degraded, 2 down).
    levels: Vec<(u8, u8)>,
}

enum Branch {
    Action(u32),
    Service { number: usize, kept: u8, paid: u8 },
}

/// A minimum cut at a node.
struct Cut {
    flow: i128,
    /// Nodes of the graph on the attacker's side.
    side: Vec<bool>,
    /// Actions proposed, each with the part of its cost that the cut pays.
    picked: Vec<(u32, i128)>,
    /// Places in the split at which it pays.
    paid_at: Vec<usize>,
}

pub(crate) struct Search<'s, 'p, 'e> {
    problem: &'s Problem<'p, 'e>,
    has_gates: bool,
    best: Option<Vec<u32>>,
    best_cost: i128,
    forced: BTreeSet<u32>,
    /// Per arc: where the weights of its cutters begin.
    places: Vec<usize>,
    /// Per arc and cutter: how much of the cutter's cost the arc gets when it is split, relative to its other arcs. Any
    /// split gives a bound; these move towards where cuts pay.
    split: Vec<u32>,
}

impl<'s, 'p, 'e> Search<'s, 'p, 'e> {
    /// A search in which the candidates `forced` are always chosen; `hints` are sets of actions worth trying first.
    pub(crate) fn new(problem: &'s Problem<'p, 'e>, forced: &[u32], hints: &[Vec<u32>]) -> Self {
        let has_gates = problem.graph.arcs.iter().any(|it| it.gate.is_some());
        let forced: BTreeSet<u32> = forced.iter().copied().collect();
        let mut places = vec![0];
        for arc in &problem.graph.arcs {
            places.push(places[places.len() - 1] + arc.cutters.len());
        }
        let split = vec![EVEN; places[places.len() - 1]];
        let mut search = Self { problem, has_gates, best: None, best_cost: INFINITE, forced, places, split };
        search.offer(&search.forced.clone());
        for hint in hints {
            let set = hint.iter().copied().chain(search.forced.iter().copied()).collect();
            search.offer(&set);
        }
        search
    }

    /// Runs until optimality is proven or `work_limit` nodes have been expanded; fewer on graphs so large that these
    /// would look at too many arcs, but never fewer than 40.
    pub(crate) fn run(mut self, work_limit: u64) -> Solution {
        let affordable = (ARCS / self.problem.graph.arcs.len().max(1) as u64).max(40);
        let work_limit = work_limit.min(affordable);
        let root = Node {
            bound: 0,
            depth: Reverse(0),
            number: 0,
            chosen: self.forced.clone(),
            excluded: BTreeSet::new(),
            levels: vec![(0, 2); self.problem.losses.len()],
        };
        let mut open = BinaryHeap::from([Reverse(root)]);
        let (mut nodes, mut created) = (0, 0);
        let mut bound = self.best_cost;
        while let Some(Reverse(node)) = open.pop() {
            if node.bound >= self.best_cost {
                bound = self.best_cost;
                break;
            }
            if nodes >= work_limit {
                bound = node.bound;
                self.fall_back();
                break;
            }
            nodes += 1;
            for mut child in self.expand(node) {
                created += 1;
                child.number = created;
                if child.bound < self.best_cost {
                    open.push(Reverse(child));
                }
            }
            bound = self.best_cost;
        }
        Solution { chosen: self.best, cost: self.best_cost, bound: bound.min(self.best_cost), nodes }
    }

    /// Stopped without any plan: taking every action is one, if there is one at all.
    fn fall_back(&mut self) {
        if self.best.is_none() {
            let all: BTreeSet<u32> = (0..self.problem.candidates.len() as u32).collect();
            self.offer(&all);
        }
    }

    /// Judges `set`, drops what it does not need, and keeps it when it is the best so far. Returns the judgement of `set`.
    fn offer(&mut self, set: &BTreeSet<u32>) -> Assessment {
        let mut chosen: Vec<u32> = set.iter().copied().collect();
        let assessment = self.problem.assess(&chosen);
        let Some(mut cost) = assessment.cost else { return assessment };
        if chosen.len() <= CLEANED && cost < self.best_cost.saturating_add(cost / 4) {
            let mut by_cost = chosen.clone();
            by_cost.sort_by_key(|&it| (Reverse(self.problem.operating[it as usize]), it));
            for action in by_cost.into_iter().filter(|it| !self.forced.contains(it)) {
                let fewer: Vec<u32> = chosen.iter().copied().filter(|&it| it != action).collect();
                if let Some(cheaper) = self.problem.assess(&fewer).cost.filter(|&it| it < cost) {
                    (chosen, cost) = (fewer, cheaper);
                }
            }
        }
        if cost < self.best_cost {
            self.best_cost = cost;
            self.best = Some(chosen);
        }
        assessment
    }

    fn expand(&mut self, mut node: Node) -> Vec<Node> {
        let problem = self.problem;
        let chosen: Vec<u32> = node.chosen.iter().copied().collect();
        let losses = problem.losses_of(&chosen);
        let evaluation = problem.ground.services.evaluate(&problem.ground.index, &losses);
        if !raise_paid(&mut node, &evaluation) {
            return Vec::new();
        }
        if !problem.within_budget(node.chosen.iter().copied()) {
            return Vec::new();
        }
        let paid: i128 = node.levels.iter().zip(&problem.losses).map(|(it, loss)| loss[it.0 as usize]).sum();
        let fixed = paid * problem.weights.service
            + chosen.iter().map(|&it| problem.operating[it as usize]).sum::<i128>();
        if fixed >= self.best_cost {
            return Vec::new();
        }
        let extra = self.exclude_hopeless(&mut node, fixed, &losses, &evaluation);
        if node.number == 0
            && let Some(cut) = self.cut(&node, fixed, Some(&extra))
        {
            self.offer(&with(&node.chosen, &cut));
        }
        let Some(mut cut) = self.cut(&node, fixed, None) else { return Vec::new() };
        let rounds = if node.number == 0 { ROOT_ROUNDS } else { ROUNDS };
        for _ in 0..rounds {
            if self.split_action(&cut).is_none() {
                break;
            }
            self.shift(&cut);
            let Some(next) = self.cut(&node, fixed, None) else { return Vec::new() };
            node.bound = node.bound.max(fixed + cut.flow);
            cut = next;
        }
        node.bound = node.bound.max(fixed + cut.flow);
        if node.bound >= self.best_cost {
            return Vec::new();
        }
        let proposed = with(&node.chosen, &cut);
        let assessment = self.offer(&proposed);
        if assessment.cost.is_some_and(|it| it <= node.bound) {
            return Vec::new();
        }
        match self.branch(&node, &cut, &assessment) {
            Some(branch) => children(&node, &branch),
            None => Vec::new(),
        }
    }

    /// Excludes actions that alone break what must be kept or cost more than the best plan; returns for every other one
    /// what it alone costs in services beyond what is paid.
    fn exclude_hopeless(
        &self,
        node: &mut Node,
        fixed: i128,
        losses: &Losses,
        evaluation: &Evaluation,
    ) -> Vec<i128> {
        let problem = self.problem;
        let mut extra = vec![0; problem.candidates.len()];
        for (action, candidate) in (0..).zip(problem.candidates) {
            if node.chosen.contains(&action) || node.excluded.contains(&action) {
                continue;
            }
            let touched = &problem.touched[action as usize];
            if !touched.is_empty() {
                let mut more = losses.clone();
                candidate.effect.apply(&mut more);
                let index = &problem.ground.index;
                for (service, state) in problem.ground.services.changes(index, evaluation, &more, touched) {
                    let (paid, allowed) = node.levels[service as usize];
                    let table = &problem.losses[service as usize];
                    if state as u8 > allowed {
                        extra[action as usize] = INFINITE;
                        break;
                    }
                    let beyond = table[state as usize] - table[paid as usize];
                    extra[action as usize] += beyond.max(0) * problem.weights.service;
                }
            }
            let beyond_budget = problem.needs_approval[action as usize]
                && !problem.within_budget(node.chosen.iter().copied().chain([action]));
            let least = fixed
                .saturating_add(problem.operating[action as usize])
                .saturating_add(extra[action as usize]);
            if beyond_budget || least >= self.best_cost {
                node.excluded.insert(action);
            }
        }
        extra
    }

    /// The minimum cut at `node`; with `extra`, each action costs that much more and is not split: a proposal, no bound.
    /// None when no cut is cheaper than the best plan, or none exists.
    fn cut(&self, node: &Node, fixed: i128, extra: Option<&[i128]>) -> Option<Cut> {
        let (problem, graph) = (self.problem, self.problem.graph);
        let shut = |arc: &crate::attack::Arc| arc.cutters.iter().any(|it| node.chosen.contains(it));
        let most = graph.reach(shut);
        let sure = self.surely_usable(node);
        let relevant: Vec<u32> = (0..)
            .zip(&graph.arcs)
            .filter(|(_, arc)| {
                most.nodes[arc.from as usize]
                    && arc.gate.is_none_or(|it| sure.as_ref().is_some_and(|sure| sure[it as usize]))
                    && !shut(arc)
            })
            .map(|(number, _)| number)
            .collect();
        let prices = self.prices(node, &relevant, extra);
        let (source, sink) = (graph.n_nodes as u32, graph.n_nodes as u32 + 1);
        let mut network = Network::new(graph.n_nodes + 2);
        for &it in &graph.sources {
            network.arc(source, it, INFINITE);
        }
        for &number in &relevant {
            let arc = &graph.arcs[number as usize];
            let capacity = self.cheapest(number, &prices).map_or(INFINITE, |(_, price)| price);
            network.arc(arc.from, arc.to, capacity);
        }
        for asset in (0..graph.n_assets).filter(|&it| most.nodes[it]) {
            let value = problem.values[asset] * problem.weights.exposure;
            let capacity = if problem.hard[asset] { INFINITE } else { value };
            if capacity > 0 {
                network.arc(asset as u32, sink, capacity);
            }
        }
        let enough = if extra.is_some() { INFINITE } else { (self.best_cost - fixed).min(INFINITE) };
        let flow = network.run(source, sink, enough);
        if flow >= enough {
            return None;
        }
        let side = network.source_side(source);
        let (picked, paid_at) = self.pick(&relevant, &prices, &side);
        Some(Cut { flow, picked, paid_at, side })
    }

    /// Per identity: whether its secret is reached even if every action still possible were taken.
    fn surely_usable(&self, node: &Node) -> Option<Vec<bool>> {
        if !self.has_gates {
            return None;
        }
        let least: Reach =
            self.problem.graph.reach(|arc| arc.cutters.iter().any(|it| !node.excluded.contains(it)));
        Some(least.usable)
    }

    /// Per arc and cutter: the price of cutting there, none when the action is excluded.
    fn prices(&self, node: &Node, relevant: &[u32], extra: Option<&[i128]>) -> Vec<Option<i128>> {
        let problem = self.problem;
        let mut shares = vec![0_i128; problem.candidates.len()];
        for &number in relevant {
            for (place, action) in self.cutters(number) {
                shares[action as usize] += i128::from(self.split[place]);
            }
        }
        let price = |place: usize, action: u32| {
            let operating = problem.operating[action as usize];
            let share = i128::from(self.split[place]);
            match extra {
                Some(extra) => operating.saturating_add(extra[action as usize]).min(INFINITE - 1),
                None if shares[action as usize] == share => operating,
                None => operating / shares[action as usize] * share,
            }
        };
        let mut prices = vec![None; self.split.len()];
        for &number in relevant {
            for (place, action) in self.cutters(number).filter(|it| !node.excluded.contains(&it.1)) {
                prices[place] = Some(price(place, action));
            }
        }
        prices
    }

    /// Places and actions of an arc's cutters.
    fn cutters(&self, number: u32) -> impl Iterator<Item = (usize, u32)> + '_ {
        let cutters = &self.problem.graph.arcs[number as usize].cutters;
        (self.places[number as usize]..).zip(cutters.iter().copied())
    }

    /// The cheapest place at which an arc can be cut, and its price.
    fn cheapest(&self, number: u32, prices: &[Option<i128>]) -> Option<((usize, u32), i128)> {
        let priced = self.cutters(number).filter_map(|it| Some((it, prices[it.0]?)));
        priced.min_by_key(|&((_, action), price)| (price, action))
    }

    /// The actions that a cut proposes with what it pays for each, and where it pays.
    fn pick(
        &self,
        relevant: &[u32],
        prices: &[Option<i128>],
        side: &[bool],
    ) -> (Vec<(u32, i128)>, Vec<usize>) {
        let (mut picked, mut paid_at) = (BTreeMap::new(), Vec::new());
        for &number in relevant {
            let arc = &self.problem.graph.arcs[number as usize];
            if side[arc.from as usize]
                && !side[arc.to as usize]
                && let Some(((place, action), price)) = self.cheapest(number, prices)
            {
                *picked.entry(action).or_insert(0) += price;
                paid_at.push(place);
            }
        }
        (picked.into_iter().collect(), paid_at)
    }

    /// Moves the split of every action towards the arcs at which `cut` pays.
    fn shift(&mut self, cut: &Cut) {
        for &place in &cut.paid_at {
            self.split[place] = (self.split[place] + self.split[place] / 2).min(MOST);
        }
    }

    /// Why the proposal costs more than the bound says.
    fn branch(&self, node: &Node, cut: &Cut, proposal: &Assessment) -> Option<Branch> {
        self.over_budget(node, cut)
            .or_else(|| self.broken_service(node, cut, proposal))
            .or_else(|| self.split_action(cut))
            .or_else(|| self.unbelieved_secret(node, cut, proposal))
            .or_else(|| cut.picked.first().map(|it| Branch::Action(it.0)))
    }

    fn over_budget(&self, node: &Node, cut: &Cut) -> Option<Branch> {
        let picked = || cut.picked.iter().map(|it| it.0);
        if self.problem.within_budget(node.chosen.iter().copied().chain(picked())) {
            return None;
        }
        picked().find(|&it| self.problem.needs_approval[it as usize]).map(Branch::Action)
    }

    fn broken_service(&self, node: &Node, cut: &Cut, proposal: &Assessment) -> Option<Branch> {
        let beyond = |number: usize| {
            let table = &self.problem.losses[number];
            table[proposal.evaluation.states[number] as usize] - table[node.levels[number].0 as usize]
        };
        let worst = (0..node.levels.len())
            .max_by_key(|&it| (beyond(it), Reverse(it)))
            .filter(|&it| beyond(it) > 0)?;
        let (paid, allowed) = node.levels[worst];
        if paid < allowed {
            return Some(Branch::Service { number: worst, kept: paid, paid: paid + 1 });
        }
        // Kept by the branch, broken by several actions together: one of them is undecided.
        let dependents =
            |leaf: &u32| self.problem.ground.services.dependents(*leaf).contains(&(worst as u32));
        let touches = |action: u32| self.problem.touched[action as usize].iter().any(dependents);
        cut.picked.iter().map(|it| it.0).find(|&it| touches(it)).map(Branch::Action)
    }

    fn split_action(&self, cut: &Cut) -> Option<Branch> {
        let missing = |&(action, paid): &(u32, i128)| self.problem.operating[action as usize] - paid;
        let worst = cut.picked.iter().max_by_key(|it| (missing(it), Reverse(it.0)))?;
        (missing(worst) > 0).then_some(Branch::Action(worst.0))
    }

    fn unbelieved_secret(&self, node: &Node, cut: &Cut, proposal: &Assessment) -> Option<Branch> {
        let graph = self.problem.graph;
        let matters = |asset: usize| self.problem.hard[asset] || self.problem.values[asset] > 0;
        let reached =
            (0..graph.n_assets).find(|&it| proposal.reach.nodes[it] && !cut.side[it] && matters(it))?;
        let undecided = |it: &u32| !node.excluded.contains(it) && !node.chosen.contains(it);
        graph
            .derivation(&proposal.reach, reached as u32)
            .into_iter()
            .flat_map(|number| graph.arcs[number as usize].cutters.iter().copied())
            .find(undecided)
            .map(Branch::Action)
    }
}

/// Takes the states that the chosen actions bring about as paid; false when one is worse than allowed.
fn raise_paid(node: &mut Node, evaluation: &Evaluation) -> bool {
    for (level, &state) in node.levels.iter_mut().zip(&evaluation.states) {
        level.0 = level.0.max(state as u8);
    }
    // A baseline that is not up is nobody's fault: it is allowed from the start.
    node.levels.iter().all(|it| it.0 <= it.1)
}

fn with(chosen: &BTreeSet<u32>, cut: &Cut) -> BTreeSet<u32> {
    chosen.iter().copied().chain(cut.picked.iter().map(|it| it.0)).collect()
}

fn children(node: &Node, branch: &Branch) -> Vec<Node> {
    let child = || Node { depth: Reverse(node.depth.0 + 1), ..node.clone() };
    let (mut one, mut other) = (child(), child());
    match *branch {
        Branch::Action(action) => {
            one.chosen.insert(action);
            other.excluded.insert(action);
        }
        Branch::Service { number, kept, paid } => {
            one.levels[number].1 = kept;
            other.levels[number].0 = paid;
        }
    }
    vec![one, other]
}
