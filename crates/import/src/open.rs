//! What no source can see is open: where none told of any flow, everything between zones and with the outside is.

use bulkhead_model::estate::{Asset, AssetKind, Flow, Movement, Port, Selector, Zone};
use bulkhead_model::id::{AssetId, FlowId, ZoneId};

use crate::merge::Draft;
use crate::outside::{INTERNET, OUTSIDE, place};
use crate::report::Report;

/// Marks a new estate without flows as a draft, in which everybody reaches everybody. A scan or an inventory lists hosts:
/// that it shows no flow does not say that there is none.
pub(crate) fn everything(draft: &mut Draft, report: &mut Report) {
    let estate = &mut draft.estate;
    if estate.assets.is_empty() || !estate.flows.is_empty() {
        return;
    }
    estate.estate.drafted = true;
    let zone = ZoneId::from(OUTSIDE);
    let assumed = || "assumed: no source saw flows".to_owned();
    if !estate.zones.iter().any(|it| it.external || it.id == zone) && place(estate).is_none() {
        estate.zones.push(Zone {
            id: zone.clone(),
            name: "Everybody else".to_owned(),
            cidrs: Vec::new(),
            tier: 9,
            flat: false,
            external: true,
        });
        estate.assets.push(everybody(zone));
        draft.added.zones.insert(OUTSIDE.to_owned(), assumed());
        draft.added.assets.insert(OUTSIDE.to_owned(), assumed());
    }
    let zones: Vec<ZoneId> = estate.zones.iter().map(|it| it.id.clone()).collect();
    let of = |it: &ZoneId| Selector { zone: Some(it.clone()), ..Selector::default() };
    let holds = |it: &&ZoneId| estate.assets.iter().any(|asset| asset.zone == **it);
    let held: Vec<&ZoneId> = zones.iter().filter(holds).collect();
    for from in &held {
        for to in held.iter().filter(|it| *it != from) {
            let id = format!("open:{from}>{to}");
            draft.added.flows.insert(id.clone(), assumed());
            estate.flows.push(Flow {
                id: FlowId::new(id),
                from: of(from),
                to: of(to),
                ports: vec![Port::ANY],
                movement: Movement::Auto,
            });
        }
    }
    report.assumptions.push(
        "No source told of flows, so everything is taken as open: every zone reaches every other and the outside on all ports, \
         and is reached from there (flows `open:...`); remove them, and `drafted: true`, once the estate says what is closed"
            .to_owned(),
    );
    report.todo.push(
        "flows: who may talk to whom; no source told of any (import connection logs or NetFlow beside, or type them)"
            .to_owned(),
    );
}

fn everybody(zone: ZoneId) -> Asset {
    Asset {
        id: AssetId::from(OUTSIDE),
        hostname: None,
        addresses: Vec::new(),
        zone,
        kind: AssetKind::Appliance,
        os: None,
        roles: vec![INTERNET.to_owned()],
        value: 0.0,
        crown_jewel: false,
        data: Vec::new(),
        exploitable: Vec::new(),
        relay: false,
    }
}
