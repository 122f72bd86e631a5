//! `report.html`: one self-contained page. A director reads the first screen, an engineer the rest.

use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Figures, Impact, Incident, Localized, Plan, RecoveryPlan, Score,
    TimelineEntry,
};
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_model::plain::plain_lines;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::filing::Filing;
use crate::page::Page;
use crate::words::{Lang, Words};
use crate::{detail, style, summary};

/// Everything the report is made from. What did not come about is absent, and the page says so.
#[derive(Clone, Copy, Debug)]
pub struct CaseView<'a> {
    /// The operator.
    pub estate: &'a Estate,
    /// What happened.
    pub incident: &'a Incident,
    /// Every figure the page states in words.
    pub figures: &'a Figures,
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
    /// What is to be filed, each with a page of its own.
    pub filings: &'a [Filing],
    /// Names of the files of work orders, without language and ending.
    pub orders: &'a [String],
    /// The language of the page; the summary stands there in the other one too.
    pub lang: Lang,
    /// What a reader must know of the record before anything else: who signed it, who can undo its pseudonyms.
    pub notices: &'a [Localized],
}

/// The page. Same input, same bytes.
pub fn html(view: &CaseView<'_>) -> String {
    let words = Words::new(view.lang);
    let page = Page::new(view, &words);
    let heading = page.said(&view.incident.title);
    let title = format!("{heading} ({})", view.incident.id);
    let text = markup! {
        (DOCTYPE)
        html lang=(view.lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::PICTURE)) (PreEscaped(style::PAGE)) }
            }
            body {
                a class="skip" href="#detail" { (page.get("page-skip")) }
                header {
                    p class="kicker" { (view.estate.estate.name) " · " (page.get("page-incident")) " " (view.incident.id) }
                    h1 { (heading) }
                    @for notice in view.notices { p class="notice" { strong { (words.of(notice)) } } }
                }
                main {
                    (summary::section(&page))
                    div id="detail" { (sections(&page)) }
                }
                footer {
                    p { (page.get("page-footer")) }
                    p class="print" { (page.get("page-annex")) }
                }
            }
        }
    };
    // Nothing hidden belongs to the page's own markup, so all of it stems from values.
    plain_lines(&text.into_string()).into_owned()
}

fn sections(page: &Page<'_>) -> Markup {
    markup! {
        (detail::timeline(page))
        (detail::scope(page))
        (detail::containment(page))
        (detail::proof(page))
        (detail::recovery(page))
        (detail::clocks(page))
        (detail::filings(page))
        (detail::exfiltration(page))
        (detail::findings(page))
    }
}
