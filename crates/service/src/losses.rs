//! What is lost: isolated assets, blocked flows, disabled identities; by the numbers of
//! [`EstateIndex`], where an asset is its unit.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::index::{EstateIndex, FlowMembers, FlowOrigin};

/// A set of losses. Cheap to clone while small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Assets isolated or in the attacker's hands.
    pub assets: BTreeSet<u32>,
    /// Identities disabled.
    pub identities: BTreeSet<u32>,
    /// Flows blocked as a whole.
    pub flows: BTreeSet<u32>,
    /// Flows blocked for one source: (flow, asset).
    pub sources: BTreeSet<(u32, u32)>,
    /// Flows blocked for one destination: (flow, asset).
    pub destinations: BTreeSet<(u32, u32)>,
    /// Single pairs blocked: (flow, from, to).
    pub pairs: BTreeSet<(u32, u32, u32)>,
    /// Ordered zone pairs, all of whose flows are blocked.
    pub zone_pairs: BTreeSet<(u32, u32)>,
    /// Pairs that no block touches.
    pub exempt: Arc<Exemptions>,
}

impl Losses {
    /// No losses, with pairs that no block may touch.
    pub fn none(exempt: Arc<Exemptions>) -> Self {
        Self { exempt, ..Self::default() }
    }

    /// Whether the pair `(from, to)` of flow number `flow` is open: not blocked, neither end lost.
    pub fn pair_open(&self, index: &EstateIndex, flow: u32, from: u32, to: u32) -> bool {
        if self.assets.contains(&from) || self.assets.contains(&to) {
            return false;
        }
        let blocked = self.flows.contains(&flow)
            || self.sources.contains(&(flow, from))
            || self.destinations.contains(&(flow, to))
            || self.pairs.contains(&(flow, from, to))
            || self.zone_pairs.contains(&(index.zone_of(from), index.zone_of(to)));
        !blocked || self.exempt.covers(index, flow, from, to)
    }

    /// Whether any pair of flow number `number` is open.
    pub fn flow_open(&self, index: &EstateIndex, number: u32) -> bool {
        let flow = &index.flows()[number as usize];
        if self.plainly_open(index, flow, number) {
            return true;
        }
        if self.touches_nothing_of(flow, number) {
            return !flow.zone_pairs.is_empty();
        }
        let lost_pairs: Vec<_> = self.pairs.range((number, 0, 0)..=(number, u32::MAX, u32::MAX)).collect();
        if lost_pairs.is_empty() && !self.flows.contains(&number) && self.open_by_zone(index, flow, number) {
            return true;
        }
        if lost_pairs.is_empty() {
            return self.exempt_pair_open(index, flow, number);
        }
        flow.from.iter().any(|&from| {
            flow.to.iter().any(|&to| index.is_pair(from, to) && self.pair_open(index, number, from, to))
        })
    }

    /// Whether the pair of the first source and the last target that are left is open: so it is with most flows, and then
    /// nothing else need be looked at.
    fn plainly_open(&self, index: &EstateIndex, flow: &FlowMembers, number: u32) -> bool {
        let left = |it: &&u32, blocked: &BTreeSet<(u32, u32)>| {
            !self.assets.contains(*it) && !blocked.contains(&(number, **it))
        };
        let from = flow.from.iter().find(|it| left(it, &self.sources));
        let to = flow.to.iter().rfind(|it| left(it, &self.destinations));
        let (Some(&from), Some(&to)) = (from, to) else { return false };
        index.is_pair(from, to) && self.pair_open(index, number, from, to)
    }

    fn touches_nothing_of(&self, flow: &FlowMembers, number: u32) -> bool {
        let of_flow =
            |set: &BTreeSet<(u32, u32)>| set.range((number, 0)..=(number, u32::MAX)).next().is_some();
        !(self.flows.contains(&number)
            || of_flow(&self.sources)
            || of_flow(&self.destinations)
            || self.pairs.range((number, 0, 0)..=(number, u32::MAX, u32::MAX)).next().is_some()
            || flow.zone_pairs.iter().any(|it| self.zone_pairs.contains(it))
            || self
                .assets
                .iter()
                .any(|it| flow.from.binary_search(it).is_ok() || flow.to.binary_search(it).is_ok()))
    }

