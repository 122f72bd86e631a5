//! What truly happened in a drill. Only the score may look at it.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::id::{AssetId, IdentityId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What truly happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Truth {
    /// The scenario.
    pub scenario: String,
    /// The seed it was played with.
    pub seed: u64,
    /// Who plays which part.
    pub cast: BTreeMap<String, AssetId>,
    /// Time of the first act that was done; absent when there was no attack.
    pub first_act: Option<Timestamp>,
    /// The attacker's acts in order of time.
    pub acts: Vec<Act>,
    /// Assets taken back from the attacker, and when.
    pub rebuilt: Vec<(Timestamp, AssetId)>,
}

/// One act of the attacker.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Step of the scenario.
    pub step: String,
    /// ATT&CK technique, such as `T1021.004`.
    pub technique: String,
    /// ATT&CK tactic, such as `lateral-movement`.
    pub tactic: String,
    /// Where.
    pub host: AssetId,
    /// As whom, when it is an identity of the estate.
    pub identity: Option<IdentityId>,
    /// Against which other host.
    pub target: Option<AssetId>,
    /// Through which port of the target.
    pub port: Option<String>,
    /// Whether it worked.
    pub outcome: Outcome,
    /// One line for people.
    pub text: String,
}

/// Whether an act worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// It did.
    Done,
    /// The defence stopped it: the rule or measure.
    Blocked(String),
    /// It could not be tried: nothing held to try it from, or the estate allows no such move.
    Impossible(String),
}

impl Act {
    /// Whether it worked.
    pub fn is_done(&self) -> bool {
        self.outcome == Outcome::Done
    }

    /// The asset that came into the attacker's hands by it.
    pub fn gained(&self) -> Option<&AssetId> {
        match self.tactic.as_str() {
            "initial-access" if self.is_done() => Some(&self.host),
            "lateral-movement" if self.is_done() => self.target.as_ref(),
            _ => None,
        }
    }
}

impl Truth {
    /// Assets in the attacker's hands at `at`.
    pub fn held_at(&self, at: Timestamp) -> BTreeSet<AssetId> {
        let gained = self.acts.iter().filter(|it| it.at <= at);
        let mut last: BTreeMap<&AssetId, Timestamp> = BTreeMap::new();
        for (asset, when) in gained.filter_map(|it| it.gained().map(|asset| (asset, it.at))) {
            last.insert(asset, when);
        }
        let lost = |asset: &AssetId, since: Timestamp| {
            self.rebuilt.iter().any(|(when, it)| it == asset && *when <= at && *when >= since)
        };
        last.into_iter()
            .filter(|(asset, since)| !lost(asset, *since))
            .map(|(asset, _)| asset.clone())
            .collect()
    }

    /// Every asset that was ever in the attacker's hands.
    pub fn ever_held(&self) -> BTreeSet<AssetId> {
        self.acts.iter().filter_map(Act::gained).cloned().collect()
    }

    /// Assets that came into the attacker's hands by a move after `at`, but for moves of the steps `except`.
    pub fn gained_after(&self, at: Timestamp, except: &[&str]) -> BTreeSet<AssetId> {
        let moves = self.acts.iter().filter(|it| it.at > at && it.tactic == "lateral-movement");
        let moves = moves.filter(|it| !except.contains(&it.step.as_str()));
        moves.filter_map(Act::gained).cloned().collect()
    }
}
