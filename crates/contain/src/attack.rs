//! The attack graph, compact: no pair is ever listed. Every flow is a small chain, and each action cuts single arcs of it.
//!
//! ```text
//! asset u ──Isolate(u)──► exit(u) ──FlowFrom(f,u)──► f/zone(u) ──Flow(f) or Segment──► f/zone(v)
//!                                              ──FlowTo(f,v)──► entry(v) ──Isolate(v)──► asset v
//! ```
//! An arc with several cutters is cut by any one of them. Pairs that no action may block (management channels kept open,
//! protected addresses) run through arcs of their own without cutters. An arc with a gate is passable once the
//! attacker can use that identity.
//!
//! A second layer says who keeps a foothold, by the same kind of chains: from the outside over relays to the compromised
//! assets that talk to it, whoever opens the flow. Being reached there costs the asset's value.

use std::collections::{BTreeMap, BTreeSet};

use crate::ground::Ground;

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

/// The graph: nodes `0..n_assets` are the assets themselves; up to `n_valued` those that stand for a compromised asset's and
/// then a compromised identity's keeping a foothold; then the outside; the rest belongs to chains.
pub(crate) struct AttackGraph {
    pub(crate) n_assets: usize,
    /// Nodes whose being reached can cost something are those below.
    pub(crate) n_valued: usize,
    pub(crate) n_nodes: usize,
    pub(crate) arcs: Vec<Arc>,
    /// Arcs leaving each node.
    pub(crate) leaving: Vec<Vec<u32>>,
    /// Arcs that each action cuts.
    cut_by: Vec<Vec<u32>>,
    /// Compromised assets, and the outside.
    pub(crate) sources: Vec<u32>,
    /// Nodes that stand for an external asset from which an account lets the attacker in: that asset.
    pub(crate) aliases: BTreeMap<u32, u32>,
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

impl AttackGraph {
    /// Nodes and arcs of nothing yet, for an attacker who stands where `ground` says; `held` assets can keep a foothold.
    pub(crate) fn begin(ground: &Ground<'_>, n_candidates: usize, held: usize) -> Self {
        let n_assets = ground.index.n_assets();
        let n_valued = n_assets + held + ground.start.identities.len();
        let outside = n_valued as u32;
        Self {
            n_assets,
            n_valued,
            n_nodes: n_valued + 1,
            arcs: Vec::new(),
            leaving: Vec::new(),
            cut_by: vec![Vec::new(); n_candidates],
            sources: ground.start.compromised.iter().copied().chain([outside]).collect(),
            aliases: BTreeMap::new(),
            identities: ground.start.identities.clone(),
            secrets: ground.identities_by_asset(),
            n_identities: ground.estate.identities.len(),
        }
    }

    /// The node of the outside, from where attackers talk to what they hold.
    pub(crate) fn outside(&self) -> u32 {
        self.n_valued as u32
    }

    /// Lists arcs by node and by action, once all are there.
    pub(crate) fn index(&mut self) {
        self.leaving = vec![Vec::new(); self.n_nodes];
        for (number, arc) in (0..).zip(&self.arcs) {
            self.leaving[arc.from as usize].push(number);
            arc.cutters.iter().for_each(|&it| self.cut_by[it as usize].push(number));
        }
    }

    /// Only the nodes `left` (ascending), numbered anew in their order, with these arcs between them, cut by `n_candidates`
    /// actions, and an attacker who has `sources`, all by their new numbers.
    pub(crate) fn part(&self, left: &[u32], arcs: Vec<Arc>, sources: Vec<u32>, n_candidates: usize) -> Self {
        let below = |end: usize| left.partition_point(|&it| (it as usize) < end);
        let secrets =
            (0..).zip(left).filter_map(|(now, before)| Some((now, self.secrets.get(before)?.clone())));
        let mut part = Self {
            n_assets: below(self.n_assets),
            n_valued: below(self.n_valued),
            n_nodes: left.len(),
            aliases: BTreeMap::new(),
            arcs,
            leaving: Vec::new(),
            cut_by: vec![Vec::new(); n_candidates],
            sources,
            identities: self.identities.clone(),
            secrets: secrets.collect(),
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
        if let Some(&unit) = self.aliases.get(&node) {
            return Some(unit);
        }
        let inside = self.arcs.iter().find(|it| it.flow.is_none() && (it.from == node || it.to == node))?;
        Some(inside.from.min(inside.to)).filter(|&it| (it as usize) < self.n_assets)
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
