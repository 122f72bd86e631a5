//! Hosts that telemetry shows and the estate does not know: private addresses of no asset, to or from which somebody moved.
//!
//! They stand in a zone of their own, which no enforcement point covers: nobody has said what could cut them off.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bulkhead_contain::ports::MovementPorts;
use bulkhead_model::address::is_private;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{Asset, AssetKind, Estate, Port, Zone};
use bulkhead_model::id::AssetId;

use super::Places;
use crate::say::note;
use crate::ui::counted_as;

/// The zone they stand in.
const ZONE: &str = "seen";
/// Its tier: nobody vouches for it.
const UNTRUSTED: u8 = 4;
/// Addresses that become assets; a scan of whole networks must not fill the estate.
const MOST: usize = 50;
/// Addresses named at the terminal.
const SHOWN: usize = 6;

/// The zone of what was seen and is not declared.
pub(super) fn zone() -> Zone {
    Zone {
        id: ZONE.into(),
        name: "Seen in telemetry, not declared".to_owned(),
        cidrs: Vec::new(),
        tier: UNTRUSTED,
        flat: false,
        external: false,
    }
}

/// One asset an address, as valuable as the middle one of the estate, and how many addresses found no room. Nobody is a
/// stranger to a drafted estate, which takes whatever it does not know as open; nor where the zone's name is taken.
pub(super) fn of(estate: &Estate, seen: &Observations) -> (Vec<Asset>, usize) {
    if estate.estate.drafted || estate.zones.iter().any(|it| it.id.as_str() == ZONE) {
        return (Vec::new(), 0);
    }
    let places = Places::new(estate, seen);
    let ports = MovementPorts::default();
    let moves = |port: Port| ports.ports().iter().any(|it| it.port.overlaps(port));
    let mut addresses = BTreeSet::new();
    for flow in seen.flows.keys() {
        if !super::port(&flow.protocol, flow.port).is_some_and(moves) {
            continue;
        }
        for (stranger, other) in [(flow.to, flow.from), (flow.from, flow.to)] {
            let stranger = stranger.to_canonical();
            let is_host = is_private(stranger) && !is_edge(estate, stranger);
            if is_host && places.of(stranger).is_none() && places.of(other).is_some() {
                addresses.insert(stranger);
            }
        }
    }
    let value = middle(estate);
    let unnamed = addresses.len().saturating_sub(MOST);
    let asset = |address: IpAddr| Asset {
        id: AssetId::new(format!("{ZONE}-{}", address.to_string().replace(':', "-"))),
        hostname: None,
        addresses: vec![address],
        zone: ZONE.into(),
        kind: AssetKind::default(),
        os: None,
        roles: Vec::new(),
        value,
        crown_jewel: false,
        data: Vec::new(),
        exploitable: Vec::new(),
        relay: false,
    };
    (addresses.into_iter().take(MOST).map(asset).collect(), unnamed)
}

/// Whether an address is the first or the last of a network of the estate, and so no host's.
fn is_edge(estate: &Estate, address: IpAddr) -> bool {
    let nets = estate.zones.iter().flat_map(|it| &it.cidrs);
    address.is_ipv4() && nets.into_iter().any(|it| it.network() == address || it.broadcast() == address)
}

/// The middle value of what the operator has.
fn middle(estate: &Estate) -> f64 {
    let own = estate.assets.iter().filter(|it| !estate.is_external(&it.zone));
    let mut values: Vec<f64> = own.map(|it| it.value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Names them: nobody can plan for what nobody knows of.
pub(super) fn say(strangers: &[Asset], unnamed: usize) {
    if strangers.is_empty() {
        return;
    }
    let addresses: Vec<String> =
        strangers.iter().take(SHOWN).flat_map(|it| &it.addresses).map(ToString::to_string).collect();
    let more = strangers.len().saturating_sub(SHOWN) + unnamed;
    note!(
        "NOT IN THE ESTATE: {} to or from which somebody moved: {}{}; taken as hosts within reach (`seen-...`), find out whose they are",
        counted_as((strangers.len() + unnamed) as u64, "address", "addresses"),
        addresses.join(", "),
        if more > 0 { format!(" and {more} more") } else { String::new() }
    );
}
