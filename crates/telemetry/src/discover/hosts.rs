//! Which hosts there are, under which ids, and in which zones they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::address::is_private;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{Asset, AssetKind, Zone};
use bulkhead_model::id::{AssetId, ZoneId};
use ipnet::IpNet;

use super::links::Links;
use super::sanitise;
use crate::entities::is_usable;

/// Hosts known by an address alone that are taken up at most.
const UNNAMED_MAX: usize = 1000;

/// The zone of hosts without a known address.
const UNKNOWN: &str = "unknown";

/// One host of the draft.
pub(super) struct Host<'o> {
    pub(super) id: AssetId,
    pub(super) hostname: Option<String>,
    pub(super) addresses: BTreeSet<IpAddr>,
    pub(super) zone: ZoneId,
    pub(super) os: Option<&'o str>,
}

/// All hosts of the draft, by number, and how to find them.
pub(super) struct Hosts<'o> {
    pub(super) all: Vec<Host<'o>>,
    by_name: BTreeMap<String, usize>,
    by_address: BTreeMap<IpAddr, usize>,
    networks: BTreeMap<ZoneId, Option<IpNet>>,
    ids: BTreeSet<String>,
}

impl<'o> Hosts<'o> {
    /// Hosts that recorded events, then addresses of the same networks or of private ranges that took part in flows.
    pub(super) fn find(observations: &'o Observations, said: &mut Vec<String>) -> Self {
        let mut hosts = Self {
            all: Vec::new(),
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
            networks: BTreeMap::new(),
            ids: BTreeSet::from([super::outside::OUTSIDE.to_owned()]),
        };
        let mut named = addresses_by_host(observations, said);
        for (name, host) in &observations.hosts {
            hosts.push(Some(name.clone()), named.remove(name).unwrap_or_default(), host.os.as_deref());
        }
        hosts.unrecorded(observations, said);
        hosts.tell(said);
        hosts
    }

    fn push(&mut self, hostname: Option<String>, addresses: BTreeSet<IpAddr>, os: Option<&'o str>) {
        let number = self.all.len();
        let network = addresses.first().and_then(|it| network_of(*it));
        let zone = network.map_or_else(|| ZoneId::from(UNKNOWN), zone_of);
        self.networks.insert(zone.clone(), network);
        for address in &addresses {
            self.by_address.insert(*address, number);
        }
        let id = self.free_id(hostname.as_deref(), addresses.first());
        if let Some(name) = &hostname {
            self.by_name.insert(name.clone(), number);
        }
        self.all.push(Host { id, hostname, addresses, zone, os });
    }

    /// The first of: the name's first label, the whole name, a number behind it.
    fn free_id(&mut self, hostname: Option<&str>, address: Option<&IpAddr>) -> AssetId {
        let whole = match (hostname, address) {
            (Some(name), _) => sanitise(name),
            (None, Some(address)) => format!("ip-{}", sanitise(&address.to_string())),
            (None, None) => sanitise(""),
        };
        let short = hostname.and_then(|it| it.split('.').next()).map(sanitise);
        let numbered = (2..).map(|n| format!("{whole}-{n}"));
        let mut ids = short.into_iter().chain([whole.clone()]).chain(numbered);
        AssetId::new(ids.find(|it| self.ids.insert(it.clone())).unwrap_or(whole))
    }

    /// Adds the hosts that no log source stands on, as far as they are of this estate.
    fn unrecorded(&mut self, observations: &Observations, said: &mut Vec<String>) {
        let ends = observations.flows.keys().flat_map(|it| [it.from, it.to]);
        let logons = observations.logons.keys().flat_map(|it| {
            let from = it.from.as_deref().and_then(|it| it.parse::<IpAddr>().ok());
            [from, it.to.parse().ok()].into_iter().flatten()
        });
        let strangers: BTreeSet<IpAddr> = ends.chain(logons).filter(|it| self.is_of_estate(*it)).collect();
        let total = strangers.len();
        for address in strangers.into_iter().take(UNNAMED_MAX) {
            let name = observations.names.get(&address);
            match name.and_then(|it| self.by_name.get(it).copied()) {
                // Another address of a host that is known by that name alone.
                Some(number) if self.all[number].os.is_none() => {
                    self.all[number].addresses.insert(address);
                    self.by_address.insert(address, number);
                }
                Some(_) => self.push(None, BTreeSet::from([address]), None),
                None => self.push(name.cloned(), BTreeSet::from([address]), None),
            }
        }
        if total > UNNAMED_MAX {
            said.push(format!(
                "{} addresses without a log source were left out: only the first {UNNAMED_MAX} are drafted",
                total - UNNAMED_MAX
            ));
        }
        if total > 0 {
            said.push(format!(
                "{} hosts are known by their addresses only, since none of them recorded an event; addresses outside \
                 the private ranges are taken for other people's",
                total.min(UNNAMED_MAX)
            ));
        }
    }

    /// Whether an address that nobody owns yet belongs to the estate: a private one, that is no subnet's broadcast.
    fn is_of_estate(&self, address: IpAddr) -> bool {
        let ends_a_subnet = matches!(address, IpAddr::V4(it) if matches!(it.octets()[3], 0 | 255));
        is_private(address) && !ends_a_subnet && is_usable(address) && !self.by_address.contains_key(&address)
    }

