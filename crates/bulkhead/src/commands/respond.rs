//! `respond FILES`: recorded telemetry carried all the way to a sealed case directory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_detect::RuleSet;
use bulkhead_incident::{Fusion, IncidentDraft, Policy, fuse_knowing};
use bulkhead_model::case::{Basis, Entity, EntityRef, Incident, Residual};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::{Finding, Level};
use bulkhead_report::{Lang, Words};
use bulkhead_telemetry::discover;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::baseline::Baseline;
use crate::building::{Building, Wanted};
use crate::casedir::CaseFiles;
use crate::cli::{Common, Format, Planning, Respond};
use crate::commands::beside::{known_before, read_before, say_beside, say_unplaced};
use crate::commands::case::print_json;
use crate::commands::key::signing_key;
use crate::config::Config;
use crate::desk::Setting;
use crate::entities::{Directory, exactly};
use crate::estate_input::{self, EstateInput};
use crate::evidence::Evidence;
use crate::failure::{Failure, Outcome};
use crate::flow::{self, Opening, VaultKey};
use crate::record_note::RecordNote;
use crate::say::{self, line, note, say};
use crate::telemetry_input::{Gathered, cores, gather};
use crate::ui::{count, counted};
use crate::verdict::stays_now;
use crate::when::{local, zone};
use crate::world::recorded::Recorded;
use crate::{basis, cases_folder, files, inputs, narrate, rule_input, seen_flows};

/// Runs `respond`.
pub fn run(args: &Respond, config: &Config, quiet: bool, resumed: Option<Building>) -> Outcome {
    let common = &args.common;
    let given = estate_input::read(common.estate.as_deref(), config, quiet)?;
    let now = planning_now(common, given.as_ref(), quiet)?;
    let (rules, report) = rule_input::load(&common.rules, !common.no_builtin_rules, config, quiet)?;
    let rules_refused = report.diagnostics.iter().filter(|it| it.is_error()).count() as u64;
    if args.why.is_empty() {
        say_language(common, quiet);
    }
    let key = signing_key(&common.signer)?;
    let baseline = Baseline::open(args.baseline.as_deref())?;
    if !args.why.is_empty() {
        return why(args, given, &rules, now, &baseline, quiet);
    }
    let building = match resumed {
        Some(building) => building,
        None => Building::begin(&Wanted {
            out: common.out.as_deref(),
            name: &case_name(&args.files),
            force: common.force,
            telemetry: &args.files,
        })?,
    };

    let threads = args.threads.map_or_else(cores, usize::from);
    let mut gathered = gather(&args.files, &rules, now, threads, quiet)?;
    gathered.findings.sort_by_key(|it| it.time);
    gathered.summary.rules_refused = rules_refused;
    gathered.summary.rules_idle = rule_input::idle(&report).len() as u64;
    let holes = super::detect::holes(&gathered.telemetry, gathered.summary.over_budget, rules_refused);
    if !holes.is_empty() {
        note!("NOT EVERYTHING WAS READ: {}; what is not found may be there all the same", holes.join(", "));
    }
    if gathered.summary.findings_not_kept > 0 && !quiet {
        say_not_kept(&gathered.not_kept);
    }
    if !quiet {
        note!(
            "read {} ({} malformed) from {}, {}; {:.0} events/s",
            counted(usize::try_from(gathered.telemetry.events()).unwrap_or(usize::MAX), "event"),
            gathered.telemetry.malformed(),
            counted(gathered.telemetry.sources.len(), "source"),
            counted(usize::try_from(gathered.found()).unwrap_or(usize::MAX), "finding"),
            gathered.events_per_s
        );
    }
    let estate = match given {
        Some(estate) => estate,
        None => drafted(&args.files, &gathered, quiet)?,
    };
    let policy = Policy::default();
    let mut fusion = fuse_knowing(
        baseline.memory.clone(),
        &gathered.findings,
        &gathered.observations,
        &estate.estate,
        &policy,
        common.seed(),
    );
    let (open, mut beside) = known_before(&mut fusion, &estate.estate);
    say_unplaced(fusion.unplaced);
    beside.extend(read_before(&fusion.again, &estate.estate));
    gathered.summary.muted.clone_from(&fusion.muted);
    let known = basis::of(&fusion, baseline.used());
    gathered.summary.basis = Some(known.clone());
    beside.extend(fusion.muted.iter().map(|it| narrate::muted(it, |at| local(at, &estate.estate.estate))));
    let accept = accepted(&estate.estate, &fusion.incidents, &args.accept)?;
    if fusion.incidents.is_empty() {
        no_incident(&gathered, &open, &fusion, &known, &policy, common.format, building)?;
        say_beside(&beside, common.format);
        return baseline.keep_after(&gathered.findings, &fusion.memory);
    }
    // What was seen to be open is, whatever the estate believes.
    let estate = seen_flows::with(estate, &gathered.observations, quiet)?;
    let setting = setting(&estate.estate, common, config)?;
    let case = Case {
        args,
        estate: &estate,
        setting: &setting,
        gathered: &gathered,
        accept: &accept,
        key: &key,
        now,
    };
    let told = respond(&case, &fusion.incidents, &building)?;
    let out = building.shown().to_owned();
    // In their place before anything is printed: whoever closes the pipe early loses no case.
    building.finish()?;
    // Last: a run that was interrupted is made again, and must not learn twice. Where it cannot be kept, the verdict is told all the same.
    let kept = baseline.keep_after(&gathered.findings, &fusion.memory);
    say_idle(&accept, &told);
    let verdict = tell(&told, common.format, &out);
    if common.format == Format::Table {
        let is_grave = gathered.findings.iter().any(|it| it.rule.level >= Level::High);
        say!("\nwhat is known: the hosts were {}", basis::watched(&known, is_grave));
    }
    say_beside(&beside, common.format);
    kept?;
    verdict
}

