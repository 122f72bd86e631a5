//! What a plan is asked for, and why it may be refused.

use std::collections::BTreeSet;

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId, PointId};

use crate::actions::Steering;
use crate::ground::{Ground, Start};
use crate::ports::MovementPorts;

/// What to plan for. [`Request::new`] fills in the defaults.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The estate.
    pub estate: &'a Estate,
    /// Assets held to be in the attacker's hands.
    pub compromised: &'a [AssetId],
    /// Identities held to be in the attacker's hands.
    pub identities: &'a [IdentityId],
    /// Assets that may be, with confidence 0 to 1.
    pub suspected: &'a [(AssetId, f64)],
    /// Suspected assets at or above this confidence count as compromised.
    pub suspect_threshold: f64,
    /// Which flows count as moves.
    pub attitude: Attitude,
    /// Hours over which losses count.
    pub horizon_h: f64,
    /// Number of the plan.
    pub generation: u64,
    /// Seconds until the plan lapses by itself.
    pub lease_s: u64,
    /// Enforcement points that do not answer.
    pub unavailable_points: &'a [PointId],
    /// Ids of actions that must be taken.
    pub forced: &'a [String],
    /// Ids of actions that must not be taken.
    pub forbidden: &'a [String],
    /// Nodes the search may expand per plan; the proven gap says what was left open.
    pub work_limit: u64,
    /// Ports that admit movement.
    pub movement_ports: &'a MovementPorts,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Something named does not exist.
    #[error("{kind} `{id}` is not in the estate")]
    Unknown {
        /// `asset`, `identity` or `enforcement point`.
        kind: &'static str,
        /// As named.
        id: String,
    },
    /// A forced or forbidden action cannot be taken at all.
    #[error("no action `{id}` is possible here: {why}")]
    UnknownAction {
        /// As named.
        id: String,
        /// Why not.
        why: String,
    },
    /// No set of actions satisfies the hard rules.
    #[error(
        "no plan keeps the attacker from `{asset}` ({rule}): {obstacle}; the smallest relaxation that helps: {relaxation}"
    )]
    Infeasible {
        /// The asset that stays reachable.
        asset: String,
        /// Which hard rule protects it.
        rule: String,
        /// The moves that lead there and cannot be cut, in order, as `from -> to (means)`.
        path: Vec<String>,
        /// What stands in the way of cutting them.
        obstacle: String,
        /// What to change.
        relaxation: String,
    },
}

impl<'a> Request<'a> {
    /// Work limit used when none is given: proves estates of a few hundred assets optimal in well under a second.
    pub const WORK_LIMIT: u64 = 4_000;

    /// A request with the contract's defaults: attitude `movement`, 24 hours, threshold 0.5, generation 1, a lease as
    /// long as the horizon, every point available, nothing forced or forbidden.
    pub fn new(estate: &'a Estate, compromised: &'a [AssetId], movement_ports: &'a MovementPorts) -> Self {
        Self {
            estate,
            compromised,
            identities: &[],
            suspected: &[],
            suspect_threshold: 0.5,
            attitude: Attitude::default(),
            horizon_h: 24.0,
            generation: 1,
            lease_s: 24 * 3600,
            unavailable_points: &[],
            forced: &[],
            forbidden: &[],
            work_limit: Self::WORK_LIMIT,
            movement_ports,
        }
    }

    /// The estate prepared for this start.
    pub(crate) fn ground(&self) -> Result<Ground<'a>, PlanError> {
        self.ground_under(self.attitude)
    }

    /// The estate prepared for this start under another attitude.
    pub(crate) fn ground_under(&self, attitude: Attitude) -> Result<Ground<'a>, PlanError> {
        let none = Start { attitude, compromised: BTreeSet::new(), identities: BTreeSet::new() };
        let index = bulkhead_service::EstateIndex::new(self.estate);
        let mut start = none;
        let suspected = self.suspected.iter().filter(|it| it.1 >= self.suspect_threshold).map(|it| &it.0);
        for id in self.compromised.iter().chain(suspected) {
            let unknown = || PlanError::Unknown { kind: "asset", id: id.to_string() };
            start.compromised.insert(index.asset(id).ok_or_else(unknown)?);
        }
        for id in self.identities {
            let unknown = || PlanError::Unknown { kind: "identity", id: id.to_string() };
            start.identities.insert(index.identity(id).ok_or_else(unknown)?);
        }
        for (id, _) in self.suspected {
            if index.asset(id).is_none() {
                return Err(PlanError::Unknown { kind: "asset", id: id.to_string() });
            }
        }
        for id in self.unavailable_points {
            if !self.estate.enforcement_points.iter().any(|it| it.id == *id) {
                return Err(PlanError::Unknown { kind: "enforcement point", id: id.to_string() });
            }
        }
        Ok(Ground::new(self.estate, index, start, self.movement_ports.clone()))
    }

    pub(crate) fn steering(&self) -> Steering {
        Steering {
            unavailable: self.unavailable_points.iter().cloned().collect(),
            forced: self.forced.iter().cloned().collect(),
            forbidden: self.forbidden.iter().cloned().collect(),
        }
    }
}
