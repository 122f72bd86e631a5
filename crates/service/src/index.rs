//! Dense numbers for the things an estate declares, and every flow's members: selectors are resolved once.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Asset, Estate, Movement, Port, Selector};
use bulkhead_model::id::{AssetId, FlowId, IdentityId, ZoneId};

/// Where a flow comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowOrigin {
    /// `flows[]`, position in the file.
    Declared(usize),
    /// Implicit inside a zone with `flat: true`, on all ports.
    Flat(u32),
    /// `management[]`, position in the file.
    Management(usize),
}

/// A flow with its selectors resolved to asset numbers.
#[derive(Clone, Debug)]
pub struct FlowMembers {
    /// Its id: declared, `flat:<zone>` or `management:<n>`.
    pub id: FlowId,
    /// Where it comes from.
    pub origin: FlowOrigin,
    /// Assets that open it, ascending.
    pub from: Vec<u32>,
    /// Assets that answer, ascending.
    pub to: Vec<u32>,
    /// On which ports.
    pub ports: Vec<Port>,
    /// Whether it lets an attacker move.
    pub movement: Movement,
    /// Ordered zone pairs that its pairs cross, ascending.
    pub zone_pairs: Vec<(u32, u32)>,
}

impl FlowMembers {
    /// Whether `(from, to)` is one of its pairs; no asset makes a pair with itself.
    pub fn has_pair(&self, from: u32, to: u32) -> bool {
        from != to && self.from.binary_search(&from).is_ok() && self.to.binary_search(&to).is_ok()
    }

    /// Whether it is a channel of the responders.
    pub fn is_management(&self) -> bool {
        matches!(self.origin, FlowOrigin::Management(_))
    }
}

/// The estate by number: positions in the file for assets and identities, flows in the order declared, flat, management.
#[derive(Clone, Debug)]
pub struct EstateIndex {
    assets: BTreeMap<AssetId, u32>,
    identities: BTreeMap<IdentityId, u32>,
    flow_numbers: BTreeMap<FlowId, u32>,
    zones: BTreeMap<ZoneId, u32>,
    zone_of: Vec<u32>,
    members: Vec<Vec<u32>>,
    roles: BTreeMap<String, Vec<u32>>,
    flows: Vec<FlowMembers>,
}

impl EstateIndex {
    /// Numbers `estate` and resolves every flow. Unknown zones get numbers of their own; of duplicate ids the first counts.
    pub fn new(estate: &Estate) -> Self {
        let mut index = Self {
            assets: BTreeMap::new(),
            identities: BTreeMap::new(),
            flow_numbers: BTreeMap::new(),
            zones: BTreeMap::new(),
            zone_of: Vec::with_capacity(estate.assets.len()),
            members: Vec::new(),
            roles: BTreeMap::new(),
            flows: Vec::new(),
        };
        for zone in &estate.zones {
            index.zone_number(&zone.id);
        }
        for (number, asset) in (0..).zip(&estate.assets) {
            index.add_asset(number, asset);
        }
        for (number, identity) in (0..).zip(&estate.identities) {
            index.identities.entry(identity.id.clone()).or_insert(number);
        }
        index.add_flows(estate);
        index
    }

    fn zone_number(&mut self, zone: &ZoneId) -> u32 {
        if let Some(&number) = self.zones.get(zone) {
            return number;
        }
        let number = self.members.len() as u32;
        self.zones.insert(zone.clone(), number);
        self.members.push(Vec::new());
        number
    }

    fn add_asset(&mut self, number: u32, asset: &Asset) {
        self.assets.entry(asset.id.clone()).or_insert(number);
        let zone = self.zone_number(&asset.zone);
        self.zone_of.push(zone);
        self.members[zone as usize].push(number);
        for role in asset.roles.iter().collect::<BTreeSet<_>>() {
            self.roles.entry(role.clone()).or_default().push(number);
        }
    }

