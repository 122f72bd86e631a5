//! An incident before it is declared: entities with reasons, severity, title, timeline.

use bulkhead_model::case::{Entity, Incident, IncidentState, TelemetrySummary, TimelineEntry};
use bulkhead_model::finding::Level;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An incident that nobody has declared yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentDraft {
    /// Id, from the first finding and the seed: `inc-20250725-1f3a9c`.
    pub id: String,
    /// One line: what happened where.
    pub title: String,
    /// How grave.
    pub severity: Level,
    /// Points of all its hosts; incidents are ranked by severity, then by this.
    pub points: f64,
    /// Time of the earliest finding that belongs to it.
    pub first_finding_at: Timestamp,
    /// Time of the latest.
    pub last_finding_at: Timestamp,
    /// Hosts and accounts held to be in the attacker's hands, by time, then id.
    pub compromised: Vec<Entity>,
    /// Hosts and accounts that may be, by time, then id.
    pub suspected: Vec<Entity>,
    /// ATT&CK tactics in the order first seen.
    pub tactics: Vec<String>,
    /// ATT&CK techniques in the order first seen.
    pub techniques: Vec<String>,
    /// Indexes of its findings in the list that was fused, ascending.
    pub findings: Vec<usize>,
    /// Moves between hosts, by time.
    pub movements: Vec<Movement>,
    /// Findings (first hit of each rule on each host) and movements, by time.
    pub timeline: Vec<TimelineEntry>,
}

/// A move from one host of the incident to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Movement {
    /// When first.
    pub at: Timestamp,
    /// Id of the host it came from.
    pub from: String,
    /// Id of the host it went to.
    pub to: String,
    /// How: `logon network`, `flow tcp/445`.
    pub means: String,
    /// Id of the account, for a logon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl IncidentDraft {
    /// The incident, declared at that instant.
    pub fn declare(&self, declared_at: Timestamp, telemetry: TelemetrySummary) -> Incident {
        Incident {
            id: self.id.clone(),
            title: self.title.clone(),
            state: IncidentState::Declared,
            severity: self.severity,
            declared_at,
            first_finding_at: self.first_finding_at,
            compromised: self.compromised.clone(),
            suspected: self.suspected.clone(),
            tactics: self.tactics.clone(),
            findings: self.findings.len() as u64,
            telemetry,
            simulated: true,
            residual: Vec::new(),
        }
    }
}
