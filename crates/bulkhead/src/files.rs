//! From how an incident ended to what its case directory holds.

use bulkhead_comply::{CaseView as FilingView, Facts, Library};
use bulkhead_contain::render::nftables;
use bulkhead_files::file_name;
use bulkhead_model::case::{Certificate, EntityRef, Incident, Plan, RecoveryPlan};
use bulkhead_model::finding::Finding;
use bulkhead_report::{CaseView, html};

use crate::casedir::CaseFiles;
use crate::desk::{Setting, recovery};
use crate::estate_input::EstateInput;
use crate::failure::Outcome;
use crate::flow::Ending;

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
    let residual = ending.state.residual();
    let incident = ending.state.incident.clone().map(|it| Incident { residual, ..it });
    let mut files = CaseFiles {
        incident,
        findings,
        impact: ending.kept.impact.clone().or_else(|| ending.state.impact.clone()).unwrap_or_default(),
        plan: generation.and_then(|it| ending.kept.plans.get(&it)).map(|it| accepted(it, ending)),
        certificate: certificate.as_ref().map(|it| it.0.clone()),
        recovery: shown_recovery(ending, setting)?,
        clocks: ending.state.clocks.clone(),
        exfiltration: ending.state.exfiltration.clone(),
        timeline: ending.timeline.clone(),
        estate: estate.text.clone(),
        ..CaseFiles::default()
    };
    let rules = generation.and_then(|it| ending.kept.rules.get(&it)).into_iter().flatten();
    files.rules = rules.map(|it| (it.point.to_string(), nftables(it))).collect();
    files.more = superseded(ending, generation)?;
    files.more.extend(filings(&files, estate)?);
    files.report = report(&files, estate, certificate.map(|it| it.1));
    Ok(files)
}

/// The page, from the files.
pub fn report(files: &CaseFiles, estate: &EstateInput, proof_holds: Option<bool>) -> String {
    let Some(incident) = &files.incident else { return String::new() };
    html(&CaseView {
        estate: &estate.estate,
        incident,
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
    })
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

/// The first recovery plan; before there is one, what it would be.
fn shown_recovery(ending: &Ending, setting: &Setting<'_>) -> Outcome<Option<RecoveryPlan>> {
    match (&ending.kept.recovery, &ending.state.incident) {
        (Some(plan), _) => Ok(Some(plan.clone())),
        (None, Some(incident)) => recovery(setting, &ending.state, incident).map(Some),
        (None, None) => Ok(None),
    }
}

/// Every binding filing with what the case already knows filled in and what is missing marked, under `filings/`.
fn filings(files: &CaseFiles, estate: &EstateInput) -> Outcome<Vec<(String, String)>> {
    let Some(incident) = &files.incident else { return Ok(Vec::new()) };
    let facts = Facts::from_case(&estate.estate, incident, &files.impact, files.exfiltration.as_ref());
    let view = FilingView {
        estate: &estate.estate,
        incident,
        impact: &files.impact,
        plan: files.plan.as_ref(),
        recovery: files.recovery.as_ref(),
        exfiltration: files.exfiltration.as_ref(),
        facts: &facts,
    };
    let mut drafts = Vec::new();
    for filing in Library::builtin().filings(&view) {
        let name = format!("filings/{}.json", file_name(&format!("{}-{}", filing.regime, filing.stage)));
        let mut text = serde_json::to_string_pretty(&filing).map_err(anyhow::Error::new)?;
        text.push('\n');
        drafts.push((name, text));
    }
    Ok(drafts)
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
