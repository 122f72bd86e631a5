//! From findings to the incident that somebody answers for, and the instant at which it could be declared.

use bulkhead_incident::{Fusion, IncidentDraft, Policy, fuse};
use bulkhead_model::case::Incident;
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
    /// Further incidents that share nothing with it.
    pub others: usize,
}

/// The incident that answers to the same attacker as `current`, or the gravest where there is none yet.
pub fn gravest(fusion: Fusion, current: Option<&Incident>) -> Option<IncidentDraft> {
    let shared = |draft: &IncidentDraft| {
        let known = |id: &str| current.is_some_and(|it| it.compromised.iter().any(|it| it.id == id));
        draft.compromised.iter().filter(|it| known(&it.id)).count()
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

/// Fuses `findings` (sorted by time), and finds by bisection the earliest of them at which an incident could have been
/// declared. More findings can only add points but for rules that turn out to be background noise, so the search is over
/// prefixes, and the prefix it ends on is one that suffices.
pub fn declare_when(
    findings: &[Finding],
    observations: &Observations,
    estate: &Estate,
    policy: &Policy,
    seed: u64,
) -> (Option<Found>, f64) {
    let whole = fuse(findings, observations, estate, policy, seed);
    let (strongest, others) = (whole.strongest, whole.incidents.len().saturating_sub(1));
    let Some(draft) = gravest(whole, None) else { return (None, strongest) };
    let suffices =
        |count: usize| !fuse(&findings[..count], observations, estate, policy, seed).incidents.is_empty();
    let (mut too_few, mut enough) = (0, findings.len());
    while enough - too_few > 1 {
        let middle = too_few.midpoint(enough);
        if suffices(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    let at = findings.get(enough - 1).and_then(|it| it.time).unwrap_or(draft.first_finding_at);
    (Some(Found { at: at.max(draft.first_finding_at), draft, others }), strongest)
}
