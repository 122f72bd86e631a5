//! No sentence of a filing asserts what is not established: over random cases, each source of a text is checked against
//! what the case really holds.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bulkhead_comply::{CaseView, Fact, Facts, Filing, Library};
use bulkhead_model::case::{
    CaseParts, Exfiltration, ExfiltrationConclusion, Figures, Impact, Incident, IncidentState, Plan, Relapse,
};
use bulkhead_model::estate::Estate;
use proptest::prelude::*;
use serde_json::{Value, json};

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);

const CLASSES: [&str; 5] = ["customer", "billing", "credentials", "traffic", "health"];
const ENTITIES: [&str; 6] =
    ["telecom_operator", "oiv", "nis2_essential", "financial_entity", "cloud_provider", "manufacturer"];
/// Words that say a service does not work, and those that say a measure was taken.
const BROKEN: [&str; 6] = [" down ", "degraded", "interrupted", "arrêtés", "dégradés", "Interruption"];
const TAKEN: [&str; 4] = ["isolated", "blocked", "isolées", "bloqués"];

/// A case: what telemetry, the fleet and people established, each at random.
#[derive(Clone, Debug)]
struct Case {
    kinds: Vec<&'static str>,
    states: Vec<ExfiltrationConclusion>,
    known: Vec<Option<bool>>,
    rests: bool,
    observed: bool,
    planned: bool,
    enforced: bool,
    simulated: bool,
    drafted: bool,
    state: IncidentState,
    relapsed: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    use ExfiltrationConclusion::{Evidenced, Indications, NoneSeen, NotAssessable};
    let conclusion = prop::sample::select(vec![NoneSeen, NotAssessable, Indications, Evidenced]);
    let state = prop::sample::select(vec![
        IncidentState::Declared,
        IncidentState::Contained,
        IncidentState::Monitoring,
        IncidentState::Closed,
    ]);
    let kinds = prop::sample::subsequence(ENTITIES.to_vec(), 1..=ENTITIES.len());
    let known = prop::option::weighted(0.3, any::<bool>());
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (
        kinds,
        prop::collection::vec(conclusion, CLASSES.len()),
        prop::collection::vec(known, Fact::ALL.len()),
        flags,
        prop::bool::weighted(0.2),
        state,
        any::<bool>(),
    )
        .prop_map(|(kinds, states, known, flags, drafted, state, relapsed)| {
            let (rests, observed, planned, enforced, simulated) = flags;
            let (planned, enforced) = (planned || enforced, enforced);
            let observed = observed && enforced;
            Case {
                kinds,
                states,
                known,
                rests,
                observed,
                planned,
                enforced,
                simulated,
                drafted,
                state,
                relapsed,
            }
        })
}

fn made<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a sound sample")
}

fn estate(case: &Case) -> Estate {
    made(json!({
        "version": 1,
        "estate": {"id": "telco", "name": "Example Telecom", "timezone": "Europe/Paris", "drafted": case.drafted},
        "legal_profile": {"entity": case.kinds, "member_states": ["FR", "BE"], "insured": true, "listed_in": ["EU", "US"]},
        "services": [{"id": "portal", "name": {"en": "Customer portal", "fr": "Espace client"},
            "customers": [{"segment": "business", "count": 180_000}], "value_per_hour": 90_000.0,
            "requires": {"asset": "srv-front-7"}}],
    }))
}

fn incident(case: &Case) -> Incident {
    made(json!({
        "id": "INC-1", "title": "Movement from srv-front-7 with corp\\eve", "state": case.state, "severity": "high",
        "declared_at": "2025-07-25T12:20:00Z", "first_finding_at": "2025-07-25T11:50:00Z",
        "compromised": [
            {"kind": "asset", "id": "srv-front-7", "hostname": "srv-front-7.telco.example",
                "since": "2025-07-25T11:45:00Z", "confidence": 0.9,
                "reasons": [{"finding": "f#1 r", "at": "2025-07-25T11:50:00Z", "text": "corp\\eve came onto srv-front-7"}]},
            {"kind": "identity", "id": "corp\\eve", "since": "2025-07-25T11:45:00Z", "confidence": 0.9,
                "reasons": [{"finding": "f#1 r", "at": "2025-07-25T11:50:00Z", "text": "corp\\eve came onto srv-front-7"}]}],
        "suspected": [], "tactics": ["lateral-movement"], "findings": 4,
        "telemetry": {"events": 10, "malformed": 0, "sources": []}
    }))
}

