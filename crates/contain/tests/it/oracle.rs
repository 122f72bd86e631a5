//! The contract's planner semantics once more, slowly and without cleverness: explicit pairs, every set of actions.

use std::collections::BTreeSet;
use std::rc::Rc;

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::{Asset, AssetKind, Capability, Estate, Movement, Port, Requirement, Selector};
use bulkhead_model::id::{AssetId, IdentityId};

/// Explicit allowed pair: (flow, from, to).
pub type Pair = (usize, usize, usize);

pub struct Flow {
    pub id: String,
    pub pairs: Vec<(usize, usize)>,
    pub ports: Vec<Port>,
    pub movement: Movement,
    pub management: bool,
    /// Whether it stands in `flows[]`.
    pub declared: bool,
    /// Whether it reports to an asset neither external nor relay: open whatever is done, and of no use to an attacker.
    pub survives: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    pub blocked: BTreeSet<Pair>,
    pub isolated: Option<usize>,
    pub disabled: Option<usize>,
    pub cost: u64,
}

pub struct Oracle<'a> {
    pub estate: &'a Estate,
    pub attitude: Attitude,
    pub compromised: BTreeSet<usize>,
    pub identities: BTreeSet<usize>,
    pub flows: Rc<Vec<Flow>>,
    pub hold_management: bool,
}

/// Cost of one set of actions in hundredths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    pub total: u64,
    pub actions: usize,
    /// Pairs blocked whose source is not compromised, action by action.
    pub pairs: usize,
}

pub struct State {
    pub blocked: BTreeSet<Pair>,
    pub isolated: BTreeSet<usize>,
    pub disabled: BTreeSet<usize>,
}

impl<'a> Oracle<'a> {
    pub fn new(
        estate: &'a Estate,
        attitude: Attitude,
        compromised: &[AssetId],
        identities: &[IdentityId],
    ) -> Self {
        Self::over(estate, attitude, compromised, identities, Rc::new(flows(estate)))
    }

    /// As [`Self::new`], with the estate's flows already told apart.
    pub fn over(
        estate: &'a Estate,
        attitude: Attitude,
        compromised: &[AssetId],
        identities: &[IdentityId],
        flows: Rc<Vec<Flow>>,
    ) -> Self {
        let position = |id: &AssetId| estate.assets.iter().position(|it| it.id == *id).unwrap();
        let identity = |id: &IdentityId| estate.identities.iter().position(|it| it.id == *id).unwrap();
        Self {
            estate,
            attitude,
            compromised: compromised.iter().map(position).collect(),
            identities: identities.iter().map(identity).collect(),
            flows,
            hold_management: true,
        }
    }

    /// Whether no action blocks this pair: a management channel that is kept open has all its ports, or an end is protected.
    /// But for that isolating a compromised asset cuts it off from protected addresses too.
    pub fn exempt(&self, (flow, from, to): Pair) -> bool {
        self.protected(from) || self.protected(to) || self.kept_by_management((flow, from, to))
    }

    pub fn protected(&self, at: usize) -> bool {
        let nets = &self.estate.protected_addresses;
        self.estate.assets[at].addresses.iter().any(|it| nets.iter().any(|net| net.contains(it)))
    }

    pub fn kept_by_management(&self, (flow, from, to): Pair) -> bool {
        self.hold_management
            && self.management_ports(from, to, |ports| {
                self.flows[flow].ports.iter().all(|&port| ports.iter().any(|it| it.contains(port)))
            })
    }

    pub fn management_ports(&self, from: usize, to: usize, holds: impl Fn(&[Port]) -> bool) -> bool {
        let kept = |it: &&Flow| it.survives || !self.compromised.contains(&from);
        let channels = self.flows.iter().filter(|it| it.management && it.pairs.contains(&(from, to)));
        channels.filter(kept).any(|it| holds(&it.ports))
    }

    /// Whether a pair of flow `number` counts as a move to `to`, given usable identities.
    pub fn pair_counts(&self, number: usize, to: usize, usable: &BTreeSet<usize>) -> bool {
        self.counts(&self.flows[number], to, usable)
    }

