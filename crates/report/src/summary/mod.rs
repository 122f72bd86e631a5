//! The first screen: what happened, whom it hits, what is done, when it is back, what the law wants. English and French.

use bulkhead_model::case::{
    BaselineName, Clock, ClockStatus, Entity, EntityKind, Figures, IncidentState, Localized, MainServices,
    ServiceImpact, ServiceState,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::html::CaseView;
use crate::page::Page;
use crate::text::{number, zone};
use crate::words::{Lang, Words};

mod english;
mod french;

/// A question and its answer.
type Answer = (&'static str, String);

/// The two-minute summary, in the page's language; folded, in the other one.
pub fn section(page: &Page<'_>) -> Markup {
    let facts = Facts::of(page.view);
    let other = Words::new(page.words.lang.other());
    let in_lang = |lang: Lang| match lang {
        Lang::En => english::answers(&facts),
        Lang::Fr => french::answers(&facts),
    };
    html! {
        section aria-labelledby="summary" {
            h2 id="summary" class="first" { (page.get("summary-title")) }
            (cards(page, &facts))
            (answers(&in_lang(page.words.lang)))
            details lang=(other.lang.code()) {
                summary { (other.get("summary-title")) }
                (answers(&in_lang(other.lang)))
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
    figures: &'a Figures,
    hosts: Vec<&'a str>,
    /// Hosts that may be in the attacker's hands.
    suspects: Vec<&'a str>,
    hit: Vec<Hit<'a>>,
    ours: Vec<Hit<'a>>,
    /// Duties that bind and begin at once.
    at_once: Vec<&'a Clock>,
    /// Duties that bind and have a deadline that has not passed at the end of the case, the next first.
    due: Vec<(Timestamp, &'a Clock)>,
}

/// A service that is not up, under its own name.
struct Hit<'a> {
    name: &'a Localized,
    state: ServiceState,
}

impl<'a> Facts<'a> {
    fn of(view: &'a CaseView<'a>) -> Self {
        let hosts = |list: &'a [Entity]| {
            list.iter().filter(|it| it.kind == EntityKind::Asset).map(|it| it.id.as_str()).collect()
        };
        // What probes observed, once something is enforced; what was predicted, before.
        let ours = if view.figures.containment_observed.is_some() {
            &view.impact.containment_observed
        } else {
            &view.impact.containment_predicted
        };
        let binding =
            || view.clocks.iter().filter(|it| it.status == ClockStatus::Binding && it.submitted_at.is_none());
        let mut due: Vec<(Timestamp, &Clock)> = binding()
            .filter_map(|it| Some((it.due_earliest?, it)))
            .filter(|it| it.0 >= view.figures.as_of)
            .collect();
        due.sort_by_key(|(at, _)| *at);
        Self {
            view,
            figures: view.figures,
            zone: zone(&view.estate.estate),
            hosts: hosts(&view.incident.compromised),
            suspects: hosts(&view.incident.suspected),
            hit: hits(view, &view.impact.attacker),
            ours: hits(view, ours),
            at_once: binding().filter(|it| it.due_earliest.is_none() && it.anchor_at.is_some()).collect(),
            due,
        }
    }

    /// What one would otherwise do costs; none inside where that is not possible.
    fn baseline(&self, name: BaselineName) -> Option<Option<f64>> {
        let plan = self.view.plan?;
        let it = plan.baselines.iter().find(|it| it.name == name)?;
        Some(it.feasible.then_some(it.objective.total))
    }

    /// Whether the plan answers several incidents together.
    fn in_common(&self) -> bool {
        let actions = self.view.plan.into_iter().flat_map(|it| &it.actions);
        let mut named = actions.flat_map(|it| &it.incidents);
        named.next().is_some_and(|first| named.any(|it| it != first))
    }

    /// Whether the attacker's footholds are removed.
    fn over(&self) -> bool {
        self.view.incident.state >= IncidentState::Eradicated
    }

    /// Seconds from the declaration until the main services were back, once they are.
    fn restored(&self) -> Option<u64> {
        match self.figures.main_services {
            MainServices::BackAfter(seconds) if self.view.incident.state >= IncidentState::Monitoring => {
                Some(seconds)
            }
            _ => None,
        }
    }

    /// Median and nine-in-ten seconds until every service is back.
    fn back(&self) -> Option<(u64, u64)> {
        Some((self.figures.back_median_s?, self.figures.back_p90_s?))
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

fn cards(page: &Page<'_>, facts: &Facts<'_>) -> Markup {
    let figures = facts.figures;
    html! {
        ul class="cards" {
            li class="bad" {
                b { (page.say("hosts", &[("n", figures.hosts.into())])) }
                span {
                    (page.say(if facts.over() { "card-held" } else { "card-holds" }, &[("accounts", figures.accounts.into()), ("hosts", figures.hosts.into())]))
                    (page.also()) (page.say("card-suspected", &[("n", figures.suspected.into())]))
                    @if !figures.relapses.is_empty() { (page.also()) (page.say("card-relapses", &[("n", figures.times_back().into())])) }
                }
            }
            @if let Some(plan) = &figures.plan {
                li class="warn" {
                    @if let Some(ours) = figures.containment() {
                        b { (page.say("customers", &[("n", ours.customers.into())])) }
                        span { (page.say("card-containment-hits", &[("n", ours.services().into()), ("customers", ours.customers.into())])) @if figures.simulated { " " (page.get("card-simulated")) } }
                    } @else {
                        b { (page.get("card-unknown")) }
                        span { (page.get("card-drafted")) }
                    }
                }
                li class="act" {
                    b { (number(plan.total)) " " (page.currency()) }
                    span {
                        (page.say("card-cost", &[("plan", plan.generation.into()), ("hours", (&number(plan.horizon_h)).into()), ("gap", (&page.percent(plan.gap)).into())]))
                        @if let Some(other) = facts.baseline(BaselineName::ShutZones).flatten() { (page.also()) (page.baseline(BaselineName::ShutZones)) (page.colon()) (number(other)) }
                    }
                }
            } @else if let Some(hit) = &figures.resting_on_attacker {
                li class="bad" {
                    b { (page.say("customers", &[("n", hit.customers.into())])) }
                    span { (page.get("card-attacker-hits")) }
                }
            }
            @if let Some(took) = facts.restored() {
                li class="good" { b { (page.span(took)) } span { (page.get("card-restored")) } }
            } @else if let Some((median, late)) = facts.back() {
                li class="act" { b { (page.span(median)) } span { (page.say("card-back", &[("late", (&page.span(late)).into())])) } }
            }
            @if let Some((due, clock)) = facts.due.first() {
                li class="warn" { b { (page.moment(*due)) } span { (page.say("card-next", &[("duty", (&page.duty(clock)).into()), ("recipient", (&page.words.of(&clock.recipients())).into())])) } }
            } @else if figures.duties.overdue > 0 || figures.duties.at_once > 0 {
                li class="warn" {
                    b { (page.say("card-overdue", &[("n", figures.duties.overdue.into())])) }
                    span { (page.say("card-overdue-by", &[("when", (&page.moment(figures.as_of)).into()), ("n", figures.duties.overdue.into()), ("once", figures.duties.at_once.into())])) }
                }
            }
            @if page.view.score.is_some() {
                li class="good" {
                    b { (figures.mttd_s.map_or_else(|| page.get("word-never"), |it| page.span(it))) }
                    span {
                        (page.say("card-score", &[("contained", (&figures.mttc_s.map_or_else(|| page.get("word-never"), |it| page.span(it))).into())]))
                        @if let Some(radius) = figures.blast_radius { (page.also()) (page.say("card-radius", &[("n", radius.into())])) }
                    }
                }
            }
        }
    }
}
