//! Dense numbers for the things an estate declares, and every flow's members: selectors are resolved once.
//!
//! What is numbered are *units*: usually each asset is one. On large estates assets that nothing in the estate tells
//! apart (`condense`: same zone, roles, weaknesses that count, values between which no action lies; named by nothing) form one unit, so that no list is ever as long as the
//! estate. [`EstateIndex::split`] takes one asset out of its unit when something happens to it alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use bulkhead_model::estate::{Asset, Estate, Movement, Port, Selector};
use bulkhead_model::id::{AssetId, FlowId, IdentityId, ZoneId};

use crate::condense::condense;

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

/// A flow with its selectors resolved to unit numbers.
#[derive(Clone, Debug)]
pub struct FlowMembers {
    /// Its id: declared, `flat:<zone>` or `management:<n>`.
    pub id: FlowId,
    /// Where it comes from.
    pub origin: FlowOrigin,
    /// Units that open it, ascending.
    pub from: Vec<u32>,
    /// Units that answer, ascending.
    pub to: Vec<u32>,
    /// On which ports.
    pub ports: Vec<Port>,
    /// Whether it lets an attacker move.
    pub movement: Movement,
    /// Ordered zone pairs that its pairs cross, ascending.
    pub zone_pairs: Vec<(u32, u32)>,
    /// Whether it is the part of a channel with `reply_only: false` that leads to assets neither external nor relays:
    /// open whatever is done, and neither a move nor a way out.
    pub survives: bool,
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

/// Ends of a flow by zone: (zone, first unit there, whether two distinct assets stand there), ascending.
pub type ZoneEnds = Vec<(u32, u32, bool)>;

/// Ids of the estate: the same for every start, however units are split.
#[derive(Debug)]
struct Names {
    assets: BTreeMap<AssetId, u32>,
    identities: BTreeMap<IdentityId, u32>,
    flows: BTreeMap<FlowId, u32>,
    zones: BTreeMap<ZoneId, u32>,
}

/// The estate by number: units of assets, identities by position in the file, flows in the order declared, flat,
/// management. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EstateIndex {
    names: Arc<Names>,
    unit_of: Vec<u32>,
    units: Vec<Arc<[u32]>>,
    zone_of: Vec<u32>,
    /// Per zone: whether it lies outside the operator's control.
    external: Vec<bool>,
    members: Vec<Vec<u32>>,
    /// Units by role, ascending.
    by_role: BTreeMap<String, Vec<u32>>,
    /// Per asset: its value.
    values: Arc<[f64]>,
    /// Per unit: whether its assets may differ in value.
    mixed: Vec<bool>,
    flows: Vec<FlowMembers>,
}

impl EstateIndex {
    /// Numbers `estate`, each asset a unit of the number of its position in the file. Unknown zones get numbers of
    /// their own; of duplicate ids the first counts.
    pub fn new(estate: &Estate) -> Self {
        Self::of_units(estate, (0..estate.assets.len() as u32).map(|it| vec![it]).collect())
    }

    /// Numbers `estate` by units of assets that nothing tells apart. Of a unit on which a service's flow hangs two
    /// assets stand alone, so that "all but one" can be said of it.
    pub fn condensed(estate: &Estate) -> Self {
        Self::of_units(estate, condense(estate))
    }

    fn of_units(estate: &Estate, units: Vec<Vec<u32>>) -> Self {
        let mut zones: BTreeMap<ZoneId, u32> = BTreeMap::new();
        let named = estate.zones.iter().map(|it| &it.id).chain(estate.assets.iter().map(|it| &it.zone));
        for zone in named {
            if !zones.contains_key(zone) {
                zones.insert(zone.clone(), zones.len() as u32);
            }
        }
        let mut external = vec![false; zones.len()];
        estate.zones.iter().filter(|it| it.external).for_each(|it| external[zones[&it.id] as usize] = true);
        let mut assets = BTreeMap::new();
        for (number, asset) in (0..).zip(&estate.assets) {
            assets.entry(asset.id.clone()).or_insert(number);
        }
        let mut identities = BTreeMap::new();
        for (number, identity) in (0..).zip(&estate.identities) {
            identities.entry(identity.id.clone()).or_insert(number);
        }
        let mut unit_of = vec![0; estate.assets.len()];
        let mut members = vec![Vec::new(); zones.len()];
        let mut zone_of = Vec::with_capacity(units.len());
        let mut by_role: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (unit, assets) in (0..).zip(&units) {
            let asset = &estate.assets[assets[0] as usize];
            for role in &asset.roles {
                match by_role.get_mut(role) {
                    Some(units) if units.last() == Some(&unit) => {}
                    Some(units) => units.push(unit),
                    None => drop(by_role.insert(role.clone(), vec![unit])),
                }
            }
            let zone = zones[&asset.zone];
            zone_of.push(zone);
            members[zone as usize].push(unit);
            assets.iter().for_each(|&it| unit_of[it as usize] = unit);
        }
        let values: Arc<[f64]> = estate.assets.iter().map(|it| it.value).collect();
        let differ = |unit: &Vec<u32>| unit.iter().any(|&it| values[it as usize] != values[unit[0] as usize]);
        let mixed = units.iter().map(differ).collect();
        let names = Names { assets, identities, flows: BTreeMap::new(), zones };
        let units = units.into_iter().map(Arc::from).collect();
        let (names, flows) = (Arc::new(names), Vec::new());
        let mut index =
            Self { names, unit_of, units, zone_of, external, members, by_role, values, mixed, flows };
        let flows = index.add_flows(estate);
        if let Some(names) = Arc::get_mut(&mut index.names) {
            names.flows = flows;
        }
        index
    }

