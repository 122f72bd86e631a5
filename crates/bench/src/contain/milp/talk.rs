//! Who keeps a foothold, as rows: outlets, inlets and ways out of compromised assets, pair by pair.

use bulkhead_model::estate::Requirement;
use bulkhead_service::{FlowMembers, FlowOrigin};

use super::{Builder, Effect};

impl Builder<'_> {
    pub(super) fn is_external(&self, asset: u32) -> bool {
        self.index.is_external(asset)
    }

    fn is_relay(&self, asset: u32) -> bool {
        self.estate.assets[asset as usize].relay && !self.is_external(asset)
    }

    fn is_held(&self, asset: u32) -> bool {
        self.compromised.contains(&asset) && !self.is_external(asset)
    }

    /// Whether nobody knows the price of blocking a pair: a relay and the outside, named by no service.
    pub(super) fn is_unpriced(&self, flow: &FlowMembers, from: u32, to: u32) -> bool {
        let relay = match (self.is_relay(from), self.is_relay(to)) {
            (true, _) if self.is_external(to) => from,
            (_, true) if self.is_external(from) => to,
            _ => return false,
        };
        let blocked = !self.exempt(flow, from, to);
        blocked && !self.is_held(relay) && !self.is_named(relay) && !self.names_flow(flow)
    }

    /// Whether isolating the asset has a price: it is no relay, or it is compromised, or some service names it.
    pub(super) fn is_isolable(&self, asset: u32) -> bool {
        let relay = self.is_relay(asset) && !self.is_held(asset) && !self.is_named(asset);
        !self.is_external(asset) && !self.protected[asset as usize] && !relay
    }

    fn is_named(&self, asset: u32) -> bool {
        let id = &self.estate.assets[asset as usize].id;
        self.some_need(&|need| match need {
            Requirement::Asset { asset } => asset == id,
            Requirement::Flow { from, to, .. } => from.as_ref() == Some(id) || to.as_ref() == Some(id),
            _ => false,
        })
    }

    fn names_flow(&self, named: &FlowMembers) -> bool {
        self.some_need(&|need| matches!(need, Requirement::Flow { flow, .. } if *flow == named.id))
    }

    fn some_need(&self, wanted: &dyn Fn(&Requirement) -> bool) -> bool {
        fn any(need: &Requirement, wanted: &dyn Fn(&Requirement) -> bool) -> bool {
            let below: &[Requirement] = match need {
                Requirement::All { all } => all,
                Requirement::Any { any } => any,
                Requirement::AtLeast { at_least } => &at_least.of,
                _ => &[],
            };
            wanted(need) || below.iter().any(|it| any(it, wanted))
        }
        self.estate.services.iter().any(|it| {
            any(&it.requires, wanted) || it.degraded.as_ref().is_some_and(|it| any(&it.requires, wanted))
        })
    }

    /// A variable per relay and direction, one per compromised asset that costs its value, and a row per pair.
    pub(super) fn talk(&mut self) {
        let n = self.estate.assets.len() as u32;
        let variables = |builder: &mut Self, wanted: &dyn Fn(&Self, u32) -> bool, worth: bool| {
            (0..n)
                .map(|it| {
                    let cost = if worth { builder.estate.assets[it as usize].value } else { 0.0 };
                    wanted(builder, it).then(|| builder.milp.variable(cost, (0.0, 1.0), false))
                })
                .collect::<Vec<Option<usize>>>()
        };
        let outlet = variables(self, &|it, at| it.is_relay(at), false);
        let inlet = variables(self, &|it, at| it.is_relay(at), false);
        let keeps = variables(self, &|it, at| it.is_held(at), true);
        let declared = |it: &&FlowMembers| matches!(it.origin, FlowOrigin::Declared(_));
        let touches = self.index.flows().iter().filter(declared).any(|flow| {
            let outside = |it: &u32| self.is_external(*it);
            !flow.zone_pairs.is_empty() && (flow.from.iter().any(outside) || flow.to.iter().any(outside))
        });
        if !touches {
            let held: Vec<_> = (0..n).filter(|&it| self.is_held(it)).collect();
            for asset in held {
                let isolated = self.actions.get(&Effect::Isolate(asset)).copied();
                let terms = keeps[asset as usize].into_iter().chain(isolated).map(|it| (it, 1.0));
                self.milp.row(1.0, terms.collect());
            }
        }
        for number in 0..self.index.flows().len() as u32 {
            let flow = self.flow(number).clone();
            if flow.survives {
                continue;
            }
            let ends = |it: &u32| self.is_external(*it) || self.is_relay(*it) || self.is_held(*it);
            let from: Vec<u32> = self.ordinary(&flow).into_iter().filter(ends).collect();
            let to: Vec<u32> = flow.to.iter().copied().filter(ends).collect();
            for &u in &from {
                for &v in to.iter().filter(|&&it| it != u) {
                    let shut = self.shutters(number, &flow, u, v);
                    let (out, back) = (self.is_external(v), self.is_external(u));
                    let (u, v) = (u as usize, v as usize);
                    // (who talks then, who must for that: none for the outside).
                    let mut implied = Vec::new();
                    for near in [outlet[u], keeps[u]].into_iter().flatten() {
                        implied.extend(out.then_some((near, None)));
                        implied.extend(outlet[v].map(|far| (near, Some(far))));
                    }
                    for near in [inlet[v], keeps[v]].into_iter().flatten() {
                        implied.extend(back.then_some((near, None)));
                        implied.extend(inlet[u].map(|far| (near, Some(far))));
                    }
                    if let (Some(one), Some(other)) = (keeps[u], keeps[v]) {
                        implied.extend([(one, Some(other)), (other, Some(one))]);
                    }
                    for (near, far) in implied {
                        let mut terms = vec![(near, 1.0)];
                        terms.extend(shut.iter().map(|&it| (it, 1.0)));
                        terms.extend(far.map(|it| (it, -1.0)));
                        self.milp.row(if far.is_none() { 1.0 } else { 0.0 }, terms);
                    }
                }
            }
        }
    }

    /// Actions that cut the pair as a way to talk.
    fn shutters(&self, number: u32, flow: &FlowMembers, from: u32, to: u32) -> Vec<usize> {
        let shared = |held: &[bulkhead_model::estate::Port]| {
            flow.ports.iter().any(|&port| held.iter().any(|it| it.overlaps(port)))
        };
        if self.channel(from, to, shared) {
            return Vec::new();
        }
        if self.protected[from as usize] || self.protected[to as usize] {
            return self.isolations_of_held(from, to);
        }
        self.blockers(number, from, to)
    }

    /// Isolating a compromised end cuts pairs with protected addresses.
    pub(super) fn isolations_of_held(&self, from: u32, to: u32) -> Vec<usize> {
        let held = [from, to].into_iter().filter(|&it| self.is_held(it));
        held.filter_map(|it| self.actions.get(&Effect::Isolate(it)).copied()).collect()
    }
}
