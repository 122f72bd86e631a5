//! What can be asked of the engine, by people, by time, and by whoever carried out an effect.

use bulkhead_model::case::{
    Approval, Certificate, Clock, EntityRef, Exfiltration, Impact, Incident, Plan, RecoveryPlan, ResidualWhy,
    TelemetrySummary,
};
use bulkhead_model::id::{PointId, RegimeId};
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;

use crate::facts::{GateCheck, Subject, Via};

/// A wish, an observation or a deadline. `decide` answers with events or a rejection.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Evidence was stored.
    RegisterEvidence {
        /// SHA-256, hexadecimal.
        sha256: String,
        /// Length in bytes.
        bytes: u64,
        /// What it is.
        name: String,
    },
    /// Telemetry was read.
    SummariseTelemetry(TelemetrySummary),
    /// Findings became an incident.
    DeclareIncident(Incident),
    /// New findings changed the scope. In recovery or surveillance, entities newly compromised are a relapse.
    RescopeIncident {
        /// The incident as it is now held to be.
        incident: Incident,
        /// What was seen.
        why: String,
    },
    /// Answers [`crate::Effect::AssessImpact`].
    RecordImpact {
        /// The effect's basis.
        basis: u64,
        /// Services hit.
        impact: Impact,
    },
    /// Answers [`crate::Effect::PlanContainment`].
    ProposeContainment {
        /// The plan.
        plan: Plan,
        /// What each point shall hold, rendered from the plan.
        rules: Vec<PointRules>,
        /// How far the attacker still gets once all actions that need no more than this approval are in force; may be none.
        reach: Vec<(Approval, u64)>,
    },
    /// Answers [`crate::Effect::PlanContainment`] when no plan meets the hard rules.
    RecordInfeasible {
        /// The generation asked for.
        generation: u64,
        /// The rule that stands in the way.
        why: String,
    },
    /// Somebody wants another containment plan.
    RequestReplan {
        /// Account of whoever asks.
        by: String,
        /// Why.
        why: String,
    },
    /// Answers [`crate::Effect::AskApproval`].
    Approve {
        /// What.
        subject: Subject,
        /// In which role.
        role: String,
        /// Account of whoever gives it.
        by: String,
        /// How it came.
        via: Via,
    },
    /// Answers [`crate::Effect::AskApproval`].
    Refuse {
        /// What.
        subject: Subject,
        /// In which role.
        role: String,
        /// Account of whoever refuses.
        by: String,
        /// Why.
        why: String,
    },
    /// Answers [`crate::Effect::AskAcceptance`]: what stays is accepted by name.
    AcceptResidual {
        /// Which host or account.
        entity: EntityRef,
        /// Why it stays.
        why: ResidualWhy,
        /// Account of whoever accepts it.
        by: String,
        /// How it came.
        via: Via,
    },
    /// Answers [`crate::Effect::Enforce`].
    RecordApplied {
        /// Plan.
        generation: u64,
        /// Where.
        point: PointId,
        /// When it takes effect.
        effective_at: Timestamp,
    },
    /// Answers [`crate::Effect::ReadBack`].
    RecordReadBack {
        /// Plan asked for.
        generation: u64,
        /// What the point holds.
        held: PointRules,
    },
    /// Answers [`crate::Effect::Enforce`], `ReadBack` or `RenewLease` when the point refused or did not answer.
    RecordPointFailure {
        /// Plan.
        generation: u64,
        /// Where.
        point: PointId,
        /// What happened.
        why: String,
        /// Whether trying again can help.
        retry: bool,
    },
    /// A try's time has come.
    RetryPoint(PointId),
    /// Answers [`crate::Effect::CheckCertificate`].
    RecordCertificate {
        /// Plan.
        generation: u64,
        /// What is cut and by what.
        certificate: Certificate,
        /// Whether every way out is cut.
        holds: bool,
        /// Ways still open.
        open: Vec<String>,
    },
    /// The rules at a point must be renewed.
    RenewLease(PointId),
    /// Answers [`crate::Effect::RenewLease`].
    RecordLease {
        /// Plan.
        generation: u64,
        /// Where.
        point: PointId,
        /// Until when.
        until: Timestamp,
    },
    /// The rules at a point have lapsed.
    ExpireLease(PointId),
    /// Answers [`crate::Effect::ConfirmEradication`].
    RecordEradication {
        /// Entities cleaned.
        entities: Vec<EntityRef>,
        /// How.
        how: String,
    },
    /// Answers [`crate::Effect::PlanRecovery`].
    ProposeRecovery {
        /// The number asked for.
        number: u64,
        /// The plan.
        plan: RecoveryPlan,
    },
    /// A step's turn, or its next try, has come.
    StartStep(String),
    /// Answers [`crate::Effect::RunStep`].
    RecordStepDone {
        /// Recovery plan.
        number: u64,
        /// Step.
        step: String,
        /// What came of it.
        result: String,
    },
    /// Answers [`crate::Effect::RunStep`].
    RecordStepFailure {
        /// Recovery plan.
        number: u64,
        /// Step.
        step: String,
        /// What happened.
        why: String,
    },
    /// Somebody wants a step that failed for good tried again.
    RetryStep(String),
    /// The process has started again.
    Resume,
    /// Answers [`crate::Effect::ProbeStep`].
    RecordProbe {
        /// Recovery plan.
        number: u64,
        /// Step.
        step: String,
        /// Whether it had been done.
        done: bool,
    },
    /// A surveillance's time is over.
    PassSurveillance(Option<u32>),
    /// Answers [`crate::Effect::CheckGate`].
    RecordGateChecks {
        /// Stage.
        stage: u32,
        /// Each condition.
        checks: Vec<GateCheck>,
    },
    /// A gate whose conditions did not hold shall be looked at again.
    RecheckGate(u32),
    /// Answers [`crate::Effect::ComputeClocks`].
    RecordClocks {
        /// The effect's basis.
        basis: u64,
        /// Every clock.
        clocks: Vec<Clock>,
    },
    /// A filing went out.
    SubmitFiling {
        /// Regime.
        regime: RegimeId,
        /// Stage.
        stage: String,
        /// When it was received.
        submitted_at: Timestamp,
        /// SHA-256 of the document.
        sha256: String,
        /// The recipient's reference.
        reference: Option<String>,
        /// Account of whoever sent it.
        by: String,
    },
    /// Answers [`crate::Effect::AssessExfiltration`].
    RecordExfiltration {
        /// The effect's basis.
        basis: u64,
        /// The dated statement.
        exfiltration: Exfiltration,
    },
    /// Something was said to somebody outside.
    MakeStatement {
        /// To whom.
        audience: String,
        /// Language.
        language: String,
        /// SHA-256 of the text.
        sha256: String,
        /// Account of whoever answers for it.
        by: String,
    },
}

