//! What every part of the page writes with: the case, the words of its language, the operator's clocks.

use std::collections::BTreeMap;

use bulkhead_model::case::{ActionKind, BaselineName, Clock, ServiceState};
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
    services: BTreeMap<&'a str, &'a str>,
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
            Lang::Fr => text::covered(share).replace('.', ","),
        }
    }

    pub fn moment(&self, at: Timestamp) -> String {
        text::moment_in(at, &self.zone, self.words.lang)
    }

    pub fn instant(&self, at: Timestamp) -> String {
        text::instant(at, &self.zone)
    }

    /// The name of a service as customers know it, or its id where the estate does not know it.
    pub fn service(&self, id: &'a str) -> &'a str {
        self.services.get(id).copied().unwrap_or(id)
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

/// Rows shown of lists that may be very long; the files of the case hold all of them.
pub const ROWS: usize = 400;
