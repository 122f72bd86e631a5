//! `clocks.json`: every legal deadline and what it rests on.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}
