//! Facts of containment: plans in stages, points, certificates, leases, and what was accepted to stay.

use bulkhead_model::case::{Certificate, EntityRef, Plan, ResidualWhy};
use bulkhead_model::id::PointId;
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Via;

/// A containment plan, complete: whoever carries it out has no choices left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainmentProposed {
    /// The plan.
    pub plan: Plan,
    /// What each enforcement point shall hold; points that hold an older plan and have no part in this one are emptied.
    pub rules: Vec<PointRules>,
    /// The parts in which it is approved and enforced, in order; none in records of version 1, where it was all one.
    #[serde(default)]
    pub stages: Vec<ProposedStage>,
}

/// A part of a containment plan that is approved and enforced by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedStage {
    /// 1 for the first.
    pub n: u32,
    /// Contact roles that must all agree; `policy` alone where nobody is asked.
    pub roles: Vec<String>,
    /// Why theirs.
    pub why: String,
    /// Ids of its actions.
    pub actions: Vec<String>,
    /// What the points that it changes shall hold once it and the stages before it are approved.
    pub rules: Vec<PointRules>,
    /// Assets still within reach, beyond the compromised, once it and those before it are in force, as computed with the
    /// plan; absent where the parts are not those it was computed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed: Option<u64>,
}

/// Something that the plan leaves in the attacker's hands or within reach was accepted by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidualAccepted {
    /// Plan.
    pub generation: u64,
    /// Which host or account.
    pub entity: EntityRef,
    /// Why it stays.
    pub why: ResidualWhy,
    /// By what it talks to the outside, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
    /// Account of whoever accepted it.
    pub by: String,
    /// How.
    pub via: Via,
}

/// There is no plan that meets the hard rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainmentInfeasible {
    /// The generation that was asked for.
    pub generation: u64,
    /// The rule that stands in the way.
    pub why: String,
}

/// A new plan was asked for by somebody, without anything else having changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplanRequested {
    /// Account of whoever asked; absent when the engine did, after a certificate that did not hold.
    pub by: Option<String>,
    /// Why.
    pub why: String,
}

/// A point is about to be told what to hold; recorded before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementIntended {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
    /// 1 for the first try.
    pub attempt: u32,
    /// The stage of the plan up to which it is to hold; 0, as in records of version 1, for all of it.
    #[serde(default)]
    pub stage: u32,
}

/// A point took its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementApplied {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
    /// When it takes effect; reading back earlier shows nothing.
    pub effective_at: Timestamp,
}

/// What a point was found to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementReadBack {
    /// Plan it was asked for.
    pub generation: u64,
    /// What it holds.
    pub held: PointRules,
}

/// A point holds what the plan asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementVerified {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
}

/// A try at a point failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementFailed {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
    /// Which try.
    pub attempt: u32,
    /// What happened.
    pub why: String,
    /// When to try again; absent when there is no further try.
    pub retry_at: Option<Timestamp>,
}

/// A point is given up: the next plan does without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointLost {
    /// Plan it failed.
    pub generation: u64,
    /// Which.
    pub point: PointId,
    /// What happened.
    pub why: String,
}

/// The separate checker looked at the rules as read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateChecked {
    /// Plan.
    pub generation: u64,
    /// What is cut and by what.
    pub certificate: Certificate,
    /// Whether every way out is cut.
    pub holds: bool,
    /// Ways still open, in words.
    pub open: Vec<String>,
}

/// The rules at a point lapse soon and shall be renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseDue {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
}

/// The rules at a point live on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRenewed {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
    /// Until when.
    pub until: Timestamp,
}

/// The rules at a point have lapsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseExpired {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
}
