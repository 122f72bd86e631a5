//! Which assets nothing in the estate tells apart: they are one unit.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use bulkhead_model::estate::{Asset, AssetKind, Estate, Port, Requirement, Selector};
use bulkhead_model::id::{AssetId, FlowId, ZoneId};

use crate::worth::{Band, Bands, set_apart};

/// What tells assets apart that nothing names.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'e> {
    zone: &'e ZoneId,
    /// Roles by which some selector means assets, ascending.
    roles: Vec<&'e str>,
    identity_provider: bool,
    relay: bool,
    value: Band,
    crown_jewel: bool,
    /// Known-exploitable ports on which some flow arrives, ascending.
    exploitable: Vec<Port>,
    protected: bool,
}

/// Positions of the assets of each unit, ascending.
pub(crate) fn condense(estate: &Estate) -> Vec<Vec<u32>> {
    let named = named_assets(estate);
    let roles: BTreeSet<&str> = selectors(estate).flat_map(|it| &it.roles).map(String::as_str).collect();
    let mut flows =
        Flows { estate, bands: Bands::new(estate), ends: Ends::new(estate), known: HashMap::new() };
    let mut kinds: HashMap<Kind<'_>, usize> = HashMap::new();
    let mut units: Vec<Vec<u32>> = Vec::new();
    for (position, asset) in (0..).zip(&estate.assets) {
        if named.contains(&asset.id) {
            units.push(vec![position]);
            continue;
        }
        let unit = *kinds.entry(kind(estate, asset, &roles, &mut flows)).or_insert(units.len());
        if unit == units.len() {
            units.push(Vec::new());
        }
        units[unit].push(position);
    }
    stand_alone(estate, units)
}

fn kind<'e>(
    estate: &'e Estate,
    asset: &'e Asset,
    selected: &BTreeSet<&str>,
    flows: &mut Flows<'e>,
) -> Kind<'e> {
    let mut roles: Vec<&str> =
        asset.roles.iter().map(String::as_str).filter(|it| selected.contains(it)).collect();
    roles.sort_unstable();
    roles.dedup();
    let protected = |it| estate.protected_addresses.iter().any(|net| net.contains(it));
    let at = flows.at(asset, &roles);
    let (exploitable, value) = (at.exploitable(asset), flows.bands.of(asset.value, at.ends));
    Kind {
        zone: &asset.zone,
        identity_provider: asset.kind == AssetKind::IdentityProvider,
        relay: asset.relay,
        value,
        crown_jewel: asset.crown_jewel,
        exploitable,
        protected: asset.addresses.iter().any(protected),
        roles,
    }
}

/// The flows that touch assets nothing names, looked up once per zone and roles.
struct Flows<'e> {
    estate: &'e Estate,
    bands: Bands,
    ends: Ends<'e>,
    known: HashMap<(&'e ZoneId, Vec<&'e str>), Rc<Touching>>,
}

/// One end of a flow or channel; where it arrives, the ports.
type End<'e> = (&'e Selector, Option<&'e [Port]>);

/// Every end, by the zone it is in, else by a role it asks for.
#[derive(Default)]
struct Ends<'e> {
    by_zone: HashMap<&'e ZoneId, Vec<End<'e>>>,
    by_role: HashMap<&'e str, Vec<End<'e>>>,
    others: Vec<End<'e>>,
}

/// The flows that touch an asset.
struct Touching {
    /// Ports on which they arrive.
    ports: BTreeSet<Port>,
    /// How many ends they have there.
    ends: u32,
}

impl<'e> Ends<'e> {
    fn new(estate: &'e Estate) -> Self {
        let flows = estate.flows.iter().map(|it| (&it.from, &it.to, &it.ports));
        let channels = estate.management.iter().map(|it| (&it.from, &it.to, &it.ports));
        let mut ends = Self::default();
        for (from, to, ports) in flows.chain(channels) {
            for end in [(from, None), (to, Some(ports.as_slice()))] {
                let place = match (&end.0.zone, end.0.roles.first()) {
                    (Some(zone), _) => ends.by_zone.entry(zone).or_default(),
                    (None, Some(role)) => ends.by_role.entry(role).or_default(),
                    (None, None) => &mut ends.others,
                };
                place.push(end);
            }
        }
        ends
    }

    /// Those that mean `asset`, which has the selected `roles`.
    fn at<'s>(&'s self, asset: &'s Asset, roles: &'s [&str]) -> impl Iterator<Item = &'s End<'e>> {
        let roles = roles.iter().filter_map(|&it| self.by_role.get(it)).flatten();
        let near = self.by_zone.get(&asset.zone).into_iter().flatten().chain(roles).chain(&self.others);
        near.filter(|it| it.0.matches(asset))
    }
}