/// What `decide` may know beside the state: the time, and what the operator laid down.
#[derive(Clone, Debug, PartialEq)]
pub struct Ctx {
    /// Now.
    pub now: Timestamp,
    /// What the operator laid down.
    pub policy: Policy,
}

/// What the operator lays down for every incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Tries at an enforcement point before the plan does without it, at least 1.
    pub point_attempts: u32,
    /// Tries at a recovery step before a person must look, at least 1.
    pub step_attempts: u32,
    /// Seconds before the second try; doubled for each further one.
    pub retry_after_s: u64,
    /// Plans that may be tried one after the other because a certificate did not hold.
    pub replans: u32,
    /// Seconds for which everything is watched after the last gate.
    pub monitoring_s: u64,
    /// Contact role that approves containment, recovery and closing.
    pub commander_role: String,
    /// Contact role that approves what breaks a service.
    pub service_owner_role: String,
    /// Whether a plan that breaks no service needs the commander's word all the same.
    pub ask_always: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            point_attempts: 3,
            step_attempts: 3,
            retry_after_s: 30,
            replans: 3,
            monitoring_s: 7 * 24 * 3600,
            commander_role: "incident_commander".to_owned(),
            service_owner_role: "service_owner".to_owned(),
            ask_always: false,
        }
    }
}

/// Why a command changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// Stable short name of the kind of refusal, such as `stale-generation`.
    pub code: &'static str,
    /// What, why, and what to do, without a full stop.
    pub message: String,
}

impl Rejection {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
