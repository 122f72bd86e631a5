//! Every id names one thing.

use std::collections::HashMap;

use super::Checker;
use crate::estate::Place;

impl Checker<'_> {
    pub(super) fn duplicate_ids(&mut self) {
        let estate = self.estate;
        self.unique("zones", "zone", estate.zones.iter().map(|it| it.id.as_str()));
        self.unique("assets", "asset", estate.assets.iter().map(|it| it.id.as_str()));
        self.unique("identities", "identity", estate.identities.iter().map(|it| it.id.as_str()));
        self.unique("flows", "flow", estate.flows.iter().map(|it| it.id.as_str()));
        self.unique("services", "service", estate.services.iter().map(|it| it.id.as_str()));
        self.unique("enforcement_points", "point", estate.enforcement_points.iter().map(|it| it.id.as_str()));
        self.unique("maintenance", "window", estate.maintenance.iter().map(|it| it.id.as_str()));
        self.unique("scanners", "scanner", estate.scanners.iter().map(|it| it.id.as_str()));
        self.unique("crews", "crew", estate.crews.iter().map(|it| it.id.as_str()));
        for (n, procedure) in estate.procedures.iter().enumerate() {
            let steps = self.places.item("procedures", n).key("steps");
            let ids = procedure.steps.iter().map(|it| it.id.as_str());
            self.unique_at(|n| steps.nth(n), "step of one procedure", ids);
        }
        for (n, flow) in estate.flows.iter().enumerate() {
            let id = flow.id.as_str();
            if id.starts_with("flat:") || id.starts_with("management:") || id.starts_with("asset:") {
                let message = format!("the flow id `{id}` is taken by an implicit flow");
                let fault = self.places.item("flows", n).key("id").error("duplicate-id", message);
                self.diagnostics
                    .push(fault.hint("ids beginning with `flat:`, `management:` and `asset:` are reserved"));
            }
        }
    }

    /// An asset and an identity of the same id are two things wherever they are kept by kind, but one word to a person.
    pub(super) fn shared_ids(&mut self) {
        let assets: HashMap<&str, usize> =
            self.estate.assets.iter().enumerate().map(|(n, it)| (it.id.as_str(), n)).collect();
        for (n, identity) in self.estate.identities.iter().enumerate() {
            let Some(&asset) = assets.get(identity.id.as_str()) else { continue };
            let message = format!("`{}` is the id of an asset and of an identity", identity.id);
            let fault = self.places.item("identities", n).key("id").warning("shared-id", message);
            let line = self.places.item("assets", asset).key("id").pos();
            let line = line.map_or(String::new(), |it| format!(" (the asset is at line {})", it.line));
            self.diagnostics.push(
                fault.hint(format!("rename one{line}: people cannot tell which is meant, the records can")),
            );
        }
    }

    fn unique<'a>(&mut self, section: &str, what: &str, ids: impl Iterator<Item = &'a str>) {
        let places = self.places;
        self.unique_at(|n| places.item(section, n), what, ids);
    }

    fn unique_at<'a, 'p>(
        &mut self,
        place: impl Fn(usize) -> Place<'p>,
        what: &str,
        ids: impl Iterator<Item = &'a str>,
    ) {
        let mut seen = HashMap::new();
        for (n, id) in ids.enumerate() {
            let Some(first) = seen.insert(id, n) else { continue };
            seen.insert(id, first);
            let fault =
                place(n).key("id").error("duplicate-id", format!("the id `{id}` names more than one {what}"));
            self.diagnostics.push(match place(first).key("id").pos() {
                Some(pos) => fault.hint(format!("the first is at line {}; rename one", pos.line)),
                None => fault,
            });
        }
    }
}
