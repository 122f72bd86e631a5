//! An estate prepared for planning: numbered, with what is protected, hard, exempt, and how each flow counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{AssetKind, Estate, Movement, Port};
use bulkhead_service::{EstateIndex, Exemptions, FlowMembers, ServiceGraph};

use crate::ports::MovementPorts;

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
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) attitude: Attitude,
    pub(crate) compromised: BTreeSet<u32>,
    pub(crate) identities: BTreeSet<u32>,
}

/// The prepared estate.
pub(crate) struct Ground<'a> {
    pub(crate) estate: &'a Estate,
    pub(crate) index: EstateIndex,
    pub(crate) services: ServiceGraph,
    pub(crate) ports: MovementPorts,
    pub(crate) start: Start,
    pub(crate) exempt: Arc<Exemptions>,
    /// Assets that must not be reached.
    pub(crate) hard: BTreeSet<u32>,
    /// Flows whose pairs actions may block: of management channels only the sources that are compromised.
    pub(crate) ordinary: Vec<Ordinary>,
    /// (identity, assets, protocols) of every right.
    rights: Vec<(u32, BTreeSet<u32>, BTreeSet<String>)>,
    /// Per identity: assets on which its secret lies.
    pub(crate) secrets: Vec<BTreeSet<u32>>,
}

/// A flow's part that actions may block.
#[derive(Clone, Debug)]
pub(crate) struct Ordinary {
    pub(crate) flow: u32,
    pub(crate) from: Vec<u32>,
    pub(crate) zone_pairs: Vec<(u32, u32)>,
}

impl<'a> Ground<'a> {
    pub(crate) fn new(estate: &'a Estate, index: EstateIndex, start: Start, ports: MovementPorts) -> Self {
        let services = ServiceGraph::new(estate, &index);
        let exempt = Arc::new(Exemptions::new(&index, protected(estate), &start.compromised));
        let hard = hard(estate, &index).difference(&start.compromised).copied().collect();
        let ordinary = ordinary(&index, &start.compromised);
        let secrets = estate
            .identities
            .iter()
            .map(|it| it.secrets_on.iter().flat_map(|on| index.select(estate, on)).collect())
            .collect();
        let mut ground = Self {
            estate,
            index,
            services,
            ports,
            start,
            exempt,
            hard,
            ordinary,
            rights: Vec::new(),
            secrets,
        };
        ground.rights = ground.resolve_rights();
        ground
    }

    fn resolve_rights(&self) -> Vec<(u32, BTreeSet<u32>, BTreeSet<String>)> {
        let rights =
            |number: u32| self.estate.identities[number as usize].rights.iter().map(move |it| (number, it));
        (0..self.estate.identities.len() as u32)
            .flat_map(rights)
            .map(|(number, right)| {
                let on = self.index.select(self.estate, &right.on).into_iter().collect();
                (number, on, right.via.iter().cloned().collect())
            })
            .collect()
    }

    pub(crate) fn flow(&self, number: u32) -> &FlowMembers {
        &self.index.flows()[number as usize]
    }

    pub(crate) fn asset_id(&self, number: u32) -> &str {
        self.estate.assets[number as usize].id.as_str()
    }

    /// How the pairs of `flow` that end at `to` let an attacker move.
    pub(crate) fn means(&self, flow: &FlowMembers, to: u32) -> Means {
        match (self.start.attitude, flow.movement) {
            (Attitude::Strict, _) | (_, Movement::Yes) => return Means::Always,
            (_, Movement::No) => return Means::Never,
            (_, Movement::Auto) => {}
        }
        let exploitable = &self.estate.assets[to as usize].exploitable;
        if overlap(&flow.ports, exploitable) {
            return Means::Always;
        }
        let mut with = BTreeSet::new();
        for admitted in self.ports.ports().iter().filter(|it| overlap(&flow.ports, &[it.port])) {
            match &admitted.login {
                Some(login) if self.start.attitude == Attitude::Credential => {
                    with.extend(self.identities_with_right(login, to));
                }
                _ => return Means::Always,
            }
        }
        if with.is_empty() { Means::Never } else { Means::With(with.into_iter().collect()) }
    }

    pub(crate) fn identities_with_right<'s>(
        &'s self,
        via: &'s str,
        on: u32,
    ) -> impl Iterator<Item = u32> + 's {
        let matching =
            move |it: &&(u32, BTreeSet<u32>, BTreeSet<String>)| it.1.contains(&on) && it.2.contains(via);
        self.rights.iter().filter(matching).map(|it| it.0)
    }

    /// Assets by number as a set, from ids; unknown ids are left out.
    pub(crate) fn value(&self, asset: u32) -> f64 {
        self.estate.assets[asset as usize].value
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

fn protected(estate: &Estate) -> BTreeSet<u32> {
    let nets = &estate.protected_addresses;
    let is_protected = |asset: &bulkhead_model::estate::Asset| {
        asset.addresses.iter().any(|it| nets.iter().any(|net| net.contains(it)))
    };
    (0..).zip(&estate.assets).filter(|(_, asset)| is_protected(asset)).map(|(number, _)| number).collect()
}

/// Crown jewels, identity providers and assets of enforcement points.
fn hard(estate: &Estate, index: &EstateIndex) -> BTreeSet<u32> {
    let mut hard: BTreeSet<u32> = (0..)
        .zip(&estate.assets)
        .filter(|(_, it)| it.crown_jewel || it.kind == AssetKind::IdentityProvider)
        .map(|(number, _)| number)
        .collect();
    hard.extend(
        estate.enforcement_points.iter().filter_map(|it| it.asset.as_ref()).filter_map(|it| index.asset(it)),
    );
    hard
}

fn ordinary(index: &EstateIndex, compromised: &BTreeSet<u32>) -> Vec<Ordinary> {
    let mut found = Vec::new();
    for (number, flow) in (0..).zip(index.flows()) {
        if !flow.is_management() {
            found.push(Ordinary {
                flow: number,
                from: flow.from.clone(),
                zone_pairs: flow.zone_pairs.clone(),
            });
            continue;
        }
        let from: Vec<u32> = flow.from.iter().copied().filter(|it| compromised.contains(it)).collect();
        if !from.is_empty() {
            let zone_pairs = index.zone_pairs(&from, &flow.to);
            found.push(Ordinary { flow: number, from, zone_pairs });
        }
    }
    found
}
