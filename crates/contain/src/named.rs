//! What services name, and so put a price on: assets, flows, identities.

use std::collections::BTreeSet;

use bulkhead_model::estate::{Estate, Requirement};
use bulkhead_model::id::AssetId;
use bulkhead_service::EstateIndex;

/// Numbers of what some service names, in full or in degraded mode.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Units; each stands for the named asset alone.
    pub(crate) assets: BTreeSet<u32>,
    pub(crate) flows: BTreeSet<u32>,
    pub(crate) identities: BTreeSet<u32>,
}

impl Named {
    pub(crate) fn new(estate: &Estate, index: &EstateIndex) -> Self {
        let mut named = Self::default();
        for service in &estate.services {
            named.add(&service.requires, index);
            service.degraded.iter().for_each(|it| named.add(&it.requires, index));
        }
        named
    }

    fn add(&mut self, need: &Requirement, index: &EstateIndex) {
        let unit = |id: &AssetId| index.asset(id);
        match need {
            Requirement::All { all } => all.iter().for_each(|it| self.add(it, index)),
            Requirement::Any { any } => any.iter().for_each(|it| self.add(it, index)),
            Requirement::AtLeast { at_least } => at_least.of.iter().for_each(|it| self.add(it, index)),
            Requirement::Asset { asset } => self.assets.extend(unit(asset)),
            Requirement::Flow { flow, from, to } => {
                self.flows.extend(index.flow(flow));
                self.assets.extend(from.iter().chain(to).filter_map(unit));
            }
            Requirement::Identity { identity } => self.identities.extend(index.identity(identity)),
            Requirement::Service { .. } => {}
        }
    }
}