    fn add_flows(&mut self, estate: &Estate) -> BTreeMap<FlowId, u32> {
        for (at, flow) in estate.flows.iter().enumerate() {
            let (from, to) = (self.select(estate, &flow.from), self.select(estate, &flow.to));
            let origin = FlowOrigin::Declared(at);
            self.push_flow(flow.id.clone(), origin, (from, to), flow.ports.clone(), flow.movement, false);
        }
        for zone in estate.zones.iter().filter(|it| it.flat) {
            let number = self.names.zones[&zone.id];
            let members = self.members[number as usize].clone();
            let id = FlowId::new(format!("flat:{}", zone.id));
            let ends = (members.clone(), members);
            self.push_flow(id, FlowOrigin::Flat(number), ends, vec![Port::ANY], Movement::Auto, false);
        }
        for (at, channel) in estate.management.iter().enumerate() {
            let (from, to) = (self.select(estate, &channel.from), self.select(estate, &channel.to));
            let passes_on = |it: &u32| self.is_external(*it) || self.representative(estate, *it).relay;
            let (rest, plain): (Vec<u32>, Vec<u32>) = match channel.reply_only {
                true => (to, Vec::new()),
                false => to.into_iter().partition(passes_on),
            };
            // Somewhere the channel leads, even if to nobody.
            let whole = plain.is_empty();
            for (to, survives) in [(plain, true), (rest, false)] {
                if !to.is_empty() || (whole && !survives) {
                    let id = FlowId::new(format!("management:{at}"));
                    let ends = (from.clone(), to);
                    let (origin, ports) = (FlowOrigin::Management(at), channel.ports.clone());
                    self.push_flow(id, origin, ends, ports, Movement::Auto, survives);
                }
            }
        }
        let mut numbers = BTreeMap::new();
        for (number, flow) in (0..).zip(&self.flows) {
            numbers.entry(flow.id.clone()).or_insert(number);
        }
        numbers
    }

    fn push_flow(
        &mut self,
        id: FlowId,
        origin: FlowOrigin,
        (from, to): (Vec<u32>, Vec<u32>),
        ports: Vec<Port>,
        movement: Movement,
        survives: bool,
    ) {
        let zone_pairs = self.zone_pairs(&from, &to);
        self.flows.push(FlowMembers { id, origin, from, to, ports, movement, zone_pairs, survives });
    }

    /// Makes the asset at `position` a unit of its own and returns that unit's number.
    pub fn split(&mut self, position: u32) -> u32 {
        self.split_off(self.unit_of[position as usize], &[position])
    }

    /// Makes some assets of `unit` (positions, ascending, each once) a unit and returns its number: that of `unit` when they
    /// are all of it.
    pub fn split_off(&mut self, unit: u32, positions: &[u32]) -> u32 {
        if self.size(unit) == positions.len() {
            return unit;
        }
        let alone = self.units.len() as u32;
        let left = self.units[unit as usize].iter().copied();
        self.units[unit as usize] = left.filter(|it| positions.binary_search(it).is_err()).collect();
        self.units.push(Arc::from(positions));
        positions.iter().for_each(|&it| self.unit_of[it as usize] = alone);
        let zone = self.zone_of(unit);
        self.zone_of.push(zone);
        self.mixed.push(positions.len() > 1 && self.mixed[unit as usize]);
        self.members[zone as usize].push(alone);
        for units in self.by_role.values_mut() {
            if units.binary_search(&unit).is_ok() {
                units.push(alone);
            }
        }
        for flow in &mut self.flows {
            for ends in [&mut flow.from, &mut flow.to] {
                if ends.binary_search(&unit).is_ok() {
                    ends.push(alone);
                }
            }
        }
        alone
    }

    /// Summary of some units by zone.
    pub fn zone_ends(&self, units: &[u32]) -> ZoneEnds {
        let mut by_zone: Vec<Option<(u32, bool)>> = vec![None; self.members.len()];
        for &unit in units {
            let several = self.size(unit) > 1;
            let entry = &mut by_zone[self.zone_of(unit) as usize];
            *entry = Some(entry.map_or((unit, several), |(first, _)| (first, true)));
        }
        let present =
            |(zone, entry): (u32, Option<(u32, bool)>)| entry.map(|(first, several)| (zone, first, several));
        (0..).zip(by_zone).filter_map(present).collect()
    }

