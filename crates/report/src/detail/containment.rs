//! What is done: services hit, the plan and its price, its actions, and the proof that it cuts.

use std::collections::BTreeMap;

use bulkhead_model::case::{Action, Objective, ServiceImpact};
use maud::{Markup, PreEscaped, html};

use super::wide;
use crate::graph;
use crate::page::{Page, ROWS};
use crate::standing;
use crate::text::{customers, number, prose};
use crate::words::Lang;

/// Services of one cause. What rests on the attacker's hosts is not trusted, which is not interrupted.
fn impacts(page: &Page<'_>, list: &[ServiceImpact], caption: &str) -> Markup {
    let trusted = caption != "impact-attacker";
    let caption = page.get(caption);
    if list.is_empty() {
        // A drafted estate names no services: what is hit of them is not nothing.
        let none = page.get(if page.view.figures.hit.is_some() { "word-none" } else { "impact-unknown" });
        return html! { p { b { (caption) } (page.colon()) (none) } };
    }
    let per_hour = page.say("impact-per-hour", &[("currency", page.currency().into())]);
    wide(
        &caption,
        &html! {
            table class="stack" {
                caption { (caption) }
                thead { tr { th scope="col" { (page.get("word-service")) } th scope="col" { (page.get("impact-state")) } th scope="col" { (page.get("impact-customers")) } th scope="col" class="n" { (per_hour) } } }
                tbody {
                    @for it in list {
                        tr {
                            td { (page.service(it.service.as_str())) }
                            td { @if trusted { (page.state(it.state)) } @else { span class="tag bad" { (page.get("state-untrusted")) } } }
                            td data-label=(page.get("impact-customers")) { (customers(&it.customers, page.words)) }
                            td class="n" data-label=(per_hour) { (number(it.value_per_hour)) }
                        }
                    }
                }
            }
        },
    )
}

fn cost(page: &Page<'_>, name: &str, objective: &Objective, services: usize, note: &str) -> Markup {
    let figures = [
        ("cost-services-lost", objective.service_loss),
        ("cost-exposed", Some(objective.exposure)),
        ("cost-footholds", Some(objective.foothold)),
        ("cost-operating", Some(objective.operating)),
    ];
    html! {
        tr {
            th scope="row" { (name) }
            @for (label, figure) in figures { td class="n" data-label=(page.get(label)) { @if let Some(figure) = figure { (number(figure)) } @else { (page.get("word-unknown")) } } }
            td class="n" data-label=(page.get("cost-total")) { b { (number(objective.total)) } }
            td data-label=(page.get("cost-services-hit")) { @if page.view.figures.hit.is_some() { (services) } @else { (page.get("word-unknown")) } }
            td { (note) }
        }
    }
}

/// What is isolated, what that breaks, what one would otherwise do.
pub fn containment(page: &Page<'_>) -> Markup {
    let view = page.view;
    let body = html! {
        (impacts(page, &view.impact.attacker, "impact-attacker"))
        @match view.plan {
            None => p { (page.get("plan-none")) },
            Some(plan) => {
                @let caption = page.say("cost-caption", &[("hours", (&number(plan.horizon_h)).into()), ("currency", (&plan.currency).into())]);
                (wide(&caption, &html! {
                    table class="stack" {
                        caption { (caption) }
                        thead { tr { th scope="col" { (page.get("cost-plan")) } th scope="col" class="n" { (page.get("cost-services-lost")) } th scope="col" class="n" { (page.get("cost-exposed")) } th scope="col" class="n" { (page.get("cost-footholds")) } th scope="col" class="n" { (page.get("cost-operating")) } th scope="col" class="n" { (page.get("cost-total")) } th scope="col" { (page.get("cost-services-hit")) } th scope="col" { (page.get("cost-note")) } } }
                        tbody {
                            (cost(page, &page.get("cost-this"), &plan.objective, view.impact.containment_predicted.len(), &page.say("cost-proven", &[("gap", (&page.percent(plan.gap)).into())]))) // rows
                            @for it in plan.alternatives.iter().filter(|it| it.prevented.is_none()) { (cost(page, &page.alternative(&it.name), &it.objective, it.services.len(), &page.counted("actions", it.actions.len()))) } // rows
                            @for it in &plan.baselines { (cost(page, &page.baseline(it.name), &it.objective, it.services.len(), &if it.feasible { String::new() } else { page.get("cost-infeasible") })) } // rows
                        }
                    }
                }))
                (impacts(page, &view.impact.containment_predicted, "impact-predicted"))
                @if !view.impact.containment_observed.is_empty() { (impacts(page, &view.impact.containment_observed, "impact-observed")) }
                (actions(page))
                @if !plan.not_done.is_empty() {
                    h3 { (page.get("plan-not-done")) }
                    ul { @for it in plan.not_done.iter().take(ROWS) { li {
                        (prose(&page.said(&it.what))) (page.colon()) (prose(&page.said(&it.why)))
                        @if !it.services.is_empty() {
                            "; " b { (page.get("plan-in-doubt")) } (page.colon())
                            @for (number, service) in it.services.iter().enumerate() { @if number > 0 { ", " } (page.service(service.as_str())) }
                        }
                    } } }
                }
            }
        }
    };
    page.section("containment", "containment-title", &body)
}

