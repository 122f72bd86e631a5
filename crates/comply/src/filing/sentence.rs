//! Sentences of filings, English and French, each from the case's own data and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{ActionKind, Entity, EntityKind, ExfiltrationConclusion, Localized, ServiceState};
use bulkhead_model::estate::Service;
use bulkhead_model::id::RegimeId;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::facts::hit;
use crate::filing::CaseView;

/// A text in both languages.
pub fn both(en: impl Into<String>, fr: impl Into<String>) -> Localized {
    Localized::Each { en: en.into(), fr: Some(fr.into()) }
}

/// An instant in the operator's time zone, to the minute, with its offset.
pub fn instant(case: &CaseView<'_>, at: Timestamp) -> Localized {
    Localized::Same(stamp(case, at))
}

fn stamp(case: &CaseView<'_>, at: Timestamp) -> String {
    let zone = TimeZoneDatabase::bundled().get(&case.estate.estate.timezone).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// What happened: title, instants, entities, tactics, services.
pub fn summary(case: &CaseView<'_>) -> Localized {
    let incident = case.incident;
    let hosts = incident.compromised.iter().filter(|it| it.kind == EntityKind::Asset).count();
    let accounts = incident.compromised.len() - hosts;
    let (first, declared) = (stamp(case, incident.first_finding_at), stamp(case, incident.declared_at));
    let mut en = format!(
        "{}. First detected {first}, declared an incident {declared}. {hosts} hosts and {accounts} accounts are held to \
         be in the attacker's hands, {} more are suspected.",
        incident.title,
        incident.suspected.len()
    );
    let mut fr = format!(
        "{}. Première détection {first}, incident déclaré {declared}. {hosts} machines et {accounts} comptes sont tenus \
         pour compromis, {} autres sont suspects.",
        incident.title,
        incident.suspected.len()
    );
    if let Some(impact) = impact(case) {
        en = format!("{en} {}", impact.en());
        fr = format!("{fr} {}", impact.fr());
    }
    both(en, fr)
}

/// Beginning, detection and awareness.
pub fn instants(case: &CaseView<'_>) -> Localized {
    let of =
        |it: Option<Timestamp>, unknown: &str| it.map_or_else(|| unknown.to_owned(), |it| stamp(case, it));
    let (began, found, aware) =
        (case.facts.incident, case.facts.detection, stamp(case, case.facts.awareness));
    both(
        format!("Began {}; detected {}; aware {aware}", of(began, "unknown"), of(found, "unknown")),
        format!(
            "Début {} ; détection {} ; connaissance {aware}",
            of(began, "inconnu"),
            of(found, "inconnue")
        ),
    )
}

/// Names of hosts and accounts, sorted as the incident has them.
pub fn entities(entities: &[Entity]) -> String {
    let name = |it: &Entity| it.hostname.clone().unwrap_or_else(|| it.id.clone());
    entities.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Rules that fired, as the reasons for holding entities compromised name them.
pub fn indicators(case: &CaseView<'_>) -> String {
    let reasons = case.incident.compromised.iter().flat_map(|it| &it.reasons);
    let texts: BTreeSet<&str> = reasons.map(|it| it.text.as_str()).filter(|it| !it.is_empty()).collect();
    texts.into_iter().take(50).collect::<Vec<_>>().join("; ")
}

/// Offences of the French penal code that the facts point to; a prosecutor decides.
pub fn offences(case: &CaseView<'_>) -> Option<Localized> {
    if case.incident.compromised.is_empty() {
        return None;
    }
    let mut articles = vec!["323-1"];
    if hit(case.impact).values().any(|it| it.from_attacker) {
        articles.push("323-2");
    }
    let evidenced = case.exfiltration.is_some_and(|it| it.conclusion == ExfiltrationConclusion::Evidenced);
    if evidenced {
        articles.push("323-3");
    }
    let list = articles.join(", ");
    Some(both(
        format!("Penal code, arts {list} (to be confirmed)"),
        format!("Code pénal, art. {list} (à confirmer)"),
    ))
}

/// How it was discovered.
pub fn discovery(case: &CaseView<'_>) -> Option<Localized> {
    let findings = case.incident.findings;
    (findings > 0).then(|| {
        both(
            format!("By the operator's own detection: {findings} findings"),
            format!("Par la détection de l'opérateur : {findings} constats"),
        )
    })
}

fn service<'a>(case: &CaseView<'a>, id: &str) -> Option<&'a Service> {
    case.estate.services.iter().find(|it| it.id.as_str() == id)
}

/// Services hit and their customers, in sentences; `None` when no service is hit.
pub fn impact(case: &CaseView<'_>) -> Option<Localized> {
    let hit = hit(case.impact);
    if hit.is_empty() {
        return None;
    }
    let count = |state: ServiceState| hit.values().filter(|it| it.state == state).count();
    let (down, degraded) = (count(ServiceState::Down), count(ServiceState::Degraded));
    let mut customers: BTreeMap<&str, u64> = BTreeMap::new();
    for id in hit.keys() {
        for group in service(case, id.as_str()).into_iter().flat_map(|it| &it.customers) {
            *customers.entry(group.segment.as_str()).or_default() += group.count;
        }
    }
    let groups: Vec<String> = customers.iter().map(|(segment, count)| format!("{count} {segment}")).collect();
    let names = services(case)?;
    let groups = if groups.is_empty() { "-".to_owned() } else { groups.join(", ") };
    Some(both(
        format!(
            "{down} services down and {degraded} degraded: {}. Customers of these services: {groups}.",
            names.en()
        ),
        format!(
            "{down} services interrompus et {degraded} dégradés : {}. Clients de ces services : {groups}.",
            names.fr()
        ),
    ))
}

