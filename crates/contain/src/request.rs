//! What a plan is asked for, and why it may be refused.

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId, PointId};

use crate::actions::Steering;
use crate::ground::{Ground, Prepared};
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
    /// How many actions may need somebody's approval; none means any number.
    pub approval_budget: Option<u32>,
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
    /// Work limit used when none is given: proves ordinary intrusions into estates of a few hundred assets optimal in well
    /// under a second, and ends within seconds on those it cannot prove.
    pub const WORK_LIMIT: u64 = 2_000;

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
            approval_budget: None,
            work_limit: Self::WORK_LIMIT,
            movement_ports,
        }
    }

    /// The estate prepared for this start, every asset by itself.
    pub(crate) fn ground(&self) -> Result<Ground<'a>, PlanError> {
        self.ground_on(&Prepared::exact(self.estate, self.movement_ports), self.attitude)
    }

    /// The start of this request on a prepared estate, under an attitude that may differ.
    pub(crate) fn ground_on<'e>(
        &self,
        prepared: &Prepared<'e>,
        attitude: Attitude,
    ) -> Result<Ground<'e>, PlanError> {
        let index = &prepared.index;
        let unknown = |kind: &'static str, id: &str| PlanError::Unknown { kind, id: id.to_owned() };
        for id in self.compromised.iter().chain(self.suspected.iter().map(|it| &it.0)) {
            index.position(id).ok_or_else(|| unknown("asset", id.as_str()))?;
        }
        for id in self.identities {
            index.identity(id).ok_or_else(|| unknown("identity", id.as_str()))?;
        }
        for id in self.unavailable_points {
            let known = prepared.estate.enforcement_points.iter().any(|it| it.id == *id);
            known.then_some(()).ok_or_else(|| unknown("enforcement point", id.as_str()))?;
        }
        let suspected = self.suspected.iter().filter(|it| it.1 >= self.suspect_threshold).map(|it| &it.0);
        let compromised: Vec<&AssetId> = self.compromised.iter().chain(suspected).collect();
        let steered = self.forced.iter().chain(self.forbidden).filter_map(|it| asset_in_action(it));
        let alone: Vec<AssetId> = self.suspected.iter().map(|it| it.0.clone()).chain(steered).collect();
        Ok(prepared.ground(attitude, &compromised, self.identities, &alone))
    }

    pub(crate) fn steering(&self) -> Steering {
        Steering {
            unavailable: self.unavailable_points.iter().cloned().collect(),
            forced: self.forced.iter().cloned().collect(),
            forbidden: self.forbidden.iter().cloned().collect(),
        }
    }
}

/// The one asset that an action's id names, if it names one.
fn asset_in_action(id: &str) -> Option<AssetId> {
    let narrow = id.rsplit_once(":from=").or_else(|| id.rsplit_once(":to=")).map(|it| it.1);
    let isolated = || id.strip_prefix("isolate:").and_then(|it| it.rsplit_once('@')).map(|it| it.0);
    narrow.or_else(isolated).map(AssetId::new)
}
