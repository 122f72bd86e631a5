//! An estate prepared for planning: numbered, with what is protected, hard, exempt, and how each flow counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{Asset, AssetKind, Capability, EnforcementPoint, Estate, Movement, Port};
use bulkhead_model::id::{AssetId, IdentityId, ZoneId};
use bulkhead_model::rules::Endpoint;
use bulkhead_service::{
    EstateIndex, Exemptions, FlowMembers, Leaf, ServiceGraph, ZoneEnds, pairs_of_ends, set_apart,
};
use ipnet::IpNet;

use crate::entries::Entry;
use crate::named::Named;
use crate::ports::MovementPorts;
use crate::talk::Talk;

/// Estates of more assets are planned over units of assets that nothing tells apart.
const CONDENSE_ABOVE: usize = 2_000;

/// How a pair of a flow lets an attacker move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// It does not.
    Never,
    /// It does.
    Always,
    /// With one of these identities (numbers, ascending).
    With(Vec<u32>),
}

/// Who is compromised when planning starts, and under which attitude moves count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    pub(crate) attitude: Attitude,
    pub(crate) compromised: BTreeSet<u32>,
    pub(crate) identities: BTreeSet<u32>,
    /// Compromised assets that are not external, ascending: they can keep a foothold.
    pub(crate) held: Vec<u32>,
}

/// How the ports of a flow let anybody move, whatever their weaknesses.
enum Admits {
    /// Not at all.
    Nothing,
    /// One of them needs no credential.
    Anybody,
    /// With an identity that may log on by one of these protocols.
    Logins(Vec<String>),
}

impl Admits {
    fn new(ports: &MovementPorts, flow: &FlowMembers) -> Self {
        let admitted = ports.ports().iter().filter(|it| overlap(&flow.ports, &[it.port]));
        let logins: Option<BTreeSet<&String>> = admitted.map(|it| it.login.as_ref()).collect();
        match logins {
            None => Self::Anybody,
            Some(logins) if logins.is_empty() => Self::Nothing,
            Some(logins) => Self::Logins(logins.into_iter().cloned().collect()),
        }
    }
}

/// What is the same for every start.
pub(crate) struct Prepared<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) index: EstateIndex,
    services: Arc<ServiceGraph>,
    ports: Arc<MovementPorts>,
    admits: Arc<[Admits]>,
    fixed: Arc<Fixed>,
    /// Made when first asked for: only the attitude `credential` does.
    logins: OnceLock<Arc<Logins>>,
}

/// Who may log on where, and where that can be learned, by units of the prepared estate.
pub(crate) struct Logins {
    /// Per protocol and unit: identities with a right.
    with_right: BTreeMap<String, Vec<Vec<u32>>>,
    /// Per identity: units on which its secret lies.
    secrets: Vec<BTreeSet<u32>>,
}

impl Logins {
    fn new(estate: &Estate, index: &EstateIndex) -> Self {
        let mut with_right: BTreeMap<String, Vec<Vec<u32>>> = BTreeMap::new();
        for (number, identity) in (0..).zip(&estate.identities) {
            for right in &identity.rights {
                let on = index.select(estate, &right.on);
                for via in right.via.iter().collect::<BTreeSet<_>>() {
                    let units =
                        with_right.entry(via.clone()).or_insert_with(|| vec![Vec::new(); index.n_assets()]);
                    for &unit in &on {
                        let of_unit = &mut units[unit as usize];
                        if of_unit.last() != Some(&number) {
                            of_unit.push(number);
                        }
                    }
                }
            }
        }
        let secrets = estate.identities.iter().map(|it| {
            it.secrets_on.iter().flat_map(|on| index.select(estate, on)).collect::<BTreeSet<u32>>()
        });
        Self { with_right, secrets: secrets.collect() }
    }
}

