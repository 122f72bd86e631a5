//! `incident.json` and `timeline.json`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Residual;
use super::telemetry::TelemetrySummary;
use crate::finding::Level;

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Somebody answers for it; the clocks run.
    Declared,
    /// The attacker's paths are cut, verified.
    Contained,
    /// The attacker's footholds are removed.
    Eradicated,
    /// Services come back in stages.
    Recovering,
    /// Everything is back; surveillance is heightened.
    Monitoring,
    /// Over.
    Closed,
}

impl IncidentState {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Declared => "declared, not yet contained",
            Self::Contained => "contained",
            Self::Eradicated => "eradicated",
            Self::Recovering => "recovering",
            Self::Monitoring => "monitoring",
            Self::Closed => "closed",
        }
    }
}

/// `incident.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Id, from the first finding and the seed.
    pub id: String,
    /// One line: what happened where.
    pub title: String,
    /// Where it stands.
    pub state: IncidentState,
    /// How grave.
    pub severity: Level,
    /// When it was declared: the awareness instant of every clock.
    pub declared_at: Timestamp,
    /// Time of the earliest finding that belongs to it.
    pub first_finding_at: Timestamp,
    /// When it was over by its telemetry, for want of anything new for days; absent while it is not. That says nothing of
    /// what was done about it, which `state` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Hosts and identities held to be in the attacker's hands.
    pub compromised: Vec<Entity>,
    /// Hosts and identities that may be.
    pub suspected: Vec<Entity>,
    /// ATT&CK tactics seen, in the order first seen, such as `lateral-movement`.
    pub tactics: Vec<String>,
    /// Number of findings that belong to it.
    pub findings: u64,
    /// What it was computed from.
    pub telemetry: TelemetrySummary,
    /// Whether the enforcement points that carry the response out are simulated: then `state` is never more than simulated,
    /// and no text may say otherwise. Records that do not say so were of simulated points.
    #[serde(default = "simulated")]
    pub simulated: bool,
    /// What stays in the attacker's hands or within reach as far as known (by the rules read back once they were checked, by
    /// the plan before), each with who accepted it; ascending by kind and id. `contained` only ever means: except these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub residual: Vec<Residual>,
}

fn simulated() -> bool {
    true
}

impl Incident {
    /// Where it stands, never better than it is: `contained (simulated), except ws-1, adm-2`.
    pub fn standing(&self) -> String {
        let mut text = self.state.in_words().to_owned();
        if self.simulated && self.state != IncidentState::Declared {
            text.push_str(" (simulated)");
        }
        let accepted = self.residual.iter().filter(|it| it.accepted.is_some());
        let names: Vec<&str> = accepted.map(|it| it.entity.as_str()).collect();
        if self.state == IncidentState::Contained && !names.is_empty() {
            text.push_str(", except ");
            text.push_str(&names.join(", "));
        }
        text
    }
}

/// Host or account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntityKind {
    /// A host.
    Asset,
    /// An account.
    Identity,
}

/// Which host or account: an id alone does not tell, since a host and an account may bear the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EntityRef {
    /// Host or account.
    pub kind: EntityKind,
    /// Id in the estate.
    pub id: String,
}

impl EntityRef {
    /// The host of this id.
    pub fn asset(id: impl Into<String>) -> Self {
        Self { kind: EntityKind::Asset, id: id.into() }
    }

    /// The account of this id.
    pub fn identity(id: impl Into<String>) -> Self {
        Self { kind: EntityKind::Identity, id: id.into() }
    }
}

impl Entity {
    /// Which host or account it is.
    pub fn key(&self) -> EntityRef {
        EntityRef { kind: self.kind, id: self.id.clone() }
    }
}

/// A host or account of the incident, with the reasons for holding it so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// Host or account.
    pub kind: EntityKind,
    /// Id in the estate.
    pub id: String,
    /// Host name as the telemetry has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Earliest time it is held to be in the attacker's hands.
    pub since: Timestamp,
    /// 0 to 1.
    pub confidence: f64,
    /// Why: at least one.
    pub reasons: Vec<Reason>,
}

/// One reason for holding an entity compromised or suspected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Reference to the finding, `file#record rule-id`, or to the observation, `logon ...`, `flow ...`.
    pub finding: String,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub text: String,
}

/// One line of `timeline.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Kind: `finding`, `incident`, `impact`, `plan`, `approval`, `enforcement`, `verification`, `recovery`,
    /// `surveillance`, `clock`, `evidence`.
    pub kind: String,
    /// What happened.
    pub text: String,
    /// ATT&CK tactic, for findings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tactic: Option<String>,
    /// Hosts, identities or services it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}
