//! `clocks.json`: every legal deadline and what it rests on.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Localized;
use crate::id::RegimeId;

/// How a regime bears on this operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClockStatus {
    /// It binds.
    Binding,
    /// It may bind: prepare, let counsel decide.
    Prepare,
    /// It is not law yet: shown, never computed with.
    Proposed,
}

/// Whether a regime's trigger is met by what is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// It is met.
    Met,
    /// Facts are missing: the clock runs all the same.
    #[default]
    Unknown,
}

/// One stage of one obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// The regime.
    pub regime: RegimeId,
    /// The stage, such as `early_warning`, `notification`, `final`.
    pub stage: String,
    /// How it bears.
    pub status: ClockStatus,
    /// What starts the clock, such as `awareness`, `submission:notification`.
    pub anchor: String,
    /// When that was; absent while it has not happened.
    pub anchor_at: Option<Timestamp>,
    /// Earliest defensible deadline: what to work to. Absent for "without undue delay" and while the anchor is open.
    pub due_earliest: Option<Timestamp>,
    /// Latest deadline that can be argued; counsel decides.
    pub due_outer: Option<Timestamp>,
    /// The rule in words, with its article.
    pub rule: String,
    /// To whom.
    pub recipient: String,
    /// Sources: act and article, with the date each was checked.
    pub sources: Vec<String>,
    /// The regime's name, for people.
    pub name: Localized,
    /// Whether the trigger is met, or facts are missing and the clock runs all the same.
    #[serde(default)]
    pub trigger: Trigger,
    /// The clauses of the trigger that are met by what is known.
    #[serde(default)]
    pub clauses: Vec<String>,
    /// The clauses of the trigger that wait for a fact: nobody has established them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_clauses: Vec<String>,
    /// On what the latest deadline rests, when it differs from the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_rule: Option<String>,
    /// How it is filed: `portal`, `email`, `post`, `phone`, `json`, `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// When this stage was filed, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// What counsel must know: status of the law, contested readings, unverified sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The same in French; absent where the regime's file holds no French.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fr: Option<Box<ClockInFrench>>,
}

/// What a clock says in French, beside the English of its own keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockInFrench {
    /// The rule in words, with its article.
    pub rule: String,
    /// To whom.
    pub recipient: String,
    /// The clauses that are met, in the order of the English ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<String>,
    /// The clauses that wait for a fact, in the order of the English ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_clauses: Vec<String>,
    /// What counsel must know, in the order of the English notes; what the program notes by itself stays English here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Clock {
    /// To whom, in both languages.
    pub fn recipients(&self) -> Localized {
        localized(&self.recipient, self.fr.as_ref().map(|it| it.recipient.as_str()))
    }

    /// The rule in both languages.
    pub fn rules(&self) -> Localized {
        localized(&self.rule, self.fr.as_ref().map(|it| it.rule.as_str()))
    }

    /// The clauses met, in both languages.
    pub fn clauses_met(&self) -> Vec<Localized> {
        pairs(&self.clauses, self.fr.as_ref().map(|it| it.clauses.as_slice()))
    }

    /// The clauses open, in both languages.
    pub fn clauses_open(&self) -> Vec<Localized> {
        pairs(&self.open_clauses, self.fr.as_ref().map(|it| it.open_clauses.as_slice()))
    }

    /// The notes in both languages.
    pub fn all_notes(&self) -> Vec<Localized> {
        pairs(&self.notes, self.fr.as_ref().map(|it| it.notes.as_slice()))
    }
}

fn localized(en: &str, fr: Option<&str>) -> Localized {
    match fr.filter(|it| *it != en) {
        Some(fr) => Localized::Each { en: en.to_owned(), fr: Some(fr.to_owned()) },
        None => Localized::Same(en.to_owned()),
    }
}

fn pairs(en: &[String], fr: Option<&[String]>) -> Vec<Localized> {
    let french = |at: usize| fr.and_then(|it| it.get(at)).map(String::as_str);
    en.iter().enumerate().map(|(at, it)| localized(it, french(at))).collect()
}
