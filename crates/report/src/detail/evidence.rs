//! What was seen: the timeline, who is concerned, the statement on data.

use bulkhead_model::case::{Entity, Exfiltration, ExfiltrationConclusion, Reason};
use maud::{Markup, PreEscaped, html};

use super::{annex, wide};
use crate::page::{Page, ROWS};
use crate::text::prose;
use crate::timeline as timeline_picture;

/// When what happened.
pub fn timeline(page: &Page<'_>) -> Markup {
    let entries = page.view.timeline;
    let picture = timeline_picture::svg_in(page.words, &page.zone, entries, "timeline-picture");
    let caption = page.get("timeline-caption");
    let body = html! {
        (wide(&page.get("timeline-picture"), &html! { (PreEscaped(picture)) }))
        p class="note" { (page.get("timeline-note")) }
        details {
            summary { (page.counted("timeline-all", entries.len())) } // rows
            (wide(&caption, &html! {
                table class="stack" {
                    caption { (caption) }
                    thead { tr { th scope="col" { (page.get("word-when")) } th scope="col" { (page.get("timeline-what")) } th scope="col" { (page.get("timeline-text")) } } }
                    tbody {
                        @for it in entries.iter().take(ROWS) {
                            tr { td class="t" { (page.instant(it.at)) } td { (page.kind(&it.kind)) @if let Some(tactic) = &it.tactic { " (" (page.tactic(tactic)) ")" } } td { (prose(&page.said(&it.text))) } }
                        }
                    }
                }
            }))
            (page.more(entries.len(), "timeline.json")) // rows
        }
    };
    page.section("timeline", "timeline-title", &body)
}

/// Reasons shown without unfolding.
const REASONS: usize = 2;

fn reasons(page: &Page<'_>, reasons: &[Reason]) -> Markup {
    html! { ul class="reasons" { @for it in reasons { li { (prose(&page.said(&it.text))) " " code { (it.finding) } } } } }
}

/// Entities of one list for the same reasons since the same instant, equally sure.
fn alike(list: &[Entity]) -> Vec<Vec<&Entity>> {
    let mut rows: Vec<Vec<&Entity>> = Vec::new();
    let texts = |it: &Entity| it.reasons.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    for it in list {
        let same = |row: &&mut Vec<&Entity>| {
            let first = row[0];
            first.kind == it.kind
                && first.since == it.since
                && first.confidence.to_bits() == it.confidence.to_bits()
                && texts(first) == texts(it)
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.push(it),
            None => rows.push(vec![it]),
        }
    }
    rows
}

/// Who is in the attacker's hands, and why.
pub fn scope(page: &Page<'_>) -> Markup {
    let rows = |list: &[Entity], word: &str, class: &str| {
        html! {
            @for row in alike(list) {
                @let first = row[0];
                tr {
                    td { span class={ "tag " (class) } { (page.get(word)) } }
                    td { @for (number, it) in row.iter().enumerate() { @if number > 0 { br; } b { (it.id) } @if let Some(hostname) = &it.hostname { " " code { (hostname) } } } }
                    td data-label=(page.get("scope-since")) { (page.instant(first.since)) }
                    td class="n" data-label=(page.get("scope-sure")) { (page.percent(first.confidence)) }
                    td {
                        (reasons(page, &first.reasons[..first.reasons.len().min(REASONS)])) // rows
                        @if first.reasons.len() > REASONS { // rows
                            details class="rule" {
                                summary { (page.counted("scope-more-reasons", first.reasons.len() - REASONS)) } // rows
                                (reasons(page, &first.reasons[REASONS..]))
                            }
                        }
                    }
                }
            }
        }
    };
    let caption = page.get("scope-caption");
    let ended =
        page.view.incident.ended_at.map(|at| page.say("scope-ended", &[("when", (&page.moment(at)).into())]));
    let table = wide(
        &caption,
        &html! {
            table class="stack fixed scope" {
                caption { (caption) }
                thead { tr { th scope="col" { (page.get("scope-standing")) } th scope="col" { (page.get("scope-who")) } th scope="col" { (page.get("scope-since")) } th scope="col" class="n" { (page.get("scope-sure")) } th scope="col" { (page.get("scope-because")) } } }
                tbody {
                    (rows(&page.view.incident.compromised, "scope-compromised", "bad"))
                    (rows(&page.view.incident.suspected, "scope-suspected", "warn"))
                }
            }
        },
    );
    let body = html! { @if let Some(ended) = ended { p { (ended) } } (table) };
    page.section("scope", "scope-title", &body)
}

