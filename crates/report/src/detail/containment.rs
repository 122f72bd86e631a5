//! What is done: services hit, the plan and its price, its actions, and the proof that it cuts.

use std::collections::BTreeMap;

use bulkhead_model::case::{ActionKind, BaselineName, Objective, ServiceImpact, ServiceState};
use maud::{Markup, PreEscaped, html};

use super::{ROWS, more, name, names, section, wide};
use crate::graph;
use crate::html::CaseView;
use crate::standing;
use crate::text::{customers, number, percent, plural, prose, span};

fn state(state: ServiceState) -> Markup {
    let (class, word) = match state {
        ServiceState::Up => ("good", "up"),
        ServiceState::Degraded => ("warn", "degraded"),
        ServiceState::Down => ("bad", "down"),
    };
    html! { span class={ "tag " (class) } { (word) } }
}

fn impacts(list: &[ServiceImpact], names: &BTreeMap<&str, &str>, currency: &str, caption: &str) -> Markup {
    wide(
        caption,
        &html! {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Service" } th scope="col" { "State" } th scope="col" { "Customers" } th scope="col" class="n" { (currency) " per hour" } } }
                tbody {
                    @for it in list {
                        tr { td { (name(names, it.service.as_str())) } td { (state(it.state)) } td { (customers(&it.customers)) } td class="n" { (number(it.value_per_hour)) } }
                    }
                    @if list.is_empty() { tr { td colspan="4" { "none" } } }
                }
            }
        },
    )
}

fn baseline_name(name: BaselineName) -> &'static str {
    match name {
        BaselineName::IsolateAll => "isolate every suspected host",
        BaselineName::ShutZones => "shut their zones",
    }
}

fn cost(name: &str, objective: &Objective, services: &str, note: &str) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td class="n" { @if let Some(lost) = objective.service_loss { (number(lost)) } @else { "unknown" } }
            td class="n" { (number(objective.exposure)) }
            td class="n" { (number(objective.foothold)) }
            td class="n" { (number(objective.operating)) }
            td class="n" { b { (number(objective.total)) } }
            td { (services) }
            td { (note) }
        }
    }
}

/// What is isolated, what that breaks, what one would otherwise do.
pub fn containment(view: &CaseView<'_>) -> Markup {
    let names = names(view.estate);
    let currency = &view.estate.estate.currency;
    let body = html! {
        (impacts(&view.impact.attacker, &names, currency, "Services that rest on what the attacker holds"))
        @match view.plan {
            None => p { "No containment plan was made." },
            Some(plan) => {
                (wide("Cost of containment", &html! {
                    table {
                        caption { "The plan next to what one would otherwise do, over " (number(plan.horizon_h)) " hours, in " (plan.currency) }
                        thead { tr { th scope="col" { "" } th scope="col" class="n" { "Services lost" } th scope="col" class="n" { "Still exposed" } th scope="col" class="n" { "Footholds kept" } th scope="col" class="n" { "Operating" } th scope="col" class="n" { "Total" } th scope="col" { "Services hit" } th scope="col" { "" } } }
                        tbody {
                            (cost("this plan", &plan.objective, &view.impact.containment_predicted.len().to_string(), &format!("proven within {}", percent(plan.gap))))
                            @for it in plan.alternatives.iter().filter(|it| it.prevented.is_none()) { (cost(&it.name.replace('_', " "), &it.objective, &it.services.len().to_string(), &format!("{} actions", it.actions.len()))) }
                            @for it in &plan.baselines { (cost(baseline_name(it.name), &it.objective, &it.services.len().to_string(), if it.feasible { "" } else { "breaks a hard rule" })) }
                        }
                    }
                }))
                (impacts(&view.impact.containment_predicted, &names, currency, "Services our containment hits, as predicted"))
                @if !view.impact.containment_observed.is_empty() { (impacts(&view.impact.containment_observed, &names, currency, "The same, as observed by probes")) }
                (actions(view))
                @if !plan.not_done.is_empty() {
                    h3 { "Left undone" }
                    ul { @for it in plan.not_done.iter().take(ROWS) { li { (prose(&it.what)) ": " (prose(&it.why)) } } }
                }
            }
        }
    };
    section("containment", "Containment", &body)
}

fn actions(view: &CaseView<'_>) -> Markup {
    let Some(plan) = view.plan else { return html! {} };
    let names = names(view.estate);
    wide(
        "Actions",
        &html! {
            table class="stack" {
                caption { "Actions of plan generation " (plan.generation) }
                thead { tr { th scope="col" { "Action" } th scope="col" { "At" } th scope="col" { "Lapses after" } th scope="col" { "Cuts" } th scope="col" { "Breaks" } } }
                tbody {
                    @for it in &plan.actions {
                        tr {
                            td { b { (action_word(it.kind)) } " " code { (it.target) } @if let Some(from) = &it.from { " from " code { (from) } } @if let Some(to) = &it.to { " to " code { (to) } } }
                            td data-label="At" { (it.enforcement_point) @for point in &it.also_at { ", " (point) } }
                            td data-label="Lapses after" { (span(it.lease_s)) }
                            td data-label="Cuts" { (plural(it.cuts.len(), "move", "moves")) @if let Some(first) = it.cuts.first() { br; span class="note" { (first) } } }
                            td data-label="Breaks" { @for broken in &it.breaks { (name(&names, broken.service.as_str())) " " (state(broken.state)) " " } @if it.breaks.is_empty() { "nothing" } }
                        }
                    }
                }
            }
        },
    )
}

fn action_word(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::BlockFlow => "block flow",
        ActionKind::Segment => "segment",
        ActionKind::Isolate => "isolate",
        ActionKind::DisableIdentity => "disable identity",
    }
}

/// Why the attacker cannot go on.
pub fn proof(view: &CaseView<'_>) -> Markup {
    let body = match view.certificate {
        None => html! { p { "No certificate: nothing was enforced." } },
        Some(certificate) => html! {
            p {
                @match view.proof_holds {
                    Some(true) if standing::is_clear(view) => { span class="tag good" { "holds" } " " },
                    Some(true) => { span class="tag warn" { "not contained" } " " },
                    Some(false) => { span class="tag bad" { "does not hold" } " " },
                    None => {},
                }
                (standing::proof_english(view))
            }
            (wide("Attack graph", &html! { (PreEscaped(graph::svg(view.estate, certificate, "graph-picture"))) }))
            details {
                summary { (plural(certificate.cut.len(), "move", "moves")) " cut, with the rule that cuts each" }
                (wide("Moves cut", &html! {
                    table {
                        caption { "Every move out of the attacker's reach" }
                        thead { tr { th scope="col" { "From" } th scope="col" { "To" } th scope="col" { "By means of" } th scope="col" { "Cut by" } } }
                        tbody { @for it in certificate.cut.iter().take(ROWS) { tr { td { (it.from) } td { (it.to) } td { (it.means) } td { code { (it.by) } } } } }
                    }
                }))
                (more(certificate.cut.len(), "certificate.json"))
            }
        },
    };
    section("proof", "Proof", &body)
}