/// Lists that no start changes.
pub(crate) struct Fixed {
    /// Positions of all assets, ascending by id.
    pub(crate) by_id: Vec<u32>,
    /// Per capability and ordered zone pair: enforcement points that cover it, ascending by id.
    pub(crate) covering: HashMap<(Capability, (u32, u32)), Vec<usize>>,
    /// Whether some point isolates by the zone pairs that it covers.
    pub(crate) isolates_by_zones: bool,
    /// Per unit as prepared: points whose agents there can isolate, ascending by id.
    pub(crate) agents: Vec<Vec<usize>>,
    /// Per management channel: where it leads, made when first asked for.
    pub(crate) channel_ends: OnceLock<Vec<Endpoint>>,
    /// Per zone: the addresses of an external one, made when first asked for.
    pub(crate) outside: OnceLock<Vec<Vec<IpNet>>>,
    /// What services name: the price of losing anything else is not known.
    pub(crate) named: Named,
}

impl Fixed {
    fn new(estate: &Estate, index: &EstateIndex) -> Self {
        let mut by_id: Vec<u32> = (0..estate.assets.len() as u32).collect();
        by_id.sort_by(|&a, &b| estate.assets[a as usize].id.cmp(&estate.assets[b as usize].id));
        let mut points: Vec<(usize, &EnforcementPoint)> =
            estate.enforcement_points.iter().enumerate().collect();
        points.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        let pair = |(from, to): &(ZoneId, ZoneId)| Some((index.zone(from)?, index.zone(to)?));
        let isolates = |it: &EnforcementPoint| !it.covers.is_empty() && it.can.contains(&Capability::Isolate);
        let mut covering: HashMap<_, Vec<usize>> = HashMap::new();
        let mut agents = vec![Vec::new(); index.n_assets()];
        for (at, point) in points {
            for &capability in &point.can {
                for pair in point.covers.iter().filter_map(pair) {
                    covering.entry((capability, pair)).or_default().push(at);
                }
            }
            if let (Some(hosts), true) = (&point.hosts, point.can.contains(&Capability::Isolate)) {
                index.select(estate, hosts).into_iter().for_each(|it| agents[it as usize].push(at));
            }
        }
        Self {
            by_id,
            covering,
            isolates_by_zones: estate.enforcement_points.iter().any(isolates),
            agents,
            channel_ends: OnceLock::new(),
            outside: OnceLock::new(),
            named: Named::new(estate, index),
        }
    }
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(estate: &'a Estate, ports: &MovementPorts) -> Self {
        if estate.assets.len() > CONDENSE_ABOVE {
            Self::condensed(estate, ports)
        } else {
            Self::exact(estate, ports)
        }
    }

    /// Units of assets that nothing tells apart, however few there are.
    pub(crate) fn condensed(estate: &'a Estate, ports: &MovementPorts) -> Self {
        Self::of(estate, EstateIndex::condensed(estate), ports)
    }

    /// Every asset by itself, however many there are.
    pub(crate) fn exact(estate: &'a Estate, ports: &MovementPorts) -> Self {
        Self::of(estate, EstateIndex::new(estate), ports)
    }

    fn of(estate: &'a Estate, index: EstateIndex, ports: &MovementPorts) -> Self {
        let services = Arc::new(ServiceGraph::new(estate, &index));
        let fixed = Arc::new(Fixed::new(estate, &index));
        let admits = index.flows().iter().map(|it| Admits::new(ports, it)).collect();
        Self {
            estate,
            index,
            services,
            ports: Arc::new(ports.clone()),
            admits,
            fixed,
            logins: OnceLock::new(),
        }
    }

    fn logins(&self) -> Arc<Logins> {
        self.logins.get_or_init(|| Arc::new(Logins::new(self.estate, &self.index))).clone()
    }