fn impact(case: &Case) -> Impact {
    let hit = json!([{"service": "portal", "state": "down", "customers": [{"segment": "business", "count": 180_000}],
        "value_per_hour": 90_000.0}]);
    let or_none = |there: bool| if there { hit.clone() } else { json!([]) };
    made(json!({
        "attacker": or_none(case.rests), "containment_predicted": or_none(case.planned),
        "containment_observed": or_none(case.observed),
    }))
}

fn exfiltration(case: &Case) -> Exfiltration {
    let stores: Vec<Value> = case
        .states
        .iter()
        .zip(CLASSES)
        .map(|(conclusion, class)| {
            json!({"asset": format!("db-{class}"), "data": [class], "conclusion": conclusion, "coverage": 0.5, "evidence": []})
        })
        .collect();
    let worst = case.states.iter().max();
    made(json!({"conclusion": worst, "coverage": 0.5, "as_of": "2025-07-25T14:00:00Z", "stores": stores}))
}

fn plan() -> Plan {
    let action = |kind: &str, target: &str| {
        json!({"id": format!("{kind}:{target}"), "kind": kind, "target": target, "enforcement_point": "fw-1",
            "lease_s": 3600, "reversible": true, "approval": "automatic", "time_to_effect_s": 1, "cuts": [], "breaks": []})
    };
    made(json!({
        "generation": 1, "attitude": "movement", "horizon_h": 24.0, "currency": "EUR",
        "objective": {"service_loss": 0.0, "exposure": 0.0, "operating": 600.0, "total": 600.0}, "bound": 600.0, "gap": 0.0,
        "actions": [action("isolate", "srv-front-7"), action("block_flow", "web-to-db")],
        "alternatives": [], "baselines": [], "not_done": []
    }))
}

fn facts(case: &Case, simulated: bool) -> Facts {
    let mut facts = Facts::from_case(&incident(case), &impact(case), Some(&exfiltration(case)), simulated);
    facts.classification = Some(facts.awareness);
    facts.determination = Some(facts.awareness);
    for (fact, known) in Fact::ALL.iter().zip(&case.known) {
        if let Some(yes) = known {
            facts.set(*fact, *yes);
        }
    }
    facts
}

fn filings(case: &Case, facts: &Facts) -> Vec<Filing> {
    let (estate, incident, impact, plan) = (estate(case), incident(case), impact(case), plan());
    let (exfiltration, plans) = (exfiltration(case), [&plan]);
    let relapse = Relapse { at: incident.declared_at, entities: vec!["srv-front-7".to_owned()] };
    let enforced: BTreeSet<u64> = if case.enforced { [1].into() } else { BTreeSet::new() };
    let held =
        plan.actions.iter().filter(|_| case.enforced).map(|it| ("fw-1".to_owned(), it.id.clone())).collect();
    let figures = Figures::of(&CaseParts {
        incident: &incident,
        impact: &impact,
        plan: case.planned.then_some(&plan),
        plans: if case.planned { &plans } else { &[] },
        enforced: &enforced,
        held: &held,
        recovery: None,
        clocks: &[],
        exfiltration: Some(&exfiltration),
        score: None,
        relapses: if case.relapsed { std::slice::from_ref(&relapse) } else { &[] },
        drafted: case.drafted,
        simulated: case.simulated,
        as_of: exfiltration.as_of,
    });
    LIBRARY.filings(&CaseView {
        estate: &estate,
        incident: &incident,
        impact: &impact,
        figures: &figures,
        recovery: None,
        exfiltration: Some(&exfiltration),
        facts,
        incidents: 1,
        in_french: str::to_owned,
    })
}

/// Whether a stage is read by customers, persons concerned or the public.
fn is_public(filing: &Filing) -> bool {
    let named = [
        ("GDPR-34", "communication"),
        ("CPCE-THREAT", "subscribers"),
        ("DORA-CLIENT", "clients"),
        ("NIS2-REC", "recipients"),
        ("MAR-17", "disclosure"),
        ("SEC-8K", "form_8k"),
    ];
    filing.channel.as_deref() == Some("public") || named.contains(&(filing.regime.as_str(), &filing.stage))
}

