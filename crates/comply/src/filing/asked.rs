//! Questions of filings that name what is known beside them: what is not known is said to be so, never shown as nothing.

use bulkhead_model::case::Localized;

use super::CaseView;
use super::sentence::{both, data_in_reach, names};

/// Asks for the classes of data affected, with what was within reach.
pub fn data_question(case: &CaseView<'_>) -> Localized {
    let reach = data_in_reach(case);
    let portee = (case.in_french)(&reach);
    let (within, dedans) = if reach.is_empty() {
        (
            "Which are within the attacker's reach is not known".to_owned(),
            "On ignore lesquelles sont à portée de l'attaquant".to_owned(),
        )
    } else {
        (format!("Within the attacker's reach: {reach}"), format!("À portée de l'attaquant : {portee}"))
    };
    both(
        format!("Which classes of data are affected? None is established. {within}."),
        format!("Quelles catégories de données sont touchées ? Aucune n'est établie. {dedans}."),
    )
}

/// Asks for the services hit, with those that may be.
pub fn services_question(case: &CaseView<'_>) -> Localized {
    let (en, fr) = names(case, &case.impact.attacker);
    // Absence of knowledge is no absence of services.
    let (rest, reposent) = if en.is_empty() {
        (
            "That any rests on hosts in the attacker's hands is not known".to_owned(),
            "On ne sait d'aucun qu'il repose sur des machines aux mains de l'attaquant".to_owned(),
        )
    } else {
        (
            format!("On hosts in the attacker's hands rest: {en}"),
            format!("Sur des machines aux mains de l'attaquant reposent : {fr}"),
        )
    };
    both(
        format!("Which services are interrupted or degraded, and for whom? None is established. {rest}."),
        format!("Quels services sont interrompus ou dégradés, et pour qui ? Aucun n'est établi. {reposent}."),
    )
}
