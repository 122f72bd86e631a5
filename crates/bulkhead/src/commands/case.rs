//! `case list|show|verify|erase`: the record, without any database.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_journal::{Error, PublicKey, SigningKey};
use bulkhead_model::case::{Clock, ClockStatus, Incident, Plan, RecoveryPlan};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::building;
use crate::cli::{Case, Format};
use crate::failure::{Failure, Outcome};
use crate::say::{self, say};
use crate::ui::{Table, counted, duration, money};
use crate::when::{When, shown, zone_of_case};

/// Runs `case ...`.
pub fn run(command: &Case) -> Outcome {
    match command {
        Case::List { dir, format } => list(dir.as_deref().unwrap_or(Path::new(".")), *format),
        Case::Show { dir, format } => {
            building::readable(dir)?;
            show(dir, *format)
        }
        Case::Verify { dir, key, format } => {
            building::readable(dir)?;
            verify(dir, key.as_deref(), *format)
        }
        Case::Erase { dir, reason, signing_key, now } => {
            building::readable(dir)?;
            erase(dir, reason, signing_key.as_deref(), now.as_ref())
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
    if format == Format::Json {
        return print_json(&serde_json::json!({
            "incident": incident, "plan": plan, "recovery": recovery, "clocks": clocks
        }));
    }
    say!("{}  [{}, {}]", incident.title, incident.standing(), incident.severity.as_str());
    let zone = zone_of_case(dir);
    say!(
        "declared {}, first finding {}",
        shown(incident.declared_at, &zone),
        shown(incident.first_finding_at, &zone)
    );
    let mut table = Table::new(["", "id", "since", "confidence", "because"]);
    for (word, list) in [("compromised", &incident.compromised), ("suspected", &incident.suspected)] {
        for it in list {
            let reason = it.reasons.first().map(|it| it.text.clone()).unwrap_or_default();
            table.row([
                word.to_owned(),
                it.id.clone(),
                shown(it.since, &zone),
                format!("{:.2}", it.confidence),
                reason,
            ]);
        }
    }
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
    for it in clocks.iter().filter(|it| it.status == ClockStatus::Binding) {
        let due = it.due_earliest.map_or("without undue delay".to_owned(), |it| shown(it, &zone));
        say!("clock {} {}: {} to {}", it.regime, it.stage, due, it.recipient);
    }
    Ok(())
}

fn verify(dir: &Path, key: Option<&str>, format: Format) -> Outcome {
    if !dir.join("journal").is_dir() {
        return Err(Failure::input(format!(
            "`{}` is not a case directory: it has no journal/",
            dir.display()
        ))
        .hint("name the folder that `respond --out` or `drill --out` wrote"));
    }
    let key = key.map(public_key).transpose()?;
    let report = bulkhead_journal::verify(dir, key.as_ref()).map_err(journal_failure)?;
    match format {
        Format::Json => print_json(&report)?,
        Format::Table => say::show(&format!("{report}\n")),
    }
    if report.is_ok() { Ok(()) } else { Err(Failure::Verdict("the case is not what was signed".to_owned())) }
}

fn erase(dir: &Path, reason: &str, key: Option<&Path>, now: Option<&When>) -> Outcome {
    let key = signing_key(key)?;
    let clock = Timestamp::now();
    let now = now.map_or(Ok(clock), |it| it.resolve("--now", &zone_of_case(dir), clock, false))?;
    let erased =
        bulkhead_journal::erase_vault(dir, &key, now, "operator", reason).map_err(journal_failure)?;
    say!("erased {} files of the vault; `case verify` lists the erasure and still accepts the case", erased);
    Ok(())
}

/// The key in `file`, or the demonstration key.
pub fn signing_key(file: Option<&Path>) -> Outcome<SigningKey> {
    let Some(file) = file else { return Ok(SigningKey::demonstration()) };
    let text = fs::read_to_string(file).map_err(|err| Failure::file("read the signing key", file, &err))?;
    SigningKey::parse(text.trim()).map_err(|err| Failure::input(format!("{}: {err}", file.display())))
}

/// A public key given as such, or as a file that holds it.
fn public_key(text: &str) -> Outcome<PublicKey> {
    let held = fs::read_to_string(text).ok();
    let text = held.as_deref().unwrap_or(text);
    PublicKey::parse(text).map_err(|err| Failure::input(format!("--key: {err}")))
}

/// What the journal refuses is the user's to mend, and what the machine refuses too; the rest of the database is ours.
pub fn journal_failure(err: Error) -> Failure {
    match err {
        Error::File(err) => err.into(),
        Error::Io { doing, ref path, ref source } => Failure::file(doing, path, source),
        Error::Database(_) if err.is_of_the_machine() => {
            Failure::input(format!("{:#}", anyhow::Error::new(err)))
                .hint("make room, or check who may write there; what stood there before is untouched")
        }
        Error::Database(_) => Failure::Internal(anyhow::Error::new(err)),
        other => Failure::input(format!("{:#}", anyhow::Error::new(other))),
    }
}

fn read<T: DeserializeOwned>(dir: &Path, name: &str) -> Outcome<T> {
    let path = dir.join(name);
    let text = fs::read_to_string(&path).map_err(|err| {
        Failure::file("read", &path, &err)
            .hint("name a case directory, as `respond --out` or `drill --out` wrote it")
    })?;
    serde_json::from_str(&text).map_err(|err| Failure::input(format!("{}: {err}", path.display())))
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
