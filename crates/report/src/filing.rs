//! Filings as pages: what a form asks, what the case says, what a person must still write.

use bulkhead_model::case::{ClockStatus, Localized};
use bulkhead_model::estate::Estate;
use bulkhead_model::plain::plain_lines;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::style;
use crate::text::{moment_in, prose, zone};
use crate::words::{Lang, Words};

/// A filing, as a page shows it.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Name of its files, without ending: `filings/NAME.en.html`.
    pub name: String,
    /// Name of regime and stage.
    pub title: Localized,
    /// How it bears.
    pub status: ClockStatus,
    /// To whom.
    pub recipient: Localized,
    /// How it is filed.
    pub channel: Option<String>,
    /// Work to this.
    pub due_earliest: Option<Timestamp>,
    /// The latest that can be argued.
    pub due_outer: Option<Timestamp>,
    /// When it was filed, if it was.
    pub submitted_at: Option<Timestamp>,
    /// Whether it speaks of simulated measures.
    pub simulated: bool,
    /// Criteria of the duty that are met.
    pub criteria_met: Vec<Localized>,
    /// Criteria that nobody has established.
    pub criteria_open: Vec<Localized>,
    /// The questions that decide it.
    pub questions: Vec<Localized>,
    /// Its fields in the form's order.
    pub fields: Vec<Field>,
}

/// One field of a filing.
#[derive(Clone, Debug)]
pub struct Field {
    /// Short name, or the number the form gives it.
    pub id: String,
    /// Label.
    pub label: Localized,
    /// What the case says; absent when a person must write it.
    pub value: Option<Localized>,
    /// The question that would fill it.
    pub question: Option<Localized>,
}

impl Filing {
    /// Fields that a person must still fill in.
    pub fn missing(&self) -> usize {
        self.fields.iter().filter(|it| it.value.is_none()).count()
    }

    /// Whether it is still open that it must be filed at all: facts are missing, and its clock runs meanwhile.
    pub fn is_open(&self) -> bool {
        !self.criteria_open.is_empty() || !self.questions.is_empty()
    }
}

/// The filing as a page. Same input, same bytes.
pub fn html(filing: &Filing, estate: &Estate, incident: &str, lang: Lang) -> String {
    let words = Words::new(lang);
    let title = words.of(&filing.title);
    let page = markup! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::PICTURE)) (PreEscaped(style::PAGE)) }
            }
            body {
                header {
                    p class="kicker" { (estate.estate.name) " · " (incident) }
                    h1 { (title) }
                }
                main {
                    p {
                        span class="tag warn" { (words.get("filing-draft")) } " "
                        @if filing.is_open() { (words.get("filing-open-first")) " " }
                        @if filing.missing() > 0 || !filing.is_open() { (words.say("filing-missing", &[("n", filing.missing().into())])) }
                    }
                    @if filing.simulated { p { span class="tag warn" { (words.get("filing-simulated")) } } }
                    (head(filing, estate, &words))
                    (fields(filing, &words))
                }
                footer { p { (words.get("filing-footer")) } }
            }
        }
    };
    plain_lines(&page.into_string()).into_owned()
}

fn head(filing: &Filing, estate: &Estate, words: &Words) -> Markup {
    let zone = zone(&estate.estate);
    let moment = |at| moment_in(at, &zone, words.lang);
    let rows = |list: &[Localized]| markup! { ul { @for it in list { li { (words.of(it)) } } } };
    markup! {
        dl class="answers" {
            dt { (words.get("filing-to")) } dd { (words.of(&filing.recipient)) }
            @if let Some(channel) = &filing.channel { dt { (words.get("filing-channel")) } dd { (channel_word(channel, words)) } }
            dt { (words.get("filing-status")) }
            dd {
                @if filing.is_open() {
                    (words.get(if filing.status == ClockStatus::Binding { "filing-runs" } else { "filing-may-run" }))
                    (rows(&filing.criteria_open))
                } @else { (words.get(status_id(filing.status))) }
            }
            @if !filing.criteria_met.is_empty() { dt { (words.get("filing-met")) } dd { (rows(&filing.criteria_met)) } }
            @if !filing.questions.is_empty() { dt { (words.get("filing-questions")) } dd { (rows(&filing.questions)) } }
            @if let Some(at) = filing.submitted_at { dt { (words.get("filing-submitted")) } dd { (moment(at)) } }
            @if let Some(at) = filing.due_earliest { dt { (words.get("filing-due")) } dd { (moment(at)) } }
            @if let Some(at) = filing.due_outer.filter(|it| Some(*it) != filing.due_earliest) { dt { (words.get("filing-due-outer")) } dd { (moment(at)) } }
        }
    }
}

fn fields(filing: &Filing, words: &Words) -> Markup {
    markup! {
        table class="stack" {
            caption { (words.get("filing-fields")) }
            thead { tr { th scope="col" { (words.get("filing-field")) } th scope="col" { (words.get("filing-value")) } } }
            tbody {
                @for it in &filing.fields {
                    tr {
                        td { b { (words.of(&it.label)) } br; span class="note" { (it.id) } }
                        td data-label=(words.get("filing-value")) {
                            @match (&it.value, &it.question) {
                                (Some(value), _) => { (prose(&words.of(value))) }
                                (None, Some(question)) => { span class="tag bad" { (words.get("filing-open")) } " " (words.of(question)) }
                                (None, None) => { span class="tag bad" { (words.get("filing-open")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn status_id(status: ClockStatus) -> &'static str {
    match status {
        ClockStatus::Binding => "status-binding",
        ClockStatus::Prepare => "status-prepare",
        ClockStatus::Proposed => "status-proposed",
    }
}

/// How a filing travels.
pub(crate) fn channel_word(channel: &str, words: &Words) -> String {
    match channel {
        "portal" => words.get("channel-portal"),
        "email" => words.get("channel-email"),
        "post" => words.get("channel-post"),
        "phone" => words.get("channel-phone"),
        "json" => words.get("channel-json"),
        "public" => words.get("channel-public"),
        other => other.to_owned(),
    }
}
