//! What time demands: retries, leases, steps whose turn has come, surveillances that are over.

use bulkhead_model::case::IncidentState;
use jiff::{SignedDuration, Timestamp};

use crate::command::Command;
use crate::state::{GateState, Phase, Point, State, StepPhase};

/// Everything due at `now`, in a fixed order. None of these commands is ever rejected.
pub fn due(state: &State, now: Timestamp) -> Vec<Command> {
    deadlines(state).into_iter().filter(|(at, _)| at.is_none_or(|it| it <= now)).map(|(_, it)| it).collect()
}

/// The next instant at which [`due`] has something new to say; none when only answers are awaited.
pub fn next_due(state: &State) -> Option<Timestamp> {
    deadlines(state).into_iter().filter_map(|(at, _)| at).min()
}

/// As [`next_due`], leases left out: they keep things as they are and bring nothing forward.
pub fn next_progress(state: &State) -> Option<Timestamp> {
    let lease = |it: &Command| matches!(it, Command::RenewLease(_) | Command::ExpireLease(_));
    deadlines(state).into_iter().filter(|(_, it)| !lease(it)).filter_map(|(at, _)| at).min()
}

/// Every deadline with its command; no instant means at once.
fn deadlines(state: &State) -> Vec<(Option<Timestamp>, Command)> {
    let mut out = Vec::new();
    if state.incident.is_none() || state.is_closed() {
        return out;
    }
    for (id, point) in &state.containment.points {
        if let Phase::Waiting(at) = point.phase {
            out.push((Some(at), Command::RetryPoint(id.clone())));
        }
        if let Some(until) = point.lease_until {
            match point.phase {
                Phase::Verified => out.push((Some(renew_at(point, until)), Command::RenewLease(id.clone()))),
                Phase::Renewing => out.push((Some(until), Command::ExpireLease(id.clone()))),
                _ => {}
            }
        }
    }
    if state.phase() == Some(IncidentState::Recovering) {
        steps(state, &mut out);
        if let GateState::Waiting(at) = state.recovery.gate {
            out.push((Some(at), Command::RecheckGate(state.recovery.stage)));
        }
    }
    if let Some(watch) = state.recovery.watch.filter(|it| !it.passed) {
        out.push((Some(watch.until), Command::PassSurveillance(watch.stage)));
    }
    out
}

/// A lease is renewed when a third of it is left.
fn renew_at(point: &Point, until: Timestamp) -> Timestamp {
    let lease_s = point.wanted.lease_s;
    let third = SignedDuration::from_secs(i64::try_from(lease_s / 3).unwrap_or(i64::MAX));
    until.checked_sub(third).unwrap_or(until)
}

fn steps(state: &State, out: &mut Vec<(Option<Timestamp>, Command)>) {
    let Some(stage) = state.stage() else { return };
    for step in &stage.steps {
        let start = Command::StartStep(step.id.clone());
        match state.step_phase(&step.id) {
            None | Some(StepPhase::NotDone | StepPhase::Undone) if state.is_ready(stage, step) => {
                out.push((None, start));
            }
            Some(StepPhase::Failed(Some(at))) => out.push((Some(*at), start)),
            _ => {}
        }
    }
}
