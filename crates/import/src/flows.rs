//! Who may talk to whom: pairs of hosts per port, less what the base already allows, as flows between selectors that
//! mean exactly these pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use bulkhead_model::estate::{Estate, Flow, Index, Movement, Port, Protocol, Selector};
use bulkhead_model::id::FlowId;
use jiff::Timestamp;

use crate::facts::{Gathered, Seen};
use crate::import::Bounds;
use crate::merge::{Draft, told};
use crate::names::sanitise;
use crate::outside;
use crate::report::{FlowReport, LeftOut, Report};
use crate::select::{Catalogue, Chosen};
use crate::traffic::PASSING;

/// Ordered pairs of assets (places in `estate.assets`) that may talk, by port.
pub(crate) type Pairs = BTreeMap<Port, BTreeSet<(usize, usize)>>;

/// Adds the observed flows.
pub(crate) fn add(draft: &mut Draft, gathered: &Gathered, bounds: &Bounds, report: &mut Report) {
    let Observed { mut pairs, egress, mut evidence, strangers } = observed(draft, gathered, report);
    for ((port, from, to), origin) in crate::kubernetes::pairs(draft, gathered, report) {
        pairs.entry(port).or_default().insert((from, to));
        let seen = Seen { connections: 0, first: None, last: None, origin, passing: false };
        evidence.entry((from, to, port)).or_default().push(seen);
    }
    if strangers > 0 {
        let why =
            "observed flows between addresses of which neither is known to be the operator's".to_owned();
        report.left_out.push(LeftOut { why, count: strangers });
    }
    let count = |it: &Pairs| it.values().map(BTreeSet::len).sum::<usize>();
    let before = count(&pairs) + count(&egress);
    let pairs = without_allowed(&draft.estate, pairs);
    let egress = without_allowed(&draft.estate, egress);
    let covered = before - count(&pairs) - count(&egress);
    if covered > 0 {
        let why =
            "observed flows that the estate already allows, or that lie within one flat zone".to_owned();
        report.left_out.push(LeftOut { why, count: covered as u64 });
    }
    let catalogue = Catalogue::new(&draft.estate);
    let mut ways: Vec<Way> = Vec::new();
    for (port, pairs) in &pairs {
        let found = generalise(&catalogue, pairs).into_iter();
        ways.extend(found.map(|(from, to)| Way { from, to, ports: vec![*port], out: false }));
    }
    ways.extend(ways_out(&catalogue, &egress));
    let room = bounds.flows.saturating_sub(draft.estate.flows.len());
    let beyond = ways.len().saturating_sub(room);
    if beyond > 0 {
        let why = "more flows than an estate should hold; those of whole zones and roles, then those with most connections, \
                   are kept first";
        report.left_out.push(LeftOut { why: why.to_owned(), count: beyond as u64 });
        ways = weightiest(ways, room, &evidence);
    }
    let leaving: BTreeSet<(usize, usize)> = egress.values().flatten().copied().collect();
    let index = Index::new(&draft.estate);
    let mut taken: BTreeSet<String> = draft.estate.flows.iter().map(|it| it.id.to_string()).collect();
    let mut flows = Vec::new();
    for way in ways {
        let seen = way.ports.first().filter(|_| !way.out).and_then(|it| pairs.get(it)).unwrap_or(&leaving);
        let flow = way.flow(&catalogue, &mut taken);
        let (comment, told) = evidence_of(&flow, &index, seen, &evidence, gathered);
        report.flows.push(told);
        flows.push((flow, comment));
    }
    for (flow, comment) in flows {
        draft.added.flows.insert(flow.id.to_string(), comment);
        draft.estate.flows.push(flow);
    }
}

/// A flow before it has an id.
struct Way {
    from: Chosen,
    to: Chosen,
    ports: Vec<Port>,
    /// Leaves the estate.
    out: bool,
}

