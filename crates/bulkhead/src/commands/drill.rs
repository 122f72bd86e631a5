//! `drill [SCENARIO]`: an attack scenario end to end, scored.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bulkhead_evaluate::{Facts, LENGTH_MAX, Scenario, Verdict, read, scenario, scenarios, score, verdicts};
use bulkhead_incident::IncidentDraft;
use bulkhead_model::case::{IncidentState, Score, ServiceImpact};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_model::id::{AssetId, ServiceId};
use jiff::Timestamp;

use crate::building::{Building, Wanted};
use crate::casedir::CaseFiles;
use crate::cli::{Drill, Format};
use crate::commands::beside::say_muted;
use crate::commands::case::print_json;
use crate::commands::drill_which::{self, Which};
use crate::commands::key::signing_key;
use crate::commands::respond::{objects, say_language, setting};
use crate::commands::{drill_noise, drill_unanswered};
use crate::config::Config;
use crate::desk::{Setting, World as _, later};
use crate::estate_input::{self, EstateInput, SHOWN};
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::flow::{self, Ending, Opening, VaultKey};
use crate::say::{self, note, say};
use crate::ui::Table;
use crate::world::drill::DrillWorld;
use crate::{basis, files, inputs, narrate, policy_input, rule_input, seen_flows, ui};

/// Played when no scenario is named.
const DEFAULT: &str = "reference";

/// Main services are those that make up this share of the value lost.
const MAIN_SHARE: f64 = 0.8;

/// Runs `drill`.
pub fn run(args: &Drill, config: &Config, quiet: bool, resumed: Option<Building>) -> Outcome {
    if args.list {
        return list();
    }
    let common = &args.common;
    say_language(common, quiet);
    let scenario = load(args)?;
    let policy = policy_input::read(args.policy.as_deref())?;
    // A drill without an estate plays on the embedded example; one configured or named takes its place.
    let estate = estate_input::read_or_example(common.estate.as_deref(), config, quiet)?;
    let (rules, _) = rule_input::load(&common.rules, !common.no_builtin_rules, config, quiet)?;
    let seed = scenario.seed ^ common.seed();
    let estate = if args.unannounced { estate } else { drill_noise::announce(estate, &scenario, seed)? };
    if args.unanswered {
        let mut world = DrillWorld::new(&scenario, &estate.estate, &rules, &policy, seed);
        left_out(&world);
        return drill_unanswered::tell(&scenario, &estate.estate, &mut world, common.format);
    }
    let key = signing_key(&common.signer)?;
    let building = match resumed {
        Some(building) => building,
        None => Building::begin(&Wanted {
            out: common.out.as_deref(),
            name: &format!("drill-{}", scenario.id),
            force: common.force,
            telemetry: &[],
        })?,
    };
    let out = building.dir();

    let bar = ui::progress(quiet, &format!("playing `{}` on {}", scenario.id, estate.origin), None);
    let mut world = DrillWorld::new(&scenario, &estate.estate, &rules, &policy, seed);
    left_out(&world);
    let Some((draft, at)) = world.declarable() else {
        bar.finish_and_clear();
        return quiet_day(&scenario, &estate, &mut world, building, common.format);
    };
    let answered_at = later(at, scenario.response.acknowledge.secs());
    // Whoever answers the page sees what telemetry shows by then; it was declared when it was paged.
    let draft = world.same(answered_at, &draft).unwrap_or(draft);
    let incident = draft.declare(at, world.summary().clone());
    say_muted(&incident.telemetry.muted, &estate.estate);
    // What was seen to be open is, whatever the estate believes.
    let answered = seen_flows::with(estate.clone(), world.knowledge(answered_at).observations, true)?;
    let setting = setting(&answered.estate, common, config)?;
    let opening = Opening {
        setting: &setting,
        incident,
        story: draft.timeline.clone(),
        now: answered_at,
        out: &out,
        journal: &building.journal("case"),
        ask_always: false,
        vault_key: VaultKey::Seed(seed),
    };
    let ending = flow::carry(opening, &mut world)?;
    bar.finish_and_clear();
    finish(args, &scenario, &answered, &setting, ending, &mut world, building, &key)
}

