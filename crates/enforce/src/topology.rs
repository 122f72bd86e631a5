//! The estate as the network sees it: which flows are allowed at all, and which points a flow passes.

use std::collections::BTreeMap;

use bulkhead_model::estate::{Asset, EnforcementPoint, Estate, Identity, Port};
use bulkhead_model::id::{AssetId, IdentityId, PointId, ZoneId};

use crate::eval::Packet;

/// An estate indexed for walking the path of a flow.
#[derive(Clone, Debug)]
pub struct Topology {
    estate: Estate,
    assets: BTreeMap<AssetId, usize>,
    points: BTreeMap<PointId, usize>,
    /// Points whose `covers` hold the zone pair.
    covering: BTreeMap<(ZoneId, ZoneId), Vec<usize>>,
    /// Points with an agent on the asset, by asset index.
    agents: Vec<Vec<usize>>,
}

impl Topology {
    /// Indexes `estate`.
    pub fn new(estate: &Estate) -> Self {
        let mut covering = BTreeMap::<_, Vec<usize>>::new();
        let mut agents = vec![Vec::new(); estate.assets.len()];
        for (index, point) in estate.enforcement_points.iter().enumerate() {
            for pair in &point.covers {
                covering.entry(pair.clone()).or_default().push(index);
            }
            let Some(hosts) = &point.hosts else { continue };
            for (asset, on_it) in estate.assets.iter().zip(&mut agents) {
                if hosts.matches(asset) {
                    on_it.push(index);
                }
            }
        }
        let assets = estate.assets.iter().enumerate().map(|(index, it)| (it.id.clone(), index)).collect();
        let points =
            estate.enforcement_points.iter().enumerate().map(|(index, it)| (it.id.clone(), index)).collect();
        Self { estate: estate.clone(), assets, points, covering, agents }
    }

    /// The estate itself.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// The asset of this id.
    pub fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.get(id).map(|it| &self.estate.assets[*it])
    }

    /// The enforcement point of this id.
    pub fn point(&self, id: &PointId) -> Option<&EnforcementPoint> {
        self.points.get(id).map(|it| &self.estate.enforcement_points[*it])
    }

    /// The identity of this id.
    pub fn identity(&self, id: &IdentityId) -> Option<&Identity> {
        self.estate.identities.iter().find(|it| it.id == *id)
    }

    /// The points a flow from `from` to `to` passes: those covering the zone pair, and the agents on both ends.
    pub fn path(&self, from: &Asset, to: &Asset) -> Vec<&PointId> {
        let pair = (from.zone.clone(), to.zone.clone());
        let mut path = self.covering.get(&pair).cloned().unwrap_or_default();
        for end in [from, to] {
            if let Some(index) = self.assets.get(&end.id) {
                path.extend(&self.agents[*index]);
            }
        }
        path.sort_unstable();
        path.dedup();
        path.into_iter().map(|it| &self.estate.enforcement_points[it].id).collect()
    }

    /// Whether a declared flow, a flat zone or a management channel allows the packet.
    pub fn allows(&self, packet: &Packet<'_>) -> bool {
        let port = packet.as_port();
        let on = |ports: &[Port]| ports.iter().any(|it| it.overlaps(port));
        let Packet { from, to, .. } = *packet;
        from.id == to.id
            || (from.zone == to.zone && self.estate.zones.iter().any(|it| it.id == from.zone && it.flat))
            || self.estate.flows.iter().any(|it| it.from.matches(from) && it.to.matches(to) && on(&it.ports))
            || self
                .estate
                .management
                .iter()
                .any(|it| it.from.matches(from) && it.to.matches(to) && on(&it.ports))
    }

    /// Every port range that a flow or channel from `from` to `to` names, as edges for splitting ranges.
    pub(crate) fn port_edges(&self, from: &Asset, to: &Asset) -> Vec<Port> {
        let flows = self.estate.flows.iter().filter(|it| it.from.matches(from) && it.to.matches(to));
        let channels = self.estate.management.iter().filter(|it| it.from.matches(from) && it.to.matches(to));
        flows
            .flat_map(|it| it.ports.iter().copied())
            .chain(channels.flat_map(|it| it.ports.iter().copied()))
            .collect()
    }

    /// Pairs of assets a management channel joins, with its ports.
    pub fn management_pairs(&self) -> impl Iterator<Item = (&Asset, &Asset, &[Port])> {
        self.estate.assets.iter().flat_map(|to| self.channels_to(to))
    }

    /// The management channels to `to`: who opens it, `to`, and on which ports.
    pub fn channels_to<'a>(
        &'a self,
        to: &'a Asset,
    ) -> impl Iterator<Item = (&'a Asset, &'a Asset, &'a [Port])> {
        self.estate.management.iter().filter(|it| it.to.matches(to)).flat_map(move |channel| {
            let assets = self.estate.assets.iter();
            assets
                .filter(move |it| it.id != to.id && channel.from.matches(it))
                .map(move |from| (from, to, channel.ports.as_slice()))
        })
    }
}