impl Way {
    fn flow(self, catalogue: &Catalogue, taken: &mut BTreeSet<String>) -> Flow {
        let (source, target) = (catalogue.name(&self.from), catalogue.name(&self.to));
        let stem = match self.ports.as_slice() {
            [port] => sanitise(&format!("{source}-to-{target}-{port}")),
            _ => sanitise(&format!("{source}-to-{target}")),
        };
        let numbered = (2..).map(|n| format!("{stem}-{n}"));
        let mut ids = [stem.clone()].into_iter().chain(numbered);
        let id = ids.find(|it| taken.insert(it.clone())).unwrap_or(stem);
        Flow {
            id: FlowId::new(&id),
            from: catalogue.selector(&self.from),
            to: catalogue.selector(&self.to),
            ports: self.ports,
            // An attacker who leaves the estate has reached no asset of it.
            movement: if self.out { Movement::No } else { Movement::Auto },
        }
    }

    /// Connections of a flow between two assets; what stands for many, or is allowed by a rule, weighs most.
    fn weight(&self, evidence: &Evidence) -> u64 {
        let (Chosen::Asset(from), Chosen::Asset(to)) = (&self.from, &self.to) else { return u64::MAX };
        match seen_on(evidence, (*from, *to), &self.ports).map(|it| it.connections).sum() {
            0 => u64::MAX,
            connections => connections,
        }
    }
}

/// The `room` weightiest, in the order in which they came.
fn weightiest(ways: Vec<Way>, room: usize, evidence: &Evidence) -> Vec<Way> {
    let mut ranked: Vec<(u64, usize)> = ways.iter().map(|it| it.weight(evidence)).zip(0..).collect();
    ranked.sort_by_key(|(weight, place)| (std::cmp::Reverse(*weight), *place));
    let kept: BTreeSet<usize> = ranked.into_iter().take(room).map(|it| it.1).collect();
    ways.into_iter().enumerate().filter(|it| kept.contains(&it.0)).map(|it| it.1).collect()
}

/// Ports to the outside that one set of assets uses, above which all are written.
const PORTS_OUT: usize = 32;

/// The ways out of the estate: for every set of sources the ports that exactly they were seen to use. Who uses more than a
/// few dozen of a protocol goes out as he likes, and is written so.
fn ways_out(catalogue: &Catalogue, egress: &Pairs) -> Vec<Way> {
    let mut ports: BTreeMap<(usize, usize), BTreeMap<Protocol, BTreeSet<Port>>> = BTreeMap::new();
    for (port, pairs) in egress {
        for pair in pairs {
            ports.entry(*pair).or_default().entry(port.protocol).or_default().insert(*port);
        }
    }
    let mut by_port: Pairs = BTreeMap::new();
    for (pair, protocols) in ports {
        for (protocol, ports) in protocols {
            let all = [Port { protocol, first: 0, last: u16::MAX }];
            let written = if ports.len() > PORTS_OUT { BTreeSet::from(all) } else { ports };
            for port in written {
                by_port.entry(port).or_default().insert(pair);
            }
        }
    }
    let mut ways: BTreeMap<(Chosen, Chosen), Vec<Port>> = BTreeMap::new();
    for (port, pairs) in by_port {
        for way in generalise(catalogue, &pairs) {
            ways.entry(way).or_default().push(port);
        }
    }
    ways.into_iter().map(|((from, to), ports)| Way { from, to, ports, out: true }).collect()
}

/// Places of the two assets and the port: flat, since most pairs use one port.
type Evidence = BTreeMap<(usize, usize, Port), Vec<Seen>>;

/// What was seen between two assets on some ports.
fn seen_on<'e>(
    evidence: &'e Evidence,
    (from, to): (usize, usize),
    ports: &'e [Port],
) -> impl Iterator<Item = &'e Seen> {
    let least = Port { protocol: Protocol::Tcp, first: 0, last: 0 };
    let of_pair = evidence.range((from, to, least)..).take_while(move |it| (it.0.0, it.0.1) == (from, to));
    let meant = of_pair.filter(|it| ports.iter().any(|port| port.contains(it.0.2)));
    meant.flat_map(|it| it.1)
}

/// What was observed of assets.
struct Observed {
    /// Between assets, and from outside to them.
    pairs: Pairs,
    /// To the outside.
    egress: Pairs,
    evidence: Evidence,
    /// Flows of which neither end is an asset.
    strangers: u64,
}

