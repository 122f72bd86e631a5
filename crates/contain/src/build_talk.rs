//! The layer of the attack graph that says who keeps a foothold: chains from the outside over relays to compromised assets.
//!
//! ```text
//! outside ──Flow(f)…──► relay ──Isolate(relay)──► … ──FlowFrom(g,c)──► enter(c) ──Isolate(c)──► c keeps a foothold
//! ```
//! The chains are those of moves, but lead from whoever is talked to, be it who answers or who opens the flow.

use std::collections::{BTreeMap, BTreeSet};

use crate::actions::Effect;
use crate::build::Builder;
use crate::ground::overlap;
use crate::talk::{Chain, Role};

/// Nodes of one role of an asset.
#[derive(Clone, Copy)]
struct Stand {
    core: u32,
    /// Where an isolation can cut it off, on the way in and on.
    entry: u32,
    exit: u32,
}

type Stands = BTreeMap<Role, Stand>;

impl Builder<'_, '_> {
    /// Adds the layer.
    pub(crate) fn talk(&mut self) {
        let talk = self.ground.talk();
        let mut stands = self.stands();
        self.talk_kept_open(&stands);
        self.isolations(&mut stands);
        if talk.unknown {
            let held: Vec<u32> = stands.iter().filter(|it| it.0.is_held()).map(|it| it.1.entry).collect();
            let outside = self.graph.outside();
            held.into_iter().for_each(|it| self.arc(outside, it, None, &[], None));
            return;
        }
        for chain in &talk.chains {
            self.chain(chain, &stands);
        }
    }

    fn stands(&mut self) -> Stands {
        let ground = self.ground;
        let first = self.graph.n_assets as u32;
        let held = (first..).zip(&ground.start.held).map(|(node, &it)| (Role::Held(it), node));
        let mut stands: Stands =
            held.map(|(role, core)| (role, Stand { core, entry: core, exit: core })).collect();
        let roles: BTreeSet<Role> =
            ground.talk().chains.iter().flat_map(|it| it.far.iter().chain(&it.near)).copied().collect();
        for role in roles.into_iter().filter(|it| !it.is_held()) {
            let core = if matches!(role, Role::Outside(_)) { self.graph.outside() } else { self.node() };
            stands.insert(role, Stand { core, entry: core, exit: core });
        }
        stands
    }

    /// Pairs that no block touches join assets past every isolation, but for a compromised asset's with protected addresses.
    fn talk_kept_open(&mut self, stands: &Stands) {
        let ground = self.ground;
        let protected = |it: &Role| ground.exempt.protected().contains(&it.unit());
        for chain in &ground.talk().chains {
            let ports = &ground.flow(chain.flow).ports;
            for (channel, sources) in ground.exempt.channels() {
                let channel = ground.flow(*channel);
                if sources.is_empty() || !overlap(ports, &channel.ports) {
                    continue;
                }
                let opens = |it: &Role| sources.binary_search(&it.unit()).is_ok();
                let answers = |it: &Role| channel.to.binary_search(&it.unit()).is_ok();
                let (far, near) = if chain.outward {
                    (kept(&chain.far, answers), kept(&chain.near, opens))
                } else {
                    (kept(&chain.far, opens), kept(&chain.near, answers))
                };
                self.uncut_talk(chain.flow, &far, &near, stands, false);
            }
            if !ground.exempt.protected().is_empty() {
                self.uncut_talk(chain.flow, &kept(&chain.far, protected), &chain.near, stands, true);
                self.uncut_talk(chain.flow, &chain.far, &kept(&chain.near, protected), stands, true);
            }
        }
    }

    fn uncut_talk(&mut self, flow: u32, far: &[Role], near: &[Role], stands: &Stands, protected: bool) {
        // Who is merely held makes no relay pass on.
        let held = |it: &Role| it.is_held();
        let passing = kept(far, |it| !it.is_held());
        let parts = if near.iter().all(held) {
            [(far.to_vec(), near.to_vec()), (Vec::new(), Vec::new())]
        } else {
            [(passing, near.to_vec()), (kept(far, held), kept(near, held))]
        };
        for (far, near) in parts.into_iter().filter(|it| !it.0.is_empty() && !it.1.is_empty()) {
            let hub = self.node();
            for role in far {
                let effects = self.isolation(role, protected);
                self.arc(stands[&role].core, hub, Some(flow), &effects, None);
            }
            for role in near {
                let effects = self.isolation(role, protected);
                self.arc(hub, stands[&role].core, Some(flow), &effects, None);
            }
        }
    }

