//! What events of recovery do to the state.

use bulkhead_model::case::EntityRef;
use jiff::Timestamp;

use crate::event::Fact;
use crate::facts::Subject;
use crate::state::{GateState, Reason, Recovery, State, Step, StepPhase, Watch};

use super::containment::want;

pub(super) fn evolve(state: &mut State, at: Timestamp, fact: &Fact) {
    match fact {
        Fact::RecoveryProposed(it) => {
            abandon(state);
            let stage = it.plan.stages.iter().map(|it| it.n).min().unwrap_or(0);
            state.recovery.number = it.number;
            state.recovery.stage = stage;
            state.recovery.plan = Some(it.plan.clone());
        }
        Fact::StepStarted(it) => set(state, &it.step, StepPhase::Started, Some(it.attempt)),
        Fact::StepSucceeded(it) => set(state, &it.step, StepPhase::Succeeded, None),
        Fact::StepFailed(it) => set(state, &it.step, StepPhase::Failed(it.retry_at), None),
        Fact::StepUndone(it) => set(state, &it.step, StepPhase::Undone, None),
        Fact::StepsDoubted(it) => it.steps.iter().for_each(|step| set(state, step, StepPhase::Doubted, None)),
        Fact::StepProbed(it) if !it.done => set(state, &it.step, StepPhase::NotDone, None),
        Fact::StageRestored(it) => {
            state.recovery.restored.insert(it.stage);
            let clean: Vec<EntityRef> = state.meant(&it.entities).collect();
            state.containment.clean.extend(clean);
            want(state, Reason::Reopening(it.stage));
            state.stale.impact = Some(state.events);
        }
        Fact::SurveillanceStarted(it) => {
            state.recovery.watch = Some(Watch { stage: it.stage, until: it.until, passed: false });
        }
        Fact::SurveillancePassed(it) => {
            if let Some(watch) = &mut state.recovery.watch {
                watch.passed = true;
            }
            // What can be said of theft of data is said anew before anybody closes the incident.
            if it.stage.is_none() {
                state.stale.exfiltration = Some(state.events);
            }
        }
        Fact::GateChecked(it) => {
            state.recovery.gate_checks += 1;
            state.recovery.gate = match it.retry_at {
                Some(at) => GateState::Waiting(at),
                None => GateState::Holds(it.checks.clone()),
            };
        }
        Fact::GateRecheckDue(_) => state.recovery.gate = GateState::Unchecked,
        Fact::GateOpened(it) => {
            let recovery = &mut state.recovery;
            let stages = recovery.plan.iter().flat_map(|it| &it.stages);
            recovery.opened.push((it.stage, at));
            recovery.stage = stages.map(|it| it.n).filter(|n| *n > it.stage).min().unwrap_or(it.stage + 1);
            recovery.gate = GateState::Unchecked;
            state.stale.impact = Some(state.events);
        }
        _ => {}
    }
}

/// Nothing of the plan in force counts any more; its number does.
pub(super) fn abandon(state: &mut State) {
    state.recovery = Recovery { number: state.recovery.number, ..Recovery::default() };
    state
        .approvals
        .retain(|subject, _| matches!(subject, Subject::Containment(_) | Subject::ContainmentStage(..)));
}

fn set(state: &mut State, step: &str, phase: StepPhase, attempt: Option<u32>) {
    let before = state.recovery.steps.get(step).map_or(0, |it| it.attempt);
    let attempt = attempt.unwrap_or(before);
    state.recovery.steps.insert(step.to_owned(), Step { phase, attempt });
}