fn left_out(world: &DrillWorld<'_>) {
    if world.noise_left_out() > 0 {
        note!(
            "the noise asked for is more than a drill holds: {} of its most frequent moments were left out, evenly",
            world.noise_left_out()
        );
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one drill, used once")]
fn finish(
    args: &Drill,
    scenario: &Scenario,
    estate: &EstateInput,
    setting: &Setting<'_>,
    ending: Ending,
    world: &mut DrillWorld<'_>,
    building: Building,
    key: &bulkhead_journal::SigningKey,
) -> Outcome {
    let draft = world.draft(ending.at, ending.state.incident.as_ref());
    let all = world.findings_until(ending.at).to_vec();
    let findings = belonging(&all, draft.map(|it| it.findings).unwrap_or_default(), &ending);
    let mut files = files::assemble(&ending, estate, setting, findings)?;
    let declared = world.declared(ending.at);
    let early = world.early(&declared);
    let (score, verdicts) = judge(scenario, estate, &ending, &files, early.len(), world);
    files.score = Some(score.clone());
    files.figures = files::figures(&files, &ending, estate);
    let declared = judged(declared, scenario, world);
    let answered = ending.state.incident.as_ref().map(|it| it.id.clone());
    let proof_holds = files::shown_certificate(&ending).map(|it| it.1);
    files.report = files::report(&files, estate, proof_holds);
    let format = args.common.format;
    let story = narrate::tell(&files, &ending, &estate.estate, proof_holds);
    // Sealed before anything is printed: whoever closes the pipe early loses no case.
    let record = flow::seal(ending, &files, estate, &building.dir(), key)?;
    let out = building.shown().to_owned();
    building.finish()?;
    match format {
        Format::Table => say::show(&story),
        Format::Json => {
            let mut told = objects(&files);
            told["objectives"] = serde_json::json!(verdicts);
            told["declared"] = drill_which::objects(&declared, answered.as_deref()).into();
            print_json(&told)?;
        }
    }
    if format == Format::Table {
        say::show(&narrate::early(&early, &estate.estate.estate));
        say::show(&drill_which::table(&declared, answered.as_deref(), &estate.estate.estate));
        print_verdicts(&verdicts);
        say!("\ncase directory: {}", out.display());
        say!("  open {}/report.html, check it with `bulkhead case verify {}`", out.display(), out.display());
        say!("\n{}", narrate::score_line(&score, files.figures.as_ref()));
    }
    record.announce(format);
    missed(&verdicts)
}

/// What each incident has to do with what truly happened.
fn judged(
    declared: Vec<IncidentDraft>,
    scenario: &Scenario,
    world: &mut DrillWorld<'_>,
) -> Vec<(IncidentDraft, Which)> {
    let truth = world.truth();
    let begins = scenario.attack_begins();
    declared
        .into_iter()
        .map(|it| (Which::of(&it, truth, begins), it))
        .map(|(which, it)| (it, which))
        .collect()
}

/// Findings of the incident: those of the draft at the end, and every one on which somebody's place in it rests.
fn belonging(all: &[Finding], draft: Vec<usize>, ending: &Ending) -> Vec<Finding> {
    let incident = ending.state.incident.iter();
    let reasons =
        incident.flat_map(|it| it.compromised.iter().chain(&it.suspected)).flat_map(|it| &it.reasons);
    let named: BTreeSet<&str> = reasons.map(|it| it.finding.as_str()).collect();
    let is_named = |it: &Finding| {
        let reference = format!("{}#{} {}", it.source.file, it.source.record, it.rule.id);
        named.contains(reference.as_str())
    };
    let more = (0..all.len()).filter(|&it| is_named(&all[it]));
    let indexes: BTreeSet<usize> = draft.into_iter().chain(more).collect();
    indexes.into_iter().filter_map(|it| all.get(it).cloned()).collect()
}

fn judge(
    scenario: &Scenario,
    estate: &EstateInput,
    ending: &Ending,
    files: &CaseFiles,
    n_early: usize,
    world: &mut DrillWorld<'_>,
) -> (Score, Vec<Verdict>) {
    // What was within reach when it was first contained, whatever came later; if it never was, under the newest plan.
    let kept = &ending.kept;
    let first = kept.first_contained_by.and_then(|it| kept.certificates.get(&it)).map(|it| &it.0);
    let reached = first.or(files.certificate.as_ref()).into_iter().flat_map(|it| &it.reached);
    let reached: Vec<AssetId> = reached.map(|it| AssetId::new(it.as_str())).collect();
    // A rule that fired on the attacker without anybody being told of it detected nothing: the incident's findings
    // count, from the first on that was known to be one. What was attributed to it later did not detect it.
    let known_from = files.incident.as_ref().map(|it| it.first_finding_at);
    let detecting: Vec<Finding> = files.findings.iter().filter(|it| it.time >= known_from).cloned().collect();
    let facts = Facts {
        findings: &detecting,
        incidents: 1,
        false_incidents: n_early as u64,
        declared_at: files.incident.as_ref().map(|it| it.declared_at),
        contained_at: ending.reached(IncidentState::Contained),
        ended: ending.state.phase(),
        services_hit: !(files.impact.attacker.is_empty() && files.impact.containment_observed.is_empty()),
        main_services_restored_at: main_services_restored(files, ending),
        reached: &reached,
        impact: &files.impact,
    };
    let truth = world.truth();
    let score = score(truth, &estate.estate, &facts);
    let verdicts = verdicts(scenario, truth, &estate.estate, &facts, &score);
    (score, verdicts)
}

/// When the last of the main services was back: of the services hit, the most valuable ones that together make up four
/// fifths of the value lost.
fn main_services_restored(files: &CaseFiles, ending: &Ending) -> Option<Timestamp> {
    let mut hit: Vec<&ServiceImpact> = Vec::new();
    for it in files.impact.attacker.iter().chain(&files.impact.containment_observed) {
        match hit.iter_mut().find(|known| known.service == it.service) {
            Some(known) if known.value_per_hour < it.value_per_hour => *known = it,
            Some(_) => {}
            None => hit.push(it),
        }
    }
    hit.sort_by(|a, b| b.value_per_hour.total_cmp(&a.value_per_hour).then_with(|| a.service.cmp(&b.service)));
    let total: f64 = hit.iter().map(|it| it.value_per_hour).sum();
    let mut so_far = 0.0;
    let mut main: Vec<&ServiceId> = Vec::new();
    for it in hit {
        if so_far < total * MAIN_SHARE {
            main.push(&it.service);
        }
        so_far += it.value_per_hour;
    }
    let back: Option<Vec<Timestamp>> = main.iter().map(|it| ending.kept.restored.get(*it).copied()).collect();
    back?.into_iter().max()
}

/// A drill in which nothing was declared: right for a day without an attack.
fn quiet_day(
    scenario: &Scenario,
    estate: &EstateInput,
    world: &mut DrillWorld<'_>,
    building: Building,
    format: Format,
) -> Outcome {
    let findings = world.findings_until(Timestamp::MAX).to_vec();
    let fusion = world.unanswered();
    let declared = world.declared(Timestamp::MAX);
    let early = world.early(&declared);
    let impact = bulkhead_model::case::Impact::default();
    let facts = Facts {
        findings: &findings,
        incidents: 0,
        false_incidents: early.len() as u64,
        declared_at: None,
        contained_at: None,
        ended: None,
        services_hit: false,
        main_services_restored_at: None,
        reached: &[],
        impact: &impact,
    };
    let events = world.summary().events;
    let truth = world.truth();
    let score = score(truth, &estate.estate, &facts);
    let verdicts = verdicts(scenario, truth, &estate.estate, &facts, &score);
    if format == Format::Json {
        let told = serde_json::json!({
            "incident": null, "events": events, "findings": findings.len(), "score": score,
            "objectives": verdicts, "muted": fusion.muted,
            "learned": { "hosts": fusion.memory.normal.n_hosts(), "hours_a_host": fusion.memory.normal.hours() },
        });
        print_json(&told)?;
    } else {
        let when = if early.is_empty() { "" } else { " since the attack began" };
        say!(
            "no incident was declared{}: {} events, {} findings, none of them enough",
            when,
            events,
            findings.len()
        );
        let is_grave = findings.iter().any(|it| it.rule.level >= Level::High);
        say!("{}", basis::line(&basis::of(&fusion, None), is_grave));
        say_muted(&fusion.muted, &estate.estate);
        say::show(&narrate::early(&early, &estate.estate.estate));
        print_verdicts(&verdicts);
        say!("\n{}", narrate::score_line(&score, None));
    }
    building.abandon()?;
    missed(&verdicts)
}

fn print_verdicts(verdicts: &[Verdict]) {
    say!("\nObjectives\n----------");
    let mut table = Table::new(["objective", "required", "actual", ""]);
    for it in verdicts {
        let word = if it.met { "met" } else { "MISSED" };
        table.row([it.objective.to_owned(), it.required.clone(), it.actual.clone(), word.to_owned()]);
    }
    say::show(&table.render(0));
}

fn missed(verdicts: &[Verdict]) -> Outcome {
    let missed: Vec<_> = verdicts.iter().filter(|it| !it.met).map(|it| it.objective).collect();
    if missed.is_empty() {
        Ok(())
    } else {
        Err(Failure::Verdict(format!("objectives missed: {}", missed.join(", "))))
    }
}

fn load(args: &Drill) -> Outcome<Scenario> {
    let (name, text) = match (&args.scenario, &args.name) {
        (Some(path), _) => (path.display().to_string(), estate_input::text(path)?),
        (None, name) => {
            let name = name.as_deref().unwrap_or(DEFAULT);
            match scenario(name) {
                Some(text) => (format!("scenarios/{name}.yaml"), text.to_owned()),
                None if inputs::is_file(Path::new(name)) => {
                    (name.to_owned(), estate_input::text(&PathBuf::from(name))?)
                }
                None => return Err(unknown_scenario(name)),
            }
        }
    };
    let (scenario, diagnostics) = read(&name, &text);
    print_diagnostics(&diagnostics, SHOWN);
    let mut scenario =
        scenario.ok_or_else(|| Failure::input(format!("{name}: the scenario cannot be played")))?;
    for (flag, given, place) in
        [("--length", args.length, &mut scenario.length), ("--before", args.before, &mut scenario.before)]
    {
        let Some(span) = given else { continue };
        if span > LENGTH_MAX {
            return Err(Failure::input(format!("{flag} {span} is more than {LENGTH_MAX}")));
        }
        if flag == "--length" && span.secs() == 0 {
            return Err(Failure::input("--length 0: there is nothing to play in no time"));
        }
        *place = span;
    }
    drill_noise::apply(&mut scenario, &args.noise)?;
    let last = scenario.steps.iter().map(|it| it.at).max().filter(|it| *it > scenario.length);
    if let Some(last) = last {
        note!(
            "the telemetry of ordinary life ends after {}, the attack goes on for {}: what comes later happens in silence",
            scenario.length,
            last
        );
    }
    Ok(scenario)
}

fn unknown_scenario(name: &str) -> Failure {
    let names: Vec<_> = scenarios().iter().map(|(name, _)| *name).collect();
    Failure::input(format!("there is no scenario `{name}`, built in or as a file"))
        .hint(format!("built in are {}", names.join(", ")))
}

fn list() -> Outcome {
    let mut table = Table::new(["scenario", "what it plays"]);
    for (name, text) in scenarios() {
        if let (Some(scenario), _) = read(name, text) {
            table.row([(*name).to_owned(), scenario.name.en().to_owned()]);
        }
    }
    say::show(&table.render(0));
    Ok(())
}
