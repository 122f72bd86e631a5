//! What was seen: the timeline, who is concerned, the statement on data, the findings.

use bulkhead_model::case::{Entity, ExfiltrationConclusion, Reason};
use maud::{Markup, PreEscaped, html};

use super::{ROWS, more, section, wide};
use crate::html::CaseView;
use crate::text::{count, instant, percent, plural, prose, zone};
use crate::timeline as timeline_picture;

/// When what happened.
pub fn timeline(view: &CaseView<'_>) -> Markup {
    let zone = zone(&view.estate.estate);
    let picture = timeline_picture::svg(view.timeline, &zone, "timeline-picture");
    let body = html! {
        (wide("Timeline, picture", &html! { (PreEscaped(picture)) }))
        p class="note" { "Quiet times are compressed. Point at a mark to read it." }
        details {
            summary { "All " (view.timeline.len()) " entries" }
            (wide("Timeline, table", &html! {
                table {
                    caption { "What happened, in order" }
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Text" } } }
                    tbody {
                        @for it in view.timeline.iter().take(ROWS) {
                            tr { td class="t" { (instant(it.at, &zone)) } td { (it.kind) @if let Some(tactic) = &it.tactic { " (" (tactic) ")" } } td { (prose(&it.text)) } }
                        }
                    }
                }
            }))
            (more(view.timeline.len(), "timeline.json"))
        }
    };
    section("timeline", "Timeline", &body)
}

/// Reasons shown without unfolding.
const REASONS: usize = 2;

fn reasons(reasons: &[Reason]) -> Markup {
    html! { ul class="reasons" { @for it in reasons { li { (prose(&it.text)) " " code { (it.finding) } } } } }
}

/// Who is in the attacker's hands, and why.
pub fn scope(view: &CaseView<'_>) -> Markup {
    let zone = zone(&view.estate.estate);
    let rows = |list: &[Entity], word: &str, class: &str| {
        html! {
            @for it in list {
                tr {
                    td { span class={ "tag " (class) } { (word) } }
                    td { b { (it.id) } @if let Some(hostname) = &it.hostname { br; code { (hostname) } } }
                    td class="t" data-label="Since" { (instant(it.since, &zone)) }
                    td class="n" data-label="Sure" { (percent(it.confidence)) }
                    td {
                        (reasons(&it.reasons[..it.reasons.len().min(REASONS)]))
                        @if it.reasons.len() > REASONS {
                            details class="rule" {
                                summary { (plural(it.reasons.len() - REASONS, "more reason", "more reasons")) }
                                (reasons(&it.reasons[REASONS..]))
                            }
                        }
                    }
                }
            }
        }
    };
    let body = wide(
        "Scope",
        &html! {
            table class="stack" {
                caption { "Hosts and accounts of the incident; none stands here without a finding or an observation" }
                thead { tr { th scope="col" { "" } th scope="col" { "Who" } th scope="col" { "Since" } th scope="col" class="n" { "Sure" } th scope="col" { "Because" } } }
                tbody {
                    (rows(&view.incident.compromised, "compromised", "bad"))
                    (rows(&view.incident.suspected, "suspected", "warn"))
                }
            }
        },
    );
    section("scope", "Scope", &body)
}

/// What can be said of theft of data.
pub fn exfiltration(view: &CaseView<'_>) -> Markup {
    let Some(statement) = view.exfiltration else { return html! {} };
    let word = |conclusion: ExfiltrationConclusion| match conclusion {
        ExfiltrationConclusion::NoneSeen => ("good", "none seen"),
        ExfiltrationConclusion::Indications => ("warn", "indications"),
        ExfiltrationConclusion::Evidenced => ("bad", "evidenced"),
    };
    let (class, conclusion) = word(statement.conclusion);
    let body = html! {
        p { span class={ "tag " (class) } { (conclusion) } " as of " (instant(statement.as_of, &zone(&view.estate.estate))) "; telemetry covers " (percent(statement.coverage)) " of the stores within the attacker's reach. Re-evaluated when facts change." }
        (wide("Stores of data", &html! {
            table {
                caption { "Stores of data within the attacker's reach" }
                thead { tr { th scope="col" { "Store" } th scope="col" { "Data" } th scope="col" { "Conclusion" } th scope="col" { "Covered" } th scope="col" { "Rests on" } } }
                tbody {
                    @for it in &statement.stores {
                        @let (class, text) = word(it.conclusion);
                        tr { td { (it.asset) } td { (it.data.join(", ")) } td { span class={ "tag " (class) } { (text) } } td { (if it.covered { "yes" } else { "no" }) } td { (it.evidence.join("; ")) } }
                    }
                    @if statement.stores.is_empty() { tr { td colspan="5" { "none" } } }
                }
            }
        }))
    };
    section("exfiltration", "Exfiltration", &body)
}

/// Every finding.
pub fn findings(view: &CaseView<'_>) -> Markup {
    let zone = zone(&view.estate.estate);
    let body = html! {
        p { (count(view.incident.telemetry.events)) " events read from " (plural(view.incident.telemetry.sources.len(), "source", "sources")) ", " (count(view.incident.telemetry.malformed)) " malformed; " (plural(view.findings.len(), "finding belongs", "findings belong")) " to this incident." }
        details {
            summary { "All findings" }
            (wide("Findings", &html! {
                table {
                    caption { "One line per rule match" }
                    thead { tr { th scope="col" { "When" } th scope="col" { "Level" } th scope="col" { "Rule" } th scope="col" { "Host" } th scope="col" { "Account" } th scope="col" { "Event" } } }
                    tbody {
                        @for it in view.findings.iter().take(ROWS) {
                            tr {
                                td class="t" { (it.time.map_or("-".to_owned(), |at| instant(at, &zone))) }
                                td { (it.rule.level.as_str()) }
                                td { (it.rule.title) br; code { (it.rule.id) } }
                                td { (it.host.as_deref().unwrap_or("-")) }
                                td { (it.user.as_deref().unwrap_or("-")) }
                                td { code { (it.source.file) "#" (it.source.record) } }
                            }
                        }
                    }
                }
            }))
            (more(view.findings.len(), "findings.ndjson"))
        }
    };
    section("findings", "Findings", &body)
}
