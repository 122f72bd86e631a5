//! The page and its pictures on a case of our own making: complete, escaped, the same every time, without references to
//! anything outside.

use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Impact, Incident, Plan, RecoveryPlan, Score, TimelineEntry,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_report::{CaseView, html};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

struct Case {
    estate: Estate,
    incident: Incident,
    timeline: Vec<TimelineEntry>,
    findings: Vec<Finding>,
    impact: Impact,
    plan: Plan,
    certificate: Certificate,
    recovery: RecoveryPlan,
    clocks: Vec<Clock>,
    exfiltration: Exfiltration,
    score: Score,
}

fn load<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/case/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the case is part of the repository");
    serde_json::from_str(&text).expect("the case has the shape of its types")
}

impl Case {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/estate.yaml");
        let text = std::fs::read_to_string(path).expect("the example is part of the repository");
        Self {
            estate: bulkhead_model::estate::read("minimal", &text).0.expect("the example is sound"),
            incident: load("incident"),
            timeline: load("timeline"),
            findings: load("findings"),
            impact: load("impact"),
            plan: load("plan"),
            certificate: load("certificate"),
            recovery: load("recovery"),
            clocks: load("clocks"),
            exfiltration: load("exfiltration"),
            score: load("score"),
        }
    }

    fn view(&self) -> CaseView<'_> {
        CaseView {
            estate: &self.estate,
            incident: &self.incident,
            timeline: &self.timeline,
            findings: &self.findings,
            impact: &self.impact,
            plan: Some(&self.plan),
            certificate: Some(&self.certificate),
            proof_holds: Some(true),
            recovery: Some(&self.recovery),
            clocks: &self.clocks,
            exfiltration: Some(&self.exfiltration),
            score: Some(&self.score),
        }
    }
}

#[test]
fn a_director_finds_the_answers_in_both_languages() {
    let case = Case::read();
    let page = html(&case.view());
    for words in [
        "What happened?",
        "Que s&#39;est-il passé",
        "2 hosts (pc-1 and web-1)",
        "Customer portal (degraded)",
        "Espace client (dégradé)",
        "1\u{202f}200 customers",
        "By Sat 26 Jul 15:52 to CNIL",
        "No theft of data was seen",
    ] {
        let plain = words.replace("&#39;", "'");
        assert!(page.contains(words) || page.contains(&plain), "{words}");
    }
}

#[test]
fn an_engineer_finds_every_fact_of_the_case() {
    let case = Case::read();
    let page = html(&case.view());
    let mut wanted: Vec<&str> = case.findings.iter().map(|it| it.rule.title.as_str()).collect();
    wanted.extend(case.timeline.iter().map(|it| it.text.as_str()));
    wanted.extend(case.certificate.cut.iter().map(|it| it.by.as_str()));
    wanted.extend(case.clocks.iter().map(|it| it.rule.as_str()));
    wanted.extend(case.plan.not_done.iter().map(|it| it.what.as_str()));
    wanted.extend(case.recovery.stages.iter().map(|it| it.title.as_str()));
    for words in wanted {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_page_stands_alone_and_is_always_the_same() {
    let case = Case::read();
    let page = html(&case.view());
    assert_eq!(page, html(&case.view()));
    for outside in ["<script", "<link", "<img", " src=", "url(", "@import", "http://www.w3.org/1999"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// Every picture says what it shows, every table has a caption and column heads, every id is there once.
#[test]
fn the_page_can_be_heard() {
    let case = Case::read();
    let page = html(&case.view());
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<svg "), count("role=\"img\""));
    assert_eq!(count("<svg "), count("<desc "));
    assert_eq!(count("<table"), count("<caption>"));
    assert_eq!(count("<main>"), 1);
    assert_eq!(count("<h1>"), 1);
    assert!(count("scope=\"col\"") >= count("<table"));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{ids:?}");
    for labelled in page.split("aria-labelledby=\"").skip(1).filter_map(|it| it.split('"').next()) {
        for id in labelled.split(' ') {
            assert!(ids.contains(&id), "{id}");
        }
    }
}

#[test]
fn what_did_not_come_about_is_said() {
    let case = Case::read();
    let bare = CaseView {
        plan: None,
        certificate: None,
        proof_holds: None,
        recovery: None,
        clocks: &[],
        exfiltration: None,
        score: None,
        ..case.view()
    };
    let page = html(&bare);
    for words in [
        "No containment plan was made",
        "Aucun plan d",
        "No recovery plan was made",
        "No reporting duty is known to bind",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let open = html(&CaseView { proof_holds: Some(false), ..case.view() });
    assert!(open.contains("STILL OPEN") && open.contains("ENCORE OUVERT") && open.contains("does not hold"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Names come from logs, that is from the attacker: none may become markup.
    #[test]
    fn nothing_breaks_out(text in "[<>\"'&`a/\\PC]{1,30}") {
        let mark = format!("<i>{text}");
        let mut case = Case::read();
        case.incident.title.clone_from(&mark);
        case.incident.compromised[0].id.clone_from(&mark);
        case.incident.compromised[0].reasons[0].text.clone_from(&mark);
        case.timeline[0].text.clone_from(&mark);
        case.findings[0].rule.title.clone_from(&mark);
        case.findings[0].host = Some(mark.clone());
        case.certificate.reached.push(mark.clone());
        case.certificate.cut[0].by.clone_from(&mark);
        case.plan.not_done[0].what.clone_from(&mark);
        case.recovery.stages[0].steps[0].id.clone_from(&mark);
        prop_assert!(!html(&case.view()).contains("<i>"));
    }
}