    fn tell(&self, said: &mut Vec<String>) {
        if !self.all.is_empty() {
            said.push(
                "A host is taken for a server when others reach it on a server's port, when it runs Linux, or by its \
                 name; for a workstation otherwise"
                    .to_owned(),
            );
        }
        if self.all.iter().any(|it| !it.addresses.is_empty()) {
            said.push(
                "A zone is drafted for every /24 (IPv6: /64) in which a host has its first address, and inside it every \
                 host is assumed to reach every other (flat)"
                    .to_owned(),
            );
        }
        let unknown = self.all.iter().filter(|it| it.addresses.is_empty()).count();
        if unknown > 0 {
            said.push(format!(
                "{unknown} hosts without a known address are put in one zone `{UNKNOWN}`, taken to be flat"
            ));
        }
    }

    /// The host of a name or an address.
    pub(super) fn named(&self, text: &str) -> Option<usize> {
        self.by_name.get(text).copied().or_else(|| self.at(text.parse().ok()?))
    }

    /// The host of an address.
    pub(super) fn at(&self, address: IpAddr) -> Option<usize> {
        self.by_address.get(&address).copied()
    }

    /// One zone per network.
    pub(super) fn zones(&self) -> Vec<Zone> {
        let zone = |(id, network): (&ZoneId, &Option<IpNet>)| Zone {
            id: id.clone(),
            name: network
                .map_or_else(|| "Hosts without a known address".to_owned(), |it| format!("Network {it}")),
            cidrs: network.iter().copied().collect(),
            tier: 1,
            flat: true,
            external: false,
        };
        self.networks.iter().map(zone).collect()
    }

    /// One asset per host.
    pub(super) fn assets(&self, links: &Links) -> Vec<Asset> {
        let asset = |(number, host): (usize, &Host<'_>)| {
            let roles = links.roles(number);
            let is_server =
                roles.iter().any(|it| it != "ssh") || (host.os == Some("linux") && !roles.is_empty());
            let is_server = is_server || host.hostname.as_deref().is_some_and(sounds_like_a_server);
            let kind = match (is_server, host.os) {
                (true, _) | (_, Some("linux")) => AssetKind::Server,
                (_, Some("network")) => AssetKind::NetworkDevice,
                _ => AssetKind::Workstation,
            };
            Asset {
                id: host.id.clone(),
                hostname: host.hostname.clone(),
                addresses: host.addresses.iter().copied().collect(),
                zone: host.zone.clone(),
                kind,
                os: host.os.map(str::to_owned),
                value: super::values::asset_value(kind),
                roles,
                crown_jewel: false,
                data: Vec::new(),
                exploitable: Vec::new(),
                relay: false,
            }
        };
        self.all.iter().enumerate().map(asset).collect()
    }
}

/// Whether a host's name says that it serves: a hint that no traffic contradicts.
fn sounds_like_a_server(hostname: &str) -> bool {
    const HINTS: [&str; 12] =
        ["srv", "server", "file", "files", "sql", "db", "web", "www", "mail", "exch", "print", "proxy"];
    let label =
        hostname.split('.').next().unwrap_or_default().trim_end_matches(|it: char| it.is_ascii_digit());
    HINTS.iter().any(|it| label == *it || label.split(['-', '_']).any(|part| part == *it))
}

/// The addresses of every host that recorded events: its own word, else what others call by its name. An address that
/// several hosts claim goes to the first by name.
fn addresses_by_host(
    observations: &Observations,
    said: &mut Vec<String>,
) -> BTreeMap<String, BTreeSet<IpAddr>> {
    let mut owner: BTreeMap<IpAddr, &str> = BTreeMap::new();
    let mut disputed = BTreeSet::new();
    for (name, host) in &observations.hosts {
        for address in host.addresses.iter().filter(|it| is_usable(**it)) {
            if owner.contains_key(address) {
                disputed.insert(*address);
            } else {
                owner.insert(*address, name);
            }
        }
    }
    for address in &disputed {
        let host = owner.get(address).copied().unwrap_or_default();
        said.push(format!("Several hosts used the address {address}; it is given to {host}"));
    }
    for (address, name) in &observations.names {
        let silent = observations.hosts.get(name).is_some_and(|it| it.addresses.is_empty());
        if silent && is_usable(*address) && !owner.contains_key(address) {
            said.push(format!("{name} is taken to own {address}, because other hosts call that address so"));
            owner.insert(*address, name);
        }
    }
    let mut by_host: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
    for (address, name) in owner {
        by_host.entry(name.to_owned()).or_default().insert(address);
    }
    by_host
}

/// The /24 or /64 of an address.
fn network_of(address: IpAddr) -> Option<IpNet> {
    let length = if address.is_ipv4() { 24 } else { 64 };
    IpNet::new(address, length).ok().map(|it| it.trunc())
}

fn zone_of(network: IpNet) -> ZoneId {
    let address = network.network().to_string();
    let address = address.strip_suffix(".0").unwrap_or(&address);
    ZoneId::new(format!("net-{}", sanitise(address)))
}
