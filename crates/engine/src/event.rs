//! The event catalogue: every kind with its version, and how a body is read and written.

use bulkhead_model::case::{EntityKind, EntityRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::facts::*;

/// Something that happened: a fact, when it was recorded, and which part of the machine or which role says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was recorded.
    pub at: Timestamp,
    /// A component or a contact role, never a person.
    pub actor: String,
    /// What.
    pub fact: Fact,
}

/// A body that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such kind, or not in this version.
    #[error("events of kind `{kind}`, version {v}, are unknown to this program")]
    Unknown {
        /// The kind.
        kind: String,
        /// Its version.
        v: u32,
    },
    /// The body is not what its kind says.
    #[error("the body of an event of kind `{kind}`, version {v}, cannot be read")]
    Body {
        /// The kind.
        kind: String,
        /// Its version.
        v: u32,
        /// What JSON says.
        source: serde_json::Error,
    },
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $kind:literal $v:literal $name:ident,)*) => {
        /// Every kind of fact.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "each variant is documented at the type it holds")]
        pub enum Fact { $($name(Box<$name>),)* }

        $(impl From<$name> for Fact {
            fn from(fact: $name) -> Self {
                Self::$name(Box::new(fact))
            }
        })*

        impl Fact {
            /// Every kind and the version written today.
            pub const CATALOGUE: &'static [(&'static str, u32)] = &[$(($kind, $v),)*];

            /// Stable name of the kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind,)* }
            }

            /// Version of the body's format.
            pub fn v(&self) -> u32 {
                match self { $(Self::$name(_) => $v,)* }
            }

            /// Reads a body as written by this or an earlier version of the program.
            ///
            /// # Errors
            /// When the kind or version is unknown, or the body is not of that kind.
            pub fn read(kind: &str, v: u32, body: &[u8]) -> Result<Self, ReadError> {
                let fault = |source| ReadError::Body { kind: kind.to_owned(), v, source };
                match (kind, v) {
                    $(($kind, 1..=$v) => serde_json::from_slice(body).map(|it| Self::$name(Box::new(it))).map_err(fault),)*
                    _ => Err(ReadError::Unknown { kind: kind.to_owned(), v }),
                }
            }
        }
    };
}

catalogue! {
    "evidence_registered" 1 EvidenceRegistered,
    "telemetry_summarised" 1 TelemetrySummarised,
    "incident_declared" 1 IncidentDeclared,
    "incident_rescoped" 2 IncidentRescoped,
    "impact_assessed" 1 ImpactAssessed,
    "containment_proposed" 2 ContainmentProposed,
    "containment_infeasible" 1 ContainmentInfeasible,
    "replan_requested" 1 ReplanRequested,
    "approval_asked" 2 ApprovalAsked,
    "approval_given" 2 ApprovalGiven,
    "approval_refused" 2 ApprovalRefused,
    "enforcement_intended" 2 EnforcementIntended,
    "enforcement_applied" 1 EnforcementApplied,
    "enforcement_read_back" 1 EnforcementReadBack,
    "enforcement_verified" 1 EnforcementVerified,
    "enforcement_failed" 1 EnforcementFailed,
    "point_lost" 1 PointLost,
    "certificate_checked" 1 CertificateChecked,
    "lease_due" 1 LeaseDue,
    "lease_renewed" 1 LeaseRenewed,
    "lease_expired" 1 LeaseExpired,
    "residual_accepted" 1 ResidualAccepted,
    "incident_advanced" 2 IncidentAdvanced,
    "footholds_removed" 2 FootholdsRemoved,
    "recovery_proposed" 1 RecoveryProposed,
    "step_started" 1 StepStarted,
    "step_succeeded" 1 StepSucceeded,
    "step_failed" 1 StepFailed,
    "step_undone" 1 StepUndone,
    "steps_doubted" 1 StepsDoubted,
    "step_probed" 1 StepProbed,
    "stage_restored" 2 StageRestored,
    "surveillance_started" 1 SurveillanceStarted,
    "surveillance_passed" 1 SurveillancePassed,
    "gate_checked" 1 GateChecked,
    "gate_recheck_due" 1 GateRecheckDue,
    "gate_opened" 1 GateOpened,
    "relapse_seen" 2 RelapseSeen,
    "clocks_computed" 1 ClocksComputed,
    "answer_unchanged" 1 AnswerUnchanged,
    "filing_submitted" 1 FilingSubmitted,
    "exfiltration_assessed" 1 ExfiltrationAssessed,
    "statement_made" 1 StatementMade,
    "incident_closed" 1 IncidentClosed,
}

