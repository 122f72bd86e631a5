//! A case told at the terminal: what happened and what to do first, then the rest in the order of the work.

use bulkhead_incident::{Fusion, IncidentDraft, Policy};
use bulkhead_model::case::figures::Hit;
use bulkhead_model::case::{
    Basis, ClockStatus, Entity, ExfiltrationConclusion, Figures, Incident, MainServices, Muted, Plan,
    RecoveryPlan, Relapse, Score, ServiceImpact,
};
use bulkhead_model::estate::{Estate, EstateInfo};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_report::percent;
use jiff::Timestamp;

use crate::basis;
use crate::casedir::CaseFiles;
use crate::commands::case::text_of;
use crate::commands::plan::{comparison, services};
use crate::commands::regime::table as clock_table;
use crate::flow::Ending;
use crate::say::{line, text};
use crate::ui::{Table, count, counted, counted_as, duration, money};
use crate::verdict::verdict;
use crate::when::local;

/// Entities and lines shown of what may be long.
const SHOWN: usize = 12;

/// The whole story.
pub fn tell(files: &CaseFiles, ending: &Ending, estate: &Estate, proof_holds: Option<bool>) -> String {
    let mut out = String::new();
    let (Some(incident), Some(figures)) = (&files.incident, &files.figures) else { return out };
    let info = &estate.estate;
    heading(&mut out, "What happened");
    first_finding(&mut out, &files.findings, incident, info);
    scope(&mut out, incident, &figures.relapses, info);
    heading(&mut out, "Impact so far");
    resting(&mut out, figures.resting_on_attacker.as_ref(), &files.impact.attacker, estate);
    if let Some(plan) = &files.plan {
        heading(&mut out, "Containment");
        containment(&mut out, plan, figures, files, estate);
    }
    section(&mut out, files, info, "Approval and enforcement", &["approval", "enforcement", "verification"]);
    out.push_str(&verdict(ending, proof_holds, estate));
    if let Some(recovery) = &files.recovery {
        heading(&mut out, "Recovery");
        stages(&mut out, recovery, ending, info);
    }
    section(&mut out, files, info, "Surveillance", &["surveillance"]);
    heading(&mut out, "Theft of data");
    theft(&mut out, files, figures, info);
    heading(&mut out, "Legal clocks");
    clocks(&mut out, files, figures, info);
    out
}

fn heading(out: &mut String, title: &str) {
    let rule = "-".repeat(title.chars().count()); // rows
    line!(out, "\n{}\n{}", title, rule);
}

fn first_finding(out: &mut String, findings: &[Finding], incident: &Incident, info: &EstateInfo) {
    let first = findings.iter().filter(|it| it.time == Some(incident.first_finding_at));
    let Some(it) = first.max_by_key(|it| it.rule.level) else { return };
    line!(
        out,
        "{}  first finding: {} ({}) on {}  [{}#{}]",
        local(incident.first_finding_at, info),
        it.rule.title,
        it.rule.level.as_str(),
        it.host.as_deref().unwrap_or("an unnamed host"),
        it.source.file,
        it.source.record
    );
}

fn scope(out: &mut String, incident: &Incident, relapses: &[Relapse], info: &EstateInfo) {
    line!(
        out,
        "{}  incident {} declared: {} [{}]",
        local(incident.declared_at, info),
        incident.id,
        incident.title,
        incident.severity.as_str()
    );
    line!(out, "  it stands: {}", incident.standing());
    if let Some(at) = incident.ended_at {
        line!(out, "{}  over by its telemetry: nothing new had come for days", local(at, info));
    }
    for it in relapses {
        line!(out, "{}  RELAPSE: the attacker is back on {}", local(it.at, info), it.entities.join(", "));
    }
    if !incident.tactics.is_empty() {
        line!(out, "  tactics: {}", incident.tactics.join(" -> "));
    }
    out.push_str(&entities(incident, SHOWN, |at| local(at, info)).render(2));
}

