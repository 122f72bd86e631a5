//! Selectors that mean nothing, identities that may do nothing.

use super::Checker;
use crate::estate::{Place, Selector};

impl Checker<'_> {
    pub(super) fn selectors(&mut self) {
        let (estate, places) = (self.estate, self.places);
        for (n, flow) in estate.flows.iter().enumerate() {
            let what = format!("of the flow `{}`", flow.id);
            let place = places.item("flows", n);
            self.means_something(&flow.from, &format!("the source {what}"), || place.key("from"));
            self.means_something(&flow.to, &format!("the destination {what}"), || place.key("to"));
            if flow.ports.is_empty() && place.key("ports").pos() != place.pos() {
                let message = format!("the flow `{}` has no ports, so nothing passes", flow.id);
                self.diagnostics.push(place.key("ports").warning("no-ports", message));
            }
        }
        for (n, identity) in estate.identities.iter().enumerate() {
            let place = places.item("identities", n);
            if identity.rights.is_empty() {
                let message = format!("the identity `{}` has no rights", identity.id);
                let fault = place.key("id").warning("no-rights", message);
                let hint = "declare what it may log on to, or remove it: disabling it would change nothing";
                self.diagnostics.push(fault.hint(hint));
            }
            for (n, right) in identity.rights.iter().enumerate() {
                let what = format!("a right of `{}`", identity.id);
                self.means_something(&right.on, &what, || place.key("rights").nth(n).key("on"));
            }
            for (n, secret) in identity.secrets_on.iter().enumerate() {
                let what = format!("where a secret of `{}` lies", identity.id);
                self.means_something(secret, &what, || place.key("secrets_on").nth(n));
            }
        }
        for (n, channel) in estate.management.iter().enumerate() {
            let place = places.item("management", n);
            let what = format!("of the management channel {n}");
            self.means_something(&channel.from, &format!("the origin {what}"), || place.key("from"));
            self.means_something(&channel.to, &format!("the destination {what}"), || place.key("to"));
        }
        for (n, procedure) in estate.procedures.iter().enumerate() {
            let place = places.item("procedures", n);
            self.means_something(&procedure.applies_to, "what a procedure is for", || place.key("for"));
        }
        for (n, work) in estate.maintenance.iter().enumerate() {
            let what = format!("the hosts of the maintenance window `{}`", work.id);
            self.means_something(&work.on, &what, || places.item("maintenance", n).key("on"));
        }
        for (n, scanner) in estate.scanners.iter().enumerate() {
            let Some(from) = &scanner.from else { continue };
            let what = format!("the hosts of the scanner `{}`", scanner.id);
            self.means_something(from, &what, || places.item("scanners", n).key("from"));
        }
        for (n, point) in estate.enforcement_points.iter().enumerate() {
            let Some(hosts) = &point.hosts else { continue };
            let what = format!("the hosts of the enforcement point `{}`", point.id);
            self.means_something(hosts, &what, || places.item("enforcement_points", n).key("hosts"));
        }
    }

    /// Unknown assets and zones are errors noted elsewhere; an empty selector was noted when it was read.
    fn means_something<'p>(&mut self, selector: &Selector, what: &str, place: impl Fn() -> Place<'p>) {
        let unknown = selector.asset.as_ref().is_some_and(|it| self.index.asset(it.as_str()).is_none())
            || selector.zone.as_ref().is_some_and(|it| self.index.zone(it.as_str()).is_none());
        if unknown || *selector == Selector::default() || !self.index.select(selector).is_empty() {
            return;
        }
        let mut wanted: Vec<String> = selector.roles.iter().map(|it| format!("the role `{it}`")).collect();
        wanted.extend(selector.zone.as_ref().map(|it| format!("the zone `{it}`")));
        wanted.extend(selector.asset.as_ref().map(|it| format!("the id `{it}`")));
        let wanted = if wanted.is_empty() { String::new() } else { format!(" has {}", wanted.join(" and ")) };
        let message = format!("{what}: no asset{wanted}");
        let fault = place().warning("selector-matches-nothing", message);
        self.diagnostics.push(fault.hint("correct the selector, or give assets the role"));
    }
}
