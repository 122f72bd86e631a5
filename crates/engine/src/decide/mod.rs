//! A command against the state gives events or a rejection.

mod containment;
mod follow;
mod incident;
mod recovery;
mod stages;

use bulkhead_model::case::IncidentState;
use jiff::{SignedDuration, Timestamp};

use crate::command::{Command, Ctx, Policy, Rejection};
use crate::effects::is_live;
use crate::event::{Event, Fact};
use crate::evolve::evolve;
use crate::facts::{
    ApprovalGiven, ApprovalRefused, EvidenceRegistered, StatementMade, Subject, TelemetrySummarised,
};
use crate::state::State;

/// Follow-ups one command can have at most; a bound against faults of this crate, not of its callers.
const MAX_FOLLOW_UPS: usize = 10_000;

/// What happens because of `command`: events to be recorded in this order, all or none. May be none at all.
///
/// # Errors
/// When the command does not fit the state: late, repeated, out of place. Nothing changes then.
pub fn decide(state: &State, command: Command, ctx: &Ctx) -> Result<Vec<Event>, Rejection> {
    let mut draft = Draft { state: state.clone(), events: Vec::new(), ctx };
    dispatch(&mut draft, command)?;
    for _ in 0..MAX_FOLLOW_UPS {
        let facts = follow::follow(&draft.state, &ctx.policy, ctx.now);
        if facts.is_empty() {
            break;
        }
        facts.into_iter().for_each(|it| draft.emit(it));
    }
    Ok(draft.events)
}

/// The decision as it grows: each event is at once part of the state that the next one is decided on.
struct Draft<'a> {
    state: State,
    events: Vec<Event>,
    ctx: &'a Ctx,
}

impl Draft<'_> {
    fn emit(&mut self, fact: impl Into<Fact>) {
        let fact = fact.into();
        let event = Event { at: self.ctx.now, actor: fact.actor().to_owned(), fact };
        self.state = evolve(std::mem::take(&mut self.state), &event);
        self.events.push(event);
    }

    fn advance(&mut self, from: IncidentState, to: IncidentState) {
        let fact = follow::advance(&self.state, from, to);
        self.emit(fact);
    }

    fn policy(&self) -> &Policy {
        &self.ctx.policy
    }

    /// When to try again after the `attempt`th try: the policy's delay, doubled each time.
    fn retry_at(&self, attempt: u32) -> Timestamp {
        let factor = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
        later(self.ctx.now, self.policy().retry_after_s.saturating_mul(factor))
    }

    fn phase(&self) -> Result<IncidentState, Rejection> {
        match self.state.phase() {
            None => Err(Rejection::new("no-incident", "no incident is declared yet")),
            Some(IncidentState::Closed) => Err(Rejection::new("closed", "the incident is closed")),
            Some(phase) => Ok(phase),
        }
    }
}

/// `seconds` after `at`, or the end of time.
fn later(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

fn dispatch(draft: &mut Draft<'_>, command: Command) -> Result<(), Rejection> {
    match command {
        Command::RegisterEvidence { sha256, bytes, name } => {
            let known = |it: &EvidenceRegistered| it.sha256 == sha256 && it.name == name;
            if !draft.state.evidence.iter().any(known) {
                draft.emit(EvidenceRegistered { sha256, bytes, name });
            }
            Ok(())
        }
        Command::SummariseTelemetry(telemetry) => {
            draft.emit(TelemetrySummarised { telemetry });
            Ok(())
        }
        Command::DeclareIncident(incident) => incident::declare(draft, incident),
        other => {
            draft.phase()?;
            dispatch_open(draft, other)
        }
    }
}

/// Commands that need an open incident.
fn dispatch_open(draft: &mut Draft<'_>, command: Command) -> Result<(), Rejection> {
    match command {
        Command::Approve { subject, role, by, via } => {
            check_asked(draft, subject, &role)?;
            draft.emit(ApprovalGiven { subject, role, by, via });
            Ok(())
        }
        Command::Refuse { subject, role, by, why } => {
            check_asked(draft, subject, &role)?;
            draft.emit(ApprovalRefused { subject, role, by, why });
            Ok(())
        }
        Command::MakeStatement { audience, language, sha256, by } => {
            draft.emit(StatementMade { audience, language, sha256, by });
            Ok(())
        }
        Command::RescopeIncident { .. }
        | Command::RecordImpact { .. }
        | Command::RecordClocks { .. }
        | Command::RecordExfiltration { .. }
        | Command::SubmitFiling { .. }
        | Command::RecordEradication { .. } => incident::decide(draft, command),
        Command::ProposeContainment { .. }
        | Command::RecordInfeasible { .. }
        | Command::RequestReplan { .. }
        | Command::AcceptResidual { .. }
        | Command::RecordApplied { .. }
        | Command::RecordReadBack { .. }
        | Command::RecordPointFailure { .. }
        | Command::RetryPoint(_)
        | Command::RecordCertificate { .. }
        | Command::RenewLease(_)
        | Command::RecordLease { .. }
        | Command::ExpireLease(_) => containment::decide(draft, command),
        other => recovery::decide(draft, other),
    }
}

fn check_asked(draft: &Draft<'_>, subject: Subject, role: &str) -> Result<(), Rejection> {
    let asked = draft.state.approvals.get(&subject);
    let missing = asked.is_some_and(|it| it.missing().any(|it| it == role));
    if missing && is_live(&draft.state, subject) {
        return Ok(());
    }
    Err(Rejection::new("not-asked", format!("nobody is waiting for the word of `{role}` on {subject:?}")))
}
