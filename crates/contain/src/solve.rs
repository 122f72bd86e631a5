//! The exact planner: best-first branch and bound over services and actions, with a minimum cut as lower bound.
//!
//! At a node some actions are chosen, some excluded, and each service has a least state already paid for and a worst
//! state allowed. What the rest must at least cost is the bound of `relax`. Its cut proposes a set of actions; where the
//! true cost of that exceeds the bound, the largest cause is found (a service broken, an action split over arcs, a secret
//! the bound did not believe reached) and branched on. Once the least cost is proven, the same search goes on among the
//! plans that cost as much for the one that blocks the fewest pairs of others, and of those the one with the smallest ids. Deterministic: no clock, no hash order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::rc::Rc;

use bulkhead_service::{Evaluation, Losses};

use crate::alone::Breaks;
use crate::clean::Cleaner;
use crate::common::Common;
use crate::cover::{Judge, ROOT_ROWS};
use crate::maxflow::INFINITE;
use crate::node::{Branch, Node, children, raise_paid};
use crate::problem::{Assessment, Problem, without_pairs};
use crate::relax::{Cut, Query, Relaxation, Status};

/// Larger sets are not tried without each of their actions.
const CLEANED: usize = 600;
/// How often prices are moved at the first node, and at every other.
pub(crate) const ROOT_ROUNDS: u32 = 60;
const ROUNDS: u32 = 8;

/// How many cuts are proposed in a row, and at every how many nodes.
pub(crate) const PROPOSALS: u32 = 24;
const PROPOSE_EVERY: u64 = 40;

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// Positions of the chosen candidates, ascending; none when the hard rules cannot be met.
    pub(crate) chosen: Option<Vec<u32>>,
    /// Weighted cost of the chosen set, with its count.
    pub(crate) cost: i128,
    /// Proven lower bound of the weighted cost; equal to `cost` when proven optimal.
    pub(crate) bound: i128,
    /// Nodes of the search expanded.
    pub(crate) nodes: u64,
}

/// How much is asked of the first node: proposals, moves of prices, and rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) proposals: u32,
    pub(crate) rounds: u32,
    pub(crate) rows: u32,
}

/// What can be in a plan as cheap as the best known.
pub(crate) struct Worthwhile {
    /// Per action: whether it can be taken.
    pub(crate) actions: Vec<bool>,
    /// Per asset: whether it can be reached.
    pub(crate) reached: Vec<bool>,
}

/// What the chosen actions of a node bring about.
struct Entered {
    losses: Losses,
    evaluation: Evaluation,
    /// What each action by itself breaks beyond.
    alone: Rc<Breaks>,
    /// What is paid whatever else is decided.
    fixed: i128,
    /// Per action: what it alone costs in services beyond.
    extra: Vec<i128>,
}

pub(crate) struct Search<'s, 'p, 'e> {
    problem: &'s Problem<'p, 'e>,
    relaxation: Relaxation<'s, 'p, 'e>,
    common: Rc<Common>,
    best: Option<Vec<u32>>,
    best_cost: i128,
    forced: BTreeSet<u32>,
    /// Whether the least cost is known and only smaller ids are of interest.
    ties: bool,
    /// Arcs and leaves looked at beside the relaxation's.
    work: u64,
    nodes: u64,
}

impl<'s, 'p, 'e> Search<'s, 'p, 'e> {
    /// A search in which the candidates `forced` are always chosen; `hints` are sets of actions worth trying first.
    pub(crate) fn new(
        problem: &'s Problem<'p, 'e>,
        common: Rc<Common>,
        forced: &[u32],
        hints: &[Vec<u32>],
    ) -> Self {
        let mut search = Self {
            problem,
            relaxation: Relaxation::new(problem),
            common,
            best: None,
            best_cost: INFINITE,
            forced: forced.iter().copied().collect(),
            ties: false,
            work: 0,
            nodes: 0,
        };
        search.offer(&search.forced.clone());
        for hint in hints {
            let set = hint.iter().copied().chain(search.forced.iter().copied()).collect();
            search.offer(&set);
        }
        search
    }