/// Explains instead of responding.
fn why(
    args: &Respond,
    given: Option<EstateInput>,
    rules: &RuleSet,
    now: Option<Timestamp>,
    baseline: &Baseline,
    quiet: bool,
) -> Outcome {
    let threads = args.threads.map_or_else(cores, usize::from);
    let mut gathered = gather(&args.files, rules, now, threads, quiet)?;
    gathered.findings.sort_by_key(|it| it.time);
    let estate = match given {
        Some(estate) => estate,
        None => drafted(&args.files, &gathered, quiet)?,
    };
    super::why::run(args, &gathered, &estate.estate, baseline, &Policy::default())
}

/// The planning clock, when one is given: in the zone of the estate given, else in UTC.
fn planning_now(common: &Common, estate: Option<&EstateInput>, quiet: bool) -> Outcome<Option<Timestamp>> {
    let zone = estate.map_or(TimeZone::UTC, |it| zone(&it.estate.estate));
    let now = common.planning.now.as_ref();
    now.map(|it| it.resolve("--now", &zone, inputs::now(), quiet)).transpose()
}

/// The host or account behind every name given with `--accept`: one of the estate, or one that only the incidents know.
fn accepted(estate: &Estate, found: &[IncidentDraft], names: &[String]) -> Outcome<Vec<EntityRef>> {
    let directory = Directory::new(estate);
    let seen = found.iter().flat_map(|it| it.compromised.iter().chain(&it.suspected)).map(Entity::key);
    let seen: BTreeSet<EntityRef> = seen.collect();
    names.iter().map(|it| directory.find_or_seen("--accept", it, &seen)).collect()
}

/// Says which of what was accepted does not stay under any plan: accepting it changed nothing.
fn say_idle(accept: &[EntityRef], told: &[Told]) {
    let kept: BTreeSet<&EntityRef> = told.iter().flat_map(|it| &it.accepted).collect();
    for it in accept.iter().filter(|it| !kept.contains(it)) {
        note!(
            "--accept {}: it is not among what stays under the plan; nothing was accepted for it",
            exactly(it)
        );
    }
}

/// What every incident is answered with.
struct Case<'a> {
    args: &'a Respond,
    estate: &'a EstateInput,
    setting: &'a Setting<'a>,
    gathered: &'a Gathered,
    accept: &'a [EntityRef],
    key: &'a bulkhead_journal::SigningKey,
    /// The planning clock, when one is given.
    now: Option<Timestamp>,
}

/// One incident answered: what its case directory holds and says.
struct Told {
    files: CaseFiles,
    story: String,
    infeasible: Option<String>,
    /// What stays and was not accepted.
    open: Vec<EntityRef>,
    /// What stays and was accepted.
    accepted: Vec<EntityRef>,
    out: PathBuf,
    /// What must be known of its record.
    record: RecordNote,
}

