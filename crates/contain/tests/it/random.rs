//! Small random estates from a seed: a few zones, flows, services with shared costs, k-of-n and degraded modes.

use bulkhead_model::estate::Estate;
use serde_json::{Value, json};

/// A small generator of numbers (splitmix64): the same seed gives the same estate on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((it ^ (it >> 31)) % n as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

const PORTS: [&str; 10] = [
    "tcp/22", "tcp/22", "tcp/445", "tcp/3389", "tcp/3389", "tcp/6443", "tcp/443", "tcp/8080", "udp/53",
    "tcp/8443",
];

/// What a random estate may contain beyond zones, assets, flows, services and points.
#[derive(Clone, Copy)]
pub struct Shape {
    pub assets: usize,
    pub flows: usize,
    pub management: bool,
    pub protected: bool,
}

pub fn estate(dice: &mut Dice, shape: Shape) -> Estate {
    let n_assets = 3 + dice.below(shape.assets - 2);
    let n_zones = 1 + dice.below(3);
    let assets: Vec<Value> = (0..n_assets)
        .map(|at| {
            let kind = if dice.once_in(14) { "identity_provider" } else { "server" };
            let addresses = if dice.once_in(4) { vec![] } else { vec![format!("10.0.{}.{}", at % n_zones, at + 1)] };
            json!({
                "id": format!("a{at}"), "zone": format!("z{}", at % n_zones), "kind": kind, "addresses": addresses,
                "roles": if dice.once_in(2) { vec!["web"] } else { vec!["db"] },
                "value": *dice.pick(&[0, 150, 700, 5_000, 20_000]),
                "crown_jewel": dice.once_in(5),
                "exploitable": if dice.once_in(6) { vec![*dice.pick(&PORTS)] } else { vec![] },
            })
        })
        .collect();
    let zones: Vec<Value> = (0..n_zones)
        .map(|at| json!({"id": format!("z{at}"), "flat": dice.once_in(7), "cidrs": [format!("10.0.{at}.0/24")]}))
        .collect();
    let n_flows = 2 + dice.below(shape.flows);
    let flows: Vec<Value> = (0..n_flows)
        .map(|at| {
            json!({"id": format!("f{at}"), "from": selector(dice, n_assets, n_zones), "to": selector(dice, n_assets, n_zones),
                "ports": [*dice.pick(&PORTS)], "movement": *dice.pick(&["auto", "auto", "auto", "yes", "no"])})
        })
        .collect();
    let identities: Vec<Value> = (0..dice.below(3))
        .map(|at| {
            json!({"id": format!("i{at}"),
                "rights": [{"on": selector(dice, n_assets, n_zones), "via": ["ssh", "rdp", *dice.pick(&["smb", "winrm"])]}],
                "secrets_on": [selector(dice, n_assets, n_zones)]})
        })
        .collect();
    let n_services = 1 + dice.below(4);
    let services: Vec<Value> =
        (0..n_services).map(|at| service(dice, at, n_assets, n_flows, identities.len())).collect();
    let management: Vec<Value> = (0..usize::from(shape.management))
        .map(|_| json!({"from": {"asset": format!("a{}", dice.below(n_assets))}, "to": selector(dice, n_assets, n_zones),
            "ports": [*dice.pick(&["tcp/22", "tcp/8443"])]}))
        .collect();
    let protected: Vec<&str> = if shape.protected { vec!["10.0.0.1/32"] } else { vec![] };
    let value = json!({
        "version": 1, "estate": {"id": "random", "name": "Random"}, "zones": zones, "assets": assets, "flows": flows,
        "identities": identities, "services": services, "enforcement_points": points(dice, n_assets, n_zones),
        "management": management, "protected_addresses": protected,
    });
    serde_json::from_value(value).expect("a random estate has the shape of the file")
}

fn selector(dice: &mut Dice, n_assets: usize, n_zones: usize) -> Value {
    match dice.below(6) {
        0 => json!({"zone": format!("z{}", dice.below(n_zones))}),
        1 => json!({"zone": format!("z{}", dice.below(n_zones)), "roles": ["web"]}),
        _ => json!({"asset": format!("a{}", dice.below(n_assets))}),
    }
}

fn points(dice: &mut Dice, n_assets: usize, n_zones: usize) -> Vec<Value> {
    (0..1 + dice.below(3))
        .map(|at| {
            let mut covers = Vec::new();
            for from in 0..n_zones {
                for to in 0..n_zones {
                    if !dice.once_in(3) {
                        covers.push(json!([format!("z{from}"), format!("z{to}")]));
                    }
                }
            }
            let mut can: Vec<&str> = ["block_flow", "segment", "isolate", "disable_identity"].to_vec();
            can.retain(|_| !dice.once_in(3));
            let mut point =
                json!({"id": format!("p{at}"), "kind": "simulated", "covers": covers, "can": can});
            if dice.once_in(4) {
                point["hosts"] = selector(dice, n_assets, n_zones);
            }
            if dice.once_in(6) {
                point["asset"] = json!(format!("a{}", dice.below(n_assets)));
            }
            point
        })
        .collect()
}

fn service(dice: &mut Dice, at: usize, n_assets: usize, n_flows: usize, n_identities: usize) -> Value {
    let mut service = json!({"id": format!("s{at}"), "name": format!("S{at}"),
        "customers": [{"segment": "business", "count": 10}], "value_per_hour": *dice.pick(&[5, 20, 60]),
        "requires": need(dice, 2, at, n_assets, n_flows, n_identities)});
    if dice.once_in(2) {
        service["degraded"] = json!({"requires": need(dice, 1, at, n_assets, n_flows, n_identities), "share": *dice.pick(&[0.25, 0.4, 0.7])});
    }
    service
}

fn need(
    dice: &mut Dice,
    depth: usize,
    at: usize,
    n_assets: usize,
    n_flows: usize,
    n_identities: usize,
) -> Value {
    if depth == 0 || dice.once_in(4) {
        return match dice.below(10) {
            0 if at > 0 => json!({"service": format!("s{}", dice.below(at))}),
            1 if n_identities > 0 => json!({"identity": format!("i{}", dice.below(n_identities))}),
            2..=6 => json!({"flow": format!("f{}", dice.below(n_flows))}),
            7 => {
                json!({"flow": format!("f{}", dice.below(n_flows)), "from": format!("a{}", dice.below(n_assets)), "to": format!("a{}", dice.below(n_assets))})
            }
            _ => json!({"asset": format!("a{}", dice.below(n_assets))}),
        };
    }
    let of: Vec<Value> =
        (0..1 + dice.below(3)).map(|_| need(dice, depth - 1, at, n_assets, n_flows, n_identities)).collect();
    match dice.below(3) {
        0 => json!({"all": of}),
        1 => json!({"any": of}),
        _ => json!({"at_least": {"n": 1 + dice.below(of.len()), "of": of}}),
    }
}
