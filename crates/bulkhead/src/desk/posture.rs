//! One posture for all incidents: enforcement points can hold only one truth, so the plan is made for the union of what is
//! compromised, each action says which incidents need it, and each incident has its own proof.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_contain::{PlanError, Planned, certificate};
use bulkhead_engine::State;
use bulkhead_model::case::{
    Action, ActionKind, Certificate, Entity, EntityKind, EntityRef, Incident, Residual, ResidualWhy,
};
use bulkhead_model::id::{AssetId, IdentityId, PointId};
use bulkhead_model::rules::PointRules;

use super::Setting;
use super::answers::request;

/// The way out of what the estate does not know.
const UNKNOWN: &str = "unknown";

/// The start of an attack graph: who is in the attacker's hands now, as far as the estate knows them.
#[derive(Clone)]
pub struct Start {
    pub assets: Vec<AssetId>,
    pub identities: Vec<IdentityId>,
    pub suspected: Vec<(AssetId, f64)>,
    pub lost: Vec<PointId>,
}

impl Start {
    /// Whether `asset` is in the attacker's hands, or suspected enough to count as that.
    fn holds(&self, setting: &Setting<'_>, asset: &str) -> bool {
        let suspected = self.suspected.iter().filter(|it| it.1 >= setting.suspect_threshold);
        self.assets.iter().chain(suspected.map(|it| &it.0)).any(|it| it.as_str() == asset)
    }
}

/// Who is in the hands of this incident's attacker.
pub fn start(setting: &Setting<'_>, state: &State, incident: &Incident) -> Start {
    let suspected = incident.suspected.iter().filter(|it| !state.is_clean(it));
    of(setting, state.compromised(), suspected, state)
}

/// Who is in anybody's hands.
pub fn everybody(setting: &Setting<'_>, state: &State, incident: &Incident) -> Start {
    let own = start(setting, state, incident);
    if setting.others.is_empty() {
        return own;
    }
    let starts =
        setting.others.iter().map(|it| of(setting, it.compromised.iter(), it.suspected.iter(), state));
    let (mut assets, mut identities) = (BTreeSet::new(), BTreeSet::new());
    let mut suspected: BTreeMap<AssetId, f64> = BTreeMap::new();
    for it in starts.chain([own]) {
        assets.extend(it.assets);
        identities.extend(it.identities);
        for (asset, confidence) in it.suspected {
            let most = suspected.entry(asset).or_default();
            *most = most.max(confidence);
        }
    }
    suspected.retain(|asset, _| !assets.contains(asset));
    Start {
        assets: assets.into_iter().collect(),
        identities: identities.into_iter().collect(),
        suspected: suspected.into_iter().collect(),
        lost: state.containment.lost.iter().cloned().collect(),
    }
}

/// What is in the attacker's hands and the estate does not know: no action can touch it, so it keeps its foothold.
pub fn unknown(setting: &Setting<'_>, state: &State) -> Vec<Residual> {
    let estate = setting.estate;
    let known = |it: &EntityRef| match it.kind {
        EntityKind::Asset => estate.assets.iter().any(|known| known.id.as_str() == it.id),
        EntityKind::Identity => estate.identities.iter().any(|known| known.id.as_str() == it.id),
    };
    // Suspected ones count from the threshold on, as those do that the estate knows.
    let counts = |it: &&Entity| it.confidence >= setting.suspect_threshold;
    let own = state.incident.iter().flat_map(|it| &it.suspected).filter(|it| !state.is_clean(it));
    let others =
        setting.others.iter().flat_map(|it| it.compromised.iter().chain(it.suspected.iter().filter(counts)));
    let all = state.compromised().chain(own.filter(counts)).chain(others);
    let strangers: BTreeSet<EntityRef> = all.map(Entity::key).filter(|it| !known(it)).collect();
    let keeps = |it: EntityRef| Residual {
        entity: it.id,
        kind: it.kind,
        way_out: Some(UNKNOWN.to_owned()),
        why: ResidualWhy::Foothold,
        accepted: None,
    };
    strangers.into_iter().map(keeps).collect()
}

fn of<'e>(
    setting: &Setting<'_>,
    compromised: impl Iterator<Item = &'e Entity>,
    suspected: impl Iterator<Item = &'e Entity>,
    state: &State,
) -> Start {
    let estate = setting.estate;
    let known: BTreeSet<&str> = estate.assets.iter().map(|it| it.id.as_str()).collect();
    let accounts: BTreeSet<&str> = estate.identities.iter().map(|it| it.id.as_str()).collect();
    let (mut assets, mut identities) = (Vec::new(), Vec::new());
    for it in compromised {
        match it.kind {
            EntityKind::Asset if known.contains(it.id.as_str()) => assets.push(AssetId::new(&it.id)),
            EntityKind::Identity if accounts.contains(it.id.as_str()) => {
                identities.push(IdentityId::new(&it.id));
            }
            EntityKind::Asset | EntityKind::Identity => {}
        }
    }
    let mut weighed = Vec::new();
    for it in suspected {
        match it.kind {
            EntityKind::Asset if known.contains(it.id.as_str()) => {
                weighed.push((AssetId::new(&it.id), it.confidence));
            }
            // An account is in the attacker's hands or not: there is no half of it to protect.
            EntityKind::Identity
                if it.confidence >= setting.suspect_threshold && accounts.contains(it.id.as_str()) =>
            {
                identities.push(IdentityId::new(&it.id));
            }
            EntityKind::Asset | EntityKind::Identity => {}
        }
    }
    identities.sort();
    identities.dedup();
    Start { assets, identities, suspected: weighed, lost: state.containment.lost.iter().cloned().collect() }
}

