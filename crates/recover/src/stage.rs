//! One stage: its steps as a scheduling problem, solved, bounded from below.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Planner, RecoverError, Scheduled};
use crate::rng::Rng;
use crate::schedule::bound::{Milestone, weighted};
use crate::schedule::exact::branch_and_bound;
use crate::schedule::search::search;
use crate::schedule::serial::list_by;
use crate::schedule::{BadProject, Cost, Job, Objective, Project, Starts};
use crate::value::{Course, NEVER, Restoration};
use crate::waves::Wave;

/// When a service reaches a state.
type When = fn(&Restoration) -> u64;

/// What the lower bound of a stage leaves open.
pub struct Bound {
    /// Value between the schedule found and the bound.
    pub slack: f64,
}

impl Planner<'_> {
    /// Schedules the steps of `wave` from `begin` on, when each lost asset of earlier waves is back at `times`.
    pub(crate) fn schedule(
        &self,
        wave: Wave,
        times: &[u64],
        begin: u64,
        surveillance: u64,
        rng: &mut Rng,
    ) -> Result<(Scheduled, Bound), RecoverError> {
        let tasks: Vec<usize> = (0..self.work.tasks.len())
            .filter(|it| wave.assets.contains(&self.work.tasks[*it].asset))
            .collect();
        let project = self.project(&tasks)?;
        // Where no service hangs on the stage's assets, only its length counts.
        let relevant = self.services.relevant();
        let matters = wave.assets.iter().any(|it| relevant.contains(it));
        let idle = (!matters).then(|| self.services.course(times, begin));
        let objective = StageValue { planner: self, wave: &wave, tasks: &tasks, times, begin, idle };
        let priorities = self.priorities(&wave, &tasks);
        let policy = self.request.policy;
        // A schedule of many jobs costs more to make and to judge, and branch and bound ends on few of them: the work
        // stays about the same.
        let scale = |budget: usize| budget * 40 / tasks.len().max(40);
        let found = search(&project, &objective, &priorities, scale(policy.effort), rng);
        let (milestones, sure) = self.milestones(&objective, &project);
        let lower = sure + weighted(&project, &milestones, 200);
        let outcome = branch_and_bound(&project, &objective, found, lower, scale(scale(policy.nodes)));
        let best = outcome.best;
        let slack = if outcome.proven { 0.0 } else { (best.cost.loss - lower).max(0.0) };
        let bound = Bound { slack };
        // In planned order, so that whoever replays the plan sees the order that was chosen.
        let order = list_by(&project, &best.starts);
        let tasks: Vec<usize> = order.iter().map(|it| tasks[*it]).collect();
        let starts: Starts = order.iter().map(|it| best.starts[*it]).collect();
        let project = self.project(&tasks)?;
        let end = begin + project.ends(&starts).into_iter().max().unwrap_or(0);
        Ok((Scheduled { wave, tasks, project, starts, begin, end, surveillance }, bound))
    }

    /// The scheduler's view of some tasks; assets that are not among them are back already.
    fn project(&self, tasks: &[usize]) -> Result<Project, RecoverError> {
        let number: BTreeMap<usize, usize> = tasks.iter().enumerate().map(|(at, it)| (*it, at)).collect();
        let jobs = tasks.iter().map(|it| {
            let task = &self.work.tasks[*it];
            let mut after: BTreeSet<usize> =
                task.after.iter().filter_map(|it| number.get(it).copied()).collect();
            if task.after.is_empty() {
                let earlier = &self.work.before[task.asset];
                let theirs =
                    tasks.iter().enumerate().filter(|it| earlier.contains(&self.work.tasks[*it.1].asset));
                after.extend(theirs.map(|it| it.0));
            }
            Job {
                duration: task.duration.p50,
                demands: vec![(task.crew, 1)],
                after: after.into_iter().collect(),
            }
        });
        let capacities = self.work.crews.iter().map(|it| it.1).collect();
        Project::new(jobs.collect(), capacities).map_err(|fault| {
            let at = match fault {
                BadProject::Cycle(at) | BadProject::Demand(at, _) => at,
            };
            let task = &self.work.tasks[tasks[at]];
            RecoverError::Cycle(self.lost[task.asset].id.clone(), task.id.clone())
        })
    }

    /// Keys for initial lists: value per hour of work of the services that wait for a task's asset.
    #[expect(clippy::cast_precision_loss, reason = "keys for comparison only")]
    fn priorities(&self, wave: &Wave, tasks: &[usize]) -> Vec<Vec<f64>> {
        let worth = |asset: usize| -> f64 {
            let waiting =
                self.services.affected().into_iter().filter(|it| self.work.needs[*it].contains(&asset));
            waiting
                .map(|it| {
                    let effort: u64 = self.work.needs[it].iter().map(|it| self.work.effort(*it)).sum();
                    self.services.rates(it).0 / effort.max(1) as f64
                })
                .sum()
        };
        let by_asset: BTreeMap<usize, f64> = wave.assets.iter().map(|it| (*it, worth(*it))).collect();
        // Assets before others inherit what waits behind them.
        let inherited = |asset: usize| -> f64 {
            let behind = wave.assets.iter().filter(|it| self.work.before[**it].contains(&asset));
            by_asset[&asset] + behind.map(|it| by_asset[it]).sum::<f64>()
        };
        let rank = |service: usize| wave.services.iter().position(|it| *it == service);
        let first_wave = |asset: usize| {
            let waiting = (0..self.work.needs.len()).filter(|it| self.work.needs[*it].contains(&asset));
            waiting.filter_map(rank).min().unwrap_or(usize::MAX) as f64
        };
        vec![
            tasks.iter().map(|it| -inherited(self.work.tasks[*it].asset)).collect(),
            tasks.iter().map(|it| first_wave(self.work.tasks[*it].asset)).collect(),
        ]
    }

    /// Milestones whose weighted times, counted from the stage's begin, bound its loss from below, and what is lost
    /// whatever is done in it.
    fn milestones(&self, value: &StageValue<'_, '_>, project: &Project) -> (Vec<Milestone>, f64) {
        let mut back: BTreeSet<usize> = (0..self.lost.len()).filter(|it| value.times[*it] != NEVER).collect();
        let before = self.services.reached(&back);
        let earlier = back.clone();
        back.extend(&value.wave.assets);
        let after = self.services.reached(&back);
        // Without one of these the wave's other assets do not help.
        let without: Vec<(usize, Vec<Restoration>)> = value
            .wave
            .assets
            .intersection(&self.services.relevant())
            .map(|&it| {
                let rest: BTreeSet<usize> = back.iter().copied().filter(|other| *other != it).collect();
                (it, self.services.reached(&rest))
            })
            .collect();
        let soonest = value.course(&soonest_ends(project)).restored;
        let mut milestones = Vec::new();
        let mut rest = 0.0;
        for service in self.services.affected() {
            let (down, degraded) = self.services.rates(service);
            let kinds: [(f64, When); 2] = [(down - degraded, |it| it.degraded), (degraded, |it| it.full)];
            for (rate, when) in kinds {
                if rate <= 0.0 || when(&before[service]) == 0 {
                    continue;
                }
                if when(&after[service]) != 0 {
                    rest += rate;
                    continue;
                }
                let necessary: BTreeSet<usize> =
                    without.iter().filter(|it| when(&it.1[service]) != 0).map(|it| it.0).collect();
                let jobs = closed(project, |it| necessary.contains(&self.work.tasks[value.tasks[it]].asset));
                // With alternatives none may be necessary: then precedence alone says how soon one of them is back.
                let floor = when(&soonest[service]).saturating_sub(value.begin);
                milestones.push(Milestone { weight: rate / 3600.0, jobs, floor });
            }
        }
        // What stays down until a later stage is lost for as long as this stage lasts.
        let all = (0..project.jobs().len()).collect();
        milestones.push(Milestone { weight: rest / 3600.0, jobs: all, floor: 0 });
        let begin = value.begin as f64;
        let waiting: f64 = milestones.iter().map(|it| it.weight * begin).sum();
        let times: Vec<u64> = (0..self.lost.len())
            .map(|it| if earlier.contains(&it) { value.times[it] } else { NEVER })
            .collect();
        let course = self.services.course(&times, value.begin);
        let paid = course.loss - course.rate_left * begin / 3600.0;
        (milestones, waiting + paid)
    }
}

