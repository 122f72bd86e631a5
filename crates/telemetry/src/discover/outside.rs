//! What a draft takes as open: everything between its zones, and everything between them and the rest of the world.
//!
//! Telemetry shows flows that happened, never that others are closed. A plan on a draft therefore silences an attacker by
//! isolating hosts, until somebody declares what is closed.

use bulkhead_model::estate::{Asset, AssetKind, Estate, Flow, Movement, Port, Selector, Zone};
use bulkhead_model::id::{AssetId, FlowId, ZoneId};

/// The zone, and the asset, of what lies outside.
pub(super) const OUTSIDE: &str = "outside";

/// Marks `estate` as a draft, adds the zone outside with its one asset and an open flow for every ordered pair of zones.
pub(super) fn open(estate: &mut Estate, said: &mut Vec<String>) {
    estate.estate.drafted = true;
    if estate.assets.is_empty() {
        return;
    }
    estate.zones.push(Zone {
        id: ZoneId::from(OUTSIDE),
        name: "Everybody else".to_owned(),
        cidrs: Vec::new(),
        tier: 9,
        flat: false,
        external: true,
    });
    estate.assets.push(everybody());
    let zones: Vec<ZoneId> = estate.zones.iter().map(|it| it.id.clone()).collect();
    let zone = |it: &ZoneId| Selector { zone: Some(it.clone()), ..Selector::default() };
    for from in &zones {
        for to in zones.iter().filter(|it| *it != from) {
            estate.flows.push(Flow {
                id: FlowId::new(format!("open:{from}>{to}")),
                from: zone(from),
                to: zone(to),
                ports: vec![Port::ANY],
                movement: Movement::Auto,
            });
        }
    }
    said.push(
        "What no telemetry showed is taken as open: every zone reaches every other and the outside on all ports, and is \
         reached from there (flows `open:...`); remove them, and `drafted: true`, once the estate says what is closed"
            .to_owned(),
    );
    said.push(
        "No point is known to stand between the estate and the outside, so only isolating a host silences it"
            .to_owned(),
    );
}

fn everybody() -> Asset {
    Asset {
        id: AssetId::from(OUTSIDE),
        hostname: None,
        addresses: Vec::new(),
        zone: ZoneId::from(OUTSIDE),
        kind: AssetKind::Server,
        os: None,
        roles: Vec::new(),
        value: 0.0,
        crown_jewel: false,
        data: Vec::new(),
        exploitable: Vec::new(),
        relay: false,
    }
}
