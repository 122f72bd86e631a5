//! The contract's footholds once more, pair by pair: ways out, who is joined to whom, what services price.

use std::collections::BTreeSet;

use bulkhead_model::case::{Action, ActionKind};
use bulkhead_model::estate::{Movement, Port, Requirement};

use crate::oracle::{Effect, Flow, LOGINS, Oracle, Pair, State};

impl Oracle<'_> {
    pub fn is_external(&self, at: usize) -> bool {
        self.estate.is_external(&self.estate.assets[at].zone)
    }

    /// Whether a compromised account that is not disabled lets the attacker in from `from`, which is external.
    pub fn let_in(&self, state: &State, flow: &Flow, from: usize, to: usize) -> bool {
        let strict = self.attitude == bulkhead_model::case::Attitude::Strict;
        if !flow.declared || !self.is_external(from) || self.is_external(to) {
            return false;
        }
        if flow.movement == Movement::No && !strict {
            return false;
        }
        let usable: BTreeSet<usize> = self.identities.difference(&state.disabled).copied().collect();
        let target = &self.estate.assets[to];
        let by = |port: Port| {
            LOGINS.iter().any(|&(number, login)| {
                !login.is_empty()
                    && Port::tcp(number).overlaps(port)
                    && self.may_log_on(&usable, target, login)
            })
        };
        flow.ports.iter().any(|&port| by(port))
    }

    /// Whether a pair is a way to talk that is open: any port, any attitude.
    fn talks(&self, state: &State, pair: Pair) -> bool {
        let flow = &self.flows[pair.0];
        if flow.survives || (flow.management && !self.compromised.contains(&pair.1)) {
            return false;
        }
        let shared = self.hold_management
            && self.management_ports(pair.1, pair.2, |ports| {
                ports.iter().any(|it| flow.ports.iter().any(|port| port.overlaps(*it)))
            });
        shared || self.open(state, pair)
    }

    fn touches_outside(&self) -> bool {
        let outside = |it: &(usize, usize)| self.is_external(it.0) || self.is_external(it.1);
        self.flows.iter().filter(|it| it.declared).any(|it| it.pairs.iter().any(outside))
    }

    /// Compromised assets that keep a foothold.
    pub fn keeping(&self, state: &State) -> BTreeSet<usize> {
        let assets = 0..self.estate.assets.len();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (number, flow) in self.flows.iter().enumerate() {
            open.extend(flow.pairs.iter().filter(|it| self.talks(state, (number, it.0, it.1))));
        }
        let outside: BTreeSet<usize> = assets.filter(|&it| self.is_external(it)).collect();
        let relay = |at: usize| self.estate.assets[at].relay && !outside.contains(&at);
        let (mut outlets, mut inlets) = (outside.clone(), outside.clone());
        loop {
            let before = outlets.len() + inlets.len();
            for &(from, to) in &open {
                if relay(from) && outlets.contains(&to) {
                    outlets.insert(from);
                }
                if relay(to) && inlets.contains(&from) {
                    inlets.insert(to);
                }
            }
            if outlets.len() + inlets.len() == before {
                break;
            }
        }
        let held: BTreeSet<usize> = self.compromised.difference(&outside).copied().collect();
        let has_way_out = |it: &usize| {
            if !self.touches_outside() {
                return !state.isolated.contains(it);
            }
            open.iter().any(|&(from, to)| {
                (from == *it && outlets.contains(&to)) || (to == *it && inlets.contains(&from))
            })
        };
        let mut keeping: BTreeSet<usize> = held.iter().copied().filter(has_way_out).collect();
        loop {
            let before = keeping.len();
            for &(from, to) in &open {
                if held.contains(&from)
                    && held.contains(&to)
                    && (keeping.contains(&from) || keeping.contains(&to))
                {
                    keeping.extend([from, to]);
                }
            }
            if keeping.len() == before {
                return keeping;
            }
        }
    }

    pub fn identities_keeping(&self, state: &State) -> BTreeSet<usize> {
        self.identities.difference(&state.disabled).copied().collect()
    }

    pub fn is_silent(&self, state: &State) -> bool {
        self.keeping(state).is_empty() && self.identities_keeping(state).is_empty()
    }

    pub fn foothold_value(&self, state: &State) -> f64 {
        let assets: f64 = self.keeping(state).iter().map(|&it| self.estate.assets[it].value).sum();
        let identities = self.identities_keeping(state);
        assets + identities.iter().map(|&it| self.estate.identities[it].foothold_value()).sum::<f64>()
    }

    /// Pairs an action blocks whose source is not compromised.
    pub fn foreign(&self, effect: &Effect) -> BTreeSet<Pair> {
        let mut blocked = effect.blocked.clone();
        if let Some(asset) = effect.isolated {
            let held = self.compromised.contains(&asset) && !self.protected(asset);
            let cut = |it: &Pair| {
                let open = self.kept_by_management(*it) || (!held && self.exempt(*it));
                (it.1 == asset || it.2 == asset) && !open
            };
            blocked.extend(self.ordinary_pairs().into_iter().filter(cut));
        }
        blocked.retain(|it| !self.compromised.contains(&it.1));
        blocked
    }

    /// Whether the pair joins a relay and the outside and nobody knows the price of blocking it.
    pub fn is_unpriced(&self, (flow, from, to): Pair) -> bool {
        let relay = |at: usize| self.estate.assets[at].relay && !self.is_external(at);
        let of = match (relay(from), relay(to)) {
            (true, _) if self.is_external(to) => from,
            (_, true) if self.is_external(from) => to,
            _ => return false,
        };
        !self.compromised.contains(&of) && !self.is_named(of) && !self.is_priced(flow)
    }

    /// Whether some service names the asset.
    pub fn is_named(&self, asset: usize) -> bool {
        let id = &self.estate.assets[asset].id;
        self.some_need(&|need| match need {
            Requirement::Asset { asset } => asset == id,
            Requirement::Flow { from, to, .. } => from.as_ref() == Some(id) || to.as_ref() == Some(id),
            _ => false,
        })
    }

    /// Whether some service names the flow.
    pub fn is_priced(&self, flow: usize) -> bool {
        let id = &self.flows[flow].id;
        self.some_need(&|need| matches!(need, Requirement::Flow { flow, .. } if flow.as_str() == id))
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

    /// What an action of a plan does.
    pub fn effect_of(&self, action: &Action) -> Effect {
        let asset = |id: &str| self.estate.assets.iter().position(|it| it.id.as_str() == id);
        let end = |id: &Option<String>, at: usize| id.as_deref().is_none_or(|id| asset(id) == Some(at));
        let zone = |at: usize| self.estate.assets[at].zone.as_str();
        let pairs = |wanted: &dyn Fn(&Pair) -> bool| {
            self.ordinary_pairs().into_iter().filter(|it| wanted(it) && !self.exempt(*it)).collect()
        };
        match action.kind {
            ActionKind::Isolate => Effect { isolated: asset(&action.target), cost: 500, ..Effect::default() },
            ActionKind::DisableIdentity => {
                let at = self.estate.identities.iter().position(|it| it.id.as_str() == action.target);
                Effect { disabled: at, cost: 200, ..Effect::default() }
            }
            ActionKind::BlockFlow => {
                let wanted = |it: &Pair| {
                    self.flows[it.0].id == action.target && end(&action.from, it.1) && end(&action.to, it.2)
                };
                Effect { blocked: pairs(&wanted), cost: 100, ..Effect::default() }
            }
            ActionKind::Segment => {
                let wanted = |it: &Pair| {
                    action.from.as_deref() == Some(zone(it.1)) && action.to.as_deref() == Some(zone(it.2))
                };
                Effect { blocked: pairs(&wanted), cost: 300, ..Effect::default() }
            }
        }
    }
}
