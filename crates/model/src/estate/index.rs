//! Look-ups over an estate: ids to places in the lists, and selectors to assets without walking all of them.

use std::collections::HashMap;

use super::{Asset, Estate, Selector, Zone};

/// Indices of one estate. Numbers are positions in `estate.assets` and `estate.zones`.
#[derive(Debug)]
pub struct Index<'e> {
    estate: &'e Estate,
    assets: HashMap<&'e str, u32>,
    zones: HashMap<&'e str, u32>,
    by_zone: HashMap<&'e str, Vec<u32>>,
    by_role: HashMap<&'e str, Vec<u32>>,
}

impl<'e> Index<'e> {
    /// Indexes `estate`; of things with one id, the first counts.
    pub fn new(estate: &'e Estate) -> Self {
        let mut index = Self {
            estate,
            assets: HashMap::with_capacity(estate.assets.len()),
            zones: HashMap::with_capacity(estate.zones.len()),
            by_zone: HashMap::new(),
            by_role: HashMap::new(),
        };
        for (at, zone) in (0..).zip(&estate.zones) {
            index.zones.entry(zone.id.as_str()).or_insert(at);
        }
        for (at, asset) in (0..).zip(&estate.assets) {
            index.assets.entry(asset.id.as_str()).or_insert(at);
            index.by_zone.entry(asset.zone.as_str()).or_default().push(at);
            for role in &asset.roles {
                let list = index.by_role.entry(role.as_str()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        index
    }

    /// The asset of this id and its place.
    pub fn asset(&self, id: &str) -> Option<(u32, &'e Asset)> {
        let at = *self.assets.get(id)?;
        Some((at, &self.estate.assets[at as usize]))
    }

    /// The zone of this id and its place.
    pub fn zone(&self, id: &str) -> Option<(u32, &'e Zone)> {
        let at = *self.zones.get(id)?;
        Some((at, &self.estate.zones[at as usize]))
    }

    /// Places of the assets of a zone, ascending.
    pub fn in_zone(&self, zone: &str) -> &[u32] {
        self.by_zone.get(zone).map_or(&[], Vec::as_slice)
    }

    /// Places of the assets that a selector means, ascending. Walks the shortest list that must hold them all.
    pub fn select(&self, selector: &Selector) -> Vec<u32> {
        let asset = |at: u32| &self.estate.assets[at as usize];
        if let Some(id) = &selector.asset {
            let found = self.asset(id.as_str()).filter(|(_, it)| selector.matches(it));
            return found.map(|(at, _)| at).into_iter().collect();
        }
        let roles =
            selector.roles.iter().map(|role| self.by_role.get(role.as_str()).map_or(&[][..], Vec::as_slice));
        let zone = selector.zone.as_ref().map(|it| self.in_zone(it.as_str()));
        match roles.chain(zone).min_by_key(|it| it.len()) {
            Some(candidates) => {
                candidates.iter().copied().filter(|&at| selector.matches(asset(at))).collect()
            }
            None if selector.any => {
                let inside =
                    |it: &(u32, &Asset)| !self.zone(it.1.zone.as_str()).is_some_and(|it| it.1.external);
                (0..).zip(&self.estate.assets).filter(inside).map(|(at, _)| at).collect()
            }
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{AssetId, ZoneId};

    fn estate(assets: &[(u8, u8, Vec<u8>)]) -> Estate {
        let mut estate = Estate::empty("t");
        for (id, zone, roles) in assets {
            let text = format!(r#"{{"id": "a{id}", "zone": "z{zone}"}}"#);
            let mut asset: Asset = serde_json::from_str(&text).expect("an asset needs an id and a zone");
            asset.roles = roles.iter().map(|it| format!("r{it}")).collect();
            estate.assets.push(asset);
        }
        estate
    }

    proptest! {
        /// The index and a walk over all assets mean the same.
        #[test]
        fn selects_what_the_selector_means(
            assets in proptest::collection::vec((0_u8..40, 0_u8..4, proptest::collection::vec(0_u8..4, 0..4)), 0..40),
            asset in proptest::option::of(0_u8..40),
            zone in proptest::option::of(0_u8..5),
            roles in proptest::collection::vec(0_u8..5, 0..3),
            any in any::<bool>(),
            external in any::<bool>(),
        ) {
            let mut estate = estate(&assets);
            if external {
                let zone = serde_json::from_str(r#"{"id": "z0", "external": true}"#).expect("a zone needs an id");
                estate.zones.push(zone);
            }
            let mut seen = std::collections::BTreeSet::new();
            estate.assets.retain(|it| seen.insert(it.id.clone()));
            let selector = Selector {
                asset: asset.map(|it| AssetId::new(format!("a{it}"))),
                zone: zone.map(|it| ZoneId::new(format!("z{it}"))),
                roles: roles.iter().map(|it| format!("r{it}")).collect(),
                any,
            };
            let walk = (0..).zip(&estate.assets).filter(|(_, it)| estate.selects(&selector, it));
            let walk: Vec<u32> = walk.map(|(at, _)| at).collect();
            prop_assert_eq!(Index::new(&estate).select(&selector), walk);
        }
    }
}
