//! The summary in English.

use bulkhead_model::case::figures::Hit as Hits;
use bulkhead_model::case::{BaselineName, ExfiltrationConclusion, ServiceState};

use super::{Answer, Facts, Hit};
use crate::standing;
use crate::text::{between, count, counted, covered, listed, moment, number, span};

/// What stands for the rest of a list.
const MORE: (&str, &str) = ("more", "more");

/// Questions a director asks, answered.
pub fn answers(facts: &Facts<'_>) -> Vec<Answer> {
    vec![
        ("What happened?", happened(facts)),
        ("What is hit?", hit(facts)),
        ("What do we do?", done(facts)),
        ("When is it back?", back(facts)),
        ("Was data stolen?", stolen(facts)),
        ("What does the law want, and when?", law(facts)),
    ]
}

fn happened(facts: &Facts<'_>) -> String {
    let incident = facts.view.incident;
    let (first, declared) = (incident.first_finding_at, incident.declared_at);
    let mut text = format!(
        "The first sign was seen on {}. The incident was declared on {}, {} later, and is now {}. ",
        moment(first, &facts.zone),
        moment(declared, &facts.zone),
        span(between(first, declared)),
        standing::english(incident)
    );
    if facts.hosts.is_empty() {
        text.push_str("No host is known to be in the attacker's hands");
        match facts.suspects.as_slice() {
            [] => {}
            [one] => text.push_str(&format!("; {one} is suspected to be")),
            several => {
                text.push_str(&format!("; suspected to be are {}", listed(several, 4, "and", MORE)));
            }
        }
        text.push('.');
    } else {
        text.push_str(&format!(
            "The attacker {} {} ({}) and {}.",
            if facts.over() { "held" } else { "holds" },
            counted(facts.figures.hosts, "host", "hosts"),
            listed(&facts.hosts, 4, "and", MORE),
            counted(facts.figures.accounts, "account", "accounts")
        ));
    }
    if let Some(last) = facts.figures.relapses.last() {
        text.push_str(&format!(
            " The attacker came back {}, last seen on {} on {}.",
            counted(facts.figures.times_back(), "time", "times"),
            moment(last.at, &facts.zone),
            listed(&last.entities, 4, "and", MORE)
        ));
    }
    text
}

fn hit(facts: &Facts<'_>) -> String {
    let currency = &facts.view.estate.estate.currency;
    if facts.figures.resting_on_attacker.is_none() {
        return "Which services are hit is unknown: the estate is only a draft.".to_owned();
    }
    let mut text = match facts.figures.resting_on_attacker.as_ref().map_or(0, Hits::services) {
        0 if facts.over() => "No service rested on what the attacker held. ".to_owned(),
        0 => "No service rests on what the attacker holds. ".to_owned(),
        _ if facts.over() => format!("On what the attacker held rested {}. {NOT_DOWN} ", names(&facts.hit)),
        _ => format!("On what the attacker holds rest {}. {NOT_DOWN} ", names(&facts.hit)),
    };
    let Some(ours) = facts.figures.containment() else { return text };
    let simulated = if facts.figures.simulated { " (simulated)" } else { "" };
    text.push_str(&match ours.services() {
        0 => "Our own containment takes no service down.".to_owned(),
        _ => format!(
            "Our own containment {}{simulated} {}: {}, {} {currency} an hour.",
            if facts.over() { "hit" } else { "hits" },
            services(&facts.ours),
            counted(ours.customers, "customer", "customers"),
            number(ours.value_per_hour)
        ),
    });
    text
}

/// In reach is not interrupted.
const NOT_DOWN: &str = "That they were interrupted is not established.";