    /// The estate with `compromised` assets and `identities` in the attacker's hands. Assets `alone` are told apart from all
    /// others; of a unit the compromised assets are one unit, since what is open to one of them is open to all. Ids that
    /// the estate does not have are left out.
    pub(crate) fn ground(
        &self,
        attitude: Attitude,
        compromised: &[&AssetId],
        identities: &[IdentityId],
        alone: &[AssetId],
    ) -> Ground<'a> {
        let mut index = self.index.clone();
        let mut origins = Vec::new();
        let mut split = |index: &mut EstateIndex, unit: u32, positions: &[u32]| {
            let known = index.n_assets();
            let split = index.split_off(unit, positions);
            origins.extend((index.n_assets() > known).then_some(unit));
            split
        };
        for id in alone {
            if let (Some(position), Some(unit)) = (index.position(id), index.asset(id)) {
                split(&mut index, unit, &[position]);
            }
        }
        let mut by_unit: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for id in compromised {
            if let (Some(position), Some(unit)) = (index.position(id), index.asset(id)) {
                by_unit.entry(unit).or_default().insert(position);
            }
        }
        // Of those on whom a service's flow hangs some stand alone: all but one can be cut off from the outside.
        let of_unit = |(unit, positions): (u32, BTreeSet<u32>)| {
            let positions: Vec<u32> = positions.into_iter().collect();
            let value = |it: u32| self.estate.assets[it as usize].value;
            let alike = positions.len() == 1 || index.values(unit).nth(1).is_none();
            let (singles, rest) = if (positions.len() > 2 || !alike) && self.carries_a_service(unit) {
                set_apart(&positions, value, false)
            } else {
                (Vec::new(), positions)
            };
            let mut units: Vec<u32> = singles.iter().map(|&it| split(&mut index, unit, &[it])).collect();
            units.extend((!rest.is_empty()).then(|| split(&mut index, unit, &rest)));
            units
        };
        let compromised: BTreeSet<u32> = by_unit.into_iter().flat_map(of_unit).collect();
        let identities = identities.iter().filter_map(|it| index.identity(it)).collect();
        let held = compromised.iter().copied().filter(|&it| !index.is_external(it)).collect();
        Ground::new(self, index, origins, Start { attitude, compromised, identities, held })
    }

    /// Whether a flow that some service needs leads from or to `unit`.
    fn carries_a_service(&self, unit: u32) -> bool {
        self.services.leaves().iter().any(|leaf| match *leaf {
            Leaf::Flow(flow) => {
                let flow = &self.index.flows()[flow as usize];
                flow.from.binary_search(&unit).is_ok() || flow.to.binary_search(&unit).is_ok()
            }
            _ => false,
        })
    }
}

/// The prepared estate of one start. Numbers of assets are numbers of units.
pub(crate) struct Ground<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) index: EstateIndex,
    pub(crate) services: Arc<ServiceGraph>,
    pub(crate) ports: Arc<MovementPorts>,
    pub(crate) fixed: Arc<Fixed>,
    pub(crate) start: Start,
    pub(crate) exempt: Arc<Exemptions>,
    /// Assets that must not be reached.
    pub(crate) hard: BTreeSet<u32>,
    /// Flows whose pairs actions may block: of management channels only the sources that are compromised.
    pub(crate) ordinary: Vec<Ordinary>,
    /// Per flow: how its ports let anybody move.
    admits: Arc<[Admits]>,
    /// Rights and secrets by units as prepared; only under the attitude `credential`.
    logins: Option<Arc<Logins>>,
    /// For units told apart since then, in their order: the unit each was of.
    origins: Vec<u32>,
    /// Per identity: assets on which its secret lies; only under the attitude `credential`.
    pub(crate) secrets: Vec<BTreeSet<u32>>,
    talk: OnceLock<Talk>,
    pub(crate) entries: OnceLock<Vec<Entry>>,
}