    /// Runs until optimality is proven, `work_limit` nodes have been expanded or `effort` arcs were looked at.
    pub(crate) fn run(mut self, work_limit: u64, effort: u64) -> Solution {
        let bound = self.search(work_limit, effort);
        if bound >= self.best_cost && self.best.is_some() {
            self.ties = true;
            self.search(work_limit, effort / 4);
        }
        Solution {
            chosen: self.best,
            cost: self.best_cost,
            bound: bound.min(self.best_cost),
            nodes: self.nodes,
        }
    }

    /// Searches on from the first node; returns what is proven to be the least cost.
    fn search(&mut self, work_limit: u64, effort: u64) -> i128 {
        let root = Node::first(self.problem, &self.forced);
        let mut open = BinaryHeap::from([Reverse(root)]);
        let (mut nodes, mut created) = (0, 0);
        let begun = self.work + self.relaxation.work;
        while let Some(Reverse(node)) = open.pop() {
            if self.is_hopeless(node.bound) {
                return self.best_cost;
            }
            if nodes >= work_limit.max(1) || self.work + self.relaxation.work - begun > effort {
                self.fall_back();
                return node.bound;
            }
            nodes += 1;
            self.nodes += 1;
            for mut child in self.expand(node) {
                created += 1;
                child.number = created;
                if !self.is_hopeless(child.bound) {
                    open.push(Reverse(child));
                }
            }
        }
        self.best_cost
    }

    /// Whether a node of this bound holds nothing better.
    fn is_hopeless(&self, bound: i128) -> bool {
        if self.ties { bound > self.best_cost } else { bound >= without_pairs(self.best_cost) }
    }

    /// What a cut may cost before it is of no interest.
    fn enough(&self, fixed: i128) -> i128 {
        let least = if self.ties { self.best_cost + 1 } else { without_pairs(self.best_cost) };
        (least - fixed).min(INFINITE)
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
        self.work += (self.problem.graph.arcs.len() / 2) as u64;
        let assessment = self.problem.assess(&chosen);
        let Some(mut cost) = assessment.cost else { return assessment };
        let worthwhile =
            cost < self.best_cost || (self.nodes < 32 && cost < self.best_cost.saturating_add(cost / 4));
        if chosen.len() <= CLEANED && worthwhile {
            let work;
            (chosen, cost, work) = Cleaner::new(self.problem, chosen, &assessment, cost).clean(&self.forced);
            self.work += work;
            debug_assert_eq!(self.problem.assess(&chosen).cost, Some(cost), "dropped with the right cost");
        }
        let smaller = cost == self.best_cost && self.best.as_ref().is_some_and(|it| chosen < *it);
        if cost < self.best_cost || smaller {
            self.best_cost = cost;
            self.best = Some(chosen);
        }
        assessment
    }

    /// What can be in a plan as cheap as the best known, as far as the first node tells; none without a plan.
    pub(crate) fn worthwhile(&mut self, pass: Pass) -> Option<Worthwhile> {
        // A plan that costs as much may have smaller ids.
        self.ties = true;
        let worthwhile = self.worthwhile_or_equal(pass);
        self.ties = false;
        worthwhile
    }

    fn worthwhile_or_equal(&mut self, pass: Pass) -> Option<Worthwhile> {
        let mut node = Node::first(self.problem, &self.forced);
        let entered = self.enter(&mut node)?;
        self.propose(&node, entered.extra.clone(), pass.proposals);
        self.best.as_ref()?;
        let cut = self.cut(&node, &entered, pass.rounds, pass.rows)?;
        let spare = self.best_cost - entered.fixed - cut.flow;
        let slack = node.status.iter().zip(&cut.slack);
        let can = |(&it, &slack)| it == Status::Chosen || (it == Status::Undecided && slack <= spare);
        Some(Worthwhile {
            actions: slack.map(can).collect(),
            reached: cut.spared.iter().map(|&it| it <= spare).collect(),
        })
    }

    pub(crate) fn common(&self) -> &Common {
        &self.common
    }