impl Fact {
    /// Whether this program writes or reads entries of this kind; the journal holds others, its own.
    pub fn knows(kind: &str) -> bool {
        Self::CATALOGUE.iter().any(|(known, _)| *known == kind)
    }

    /// The body, as JSON.
    ///
    /// # Errors
    /// When a number in it is none that JSON can hold.
    pub fn body(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Which part of the machine, or which contact role, says so; never a person.
    pub fn actor(&self) -> &str {
        match self {
            Self::EvidenceRegistered(_) | Self::TelemetrySummarised(_) => "telemetry",
            Self::IncidentDeclared(_) | Self::IncidentRescoped(_) | Self::RelapseSeen(_) => "incident",
            Self::ImpactAssessed(_) => "service",
            Self::ContainmentProposed(_) | Self::ContainmentInfeasible(_) => "planner",
            Self::ApprovalGiven(it) => &it.role,
            Self::ApprovalRefused(it) => &it.role,
            Self::ResidualAccepted(_) => "incident",
            Self::EnforcementApplied(_) | Self::EnforcementReadBack(_) | Self::LeaseRenewed(_) => "fleet",
            Self::CertificateChecked(_) => "checker",
            Self::FootholdsRemoved(_)
            | Self::StepSucceeded(_)
            | Self::StepFailed(_)
            | Self::StepProbed(_) => "crew",
            Self::RecoveryProposed(_) => "scheduler",
            Self::ClocksComputed(_) | Self::FilingSubmitted(_) | Self::StatementMade(_) => "comply",
            Self::ExfiltrationAssessed(_) => "exfiltration",
            _ => "engine",
        }
    }

    /// The persons and accounts it names: what must stand in the journal as pseudonyms.
    pub fn accounts(&self) -> BTreeSet<String> {
        let incident = match self {
            Self::IncidentDeclared(it) => Some(&it.incident),
            Self::IncidentRescoped(it) => Some(&it.incident),
            Self::RelapseSeen(it) => Some(&it.incident),
            _ => None,
        };
        let by = match self {
            Self::ReplanRequested(it) => it.by.as_ref(),
            Self::ApprovalGiven(it) if it.via != Via::Policy => Some(&it.by),
            Self::ApprovalRefused(it) => Some(&it.by),
            Self::ResidualAccepted(it) => Some(&it.by),
            Self::FilingSubmitted(it) => Some(&it.by),
            Self::StatementMade(it) => Some(&it.by),
            _ => None,
        };
        let entities = incident.into_iter().flat_map(|it| it.compromised.iter().chain(&it.suspected));
        let identities = entities.filter(|it| it.kind == EntityKind::Identity);
        let named: Vec<&EntityRef> = match self {
            Self::ResidualAccepted(it) => vec![&it.entity],
            Self::IncidentAdvanced(it) => it.except.iter().collect(),
            Self::IncidentRescoped(it) => it.added.iter().filter_map(entity).collect(),
            Self::RelapseSeen(it) => it.entities.iter().filter_map(entity).collect(),
            Self::FootholdsRemoved(it) => it.entities.iter().filter_map(entity).collect(),
            Self::StageRestored(it) => it.entities.iter().filter_map(entity).collect(),
            _ => Vec::new(),
        };
        let named = named.into_iter().filter(|it| it.kind == EntityKind::Identity).map(|it| it.id.clone());
        let disabled = match self {
            Self::ContainmentProposed(it) => it.rules.as_slice(),
            Self::EnforcementReadBack(it) => std::slice::from_ref(&it.held),
            _ => &[],
        };
        let disabled = disabled.iter().flat_map(|it| &it.disabled).map(|it| it.identity.to_string());
        identities.map(|it| it.id.clone()).chain(by.cloned()).chain(disabled).chain(named).collect()
    }
}

fn entity(named: &Named) -> Option<&EntityRef> {
    match named {
        Named::Entity(it) => Some(it),
        Named::Id(_) => None,
    }
}
