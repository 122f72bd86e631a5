//! The objects of the case directory, one type per file; names and keys are promises to users and auditors.

mod clocks;
mod exfiltration;
pub mod figures;
mod incident;
mod localized;
mod plan;
mod recovery;
mod score;
mod telemetry;

pub use clocks::{Clock, ClockInFrench, ClockStatus, Trigger};
pub use exfiltration::{CoverageHole, Exfiltration, ExfiltrationConclusion, StoreAssessment, UnknownPlace};
pub use figures::{CaseParts, Figures, MainServices, Relapse, worst};
pub use incident::{Entity, EntityKind, EntityRef, Incident, IncidentState, Reason, TimelineEntry};
pub use localized::Localized;
pub use plan::{
    Accepted, Action, ActionKind, Alternative, Approval, Attitude, Baseline, BaselineName, Broken,
    Certificate, Cut, Foothold, Impact, MORE_MOVES, NotDone, Objective, Plan, Residual, ResidualWhy,
    ServiceImpact, ServiceState, Silenced, Weights, customers_hit,
};
pub use recovery::{Gate, RecoveryPlan, RecoveryService, RecoveryStep, Stage};
pub use score::{CustomersHit, Score};
pub use telemetry::{
    BaselineUsed, Basis, ClockOffset, GoesBy, Muted, MutedRule, TelemetrySummary, UnmatchedFamily, Unread,
};