    /// The best plan so far: positions of its candidates.
    pub(crate) fn best(&self) -> Option<&Vec<u32>> {
        self.best.as_ref()
    }

    /// Takes stock of a node; none when nothing better can be in it.
    fn enter(&mut self, node: &mut Node) -> Option<Entered> {
        let problem = self.problem;
        let chosen: Vec<u32> = node.chosen.iter().copied().collect();
        let losses = problem.losses_of(&chosen);
        let evaluation = problem.evaluate(&chosen, &losses);
        if !raise_paid(node, &evaluation) || !problem.within_budget(&chosen, &evaluation) {
            return None;
        }
        let alone = match &node.alone {
            Some(known) => self.common.breakers.updated(problem, known, &node.since, &losses, &evaluation),
            None => self
                .common
                .alone
                .get_or_init(|| self.common.breakers.all(problem, &losses, &evaluation))
                .clone(),
        };
        node.since.clear();
        node.alone = Some(alone.clone());
        let fixed = self.fixed(node);
        if self.is_hopeless(fixed) {
            return None;
        }
        let extra = self.exclude_hopeless(node, fixed, &alone);
        Some(Entered { losses, evaluation, alone, fixed, extra })
    }

    fn cut(&mut self, node: &Node, entered: &Entered, rounds: u32, rows: u32) -> Option<Cut> {
        self.relaxation.cut(&Query {
            status: &node.status,
            alone: &entered.alone,
            levels: &node.levels,
            reached: &node.reached,
            enough: self.enough(entered.fixed),
            rounds,
            rows,
            judge: Judge { node, breakers: &self.common.breakers, losses: &entered.losses },
        })
    }

    fn expand(&mut self, mut node: Node) -> Vec<Node> {
        let problem = self.problem;
        let Some(entered) = self.enter(&mut node) else { return Vec::new() };
        if node.number == 0 || (self.nodes.is_multiple_of(PROPOSE_EVERY) && !self.ties) {
            self.propose(&node, entered.extra.clone(), PROPOSALS);
        }
        let (rounds, rows) = if node.number == 0 { (ROOT_ROUNDS, ROOT_ROWS) } else { (ROUNDS, 0) };
        let Some(cut) = self.cut(&node, &entered, rounds, rows) else { return Vec::new() };
        let possible = |&it: &u32| node.status[it as usize] != Status::Excluded;
        let surely = problem.graph.reach_from(&node.reached, |arc| arc.cutters.iter().any(possible)).nodes;
        let Entered { losses, evaluation, fixed, .. } = &entered;
        let gain = self.common.needs.gain(problem, &cut, losses, evaluation, &node.levels, &surely);
        node.bound = node.bound.max(problem.rounded_up((fixed + cut.flow + gain).min(INFINITE)));
        if self.is_hopeless(node.bound) {
            return Vec::new();
        }
        let assessment = self.offer(&with(&node.chosen, cut.picked.iter().map(|it| it.0)));
        self.exclude_dear(&mut node, &cut, *fixed);
        let exactly = |it: i128| if self.ties { it } else { without_pairs(it) };
        if assessment.cost.is_some_and(|it| exactly(it) <= node.bound) {
            return self.smaller_ids(&node, &cut);
        }
        match self.branch(&node, &cut, &assessment, &entered, &surely) {
            Some(branch) => children(&node, &branch),
            None => Vec::new(),
        }
    }

