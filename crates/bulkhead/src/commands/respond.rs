//! `respond FILES`: recorded telemetry carried all the way to a sealed case directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_incident::Policy;
use bulkhead_model::case::Incident;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_telemetry::discover;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::casedir::CaseFiles;
use crate::cli::{Common, Format, Planning, Respond};
use crate::commands::case::{print_json, signing_key};
use crate::config::Config;
use crate::desk::Setting;
use crate::estate_input::{self, EstateInput};
use crate::evidence::Evidence;
use crate::failure::{Failure, Outcome};
use crate::flow::{self, Opening};
use crate::say::{self, line, note, say};
use crate::telemetry_input::{Gathered, gather};
use crate::when::zone;
use crate::world::recorded::Recorded;
use crate::world::{Found, declare_when};
use crate::{casedir, files, narrate, rule_input};

/// Runs `respond`.
pub fn run(args: &Respond, config: &Config, quiet: bool) -> Outcome {
    let common = &args.common;
    let given = estate_input::read(common.estate.as_deref(), config, quiet)?;
    let now = planning_now(common, given.as_ref(), quiet)?;
    let (rules, _) = rule_input::load(&common.rules, !common.no_builtin_rules, config, quiet)?;
    let key = signing_key(common.signing_key.as_deref())?;
    let out = common.out.clone().unwrap_or_else(|| default_out(&args.files));
    casedir::prepare(&out, common.force)?;

    let mut gathered = gather(&args.files, &rules, now, quiet)?;
    gathered.findings.sort_by_key(|it| it.time);
    if !quiet {
        note!(
            "read {} events ({} malformed) from {} sources, {} findings; {:.0} events/s",
            gathered.telemetry.events(),
            gathered.telemetry.malformed(),
            gathered.telemetry.sources.len(),
            gathered.findings.len(),
            gathered.events_per_s
        );
    }
    let estate = match given {
        Some(estate) => estate,
        None => drafted(&args.files, &gathered, quiet)?,
    };
    let setting = setting(&estate.estate, common, config)?;
    let policy = Policy::default();
    let (found, strongest) =
        declare_when(&gathered.findings, &gathered.observations, &estate.estate, &policy, common.seed);
    let Some(found) = found else {
        return no_incident(&gathered, strongest, &policy, &out);
    };
    respond(args, &estate, &setting, &gathered, &found, &out, &key, now)
}

/// The planning clock, when one is given: in the zone of the estate given, else in UTC.
fn planning_now(common: &Common, estate: Option<&EstateInput>, quiet: bool) -> Outcome<Option<Timestamp>> {
    let zone = estate.map_or(TimeZone::UTC, |it| zone(&it.estate.estate));
    let now = common.planning.now.as_ref();
    now.map(|it| it.resolve("--now", &zone, Timestamp::now(), quiet)).transpose()
}

#[expect(clippy::too_many_arguments, reason = "the parts of one response, used once")]
fn respond(
    args: &Respond,
    estate: &EstateInput,
    setting: &Setting<'_>,
    gathered: &Gathered,
    found: &Found,
    out: &Path,
    key: &bulkhead_journal::SigningKey,
    now: Option<Timestamp>,
) -> Outcome {
    let common = &args.common;
    let findings: Vec<Finding> =
        found.draft.findings.iter().map(|it| gathered.findings[*it].clone()).collect();
    let incident: Incident = found.draft.declare(found.at, gathered.telemetry.summary());
    let latest = gathered.last_event.unwrap_or(found.at);
    let now = now.unwrap_or(latest).max(found.at);
    let mut world = Recorded {
        findings: &findings,
        observations: &gathered.observations,
        yes: common.yes,
        evidence: evidence(&args.files, &findings),
    };
    let opening = Opening {
        setting,
        incident,
        story: found.draft.timeline.clone(),
        now,
        out,
        ask_always: true,
        secret: &secret(common)?,
    };
    let ending = flow::carry(opening, &mut world)?;
    let files = files::assemble(&ending, estate, setting, findings)?;
    let proof_holds = files::shown_certificate(&ending).map(|it| it.1);
    let story = narrate::tell(&files, &ending, &estate.estate, proof_holds);
    let infeasible = ending.state.containment.infeasible.clone();
    // Sealed before anything is printed: whoever closes the pipe early loses no case.
    flow::seal(ending, &files, out, key)?;
    show(&files, common.format, &story)?;
    if common.format == Format::Table {
        if found.others > 0 {
            say!(
                "\n{} further incidents share nothing with this one; narrow the files to respond to them",
                found.others
            );
        }
        say!("\ncase directory: {}\n  bulkhead case verify {}", out.display(), out.display());
    }
    match infeasible {
        Some(why) => {
            note!("NO FEASIBLE PLAN: {}", why);
            Err(Failure::Verdict(why))
        }
        None => Ok(()),
    }
}

