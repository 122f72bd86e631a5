//! Sentences for customers and the public: no host, no account, no rule, no count of the house, nothing simulated.

use bulkhead_model::case::{IncidentState, Localized};

use super::CaseView;
use super::sentence::{both, services, stamp};

/// What happened, for customers and the public: no host, no account, no rule.
pub fn public_summary(case: &CaseView<'_>) -> Localized {
    let (name, declared) = (&case.estate.estate.name, stamp(case, case.incident.declared_at));
    let (en, fr) = declared;
    match case.incident.state {
        IncidentState::Closed => both(
            format!(
                "On {en}, {name} declared a security incident, because unauthorised access to part of its information \
                 systems was suspected. Its handling has ended."
            ),
            format!(
                "Le {fr}, {name} a déclaré un incident de sécurité, parce qu'un accès non autorisé à une partie de ses \
                 systèmes d'information était soupçonné. Son traitement est terminé."
            ),
        ),
        _ => both(
            format!(
                "On {en}, {name} declared a security incident: unauthorised access to part of its information systems is \
                 suspected. It is being handled."
            ),
            format!(
                "Le {fr}, {name} a déclaré un incident de sécurité : un accès non autorisé à une partie de ses systèmes \
                 d'information est soupçonné. Il est en cours de traitement."
            ),
        ),
    }
}

/// What customers and the public are told of services: those observed to be affected on the real network, by name.
pub fn public_impact(case: &CaseView<'_>) -> Option<Localized> {
    let names = services(case)?;
    Some(both(
        format!("Services affected while we contain the incident: {}.", names.en()),
        format!("Services affectés pendant l'endiguement de l'incident : {}.", names.fr()),
    ))
}

/// Measures taken on the real network, for customers and the public: what kinds, no counts of the house.
pub fn public_measures(case: &CaseView<'_>) -> Option<Localized> {
    let measures = &case.figures.measures;
    let kinds = [
        (measures.isolated, "machines isolated", "machines isolées"),
        (measures.blocked, "connections blocked", "connexions bloquées"),
        (measures.segmented, "parts of the network separated", "parties du réseau séparées"),
        (measures.disabled, "accounts disabled", "comptes désactivés"),
    ];
    let taken: Vec<_> = kinds.iter().filter(|it| it.0 > 0 && !case.figures.simulated).collect();
    let joined = |of: fn(&(u64, &'static str, &'static str)) -> &'static str| {
        taken.iter().map(|it| of(it)).collect::<Vec<_>>().join(", ")
    };
    (!taken.is_empty()).then(|| {
        both(
            format!("To cut off the unauthorised access: {}.", joined(|it| it.1)),
            format!("Pour couper l'accès non autorisé : {}.", joined(|it| it.2)),
        )
    })
}
