//! The first screen: what happened, whom it hits, what is done, when it is back, what the law wants. English and French.

use bulkhead_model::case::{
    BaselineName, Clock, ClockStatus, EntityKind, IncidentState, Localized, ServiceImpact, ServiceState,
    customers_hit,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::html::CaseView;
use crate::text::{count, moment, number, percent, plural, span, zone};

mod english;
mod french;

/// A question and its answer.
type Answer = (&'static str, String);

/// The two-minute summary.
pub fn section(view: &CaseView<'_>) -> Markup {
    let facts = Facts::of(view);
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" class="first" { "In two minutes" }
            (cards(view, &facts))
            (answers(&english::answers(&facts)))
            div lang="fr" {
                h3 { "En deux minutes" }
                (answers(&french::answers(&facts)))
            }
        }
    }
}

fn answers(answers: &[Answer]) -> Markup {
    html! { dl class="answers" { @for (question, answer) in answers { dt { (question) } dd { (answer) } } } }
}

/// What both languages tell.
struct Facts<'a> {
    view: &'a CaseView<'a>,
    zone: TimeZone,
    hosts: Vec<&'a str>,
    accounts: usize,
    hit: Vec<Hit<'a>>,
    ours: Vec<Hit<'a>>,
    ours_customers: u64,
    ours_per_hour: f64,
    /// Duties that bind and begin at once.
    at_once: Vec<&'a Clock>,
    /// Duties that bind and have a deadline, the next first.
    due: Vec<(Timestamp, &'a Clock)>,
}

/// A service that is not up, under its own name.
struct Hit<'a> {
    name: &'a Localized,
    state: ServiceState,
}

impl<'a> Facts<'a> {
    fn of(view: &'a CaseView<'a>) -> Self {
        let of_kind = |kind| view.incident.compromised.iter().filter(move |it| it.kind == kind);
        // What probes observed, once something is enforced; what was predicted, before.
        let ours = if view.proof_holds.is_some() {
            &view.impact.containment_observed
        } else {
            &view.impact.containment_predicted
        };
        let binding =
            || view.clocks.iter().filter(|it| it.status == ClockStatus::Binding && it.submitted_at.is_none());
        let mut due: Vec<(Timestamp, &Clock)> =
            binding().filter_map(|it| Some((it.due_earliest?, it))).collect();
        due.sort_by_key(|(at, _)| *at);
        Self {
            view,
            zone: zone(&view.estate.estate),
            hosts: of_kind(EntityKind::Asset).map(|it| it.id.as_str()).collect(),
            accounts: of_kind(EntityKind::Identity).count(),
            hit: hits(view, &view.impact.attacker),
            ours: hits(view, ours),
            ours_customers: customers_hit(ours),
            ours_per_hour: ours.iter().map(|it| it.value_per_hour).sum(),
            at_once: binding().filter(|it| it.due_earliest.is_none() && it.anchor_at.is_some()).collect(),
            due,
        }
    }

    fn baseline(&self, name: BaselineName) -> Option<f64> {
        let plan = self.view.plan?;
        plan.baselines.iter().find(|it| it.name == name).map(|it| it.objective.total)
    }

    /// Number of enforcement points with something to do.
    fn points(&self) -> usize {
        let mut points: Vec<_> = self
            .view
            .plan
            .iter()
            .flat_map(|it| &it.actions)
            .flat_map(|it| std::iter::once(&it.enforcement_point).chain(&it.also_at))
            .collect();
        points.sort();
        points.dedup();
        points.len()
    }

    /// Whether the attacker's footholds are removed.
    fn over(&self) -> bool {
        self.view.incident.state >= IncidentState::Eradicated
    }

    /// Seconds from the declaration until the main services were back, once they are.
    fn restored(&self) -> Option<u64> {
        let state = self.view.incident.state;
        self.view.score.filter(|_| state >= IncidentState::Monitoring)?.main_services_restored_s
    }

    /// Median and nine-in-ten seconds until every service is back.
    fn back(&self) -> Option<(u64, u64)> {
        let services = &self.view.recovery?.services;
        Some((services.iter().map(|it| it.p50).max()?, services.iter().map(|it| it.p90).max()?))
    }
}

fn hits<'a>(view: &'a CaseView<'a>, impacts: &[ServiceImpact]) -> Vec<Hit<'a>> {
    let services = &view.estate.services;
    impacts
        .iter()
        .filter_map(|it| Some((services.iter().find(|service| service.id == it.service)?, it.state)))
        .map(|(service, state)| Hit { name: &service.name, state })
        .collect()
}

fn cards(view: &CaseView<'_>, facts: &Facts<'_>) -> Markup {
    let currency = &view.estate.estate.currency;
    html! {
        ul class="cards" {
            li class="bad" {
                b { (plural(facts.hosts.len(), "host", "hosts")) }
                span { @if facts.over() { "were in the attacker's hands, with " } @else { "in the attacker's hands, with " } (plural(facts.accounts, "account", "accounts")) "; " (view.incident.suspected.len()) " more suspected" }
            }
            @if let Some(plan) = view.plan {
                li class="warn" {
                    b { (count(facts.ours_customers)) " customers" }
                    span { "hit by our own containment, through " (plural(facts.ours.len(), "service", "services")) }
                }
                li class="act" {
                    b { (number(plan.objective.total)) " " (currency) }
                    span {
                        "what containment costs over " (number(plan.horizon_h)) " h, proven within " (percent(plan.gap))
                        @if let Some(other) = facts.baseline(BaselineName::ShutZones) { "; shutting the zones: " (number(other)) }
                    }
                }
            } @else {
                li class="bad" {
                    b { (count(customers_hit(&view.impact.attacker))) " customers" }
                    span { "of services that rest on what the attacker holds" }
                }
            }
            @if let Some(took) = facts.restored() {
                li class="good" { b { (span(took)) } span { "from the declaration until the main services were back" } }
            } @else if let Some((median, late)) = facts.back() {
                li class="act" { b { (span(median)) } span { "until every service is back, from the start of recovery; nine times in ten within " (span(late)) } }
            }
            @if let Some((due, clock)) = facts.due.first() {
                li class="warn" { b { (moment(*due, &facts.zone)) } span { "next legal deadline: " (clock.regime) " " (clock.stage.replace('_', " ")) ", to " (clock.recipient) } }
            }
            @if let Some(score) = view.score {
                li class="good" {
                    b { (score.mttd_s.map_or("never".to_owned(), span)) }
                    span { "from the attacker's first act to the first finding; verified containment " (score.mttc_s.map_or("never".to_owned(), span)) " later" }
                }
            }
        }
    }
}