/// Hosts and accounts of an incident, of each kind the first `most`: the same wherever it is told.
pub fn entities(incident: &Incident, most: usize, shown: impl Fn(Timestamp) -> String) -> Table {
    let mut table = Table::new(["", "who", "since", "sure", "because"]);
    for (word, list) in [("compromised", &incident.compromised), ("suspected", &incident.suspected)] {
        for it in list.iter().take(most) {
            table.row(entity(word, it, &shown));
        }
        let more = list.len().saturating_sub(most); // rows
        if more > 0 {
            table.row([
                word.to_owned(),
                format!("and {more} more"),
                String::new(),
                String::new(),
                String::new(),
            ]);
        }
    }
    table
}

fn entity(word: &str, it: &Entity, shown: impl Fn(Timestamp) -> String) -> [String; 5] {
    let because = it.reasons.first().map(|it| it.text.clone()).unwrap_or_default();
    let more = it.reasons.len().saturating_sub(1); // rows
    let because = if more > 0 { format!("{because} (+{more})") } else { because };
    [word.to_owned(), it.id.clone(), shown(it.since), percent(it.confidence), because]
}

fn impact(out: &mut String, hit: Option<&Hit>, list: &[ServiceImpact], what: &str, estate: &Estate) {
    let Some(hit) = hit else {
        line!(out, "{}: unknown, the estate is only a draft and names no services", what);
        return;
    };
    line!(
        out,
        "{}: {}, {}, {} an hour",
        what,
        count(hit.services()),
        counted(usize::try_from(hit.customers).unwrap_or(usize::MAX), "customer"),
        money(hit.value_per_hour, &estate.estate.currency)
    );
    if !list.is_empty() {
        out.push_str(&services(list, estate));
    }
}

/// Services that rest on what the attacker holds: not trusted, which is not interrupted.
fn resting(out: &mut String, hit: Option<&Hit>, list: &[ServiceImpact], estate: &Estate) {
    let what = "services that rest on what the attacker holds";
    impact(out, hit, &[], what, estate);
    if hit.is_none() || list.is_empty() {
        return;
    }
    let mut table = Table::new(["service", "state", "customers"]);
    for it in list {
        let known = estate.services.iter().find(|service| service.id == it.service);
        let groups = it.customers.iter().map(|it| format!("{} {}", count(it.count), it.segment));
        table.row([
            known.map_or_else(|| it.service.to_string(), |it| it.name.en().to_owned()),
            "not trusted".to_owned(),
            groups.collect::<Vec<_>>().join(", "),
        ]);
    }
    out.push_str(&table.render(2));
    line!(out, "  that they were interrupted is not established");
}

fn containment(out: &mut String, plan: &Plan, figures: &Figures, files: &CaseFiles, estate: &Estate) {
    let predicted = &files.impact.containment_predicted;
    line!(
        out,
        "plan {} (of {} in this case): {}, proven within {} of the cheapest, over {} h",
        plan.generation,
        count(figures.measures.plans),
        counted(
            figures.plan.as_ref().map_or(0, |it| usize::try_from(it.actions).unwrap_or(usize::MAX)),
            "action"
        ),
        percent(plan.gap),
        plan.horizon_h
    );
    for it in plan.actions.iter().take(SHOWN) {
        let why = it.cuts.first().map(|cut| format!("; cuts {cut}")).unwrap_or_default();
        let (named, beyond) = it.moves();
        let more = named.saturating_sub(1); // rows
        let over = if beyond { "more than " } else { "" };
        let more = if more > 0 { format!(" and {over}{more} more") } else { String::new() };
        line!(out, "  {} at {}{}{}", it.id, it.enforcement_point, why, more);
    }
    let more = plan.actions.len().saturating_sub(SHOWN); // rows
    if more > 0 {
        line!(out, "  and {} more", more);
    }
    out.push_str(&comparison(plan, predicted, estate.estate.drafted));
    let hit = figures.containment_predicted.as_ref();
    impact(out, hit, predicted, "services our containment hits, as planned", estate);
    if let Some(hit) = &figures.containment_observed {
        let observed = &files.impact.containment_observed;
        if observed != predicted {
            impact(
                out,
                Some(hit),
                observed,
                "services our containment hit at any time of the case, as read back",
                estate,
            );
        }
    }
    for it in plan.baselines.iter().filter(|it| it.feasible && !it.services.is_empty()) {
        let what = format!("services `{}` would hit", text_of(&it.name));
        impact(out, Some(&Hit::of(&it.services)), &it.services, &what, estate);
    }
}

