//! Decisions on recovery: plans, steps, surveillance, gates.

use bulkhead_model::case::{IncidentState, RecoveryPlan};

use crate::command::{Command, Rejection};
use crate::facts::{
    ApprovalAsked, GateCheck, GateChecked, GateRecheckDue, RecoveryProposed, StepFailed, StepProbed,
    StepStarted, StepSucceeded, StepsDoubted, Subject, SurveillancePassed,
};
use crate::state::{GateState, StepPhase};

use super::Draft;

pub(super) fn decide(draft: &mut Draft<'_>, command: Command) -> Result<(), Rejection> {
    match command {
        Command::ProposeRecovery { number, plan } => propose(draft, number, plan),
        Command::StartStep(step) => start(draft, step),
        Command::RetryStep(step) => {
            let number = draft.state.recovery.number;
            let attempt = expect(draft, number, &step, |it| *it == StepPhase::Failed(None))? + 1;
            draft.emit(StepStarted { number, step, attempt });
            Ok(())
        }
        Command::RecordStepDone { number, step, result } => {
            expect(draft, number, &step, |it| *it == StepPhase::Started)?;
            draft.emit(StepSucceeded { number, step, result });
            Ok(())
        }
        Command::RecordStepFailure { number, step, why } => {
            let attempt = expect(draft, number, &step, |it| *it == StepPhase::Started)?;
            let again = attempt < draft.policy().step_attempts;
            let retry_at = again.then(|| draft.retry_at(attempt));
            draft.emit(StepFailed { number, step, attempt, why, retry_at });
            Ok(())
        }
        Command::Resume => {
            let begun = draft.state.recovery.steps.iter().filter(|(_, it)| it.phase == StepPhase::Started);
            let steps: Vec<String> = begun.map(|(id, _)| id.clone()).collect();
            if !steps.is_empty() {
                draft.emit(StepsDoubted { steps });
            }
            Ok(())
        }
        Command::RecordProbe { number, step, done } => {
            expect(draft, number, &step, |it| *it == StepPhase::Doubted)?;
            draft.emit(StepProbed { step: step.clone(), done });
            if done {
                draft.emit(StepSucceeded { number, step, result: "probed: found done".to_owned() });
            }
            Ok(())
        }
        Command::PassSurveillance(stage) => pass(draft, stage),
        Command::RecordGateChecks { stage, checks } => check_gate(draft, stage, checks),
        Command::RecheckGate(stage) => {
            if draft.state.recovery.stage != stage
                || !matches!(draft.state.recovery.gate, GateState::Waiting(_))
            {
                return Err(Rejection::new(
                    "not-awaited",
                    format!("the gate of stage {stage} is not waiting"),
                ));
            }
            draft.emit(GateRecheckDue { stage });
            Ok(())
        }
        other => Err(Rejection::new("out-of-place", format!("{other:?} is no command on recovery"))),
    }
}

fn propose(draft: &mut Draft<'_>, number: u64, plan: RecoveryPlan) -> Result<(), Rejection> {
    let state = &draft.state;
    let wanted = state.recovery.number + 1;
    if state.phase() != Some(IncidentState::Eradicated) || state.recovery.plan.is_some() || number != wanted {
        let message =
            format!("recovery plan {number} is not asked for; it is after eradication, and then {wanted}");
        return Err(Rejection::new("not-awaited", message));
    }
    check_plan(&plan)?;
    draft.emit(RecoveryProposed { number, plan });
    let (subject, roles) = (Subject::Recovery(number), vec![draft.policy().commander_role.clone()]);
    draft.emit(ApprovalAsked { subject, roles, why: "it puts services back into use".to_owned() });
    Ok(())
}

