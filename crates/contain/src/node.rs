//! The nodes of the search: what is decided at each, and how one is divided.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;
use std::rc::Rc;

use bulkhead_service::Evaluation;

use crate::alone::Breaks;
use crate::problem::Problem;
use crate::relax::Status;

/// A part of all plans.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) bound: i128,
    pub(crate) depth: u32,
    pub(crate) number: u64,
    pub(crate) chosen: BTreeSet<u32>,
    /// Per action: what is decided.
    pub(crate) status: Vec<Status>,
    /// Per service: least state paid for, worst state allowed (0 up, 1 degraded, 2 down).
    pub(crate) levels: Vec<(u8, u8)>,
    /// Assets that every plan of the node leaves within reach.
    pub(crate) reached: Vec<u32>,
    /// What each action by itself breaks, and the actions chosen since that was found.
    pub(crate) alone: Option<Rc<Breaks>>,
    pub(crate) since: Vec<u32>,
}

impl Node {
    /// Where nothing is decided but that `forced` actions are chosen.
    pub(crate) fn first(problem: &Problem<'_, '_>, forced: &BTreeSet<u32>) -> Self {
        let mut status = vec![Status::Undecided; problem.candidates.len()];
        forced.iter().for_each(|&it| status[it as usize] = Status::Chosen);
        Self {
            bound: 0,
            depth: 0,
            number: 0,
            chosen: forced.clone(),
            status,
            levels: vec![(0, 2); problem.losses.len()],
            reached: Vec::new(),
            alone: None,
            since: Vec::new(),
        }
    }

    pub(crate) fn is_undecided(&self, action: u32) -> bool {
        self.status[action as usize] == Status::Undecided
    }

    pub(crate) fn choose(&mut self, action: u32) {
        self.status[action as usize] = Status::Chosen;
        self.chosen.insert(action);
        self.since.push(action);
    }

    pub(crate) fn exclude(&mut self, action: u32) {
        self.status[action as usize] = Status::Excluded;
    }

    /// Cheapest first; deeper first among equals, then oldest first: finds complete plans soonest.
    fn rank(&self) -> (i128, Reverse<u32>, u64) {
        (self.bound, Reverse(self.depth), self.number)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// How a node is divided in two.
pub(crate) enum Branch {
    /// With or without an action.
    Action(u32),
    /// One of these assets is reached.
    Reached(Vec<u32>),
    /// A service kept at this state, or given up to that one.
    Service { number: usize, kept: u8, paid: u8 },
}

/// Takes the states that the chosen actions bring about as paid; false when one is worse than allowed.
pub(crate) fn raise_paid(node: &mut Node, evaluation: &Evaluation) -> bool {
    for (level, &state) in node.levels.iter_mut().zip(&evaluation.states) {
        level.0 = level.0.max(state as u8);
    }
    // A baseline that is not up is nobody's fault: it is allowed from the start.
    node.levels.iter().all(|it| it.0 <= it.1)
}

/// The parts of a node; only the one without an action that is excluded already.
pub(crate) fn children(node: &Node, branch: &Branch) -> Vec<Node> {
    let child = || Node { depth: node.depth + 1, ..node.clone() };
    if let Branch::Reached(assets) = branch {
        let with = |&asset: &u32| {
            let mut part = child();
            part.reached.push(asset);
            part
        };
        return assets.iter().map(with).collect();
    }
    let (mut one, mut other) = (child(), child());
    match *branch {
        Branch::Reached(_) => {}
        Branch::Action(action) if node.status[action as usize] == Status::Excluded => return vec![other],
        Branch::Action(action) => {
            one.choose(action);
            other.exclude(action);
        }
        Branch::Service { number, kept, paid } => {
            one.levels[number].1 = kept;
            other.levels[number].0 = paid;
        }
    }
    vec![one, other]
}
