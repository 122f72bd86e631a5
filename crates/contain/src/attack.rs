//! The attack graph, compact: no pair is ever listed. Every flow is a small chain, and each action cuts single arcs of it.
//!
//! ```text
//! asset u ──Isolate(u)──► exit(u) ──FlowFrom(f,u)──► f/zone(u) ──Flow(f) or Segment──► f/zone(v)
//!                                              ──FlowTo(f,v)──► entry(v) ──Isolate(v)──► asset v
//! ```
//! An arc with several cutters is cut by any one of them. Pairs that no action may block (management channels kept open,
//! protected addresses) run through arcs of their own without cutters. An arc with a gate is passable once the
//! attacker can use that identity.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::Movement;

use crate::actions::{Candidate, Effect};
use crate::ground::{Ground, Means, overlap};

/// One arc.
#[derive(Clone, Debug)]
pub(crate) struct Arc {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Flow it belongs to, for naming moves; none inside an asset.
    pub(crate) flow: Option<u32>,
    /// Actions (positions in the candidate list), any of which cuts it.
    pub(crate) cutters: Vec<u32>,
    /// Identity without which it is shut.
    pub(crate) gate: Option<u32>,
}

/// The graph: nodes `0..n_assets` are the assets themselves, the rest belongs to chains.
pub(crate) struct AttackGraph {
    pub(crate) n_assets: usize,
    pub(crate) n_nodes: usize,
    pub(crate) arcs: Vec<Arc>,
    /// Arcs leaving each node.
    pub(crate) leaving: Vec<Vec<u32>>,
    /// Arcs that each action cuts.
    cut_by: Vec<Vec<u32>>,
    /// Compromised assets.
    pub(crate) sources: Vec<u32>,
    /// Identities in the attacker's hands at the start.
    pub(crate) identities: BTreeSet<u32>,
    /// Identities whose secret lies on an asset.
    pub(crate) secrets: BTreeMap<u32, Vec<u32>>,
    pub(crate) n_identities: usize,
}

/// What an attacker reaches.
pub(crate) struct Reach {
    /// Per node: whether it is reached.
    pub(crate) nodes: Vec<bool>,
    /// Per node: the arc by which it was reached first.
    pub(crate) by: Vec<Option<u32>>,
    /// Per identity: whether the attacker can use it (unless it is disabled).
    pub(crate) usable: Vec<bool>,
    /// Per identity: the asset on which its secret was found; none when held from the start.
    pub(crate) found_on: Vec<Option<u32>>,
}

struct Builder<'g, 'e> {
    ground: &'g Ground<'e>,
    effects: BTreeMap<Effect, u32>,
    graph: AttackGraph,
    within: Option<&'g [bool]>,
    entry: Vec<u32>,
    exit: Vec<u32>,
}

impl AttackGraph {
    /// Builds the graph of `ground` whose arcs name the actions of `candidates` that cut them, without arcs that leave
    /// assets outside `within` (all, when none is given).
    pub(crate) fn new(ground: &Ground<'_>, candidates: &[Candidate], within: Option<&[bool]>) -> Self {
        let n_assets = ground.index.n_assets();
        let graph = Self {
            n_assets,
            n_nodes: n_assets,
            arcs: Vec::new(),
            leaving: Vec::new(),
            cut_by: vec![Vec::new(); candidates.len()],
            sources: ground.start.compromised.iter().copied().collect(),
            identities: ground.start.identities.clone(),
            secrets: ground.identities_by_asset(),
            n_identities: ground.estate.identities.len(),
        };
        let effects = candidates.iter().map(|it| it.effect).zip(0..).collect();
        let plain: Vec<u32> = (0..n_assets as u32).collect();
        let mut builder = Builder { ground, effects, graph, within, entry: plain.clone(), exit: plain };
        builder.kept_open();
        builder.assets();
        for at in 0..ground.ordinary.len() {
            builder.ordinary(at);
        }
        builder.graph.index();
        builder.graph
    }

    fn index(&mut self) {
        self.leaving = vec![Vec::new(); self.n_nodes];
        for (number, arc) in (0..).zip(&self.arcs) {
            self.leaving[arc.from as usize].push(number);
            arc.cutters.iter().for_each(|&it| self.cut_by[it as usize].push(number));
        }
    }

