//! Faults a simulated enforcement point can have, as configuration.

use std::collections::BTreeMap;

use bulkhead_model::id::PointId;
use serde::{Deserialize, Serialize};

/// The faults of a fleet, by point. JSON: `{"fw-core": [{"kind": "fails", "times": 2}]}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultPlan {
    /// Faults by point; a point not named here has none.
    pub points: BTreeMap<PointId, Vec<Fault>>,
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same plan with one more fault.
    #[must_use]
    pub fn with(mut self, point: impl Into<PointId>, fault: Fault) -> Self {
        self.points.entry(point.into()).or_default().push(fault);
        self
    }

    /// Faults of `point`.
    pub fn of(&self, point: &PointId) -> &[Fault] {
        self.points.get(point).map_or(&[], Vec::as_slice)
    }
}

/// One fault of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Never answers.
    Unreachable,
    /// The first `times` applies fail; nothing changes; then it works.
    Fails {
        /// How many applies fail.
        times: u32,
    },
    /// Takes the intent, says yes, and silently drops the last `last` rules.
    DropsRules {
        /// How many rules at the end are lost.
        last: usize,
        /// How many applies suffer; none means all.
        #[serde(default)]
        times: Option<u32>,
    },
    /// Loses everything so many seconds after it took effect, once (a restart).
    Forgets {
        /// Seconds.
        after_s: u64,
    },
    /// Takes so many seconds longer than the estate says.
    Slow {
        /// Seconds.
        by_s: u64,
    },
    /// Declines every intent.
    Refuses {
        /// The reason it gives.
        reason: String,
    },
    /// Leaves live sessions alone.
    KeepsSessions,
    /// Each apply fails with this probability, drawn from the fleet's seed.
    Flaky {
        /// 0 to 1.
        probability: f64,
    },
}

/// A fault plan that does not fit its estate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault plan names enforcement point `{0}`, which the estate does not have")]
pub struct BadFaultPlan(pub PointId);
