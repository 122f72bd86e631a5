//! Building the attack graph: chains of moves, and from the outside on the chains by which compromised assets talk.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::Movement;

use crate::actions::{Candidate, Effect};
use crate::attack::{Arc, AttackGraph};
use crate::ground::{Ground, Means, overlap};

pub(crate) struct Builder<'g, 'e> {
    pub(crate) ground: &'g Ground<'e>,
    pub(crate) effects: BTreeMap<Effect, u32>,
    pub(crate) graph: AttackGraph,
    within: Option<&'g [bool]>,
    entry: Vec<u32>,
    exit: Vec<u32>,
}

impl AttackGraph {
    /// Builds the graph of `ground` whose arcs name the actions of `candidates` that cut them, without arcs that leave
    /// assets outside `within` (all, when none is given).
    pub(crate) fn new(ground: &Ground<'_>, candidates: &[Candidate], within: Option<&[bool]>) -> Self {
        let held = ground.start.held.len();
        let mut builder = Builder::new(ground, candidates, within, held);
        builder.moves();
        builder.talk();
        builder.graph.index();
        builder.graph
    }

    /// As [`Self::new`], of moves alone: nobody keeps a foothold in it.
    pub(crate) fn of_moves(ground: &Ground<'_>, candidates: &[Candidate]) -> Self {
        let mut builder = Builder::new(ground, candidates, None, 0);
        builder.moves();
        builder.graph.index();
        builder.graph
    }
}

impl<'g, 'e> Builder<'g, 'e> {
    fn new(
        ground: &'g Ground<'e>,
        candidates: &[Candidate],
        within: Option<&'g [bool]>,
        held: usize,
    ) -> Self {
        let graph = AttackGraph::begin(ground, candidates.len(), held);
        let effects = candidates.iter().map(|it| it.effect).zip(0..).collect();
        let plain: Vec<u32> = (0..graph.n_assets as u32).collect();
        Self { ground, effects, graph, within, entry: plain.clone(), exit: plain }
    }

    fn moves(&mut self) {
        self.kept_open();
        self.accounts_kept_open();
        self.assets();
        for at in 0..self.ground.ordinary.len() {
            self.ordinary(at);
        }
        self.accounts();
    }

    pub(crate) fn node(&mut self) -> u32 {
        self.graph.n_nodes += 1;
        self.graph.n_nodes as u32 - 1
    }

    pub(crate) fn arc(
        &mut self,
        from: u32,
        to: u32,
        flow: Option<u32>,
        effects: &[Effect],
        gate: Option<u32>,
    ) {
        let mut cutters: Vec<u32> = effects.iter().filter_map(|it| self.effects.get(it).copied()).collect();
        cutters.extend(gate.and_then(|it| self.effects.get(&Effect::Disable(it)).copied()));
        self.graph.arcs.push(Arc { from, to, flow, cutters, gate });
    }

    /// Arcs from `hub` to every asset of `to` by which `flow` lets an attacker arrive.
    fn fan_out(&mut self, hub: u32, number: u32, to: impl Iterator<Item = (u32, u32)>, blockable: bool) {
        let ground = self.ground;
        for (asset, node) in to {
            let effects = [Effect::FlowTo(number, asset)];
            let effects = if blockable { &effects[..] } else { &[] };
            match ground.means(number, asset) {
                Means::Never => {}
                Means::Always => self.arc(hub, node, Some(number), effects, None),
                Means::With(identities) => {
                    for identity in identities {
                        self.arc(hub, node, Some(number), effects, Some(identity));
                    }
                }
            }
        }
    }

    /// Moves that no action may block; they join assets directly, past every isolation.
    fn kept_open(&mut self) {
        let ground = self.ground;
        for (channel, sources) in ground.exempt.channels() {
            if !ground.flow(*channel).survives {
                self.uncut(*channel, sources, &ground.flow(*channel).to);
            }
            // A flow that the operator declares as movement stays open on the ports it shares with the channel.
            for it in &ground.ordinary {
                let (flow, management) = (ground.flow(it.flow), ground.flow(*channel));
                if flow.movement == Movement::Yes
                    && !flow.is_management()
                    && overlap(&flow.ports, &management.ports)
                {
                    self.uncut(it.flow, &common(sources, &flow.from), &common(&management.to, &flow.to));
                }
            }
        }
        let protected: Vec<u32> = ground.exempt.protected().iter().copied().collect();
        if protected.is_empty() {
            return;
        }
        for it in &ground.ordinary {
            let to = &ground.flow(it.flow).to;
            self.uncut(it.flow, &common(&it.from, &protected), to);
            self.uncut(it.flow, &it.from, &common(to, &protected));
        }
    }

    fn uncut(&mut self, flow: u32, from: &[u32], to: &[u32]) {
        if from.is_empty() || to.is_empty() {
            return;
        }
        let hub = self.node();
        let within = self.within;
        for &asset in from.iter().filter(|&&it| is_within(within, it)) {
            // Isolating a compromised asset cuts its pairs with protected addresses; none of a channel begins at one.
            let effects = [Effect::Isolate(asset)];
            let isolated = self.ground.is_held(asset) && !self.ground.exempt.protected().contains(&asset);
            self.arc(asset, hub, Some(flow), if isolated { &effects } else { &[] }, None);
        }
        self.fan_out(hub, flow, to.iter().map(|&it| (it, it)), false);
    }

