//! Services under losses, against a plain recursive reading of the contract; and units against single assets.

use std::collections::BTreeSet;
use std::sync::Arc;

use bulkhead_model::case::ServiceState;
use bulkhead_model::estate::Estate;
use expect_test::{Expect, expect};
use serde_json::json;

use crate::{EstateIndex, Exemptions, Losses, ServiceGraph};

fn estate() -> Estate {
    serde_json::from_value(json!({
        "version": 1,
        "estate": {"id": "small", "name": "Small"},
        "zones": [{"id": "front"}, {"id": "back"}],
        "assets": [
            {"id": "web-1", "zone": "front", "roles": ["web"]}, {"id": "web-2", "zone": "front", "roles": ["web"]},
            {"id": "web-3", "zone": "front", "roles": ["web"]}, {"id": "db", "zone": "back"},
            {"id": "console", "zone": "back", "addresses": ["10.1.0.5"]},
        ],
        "identities": [{"id": "svc"}],
        "flows": [
            {"id": "web-to-db", "from": {"roles": ["web"]}, "to": {"asset": "db"}, "ports": ["tcp/5432"]},
            {"id": "admin", "from": {"asset": "console"}, "to": {"any": true}, "ports": ["tcp/22"]},
        ],
        "management": [{"from": {"asset": "console"}, "to": {"asset": "db"}, "ports": ["tcp/22"]}],
        "services": [
            {"id": "portal", "name": "Portal", "customers": [{"segment": "business", "count": 100}], "value_per_hour": 1000,
             "requires": {"all": [{"asset": "db"}, {"at_least": {"n": 2, "of": [{"asset": "web-1"}, {"asset": "web-2"}, {"asset": "web-3"}]}},
                                  {"flow": "web-to-db"}, {"identity": "svc"}]},
             "degraded": {"requires": {"all": [{"asset": "db"}, {"asset": "web-1"}]}, "share": 0.4}},
            {"id": "api", "name": "API", "value_per_hour": 10, "requires": {"all": [{"service": "portal"}, {"flow": "web-to-db", "from": "web-2", "to": "db"}]}},
            {"id": "care", "name": "Care", "value_per_hour": 1, "requires": {"flow": "admin"}},
        ],
    }))
    .unwrap()
}

/// Loses what `lose` names (`asset`, `!identity`, `flow/`, `flow/from/`, `flow//to`, `zone>zone`) and lists who suffers.
fn check(lose: &[&str], expect: &Expect) {
    let estate = estate();
    let index = EstateIndex::new(&estate);
    let graph = ServiceGraph::new(&estate, &index);
    let exempt = Arc::new(Exemptions::new(&index, BTreeSet::new(), &BTreeSet::new()));
    let none = Losses::none(exempt);
    let base = graph.evaluate(&index, &none);
    let mut losses = none.clone();
    for text in lose {
        let asset = |id: &str| index.asset(&id.into()).unwrap();
        if let Some((from, to)) = text.split_once('>') {
            losses.zone_pairs.insert((index.zone(&from.into()).unwrap(), index.zone(&to.into()).unwrap()));
        } else if let Some(identity) = text.strip_prefix('!') {
            losses.identities.insert(index.identity(&identity.into()).unwrap());
        } else if let [flow, from, to] = text.split('/').collect::<Vec<_>>()[..] {
            let flow = index.flow(&flow.into()).unwrap();
            match (from, to) {
                ("", "") => losses.flows.insert(flow),
                (from, "") => losses.sources.insert((flow, asset(from))),
                ("", to) => losses.destinations.insert((flow, asset(to))),
                (from, to) => losses.pairs.insert((flow, asset(from), asset(to))),
            };
        } else {
            losses.assets.insert(asset(text));
        }
    }
    let all: Vec<u32> = (0..graph.leaves().len() as u32).collect();
    let after = graph.evaluate(&index, &losses);
    let mut incremental = base.states.clone();
    for (service, state) in graph.changes(&index, &base, &losses, &all) {
        incremental[service as usize] = state;
    }
    assert_eq!(incremental, after.states, "the incremental evaluation is the full one");
    let text: Vec<String> = graph
        .impacts(&base.states, &after.states)
        .iter()
        .map(|it| format!("{} {:?} -{}/h", it.service, it.state, it.value_per_hour))
        .collect();
    expect.assert_eq(&text.join(", "));
}

