//! Who reaches whom on which port: flows between zones, and the roles of those who answer.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::{Observations, ObservedFlow};
use bulkhead_model::estate::{Asset, AssetKind, Flow, Movement, Port, Protocol, Selector};
use bulkhead_model::id::{FlowId, ZoneId};

use super::hosts::Hosts;
use super::ports::{DYNAMIC, ROLES};

/// More ports than this between two zones are drafted as all ports of the protocol.
const PORTS_MAX: usize = 64;

/// Evidence at which a host is taken for a domain controller: events only one writes, or Kerberos answered, alone
/// suffice; two of directory ports, name resolution and a telling name do together.
const CONTROLLER_FROM: u32 = 2;

/// Connections seen between hosts of the draft.
pub(super) struct Links {
    /// Ports by source and destination host.
    pairs: BTreeMap<(usize, usize), BTreeSet<Port>>,
    /// Sources by destination host and port.
    clients: BTreeMap<(usize, Port), BTreeSet<usize>>,
}

impl Links {
    /// Observed flows between known hosts, and the connections that logons over the network imply.
    pub(super) fn find(observations: &Observations, hosts: &Hosts<'_>, said: &mut Vec<String>) -> Self {
        let mut links = Self { pairs: BTreeMap::new(), clients: BTreeMap::new() };
        let mut outside = 0_u64;
        for flow in observations.flows.keys() {
            match (hosts.at(flow.from), hosts.at(flow.to), port_of(flow)) {
                (Some(from), Some(to), Some(port)) => links.add(from, to, port),
                _ => outside += 1,
            }
        }
        links.add_logons(observations, hosts, said);
        if outside > 0 {
            said.push(format!(
                "{outside} observed flows to or from addresses that are not of this estate are not drafted"
            ));
        }
        if !links.pairs.is_empty() {
            said.push(
                "A port that one host of a zone was seen to use towards another zone is assumed to be open between all \
                 hosts of the two"
                    .to_owned(),
            );
        }
        links
    }

    fn add(&mut self, from: usize, to: usize, port: Port) {
        if from != to {
            self.pairs.entry((from, to)).or_default().insert(port);
            self.clients.entry((to, port)).or_default().insert(from);
        }
    }

    /// A logon came over some connection even where no event shows it.
    fn add_logons(&mut self, observations: &Observations, hosts: &Hosts<'_>, said: &mut Vec<String>) {
        let mut implied = 0_u64;
        for logon in observations.logons.keys().filter(|it| it.success) {
            let from = logon.from.as_deref().and_then(|it| hosts.named(it));
            let (Some(from), Some(to)) = (from, hosts.named(&logon.to)) else {
                continue;
            };
            let port = match logon.kind.as_str() {
                "network" | "explicit" => 445,
                "remote_interactive" => 3389,
                "ssh" => 22,
                _ => continue,
            };
            let known = self.pairs.get(&(from, to)).is_some_and(|it| !it.is_empty());
            if from != to && (!known || port != 445) && !self.has(from, to, Port::tcp(port)) {
                self.add(from, to, Port::tcp(port));
                implied += 1;
            }
        }
        if implied > 0 {
            said.push(format!(
                "{implied} flows are drafted because a logon was seen, on the usual port of its kind (SMB 445, RDP 3389, \
                 SSH 22)"
            ));
        }
    }

    fn has(&self, from: usize, to: usize, port: Port) -> bool {
        self.pairs.get(&(from, to)).is_some_and(|it| it.contains(&port))
    }

    /// The roles of a host, by the ports on which others reach it.
    pub(super) fn roles(&self, host: usize) -> Vec<String> {
        let has_role = |ports: &[u16], clients: usize| {
            let all = ports.iter().flat_map(|port| {
                [Protocol::Tcp, Protocol::Udp].map(|protocol| Port { protocol, first: *port, last: *port })
            });
            let sources: BTreeSet<usize> =
                all.filter_map(|port| self.clients.get(&(host, port))).flatten().copied().collect();
            sources.len() >= clients
        };
        ROLES.iter().filter(|it| has_role(it.ports, it.clients)).map(|it| it.name.to_owned()).collect()
    }

    /// Whether somebody was seen to reach `to` from `from` on `port`.
    fn answers(&self, host: usize, port: u16) -> bool {
        [Protocol::Tcp, Protocol::Udp]
            .into_iter()
            .any(|protocol| self.clients.contains_key(&(host, Port { protocol, first: port, last: port })))
    }

