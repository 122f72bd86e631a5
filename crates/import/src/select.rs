//! Sets of assets as selectors that mean exactly them: whole zones and roles where all members are meant, single assets
//! otherwise.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::{Estate, Selector};
use bulkhead_model::id::{AssetId, ZoneId};

/// How many assets must be meant before they are called everybody.
const ANY_MIN: usize = 5;

/// A selector with an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chosen {
    /// Every asset that is not outside.
    Any,
    /// All of a zone.
    Zone(String),
    /// All of a role.
    Role(String),
    /// All of a role within a zone.
    ZoneRole(String, String),
    /// One.
    Asset(usize),
}

/// Zones and roles with their members.
#[derive(Debug)]
pub(crate) struct Catalogue {
    ids: Vec<String>,
    groups: Vec<(Chosen, BTreeSet<usize>)>,
    of_asset: Vec<Vec<usize>>,
    /// Assets of external zones: everybody does not mean them.
    external: BTreeSet<usize>,
}

impl Catalogue {
    /// The zones and roles of the estate's assets, as far as they have two members or more.
    pub(crate) fn new(estate: &Estate) -> Self {
        let assets = &estate.assets;
        let zones: BTreeSet<&ZoneId> =
            estate.zones.iter().filter(|it| it.external).map(|it| &it.id).collect();
        let external = (0..assets.len()).filter(|&it| zones.contains(&assets[it].zone)).collect();
        let mut groups: BTreeMap<Chosen, BTreeSet<usize>> = BTreeMap::new();
        for (n, asset) in assets.iter().enumerate() {
            let zone = asset.zone.to_string();
            groups.entry(Chosen::Zone(zone.clone())).or_default().insert(n);
            for role in &asset.roles {
                groups.entry(Chosen::Role(role.clone())).or_default().insert(n);
                groups.entry(Chosen::ZoneRole(zone.clone(), role.clone())).or_default().insert(n);
            }
        }
        groups.retain(|_, it| it.len() > 1);
        let groups: Vec<_> = groups.into_iter().collect();
        let mut of_asset = vec![Vec::new(); assets.len()];
        for (n, (_, members)) in groups.iter().enumerate() {
            for member in members {
                of_asset[*member].push(n);
            }
        }
        Self { ids: assets.iter().map(|it| it.id.to_string()).collect(), groups, of_asset, external }
    }

    /// Selectors that together mean exactly the members of `set`; `also` may be meant too, since it makes no difference.
    pub(crate) fn cover(&self, set: &BTreeSet<usize>, also: Option<usize>) -> Vec<Chosen> {
        let within = |it: &usize| set.contains(it) || also == Some(*it);
        // One is called by its id, and few are not called everybody: others may join the estate later.
        if set.len() == 1 {
            return set.iter().map(|it| Chosen::Asset(*it)).collect();
        }
        let everybody = || (0..self.ids.len()).filter(|it| !self.external.contains(it));
        if set.len() >= ANY_MIN && everybody().all(|it| within(&it)) {
            let outside = set.intersection(&self.external).map(|it| Chosen::Asset(*it));
            return std::iter::once(Chosen::Any).chain(outside).collect();
        }
        let near: BTreeSet<usize> = set.iter().flat_map(|it| self.of_asset[*it].iter().copied()).collect();
        let mut chosen = Vec::new();
        let mut left = set.clone();
        // The order of `Chosen` takes zones before roles, and roles before roles within a zone.
        for n in near {
            let (selector, members) = &self.groups[n];
            if members.len() > set.len() + 1 {
                continue;
            }
            let news = members.iter().filter(|it| left.contains(it)).count();
            let worth = news + usize::from(also.is_some_and(|it| members.contains(&it)));
            if news > 0 && worth > 1 && members.iter().all(within) {
                left.retain(|it| !members.contains(it));
                chosen.push(selector.clone());
            }
        }
        chosen.extend(left.into_iter().map(Chosen::Asset));
        chosen
    }

    /// The selector as the estate writes it.
    pub(crate) fn selector(&self, chosen: &Chosen) -> Selector {
        let mut selector = Selector::default();
        match chosen {
            Chosen::Any => selector.any = true,
            Chosen::Zone(zone) => selector.zone = Some(ZoneId::new(zone)),
            Chosen::Role(role) => selector.roles = vec![role.clone()],
            Chosen::ZoneRole(zone, role) => {
                selector.zone = Some(ZoneId::new(zone));
                selector.roles = vec![role.clone()];
            }
            Chosen::Asset(n) => selector.asset = Some(AssetId::new(&self.ids[*n])),
        }
        selector
    }

    /// The selector in an id.
    pub(crate) fn name(&self, chosen: &Chosen) -> String {
        match chosen {
            Chosen::Any => "any".to_owned(),
            Chosen::Zone(zone) => zone.clone(),
            Chosen::Role(role) => role.clone(),
            Chosen::ZoneRole(zone, role) => format!("{zone}-{role}"),
            Chosen::Asset(n) => self.ids[*n].clone(),
        }
    }
}
