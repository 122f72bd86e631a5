//! Services: what they need, whom they serve, what an hour without them costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::Localized;
use crate::id::{AssetId, FlowId, IdentityId, ServiceId};
use crate::span::Span;

/// A service the operator runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Short name.
    pub id: ServiceId,
    /// Name as customers know it.
    pub name: Localized,
    /// Who uses it.
    #[serde(default)]
    pub customers: Vec<Customers>,
    /// What an hour without it costs, in the estate's currency.
    #[serde(default)]
    pub value_per_hour: f64,
    /// Recovery time objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto: Option<Span>,
    /// Maximum tolerable period of disruption (ISO 22301).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtpd: Option<Span>,
    /// What it needs to be up.
    pub requires: Requirement,
    /// A weaker need under which it still gives part of its value (MBCO).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Degraded>,
}

/// Customers of one segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Customers {
    /// Segment, in a word of the operator's own, such as `business`, `consumer`, `wholesale`, `internal`: no list is checked.
    pub segment: String,
    /// How many.
    pub count: u64,
}

/// Degraded mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Degraded {
    /// What the service needs to run degraded.
    pub requires: Requirement,
    /// Share of its value it still gives, 0 to 1.
    pub share: f64,
}

/// What a service needs: leaves are assets, flows, identities and other services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Requirement {
    /// All of these.
    All {
        /// The needs.
        all: Vec<Requirement>,
    },
    /// One of these.
    Any {
        /// The needs.
        any: Vec<Requirement>,
    },
    /// At least n of these.
    AtLeast {
        /// How many of which.
        at_least: AtLeast,
    },
    /// An asset that is not isolated.
    Asset {
        /// Which.
        asset: AssetId,
    },
    /// A flow with at least one open pair; with `from` and `to`, that pair.
    Flow {
        /// Which.
        flow: FlowId,
        /// Source of the pair.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<AssetId>,
        /// Destination of the pair.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<AssetId>,
    },
    /// An identity that is not disabled.
    Identity {
        /// Which.
        identity: IdentityId,
    },
    /// A service that is not down.
    Service {
        /// Which.
        service: ServiceId,
    },
}

/// At least `n` of `of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// How many.
    pub n: usize,
    /// Of which.
    pub of: Vec<Requirement>,
}