fn section(out: &mut String, files: &CaseFiles, info: &EstateInfo, title: &str, kinds: &[&str]) {
    let lines: Vec<_> = files.timeline.iter().filter(|it| kinds.contains(&it.kind.as_str())).collect();
    if lines.is_empty() {
        return;
    }
    heading(out, title);
    for it in lines.iter().take(SHOWN) {
        line!(out, "{}  {}", local(it.at, info), it.text);
    }
    let more = lines.len().saturating_sub(SHOWN); // rows
    if more > 0 {
        line!(out, "  and {} more lines in timeline.json", more);
    }
}

fn stages(out: &mut String, plan: &RecoveryPlan, ending: &Ending, info: &EstateInfo) {
    for stage in &plan.stages {
        let steps = stage.steps.len(); // rows
        let end = stage.steps.iter().map(|it| it.end_s).max().unwrap_or(0);
        let restores: Vec<_> = stage.gate.restores.iter().map(ToString::to_string).collect();
        line!(
            out,
            "stage {}: {} ({}, done after {})",
            stage.n,
            stage.title,
            counted(steps, "step"),
            duration(end)
        );
        if !restores.is_empty() {
            line!(out, "  brings back {}", restores.join(", "));
        }
        let checks = stage.gate.checks.join("; ");
        let watch = duration(stage.gate.surveillance_s);
        line!(
            out,
            "  gate opens by the word of {} after {} of surveillance, when: {}",
            stage.gate.approver,
            watch,
            checks
        );
    }
    if plan.services.is_empty() {
        return;
    }
    let mut table = Table::new(["service", "median", "nine in ten", "RTO", "MTPD", "missed with", "back"]);
    let limit = |it: Option<u64>| it.map_or("-".to_owned(), duration);
    for it in &plan.services {
        let back = ending.kept.restored.get(&it.service).map(|at| local(*at, info)).unwrap_or_default();
        let risk = percent(it.mtpd_breach);
        table.row([
            it.service.to_string(),
            duration(it.p50),
            duration(it.p90),
            limit(it.rto),
            limit(it.mtpd),
            risk,
            back,
        ]);
    }
    out.push_str(&table.render(2));
}

/// What can be said of theft of data, with what it rests on.
fn theft(out: &mut String, files: &CaseFiles, figures: &Figures, info: &EstateInfo) {
    let Some(statement) = &files.exfiltration else {
        line!(out, "not assessed");
        return;
    };
    if figures.stores == 0 {
        let at = local(statement.as_of, info);
        line!(out, "cannot be assessed as of {}: no store of data within the attacker's reach is known", at);
        return;
    }
    // What was not seen is never said without how much could be seen.
    let conclusion = match statement.conclusion {
        ExfiltrationConclusion::NoneSeen => "none seen in the part that telemetry covers,",
        ExfiltrationConclusion::NotAssessable => "cannot be assessed; telemetry covers",
        ExfiltrationConclusion::Indications => "there are indications; telemetry covers",
        ExfiltrationConclusion::Evidenced => "evidenced; telemetry covers",
    };
    line!(
        out,
        "{} {:.1} % of the time of {} within reach, over five kinds of sensor, as of {}; without any record of what left: {}; \
         without records: {} in exfiltration.json",
        conclusion,
        (figures.coverage.unwrap_or(0.0) * 1000.0).floor() / 10.0,
        counted(usize::try_from(figures.stores).unwrap_or(usize::MAX), "store"),
        local(statement.as_of, info),
        counted(usize::try_from(figures.stores_not_assessable).unwrap_or(usize::MAX), "store"),
        counted_as(figures.holes, "stretch", "stretches")
    );
}

