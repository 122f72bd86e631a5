//! Filings: pre-filled from the case, what is missing marked, French and English side by side.

use std::collections::BTreeSet;

use bulkhead_comply::{CaseView, Fact, Facts, Filing, Library};
use bulkhead_model::case::{CaseParts, Exfiltration, Figures, Impact, Incident, IncidentState};
use bulkhead_model::estate::Estate;
use expect_test::expect;
use serde_json::json;

struct Case {
    estate: Estate,
    incident: Incident,
    impact: Impact,
    exfiltration: Exfiltration,
    /// Generations enforced, and whether the points are simulated.
    enforced: BTreeSet<u64>,
    simulated: bool,
    /// Incidents that one containment answers.
    incidents: u64,
}

fn case() -> Case {
    let of = |it: serde_json::Value| it;
    Case {
        estate: serde_json::from_value(of(json!({
            "version": 1,
            "estate": {"id": "telco", "name": "Example Telecom", "timezone": "Europe/Paris"},
            "legal_profile": {"entity": ["telecom_operator", "oiv"], "member_states": ["FR"], "insured": true},
            "services": [{"id": "portal", "name": {"en": "Customer portal", "fr": "Espace client"},
                "customers": [{"segment": "business", "count": 180_000}], "value_per_hour": 90_000.0,
                "requires": {"asset": "web-1"}}],
            "contacts": [{"role": "dpo", "name": "DPO office", "channel": "mailto:dpo@telco.example"}]
        })))
        .expect("estate"),
        incident: serde_json::from_value(json!({
            "id": "INC-1", "title": "Lateral movement into the business platforms", "state": "declared",
            "severity": "high", "declared_at": "2025-07-25T12:20:00Z", "first_finding_at": "2025-07-25T11:50:00Z",
            "compromised": [{"kind": "asset", "id": "web-1", "hostname": "web-1.telco.example",
                "since": "2025-07-25T11:45:00Z", "confidence": 0.9,
                "reasons": [{"finding": "f#1 r", "at": "2025-07-25T11:50:00Z", "text": "remote service created"}]}],
            "suspected": [], "tactics": ["lateral-movement"], "findings": 4,
            "telemetry": {"events": 10, "malformed": 0, "sources": []}
        }))
        .expect("incident"),
        impact: serde_json::from_value(json!({
            "attacker": [{"service": "portal", "state": "down", "customers": [{"segment": "business", "count": 180_000}],
                "value_per_hour": 90_000.0}],
            "containment_predicted": [], "containment_observed": []
        }))
        .expect("impact"),
        exfiltration: serde_json::from_value(json!({
            "conclusion": "none_seen", "coverage": 0.5, "as_of": "2025-07-25T14:00:00Z",
            "stores": [{"asset": "web-1", "data": ["customer"], "conclusion": "none_seen", "coverage": 0.5, "evidence": []}]
        }))
        .expect("exfiltration"),
        enforced: BTreeSet::new(),
        simulated: false,
        incidents: 1,
    }
}

fn filings(case: &Case, facts: &Facts) -> Vec<Filing> {
    let figures = Figures::of(&CaseParts {
        incident: &case.incident,
        impact: &case.impact,
        plan: None,
        plans: &[],
        enforced: &case.enforced,
        held: &BTreeSet::new(),
        recovery: None,
        clocks: &[],
        exfiltration: Some(&case.exfiltration),
        score: None,
        relapses: &[],
        drafted: case.estate.estate.drafted,
        simulated: case.simulated,
        as_of: case.exfiltration.as_of,
    });
    Library::builtin().filings(&CaseView {
        estate: &case.estate,
        incident: &case.incident,
        impact: &case.impact,
        figures: &figures,
        recovery: None,
        exfiltration: Some(&case.exfiltration),
        facts,
        incidents: case.incidents,
        in_french: str::to_owned,
    })
}

