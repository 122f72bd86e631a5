//! An event makes the next state. Total: no event is impossible, so every journal replays.

mod containment;
mod recovery;

use bulkhead_model::case::{EntityRef, Incident, IncidentState};
use jiff::Timestamp;

use crate::event::{Event, Fact};
use crate::facts::{Named, Question, Subject};
use crate::state::{Reason, State};

/// The state after `event`.
#[must_use]
pub fn evolve(mut state: State, event: &Event) -> State {
    state.events += 1;
    let at = event.at;
    match &event.fact {
        Fact::EvidenceRegistered(it) => state.evidence.push((**it).clone()),
        Fact::TelemetrySummarised(it) => state.telemetry = it.telemetry.clone(),
        Fact::IncidentDeclared(it) => {
            state.incident = Some(Incident { state: IncidentState::Declared, ..it.incident.clone() });
            state.milestones.push((at, IncidentState::Declared));
            containment::want(&mut state, Reason::Scope);
            everything_is_stale(&mut state);
        }
        Fact::IncidentRescoped(it) => {
            replace_incident(&mut state, &it.incident);
            if !it.added.is_empty() {
                taint(&mut state, &it.added);
            }
            everything_is_stale(&mut state);
        }
        Fact::RelapseSeen(it) => {
            replace_incident(&mut state, &it.incident);
            state.relapses += 1;
            taint(&mut state, &it.entities);
            everything_is_stale(&mut state);
        }
        Fact::IncidentAdvanced(it) => advance(&mut state, at, it.to),
        Fact::ImpactAssessed(it) => {
            state.impact = Some(it.impact.clone());
            clear(&mut state.stale.impact, it.basis);
        }
        Fact::ClocksComputed(it) => {
            state.clocks.clone_from(&it.clocks);
            clear(&mut state.stale.clocks, it.basis);
        }
        Fact::AnswerUnchanged(it) => match it.question {
            Question::Impact => clear(&mut state.stale.impact, it.basis),
            Question::Clocks => clear(&mut state.stale.clocks, it.basis),
        },
        Fact::ExfiltrationAssessed(it) => {
            let before = state.exfiltration.as_ref().map(|it| it.conclusion);
            if before != Some(it.exfiltration.conclusion) {
                state.stale.clocks = Some(state.events);
            }
            state.exfiltration = Some(it.exfiltration.clone());
            clear(&mut state.stale.exfiltration, it.basis);
        }
        Fact::FilingSubmitted(it) => {
            state.filings.push((**it).clone());
            state.stale.clocks = Some(state.events);
        }
        Fact::StatementMade(it) => state.statements.push((**it).clone()),
        Fact::ApprovalAsked(it) => {
            let approvals = state.approvals.entry(it.subject).or_default();
            approvals.needed.clone_from(&it.roles);
        }
        Fact::ApprovalGiven(it) => {
            let approvals = state.approvals.entry(it.subject).or_default();
            approvals.given.insert(it.role.clone(), (**it).clone());
            if matches!(it.subject, Subject::Containment(_) | Subject::ContainmentStage(..)) {
                state.stale.impact = Some(state.events);
            }
        }
        Fact::ApprovalRefused(it) => {
            state.approvals.entry(it.subject).or_default().refused = Some((**it).clone());
        }
        Fact::IncidentClosed(_) => {}
        other => {
            containment::evolve(&mut state, at, other);
            recovery::evolve(&mut state, at, other);
        }
    }
    state
}

/// The state after all `events`, from nothing.
pub fn replay(events: impl IntoIterator<Item = Event>) -> State {
    events.into_iter().fold(State::default(), |state, event| evolve(state, &event))
}

/// The scope is replaced; where the incident stands is the engine's to say.
fn replace_incident(state: &mut State, incident: &Incident) {
    let phase = state.phase().unwrap_or(IncidentState::Declared);
    // Where the response is carried out does not change with what is found.
    let simulated = state.incident.as_ref().map_or(incident.simulated, |it| it.simulated);
    state.incident = Some(Incident { state: phase, simulated, ..incident.clone() });
}

/// These are in the attacker's hands, whatever was done to them before.
fn taint(state: &mut State, entities: &[Named]) {
    let meant: Vec<EntityRef> = state.meant(entities).collect();
    for entity in meant {
        state.containment.clean.remove(&entity);
        state.containment.eradicated.remove(&entity);
        state.containment.accepted.retain(|(it, _), _| *it != entity);
    }
    containment::want(state, Reason::Scope);
}

fn advance(state: &mut State, at: Timestamp, to: IncidentState) {
    if let Some(incident) = &mut state.incident {
        incident.state = to;
    }
    state.milestones.push((at, to));
    state.stale.clocks = Some(state.events);
    match to {
        IncidentState::Declared => recovery::abandon(state),
        IncidentState::Contained => {
            state.stale.impact = Some(state.events);
            state.stale.exfiltration = Some(state.events);
        }
        _ => {}
    }
}

fn everything_is_stale(state: &mut State) {
    let now = Some(state.events);
    state.stale = crate::state::Stale { impact: now, clocks: now, exfiltration: now };
}

/// An answer settles the question it was asked for and no later one.
fn clear(stale: &mut Option<u64>, basis: u64) {
    if *stale == Some(basis) {
        *stale = None;
    }
}
