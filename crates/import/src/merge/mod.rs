//! Claims to hosts: which claims speak of one host, what counts where they disagree, and what is added to the base.

mod attributes;
mod disputes;
mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Estate, Zone};

use crate::facts::{Gathered, Host};
use crate::names;
use crate::outside::{self, Own};
use crate::report::Report;
use crate::roles;
use crate::source::{Origin, Source};
use crate::zones::Zoning;

pub(crate) use disputes::told;

/// The estate under way.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) estate: Estate,
    /// How zones are told by addresses.
    pub(crate) zoning: Zoning,
    /// Places in `estate.assets` by address.
    pub(crate) by_address: BTreeMap<IpAddr, usize>,
    /// Public addresses seen that are not the operator's.
    pub(crate) outside: BTreeSet<IpAddr>,
    /// Places in `estate.assets` by the key that a source uses.
    pub(crate) by_key: BTreeMap<(Source, String), usize>,
    /// Ids of what was added, and where it comes from.
    pub(crate) added: Added,
    /// Ids of typed assets to which something was added, with what.
    pub(crate) extended_assets: BTreeMap<String, Vec<String>>,
    /// The same of identities.
    pub(crate) extended_identities: BTreeMap<String, Vec<String>>,
}

/// What was added, by id, with a comment that says where from.
#[derive(Debug, Default)]
pub(crate) struct Added {
    pub(crate) zones: BTreeMap<String, String>,
    pub(crate) assets: BTreeMap<String, String>,
    pub(crate) identities: BTreeMap<String, String>,
    pub(crate) flows: BTreeMap<String, String>,
    pub(crate) services: BTreeMap<String, String>,
    pub(crate) points: BTreeMap<String, String>,
}

impl Draft {
    pub(crate) fn new(base: Option<&Estate>, name: &str) -> Self {
        let estate = base.cloned().unwrap_or_else(|| {
            let mut estate = Estate::empty(&names::sanitise(name));
            name.clone_into(&mut estate.estate.name);
            estate
        });
        Self {
            zoning: Zoning::new(&estate.zones),
            by_address: BTreeMap::new(),
            outside: BTreeSet::new(),
            by_key: BTreeMap::new(),
            added: Added::default(),
            extended_assets: BTreeMap::new(),
            extended_identities: BTreeMap::new(),
            estate,
        }
    }

    /// Adds a zone unless one of that id is there.
    pub(crate) fn zone(&mut self, zone: Zone, comment: String) {
        if self.estate.zones.iter().all(|it| it.id != zone.id) {
            self.added.zones.insert(zone.id.to_string(), comment);
            self.estate.zones.push(zone);
        }
    }
}

/// Merges the hosts of all claims into the draft's assets.
pub(crate) fn hosts(draft: &mut Draft, gathered: &Gathered, report: &mut Report) {
    let mut claims: Vec<Host> = draft.estate.assets.iter().map(typed).collect();
    claims.extend(gathered.hosts.iter().cloned());
    let (ends, outside) = ends_of_links(&claims, draft, gathered, report);
    claims.extend(ends);
    draft.outside = outside;
    claims.sort_by(|a, b| order(a).cmp(&order(b)));
    let groups = groups::find(&claims);
    attributes::settle(draft, &claims, &groups, gathered, report);
}

/// The order in which claims are looked at: by source, then by content, so that the order of records does not matter.
fn order(it: &Host) -> impl Ord {
    let os = it.os.clone();
    let lists = (it.names.clone(), it.addresses.clone(), it.macs.clone());
    (it.origin.source, it.key.clone(), it.id.clone(), lists, os, it.kind, it.zone.clone(), it.origin)
}

/// A typed asset as a claim. Its id stands for its name where it has none.
fn typed(asset: &bulkhead_model::estate::Asset) -> Host {
    let mut host = Host::new(Origin { source: Source::Typed, file: 0, line: 0, record: 0 });
    host.key = Some(asset.id.to_string());
    host.id = Some(asset.id.to_string());
    let name = asset.hostname.as_deref().unwrap_or(asset.id.as_str());
    host.names.extend(names::hostname(name));
    host.addresses = asset.addresses.iter().map(IpAddr::to_canonical).collect();
    host.os.clone_from(&asset.os);
    host.kind = Some(asset.kind);
    host.zone = Some(asset.zone.to_string());
    host.roles = asset.roles.iter().cloned().collect();
    host
}

/// Hosts that observed flows speak of: those of the operator's own ranges, with the roles that their answers give them,
/// and what stands for all others.
fn ends_of_links(
    claims: &[Host],
    draft: &Draft,
    gathered: &Gathered,
    report: &mut Report,
) -> (Vec<Host>, BTreeSet<IpAddr>) {
    let known: BTreeSet<IpAddr> = claims.iter().flat_map(|it| it.addresses.iter().copied()).collect();
    let own = Own::new(&draft.zoning, gathered, &known);
    for (range, (with, all)) in &own.ranges {
        report.assumptions.push(format!(
            "{range} is taken for the operator's own: {with} of {all} pairs of public addresses have an end in it; where that is \
             wrong, import onto an estate whose zones name the right ranges"
        ));
    }
    if own.all {
        report.assumptions.push(
            "No address of the observed traffic is known to be the operator's: every one is drafted as a host; remove those that \
             are not yours, or import onto an estate whose zones name your ranges"
                .to_owned(),
        );
    }
    let mut ends: BTreeMap<IpAddr, Host> = BTreeMap::new();
    let mut beyond: Option<Origin> = None;
    let mut outside = BTreeSet::new();
    for ((from, to, port), seen) in &gathered.links {
        let here = [*from, *to].map(|it| known.contains(&it) || own.has(it));
        if here[0] != here[1] {
            beyond = Some(beyond.map_or(seen.origin, |it| it.min(seen.origin)));
        }
        for (end, answers, here) in [(*from, false, here[0]), (*to, !seen.passing, here[1])] {
            if !here {
                outside.extend(Some(end).filter(|it| outside::is_public(*it)));
                continue;
            }
            let host = ends.entry(end).or_insert_with(|| Host::new(seen.origin));
            host.origin = host.origin.min(seen.origin);
            host.addresses.insert(end);
            if answers {
                host.roles.extend(roles::of_port(None, *port).map(str::to_owned));
                host.listening.insert(*port);
            }
        }
    }
    let mut hosts: Vec<Host> = ends.into_values().collect();
    // A typed asset that stands for everybody outside is met again by its role.
    if let Some(origin) = beyond.filter(|_| outside::place(&draft.estate).is_none()) {
        let zone = draft.zoning.everything().unwrap_or(outside::OUTSIDE);
        hosts.push(outside::stand_in(Source::Flows, origin, zone));
    }
    (hosts, outside)
}