/// A flow's part that actions may block.
#[derive(Clone, Debug)]
pub(crate) struct Ordinary {
    pub(crate) flow: u32,
    pub(crate) from: Vec<u32>,
    pub(crate) zone_pairs: Vec<(u32, u32)>,
    pub(crate) from_zones: ZoneEnds,
    pub(crate) to_zones: ZoneEnds,
}

impl Ordinary {
    /// Ordered zone pairs that its pairs from `asset` of `zone` cross.
    pub(crate) fn pairs_from(&self, zone: u32, asset: u32, size: usize) -> Vec<(u32, u32)> {
        pairs_of_ends(&[(zone, asset, size > 1)], &self.to_zones)
    }

    /// Ordered zone pairs that its pairs to `asset` of `zone` cross.
    pub(crate) fn pairs_to(&self, zone: u32, asset: u32, size: usize) -> Vec<(u32, u32)> {
        pairs_of_ends(&self.from_zones, &[(zone, asset, size > 1)])
    }
}

impl<'a> Ground<'a> {
    fn new(prepared: &Prepared<'a>, index: EstateIndex, origins: Vec<u32>, start: Start) -> Self {
        let estate = prepared.estate;
        let exempt = Arc::new(Exemptions::new(&index, protected(estate, &index), &start.compromised));
        let inside = |it: &u32| !start.compromised.contains(it) && !index.is_external(*it);
        let hard = hard(estate, &index).into_iter().filter(inside).collect();
        let ordinary = ordinary(&index, &start.compromised);
        let logins = (start.attitude == Attitude::Credential).then(|| prepared.logins());
        let mut secrets = match &logins {
            Some(logins) => logins.secrets.clone(),
            None => vec![BTreeSet::new(); estate.identities.len()],
        };
        // What is told apart now holds the secrets it held before.
        let first = prepared.index.n_assets() as u32;
        for (unit, origin) in (first..).zip(&origins) {
            secrets.iter_mut().filter(|it| it.contains(origin)).for_each(|it| {
                it.insert(unit);
            });
        }
        Self {
            estate,
            index,
            services: prepared.services.clone(),
            ports: prepared.ports.clone(),
            fixed: prepared.fixed.clone(),
            start,
            exempt,
            hard,
            ordinary,
            admits: prepared.admits.clone(),
            logins,
            origins,
            secrets,
            talk: OnceLock::new(),
            entries: OnceLock::new(),
        }
    }

    /// By whom and by what the compromised assets could talk to the outside.
    pub(crate) fn talk(&self) -> &Talk {
        self.talk.get_or_init(|| Talk::new(self))
    }

    /// Whether the asset is compromised, not external, and may be isolated although addresses are protected.
    pub(crate) fn is_held(&self, unit: u32) -> bool {
        self.start.held.binary_search(&unit).is_ok()
    }

    /// The unit of the prepared estate that `unit` is or was of.
    pub(crate) fn origin(&self, unit: u32) -> u32 {
        let first = self.index.n_assets() - self.origins.len();
        (unit as usize).checked_sub(first).map_or(unit, |it| self.origins[it])
    }

    pub(crate) fn flow(&self, number: u32) -> &FlowMembers {
        &self.index.flows()[number as usize]
    }

