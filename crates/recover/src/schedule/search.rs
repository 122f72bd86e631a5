//! Improvement: several priority rules, forward-backward passes, then a local search over job lists, bounded by work.

use super::serial::{forward_backward, list_by, serial};
use super::{Cost, Objective, Project, Starts};
use crate::rng::Rng;

/// A schedule and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Start of each job.
    pub starts: Starts,
    /// Its cost.
    pub cost: Cost,
}

/// The best schedule found within `effort` schedules made. `priorities` are further keys for initial lists, least
/// first.
pub fn search(
    project: &Project,
    objective: &dyn Objective,
    priorities: &[Vec<f64>],
    effort: usize,
    rng: &mut Rng,
) -> Found {
    let mut climb = Climb { project, objective, best: None, list: Vec::new() };
    for list in initial_lists(project, priorities) {
        climb.offer_list(&list);
        let improved = climb.best.as_ref().map(|it| forward_backward(project, &it.starts));
        if let Some(starts) = improved {
            climb.offer(starts);
        }
    }
    climb.local_search(effort, rng);
    climb.best.unwrap_or(Found { starts: Vec::new(), cost: Cost::default() })
}

/// Latest finish time, latest start, most successors, then the caller's.
#[expect(clippy::cast_precision_loss, reason = "keys for comparison only")]
fn initial_lists(project: &Project, priorities: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let n = project.jobs().len();
    let finish: Vec<f64> = (0..n).map(|it| -(project.tail(it) as f64)).collect();
    let start: Vec<f64> =
        (0..n).map(|it| -((project.tail(it) + project.jobs()[it].duration) as f64)).collect();
    let head: Vec<f64> = (0..n).map(|it| project.head(it) as f64).collect();
    let own = [finish, start, head];
    own.iter().chain(priorities).map(|key| list_by(project, key)).collect()
}

struct Climb<'a> {
    project: &'a Project,
    objective: &'a dyn Objective,
    best: Option<Found>,
    list: Vec<usize>,
}

impl Climb<'_> {
    fn offer_list(&mut self, list: &[usize]) -> bool {
        self.offer(serial(self.project, list))
    }

    /// Takes `starts` if they cost no more than the best so far; says whether they do.
    fn offer(&mut self, starts: Starts) -> bool {
        let cost = self.objective.cost(&self.project.ends(&starts));
        let take = self.best.as_ref().is_none_or(|it| cost <= it.cost);
        if take {
            self.best = Some(Found { starts, cost });
        }
        take
    }

    /// Moves one job elsewhere in the list, keeps what costs no more; forward-backward passes now and then.
    fn local_search(&mut self, effort: usize, rng: &mut Rng) {
        let n = self.project.jobs().len();
        let Some(best) = &self.best else { return };
        self.list = by_start(self.project, &best.starts);
        if n < 2 {
            return;
        }
        for round in 0..effort {
            if round % 50 == 49
                && let Some(best) = &self.best
            {
                let starts = forward_backward(self.project, &best.starts);
                if self.offer(starts)
                    && let Some(best) = &self.best
                {
                    self.list = by_start(self.project, &best.starts);
                }
                continue;
            }
            let moved = self.moved(rng);
            if self.offer_list(&moved) {
                self.list = moved;
            }
        }
    }

    /// The list with one job (sometimes three) moved to a random place that the precedence allows.
    fn moved(&self, rng: &mut Rng) -> Vec<usize> {
        let mut list = self.list.clone();
        let moves = if rng.below(4) == 0 { 3 } else { 1 };
        for _ in 0..moves {
            let from = rng.below(list.len());
            let job = list[from];
            let first = (0..from).rev().find(|&at| self.project.jobs()[job].after.contains(&list[at]));
            let last = (from + 1..list.len()).find(|&at| self.project.jobs()[list[at]].after.contains(&job));
            let (low, high) = (first.map_or(0, |it| it + 1), last.map_or(list.len() - 1, |it| it - 1));
            let to = low + rng.below(high - low + 1);
            list.remove(from);
            list.insert(to, job);
        }
        list
    }
}

/// Jobs by start; the order stays compatible with the precedence when jobs of no duration share an instant.
fn by_start(project: &Project, starts: &[u64]) -> Vec<usize> {
    list_by(project, starts)
}
