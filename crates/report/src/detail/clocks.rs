//! What the law wants, and when: what binds in full, what may bind behind a fold; and what is to be filed.

use bulkhead_model::case::{Clock, ClockStatus, Trigger};
use maud::{Markup, html};

use super::{annex, wide};
use crate::filing::channel_word;
use crate::page::Page;
use crate::text::prose;

/// The legal clocks.
pub fn clocks(page: &Page<'_>) -> Markup {
    let view = page.view;
    let of =
        |status: ClockStatus| view.clocks.iter().filter(move |it| it.status == status).collect::<Vec<_>>();
    let (binding, prepare, proposed) =
        (of(ClockStatus::Binding), of(ClockStatus::Prepare), of(ClockStatus::Proposed));
    let body = html! {
        p { (page.say("clocks-note", &[("zone", (&view.estate.estate.timezone).into())])) }
        @if binding.is_empty() {
            p { (page.get("clocks-none")) }
        } @else {
            (table(page, &binding, "clocks-binding"))
        }
        @if !prepare.is_empty() {
            details {
                summary { (page.figure("clocks-prepare-count", view.figures.duties.prepare)) }
                (table(page, &prepare, "clocks-prepare"))
            }
        }
        @if !proposed.is_empty() {
            details {
                summary { (page.figure("clocks-proposed-count", view.figures.duties.proposed)) }
                (table(page, &proposed, "clocks-proposed"))
            }
        }
    };
    page.section("clocks", "clocks-title", &body)
}

fn table(page: &Page<'_>, clocks: &[&Clock], caption: &str) -> Markup {
    let caption = page.get(caption);
    wide(
        &caption,
        &html! {
            table class="stack" {
                caption { (caption) }
                thead { tr { th scope="col" { (page.get("clocks-earliest")) } th scope="col" { (page.get("clocks-latest")) } th scope="col" { (page.get("clocks-duty")) } th scope="col" { (page.get("clocks-to")) } } }
                tbody { @for it in clocks { (row(page, it)) } }
            }
        },
    )
}

/// How a note begins that names the facts missing by their keys: the page names the criteria in words instead.
const MISSING: &str = "Runs while unknown";

fn row(page: &Page<'_>, clock: &Clock) -> Markup {
    let earliest = match (clock.submitted_at, clock.due_earliest, clock.anchor_at) {
        (Some(at), _, _) => page.say("clocks-filed", &[("when", (&page.moment(at)).into())]),
        _ if clock.status == ClockStatus::Proposed => page.get("clocks-not-law"),
        (None, Some(due), _) => page.moment(due),
        (None, None, Some(_)) => page.get("clocks-at-once"),
        (None, None, None) => {
            page.say("clocks-runs-from", &[("anchor", (&page.anchor(&clock.anchor)).into())])
        }
    };
    let outer = clock.due_outer.filter(|outer| Some(*outer) != clock.due_earliest);
    let open = clock.trigger == Trigger::Unknown && clock.status != ClockStatus::Proposed;
    html! {
        tr {
            td data-label=(page.get("clocks-earliest")) { b { (earliest) } }
            td data-label=(page.get("clocks-latest")) { @if let Some(outer) = outer { (page.moment(outer)) } }
            td {
                b { (page.duty(clock)) } br;
                span class="note" { (page.words.of(&clock.name)) @if open { (page.also()) (page.get("clocks-facts-missing")) } }
                details class="rule" {
                    summary { (page.get("clocks-rule")) }
                    p { (prose(&page.words.of(&clock.rules()))) }
                    @if open && !clock.open_clauses.is_empty() {
                        p { (page.get("clocks-open")) (page.colon()) }
                        ul class="note" { @for it in clock.clauses_open() { li { (page.words.of(&it)) } } }
                    }
                    @if let Some(rule) = &clock.outer_rule { p { (page.get("clocks-latest")) (page.colon()) (prose(&page.all_said(rule))) } }
                    @for note in clock.all_notes().iter().filter(|it| !it.en().starts_with(MISSING)) { p class="note" { (prose(&page.said(&page.words.of(note)))) } }
                    p class="note" { @for (n, it) in clock.sources.iter().enumerate() { @if n > 0 { (page.also()) } cite { (page.said(it)) } } }
                }
            }
            td data-label=(page.get("clocks-to")) { (page.words.of(&clock.recipients())) @if let Some(channel) = &clock.channel { br; span class="note" { (channel_word(channel, page.words)) } } }
        }
    }
}

/// What is to be filed, each with its page; and the work orders for people.
pub fn filings(page: &Page<'_>) -> Markup {
    let (filings, orders) = (page.view.filings, page.view.orders);
    if filings.is_empty() && orders.is_empty() {
        return html! {};
    }
    let lang = page.words.lang;
    let caption = page.get("filings-caption");
    let body = html! {
        @if !filings.is_empty() {
            (annex(&caption, &html! {
                table class="stack" {
                    caption { (caption) }
                    thead { tr { th scope="col" { (page.get("filings-what")) } th scope="col" { (page.get("clocks-to")) } th scope="col" { (page.get("filings-due")) } th scope="col" { (page.get("filings-open")) } th scope="col" { (page.get("filings-pages")) } } }
                    tbody {
                        @for it in filings {
                            @let base = format!("filings/{}", it.name);
                            tr {
                                td { a href={ (base) "." (lang.code()) ".html" } { (page.words.of(&it.title)) } }
                                td data-label=(page.get("clocks-to")) { (page.words.of(&it.recipient)) }
                                td data-label=(page.get("filings-due")) { @if let Some(at) = it.submitted_at { (page.say("clocks-filed", &[("when", (&page.moment(at)).into())])) } @else if let Some(at) = it.due_earliest { (page.moment(at)) } }
                                td data-label=(page.get("filings-open")) { (page.counted("filings-fields", it.missing())) }
                                td data-label=(page.get("filings-pages")) { a href={ (base) ".en.html" } { "EN" } " " a href={ (base) ".fr.html" } { "FR" } " " a href={ (base) ".json" } { "JSON" } }
                            }
                        }
                    }
                }
            }))
        }
        @if !orders.is_empty() {
            h3 { (page.get("orders-title")) }
            ul {
                @for point in orders {
                    li { a href={ "work-orders/" (point) "." (lang.code()) ".html" } { (point) } " (" a href={ "work-orders/" (point) "." (lang.other().code()) ".html" } { (lang.other().code().to_uppercase()) } ")" }
                }
            }
        }
    };
    page.section("filings", "filings-title", &body)
}
