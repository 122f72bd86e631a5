//! The whole flow on one page: telemetry -> findings -> incident -> containment -> recovery -> clocks -> case directory.

use std::path::Path;

use bulkhead_engine::run::{Outcome as RunOutcome, run, step};
use bulkhead_engine::{Command, Event, Fact, Policy, State};
use bulkhead_journal::{Error as JournalError, Journal, KeyOrigin, SigningKey, Vault, export};
use bulkhead_model::case::{Incident, IncidentState, TimelineEntry};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::casedir::CaseFiles;
use crate::commands::case::journal_failure;
use crate::desk::{Desk, Kept, SIMULATED, Setting, World};
use crate::estate_input::EstateInput;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::persons::People;
use crate::record_note::RecordNote;
use crate::veil::veil_value;

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
    /// Where the key of the pseudonyms comes from.
    pub vault_key: VaultKey,
}

/// Where the key of the pseudonyms comes from. A case taken up again keeps the one in its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultKey {
    /// Drawn at random; destroyed with the vault.
    Random,
    /// Derived from a seed, so that all of the case can be made again; whoever knows the seed can undo the pseudonyms.
    Seed(u64),
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
    /// Who is to be hidden, and the readable files.
    vault: Vault,
}

/// Carries an incident as far as it goes. Everything decided is in the journal before it is acted on.
pub fn carry(opening: Opening<'_>, world: &mut dyn World) -> Outcome<Ending> {
    let mut journal = Journal::open_again(opening.journal, Vec::new()).map_err(journal_failure)?;
    let place = opening.out.join("vault");
    world.answered(&recorded(&journal, &place)?);
    let mut vault = open_vault(&opening)?;
    let mut people = People::of_estate(opening.setting.estate);
    people.incident(&opening.incident);
    opening.setting.others.iter().for_each(|it| people.incident(it));
    vault.learn(people.iter()).map_err(journal_failure)?;
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
    Ok(Ending { state, kept, timeline, at, journal, vault })
}

/// Writes the case directory, with pseudonyms for names everywhere but in the vault, and seals it.
pub fn seal(
    mut ending: Ending,
    files: &CaseFiles,
    estate: &EstateInput,
    out: &Path,
    key: &SigningKey,
) -> Outcome<RecordNote> {
    let record = RecordNote::new(key, ending.vault.origin());
    let mut people = People::of_estate(&estate.estate);
    files.incident.iter().for_each(|it| people.incident(it));
    files.findings.iter().for_each(|it| people.finding(it));
    ending.vault.learn(people.iter()).map_err(journal_failure)?;
    let proof_holds = files::shown_certificate(&ending).map(|it| it.1);
    let names = ending.vault.names();
    // Drawn anew from what is veiled, so that no shortened label keeps half a name.
    let mut veiled = files.veiled(names);
    veiled.notices = record.notices(true);
    let veiled_estate = EstateInput { estate: veil_value(&estate.estate, names), ..estate.clone() };
    let veiled_report = files::report(&veiled, &veiled_estate, proof_holds);
    let mut files = CaseFiles { notices: record.notices(false), ..files.clone() };
    files.report = files::report(&files, estate, proof_holds);
    files.write(out, &ending.vault, &veiled_report)?;
    export(&mut ending.journal, out, key, ending.at, "bulkhead").map_err(journal_failure)?;
    Ok(record)
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

/// The key of the pseudonyms of a case that was made with a seed.
pub fn key_of_seed(seed: u64, incident: &str) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"bulkhead vault key\n").chain_update(seed.to_be_bytes());
    hash.chain_update(incident.as_bytes()).finalize().into()
}

/// The vault of a case, made with a key of its own or opened with the one it has.
fn open_vault(opening: &Opening<'_>) -> Outcome<Vault> {
    let dir = opening.out.join("vault");
    let (origin, id) = match opening.vault_key {
        VaultKey::Random => (KeyOrigin::Random, None),
        VaultKey::Seed(seed) => (KeyOrigin::Seed, Some((seed, opening.incident.id.as_str()))),
    };
    let draw = || match id {
        Some((seed, incident)) => Ok(key_of_seed(seed, incident)),
        None => {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|it| {
                JournalError::Key(format!(
                    "the machine gives no random numbers for the key of the pseudonyms: {it}"
                ))
            })?;
            Ok(key)
        }
    };
    Vault::open_or_create(&dir, origin, draw).map_err(journal_failure)
}

impl Ending {
    /// When the incident first reached `state`.
    pub fn reached(&self, state: IncidentState) -> Option<Timestamp> {
        self.state.reached(state)
    }
}
