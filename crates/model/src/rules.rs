//! Filter rules as an enforcement point holds them: what a plan is rendered to, and what is read back.
//!
//! The same shape serves both ways, so that a checker can decide reachability from the rules read back and never from
//! the plan that asked for them.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::estate::Port;
use crate::id::{AssetId, IdentityId, PointId, ZoneId};

/// What one enforcement point should hold, or holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PointRules {
    /// The enforcement point.
    pub point: PointId,
    /// Number of the plan; a point refuses a lower one than it holds.
    pub generation: u64,
    /// Rules in order; the first that matches decides, and what none matches is left alone.
    pub rules: Vec<Rule>,
    /// Identities disabled at this point, with the name under which each is read back.
    pub disabled: Vec<DisabledIdentity>,
    /// Seconds until everything here lapses by itself; 0 means never.
    pub lease_s: u64,
}

/// An identity disabled at a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DisabledIdentity {
    /// Name as read back.
    pub name: String,
    /// Whose.
    pub identity: IdentityId,
}

/// One rule: first match decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Name, unique at the point.
    pub name: String,
    /// Id of the plan's action it serves; absent for the rules that keep management open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who opens the flow.
    pub from: Endpoint,
    /// Who answers.
    pub to: Endpoint,
    /// On which ports; none means all.
    pub ports: Vec<Port>,
    /// What happens.
    pub verdict: Verdict,
}

/// What a rule does with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Let it pass, whatever later rules say.
    Accept,
    /// Drop it.
    Drop,
}

/// One end of a rule: the union of what is listed; all empty means every end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Whole zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneId>,
    /// Single assets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<AssetId>,
    /// The addresses these stand for, as a packet filter needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpNet>,
}
