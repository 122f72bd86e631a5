//! How assets are recovered: crews, procedures, steps and how long they take.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Selector;
use crate::id::CrewId;
use crate::span::Span;

/// People who carry out recovery steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    /// Short name.
    pub id: CrewId,
    /// How many steps it can carry out at once.
    pub members: u32,
}

/// How assets are recovered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// For which assets.
    #[serde(rename = "for")]
    pub applies_to: Selector,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step of a recovery procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name, unique within the procedure.
    pub id: String,
    /// Who carries it out.
    pub crew: CrewId,
    /// How long it takes.
    pub duration: DurationEstimate,
    /// Steps of the same procedure that must be done before.
    #[serde(default)]
    pub after: Vec<String>,
}

/// An uncertain duration by percentiles; what is not given is taken from `p50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = crate::schema::or_single_span)]
pub struct DurationEstimate {
    /// One time in ten it is done by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p10: Option<Span>,
    /// The median.
    pub p50: Span,
    /// Nine times in ten it is done by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<Span>,
}

impl DurationEstimate {
    /// A duration without spread.
    pub const fn fixed(p50: Span) -> Self {
        Self { p10: None, p50, p90: None }
    }
}
