//! What a set of filter rules does with one packet: the first rule that matches decides.

use std::net::IpAddr;

use bulkhead_model::estate::{Asset, Port, Protocol};
use bulkhead_model::rules::{Endpoint, Rule, Verdict};

/// One packet that opens a flow.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Who sends it.
    pub from: &'a Asset,
    /// To whom.
    pub to: &'a Asset,
    /// From and to which address; absent where the estate gives the assets none of a common family.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// TCP, UDP or ICMP.
    pub protocol: Protocol,
    /// Port it goes to; 0 for ICMP.
    pub port: u16,
}

impl Packet<'_> {
    /// Its protocol and port in the estate's notation.
    pub fn as_port(&self) -> Port {
        match self.protocol {
            Protocol::Icmp => Port { protocol: Protocol::Icmp, first: 0, last: u16::MAX },
            protocol => Port { protocol, first: self.port, last: self.port },
        }
    }
}

/// What a point does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'r> {
    /// No rule matches: left alone.
    NoMatch,
    /// Let through by this rule.
    Accept(&'r Rule),
    /// Dropped by this rule.
    Drop(&'r Rule),
}

/// What `rules` do with `packet`.
pub fn decide<'r>(rules: &'r [Rule], packet: &Packet<'_>) -> Decision<'r> {
    match rules.iter().find(|it| matches(it, packet)) {
        None => Decision::NoMatch,
        Some(rule) if rule.verdict == Verdict::Accept => Decision::Accept(rule),
        Some(rule) => Decision::Drop(rule),
    }
}

fn matches(rule: &Rule, packet: &Packet<'_>) -> bool {
    let port = packet.as_port();
    (rule.ports.is_empty() || rule.ports.iter().any(|it| it.overlaps(port)))
        && end_matches(&rule.from, packet.from, packet.addresses.map(|it| it.0))
        && end_matches(&rule.to, packet.to, packet.addresses.map(|it| it.1))
}

/// Whether one end of a rule means this end of a packet.
///
/// A packet filter sees addresses: where the rule lists addresses and the packet has one, an asset's name alone does
/// not match. So a rule that forgot the IPv6 address of a host leaves that path open, here as in the kernel.
fn end_matches(end: &Endpoint, asset: &Asset, address: Option<IpAddr>) -> bool {
    if end.zones.is_empty() && end.assets.is_empty() && end.addresses.is_empty() {
        return true;
    }
    if end.zones.contains(&asset.zone) {
        return true;
    }
    match address {
        Some(address) if !end.addresses.is_empty() => end.addresses.iter().any(|it| it.contains(&address)),
        _ => end.assets.contains(&asset.id),
    }
}

/// The packets that together stand for every flow from `from` to `to` on `port`: one per address family and per piece
/// of the port range on which no port of `edges` begins or ends.
pub(crate) fn representatives<'a>(
    from: &'a Asset,
    to: &'a Asset,
    port: Port,
    edges: &[Port],
) -> Vec<Packet<'a>> {
    let mut packets = Vec::new();
    for addresses in address_pairs(from, to) {
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp] {
            if port.protocol != protocol && port.protocol != Protocol::Any {
                continue;
            }
            for number in pieces(protocol, port, edges) {
                packets.push(Packet { from, to, addresses, protocol, port: number });
            }
        }
    }
    packets
}

/// First ports of the pieces of `port` between the edges.
fn pieces(protocol: Protocol, port: Port, edges: &[Port]) -> Vec<u16> {
    if protocol == Protocol::Icmp {
        return vec![0];
    }
    let mut starts = vec![port.first];
    for edge in edges.iter().filter(|it| it.protocol == protocol || it.protocol == Protocol::Any) {
        starts.push(edge.first);
        starts.extend(edge.last.checked_add(1));
    }
    starts.retain(|it| (port.first..=port.last).contains(it));
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// One address pair per address of `from` and address of `to` of the same family; one without addresses if none.
fn address_pairs(from: &Asset, to: &Asset) -> Vec<Option<(IpAddr, IpAddr)>> {
    let mut pairs = Vec::new();
    for source in &from.addresses {
        for target in to.addresses.iter().filter(|it| it.is_ipv4() == source.is_ipv4()) {
            pairs.push(Some((*source, *target)));
        }
    }
    if pairs.is_empty() {
        pairs.push(None);
    }
    pairs
}
