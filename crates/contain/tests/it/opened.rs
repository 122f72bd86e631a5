//! Random estates opened to the outside: an external zone, relays, ways in and out, reporting channels.

use bulkhead_model::estate::{Estate, Requirement};
use serde_json::json;

use super::random::Dice;

const PORTS: [&str; 6] = ["tcp/443", "tcp/443", "udp/53", "tcp/22", "tcp/3389", "tcp/8080"];

/// A part of an estate in the shape of the file.
macro_rules! read {
    ($value:tt) => {
        serde_json::from_value(json!($value)).expect("the shape of the file")
    };
}

/// Adds to `estate` what lies outside and how it is talked to.
pub fn open(estate: &mut Estate, dice: &mut Dice) {
    let inside = estate.assets.len();
    estate.zones.push(read!({"id": "out", "external": true, "flat": dice.once_in(9)}));
    for at in 0..1 + dice.below(2) {
        let value = *dice.pick(&[0, 900]);
        estate.assets.push(read!({"id": format!("x{at}"), "zone": "out", "roles": ["web"], "value": value}));
    }
    for asset in &mut estate.assets[..inside] {
        asset.relay = dice.once_in(3);
    }
    let end = |dice: &mut Dice| match dice.below(5) {
        0 => json!({"any": true}),
        1 => json!({"roles": ["web"]}),
        _ => json!({"asset": format!("a{}", dice.below(inside))}),
    };
    let outside =
        |dice: &mut Dice| if dice.once_in(2) { json!({"zone": "out"}) } else { json!({"asset": "x0"}) };
    for at in 0..1 + dice.below(4) {
        let (mut from, mut to) = (end(dice), end(dice));
        match dice.below(5) {
            0 | 1 => to = outside(dice),
            2 | 3 => from = outside(dice),
            _ => {}
        }
        let movement = *dice.pick(&["auto", "auto", "no", "yes"]);
        estate.flows.push(read!({"id": format!("g{at}"), "from": from, "to": to, "ports": [*dice.pick(&PORTS)], "movement": movement}));
    }
    for point in &mut estate.enforcement_points {
        let zones: Vec<_> = estate.zones.iter().map(|it| it.id.clone()).collect();
        for zone in zones {
            for pair in [(zone.clone(), "out".into()), ("out".into(), zone.clone())] {
                if !dice.once_in(4) {
                    point.covers.push(pair);
                }
            }
        }
    }
    if let (true, Some(service)) = (dice.once_in(2), estate.services.first_mut()) {
        let of = vec![service.requires.clone(), read!({"flow": "g0"})];
        service.requires =
            if dice.once_in(2) { Requirement::All { all: of } } else { Requirement::Any { any: of } };
    }
    if dice.once_in(4) {
        let (from, to) = (end(dice), json!({"asset": format!("a{}", dice.below(inside))}));
        estate.management.push(read!({"from": from, "to": to, "ports": ["tcp/443"], "reply_only": false}));
    }
    for identity in &mut estate.identities {
        identity.value = Some(*dice.pick(&[150.0, 900.0, 5_000.0])).filter(|_| dice.once_in(2));
    }
}