    fn add_flows(&mut self, estate: &Estate) {
        for (at, flow) in estate.flows.iter().enumerate() {
            let (from, to) = (self.select(estate, &flow.from), self.select(estate, &flow.to));
            let origin = FlowOrigin::Declared(at);
            self.push_flow(flow.id.clone(), origin, (from, to), flow.ports.clone(), flow.movement);
        }
        for zone in estate.zones.iter().filter(|it| it.flat) {
            let number = self.zone_number(&zone.id);
            let members = self.members[number as usize].clone();
            let id = FlowId::new(format!("flat:{}", zone.id));
            let ends = (members.clone(), members);
            self.push_flow(id, FlowOrigin::Flat(number), ends, vec![Port::ANY], Movement::Auto);
        }
        for (at, channel) in estate.management.iter().enumerate() {
            let ends = (self.select(estate, &channel.from), self.select(estate, &channel.to));
            let id = FlowId::new(format!("management:{at}"));
            self.push_flow(id, FlowOrigin::Management(at), ends, channel.ports.clone(), Movement::Auto);
        }
    }

    fn push_flow(
        &mut self,
        id: FlowId,
        origin: FlowOrigin,
        (from, to): (Vec<u32>, Vec<u32>),
        ports: Vec<Port>,
        movement: Movement,
    ) {
        let zone_pairs = self.zone_pairs(&from, &to);
        self.flow_numbers.entry(id.clone()).or_insert(self.flows.len() as u32);
        self.flows.push(FlowMembers { id, origin, from, to, ports, movement, zone_pairs });
    }

    /// Ordered zone pairs crossed by a pair of two distinct assets of `from` x `to`, ascending.
    pub fn zone_pairs(&self, from: &[u32], to: &[u32]) -> Vec<(u32, u32)> {
        let by_zone = |members: &[u32]| {
            let mut zones: BTreeMap<u32, (u32, bool)> = BTreeMap::new();
            for &it in members {
                zones.entry(self.zone_of(it)).and_modify(|entry| entry.1 = true).or_insert((it, false));
            }
            zones
        };
        let (from, to) = (by_zone(from), by_zone(to));
        let mut pairs = Vec::new();
        for (&source, &(one, several)) in &from {
            for (&target, &(other, others)) in &to {
                if several || others || one != other {
                    pairs.push((source, target));
                }
            }
        }
        pairs
    }

    /// Numbers of the assets that `selector` means, ascending.
    pub fn select(&self, estate: &Estate, selector: &Selector) -> Vec<u32> {
        let candidates: &[u32] = if let Some(id) = &selector.asset {
            return self
                .assets
                .get(id)
                .copied()
                .filter(|&it| selector.matches(&estate.assets[it as usize]))
                .into_iter()
                .collect();
        } else if let Some(zone) = &selector.zone {
            self.zones.get(zone).map_or(&[], |&it| &self.members[it as usize])
        } else if let Some(role) = selector.roles.first() {
            self.roles.get(role).map_or(&[], |it| it)
        } else if selector.any {
            return (0..estate.assets.len() as u32).collect();
        } else {
            return Vec::new();
        };
        if selector.zone.is_some() && selector.roles.is_empty() {
            return candidates.to_vec();
        }
        candidates.iter().copied().filter(|&it| selector.matches(&estate.assets[it as usize])).collect()
    }

    /// Number of an asset.
    pub fn asset(&self, id: &AssetId) -> Option<u32> {
        self.assets.get(id).copied()
    }

    /// Number of an identity.
    pub fn identity(&self, id: &IdentityId) -> Option<u32> {
        self.identities.get(id).copied()
    }

    /// Number of a flow: declared, flat or management.
    pub fn flow(&self, id: &FlowId) -> Option<u32> {
        self.flow_numbers.get(id).copied()
    }

    /// Number of a zone.
    pub fn zone(&self, id: &ZoneId) -> Option<u32> {
        self.zones.get(id).copied()
    }

    /// Number of the zone in which asset `number` stands.
    pub fn zone_of(&self, number: u32) -> u32 {
        self.zone_of[number as usize]
    }

    /// Assets of a zone, ascending.
    pub fn zone_members(&self, zone: u32) -> &[u32] {
        &self.members[zone as usize]
    }

    /// How many zones there are.
    pub fn n_zones(&self) -> usize {
        self.members.len()
    }

    /// How many assets there are.
    pub fn n_assets(&self) -> usize {
        self.zone_of.len()
    }

    /// Every flow: declared, then flat, then management.
    pub fn flows(&self) -> &[FlowMembers] {
        &self.flows
    }
}
