//! From how an incident ended to what its case directory holds.

use std::collections::BTreeSet;

use bulkhead_comply::{CaseView as FilingView, Facts, Filing, Library};
use bulkhead_contain::render::nftables;
use bulkhead_files::file_name;
use bulkhead_model::case::{
    CaseParts, Certificate, EntityRef, Figures, Impact, Incident, Plan, RecoveryPlan,
};
use bulkhead_model::estate::{Estate, PointKind};
use bulkhead_model::finding::Finding;
use bulkhead_model::plain::plain_json;
use bulkhead_model::rules::PointRules;
use bulkhead_report::order::{self, Order};
use bulkhead_report::{CaseView, Lang, filing, html};
use jiff::Timestamp;

use crate::casedir::CaseFiles;
use crate::desk::{Setting, recovery};
use crate::estate_input::EstateInput;
use crate::failure::Outcome;
use crate::flow::Ending;
use crate::verdict::stays_now;

/// Every file but the journal and the vault; the report is rendered last, from the others.
pub fn assemble(
    ending: &Ending,
    estate: &EstateInput,
    setting: &Setting<'_>,
    findings: Vec<Finding>,
) -> Outcome<CaseFiles> {
    let generation = shown_generation(ending);
    let certificate = generation.and_then(|it| ending.kept.certificates.get(&it)).cloned();
    // What stays is said by the state alone, as of its newest plan and what was read back of it.
    let residual = stays_now(&ending.state);
    let n_findings = findings.len() as u64; // those in findings.ndjson, and no other
    let incident = ending.state.incident.clone().map(|it| Incident { residual, findings: n_findings, ..it });
    let mut files = CaseFiles {
        incident,
        findings,
        impact: impact(ending, generation),
        plan: generation.and_then(|it| ending.kept.plans.get(&it)).map(|it| accepted(it, ending)),
        certificate: certificate.as_ref().map(|it| it.0.clone()),
        recovery: shown_recovery(ending, setting)?,
        clocks: ending.state.clocks.clone(),
        exfiltration: ending.state.exfiltration.clone(),
        timeline: ending.timeline.clone(),
        estate: estate.text.clone(),
        lang: setting.lang,
        ..CaseFiles::default()
    };
    let rules = generation.and_then(|it| ending.kept.rules.get(&it)).into_iter().flatten();
    let rules: Vec<&PointRules> = rules.collect();
    let is_filter = |it: &&&PointRules| {
        matches!(kind_of(&estate.estate, it), Some(PointKind::Simulated | PointKind::Nftables))
    };
    files.rules = rules.iter().filter(is_filter).map(|it| (it.point.to_string(), nftables(it))).collect();
    files.more = superseded(ending, generation)?;
    files.figures = figures(&files, ending, estate);
    by_hand(&mut files, estate, ending.at, &rules)?;
    let (pages, drafts) = filings(&files, estate)?;
    files.filings = pages;
    files.more.extend(drafts);
    files.report = report(&files, estate, certificate.map(|it| it.1));
    Ok(files)
}

/// The impact as the case shows it: of its plan, what that plan breaks.
fn impact(ending: &Ending, generation: Option<u64>) -> Impact {
    let shown = ending.kept.impact.clone().or_else(|| ending.state.impact.clone()).unwrap_or_default();
    // Among its alternatives the plan itself is the one that weighs everything as the contract does.
    let plan = generation.and_then(|it| ending.kept.plans.get(&it));
    match plan.and_then(|it| it.alternatives.iter().find(|it| it.name == "balanced")) {
        Some(own) => Impact { containment_predicted: own.services.clone(), ..shown },
        None => shown,
    }
}

fn kind_of(estate: &Estate, rules: &PointRules) -> Option<PointKind> {
    estate.enforcement_points.iter().find(|it| it.id == rules.point).map(|it| it.kind)
}