    /// Ordered zone pairs crossed by a pair of two distinct assets of `from` x `to`, ascending.
    pub fn zone_pairs(&self, from: &[u32], to: &[u32]) -> Vec<(u32, u32)> {
        pairs_of_ends(&self.zone_ends(from), &self.zone_ends(to))
    }

    /// Whether the two units hold two distinct assets, one each.
    pub fn is_pair(&self, from: u32, to: u32) -> bool {
        from != to || self.size(from) > 1
    }

    /// Units of the assets that `selector` means, ascending; `any` means none of the external ones.
    pub fn select(&self, estate: &Estate, selector: &Selector) -> Vec<u32> {
        if selector.is_any() {
            return (0..self.units.len() as u32).filter(|&it| !self.is_external(it)).collect();
        }
        let means = |&unit: &u32| selector.matches(self.representative(estate, unit));
        if let Some(id) = &selector.asset {
            self.asset(id).into_iter().filter(means).collect()
        } else if let Some(zone) = &selector.zone {
            let members = self.names.zones.get(zone).map_or(&[][..], |&it| &self.members[it as usize]);
            if selector.roles.is_empty() {
                members.to_vec()
            } else {
                members.iter().copied().filter(means).collect()
            }
        } else {
            // Of several roles the rarest.
            let of_role = |it: &String| self.by_role.get(it).map_or(&[][..], Vec::as_slice);
            match selector.roles.iter().map(of_role).min_by_key(|it| it.len()) {
                Some(units) => units.iter().copied().filter(means).collect(),
                None => (0..self.units.len() as u32).filter(means).collect(),
            }
        }
    }

    /// The values of the unit's assets, each with how many have it.
    pub fn values(&self, unit: u32) -> impl Iterator<Item = (f64, usize)> {
        let assets = self.assets_of(unit);
        let (assets, each) =
            if self.mixed[unit as usize] { (assets, 1) } else { (&assets[..1], assets.len()) };
        assets.iter().map(move |&it| (self.values[it as usize], each))
    }

    /// What the unit's assets are worth together.
    pub fn value(&self, unit: u32) -> f64 {
        self.values(unit).map(|(value, assets)| value * assets as f64).sum()
    }

    /// An asset of the unit; all of them are alike but for their values.
    pub fn representative<'e>(&self, estate: &'e Estate, unit: u32) -> &'e Asset {
        &estate.assets[self.units[unit as usize][0] as usize]
    }

    /// Positions in the file of the unit's assets, ascending.
    pub fn assets_of(&self, unit: u32) -> &[u32] {
        &self.units[unit as usize]
    }

    /// How many assets the unit holds.
    pub fn size(&self, unit: u32) -> usize {
        self.units[unit as usize].len()
    }

    /// Position of an asset in the file.
    pub fn position(&self, id: &AssetId) -> Option<u32> {
        self.names.assets.get(id).copied()
    }

    /// Unit of an asset.
    pub fn asset(&self, id: &AssetId) -> Option<u32> {
        self.position(id).map(|it| self.unit_of[it as usize])
    }

    /// Number of an identity.
    pub fn identity(&self, id: &IdentityId) -> Option<u32> {
        self.names.identities.get(id).copied()
    }

    /// Number of a flow: declared, flat or management.
    pub fn flow(&self, id: &FlowId) -> Option<u32> {
        self.names.flows.get(id).copied()
    }

    /// Number of a zone.
    pub fn zone(&self, id: &ZoneId) -> Option<u32> {
        self.names.zones.get(id).copied()
    }

    /// Number of the zone in which unit `number` stands.
    pub fn zone_of(&self, number: u32) -> u32 {
        self.zone_of[number as usize]
    }

    /// Whether unit `number` lies outside the operator's control.
    pub fn is_external(&self, number: u32) -> bool {
        self.external[self.zone_of(number) as usize]
    }

    /// Units of a zone, ascending.
    pub fn zone_members(&self, zone: u32) -> &[u32] {
        &self.members[zone as usize]
    }

    /// How many zones there are.
    pub fn n_zones(&self) -> usize {
        self.members.len()
    }

    /// How many units of assets there are.
    pub fn n_assets(&self) -> usize {
        self.units.len()
    }

    /// Every flow: declared, then flat, then management.
    pub fn flows(&self) -> &[FlowMembers] {
        &self.flows
    }
}

/// Ordered zone pairs between two summaries, ascending.
pub fn pairs_of_ends(from: &[(u32, u32, bool)], to: &[(u32, u32, bool)]) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for &(source, one, several) in from {
        for &(target, other, others) in to {
            if several || others || one != other {
                pairs.push((source, target));
            }
        }
    }
    pairs
}
