//! What can be recorded of an incident: one type per kind of event, as it stands in the journal.
//!
//! Never change a type so that an old body no longer reads: add a field with `#[serde(default)]`, or a new version.

mod containment;

use bulkhead_model::case::{
    Clock, Entity, EntityKind, EntityRef, Exfiltration, Impact, Incident, IncidentState, RecoveryPlan,
    TelemetrySummary,
};
use bulkhead_model::id::RegimeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use containment::*;

/// Whom an event names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Named {
    /// Host or account.
    Entity(EntityRef),
    /// Records of version 1 gave the id alone: whichever host or account of the incident bears it.
    Id(String),
}

impl Named {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Entity(it) => &it.id,
            Self::Id(id) => id,
        }
    }

    /// Whether `entity` is meant.
    pub fn means(&self, entity: &Entity) -> bool {
        self.id() == entity.id && self.may_be(entity.kind)
    }

    /// Whether it can be of this kind.
    pub fn may_be(&self, kind: EntityKind) -> bool {
        match self {
            Self::Entity(it) => it.kind == kind,
            Self::Id(_) => true,
        }
    }
}

impl From<EntityRef> for Named {
    fn from(entity: EntityRef) -> Self {
        Self::Entity(entity)
    }
}

/// Evidence was stored under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRegistered {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
    /// What it is, such as the name of the telemetry file.
    pub name: String,
}

/// What telemetry was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelemetrySummarised {
    /// Counts and sources.
    pub telemetry: TelemetrySummary,
}

/// Somebody answers for it from here on; the awareness instant of every clock is the incident's `declared_at`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentDeclared {
    /// The incident.
    pub incident: Incident,
}

/// The incident's scope changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentRescoped {
    /// The incident as it is now held to be.
    pub incident: Incident,
    /// Entities newly compromised.
    pub added: Vec<Named>,
}

/// What the attacker and our own containment cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImpactAssessed {
    /// The question it answers: number of events recorded when it was asked.
    pub basis: u64,
    /// Services hit.
    pub impact: Impact,
}

/// Somebody's word is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAsked {
    /// For what.
    pub subject: Subject,
    /// Contact roles that must all agree.
    pub roles: Vec<String>,
    /// Why theirs.
    pub why: String,
}

/// What an approval is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The containment plan of this generation, as a whole: in records of version 1.
    Containment(u64),
    /// The stage (second, from 1) of the containment plan of this generation (first).
    ContainmentStage(u64, u32),
    /// The recovery plan with this number.
    Recovery(u64),
    /// The gate of this stage of the recovery plan in force.
    Gate(u32),
    /// Closing the incident.
    Close,
}

/// How an approval was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A person was asked and answered.
    Asked,
    /// The command was started with `--yes`.
    YesFlag,
    /// The command was started with `--accept` and the name.
    AcceptFlag,
    /// The policy asks for nobody's word.
    Policy,
}

/// Yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// To what.
    pub subject: Subject,
    /// In which role.
    pub role: String,
    /// Account of whoever gave it.
    pub by: String,
    /// How.
    pub via: Via,
}

/// No.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRefused {
    /// To what.
    pub subject: Subject,
    /// In which role.
    pub role: String,
    /// Account of whoever refused.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The incident moved on, or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentAdvanced {
    /// From where.
    pub from: IncidentState,
    /// To where.
    pub to: IncidentState,
    /// Whether that is only so on simulated enforcement points.
    #[serde(default = "simulated")]
    pub simulated: bool,
    /// When it is contained: but for these, each accepted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<EntityRef>,
}

/// Records of version 1 were all of simulated points.
fn simulated() -> bool {
    true
}

/// The attacker's footholds are removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FootholdsRemoved {
    /// Entities cleaned.
    pub entities: Vec<Named>,
    /// How, in words.
    pub how: String,
}

/// A recovery plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryProposed {
    /// Its number, from 1.
    pub number: u64,
    /// The plan.
    pub plan: RecoveryPlan,
}

/// A step of the recovery plan in force is about to be carried out; recorded before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStarted {
    /// Recovery plan.
    pub number: u64,
    /// Step id.
    pub step: String,
    /// 1 for the first try.
    pub attempt: u32,
}

