//! How well the answer went: figures from the truth and from what the product found and did, and verdicts on objectives.

use std::collections::BTreeSet;

use bulkhead_model::case::{CustomersHit, Impact, IncidentState, Score, customers_hit};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_model::id::AssetId;
use bulkhead_model::span::Span;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::scenario::Scenario;
use crate::truth::Truth;

/// What the product found and did.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// Findings of the incident (or all, where there is none).
    pub findings: &'f [Finding],
    /// How many incidents were declared.
    pub incidents: u64,
    /// How many were declared before the attack began, answered or not.
    pub false_incidents: u64,
    /// When the incident was declared.
    pub declared_at: Option<Timestamp>,
    /// When containment was verified.
    pub contained_at: Option<Timestamp>,
    /// How the incident stands when the drill ends.
    pub ended: Option<IncidentState>,
    /// Whether any service was hit: else there is nothing to bring back.
    pub services_hit: bool,
    /// When the last of the main services was back.
    pub main_services_restored_at: Option<Timestamp>,
    /// Assets the attacker can still reach past the containment, by its certificate.
    pub reached: &'f [AssetId],
    /// Services hit.
    pub impact: &'f Impact,
}

/// One objective and whether it was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// Which, by its key in the scenario.
    pub objective: &'static str,
    /// What was asked for.
    pub required: String,
    /// What came.
    pub actual: String,
    /// Whether it was met.
    pub met: bool,
}

/// Scores a drill. What the attacker did not do, or the product did not reach, is absent.
pub fn score(truth: &Truth, estate: &Estate, facts: &Facts<'_>) -> Score {
    // Detected is what somebody was told of: more noise about the attacker's first steps makes nobody faster.
    let spoke = first_detection(truth, estate, facts.findings);
    let detected = spoke.map(|it| facts.declared_at.map_or(it, |declared| it.max(declared)));
    let held = truth.held_at(facts.contained_at.unwrap_or(Timestamp::MAX));
    let radius: BTreeSet<&AssetId> = held.iter().chain(facts.reached).collect();
    let observed = &facts.impact.containment_observed;
    let containment = if observed.is_empty() { &facts.impact.containment_predicted } else { observed };
    Score {
        mttd_s: between(truth.first_act, detected),
        mttc_s: between(detected, facts.contained_at),
        blast_radius: radius.len() as u64,
        customers_hit: CustomersHit {
            attacker: customers_hit(&facts.impact.attacker),
            containment: customers_hit(containment),
        },
        main_services_restored_s: between(facts.declared_at, facts.main_services_restored_at)
            .filter(|_| facts.services_hit),
        false_incidents: facts.false_incidents,
    }
}

/// Time of the first finding that speaks of a host the attacker acted on, from the attacker's first act on. Findings
/// before it, or of other hosts, are noise and detect nothing.
pub fn first_detection(truth: &Truth, estate: &Estate, findings: &[Finding]) -> Option<Timestamp> {
    let first_act = truth.first_act?;
    let touched: BTreeSet<&AssetId> =
        truth.acts.iter().flat_map(|it| std::iter::once(&it.host).chain(&it.target)).collect();
    let mut names = BTreeSet::new();
    for asset in estate.assets.iter().filter(|it| touched.contains(&it.id)) {
        names.insert(asset.id.as_str().to_lowercase());
        names.extend(asset.addresses.iter().map(ToString::to_string));
        if let Some(hostname) = &asset.hostname {
            let hostname = hostname.to_lowercase();
            names.insert(hostname.split('.').next().unwrap_or_default().to_owned());
            names.insert(hostname);
        }
    }
    let speaks = |it: &&Finding| {
        let named = it.host.iter().chain(it.fields.values());
        named.into_iter().any(|it| names.contains(it.to_lowercase().as_str()))
    };
    findings.iter().filter(speaks).filter_map(|it| it.time).filter(|it| *it >= first_act).min()
}

/// Seconds from one to the other; none when either did not happen, zero when they come in the wrong order.
fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<u64> {
    let seconds = to?.as_second() - from?.as_second();
    Some(u64::try_from(seconds).unwrap_or_default())
}

/// Judges the objectives of `scenario`.
pub fn verdicts(
    scenario: &Scenario,
    truth: &Truth,
    estate: &Estate,
    facts: &Facts<'_>,
    score: &Score,
) -> Vec<Verdict> {
    let asked = &scenario.objectives;
    let mut verdicts = Vec::new();
    let spans = [
        ("mttd", asked.mttd, score.mttd_s),
        ("mttc", asked.mttc, score.mttc_s),
        ("main_services_restored", asked.main_services_restored, score.main_services_restored_s),
    ];
    let nothing_hit = |objective: &str| objective == "main_services_restored" && !facts.services_hit;
    for (objective, limit, actual) in spans {
        let Some(limit) = limit else { continue };
        verdicts.push(Verdict {
            objective,
            required: format!("at most {limit}"),
            actual: match actual {
                Some(seconds) => Span::from_secs(seconds).to_string(),
                None if nothing_hit(objective) => "none was hit".to_owned(),
                None => "never".to_owned(),
            },
            met: actual.map_or(nothing_hit(objective), |it| it <= limit.secs()),
        });
    }
    let known: BTreeSet<AssetId> = facts.reached.iter().cloned().collect();
    let ever = truth.ever_held();
    let jewels = estate.assets.iter().filter(|it| it.crown_jewel && ever.contains(&it.id)).count();
    // A relapse comes after the containment was lifted and is judged by what is done about it.
    let later: Vec<&str> = scenario.relapse.iter().map(|it| it.id.as_str()).collect();
    let beyond = facts.contained_at.map_or(0, |at| truth.gained_after(at, &later).difference(&known).count());
    let counts = [
        ("crown_jewels_reached", asked.crown_jewels_reached, jewels as u64),
        ("blast_radius", asked.blast_radius, score.blast_radius),
        ("moves_beyond_containment", asked.moves_beyond_containment, beyond as u64),
    ];
    for (objective, limit, actual) in counts {
        let Some(limit) = limit else { continue };
        verdicts.push(Verdict {
            objective,
            required: format!("at most {limit}"),
            actual: actual.to_string(),
            met: actual <= limit,
        });
    }
    if let Some(exactly) = asked.incidents {
        verdicts.push(Verdict {
            objective: "incidents",
            required: format!("exactly {exactly}"),
            actual: facts.incidents.to_string(),
            met: facts.incidents == exactly,
        });
    }
    // Whatever a scenario asks for: who was contained once and came back is to be contained again.
    if let Some(ended) = facts.ended.filter(|_| truth.first_act.is_some()) {
        verdicts.push(Verdict {
            objective: "ends_contained",
            required: "contained, or later".to_owned(),
            actual: ended.in_words().to_owned(),
            met: ended >= IncidentState::Contained,
        });
    }
    verdicts
}