fn clocks(out: &mut String, files: &CaseFiles, figures: &Figures, info: &EstateInfo) {
    out.push_str(&binding_clocks(&files.clocks, figures, info));
}

/// The clocks that bind, what has passed, and how many more there are: the same wherever a case is told.
pub fn binding_clocks(
    clocks: &[bulkhead_model::case::Clock],
    figures: &Figures,
    info: &EstateInfo,
) -> String {
    let binding: Vec<_> = clocks.iter().filter(|it| it.status == ClockStatus::Binding).cloned().collect();
    let mut out = clock_table(&binding, info).render(0);
    let duties = &figures.duties;
    let unfiled = [
        (duties.overdue, "deadline that has passed", "deadlines that have passed"),
        (duties.at_once, "duty to be done at once", "duties to be done at once"),
    ];
    let unfiled: Vec<String> =
        unfiled.into_iter().filter(|it| it.0 > 0).map(|(n, one, many)| counted_as(n, one, many)).collect();
    if !unfiled.is_empty() {
        let at = local(figures.as_of, info);
        line!(out, "by {}, without a filing on record: {}", at, unfiled.join(" and "));
    }
    line!(
        out,
        "and {} to prepare, {} proposed (clocks.json); not legal advice",
        count(duties.prepare),
        count(duties.proposed)
    );
    out
}

/// Incidents that were declared before the attack of a drill began, each with whether it has named more since.
pub fn early(early: &[(IncidentDraft, bool)], info: &EstateInfo) -> String {
    let mut out = String::new();
    if early.is_empty() {
        return out;
    }
    let all = early.len(); // rows
    line!(
        out,
        "\nFALSE: {} declared before the attack began, which nobody answered then",
        counted(all, "incident")
    );
    for (draft, has_grown) in early {
        line!(
            out,
            "  {}  {}: {} [{}]{}",
            local(draft.declared_at, info),
            draft.id,
            draft.title,
            draft.severity.as_str(),
            if *has_grown { ", named more after that" } else { "" }
        );
    }
    out
}

/// The last line of a drill.
pub fn score_line(score: &Score, figures: Option<&Figures>) -> String {
    let or_never = |it: Option<u64>| it.map_or("never".to_owned(), duration);
    let main = match figures.map_or(MainServices::NoneHit, |it| it.main_services) {
        MainServices::NoneHit => "no main service was hit".to_owned(),
        MainServices::Unknown => "whether main services were hit is unknown".to_owned(),
        MainServices::NotBack => "main services never back".to_owned(),
        MainServices::BackAfter(seconds) => format!("main services back after {}", duration(seconds)),
    };
    let hosts = figures.map_or(score.blast_radius, |it| it.hosts);
    text!(
        "SCORE  MTTD {}  MTTC {}  blast radius when first contained {}, over the whole case {} compromised  \
         customers of services that rest on what the attacker held {}, that containment hit {}  {}",
        or_never(score.mttd_s),
        or_never(score.mttc_s),
        counted_as(score.blast_radius, "asset", "assets"),
        counted_as(hosts, "host", "hosts"),
        count(score.customers_hit.attacker),
        count(score.customers_hit.containment),
        main
    )
}