/// Names of the services hit.
pub fn services(case: &CaseView<'_>) -> Option<Localized> {
    let hit = hit(case.impact);
    let (mut en, mut fr) = (Vec::new(), Vec::new());
    for id in hit.keys() {
        let known = service(case, id.as_str());
        en.push(known.map_or(id.as_str(), |it| it.name.en()));
        fr.push(known.map_or(id.as_str(), |it| it.name.fr()));
    }
    (!en.is_empty()).then(|| both(en.join(", "), fr.join(", ")))
}

/// Value lost per hour now, and until restored as planned.
pub fn loss(case: &CaseView<'_>) -> Option<Localized> {
    let hit = hit(case.impact);
    if hit.is_empty() {
        return None;
    }
    let currency = &case.estate.estate.currency;
    let per_hour: f64 = hit.values().map(|it| it.value_per_hour).sum();
    let (mut en, mut fr) =
        (format!("{per_hour:.0} {currency} per hour"), format!("{per_hour:.0} {currency} par heure"));
    if let Some(recovery) = case.recovery {
        en = format!("{en}; {:.0} {currency} until restored as planned", recovery.objective);
        fr = format!("{fr} ; {:.0} {currency} jusqu'au rétablissement prévu", recovery.objective);
    }
    Some(both(format!("{en} (estimate)"), format!("{fr} (estimation)")))
}

/// Containment actions and recovery stages.
pub fn measures(case: &CaseView<'_>) -> Option<Localized> {
    let (mut en, mut fr) = (Vec::new(), Vec::new());
    if let Some(plan) = case.plan {
        for (kind, word_en, word_fr) in [
            (ActionKind::Isolate, "hosts isolated", "machines isolées"),
            (ActionKind::BlockFlow, "flows blocked", "flux bloqués"),
            (ActionKind::Segment, "zone pairs segmented", "couples de zones segmentés"),
            (ActionKind::DisableIdentity, "accounts disabled", "comptes désactivés"),
        ] {
            let count = plan.actions.iter().filter(|it| it.kind == kind).count();
            if count > 0 {
                en.push(format!("{count} {word_en}"));
                fr.push(format!("{count} {word_fr}"));
            }
        }
    }
    if let Some(recovery) = case.recovery.filter(|it| !it.stages.is_empty()) {
        let stages = recovery.stages.len();
        en.push(format!("recovery in {stages} stages, each behind a gate and under surveillance"));
        fr.push(format!("rétablissement en {stages} étapes, chacune sous contrôle et surveillance"));
    }
    (!en.is_empty()).then(|| both(en.join("; "), fr.join(" ; ")))
}

/// The dated statement on exfiltration with the coverage it rests on.
pub fn exfiltration(case: &CaseView<'_>) -> Option<Localized> {
    let it = case.exfiltration?;
    let (en, fr) = match it.conclusion {
        ExfiltrationConclusion::NoneSeen => {
            ("no exfiltration was seen", "aucune exfiltration n'a été constatée")
        }
        ExfiltrationConclusion::Indications => {
            ("there are signs of exfiltration", "il existe des indices d'exfiltration")
        }
        ExfiltrationConclusion::Evidenced => ("exfiltration is evidenced", "une exfiltration est établie"),
    };
    let (at, share) = (stamp(case, it.as_of), it.coverage * 100.0);
    Some(both(
        format!(
            "As of {at}, {en}; telemetry covers {share:.0} % of the stores within reach ({})",
            it.stores.len()
        ),
        format!(
            "Au {at}, {fr} ; la télémétrie couvre {share:.0} % des dépôts à portée ({})",
            it.stores.len()
        ),
    ))
}

/// Classes of data on the stores within the attacker's reach.
pub fn data_classes(case: &CaseView<'_>) -> String {
    let stores = case.exfiltration.into_iter().flat_map(|it| &it.stores);
    let classes: BTreeSet<&str> = stores.flat_map(|it| &it.data).map(String::as_str).collect();
    classes.into_iter().collect::<Vec<_>>().join(", ")
}

/// First or second notification.
pub fn ordinal(again: bool) -> Localized {
    if again { both("second", "seconde") } else { both("first", "première") }
}

/// Filings made under other regimes.
pub fn others(case: &CaseView<'_>, regime: &RegimeId) -> String {
    let others = case.facts.submissions.iter().filter(|it| it.regime != *regime);
    let lines: BTreeSet<String> =
        others.map(|it| format!("{} {} ({})", it.regime, it.stage, stamp(case, it.at))).collect();
    lines.into_iter().collect::<Vec<_>>().join("; ")
}
