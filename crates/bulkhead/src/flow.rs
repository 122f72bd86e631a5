//! The whole flow on one page: telemetry -> findings -> incident -> containment -> recovery -> clocks -> case directory.

use std::fs;
use std::path::Path;

use bulkhead_engine::run::{Outcome as RunOutcome, run, step};
use bulkhead_engine::{Command, Policy, State};
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
    /// Where the case directory goes; prepared already.
    pub out: &'a Path,
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
    running: std::path::PathBuf,
}

/// Carries an incident as far as it goes. Everything decided is in the journal before it is acted on.
pub fn carry(opening: Opening<'_>, world: &mut dyn World) -> Outcome<Ending> {
    let running = running_name(opening.out);
    remove(&running)?;
    let mut journal = Journal::open(&running, Vec::new()).map_err(journal_failure)?;
    let mut vault =
        Vault::create(&opening.out.join("vault"), vault_key(&opening)).map_err(journal_failure)?;
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
    Ok(Ending { state, kept, timeline, at, journal, running })
}

/// Writes the case directory and seals it.
pub fn seal(mut ending: Ending, files: &CaseFiles, out: &Path, key: &SigningKey) -> Outcome {
    files.write(out)?;
    export(&mut ending.journal, out, key, ending.at, "bulkhead").map_err(journal_failure)?;
    let running = ending.running.clone();
    drop(ending);
    remove(&running)
}

/// The database of a case that is still being worked on stands beside it, never in it.
fn running_name(out: &Path) -> std::path::PathBuf {
    let mut name = out.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(".running.sqlite");
    out.with_file_name(name)
}

fn remove(running: &Path) -> Outcome {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut path = running.as_os_str().to_owned();
        path.push(suffix);
        let path = Path::new(&path);
        if path.exists() {
            fs::remove_file(path).map_err(|err| Failure::file("remove", path, &err))?;
        }
    }
    Ok(())
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