/// Observed flows between assets and from and to the outside, with their evidence.
fn observed(draft: &Draft, gathered: &Gathered, report: &mut Report) -> Observed {
    let mut found =
        Observed { pairs: Pairs::new(), egress: Pairs::new(), evidence: BTreeMap::new(), strangers: 0 };
    let outside = outside::place(&draft.estate);
    let mut passing = 0;
    let mut to_outside: BTreeMap<_, (u64, BTreeSet<String>)> = BTreeMap::new();
    for ((from, to, port), seen) in &gathered.links {
        let place = |it: &IpAddr| {
            let beyond = outside.filter(|_| draft.outside.contains(it));
            draft.by_address.get(it).copied().or(beyond)
        };
        let (Some(source), Some(target)) = (place(from), place(to)) else {
            found.strangers += 1;
            continue;
        };
        if source == target {
            found.strangers += u64::from(Some(source) == outside);
            continue;
        }
        if seen.passing && Some(target) != outside {
            passing += seen.connections;
            continue;
        }
        if Some(target) == outside {
            found.egress.entry(*port).or_default().insert((source, target));
            let told = to_outside.entry((*to, port.to_string())).or_default();
            told.0 += seen.connections;
            told.1.insert(draft.estate.assets[source].id.to_string());
        } else {
            found.pairs.entry(*port).or_default().insert((source, target));
        }
        found.evidence.entry((source, target, *port)).or_default().push(seen.clone());
    }
    if passing > 0 {
        report.left_out.push(LeftOut { why: PASSING.to_owned(), count: passing });
    }
    outside::tell(to_outside, report);
    found
}

/// Where a flow leads, and on which ports.
type Open<'e> = (Rc<BTreeSet<usize>>, &'e [Port]);

/// The pairs that no flow of the estate and no flat zone allows yet.
pub(crate) fn without_allowed(estate: &Estate, mut pairs: Pairs) -> Pairs {
    let index = Index::new(estate);
    let flat: BTreeSet<&str> = estate.zones.iter().filter(|it| it.flat).map(|it| it.id.as_str()).collect();
    let zone = |n: usize| estate.assets[n].zone.as_str();
    let mut by_source: BTreeMap<usize, Vec<Open<'_>>> = BTreeMap::new();
    for flow in &estate.flows {
        let targets = Rc::new(places(&index, &flow.to));
        for source in places(&index, &flow.from) {
            by_source.entry(source).or_default().push((Rc::clone(&targets), &flow.ports));
        }
    }
    for (port, pairs) in &mut pairs {
        let open = |it: &Open<'_>, to: usize| it.0.contains(&to) && it.1.iter().any(|it| it.contains(*port));
        pairs.retain(|(from, to)| {
            let inside = zone(*from) == zone(*to) && flat.contains(zone(*from));
            !inside && !by_source.get(from).is_some_and(|it| it.iter().any(|it| open(it, *to)))
        });
    }
    pairs.retain(|_, it| !it.is_empty());
    pairs
}

fn places(index: &Index<'_>, selector: &Selector) -> BTreeSet<usize> {
    index.select(selector).into_iter().map(|it| it as usize).collect()
}

/// Pairs of selectors that together mean exactly `pairs`: sources are gathered for every destination, then destinations
/// for every set of sources.
pub(crate) fn generalise(catalogue: &Catalogue, pairs: &BTreeSet<(usize, usize)>) -> Vec<(Chosen, Chosen)> {
    let mut sources: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in pairs {
        sources.entry(*to).or_default().insert(*from);
    }
    let mut destinations: BTreeMap<Chosen, BTreeSet<usize>> = BTreeMap::new();
    for (to, from) in &sources {
        // No host moves to itself, so a zone is whole without the destination.
        for chosen in catalogue.cover(from, Some(*to)) {
            destinations.entry(chosen).or_default().insert(*to);
        }
    }
    let mut flows = Vec::new();
    for (from, to) in destinations {
        let also = if let Chosen::Asset(n) = from { Some(n) } else { None };
        flows.extend(catalogue.cover(&to, also).into_iter().map(|to| (from.clone(), to)));
    }
    flows
}

