//! Who may talk to whom: pairs of hosts per port, less what the base already allows, as flows between selectors that
//! mean exactly these pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bulkhead_model::estate::{Estate, Flow, Index, Movement, Port, Selector};
use bulkhead_model::id::FlowId;
use jiff::Timestamp;

use crate::facts::{Gathered, Seen};
use crate::import::Bounds;
use crate::merge::{Draft, told};
use crate::names::sanitise;
use crate::report::{FlowReport, LeftOut, Report};
use crate::select::{Catalogue, Chosen};

/// Ordered pairs of assets (places in `estate.assets`) that may talk, by port.
pub(crate) type Pairs = BTreeMap<Port, BTreeSet<(usize, usize)>>;

/// Adds the observed flows.
pub(crate) fn add(draft: &mut Draft, gathered: &Gathered, bounds: &Bounds, report: &mut Report) {
    let (mut pairs, mut evidence, strangers) = observed(draft, gathered);
    for ((port, from, to), origin) in crate::kubernetes::pairs(draft, gathered, report) {
        pairs.entry(port).or_default().insert((from, to));
        let seen = Seen { connections: 0, first: None, last: None, origin };
        evidence.entry((port, from, to)).or_default().push(seen);
    }
    if strangers > 0 {
        let why = "observed flows with an end that is no host of the estate".to_owned();
        report.left_out.push(LeftOut { why, count: strangers });
    }
    let before = pairs.values().map(BTreeSet::len).sum::<usize>();
    let pairs = without_allowed(&draft.estate, pairs);
    let covered = before - pairs.values().map(BTreeSet::len).sum::<usize>();
    if covered > 0 {
        let why =
            "observed flows that the estate already allows, or that lie within one flat zone".to_owned();
        report.left_out.push(LeftOut { why, count: covered as u64 });
    }
    let catalogue = Catalogue::new(&draft.estate.assets);
    let mut taken: BTreeSet<String> = draft.estate.flows.iter().map(|it| it.id.to_string()).collect();
    let mut beyond = 0_u64;
    let index = Index::new(&draft.estate);
    let mut flows = Vec::new();
    for (port, pairs) in &pairs {
        for (from, to) in generalise(&catalogue, pairs) {
            if draft.estate.flows.len() + flows.len() >= bounds.flows {
                beyond += 1;
                continue;
            }
            let stem = sanitise(&format!("{}-to-{}-{port}", catalogue.name(&from), catalogue.name(&to)));
            let numbered = (2..).map(|n| format!("{stem}-{n}"));
            let mut ids = [stem.clone()].into_iter().chain(numbered);
            let id = ids.find(|it| taken.insert(it.clone())).unwrap_or(stem);
            let flow = Flow {
                id: FlowId::new(&id),
                from: catalogue.selector(&from),
                to: catalogue.selector(&to),
                ports: vec![*port],
                movement: Movement::Auto,
            };
            let (comment, told) = evidence_of(&flow, &index, *port, pairs, &evidence, gathered);
            report.flows.push(told);
            flows.push((flow, comment));
        }
    }
    for (flow, comment) in flows {
        draft.added.flows.insert(flow.id.to_string(), comment);
        draft.estate.flows.push(flow);
    }
    if beyond > 0 {
        report
            .left_out
            .push(LeftOut { why: "more flows than an estate should hold".to_owned(), count: beyond });
    }
}

type Evidence = BTreeMap<(Port, usize, usize), Vec<Seen>>;

/// Observed flows between assets, with their evidence, and how many had an end that is no asset.
fn observed(draft: &Draft, gathered: &Gathered) -> (Pairs, Evidence, u64) {
    let mut pairs = Pairs::new();
    let mut evidence: Evidence = BTreeMap::new();
    let mut strangers = 0;
    for ((from, to, port), seen) in &gathered.links {
        match (draft.by_address.get(from), draft.by_address.get(to)) {
            (Some(from), Some(to)) if from != to => {
                pairs.entry(*port).or_default().insert((*from, *to));
                evidence.entry((*port, *from, *to)).or_default().push(seen.clone());
            }
            (Some(_), Some(_)) => {}
            _ => strangers += 1,
        }
    }
    (pairs, evidence, strangers)
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
    port: Port,
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
        for seen in evidence.get(&(port, from, to)).into_iter().flatten() {
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
        ) {
            let mut estate = Estate::empty("t");
            estate.assets = assets.iter().enumerate().map(|(n, it)| asset(n, it.0, &it.1)).collect();
            let n = estate.assets.len();
            let block = sources.iter().flat_map(|from| targets.iter().map(move |to| (*from, *to)));
            let seen = |it: &(usize, usize)| it.0 != it.1 && it.0 < n && it.1 < n;
            let pairs: BTreeSet<(usize, usize)> = block.chain(more).filter(seen).collect();
            let catalogue = Catalogue::new(&estate.assets);
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