    /// Ports by which a pair counts as a move, given usable identities.
    fn counts(&self, flow: &Flow, to: usize, usable: &BTreeSet<usize>) -> bool {
        if flow.survives || self.is_external(to) {
            return false;
        }
        match (self.attitude, flow.movement) {
            (Attitude::Strict, _) | (_, Movement::Yes) => return true,
            (_, Movement::No) => return false,
            _ => {}
        }
        flow.ports.iter().any(|&port| self.admits(port, to, usable))
    }

    /// Whether one port of a flow counts; ports of flows declared as movement all do.
    pub fn port_counts(&self, number: usize, to: usize, port: Port, usable: &BTreeSet<usize>) -> bool {
        if self.flows[number].survives || self.is_external(to) {
            return false;
        }
        match (self.attitude, self.flows[number].movement) {
            (Attitude::Strict, _) | (_, Movement::Yes) => true,
            (_, Movement::No) => false,
            _ => self.admits(port, to, usable),
        }
    }

    fn admits(&self, port: Port, to: usize, usable: &BTreeSet<usize>) -> bool {
        let target = &self.estate.assets[to];
        let log_on = |login: &str| {
            self.attitude == Attitude::Movement || login.is_empty() || self.may_log_on(usable, target, login)
        };
        target.exploitable.iter().any(|it| it.overlaps(port))
            || LOGINS.iter().any(|&(number, login)| Port::tcp(number).overlaps(port) && log_on(login))
    }

    pub fn may_log_on(&self, usable: &BTreeSet<usize>, target: &Asset, login: &str) -> bool {
        usable.iter().any(|&it| {
            let rights = &self.estate.identities[it].rights;
            rights.iter().any(|right| {
                self.estate.selects(&right.on, target) && right.via.iter().any(|via| via == login)
            })
        })
    }