/// Whether the product knows a question that would fill the field: one that draws on facts, criteria, data or services.
fn asks(filing: &Filing, id: &str) -> bool {
    let stages = &LIBRARY.regime(&filing.regime).expect("the regime of a filing").stages;
    let fields = stages.iter().filter(|it| it.id == filing.stage).flat_map(|it| &it.fields);
    let sources: Vec<&str> = fields.filter(|it| it.id == id).filter_map(|it| it.from.as_deref()).collect();
    let asked = ["fact.", "filing.clauses", "exfiltration.data", "impact.s", "impact.loss"];
    sources.iter().any(|source| asked.iter().any(|it| source.starts_with(it)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_is_asserted_that_is_not_established(case in cases()) {
        let facts = facts(&case, case.simulated);
        let assessed = LIBRARY.assess(&facts, &estate(&case).legal_profile, &estate(&case).estate);
        let evidenced: Vec<&str> = case.states.iter().zip(CLASSES)
            .filter(|it| *it.0 == ExfiltrationConclusion::Evidenced).map(|it| it.1).collect();
        for filing in filings(&case, &facts) {
            let name = format!("{} {}", filing.regime, filing.stage);
            let regime = assessed.iter().find(|it| it.regime == filing.regime).expect("assessed");
            prop_assert!(filing.criteria_met.iter().all(|it| regime.fired.iter().any(|one| one == it.en())), "{name}");
            prop_assert!(filing.criteria_open.iter().all(|it| regime.fired.iter().all(|one| one != it.en())), "{name}");
            prop_assert_eq!(filing.simulated, case.simulated);
            for field in &filing.fields {
                let Some(value) = &field.value else {
                    // Nothing is missing in silence that the product knows how to ask for.
                    prop_assert_eq!(field.question.is_some(), asks(&filing, &field.id), "{} {}", name, field.id);
                    continue;
                };
                let (source, text) = (field.from.as_deref().unwrap_or(""), format!("{} {}", value.en(), value.fr()));
                let at = format!("{name} {}: {text}", field.id);
                // A criterion is quoted only where it fired.
                prop_assert!(regime.open.iter().all(|it| regime.fired.contains(it) || !text.contains(it)), "{at}");
                // A fact is stated only where it is known.
                if let Some(fact) = source.strip_prefix("fact.").and_then(Fact::from_key) {
                    prop_assert!(facts.known.contains_key(&fact), "{at}");
                }
                // Affected is not within reach.
                if source == "exfiltration.data" {
                    let said: Vec<&str> = value.en().split(", ").collect();
                    prop_assert!(said.iter().all(|it| evidenced.contains(it)), "{at}");
                } else {
                    prop_assert!(CLASSES.iter().all(|it| !text.split([' ', ',', '.']).any(|word| word == *it)) || source == "exfiltration.in_reach", "{at}");
                }
                // A service that does not work was seen so, or the sentence says what it is: planned, or not established.
                if BROKEN.iter().any(|it| text.contains(it)) {
                    let hedged = (text.contains("planned, not applied") || text.contains("not established"))
                        && (text.contains("non appliqué") || text.contains("pas établie"));
                    prop_assert!(case.observed || hedged, "{at}");
                    prop_assert!(!case.drafted, "{at}");
                }
                // A measure was taken only where a point was found to hold it, and simulated ones say so.
                if TAKEN.iter().any(|it| text.contains(it)) {
                    prop_assert!(case.enforced, "{at}");
                    prop_assert!(!case.simulated || (text.contains("SIMULATED") && text.contains("SIMULÉ")), "{at}");
                }
                if case.simulated && source == "impact.services" {
                    prop_assert!(false, "no service is known to be hit on a simulated fleet: {at}");
                }
                if is_public(&filing) {
                    for secret in ["srv-front", "eve", "corp", "came onto"] {
                        prop_assert!(!text.split(|it: char| !it.is_alphanumeric() && it != '-').any(|it| it.starts_with(secret)), "{at}");
                    }
                }
            }
        }
    }
}

/// What is read outside draws on no source that may hold names of hosts or accounts.
#[test]
fn what_the_public_reads_draws_on_public_sources() {
    let case = Case {
        kinds: ENTITIES.to_vec(),
        states: vec![ExfiltrationConclusion::NoneSeen; CLASSES.len()],
        known: vec![None; Fact::ALL.len()],
        rests: true,
        observed: false,
        planned: true,
        enforced: false,
        simulated: false,
        drafted: false,
        state: IncidentState::Declared,
        relapsed: true,
    };
    let public: Vec<Filing> = filings(&case, &facts(&case, false)).into_iter().filter(is_public).collect();
    assert!(public.len() >= 5, "{}", public.len());
    for field in public.iter().flat_map(|it| &it.fields) {
        let source = field.from.as_deref().and_then(bulkhead_comply::filing::FieldSource::from_key);
        assert!(source.is_none_or(|it| !it.is_internal()), "{}", field.id);
    }
}