/// What points that are no packet filter are given: a work order for a person, the rules as data for OpenC2.
fn by_hand(files: &mut CaseFiles, estate: &EstateInput, at: Timestamp, rules: &[&PointRules]) -> Outcome {
    let (Some(incident), Some(plan)) = (&files.incident, &files.plan) else { return Ok(()) };
    let (mut pages, mut orders) = (Vec::new(), Vec::new());
    for rules in rules {
        let point = bulkhead_files::file_name(rules.point.as_str());
        match kind_of(&estate.estate, rules) {
            Some(PointKind::Manual) => {
                let order = Order {
                    estate: &estate.estate,
                    incident: &incident.id,
                    plan,
                    rules,
                    name: &point,
                    at,
                    simulated: incident.simulated,
                };
                for lang in Lang::ALL {
                    let name = format!("work-orders/{point}.{}.html", lang.code());
                    pages.push((name, order::html(&order, lang)));
                }
                orders.push(point);
            }
            Some(PointKind::Openc2) => {
                let mut text = serde_json::to_string_pretty(rules).map_err(anyhow::Error::new)?;
                text.push('\n');
                pages.push((format!("rules/{point}.json"), text));
            }
            Some(PointKind::Simulated | PointKind::Nftables) | None => {}
        }
    }
    files.more.extend(pages);
    files.orders = orders;
    Ok(())
}

/// The page, from the files.
pub fn report(files: &CaseFiles, estate: &EstateInput, proof_holds: Option<bool>) -> String {
    let (Some(incident), Some(figures)) = (&files.incident, &files.figures) else { return String::new() };
    html(&CaseView {
        estate: &estate.estate,
        incident,
        figures,
        timeline: &files.timeline,
        findings: &files.findings,
        impact: &files.impact,
        plan: files.plan.as_ref(),
        certificate: files.certificate.as_ref(),
        proof_holds,
        recovery: files.recovery.as_ref(),
        clocks: &files.clocks,
        exfiltration: files.exfiltration.as_ref(),
        score: files.score.as_ref(),
        filings: &files.filings,
        orders: &files.orders,
        lang: files.lang,
        notices: &files.notices,
    })
}

/// Every figure that any text of the case may state.
pub fn figures(files: &CaseFiles, ending: &Ending, estate: &EstateInput) -> Option<Figures> {
    let plans: Vec<&Plan> = ending.kept.plans.values().collect();
    Some(Figures::of(&CaseParts {
        incident: files.incident.as_ref()?,
        impact: &files.impact,
        plan: files.plan.as_ref(),
        plans: &plans,
        enforced: &ending.kept.enforced,
        held: &ending.kept.held,
        recovery: files.recovery.as_ref(),
        clocks: &files.clocks,
        exfiltration: files.exfiltration.as_ref(),
        score: files.score.as_ref(),
        relapses: &ending.kept.relapses,
        drafted: estate.estate.estate.drafted,
        simulated: files.incident.as_ref()?.simulated,
        as_of: ending.at,
    }))
}

/// The plan a case shows: the one under which it was contained, else the newest.
pub fn shown_generation(ending: &Ending) -> Option<u64> {
    ending.kept.contained_by.or_else(|| ending.kept.plans.keys().next_back().copied())
}

/// The plan with who accepted what it leaves.
fn accepted(plan: &Plan, ending: &Ending) -> Plan {
    let mut plan = plan.clone();
    for it in &mut plan.residual {
        let key = (EntityRef { kind: it.kind, id: it.entity.clone() }, it.why);
        it.accepted = ending.state.containment.accepted.get(&key).cloned();
    }
    plan
}

/// The certificate of the plan shown and whether it holds.
pub fn shown_certificate(ending: &Ending) -> Option<&(Certificate, bool)> {
    ending.kept.certificates.get(&shown_generation(ending)?)
}