/// Prints the story, or the case's main objects as JSON.
pub fn show(files: &CaseFiles, format: Format, story: &str) -> Outcome {
    match format {
        Format::Table => {
            say::show(story);
            Ok(())
        }
        Format::Json => print_json(&serde_json::json!({
            "incident": files.incident,
            "impact": files.impact,
            "plan": files.plan,
            "recovery": files.recovery,
            "clocks": files.clocks,
            "exfiltration": files.exfiltration,
            "score": files.score,
        })),
    }
}

fn no_incident(gathered: &Gathered, strongest: f64, policy: &Policy, out: &Path) -> Outcome {
    say::show(&narrate::nothing(&gathered.findings, strongest, policy.declare_points));
    // The folder was made ready for a case that there is no reason for.
    std::fs::remove_dir(out).map_err(|err| Failure::file("remove", out, &err))
}

fn drafted(paths: &[PathBuf], gathered: &Gathered, quiet: bool) -> Outcome<EstateInput> {
    let name = paths.first().and_then(|it| it.file_stem()).map(|it| it.to_string_lossy().into_owned());
    let (estate, assumptions) = discover::draft(&gathered.observations, &name.unwrap_or_default());
    if !quiet {
        note!("no --estate: drafted one of {} hosts from the telemetry, assuming:", estate.assets.len());
        for it in assumptions.iter().take(8) {
            note!("  - {}", it);
        }
        if assumptions.len() > 8 {
            note!("  - and {} more, at the head of the case's estate.yaml", assumptions.len() - 8);
        }
    }
    let text = draft_text(&estate, &assumptions)?;
    Ok(EstateInput { origin: "drafted from the telemetry".to_owned(), text, estate })
}

/// A drafted estate as a file, headed by what it assumes.
pub fn draft_text(estate: &Estate, assumptions: &[String]) -> Outcome<String> {
    let mut text = String::from("# Drafted from telemetry by `bulkhead estate discover`. What it assumed:\n");
    for it in assumptions {
        line!(text, "# - {}", it);
    }
    let value = serde_json::to_value(estate).map_err(anyhow::Error::new)?;
    text.push_str(&bulkhead_model::yaml::emit(&value));
    Ok(text)
}

/// What never changes during the incident, from flags over configuration over the contract's defaults.
pub fn setting<'e>(estate: &'e Estate, common: &Common, config: &Config) -> Outcome<Setting<'e>> {
    let ports = MovementPorts::default();
    let mut request = bulkhead_contain::Request::new(estate, &[], &ports);
    let flags: &Planning = &common.planning;
    super::plan::settle(&mut request, flags, config)?;
    let (attitude, horizon_h, suspect_threshold) =
        (request.attitude, request.horizon_h, request.suspect_threshold);
    Ok(Setting { estate, attitude, horizon_h, suspect_threshold, seed: common.seed, ports })
}

/// What makes the vault's key besides the seed: the signing key's file, when there is one.
pub fn secret(common: &Common) -> Outcome<Vec<u8>> {
    let Some(path) = &common.signing_key else { return Ok(Vec::new()) };
    std::fs::read(path).map_err(|err| Failure::file("read the signing key", path, &err))
}

/// The files that carry the incident's findings.
fn evidence(paths: &[PathBuf], findings: &[Finding]) -> Vec<Evidence> {
    let sources: BTreeSet<&str> =
        findings.iter().map(|it| it.source.file.split('!').next().unwrap_or_default()).collect();
    let named = sources.into_iter().filter(|it| *it != "-").map(PathBuf::from);
    let files = named.filter(|it| it.is_file() && paths.iter().any(|path| it.starts_with(path)));
    files.map(Evidence::Disk).collect()
}

/// `cases/<name of the first file>`, or the first such name that is free.
fn default_out(files: &[PathBuf]) -> PathBuf {
    let stem = files.first().and_then(|it| it.file_stem()).map(|it| it.to_string_lossy().into_owned());
    free_name(&stem.unwrap_or_else(|| "case".to_owned()))
}

/// `cases/NAME`, or `cases/NAME-2` and so on when that is taken.
pub fn free_name(name: &str) -> PathBuf {
    let folder = Path::new("cases");
    let taken = |it: &PathBuf| it.exists();
    let mut path = folder.join(name);
    let mut number = 2;
    while taken(&path) {
        path = folder.join(format!("{name}-{number}"));
        number += 1;
    }
    path
}
