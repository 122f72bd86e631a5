//! What every part of the page writes with: the case, the words of its language, the operator's clocks.

use std::collections::BTreeMap;

use bulkhead_model::case::{ActionKind, BaselineName, Clock, ServiceState, Stage};
use bulkhead_model::finding::Level;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::html::CaseView;
use crate::text;
use crate::words::{Lang, Value, Words};

/// The page being written.
pub struct Page<'a> {
    pub view: &'a CaseView<'a>,
    pub words: &'a Words,
    pub zone: TimeZone,
    services: BTreeMap<&'a str, String>,
}

impl<'a> Page<'a> {
    pub fn new(view: &'a CaseView<'a>, words: &'a Words) -> Self {
        let services = view.estate.services.iter().map(|it| (it.id.as_str(), words.of(&it.name)));
        Self { view, words, zone: text::zone(&view.estate.estate), services: services.collect() }
    }

    pub fn get(&self, id: &str) -> String {
        self.words.get(id)
    }

    pub fn say(&self, id: &str, values: &[(&str, Value<'_>)]) -> String {
        self.words.say(id, values)
    }

    /// A message with one count, `$n`.
    pub fn counted(&self, id: &str, n: usize) -> String {
        self.say(id, &[("n", n.into())])
    }

    /// A message with a figure of the case.
    pub fn figure(&self, id: &str, n: u64) -> String {
        self.say(id, &[("n", n.into())])
    }

    pub fn currency(&self) -> &'a str {
        &self.view.estate.estate.currency
    }

    pub fn span(&self, secs: u64) -> String {
        text::span_in(secs, self.words.lang)
    }

    pub fn percent(&self, share: f64) -> String {
        text::percent_in(share, self.words.lang)
    }

    /// Coverage: what is not covered is never rounded away.
    pub fn covered(&self, share: f64) -> String {
        match self.words.lang {
            Lang::En => text::covered(share),
            Lang::Fr => text::french_percent(&text::covered(share)),
        }
    }

    pub fn moment(&self, at: Timestamp) -> String {
        text::moment_in(at, &self.zone, self.words.lang)
    }

    pub fn instant(&self, at: Timestamp) -> String {
        text::instant_in(at, &self.zone, self.words.lang)
    }

    /// The name of a service as customers know it, or its id where the estate does not know it.
    pub fn service(&self, id: &'a str) -> &str {
        self.services.get(id).map_or(id, String::as_str)
    }

    /// What the record says, in the page's language.
    pub fn said(&self, text: &str) -> String {
        self.words.said(text)
    }

    /// The same of sentences joined by semicolons.
    pub fn all_said(&self, text: &str) -> String {
        self.words.all_said(text)
    }

    /// Between two statements of one line.
    pub fn also(&self) -> &'static str {
        self.words.also()
    }

    /// Between a name and what is said of it.
    pub fn colon(&self) -> &'static str {
        match self.words.lang {
            Lang::En => ": ",
            Lang::Fr => "\u{202f}: ",
        }
    }

    /// What a stage of recovery brings back, by the names of its services.
    pub fn stage_title(&self, stage: &'a Stage) -> String {
        stage_title(self.words, stage, |id| self.service(id).to_owned())
    }

    /// Who, by the role: `incident_commander`.
    pub fn role(&self, role: &str) -> String {
        let said = self.said(role);
        if said == role { role.replace('_', " ") } else { said }
    }

    /// What starts a clock.
    pub fn anchor(&self, anchor: &str) -> String {
        self.words.anchor(anchor)
    }

    pub fn state(&self, state: ServiceState) -> Markup {
        let (class, id) = match state {
            ServiceState::Up => ("good", "state-up"),
            ServiceState::Degraded => ("warn", "state-degraded"),
            ServiceState::Down => ("bad", "state-down"),
        };
        html! { span class={ "tag " (class) } { (self.get(id)) } }
    }

    pub fn action(&self, kind: ActionKind) -> String {
        self.get(match kind {
            ActionKind::BlockFlow => "action-block-flow",
            ActionKind::Segment => "action-segment",
            ActionKind::Isolate => "action-isolate",
            ActionKind::DisableIdentity => "action-disable-identity",
        })
    }

    pub fn baseline(&self, name: BaselineName) -> String {
        self.get(match name {
            BaselineName::IsolateAll => "baseline-isolate-all",
            BaselineName::ShutZones => "baseline-shut-zones",
        })
    }

    pub fn level(&self, level: Level) -> String {
        self.words.listed("level", level.as_str())
    }

    pub fn alternative(&self, name: &str) -> String {
        self.words.listed("alternative", name)
    }

    pub fn kind(&self, kind: &str) -> String {
        self.words.listed("kind", kind)
    }

    pub fn tactic(&self, tactic: &str) -> String {
        self.words.listed("tactic", tactic)
    }

    /// Regime and stage as people call them.
    pub fn duty(&self, clock: &Clock) -> String {
        format!("{} {}", clock.regime, self.words.listed("stage", &clock.stage))
    }

    /// A part of the page under its heading.
    pub fn section(&self, id: &str, title: &str, body: &Markup) -> Markup {
        html! { section aria-labelledby=(id) { h2 id=(id) { (self.get(title)) } (body) } }
    }

    /// The note below a list that was cut.
    pub fn more(&self, total: usize, file: &str) -> Markup {
        html! {
            @if total > ROWS { p class="note" { (self.say("more-in-file", &[("n", (total - ROWS).into()), ("file", file.into())])) } }
        }
    }
}

/// What a stage of recovery brings back: its services by name, else what the plan calls it.
pub fn stage_title<'a>(words: &Words, stage: &'a Stage, name: impl Fn(&'a str) -> String) -> String {
    let names: Vec<String> = stage.gate.restores.iter().map(|it| name(it.as_str())).collect();
    if names.is_empty() {
        return words.said(&stage.title);
    }
    let shown = names.iter().take(SERVICES).map(String::as_str).collect::<Vec<_>>();
    match (names.len().saturating_sub(SERVICES), shown.split_last()) {
        (0, Some((last, before))) if !before.is_empty() => {
            format!("{} {} {last}", before.join(", "), words.get("list-and"))
        }
        (0, _) => shown.join(", "),
        (more, _) => format!("{} {}", shown.join(", "), words.say("and-more", &[("n", more.into())])),
    }
}

/// Services named in a title.
const SERVICES: usize = 2;

/// Rows shown of lists that may be very long; the files of the case hold all of them.
pub const ROWS: usize = 400;
