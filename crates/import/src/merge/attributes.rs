//! One host of many claims: which value of each attribute counts, and which disagreements are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Asset, AssetKind};
use bulkhead_model::id::{AssetId, ZoneId};

use super::Draft;
use super::disputes::{NAMED, owners, shared_names, told};
use crate::facts::{Gathered, Host};
use crate::names::{is_full, label, sanitise};
use crate::report::{AssetReport, Choice, Conflict, Disagreement, LeftOut, Report};
use crate::roles;
use crate::source::{Origin, Source};

/// Makes or extends one asset per group of claims.
pub(super) fn settle(
    draft: &mut Draft,
    claims: &[Host],
    groups: &[Vec<usize>],
    gathered: &Gathered,
    report: &mut Report,
) {
    let files = &gathered.files;
    let mut hosts: Vec<Group<'_>> = groups
        .iter()
        .map(|group| Group {
            claims: group.iter().map(|at| &claims[*at]).collect(),
            addresses: BTreeSet::new(),
            lost: BTreeSet::new(),
            files,
        })
        .collect();
    for (address, owner) in owners(claims, groups, files, report) {
        hosts[owner].addresses.insert(address);
    }
    for (group, names) in shared_names(claims, groups, files, report) {
        hosts[group].lost = names;
    }
    let typed_places: BTreeMap<String, usize> =
        draft.estate.assets.iter().enumerate().map(|(n, it)| (it.id.to_string(), n)).collect();
    hosts.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut nobodies = 0;
    let mut ids: BTreeSet<String> = draft.estate.assets.iter().map(|it| it.id.to_string()).collect();
    for host in &hosts {
        let typed = host.claims.iter().find(|it| it.origin.source == Source::Typed);
        let place = typed.and_then(|it| typed_places.get(it.key.as_deref()?).copied());
        if host.claims.iter().all(|it| it.origin.source == Source::Typed) {
            if let Some(place) = place {
                index(draft, host, place);
            }
            continue;
        }
        if place.is_none() && host.is_nobody() {
            nobodies += 1;
            continue;
        }
        let place = match place {
            Some(place) => {
                host.extend(draft, place, report);
                place
            }
            None => host.add(draft, &mut ids, report),
        };
        index(draft, host, place);
    }
    report.assets.sort_by(|a, b| a.id.cmp(&b.id));
    if nobodies > 0 {
        let why = "hosts without a name whose address is another's".to_owned();
        report.left_out.push(LeftOut { why, count: nobodies });
    }
}

fn index(draft: &mut Draft, host: &Group<'_>, place: usize) {
    for address in &host.addresses {
        draft.by_address.insert(*address, place);
    }
    for claim in &host.claims {
        if let Some(key) = &claim.key {
            draft.by_key.insert((claim.origin.source, key.clone()), place);
        }
    }
}

/// One host.
struct Group<'c> {
    claims: Vec<&'c Host>,
    addresses: BTreeSet<IpAddr>,
    /// Full names that another host has.
    lost: BTreeSet<String>,
    files: &'c [String],
}

/// A value that counts, who says so, and what does not count.
struct Chosen<T> {
    value: T,
    by: Vec<Origin>,
    rejected: Vec<(T, Vec<Origin>)>,
}

/// The value of the best source; among those of one source, of most claims, then the smallest.
fn choose<T: Ord + Clone>(claimed: impl Iterator<Item = (T, Origin)>) -> Option<Chosen<T>> {
    let mut values: BTreeMap<T, Vec<Origin>> = BTreeMap::new();
    for (value, origin) in claimed {
        values.entry(value).or_default().push(origin);
    }
    let mut ranked: Vec<(T, Vec<Origin>)> = values.into_iter().collect();
    ranked.sort_by_key(|(_, by)| (by.iter().map(|it| it.source).min(), std::cmp::Reverse(by.len())));
    let mut ranked = ranked.into_iter();
    let (value, by) = ranked.next()?;
    Some(Chosen { value, by, rejected: ranked.collect() })
}

