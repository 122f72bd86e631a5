//! Services in the mixed-integer program: what fails when, and what it costs.

use std::collections::BTreeMap;

use bulkhead_model::estate::{Requirement, Service};
use bulkhead_model::id::AssetId;
use bulkhead_service::FlowMembers;

use super::{Builder, Effect, Fails};

impl Builder<'_> {
    pub(super) fn services(&mut self, hours: f64) {
        for service in &self.estate.services {
            self.service(service, hours);
        }
    }

    /// When a service is down, with what its states cost beyond what it loses anyway.
    fn service(&mut self, service: &Service, hours: f64) -> Fails {
        if let Some(&known) = self.service_fails.get(service.id.as_str()) {
            return known;
        }
        let worth = service.value_per_hour * hours;
        let fails = self.fails(&service.requires, hours);
        let down = match &service.degraded {
            None => {
                self.charge(fails, worth);
                fails
            }
            Some(degraded) => {
                let weaker = self.fails(&degraded.requires, hours);
                let down = self.at_least(2, &[fails, weaker]);
                self.charge(fails, worth * (1.0 - degraded.share));
                self.charge(down, worth * degraded.share);
                down
            }
        };
        self.service_fails.insert(service.id.to_string(), down);
        down
    }

    fn charge(&mut self, fails: Fails, cost: f64) {
        if let Fails::When(variable) = fails {
            // A variable of its own: several services may hang on one need.
            let paid = self.milp.variable(cost, (0.0, 1.0), false);
            self.milp.row(0.0, vec![(paid, 1.0), (variable, -1.0)]);
        }
    }

    fn fails(&mut self, need: &Requirement, hours: f64) -> Fails {
        let mut each =
            |needs: &[Requirement]| -> Vec<Fails> { needs.iter().map(|it| self.fails(it, hours)).collect() };
        match need {
            Requirement::All { all } => {
                let parts = each(all);
                self.at_least(1, &parts)
            }
            Requirement::Any { any } => {
                let parts = each(any);
                self.at_least(parts.len(), &parts)
            }
            Requirement::AtLeast { at_least } => {
                let parts = each(&at_least.of);
                match (at_least.n, (parts.len() + 1).checked_sub(at_least.n)) {
                    (0, _) => Fails::Never,
                    (_, None | Some(0)) => Fails::Always,
                    (_, Some(failures)) => self.at_least(failures, &parts),
                }
            }
            Requirement::Asset { asset } => match self.index.asset(asset) {
                Some(asset) => self.by_action(Effect::Isolate(asset)),
                None => Fails::Always,
            },
            Requirement::Identity { identity } => match self.index.identity(identity) {
                Some(identity) => self.by_action(Effect::Disable(identity)),
                None => Fails::Always,
            },
            Requirement::Service { service } => {
                match self.estate.services.iter().find(|it| it.id == *service) {
                    Some(service) => self.service(service, hours),
                    None => Fails::Always,
                }
            }
            Requirement::Flow { flow, from: None, to: None } => match self.index.flow(flow) {
                Some(number) => self.flow_fails(number),
                None => Fails::Always,
            },
            Requirement::Flow { flow, from, to } => {
                let Some(number) = self.index.flow(flow) else { return Fails::Always };
                let chosen = |id: &Option<AssetId>, all: &[u32]| -> Vec<u32> {
                    let one = id.as_ref().map(|it| self.index.asset(it));
                    let meant = |it: &u32| one.is_none_or(|one| one == Some(*it));
                    all.iter().copied().filter(meant).collect()
                };
                let flow = self.flow(number);
                let (from, to) = (chosen(from, &flow.from), chosen(to, &flow.to));
                self.all_shut(number, &from, &to)
            }
        }
    }

    fn by_action(&self, effect: Effect) -> Fails {
        self.actions.get(&effect).map_or(Fails::Never, |&it| Fails::When(it))
    }

    /// Fails when at least `failures` of `parts` fail.
    fn at_least(&mut self, failures: usize, parts: &[Fails]) -> Fails {
        let always = parts.iter().filter(|it| matches!(it, Fails::Always)).count();
        let variables: Vec<usize> = parts
            .iter()
            .filter_map(|it| if let Fails::When(variable) = it { Some(*variable) } else { None })
            .collect();
        let Some(failures) = failures.checked_sub(always).filter(|&it| it > 0) else { return Fails::Always };
        if failures > variables.len() {
            return Fails::Never;
        }
        if failures == 1 {
            let fails = self.milp.variable(0.0, (0.0, 1.0), false);
            for it in variables {
                self.milp.row(0.0, vec![(fails, 1.0), (it, -1.0)]);
            }
            return Fails::When(fails);
        }
        let beyond = (variables.len() - failures + 1) as f64;
        let fails = self.milp.variable(0.0, (0.0, 1.0), beyond > 1.0);
        let mut terms = vec![(fails, beyond)];
        terms.extend(variables.into_iter().map(|it| (it, -1.0)));
        self.milp.row(1.0 - failures as f64, terms);
        Fails::When(fails)
    }

    fn flow_fails(&mut self, number: u32) -> Fails {
        if let Some(&known) = self.flow_fails.get(&number) {
            return known;
        }
        let flow = self.flow(number).clone();
        let fails = self.all_shut(number, &flow.from, &flow.to);
        self.flow_fails.insert(number, fails);
        fails
    }

    /// Fails when every pair between `from` and `to` is blocked or has an isolated end.
    fn all_shut(&mut self, number: u32, from: &[u32], to: &[u32]) -> Fails {
        let flow = self.flow(number).clone();
        let open: Vec<usize> = if from.len() * to.len() <= 64 || self.is_awkward(&flow, from, to) {
            let mut open = Vec::new();
            for &u in from {
                for &v in to.iter().filter(|&&it| it != u) {
                    open.push(self.open_pair(number, &flow, u, v));
                }
            }
            open
        } else {
            self.open_by_zone(number, from, to)
        };
        if open.is_empty() {
            return Fails::Always;
        }
        let fails = self.milp.variable(0.0, (0.0, 1.0), false);
        let mut terms = vec![(fails, 1.0)];
        terms.extend(open.into_iter().map(|it| (it, 1.0)));
        self.milp.row(1.0, terms);
        Fails::When(fails)
    }

    /// Whether pairs must be told one by one: some are exempt, or an asset stands at both ends.
    fn is_awkward(&self, flow: &FlowMembers, from: &[u32], to: &[u32]) -> bool {
        from.iter().any(|it| to.binary_search(it).is_ok())
            || from.iter().any(|&u| to.iter().any(|&v| self.exempt(flow, u, v)))
    }

    fn open_pair(&mut self, number: u32, flow: &FlowMembers, from: u32, to: u32) -> usize {
        let shutters = if self.exempt(flow, from, to) {
            let ends = [Effect::Isolate(from), Effect::Isolate(to)];
            ends.iter().filter_map(|it| self.actions.get(it).copied()).collect()
        } else if flow.survives || (flow.is_management() && !self.compromised.contains(&from)) {
            Vec::new()
        } else {
            self.blockers(number, from, to)
        };
        self.open_unless(shutters)
    }

    /// A variable that is 0 when any of `actions` is taken.
    fn open_unless(&mut self, actions: Vec<usize>) -> usize {
        let open = self.milp.variable(0.0, (0.0, 1.0), false);
        for it in actions {
            self.milp.row(-1.0, vec![(open, -1.0), (it, -1.0)]);
        }
        open
    }

    /// Per pair of zones: open while neither flow nor zone pair is blocked and an end on either side is free.
    fn open_by_zone(&mut self, number: u32, from: &[u32], to: &[u32]) -> Vec<usize> {
        let mut ends = |members: &[u32], narrow: &dyn Fn(u32) -> Effect| -> BTreeMap<u32, Vec<usize>> {
            let mut free: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
            for &asset in members {
                let effects = [Effect::Isolate(asset), narrow(asset)];
                let actions = effects.iter().filter_map(|it| self.actions.get(it).copied()).collect();
                let open = self.open_unless(actions);
                free.entry(self.index.zone_of(asset)).or_default().push(open);
            }
            free
        };
        let sources = ends(from, &|asset| Effect::From(number, asset));
        let targets = ends(to, &|asset| Effect::To(number, asset));
        let mut open = Vec::new();
        for (&source, out) in &sources {
            for (&target, into) in &targets {
                let effects = [Effect::Flow(number), Effect::Segment(source, target)];
                let actions = effects.iter().filter_map(|it| self.actions.get(it).copied()).collect();
                let both = self.open_unless(actions);
                for side in [out, into] {
                    let mut terms = vec![(both, -1.0)];
                    terms.extend(side.iter().map(|&it| (it, 1.0)));
                    self.milp.row(0.0, terms);
                }
                open.push(both);
            }
        }
        open
    }
}