#[test]
fn two_of_three_are_enough_and_one_is_degraded() {
    check(&["web-3"], &expect![""]);
    check(&["web-2", "web-3"], &expect!["portal Degraded -600/h, api Down -10/h"]);
    check(&["web-1", "web-3"], &expect!["portal Down -1000/h, api Down -10/h"]);
}

#[test]
fn a_service_is_not_down_while_it_is_degraded() {
    check(&["!svc"], &expect!["portal Degraded -600/h"]);
    check(&["db"], &expect!["portal Down -1000/h, api Down -10/h"]);
}

#[test]
fn a_flow_holds_while_one_pair_is_open() {
    check(&["web-to-db/web-1/", "web-to-db/web-3/"], &expect![""]);
    check(
        &["web-to-db/web-1/", "web-to-db/web-3/", "web-2"],
        &expect!["portal Degraded -600/h, api Down -10/h"],
    );
    check(&["web-to-db/web-2/"], &expect!["api Down -10/h"]);
    check(&["web-to-db//db"], &expect!["portal Degraded -600/h, api Down -10/h"]);
    check(&["front>back"], &expect!["portal Degraded -600/h, api Down -10/h"]);
    check(&["back>front"], &expect![""]);
}

#[test]
fn pairs_that_management_keeps_open_are_not_blocked_but_isolation_counts() {
    check(&["admin//"], &expect![""]);
    check(&["admin//", "db"], &expect!["portal Down -1000/h, api Down -10/h, care Down -1/h"]);
}

#[test]
fn units_hold_assets_that_nothing_tells_apart() {
    let mut estate = estate();
    for at in 0..6 {
        let mut asset = estate.assets[0].clone();
        asset.id = format!("spare-{at}").as_str().into();
        asset.roles = vec!["spare".to_owned()];
        estate.assets.push(asset);
    }
    let mut index = EstateIndex::condensed(&estate);
    // Five named ones, and the spares in one unit: no service hangs on their flows but `admin`, which spares two of them.
    let sizes =
        |index: &EstateIndex| (0..index.n_assets() as u32).map(|it| index.size(it)).collect::<Vec<_>>();
    assert_eq!(sizes(&index), [1, 1, 1, 1, 1, 1, 1, 4]);
    let position = index.position(&"spare-1".into()).unwrap();
    let alone = index.split(position);
    assert_eq!((index.size(alone), sizes(&index)), (1, vec![1, 1, 1, 1, 1, 1, 1, 3, 1]));
    assert_eq!(index.asset(&"spare-1".into()), Some(alone));
    let admin = index.flow(&"admin".into()).unwrap();
    assert!(index.flows()[admin as usize].to.contains(&alone));
}

#[test]
fn what_no_selector_and_no_flow_asks_for_tells_nothing_apart() {
    let mut estate = estate();
    for (at, (role, port)) in
        [("ubuntu", "tcp/8080"), ("debian", "udp/161"), ("debian", "tcp/22")].iter().enumerate()
    {
        let mut asset = estate.assets[0].clone();
        asset.id = format!("spare-{at}").as_str().into();
        asset.roles = vec![(*role).to_owned()];
        asset.exploitable = vec![port.parse().unwrap()];
        estate.assets.push(asset);
    }
    // `admin` arrives on tcp/22: only the third is weaker than the others, and no selector names a distribution.
    let index = EstateIndex::condensed(&estate);
    let unit = |id: &str| index.asset(&id.into()).unwrap();
    let units = ["spare-0", "spare-1", "spare-2"].map(unit);
    assert_eq!(index.representative(&estate, units[2]).id.as_str(), "spare-2");
    assert_ne!(units[1], units[2]);
    estate.services.retain(|it| it.id.as_str() != "care");
    let index = EstateIndex::condensed(&estate);
    let unit = |id: &str| index.asset(&id.into()).unwrap();
    assert_eq!(unit("spare-0"), unit("spare-1"), "no service hangs on their flow, nothing tells them apart");
}

#[test]
fn states_are_ordered_by_how_bad_they_are() {
    assert!(ServiceState::Up < ServiceState::Degraded && ServiceState::Degraded < ServiceState::Down);
}