/// Answers every incident, each with its own case directory, under one plan for all of them.
fn respond(case: &Case<'_>, found: &[IncidentDraft], building: &Building) -> Outcome<Vec<Told>> {
    let common = &case.args.common;
    let telemetry = case.gathered.summary.clone();
    let incidents: Vec<Incident> =
        found.iter().map(|it| it.declare(it.declared_at, telemetry.clone())).collect();
    let latest = case.gathered.last_event.into_iter().chain(found.iter().map(|it| it.declared_at)).max();
    let said = RefCell::default();
    let mut told = Vec::new();
    for (index, it) in found.iter().enumerate() {
        let findings: Vec<Finding> =
            it.findings.iter().map(|at| case.gathered.findings[*at].clone()).collect();
        let mut others = incidents.clone();
        let incident = others.remove(index);
        let setting = case.setting.beside(others);
        let (made, out) = match found {
            [_] => (building.dir(), building.shown().to_owned()),
            _ => {
                let name = bulkhead_files::file_name(&incident.id);
                (building.dir().join(&name), building.shown().join(&name))
            }
        };
        let journal = building.journal(&incident.id);
        let now = case.now.or(latest).unwrap_or(it.declared_at).max(it.declared_at);
        let mut world = Recorded {
            findings: &findings,
            observations: &case.gathered.observations,
            until: now,
            yes: common.yes,
            accept: case.accept,
            evidence: evidence(&case.args.files, &findings),
            said: &said,
            recorded: Vec::new(),
        };
        let opening = Opening {
            setting: &setting,
            incident,
            story: it.timeline.clone(),
            now,
            out: &made,
            journal: &journal,
            ask_always: true,
            vault_key: common.seed.map_or(VaultKey::Random, VaultKey::Seed),
        };
        let ending = flow::carry(opening, &mut world)?;
        let files = files::assemble(&ending, case.estate, &setting, findings)?;
        let proof_holds = files::shown_certificate(&ending).map(|it| it.1);
        let story = narrate::tell(&files, &ending, &case.estate.estate, proof_holds);
        let infeasible = ending.state.containment.infeasible.clone();
        let (kept, open): (Vec<Residual>, Vec<Residual>) =
            stays_now(&ending.state).into_iter().partition(|it| it.accepted.is_some());
        let ids = |list: Vec<Residual>| {
            list.into_iter().map(|it| EntityRef { kind: it.kind, id: it.entity }).collect()
        };
        let record = flow::seal(ending, &files, case.estate, &made, case.key)?;
        told.push(Told { files, story, infeasible, open: ids(open), accepted: ids(kept), out, record });
    }
    if found.len() > 1 {
        let names = told.iter().filter_map(|it| it.out.file_name()?.to_str());
        cases_folder::mark(&building.dir(), names)?;
    }
    Ok(told)
}

/// Prints what happened: the incidents one after the other, then all of them on a page.
fn tell(told: &[Told], format: Format, out: &Path) -> Outcome {
    match (format, told) {
        (Format::Json, [one]) => print_json(&objects(&one.files))?,
        (Format::Json, several) => {
            let all: Vec<_> = several.iter().map(|it| objects(&it.files)).collect();
            print_json(&serde_json::json!({ "incidents": all }))?;
        }
        (Format::Table, several) => {
            for (index, it) in several.iter().enumerate() {
                if several.len() > 1 {
                    say!("\n=== incident {} of {} ===", index + 1, several.len());
                }
                say::show(&it.story);
            }
            summary(several, out);
        }
    }
    // One key signs them all.
    told.iter().take(1).for_each(|it| it.record.announce(format));
    match told.iter().find_map(|it| it.infeasible.clone()) {
        Some(why) => {
            note!("NO FEASIBLE PLAN: {}", why);
            Err(Failure::Verdict(why))
        }
        None => Ok(()),
    }
}

/// What happened, per incident, and what to do.
fn summary(told: &[Told], out: &Path) {
    if told.len() > 1 {
        say!(
            "\nSummary\n-------\n{} incidents, each with a case of its own; one containment plan answers all of them",
            told.len()
        );
    }
    for it in told {
        let Some(incident) = &it.files.incident else { continue };
        say!("\n{}: {}\n  it stands: {}", incident.id, incident.title, incident.standing());
        if !it.open.is_empty() {
            let open: Vec<&str> = it.open.iter().map(|it| it.id.as_str()).collect();
            say!("  stays, accepted by nobody: {}", open.join(", "));
        }
        say!("  case directory: {}\n  bulkhead case verify {}", it.out.display(), it.out.display());
    }
    if told.len() > 1 {
        say!("\nall cases: bulkhead case list {}", out.display());
    }
}

