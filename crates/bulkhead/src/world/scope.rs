//! From findings to the incident that somebody answers for, and the instant at which it could be declared.

use bulkhead_incident::{Fusion, IncidentDraft, Policy, fuse};
use bulkhead_model::case::{EntityRef, Incident};
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;

/// An incident found, and when the findings sufficed for it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The incident.
    pub draft: IncidentDraft,
    /// Time of the finding that sufficed.
    pub at: Timestamp,
}

/// The incident that answers to the same attacker as `current`, or the gravest where there is none yet.
pub fn gravest(fusion: Fusion, current: Option<&Incident>) -> Option<IncidentDraft> {
    let shared = |draft: &IncidentDraft| {
        let known =
            |entity: EntityRef| current.is_some_and(|it| it.compromised.iter().any(|it| it.key() == entity));
        draft.compromised.iter().filter(|it| known(it.key())).count()
    };
    let mut best: Option<(usize, IncidentDraft)> = None;
    for draft in fusion.incidents {
        let shared = shared(&draft);
        // Gravest first: a later one replaces it only by sharing more.
        if best.as_ref().is_none_or(|(most, _)| shared > *most) {
            best = Some((shared, draft));
        }
    }
    best.map(|(_, draft)| draft)
}

/// Every incident that `findings` (sorted by time) make, gravest first, each with the earliest of its findings at which it
/// could have been declared; and the points of the strongest host. More findings can only add points but for rules that turn
/// out to be background noise, so the search is over prefixes, and the prefix it ends on is one that suffices.
pub fn declare_when(
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    seed: u64,
) -> (Vec<Found>, f64) {
    let fusion = |count: usize| fuse(&findings[..count], observations, estate, policy, seed);
    let whole = fusion(findings.len());
    let strongest = whole.strongest;
    let alone = whole.incidents.len() == 1;
    let found = whole.incidents.into_iter().map(|draft| {
        // With another incident about, only one that shares a host or account with this one is this one.
        let is_it = |it: &IncidentDraft| {
            alone || it.compromised.iter().any(|it| draft.compromised.iter().any(|own| own.key() == it.key()))
        };
        // Alone, any finding may be the one that sufficed; beside others, only its own.
        let ends: Vec<usize> = match alone {
            true => (1..=findings.len()).collect(),
            false => draft.findings.iter().map(|it| it + 1).collect(),
        };
        let suffices = |count: &usize| fusion(*count).incidents.iter().any(is_it);
        let first = ends.partition_point(|count| !suffices(count));
        let end = ends.get(first).or(ends.last()).copied().unwrap_or(findings.len());
        let at = end.checked_sub(1).and_then(|it| findings.get(it)).and_then(|it| it.time);
        let at = at.unwrap_or(draft.first_finding_at).max(draft.first_finding_at);
        Found { at, draft }
    });
    (found.collect(), strongest)
}
