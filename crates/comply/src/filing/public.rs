//! Sentences for customers and the public: no host, no account, no rule, no count of the house, and nothing simulated
//! that does not say so in its own words: the field is what people copy.

use bulkhead_model::case::{IncidentState, Localized};

use super::CaseView;
use super::sentence::{both, services, stamp};

/// What happened, for customers and the public: no host, no account, no rule.
pub fn public_summary(case: &CaseView<'_>) -> Localized {
    let drafted = case.estate.estate.drafted;
    // A draft is called after the file it was made from: the blank is for a person to fill in.
    let (name, nom) = if drafted {
        ("[name of the operator]", "[nom de l'opérateur]")
    } else {
        (case.estate.estate.name.as_str(), case.estate.estate.name.as_str())
    };
    let (en, fr) = stamp(case, case.incident.declared_at);
    let closed = case.incident.state == IncidentState::Closed;
    // Handling that was only simulated has not ended.
    let (now, present) = match (closed, case.figures.simulated) {
        (true, false) => {
            ("was suspected. Its handling has ended.", "était soupçonné. Son traitement est terminé.")
        }
        (true, true) => ("was suspected.", "était soupçonné."),
        (false, false) => {
            ("is suspected. It is being handled.", "est soupçonné. Il est en cours de traitement.")
        }
        (false, true) => ("is suspected.", "est soupçonné."),
    };
    let (mark, marque) = if case.figures.simulated {
        (
            "[SIMULATED: no measure was taken on the real network. Not to be published as it stands.] ",
            "[SIMULÉ : aucune mesure n'a été prise sur le réseau réel. Ne pas publier en l'état.] ",
        )
    } else {
        ("", "")
    };
    both(
        format!(
            "{mark}On {en}, {name} declared a security incident: unauthorised access to part of its information systems \
             {now}"
        ),
        format!(
            "{marque}Le {fr}, {nom} a déclaré un incident de sécurité : un accès non autorisé à une partie de ses systèmes \
             d'information {present}"
        ),
    )
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
