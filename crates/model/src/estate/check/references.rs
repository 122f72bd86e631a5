//! Every reference leads to something declared.

use super::Checker;
use crate::diag::nearest;
use crate::estate::{Estate, Place, Requirement, Selector};

/// The kinds of things that references name.
#[derive(Clone, Copy)]
enum What {
    Zone,
    Asset,
    Identity,
    Flow,
    Service,
    Crew,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Asset => "asset",
            Self::Identity => "identity",
            Self::Flow => "flow",
            Self::Service => "service",
            Self::Crew => "crew",
        }
    }

    fn ids(self, estate: &Estate) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Zone => Box::new(estate.zones.iter().map(|it| it.id.as_str())),
            Self::Asset => Box::new(estate.assets.iter().map(|it| it.id.as_str())),
            Self::Identity => Box::new(estate.identities.iter().map(|it| it.id.as_str())),
            Self::Flow => Box::new(estate.flows.iter().map(|it| it.id.as_str())),
            Self::Service => Box::new(estate.services.iter().map(|it| it.id.as_str())),
            Self::Crew => Box::new(estate.crews.iter().map(|it| it.id.as_str())),
        }
    }
}

/// Ids of the small sections, sorted for look-up.
struct Names<'e> {
    identities: Vec<&'e str>,
    flows: Vec<&'e str>,
    services: Vec<&'e str>,
    crews: Vec<&'e str>,
}

impl<'e> Names<'e> {
    fn new(estate: &'e Estate) -> Self {
        let sorted = |what: What| {
            let mut ids: Vec<_> = what.ids(estate).collect();
            ids.sort_unstable();
            ids
        };
        Self {
            identities: sorted(What::Identity),
            flows: sorted(What::Flow),
            services: sorted(What::Service),
            crews: sorted(What::Crew),
        }
    }
}

