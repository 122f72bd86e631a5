//! A small estate and short ways to write rules, intents and instants.

use std::collections::BTreeSet;

use bulkhead_enforce::{FaultPlan, Guards, Report, RetryPolicy, SimFleet, VirtualClock, reconcile};
use bulkhead_model::estate::{Estate, Port};
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::{DisabledIdentity, Endpoint, PointRules, Rule, Verdict};
use jiff::{SignedDuration, Timestamp};

pub fn estate() -> Estate {
    serde_json::from_str(include_str!("estate.json")).unwrap()
}

pub fn fleet(faults: &FaultPlan) -> SimFleet {
    SimFleet::new(&estate(), faults, 1).unwrap()
}

pub fn guards() -> Guards {
    Guards::new(&estate(), &BTreeSet::new())
}

/// `secs` seconds after the start of every test.
pub fn at(secs: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(secs)
}

pub fn port(text: &str) -> Port {
    text.parse().unwrap()
}

/// `z:zone`, `a:asset`, `1.2.3.0/24`, joined with `+`; `*` means every end.
pub fn end(text: &str) -> Endpoint {
    let mut end = Endpoint::default();
    for part in text.split('+').filter(|it| *it != "*") {
        match part.split_once(':') {
            Some(("z", zone)) => end.zones.push(zone.into()),
            Some(("a", asset)) => end.assets.push(asset.into()),
            _ => end.addresses.push(part.parse().unwrap()),
        }
    }
    end
}

/// `drop z:office z:b2b tcp/22,tcp/443` or `accept a:x *`.
pub fn rule(text: &str) -> Rule {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ports = words.get(3).map_or_else(Vec::new, |it| it.split(',').map(port).collect());
    let verdict = if words[0] == "drop" { Verdict::Drop } else { Verdict::Accept };
    Rule { name: text.to_owned(), action: None, from: end(words[1]), to: end(words[2]), ports, verdict }
}

pub fn intent(point: &str, generation: u64, rules: &[&str], lease_s: u64) -> PointRules {
    let rules = rules.iter().map(|it| rule(it)).collect();
    PointRules { point: point.into(), generation, rules, disabled: Vec::new(), lease_s }
}

pub fn disable(generation: u64, identity: &str) -> PointRules {
    let disabled =
        vec![DisabledIdentity { name: format!("{identity}@directory"), identity: identity.into() }];
    PointRules { disabled, ..intent("directory", generation, &[], 0) }
}

/// Reconciles from `start` seconds on and says when it was over.
pub fn run(fleet: &mut SimFleet, intents: &[PointRules], start: i64) -> (Report, Timestamp) {
    let mut clock = VirtualClock(at(start));
    let report = reconcile(fleet, intents, &guards(), &RetryPolicy::default(), &mut clock);
    (report, clock.0)
}

pub fn asset(id: &str) -> AssetId {
    id.into()
}

pub fn point(id: &str) -> PointId {
    id.into()
}
