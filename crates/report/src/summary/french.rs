//! The summary in French.

use bulkhead_model::case::figures::Hit as Hits;
use bulkhead_model::case::{BaselineName, ExfiltrationConclusion, ServiceState};
use bulkhead_model::french::spaced;
use jiff::Timestamp;

use super::{Answer, Facts, Hit};
use crate::standing;
use crate::text::{between, count, covered, french_percent, listed, moment_in, number, span_in};
use crate::words::Lang;

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

/// `1 machine`, `2 machines`; en français, zéro est au singulier.
fn nombre(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n < 2 { one } else { many })
}

fn day(facts: &Facts<'_>, at: Timestamp) -> String {
    moment_in(at, &facts.zone, Lang::Fr)
}

/// Durations are written `1 j 2 h` in French.
fn lasting(secs: u64) -> String {
    span_in(secs, Lang::Fr)
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
        text.push_str("Aucune machine n'est connue pour être aux mains de l'attaquant");
        if !facts.suspects.is_empty() {
            text.push_str(&format!(" ; soupçon sur {}", listed(&facts.suspects, 4, "et", MORE)));
        }
        text.push('.');
    } else {
        text.push_str(&format!(
            "L'attaquant {} {} ({}) et {}.",
            if facts.over() { "a tenu" } else { "tient" },
            nombre(facts.figures.hosts, "machine", "machines"),
            listed(&facts.hosts, 4, "et", MORE),
            nombre(facts.figures.accounts, "compte", "comptes")
        ));
    }
    if let Some(last) = facts.figures.relapses.last() {
        text.push_str(&format!(
            " L'attaquant est revenu {}, vu en dernier le {} sur {}.",
            nombre(facts.figures.times_back(), "fois", "fois"),
            day(facts, last.at),
            listed(&last.entities, 4, "et", MORE)
        ));
    }
    text
}

fn hit(facts: &Facts<'_>) -> String {
    let currency = &facts.view.estate.estate.currency;
    if facts.figures.resting_on_attacker.is_none() {
        return "Les services touchés ne sont pas connus : le référentiel n'est qu'une ébauche.".to_owned();
    }
    let mut text = match facts.figures.resting_on_attacker.as_ref().map_or(0, Hits::services) {
        0 if facts.over() => "Aucun service ne reposait sur ce que tenait l'attaquant. ".to_owned(),
        0 => "Aucun service ne repose sur ce que tient l'attaquant. ".to_owned(),
        _ if facts.over() => {
            format!("Reposaient sur ce que tenait l'attaquant : {}. {NOT_DOWN} ", names(&facts.hit))
        }
        _ => format!("Reposent sur ce que tient l'attaquant : {}. {NOT_DOWN} ", names(&facts.hit)),
    };
    let Some(ours) = facts.figures.containment() else { return text };
    let simulated = if facts.figures.simulated { " (simulé)" } else { "" };
    text.push_str(&match ours.services() {
        0 => "Notre propre isolement n'interrompt aucun service.".to_owned(),
        _ => format!(
            "Notre propre isolement {}{simulated} : {} ; {}, {} {currency} par heure.",
            if facts.over() { "a touché" } else { "touche" },
            services(&facts.ours),
            nombre(ours.customers, "client", "clients"),
            number(ours.value_per_hour)
        ),
    });
    text
}

/// À portée n'est pas interrompu.
const NOT_DOWN: &str = "Leur interruption n'est pas établie.";