    /// An asset of the unit; all of them are alike but for their values.
    pub(crate) fn asset(&self, unit: u32) -> &'a Asset {
        self.index.representative(self.estate, unit)
    }

    /// The assets of a unit.
    pub(crate) fn assets_of(&self, unit: u32) -> impl Iterator<Item = &'a Asset> {
        let estate = self.estate;
        self.index.assets_of(unit).iter().map(|&it| &estate.assets[it as usize])
    }

    /// Name of a unit: its asset's id, or that of the first with how many are like it.
    pub(crate) fn name(&self, unit: u32) -> String {
        let first = self.asset(unit).id.as_str();
        match self.index.size(unit) {
            1 => first.to_owned(),
            n => format!("{first} (and {} like it)", n - 1),
        }
    }

    /// How the pairs of flow `number` that end at `to` let an attacker move.
    pub(crate) fn means(&self, number: u32, to: u32) -> Means {
        let flow = self.flow(number);
        if flow.survives || self.index.is_external(to) {
            return Means::Never;
        }
        match (self.start.attitude, flow.movement) {
            (Attitude::Strict, _) | (_, Movement::Yes) => return Means::Always,
            (_, Movement::No) => return Means::Never,
            (Attitude::Movement, Movement::Auto)
                if !matches!(self.admits[number as usize], Admits::Nothing) =>
            {
                return Means::Always;
            }
            (_, Movement::Auto) => {}
        }
        if overlap(&flow.ports, &self.asset(to).exploitable) {
            return Means::Always;
        }
        match &self.admits[number as usize] {
            Admits::Nothing => Means::Never,
            Admits::Anybody => Means::Always,
            Admits::Logins(logins) => {
                let mut with: Vec<u32> =
                    logins.iter().flat_map(|it| self.identities_with_right(it, to)).collect();
                with.sort_unstable();
                with.dedup();
                if with.is_empty() { Means::Never } else { Means::With(with) }
            }
        }
    }

    /// Identities with a right on `on` by the protocol `via`.
    pub(crate) fn identities_with_right(&self, via: &str, on: u32) -> impl Iterator<Item = u32> {
        let units = self.logins.as_ref().and_then(|it| it.with_right.get(via));
        units.into_iter().flat_map(move |it| it[self.origin(on) as usize].iter().copied())
    }

    /// Per asset, identities whose secret lies on it.
    pub(crate) fn identities_by_asset(&self) -> BTreeMap<u32, Vec<u32>> {
        let mut by_asset: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (identity, assets) in (0..).zip(&self.secrets) {
            for &asset in assets {
                by_asset.entry(asset).or_default().push(identity);
            }
        }
        by_asset
    }
}

/// Whether two lists of ports have one in common.
pub(crate) fn overlap(ports: &[Port], others: &[Port]) -> bool {
    ports.iter().any(|&it| others.iter().any(|&other| it.overlaps(other)))
}

fn protected(estate: &Estate, index: &EstateIndex) -> BTreeSet<u32> {
    let nets = &estate.protected_addresses;
    if nets.is_empty() {
        return BTreeSet::new();
    }
    let is_protected = |unit: &u32| {
        let asset = index.representative(estate, *unit);
        asset.addresses.iter().any(|it| nets.iter().any(|net| net.contains(it)))
    };
    (0..index.n_assets() as u32).filter(is_protected).collect()
}

/// Crown jewels, identity providers and assets of enforcement points.
fn hard(estate: &Estate, index: &EstateIndex) -> BTreeSet<u32> {
    let is_hard = |unit: &u32| {
        let asset = index.representative(estate, *unit);
        asset.crown_jewel || asset.kind == AssetKind::IdentityProvider
    };
    let mut hard: BTreeSet<u32> = (0..index.n_assets() as u32).filter(is_hard).collect();
    let points = estate.enforcement_points.iter().filter_map(|it| it.asset.as_ref());
    hard.extend(points.filter_map(|it| index.asset(it)));
    hard
}

fn ordinary(index: &EstateIndex, compromised: &BTreeSet<u32>) -> Vec<Ordinary> {
    let mut found = Vec::new();
    for (number, flow) in (0..).zip(index.flows()).filter(|it| !it.1.survives) {
        let opens = |it: &u32| !flow.is_management() || compromised.contains(it);
        let from: Vec<u32> = flow.from.iter().copied().filter(opens).collect();
        if from.is_empty() {
            continue;
        }
        let (from_zones, to_zones) = (index.zone_ends(&from), index.zone_ends(&flow.to));
        let zone_pairs = pairs_of_ends(&from_zones, &to_zones);
        found.push(Ordinary { flow: number, from, zone_pairs, from_zones, to_zones });
    }
    found
}
