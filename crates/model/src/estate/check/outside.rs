//! What lies outside, and what passes on to it: declared so that a plan can say who still talks to the attacker.

use std::collections::BTreeSet;

use super::{Checker, some};
use crate::estate::{Capability, Selector};

impl<'e> Checker<'e> {
    pub(super) fn outside(&mut self) {
        if self.estate.estate.drafted {
            let fault = self.places.section("estate").key("drafted").warning(
                "drafted-estate",
                "this estate is a draft: what no telemetry showed is taken as open, and what services would lose is unknown",
            );
            self.diagnostics.push(fault.hint(
                "its plans mostly isolate hosts; correct the draft, then remove `drafted: true` and the flows `open:...`",
            ));
        }
        let external = self.external();
        self.external_zones(&external);
        self.undeclared(&external);
        self.relays(&external);
        self.uncut_ways(&external);
        self.seen_flows();
    }

    /// A flow that telemetry showed is open until somebody declares or closes it.
    fn seen_flows(&mut self) {
        for (n, flow) in self.estate.flows.iter().enumerate().filter(|it| it.1.is_seen()) {
            let message =
                format!("the flow `{}` was seen in telemetry, not declared; it is taken as open", flow.id);
            let fault = self.places.item("flows", n).key("id").warning("seen-flow", message);
            let hint = "declare it under an id of your own, or close it where it runs and remove it";
            self.diagnostics.push(fault.hint(hint));
        }
    }

    fn external(&self) -> BTreeSet<u32> {
        let zones = self.estate.zones.iter().filter(|it| it.external);
        zones.flat_map(|it| self.index.in_zone(it.id.as_str()).iter().copied()).collect()
    }

    /// The assets a selector means: `any` means none outside.
    fn meant(&self, selector: &Selector, external: &BTreeSet<u32>) -> Vec<u32> {
        let any = *selector == Selector { any: true, ..Selector::default() };
        self.index.select(selector).into_iter().filter(|it| !(any && external.contains(it))).collect()
    }

    fn external_zones(&mut self, external: &BTreeSet<u32>) {
        for (n, zone) in self.estate.zones.iter().enumerate().filter(|(_, it)| it.external) {
            let place = self.places.item("zones", n);
            let whole =
                |v4: bool| zone.cidrs.iter().any(|it| it.prefix_len() == 0 && it.addr().is_ipv4() == v4);
            if whole(true) != whole(false) {
                let missing = if whole(true) { "::/0" } else { "0.0.0.0/0" };
                let message = format!("the external zone `{}` leaves out {missing}", zone.id);
                let fault = place.key("cidrs").warning("half-an-outside", message);
                self.diagnostics
                    .push(fault.hint("list both families, or no ranges: then it is the rest of the world"));
            }
            let nameless: Vec<&str> = (self.index.in_zone(zone.id.as_str()).iter())
                .map(|&at| &self.estate.assets[at as usize])
                .filter(|it| it.addresses.is_empty())
                .map(|it| it.id.as_str())
                .collect();
            if nameless.len() > 1 {
                let message = format!(
                    "no rule can tell apart {} of the external zone `{}`: they have no addresses",
                    some(&nameless),
                    zone.id
                );
                let fault = place.key("id").warning("nameless-outside", message);
                self.diagnostics
                    .push(fault.hint("give them addresses, or keep one asset that stands for all"));
            }
        }
        for &at in external {
            let asset = &self.estate.assets[at as usize];
            let what = match (asset.crown_jewel, asset.value > 0.0, asset.relay) {
                (true, _, _) => "crown_jewel",
                (_, true, _) => "value",
                (_, _, true) => "relay",
                _ => continue,
            };
            let message =
                format!("`{what}` of `{}` means nothing: it lies outside and is never reached", asset.id);
            let place = self.places.item("assets", at as usize).key(what);
            let fault = place.warning("worth-nothing-outside", message);
            self.diagnostics.push(fault.hint("remove it, or move the asset into a zone of yours"));
        }
    }

