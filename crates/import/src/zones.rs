//! Which zone an address is in: typed ranges first, then those that sources know, then its own /24 (IPv6: /64).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::Zone;
use bulkhead_model::id::ZoneId;
use ipnet::IpNet;

use crate::facts::Gathered;
use crate::merge::Draft;
use crate::names::sanitise;
use crate::source::Origin;

/// The zone of hosts of which nothing tells where they stand.
const UNKNOWN: &str = "unknown";

/// Ranges to zones, and the zones that are not in the estate yet.
#[derive(Debug, Default)]
pub(crate) struct Zoning {
    typed: Ranges,
    claimed: Ranges,
    typed_ids: BTreeSet<String>,
    candidates: BTreeMap<String, Candidate>,
}

#[derive(Debug)]
struct Candidate {
    name: String,
    cidrs: BTreeSet<IpNet>,
    flat: bool,
    origins: BTreeSet<Origin>,
    used: bool,
    /// Kept even when no asset stands in it: a range that lies in no other and holds no other.
    alone: bool,
}

/// Ranges by length, so that the longest that holds an address is found without walking all of them.
#[derive(Debug, Default)]
struct Ranges {
    by_length: BTreeMap<(bool, u8), BTreeMap<IpNet, String>>,
}

impl Ranges {
    fn add(&mut self, range: IpNet, zone: &str) {
        let range = range.trunc();
        let same = self.by_length.entry((range.addr().is_ipv6(), range.prefix_len())).or_default();
        same.entry(range).or_insert_with(|| zone.to_owned());
    }

    fn find(&self, address: IpAddr, shortest: u8) -> Option<&str> {
        let family = address.is_ipv6();
        let lengths = self.by_length.range((family, shortest)..=(family, 128)).rev();
        lengths
            .filter_map(|((_, length), ranges)| {
                let range = IpNet::new(address, *length).ok()?.trunc();
                ranges.get(&range)
            })
            .next()
            .map(String::as_str)
    }

    /// Whether a range of these holds all of `range`.
    fn holds(&self, range: IpNet) -> bool {
        let family = range.addr().is_ipv6();
        self.by_length.range((family, 0)..=(family, range.prefix_len())).any(|((_, length), ranges)| {
            IpNet::new(range.addr(), *length).is_ok_and(|it| ranges.contains_key(&it.trunc()))
        })
    }

    fn all(&self) -> impl Iterator<Item = (IpNet, &str)> {
        self.by_length.values().flatten().map(|(range, zone)| (*range, zone.as_str()))
    }
}

impl Zoning {
    /// The zones of a base.
    pub(crate) fn new(zones: &[Zone]) -> Self {
        let mut zoning = Self::default();
        for zone in zones {
            zoning.typed_ids.insert(zone.id.to_string());
            for range in &zone.cidrs {
                zoning.typed.add(*range, zone.id.as_str());
            }
        }
        zoning
    }

    /// The zone in whose range an address lies.
    pub(crate) fn zone_of(&self, address: IpAddr) -> Option<&str> {
        self.typed.find(address, 0).or_else(|| self.claimed.find(address, 0))
    }

    /// Whether an address lies in a zone that does not hold everything.
    pub(crate) fn is_own(&self, address: IpAddr) -> bool {
        self.typed.find(address, 1).is_some() || self.claimed.find(address, 1).is_some()
    }

    /// The zone that holds everything.
    pub(crate) fn everything(&self) -> Option<&str> {
        self.typed.all().chain(self.claimed.all()).find(|it| it.0.prefix_len() == 0).map(|it| it.1)
    }

    /// Whether a zone was typed.
    pub(crate) fn is_typed(&self, zone: &str) -> bool {
        self.typed_ids.contains(zone)
    }

    /// Who speaks of a zone that was not typed.
    pub(crate) fn origins(&self, zone: &str) -> Vec<Origin> {
        self.candidates.get(zone).map(|it| it.origins.iter().copied().collect()).unwrap_or_default()
    }

