//! A case told at the terminal: what happened and what to do first, then the rest in the order of the work.

use bulkhead_model::case::{
    ClockStatus, Entity, Incident, Plan, RecoveryPlan, Score, ServiceImpact, customers_hit,
};
use bulkhead_model::estate::{Estate, EstateInfo};
use bulkhead_model::finding::{Finding, Level};
use bulkhead_report::percent;

use crate::casedir::CaseFiles;
use crate::commands::case::text_of;
use crate::commands::plan::{comparison, services};
use crate::commands::regime::table as clock_table;
use crate::flow::Ending;
use crate::say::{line, text};
use crate::ui::{Table, count, counted, duration, money};
use crate::verdict::verdict;
use crate::when::local;

/// Entities and lines shown of what may be long.
const SHOWN: usize = 12;

/// The whole story.
pub fn tell(files: &CaseFiles, ending: &Ending, estate: &Estate, proof_holds: Option<bool>) -> String {
    let mut out = String::new();
    let Some(incident) = &files.incident else { return out };
    let info = &estate.estate;
    heading(&mut out, "What happened");
    first_finding(&mut out, &files.findings, incident, info);
    scope(&mut out, incident, info);
    heading(&mut out, "Impact so far");
    impact(&mut out, &files.impact.attacker, "services that rest on what the attacker holds", estate);
    if let Some(plan) = &files.plan {
        heading(&mut out, "Containment");
        containment(&mut out, plan, &files.impact.containment_predicted, estate);
    }
    section(&mut out, files, info, "Approval and enforcement", &["approval", "enforcement", "verification"]);
    out.push_str(&verdict(ending, proof_holds));
    if let Some(recovery) = &files.recovery {
        heading(&mut out, "Recovery");
        stages(&mut out, recovery, ending, info);
    }
    section(&mut out, files, info, "Surveillance", &["surveillance"]);
    heading(&mut out, "Legal clocks");
    clocks(&mut out, files, info);
    out
}

fn heading(out: &mut String, title: &str) {
    line!(out, "\n{}\n{}", title, "-".repeat(title.chars().count()));
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

fn scope(out: &mut String, incident: &Incident, info: &EstateInfo) {
    line!(
        out,
        "{}  incident {} declared: {} [{}]",
        local(incident.declared_at, info),
        incident.id,
        incident.title,
        incident.severity.as_str()
    );
    line!(out, "  it stands: {}", incident.standing());
    line!(out, "  tactics: {}", incident.tactics.join(" -> "));
    let mut table = Table::new(["", "who", "since", "sure", "because"]);
    for (word, list) in [("compromised", &incident.compromised), ("suspected", &incident.suspected)] {
        for it in list.iter().take(SHOWN) {
            table.row(entity(word, it, info));
        }
        if list.len() > SHOWN {
            table.row([
                word.to_owned(),
                format!("and {} more", list.len() - SHOWN),
                String::new(),
                String::new(),
                String::new(),
            ]);
        }
    }
    out.push_str(&table.render(2));
}

fn entity(word: &str, it: &Entity, info: &EstateInfo) -> [String; 5] {
    let because = it.reasons.first().map(|it| it.text.clone()).unwrap_or_default();
    let more = it.reasons.len().saturating_sub(1);
    let because = if more > 0 { format!("{because} (+{more})") } else { because };
    [word.to_owned(), it.id.clone(), local(it.since, info), percent(it.confidence), because]
}

fn impact(out: &mut String, list: &[ServiceImpact], what: &str, estate: &Estate) {
    let value: f64 = list.iter().map(|it| it.value_per_hour).sum();
    line!(
        out,
        "{}: {}, {}, {} an hour",
        what,
        list.len(),
        counted(usize::try_from(customers_hit(list)).unwrap_or(usize::MAX), "customer"),
        money(value, &estate.estate.currency)
    );
    if !list.is_empty() {
        out.push_str(&services(list, estate));
    }
}

fn containment(out: &mut String, plan: &Plan, predicted: &[ServiceImpact], estate: &Estate) {
    line!(
        out,
        "plan {}: {}, proven within {} of the cheapest, over {} h",
        plan.generation,
        counted(plan.actions.len(), "action"),
        percent(plan.gap),
        plan.horizon_h
    );
    for it in plan.actions.iter().take(SHOWN) {
        let why = it.cuts.first().map(|cut| format!("; cuts {cut}")).unwrap_or_default();
        let more = it.cuts.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        line!(out, "  {} at {}{}{}", it.id, it.enforcement_point, why, more);
    }
    if plan.actions.len() > SHOWN {
        line!(out, "  and {} more", plan.actions.len() - SHOWN);
    }
    out.push_str(&comparison(plan, predicted));
    impact(out, predicted, "services our containment hits", estate);
    for it in plan.baselines.iter().filter(|it| !it.services.is_empty()) {
        impact(out, &it.services, &format!("services `{}` would hit", text_of(&it.name)), estate);
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
    if lines.len() > SHOWN {
        line!(out, "  and {} more lines in timeline.json", lines.len() - SHOWN);
    }
}

fn stages(out: &mut String, plan: &RecoveryPlan, ending: &Ending, info: &EstateInfo) {
    for stage in &plan.stages {
        let end = stage.steps.iter().map(|it| it.end_s).max().unwrap_or(0);
        let restores: Vec<_> = stage.gate.restores.iter().map(ToString::to_string).collect();
        line!(
            out,
            "stage {}: {} ({}, done after {})",
            stage.n,
            stage.title,
            counted(stage.steps.len(), "step"),
            duration(end)
        );
        if !restores.is_empty() {
            line!(out, "  brings back {}", restores.join(", "));
        }
        let checks = stage.gate.checks.join("; ");
        let watch = duration(stage.gate.surveillance_s);
        line!(out, "  gate opened by {} after {} of surveillance: {}", stage.gate.approver, watch, checks);
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

fn clocks(out: &mut String, files: &CaseFiles, info: &EstateInfo) {
    let binding: Vec<_> =
        files.clocks.iter().filter(|it| it.status == ClockStatus::Binding).cloned().collect();
    let prepare = files.clocks.iter().filter(|it| it.status == ClockStatus::Prepare).count();
    let proposed = files.clocks.iter().filter(|it| it.status == ClockStatus::Proposed).count();
    out.push_str(&clock_table(&binding, info).render(0));
    line!(out, "and {} to prepare, {} proposed (clocks.json); not legal advice", prepare, proposed);
}

/// The last line of a drill.
pub fn score_line(score: &Score) -> String {
    let or_never = |it: Option<u64>| it.map_or("never".to_owned(), duration);
    format!(
        "SCORE  MTTD {}  MTTC {}  blast radius {} assets  customers hit {} by the attacker, {} by containment  main services back after {}",
        or_never(score.mttd_s),
        or_never(score.mttc_s),
        count(score.blast_radius),
        count(score.customers_hit.attacker),
        count(score.customers_hit.containment),
        or_never(score.main_services_restored_s)
    )
}

/// What came of telemetry that holds no incident.
pub fn nothing(findings: &[Finding], strongest: f64, needed: f64) -> String {
    let grave = findings.iter().filter(|it| it.rule.level >= Level::High).count();
    text!(
        "no incident: {} findings, {} of them high or critical; the strongest host has {:.1} of the {:.1} points \
         that declare one\nlook at the findings with `bulkhead detect`\n",
        findings.len(),
        grave,
        strongest,
        needed
    )
}
