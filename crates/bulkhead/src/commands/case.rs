//! `case list|show|verify|cosign|export|erase`: the record, without any database.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_files::{Standing, standing};
use bulkhead_journal::witness::witness_key;
use bulkhead_journal::{Checkpoint, Error, Vault, VerifyOptions, WitnessKey};
use bulkhead_model::case::{Clock, Figures, Incident, Plan, RecoveryPlan};
use bulkhead_model::estate::EstateInfo;
use bulkhead_model::finding::Level;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::building;
use crate::cli::{Case, Format, Signer, VerifyWith};
use crate::commands::case_export;
use crate::commands::key::{public_key, signing_key};
use crate::failure::{Failure, MAKE_ROOM, Outcome};
use crate::inputs;
use crate::say::{self, note, say};
use crate::ui::{Table, counted, duration, money};
use crate::when::{When, shown, zone_of_case};

/// Unread parts of the telemetry that are listed.
const UNREAD_SHOWN: usize = 8;

/// Runs `case ...`.
pub fn run(command: &Case) -> Outcome {
    match command {
        Case::List { dir, format } => list(dir.as_deref().unwrap_or(Path::new(".")), *format),
        Case::Show { dir, format } => {
            building::readable(dir)?;
            show(dir, *format)
        }
        Case::Verify { dir, with, format } => {
            building::readable(dir)?;
            verify(dir, with, *format)
        }
        Case::Cosign { dir, since, signer, now } => {
            building::readable(dir)?;
            cosign(dir, since.as_deref(), signer, now.as_ref())
        }
        Case::Export { dir, out, named } => {
            building::readable(dir)?;
            case_export::run(dir, out, *named)
        }
        Case::Erase { dir, reason, signer, now } => {
            building::readable(dir)?;
            erase(dir, reason, signer, now.as_ref())
        }
        Case::Resume { dir } => super::resume(dir),
    }
}

fn list(dir: &Path, format: Format) -> Outcome {
    let entries = fs::read_dir(dir).map_err(|err| Failure::file("list", dir, &err))?;
    let mut found: Vec<(PathBuf, Incident)> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|err| Failure::file("list", dir, &err))?.path();
        // Other folders may stand here too; only those with a readable incident are cases.
        if let Ok(incident) = read::<Incident>(&path, "incident.json") {
            found.push((path, incident));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    if format == Format::Json {
        let cases: Vec<_> = found
            .iter()
            .map(|(path, it)| serde_json::json!({"dir": path, "id": it.id, "state": it.state, "severity": it.severity, "title": it.title, "declared_at": it.declared_at}))
            .collect();
        return print_json(&cases);
    }
    if found.is_empty() {
        say!("no case in {}; `bulkhead drill --out {}/case` makes one", dir.display(), dir.display());
        return Ok(());
    }
    let mut table = Table::new(["case", "state", "severity", "declared", "title"]);
    for (path, it) in &found {
        table.row([
            path.display().to_string(),
            it.standing(),
            it.severity.as_str().to_owned(),
            shown(it.declared_at, &zone_of_case(path)),
            it.title.clone(),
        ]);
    }
    say::show(&table.render(0));
    Ok(())
}

fn show(dir: &Path, format: Format) -> Outcome {
    let incident: Incident = read(dir, "incident.json")?;
    let plan: Option<Plan> = read_if_there(dir, "plan.json")?;
    let recovery: Option<RecoveryPlan> = read_if_there(dir, "recovery.json")?;
    let clocks: Vec<Clock> = read_if_there(dir, "clocks.json")?.unwrap_or_default();
    let figures: Option<Figures> = read_if_there(dir, "figures.json")?;
    if format == Format::Json {
        return print_json(&serde_json::json!({
            "incident": incident, "figures": figures, "plan": plan, "recovery": recovery, "clocks": clocks
        }));
    }
    say!("{}  [{}, {}]", incident.title, incident.standing(), incident.severity.as_str());
    let zone = zone_of_case(dir);
    say!(
        "declared {}, first finding {}{}",
        shown(incident.declared_at, &zone),
        shown(incident.first_finding_at, &zone),
        incident.ended_at.map_or_else(String::new, |at| {
            format!("; over by its telemetry {}: nothing new had come for days", shown(at, &zone))
        })
    );
    let unread = &incident.telemetry.unread;
    if !unread.is_empty() {
        say!("NOT EVERYTHING WAS READ; what is not found may be there all the same. Missing or unread:");
    }
    for it in unread.iter().take(UNREAD_SHOWN) {
        say!("  {}: {}", it.source, it.what);
    }
    if unread.len() > UNREAD_SHOWN {
        say!("  and {} more (incident.json, telemetry.unread)", unread.len() - UNREAD_SHOWN);
    }
    for it in &incident.telemetry.muted {
        say!("{}", crate::narrate::muted(it, |at| shown(at, &zone)));
    }
    if let Some(it) = &incident.telemetry.basis {
        let is_grave = incident.severity >= Level::High;
        say!("what is known: the hosts were {}", crate::basis::watched(it, is_grave));
    }
    let table = crate::narrate::entities(&incident, usize::MAX, |at| shown(at, &zone));
    say::show(&table.render(2));
    if let Some(plan) = &plan {
        say!("containment, generation {}: {}", plan.generation, money(plan.objective.total, &plan.currency));
        for action in &plan.actions {
            say!("  {}", action.id);
        }
    }
    if let Some(recovery) = &recovery {
        say!("recovery in {}", counted(recovery.stages.len(), "stage"));
        for it in &recovery.services {
            say!("  {}: {} (nine times in ten {})", it.service, duration(it.p50), duration(it.p90));
        }
    }
    if let Some(figures) = &figures {
        say::show(&crate::narrate::binding_clocks(&clocks, figures, &info(dir)));
    }
    Ok(())
}