impl<'e> Flows<'e> {
    fn at(&mut self, asset: &'e Asset, roles: &[&'e str]) -> Rc<Touching> {
        let (estate, ends) = (self.estate, &self.ends);
        let look = || {
            let flat = estate.zones.iter().any(|it| it.flat && it.id == asset.zone);
            let mut touching = Touching { ports: BTreeSet::new(), ends: if flat { 2 } else { 0 } };
            touching.ports.extend(flat.then_some(Port::ANY));
            for (_, ports) in ends.at(asset, roles) {
                touching.ends += 1;
                touching.ports.extend(ports.iter().copied().flatten());
            }
            Rc::new(touching)
        };
        self.known.entry((&asset.zone, roles.to_vec())).or_insert_with(look).clone()
    }
}

impl Touching {
    /// Those known-exploitable ports of an asset, which nothing names, on which some flow arrives.
    fn exploitable(&self, asset: &Asset) -> Vec<Port> {
        let arrives = |it: &Port| self.ports.iter().any(|&other| it.overlaps(other));
        let mut exploitable: Vec<Port> = asset.exploitable.iter().copied().filter(arrives).collect();
        exploitable.sort_unstable();
        exploitable.dedup();
        exploitable
    }
}

/// Every selector by which flows, channels, rights, secrets and agents mean assets.
fn selectors(estate: &Estate) -> impl Iterator<Item = &Selector> {
    let flows = estate.flows.iter().flat_map(|it| [&it.from, &it.to]);
    let channels = estate.management.iter().flat_map(|it| [&it.from, &it.to]);
    let rights =
        estate.identities.iter().flat_map(|it| it.rights.iter().map(|right| &right.on).chain(&it.secrets_on));
    let agents = estate.enforcement_points.iter().filter_map(|it| it.hosts.as_ref());
    flows.chain(channels).chain(rights).chain(agents)
}

/// Takes those assets out of every unit on which a service's flow hangs that must stand alone.
fn stand_alone(estate: &Estate, units: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let mut flows = BTreeSet::new();
    for service in &estate.services {
        let degraded = service.degraded.iter().map(|it| &it.requires);
        std::iter::once(&service.requires).chain(degraded).for_each(|it| needed_flows(it, &mut flows));
    }
    let flat: BTreeSet<&str> = estate
        .zones
        .iter()
        .filter(|it| flows.contains(&FlowId::new(format!("flat:{}", it.id))))
        .map(|it| it.id.as_str())
        .collect();
    let declared = estate.flows.iter().filter(|it| flows.contains(&it.id)).flat_map(|it| [&it.from, &it.to]);
    let selectors: Vec<&Selector> = declared.filter(|it| it.asset.is_none()).collect();
    let mut alone = Vec::new();
    for unit in units {
        let asset = &estate.assets[unit[0] as usize];
        let hangs = flat.contains(asset.zone.as_str()) || selectors.iter().any(|it| it.matches(asset));
        let value = |it: u32| estate.assets[it as usize].value;
        let (taken, unit) = if hangs { set_apart(&unit, value, true) } else { (Vec::new(), unit) };
        alone.extend(taken.into_iter().map(|it| vec![it]));
        alone.extend((!unit.is_empty()).then_some(unit));
    }
    alone
}

/// Assets that something in the estate names: they are told apart.
fn named_assets(estate: &Estate) -> BTreeSet<&AssetId> {
    let mut named: BTreeSet<&AssetId> = selectors(estate).filter_map(|it| it.asset.as_ref()).collect();
    named.extend(estate.enforcement_points.iter().filter_map(|it| it.asset.as_ref()));
    for service in &estate.services {
        let degraded = service.degraded.iter().map(|it| &it.requires);
        std::iter::once(&service.requires).chain(degraded).for_each(|it| needed_assets(it, &mut named));
    }
    named
}

/// The needs directly below one.
fn parts(need: &Requirement) -> &[Requirement] {
    match need {
        Requirement::All { all } => all,
        Requirement::Any { any } => any,
        Requirement::AtLeast { at_least } => &at_least.of,
        _ => &[],
    }
}

fn needed_assets<'e>(need: &'e Requirement, found: &mut BTreeSet<&'e AssetId>) {
    match need {
        Requirement::Asset { asset } => {
            found.insert(asset);
        }
        Requirement::Flow { from, to, .. } => found.extend(from.iter().chain(to)),
        _ => parts(need).iter().for_each(|it| needed_assets(it, found)),
    }
}

fn needed_flows(need: &Requirement, found: &mut BTreeSet<FlowId>) {
    match need {
        Requirement::Flow { flow, .. } => {
            found.insert(flow.clone());
        }
        _ => parts(need).iter().for_each(|it| needed_flows(it, found)),
    }
}
