//! Who could talk to the outside when nothing is done, and by which flows: relays that pass on, compromised assets that talk.
//!
//! The attacker talks by any port, in either direction, whatever the attitude. Nothing here is a move.

use std::collections::BTreeSet;

use crate::ground::{Ground, Ordinary, overlap};

/// A part that an asset has in talking to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// An asset of an external zone.
    Outside(u32),
    /// A relay that passes on outwards.
    Outlet(u32),
    /// A relay that passes on inwards.
    Inlet(u32),
    /// A compromised asset.
    Held(u32),
}

impl Role {
    pub(crate) fn unit(self) -> u32 {
        match self {
            Self::Outside(unit) | Self::Outlet(unit) | Self::Inlet(unit) | Self::Held(unit) => unit,
        }
    }

    pub(crate) fn is_held(self) -> bool {
        matches!(self, Self::Held(_))
    }
}

/// One direction of a flow by which somebody talks: whoever is `near` does while somebody `far` does. Nobody who is merely
/// held makes a relay pass on.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) flow: u32,
    /// Whether `near` open the flow and `far` answer; else the other way round.
    pub(crate) outward: bool,
    pub(crate) far: Vec<Role>,
    pub(crate) near: Vec<Role>,
}

/// Everything of an estate by which the compromised assets could talk to the outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talk {
    /// Whether no declared flow touches an external zone: then whoever is not isolated is held to have a way out.
    pub(crate) unknown: bool,
    /// Relays that are outlets, and those that are inlets, when nothing is done.
    pub(crate) outlets: BTreeSet<u32>,
    pub(crate) inlets: BTreeSet<u32>,
    /// In the order of the flows, outward first.
    pub(crate) chains: Vec<Chain>,
}

/// What matters of a unit here.
const OUTSIDE: u8 = 1;
const RELAY: u8 = 2;
const HELD: u8 = 4;

/// The ends of a flow that lie outside or pass on.
struct Passing {
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Talk {
    pub(crate) fn new(ground: &Ground<'_>) -> Self {
        let tags: Vec<u8> = (0..ground.index.n_assets() as u32).map(|it| tag(ground, it)).collect();
        let outside = |it: &u32| tags[*it as usize] & OUTSIDE != 0;
        let unknown = !ground.touches_outside();
        let passing: Vec<Passing> =
            ground.ordinary.iter().filter_map(|it| passing(ground, it, &tags)).collect();
        let passes_on = |it: &u32, on: &BTreeSet<u32>| outside(it) || on.contains(it);
        let (mut outlets, mut inlets) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let before = outlets.len() + inlets.len();
            for it in &passing {
                if it.to.iter().any(|to| passes_on(to, &outlets)) {
                    outlets.extend(it.from.iter().copied().filter(|it| !outside(it)));
                }
                if it.from.iter().any(|from| passes_on(from, &inlets)) {
                    inlets.extend(it.to.iter().copied().filter(|it| !outside(it)));
                }
            }
            if outlets.len() + inlets.len() == before {
                break;
            }
        }
        let mut talk = Self { unknown, outlets, inlets, chains: Vec::new() };
        for ordinary in &ground.ordinary {
            for outward in [true, false] {
                talk.chains.extend(talk.chain(ground, ordinary, outward, &tags));
            }
        }
        talk
    }

    fn chain(&self, ground: &Ground<'_>, ordinary: &Ordinary, outward: bool, tags: &[u8]) -> Option<Chain> {
        let to = &ground.flow(ordinary.flow).to;
        let (far, near) = if outward { (to, &ordinary.from) } else { (&ordinary.from, to) };
        let passing = if outward { &self.outlets } else { &self.inlets };
        let role = |unit| if outward { Role::Outlet(unit) } else { Role::Inlet(unit) };
        let roles = |units: &[u32], outside: bool| {
            let mut roles = Vec::new();
            for &unit in units.iter().filter(|&&it| tags[it as usize] != 0) {
                let tag = tags[unit as usize];
                if tag & OUTSIDE != 0 {
                    roles.extend(outside.then_some(Role::Outside(unit)));
                    continue;
                }
                roles.extend((tag & RELAY != 0 && passing.contains(&unit)).then(|| role(unit)));
                roles.extend((tag & HELD != 0).then_some(Role::Held(unit)));
            }
            roles
        };
        let near = roles(near, false);
        if near.is_empty() {
            return None;
        }
        let far = roles(far, true);
        let joins = |one: &Role| near.iter().any(|other| one.unit() != other.unit());
        let leads = |it: &Role| joins(it) && (!it.is_held() || near.iter().any(|it| it.is_held()));
        far.iter().any(leads).then_some(Chain { flow: ordinary.flow, outward, far, near })
    }
}

fn tag(ground: &Ground<'_>, unit: u32) -> u8 {
    if ground.index.is_external(unit) {
        return OUTSIDE;
    }
    let held = if ground.start.compromised.contains(&unit) { HELD } else { 0 };
    held | if ground.asset(unit).relay { RELAY } else { 0 }
}

fn passing(ground: &Ground<'_>, ordinary: &Ordinary, tags: &[u8]) -> Option<Passing> {
    let passes = |units: &[u32]| -> Vec<u32> {
        units.iter().copied().filter(|&it| tags[it as usize] & (OUTSIDE | RELAY) != 0).collect()
    };
    let from = passes(&ordinary.from);
    if from.is_empty() {
        return None;
    }
    let to = passes(&ground.flow(ordinary.flow).to);
    (!to.is_empty()).then_some(Passing { from, to })
}

impl Ground<'_> {
    /// Whether some flow of `flows[]` has a pair with an end in an external zone.
    pub(crate) fn touches_outside(&self) -> bool {
        use bulkhead_service::FlowOrigin;
        self.index.flows().iter().filter(|it| matches!(it.origin, FlowOrigin::Declared(_))).any(|flow| {
            let outside = |it: &u32| self.index.is_external(*it);
            !flow.zone_pairs.is_empty() && (flow.from.iter().any(outside) || flow.to.iter().any(outside))
        })
    }

    /// Whether a channel that is kept open leads from `from` to `to` on a port of flow `number`: as far as that, the flow
    /// stays open whatever is done.
    pub(crate) fn left_open_by_channel(&self, number: u32, from: u32, to: u32) -> bool {
        let ports = &self.flow(number).ports;
        self.exempt.channels().iter().any(|(channel, sources)| {
            let held = self.flow(*channel);
            sources.binary_search(&from).is_ok()
                && held.to.binary_search(&to).is_ok()
                && overlap(ports, &held.ports)
        })
    }
}