fn facts(case: &Case) -> Facts {
    Facts::from_case(&case.incident, &case.impact, Some(&case.exfiltration), case.simulated)
}

fn show(filing: &Filing) -> String {
    let mut text = format!("{} | {}\n", filing.title.en(), filing.title.fr());
    for field in &filing.fields {
        let value = field.value.as_ref().map_or("MISSING", |it| it.fr());
        text.push_str(&format!("{} {}: {value}\n", field.id, field.label.fr()));
    }
    text
}

#[test]
fn the_first_telecom_notification_is_filled_as_far_as_the_case_goes() {
    let case = case();
    let filings = filings(&case, &facts(&case));
    let filing =
        filings.iter().find(|it| it.regime.as_str() == "EPRIV-611" && it.stage == "initial").expect("filing");
    assert_eq!(filing.missing, 3);
    expect![[r#"
        ePrivacy, personal data breach of a communications provider (Reg. 611/2013): Initial notification | Vie privée et communications électroniques, « paquet télécom » (règl. 611/2013) : Notification initiale
        1 Nom du fournisseur: Example Telecom
        2 Délégué à la protection des données ou contact: DPO office (mailto:dpo@telco.example)
        3 Première ou seconde notification: première
        4 Date et heure de l'incident et de sa détection: Premier signe connu 25/07/2025 13:45 CEST ; détection 25/07/2025 13:50 CEST ; connaissance 25/07/2025 14:20 CEST
        5 Circonstances (perte, vol, copie): Au 25/07/2025 16:00 CEST, aucune exfiltration n'a été constatée dans les 50,0 % du temps que couvre la télémétrie, pour les dépôts à portée (1), sur les connexions, processus, fichiers, flux sortants et DNS ; dépôts sans aucune trace de ce qui en est sorti : 0
        6 Nature et contenu des données: MISSING
        7 Mesures techniques et organisationnelles appliquées aux données: MISSING
        8 Recours à d'autres fournisseurs: MISSING
    "#]].assert_eq(&show(filing));
}

#[test]
fn nothing_is_said_that_the_case_does_not_hold() {
    let mut case = case();
    case.impact.attacker.clear();
    let mut facts = Facts::new(case.incident.declared_at);
    facts.set(Fact::Cyber, true);
    let filings = filings(&case, &facts);
    let cpce = filings.iter().find(|it| it.regime.as_str() == "CPCE" && it.stage == "anssi").expect("filing");
    let field = |id: &str| cpce.fields.iter().find(|it| it.id == id).expect("field");
    assert_eq!(field("d").value, None, "no service is hit");
    assert_eq!(field("a").value, None);
    assert!(field("a").question.as_ref().is_some_and(|it| it.fr().contains("utilisateurs")));
}

#[test]
fn facts_of_a_case_never_deny_a_breach() {
    let mut case = case();
    assert!(!facts(&case).known.contains_key(&Fact::PersonalDataBreach), "none seen is not none");
    case.exfiltration.stores[0].conclusion = bulkhead_model::case::ExfiltrationConclusion::Evidenced;
    assert!(facts(&case).known.contains_key(&Fact::PersonalDataBreach));
    assert!(
        !facts(&case).known.contains_key(&Fact::UsersHit),
        "what rests on the attacker's hosts is not interrupted"
    );
    case.impact.containment_observed.clone_from(&case.impact.attacker);
    assert_eq!(facts(&case).known.get(&Fact::UsersHit), Some(&bulkhead_comply::FactValue::Number(180_000.0)));
    case.simulated = true;
    assert!(!facts(&case).known.contains_key(&Fact::UsersHit), "simulated is not done");
}

#[test]
fn every_stage_that_asks_for_fields_has_labels_in_both_languages() {
    let case = case();
    let filings = filings(&case, &facts(&case));
    assert!(filings.len() >= 20, "{}", filings.len());
    for field in filings.iter().flat_map(|it| &it.fields) {
        assert!(!field.label.en().is_empty() && !field.label.fr().is_empty(), "{}", field.id);
    }
}

/// What customers and the public read names no machine and no account: a person writes it instead.
#[test]
fn outsiders_read_no_names_of_machines_or_accounts() {
    let mut case = case();
    case.incident.title = "Lateral movement from WEB-1 with account CORP\\alice".to_owned();
    case.estate.identities =
        serde_json::from_value(json!([{"id": "alice", "kind": "human"}])).expect("identities");
    let mut facts = facts(&case);
    for fact in [Fact::PersonalDataBreach, Fact::HighRisk, Fact::RecipientsAffected] {
        facts.set(fact, true);
    }
    let mut outside = 0;
    let library = Library::builtin();
    for filing in filings(&case, &facts) {
        let regime = library.regime(&filing.regime).expect("known");
        let stage = regime.stages.iter().find(|it| it.id == filing.stage).expect("known");
        let text = serde_json::to_string(&filing.fields).expect("JSON").to_lowercase();
        if stage.is_for_outsiders() {
            outside += 1;
            assert!(!text.contains("web-1") && !text.contains("alice"), "{}: {text}", filing.regime);
            assert!(text.contains("plain words") || !text.contains("incident.summary"), "{text}");
        }
    }
    assert!(outside >= 2, "{outside} filings for outsiders");
}

#[test]
fn what_outsiders_read_of_a_simulation_says_so_in_the_field_and_asserts_no_end() {
    let mut case = case();
    case.incident.state = IncidentState::Closed;
    let told = |case: &Case| -> Vec<String> {
        let filings = filings(case, &facts(case));
        let fields = filings.into_iter().flat_map(|it| it.fields);
        let public = fields.filter(|it| it.from.as_deref() == Some("incident.public"));
        public.filter_map(|it| it.value).map(|it| format!("{} {}", it.en(), it.fr())).collect()
    };
    for text in told(&case) {
        assert!(text.contains("Its handling has ended.") && !text.contains("SIMULATED"), "{text}");
    }
    case.simulated = true;
    let simulated = told(&case);
    assert!(!simulated.is_empty());
    for text in simulated {
        assert!(text.contains("SIMULATED") && text.contains("SIMULÉ"), "{text}");
        assert!(!text.contains("has ended") && !text.contains("est terminé"), "{text}");
    }
}

#[test]
fn a_draft_is_nobody_and_what_it_does_not_know_is_no_dash() {
    let mut case = case();
    case.estate.estate.drafted = true;
    case.estate.estate.name = "query_2020_archive".to_owned();
    case.exfiltration.stores.clear();
    for filing in filings(&case, &facts(&case)) {
        let texts = filing.fields.iter().flat_map(|it| it.value.iter().chain(&it.question));
        for text in texts.flat_map(|it| [it.en().to_owned(), it.fr().to_owned()]) {
            assert!(!text.contains("query_2020_archive"), "{text}");
            assert!(!text.ends_with(": -."), "{text}");
        }
    }
}

#[test]
fn what_one_containment_of_several_incidents_hits_is_said_to_be_common() {
    let mut case = case();
    case.impact.containment_observed = case.impact.attacker.clone();
    case.enforced.insert(1);
    let told = |case: &Case| -> Vec<String> {
        let fields = filings(case, &facts(case)).into_iter().flat_map(|it| it.fields);
        let texts = fields.filter_map(|it| it.value).map(|it| format!("{} {}", it.en(), it.fr()));
        texts.filter(|it| it.contains("own containment acts on services")).collect()
    };
    assert!(told(&case).iter().all(|it| !it.contains("common containment")));
    case.incidents = 2;
    let common = told(&case);
    assert!(!common.is_empty());
    for text in common {
        assert!(text.contains("of the common containment of 2 incidents"), "{text}");
        assert!(text.contains("de l'endiguement commun à 2 incidents"), "{text}");
    }
}