    /// Isolating a compromised asset cuts its pairs with protected addresses.
    fn isolation(&self, role: Role, protected: bool) -> Vec<Effect> {
        let unit = role.unit();
        let cuts = protected && self.ground.is_held(unit) && !self.ground.exempt.protected().contains(&unit);
        if cuts { vec![Effect::Isolate(unit)] } else { Vec::new() }
    }

    /// Entry and exit nodes where an isolation can cut; who is entered by no uncut pair needs no exit.
    fn isolations(&mut self, stands: &mut Stands) {
        let bypassed: BTreeSet<u32> = self.graph.arcs.iter().map(|it| it.to).collect();
        for (role, stand) in stands.iter_mut().filter(|it| !matches!(it.0, Role::Outside(_))) {
            let isolate = Effect::Isolate(role.unit());
            if !self.effects.contains_key(&isolate) {
                continue;
            }
            stand.entry = self.node();
            self.arc(stand.entry, stand.core, None, &[isolate], None);
            if bypassed.contains(&stand.core) {
                stand.exit = self.node();
                self.arc(stand.core, stand.exit, None, &[isolate], None);
            }
        }
    }

    fn chain(&mut self, chain: &Chain, stands: &Stands) {
        let zone_of = |it: &Role| self.ground.index.zone_of(it.unit());
        let zones = |roles: &[Role]| roles.iter().map(zone_of).collect::<BTreeSet<u32>>();
        let (far_zones, near_zones) = (zones(&chain.far), zones(&chain.near));
        // Per zone: a hub behind whoever passes on, and one behind the held as well.
        let passing = self.gather(chain, stands, false);
        let mut held = self.gather(chain, stands, true);
        for (zone, &hub) in &passing {
            match held.get(zone) {
                Some(&beyond) => self.arc(hub, beyond, Some(chain.flow), &[], None),
                None => drop(held.insert(*zone, hub)),
            }
        }
        let to_relays = self.spread(chain, stands, false);
        let to_held = self.spread(chain, stands, true);
        for &far in &far_zones {
            for &near in &near_zones {
                let pair = if chain.outward { (near, far) } else { (far, near) };
                let effects = [Effect::Flow(chain.flow), Effect::Segment(pair.0, pair.1)];
                for (from, to) in [(&passing, &to_relays), (&held, &to_held)] {
                    if let (Some(&from), Some(&to)) = (from.get(&far), to.get(&near)) {
                        self.arc(from, to, Some(chain.flow), &effects, None);
                    }
                }
            }
        }
    }

    /// Hubs by zone behind the far ends of a chain: those that are merely held, or the others.
    fn gather(&mut self, chain: &Chain, stands: &Stands, held: bool) -> BTreeMap<u32, u32> {
        let mut hubs = BTreeMap::new();
        for &role in chain.far.iter().filter(|it| it.is_held() == held) {
            let hub = *hubs.entry(self.ground.index.zone_of(role.unit())).or_insert_with(|| self.node());
            let effect = one_end(chain, role.unit(), chain.outward);
            self.arc(stands[&role].exit, hub, Some(chain.flow), &[effect], None);
        }
        hubs
    }

    /// Hubs by zone before the near ends of a chain: those that are held, or relays.
    fn spread(&mut self, chain: &Chain, stands: &Stands, held: bool) -> BTreeMap<u32, u32> {
        let mut hubs = BTreeMap::new();
        for &role in chain.near.iter().filter(|it| it.is_held() == held) {
            let hub = *hubs.entry(self.ground.index.zone_of(role.unit())).or_insert_with(|| self.node());
            let effect = one_end(chain, role.unit(), !chain.outward);
            self.arc(hub, stands[&role].entry, Some(chain.flow), &[effect], None);
        }
        hubs
    }
}

/// Blocking the chain's flow for one asset: who answers, or who opens it.
fn one_end(chain: &Chain, unit: u32, answers: bool) -> Effect {
    if answers { Effect::FlowTo(chain.flow, unit) } else { Effect::FlowFrom(chain.flow, unit) }
}

fn kept(roles: &[Role], wanted: impl Fn(&Role) -> bool) -> Vec<Role> {
    roles.iter().copied().filter(|it| wanted(it)).collect()
}
