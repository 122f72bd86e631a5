//! Blast radius over time and choke points on a small estate that can be followed by hand.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::reach::{blast_radius, choke_points, over_time};
use bulkhead_contain::{Planner, Request};
use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{Estate, Movement, Port, Selector};
use bulkhead_model::id::AssetId;
use expect_test::{Expect, expect};
use serde_json::json;

use crate::brute_force::case;
use crate::oracle::{Oracle, state};
use crate::random::Shape;

/// From a desk over a jump host (or a slow second way) to a bastion, from there to two servers; a secret opens the second.
fn estate() -> Estate {
    let flow = |from: &str, to: &str, port: &str| json!({"id": format!("{from}-{to}"), "from": {"asset": from}, "to": {"asset": to}, "ports": [port]});
    let asset = |id: &str| json!({"id": id, "zone": "z", "value": 10, "crown_jewel": id == "db"});
    let assets = ["desk", "jump", "side", "bastion", "web", "db"].map(asset);
    serde_json::from_value(json!({
        "version": 1, "estate": {"id": "small", "name": "Small"}, "zones": [{"id": "z"}],
        "assets": assets,
        "flows": [flow("desk", "jump", "tcp/3389"), flow("desk", "side", "tcp/5432"), flow("jump", "bastion", "tcp/22"),
                  flow("side", "bastion", "tcp/5432"), flow("bastion", "web", "tcp/2375"), flow("bastion", "db", "tcp/22")],
        "identities": [
            {"id": "dba", "rights": [{"on": {"asset": "db"}, "via": ["ssh"]}], "secrets_on": [{"asset": "web"}]},
            {"id": "admin", "rights": [{"on": {"any": true}, "via": ["rdp", "database"]}], "secrets_on": [{"asset": "desk"}]},
        ],
    }))
    .unwrap()
}

fn check(attitude: Attitude, expect: &Expect) {
    let (estate, ports) = (estate(), MovementPorts::default());
    let compromised: [AssetId; 1] = ["desk".into()];
    let request = Request { attitude, ..Request::new(&estate, &compromised, &ports) };
    let mut text = String::new();
    for it in blast_radius(&request).unwrap() {
        text += &format!("{} after {} moves, {} min\n", it.asset, it.moves, it.earliest_s / 60);
    }
    for it in choke_points(&request).unwrap() {
        text += &format!(
            "through {}: {} assets, {} protected, worth {}\n",
            it.asset, it.behind, it.protected, it.value
        );
    }
    expect.assert_eq(&text);
}

