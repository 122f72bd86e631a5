//! Which of the incidents that findings make is the one that somebody answers for.

use bulkhead_incident::{Fusion, IncidentDraft};
use bulkhead_model::case::{EntityRef, Incident};

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