    /// Makes identity providers of the hosts that behave as domain controllers.
    pub(super) fn mark_domain_controllers(
        &self,
        observations: &Observations,
        hosts: &Hosts<'_>,
        assets: &mut [Asset],
        said: &mut Vec<String>,
    ) {
        for (number, (host, asset)) in hosts.all.iter().zip(assets).enumerate() {
            let observed = host.hostname.as_ref().and_then(|it| observations.hosts.get(it));
            let mut reasons = Vec::new();
            let mut evidence = 0;
            if observed.is_some_and(|it| it.roles.contains("domain_controller")) {
                evidence += 2;
                reasons.push("it issued Kerberos tickets or served its directory");
            }
            if self.answers(number, 88) {
                evidence += 2;
                reasons.push("it answered on the Kerberos port");
            }
            let directory = observed.is_some_and(|it| it.roles.contains("directory"));
            if directory || self.answers(number, 389) || self.answers(number, 636) {
                evidence += 1;
                reasons.push("it answered on a directory port");
            }
            if host.os == Some("windows") && self.answers(number, 53) {
                evidence += 1;
                reasons.push("it resolves names for others");
            }
            let label = host.hostname.as_deref().and_then(|it| it.split('.').next()).unwrap_or_default();
            let stem = label.trim_end_matches(|it: char| it.is_ascii_digit());
            if stem.ends_with("dc") {
                evidence += 1;
                reasons.push("its name says so");
            }
            if evidence >= CONTROLLER_FROM {
                asset.kind = AssetKind::IdentityProvider;
                asset.value = super::values::asset_value(asset.kind);
                if !asset.roles.iter().any(|it| it == "directory") {
                    asset.roles.push("directory".to_owned());
                }
                said.push(format!("{} is taken for a domain controller: {}", asset.id, reasons.join(", ")));
            }
        }
    }

    /// Ports by ordered pair of different zones. Pairs inside one zone are its flat flow.
    fn by_zones<'h>(&self, hosts: &'h Hosts<'_>) -> BTreeMap<(&'h ZoneId, &'h ZoneId), BTreeSet<Port>> {
        let mut zones: BTreeMap<(&ZoneId, &ZoneId), BTreeSet<Port>> = BTreeMap::new();
        for ((from, to), ports) in &self.pairs {
            let pair = (&hosts.all[*from].zone, &hosts.all[*to].zone);
            if pair.0 != pair.1 {
                zones.entry(pair).or_default().extend(ports);
            }
        }
        zones
    }

    /// Ordered zone pairs that a firewall stands between.
    pub(super) fn zone_pairs(&self, hosts: &Hosts<'_>) -> Vec<(ZoneId, ZoneId)> {
        self.by_zones(hosts).into_keys().map(|(from, to)| (from.clone(), to.clone())).collect()
    }

    /// One flow per zone pair and port.
    pub(super) fn flows(&self, hosts: &Hosts<'_>) -> Vec<Flow> {
        let mut flows = Vec::new();
        for ((from, to), ports) in self.by_zones(hosts) {
            for port in widened(&ports) {
                let id = format!("{from}-to-{to}-{}", super::sanitise(&port.to_string()));
                let zone = |it: &ZoneId| Selector { zone: Some(it.clone()), ..Selector::default() };
                flows.push(Flow {
                    id: FlowId::new(id),
                    from: zone(from),
                    to: zone(to),
                    ports: vec![port],
                    movement: Movement::Auto,
                });
            }
        }
        flows
    }

    /// Protocols, as rights name them, on which `to` was reached from another host.
    pub(super) fn protocols(&self, to: usize) -> BTreeSet<&'static str> {
        let known =
            [(22, "ssh"), (3389, "rdp"), (445, "smb"), (135, "wmi"), (5985, "winrm"), (5986, "winrm")];
        known.into_iter().filter(|(port, _)| self.answers(to, *port)).map(|(_, via)| via).collect()
    }
}

/// A flow's port; the dynamic ones are one range, since they change with every restart.
fn port_of(flow: &ObservedFlow) -> Option<Port> {
    let protocol = match flow.protocol.as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp" => return "icmp".parse().ok(),
        _ => return None,
    };
    let (first, last) = if flow.port >= DYNAMIC { (DYNAMIC, u16::MAX) } else { (flow.port, flow.port) };
    (flow.port != 0).then_some(Port { protocol, first, last })
}

/// The ports; all of a protocol where there are very many, as after a port scan.
fn widened(ports: &BTreeSet<Port>) -> BTreeSet<Port> {
    let mut out = BTreeSet::new();
    for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp] {
        let of: Vec<Port> = ports.iter().copied().filter(|it| it.protocol == protocol).collect();
        if of.len() > PORTS_MAX {
            out.insert(Port { protocol, first: 0, last: u16::MAX });
        } else {
            out.extend(of);
        }
    }
    out
}