/// What a stage's schedule costs: all value lost while it lasts, the later stages' services included.
struct StageValue<'p, 'a> {
    planner: &'a Planner<'p>,
    wave: &'a Wave,
    tasks: &'a [usize],
    times: &'a [u64],
    begin: u64,
    /// How things stand at the stage's begin, when nothing that is done in it changes them.
    idle: Option<Course>,
}

impl StageValue<'_, '_> {
    fn course(&self, ends: &[u64]) -> Course {
        if let Some(idle) = &self.idle {
            let span = ends.iter().copied().max().unwrap_or(0) as f64;
            return Course { loss: idle.loss + idle.rate_left * span / 3600.0, ..idle.clone() };
        }
        let mut times = self.times.to_vec();
        for &asset in &self.wave.assets {
            times[asset] = self.begin;
        }
        let mut horizon = self.begin;
        for (&task, end) in self.tasks.iter().zip(ends) {
            let asset = self.planner.work.tasks[task].asset;
            times[asset] = times[asset].max(self.begin + end);
            horizon = horizon.max(self.begin + end);
        }
        self.planner.services.course(&times, horizon)
    }
}

impl Objective for StageValue<'_, '_> {
    fn cost(&self, ends: &[u64]) -> Cost {
        let course = self.course(ends);
        let services = &self.planner.request.estate.services;
        let horizon = ends.iter().max().map_or(self.begin, |it| self.begin + it);
        // What this stage leaves down comes back after its end at the soonest.
        let over = |(at, it): (&Restoration, &bulkhead_model::estate::Service)| {
            let back = if at.full == NEVER { horizon } else { at.full };
            it.mtpd.map_or(0, |mtpd| back.saturating_sub(mtpd.secs()))
        };
        let span = ends.iter().copied().max().unwrap_or(0);
        Cost { late: course.restored.iter().zip(services).map(over).sum(), loss: course.loss, span }
    }
}

/// Ends of all jobs by precedence alone.
fn soonest_ends(project: &Project) -> Vec<u64> {
    (0..project.jobs().len()).map(|it| project.head(it) + project.jobs()[it].duration).collect()
}

/// Jobs that meet `is_wanted` and all they wait for.
fn closed(project: &Project, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut wanted: Vec<bool> = (0..project.jobs().len()).map(is_wanted).collect();
    for &job in project.order().iter().rev() {
        if wanted[job] {
            for &earlier in &project.jobs()[job].after {
                wanted[earlier] = true;
            }
        }
    }
    (0..wanted.len()).filter(|it| wanted[*it]).collect()
}
