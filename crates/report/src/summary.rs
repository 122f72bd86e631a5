//! The first screen: what happened, whom it hits, what is done, when it is back, what the law wants. English and French.

use bulkhead_model::case::{BaselineName, ClockStatus, ExfiltrationConclusion, IncidentState, ServiceImpact};
use maud::{Markup, html};

use crate::html::CaseView;
use crate::text::{between, count, moment, number, span, zone};

/// The two-minute summary.
pub fn section(view: &CaseView<'_>) -> Markup {
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" style="border:0;margin-top:.4em;padding:0" { "In two minutes" }
            p class="lead" { (english(view)) }
            p class="lead" lang="fr" { (french(view)) }
            (cards(view))
        }
    }
}

fn cards(view: &CaseView<'_>) -> Markup {
    let currency = &view.estate.estate.currency;
    let hit = view.impact.containment_observed.len().max(view.impact.containment_predicted.len());
    let next = next_clock(view);
    html! {
        ul class="cards" {
            li class="bad" { b { (view.incident.compromised.len()) } span { "hosts and accounts in the attacker's hands, " (view.incident.suspected.len()) " suspected" } }
            li class="bad" { b { (count(customers(&view.impact.attacker))) } span { "customers of services that rest on them" } }
            @if let Some(plan) = view.plan {
                li class="act" { b { (number(plan.objective.total)) " " (currency) } span { "cost of containment over " (number(plan.horizon_h)) " h, gap " (percent(plan.gap)) (cheaper(view)) } }
                li class="warn" { b { (hit) " services" } span { "hit by our own containment, " (count(customers(&view.impact.containment_predicted))) " customers" } }
            }
            @if let Some(recovery) = view.recovery {
                @let last = recovery.services.iter().map(|it| it.p50).max().unwrap_or(0);
                li class="act" { b { (span(last)) } span { "until every service is back (median), in " (recovery.stages.len()) " stages" } }
            }
            @if let Some((due, name)) = next {
                li class="warn" { b { (due) } span { "next legal deadline: " (name) } }
            }
            @if let Some(score) = view.score {
                li class="good" { b { (score.mttd_s.map_or("never".to_owned(), span)) } span { "time to detect; contained after " (score.mttc_s.map_or("never".to_owned(), span)) } }
            }
        }
    }
}

fn cheaper(view: &CaseView<'_>) -> String {
    let Some(plan) = view.plan else { return String::new() };
    let isolate = plan.baselines.iter().find(|it| it.name == BaselineName::IsolateAll);
    match isolate {
        Some(it) if it.objective.total > 0.0 => {
            format!("; {} of isolating every host", percent(plan.objective.total / it.objective.total))
        }
        _ => String::new(),
    }
}

fn next_clock(view: &CaseView<'_>) -> Option<(String, String)> {
    let binding =
        view.clocks.iter().filter(|it| it.status == ClockStatus::Binding && it.submitted_at.is_none());
    let next = binding.filter(|it| it.due_earliest.is_some()).min_by_key(|it| it.due_earliest)?;
    let due = moment(next.due_earliest?, &zone(&view.estate.estate));
    Some((due, format!("{} {}, to {}", next.regime, next.stage, next.recipient)))
}

/// Customers of services that are not up; a customer of two services counts for each.
pub fn customers(services: &[ServiceImpact]) -> u64 {
    services.iter().flat_map(|it| &it.customers).map(|it| it.count).sum()
}

/// `0.13` as `13 %`.
pub fn percent(share: f64) -> String {
    if share != 0.0 && share.abs() < 0.1 {
        format!("{:.1} %", share * 100.0)
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

fn english(view: &CaseView<'_>) -> String {
    let zone = zone(&view.estate.estate);
    let incident = view.incident;
    let mut text = format!(
        "The first sign was seen on {}; the incident was declared on {} ({} later) and is now {}. ",
        moment(incident.first_finding_at, &zone),
        moment(incident.declared_at, &zone),
        span(between(incident.first_finding_at, incident.declared_at)),
        state_en(incident.state)
    );
    if let Some(plan) = view.plan {
        text.push_str(&format!(
            "The cheapest isolation that cuts the attacker off has {} actions and takes {} services down or into degraded mode. ",
            plan.actions.len(),
            view.impact.containment_predicted.len()
        ));
    }
    match view.proof_holds {
        Some(true) => text.push_str(
            "It is applied; an independent check of the rules read back confirms that no path is left. ",
        ),
        Some(false) => text.push_str(
            "It is applied, but the check of the rules read back FOUND A PATH THAT IS STILL OPEN. ",
        ),
        None => text.push_str("It has not been applied. "),
    }
    if let Some(it) = view.exfiltration {
        text.push_str(match it.conclusion {
            ExfiltrationConclusion::NoneSeen => "No theft of data was seen",
            ExfiltrationConclusion::Indications => "There are signs of theft of data",
            ExfiltrationConclusion::Evidenced => "Theft of data is evidenced",
        });
        text.push_str(&format!("; telemetry covers {} of the stores concerned.", percent(it.coverage)));
    }
    text
}

fn french(view: &CaseView<'_>) -> String {
    let zone = zone(&view.estate.estate);
    let day = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%d/%m/%Y à %H:%M").to_string();
    let incident = view.incident;
    let mut text = format!(
        "Premier signe observé le {} ; incident déclaré le {} ; état actuel : {}. ",
        day(incident.first_finding_at),
        day(incident.declared_at),
        state_fr(incident.state)
    );
    if let Some(plan) = view.plan {
        text.push_str(&format!(
            "L'isolement le moins coûteux qui coupe la route à l'attaquant compte {} actions et interrompt ou dégrade {} services. ",
            plan.actions.len(),
            view.impact.containment_predicted.len()
        ));
    }
    text.push_str(match view.proof_holds {
        Some(true) => "Il est appliqué ; la relecture indépendante des règles confirme qu'aucun chemin ne reste ouvert. ",
        Some(false) => "Il est appliqué, mais la relecture des règles A TROUVÉ UN CHEMIN ENCORE OUVERT. ",
        None => "Il n'a pas été appliqué. ",
    });
    if let Some(it) = view.exfiltration {
        text.push_str(match it.conclusion {
            ExfiltrationConclusion::NoneSeen => "Aucun vol de données n'a été observé",
            ExfiltrationConclusion::Indications => "Des indices de vol de données existent",
            ExfiltrationConclusion::Evidenced => "Un vol de données est établi",
        });
        text.push_str(&format!(" ; la télémétrie couvre {} des gisements concernés.", percent(it.coverage)));
    }
    text
}

fn state_en(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Declared => "declared, not yet contained",
        IncidentState::Contained => "contained",
        IncidentState::Eradicated => "eradicated",
        IncidentState::Recovering => "recovering",
        IncidentState::Monitoring => "recovered and under heightened surveillance",
        IncidentState::Closed => "closed",
    }
}

fn state_fr(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Declared => "déclaré, pas encore endigué",
        IncidentState::Contained => "endigué",
        IncidentState::Eradicated => "éradiqué",
        IncidentState::Recovering => "reconstruction en cours",
        IncidentState::Monitoring => "rétabli, sous surveillance renforcée",
        IncidentState::Closed => "clos",
    }
}
