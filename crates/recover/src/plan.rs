//! The whole path from lost assets to a staged, bounded, simulated plan.

use std::collections::BTreeSet;

use bulkhead_model::case::{Action, Gate, RecoveryPlan, RecoveryService, RecoveryStep, Stage};
use bulkhead_model::estate::{Asset, Estate};
use bulkhead_model::id::AssetId;
use bulkhead_model::span::Span;

use crate::duration::Duration;
use crate::montecarlo::{Simulated, simulate};
use crate::rng::Rng;
use crate::schedule::{Project, Starts};
use crate::value::{NEVER, Restoration, Services};
use crate::waves::{Wave, waves};
use crate::work::Work;

/// How recovery is led; the estate does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long each stage is watched without a new finding before the next may begin.
    pub surveillance: Span,
    /// How long the last stage is watched before recovery is declared over.
    pub final_surveillance: Span,
    /// Contact role that opens gates.
    pub approver: String,
    /// Schedules tried per stage of up to 40 steps by the local search; fewer for more steps, in proportion.
    pub effort: usize,
    /// Nodes visited per stage of up to 40 steps by branch and bound; fewer for more steps, by their square.
    pub nodes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            surveillance: Span::from_secs(3600),
            final_surveillance: Span::from_secs(72 * 3600),
            approver: "incident_commander".to_owned(),
            effort: 1000,
            nodes: 5000,
        }
    }
}

/// What to plan for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// Assets to bring back: compromised, or isolated and to be verified. Duplicates count once.
    pub lost: &'a [AssetId],
    /// Containment actions in force; each is lifted when the assets it holds back are back.
    pub actions: &'a [Action],
    /// How recovery is led.
    pub policy: &'a Policy,
    /// Simulated recoveries for the percentiles; 0 leaves them at the planned times.
    pub samples: usize,
    /// Seed of search and simulation.
    pub seed: u64,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// An asset to bring back that the estate does not have.
    #[error("asset `{0}` is to be brought back, but the estate does not declare it")]
    UnknownAsset(AssetId),
    /// Steps of a procedure wait for each other.
    #[error(
        "the steps of the procedure for `{0}` wait for each other in a circle: see `after` of step `{1}`"
    )]
    Cycle(AssetId, String),
}

/// Plans the recovery of the lost assets.
///
/// Steps come from the first procedure that means an asset, or a default that the notes name. Stages (waves) are fixed
/// first, critical services before others; within them the order of steps minimises seconds beyond MTPDs, then value
/// lost. `bound` holds for the same stages among orders that are no later beyond MTPDs.
pub fn plan(request: &Request<'_>) -> Result<RecoveryPlan, RecoverError> {
    let lost = lost_assets(request.estate, request.lost)?;
    let ids: Vec<AssetId> = lost.iter().map(|it| it.id.clone()).collect();
    let services = Services::new(request.estate, &ids, request.actions);
    let work = Work::new(request.estate, &lost, &services);
    Planner::new(request, &lost, &services, &work).plan(Vec::new())
}

pub(crate) fn lost_assets<'a>(estate: &'a Estate, ids: &[AssetId]) -> Result<Vec<&'a Asset>, RecoverError> {
    let wanted: BTreeSet<&AssetId> = ids.iter().collect();
    for id in &wanted {
        if !estate.assets.iter().any(|it| it.id == **id) {
            return Err(RecoverError::UnknownAsset((*id).clone()));
        }
    }
    // File order, so that the order in which they are named does not matter.
    Ok(estate.assets.iter().filter(|it| wanted.contains(&it.id)).collect())
}

/// One stage, scheduled. Numbers of tasks are those of [`Work`].
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub wave: Wave,
    /// Its tasks in planned order.
    pub tasks: Vec<usize>,
    /// The scheduler's view of them, in the same order.
    pub project: Project,
    /// Planned starts, seconds from the start of the stage, in the same order.
    pub starts: Starts,
    /// When the stage begins.
    pub begin: u64,
    /// When its last step ends.
    pub end: u64,
    /// How long it is watched.
    pub surveillance: u64,
}

