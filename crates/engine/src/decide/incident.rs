//! Decisions on the incident itself: declared, rescoped, cleaned; its impact, clocks and statements.

use std::collections::BTreeSet;

use bulkhead_model::case::{Entity, EntityRef, Incident, IncidentState};

use crate::command::{Command, Rejection};
use crate::facts::{
    AnswerUnchanged, ClocksComputed, ExfiltrationAssessed, FilingSubmitted, FootholdsRemoved, ImpactAssessed,
    IncidentDeclared, IncidentRescoped, Named, Question, RelapseSeen, StepUndone,
};
use crate::state::StepPhase;

use super::Draft;

pub(super) fn declare(draft: &mut Draft<'_>, incident: Incident) -> Result<(), Rejection> {
    if draft.state.incident.is_some() {
        return Err(Rejection::new("already-declared", "this record already has an incident; rescope it"));
    }
    if incident.compromised.is_empty() && incident.suspected.is_empty() {
        return Err(Rejection::new(
            "no-entity",
            "an incident needs at least one host or identity with a finding",
        ));
    }
    draft.emit(IncidentDeclared { incident });
    Ok(())
}

pub(super) fn decide(draft: &mut Draft<'_>, command: Command) -> Result<(), Rejection> {
    match command {
        Command::RescopeIncident { incident, why } => rescope(draft, incident, why),
        Command::RecordImpact { basis, impact } => {
            check_basis(draft.state.stale.impact, basis)?;
            match draft.state.impact.as_ref() == Some(&impact) {
                true => draft.emit(AnswerUnchanged { question: Question::Impact, basis }),
                false => draft.emit(ImpactAssessed { basis, impact }),
            }
            Ok(())
        }
        Command::RecordClocks { basis, clocks } => {
            check_basis(draft.state.stale.clocks, basis)?;
            match draft.state.clocks == clocks {
                true => draft.emit(AnswerUnchanged { question: Question::Clocks, basis }),
                false => draft.emit(ClocksComputed { basis, clocks }),
            }
            Ok(())
        }
        Command::RecordExfiltration { basis, exfiltration } => {
            check_basis(draft.state.stale.exfiltration, basis)?;
            draft.emit(ExfiltrationAssessed { basis, exfiltration });
            Ok(())
        }
        Command::SubmitFiling { regime, stage, submitted_at, sha256, reference, by } => {
            let clock = draft.state.clocks.iter().find(|it| it.regime == regime && it.stage == stage);
            let Some(clock) = clock else {
                let message = format!("there is no clock {regime} {stage}");
                return Err(Rejection::new("unknown-clock", message));
            };
            if draft.state.filings.iter().any(|it| it.regime == regime && it.stage == stage) {
                return Err(Rejection::new("already-filed", format!("{regime} {stage} has been filed")));
            }
            let in_time = clock.due_earliest.map(|due| submitted_at <= due);
            draft.emit(FilingSubmitted { regime, stage, submitted_at, sha256, reference, by, in_time });
            Ok(())
        }
        Command::RecordEradication { entities, how } => eradicate(draft, entities, how),
        other => Err(Rejection::new("out-of-place", format!("{other:?} is no command on the incident"))),
    }
}

fn check_basis(stale: Option<u64>, basis: u64) -> Result<(), Rejection> {
    if stale == Some(basis) {
        return Ok(());
    }
    Err(Rejection::new("stale-answer", "the question has changed since it was asked; answer the new one"))
}

/// New findings. Once anything was let out again, an entity newly compromised means that the attacker is back.
fn rescope(draft: &mut Draft<'_>, incident: Incident, why: String) -> Result<(), Rejection> {
    let phase = draft.phase()?;
    let before: BTreeSet<EntityRef> = draft.state.compromised().map(Entity::key).collect();
    let since = draft.state.milestones.last().map(|(at, _)| *at);
    let seen_again = |it: &Entity| it.reasons.iter().any(|reason| Some(reason.at) >= since);
    let is_new = |it: &&Entity| !before.contains(&it.key()) && (!draft.state.is_clean(it) || seen_again(it));
    let added: Vec<Named> = incident.compromised.iter().filter(is_new).map(|it| it.key().into()).collect();
    let out_again = matches!(phase, IncidentState::Recovering | IncidentState::Monitoring);
    if added.is_empty() {
        draft.emit(IncidentRescoped { incident, added });
        return Ok(());
    }
    if out_again {
        draft.emit(RelapseSeen { incident, entities: added, why });
        give_up_steps(draft);
    } else {
        draft.emit(IncidentRescoped { incident, added });
    }
    if phase != IncidentState::Declared {
        draft.advance(phase, IncidentState::Declared);
    }
    Ok(())
}

/// Steps under way when the attacker comes back are given up; the next plan says what is left to do.
fn give_up_steps(draft: &mut Draft<'_>) {
    let under_way = |phase: &StepPhase| matches!(phase, StepPhase::Started | StepPhase::Doubted);
    let steps = draft.state.recovery.steps.iter().filter(|(_, it)| under_way(&it.phase));
    let steps: Vec<String> = steps.map(|(id, _)| id.clone()).collect();
    let number = draft.state.recovery.number;
    for step in steps {
        draft.emit(StepUndone { number, step, why: "given up: the attacker is back".to_owned() });
    }
}

fn eradicate(draft: &mut Draft<'_>, entities: Vec<EntityRef>, how: String) -> Result<(), Rejection> {
    let phase = draft.phase()?;
    if phase != IncidentState::Contained || !draft.state.is_contained() {
        return Err(Rejection::new(
            "not-contained",
            "footholds are removed once the attacker's paths are cut, not before",
        ));
    }
    let left: Vec<&str> = draft
        .state
        .compromised()
        .filter(|it| !entities.contains(&it.key()))
        .map(|it| it.id.as_str())
        .collect();
    if !left.is_empty() {
        let message =
            format!("nothing is said of {}; every compromised entity must be cleaned", left.join(", "));
        return Err(Rejection::new("incomplete", message));
    }
    let entities = entities.into_iter().map(Named::from).collect();
    draft.emit(FootholdsRemoved { entities, how });
    draft.advance(phase, IncidentState::Eradicated);
    Ok(())
}
