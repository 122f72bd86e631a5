//! What follows by itself from where things stand: nobody needs to be asked, nothing outside needs to be done.

use std::collections::BTreeSet;

use bulkhead_model::case::{Entity, EntityKind, EntityRef, IncidentState, Stage};
use jiff::Timestamp;

use crate::command::Policy;
use crate::event::Fact;
use crate::facts::{
    ApprovalAsked, ApprovalGiven, EnforcementIntended, GateOpened, IncidentAdvanced, IncidentClosed, Named,
    StageRestored, Subject, SurveillanceStarted, Via,
};
use crate::state::{Approvals, GateState, Need, Phase, Reason, State, StepPhase};

use super::containment::POLICY;
use super::later;

/// The next facts that follow; none when things rest. Each changes the state so that it does not follow again.
pub(super) fn follow(state: &State, policy: &Policy, now: Timestamp) -> Vec<Fact> {
    let intents = intents(state);
    if !intents.is_empty() {
        return intents;
    }
    match state.phase() {
        Some(IncidentState::Declared) if state.is_contained() => {
            vec![advance(state, IncidentState::Declared, IncidentState::Contained)]
        }
        Some(IncidentState::Contained) if is_refuted(state) => {
            vec![advance(state, IncidentState::Contained, IncidentState::Declared)]
        }
        Some(IncidentState::Eradicated)
            if state.recovery.plan.is_some() && granted(state, Subject::Recovery(state.recovery.number)) =>
        {
            vec![advance(state, IncidentState::Eradicated, IncidentState::Recovering)]
        }
        Some(IncidentState::Recovering) => recovering(state, policy, now),
        Some(IncidentState::Monitoring) => monitoring(state, policy),
        _ => Vec::new(),
    }
}

/// The incident moves on, with what must be said in the same breath.
pub(super) fn advance(state: &State, from: IncidentState, to: IncidentState) -> Fact {
    let simulated = state.incident.as_ref().is_none_or(|it| it.simulated);
    let stays = if to == IncidentState::Contained { state.residual() } else { Vec::new() };
    let except = stays.into_iter().map(|it| EntityRef { kind: it.kind, id: it.entity }).collect();
    IncidentAdvanced { from, to, simulated, except }.into()
}

/// Whether what was called contained is so no longer: a point that held the plan is lost, or the newest plan was found not
/// to hold or to leave something that nobody accepted.
fn is_refuted(state: &State) -> bool {
    let lost = |it: &Need| matches!(it.reason, Reason::PointLost | Reason::NotCut);
    match &state.containment.need {
        Some(need) => lost(need),
        None => state.newest_certificate().is_some() && state.all_verified() && !state.is_contained(),
    }
}

fn granted(state: &State, subject: Subject) -> bool {
    state.approvals.get(&subject).is_some_and(Approvals::granted)
}

/// Points that the approved stages of the plan have not been intended for yet.
fn intents(state: &State) -> Vec<Fact> {
    let containment = &state.containment;
    let Some(proposal) = &containment.proposal else { return Vec::new() };
    let (generation, approved) = (containment.generation, state.approved_stage());
    let mut todo = Vec::new();
    for rules in proposal.rules.iter().filter(|it| !containment.lost.contains(&it.point)) {
        let stage = proposal.stage_for(&rules.point, approved);
        let attempt = match containment.points.get(&rules.point) {
            _ if stage == 0 => continue,
            Some(it) if it.generation < generation => 1,
            // What was told for the stage before is heard out first: an answer to it must not pass for one to this.
            Some(it) if it.stage < stage && it.phase == Phase::Verified => it.attempt + 1,
            Some(_) => continue,
            None => 1,
        };
        todo.push(EnforcementIntended { generation, point: rules.point.clone(), attempt, stage }.into());
    }
    todo
}

