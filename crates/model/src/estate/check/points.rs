//! Enforcement points: whether the responders reach them, and what they leave uncovered.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, some};
use crate::estate::{AssetKind, Capability, EnforcementPoint, Flow, Place, PointKind};

/// What all enforcement points together can do.
struct Cover<'e> {
    /// Zone pairs in which a flow can be blocked.
    blockable: BTreeSet<(&'e str, &'e str)>,
    /// Assets that an agent can isolate.
    isolatable: Vec<bool>,
    /// Zones that some point touches.
    zones: BTreeSet<&'e str>,
}

impl<'e> Checker<'e> {
    pub(super) fn enforcement(&mut self) {
        let managed = self.managed();
        let crossed = self.crossed_pairs();
        for (n, point) in self.estate.enforcement_points.iter().enumerate() {
            let place = self.places.item("enforcement_points", n);
            self.reachable(point, place, &managed);
            self.useful(point, place, &crossed);
        }
        let cover = self.cover();
        self.uncovered_zones(&cover);
        self.uncovered_jewels(&cover);
    }

    /// Which assets a management channel leads to.
    fn managed(&self) -> Vec<bool> {
        let mut managed = vec![false; self.estate.assets.len()];
        for channel in &self.estate.management {
            if self.index.select(&channel.from).is_empty() {
                continue;
            }
            for at in self.index.select(&channel.to) {
                managed[at as usize] = true;
            }
        }
        managed
    }