    /// The zone of an address that no range holds.
    pub(crate) fn network_zone(&mut self, address: IpAddr) -> String {
        let length = if address.is_ipv4() { 24 } else { 64 };
        let Ok(range) = IpNet::new(address, length).map(|it| it.trunc()) else {
            return self.unknown_zone();
        };
        let text = range.network().to_string();
        let id = format!("net-{}", sanitise(text.strip_suffix(".0").unwrap_or(&text)));
        let candidate = self.candidate(&id, &format!("Network {range}"), true);
        candidate.cidrs.insert(range);
        // Found by its range from now on, also where the id is a typed zone's.
        self.claimed.add(range, &id);
        id
    }

    /// The zone of hosts without an address.
    pub(crate) fn unknown_zone(&mut self) -> String {
        self.candidate(UNKNOWN, "Hosts without a known address", true);
        UNKNOWN.to_owned()
    }

    /// The zone of hosts of which only their domain is known.
    pub(crate) fn domain_zone(&mut self, id: &str) -> String {
        let domain = id.trim_start_matches("ad-");
        self.candidate(id, &format!("Domain {domain}, addresses not known"), true);
        id.to_owned()
    }

    /// Notes that an asset stands in a zone.
    pub(crate) fn used(&mut self, zone: &str) {
        if self.typed_ids.contains(zone) {
            return;
        }
        self.candidate(zone, zone, false).used = true;
    }

    fn candidate(&mut self, id: &str, name: &str, flat: bool) -> &mut Candidate {
        self.candidates.entry(id.to_owned()).or_insert_with(|| Candidate {
            name: name.to_owned(),
            cidrs: BTreeSet::new(),
            flat,
            origins: BTreeSet::new(),
            used: false,
            alone: false,
        })
    }
}

/// Takes up the zones that sources know. A range within a typed one adds nothing: its hosts stand in the typed zone.
pub(crate) fn add(draft: &mut Draft, gathered: &Gathered) {
    let zoning = &mut draft.zoning;
    let mut claims: Vec<_> = gathered.zones.iter().collect();
    claims.sort_by(|a, b| {
        (a.origin.source, &a.id, &a.cidrs, a.origin).cmp(&(b.origin.source, &b.id, &b.cidrs, b.origin))
    });
    for claim in &claims {
        let cidrs: Vec<IpNet> =
            claim.cidrs.iter().map(IpNet::trunc).filter(|it| !zoning.typed.holds(*it)).collect();
        if cidrs.is_empty() && !claim.cidrs.is_empty() {
            continue;
        }
        let candidate = zoning.candidate(&claim.id, &claim.name, claim.flat);
        candidate.origins.insert(claim.origin);
        for range in cidrs {
            zoning.claimed.add(range, &claim.id);
        }
    }
    let all: Vec<(IpNet, String)> = zoning.claimed.all().map(|(range, id)| (range, id.to_owned())).collect();
    let holds_other = |range: IpNet| {
        all.iter().any(|(it, _)| *it != range && range.contains(it))
            || zoning.typed.all().any(|(it, _)| range.contains(&it))
    };
    let outermost: Vec<(IpNet, String, bool)> =
        all.iter().map(|(range, id)| (*range, id.clone(), !holds_other(*range))).collect();
    for (range, id, alone) in outermost {
        if let Some(candidate) = zoning.candidates.get_mut(&id) {
            candidate.cidrs.insert(range);
            candidate.alone |= alone;
        }
    }
}

/// Adds the zones in which something stands, and those whose range is cut up no further.
pub(crate) fn finish(draft: &mut Draft, gathered: &Gathered) {
    for (id, it) in std::mem::take(&mut draft.zoning.candidates) {
        if !(it.used || it.alone) {
            continue;
        }
        let comment = crate::merge::told(it.origins.iter().copied(), &gathered.files).join("; ");
        let zone = Zone {
            id: ZoneId::new(id),
            name: it.name,
            cidrs: it.cidrs.into_iter().collect(),
            tier: 1,
            flat: it.flat,
            external: false,
        };
        draft.zone(zone, comment);
    }
}