/// What counted for nothing because somebody said so, and of which rules it was.
pub fn muted(it: &Muted, shown: impl Fn(Timestamp) -> String) -> String {
    let more = it.n_hosts.saturating_sub(it.hosts.len() as u64); // rows
    let mut rules: Vec<String> =
        it.rules.iter().map(|it| format!("`{}` ({}) {}", it.title, it.id, times(it.findings))).collect();
    let unnamed = it.n_rules.saturating_sub(it.rules.len() as u64); // rows
    if unnamed > 0 {
        rules.push(format!("and {unnamed} more"));
    }
    let rules = if rules.is_empty() { String::new() } else { format!("; rules: {}", rules.join(", ")) };
    format!(
        "MUTED by {} ({}): {} on {}{}, {} to {}{}",
        it.by,
        it.why,
        counted(usize::try_from(it.findings).unwrap_or(usize::MAX), "finding"),
        it.hosts.join(", "),
        if more > 0 { format!(" and {more} more") } else { String::new() },
        shown(it.first),
        shown(it.last),
        rules
    )
}

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{} times", count(n)),
    }
}

/// The share of the points that declare an incident from which on it was a near thing.
const NEAR: f64 = 0.8;

/// What came of telemetry that holds no incident, or nothing new of those of earlier runs that are `open`.
pub fn nothing(
    open: &[IncidentDraft],
    (findings, not_kept): (&[Finding], u64),
    fusion: &Fusion,
    known: &Basis,
    policy: &Policy,
) -> String {
    let grave = findings.iter().filter(|it| it.rule.level >= Level::High).count(); // rows
    let kept = findings.len(); // rows
    let all = usize::try_from(not_kept).unwrap_or(usize::MAX).saturating_add(kept);
    let among = match not_kept {
        0 => String::new(),
        _ => text!("{} of them kept one by one, ", count(kept as u64)),
    };
    // Short of it is never shown as enough.
    let tenths = |points: f64| (points * 10.0).floor() / 10.0;
    let strongest = &fusion.strongest;
    let most = match strongest.host.as_deref() {
        Some(host) => text!(
            "; the strongest host ({}) has {:.1} of the {:.1} points that declare one",
            host,
            tenths(strongest.points),
            policy.declare_points
        ),
        None => String::new(),
    };
    let near = strongest.host.as_deref().filter(|_| strongest.points >= NEAR * policy.declare_points);
    let near = near.map_or_else(String::new, |host| {
        text!("NEARLY AN INCIDENT on {}: look at it now with `--why {}`\n", host, host)
    });
    let said = if open.is_empty() {
        text!("no incident: {}, {}{} of them high or critical{}", counted(all, "finding"), among, grave, most)
    } else {
        let ids: Vec<&str> = open.iter().map(|it| it.id.as_str()).collect();
        text!(
            "no new incident, and nothing new of what is open ({}): {}, {}{} of them high or critical",
            ids.join(", "),
            counted(all, "finding"),
            among,
            grave
        )
    };
    text!(
        "{}{}\n\
         {}\n\
         evidence counts for less as hours pass: an attack slower than that may stay below\n\
         what to do: look at the findings with `bulkhead detect`, at a host with `--why HOST`; `--baseline FILE` keeps what is \
         learned for the next run\n",
        near,
        said,
        basis::line(known, grave > 0)
    )
}

#[cfg(test)]
mod tests {
    use bulkhead_model::entity::Observations;
    use bulkhead_model::estate::Estate;

    use super::*;

    #[test]
    fn short_of_enough_is_never_shown_as_enough() {
        let policy = Policy::default();
        let mut fusion =
            bulkhead_incident::fuse(&[], &Observations::default(), &Estate::empty("e"), &policy, 1);
        (fusion.strongest.points, fusion.strongest.host) = (9.99994, Some("h4".to_owned()));
        let known = basis::of(&fusion, None);
        let said = nothing(&[], (&[], 240_000), &fusion, &known, &policy);
        assert!(said.contains("h4) has 9.9 of the 10.0 points"), "{said}");
        assert!(said.contains("240 000 findings, 0 of them kept one by one, 0 of them high"), "{said}");
    }
}