    /// Every asset the attacker reaches in `state`.
    pub fn reach(&self, state: &State) -> BTreeSet<usize> {
        let mut reached = self.compromised.clone();
        loop {
            let usable: BTreeSet<usize> = (0..self.estate.identities.len())
                .filter(|it| !state.disabled.contains(it))
                .filter(|&it| {
                    let secrets = &self.estate.identities[it].secrets_on;
                    let found = |on: &Selector| {
                        reached.iter().any(|&at| self.estate.selects(on, &self.estate.assets[at]))
                    };
                    self.identities.contains(&it) || secrets.iter().any(found)
                })
                .collect();
            let before = reached.len();
            for (number, flow) in self.flows.iter().enumerate() {
                for &(from, to) in &flow.pairs {
                    let open = self.open(state, (number, from, to))
                        || self.left_open_by_management(number, from, to);
                    let moves = reached.contains(&from) && self.counts(flow, to, &usable);
                    if open && (moves || self.let_in(state, flow, from, to)) {
                        reached.insert(to);
                    }
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }

    /// A flow declared as movement keeps the ports it shares with a management channel.
    pub fn left_open_by_management(&self, number: usize, from: usize, to: usize) -> bool {
        let flow = &self.flows[number];
        self.hold_management
            && flow.movement == Movement::Yes
            && self.management_ports(from, to, |ports| {
                ports.iter().any(|it| flow.ports.iter().any(|port| port.overlaps(*it)))
            })
    }

    pub fn open(&self, state: &State, pair: Pair) -> bool {
        let isolated = |at: usize| state.isolated.contains(&at);
        if self.kept_by_management(pair) {
            return true;
        }
        if self.protected(pair.1) || self.protected(pair.2) {
            let cut = |at: usize| isolated(at) && self.compromised.contains(&at) && !self.protected(at);
            return !cut(pair.1) && !cut(pair.2);
        }
        !(isolated(pair.1) || isolated(pair.2) || state.blocked.contains(&pair))
    }

    fn holds(&self, need: &Requirement, state: &State) -> bool {
        let asset = |id: &AssetId| self.estate.assets.iter().position(|it| it.id == *id).unwrap();
        let pair_open = |number: usize, from: usize, to: usize| {
            !state.isolated.contains(&from)
                && !state.isolated.contains(&to)
                && (self.exempt((number, from, to)) || !state.blocked.contains(&(number, from, to)))
        };
        match need {
            Requirement::All { all } => all.iter().all(|it| self.holds(it, state)),
            Requirement::Any { any } => any.iter().any(|it| self.holds(it, state)),
            Requirement::AtLeast { at_least } => {
                at_least.of.iter().filter(|it| self.holds(it, state)).count() >= at_least.n
            }
            Requirement::Asset { asset: id } => !state.isolated.contains(&asset(id)),
            Requirement::Identity { identity } => {
                let at = self.estate.identities.iter().position(|it| it.id == *identity).unwrap();
                !state.disabled.contains(&at)
            }
            Requirement::Service { service } => {
                let it = self.estate.services.iter().find(|it| it.id == *service).unwrap();
                self.lost_share(it, state) < 1.0
            }
            Requirement::Flow { flow, from, to } => {
                let number = self.flows.iter().position(|it| it.id == flow.as_str()).unwrap();
                let wanted = |&&(source, target): &&(usize, usize)| {
                    from.as_ref().is_none_or(|it| asset(it) == source)
                        && to.as_ref().is_none_or(|it| asset(it) == target)
                };
                self.flows[number].pairs.iter().filter(wanted).any(|&(from, to)| pair_open(number, from, to))
            }
        }
    }

    /// Share of a service's value that is lost: 1 when down.
    fn lost_share(&self, service: &bulkhead_model::estate::Service, state: &State) -> f64 {
        if self.holds(&service.requires, state) {
            return 0.0;
        }
        match &service.degraded {
            Some(it) if self.holds(&it.requires, state) => 1.0 - it.share,
            _ => 1.0,
        }
    }

    pub fn is_hard(&self, at: usize) -> bool {
        let asset = &self.estate.assets[at];
        if self.is_external(at) {
            return false;
        }
        let of_point = self.estate.enforcement_points.iter().any(|it| it.asset.as_ref() == Some(&asset.id));
        !self.compromised.contains(&at)
            && (asset.crown_jewel || asset.kind == AssetKind::IdentityProvider || of_point)
    }

    /// Cost of a set of effects; none when it breaks a hard rule.
    pub fn cost(&self, effects: &[&Effect]) -> Option<Cost> {
        let state = state(effects);
        let reached = self.reach(&state);
        if reached.iter().any(|&it| self.is_hard(it)) {
            return None;
        }
        let nothing = state_of_nothing();
        let service: f64 = self
            .estate
            .services
            .iter()
            .map(|it| {
                it.value_per_hour * 24.0 * (self.lost_share(it, &state) - self.lost_share(it, &nothing))
            })
            .sum();
        let exposure: f64 = reached
            .iter()
            .filter(|it| !self.compromised.contains(it))
            .map(|&it| self.estate.assets[it].value)
            .sum();
        let operating: u64 = effects.iter().map(|it| it.cost * 100).sum();
        let foothold = self.foothold_value(&state);
        Some(Cost {
            total: ((service + exposure + foothold) * 100.0).round() as u64 + operating,
            actions: effects.len(),
            pairs: effects.iter().map(|it| self.foreign(it).len()).sum(),
        })
    }

    /// Every distinct effect that some available action has.
    pub fn effects(&self) -> Vec<Effect> {
        let mut found = BTreeSet::new();
        let zone = |at: usize| self.estate.assets[at].zone.clone();
        let covered = |capability: Capability, pairs: &[Pair]| {
            self.estate.enforcement_points.iter().any(|point| {
                point.can.contains(&capability)
                    && pairs.iter().all(|it| point.covers.contains(&(zone(it.1), zone(it.2))))
            })
        };
        let mut block = |pairs: Vec<Pair>, capability: Capability, cost: u64| {
            let priced = !pairs.iter().any(|&it| !self.exempt(it) && self.is_unpriced(it));
            if !pairs.is_empty() && priced && covered(capability, &pairs) {
                let blocked = pairs.into_iter().filter(|&it| !self.exempt(it)).collect();
                found.insert(Effect { blocked, cost, ..Effect::default() });
            }
        };
        let pairs = self.ordinary_pairs();
        for (number, flow) in self.flows.iter().enumerate() {
            let of_flow = |it: &&Pair| it.0 == number;
            block(pairs.iter().filter(of_flow).copied().collect(), Capability::BlockFlow, 100);
            for &(from, to) in &flow.pairs {
                block(
                    pairs.iter().filter(of_flow).filter(|it| it.1 == from).copied().collect(),
                    Capability::BlockFlow,
                    100,
                );
                block(
                    pairs.iter().filter(of_flow).filter(|it| it.2 == to).copied().collect(),
                    Capability::BlockFlow,
                    100,
                );
            }
        }
        for &(_, from, to) in &pairs {
            let crossing = pairs.iter().filter(|it| zone(it.1) == zone(from) && zone(it.2) == zone(to));
            block(crossing.copied().collect(), Capability::Segment, 300);
        }
        self.isolations(&pairs, &mut found);
        let can_disable =
            |it: &bulkhead_model::estate::EnforcementPoint| it.can.contains(&Capability::DisableIdentity);
        if self.estate.enforcement_points.iter().any(can_disable) {
            // Elsewhere disabling changes nothing.
            let of_use = |it: &usize| self.attitude == Attitude::Credential || self.identities.contains(it);
            for at in (0..self.estate.identities.len()).filter(of_use) {
                found.insert(Effect { disabled: Some(at), cost: 200, ..Effect::default() });
            }
        }
        found.into_iter().collect()
    }

    fn isolations(&self, pairs: &[Pair], found: &mut BTreeSet<Effect>) {
        let zone = |at: usize| self.estate.assets[at].zone.clone();
        for asset in 0..self.estate.assets.len() {
            let crossing: Vec<&Pair> = pairs.iter().filter(|it| it.1 == asset || it.2 == asset).collect();
            let isolators =
                || self.estate.enforcement_points.iter().filter(|it| it.can.contains(&Capability::Isolate));
            let agent = isolators().any(|it| {
                it.hosts.as_ref().is_some_and(|on| self.estate.selects(on, &self.estate.assets[asset]))
            });
            let network = crossing
                .iter()
                .all(|it| isolators().any(|point| point.covers.contains(&(zone(it.1), zone(it.2)))));
            // An agent can isolate what has no flows: of use where nobody knows how it talks.
            let possible = agent || (!crossing.is_empty() && network);
            let of_use = !crossing.is_empty() || self.compromised.contains(&asset);
            let priced =
                !self.estate.assets[asset].relay || self.compromised.contains(&asset) || self.is_named(asset);
            if possible && of_use && priced && !self.protected(asset) && !self.is_external(asset) {
                found.insert(Effect { isolated: Some(asset), cost: 500, ..Effect::default() });
            }
        }
    }

    /// Pairs that are no management channel kept open.
    pub fn ordinary_pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (number, flow) in self.flows.iter().enumerate().filter(|it| !it.1.survives) {
            for &(from, to) in &flow.pairs {
                if !flow.management || !self.hold_management || self.compromised.contains(&from) {
                    pairs.push((number, from, to));
                }
            }
        }
        pairs
    }

    /// The cheapest set of `effects`, by trying all; and the cheapest of those that leave nobody a foothold. None where none
    /// is feasible.
    pub fn cheapest(&self, effects: &[Effect]) -> (Option<Cost>, Option<Cost>) {
        let (mut best, mut silent): (Option<Cost>, Option<Cost>) = (None, None);
        for set in 0..1_u32 << effects.len() {
            let chosen: Vec<&Effect> =
                (0..effects.len()).filter(|it| set & (1 << it) != 0).map(|it| &effects[it]).collect();
            let Some(cost) = self.cost(&chosen) else { continue };
            if silent.as_ref().is_none_or(|it| cost < *it) && self.is_silent(&state(&chosen)) {
                silent = Some(cost.clone());
            }
            if best.as_ref().is_none_or(|it| cost < *it) {
                best = Some(cost);
            }
        }
        (best, silent)
    }
}

pub fn state_of_nothing() -> State {
    State { blocked: BTreeSet::new(), isolated: BTreeSet::new(), disabled: BTreeSet::new() }
}

pub fn state(effects: &[&Effect]) -> State {
    State {
        blocked: effects.iter().flat_map(|it| it.blocked.iter().copied()).collect(),
        isolated: effects.iter().filter_map(|it| it.isolated).collect(),
        disabled: effects.iter().filter_map(|it| it.disabled).collect(),
    }
}

/// Every port that admits movement, with the login behind it; none where no credential is needed. Flat zones open all of
/// them, so that one left out here is a way that the oracles do not see.
pub const LOGINS: [(u16, &str); 17] = [
    (22, "ssh"),
    (23, "telnet"),
    (135, "wmi"),
    (139, "smb"),
    (445, "smb"),
    (3389, "rdp"),
    (5900, "vnc"),
    (5985, "winrm"),
    (5986, "winrm"),
    (623, "ipmi"),
    (2375, ""),
    (6443, ""),
    (10250, ""),
    (1433, "database"),
    (1521, "database"),
    (3306, "database"),
    (5432, "database"),
];

pub fn flows(estate: &Estate) -> Vec<Flow> {
    let selects = |on: &Selector, asset: &Asset| estate.selects(on, asset);
    let pairs = |from: &dyn Fn(&Asset) -> bool, to: &dyn Fn(&Asset) -> bool| {
        let mut pairs = Vec::new();
        for (u, source) in estate.assets.iter().enumerate() {
            for (v, target) in estate.assets.iter().enumerate() {
                if u != v && from(source) && to(target) {
                    pairs.push((u, v));
                }
            }
        }
        pairs
    };
    let mut flows = Vec::new();
    for it in &estate.flows {
        flows.push(Flow {
            id: it.id.to_string(),
            pairs: pairs(&|asset| selects(&it.from, asset), &|asset| selects(&it.to, asset)),
            ports: it.ports.clone(),
            movement: it.movement,
            management: false,
            declared: true,
            survives: false,
        });
    }
    for zone in estate.zones.iter().filter(|it| it.flat) {
        flows.push(Flow {
            id: format!("flat:{}", zone.id),
            pairs: pairs(&|asset| asset.zone == zone.id, &|asset| asset.zone == zone.id),
            ports: vec![Port::ANY],
            movement: Movement::Auto,
            management: false,
            declared: false,
            survives: false,
        });
    }
    for (n, it) in estate.management.iter().enumerate() {
        let plain = |asset: &Asset| !asset.relay && !estate.is_external(&asset.zone);
        for survives in [false, true] {
            let part = |asset: &Asset| (!it.reply_only && plain(asset)) == survives;
            flows.push(Flow {
                id: format!("management:{n}"),
                pairs: pairs(&|asset| selects(&it.from, asset), &|asset| {
                    selects(&it.to, asset) && part(asset)
                }),
                ports: it.ports.clone(),
                movement: Movement::Auto,
                management: true,
                declared: false,
                survives,
            });
        }
    }
    flows
}

#[test]
fn the_oracles_know_every_port_that_admits_movement() {
    let ports = bulkhead_contain::ports::MovementPorts::default();
    let told = ports.ports().iter().map(|it| (it.port, it.login.clone().unwrap_or_default()));
    let known = LOGINS.iter().map(|it| (Port::tcp(it.0), it.1.to_owned()));
    assert_eq!(known.collect::<BTreeSet<_>>(), told.collect::<BTreeSet<_>>());
}
