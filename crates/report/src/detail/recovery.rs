//! When what is back, behind which gates.

use maud::{Markup, PreEscaped, html};

use super::wide;
use crate::gantt;
use crate::page::Page;
use crate::text::{number, prose};

/// In which order services come back.
pub fn recovery(page: &Page<'_>) -> Markup {
    let Some(plan) = page.view.recovery else {
        let body = html! { p { (page.get("recovery-none")) } };
        return page.section("recovery", "recovery-title", &body);
    };
    let span = |secs: Option<u64>| secs.map_or("-".to_owned(), |it| page.span(it));
    let body = html! {
        p {
            (page.say("recovery-lost", &[("money", (&format!("{} {}", number(plan.objective), page.currency())).into()), ("gap", (&page.percent(plan.gap)).into())]))
        }
        (wide(&page.get("recovery-picture"), &html! { (PreEscaped(gantt::svg_in(page.words, plan, "gantt-picture"))) }))
        (wide(&page.get("recovery-services"), &html! {
            table class="stack" {
                caption { (page.get("recovery-services")) }
                thead { tr { th scope="col" { (page.get("word-service")) } th scope="col" class="n" { (page.get("recovery-median")) } th scope="col" class="n" { (page.get("recovery-nine")) } th scope="col" class="n" { (page.get("recovery-rto")) } th scope="col" class="n" { (page.get("recovery-mtpd")) } th scope="col" class="n" { (page.get("recovery-risk")) } } }
                tbody { @for it in &plan.services { tr {
                    td { (page.service(it.service.as_str())) }
                    td class="n" data-label=(page.get("recovery-median")) { (page.span(it.p50)) }
                    td class="n" data-label=(page.get("recovery-nine")) { (page.span(it.p90)) }
                    td class="n" data-label=(page.get("recovery-rto")) { (span(it.rto)) }
                    td class="n" data-label=(page.get("recovery-mtpd")) { (span(it.mtpd)) }
                    td class="n" data-label=(page.get("recovery-risk")) { (page.percent(it.mtpd_breach)) }
                } } }
            }
        }))
        @if !plan.notes.is_empty() { ul class="note" { @for note in &plan.notes { li { (prose(&page.said(note))) } } } }
        details {
            summary { (page.figure("recovery-stages", page.view.figures.stages)) }
            @for stage in &plan.stages {
                h3 { (page.say("recovery-stage", &[("number", (&stage.n.to_string()).into()), ("title", (&page.stage_title(stage)).into())])) }
                p { (page.counted("recovery-steps", stage.steps.len())) " " (page.say("recovery-gate", &[("role", (&page.role(&stage.gate.approver)).into()), ("span", (&page.span(stage.gate.surveillance_s)).into())])) } // rows
                ul { @for check in &stage.gate.checks { li { (prose(&page.said(check))) } } }
            }
        }
    };
    page.section("recovery", "recovery-title", &body)
}