/// The operator, from the estate that the case keeps; a nameless one in UTC where it cannot be read.
fn info(dir: &Path) -> EstateInfo {
    let text = fs::read_to_string(dir.join("estate.yaml")).unwrap_or_default();
    let nameless = || EstateInfo { timezone: "UTC".to_owned(), ..EstateInfo::named("") };
    bulkhead_model::estate::read("estate.yaml", &text).0.map_or_else(nameless, |it| it.estate)
}

fn verify(dir: &Path, with: &VerifyWith, format: Format) -> Outcome {
    let is_journal = dir.join("checkpoint").is_file() && dir.join("manifest.json").is_file();
    if dir.is_dir() {
        bulkhead_journal::settle(dir).map_err(journal_failure)?;
    }
    if !dir.join("journal").is_dir() && !is_journal {
        return Err(Failure::input(format!(
            "`{}` is not a case directory: it has no journal/",
            dir.display()
        ))
        .hint("name the folder that `respond --out` or `drill --out` wrote, or its journal/"));
    }
    let key = with.key.as_deref().map(public_key).transpose()?;
    let since = with.since.as_deref().map(checkpoint).transpose()?;
    let witnesses = with.witness.iter().map(|it| witness(it)).collect::<Outcome<Vec<_>>>()?;
    let options = VerifyOptions {
        key: key.as_ref(),
        since: since.as_deref(),
        witnesses: &witnesses,
        threshold: with.witness_threshold.map(std::num::NonZeroUsize::get),
        partial: with.partial,
    };
    let report = bulkhead_journal::verify_with(dir, &options).map_err(journal_failure)?;
    match format {
        Format::Json => print_json(&report)?,
        Format::Table => say::show(&format!("{report}\n")),
    }
    if !report.is_ok() {
        let only_signer = report.faults.iter().all(bulkhead_journal::Fault::is_of_signer);
        let why = if only_signer {
            "the case is whole, but not signed or cosigned by whom you named"
        } else {
            "the case is not what was signed"
        };
        let withheld = report.faults.iter().all(|it| it.code == "missing" && it.path.starts_with("vault"));
        if withheld && format == Format::Table {
            note!(
                "  hint: all that is missing is of the vault; a copy exported without it is checked with --partial"
            );
        }
        return Err(Failure::Verdict(why.to_owned()));
    }
    if let Some(failure) = foreign(&report) {
        return Err(failure);
    }
    if with.require_key && !report.is_authenticated() {
        return Err(Failure::Verdict("the signer is not authenticated".to_owned()));
    }
    Ok(())
}

/// A checkpoint of another record says nothing about this one: neither that it holds nor that it does not.
fn foreign(report: &bulkhead_journal::Report) -> Option<Failure> {
    let why = report.foreign.as_ref()?;
    Some(Failure::input(format!("--since: this checkpoint is of another record: {why}")).hint(
        "give a copy of this case's own journal/checkpoint; if it is one, the case is not the one it was of",
    ))
}

/// A checkpoint in a file, or the one of a case directory.
fn checkpoint(path: &Path) -> Outcome<String> {
    let file = if path.is_dir() { path.join("journal/checkpoint") } else { path.to_owned() };
    let bytes = inputs::read(&file).map_err(|err| {
        Failure::file("read the earlier checkpoint", &file, &err)
            .hint("give a copy of the case's journal/checkpoint that was kept elsewhere")
    })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // What is no checkpoint accuses no record.
    bulkhead_journal::note::text_of(&text).and_then(Checkpoint::parse).map_err(|err| {
        Failure::input(format!("--since: `{}` is no checkpoint: {err}", file.display()))
            .hint("give a copy of the case's journal/checkpoint that was kept elsewhere")
    })?;
    Ok(text)
}

