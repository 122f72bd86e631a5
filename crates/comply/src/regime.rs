//! A regime of reporting duties as data: who, when, from which instant, until when, to whom, with which fields.

use std::collections::BTreeMap;

use bulkhead_model::case::Localized;
use bulkhead_model::id::RegimeId;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::predicate::Predicate;

/// Where a regime stands as law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It applies.
    InForce,
    /// A directive in force whose national law counsel must hold to be there (`legal_profile.transposed`).
    PendingTransposition,
    /// Not law: shown, never computed with.
    Proposed,
    /// No longer law; kept for incidents before.
    Repealed,
    /// Its state could not be checked: prepare, ask counsel.
    Verify,
}

/// A regime.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    /// Short name, such as `NIS2`.
    pub id: RegimeId,
    /// Version of the record; an operator's file replaces the embedded one of the same id.
    pub version: u32,
    /// Full name.
    pub name: Localized,
    /// Where it stands as law.
    pub status: Status,
    /// For directives: the name `legal_profile.transposed` must hold for it to bind.
    pub transposition: Option<String>,
    /// The directive whose transposition ends it.
    pub ends_with: Option<String>,
    /// First day it applies.
    pub valid_from: Option<Date>,
    /// Last day it applied.
    pub valid_to: Option<Date>,
    /// `EU`, `FR`, `US`, `UK`.
    pub jurisdiction: String,
    /// Whom it binds.
    pub entity: Predicate,
    /// Which incidents it concerns.
    pub trigger: Predicate,
    /// Its stages in order.
    pub stages: Vec<Stage>,
    /// What it rests on.
    pub sources: Vec<Source>,
    /// What counsel must know.
    pub notes: Vec<String>,
    /// French for its rules, clauses, recipients and notes, by their English.
    pub french: BTreeMap<String, String>,
    /// The file it was read from.
    pub origin: String,
}

impl Regime {
    /// A rule, clause, recipient or note in French; as it is where the file gives no French.
    pub fn in_french(&self, text: &str) -> String {
        self.french.get(text).map_or(text, String::as_str).to_owned()
    }

    /// Every condition it puts, wherever it stands.
    pub fn predicates(&self) -> Vec<&Predicate> {
        let mut all = vec![&self.entity, &self.trigger];
        for stage in &self.stages {
            all.extend(stage.when.iter().chain(&stage.unless));
            let limits = stage.limit.iter().chain(stage.cap.iter().map(|it| &it.1));
            all.extend(limits.filter_map(|it| it.rollover_not_for.as_ref()));
        }
        all
    }
}

/// One duty of a regime.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Short name, such as `early_warning`; may stand twice when `when`/`unless` exclude each other.
    pub id: String,
    /// Full name.
    pub name: Localized,
    /// What starts it.
    pub anchor: Anchor,
    /// Until when; absent for "without undue delay" and "at once".
    pub limit: Option<Limit>,
    /// A second limit, whichever ends first; it lapses when the first anchor comes after it.
    pub cap: Option<(Anchor, Limit)>,
    /// To whom, by country of establishment, `*` for every other.
    pub recipients: Vec<(String, String)>,
    /// `portal`, `email`, `post`, `phone`, `json`, `public`.
    pub channel: Option<String>,
    /// The rule in words, with its article.
    pub rule: String,
    /// Shown only when this is met.
    pub when: Option<Predicate>,
    /// Hidden when this is met.
    pub unless: Option<Predicate>,
    /// What the filing must say.
    pub fields: Vec<FieldSpec>,
}

/// What starts a clock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// Becoming aware.
    Awareness,
    /// Detecting it.
    Detection,
    /// Classifying it as major.
    Classification,
    /// The incident itself.
    Incident,
    /// Filing an earlier stage, the first time.
    Submission(String),
    /// Filing an earlier stage, the last time: an updated report starts the period anew.
    LastSubmission(String),
    /// Determining that it is material.
    Determination,
    /// A corrective or mitigating measure becoming available.
    MeasureAvailable,
    /// The end of its handling.
    HandlingEnd,
}