/// Everything planning needs.
pub(crate) struct Planner<'a> {
    pub request: &'a Request<'a>,
    pub lost: &'a [&'a Asset],
    pub services: &'a Services,
    pub work: &'a Work,
    /// Seconds of recovery already gone.
    pub offset: u64,
    /// Per lost asset: when it came back, [`NEVER`] when it is still to be brought back.
    pub known: Vec<u64>,
}

impl<'a> Planner<'a> {
    /// A planner at the start of recovery.
    pub(crate) fn new(
        request: &'a Request<'a>,
        lost: &'a [&'a Asset],
        services: &'a Services,
        work: &'a Work,
    ) -> Self {
        Self { request, lost, services, work, offset: 0, known: vec![NEVER; lost.len()] }
    }

    /// Schedules wave after wave and puts the plan together; `notes` come before the work's own.
    pub(crate) fn plan(&self, mut notes: Vec<String>) -> Result<RecoveryPlan, RecoverError> {
        let policy = self.request.policy;
        let back: BTreeSet<usize> = (0..self.lost.len()).filter(|it| self.known[*it] != NEVER).collect();
        let waves = waves(self.request.estate, self.services, self.work, &back);
        let count = waves.len();
        let mut rng = Rng::new(self.request.seed);
        let mut times = self.known.clone();
        let mut scheduled: Vec<Scheduled> = Vec::new();
        let (mut clock, mut slack) = (self.offset, 0.0);
        for (at, wave) in waves.into_iter().enumerate() {
            let watch = if at + 1 == count { policy.final_surveillance } else { policy.surveillance };
            let (stage, bound) = self.schedule(wave, &times, clock, watch.secs(), &mut rng)?;
            slack += bound.slack;
            self.set_times(&stage, &mut times);
            clock = stage.end + stage.surveillance;
            scheduled.push(stage);
        }
        let horizon = scheduled.last().map_or(self.offset, |it| it.end);
        let course = self.services.course(&times, horizon);
        let objective = course.loss;
        let bound = (objective - slack).clamp(0.0, objective);
        let gap = if objective > 0.0 { (objective - bound) / objective } else { 0.0 };
        notes.extend(self.work.notes.iter().cloned());
        notes.extend(self.never_back(&course.restored));
        let simulated = simulate(self, &scheduled, self.request.samples, &mut rng);
        let services = self.recovered(&scheduled, &course.restored, &simulated);
        let stages = scheduled.iter().enumerate().map(|(at, it)| self.stage(at, it, &scheduled)).collect();
        Ok(RecoveryPlan { stages, services, objective, bound, gap, notes })
    }

    /// When each asset of a stage is back: when the last of its steps ends, or at once when it has none.
    pub(crate) fn set_times(&self, stage: &Scheduled, times: &mut [u64]) {
        for &asset in &stage.wave.assets {
            times[asset] = stage.begin;
        }
        for ((&task, start), job) in stage.tasks.iter().zip(&stage.starts).zip(stage.project.jobs()) {
            let asset = self.work.tasks[task].asset;
            times[asset] = times[asset].max(stage.begin + start + job.duration);
        }
    }

    pub(crate) fn still_down(&self, back: &BTreeSet<usize>) -> Vec<usize> {
        self.services.affected().into_iter().filter(|it| !self.services.holds_with(*it, back)).collect()
    }

    fn never_back(&self, restored: &[Restoration]) -> Vec<String> {
        let never = self.services.affected().into_iter().filter(|it| restored[*it].full == NEVER);
        never
            .map(|it| {
                let id = &self.request.estate.services[it].id;
                format!(
                    "Service `{id}` does not come back with these assets: something else it needs is missing."
                )
            })
            .collect()
    }

    fn recovered(
        &self,
        scheduled: &[Scheduled],
        restored: &[Restoration],
        simulated: &Simulated,
    ) -> Vec<RecoveryService> {
        let mut lines = Vec::new();
        for service in self.services.affected() {
            let declared = &self.request.estate.services[service];
            let at = restored[service];
            if at.full == NEVER {
                continue;
            }
            let stage = scheduled
                .iter()
                .take_while(|it| it.end < at.full)
                .count()
                .min(scheduled.len().saturating_sub(1));
            let mtpd = declared.mtpd.map(Span::secs);
            let times = simulated.of(service, at.full);
            lines.push(RecoveryService {
                service: declared.id.clone(),
                p50: times.percentile(50),
                p90: times.percentile(90),
                rto: declared.rto.map(Span::secs),
                mtpd,
                mtpd_breach: mtpd.map_or(0.0, |it| times.share_over(it)),
                stage: u32::try_from(stage + 1).unwrap_or(u32::MAX),
                degraded_s: Some(at.degraded).filter(|it| *it < at.full),
                planned_s: at.full,
            });
        }
        lines.sort_by(|a, b| a.planned_s.cmp(&b.planned_s).then_with(|| a.service.cmp(&b.service)));
        lines
    }

    fn stage(&self, at: usize, stage: &Scheduled, all: &[Scheduled]) -> Stage {
        let estate = self.request.estate;
        let mut back: BTreeSet<usize> = all[..at].iter().flat_map(|it| &it.wave.assets).copied().collect();
        back.extend((0..self.lost.len()).filter(|it| self.known[*it] != NEVER));
        let down = self.still_down(&back);
        let lifted: BTreeSet<&str> = self.services.lifted(&back).into_iter().collect();
        back.extend(&stage.wave.assets);
        let left = self.still_down(&back);
        let restores: Vec<usize> = down.into_iter().filter(|it| !left.contains(it)).collect();
        let lifts: Vec<String> = self
            .services
            .lifted(&back)
            .into_iter()
            .filter(|it| at == 0 || !lifted.contains(it))
            .map(str::to_owned)
            .collect();
        let assets: Vec<&str> = stage.wave.assets.iter().map(|it| self.lost[*it].id.as_str()).collect();
        let name = |it: &usize| estate.services[*it].name.en();
        let title = match restores.as_slice() {
            [] if assets.len() == 1 => "1 host that no service waits for".to_owned(),
            [] => format!("{} hosts that no service waits for", assets.len()),
            [one] => name(one).to_owned(),
            [one, two] => format!("{} and {}", name(one), name(two)),
            [one, two, more @ ..] => format!("{}, {} and {} more", name(one), name(two), more.len()),
        };
        let mut checks = vec![format!("every step succeeded and was verified on {}", assets.join(", "))];
        checks
            .extend(restores.iter().map(|it| format!("probe: service {} answers", estate.services[*it].id)));
        checks
            .extend(lifts.iter().map(|it| format!("containment action {it} lifted, and verified as lifted")));
        checks.push(format!(
            "no new finding on {} for {}",
            if assets.len() == 1 { "this host" } else { "these hosts" },
            Span::from_secs(stage.surveillance)
        ));
        Stage {
            n: u32::try_from(at + 1).unwrap_or(u32::MAX),
            title,
            steps: self.steps(stage),
            gate: Gate {
                checks,
                surveillance_s: stage.surveillance,
                approver: self.request.policy.approver.clone(),
                restores: restores.iter().map(|it| estate.services[*it].id.clone()).collect(),
                lifts,
            },
        }
    }

    fn steps(&self, stage: &Scheduled) -> Vec<RecoveryStep> {
        let one = |(at, &number): (usize, &usize)| {
            let task = &self.work.tasks[number];
            let job = &stage.project.jobs()[at];
            let start = stage.begin + stage.starts[at];
            let Duration { p10, p50, p90 } = task.duration;
            RecoveryStep {
                id: task.id.clone(),
                asset: self.lost[task.asset].id.clone(),
                crew: self.work.crews[task.crew].0.clone(),
                after: job.after.iter().map(|it| self.work.tasks[stage.tasks[*it]].id.clone()).collect(),
                start_s: start,
                end_s: start + job.duration,
                p10_s: p10,
                p50_s: p50,
                p90_s: p90,
            }
        };
        stage.tasks.iter().enumerate().map(one).collect()
    }
}
