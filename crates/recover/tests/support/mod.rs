//! An estate for tests: three tiers, an identity provider, k-of-n web servers, a degraded mode, few hands.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;

use bulkhead_model::case::{RecoveryPlan, RecoveryStep};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use bulkhead_recover::{Policy, Request, plan};
use serde_json::json;

/// The estate.
pub fn estate() -> Estate {
    let server = |id: &str, role: &str| json!({"id": id, "zone": "z", "roles": [role]});
    serde_json::from_value(json!({
        "version": 1,
        "estate": {"id": "t", "name": "Test"},
        "zones": [{"id": "z"}],
        "assets": [
            server("db-1", "database"), server("web-1", "web"), server("web-2", "web"), server("web-3", "web"),
            server("bill-1", "app"), server("odd-1", "odd"),
            {"id": "ad-1", "zone": "z", "kind": "identity_provider", "roles": ["directory"]}
        ],
        "flows": [{"id": "web-to-db", "from": {"roles": ["web"]}, "to": {"roles": ["database"]}, "ports": ["tcp/5432"]}],
        "services": [
            {"id": "identity", "name": "Identity", "value_per_hour": 100.0, "requires": {"asset": "ad-1"}},
            {"id": "portal", "name": "Portal", "value_per_hour": 9000.0, "rto": "4h", "mtpd": "24h",
             "requires": {"all": [
                {"asset": "db-1"}, {"service": "identity"}, {"flow": "web-to-db"},
                {"at_least": {"n": 2, "of": [{"asset": "web-1"}, {"asset": "web-2"}, {"asset": "web-3"}]}}]},
             "degraded": {"requires": {"all": [{"asset": "db-1"}, {"asset": "web-1"}]}, "share": 0.4}},
            {"id": "billing", "name": "Billing", "value_per_hour": 1000.0, "mtpd": "48h",
             "requires": {"all": [{"asset": "bill-1"}, {"service": "portal"}]}}
        ],
        "crews": [{"id": "dba", "members": 1}, {"id": "sys", "members": 2}],
        "procedures": [
            {"for": {"roles": ["database"]}, "steps": [
                {"id": "restore", "crew": "dba", "duration": {"p10": "1h", "p50": "2h", "p90": "5h"}},
                {"id": "verify", "crew": "dba", "duration": {"p50": "20m"}, "after": ["restore"]}]},
            {"for": {"any": true}, "steps": [
                {"id": "rebuild", "crew": "sys", "duration": {"p10": "30m", "p50": "1h", "p90": "3h"}},
                {"id": "check", "crew": "sys", "duration": {"p50": "15m"}, "after": ["rebuild"]}]}
        ]
    }))
    .expect("an estate")
}

/// Ids.
pub fn assets(ids: &[&str]) -> Vec<AssetId> {
    ids.iter().map(|it| AssetId::new(*it)).collect()
}

/// A plan with the default policy.
pub fn plan_for(estate: &Estate, lost: &[&str], samples: usize) -> RecoveryPlan {
    let lost = assets(lost);
    let policy = Policy::default();
    let request = Request { estate, lost: &lost, actions: &[], policy: &policy, samples, seed: 7 };
    plan(&request).expect("a plan")
}

/// The steps of all stages.
pub fn steps(plan: &RecoveryPlan) -> Vec<&RecoveryStep> {
    plan.stages.iter().flat_map(|it| &it.steps).collect()
}

/// When the last step on an asset ends.
pub fn back_at(plan: &RecoveryPlan, asset: &str) -> u64 {
    steps(plan).iter().filter(|it| it.asset.as_str() == asset).map(|it| it.end_s).max().expect("steps")
}

/// When the first step on an asset starts.
pub fn starts_at(plan: &RecoveryPlan, asset: &str) -> u64 {
    steps(plan).iter().filter(|it| it.asset.as_str() == asset).map(|it| it.start_s).min().expect("steps")
}

/// Checks what every plan must satisfy, by itself.
pub fn assert_sound(estate: &Estate, plan: &RecoveryPlan) {
    let all = steps(plan);
    let ends: BTreeMap<&str, u64> = all.iter().map(|it| (it.id.as_str(), it.end_s)).collect();
    for step in &all {
        assert_eq!(step.end_s - step.start_s, step.p50_s, "{}", step.id);
        for earlier in &step.after {
            assert!(ends[earlier.as_str()] <= step.start_s, "{} starts before {earlier} ends", step.id);
        }
        let members = estate.crews.iter().find(|it| it.id == step.crew).map_or(1, |it| it.members) as usize;
        let at_work = all
            .iter()
            .filter(|it| it.crew == step.crew && it.start_s <= step.start_s && step.start_s < it.end_s);
        assert!(at_work.count() <= members, "crew {} is overbooked at {}", step.crew, step.start_s);
    }
    for pair in plan.stages.windows(2) {
        let end = pair[0].steps.iter().map(|it| it.end_s).max().unwrap_or(0);
        let opens = end + pair[0].gate.surveillance_s;
        assert!(
            pair[1].steps.iter().all(|it| it.start_s >= opens),
            "stage {} begins before its gate",
            pair[1].n
        );
    }
    assert!(plan.bound <= plan.objective && (0.0..=1.0).contains(&plan.gap));
}
