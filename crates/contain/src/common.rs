//! What the searches of one request share: it is made once, over the whole graph, however many plans are looked for.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::alone::{Breakers, Breaks};
use crate::problem::Problem;
use crate::required::Needs;

/// What searches of one estate and the same candidates have in common, whatever weighs how much and what must not be.
pub(crate) struct Common {
    pub(crate) breakers: Breakers,
    pub(crate) needs: Needs,
    /// What each action by itself breaks at the first node, which is the same for all of them.
    pub(crate) alone: OnceCell<Rc<Breaks>>,
}

impl Common {
    pub(crate) fn new(problem: &Problem<'_, '_>) -> Rc<Self> {
        Self::with(problem, Needs::new(problem))
    }

    /// As [`Self::new`], with the needs that matter to `problem`.
    pub(crate) fn with(problem: &Problem<'_, '_>, needs: Needs) -> Rc<Self> {
        Rc::new(Self { breakers: Breakers::new(problem), needs, alone: OnceCell::new() })
    }
}
