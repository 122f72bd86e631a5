//! The summary in French.

use bulkhead_model::case::{BaselineName, ExfiltrationConclusion, ServiceState};
use jiff::Timestamp;

use super::{Answer, Facts, Hit};
use crate::standing;
use crate::text::{between, count, listed, number, percent, plural, span};

/// What stands for the rest of a list.
const MORE: (&str, &str) = ("autre", "autres");

/// Les questions d'une direction, avec leurs réponses.
pub fn answers(facts: &Facts<'_>) -> Vec<Answer> {
    let answers = [
        ("Que s'est-il passé\u{202f}?", happened(facts)),
        ("Qu'est-ce qui est touché\u{202f}?", hit(facts)),
        ("Que faisons-nous\u{202f}?", done(facts)),
        ("Quand est-ce rétabli\u{202f}?", back(facts)),
        ("Des données ont-elles été volées\u{202f}?", stolen(facts)),
        ("Que demande la loi, et quand\u{202f}?", law(facts)),
    ];
    answers.into_iter().map(|(question, answer)| (question, spaced(&answer))).collect()
}

/// Narrow no-break spaces where French typography wants them.
fn spaced(text: &str) -> String {
    [" ;", " :", " ?", " !", " »"].iter().fold(text.replace("« ", "«\u{202f}"), |text, mark| {
        text.replace(mark, &format!("\u{202f}{}", mark.trim_start()))
    })
}

fn day(facts: &Facts<'_>, at: Timestamp) -> String {
    at.to_zoned(facts.zone.clone()).strftime("%d/%m/%Y à %H:%M").to_string()
}

/// Durations are written `1 j 2 h` in French.
fn lasting(secs: u64) -> String {
    span(secs).replace(" d ", " j ")
}

fn happened(facts: &Facts<'_>) -> String {
    let incident = facts.view.incident;
    let (first, declared) = (incident.first_finding_at, incident.declared_at);
    let mut text = format!(
        "Premier signe observé le {}. Incident déclaré le {}, {} plus tard ; état actuel : {}. ",
        day(facts, first),
        day(facts, declared),
        lasting(between(first, declared)),
        standing::french(incident)
    );
    if facts.hosts.is_empty() {
        text.push_str("Aucune machine n'est connue pour être aux mains de l'attaquant.");
    } else {
        text.push_str(&format!(
            "L'attaquant {} {} ({}) et {}.",
            if facts.over() { "a tenu" } else { "tient" },
            plural(facts.hosts.len(), "machine", "machines"),
            listed(&facts.hosts, 4, "et", MORE),
            plural(facts.accounts, "compte", "comptes")
        ));
    }
    text
}

fn hit(facts: &Facts<'_>) -> String {
    let currency = &facts.view.estate.estate.currency;
    let mut text = match facts.hit.len() {
        0 if facts.over() => "Aucun service ne reposait sur ce que tenait l'attaquant. ".to_owned(),
        0 => "Aucun service ne repose sur ce que tient l'attaquant. ".to_owned(),
        _ if facts.over() => format!("Reposaient sur ce que tenait l'attaquant : {}. ", services(&facts.hit)),
        _ => format!("Reposent sur ce que tient l'attaquant : {}. ", services(&facts.hit)),
    };
    if facts.view.plan.is_none() {
        return text;
    }
    text.push_str(&match facts.ours.len() {
        0 => "Notre propre isolement n'interrompt aucun service.".to_owned(),
        _ => format!(
            "Notre propre isolement {} : {} ; {} clients, {} {currency} par heure.",
            if facts.over() { "a touché" } else { "touche" },
            services(&facts.ours),
            count(facts.ours_customers),
            number(facts.ours_per_hour)
        ),
    });
    text
}

