//! `score.json`: how a drill went.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `score.json`. Absent values mean it did not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// Mean time to detect: from the attacker's first act to the declaration of the incident that speaks of a host they acted on,
    /// seconds.
    pub mttd_s: Option<u64>,
    /// Mean time to contain: from the first finding to verified containment, seconds.
    pub mttc_s: Option<u64>,
    /// Assets in the attacker's hands or reach when contained.
    pub blast_radius: u64,
    /// Customers whose service was hit.
    pub customers_hit: CustomersHit,
    /// From declaration until the main services were back, seconds.
    pub main_services_restored_s: Option<u64>,
    /// Incidents declared before the attack began; absent when there were none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub false_incidents: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Customers hit, by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomersHit {
    /// By what the attacker broke.
    pub attacker: u64,
    /// By what our own containment broke.
    pub containment: u64,
}