fn names(hits: &[Hit<'_>]) -> String {
    let names: Vec<&str> = hits.iter().map(|it| it.name.fr()).collect();
    listed(&names, 5, "et", MORE)
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
    let Some(plan) = &facts.figures.plan else {
        return "Aucun plan d'endiguement n'a été établi.".to_owned();
    };
    if plan.actions == 0 {
        return standing::proof_french(facts.view);
    }
    // What services lose by it nobody knows on a drafted estate.
    let at_least = if facts.view.estate.estate.drafted { "au moins " } else { "" };
    let mut text = format!(
        "Plan {}, sur {} dans ce dossier : {} sur {}, pour {at_least}{} {} sur {} heures.",
        plan.generation,
        count(facts.figures.measures.plans),
        nombre(plan.actions, "action", "actions"),
        nombre(plan.points, "point d'application", "points d'application"),
        number(plan.total),
        facts.view.estate.estate.currency,
        number(plan.horizon_h)
    );
    if facts.in_common() {
        text.push_str(
            " Il répond à plusieurs incidents à la fois : ses actions, leur coût et les services touchés les concernent tous.",
        );
    }
    for (name, what) in [
        (BaselineName::IsolateAll, "Isoler chaque machine compromise"),
        (BaselineName::ShutZones, "Fermer leurs zones"),
    ] {
        match facts.baseline(name) {
            Some(Some(cost)) => text.push_str(&format!(" {what} coûterait {at_least}{}.", number(cost))),
            Some(None) => {
                text.push_str(&format!(
                    " {what} enfreindrait une règle impérative, ou aucun point ne le peut."
                ));
            }
            None => {}
        }
    }
    text.push(' ');
    text.push_str(&standing::proof_french(facts.view));
    text
}

fn back(facts: &Facts<'_>) -> String {
    if facts.view.recovery.is_none() {
        return "Aucun plan de reprise n'a été établi.".to_owned();
    }
    if let Some(took) = facts.restored() {
        return format!(
            "Les services principaux ont été rétablis {} après la déclaration. Le {} compte {} ; aucune étape ne s'est \
             ouverte avant ses vérifications et un temps de surveillance.",
            lasting(took),
            if facts.figures.relapses.is_empty() {
                "plan de reprise"
            } else {
                "plan de reprise d'après la dernière rechute"
            },
            nombre(facts.figures.stages, "étape", "étapes")
        );
    }
    let Some((median, late)) = facts.back() else {
        return "Aucun service n'attend la reprise ; les machines concernées sont reconstruites.".to_owned();
    };
    let objective = match facts.figures.late {
        0 => "tous les objectifs de reprise sont tenus en durée médiane".to_owned(),
        n => format!(
            "{} son objectif de reprise en durée médiane",
            nombre(n, "service manque", "services manquent")
        ),
    };
    format!(
        "Tous les services en {} à partir du début de la reprise (médiane), neuf fois sur dix en {}, en {} ; {objective}. \
         Chaque étape ne s'ouvre qu'après ses vérifications et un temps de surveillance.",
        lasting(median),
        lasting(late),
        nombre(facts.figures.stages, "étape", "étapes")
    )
}

fn stolen(facts: &Facts<'_>) -> String {
    let Some(statement) = facts.view.exfiltration else { return "Pas encore évalué.".to_owned() };
    let at = day(facts, statement.as_of);
    if facts.figures.stores == 0 {
        return format!(
            "Au {at}, il n'est pas possible de dire si des données ont été volées : aucun dépôt de données à portée de \
             l'attaquant n'est connu."
        );
    }
    let part = french_percent(&covered(facts.figures.coverage.unwrap_or(0.0)));
    // Ce qui n'a pas été vu n'est jamais dit sans ce qui pouvait l'être.
    let conclusion = match statement.conclusion {
        ExfiltrationConclusion::NoneSeen => {
            format!("aucun vol de données n'a été observé dans les {part} du temps que couvre la télémétrie")
        }
        ExfiltrationConclusion::NotAssessable => format!(
            "il n'est pas possible de dire si des données ont été volées ; la télémétrie couvre {part} du temps"
        ),
        ExfiltrationConclusion::Indications => {
            format!("des indices de vol de données existent ; la télémétrie couvre {part} du temps")
        }
        ExfiltrationConclusion::Evidenced => {
            format!("un vol de données est établi ; la télémétrie couvre {part} du temps")
        }
    };
    format!(
        "Au {at}, {conclusion}, pour {} de données à portée de l'attaquant, sur les connexions, processus, fichiers, flux \
         sortants et DNS. Sans aucune trace de ce qui en est sorti : {}.",
        nombre(facts.figures.stores, "dépôt", "dépôts"),
        nombre(facts.figures.stores_not_assessable, "dépôt", "dépôts")
    )
}

fn law(facts: &Facts<'_>) -> String {
    let overdue = facts.figures.duties.overdue;
    if facts.at_once.is_empty() && facts.due.is_empty() && overdue == 0 {
        return "Aucune obligation de déclaration ne lie avec certitude ; les échéances ci-dessous disent quoi préparer.".to_owned();
    }
    let mut parts = Vec::new();
    if !facts.at_once.is_empty() {
        let mut who: Vec<String> = facts.at_once.iter().map(|it| it.recipients().fr().to_owned()).collect();
        who.sort_unstable();
        who.dedup();
        parts.push(format!("Sans délai : {}.", listed(&who, 6, "et", MORE)));
    }
    let next: Vec<String> = facts
        .due
        .iter()
        .take(4)
        .map(|(at, clock)| format!("{}, {} ({})", day(facts, *at), clock.recipients().fr(), clock.regime))
        .collect();
    if !next.is_empty() {
        parts.push(format!("Au plus tard le {}.", next.join(" ; le ")));
    }
    let open = [
        (overdue, nombre(overdue, "échéance passée", "échéances passées")),
        (
            facts.figures.duties.at_once,
            nombre(
                facts.figures.duties.at_once,
                "obligation à remplir sans délai",
                "obligations à remplir sans délai",
            ),
        ),
    ];
    let open: Vec<String> = open.into_iter().filter(|it| it.0 > 0).map(|it| it.1).collect();
    if overdue > 0 {
        let at = day(facts, facts.figures.as_of);
        parts.push(format!("Au {at}, sans déclaration enregistrée : {}.", listed(&open, 2, "et", MORE)));
    }
    parts.join(" ")
}
