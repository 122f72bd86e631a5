//! Which assets nothing in the estate tells apart: they are one unit.

use std::collections::{BTreeSet, HashMap};

use bulkhead_model::estate::{Asset, AssetKind, Estate, Port, Requirement, Selector};
use bulkhead_model::id::{AssetId, FlowId, ZoneId};

/// What tells assets apart that nothing names.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'e> {
    zone: &'e ZoneId,
    /// Roles by which some selector means assets, ascending.
    roles: Vec<&'e str>,
    identity_provider: bool,
    relay: bool,
    value: u64,
    crown_jewel: bool,
    /// Known-exploitable ports on which some flow arrives, ascending.
    exploitable: Vec<Port>,
    protected: bool,
}

/// Positions of the assets of each unit, ascending.
pub(crate) fn condense(estate: &Estate) -> Vec<Vec<u32>> {
    let named = named_assets(estate);
    let roles: BTreeSet<&str> = selectors(estate).flat_map(|it| &it.roles).map(String::as_str).collect();
    let mut arrivals = Arrivals { estate, ports: HashMap::new() };
    let mut kinds: HashMap<Kind<'_>, usize> = HashMap::new();
    let mut units: Vec<Vec<u32>> = Vec::new();
    for (position, asset) in (0..).zip(&estate.assets) {
        if named.contains(&asset.id) {
            units.push(vec![position]);
            continue;
        }
        let unit = *kinds.entry(kind(estate, asset, &roles, &mut arrivals)).or_insert(units.len());
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
    arrivals: &mut Arrivals<'e>,
) -> Kind<'e> {
    let mut roles: Vec<&str> =
        asset.roles.iter().map(String::as_str).filter(|it| selected.contains(it)).collect();
    roles.sort_unstable();
    roles.dedup();
    let protected = |it| estate.protected_addresses.iter().any(|net| net.contains(it));
    Kind {
        zone: &asset.zone,
        identity_provider: asset.kind == AssetKind::IdentityProvider,
        relay: asset.relay,
        value: asset.value.to_bits(),
        crown_jewel: asset.crown_jewel,
        exploitable: arrivals.exploitable(asset, &roles),
        protected: asset.addresses.iter().any(protected),
        roles,
    }
}

/// On which ports flows arrive, looked up once per zone and roles.
struct Arrivals<'e> {
    estate: &'e Estate,
    ports: HashMap<(&'e ZoneId, Vec<&'e str>), BTreeSet<Port>>,
}

impl<'e> Arrivals<'e> {
    /// Those known-exploitable ports of an asset, which nothing names, on which some flow arrives.
    fn exploitable(&mut self, asset: &'e Asset, roles: &[&'e str]) -> Vec<Port> {
        if asset.exploitable.is_empty() {
            return Vec::new();
        }
        let estate = self.estate;
        let ports = self.ports.entry((&asset.zone, roles.to_vec())).or_insert_with(|| {
            let flows = estate.flows.iter().map(|it| (&it.to, &it.ports));
            let channels = estate.management.iter().map(|it| (&it.to, &it.ports));
            let arriving = flows.chain(channels).filter(|it| it.0.matches(asset));
            let flat = estate.zones.iter().any(|it| it.flat && it.id == asset.zone);
            arriving.flat_map(|it| it.1).copied().chain(flat.then_some(Port::ANY)).collect()
        });
        let arrives = |it: &Port| ports.iter().any(|&other| it.overlaps(other));
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

/// Takes two assets out of every unit on which a service's flow hangs.
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
    for mut unit in units {
        let asset = &estate.assets[unit[0] as usize];
        let hangs = flat.contains(asset.zone.as_str()) || selectors.iter().any(|it| it.matches(asset));
        let taken = if hangs { unit.split_off(unit.len().saturating_sub(2).max(1)) } else { Vec::new() };
        alone.extend(taken.into_iter().map(|it| vec![it]));
        alone.push(unit);
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