fn names(hits: &[Hit<'_>]) -> String {
    let names: Vec<&str> = hits.iter().map(|it| it.name.en()).collect();
    listed(&names, 5, "and", MORE)
}

fn services(hits: &[Hit<'_>]) -> String {
    let names: Vec<String> = hits
        .iter()
        .map(|it| {
            format!("{} ({})", it.name.en(), if it.state == ServiceState::Down { "down" } else { "degraded" })
        })
        .collect();
    listed(&names, 5, "and", MORE)
}

fn done(facts: &Facts<'_>) -> String {
    let Some(plan) = &facts.figures.plan else { return "No containment plan was made.".to_owned() };
    if plan.actions == 0 {
        return standing::proof_english(facts.view);
    }
    // What services lose by it nobody knows on a drafted estate.
    let at_least = if facts.view.estate.estate.drafted { "at least " } else { "" };
    let mut text = format!(
        "Plan {}, of {} in this case: {} at {}, for {at_least}{} {} over {} hours.",
        plan.generation,
        count(facts.figures.measures.plans),
        counted(plan.actions, "action", "actions"),
        counted(plan.points, "enforcement point", "enforcement points"),
        number(plan.total),
        facts.view.estate.estate.currency,
        number(plan.horizon_h)
    );
    if facts.in_common() {
        text.push_str(
            " It answers several incidents together: its actions, their cost and the services they hit are of all of them.",
        );
    }
    for (name, what) in [
        (BaselineName::IsolateAll, "Isolating every compromised host"),
        (BaselineName::ShutZones, "Shutting their zones"),
    ] {
        match facts.baseline(name) {
            Some(Some(cost)) => text.push_str(&format!(" {what} would cost {at_least}{}.", number(cost))),
            Some(None) => {
                text.push_str(&format!(" {what} would break a hard rule, or there is no point that can."));
            }
            None => {}
        }
    }
    text.push(' ');
    text.push_str(&standing::proof_english(facts.view));
    text
}

fn back(facts: &Facts<'_>) -> String {
    if facts.view.recovery.is_none() {
        return "No recovery plan was made.".to_owned();
    }
    if let Some(took) = facts.restored() {
        return format!(
            "The main services were back {} after the declaration. The {} has {}; each stage opened only after its checks \
             and a time of surveillance.",
            span(took),
            if facts.figures.relapses.is_empty() {
                "recovery plan"
            } else {
                "recovery plan after the last relapse"
            },
            counted(facts.figures.stages, "stage", "stages")
        );
    }
    let Some((median, late)) = facts.back() else {
        return "No service waits for recovery; the hosts concerned are rebuilt all the same.".to_owned();
    };
    let objective = match facts.figures.late {
        0 => "every recovery objective is met at median durations".to_owned(),
        n => format!(
            "{} its recovery objective at median durations",
            counted(n, "service misses", "services miss")
        ),
    };
    format!(
        "All services within {} of the start of recovery (median), nine times in ten within {}, in {}; {objective}. \
         Each stage opens only after its checks and a time of surveillance.",
        span(median),
        span(late),
        counted(facts.figures.stages, "stage", "stages")
    )
}

fn stolen(facts: &Facts<'_>) -> String {
    let Some(statement) = facts.view.exfiltration else { return "Not assessed yet.".to_owned() };
    let at = moment(statement.as_of, &facts.zone);
    if facts.figures.stores == 0 {
        return format!(
            "Whether data was stolen cannot be assessed as of {at}: no store of data within the attacker's reach is known."
        );
    }
    let part = covered(facts.figures.coverage.unwrap_or(0.0));
    // What was not seen is never said without how much could be seen.
    let conclusion = match statement.conclusion {
        ExfiltrationConclusion::NoneSeen => {
            format!("No theft of data was seen in the {part} of the time that telemetry covers")
        }
        ExfiltrationConclusion::NotAssessable => {
            format!("Whether data was stolen cannot be assessed; telemetry covers {part} of the time")
        }
        ExfiltrationConclusion::Indications => {
            format!("There are signs of theft of data; telemetry covers {part} of the time")
        }
        ExfiltrationConclusion::Evidenced => {
            format!("Theft of data is evidenced; telemetry covers {part} of the time")
        }
    };
    format!(
        "{conclusion} of the {} of data within the attacker's reach, over logons, processes, files, egress and DNS, as of {at}. \
         Without any record of what left them: {}.",
        counted(facts.figures.stores, "store", "stores"),
        counted(facts.figures.stores_not_assessable, "store", "stores")
    )
}

fn law(facts: &Facts<'_>) -> String {
    let overdue = facts.figures.duties.overdue;
    if facts.at_once.is_empty() && facts.due.is_empty() && overdue == 0 {
        return "No reporting duty is known to bind; the clocks below say what to prepare.".to_owned();
    }
    let mut parts = Vec::new();
    if !facts.at_once.is_empty() {
        let mut who: Vec<&str> = facts.at_once.iter().map(|it| it.recipient.as_str()).collect();
        who.sort_unstable();
        who.dedup();
        parts.push(format!("At once: {}.", listed(&who, 6, "and", MORE)));
    }
    let next: Vec<String> = facts
        .due
        .iter()
        .take(4)
        .map(|(at, clock)| format!("{} to {} ({})", moment(*at, &facts.zone), clock.recipient, clock.regime))
        .collect();
    if !next.is_empty() {
        parts.push(format!("By {}.", next.join("; by ")));
    }
    let open = [
        (overdue, counted(overdue, "deadline that has passed", "deadlines that have passed")),
        (
            facts.figures.duties.at_once,
            counted(facts.figures.duties.at_once, "duty to be done at once", "duties to be done at once"),
        ),
    ];
    let open: Vec<String> = open.into_iter().filter(|it| it.0 > 0).map(|it| it.1).collect();
    if overdue > 0 {
        let at = moment(facts.figures.as_of, &facts.zone);
        parts.push(format!("As of {at} without a filing on record: {}.", listed(&open, 2, "and", MORE)));
    }
    parts.join(" ")
}