    /// Looks for an open pair among ends that are neither lost nor blocked singly, zone by zone: no pair is listed.
    fn open_by_zone(&self, index: &EstateIndex, flow: &FlowMembers, number: u32) -> bool {
        let alive = |members: &[u32], blocked: &BTreeSet<(u32, u32)>| -> Vec<u32> {
            let free = |it: &u32| !self.assets.contains(it) && !blocked.contains(&(number, *it));
            members.iter().copied().filter(free).collect()
        };
        let from = alive(&flow.from, &self.sources);
        let to = alive(&flow.to, &self.destinations);
        index.zone_pairs(&from, &to).iter().any(|it| !self.zone_pairs.contains(it))
    }

    fn exempt_pair_open(&self, index: &EstateIndex, flow: &FlowMembers, number: u32) -> bool {
        self.exempt.bicliques(flow, number).iter().any(|(from, to)| {
            from.iter().any(|&from| {
                to.iter().any(|&to| index.is_pair(from, to) && self.pair_open(index, number, from, to))
            })
        })
    }
}

/// Pairs that no block touches: those with a protected address at an end, and those whose ports are all ports of a
/// management channel between the same assets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    protected: BTreeSet<u32>,
    /// Per management flow that is kept open: its number, and its sources that keep it open.
    channels: Vec<(u32, Vec<u32>)>,
    /// Per flow: positions in `channels` whose ports contain all of its ports.
    covering: Vec<Vec<u32>>,
}

impl Exemptions {
    /// Exemptions of an estate whose assets `protected` have protected addresses, while `compromised` assets open no
    /// management channel worth keeping but those that survive everything.
    pub fn new(index: &EstateIndex, protected: BTreeSet<u32>, compromised: &BTreeSet<u32>) -> Self {
        let mut channels = Vec::new();
        for (number, flow) in (0..).zip(index.flows()) {
            if let FlowOrigin::Management(_) = flow.origin {
                let keeps = |it: &u32| flow.survives || !compromised.contains(it);
                let from: Vec<u32> = flow.from.iter().copied().filter(keeps).collect();
                channels.push((number, from));
            }
        }
        let covering = index.flows().iter().map(|flow| covering(index, &channels, flow)).collect();
        Self { protected, channels, covering }
    }

    /// Assets with a protected address.
    pub fn protected(&self) -> &BTreeSet<u32> {
        &self.protected
    }

    /// Management flows kept open, with the sources that keep them open.
    pub fn channels(&self) -> &[(u32, Vec<u32>)] {
        &self.channels
    }

    /// Whether no block touches the pair `(from, to)` of flow number `flow`.
    pub fn covers(&self, index: &EstateIndex, flow: u32, from: u32, to: u32) -> bool {
        self.protected.contains(&from)
            || self.protected.contains(&to)
            || self.kept_by_channel(index, flow, from, to)
    }

    /// Whether a management channel that is kept open between the two has all ports of flow number `flow`.
    pub fn kept_by_channel(&self, index: &EstateIndex, flow: u32, from: u32, to: u32) -> bool {
        self.covering(flow).any(|(channel, sources)| {
            sources.binary_search(&from).is_ok()
                && index.flows()[*channel as usize].to.binary_search(&to).is_ok()
        })
    }

    /// Channels kept open that have all ports of flow number `flow`, with the sources that keep them open.
    pub fn covering(&self, flow: u32) -> impl Iterator<Item = &(u32, Vec<u32>)> {
        let at = self.covering.get(flow as usize).into_iter().flatten();
        at.map(|&it| &self.channels[it as usize])
    }

    /// Sets of ends between which every pair of `flow` may be exempt.
    fn bicliques(&self, flow: &FlowMembers, number: u32) -> Vec<(Vec<u32>, Vec<u32>)> {
        let protected = |members: &[u32]| -> Vec<u32> {
            members.iter().copied().filter(|it| self.protected.contains(it)).collect()
        };
        let mut found = Vec::new();
        if !self.protected.is_empty() {
            found.push((protected(&flow.from), flow.to.clone()));
            found.push((flow.from.clone(), protected(&flow.to)));
        }
        for &at in self.covering.get(number as usize).into_iter().flatten() {
            let sources = &self.channels[at as usize].1;
            let from = sources.iter().copied().filter(|it| flow.from.binary_search(it).is_ok()).collect();
            found.push((from, flow.to.clone()));
        }
        found
    }
}

fn covering(index: &EstateIndex, channels: &[(u32, Vec<u32>)], flow: &FlowMembers) -> Vec<u32> {
    let covers = |channel: u32| {
        let ports = &index.flows()[channel as usize].ports;
        flow.ports.iter().all(|&port| ports.iter().any(|it| it.contains(port)))
    };
    (0..).zip(channels).filter(|(_, (channel, _))| covers(*channel)).map(|(at, _)| at).collect()
}
