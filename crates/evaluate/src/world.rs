//! The estate as the attacker and the log sources see it: names, addresses, operating systems, accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use bulkhead_model::estate::{Asset, AssetKind, Estate, Identity, IdentityKind, Index, system_family};
use bulkhead_model::id::{AssetId, IdentityId};

use crate::movement::Movement;
use crate::rng::Rng;
use crate::scenario::{Pick, Role, Scenario};

/// Number of an asset: its place in `estate.assets`.
pub(crate) type HostNo = u32;

/// Which log sources a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Os {
    Windows,
    Linux,
    Network,
}

/// What log sources write of a host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Its full name.
    pub name: String,
    /// Its name up to the first dot.
    pub short: String,
    pub address: Option<IpAddr>,
    pub os: Os,
    /// Sends no endpoint telemetry.
    pub silent: bool,
}

/// An account as logs write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// The estate's identity, if it is one.
    pub identity: Option<IdentityId>,
    /// `DOMAIN` of `DOMAIN\name`.
    pub domain: String,
    pub name: String,
}

impl Account {
    /// `DOMAIN\name`.
    pub fn windows(&self) -> String {
        format!("{}\\{}", self.domain, self.name)
    }
}

/// The estate and what is derived from it once.
pub(crate) struct World<'e> {
    pub estate: &'e Estate,
    pub index: Index<'e>,
    pub hosts: Vec<Host>,
    outside: BTreeSet<HostNo>,
    /// The domain of accounts that name none.
    pub domain: String,
}

impl<'e> World<'e> {
    pub fn new(estate: &'e Estate, silent: &[Pick]) -> Self {
        let hosts = estate.assets.iter().map(|asset| host(asset, silent)).collect();
        let domain: String = estate
            .estate
            .id
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(15)
            .collect::<String>()
            .to_uppercase();
        let index = Index::new(estate);
        let external = estate.zones.iter().filter(|it| it.external);
        let outside = external.flat_map(|it| index.in_zone(it.id.as_str()).iter().copied()).collect();
        Self { estate, index, hosts, outside, domain }
    }

