//! `plan.json`, `impact.json` and `certificate.json`: containment as data.
//!
//! A plan is immutable, numbered and complete; whoever carries it out has no choices left.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::estate::{Customers, Port};
use crate::id::{IdentityId, PointId, ServiceId};

/// Which flows count as moves of the attacker.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Attitude {
    /// A flow counts if one of its ports admits movement or is exploitable.
    #[default]
    Movement,
    /// Every allowed flow counts.
    Strict,
    /// As movement; remote logins only with an identity whose secret the attacker has reached.
    Credential,
}

/// What a plan costs over its horizon, in the estate's currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Objective {
    /// Value of services lost by the plan itself; none, written `unknown`, on a drafted estate: nobody has said which
    /// services there are.
    #[serde(with = "unknown")]
    #[schemars(schema_with = "unknown::schema")]
    pub service_loss: Option<f64>,
    /// Value of assets the attacker can still reach.
    pub exposure: f64,
    /// Value of compromised assets and identities that keep a foothold.
    #[serde(default)]
    pub foothold: f64,
    /// Operating cost of the actions.
    pub operating: f64,
    /// The sum of what is known.
    pub total: f64,
}

impl Default for Objective {
    /// Nothing at all.
    fn default() -> Self {
        Self { service_loss: Some(0.0), exposure: 0.0, foothold: 0.0, operating: 0.0, total: 0.0 }
    }
}

/// An amount, or the word `unknown`.
mod unknown {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    const WORD: &str = "unknown";

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Amount {
        Known(f64),
        Word(String),
    }

    #[expect(clippy::ref_option, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(amount: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => serializer.serialize_f64(*amount),
            None => serializer.serialize_str(WORD),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        match Amount::deserialize(deserializer)? {
            Amount::Known(amount) => Ok(Some(amount)),
            Amount::Word(word) if word == WORD => Ok(None),
            Amount::Word(word) => {
                Err(de::Error::custom(format!("`{word}` is neither an amount nor `{WORD}`")))
            }
        }
    }

    pub(super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "number", "format": "double"}, {"const": WORD}]})
    }
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Block a flow, wholly or for one asset.
    BlockFlow,
    /// Block all flows of an ordered zone pair.
    Segment,
    /// Cut an asset off from all but management.
    Isolate,
    /// Disable an identity.
    DisableIdentity,
}

/// Who must say yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Nobody: it breaks nothing.
    Automatic,
    /// The incident commander.
    Commander,
    /// The incident commander and the owner of a service it breaks.
    ServiceOwner,
}

/// A service an action takes down or degrades by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// The service.
    pub service: ServiceId,
    /// What it becomes.
    pub state: ServiceState,
}

/// One action of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// Name, unique and stable: kind, target, point.
    pub id: String,
    /// What it does.
    pub kind: ActionKind,
    /// What it does it to: a flow, asset or identity id, or `zone->zone`.
    pub target: String,
    /// For `block_flow` at one source asset: that asset. For `segment`: the zone the flows come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For `block_flow` at one destination asset: that asset. For `segment`: the zone the flows go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where it is enforced.
    pub enforcement_point: PointId,
    /// Further points, where one does not see all its flows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_at: Vec<PointId>,
    /// Ports blocked; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// Seconds until it lapses by itself.
    pub lease_s: u64,
    /// Whether it can be undone exactly.
    pub reversible: bool,
    /// Who must say yes.
    pub approval: Approval,
    /// Seconds until it takes effect.
    pub time_to_effect_s: u64,
    /// The attacker's moves it cuts, as `from -> to (means)`.
    pub cuts: Vec<String>,
    /// Services it breaks.
    pub breaks: Vec<Broken>,
    /// Ids of the incidents that need it, ascending, where one plan answers several; none where there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<String>,
}

/// Stands last in `cuts[]` where not every move is named.
pub const MORE_MOVES: &str = "and more moves of the same kinds";

impl Action {
    /// How many moves are named, and whether there are more.
    pub fn moves(&self) -> (usize, bool) {
        match self.cuts.split_last() {
            Some((last, named)) if last == MORE_MOVES => (named.len(), true),
            _ => (self.cuts.len(), false),
        }
    }
}

/// An isolation an operator would otherwise use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineName {
    /// Isolate every compromised and suspected host.
    IsolateAll,
    /// Shut the zones they stand in.
    ShutZones,
}

/// What a baseline would cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Which.
    pub name: BaselineName,
    /// Its cost.
    pub objective: Objective,
    /// Whether it meets the hard rules.
    pub feasible: bool,
    /// Services it breaks.
    pub services: Vec<ServiceImpact>,
}

/// How much the parts of the objective weigh beside operating cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Weights {
    /// Value of services lost.
    pub service_loss: f64,
    /// Value of assets within reach.
    pub exposure: f64,
    /// Value of compromised assets and identities that keep a foothold.
    #[serde(default = "one")]
    pub foothold: f64,
}

fn one() -> f64 {
    1.0
}

impl Default for Weights {
    /// As the plan itself.
    fn default() -> Self {
        Self { service_loss: 1.0, exposure: 1.0, foothold: 1.0 }
    }
}

