//! `recovery.json`: in which order services come back, behind which gates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AssetId, CrewId, ServiceId};

/// `recovery.json`. Times are seconds from the start of recovery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryPlan {
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// When services are back.
    pub services: Vec<RecoveryService>,
    /// Value lost until everything is restored, at median durations.
    pub objective: f64,
    /// Proven lower bound of the objective.
    pub bound: f64,
    /// (objective - bound) / objective.
    pub gap: f64,
    /// What the plan assumed and what it could not honour, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One stage (wave).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// 1-based number.
    pub n: u32,
    /// What this stage brings back.
    pub title: String,
    /// Its steps.
    pub steps: Vec<RecoveryStep>,
    /// What must hold before the next stage.
    pub gate: Gate,
}

/// One step on one asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryStep {
    /// Name, unique in the plan: `asset/step`.
    pub id: String,
    /// On which asset.
    pub asset: AssetId,
    /// By whom.
    pub crew: CrewId,
    /// Steps that must be done before.
    pub after: Vec<String>,
    /// Planned start, seconds from the start of recovery, median durations.
    pub start_s: u64,
    /// Planned end.
    pub end_s: u64,
    /// Duration percentiles.
    pub p10_s: u64,
    /// Duration percentiles.
    pub p50_s: u64,
    /// Duration percentiles.
    pub p90_s: u64,
}

/// What must hold before the next stage may begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// Conditions, each checked and recorded.
    pub checks: Vec<String>,
    /// How long the stage is watched without a new finding.
    pub surveillance_s: u64,
    /// Who opens it, as a contact role.
    pub approver: String,
    /// Services that this stage must have brought back.
    pub restores: Vec<ServiceId>,
    /// Ids of containment actions that are lifted when this gate opens or, for what its services need, within the stage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifts: Vec<String>,
}

/// When one service is back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryService {
    /// The service.
    pub service: ServiceId,
    /// Median time to restore, seconds.
    pub p50: u64,
    /// Nine times in ten, seconds.
    pub p90: u64,
    /// Recovery time objective, seconds.
    pub rto: Option<u64>,
    /// Maximum tolerable period of disruption, seconds.
    pub mtpd: Option<u64>,
    /// Probability, 0 to 1, that the MTPD is missed.
    pub mtpd_breach: f64,
    /// The stage that brings it back.
    #[serde(default)]
    pub stage: u32,
    /// When it is back in degraded mode at median durations, seconds; absent when it never runs degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded_s: Option<u64>,
    /// When it is back in full at median durations, seconds: the planned time, while `p50` is the simulated median.
    #[serde(default)]
    pub planned_s: u64,
}