    /// The same nodes with only these arcs, cut by `n_candidates` actions, and an attacker who has `sources`.
    pub(crate) fn part(&self, arcs: Vec<Arc>, sources: Vec<u32>, n_candidates: usize) -> Self {
        let mut part = Self {
            n_assets: self.n_assets,
            n_nodes: self.n_nodes,
            arcs,
            leaving: Vec::new(),
            cut_by: vec![Vec::new(); n_candidates],
            sources,
            identities: self.identities.clone(),
            secrets: self.secrets.clone(),
            n_identities: self.n_identities,
        };
        part.index();
        part
    }

    /// Arcs that the action at this position of the candidates cuts.
    pub(crate) fn cut_by(&self, action: u32) -> &[u32] {
        &self.cut_by[action as usize]
    }

    /// Everything reached when the arcs for which `shut` holds are cut, breadth first: `by` holds shortest attack paths.
    pub(crate) fn reach(&self, shut: impl Fn(&Arc) -> bool) -> Reach {
        self.reach_from(&[], shut)
    }

    /// As [`Self::reach`], by an attacker who has these nodes too.
    pub(crate) fn reach_from(&self, also: &[u32], shut: impl Fn(&Arc) -> bool) -> Reach {
        let mut reach = Reach {
            nodes: vec![false; self.n_nodes],
            by: vec![None; self.n_nodes],
            usable: vec![false; self.n_identities],
            found_on: vec![None; self.n_identities],
        };
        let mut waiting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut queue: Vec<u32> = self.sources.iter().chain(also).copied().collect();
        queue.iter().for_each(|&it| reach.nodes[it as usize] = true);
        self.identities.iter().for_each(|&it| reach.usable[it as usize] = true);
        let mut at = 0;
        while let Some(&node) = queue.get(at) {
            at += 1;
            for &identity in self.secrets.get(&node).into_iter().flatten() {
                if !std::mem::replace(&mut reach.usable[identity as usize], true) {
                    reach.found_on[identity as usize] = Some(node);
                    for number in waiting.remove(&identity).unwrap_or_default() {
                        self.pass(number, &mut reach, &mut queue);
                    }
                }
            }
            for &number in &self.leaving[node as usize] {
                let arc = &self.arcs[number as usize];
                if reach.nodes[arc.to as usize] || shut(arc) {
                    continue;
                }
                match arc.gate {
                    Some(gate) if !reach.usable[gate as usize] => {
                        waiting.entry(gate).or_default().push(number);
                    }
                    _ => self.pass(number, &mut reach, &mut queue),
                }
            }
        }
        reach
    }

    /// The asset that `node` is, or enters or leaves.
    pub(crate) fn asset_at(&self, node: u32) -> Option<u32> {
        if (node as usize) < self.n_assets {
            return Some(node);
        }
        let inside = self.arcs.iter().find(|it| it.flow.is_none() && (it.from == node || it.to == node))?;
        Some(inside.from.min(inside.to))
    }

    fn pass(&self, number: u32, reach: &mut Reach, queue: &mut Vec<u32>) {
        let to = self.arcs[number as usize].to;
        if !std::mem::replace(&mut reach.nodes[to as usize], true) {
            reach.by[to as usize] = Some(number);
            queue.push(to);
        }
    }

    /// Every arc by which `node` was reached: its path from the sources and, for gates on it, the paths to their secrets.
    pub(crate) fn derivation(&self, reach: &Reach, node: u32) -> Vec<u32> {
        let (mut arcs, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            let mut node = node;
            while let (true, Some(number)) = (seen.insert(node), reach.by[node as usize]) {
                arcs.insert(number);
                let arc = &self.arcs[number as usize];
                pending.extend(arc.gate.and_then(|it| reach.found_on[it as usize]));
                node = arc.from;
            }
        }
        arcs.into_iter().collect()
    }
}

impl Builder<'_, '_> {
    fn node(&mut self) -> u32 {
        self.graph.n_nodes += 1;
        self.graph.n_nodes as u32 - 1
    }

    fn arc(&mut self, from: u32, to: u32, flow: Option<u32>, effects: &[Effect], gate: Option<u32>) {
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
            self.uncut(*channel, sources, &ground.flow(*channel).to);
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
            self.arc(asset, hub, Some(flow), &[], None);
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
}

fn is_within(within: Option<&[bool]>, asset: u32) -> bool {
    within.is_none_or(|it| it[asset as usize])
}

fn common(a: &[u32], b: &[u32]) -> Vec<u32> {
    a.iter().copied().filter(|it| b.binary_search(it).is_ok()).collect()
}
