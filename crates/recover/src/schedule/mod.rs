//! The scheduler core: resource-constrained project scheduling (RCPSP) for any objective that never gains from delay.
//!
//! Jobs with durations, precedence and demands on renewable resources. Every schedule made here is feasible by
//! construction ([`serial`]); [`search`] improves it, [`exact`] proves small instances, [`bound`] bounds the rest.

pub mod bound;
pub mod exact;
mod profile;
pub mod search;
pub mod serial;

#[cfg(test)]
mod tests;

/// A job: seconds, demands and predecessors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// How long it takes.
    pub duration: u64,
    /// (resource, units) it holds while it runs; each within the resource's capacity.
    pub demands: Vec<(usize, u32)>,
    /// Jobs that must end before it starts; no cycles.
    pub after: Vec<usize>,
}

/// Jobs and the capacities of the renewable resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    jobs: Vec<Job>,
    capacities: Vec<u32>,
    successors: Vec<Vec<usize>>,
    order: Vec<usize>,
    heads: Vec<u64>,
    tails: Vec<u64>,
}

/// Start of each job, by number.
pub type Starts = Vec<u64>;

/// Why jobs make no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProject {
    /// The precedence has a cycle through this job.
    #[error("the precedence has a cycle through job {0}")]
    Cycle(usize),
    /// A job asks for more of a resource than there is.
    #[error("job {0} asks for more of resource {1} than there is")]
    Demand(usize, usize),
}

/// What a schedule costs. Must not decrease when any end grows: then no schedule gains by idling, and the cost of
/// lower bounds of the ends bounds the cost.
pub trait Objective {
    /// Lateness in seconds, which counts before anything else, and value lost; by end of each job.
    fn cost(&self, ends: &[u64]) -> Cost;
}

/// Lateness first, then value, then the time until everything is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Cost {
    /// Seconds beyond hard deadlines, summed.
    pub late: u64,
    /// Value lost.
    pub loss: f64,
    /// End of the last job; breaks ties only.
    pub span: u64,
}

impl Project {
    /// Checks and numbers a project.
    pub fn new(jobs: Vec<Job>, capacities: Vec<u32>) -> Result<Self, BadProject> {
        for (number, job) in jobs.iter().enumerate() {
            for &(resource, units) in &job.demands {
                if capacities.get(resource).is_none_or(|it| *it < units) {
                    return Err(BadProject::Demand(number, resource));
                }
            }
        }
        let mut successors = vec![Vec::new(); jobs.len()];
        let mut open: Vec<usize> = jobs.iter().map(|it| it.after.len()).collect();
        for (number, job) in jobs.iter().enumerate() {
            for &earlier in &job.after {
                successors[earlier].push(number);
            }
        }
        let mut order: Vec<usize> = (0..jobs.len()).filter(|&it| open[it] == 0).collect();
        let mut at = 0;
        while let Some(&job) = order.get(at) {
            at += 1;
            for &next in &successors[job] {
                open[next] -= 1;
                if open[next] == 0 {
                    order.push(next);
                }
            }
        }
        if let Some(stuck) = open.iter().position(|it| *it > 0) {
            return Err(BadProject::Cycle(stuck));
        }
        let mut heads = vec![0; jobs.len()];
        for &job in &order {
            let ends = jobs[job].after.iter().map(|&it| heads[it] + jobs[it].duration);
            heads[job] = ends.max().unwrap_or(0);
        }
        let mut tails = vec![0; jobs.len()];
        for &job in order.iter().rev() {
            let rest = successors[job].iter().map(|&it| tails[it] + jobs[it].duration);
            tails[job] = rest.max().unwrap_or(0);
        }
        Ok(Self { jobs, capacities, successors, order, heads, tails })
    }

    /// The jobs, by number.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Capacity of each resource.
    pub fn capacities(&self) -> &[u32] {
        &self.capacities
    }

    /// Jobs that wait for `job`.
    pub fn successors(&self, job: usize) -> &[usize] {
        &self.successors[job]
    }

    /// Jobs in an order in which each comes after those it waits for.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Earliest start of `job` by precedence alone.
    pub fn head(&self, job: usize) -> u64 {
        self.heads[job]
    }

    /// Longest chain that follows `job`.
    pub fn tail(&self, job: usize) -> u64 {
        self.tails[job]
    }

    /// Ends of the jobs that start at `starts`.
    pub fn ends(&self, starts: &[u64]) -> Vec<u64> {
        starts.iter().zip(&self.jobs).map(|(start, job)| start + job.duration).collect()
    }

    /// The same project with other durations.
    pub fn with_durations(&self, durations: &[u64]) -> Self {
        let mut jobs = self.jobs.clone();
        for (job, duration) in jobs.iter_mut().zip(durations) {
            job.duration = *duration;
        }
        // Neither cycles nor demands can arise from durations.
        Self::new(jobs, self.capacities.clone()).unwrap_or_else(|_| self.clone())
    }

    /// The first fault of a schedule, in words: a check that shares no code with the scheduler.
    pub fn fault(&self, starts: &[u64]) -> Option<String> {
        for (number, job) in self.jobs.iter().enumerate() {
            for &earlier in &job.after {
                if starts[number] < starts[earlier] + self.jobs[earlier].duration {
                    return Some(format!("job {number} starts before job {earlier} ends"));
                }
            }
            // Usage can only rise where a job starts.
            for (resource, &capacity) in self.capacities.iter().enumerate() {
                let at = starts[number];
                let running = |it: &usize| starts[*it] <= at && at < starts[*it] + self.jobs[*it].duration;
                let used: u32 = (0..self.jobs.len())
                    .filter(running)
                    .flat_map(|it| &self.jobs[it].demands)
                    .filter(|it| it.0 == resource)
                    .map(|it| it.1)
                    .sum();
                if used > capacity {
                    return Some(format!("resource {resource} is overbooked at {at}: {used} of {capacity}"));
                }
            }
        }
        None
    }
}