/// A step is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSucceeded {
    /// Recovery plan.
    pub number: u64,
    /// Step id.
    pub step: String,
    /// What came of it, in words; `probed: ...` where it was found done after a restart.
    pub result: String,
}

/// A try at a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailed {
    /// Recovery plan.
    pub number: u64,
    /// Step id.
    pub step: String,
    /// Which try.
    pub attempt: u32,
    /// What happened.
    pub why: String,
    /// When to try again; absent when a person must look.
    pub retry_at: Option<Timestamp>,
}

/// What a step did no longer counts: the attacker is back on its asset, or it was given up half way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUndone {
    /// Recovery plan.
    pub number: u64,
    /// Step id.
    pub step: String,
    /// Why.
    pub why: String,
}

/// The process started again and found steps begun; each is probed before anything else happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepsDoubted {
    /// Step ids.
    pub steps: Vec<String>,
}

/// A step found begun after a restart was probed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProbed {
    /// Step id.
    pub step: String,
    /// Whether it had been done.
    pub done: bool,
}

/// Everything a stage restores is back behind the containment and is being let out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRestored {
    /// Stage.
    pub stage: u32,
    /// What is clean again: assets, and accounts that were only suspected.
    #[serde(rename = "assets")]
    pub entities: Vec<Named>,
}

/// A stage, or after the last one everything, is watched for the attacker's return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveillanceStarted {
    /// Stage; absent for the surveillance of everything at the end.
    pub stage: Option<u32>,
    /// Until when.
    pub until: Timestamp,
}

/// Nothing was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveillancePassed {
    /// Stage; absent for the surveillance of everything at the end.
    pub stage: Option<u32>,
}

/// One condition of a gate, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateCheck {
    /// The condition.
    pub check: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub found: String,
}

/// A gate's conditions were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateChecked {
    /// Stage.
    pub stage: u32,
    /// Each condition.
    pub checks: Vec<GateCheck>,
    /// When to look again, where one does not hold.
    pub retry_at: Option<Timestamp>,
}

/// A gate whose conditions did not hold is looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecheckDue {
    /// Stage.
    pub stage: u32,
}

/// The next stage may begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateOpened {
    /// Stage whose gate it is.
    pub stage: u32,
}

/// The attacker is back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelapseSeen {
    /// The incident as it is now held to be.
    pub incident: Incident,
    /// Entities compromised again or anew.
    pub entities: Vec<Named>,
    /// What was seen.
    pub why: String,
}

/// Legal deadlines were computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClocksComputed {
    /// The question it answers: number of events recorded when it was asked.
    pub basis: u64,
    /// Every clock.
    pub clocks: Vec<Clock>,
}

/// A question that is asked again whenever something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which services are hit.
    Impact,
    /// Which legal deadlines run.
    Clocks,
}

/// A question was answered anew, and the answer is what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerUnchanged {
    /// Which.
    pub question: Question,
    /// Number of events recorded when it was asked.
    pub basis: u64,
}

/// A filing went out: its clock is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilingSubmitted {
    /// Regime.
    pub regime: RegimeId,
    /// Stage.
    pub stage: String,
    /// When it was received, by the recipient's acknowledgement where there is one.
    pub submitted_at: Timestamp,
    /// SHA-256 of the document sent.
    pub sha256: String,
    /// The recipient's reference.
    pub reference: Option<String>,
    /// Account of whoever sent it.
    pub by: String,
    /// Whether it was in time; absent where the clock has no instant.
    pub in_time: Option<bool>,
}

/// What can be said about theft of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExfiltrationAssessed {
    /// The question it answers: number of events recorded when it was asked.
    pub basis: u64,
    /// The dated statement.
    pub exfiltration: Exfiltration,
}

/// Something was said to somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementMade {
    /// To whom: `customers`, `public`, `authority:ANSSI`, ...
    pub audience: String,
    /// Language, such as `fr`.
    pub language: String,
    /// SHA-256 of the text.
    pub sha256: String,
    /// Account of whoever answers for it.
    pub by: String,
}

/// Over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentClosed {
    /// Why it may be closed.
    pub why: String,
}
