//! What should be going on now: a function of the state, never of the last event.

use bulkhead_model::case::{EntityRef, IncidentState, ResidualWhy};
use bulkhead_model::id::PointId;
use jiff::Timestamp;

use crate::facts::Subject;
use crate::state::{GateState, Phase, State, StepPhase};

/// Something to be carried out outside. Small and ordered, so that whoever carries effects out can keep a set of those
/// under way; what they are about stands in the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Work out which services are hit. Answer: `RecordImpact`.
    AssessImpact {
        /// Goes back with the answer.
        basis: u64,
    },
    /// Work out every legal deadline. Answer: `RecordClocks`.
    ComputeClocks {
        /// Goes back with the answer.
        basis: u64,
    },
    /// Say what can be said about theft of data. Answer: `RecordExfiltration`.
    AssessExfiltration {
        /// Goes back with the answer.
        basis: u64,
    },
    /// Plan containment for [`State::compromised`] without `containment.lost`. Answer: `ProposeContainment` or
    /// `RecordInfeasible`.
    PlanContainment {
        /// The number the plan shall have.
        generation: u64,
    },
    /// Ask whoever holds a role. Answer: `Approve` or `Refuse`.
    AskApproval {
        /// For what.
        subject: Subject,
        /// Contact role.
        role: String,
    },
    /// Ask whether something that stays in the attacker's hands or within reach is accepted, by name. Answer, if somebody
    /// accepts: `AcceptResidual`.
    AskAcceptance {
        /// Plan.
        generation: u64,
        /// Which host or account.
        entity: EntityRef,
        /// Why it stays.
        why: ResidualWhy,
    },
    /// Give a point its rules, [`State::rules_for`]; doing so twice changes nothing. Answer: `RecordApplied` or
    /// `RecordPointFailure`.
    Enforce {
        /// Where.
        point: PointId,
        /// Plan.
        generation: u64,
        /// Which try.
        attempt: u32,
    },
    /// Read back what a point holds, not before. Answer: `RecordReadBack` or `RecordPointFailure`.
    ReadBack {
        /// Where.
        point: PointId,
        /// Plan.
        generation: u64,
        /// Which try.
        attempt: u32,
        /// Earliest instant at which it shows.
        not_before: Timestamp,
    },
    /// Let the separate checker decide from [`State::held`]. Answer: `RecordCertificate`.
    CheckCertificate {
        /// Plan.
        generation: u64,
    },
    /// Renew what a point holds. Answer: `RecordLease` or `RecordPointFailure`.
    RenewLease {
        /// Where.
        point: PointId,
        /// Plan.
        generation: u64,
        /// When it lapses otherwise.
        lapses_at: Timestamp,
    },
    /// Remove the attacker's footholds on [`State::compromised`] and say so. Answer: `RecordEradication`.
    ConfirmEradication {
        /// The containment plan it rests on.
        generation: u64,
    },
    /// Plan recovery. Answer: `ProposeRecovery`.
    PlanRecovery {
        /// The number the plan shall have.
        number: u64,
    },
    /// Carry out a step. Answer: `RecordStepDone` or `RecordStepFailure`.
    RunStep {
        /// Recovery plan.
        number: u64,
        /// Step.
        step: String,
        /// Which try.
        attempt: u32,
    },
    /// Find out whether a step begun before a restart was done. Answer: `RecordProbe`.
    ProbeStep {
        /// Recovery plan.
        number: u64,
        /// Step.
        step: String,
        /// The try that was begun.
        attempt: u32,
    },
    /// Watch for the attacker's return. Answer, if there is anything to say: `RescopeIncident`.
    Watch {
        /// Stage; none for everything, at the end.
        stage: Option<u32>,
        /// Until when.
        until: Timestamp,
    },
    /// Check the conditions of a gate. Answer: `RecordGateChecks`.
    CheckGate {
        /// Recovery plan.
        number: u64,
        /// Stage.
        stage: u32,
        /// Which look, from 1.
        attempt: u32,
    },
}

/// What should be going on now, in a fixed order.
pub fn effects(state: &State) -> Vec<Effect> {
    let mut out = Vec::new();
    let Some(phase) = state.phase().filter(|it| *it != IncidentState::Closed) else { return out };
    answers(state, &mut out);
    containment(state, &mut out);
    approvals(state, &mut out);
    match phase {
        IncidentState::Declared if state.does_something() && state.is_cut() => acceptances(state, &mut out),
        IncidentState::Contained if state.is_contained() => {
            out.push(Effect::ConfirmEradication { generation: state.containment.generation });
        }
        IncidentState::Eradicated if state.recovery.plan.is_none() && state.is_cut() => {
            out.push(Effect::PlanRecovery { number: state.recovery.number + 1 });
        }
        IncidentState::Recovering | IncidentState::Monitoring => recovery(state, &mut out),
        _ => {}
    }
    out
}

