//! `report.html`: one self-contained page. A director reads the first screen, an engineer the rest.

use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Impact, Incident, Plan, RecoveryPlan, Score, TimelineEntry,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_model::plain::plain_lines;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::{detail, style, summary};

/// Everything the report is made from. What did not come about is absent, and the page says so.
#[derive(Clone, Copy, Debug)]
pub struct CaseView<'a> {
    /// The operator.
    pub estate: &'a Estate,
    /// What happened.
    pub incident: &'a Incident,
    /// When what happened.
    pub timeline: &'a [TimelineEntry],
    /// Every finding of the incident.
    pub findings: &'a [Finding],
    /// Services hit.
    pub impact: &'a Impact,
    /// The containment.
    pub plan: Option<&'a Plan>,
    /// Its proof.
    pub certificate: Option<&'a Certificate>,
    /// Whether an independent check of the rules read back confirmed the proof; absent when nothing was applied.
    pub proof_holds: Option<bool>,
    /// The recovery.
    pub recovery: Option<&'a RecoveryPlan>,
    /// The legal clocks.
    pub clocks: &'a [Clock],
    /// What can be said of theft of data.
    pub exfiltration: Option<&'a Exfiltration>,
    /// How a drill went.
    pub score: Option<&'a Score>,
}

/// The page. Same input, same bytes.
pub fn html(view: &CaseView<'_>) -> String {
    let title = format!("{} ({})", view.incident.title, view.incident.id);
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::PICTURE)) (PreEscaped(style::PAGE)) }
            }
            body {
                a class="skip" href="#detail" { "Skip to the engineer's detail" }
                header {
                    p class="kicker" { (view.estate.estate.name) " · incident " (view.incident.id) }
                    h1 { (view.incident.title) }
                }
                main {
                    (summary::section(view))
                    div id="detail" { (sections(view)) }
                }
                footer {
                    p {
                        "Computed by Bulkhead from the files of this case. `bulkhead case verify` checks every byte of it against \
                         its signed record, offline. Deadlines are a working aid, not legal advice."
                    }
                }
            }
        }
    };
    // Nothing hidden belongs to the page's own markup, so all of it stems from values.
    plain_lines(&page.into_string()).into_owned()
}

fn sections(view: &CaseView<'_>) -> Markup {
    markup! {
        (detail::timeline(view))
        (detail::scope(view))
        (detail::containment(view))
        (detail::proof(view))
        (detail::recovery(view))
        (detail::clocks(view))
        (detail::exfiltration(view))
        (detail::findings(view))
    }
}
