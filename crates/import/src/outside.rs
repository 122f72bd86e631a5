//! What lies outside: which addresses are the operator's, and the one asset that stands for all others.
//!
//! Public addresses become no hosts of the estate. Whoever answers from outside, or is answered, is the asset `outside`
//! with the role `internet`: flows from it are exposure, flows to it the ways by which data and commands leave.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{AssetKind, Estate, Index};
use ipnet::IpNet;

use crate::facts::{Gathered, Host};
use crate::merge::Draft;
use crate::names;
use crate::report::{Outbound, Report};
use crate::source::{Origin, Source};
use crate::zones::Zoning;

/// The zone, and the asset, of what stands outside of everything.
pub(crate) const OUTSIDE: &str = "outside";

/// The role of assets that stand for everybody outside.
pub(crate) const INTERNET: &str = "internet";

/// Pairs of public addresses below which nothing is concluded from them.
const PAIRS_MIN: usize = 3;

/// How often the traffic is gone through for such ranges.
const ROUNDS: usize = 8;

/// Addresses of nobody knows whom above which they are not taken for hosts.
const ALL_MAX: usize = 1000;

/// Destinations outside that the report names.
const NAMED: usize = 50;

/// Whose addresses are the operator's.
pub(crate) struct Own<'d> {
    zoning: &'d Zoning,
    /// Networks of public addresses that hosts have or that a sensor calls local: they are, or will be, zones.
    networks: BTreeSet<IpNet>,
    /// Public ranges that observed traffic shows to be the operator's, with the pairs that show it and all pairs.
    pub(crate) ranges: BTreeMap<IpNet, (usize, usize)>,
    /// Nothing tells whose any address is, and they are few: all are taken for hosts.
    pub(crate) all: bool,
}

impl<'d> Own<'d> {
    /// What the base, the sources and the traffic say.
    pub(crate) fn new(zoning: &'d Zoning, gathered: &'d Gathered, known: &BTreeSet<IpAddr>) -> Self {
        let public = known.iter().chain(&gathered.traffic.own).filter(|it| is_public(**it));
        let networks = public.filter(|it| !zoning.is_own(**it)).filter_map(|it| network_of(*it)).collect();
        let mut own = Self { zoning, networks, ranges: BTreeMap::new(), all: false };
        // A range found makes others plain; a second import starts from what the first one ended with.
        for _ in 0..ROUNDS {
            let found = own.seen_ranges(gathered, known);
            if found.is_empty() {
                break;
            }
            own.ranges.extend(found);
        }
        let ends: BTreeSet<IpAddr> = gathered.links.keys().flat_map(|it| [it.0, it.1]).collect();
        own.all = !ends.is_empty()
            && ends.len() <= ALL_MAX
            && known.is_empty()
            && !ends.iter().any(|it| own.has(*it));
        own
    }

    /// Whether an address belongs to the operator as far as anybody says: a private one, one within a known zone, one
    /// beside a known host or one that a sensor calls local, or one of the range that all traffic has an end in.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        names::is_host_address(address)
            && (self.all
                || names::is_private(address)
                || self.zoning.is_own(address)
                || network_of(address).is_some_and(|it| self.networks.contains(&it))
                || range_of(address).is_some_and(|it| self.ranges.contains_key(&it)))
    }

    /// Traffic is seen at some network, so all of it has an end there: told of all traffic together, else of every file,
    /// which may come from networks of their own.
    fn seen_ranges(&self, gathered: &Gathered, known: &BTreeSet<IpAddr>) -> BTreeMap<IpNet, (usize, usize)> {
        let here = |it: &IpAddr| known.contains(it) || self.has(*it);
        let mut by_file: BTreeMap<u32, Pairs> = BTreeMap::new();
        let mut all = Pairs::default();
        for ((from, to, _), seen) in &gathered.links {
            let ours = here(from) || here(to);
            for pairs in [&mut all, by_file.entry(seen.origin.file).or_default()] {
                if ours { &mut pairs.ours } else { &mut pairs.strangers }.insert((*from, *to));
            }
        }
        match all.range() {
            Some(found) => BTreeMap::from([found]),
            None => by_file.values().filter_map(Pairs::range).collect(),
        }
    }
}

/// Pairs of addresses that talked.
#[derive(Default)]
struct Pairs {
    /// With an end that is known to be the operator's.
    ours: BTreeSet<(IpAddr, IpAddr)>,
    /// Without.
    strangers: BTreeSet<(IpAddr, IpAddr)>,
}

impl Pairs {
    /// Where most pairs are of public addresses of which nothing is known: the /16 (IPv6: /48) in which nine of ten of them
    /// have an end, and no other range as many; with that number and the number of all.
    fn range(&self) -> Option<(IpNet, (usize, usize))> {
        let all = self.strangers.len();
        if all < PAIRS_MIN || all <= self.ours.len() {
            return None;
        }
        let mut ends: BTreeMap<IpNet, usize> = BTreeMap::new();
        for (from, to) in &self.strangers {
            for range in BTreeSet::from([range_of(*from)?, range_of(*to)?]) {
                *ends.entry(range).or_default() += 1;
            }
        }
        let mut ranked: Vec<(usize, IpNet)> = ends.into_iter().map(|(range, count)| (count, range)).collect();
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        let (best, range) = *ranked.first()?;
        let next = ranked.get(1).map_or(0, |it| it.0);
        (best > next && best * 10 >= all * 9).then_some((range, (best, all)))
    }
}

