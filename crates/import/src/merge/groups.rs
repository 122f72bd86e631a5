//! Which claims speak of one host: by the source's own key, by declared id, by hardware address, by full name, by
//! address, and last by short name; never against what a source says are two things.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::Host;
use crate::names::{is_full, label};
use crate::source::Source;

/// Claims by host: places in the list of claims, ascending.
pub(crate) fn find(claims: &[Host]) -> Vec<Vec<usize>> {
    let mut groups = Groups::new(claims);
    let own_key = |it: &Host| it.key.iter().map(|key| (it.origin.source, key.clone())).collect();
    groups.join_by(claims, own_key, |_, _| true);
    groups.join_by(claims, |it: &Host| it.id.iter().cloned().collect(), |_, _| true);
    groups.join_by(claims, |it| it.macs.iter().cloned().collect(), |_, _| true);
    let full_names = |it: &Host| it.names.iter().filter(|it| is_full(it)).cloned().collect();
    groups.join_by(claims, full_names, |_, _| true);
    groups.join_by(claims, |it| it.addresses.iter().copied().collect(), Known::may_share_address);
    groups.join_by_label(claims);
    groups.lists()
}

/// What is known of a group: enough to tell that two cannot be one.
#[derive(Clone, Debug, Default)]
struct Known {
    keys: BTreeSet<(Source, String)>,
    /// Full names by source.
    full_names: BTreeSet<(Source, String)>,
    names: BTreeSet<String>,
    /// First labels of names, with the best source and the number of claims for each.
    labels: BTreeMap<String, (Source, usize)>,
    macs: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Known {
    fn of(host: &Host) -> Self {
        let source = host.origin.source;
        let full = host.names.iter().filter(|it| is_full(it));
        Self {
            keys: host.key.iter().map(|it| (source, it.clone())).collect(),
            full_names: full.map(|it| (source, it.clone())).collect(),
            names: host.names.clone(),
            labels: host.names.iter().map(|it| (label(it).to_owned(), (source, 1))).collect(),
            macs: host.macs.clone(),
            addresses: host.addresses.clone(),
        }
    }

    fn add(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.full_names.extend(other.full_names);
        self.names.extend(other.names);
        for (label, (source, count)) in other.labels {
            let own = self.labels.entry(label).or_insert((source, 0));
            *own = (own.0.min(source), own.1 + count);
        }
        self.macs.extend(other.macs);
        self.addresses.extend(other.addresses);
    }

    /// The label it is called by.
    fn label(&self) -> Option<&str> {
        let rank = |it: &(&String, &(Source, usize))| (it.1.0, std::cmp::Reverse(it.1.1), it.0.clone());
        self.labels.iter().min_by_key(rank).map(|it| it.0.as_str())
    }

    /// Two keys of one source are two things.
    fn may_be_one(&self, other: &Self) -> bool {
        !told_apart(&self.keys, &other.keys)
    }

    /// One address at different times may be two hosts: then their hardware addresses differ, or one source calls them
    /// by different names.
    fn may_share_address(&self, other: &Self) -> bool {
        let macs_differ =
            !self.macs.is_empty() && !other.macs.is_empty() && self.macs.is_disjoint(&other.macs);
        !macs_differ && !told_apart(&self.full_names, &other.full_names)
    }

    /// A short name is shared by hosts of different domains; and hosts whose known addresses have nothing in common are
    /// not taken for one because of a label.
    fn may_share_label(&self, other: &Self) -> bool {
        let full = |it: &Self| it.names.iter().any(|it| is_full(it));
        let addresses_differ = !self.addresses.is_empty() && !other.addresses.is_empty();
        !(addresses_differ || full(self) && full(other))
    }
}

/// Whether some source has a word for each, and never the same.
fn told_apart(a: &BTreeSet<(Source, String)>, b: &BTreeSet<(Source, String)>) -> bool {
    let sources: BTreeSet<Source> = a.iter().map(|it| it.0).collect();
    sources.into_iter().any(|source| {
        let of = |set: &BTreeSet<(Source, String)>| -> BTreeSet<String> {
            set.iter().filter(|it| it.0 == source).map(|it| it.1.clone()).collect()
        };
        let (a, b) = (of(a), of(b));
        !b.is_empty() && a.is_disjoint(&b)
    })
}

/// Disjoint sets of claims.
struct Groups {
    parent: Vec<usize>,
    known: Vec<Known>,
}

impl Groups {
    fn new(claims: &[Host]) -> Self {
        Self { parent: (0..claims.len()).collect(), known: claims.iter().map(Known::of).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Joins claims that have one of `marks` in common, where nothing speaks against it. Marks are taken in order; of each,
    /// the group that has the better source, then more claims, comes first, and takes those that it may be one with: the
    /// same order in which a disputed address finds its owner.
    fn join_by<M: Ord>(
        &mut self,
        claims: &[Host],
        marks: impl Fn(&Host) -> Vec<M>,
        may: impl Fn(&Known, &Known) -> bool,
    ) {
        let mut holders: BTreeMap<M, Vec<usize>> = BTreeMap::new();
        for (at, claim) in claims.iter().enumerate() {
            for mark in marks(claim) {
                holders.entry(mark).or_default().push(at);
            }
        }
        for holders in holders.into_values().filter(|it| it.len() > 1) {
            let mut roots: BTreeMap<usize, (Source, usize)> = BTreeMap::new();
            for claim in holders {
                let source = claims[claim].origin.source;
                let rank = roots.entry(self.root(claim)).or_insert((source, 0));
                *rank = (rank.0.min(source), rank.1 + 1);
            }
            let mut ranked: Vec<(usize, (Source, usize))> = roots.into_iter().collect();
            ranked.sort_by_key(|(root, (source, count))| (*source, std::cmp::Reverse(*count), *root));
            // What was typed, or imported before, is met again first by those that share most with it.
            if let Some((first, (Source::Typed, _))) = ranked.first().copied() {
                let own = self.known[first].addresses.clone();
                let shared = |it: usize| self.known[it].addresses.intersection(&own).count();
                ranked[1..].sort_by_key(|(root, (source, _))| (*source, std::cmp::Reverse(shared(*root))));
            }
            self.join_in_order(ranked.into_iter().map(|it| it.0), &may);
        }
    }

    /// Each group joins the first before it that it may be one with.
    fn join_in_order(&mut self, roots: impl Iterator<Item = usize>, may: &dyn Fn(&Known, &Known) -> bool) {
        let mut apart: Vec<usize> = Vec::new();
        for root in roots {
            let fits = |it: &&mut usize| {
                let (a, b) = (&self.known[**it], &self.known[root]);
                a.may_be_one(b) && may(a, b)
            };
            match apart.iter_mut().find(fits) {
                Some(other) => *other = self.join(*other, root),
                None => apart.push(root),
            }
        }
    }

    /// Joins by short name, last: hosts that are called by it take those that say no more than it, before hosts that one
    /// source among others calls so, and hosts with an address before those without.
    fn join_by_label(&mut self, claims: &[Host]) {
        let mut holders: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (at, claim) in claims.iter().enumerate() {
            for name in &claim.names {
                holders.entry(label(name).to_owned()).or_default().insert(at);
            }
        }
        for (label, holders) in holders {
            let roots: BTreeSet<usize> = holders.into_iter().map(|it| self.root(it)).collect();
            let mut roots: Vec<usize> = roots.into_iter().collect();
            roots.sort_by_key(|it| {
                let known = &self.known[*it];
                let elsewhere = known.label() != Some(label.as_str());
                (elsewhere, known.addresses.is_empty(), known.addresses.clone(), known.names.clone(), *it)
            });
            self.join_in_order(roots.into_iter(), &Known::may_share_label);
        }
    }

    fn join(&mut self, a: usize, b: usize) -> usize {
        if a == b {
            return a;
        }
        let (first, second) = (a.min(b), a.max(b));
        let known = std::mem::take(&mut self.known[second]);
        self.known[first].add(known);
        self.parent[second] = first;
        first
    }

    fn lists(mut self) -> Vec<Vec<usize>> {
        let mut lists: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in 0..self.parent.len() {
            let root = self.root(at);
            lists.entry(root).or_default().push(at);
        }
        lists.into_values().collect()
    }
}