/// The first recovery plan since it was last contained; before there is one, what it would be.
fn shown_recovery(ending: &Ending, setting: &Setting<'_>) -> Outcome<Option<RecoveryPlan>> {
    match (&ending.kept.recovery, &ending.state.incident) {
        (Some(plan), _) => Ok(Some(plan.clone())),
        (None, Some(incident)) => recovery(setting, &ending.state, incident).map(Some),
        (None, None) => Ok(None),
    }
}

/// A file by its name below the case directory.
type NamedText = (String, String);

/// Every binding filing with what the case already knows filled in and what is missing marked, under `filings/`.
fn filings(files: &CaseFiles, estate: &EstateInput) -> Outcome<(Vec<filing::Filing>, Vec<NamedText>)> {
    let (Some(incident), Some(figures)) = (&files.incident, &files.figures) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let facts = Facts::from_case(incident, &files.impact, files.exfiltration.as_ref(), figures.simulated);
    let view = FilingView {
        estate: &estate.estate,
        incident,
        impact: &files.impact,
        figures,
        recovery: files.recovery.as_ref(),
        exfiltration: files.exfiltration.as_ref(),
        facts: &facts,
        incidents: incidents_of(files.plan.as_ref()),
        in_french: bulkhead_report::in_french,
    };
    let (mut pages, mut drafts) = (Vec::new(), Vec::new());
    for filing in Library::builtin().filings(&view) {
        let name = format!("filings/{}.json", file_name(&format!("{}-{}", filing.regime, filing.stage)));
        // Names of estates come from elsewhere: what is hidden in them is written out here as everywhere.
        let mut text = serde_json::to_string_pretty(&filing).map_err(anyhow::Error::new)?;
        text.push('\n');
        drafts.push((name, plain_json(&text).into_owned()));
        let page = page_of(filing);
        for lang in Lang::ALL {
            let name = format!("filings/{}.{}.html", page.name, lang.code());
            drafts.push((name, filing::html(&page, &estate.estate, &incident.id, lang)));
        }
        pages.push(page);
    }
    Ok((pages, drafts))
}

/// Incidents that the plan answers together.
fn incidents_of(plan: Option<&Plan>) -> u64 {
    let actions = plan.into_iter().flat_map(|it| &it.actions);
    let named: BTreeSet<&String> = actions.flat_map(|it| &it.incidents).collect();
    (named.len() as u64).max(1)
}

/// A filing as its page shows it.
fn page_of(it: Filing) -> filing::Filing {
    let fields = it.fields.into_iter();
    let fields =
        fields.map(|it| filing::Field { id: it.id, label: it.label, value: it.value, question: it.question });
    filing::Filing {
        name: format!("{}-{}", it.regime, it.stage),
        title: it.title,
        status: it.status,
        recipient: it.recipient,
        channel: it.channel,
        due_earliest: it.due_earliest,
        due_outer: it.due_outer,
        submitted_at: it.submitted_at,
        simulated: it.simulated,
        criteria_met: it.criteria_met,
        criteria_open: it.criteria_open,
        questions: it.questions,
        fields: fields.collect(),
    }
}

/// Plans and certificates of other generations, under `plans/`.
fn superseded(ending: &Ending, shown: Option<u64>) -> Outcome<Vec<(String, String)>> {
    let mut more = Vec::new();
    for (generation, plan) in ending.kept.plans.iter().filter(|it| Some(*it.0) != shown) {
        more.push((format!("plans/plan-{generation}.json"), plan_text(plan)?));
        if let Some((certificate, _)) = ending.kept.certificates.get(generation) {
            let mut text = serde_json::to_string_pretty(certificate).map_err(anyhow::Error::new)?;
            text.push('\n');
            more.push((format!("plans/certificate-{generation}.json"), text));
        }
    }
    Ok(more)
}

fn plan_text(plan: &Plan) -> Outcome<String> {
    let mut text = serde_json::to_string_pretty(plan).map_err(anyhow::Error::new)?;
    text.push('\n');
    Ok(text)
}
