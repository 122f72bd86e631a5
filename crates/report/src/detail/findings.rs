//! The findings of the incident; those that differ in their event alone are one row.

use std::collections::BTreeMap;

use bulkhead_model::case::{Basis, ClockOffset, GoesBy, Muted, TelemetrySummary};
use bulkhead_model::finding::Finding;
use maud::{Markup, html};

use super::wide;
use crate::page::{Page, ROWS};
use crate::text::{count, prose};
use crate::words::Lang;

/// Findings of one rule on one host by one account.
struct Alike<'a> {
    first: &'a Finding,
    last: &'a Finding,
    count: usize,
}

fn alike(findings: &[Finding]) -> Vec<Alike<'_>> {
    let mut rows: Vec<Alike<'_>> = Vec::new();
    let mut known: BTreeMap<(&str, Option<&str>, Option<&str>), usize> = BTreeMap::new();
    for it in findings {
        let key = (it.rule.id.as_str(), it.host.as_deref(), it.user.as_deref());
        let at = *known.entry(key).or_insert_with(|| {
            rows.push(Alike { first: it, last: it, count: 0 });
            rows.len() - 1 // rows
        });
        let row = &mut rows[at];
        row.count += 1;
        if it.time < row.first.time {
            row.first = it;
        }
        if it.time >= row.last.time {
            row.last = it;
        }
    }
    rows
}

/// Every finding.
pub fn findings(page: &Page<'_>) -> Markup {
    let view = page.view;
    let telemetry = &view.incident.telemetry;
    let rows = alike(view.findings);
    let caption = page.get("findings-caption");
    let body = html! {
        p {
            (page.say("findings-read", &[("events", view.figures.events.into()), ("sources", telemetry.sources.len().into()), ("malformed", (&count(telemetry.malformed)).into())])) // rows
            " " (page.figure("findings-belong", view.figures.findings))
        }
        (unread(page, telemetry))
        (times(page, telemetry))
        @if let Some(it) = &telemetry.basis { (basis(page, it)) }
        (muted(page, &telemetry.muted))
        details {
            summary { (page.get("findings-all")) }
            (wide(&caption, &html! {
                table class="stack" {
                    caption { (caption) }
                    thead { tr { th scope="col" { (page.get("word-when")) } th scope="col" class="n" { (page.get("findings-times")) } th scope="col" { (page.get("findings-level")) } th scope="col" { (page.get("findings-rule")) } th scope="col" { (page.get("findings-host")) } th scope="col" { (page.get("findings-account")) } th scope="col" { (page.get("findings-event")) } } }
                    tbody {
                        @for it in rows.iter().take(ROWS) {
                            tr {
                                td class="t" data-label=(page.get("word-when")) {
                                    (it.first.time.map_or("-".to_owned(), |at| page.instant(at)))
                                    @if let Some(at) = it.last.time.filter(|_| it.count > 1 && it.last.time != it.first.time) { br; (page.say("findings-until", &[("when", (&page.instant(at)).into())])) }
                                }
                                td class="n" data-label=(page.get("findings-times")) { (count(it.count as u64)) }
                                td data-label=(page.get("findings-level")) { (page.level(it.first.rule.level)) }
                                td data-label=(page.get("findings-rule")) { @if page.words.lang == Lang::Fr { "«\u{202f}" (it.first.rule.title) "\u{202f}»" } @else { (it.first.rule.title) } br; code { (it.first.rule.id) } }
                                td data-label=(page.get("findings-host")) { (it.first.host.as_deref().unwrap_or("-")) }
                                td data-label=(page.get("findings-account")) { (it.first.user.as_deref().unwrap_or("-")) }
                                td data-label=(page.get("findings-event")) { code { (it.first.source.file) "#" (it.first.source.record) } }
                            }
                        }
                    }
                }
            }))
            (page.more(rows.len(), "findings.ndjson")) // rows
        }
    };
    page.section("findings", "findings-title", &body)
}

/// Which events stand here at another time than their logs say, and which have none.
fn unread(page: &Page<'_>, telemetry: &TelemetrySummary) -> Markup {
    let unread = &telemetry.unread;
    html! {
        @if !unread.is_empty() {
            p { strong { (page.get("findings-unread")) } }
            ul class="reasons" { @for it in unread.iter().take(ROWS) { li { (prose(&format!("{}: {}", it.source, it.what))) } } }
            (page.more(unread.len(), "incident.json")) // rows
        }
    }
}

fn times(page: &Page<'_>, telemetry: &TelemetrySummary) -> Markup {
    let offsets = &telemetry.clock_offsets;
    let row = |it: &ClockOffset| {
        let id = if it.seconds < 0 { "findings-clock-fast" } else { "findings-clock-slow" };
        let by = page.span(it.seconds.unsigned_abs());
        page.say(id, &[("host", (&it.host).into()), ("by", (&by).into()), ("events", it.events.into())])
    };
    html! {
        @if !offsets.is_empty() {
            p { strong { (page.get("findings-clock")) } }
            ul class="reasons" { @for it in offsets.iter().take(ROWS) { li { (prose(&row(it))) } } }
            (page.more(offsets.len(), "incident.json")) // rows
        }
        @if telemetry.untimed > 0 { p { strong { (page.figure("findings-untimed", telemetry.untimed)) } } }
    }
}

/// What the judgement rests on: whoever doubts it asks for that first.
fn basis(page: &Page<'_>, it: &Basis) -> Markup {
    let id = match it.goes_by {
        GoesBy::Prior => "findings-basis-prior",
        GoesBy::Learned => "findings-basis-learned",
    };
    let before = match &it.baseline {
        None => page.get("findings-basis-alone"),
        Some(it) if it.hosts == 0 => page.say("findings-basis-new", &[("file", (&it.file).into())]),
        Some(it) => page.say(
            "findings-basis-baseline",
            &[("file", (&it.file).into()), ("span", (&page.span(it.watched_s)).into())],
        ),
    };
    html! { p { (page.say(id, &[("span", (&page.span(it.watched_s)).into())])) " " (before) } }
}

/// What counted for nothing because somebody said so: it stands in print, since whoever reads the verdict must see it.
fn muted(page: &Page<'_>, list: &[Muted]) -> Markup {
    let hosts = |it: &Muted| {
        let named = it.hosts.join(", ");
        let more = it.n_hosts.saturating_sub(it.hosts.len() as u64); // rows
        match more {
            0 => named,
            more => format!("{named} {}", page.figure("and-more", more)),
        }
    };
    let row = |it: &Muted| {
        page.say(
            "findings-muted-by",
            &[
                ("by", (&page.said(&it.by)).into()),
                ("why", (&it.why).into()),
                ("n", it.findings.into()),
                ("hosts", (&hosts(it)).into()),
                ("from", (&page.instant(it.first)).into()),
                ("until", (&page.instant(it.last)).into()),
            ],
        )
    };
    html! {
        @if !list.is_empty() {
            p { strong { (page.get("findings-muted")) } }
            ul class="reasons" {
                @for it in list.iter().take(ROWS) {
                    li {
                        (prose(&row(it)))
                        @if !it.rules.is_empty() { br; (page.get("findings-muted-rules")) (page.colon()) (prose(&page.words.muted_rules(it))) }
                    }
                }
            }
            (page.more(list.len(), "incident.json")) // rows
        }
    }
}