fn network_of(address: IpAddr) -> Option<IpNet> {
    IpNet::new(address, if address.is_ipv4() { 24 } else { 64 }).ok().map(|it| it.trunc())
}

fn range_of(address: IpAddr) -> Option<IpNet> {
    IpNet::new(address, if address.is_ipv4() { 16 } else { 48 }).ok().map(|it| it.trunc())
}

/// Whether an address can be somebody's outside.
pub(crate) fn is_public(address: IpAddr) -> bool {
    names::is_host_address(address) && !names::is_private(address)
}

/// The place of the asset that stands for everybody outside.
pub(crate) fn place(estate: &Estate) -> Option<usize> {
    estate.assets.iter().position(|it| it.roles.iter().any(|role| role == INTERNET))
}

/// The claim of that asset.
pub(crate) fn stand_in(source: Source, origin: Origin, zone: &str) -> Host {
    let mut host = Host::new(Origin { source, ..origin });
    host.key = Some(format!("stand-in/{OUTSIDE}"));
    host.id = Some(OUTSIDE.to_owned());
    host.zone = Some(zone.to_owned());
    host.kind = Some(AssetKind::Appliance);
    host.roles.insert(INTERNET.to_owned());
    host
}

/// Roles of hosts that pass traffic on: what they are told leaves, what they hear comes in.
const PASSING_ON: &[&str] = &["proxy", "reverse_proxy", "mail", "mail_gateway", "dns", "resolver", "vpn"];

/// Marks the zone of what stands outside as external, before flows are drafted. What was typed stands: there it is asked
/// for.
pub(crate) fn mark(draft: &mut Draft, report: &mut Report) {
    let Some(place) = place(&draft.estate) else { return };
    let zone = draft.estate.assets[place].zone.clone();
    let within = draft.estate.assets.iter().filter(|it| it.zone == zone).count();
    let typed = draft.zoning.is_typed(zone.as_str());
    if let Some(it) = draft.estate.zones.iter_mut().find(|it| it.id == zone && !it.external) {
        if typed || within > 1 {
            report.todo.push(format!(
                "zones: whether `{zone}` lies outside (`external: true`), so that plans know the attacker's ways out"
            ));
        } else {
            it.external = true;
            it.flat = false;
            report.assumptions.push(format!(
                "`{zone}` is taken for what lies outside (`external: true`): flows to and from it are an attacker's ways out"
            ));
        }
    }
}

/// Marks as relays the hosts that pass traffic on and talk to the outside themselves, once flows are drafted.
pub(crate) fn relays(draft: &mut Draft, report: &mut Report) {
    let Some(place) = place(&draft.estate) else { return };
    let talking = talking_to(&draft.estate, place);
    let mut relays = Vec::new();
    for (at, asset) in draft.estate.assets.iter_mut().enumerate().filter(|(at, _)| *at != place) {
        let passes_on = asset.roles.iter().any(|it| PASSING_ON.contains(&it.as_str()));
        if passes_on && !asset.relay && talking.contains(&(at as u32)) {
            relays.push(asset.id.to_string());
            asset.relay = draft.added.assets.contains_key(asset.id.as_str());
        }
    }
    if !relays.is_empty() {
        let named = relays.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        report.todo.push(format!(
            "assets: which of these pass traffic on between the estate and the outside (`relay: true`; new ones are taken to, \
             by their roles): {named}{}",
            if relays.len() > 5 { format!(" and {} more", relays.len() - 5) } else { String::new() }
        ));
    }
}

/// Places of the assets that a flow joins to the one that stands outside.
fn talking_to(estate: &Estate, outside: usize) -> BTreeSet<u32> {
    let index = Index::new(estate);
    let mut talking = BTreeSet::new();
    for flow in &estate.flows {
        let (from, to) = (index.select(&flow.from), index.select(&flow.to));
        for (one, other) in [(&from, &to), (&to, &from)] {
            if one.contains(&(outside as u32)) {
                talking.extend(other);
            }
        }
    }
    talking
}

/// Names the busiest destinations outside in the report, and asks for those that services depend on.
pub(crate) fn tell(to_outside: BTreeMap<(IpAddr, String), (u64, BTreeSet<String>)>, report: &mut Report) {
    let addresses: BTreeSet<IpAddr> = to_outside.keys().map(|it| it.0).collect();
    let mut busiest: Vec<Outbound> = to_outside
        .into_iter()
        .map(|((address, port), (connections, from))| Outbound {
            address,
            port,
            connections,
            assets: from.len(),
            from: from.into_iter().take(5).collect(),
        })
        .collect();
    busiest.sort_by(|a, b| {
        (b.connections, b.assets, a.address, &a.port).cmp(&(a.connections, a.assets, b.address, &b.port))
    });
    busiest.truncate(NAMED);
    if !busiest.is_empty() {
        let named: Vec<String> = busiest
            .iter()
            .take(5)
            .map(|it| {
                format!("{} {} ({} connections of {} assets)", it.address, it.port, it.connections, it.assets)
            })
            .collect();
        report.todo.push(format!(
            "outside: which of the {} public addresses reached are partners or cloud services that services need, as assets of \
             their own; the busiest: {}",
            addresses.len(),
            named.join(", ")
        ));
    }
    report.outside = busiest;
}
