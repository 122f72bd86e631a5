//! A finding: one rule matched one event (or, for a correlation rule, one group of events).

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// How grave a rule's author holds a match to be (Sigma specification 2.1, `level`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Context only.
    #[default]
    Informational,
    /// Rarely worth a look by itself.
    Low,
    /// Worth a look.
    Medium,
    /// Someone should look today.
    High,
    /// Someone should look now.
    Critical,
}

impl Level {
    /// All levels, least grave first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name as Sigma writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level Sigma writes as `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// What a finding says of the rule that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleRef {
    /// The rule's id (a UUID in Sigma), or its file name where the author gave none.
    pub id: String,
    /// The rule's title.
    pub title: String,
    /// The rule's level.
    pub level: Level,
    /// The rule's tags, such as `attack.t1021.002`.
    pub tags: Vec<String>,
}

/// Where the event of a finding stands in the telemetry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SourceRef {
    /// The file (and member of an archive: `a.zip!b.json`), as the user named it.
    pub file: String,
    /// 1-based number of the record within the file.
    pub record: u64,
}

/// One rule match. `findings.ndjson` and `detect --format ndjson` hold one of these a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// When the event happened, by its own clock; absent when the event carries no readable time.
    pub time: Option<Timestamp>,
    /// The rule that matched.
    pub rule: RuleRef,
    /// The event it matched.
    pub source: SourceRef,
    /// The host the event speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The account the event speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The event's fields that the rule read, by name; values as text.
    pub fields: BTreeMap<String, String>,
    /// What the event is a part of; not written, since it is of one run.
    #[serde(skip)]
    pub trace: Trace,
}
