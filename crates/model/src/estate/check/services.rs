//! Services: cycles, needs that can never or always hold, services nobody uses.

use std::collections::{BTreeSet, HashMap};

use super::Checker;
use crate::estate::{Place, Requirement, Service};

impl Checker<'_> {
    pub(super) fn services(&mut self) {
        self.cycles();
        let mut used = BTreeSet::new();
        for service in &self.estate.services {
            for_each_need(service, &mut |need| {
                if let Requirement::Service { service } = need {
                    used.insert(service.as_str());
                }
            });
        }
        for (n, service) in self.estate.services.iter().enumerate() {
            let place = self.places.item("services", n);
            let nobody = service.customers.iter().all(|it| it.count == 0);
            if nobody && !used.contains(service.id.as_str()) {
                let message = format!("no customer and no other service uses the service `{}`", service.id);
                let fault = place.key("id").warning("unused-service", message);
                self.diagnostics.push(fault.hint("list its customers; staff are the segment `internal`"));
            }
            if let (Some(rto), Some(mtpd)) = (service.rto, service.mtpd)
                && mtpd < rto
            {
                let message =
                    format!("the service `{}` has an MTPD of {mtpd}, below its RTO of {rto}", service.id);
                let fault = place.key("mtpd").warning("mtpd-below-rto", message);
                self.diagnostics
                    .push(fault.hint("ISO 22301: the objective must lie within what is tolerable"));
            }
            self.needs(&service.requires, place.key("requires"));
            if let Some(degraded) = &service.degraded {
                self.needs(&degraded.requires, place.key("degraded").key("requires"));
            }
        }
    }

    fn needs(&mut self, need: &Requirement, place: Place<'_>) {
        let (list, place) = match need {
            Requirement::All { all } => (all, place.key("all")),
            Requirement::Any { any } => (any, place.key("any")),
            Requirement::AtLeast { at_least } => {
                let (n, all) = (at_least.n, at_least.of.len());
                let message = match n {
                    0 => Some("at least 0 always holds".to_owned()),
                    n if n > all => Some(format!("at least {n} of {all} can never hold")),
                    _ => None,
                };
                if let Some(message) = message {
                    let fault = place.key("at_least").key("n").warning("bad-at-least", message);
                    self.diagnostics.push(fault.hint(format!("choose a number from 1 to {all}")));
                }
                (&at_least.of, place.key("at_least").key("of"))
            }
            Requirement::Flow { flow, from: Some(from), to: Some(to) } => {
                return self.pair(flow.as_str(), from.as_str(), to.as_str(), place);
            }
            _ => return,
        };
        if list.is_empty() {
            let message = if matches!(need, Requirement::All { .. }) {
                "a need for all of nothing always holds"
            } else {
                "a need for one of nothing can never hold"
            };
            self.diagnostics.push(place.warning("empty-requirement", message));
        }
        for (n, inner) in list.iter().enumerate() {
            self.needs(inner, place.nth(n));
        }
    }

    /// A pair that a service needs must be one of its flow.
    fn pair(&mut self, flow: &str, from: &str, to: &str, place: Place<'_>) {
        let flow = self.estate.flows.iter().find(|it| it.id.as_str() == flow);
        let (Some(flow), Some((_, from)), Some((_, to))) =
            (flow, self.index.asset(from), self.index.asset(to))
        else {
            return;
        };
        if !flow.from.matches(from) || !flow.to.matches(to) {
            let message = format!("`{}` to `{}` is no pair of the flow `{}`", from.id, to.id, flow.id);
            let fault = place.key("flow").warning("pair-outside-flow", message);
            self.diagnostics
                .push(fault.hint("the need can never hold; correct the pair or the flow's selectors"));
        }
    }

    /// Depth-first search; every service on a cycle is told once, by the first cycle found through it.
    fn cycles(&mut self) {
        let services = &self.estate.services;
        let mut ids: HashMap<&str, usize> = HashMap::new();
        for (n, service) in services.iter().enumerate() {
            ids.entry(service.id.as_str()).or_insert(n);
        }
        let edges: Vec<Vec<usize>> = services
            .iter()
            .map(|service| {
                let mut needs = BTreeSet::new();
                for_each_need(service, &mut |need| {
                    if let Requirement::Service { service } = need {
                        needs.extend(ids.get(service.as_str()));
                    }
                });
                needs.into_iter().collect()
            })
            .collect();
        for cycle in find_cycles(&edges) {
            let name = |n: &usize| services[*n].id.as_str();
            let mut names: Vec<&str> = cycle.iter().map(name).collect();
            names.push(names[0]);
            let last = &services[cycle[cycle.len() - 1]];
            let at = cycle[cycle.len() - 1];
            let place = self.places.item("services", at);
            let message = format!("services need one another in a circle: {}", names.join(" -> "));
            let place = place.key(if needs(&last.requires, names[0]) { "requires" } else { "degraded" });
            let fault = place.scalar(names[0]).error("service-cycle", message);
            self.diagnostics.push(fault.hint("none of them could ever start; remove one of these needs"));
        }
    }
}

/// Whether `need` names the service `id` anywhere.
fn needs(need: &Requirement, id: &str) -> bool {
    let mut found = false;
    walk(need, &mut |it| found |= matches!(it, Requirement::Service { service } if service.as_str() == id));
    found
}

/// Every cycle closed by a back edge of a depth-first search, as the path from its first node.
fn find_cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut cycles = Vec::new();
    let (mut done, mut on_path) = (vec![false; edges.len()], vec![false; edges.len()]);
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..edges.len() {
        if !done[start] {
            path.push((start, 0));
        }
        while let Some((node, next)) = path.last_mut() {
            on_path[*node] = true;
            let Some(&to) = edges[*node].get(*next) else {
                on_path[*node] = false;
                done[*node] = true;
                path.pop();
                continue;
            };
            *next += 1;
            if on_path[to] {
                let from = path.iter().position(|(it, _)| *it == to).unwrap_or_default();
                cycles.push(path[from..].iter().map(|(it, _)| *it).collect());
            } else if !done[to] {
                path.push((to, 0));
            }
        }
    }
    cycles
}

/// Visits every need of a service, also in degraded mode.
pub(super) fn for_each_need<'s>(service: &'s Service, visit: &mut dyn FnMut(&'s Requirement)) {
    walk(&service.requires, visit);
    if let Some(degraded) = &service.degraded {
        walk(&degraded.requires, visit);
    }
}

fn walk<'s>(need: &'s Requirement, visit: &mut dyn FnMut(&'s Requirement)) {
    visit(need);
    let list = match need {
        Requirement::All { all } => all,
        Requirement::Any { any } => any,
        Requirement::AtLeast { at_least } => &at_least.of,
        _ => return,
    };
    for inner in list {
        walk(inner, visit);
    }
}