/// What one incident can still reach under `rules`, and from where. Hosts of other incidents that it can reach count as its
/// own starting points: they are no longer anybody's to protect, and what lies beyond them must be cut all the same.
pub fn proof_of(
    setting: &Setting<'_>,
    state: &State,
    incident: &Incident,
    generation: u64,
    rules: &[PointRules],
) -> Result<(Start, Certificate), PlanError> {
    closed(setting, &everybody(setting, state, incident), start(setting, state, incident), generation, rules)
}

fn closed(
    setting: &Setting<'_>,
    everybody: &Start,
    mut start: Start,
    generation: u64,
    rules: &[PointRules],
) -> Result<(Start, Certificate), PlanError> {
    loop {
        let certificate = certificate(&request(setting, &start, generation), rules)?;
        let sources: BTreeSet<&str> = certificate.sources.iter().map(String::as_str).collect();
        let reached: BTreeSet<&str> = certificate.reached.iter().map(String::as_str).collect();
        let fresh = |it: &&AssetId| reached.contains(it.as_str()) && !sources.contains(it.as_str());
        let more: Vec<AssetId> = everybody.assets.iter().filter(fresh).cloned().collect();
        if more.is_empty() {
            return Ok((start, certificate));
        }
        start.suspected.retain(|it| !more.contains(&it.0));
        start.assets.extend(more);
    }
}

/// Names with every action the incidents that need it. What is done to a host or an account in somebody's hands is done for
/// the incidents that hold it, whomever it keeps away besides; anything else for those out of whose reach it cuts a move or
/// a way out. One that no certificate names, since another rule does the same, is needed by all.
pub fn name_incidents(setting: &Setting<'_>, state: &State, incident: &Incident, planned: &mut Planned) {
    if setting.others.is_empty() {
        return;
    }
    let all = everybody(setting, state, incident);
    let generation = planned.plan.generation;
    let others =
        setting.others.iter().map(|it| (it, of(setting, it.compromised.iter(), it.suspected.iter(), state)));
    let mut everyone: Vec<(&Incident, Start)> = others.collect();
    everyone.push((incident, start(setting, state, incident)));
    everyone.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    let ids: Vec<String> = everyone.iter().map(|it| it.0.id.clone()).collect();
    let holders = |action: &Action| -> Vec<String> {
        let holds = |start: &Start| match action.kind {
            ActionKind::Isolate => start.holds(setting, &action.target),
            ActionKind::DisableIdentity => start.identities.iter().any(|it| it.as_str() == action.target),
            ActionKind::BlockFlow | ActionKind::Segment => false,
        };
        everyone.iter().filter(|it| holds(&it.1)).map(|it| it.0.id.clone()).collect()
    };
    let held: Vec<Vec<String>> = planned.plan.actions.iter().map(holders).collect();
    for (incident, start) in everyone {
        let Ok((_, certificate)) = closed(setting, &all, start, generation, &planned.rules) else { continue };
        let silenced = certificate.silenced.iter().flat_map(|it| &it.cut);
        let by: BTreeSet<&str> =
            certificate.cut.iter().map(|it| &it.by).chain(silenced).map(String::as_str).collect();
        let needed = actions_behind(&planned.rules, &by);
        for action in planned.plan.actions.iter_mut().filter(|it| needed.contains(&it.id)) {
            action.incidents.push(incident.id.clone());
        }
    }
    for (action, held) in planned.plan.actions.iter_mut().zip(held).filter(|it| !it.1.is_empty()) {
        action.incidents = held;
    }
    for action in planned.plan.actions.iter_mut().filter(|it| it.incidents.is_empty()) {
        action.incidents.clone_from(&ids);
    }
}

/// Ids of the actions that the rules called so serve.
fn actions_behind(rules: &[PointRules], by: &BTreeSet<&str>) -> BTreeSet<String> {
    let filters = rules.iter().flat_map(|it| &it.rules).filter(|it| by.contains(it.name.as_str()));
    let filters = filters.filter_map(|it| it.action.clone());
    let disabled = rules.iter().flat_map(|it| &it.disabled);
    let disabled = disabled.filter(|it| by.contains(format!("identity:{}", it.identity).as_str()));
    filters.chain(disabled.map(|it| it.name.clone())).collect()
}