    /// Entry and exit nodes where an isolation can cut: a source needs no entry, an asset entered by no uncut move no exit.
    fn assets(&mut self) {
        let bypassed: BTreeSet<u32> = self
            .graph
            .arcs
            .iter()
            .map(|it| it.to)
            .filter(|&it| (it as usize) < self.graph.n_assets)
            .collect();
        for asset in 0..self.graph.n_assets as u32 {
            let isolate = Effect::Isolate(asset);
            if !self.effects.contains_key(&isolate) {
                continue;
            }
            let source = self.ground.start.compromised.contains(&asset);
            if !source {
                let entry = self.node();
                self.entry[asset as usize] = entry;
                self.arc(entry, asset, None, &[isolate], None);
            }
            if source || bypassed.contains(&asset) {
                let exit = self.node();
                self.exit[asset as usize] = exit;
                self.arc(asset, exit, None, &[isolate], None);
            }
        }
    }

    fn ordinary(&mut self, at: usize) {
        let ground = self.ground;
        let ordinary = &ground.ordinary[at];
        let number = ordinary.flow;
        let flow = ground.flow(number);
        let within = self.within;
        if !ordinary.from.iter().any(|&it| is_within(within, it)) {
            return;
        }
        let counting: Vec<u32> =
            flow.to.iter().copied().filter(|&it| ground.means(number, it) != Means::Never).collect();
        if counting.is_empty() {
            return;
        }
        let (mut sources, mut targets) = (BTreeMap::new(), BTreeMap::new());
        for &asset in ordinary.from.iter().filter(|&&it| is_within(within, it)) {
            let zone = ground.index.zone_of(asset);
            let hub = *sources.entry(zone).or_insert_with(|| self.node());
            self.arc(self.exit[asset as usize], hub, Some(number), &[Effect::FlowFrom(number, asset)], None);
        }
        for &asset in &counting {
            let zone = ground.index.zone_of(asset);
            targets.entry(zone).or_insert_with(|| self.node());
        }
        for (&from, &source) in &sources {
            for (&to, &target) in &targets {
                let effects = [Effect::Flow(number), Effect::Segment(from, to)];
                self.arc(source, target, Some(number), &effects, None);
            }
        }
        for (zone, hub) in targets {
            let members: Vec<(u32, u32)> = counting
                .iter()
                .filter(|&&it| ground.index.zone_of(it) == zone)
                .map(|&it| (it, self.entry[it as usize]))
                .collect();
            self.fan_out(hub, number, members.into_iter(), true);
        }
    }

    /// What a compromised account lets in from outside, on pairs that no action blocks.
    fn accounts_kept_open(&mut self) {
        let ground = self.ground;
        for (at, entry) in ground.entries().iter().enumerate() {
            let flow = ground.flow(entry.flow);
            for &source in &entry.from {
                let open = |it: &u32| {
                    let kept = ground.exempt.covers(&ground.index, entry.flow, source, *it);
                    let yes = flow.movement == Movement::Yes;
                    kept || (yes && ground.left_open_by_channel(entry.flow, source, *it))
                };
                let open: Vec<u32> = entry.to.iter().copied().filter(open).collect();
                if open.is_empty() {
                    continue;
                }
                let outside = self.outside_of(at, source);
                for target in open {
                    self.arc(outside, target, Some(entry.flow), &[], None);
                }
            }
        }
    }

    /// What a compromised account lets in from outside: chains like those of any other source.
    fn accounts(&mut self) {
        let ground = self.ground;
        for number in 0..ground.start.identities.len() {
            let node = self.account(number);
            let identity = ground.start.identities.iter().nth(number).copied().unwrap_or_default();
            let outside = self.graph.outside();
            self.arc(outside, node, None, &[Effect::Disable(identity)], None);
        }
        for (at, entry) in ground.entries().iter().enumerate() {
            let number = entry.flow;
            let (mut sources, mut targets) = (BTreeMap::new(), BTreeMap::new());
            for &source in &entry.from {
                let outside = self.outside_of(at, source);
                let hub = *sources.entry(ground.index.zone_of(source)).or_insert_with(|| self.node());
                self.arc(outside, hub, Some(number), &[Effect::FlowFrom(number, source)], None);
            }
            for &target in &entry.to {
                let hub = *targets.entry(ground.index.zone_of(target)).or_insert_with(|| self.node());
                let to = self.entry[target as usize];
                self.arc(hub, to, Some(number), &[Effect::FlowTo(number, target)], None);
            }
            for (&from, &source) in &sources {
                for (&to, &target) in &targets {
                    let effects = [Effect::Flow(number), Effect::Segment(from, to)];
                    self.arc(source, target, Some(number), &effects, None);
                }
            }
        }
    }

    /// The node of a compromised account's being in the attacker's hands, by its position among them.
    fn account(&self, number: usize) -> u32 {
        (self.graph.n_valued - self.ground.start.identities.len() + number) as u32
    }

    /// A node for an external asset as the account of this entry makes it a source of moves.
    fn outside_of(&mut self, entry: usize, source: u32) -> u32 {
        let account = self.account(self.ground.entries()[entry].account);
        let node = self.node();
        self.graph.aliases.insert(node, source);
        self.arc(account, node, None, &[], None);
        node
    }
}

fn is_within(within: Option<&[bool]>, asset: u32) -> bool {
    within.is_none_or(|it| it[asset as usize])
}

fn common(a: &[u32], b: &[u32]) -> Vec<u32> {
    a.iter().copied().filter(|it| b.binary_search(it).is_ok()).collect()
}
