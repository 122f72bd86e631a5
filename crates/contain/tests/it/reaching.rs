//! Blast radius over time and choke points on a small estate that can be followed by hand.

use bulkhead_contain::Request;
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::reach::{blast_radius, choke_points};
use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use expect_test::{Expect, expect};
use serde_json::json;

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
    "#]],
    );
}
