//! The whole flow on one page: telemetry -> findings -> incident -> containment -> recovery -> clocks -> case directory.

use std::path::Path;

use bulkhead_engine::run::{Outcome as RunOutcome, run, step};
use bulkhead_engine::{Command, Event, Fact, Policy, State};
use bulkhead_journal::{Journal, SigningKey, Vault, export};
use bulkhead_model::case::{Incident, IncidentState, TimelineEntry};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::casedir::CaseFiles;
use crate::commands::case::journal_failure;
use crate::desk::{Desk, Kept, SIMULATED, Setting, World};
use crate::failure::{Failure, Outcome};

/// What a flow starts from: an incident that somebody is about to answer for.
pub struct Opening<'a> {
    /// What never changes during the incident.
    pub setting: &'a Setting<'a>,
    /// The incident, declared.
    pub incident: Incident,
    /// The attacker's part of the timeline.
    pub story: Vec<TimelineEntry>,
    /// When the desk opens.
    pub now: Timestamp,
    /// The folder that becomes the case directory.
    pub out: &'a Path,
    /// Where the journal stands while it is open. What an interrupted run recorded there is gone through again first.
    pub journal: &'a Path,
    /// Whether even a plan that breaks nothing waits for somebody's word.
    pub ask_always: bool,
    /// What else makes the vault's key, beside the seed.
    pub secret: &'a [u8],
}

/// How it ended.
pub struct Ending {
    /// What is known at the end.
    pub state: State,
    /// What was superseded meanwhile.
    pub kept: Kept,
    /// Everything that happened, in order.
    pub timeline: Vec<TimelineEntry>,
    /// When.
    pub at: Timestamp,
    /// The open journal, to be sealed with the case.
    journal: Journal,
}

/// Carries an incident as far as it goes. Everything decided is in the journal before it is acted on.
pub fn carry(opening: Opening<'_>, world: &mut dyn World) -> Outcome<Ending> {
    let mut journal = Journal::open_again(opening.journal, Vec::new()).map_err(journal_failure)?;
    let place = opening.out.join("vault");
    world.answered(&recorded(&journal, &place)?);
    let mut vault = Vault::create_again(&place, vault_key(&opening)).map_err(journal_failure)?;
    let telemetry = Command::SummariseTelemetry(opening.incident.telemetry.clone());
    // On simulated points nothing is ever better than simulated, and the record says so from the first entry on.
    let incident = Incident { simulated: SIMULATED, ..opening.incident };
    let commands = [telemetry, Command::DeclareIncident(incident)];
    let policy = Policy { ask_always: opening.ask_always, ..Policy::default() };
    let mut desk = Desk::new(opening.setting, world, &mut journal, &mut vault, opening.now)?;
    let mut state = State::default();
    for command in &commands {
        state = step(state, command, &policy, &mut desk)?.0;
    }
    let (state, outcome) = run(state, &policy, &mut desk, false)?;
    if outcome == RunOutcome::Circling {
        let last = desk.rejections.last().cloned().unwrap_or_default();
        return Err(Failure::Internal(anyhow::anyhow!(
            "the response talks in circles; last refusal: {last}"
        )));
    }
    let mut state = state;
    for command in desk.keep_evidence()? {
        state = step(state, &command, &policy, &mut desk)?.0;
    }
    let (kept, at) = (std::mem::take(&mut desk.kept), desk.clock());
    let mut timeline = opening.story;
    timeline.append(&mut desk.timeline);
    timeline.sort_by_key(|it| it.at);
    drop(desk);
    Ok(Ending { state, kept, timeline, at, journal })
}

/// Writes the case directory and seals it.
pub fn seal(mut ending: Ending, files: &CaseFiles, out: &Path, key: &SigningKey) -> Outcome {
    files.write(out)?;
    export(&mut ending.journal, out, key, ending.at, "bulkhead").map_err(journal_failure)?;
    Ok(())
}

/// What an interrupted run recorded, with the names that its vault holds.
fn recorded(journal: &Journal, vault: &Path) -> Outcome<Vec<Event>> {
    let mut events = Vec::new();
    if journal.ahead() == 0 {
        return Ok(events);
    }
    let vault = Vault::open(vault).map_err(journal_failure)?;
    for entry in journal.entries().map_err(journal_failure)? {
        let body = vault.reveal(&entry.body).map_err(journal_failure)?;
        // Entries of the record itself, such as its seal, are no events.
        if let Ok(fact) = Fact::read(&entry.kind, entry.v, &body) {
            events.push(Event { at: entry.at, actor: entry.actor, fact });
        }
    }
    Ok(events)
}

/// The key of the pseudonyms: from the seed and whatever secret the signer has.
fn vault_key(opening: &Opening<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"bulkhead vault key\n");
    hash.update(opening.setting.seed.to_be_bytes());
    hash.update(opening.incident.id.as_bytes());
    hash.update(opening.secret);
    hash.finalize().into()
}

impl Ending {
    /// When the incident first reached `state`.
    pub fn reached(&self, state: IncidentState) -> Option<Timestamp> {
        self.state.reached(state)
    }
}