/// What can be said of theft of data.
pub fn exfiltration(page: &Page<'_>) -> Markup {
    let Some(statement) = page.view.exfiltration else { return html! {} };
    // What was not seen is never said without how much could be seen.
    let word = |conclusion: ExfiltrationConclusion, coverage: f64| match conclusion {
        ExfiltrationConclusion::NoneSeen => {
            ("good", page.say("theft-none-seen", &[("share", (&page.covered(coverage)).into())]))
        }
        ExfiltrationConclusion::NotAssessable => ("warn", page.get("theft-not-assessable")),
        ExfiltrationConclusion::Indications => ("warn", page.get("theft-indications")),
        ExfiltrationConclusion::Evidenced => ("bad", page.get("theft-evidenced")),
    };
    if statement.stores.is_empty() {
        let body = html! { p { span class="tag warn" { (page.get("theft-not-assessable")) } " " (page.get("theft-unknown")) " (" (page.moment(statement.as_of)) ")" } };
        return page.section("exfiltration", "theft-title", &body);
    }
    let (class, conclusion) = word(statement.conclusion, statement.coverage);
    let caption = page.get("theft-caption");
    let body = html! {
        p {
            span class={ "tag " (class) } { (conclusion) } " "
            (page.say("theft-note", &[("when", (&page.moment(statement.as_of)).into()), ("share", (&page.covered(statement.coverage)).into()), ("stores", page.view.figures.stores.into()), ("blind", page.view.figures.stores_not_assessable.into())]))
        }
        (annex(&caption, &html! {
            table class="stack" {
                caption { (caption) }
                thead { tr { th scope="col" { (page.get("theft-store")) } th scope="col" { (page.get("theft-data")) } th scope="col" { (page.get("theft-conclusion")) } th scope="col" { (page.get("theft-covered")) } th scope="col" { (page.get("theft-rests-on")) } } }
                tbody {
                    @for it in &statement.stores {
                        @let (class, text) = word(it.conclusion, it.coverage);
                        tr {
                            td { (it.asset) }
                            td data-label=(page.get("theft-data")) { (page.said(&it.data.join(", "))) }
                            td { span class={ "tag " (class) } { (text) } }
                            td data-label=(page.get("theft-covered")) { (page.covered(it.coverage)) }
                            td data-label=(page.get("theft-rests-on")) { (it.evidence.iter().map(|it| page.said(it)).collect::<Vec<_>>().join(page.also())) }
                        }
                    }
                }
            }
        }))
        (holes(page, statement))
    };
    page.section("exfiltration", "theft-title", &body)
}

/// Stretches in which a sensor recorded nothing of a store.
fn holes(page: &Page<'_>, statement: &Exfiltration) -> Markup {
    let caption = page.get("holes-caption");
    html! {
        @if !statement.holes.is_empty() {
            details {
                summary { (page.say("holes-count", &[("n", page.view.figures.holes.into())])) }
                (wide(&caption, &html! {
                    table {
                        caption { (caption) }
                        thead { tr { th scope="col" { (page.get("theft-store")) } th scope="col" { (page.get("holes-sensor")) } th scope="col" { (page.get("holes-from")) } th scope="col" { (page.get("holes-to")) } } }
                        tbody { @for it in statement.holes.iter().take(ROWS) { tr { td { (it.store) } td { (page.said(it.sensor.as_str())) } td { (page.instant(it.from)) } td { (page.instant(it.to)) } } } }
                    }
                }))
                (page.more(statement.holes.len(), "exfiltration.json")) // rows
            }
        }
    }
}