impl Group<'_> {
    /// Named hosts before nameless ones, then by name, address and key: ids depend on nothing else.
    fn order(&self) -> impl Ord + use<> {
        let name = self.names().map(|it| it.0).min();
        let id = self.claims.iter().find_map(|it| it.id.clone());
        let key = self.claims.iter().find_map(|it| it.key.clone());
        (name.is_none(), name, id, self.addresses.clone(), key)
    }

    /// Its names and who gives them, without those that another host has.
    fn names(&self) -> impl Iterator<Item = (String, Origin)> {
        let all = self.claims.iter().flat_map(|it| it.names.iter().map(|name| (name, it.origin)));
        all.filter(|(name, _)| !self.lost.contains(*name)).map(|(name, origin)| (name.clone(), origin))
    }

    /// Nothing by which anybody could find it again.
    fn is_nobody(&self) -> bool {
        let named = self.names().next().is_some() || self.claims.iter().any(|it| it.id.is_some());
        self.addresses.is_empty() && !named
    }

    /// Adds a new asset.
    fn add(&self, draft: &mut Draft, ids: &mut BTreeSet<String>, report: &mut Report) -> usize {
        let mut said: BTreeMap<&'static str, Vec<Origin>> = BTreeMap::new();
        let hostname = self.hostname(&mut said);
        let id = self.free_id(hostname.as_deref(), ids);
        self.hostname_conflict(&id, hostname.as_deref(), report);
        let os = self.os(&id, &mut said, report);
        let roles = self.roles(&mut said);
        let answers = self.claims.iter().any(|it| !it.listening.is_empty());
        let kind = self.kind(&id, &mut said, report);
        let kind = kind.unwrap_or_else(|| roles::guess(os.as_deref(), &roles, answers));
        if !self.addresses.is_empty() {
            said.insert("addresses", self.by(|it| !it.addresses.is_empty()));
        }
        let zone = self.zone(&id, draft, &mut said, report);
        // What stands for everybody outside is nobody's loss.
        let value = if roles.contains("internet") { 0.0 } else { roles::assumed_value(kind) };
        draft.estate.assets.push(Asset {
            id: AssetId::new(&id),
            hostname,
            addresses: self.addresses.iter().copied().collect(),
            zone: ZoneId::new(zone),
            kind,
            os,
            roles: roles.into_iter().collect(),
            value,
            crown_jewel: false,
            data: Vec::new(),
            exploitable: Vec::new(),
            relay: false,
        });
        draft.added.assets.insert(id.clone(), self.comment(&said));
        self.report(id, false, &said, report);
        draft.estate.assets.len() - 1
    }

    /// Adds to a typed asset what it does not say; what it says stands.
    fn extend(&self, draft: &mut Draft, place: usize, report: &mut Report) {
        let mut asset = draft.estate.assets[place].clone();
        let id = asset.id.to_string();
        let mut said: BTreeMap<&'static str, Vec<Origin>> = BTreeMap::new();
        let mut added = Vec::new();
        let typed: BTreeSet<IpAddr> = asset.addresses.iter().map(IpAddr::to_canonical).collect();
        for address in self.addresses.difference(&typed) {
            asset.addresses.push(*address);
            added.push(format!("address {address}"));
            said.insert("addresses", self.by(|it| it.addresses.contains(address)));
        }
        let os = self.os(&id, &mut said, report);
        if asset.os.is_none() && os.is_some() {
            added.extend(os.iter().map(|it| format!("os {it}")));
            asset.os = os;
        }
        self.kind(&id, &mut said, report);
        let roles = self.roles(&mut said);
        if asset.roles.is_empty() {
            added.extend(roles.iter().map(|it| format!("role {it}")));
            asset.roles = roles.into_iter().collect();
        } else {
            self.roles_not_typed(&asset, report);
        }
        let hostname = self.hostname(&mut said);
        if asset.hostname.is_none() && hostname.as_deref().is_some_and(|it| it != id) {
            added.extend(hostname.iter().map(|it| format!("hostname {it}")));
            asset.hostname = hostname;
        } else {
            self.hostname_conflict(&id, asset.hostname.as_deref(), report);
        }
        self.zone(&id, draft, &mut said, report);
        if !added.is_empty() {
            draft.extended_assets.insert(id.clone(), added);
            draft.estate.assets[place] = asset;
        }
        self.report(id, true, &said, report);
    }

    /// The claims for which `holds`.
    fn by(&self, holds: impl Fn(&Host) -> bool) -> Vec<Origin> {
        self.claims.iter().filter(|it| holds(it)).map(|it| it.origin).collect()
    }

    /// The best source's name; a full name of the same label is the same name, said in full.
    fn hostname(&self, said: &mut BTreeMap<&'static str, Vec<Origin>>) -> Option<String> {
        let labels = self.names().map(|(name, origin)| (label(&name).to_owned(), origin));
        let label_chosen = choose(labels)?;
        let names = self.names();
        let same = names.filter(|(name, _)| label(name) == label_chosen.value);
        let (full, short): (Vec<_>, Vec<_>) = same.partition(|(name, _)| is_full(name));
        let chosen = choose(if full.is_empty() { short } else { full }.into_iter())?;
        said.insert("hostname", chosen.by);
        Some(chosen.value)
    }

    fn hostname_conflict(&self, id: &str, hostname: Option<&str>, report: &mut Report) {
        let Some(hostname) = hostname else { return };
        let names = self.names();
        let (same, other): (Vec<_>, Vec<_>) = names.partition(|(name, _)| {
            name == hostname || (label(name) == label(hostname) && !(is_full(name) && is_full(hostname)))
        });
        let mut rejected: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
        for (name, origin) in other {
            rejected.entry(name).or_default().push(origin);
        }
        let by: Vec<Origin> = same.into_iter().map(|it| it.1).collect();
        // Several names in one record are names of one host, and no disagreement.
        rejected.retain(|_, origins| origins.iter().any(|it| !by.contains(it)));
        let chosen = Chosen { value: hostname.to_owned(), by, rejected: rejected.into_iter().collect() };
        self.conflict(Disagreement::Hostname, id, &chosen, report);
    }

    fn os(
        &self,
        id: &str,
        said: &mut BTreeMap<&'static str, Vec<Origin>>,
        report: &mut Report,
    ) -> Option<String> {
        let chosen = choose(self.claims.iter().filter_map(|it| Some((it.os.clone()?, it.origin))))?;
        self.conflict(Disagreement::Os, id, &chosen, report);
        said.insert("os", chosen.by);
        Some(chosen.value)
    }

    /// A server that is found to be a particular kind of server is no disagreement, unless `server` was typed.
    fn kind(
        &self,
        id: &str,
        said: &mut BTreeMap<&'static str, Vec<Origin>>,
        report: &mut Report,
    ) -> Option<AssetKind> {
        let claimed = || self.claims.iter().filter_map(|it| Some((it.kind?, it.origin)));
        let particular = |it: AssetKind| {
            matches!(it, AssetKind::IdentityProvider | AssetKind::Hypervisor | AssetKind::Appliance)
        };
        let refined = claimed().any(|(kind, _)| particular(kind));
        let chosen = choose(claimed().filter(|(kind, origin)| {
            !(refined && *kind == AssetKind::Server && origin.source != Source::Typed)
        }))?;
        let as_text = Chosen {
            value: kind_name(chosen.value),
            by: chosen.by.clone(),
            rejected: chosen.rejected.into_iter().map(|(kind, by)| (kind_name(kind), by)).collect(),
        };
        self.conflict(Disagreement::Kind, id, &as_text, report);
        said.insert("kind", chosen.by);
        Some(chosen.value)
    }

    fn roles(&self, said: &mut BTreeMap<&'static str, Vec<Origin>>) -> BTreeSet<String> {
        let roles: BTreeSet<String> = self.claims.iter().flat_map(|it| it.roles.iter().cloned()).collect();
        if !roles.is_empty() {
            said.insert("roles", self.by(|it| !it.roles.is_empty()));
        }
        roles
    }

    /// Roles decide which typed selectors mean an asset, so none is added to a typed list.
    fn roles_not_typed(&self, asset: &Asset, report: &mut Report) {
        let of = |it: &&&Host| it.origin.source != Source::Typed;
        let mut missing: BTreeMap<String, Vec<Origin>> = BTreeMap::new();
        for claim in self.claims.iter().filter(of) {
            for role in claim.roles.iter().filter(|it| !asset.roles.contains(it)) {
                missing.entry(role.clone()).or_default().push(claim.origin);
            }
        }
        let chosen = Chosen {
            value: asset.roles.join(" "),
            by: self.by(|it| it.origin.source == Source::Typed),
            rejected: missing.into_iter().collect(),
        };
        self.conflict(Disagreement::Roles, asset.id.as_str(), &chosen, report);
    }

    /// The zone it was typed in, or its namespace, or that of its addresses, or what a source says.
    fn zone(
        &self,
        id: &str,
        draft: &mut Draft,
        said: &mut BTreeMap<&'static str, Vec<Origin>>,
        report: &mut Report,
    ) -> String {
        let stated = |source: Source| {
            let of = self.claims.iter().filter(move |it| it.origin.source == source);
            choose(of.filter_map(|it| Some((it.zone.clone()?, it.origin))))
        };
        let by_address = self.zones_by_address(draft);
        // Observed traffic names a zone only for what stands outside.
        let fixed = [Source::Typed, Source::Kubernetes, Source::Flows].into_iter().find_map(stated);
        let (zone, by) = if let Some(fixed) = fixed {
            (fixed.value, fixed.by)
        } else if let Some((zone, by)) = by_address.first().cloned() {
            (zone, by)
        } else if let Some(site) = stated(Source::Netbox) {
            (site.value, site.by)
        } else if let Some(address) = self.first_address() {
            (draft.zoning.network_zone(address), self.by(|it| it.addresses.contains(&address)))
        } else if let Some(domain) = stated(Source::Bloodhound) {
            (draft.zoning.domain_zone(&domain.value), domain.by)
        } else {
            (draft.zoning.unknown_zone(), Vec::new())
        };
        let rejected: Vec<(String, Vec<Origin>)> =
            by_address.into_iter().filter(|(it, _)| *it != zone).collect();
        // A pod's address says where its cluster's network is, not in which namespace it stands.
        if !by.iter().any(|it| it.source == Source::Kubernetes) {
            let chosen = Chosen { value: zone.clone(), by: by.clone(), rejected };
            self.conflict(Disagreement::Zone, id, &chosen, report);
        }
        draft.zoning.used(&zone);
        said.insert("zone", by);
        zone
    }

    /// The zones in whose ranges it has addresses: typed ranges first, then the primary address's.
    fn zones_by_address(&self, draft: &Draft) -> Vec<(String, Vec<Origin>)> {
        let mut ranked: Vec<(bool, bool, bool, IpAddr)> = self
            .addresses
            .iter()
            .map(|it| {
                let primary = self.claims.iter().any(|claim| claim.primary == Some(*it));
                let typed = draft.zoning.zone_of(*it).is_some_and(|it| draft.zoning.is_typed(it));
                (!typed, !primary, it.is_ipv6(), *it)
            })
            .collect();
        ranked.sort();
        let mut zones: Vec<(String, Vec<Origin>)> = Vec::new();
        for (.., address) in ranked {
            let Some(zone) = draft.zoning.zone_of(address) else { continue };
            if zones.iter().all(|it| it.0 != zone) {
                let by = draft.zoning.origins(zone);
                let by = if by.is_empty() { self.by(|it| it.addresses.contains(&address)) } else { by };
                zones.push((zone.to_owned(), by));
            }
        }
        zones
    }

    fn first_address(&self) -> Option<IpAddr> {
        let primary = self.claims.iter().find_map(|it| it.primary).filter(|it| self.addresses.contains(it));
        primary.or_else(|| self.addresses.first().copied())
    }

    /// The first that is free of: the id a source gives, the name's label, the whole name, a number behind it.
    fn free_id(&self, hostname: Option<&str>, ids: &mut BTreeSet<String>) -> String {
        let given = self.claims.iter().find_map(|it| it.id.clone());
        let whole = match (hostname, self.first_address()) {
            (Some(name), _) => sanitise(name),
            (None, Some(address)) => format!("ip-{}", sanitise(&address.to_string())),
            (None, None) => sanitise(&self.claims.iter().find_map(|it| it.key.clone()).unwrap_or_default()),
        };
        let short = hostname.map(label).map(sanitise);
        let stem = given.clone().unwrap_or_else(|| whole.clone());
        let numbered = (2..).map(|n| format!("{stem}-{n}"));
        let mut candidates = given.into_iter().chain(short).chain([whole]).chain(numbered);
        candidates.find(|it| ids.insert(it.clone())).unwrap_or(stem.clone())
    }

    fn conflict(&self, on: Disagreement, subject: &str, chosen: &Chosen<String>, report: &mut Report) {
        if chosen.rejected.is_empty() {
            return;
        }
        let choice = |value: &String, by: &[Origin]| Choice {
            value: value.clone(),
            by: told(by.iter().copied(), self.files),
        };
        report.conflicts.push(Conflict {
            on,
            subject: subject.to_owned(),
            chosen: choice(&chosen.value, &chosen.by),
            rejected: chosen.rejected.iter().map(|(value, by)| choice(value, by)).collect(),
        });
    }

    /// Where it comes from, in one line: places with what they told.
    fn comment(&self, said: &BTreeMap<&'static str, Vec<Origin>>) -> String {
        let mut by_origin: BTreeMap<Origin, Vec<&str>> = BTreeMap::new();
        for (attribute, by) in said {
            for origin in by.iter().collect::<BTreeSet<_>>() {
                by_origin.entry(*origin).or_default().push(attribute);
            }
        }
        let more = by_origin.len().saturating_sub(NAMED);
        let place = |(origin, told): (&Origin, &Vec<&str>)| {
            format!("{} {} ({})", origin.source.name(), origin.text(self.files), told.join(", "))
        };
        let mut parts: Vec<String> = by_origin.iter().take(NAMED).map(place).collect();
        if more > 0 {
            parts.push(format!("and {more} more places"));
        }
        parts.join("; ")
    }

    fn report(
        &self,
        id: String,
        typed: bool,
        said: &BTreeMap<&'static str, Vec<Origin>>,
        report: &mut Report,
    ) {
        let listening: BTreeSet<_> = self.claims.iter().flat_map(|it| it.listening.iter()).collect();
        report.assets.push(AssetReport {
            id,
            typed,
            attributes: said
                .iter()
                .map(|(attribute, by)| (*attribute, told(by.iter().copied(), self.files)))
                .filter(|it| !it.1.is_empty())
                .collect(),
            listening: listening.into_iter().map(ToString::to_string).collect(),
        });
    }
}

fn kind_name(kind: AssetKind) -> String {
    match kind {
        AssetKind::Server => "server",
        AssetKind::Workstation => "workstation",
        AssetKind::NetworkDevice => "network_device",
        AssetKind::Hypervisor => "hypervisor",
        AssetKind::Appliance => "appliance",
        AssetKind::IdentityProvider => "identity_provider",
    }
    .to_owned()
}
