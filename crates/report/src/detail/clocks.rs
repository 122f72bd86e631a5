//! What the law wants, and when: what binds in full, what may bind behind a fold.

use bulkhead_model::case::{Clock, ClockStatus, Trigger};
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{section, wide};
use crate::html::CaseView;
use crate::text::{moment, plural, prose, zone};

/// The legal clocks.
pub fn clocks(view: &CaseView<'_>) -> Markup {
    let zone = zone(&view.estate.estate);
    let of =
        |status: ClockStatus| view.clocks.iter().filter(move |it| it.status == status).collect::<Vec<_>>();
    let (binding, prepare, proposed) =
        (of(ClockStatus::Binding), of(ClockStatus::Prepare), of(ClockStatus::Proposed));
    let body = html! {
        p { "Work to the earliest deadline; the latest that can be argued is for counsel to decide. Times are those of " (view.estate.estate.timezone) "." }
        @if binding.is_empty() {
            p { "No duty is known to bind this operator by its legal profile." }
        } @else {
            (table(&binding, &zone, "Duties that bind this operator"))
        }
        @if !prepare.is_empty() {
            details {
                summary { (plural(prepare.len(), "duty", "duties")) " that may bind: prepare, and let counsel decide" }
                (table(&prepare, &zone, "Duties that may bind"))
            }
        }
        @if !proposed.is_empty() {
            details {
                summary { (plural(proposed.len(), "duty", "duties")) " proposed, not law yet" }
                (table(&proposed, &zone, "Duties proposed"))
            }
        }
    };
    section("clocks", "Legal clocks", &body)
}

fn table(clocks: &[&Clock], zone: &TimeZone, caption: &str) -> Markup {
    wide(
        caption,
        &html! {
            table class="stack" {
                caption { (caption) ", from the one awareness instant" }
                thead { tr { th scope="col" { "Earliest" } th scope="col" { "Latest arguable" } th scope="col" { "Duty" } th scope="col" { "To" } } }
                tbody { @for it in clocks { (row(it, zone)) } }
            }
        },
    )
}

fn row(clock: &Clock, zone: &TimeZone) -> Markup {
    let earliest = match (clock.submitted_at, clock.due_earliest, clock.anchor_at) {
        (Some(at), _, _) => format!("filed {}", moment(at, zone)),
        _ if clock.status == ClockStatus::Proposed => "not law".to_owned(),
        (None, Some(due), _) => moment(due, zone),
        (None, None, Some(_)) => "at once".to_owned(),
        (None, None, None) => format!("runs from {}", clock.anchor.replace(['_', ':'], " ")),
    };
    let outer = clock.due_outer.filter(|outer| Some(*outer) != clock.due_earliest);
    html! {
        tr {
            td data-label="Earliest" { b { (earliest) } }
            td class="t" data-label="Latest arguable" { @if let Some(outer) = outer { (moment(outer, zone)) } }
            td {
                b { (clock.regime) " " (clock.stage.replace('_', " ")) } br;
                span class="note" { (clock.name) @if clock.trigger == Trigger::Unknown { "; runs while facts are missing" } }
                details class="rule" {
                    summary { "Rule and sources" }
                    p { (prose(&clock.rule)) }
                    @if let Some(rule) = &clock.outer_rule { p { "Latest: " (prose(rule)) } }
                    @for note in &clock.notes { p class="note" { (prose(note)) } }
                    p class="note" { (clock.sources.join("; ")) }
                }
            }
            td data-label="To" { (clock.recipient) @if let Some(channel) = &clock.channel { br; span class="note" { "by " (channel) } } }
        }
    }
}