/// What shows a flow: connections, first and last seen, places.
fn evidence_of(
    flow: &Flow,
    index: &Index<'_>,
    pairs: &BTreeSet<(usize, usize)>,
    evidence: &Evidence,
    gathered: &Gathered,
) -> (String, FlowReport) {
    let mut connections = 0_u64;
    let (mut first, mut last) = (None::<i64>, None::<i64>);
    let mut origins = BTreeSet::new();
    let mut n_pairs = 0_u64;
    let (sources, targets) = (places(index, &flow.from), places(index, &flow.to));
    // The shorter way round: all pairs of a small flow, or all that were seen of a large one.
    let few = sources.len().saturating_mul(targets.len()) <= pairs.len();
    let product = sources.iter().filter(|_| few).flat_map(|from| targets.iter().map(move |to| (*from, *to)));
    let seen = pairs.iter().filter(|_| !few).copied();
    let meant = product.filter(|it| pairs.contains(it));
    for (from, to) in meant.chain(seen.filter(|it| sources.contains(&it.0) && targets.contains(&it.1))) {
        n_pairs += 1;
        for seen in seen_on(evidence, (from, to), &flow.ports) {
            connections += seen.connections;
            first = [first, seen.first].into_iter().flatten().min();
            last = [last, seen.last].into_iter().flatten().max();
            origins.insert(seen.origin);
        }
    }
    let time = |it: Option<i64>| Some(Timestamp::from_second(it?).ok()?.to_string());
    let (first, last) = (time(first), time(last));
    let by = told(origins.into_iter(), &gathered.files);
    let span = match (&first, &last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    let comment = match connections {
        0 => format!("{}: allowed between {n_pairs} pairs", by.join("; ")),
        n => format!("{}: {n} connections of {n_pairs} pairs{span}", by.join("; ")),
    };
    (comment, FlowReport { id: flow.id.to_string(), connections, first, last, by })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use bulkhead_model::estate::{Asset, AssetKind};
    use bulkhead_model::id::{AssetId, ZoneId};

    fn asset(n: usize, zone: u8, roles: &BTreeSet<u8>) -> Asset {
        Asset {
            id: AssetId::new(format!("a{n}")),
            hostname: None,
            addresses: Vec::new(),
            zone: ZoneId::new(format!("z{zone}")),
            kind: AssetKind::Server,
            os: None,
            roles: roles.iter().map(|it| format!("r{it}")).collect(),
            value: 0.0,
            crown_jewel: false,
            data: Vec::new(),
            exploitable: Vec::new(),
            relay: false,
        }
    }

    proptest! {
        /// Whatever is generalised means the pairs that were seen and no other.
        #[test]
        fn flows_mean_exactly_the_pairs_seen(
            assets in proptest::collection::vec((0_u8..3, proptest::collection::btree_set(0_u8..3, 0..3)), 1..8),
            sources in proptest::collection::btree_set(0_usize..8, 0..8),
            targets in proptest::collection::btree_set(0_usize..8, 0..8),
            more in proptest::collection::btree_set((0_usize..8, 0_usize..8), 0..12),
            external in any::<bool>(),
        ) {
            let mut estate = Estate::empty("t");
            if external {
                estate.zones.push(serde_json::from_str(r#"{"id": "z0", "external": true}"#).expect("a zone"));
            }
            estate.assets = assets.iter().enumerate().map(|(n, it)| asset(n, it.0, &it.1)).collect();
            let n = estate.assets.len();
            let block = sources.iter().flat_map(|from| targets.iter().map(move |to| (*from, *to)));
            let seen = |it: &(usize, usize)| it.0 != it.1 && it.0 < n && it.1 < n;
            let pairs: BTreeSet<(usize, usize)> = block.chain(more).filter(seen).collect();
            let catalogue = Catalogue::new(&estate);
            let index = Index::new(&estate);
            let mut meant = BTreeSet::new();
            for (from, to) in generalise(&catalogue, &pairs) {
                let from = places(&index, &catalogue.selector(&from));
                let to = places(&index, &catalogue.selector(&to));
                meant.extend(from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))));
            }
            meant.retain(|it| it.0 != it.1);
            prop_assert_eq!(meant, pairs);
        }
    }
}