/// Steps are named once, and come after steps of their own or an earlier stage, never in a circle.
fn check_plan(plan: &RecoveryPlan) -> Result<(), Rejection> {
    let mut done: Vec<&str> = Vec::new();
    for stage in &plan.stages {
        let mut left: Vec<_> = stage.steps.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            let (ready, rest): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|it| it.after.iter().all(|it| done.contains(&it.as_str())));
            if let Some(twice) = ready.iter().find(|it| done.contains(&it.id.as_str())) {
                return Err(Rejection::new(
                    "step-twice",
                    format!("step {} stands in the plan twice", twice.id),
                ));
            }
            done.extend(ready.iter().map(|it| it.id.as_str()));
            left = rest;
            if left.len() == before {
                let message = format!("stage {}: step {} can never begin", stage.n, left[0].id);
                return Err(Rejection::new("step-stuck", message));
            }
        }
    }
    let ascending =
        plan.stages.windows(2).all(|it| it[0].n < it[1].n) && plan.stages.iter().all(|it| it.n > 0);
    if !ascending {
        return Err(Rejection::new("stage-order", "the plan's stages are not numbered upwards from 1"));
    }
    Ok(())
}

fn start(draft: &mut Draft<'_>, id: String) -> Result<(), Rejection> {
    let state = &draft.state;
    let recovering = state.phase() == Some(IncidentState::Recovering);
    let stage = state.stage().filter(|_| recovering);
    let step = stage.and_then(|stage| Some((stage, stage.steps.iter().find(|it| it.id == id)?)));
    let Some((stage, step)) = step else {
        return Err(Rejection::new(
            "not-awaited",
            format!("step {id} is no part of the stage being worked on"),
        ));
    };
    let may = match state.step_phase(&id) {
        None | Some(StepPhase::NotDone | StepPhase::Undone | StepPhase::Failed(Some(_))) => true,
        Some(StepPhase::Started | StepPhase::Doubted | StepPhase::Succeeded | StepPhase::Failed(None)) => {
            false
        }
    };
    if !may || !state.is_ready(stage, step) {
        return Err(Rejection::new(
            "not-ready",
            format!("step {id} cannot begin: begun, done, or waiting for others"),
        ));
    }
    let number = state.recovery.number;
    let attempt = state.recovery.steps.get(&id).map_or(0, |it| it.attempt) + 1;
    draft.emit(StepStarted { number, step: id, attempt });
    Ok(())
}

/// The attempt the step is at, when it is of this plan and in a fitting phase.
fn expect(
    draft: &Draft<'_>,
    number: u64,
    step: &str,
    fits: impl Fn(&StepPhase) -> bool,
) -> Result<u32, Rejection> {
    let recovery = &draft.state.recovery;
    let it = recovery.steps.get(step).filter(|it| recovery.number == number && fits(&it.phase));
    let message = || format!("nothing of the kind is awaited of step {step} of recovery plan {number}");
    it.map(|it| it.attempt).ok_or_else(|| Rejection::new("not-awaited", message()))
}

fn pass(draft: &mut Draft<'_>, stage: Option<u32>) -> Result<(), Rejection> {
    let watch = draft.state.recovery.watch.filter(|it| it.stage == stage && !it.passed);
    let Some(watch) = watch else {
        return Err(Rejection::new("not-awaited", "no such surveillance is running"));
    };
    if draft.ctx.now < watch.until {
        return Err(Rejection::new("too-early", format!("the surveillance runs until {}", watch.until)));
    }
    draft.emit(SurveillancePassed { stage });
    Ok(())
}

fn check_gate(draft: &mut Draft<'_>, stage: u32, checks: Vec<GateCheck>) -> Result<(), Rejection> {
    let state = &draft.state;
    let watched = state.recovery.watch.is_some_and(|it| it.stage == Some(stage) && it.passed);
    if state.recovery.stage != stage || !watched || state.recovery.gate != GateState::Unchecked {
        return Err(Rejection::new(
            "not-awaited",
            format!("the gate of stage {stage} is not to be checked now"),
        ));
    }
    let asked = state.stage().map(|it| it.gate.checks.as_slice()).unwrap_or_default();
    if let Some(missing) = asked.iter().find(|it| checks.iter().all(|check| check.check != **it)) {
        return Err(Rejection::new("incomplete", format!("nothing is said of the condition `{missing}`")));
    }
    let all = checks.iter().all(|it| it.holds);
    let retry_at = (!all).then(|| draft.retry_at(1));
    draft.emit(GateChecked { stage, checks, retry_at });
    Ok(())
}
