//! When what is back, behind which gates.

use maud::{Markup, PreEscaped, html};

use super::{name, names, section, wide};
use crate::gantt;
use crate::html::CaseView;
use crate::text::{number, percent, plural, prose, span};

/// In which order services come back.
pub fn recovery(view: &CaseView<'_>) -> Markup {
    let names = names(view.estate);
    let body = match view.recovery {
        None => html! { p { "No recovery plan was made." } },
        Some(plan) => html! {
            p { "Value lost until everything is back, at median durations: " b { (number(plan.objective)) " " (view.estate.estate.currency) } ", proven within " (percent(plan.gap)) "." }
            (wide("Recovery plan, picture", &html! { (PreEscaped(gantt::svg(plan, "gantt-picture"))) }))
            (wide("Services", &html! {
                table {
                    caption { "When services are back, from the start of recovery" }
                    thead { tr { th scope="col" { "Service" } th scope="col" class="n" { "Median" } th scope="col" class="n" { "Nine in ten" } th scope="col" class="n" { "RTO" } th scope="col" class="n" { "MTPD" } th scope="col" class="n" { "Risk of missing MTPD" } } }
                    tbody { @for it in &plan.services { tr {
                        td { (name(&names, it.service.as_str())) } td class="n" { (span(it.p50)) } td class="n" { (span(it.p90)) }
                        td class="n" { (it.rto.map_or("-".to_owned(), span)) } td class="n" { (it.mtpd.map_or("-".to_owned(), span)) } td class="n" { (percent(it.mtpd_breach)) }
                    } } }
                }
            }))
            @if !plan.notes.is_empty() { ul class="note" { @for note in &plan.notes { li { (prose(note)) } } } }
            @for stage in &plan.stages {
                h3 { "Stage " (stage.n) ": " (stage.title) }
                p { (plural(stage.steps.len(), "step", "steps")) ". The gate is opened by the role " code { (stage.gate.approver) } ", after " (span(stage.gate.surveillance_s)) " of surveillance without a new finding:" }
                ul { @for check in &stage.gate.checks { li { (prose(check)) } } }
            }
        },
    };
    section("recovery", "Recovery", &body)
}
