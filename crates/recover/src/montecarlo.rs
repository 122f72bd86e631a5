//! Recovery played many times with drawn durations: percentiles per service, and the chance that an MTPD is missed.
//!
//! Crews keep to the planned order: each step starts when what it waits for is done and its crew is free, in the order of
//! the plan (a serial schedule of the planned list); a stage begins when the one before has been watched long enough.

use std::collections::BTreeMap;

use bulkhead_model::case::RecoveryPlan;

use crate::duration::Duration;
use crate::plan::{Planner, Scheduled};
use crate::rng::Rng;
use crate::schedule::serial::serial;

/// Times to restore of every service in every simulated recovery.
pub(crate) struct Simulated {
    /// Per service: one time per sample, ascending.
    times: Vec<Vec<u64>>,
}

/// Times of one service, ascending; never empty.
pub(crate) struct Times(Vec<u64>);

impl Simulated {
    /// Times of service `number`; the planned time alone when nothing was simulated.
    pub(crate) fn of(&self, number: usize, planned: u64) -> Times {
        match self.times.get(number) {
            Some(times) if !times.is_empty() => Times(times.clone()),
            _ => Times(vec![planned]),
        }
    }
}

impl Times {
    /// The nearest-rank percentile.
    pub(crate) fn percentile(&self, percent: usize) -> u64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    /// Share of the times that exceed `limit`.
    pub(crate) fn share_over(&self, limit: u64) -> f64 {
        let within = self.0.partition_point(|it| *it <= limit);
        (self.0.len() - within) as f64 / self.0.len() as f64
    }
}

/// Plays the stages `samples` times.
pub(crate) fn simulate(
    planner: &Planner<'_>,
    stages: &[Scheduled],
    samples: usize,
    rng: &mut Rng,
) -> Simulated {
    let count = planner.request.estate.services.len();
    let mut times: Vec<Vec<u64>> = vec![Vec::with_capacity(samples); count];
    for _ in 0..samples {
        let back = play(planner, stages, rng);
        let course = planner.services.course(&back, 0);
        for (all, one) in times.iter_mut().zip(course.restored) {
            all.push(one.full);
        }
    }
    for all in &mut times {
        all.sort_unstable();
    }
    Simulated { times }
}

/// When each lost asset is back in one recovery with drawn durations.
fn play(planner: &Planner<'_>, stages: &[Scheduled], rng: &mut Rng) -> Vec<u64> {
    let mut times = planner.known.clone();
    let mut clock = planner.offset;
    for stage in stages {
        let durations: Vec<u64> =
            stage.tasks.iter().map(|it| planner.work.tasks[*it].duration.sample(rng)).collect();
        let project = stage.project.with_durations(&durations);
        let list: Vec<usize> = (0..stage.tasks.len()).collect();
        let starts = serial(&project, &list);
        let played = Scheduled { project, starts, begin: clock, ..stage.clone() };
        planner.set_times(&played, &mut times);
        let length = played.project.ends(&played.starts).into_iter().max().unwrap_or(0);
        clock += length + stage.surveillance;
    }
    times
}

/// Actual durations for a drill: one draw per step of the plan, by step id, seconds.
pub fn sample_durations(plan: &RecoveryPlan, seed: u64) -> BTreeMap<String, u64> {
    let mut rng = Rng::new(seed);
    let steps = plan.stages.iter().flat_map(|it| &it.steps);
    steps
        .map(|step| {
            let duration = Duration { p10: step.p10_s, p50: step.p50_s, p90: step.p90_s };
            (step.id.clone(), duration.sample(&mut rng))
        })
        .collect()
}