    pub fn asset(&self, no: HostNo) -> &'e Asset {
        &self.estate.assets[no as usize]
    }

    pub fn host(&self, no: HostNo) -> &Host {
        &self.hosts[no as usize]
    }

    pub fn id(&self, no: HostNo) -> AssetId {
        self.asset(no).id.clone()
    }

    /// All hosts of the estate's own, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = HostNo> + use<'_> {
        let all = 0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        all.filter(|it| !self.is_outside(*it))
    }

    /// Whether a host stands for somebody outside: it records nothing and is nobody's to attack.
    pub fn is_outside(&self, no: HostNo) -> bool {
        self.outside.contains(&no)
    }

    pub fn account(&self, identity: &Identity) -> Account {
        let written = identity.accounts.first().map_or(identity.id.as_str(), String::as_str);
        let (domain, name) = match (written.split_once('\\'), written.split_once('@')) {
            (Some((domain, name)), _) => (domain.to_owned(), name),
            (None, Some((name, _))) => (self.domain.clone(), name),
            (None, None) => (self.domain.clone(), written),
        };
        Account { identity: Some(identity.id.clone()), domain, name: name.to_owned() }
    }

    /// Whoever works on `no`: an unprivileged person of the estate whose secret lies there or who may log on, else a
    /// name made from the host's.
    pub fn person(&self, no: HostNo) -> Account {
        let asset = self.asset(no);
        let people =
            || self.estate.identities.iter().filter(|it| it.kind == IdentityKind::Human && !it.privileged);
        let found = people()
            .find(|it| it.secrets_on.iter().any(|on| on.asset.as_ref() == Some(&asset.id)))
            .or_else(|| people().find(|it| it.rights.iter().any(|right| right.on.matches(asset))));
        found.map_or_else(
            || Account {
                identity: None,
                domain: self.domain.clone(),
                name: format!("u-{}", self.host(no).short.to_lowercase()),
            },
            |it| self.account(it),
        )
    }

    /// Identities that may log on to `no` via `protocol`.
    pub fn entitled(&self, no: HostNo, protocol: &str) -> impl Iterator<Item = &'e Identity> {
        let asset = self.asset(no);
        self.estate.identities.iter().filter(move |identity| {
            identity.rights.iter().any(|it| it.on.matches(asset) && it.via.iter().any(|via| via == protocol))
        })
    }

    /// A domain controller, if the estate has one that runs Windows.
    pub fn directory(&self) -> Option<HostNo> {
        self.all()
            .find(|&it| self.asset(it).kind == AssetKind::IdentityProvider && self.host(it).os == Os::Windows)
    }

    /// The firewall on the border between two zones, or any network device.
    pub fn firewall(&self, from: HostNo, to: Option<HostNo>) -> Option<HostNo> {
        let zone = |no: HostNo| &self.asset(no).zone;
        let points = self.estate.enforcement_points.iter();
        let on_border = |it: &(_, _)| it.0 == *zone(from) && to.is_none_or(|to| it.1 == *zone(to));
        points
            .filter(|it| it.covers.iter().any(on_border))
            .find_map(|it| self.index.asset(it.asset.as_ref()?.as_str()).map(|(no, _)| no))
            .filter(|&it| self.host(it).os == Os::Network)
            .or_else(|| self.all().find(|&it| self.host(it).os == Os::Network))
    }

    /// Takes the agents from the hosts of those parts that have none.
    pub fn blind(&mut self, scenario: &Scenario, cast: &BTreeMap<String, HostNo>) {
        for no in scenario.cast.iter().filter(|it| !it.agent).filter_map(|it| cast.get(&it.name)) {
            self.hosts[*no as usize].silent = true;
        }
    }

    /// The hosts that play the parts of `scenario`.
    pub fn cast(&self, scenario: &Scenario, seed: u64, movement: &Movement) -> BTreeMap<String, HostNo> {
        let mut cast = BTreeMap::new();
        for role in &scenario.cast {
            if let Some(no) = self.cast_one(role, seed, movement, &cast) {
                cast.insert(role.name.clone(), no);
            }
        }
        cast
    }

    /// Parts go to different hosts while there are enough.
    fn cast_one(
        &self,
        role: &Role,
        seed: u64,
        movement: &Movement,
        cast: &BTreeMap<String, HostNo>,
    ) -> Option<HostNo> {
        let mut rng = Rng::new(seed, &format!("cast {}", role.name));
        let origin = role.reachable_from.as_ref().and_then(|it| cast.get(it)).copied();
        let distances = origin.map(|it| movement.distances(self, &[it]));
        let mut fallback = None;
        for pick in &role.pick {
            let all: Vec<_> = self.all().filter(|&it| pick.matches(self.asset(it))).collect();
            let free: Vec<_> = all.iter().copied().filter(|it| !cast.values().any(|no| no == it)).collect();
            let candidates = if free.is_empty() { all } else { free };
            let chosen = rng.pick(&candidates).copied();
            let Some(distances) = &distances else {
                if chosen.is_some() {
                    return chosen;
                }
                continue;
            };
            let nearest = candidates.iter().filter_map(|it| distances.get(it)).min();
            let near: Vec<_> = candidates
                .iter()
                .copied()
                .filter(|it| nearest.is_some() && distances.get(it) == nearest)
                .collect();
            if let Some(&no) = rng.pick(&near) {
                return Some(no);
            }
            fallback = fallback.or(chosen);
        }
        fallback
    }
}

fn host(asset: &Asset, silent: &[Pick]) -> Host {
    let name = asset.hostname.clone().unwrap_or_else(|| asset.id.to_string());
    let os = match (asset.os.as_deref().map(system_family), asset.kind) {
        (Some(Some("windows")), _) => Os::Windows,
        (Some(Some("network" | "ios")), _) => Os::Network,
        (Some(_), _) => Os::Linux,
        (None, AssetKind::Workstation | AssetKind::IdentityProvider) => Os::Windows,
        (None, AssetKind::NetworkDevice) => Os::Network,
        (None, _) => Os::Linux,
    };
    let v4 = asset.addresses.iter().copied().find(IpAddr::is_ipv4);
    Host {
        short: name.split('.').next().unwrap_or_default().to_owned(),
        address: v4.or_else(|| asset.addresses.first().copied()),
        silent: silent.iter().any(|it| it.matches(asset)),
        name,
        os,
    }
}

/// Addresses of the drill's outside world: documentation ranges (RFC 5737), so that nobody real is named.
pub(crate) mod outside {
    use super::{IpAddr, Ipv4Addr};

    /// The attacker's command server.
    pub const COMMAND: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 66));
    /// Where the attacker drops data.
    pub const DROP: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 80));
    /// Ordinary sites.
    pub const SITES: &[(&str, IpAddr)] = &[
        ("www.press.example", IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7))),
        ("mail.office.example", IpAddr::V4(Ipv4Addr::new(198, 51, 100, 21))),
        ("updates.vendor.example", IpAddr::V4(Ipv4Addr::new(198, 51, 100, 34))),
        ("maps.transport.example", IpAddr::V4(Ipv4Addr::new(198, 51, 100, 58))),
        ("meet.office.example", IpAddr::V4(Ipv4Addr::new(198, 51, 100, 72))),
    ];
}