fn recovering(state: &State, policy: &Policy, now: Timestamp) -> Vec<Fact> {
    let Some(stage) = state.stage() else {
        return all_open(state, policy, now);
    };
    let n = stage.n;
    let done = |id: &str| state.step_phase(id) == Some(&StepPhase::Succeeded);
    if !state.recovery.restored.contains(&n) {
        return match stage.steps.iter().all(|it| done(&it.id)) {
            true => vec![StageRestored { stage: n, entities: restored_by(state, stage) }.into()],
            false => Vec::new(),
        };
    }
    if !state.is_cut() {
        return Vec::new();
    }
    if state.recovery.watch.is_none_or(|it| it.stage != Some(n)) {
        let until = later(now, stage.gate.surveillance_s);
        return vec![SurveillanceStarted { stage: Some(n), until }.into()];
    }
    if !matches!(state.recovery.gate, GateState::Holds(_)) {
        return Vec::new();
    }
    let subject = Subject::Gate(n);
    if granted(state, subject) {
        return vec![GateOpened { stage: n }.into()];
    }
    if state.approvals.contains_key(&subject) {
        return Vec::new();
    }
    ask(subject, &stage.gate.approver, "the next stage may begin")
}

/// Every gate is open. What no step touched but was cleaned, or only suspected, is let out too; then everything is
/// watched.
fn all_open(state: &State, policy: &Policy, now: Timestamp) -> Vec<Fact> {
    let left = untouched(state);
    if !left.is_empty() {
        let entities = left.into_iter().map(Named::from).collect();
        return vec![StageRestored { stage: state.recovery.stage, entities }.into()];
    }
    if !state.is_cut() {
        return Vec::new();
    }
    let watch = SurveillanceStarted { stage: None, until: later(now, policy.monitoring_s) };
    vec![advance(state, IncidentState::Recovering, IncidentState::Monitoring), watch.into()]
}

fn monitoring(state: &State, policy: &Policy) -> Vec<Fact> {
    let passed = state.recovery.watch.is_some_and(|it| it.stage.is_none() && it.passed);
    if !passed || state.stale.exfiltration.is_some() {
        return Vec::new();
    }
    if granted(state, Subject::Close) {
        let why = "everything is restored and nothing was seen during surveillance".to_owned();
        return vec![
            IncidentClosed { why }.into(),
            advance(state, IncidentState::Monitoring, IncidentState::Closed),
        ];
    }
    if state.approvals.contains_key(&Subject::Close) {
        return Vec::new();
    }
    ask(Subject::Close, &policy.commander_role, "the incident is over")
}

/// Asks `role`; where the plan names nobody, the policy answers.
fn ask(subject: Subject, role: &str, why: &str) -> Vec<Fact> {
    let asked = |role: &str| ApprovalAsked { subject, roles: vec![role.to_owned()], why: why.to_owned() };
    if role.is_empty() {
        let (role, by) = (POLICY.to_owned(), POLICY.to_owned());
        return vec![asked(POLICY).into(), ApprovalGiven { subject, role, by, via: Via::Policy }.into()];
    }
    vec![asked(role).into()]
}

/// What is let out with the last stage although no step restored it: entities cleaned by eradication alone, and those that
/// were suspected and nothing more was found on. Surveillance follows.
fn untouched(state: &State) -> Vec<EntityRef> {
    let cleaned = state.compromised().map(Entity::key).filter(|it| state.containment.eradicated.contains(it));
    cleaned.chain(state.suspected().map(Entity::key)).collect()
}

/// Entities that are clean once `stage` is done: no step is left on them. After the last stage what is untouched too.
fn restored_by(state: &State, stage: &Stage) -> Vec<Named> {
    let stages = state.recovery.plan.iter().flat_map(|it| &it.stages);
    let later: Vec<&Stage> = stages.filter(|it| it.n > stage.n).collect();
    let left: BTreeSet<&str> = later.iter().flat_map(|it| &it.steps).map(|it| it.asset.as_str()).collect();
    let here: BTreeSet<&str> = stage.steps.iter().map(|it| it.asset.as_str()).collect();
    let is_in = |it: &EntityRef, assets: &BTreeSet<&str>| {
        it.kind == EntityKind::Asset && assets.contains(it.id.as_str())
    };
    let held = state.compromised().chain(state.suspected()).map(Entity::key);
    let mut clean: BTreeSet<EntityRef> = held.filter(|it| is_in(it, &here)).collect();
    if later.is_empty() {
        clean.extend(untouched(state));
    }
    clean.into_iter().filter(|it| !is_in(it, &left)).map(Named::from).collect()
}