#[test]
fn by_ports() {
    check(
        Attitude::Movement,
        &expect![[r#"
        jump after 1 moves, 10 min
        side after 1 moves, 20 min
        bastion after 2 moves, 25 min
        db after 3 moves, 40 min
        web after 3 moves, 30 min
        through bastion: 2 assets, 1 protected, worth 20
    "#]],
    );
}

#[test]
fn with_credentials_the_slow_way_and_the_secret_first() {
    check(
        Attitude::Credential,
        &expect![[r#"
        jump after 1 moves, 10 min
        side after 1 moves, 20 min
        bastion after 2 moves, 40 min
        db after 3 moves, 60 min
        web after 3 moves, 45 min
        through side: 3 assets, 1 protected, worth 30
        through bastion: 2 assets, 1 protected, worth 20
        through web: 1 assets, 1 protected, worth 10
    "#]],
    );
}

/// Seconds until each asset can be reached at the earliest, pair by pair until nothing changes; and whether some pair counts.
fn naive_times(oracle: &Oracle<'_>, ports: &MovementPorts) -> BTreeMap<usize, u64> {
    let mut times: BTreeMap<usize, u64> = oracle.compromised.iter().map(|&it| (it, 0)).collect();
    loop {
        let before = times.clone();
        for (number, flow) in oracle.flows.iter().enumerate() {
            for &(from, to) in &flow.pairs {
                let Some(&now) = before.get(&from) else { continue };
                // With each set of identities that is usable by some time, the move can begin then.
                for &ready in before.values() {
                    let usable = usable_at(oracle, &before, ready);
                    if oracle.pair_counts(number, to, &usable) {
                        let arrival = now.max(ready) + duration(oracle, number, to, ports);
                        let known = times.entry(to).or_insert(arrival);
                        *known = (*known).min(arrival);
                    }
                }
            }
        }
        if times == before {
            return times;
        }
    }
}

fn usable_at(oracle: &Oracle<'_>, times: &BTreeMap<usize, u64>, now: u64) -> BTreeSet<usize> {
    let found =
        |on: &Selector| times.iter().any(|(&at, &it)| it <= now && on.matches(&oracle.estate.assets[at]));
    let identities = oracle.estate.identities.iter().enumerate();
    identities.filter(|it| it.1.secrets_on.iter().any(found)).map(|it| it.0).collect()
}

/// What a move by the flow takes: the quickest means its ports admit, a quarter of an hour by others.
fn duration(oracle: &Oracle<'_>, number: usize, to: usize, ports: &MovementPorts) -> u64 {
    let flow = &oracle.flows[number];
    let meets = |port: Port| flow.ports.iter().any(|it| it.overlaps(port));
    let listed = ports.ports().iter().filter(|it| meets(it.port)).map(|it| it.time.secs());
    let exploitable = oracle.estate.assets[to].exploitable.iter().any(|&it| meets(it));
    let open = flow.movement == Movement::Yes || oracle.attitude == Attitude::Strict || exploitable;
    let other = bulkhead_contain::ports::DEFAULT_TIME.secs();
    listed.chain(open.then_some(other)).min().unwrap_or(other)
}

#[test]
fn times_and_choke_points_are_those_of_plain_search() {
    let ports = MovementPorts::default();
    let (mut reached, mut choking) = (0, 0);
    for seed in 0..240 {
        let case = case(seed, Shape { assets: 10, flows: 6, management: false, protected: false });
        let request =
            Request { attitude: case.attitude, ..Request::new(&case.estate, &case.compromised, &ports) };
        let oracle = Oracle::new(&case.estate, case.attitude, &case.compromised, &[]);
        let id = |at: usize| case.estate.assets[at].id.clone();
        let times = naive_times(&oracle, &ports);
        let mut expected: BTreeMap<AssetId, u64> = times.iter().map(|(&at, &it)| (id(at), it)).collect();
        expected.retain(|it, _| !case.compromised.contains(it));
        let radius = blast_radius(&request).unwrap();
        let found: BTreeMap<AssetId, u64> =
            radius.iter().map(|it| (it.asset.clone(), it.earliest_s)).collect();
        assert_eq!(found, expected, "seed {seed} {:?}", case.attitude);
        reached += found.len();
        let mut points = BTreeMap::new();
        for at in times.keys().copied().filter(|it| !oracle.compromised.contains(it)) {
            let mut state = state(&[]);
            state.isolated.insert(at);
            let without = oracle.reach(&state);
            let behind = times.keys().filter(|&&it| it != at && !without.contains(&it)).count() as u64;
            if behind > 0 {
                points.insert(id(at), behind);
            }
        }
        let found: BTreeMap<AssetId, u64> =
            choke_points(&request).unwrap().into_iter().map(|it| (it.asset, it.behind)).collect();
        assert_eq!(found, points, "seed {seed} {:?}", case.attitude);
        choking += found.len();
        let units = Planner::condensed(&case.estate, &ports);
        let condensed = over_time(&units.blast_radius(&request).unwrap());
        assert_eq!(condensed, over_time(&radius), "seed {seed}: units reach as far");
        assert_eq!(units.choke_points(&request).unwrap(), choke_points(&request).unwrap(), "seed {seed}");
    }
    assert!(reached > 300 && choking > 30, "{reached} reached, {choking} choke points");
}