    /// Without a declared way to the outside nobody can be shown to be silent.
    fn undeclared(&mut self, external: &BTreeSet<u32>) {
        let within = self.estate.assets.len() - external.len();
        let touches =
            |selector: &Selector| self.index.select(selector).iter().any(|it| external.contains(it));
        let declared = self.estate.flows.iter().any(|it| {
            (touches(&it.from) && !self.index.select(&it.to).is_empty())
                || (touches(&it.to) && !self.index.select(&it.from).is_empty())
        });
        if within == 0 || declared {
            return;
        }
        let message = "no declared flow touches an external zone: every compromised host is taken to talk to the \
                       attacker until it is isolated";
        let fault = self.places.section("zones").warning("no-outside", message);
        self.diagnostics.push(fault.hint(
            "declare a zone with `external: true`, one asset in it, `relay: true` on proxies, mail gateways and \
             resolvers, and the flows that lead out and in (web, mail, DNS, VPN)",
        ));
    }

    /// Relays that pass nothing on.
    fn relays(&mut self, external: &BTreeSet<u32>) {
        let relays: BTreeSet<u32> = (0..self.estate.assets.len() as u32)
            .filter(|&at| self.estate.assets[at as usize].relay && !external.contains(&at))
            .collect();
        if relays.is_empty() {
            return;
        }
        let near = |of: Vec<u32>| -> Vec<u32> {
            of.into_iter().filter(|it| relays.contains(it) || external.contains(it)).collect()
        };
        let flows: Vec<(Vec<u32>, Vec<u32>)> = (self.estate.flows.iter())
            .map(|it| (near(self.meant(&it.from, external)), near(self.meant(&it.to, external))))
            .collect();
        let (mut outlets, mut inlets) = (external.clone(), external.clone());
        loop {
            let known = outlets.len() + inlets.len();
            for (from, to) in &flows {
                if to.iter().any(|it| outlets.contains(it)) {
                    outlets.extend(from);
                }
                if from.iter().any(|it| inlets.contains(it)) {
                    inlets.extend(to);
                }
            }
            if outlets.len() + inlets.len() == known {
                break;
            }
        }
        for &at in relays.iter().filter(|it| !outlets.contains(it) && !inlets.contains(it)) {
            let message = format!(
                "the relay `{}` passes nothing on: no declared flow leads from it to the outside, or from there to it",
                self.estate.assets[at as usize].id
            );
            let fault = self.places.item("assets", at as usize).key("relay").warning("idle-relay", message);
            self.diagnostics.push(
                fault.hint("declare its flow to an external asset or to the next relay, or remove `relay`"),
            );
        }
    }

    /// Ways out that no enforcement point can cut.
    fn uncut_ways(&mut self, external: &BTreeSet<u32>) {
        let blocks = |it: &&crate::estate::EnforcementPoint| {
            it.can.iter().any(|it| matches!(it, Capability::BlockFlow | Capability::Segment))
        };
        let cut: BTreeSet<(&str, &str)> = (self.estate.enforcement_points.iter().filter(blocks))
            .flat_map(|it| it.covers.iter().map(|(from, to)| (from.as_str(), to.as_str())))
            .collect();
        let mut uncut: BTreeSet<(&'e str, &'e str)> = BTreeSet::new();
        for flow in &self.estate.flows {
            let (from, to) = (self.meant(&flow.from, external), self.meant(&flow.to, external));
            let crossing =
                from.iter().any(|it| external.contains(it)) || to.iter().any(|it| external.contains(it));
            if !crossing {
                continue;
            }
            let outside = |at: &u32| external.contains(at);
            let zones = |of: &[u32], within: bool| -> BTreeSet<&'e str> {
                of.iter()
                    .filter(|it| outside(it) != within)
                    .map(|&it| self.estate.assets[it as usize].zone.as_str())
                    .collect()
            };
            for (sources, targets) in
                [(zones(&from, true), zones(&to, false)), (zones(&from, false), zones(&to, true))]
            {
                uncut.extend(sources.iter().flat_map(|from| targets.iter().map(move |to| (*from, *to))));
            }
        }
        let uncut: Vec<String> =
            uncut.iter().filter(|it| !cut.contains(*it)).map(|it| format!("{} to {}", it.0, it.1)).collect();
        if uncut.is_empty() || self.estate.enforcement_points.is_empty() {
            return;
        }
        let pairs: Vec<&str> = uncut.iter().map(String::as_str).collect();
        let message = format!("no enforcement point can block the way between {}", some(&pairs));
        let fault = self.places.section("enforcement_points").warning("uncut-way-out", message);
        self.diagnostics
            .push(fault.hint(
                "only isolation silences hosts there; declare the firewall at the edge under `covers`",
            ));
    }
}