/// Says which rules made more findings than are kept one by one.
fn say_not_kept(by_rule: &std::collections::BTreeMap<String, u64>) {
    let mut rules: Vec<(&String, &u64)> = by_rule.iter().collect();
    rules.sort_by_key(|it| std::cmp::Reverse(it.1));
    let total: u64 = by_rule.values().sum();
    note!("{} findings that repeat others or are less grave were counted, but not kept one by one:", total);
    for (title, n) in rules.iter().take(5) {
        note!("  {} of `{}`", n, title);
    }
    if rules.len() > 5 {
        note!("  and those of {} more rules", rules.len() - 5);
    }
}

/// What programs are told of a case.
pub fn objects(files: &CaseFiles) -> serde_json::Value {
    serde_json::json!({
        "incident": files.incident,
        "impact": files.impact,
        "plan": files.plan,
        "recovery": files.recovery,
        "clocks": files.clocks,
        "exfiltration": files.exfiltration,
        "figures": files.figures,
        "score": files.score,
    })
}

fn no_incident(
    gathered: &Gathered,
    open: &[IncidentDraft],
    fusion: &Fusion,
    known: &Basis,
    policy: &Policy,
    format: Format,
    building: Building,
) -> Outcome {
    if format == Format::Json {
        print_json(&serde_json::json!({
            "incident": null,
            "open": open.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
            "findings": gathered.found(),
            "strongest_points": fusion.strongest.points,
            "strongest_host": fusion.strongest.host,
            "strongest_at": fusion.strongest.at,
            "declare_points": policy.declare_points,
            "not_judged": fusion.unplaced,
            "read_before": fusion.again.findings,
            "declared_before": fusion.again.over,
            "learned": { "hosts": fusion.memory.normal.n_hosts(), "hours_a_host": fusion.memory.normal.hours() },
            "telemetry": gathered.summary,
        }))?;
        return building.abandon();
    }
    say::show(&narrate::nothing(
        open,
        (&gathered.findings, gathered.summary.findings_not_kept),
        fusion,
        known,
        policy,
    ));
    if gathered.summary.findings_not_kept > 0 {
        say!(
            "This rests on the findings that are kept one by one: {} more were only counted (see above).",
            count(gathered.summary.findings_not_kept)
        );
    }
    if !gathered.summary.is_whole() {
        say!("This holds only for what was read and compared: not everything was (see above).");
    }
    building.abandon()
}

fn drafted(paths: &[PathBuf], gathered: &Gathered, quiet: bool) -> Outcome<EstateInput> {
    let name = paths.first().and_then(|it| it.file_stem()).map(|it| it.to_string_lossy().into_owned());
    let (estate, assumptions) = discover::draft(&gathered.observations, &name.unwrap_or_default());
    if !quiet {
        note!(
            "no --estate: drafted one of {} from the telemetry, assuming:",
            counted(estate.assets.len(), "host")
        );
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

/// Says, in the language asked for, that the terminal does not speak it.
pub fn say_language(common: &Common, quiet: bool) {
    if common.lang != Lang::En && common.format == Format::Table && !quiet {
        note!("{}", Words::new(common.lang).of_the_terminal());
    }
}

/// What never changes during the incident, from flags over configuration over the contract's defaults.
pub fn setting<'e>(estate: &'e Estate, common: &Common, config: &Config) -> Outcome<Setting<'e>> {
    let ports = MovementPorts::default();
    let mut request = bulkhead_contain::Request::new(estate, &[], &ports);
    let flags: &Planning = &common.planning;
    super::plan::settle(&mut request, flags, config)?;
    let (attitude, horizon_h, suspect_threshold) =
        (request.attitude, request.horizon_h, request.suspect_threshold);
    Ok(Setting {
        estate,
        attitude,
        horizon_h,
        suspect_threshold,
        seed: common.seed(),
        ports,
        others: Vec::new(),
        lang: common.lang,
    })
}

/// The files that carry the incident's findings.
fn evidence(paths: &[PathBuf], findings: &[Finding]) -> Vec<Evidence> {
    let sources: BTreeSet<&str> =
        findings.iter().map(|it| it.source.file.split('!').next().unwrap_or_default()).collect();
    let named = sources.into_iter().filter(|it| *it != "-").map(PathBuf::from);
    let files = named.filter(|it| it.is_file() && paths.iter().any(|path| it.starts_with(path)));
    files.map(Evidence::Disk).collect()
}

/// The name of a case by default: that of the first file.
fn case_name(files: &[PathBuf]) -> String {
    match files.first().map(|it| (it.as_os_str() == "-", it.file_stem())) {
        Some((true, _)) => "stdin".to_owned(),
        Some((_, Some(stem))) => stem.to_string_lossy().into_owned(),
        _ => "case".to_owned(),
    }
}