fn answers(state: &State, out: &mut Vec<Effect>) {
    out.extend(state.stale.impact.map(|basis| Effect::AssessImpact { basis }));
    out.extend(state.stale.clocks.map(|basis| Effect::ComputeClocks { basis }));
    out.extend(state.stale.exfiltration.map(|basis| Effect::AssessExfiltration { basis }));
}

fn containment(state: &State, out: &mut Vec<Effect>) {
    let containment = &state.containment;
    if let Some(need) = &containment.need
        && containment.infeasible.is_none()
    {
        out.push(Effect::PlanContainment { generation: need.generation });
    }
    for (point, it) in &containment.points {
        let (point, generation) = (point.clone(), it.generation);
        match it.phase {
            Phase::Intended => out.push(Effect::Enforce { point, generation, attempt: it.attempt }),
            Phase::Applied(not_before) => {
                out.push(Effect::ReadBack { point, generation, attempt: it.attempt, not_before });
            }
            Phase::Renewing => {
                let lapses =
                    it.lease_until.map(|lapses_at| Effect::RenewLease { point, generation, lapses_at });
                out.extend(lapses);
            }
            Phase::Verified | Phase::Waiting(_) | Phase::Lost => {}
        }
    }
    let checked = containment.certificate.as_ref().map(|it| it.generation);
    if containment.need.is_none() && state.all_verified() && checked != Some(containment.generation) {
        out.push(Effect::CheckCertificate { generation: containment.generation });
    }
}

fn acceptances(state: &State, out: &mut Vec<Effect>) {
    let generation = state.containment.generation;
    let open = state.residual().into_iter().filter(|it| it.accepted.is_none());
    out.extend(open.map(|it| Effect::AskAcceptance {
        generation,
        entity: EntityRef { kind: it.kind, id: it.entity },
        why: it.why,
    }));
}

fn approvals(state: &State, out: &mut Vec<Effect>) {
    for (subject, approvals) in &state.approvals {
        if !is_live(state, *subject) {
            continue;
        }
        let ask = |role: &str| Effect::AskApproval { subject: *subject, role: role.to_owned() };
        out.extend(approvals.missing().map(ask));
    }
}

/// Whether an answer to this question would still change anything.
pub(crate) fn is_live(state: &State, subject: Subject) -> bool {
    match subject {
        Subject::Containment(generation) => {
            let containment = &state.containment;
            containment.need.is_none()
                && containment.generation == generation
                && containment.proposal.is_some()
                && !state.is_approved()
        }
        Subject::ContainmentStage(generation, stage) => {
            let containment = &state.containment;
            containment.need.is_none()
                && containment.generation == generation
                && containment.proposal.as_ref().is_some_and(|it| stage <= it.last_stage())
                && state.approved_stage() < stage
                && state.refused_stage().is_none_or(|it| it >= stage)
        }
        Subject::Recovery(number) => {
            state.phase() == Some(IncidentState::Eradicated)
                && state.recovery.number == number
                && state.recovery.plan.is_some()
        }
        Subject::Gate(stage) => {
            state.phase() == Some(IncidentState::Recovering)
                && state.recovery.stage == stage
                && matches!(state.recovery.gate, GateState::Holds(_))
        }
        Subject::Close => {
            state.phase() == Some(IncidentState::Monitoring)
                && state.recovery.watch.is_some_and(|it| it.stage.is_none() && it.passed)
        }
    }
}

fn recovery(state: &State, out: &mut Vec<Effect>) {
    let number = state.recovery.number;
    for (step, it) in &state.recovery.steps {
        match it.phase {
            StepPhase::Started => {
                out.push(Effect::RunStep { number, step: step.clone(), attempt: it.attempt });
            }
            StepPhase::Doubted => {
                out.push(Effect::ProbeStep { number, step: step.clone(), attempt: it.attempt });
            }
            _ => {}
        }
    }
    match state.recovery.watch {
        Some(watch) if !watch.passed => out.push(Effect::Watch { stage: watch.stage, until: watch.until }),
        Some(watch)
            if watch.stage == Some(state.recovery.stage) && state.recovery.gate == GateState::Unchecked =>
        {
            let attempt = state.recovery.gate_checks + 1;
            out.push(Effect::CheckGate { number, stage: state.recovery.stage, attempt });
        }
        _ => {}
    }
}