/// Another plan on the Pareto front.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alternative {
    /// `least_impact`, `balanced`, `most_assurance`; `silent`: the cheapest without footholds.
    pub name: String,
    /// Its cost.
    pub objective: Objective,
    /// How much each part of the objective weighs in what it minimises; operating cost weighs 1.
    #[serde(default)]
    pub weights: Weights,
    /// Its cost under these weights: what it minimises.
    #[serde(default)]
    pub weighted: f64,
    /// Proven lower bound of `weighted` over all plans.
    pub bound: f64,
    /// (weighted - bound) / weighted; 0 is proven optimal, and then no plan is better in one part and as good in the others.
    pub gap: f64,
    /// Its actions.
    pub actions: Vec<Action>,
    /// Services it breaks.
    pub services: Vec<ServiceImpact>,
    /// Where there is no such plan: what prevents it. Then it has no actions, and its cost is that of doing nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevented: Option<String>,
}

/// Something the plan leaves undone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotDone {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Services that may be hit by it although the objective counts them as held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceId>,
}

/// Why something stays in the attacker's hands or within reach under a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResidualWhy {
    /// It is compromised and keeps a foothold.
    Foothold,
    /// It is not compromised and stays reachable.
    WithinReach,
}

/// Who accepted that something stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Who.
    pub by: String,
    /// When.
    pub at: jiff::Timestamp,
}

/// What a plan leaves in the attacker's hands or within reach: never contained unless accepted by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Residual {
    /// Id of the asset or identity.
    pub entity: String,
    /// Host or account.
    pub kind: crate::case::EntityKind,
    /// For a compromised asset: the flow by which it talks to the outside, `asset:<id>` of the compromised one it talks
    /// through, or `unknown` where no flow touches any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
    /// Why it stays.
    pub why: ResidualWhy,
    /// Who accepted it, once somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Number; an enforcement point refuses a lower one than it holds.
    pub generation: u64,
    /// The attitude it is proved for.
    pub attitude: Attitude,
    /// Hours over which losses count.
    pub horizon_h: f64,
    /// ISO 4217.
    pub currency: String,
    /// Its cost.
    pub objective: Objective,
    /// What it leaves in the attacker's hands or within reach, ascending by kind and id.
    #[serde(default)]
    pub residual: Vec<Residual>,
    /// Proven lower bound of the total.
    pub bound: f64,
    /// (total - bound) / total; 0 is proven optimal.
    pub gap: f64,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// Other plans.
    pub alternatives: Vec<Alternative>,
    /// What one would otherwise do.
    pub baselines: Vec<Baseline>,
    /// What it leaves undone.
    pub not_done: Vec<NotDone>,
}

/// How a service fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// In full.
    Up,
    /// In degraded mode.
    Degraded,
    /// Not at all.
    Down,
}

/// How one service fares, and for whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceImpact {
    /// The service.
    pub service: ServiceId,
    /// How it fares.
    pub state: ServiceState,
    /// Its customers.
    pub customers: Vec<Customers>,
    /// Value lost per hour, in the estate's currency.
    pub value_per_hour: f64,
}

/// `impact.json`. Each list holds the services that are not up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Impact {
    /// What the attacker's hold on the compromised assets costs.
    pub attacker: Vec<ServiceImpact>,
    /// What the plan was computed to cost.
    pub containment_predicted: Vec<ServiceImpact>,
    /// What it cost, by probes.
    pub containment_observed: Vec<ServiceImpact>,
}

/// One move cut off, and the rule that cuts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Cut {
    /// Asset (or class of assets) within reach.
    pub from: String,
    /// Asset (or class of assets) beyond it.
    pub to: String,
    /// How the attacker would move: flow and port.
    pub means: String,
    /// Name of the rule as read back, or `identity:<id>` disabled.
    pub by: String,
}

/// A compromised entity whose ways out are all cut.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Silenced {
    /// Id of the asset or identity.
    pub entity: String,
    /// Names of the rules as read back that cut its ways out, or `identity:<id>` disabled; ascending.
    pub cut: Vec<String>,
}

/// A compromised entity that keeps a foothold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Foothold {
    /// Id of the asset or identity.
    pub entity: String,
    /// By what: a flow to the outside, the compromised asset it talks through, or `unknown`; none for an identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
}

/// `certificate.json`: all the attacker can still reach, and what closes every way out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// The attitude it holds for.
    pub attitude: Attitude,
    /// Where the attacker starts: compromised assets.
    pub sources: Vec<String>,
    /// What must not be reachable.
    pub protected: Vec<String>,
    /// The closed set: sources and everything reachable from them.
    pub reached: Vec<String>,
    /// Every move out of the closed set and the rule that cuts it.
    pub cut: Vec<Cut>,
    /// Identities compromised at the start, whose rights the attacker holds wherever it stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<IdentityId>,
    /// Compromised entities whose ways out are all cut, ascending.
    #[serde(default)]
    pub silenced: Vec<Silenced>,
    /// Compromised entities that keep a foothold, ascending.
    #[serde(default)]
    pub footholds: Vec<Foothold>,
}

/// Customers of `services`: per segment the most of any one service, since the customers of a segment use several.
pub fn customers_hit(services: &[ServiceImpact]) -> u64 {
    let mut segments: BTreeMap<&str, u64> = BTreeMap::new();
    for it in services.iter().flat_map(|it| &it.customers) {
        let most = segments.entry(&it.segment).or_default();
        *most = (*most).max(it.count);
    }
    segments.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_of_one_segment_are_counted_once() {
        let impact = |service: &str, customers: &[(&str, u64)]| ServiceImpact {
            service: service.into(),
            state: ServiceState::Down,
            customers: customers
                .iter()
                .map(|(segment, count)| Customers { segment: (*segment).to_owned(), count: *count })
                .collect(),
            value_per_hour: 0.0,
        };
        let hit = [impact("a", &[("business", 5), ("consumer", 2)]), impact("b", &[("business", 9)])];
        assert_eq!(customers_hit(&hit), 11);
    }
}