fn services(hits: &[Hit<'_>]) -> String {
    let names: Vec<String> = hits
        .iter()
        .map(|it| {
            format!(
                "{} ({})",
                it.name.fr(),
                if it.state == ServiceState::Down { "interrompu" } else { "dégradé" }
            )
        })
        .collect();
    listed(&names, 5, "et", MORE)
}

fn done(facts: &Facts<'_>) -> String {
    let Some(plan) = facts.view.plan else { return "Aucun plan d'endiguement n'a été établi.".to_owned() };
    if plan.actions.is_empty() {
        return standing::proof_french(facts.view);
    }
    let mut text = format!(
        "Coupure de la route de l'attaquant au moindre coût, par {} sur {} : {} {} sur {} heures.",
        plural(plan.actions.len(), "action", "actions"),
        plural(facts.points(), "point d'application", "points d'application"),
        number(plan.objective.total),
        plan.currency,
        number(plan.horizon_h)
    );
    if let (Some(isolate), Some(shut)) =
        (facts.baseline(BaselineName::IsolateAll), facts.baseline(BaselineName::ShutZones))
    {
        text.push_str(&format!(
            " Isoler chaque machine suspecte coûterait {}, fermer leurs zones {}.",
            number(isolate),
            number(shut)
        ));
    }
    text.push(' ');
    text.push_str(&standing::proof_french(facts.view));
    text
}

fn back(facts: &Facts<'_>) -> String {
    let Some(recovery) = facts.view.recovery else {
        return "Aucun plan de reprise n'a été établi.".to_owned();
    };
    if let Some(took) = facts.restored() {
        return format!(
            "Les services principaux ont été rétablis {} après la déclaration, en {}. Chaque étape ne s'est ouverte \
             qu'après ses vérifications et un temps de surveillance.",
            lasting(took),
            plural(recovery.stages.len(), "étape", "étapes")
        );
    }
    let Some((median, late)) = facts.back() else {
        return "Aucun service n'attend la reprise ; les machines concernées sont reconstruites.".to_owned();
    };
    let late_services = recovery.services.iter().filter(|it| it.rto.is_some_and(|rto| it.p50 > rto)).count();
    let objective = match late_services {
        0 => "tous les objectifs de reprise sont tenus en durée médiane".to_owned(),
        n => format!(
            "{} son objectif de reprise en durée médiane",
            plural(n, "service manque", "services manquent")
        ),
    };
    format!(
        "Tous les services en {} à partir du début de la reprise (médiane), neuf fois sur dix en {}, en {} ; {objective}. \
         Chaque étape ne s'ouvre qu'après ses vérifications et un temps de surveillance.",
        lasting(median),
        lasting(late),
        plural(recovery.stages.len(), "étape", "étapes")
    )
}

fn stolen(facts: &Facts<'_>) -> String {
    let Some(statement) = facts.view.exfiltration else { return "Pas encore évalué.".to_owned() };
    let conclusion = match statement.conclusion {
        ExfiltrationConclusion::NoneSeen => "Aucun vol de données n'a été observé",
        ExfiltrationConclusion::Indications => "Des indices de vol de données existent",
        ExfiltrationConclusion::Evidenced => "Un vol de données est établi",
    };
    format!(
        "{conclusion} au {} ; la télémétrie couvre {} des gisements de données à portée de l'attaquant.",
        day(facts, statement.as_of),
        percent(statement.coverage)
    )
}

fn law(facts: &Facts<'_>) -> String {
    if facts.at_once.is_empty() && facts.due.is_empty() {
        return "Aucune obligation de déclaration ne lie avec certitude ; les échéances ci-dessous disent quoi préparer.".to_owned();
    }
    let mut parts = Vec::new();
    if !facts.at_once.is_empty() {
        let mut who: Vec<&str> = facts.at_once.iter().map(|it| it.recipient.as_str()).collect();
        who.sort_unstable();
        who.dedup();
        parts.push(format!("Sans délai : {}.", listed(&who, 6, "et", MORE)));
    }
    let next: Vec<String> = facts
        .due
        .iter()
        .take(4)
        .map(|(at, clock)| format!("{}, {} ({})", day(facts, *at), clock.recipient, clock.regime))
        .collect();
    if !next.is_empty() {
        parts.push(format!("Au plus tard le {}.", next.join(" ; le ")));
    }
    parts.join(" ")
}