/// Units of legal periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Hours.
    Hour,
    /// Calendar days.
    Day,
    /// Calendar months.
    Month,
    /// Working days.
    BusinessDay,
}

/// What happens at weekends and holidays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollover {
    /// Nothing.
    None,
    /// Regulation 1182/71 art. 3(4): to the end of the next working day, periods in hours excepted.
    Reg1182,
    /// Delegated Regulation 2025/301 art. 5(4)-(6): to noon of the next working day.
    Dora,
    /// National law of the same effect as 1182/71.
    National,
}

/// A legal period.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
    /// Whether the hour (or day) of the event is not counted and the last one counts to its end.
    pub whole_units: bool,
    /// What happens at weekends and holidays.
    pub rollover: Rollover,
    /// Who may not use the roll-over.
    pub rollover_not_for: Option<Predicate>,
    /// The period holds at least so many working days.
    pub min_working_days: u32,
    /// As `min_working_days`, but contested: flagged, never computed with.
    pub contested_working_days: u32,
    /// Holiday calendar; the country of establishment when absent.
    pub calendar: Option<String>,
    /// Time zone in which days are counted; the operator's when absent.
    pub zone: Option<String>,
    /// Hour at which the recipient's day ends; midnight when absent.
    pub closes: Option<Time>,
}

/// One field of a filing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldSpec {
    /// Short name, or the number the form gives it.
    pub id: String,
    /// Label.
    pub label: Localized,
    /// Where the case holds it; absent when a person must write it.
    pub from: Option<String>,
}

/// How a statement of law was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the legal text itself.
    Text,
    /// Read in a secondary source.
    Secondary,
    /// From memory: a lawyer or a check of the text must confirm it.
    Memory,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The act.
    pub act: String,
    /// The article.
    pub article: String,
    /// How it was checked.
    pub confidence: Confidence,
    /// When.
    pub verified_on: Date,
}

impl Anchor {
    /// As `clocks.json` names it, such as `awareness`, `submission:initial`.
    pub fn name(&self) -> String {
        match self {
            Self::Awareness => "awareness".to_owned(),
            Self::Detection => "detection".to_owned(),
            Self::Classification => "classification".to_owned(),
            Self::Incident => "incident".to_owned(),
            Self::Submission(stage) => format!("submission:{stage}"),
            Self::LastSubmission(stage) => format!("last_submission:{stage}"),
            Self::Determination => "determination".to_owned(),
            Self::MeasureAvailable => "measure_available".to_owned(),
            Self::HandlingEnd => "handling_end".to_owned(),
        }
    }

    /// The anchor of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "awareness" => Self::Awareness,
            "detection" => Self::Detection,
            "classification" => Self::Classification,
            "incident" => Self::Incident,
            "determination" => Self::Determination,
            "measure_available" => Self::MeasureAvailable,
            "handling_end" => Self::HandlingEnd,
            _ => match name.split_once(':')? {
                ("submission", stage) if !stage.is_empty() => Self::Submission(stage.to_owned()),
                ("last_submission", stage) if !stage.is_empty() => Self::LastSubmission(stage.to_owned()),
                _ => return None,
            },
        })
    }

    /// The stage whose filing it is.
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Submission(stage) | Self::LastSubmission(stage) => Some(stage),
            _ => None,
        }
    }
}

impl Stage {
    /// The recipient for an operator established in `country`.
    pub fn recipient(&self, country: &str) -> &str {
        let of = |key: &str| self.recipients.iter().find(|it| it.0 == key).map(|it| it.1.as_str());
        of(country).or_else(|| of("*")).unwrap_or("the competent authority")
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = match self.confidence {
            Confidence::Text => "read in the text",
            Confidence::Secondary => "read in a secondary source",
            Confidence::Memory => "from memory, to be confirmed",
        };
        write!(f, "{}, {} ({mark}, {})", self.act, self.article, self.verified_on)
    }
}
