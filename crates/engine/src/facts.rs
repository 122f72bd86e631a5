//! What can be recorded of an incident: one type per kind of event, as it stands in the journal.
//!
//! Never change a type so that an old body no longer reads: add a field with `#[serde(default)]`, or a new version.

use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Impact, Incident, IncidentState, Plan, RecoveryPlan, TelemetrySummary,
};
use bulkhead_model::id::{PointId, RegimeId};
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// Ids of entities newly compromised.
    pub added: Vec<String>,
}

/// What the attacker and our own containment cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImpactAssessed {
    /// The question it answers: number of events recorded when it was asked.
    pub basis: u64,
    /// Services hit.
    pub impact: Impact,
}

/// A containment plan, complete: whoever carries it out has no choices left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainmentProposed {
    /// The plan.
    pub plan: Plan,
    /// What each enforcement point shall hold; points that hold an older plan and have no part in this one are emptied.
    pub rules: Vec<PointRules>,
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
    /// The containment plan of this generation.
    Containment(u64),
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

/// A point is about to be told what to hold; recorded before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementIntended {
    /// Plan.
    pub generation: u64,
    /// Where.
    pub point: PointId,
    /// 1 for the first try.
    pub attempt: u32,
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

/// The incident moved on, or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentAdvanced {
    /// From where.
    pub from: IncidentState,
    /// To where.
    pub to: IncidentState,
}

/// The attacker's footholds are removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FootholdsRemoved {
    /// Entities cleaned, by id.
    pub entities: Vec<String>,
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
    /// Assets that are clean again.
    pub assets: Vec<String>,
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
    /// Ids of entities compromised again or anew.
    pub entities: Vec<String>,
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
