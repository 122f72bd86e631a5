//! Relapse: assets fall back in the middle of recovery. What is done stays done, the rest is planned anew from now.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Gate, RecoveryPlan, RecoveryStep, Stage};
use bulkhead_model::id::AssetId;

use crate::plan::{Planner, RecoverError, Request, lost_assets};
use crate::value::{NEVER, Services};
use crate::work::Work;

/// How far recovery has come. Times are seconds from the start of recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Now.
    pub now_s: u64,
    /// Steps done, with when they started and ended; by id.
    pub done: BTreeMap<String, (u64, u64)>,
    /// Assets that fell back: their steps are to be done again.
    pub relapsed: BTreeSet<AssetId>,
}

/// Plans the rest of a recovery. `request.lost` names every asset that was to be brought back at the start; relapsed
/// ones are added to it. Done steps of assets that did not fall back are kept in a first stage, as they were; steps that
/// have begun but not ended are planned anew. The objective counts a relapsed asset as lost from the start.
pub fn replan(
    request: &Request<'_>,
    previous: &RecoveryPlan,
    progress: &Progress,
) -> Result<RecoveryPlan, RecoverError> {
    let all: Vec<AssetId> = request.lost.iter().chain(&progress.relapsed).cloned().collect();
    let lost = lost_assets(request.estate, &all)?;
    let ids: Vec<AssetId> = lost.iter().map(|it| it.id.clone()).collect();
    let services = Services::new(request.estate, &ids, request.actions);
    let mut work = Work::new(request.estate, &lost, &services);
    let kept = |asset: usize| !progress.relapsed.contains(&ids[asset]);
    let is_done: Vec<bool> =
        work.tasks.iter().map(|it| kept(it.asset) && progress.done.contains_key(&it.id)).collect();
    let known = known_times(&work, &is_done, progress, lost.len());
    work.keep_open(&is_done);
    let mut planner = Planner::new(request, &lost, &services, &work);
    planner.offset = progress.now_s;
    planner.known = known;
    let notes = notes(progress, is_done.iter().filter(|it| **it).count());
    let mut plan = planner.plan(notes)?;
    let steps = done_steps(previous, progress);
    if !steps.is_empty() {
        prepend(&mut plan, steps, request);
    }
    Ok(plan)
}

/// When assets whose every step is done came back.
fn known_times(work: &Work, is_done: &[bool], progress: &Progress, count: usize) -> Vec<u64> {
    (0..count)
        .map(|asset| {
            let mut tasks = work.tasks.iter().zip(is_done).filter(|it| it.0.asset == asset).peekable();
            if tasks.peek().is_none() || tasks.clone().any(|it| !it.1) {
                return NEVER;
            }
            tasks.filter_map(|it| progress.done.get(&it.0.id)).map(|it| it.1).max().unwrap_or(NEVER)
        })
        .collect()
}

fn notes(progress: &Progress, kept: usize) -> Vec<String> {
    let relapsed: Vec<&str> = progress.relapsed.iter().map(AssetId::as_str).collect();
    let at = bulkhead_model::span::Span::from_secs(progress.now_s);
    let steps = if kept == 1 { "step" } else { "steps" };
    match relapsed.as_slice() {
        [] => vec![format!("Planned anew {at} into recovery: {kept} {steps} kept as done.")],
        _ => vec![format!(
            "Relapse {at} into recovery: {} to be brought back again, {kept} {steps} kept as done.",
            relapsed.join(", ")
        )],
    }
}

fn done_steps(previous: &RecoveryPlan, progress: &Progress) -> Vec<RecoveryStep> {
    let steps = previous.stages.iter().flat_map(|it| &it.steps);
    let done = steps.filter(|it| !progress.relapsed.contains(&it.asset));
    done.filter_map(|step| {
        let &(start_s, end_s) = progress.done.get(&step.id)?;
        Some(RecoveryStep { start_s, end_s, ..step.clone() })
    })
    .collect()
}

fn prepend(plan: &mut RecoveryPlan, mut steps: Vec<RecoveryStep>, request: &Request<'_>) {
    let ids: BTreeSet<String> = steps.iter().map(|it| it.id.clone()).collect();
    for step in &mut steps {
        step.after.retain(|it| ids.contains(it));
    }
    let gate = Gate {
        checks: vec!["relapsed hosts isolated again, and verified as isolated".to_owned()],
        surveillance_s: 0,
        approver: request.policy.approver.clone(),
        restores: Vec::new(),
        lifts: Vec::new(),
    };
    plan.stages.insert(0, Stage { n: 1, title: "Done before planning anew".to_owned(), steps, gate });
    for (stage, n) in plan.stages.iter_mut().zip(1..) {
        stage.n = n;
    }
    for service in &mut plan.services {
        service.stage += 1;
    }
}