    /// Proposes sets of actions: a cut in which each action costs its services too, then again with those dearer that
    /// together broke a service, until none is broken beyond what is paid or no other cut comes about.
    fn propose(&mut self, node: &Node, mut extra: Vec<i128>, proposals: u32) {
        for _ in 0..proposals {
            let Some(picked) = self.relaxation.proposal(&node.status, &node.reached, &extra) else {
                return;
            };
            let states = self.offer(&with(&node.chosen, picked.iter().copied())).evaluation.states;
            let mut dearer = false;
            for (number, &state) in states.iter().enumerate() {
                let table = &self.problem.losses[number];
                let lost = (table[state as usize] - table[node.levels[number].0 as usize]).max(0)
                    * self.problem.weights.service;
                let breakers = self.common.breakers.of(number);
                let part: Vec<u32> =
                    picked.iter().copied().filter(|it| breakers.binary_search(it).is_ok()).collect();
                // What it already holds as extra did not keep the action out: only more will.
                for action in part.iter().filter(|_| lost > 0) {
                    let more = lost / part.len() as i128 + 1;
                    extra[*action as usize] = extra[*action as usize].saturating_add(more).min(INFINITE);
                    dearer = true;
                }
            }
            if !dearer {
                return;
            }
        }
    }

    /// What is paid at a node whatever else is decided.
    fn fixed(&self, node: &Node) -> i128 {
        let problem = self.problem;
        let paid: i128 = node.levels.iter().zip(&problem.losses).map(|(it, loss)| loss[it.0 as usize]).sum();
        let operating: i128 = node.chosen.iter().map(|&it| problem.operating[it as usize]).sum();
        paid * problem.weights.service + operating
    }

    /// Excludes actions that alone break what must be kept or cost more than the best plan; returns for every other one
    /// what it alone costs in services beyond what is paid.
    fn exclude_hopeless(&mut self, node: &mut Node, fixed: i128, alone: &Breaks) -> Vec<i128> {
        let problem = self.problem;
        let mut extra = vec![0; problem.candidates.len()];
        for (&action, broken) in alone {
            for &(service, state) in broken {
                let (paid, allowed) = node.levels[service as usize];
                let table = &problem.losses[service as usize];
                let beyond = table[state as usize] - table[paid as usize];
                extra[action as usize] = if state > allowed {
                    INFINITE
                } else {
                    beyond.max(0) * problem.weights.service + extra[action as usize]
                };
            }
        }
        // What the chosen ones leave of the budget, counting only what each needs by itself.
        let counted = |it: u32| i64::from(problem.candidates[it as usize].count);
        let alone_approved = |it: &&u32| problem.needs_approval[**it as usize];
        let left = problem.approval_budget.map(|budget| {
            i64::from(budget) - node.chosen.iter().filter(alone_approved).map(|&it| counted(it)).sum::<i64>()
        });
        let all = 0..problem.candidates.len() as u32;
        for action in all.filter(|&it| node.is_undecided(it)).collect::<Vec<_>>() {
            let at = action as usize;
            let least = fixed.saturating_add(problem.operating[at]).saturating_add(extra[at]);
            let beyond_budget = problem.needs_approval[at] && left.is_some_and(|left| counted(action) > left);
            if beyond_budget || self.is_hopeless(least) {
                node.exclude(action);
            }
        }
        extra
    }

    /// Excludes actions that no plan of this node can hold that is better than the best.
    fn exclude_dear(&self, node: &mut Node, cut: &Cut, fixed: i128) {
        for action in 0..self.problem.candidates.len() as u32 {
            if node.is_undecided(action) && self.is_hopeless(fixed + cut.flow + cut.slack[action as usize]) {
                node.exclude(action);
            }
        }
    }

    /// Among plans of the least cost, where one with smaller ids than the best may be.
    fn smaller_ids(&self, node: &Node, cut: &Cut) -> Vec<Node> {
        let Some(best) = self.best.as_ref().filter(|_| self.ties) else { return Vec::new() };
        let spare = self.best_cost - self.fixed(node) - cut.flow;
        for action in 0..self.problem.candidates.len() as u32 {
            let wanted = best.binary_search(&action).is_ok();
            match (node.status[action as usize], wanted) {
                (Status::Chosen, false) => return self.first_free(node, cut, spare, action),
                (Status::Excluded, true) => return Vec::new(),
                (Status::Undecided, false) if cut.slack[action as usize] <= spare => {
                    return children(node, &Branch::Action(action));
                }
                _ => {}
            }
        }
        Vec::new()
    }

