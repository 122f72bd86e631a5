//! An estate for tests: three tiers, an identity provider, k-of-n web servers, a degraded mode, few hands.
#![allow(dead_code, reason = "each test binary uses its own part")]

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
            {"for": {"any": true}, "steps": [
                {"id": "rebuild", "crew": "sys", "duration": {"p10": "30m", "p50": "1h", "p90": "3h"}},
                {"id": "check", "crew": "sys", "duration": {"p50": "15m"}, "after": ["rebuild"]}]},
            {"for": {"roles": ["database"]}, "steps": [
                {"id": "restore", "crew": "dba", "duration": {"p10": "1h", "p50": "2h", "p90": "5h"}},
                {"id": "verify", "crew": "dba", "duration": {"p50": "20m"}, "after": ["restore"]}]}
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
