//! The engineer's part: timeline, scope, containment, proof, recovery, clocks, exfiltration, findings.

use std::collections::BTreeMap;

use bulkhead_model::case::{
    ActionKind, BaselineName, Clock, ClockStatus, Entity, ExfiltrationConclusion, Objective, ServiceImpact,
    ServiceState,
};
use bulkhead_model::id::ServiceId;
use maud::{Markup, PreEscaped, html};

use crate::html::CaseView;
use crate::summary::percent;
use crate::text::{customers, instant, number, span, zone};
use crate::{gantt, graph, timeline as timeline_picture};

/// Rows shown of lists that may be very long; the files of the case hold all of them.
const ROWS: usize = 400;

fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (body) } }
}

/// Something wide in a box of its own that scrolls by keyboard too.
fn wide(label: &str, body: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (body) } }
}

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
                            tr { td class="t" { (instant(it.at, &zone)) } td { (it.kind) @if let Some(tactic) = &it.tactic { " (" (tactic) ")" } } td { (it.text) } }
                        }
                    }
                }
            }))
            (more(view.timeline.len(), "timeline.json"))
        }
    };
    section("timeline", "Timeline", &body)
}

fn more(total: usize, file: &str) -> Markup {
    html! { @if total > ROWS { p class="note" { (total - ROWS) " more stand in " code { (file) } "." } } }
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
                    td class="t" { (instant(it.since, &zone)) }
                    td class="n" { (percent(it.confidence)) }
                    td { ul style="margin:0;padding-left:1.1em" {
                        @for reason in it.reasons.iter().take(6) { li { (reason.text) " " code { (reason.finding) } } }
                        @if it.reasons.len() > 6 { li { "and " (it.reasons.len() - 6) " more reasons" } }
                    } }
                }
            }
        }
    };
    let body = wide(
        "Scope",
        &html! {
            table {
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

fn state(state: ServiceState) -> Markup {
    let (class, word) = match state {
        ServiceState::Up => ("good", "up"),
        ServiceState::Degraded => ("warn", "degraded"),
        ServiceState::Down => ("bad", "down"),
    };
    html! { span class={ "tag " (class) } { (word) } }
}

fn impacts(
    list: &[ServiceImpact],
    names: &BTreeMap<&ServiceId, String>,
    currency: &str,
    caption: &str,
) -> Markup {
    wide(
        caption,
        &html! {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Service" } th scope="col" { "State" } th scope="col" { "Customers" } th scope="col" class="n" { (currency) " per hour" } } }
                tbody {
                    @for it in list {
                        tr { td { (names.get(&it.service).map_or(it.service.as_str(), String::as_str)) } td { (state(it.state)) } td { (customers(&it.customers)) } td class="n" { (number(it.value_per_hour)) } }
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
            td class="n" { (number(objective.service_loss)) }
            td class="n" { (number(objective.exposure)) }
            td class="n" { (number(objective.operating)) }
            td class="n" { b { (number(objective.total)) } }
            td { (services) }
            td { (note) }
        }
    }
}

/// What is isolated, what that breaks, what one would otherwise do.
pub fn containment(view: &CaseView<'_>) -> Markup {
    let names: BTreeMap<_, _> =
        view.estate.services.iter().map(|it| (&it.id, it.name.en().to_owned())).collect();
    let currency = &view.estate.estate.currency;
    let body = html! {
        (impacts(&view.impact.attacker, &names, currency, "Services that rest on what the attacker holds"))
        @match view.plan {
            None => p { "No containment plan was made." },
            Some(plan) => {
                (wide("Cost of containment", &html! {
                    table {
                        caption { "The plan next to what one would otherwise do, over " (number(plan.horizon_h)) " hours, in " (plan.currency) }
                        thead { tr { th scope="col" { "" } th scope="col" class="n" { "Services lost" } th scope="col" class="n" { "Still exposed" } th scope="col" class="n" { "Operating" } th scope="col" class="n" { "Total" } th scope="col" { "Services hit" } th scope="col" { "" } } }
                        tbody {
                            (cost("this plan", &plan.objective, &view.impact.containment_predicted.len().to_string(), &format!("proven within {}", percent(plan.gap))))
                            @for it in &plan.alternatives { (cost(&it.name.replace('_', " "), &it.objective, &it.services.len().to_string(), &format!("{} actions", it.actions.len()))) }
                            @for it in &plan.baselines { (cost(baseline_name(it.name), &it.objective, &it.services.len().to_string(), if it.feasible { "" } else { "breaks a hard rule" })) }
                        }
                    }
                }))
                (impacts(&view.impact.containment_predicted, &names, currency, "Services our containment hits, as predicted"))
                @if !view.impact.containment_observed.is_empty() { (impacts(&view.impact.containment_observed, &names, currency, "The same, as observed by probes")) }
                (actions(view))
                @if !plan.not_done.is_empty() {
                    h3 { "Left undone" }
                    ul { @for it in plan.not_done.iter().take(ROWS) { li { (it.what) ": " (it.why) } } }
                }
            }
        }
    };
    section("containment", "Containment", &body)
}

fn actions(view: &CaseView<'_>) -> Markup {
    let Some(plan) = view.plan else { return html! {} };
    wide(
        "Actions",
        &html! {
            table {
                caption { "Actions of plan generation " (plan.generation) }
                thead { tr { th scope="col" { "Action" } th scope="col" { "At" } th scope="col" { "Lapses after" } th scope="col" { "Cuts" } th scope="col" { "Breaks" } } }
                tbody {
                    @for it in &plan.actions {
                        tr {
                            td { b { (action_word(it.kind)) } " " code { (it.target) } @if let Some(from) = &it.from { " from " code { (from) } } @if let Some(to) = &it.to { " to " code { (to) } } }
                            td { (it.enforcement_point) @for point in &it.also_at { ", " (point) } }
                            td { (span(it.lease_s)) }
                            td { (it.cuts.len()) " moves" @if let Some(first) = it.cuts.first() { br; span class="note" { (first) } } }
                            td { @for broken in &it.breaks { (broken.service) " " (state(broken.state)) " " } @if it.breaks.is_empty() { "nothing" } }
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
                    Some(true) => { span class="tag good" { "holds" } " An independent checker followed every declared flow through the rules read back from the enforcement points: nothing beyond the reached set can be reached." },
                    Some(false) => { span class="tag bad" { "does not hold" } " The checker found a path that the rules read back leave open." },
                    None => "Computed from the plan; nothing has been read back yet.",
                }
            }
            (wide("Attack graph", &html! { (PreEscaped(graph::svg(view.estate, certificate, "graph-picture"))) }))
            details {
                summary { (certificate.cut.len()) " moves cut, with the rule that cuts each" }
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

/// In which order services come back.
pub fn recovery(view: &CaseView<'_>) -> Markup {
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
                        td { (it.service) } td class="n" { (span(it.p50)) } td class="n" { (span(it.p90)) }
                        td class="n" { (it.rto.map_or("-".to_owned(), span)) } td class="n" { (it.mtpd.map_or("-".to_owned(), span)) } td class="n" { (percent(it.mtpd_breach)) }
                    } } }
                }
            }))
            @for stage in &plan.stages {
                h3 { "Stage " (stage.n) ": " (stage.title) }
                p { (stage.steps.len()) " steps. Gate, opened by " (stage.gate.approver) ", after " (span(stage.gate.surveillance_s)) " of surveillance without a new finding:" }
                ul { @for check in &stage.gate.checks { li { (check) } } }
            }
        },
    };
    section("recovery", "Recovery", &body)
}

/// What the law wants, and when.
pub fn clocks(view: &CaseView<'_>) -> Markup {
    let zone = zone(&view.estate.estate);
    let row = |it: &Clock| {
        let class = match it.status {
            ClockStatus::Binding => "bad",
            ClockStatus::Prepare => "warn",
            ClockStatus::Proposed => "act",
        };
        let word = format!("{:?}", it.status).to_lowercase();
        let earliest = match (it.due_earliest, it.anchor_at) {
            _ if it.status == ClockStatus::Proposed => "not law".to_owned(),
            (Some(due), _) => instant(due, &zone),
            (None, Some(_)) => "at once".to_owned(),
            (None, None) => format!("runs from {}", it.anchor),
        };
        let outer = it.due_outer.filter(|outer| Some(*outer) != it.due_earliest);
        html! {
            tr {
                td { span class={ "tag " (class) } { (word) } }
                td { b { (it.regime) } " " (it.stage) br; span class="note" { (it.name) } }
                td class="t" { (earliest) }
                td class="t" { @if let Some(outer) = outer { (instant(outer, &zone)) } }
                td { (it.recipient) }
                td { (it.rule) @for note in &it.notes { br; span class="note" { (note) } } br; span class="note" { (it.sources.join("; ")) } }
            }
        }
    };
    let body = html! {
        p { "Work to the earliest deadline; the latest arguable one is for counsel to decide. A regime that does not bind this operator by its legal profile is shown as prepare or proposed." }
        (wide("Legal clocks", &html! {
            table {
                caption { "Every clock, from the one awareness instant" }
                thead { tr { th scope="col" { "" } th scope="col" { "Obligation" } th scope="col" { "Earliest" } th scope="col" { "Latest arguable" } th scope="col" { "To" } th scope="col" { "Rule" } } }
                tbody { @for it in view.clocks { (row(it)) } }
            }
        }))
    };
    section("clocks", "Legal clocks", &body)
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
        p { (view.incident.telemetry.events) " events read from " (view.incident.telemetry.sources.len()) " sources, " (view.incident.telemetry.malformed) " malformed; " (view.findings.len()) " findings belong to this incident." }
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