/// A witness's key given as such, or as a file that holds it.
fn witness(text: &str) -> Outcome<WitnessKey> {
    let held = inputs::read(Path::new(text)).ok().and_then(|it| String::from_utf8(it).ok());
    let text = held.as_deref().unwrap_or(text);
    WitnessKey::parse(text).map_err(|err| Failure::input(format!("--witness: {err}")))
}

fn cosign(dir: &Path, since: Option<&Path>, signer: &Signer, now: Option<&When>) -> Outcome {
    let key = signing_key(signer)?;
    let since = since.map(checkpoint).transpose()?;
    let options = VerifyOptions { since: since.as_deref(), ..VerifyOptions::default() };
    let report = bulkhead_journal::verify_with(dir, &options).map_err(journal_failure)?;
    if !report.is_ok() {
        say::show(&format!("{report}\n"));
        return Err(Failure::Verdict("nothing was cosigned: the case is not what was signed".to_owned()));
    }
    if let Some(failure) = foreign(&report) {
        return Err(failure);
    }
    let clock = Timestamp::now();
    let now = now.map_or(Ok(clock), |it| it.resolve("--now", &zone_of_case(dir), clock, false))?;
    bulkhead_journal::cosign(dir, &key, now).map_err(journal_failure)?;
    say!("cosigned {} entries, root {}, as a witness", report.entries, report.root);
    say!("  those who verify give: --witness {}", witness_key(&key));
    Ok(())
}

fn erase(dir: &Path, reason: &str, signer: &Signer, now: Option<&When>) -> Outcome {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Failure::input("an erasure needs a reason, which the record keeps")
            .hint("say who asked for it and on what ground, without names: --reason \"GDPR article 17 request 2026-14\""));
    }
    let key = signing_key(signer)?;
    let clock = Timestamp::now();
    let now = now.map_or(Ok(clock), |it| it.resolve("--now", &zone_of_case(dir), clock, false))?;
    // The reason outlives the vault: whom the vault names, it must not name.
    let names = Vault::read_names(&dir.join("vault")).map_err(journal_failure)?;
    let reason = names.and_then(|it| it.veil(reason)).unwrap_or_else(|| reason.to_owned());
    let interrupted = matches!(standing(dir), Ok(Standing::Interrupted));
    let erased =
        bulkhead_journal::erase_vault(dir, &key, now, "operator", &reason).map_err(journal_failure)?;
    if interrupted {
        say!("the interrupted run that was to replace the case is given up, and erased with it");
    }
    say!("erased {} files of the vault; `case verify` lists the erasure and still accepts the case", erased);
    Ok(())
}

/// What the journal refuses is the user's to mend, and what the machine refuses too; the rest of the database is ours.
pub fn journal_failure(err: Error) -> Failure {
    match err {
        Error::File(err) => err.into(),
        Error::Io { doing, ref path, ref source } => Failure::file(doing, path, source),
        Error::Database(_) if err.is_of_the_machine() => {
            Failure::input(format!("{:#}", anyhow::Error::new(err))).hint(MAKE_ROOM)
        }
        Error::Database(_) => Failure::Internal(anyhow::Error::new(err)),
        other => Failure::input(format!("{:#}", anyhow::Error::new(other))),
    }
}

/// A file of the case, with names where the vault still has them.
fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> Outcome<T> {
    let named = dir.join("vault/named").join(name);
    let path = if named.is_file() { named } else { dir.join(name) };
    let text =
        fs::read_to_string(&path).map_err(|err| Failure::file("read", &path, &err).hint(place_hint(dir)))?;
    serde_json::from_str(&text).map_err(|err| Failure::input(format!("{}: {err}", path.display())))
}

/// Where the case meant may be.
fn place_hint(dir: &Path) -> String {
    match cases_below(dir).as_slice() {
        [] => "name a case directory, as `respond --out` or `drill --out` wrote it".to_owned(),
        several => format!("it holds the cases of several incidents; name one: {}", several.join(", ")),
    }
}

/// Case directories right below `dir`, as they are named on a command line.
fn cases_below(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<String> = entries
        .map(|it| it.path())
        .filter(|it| it.join("journal").is_dir())
        .map(|it| it.display().to_string())
        .collect();
    found.sort();
    found
}

/// What the writer of files refuses is the user's to mend.
pub fn files_failure(err: bulkhead_files::Error) -> Failure {
    Failure::input(format!("{:#}", anyhow::Error::new(err)))
}

fn read_if_there<T: DeserializeOwned>(dir: &Path, name: &str) -> Outcome<Option<T>> {
    if dir.join(name).exists() { read(dir, name).map(Some) } else { Ok(None) }
}

/// Prints `value` as JSON.
pub fn print_json<T: serde::Serialize>(value: &T) -> Outcome {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::new)?;
    say::show_json(&text);
    say::show("\n");
    Ok(())
}

/// The name an enum has in JSON.
pub fn text_of<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
