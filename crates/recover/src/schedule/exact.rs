//! Branch and bound over schedules, exact where it ends within its budget of nodes.
//!
//! Jobs are placed in order of their starts, each as early as possible: every active schedule arises in exactly this
//! way, and for objectives that never gain from delay an active schedule is optimal.

use super::profile::Profile;
use super::search::Found;
use super::{Objective, Project};

/// What branch and bound came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The best schedule known.
    pub best: Found,
    /// Whether it is proven optimal.
    pub proven: bool,
    /// Nodes visited.
    pub nodes: usize,
}

/// Improves `incumbent` until it is proven optimal or `budget` nodes are visited. A schedule that loses no more than
/// `bound` (a proven lower bound of the loss) without being late is optimal.
pub fn branch_and_bound(
    project: &Project,
    objective: &dyn Objective,
    incumbent: Found,
    bound: f64,
    budget: usize,
) -> Outcome {
    let n = project.jobs().len();
    let mut search = Search {
        project,
        objective,
        best: incumbent,
        bound,
        budget,
        nodes: 0,
        starts: vec![None; n],
        profile: Profile::new(project.capacities()),
        open: project.jobs().iter().map(|it| it.after.len()).collect(),
    };
    let ended = search.branch(0, None);
    let proven = ended || search.at_bound();
    Outcome { best: search.best, proven, nodes: search.nodes }
}

struct Search<'a> {
    project: &'a Project,
    objective: &'a dyn Objective,
    best: Found,
    bound: f64,
    budget: usize,
    nodes: usize,
    starts: Vec<Option<u64>>,
    profile: Profile,
    open: Vec<usize>,
}

impl Search<'_> {
    fn at_bound(&self) -> bool {
        self.best.cost.late == 0 && self.best.cost.loss <= self.bound * (1.0 + 1e-12)
    }

    /// Visits every completion of the partial schedule whose last placed job is `last`; false when the budget ended.
    fn branch(&mut self, placed: usize, last: Option<(u64, usize)>) -> bool {
        if self.nodes >= self.budget || self.at_bound() {
            return self.at_bound();
        }
        self.nodes += 1;
        let now = last.map_or(0, |it| it.0);
        let ends = self.least_ends(now);
        let cost = self.objective.cost(&ends);
        if placed == self.project.jobs().len() {
            if cost < self.best.cost {
                let starts = self.starts.iter().map(|it| it.unwrap_or(0)).collect();
                self.best = Found { starts, cost };
            }
            return true;
        }
        // Sums of floats in another order may differ in their last digits.
        if cost.late > self.best.cost.late
            || (cost.late == self.best.cost.late && cost.loss >= self.best.cost.loss * (1.0 - 1e-12))
        {
            return true;
        }
        for (start, job) in self.candidates(last) {
            self.place(job, start);
            let ended = self.branch(placed + 1, Some((start, job)));
            self.unplace(job, start);
            if !ended {
                return false;
            }
        }
        true
    }

    /// Jobs that may come next with their starts, soonest first.
    fn candidates(&self, last: Option<(u64, usize)>) -> Vec<(u64, usize)> {
        let mut candidates = Vec::new();
        for (number, job) in self.project.jobs().iter().enumerate() {
            if self.starts[number].is_some() || self.open[number] > 0 {
                continue;
            }
            let ends =
                job.after.iter().filter_map(|&it| Some(self.starts[it]? + self.project.jobs()[it].duration));
            let start = self.profile.earliest(ends.max().unwrap_or(0), job.duration, &job.demands);
            let in_order = last.is_none_or(|(time, earlier)| {
                start > time || (start == time && (number > earlier || job.after.contains(&earlier)))
            });
            if in_order {
                candidates.push((start, number));
            }
        }
        candidates.sort_unstable();
        candidates
    }

    /// Lower bounds of all ends: placed jobs as placed, the rest by precedence and not before `now`.
    fn least_ends(&self, now: u64) -> Vec<u64> {
        let mut ends = vec![0; self.starts.len()];
        for &number in self.project.order() {
            let job = &self.project.jobs()[number];
            let ready = job.after.iter().map(|&it| ends[it]).max().unwrap_or(0).max(now);
            ends[number] = self.starts[number].unwrap_or(ready) + job.duration;
        }
        ends
    }

    fn place(&mut self, number: usize, start: u64) {
        let job = &self.project.jobs()[number];
        self.profile.take(start, job.duration, &job.demands);
        self.starts[number] = Some(start);
        for &next in self.project.successors(number) {
            self.open[next] -= 1;
        }
    }

    fn unplace(&mut self, number: usize, start: u64) {
        let job = &self.project.jobs()[number];
        self.profile.give(start, job.duration, &job.demands);
        self.starts[number] = None;
        for &next in self.project.successors(number) {
            self.open[next] += 1;
        }
    }
}