    /// Zone pairs that at least one declared or implicit flow crosses.
    fn crossed_pairs(&self) -> BTreeSet<(&'e str, &'e str)> {
        let mut pairs = BTreeSet::new();
        for flow in &self.estate.flows {
            let (from, to) =
                (self.zones_of(&self.index.select(&flow.from)), self.zones_of(&self.index.select(&flow.to)));
            pairs.extend(from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))));
        }
        pairs
            .extend(self.estate.zones.iter().filter(|it| it.flat).map(|it| (it.id.as_str(), it.id.as_str())));
        pairs
    }

    fn zones_of(&self, assets: &[u32]) -> BTreeSet<&'e str> {
        let estate = self.estate;
        let mut zones: Vec<&str> =
            assets.iter().map(|at| estate.assets[*at as usize].zone.as_str()).collect();
        zones.dedup();
        zones.into_iter().collect()
    }

    fn reachable(&mut self, point: &EnforcementPoint, place: Place<'_>, managed: &[bool]) {
        // People walk to a manual point.
        if point.kind == PointKind::Manual {
            return;
        }
        let id = &point.id;
        match &point.asset {
            Some(asset) => {
                let Some((at, _)) = self.index.asset(asset.as_str()) else { return };
                if !managed[at as usize] {
                    let message = format!(
                        "nothing can reach the enforcement point `{id}`: no management channel leads to `{asset}`"
                    );
                    let fault = place.key("asset").warning("unreachable-point", message);
                    self.diagnostics
                        .push(fault.hint("add a channel under `management` whose `to` means that asset"));
                }
            }
            None if point.hosts.is_none() => {
                let message = format!("the enforcement point `{id}` does not say on which asset it runs");
                let fault = place.key("id").warning("point-without-asset", message);
                let hint =
                    "add `asset:`, so that it is kept reachable for you and unreachable for the attacker";
                self.diagnostics.push(fault.hint(hint));
            }
            None => {}
        }
        if let Some(hosts) = &point.hosts {
            let hosts = self.index.select(hosts);
            let estate = self.estate;
            let lost: Vec<&str> = hosts
                .iter()
                .filter(|at| !managed[**at as usize])
                .map(|at| estate.assets[*at as usize].id.as_str())
                .collect();
            if !lost.is_empty() {
                let message = format!(
                    "nothing can reach {} of the {} hosts of the enforcement point `{id}`: {}",
                    lost.len(),
                    hosts.len(),
                    some(&lost)
                );
                let fault = place.key("hosts").warning("unreachable-point", message);
                self.diagnostics.push(fault.hint("add a channel under `management` that leads to them"));
            }
        }
    }

    fn useful(&mut self, point: &EnforcementPoint, place: Place<'_>, crossed: &BTreeSet<(&str, &str)>) {
        let id = &point.id;
        if point.can.is_empty() {
            let fault =
                place.warning("point-does-nothing", format!("the enforcement point `{id}` can do nothing"));
            self.diagnostics
                .push(fault.hint("list under `can`: block_flow, segment, isolate, disable_identity"));
            return;
        }
        let filters = point.can.iter().any(|it| *it != Capability::DisableIdentity);
        if !filters {
            return;
        }
        let pairs = point.covers.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        let message = if point.covers.is_empty() && point.hosts.is_none() {
            format!("the enforcement point `{id}` covers nothing")
        } else if !point.covers.is_empty() && !pairs.clone().any(|it| crossed.contains(&it)) {
            format!("no flow crosses any of the zone pairs that the enforcement point `{id}` covers")
        } else {
            return;
        };
        let fault = place.key("covers").warning("covers-nothing", message);
        self.diagnostics.push(fault.hint("list under `covers` the zone pairs whose flows pass through it"));
    }

    fn cover(&self) -> Cover<'e> {
        let mut cover = Cover {
            blockable: BTreeSet::new(),
            isolatable: vec![false; self.estate.assets.len()],
            zones: BTreeSet::new(),
        };
        for point in &self.estate.enforcement_points {
            let pairs = point.covers.iter().map(|(from, to)| (from.as_str(), to.as_str()));
            cover.zones.extend(pairs.clone().flat_map(|(from, to)| [from, to]));
            if point.can.iter().any(|it| matches!(it, Capability::BlockFlow | Capability::Segment)) {
                cover.blockable.extend(pairs);
            }
            let hosts = point.hosts.as_ref().map(|it| self.index.select(it)).unwrap_or_default();
            cover.zones.extend(self.zones_of(&hosts));
            if point.can.contains(&Capability::Isolate) {
                for at in hosts {
                    cover.isolatable[at as usize] = true;
                }
            }
        }
        cover
    }

    fn uncovered_zones(&mut self, cover: &Cover<'_>) {
        for (n, zone) in self.estate.zones.iter().enumerate() {
            let id = zone.id.as_str();
            if self.index.in_zone(id).is_empty() {
                let fault = self.places.item("zones", n).key("id");
                self.diagnostics.push(fault.warning("empty-zone", format!("the zone `{id}` holds no asset")));
            } else if !zone.external && !cover.zones.contains(id) {
                let message = format!("no enforcement point covers the zone `{id}`");
                let fault = self.places.item("zones", n).key("id").warning("uncovered-zone", message);
                self.diagnostics
                    .push(fault.hint("nothing in it could be isolated; declare its firewall or agents"));
            }
        }
    }

    /// Flows into assets that must stay unreachable and that nothing could cut.
    fn uncovered_jewels(&mut self, cover: &Cover<'_>) {
        for (n, flow) in self.estate.flows.iter().enumerate() {
            let open = self.open_ways(flow, cover);
            for (jewel, from) in open {
                let message = format!(
                    "the flow `{}` from `{from}` to `{jewel}` could not be cut: no enforcement point covers it",
                    flow.id
                );
                let fault = self.places.item("flows", n).key("id").warning("uncovered-jewel", message);
                let hint =
                    format!("`{jewel}` must stay out of reach: cover the zone pair, or put an agent on it");
                self.diagnostics.push(fault.hint(hint));
            }
        }
    }

    /// Per jewel without any cover against this flow, one source it is open to.
    fn open_ways(&self, flow: &Flow, cover: &Cover<'_>) -> BTreeMap<&'e str, &'e str> {
        let estate = self.estate;
        let asset = |at: u32| &estate.assets[at as usize];
        let precious = |at: &u32| {
            let it = asset(*at);
            (it.crown_jewel || it.kind == AssetKind::IdentityProvider) && !cover.isolatable[*at as usize]
        };
        let mut open = BTreeMap::new();
        let mut sources: Option<BTreeMap<&str, &str>> = None;
        for jewel in self.index.select(&flow.to).into_iter().filter(precious) {
            let sources = sources.get_or_insert_with(|| {
                let free =
                    self.index.select(&flow.from).into_iter().filter(|at| !cover.isolatable[*at as usize]);
                free.map(|at| (asset(at).zone.as_str(), asset(at).id.as_str())).collect()
            });
            let zone = asset(jewel).zone.as_str();
            let way = sources.iter().find(|(from, source)| {
                **source != asset(jewel).id.as_str() && !cover.blockable.contains(&(**from, zone))
            });
            if let Some((_, source)) = way {
                open.insert(asset(jewel).id.as_str(), *source);
            }
        }
        open
    }
}
