//! What every undecided action breaks by itself, carried from node to node of the search: most decisions change little of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use bulkhead_service::{Evaluation, Losses};

use crate::problem::Problem;

/// Per action that breaks something by itself: (service, state it is left in), in dependency order.
pub(crate) type Breaks = BTreeMap<u32, Vec<(u32, u8)>>;

/// Which actions can have a part in breaking which service.
pub(crate) struct Breakers {
    /// Per service: actions that touch a leaf on which its state may hang.
    by_service: Vec<Vec<u32>>,
}

impl Breakers {
    pub(crate) fn new(problem: &Problem<'_, '_>) -> Self {
        let mut by_service = vec![Vec::new(); problem.losses.len()];
        for (action, touched) in (0..).zip(&problem.touched) {
            let mut services: Vec<u32> =
                touched.iter().flat_map(|&it| problem.ground.services.dependents(it)).copied().collect();
            services.sort_unstable();
            services.dedup();
            services.into_iter().for_each(|it| by_service[it as usize].push(action));
        }
        Self { by_service }
    }

    /// Actions that may have a part in breaking `service`, ascending.
    pub(crate) fn of(&self, service: usize) -> &[u32] {
        &self.by_service[service]
    }

    /// What every action breaks on top of `losses`, which bring about `evaluation`.
    pub(crate) fn all(
        &self,
        problem: &Problem<'_, '_>,
        losses: &Losses,
        evaluation: &Evaluation,
    ) -> Rc<Breaks> {
        let touching = (0..).zip(&problem.touched).filter(|it| !it.1.is_empty()).map(|it| it.0);
        let found = touching.map(|action| (action, breaks(problem, losses, evaluation, action)));
        Rc::new(found.filter(|it| !it.1.is_empty()).collect())
    }

    /// `known` brought up to date after `chosen` were added to what `losses` hold.
    pub(crate) fn updated(
        &self,
        problem: &Problem<'_, '_>,
        known: &Rc<Breaks>,
        chosen: &[u32],
        losses: &Losses,
        evaluation: &Evaluation,
    ) -> Rc<Breaks> {
        let leaves = chosen.iter().flat_map(|&it| &problem.touched[it as usize]);
        let services = leaves.flat_map(|&it| problem.ground.services.dependents(it));
        let mut affected: Vec<u32> = services.flat_map(|&it| self.of(it as usize)).copied().collect();
        if affected.is_empty() {
            return known.clone();
        }
        affected.sort_unstable();
        affected.dedup();
        let mut next: Breaks = known.as_ref().clone();
        for action in affected {
            let broken = breaks(problem, losses, evaluation, action);
            if broken.is_empty() {
                next.remove(&action);
            } else {
                next.insert(action, broken);
            }
        }
        Rc::new(next)
    }
}

fn breaks(
    problem: &Problem<'_, '_>,
    losses: &Losses,
    evaluation: &Evaluation,
    action: u32,
) -> Vec<(u32, u8)> {
    let mut more = losses.clone();
    problem.candidates[action as usize].effect.apply(&mut more);
    let touched = &problem.touched[action as usize];
    let changes = problem.ground.services.changes(&problem.ground.index, evaluation, &more, touched);
    changes.into_iter().map(|(service, state)| (service, state as u8)).collect()
}
