//! Which of the incidents that findings make is the one that somebody answers for.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_incident::{Fusion, IncidentDraft};
use bulkhead_model::case::{Entity, EntityRef, Incident};
use jiff::Timestamp;

/// Incidents that were declared before the attack of a drill began, by id, with whom they named when it did. The time at
/// which the attack begins tells them, not the truth: whoever is named by them may well be attacked later.
#[derive(Debug, Default)]
pub struct Early(BTreeMap<String, BTreeSet<EntityRef>>);

impl Early {
    /// Of what is known when the attack begins.
    pub fn new(then: &[IncidentDraft], begins: Timestamp) -> Self {
        let early = then.iter().filter(|it| it.declared_at < begins);
        Self(early.map(|it| (it.id.clone(), it.named().map(Entity::key).collect())).collect())
    }

    /// Whether it was declared before the attack began.
    pub fn holds(&self, draft: &IncidentDraft) -> bool {
        self.0.contains_key(&draft.id)
    }

    /// Whether it was, and has named more since.
    pub fn has_grown(&self, draft: &IncidentDraft) -> bool {
        let named = |known: &BTreeSet<EntityRef>| draft.named().any(|it| !known.contains(&it.key()));
        self.0.get(&draft.id).is_some_and(named)
    }

    /// What may be answered: not what was declared before the attack began and has named nobody since.
    #[must_use]
    pub fn without(&self, mut fusion: Fusion) -> Fusion {
        fusion.incidents.retain(|it| !self.holds(it) || self.has_grown(it));
        fusion
    }
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

#[cfg(test)]
mod tests {
    use bulkhead_model::case::EntityKind;
    use bulkhead_model::finding::Level;

    use super::*;

    fn draft(id: &str, declared_at: &str, hosts: &[&str]) -> IncidentDraft {
        let at: Timestamp = declared_at.parse().expect("an instant");
        let host = |id: &&str| Entity {
            kind: EntityKind::Asset,
            id: (*id).to_owned(),
            hostname: None,
            confidence: 0.9,
            since: at,
            reasons: Vec::new(),
        };
        IncidentDraft {
            id: id.to_owned(),
            is_news: true,
            is_withdrawn: false,
            title: String::new(),
            severity: Level::High,
            points: 20.0,
            declared_at: at,
            ended_at: None,
            first_finding_at: at,
            last_finding_at: at,
            compromised: hosts.iter().map(host).collect(),
            suspected: Vec::new(),
            tactics: Vec::new(),
            techniques: Vec::new(),
            findings: Vec::new(),
            movements: Vec::new(),
            timeline: Vec::new(),
        }
    }

    #[test]
    fn what_was_declared_before_the_attack_is_answered_only_when_it_names_more() {
        let begins: Timestamp = "2026-03-02T12:00:00Z".parse().expect("an instant");
        let then = [draft("a", "2026-03-02T08:00:00Z", &["h1"]), draft("b", "2026-03-02T12:00:00Z", &["h2"])];
        let early = Early::new(&then, begins);
        assert!(early.holds(&then[0]) && !early.holds(&then[1]));
        assert!(!early.has_grown(&then[0]) && !early.has_grown(&then[1]));
        let grown = draft("a", "2026-03-02T08:00:00Z", &["h1", "h3"]);
        assert!(early.has_grown(&grown));
        assert!(Early::default().0.is_empty() && !early.0.is_empty());
    }
}