impl Checker<'_> {
    pub(super) fn unknown_references(&mut self) {
        let (estate, places) = (self.estate, self.places);
        let names = Names::new(estate);
        for (n, asset) in estate.assets.iter().enumerate() {
            self.known(&names, What::Zone, asset.zone.as_str(), || places.item("assets", n).key("zone"));
        }
        for (n, identity) in estate.identities.iter().enumerate() {
            let place = places.item("identities", n);
            for (n, right) in identity.rights.iter().enumerate() {
                self.known_selector(&names, &right.on, || place.key("rights").nth(n).key("on"));
            }
            for (n, secret) in identity.secrets_on.iter().enumerate() {
                self.known_selector(&names, secret, || place.key("secrets_on").nth(n));
            }
        }
        for (n, flow) in estate.flows.iter().enumerate() {
            self.known_selector(&names, &flow.from, || places.item("flows", n).key("from"));
            self.known_selector(&names, &flow.to, || places.item("flows", n).key("to"));
        }
        for (n, service) in estate.services.iter().enumerate() {
            let place = places.item("services", n);
            self.known_requirement(&names, &service.requires, place.key("requires"));
            if let Some(degraded) = &service.degraded {
                self.known_requirement(&names, &degraded.requires, place.key("degraded").key("requires"));
            }
        }
        for (n, point) in estate.enforcement_points.iter().enumerate() {
            let place = places.item("enforcement_points", n);
            if let Some(asset) = &point.asset {
                self.known(&names, What::Asset, asset.as_str(), || place.key("asset"));
            }
            for (n, (from, to)) in point.covers.iter().enumerate() {
                let pair = || place.key("covers").nth(n);
                self.known(&names, What::Zone, from.as_str(), || pair().nth(0));
                self.known(&names, What::Zone, to.as_str(), || pair().nth(1));
            }
            if let Some(hosts) = &point.hosts {
                self.known_selector(&names, hosts, || place.key("hosts"));
            }
        }
        for (n, channel) in estate.management.iter().enumerate() {
            self.known_selector(&names, &channel.from, || places.item("management", n).key("from"));
            self.known_selector(&names, &channel.to, || places.item("management", n).key("to"));
        }
        for (n, work) in estate.maintenance.iter().enumerate() {
            self.known_selector(&names, &work.on, || places.item("maintenance", n).key("on"));
        }
        for (n, scanner) in estate.scanners.iter().enumerate() {
            let Some(from) = &scanner.from else { continue };
            self.known_selector(&names, from, || places.item("scanners", n).key("from"));
        }
        for (n, procedure) in estate.procedures.iter().enumerate() {
            let place = places.item("procedures", n);
            self.known_selector(&names, &procedure.applies_to, || place.key("for"));
            for (n, step) in procedure.steps.iter().enumerate() {
                let step_place = || place.key("steps").nth(n);
                self.known(&names, What::Crew, step.crew.as_str(), || step_place().key("crew"));
            }
        }
    }

    fn known_selector<'p>(&mut self, names: &Names<'_>, it: &Selector, place: impl Fn() -> Place<'p>) {
        if let Some(asset) = &it.asset {
            self.known(names, What::Asset, asset.as_str(), || place().key("asset"));
        }
        if let Some(zone) = &it.zone {
            self.known(names, What::Zone, zone.as_str(), || place().key("zone"));
        }
    }

    fn known_requirement(&mut self, names: &Names<'_>, it: &Requirement, place: Place<'_>) {
        let each = |checker: &mut Self, list: &[Requirement], place: Place<'_>| {
            for (n, inner) in list.iter().enumerate() {
                checker.known_requirement(names, inner, place.nth(n));
            }
        };
        match it {
            Requirement::All { all } => each(self, all, place.key("all")),
            Requirement::Any { any } => each(self, any, place.key("any")),
            Requirement::AtLeast { at_least } => each(self, &at_least.of, place.key("at_least").key("of")),
            Requirement::Asset { asset } => {
                self.known(names, What::Asset, asset.as_str(), || place.key("asset"));
            }
            Requirement::Identity { identity } => {
                self.known(names, What::Identity, identity.as_str(), || place.key("identity"));
            }
            Requirement::Service { service } => {
                self.known(names, What::Service, service.as_str(), || place.key("service"));
            }
            Requirement::Flow { flow, from, to } => {
                self.known(names, What::Flow, flow.as_str(), || place.key("flow"));
                for (key, asset) in [("from", from), ("to", to)] {
                    if let Some(asset) = asset {
                        self.known(names, What::Asset, asset.as_str(), || place.key(key));
                    }
                }
            }
        }
    }

    /// An id left empty by the reader is a fault already noted.
    fn known<'p>(&mut self, names: &Names<'_>, what: What, id: &str, place: impl Fn() -> Place<'p>) {
        let has = |ids: &[&str]| ids.binary_search(&id).is_ok();
        let known = id.is_empty()
            || match what {
                What::Zone => self.index.zone(id).is_some(),
                What::Asset => self.index.asset(id).is_some(),
                What::Identity => has(&names.identities),
                What::Flow => has(&names.flows) || self.is_implicit_flow(id),
                What::Service => has(&names.services),
                What::Crew => has(&names.crews),
            };
        if known {
            return;
        }
        let what_name = what.name();
        let fault = place().error("unknown-reference", format!("no {what_name} has the id `{id}`"));
        let near = if self.suggestions > 0 { nearest(id, what.ids(self.estate)) } else { None };
        self.suggestions = self.suggestions.saturating_sub(1);
        self.diagnostics.push(match near {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint(format!("declare the {what_name} or correct the name")),
        });
    }

    /// `flat:<zone>` of a flat zone, `management:<n>` of a management channel.
    fn is_implicit_flow(&self, id: &str) -> bool {
        if let Some(zone) = id.strip_prefix("flat:") {
            return self.index.zone(zone).is_some_and(|(_, it)| it.flat);
        }
        let channel = id.strip_prefix("management:").and_then(|it| it.parse::<usize>().ok());
        channel.is_some_and(|it| it < self.estate.management.len())
    }
}
