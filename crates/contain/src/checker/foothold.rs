//! Footholds under the rules read back: which compromised assets and identities still talk to somebody outside.
//!
//! Any port, any attitude, `movement: no` too: talking is less than moving. Who can be told (*outlets*) and who can tell
//! (*inlets*) are the external assets and the relays that pass on between them and here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bulkhead_model::case::{Certificate, Foothold};
use bulkhead_model::estate::{Asset, Identity};

use super::{Checker, Origin, Range, Side, addresses, after_all, ranges};

/// What the way out is called where no declared flow touches anything outside.
const UNKNOWN: &str = "unknown";

/// Every port of every protocol.
const EVERYTHING: Range = (0, u32::MAX);

/// An entity in the attacker's hands, by id: whether it is an asset.
type Held<'a> = (&'a str, bool);

/// What is wrong with the footholds that a certificate states, given those that stay: it must list each, and none of them
/// as silenced. Asset and identity may have the same id; a foothold of an asset has a way out.
pub(super) fn unlisted(certificate: &Certificate, held: &[Held<'_>], footholds: &[Foothold]) -> Vec<String> {
    let mut faults = Vec::new();
    for it in footholds {
        let same =
            |other: &&Foothold| other.entity == it.entity && other.way_out.is_some() == it.way_out.is_some();
        let by =
            it.way_out.as_deref().map_or_else(|| "it is not disabled".to_owned(), |way| format!("by {way}"));
        let of_name = held.iter().filter(|other| other.0 == it.entity).count();
        let staying = footholds.iter().filter(|other| other.entity == it.entity).count();
        let silenced = certificate.silenced.iter().filter(|other| other.entity == it.entity).count();
        if silenced + staying > of_name {
            faults.push(format!("{} is listed as silenced and keeps a foothold ({by})", it.entity));
        } else if !certificate.footholds.iter().any(|other| same(&other)) {
            faults
                .push(format!("{} keeps a foothold ({by}), which the certificate does not list", it.entity));
        }
    }
    faults
}

/// An unblocked flow: (from, to, channel).
type Talk = (usize, usize, usize);

impl<'a> Checker<'a> {
    /// Compromised assets and identities that can keep a foothold: all but external assets.
    pub(super) fn held_entities(&self) -> Vec<Held<'a>> {
        let assets = self.compromised().into_iter().map(|at| (self.estate.assets[at].id.as_str(), true));
        let identities = self.estate.identities.iter().filter(|it| self.is_compromised(it));
        assets.chain(identities.map(|it| (it.id.as_str(), false))).collect()
    }

    /// Those of them that keep one.
    pub(super) fn footholds(&self) -> Vec<Foothold> {
        let compromised = self.compromised();
        let talks = self.talks(&compromised);
        let mut ways = self.ways_out(&compromised, &talks);
        self.join(&compromised, &talks, &mut ways);
        let mut found: Vec<Foothold> = ways
            .into_iter()
            .map(|(at, way)| Foothold { entity: self.estate.assets[at].id.to_string(), way_out: Some(way) })
            .collect();
        let identities = self.estate.identities.iter().filter(|it| self.holds(it));
        found.extend(identities.map(|it| Foothold { entity: it.id.to_string(), way_out: None }));
        found.sort_by(|a, b| (&a.entity, a.way_out.is_none()).cmp(&(&b.entity, b.way_out.is_none())));
        found
    }

    fn is_compromised(&self, identity: &Identity) -> bool {
        self.identities.contains(identity.id.as_str())
    }

    fn compromised(&self) -> BTreeSet<usize> {
        let assets = self.estate.assets.iter().enumerate();
        let held = assets.filter(|(_, it)| self.sources.contains(it.id.as_str())).map(|(at, _)| at);
        held.filter(|at| !self.external.contains(at)).collect()
    }

    /// Unblocked flows among compromised assets, relays and external assets, in the order of channels.
    fn talks(&self, compromised: &BTreeSet<usize>) -> Vec<Talk> {
        let of_interest = |at: &usize| {
            compromised.contains(at) || self.external.contains(at) || self.estate.assets[*at].relay
        };
        let mut talks = Vec::new();
        for (number, channel) in self.channels.iter().enumerate() {
            let ports: Vec<Range> = channel.ports.iter().flat_map(|&it| ranges(it)).collect();
            let managed = matches!(channel.origin, Origin::Management { .. });
            let opens = |at: &usize| {
                of_interest(at) && (!managed || self.sources.contains(self.estate.assets[*at].id.as_str()))
            };
            let answers: Vec<usize> = channel.to.iter().copied().filter(of_interest).collect();
            for &from in channel.from.iter().filter(|it| opens(it)) {
                for &to in answers.iter().filter(|&&to| to != from && !self.is_collecting(channel, to)) {
                    let outside = self.external.contains(&from) && self.external.contains(&to);
                    if !outside && self.passes(from, to, &ports) {
                        talks.push((from, to, number));
                    }
                }
            }
        }
        talks
    }

    /// Compromised assets that have a way out themselves, and by what.
    fn ways_out(&self, compromised: &BTreeSet<usize>, talks: &[Talk]) -> BTreeMap<usize, String> {
        if !self.outside_is_declared() {
            let open = compromised.iter().copied().filter(|&at| !self.is_isolated(at));
            return open.map(|at| (at, UNKNOWN.to_owned())).collect();
        }
        let outlets = self.passed_on(talks.iter().map(|it| (it.1, it.0)));
        let inlets = self.passed_on(talks.iter().map(|it| (it.0, it.1)));
        let name = |talk: &Talk| self.channels[talk.2].id.clone();
        let way = |at: usize| {
            let told = talks.iter().find(|it| it.0 == at && outlets.contains(&it.1));
            told.or_else(|| talks.iter().find(|it| it.1 == at && inlets.contains(&it.0))).map(name)
        };
        compromised.iter().filter_map(|&at| Some((at, way(at)?))).collect()
    }

    /// External assets and every relay that is the far end of a step from one of these.
    fn passed_on(&self, steps: impl Iterator<Item = (usize, usize)>) -> BTreeSet<usize> {
        let steps: Vec<(usize, usize)> =
            steps.filter(|&(_, to)| self.estate.assets[to].relay && !self.external.contains(&to)).collect();
        let mut found = self.external.clone();
        loop {
            let known = found.len();
            for &(from, to) in &steps {
                if found.contains(&from) {
                    found.insert(to);
                }
            }
            if found.len() == known {
                return found;
            }
        }
    }

    /// Adds the compromised assets that talk, in either direction, to one that has a way out: nearest first.
    fn join(&self, compromised: &BTreeSet<usize>, talks: &[Talk], ways: &mut BTreeMap<usize, String>) {
        let mut joined: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &(from, to, _) in
            talks.iter().filter(|it| compromised.contains(&it.0) && compromised.contains(&it.1))
        {
            joined.entry(from).or_default().insert(to);
            joined.entry(to).or_default().insert(from);
        }
        let by_id = |&at: &usize| self.estate.assets[at].id.as_str();
        let mut ring: Vec<usize> = ways.keys().copied().collect();
        ring.sort_by_key(by_id);
        let mut queue: VecDeque<usize> = ring.into();
        while let Some(at) = queue.pop_front() {
            let mut next: Vec<usize> = joined.get(&at).into_iter().flatten().copied().collect();
            next.retain(|it| !ways.contains_key(it));
            next.sort_by_key(by_id);
            for it in next {
                ways.insert(it, format!("asset:{}", self.estate.assets[at].id));
                queue.push_back(it);
            }
        }
    }

    /// Whether any declared flow has an external asset at one end and another asset at the other.
    fn outside_is_declared(&self) -> bool {
        let declared = self.channels.iter().filter(|it| it.origin == Origin::Flow);
        let touches = |one: &[usize], other: &[usize]| {
            let outside = one.iter().filter(|it| self.external.contains(it));
            outside.into_iter().any(|at| other.iter().any(|it| it != at))
        };
        declared.into_iter().any(|it| touches(&it.from, &it.to) || touches(&it.to, &it.from))
    }

    /// Whether rules read back drop everything between the asset and wherever: by its agent, or at the points of every
    /// ordered zone pair that its flows cross.
    fn is_isolated(&self, at: usize) -> bool {
        let asset = &self.estate.assets[at];
        let shut = |from: Option<(&str, &str)>, outward: bool| {
            let sees = |it: &&super::Installed<'_>| {
                it.has_agent_on(asset) || from.is_some_and(|pair| it.covers.contains(&pair))
            };
            let points: Vec<_> = self.installed.iter().filter(sees).map(|it| it.rules).collect();
            addresses(asset).into_iter().all(|address| {
                let (here, there) =
                    (Side::Asset(asset, address), Side::Elsewhere(address.map(|it| it.is_ipv4())));
                let (from, to) = if outward { (here, there) } else { (there, here) };
                after_all(&points, from, to, &[EVERYTHING]).is_empty()
            })
        };
        if shut(None, true) && shut(None, false) {
            return true;
        }
        let crossed = self.crossed(at, asset);
        !crossed.is_empty() && crossed.iter().all(|&(pair, outward)| shut(Some(pair), outward))
    }

    /// Ordered zone pairs that the asset's flows cross, and whether it opens them.
    fn crossed(&self, at: usize, asset: &'a Asset) -> BTreeSet<((&'a str, &'a str), bool)> {
        let zone = |at: usize| self.estate.assets[at].zone.as_str();
        let here = asset.zone.as_str();
        let mut crossed = BTreeSet::new();
        for channel in &self.channels {
            let managed = matches!(channel.origin, Origin::Management { .. });
            let sources =
                |it: &&usize| !managed || self.sources.contains(self.estate.assets[**it].id.as_str());
            if channel.from.binary_search(&at).is_ok() && sources(&&at) {
                let to = channel.to.iter().filter(|&&to| to != at && !self.is_collecting(channel, to));
                crossed.extend(to.map(|&to| ((here, zone(to)), true)));
            }
            if channel.to.binary_search(&at).is_ok() && !self.is_collecting(channel, at) {
                let from = channel.from.iter().filter(sources).filter(|&&from| from != at);
                crossed.extend(from.map(|&from| ((zone(from), here), false)));
            }
        }
        crossed
    }
}
