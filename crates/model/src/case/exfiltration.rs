//! `exfiltration.json`: what can be said about theft of data, as of when, and on what it rests.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sensor::Sensor;

/// `exfiltration.json`: a dated statement with the coverage it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exfiltration {
    /// What can be said: of all stores, the worst.
    pub conclusion: ExfiltrationConclusion,
    /// Per store of data within the attacker's reach.
    pub stores: Vec<StoreAssessment>,
    /// Share of stores x hours x sensors, from `from` to `until`, in which the sensor recorded something of the store,
    /// 0 to 1.
    pub coverage: f64,
    /// What is not covered: per store and sensor the stretches without any record, by store, sensor and time.
    #[serde(default)]
    pub holes: Vec<CoverageHole>,
    /// Flows between the attacker's hosts or stores within reach and private addresses that the estate does not know: places
    /// inside of which nothing is known. They count neither as outside nor as seen by a sensor of what leaves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_places: Vec<UnknownPlace>,
    /// As of when: never later than the telemetry.
    pub as_of: Timestamp,
    /// From when on it looks: the first compromise. Absent in statements of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when coverage is counted: the time at which the statement was asked for. What lies after `as_of` is a hole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Flows between a host and a private address that the estate does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct UnknownPlace {
    /// The asset.
    pub from: String,
    /// The address.
    pub address: String,
    /// How many flows were seen on the ways between the two.
    pub flows: u64,
    /// First of them since the intrusion.
    pub first: Timestamp,
    /// Last of them.
    pub last: Timestamp,
}

/// A stretch of time in which a sensor recorded nothing of a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CoverageHole {
    /// The asset that holds the data.
    pub store: String,
    /// Which sensor.
    pub sensor: Sensor,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// What can be said about theft of data. Later ones outweigh earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExfiltrationConclusion {
    /// None was seen, within the coverage stated.
    NoneSeen,
    /// Nothing shows what left: no conclusion can be drawn.
    NotAssessable,
    /// There are signs.
    Indications,
    /// It happened.
    Evidenced,
}

/// One store of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoreAssessment {
    /// The asset that holds it.
    pub asset: String,
    /// Classes of data it holds: within the attacker's reach, which is not yet affected.
    pub data: Vec<String>,
    /// What can be said of it.
    pub conclusion: ExfiltrationConclusion,
    /// Share of hours x sensors in which a sensor recorded something of it, 0 to 1.
    #[serde(default)]
    pub coverage: f64,
    /// In statements of earlier releases: whether anything was seen of it at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<bool>,
    /// On what it rests.
    pub evidence: Vec<String>,
}