/// Actions of one kind at the same points that lapse and break alike.
fn alike(actions: &[Action]) -> Vec<Vec<&Action>> {
    let mut rows: Vec<Vec<&Action>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for it in actions {
        let broken: Vec<_> = it.breaks.iter().map(|it| it.service.as_str()).collect();
        let key = format!(
            "{:?} {} {:?} {} {:?} {broken:?} {:?} {:?}",
            it.kind,
            it.enforcement_point,
            it.also_at,
            it.lease_s,
            it.approval,
            it.from.is_some(),
            it.to.is_some()
        );
        // What comes from or goes to somebody is told one by one.
        let at = if it.from.is_some() || it.to.is_some() { None } else { known.get(&key) };
        match at {
            Some(at) => rows[*at].push(it),
            None => {
                known.insert(key, rows.len()); // rows
                rows.push(vec![it]);
            }
        }
    }
    rows
}

fn actions(page: &Page<'_>) -> Markup {
    let Some(plan) = page.view.plan else { return html! {} };
    let caption = page.say("actions-caption", &[("generation", (&plan.generation.to_string()).into())]);
    wide(
        &caption,
        &html! {
            table class="stack" {
                caption { (caption) }
                thead { tr { th scope="col" { (page.get("actions-action")) } th scope="col" { (page.get("actions-at")) } th scope="col" { (page.get("actions-lapses")) } th scope="col" { (page.get("actions-cuts")) } th scope="col" { (page.get("actions-breaks")) } } }
                tbody { @for row in alike(&plan.actions) { (action(page, &row)) } }
            }
        },
    )
}

fn action(page: &Page<'_>, row: &[&Action]) -> Markup {
    let first = row[0];
    let cuts: usize = row.iter().map(|it| it.moves().0).sum(); // rows
    let beyond = row.iter().any(|it| it.moves().1);
    html! {
        tr {
            td {
                b { (page.action(first.kind)) }
                @for (number, it) in row.iter().enumerate() { @if number > 0 { "," } " " code { (it.target) } }
                @if let Some(from) = &first.from { " " (page.get("actions-from")) " " code { (from) } }
                @if let Some(to) = &first.to { " " (page.get("actions-to")) " " code { (to) } }
            }
            td data-label=(page.get("actions-at")) { (first.enforcement_point) @for point in &first.also_at { ", " (point) } }
            td data-label=(page.get("actions-lapses")) { (page.span(first.lease_s)) }
            td data-label=(page.get("actions-cuts")) { (page.counted("action-moves", cuts)) @if beyond { " " (page.get("actions-and-more")) } @if let Some(cut) = first.cuts.first() { br; span class="note" { (page.said(cut)) } } }
            td data-label=(page.get("actions-breaks")) {
                @for broken in &first.breaks { (page.service(broken.service.as_str())) " " (page.state(broken.state)) " " }
                @if first.breaks.is_empty() { (page.get("word-nothing")) }
            }
        }
    }
}

/// Why the attacker cannot go on.
pub fn proof(page: &Page<'_>) -> Markup {
    let view = page.view;
    let Some(certificate) = view.certificate else {
        let body = html! { p { (page.get("proof-none")) } };
        return page.section("proof", "proof-title", &body);
    };
    let picture = graph::svg_in(page.words, view.estate, certificate, "graph-picture");
    let caption = page.get("proof-moves-caption");
    let body = html! {
        p {
            @match view.proof_holds {
                Some(true) if standing::is_clear(view) => { span class="tag good" { (page.get("proof-holds")) } " " },
                Some(true) => { span class="tag warn" { (page.get("proof-not-contained")) } " " },
                Some(false) => { span class="tag bad" { (page.get("proof-broken")) } " " },
                None => {},
            }
            @match page.words.lang {
                Lang::En => (standing::proof_english(view)),
                Lang::Fr => (standing::proof_french(view)),
            }
        }
        (wide(&page.get("graph-title"), &html! { (PreEscaped(picture)) }))
        details {
            summary { (page.counted("proof-moves", certificate.cut.len())) } // rows
            (wide(&caption, &html! {
                table class="stack" {
                    caption { (caption) }
                    thead { tr { th scope="col" { (page.get("order-from")) } th scope="col" { (page.get("order-to")) } th scope="col" { (page.get("proof-means")) } th scope="col" { (page.get("proof-by")) } } }
                    tbody { @for it in certificate.cut.iter().take(ROWS) { tr { td data-label=(page.get("order-from")) { (it.from) } td data-label=(page.get("order-to")) { (it.to) } td data-label=(page.get("proof-means")) { (page.said(&it.means)) } td data-label=(page.get("proof-by")) { code { (it.by) } } } } }
                }
            }))
            (page.more(certificate.cut.len(), "certificate.json")) // rows
        }
    };
    page.section("proof", "proof-title", &body)
}
