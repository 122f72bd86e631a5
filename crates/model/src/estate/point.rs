//! Where and at what cost isolation can be enforced, and the channels that it never cuts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Port, Selector};
use crate::id::{AssetId, PointId, ZoneId};
use crate::span::Span;

/// How an enforcement point is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PointKind {
    /// By the built-in simulated fleet.
    Simulated,
    /// By nftables.
    Nftables,
    /// By OpenC2 commands.
    Openc2,
    /// By a person.
    Manual,
}

/// What an enforcement point can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Block a flow, wholly or for one asset.
    BlockFlow,
    /// Block all flows of an ordered zone pair.
    Segment,
    /// Cut an asset off from all but management.
    Isolate,
    /// Disable an identity and revoke its sessions.
    DisableIdentity,
}

/// Where isolation can be enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnforcementPoint {
    /// Short name.
    pub id: PointId,
    /// How it is driven.
    pub kind: PointKind,
    /// Make and model, such as `FortiGate`, `Windows Firewall`, `Active Directory`, `Cisco ASA`, `Cisco IOS` or the name
    /// of an EDR: work orders for a person are worded for it. Open: any other name is used as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The asset it runs on, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// Ordered zone pairs whose flows pass through it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covers: Vec<(ZoneId, ZoneId)>,
    /// Assets on which it has an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Selector>,
    /// What it can do.
    pub can: Vec<Capability>,
    /// How long until an action takes effect.
    #[serde(default)]
    pub time_to_effect: Span,
}

/// A channel of the responders, opened by `from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManagementChannel {
    /// Who opens it.
    pub from: Selector,
    /// Who answers.
    pub to: Selector,
    /// On which ports.
    pub ports: Vec<Port>,
    /// Whether `to` only ever replies. `false`, to an asset that is neither external nor a relay (a collector, an EDR
    /// server), survives isolation and is neither a move nor a way out.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub reply_only: bool,
}

fn yes() -> bool {
    true
}

/// What carrying out one action of each kind costs, in the estate's currency; what is not given is the default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperatingCosts {
    /// Cutting one asset off.
    pub isolate: f64,
    /// Blocking one flow, wholly or for one asset.
    pub block_flow: f64,
    /// Blocking all flows of one ordered zone pair.
    pub segment: f64,
    /// Disabling one identity.
    pub disable_identity: f64,
}

impl Default for OperatingCosts {
    fn default() -> Self {
        Self { isolate: 500.0, block_flow: 100.0, segment: 300.0, disable_identity: 200.0 }
    }
}