    /// The node's plans have smaller ids than the best up to `beyond`, whatever comes after: any of them will do.
    fn first_free(&self, node: &Node, cut: &Cut, spare: i128, beyond: u32) -> Vec<Node> {
        let mut all = 0..self.problem.candidates.len() as u32;
        let free = |it: &u32| *it != beyond && node.is_undecided(*it) && cut.slack[*it as usize] <= spare;
        all.find(free).map_or(Vec::new(), |it| children(node, &Branch::Action(it)))
    }

    /// Why the proposal costs more than the bound says: the largest cause.
    fn branch(
        &self,
        node: &Node,
        cut: &Cut,
        proposal: &Assessment,
        entered: &Entered,
        surely: &[bool],
    ) -> Option<Branch> {
        self.over_budget(node, cut, proposal)
            .or_else(|| self.largest(node, cut, proposal, entered, surely))
            .or_else(|| self.unbelieved_secret(node, cut, proposal))
            .or_else(|| cut.picked.first().map(|it| Branch::Action(it.0)))
    }

    fn over_budget(&self, node: &Node, cut: &Cut, proposal: &Assessment) -> Option<Branch> {
        let picked = || cut.picked.iter().map(|it| it.0);
        let all: Vec<u32> = with(&node.chosen, picked()).into_iter().collect();
        if self.problem.within_budget(&all, &proposal.evaluation) {
            return None;
        }
        picked().find(|&it| self.problem.is_approved(it, &proposal.evaluation)).map(Branch::Action)
    }

    fn largest(
        &self,
        node: &Node,
        cut: &Cut,
        proposal: &Assessment,
        entered: &Entered,
        surely: &[bool],
    ) -> Option<Branch> {
        let beyond = |number: usize| {
            let table = &self.problem.losses[number];
            let true_cost =
                table[proposal.evaluation.states[number] as usize] - table[node.levels[number].0 as usize];
            true_cost * self.problem.weights.service - cut.paid.get(&(number as u32)).copied().unwrap_or(0)
        };
        let service = (0..node.levels.len()).map(|it| (beyond(it), Reverse(it))).max();
        let action = cut.picked.iter().map(|it| (it.1, Reverse(it.0))).max();
        let service = service.filter(|it| it.0 > 0 && action.is_none_or(|action| it.0 >= action.0));
        let Some((_, Reverse(worst))) = service else {
            return action.filter(|it| it.0 > 0).map(|it| Branch::Action(it.1.0));
        };
        let (paid, allowed) = node.levels[worst];
        if paid < allowed {
            return Some(Branch::Service { number: worst, kept: paid, paid: paid + 1 });
        }
        // Kept by the branch, broken by several actions together. Where attackers alone open a flow it needs, one of the
        // flow's targets is reached; else one of the actions, which is undecided, decides.
        let Entered { losses, evaluation, .. } = entered;
        let kept =
            self.common.needs.kept_by(self.problem, worst as u32, losses, evaluation, &node.levels, surely);
        if let Some(targets) = kept {
            return Some(Branch::Reached(targets));
        }
        let breakers = self.common.breakers.of(worst);
        let mut picked = cut.picked.iter().map(|it| it.0);
        picked.find(|it| breakers.binary_search(it).is_ok()).map(Branch::Action)
    }

    fn unbelieved_secret(&self, node: &Node, cut: &Cut, proposal: &Assessment) -> Option<Branch> {
        let graph = self.problem.graph;
        let matters = |asset: usize| self.problem.hard[asset] || self.problem.values[asset] > 0;
        let reached =
            (0..graph.n_valued).find(|&it| proposal.reach.nodes[it] && !cut.side[it] && matters(it))?;
        let undecided = |it: &u32| node.is_undecided(*it);
        graph
            .derivation(&proposal.reach, reached as u32)
            .into_iter()
            .flat_map(|number| graph.arcs[number as usize].cutters.iter().copied())
            .find(undecided)
            .map(Branch::Action)
    }
}

fn with(chosen: &BTreeSet<u32>, more: impl Iterator<Item = u32>) -> BTreeSet<u32> {
    chosen.iter().copied().chain(more).collect()
}
