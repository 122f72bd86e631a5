//! What an attacker can reach when nobody does anything: the blast radius, how soon, and the choke points on the way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Movement;
use bulkhead_model::id::AssetId;

use crate::attack::{Arc, AttackGraph, Reach};
use crate::ground::{Ground, overlap};
use crate::moves;
use crate::planner::Planner;
use crate::ports::DEFAULT_TIME;
use crate::request::{PlanError, Request};

/// One asset within the blast radius, with those that nothing tells apart from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Which; of several the first in the file.
    pub asset: AssetId,
    /// How many assets this stands for: more than one only on estates of more than 2,000 assets.
    pub assets: u64,
    /// Fewest moves from a compromised asset.
    pub moves: u32,
    /// Those moves, as `from -> to (means)`.
    pub path: Vec<String>,
    /// Seconds after which an attacker can be there at the earliest, each move taking the time its means take.
    pub earliest_s: u64,
    /// What the compromise of all of them costs.
    pub value: f64,
    /// Whether the hard rules forbid that it is reached.
    pub hard: bool,
}

/// An asset without which others cannot be reached: every path to them leads through it, or a secret they need lies there.
#[derive(Clone, Debug, PartialEq)]
pub struct ChokePoint {
    /// Which.
    pub asset: AssetId,
    /// How many other assets cannot be reached but through it.
    pub behind: u64,
    /// How many of them the hard rules protect.
    pub protected: u64,
    /// What they are worth together.
    pub value: f64,
}

/// How far an attacker can have come by some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// Seconds from now.
    pub seconds: u64,
    /// Assets within reach by then, without those compromised now.
    pub assets: u64,
    /// How many of them the hard rules protect.
    pub protected: u64,
    /// What they are worth together.
    pub value: f64,
}

/// Everything reachable from where the attacker stands, nearest first, without the compromised assets themselves.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn blast_radius(request: &Request<'_>) -> Result<Vec<Reached>, PlanError> {
    Planner::new(request.estate, request.movement_ports).blast_radius(request)
}

/// Assets that every path to some others leads through, the most worth holding first; compromised ones are left out.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn choke_points(request: &Request<'_>) -> Result<Vec<ChokePoint>, PlanError> {
    Planner::new(request.estate, request.movement_ports).choke_points(request)
}

/// The blast radius as it grows: an entry for each time at which more comes within reach.
pub fn over_time(radius: &[Reached]) -> Vec<Within> {
    let mut by_time: BTreeMap<u64, Vec<&Reached>> = BTreeMap::new();
    radius.iter().for_each(|it| by_time.entry(it.earliest_s).or_default().push(it));
    let mut within = Within { seconds: 0, assets: 0, protected: 0, value: 0.0 };
    let mut steps = Vec::new();
    for (seconds, found) in by_time {
        within.seconds = seconds;
        for it in found {
            within.assets += it.assets;
            within.protected += if it.hard { it.assets } else { 0 };
            within.value += it.value;
        }
        steps.push(within);
    }
    steps
}

impl Planner<'_> {
    /// As [`blast_radius`], on the estate prepared.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn blast_radius(&self, request: &Request<'_>) -> Result<Vec<Reached>, PlanError> {
        let ground = self.ground(request)?;
        let graph = AttackGraph::of_moves(&ground, &[]);
        let reach = graph.reach(|_| false);
        let times = graph.earliest(|arc| seconds(&ground, &graph, arc));
        let mut found: Vec<Reached> = Vec::new();
        for unit in 0..graph.n_assets as u32 {
            if !reach.nodes[unit as usize] || ground.start.compromised.contains(&unit) {
                continue;
            }
            let path = moves::path(&graph, &reach, unit);
            let (asset, assets) = (ground.asset(unit), ground.index.size(unit) as u64);
            found.push(Reached {
                asset: asset.id.clone(),
                assets,
                moves: path.len() as u32,
                path: path.into_iter().map(|(from, to, flow)| moves::text(&ground, from, to, flow)).collect(),
                earliest_s: times[unit as usize].unwrap_or(0),
                value: ground.index.value(unit),
                hard: ground.hard.contains(&unit),
            });
        }
        found.sort_by(|a, b| (a.moves, &a.asset).cmp(&(b.moves, &b.asset)));
        Ok(found)
    }

    /// As [`choke_points`], on the estate prepared.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn choke_points(&self, request: &Request<'_>) -> Result<Vec<ChokePoint>, PlanError> {
        let ground = self.ground(request)?;
        let graph = AttackGraph::of_moves(&ground, &[]);
        let reached = graph.reach(|_| false);
        let mut behind = behind_dominators(&ground, &graph);
        for suspect in keepers_of_secrets(&ground, &graph, &reached, &behind) {
            let without = graph.reach(|arc| arc.to == suspect).nodes;
            let units = (0..graph.n_assets as u32).filter(|it| !ground.start.compromised.contains(it));
            let lost: BTreeSet<u32> = units
                .filter(|&it| it != suspect && reached.nodes[it as usize] && !without[it as usize])
                .collect();
            behind.insert(suspect, lost);
        }
        // Of several assets alike none is the only way.
        behind.retain(|&at, behind| ground.index.size(at) == 1 && !behind.is_empty());
        let size = |it: &u32| ground.index.size(*it) as u64;
        let point = |(at, behind): (u32, BTreeSet<u32>)| ChokePoint {
            asset: ground.asset(at).id.clone(),
            behind: behind.iter().map(size).sum(),
            protected: behind.iter().filter(|it| ground.hard.contains(it)).map(size).sum(),
            value: behind.iter().map(|&it| ground.index.value(it)).sum(),
        };
        let mut points: Vec<ChokePoint> = behind.into_iter().map(point).collect();
        points.sort_by(|a, b| {
            (b.protected.cmp(&a.protected))
                .then(b.value.total_cmp(&a.value))
                .then_with(|| a.asset.cmp(&b.asset))
        });
        Ok(points)
    }
}

/// Per asset: the others to which every path leads through it.
fn behind_dominators(ground: &Ground<'_>, graph: &AttackGraph) -> BTreeMap<u32, BTreeSet<u32>> {
    let dominators = graph.dominators();
    let mut behind: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let counts = |it: u32| (it as usize) < graph.n_assets && !ground.start.compromised.contains(&it);
    for unit in (0..graph.n_assets as u32).filter(|&it| counts(it)) {
        let mut node = unit;
        while let Some(above) = dominators[node as usize] {
            node = above;
            if counts(node) {
                behind.entry(node).or_default().insert(unit);
            }
        }
    }
    behind
}

/// Assets without which some identity could not be used: its secret lies there, or only beyond. What leads through a
/// secret shows in no path.
fn keepers_of_secrets(
    ground: &Ground<'_>,
    graph: &AttackGraph,
    reached: &Reach,
    behind: &BTreeMap<u32, BTreeSet<u32>>,
) -> BTreeSet<u32> {
    let mut keepers = BTreeSet::new();
    for (identity, holders) in (0..).zip(&ground.secrets) {
        let holders: Vec<u32> = holders.iter().copied().filter(|&it| reached.nodes[it as usize]).collect();
        let held = graph.identities.contains(&identity)
            || holders.iter().any(|it| ground.start.compromised.contains(it));
        let Some(&first) = holders.first().filter(|_| !held) else { continue };
        let before = behind.iter().filter(|it| it.1.contains(&first)).map(|it| *it.0);
        let on_the_way = |it: &u32| {
            let beyond = behind.get(it);
            holders.iter().all(|holder| holder == it || beyond.is_some_and(|of| of.contains(holder)))
        };
        keepers.extend(before.chain([first]).filter(on_the_way));
    }
    keepers
}

/// The time the move along `arc` takes; arcs that do not arrive at an asset take none.
fn seconds(ground: &Ground<'_>, graph: &AttackGraph, arc: &Arc) -> u64 {
    let Some(number) = arc.flow.filter(|_| (arc.to as usize) < graph.n_assets) else { return 0 };
    let flow = ground.flow(number);
    let exploitable = &ground.asset(arc.to).exploitable;
    let table =
        ground.ports.ports().iter().filter(|it| overlap(&flow.ports, &[it.port])).map(|it| it.time.secs());
    let declared = flow.movement == Movement::Yes || ground.start.attitude == Attitude::Strict;
    let other = (declared || overlap(&flow.ports, exploitable)).then(|| DEFAULT_TIME.secs());
    table.chain(other).min().unwrap_or(DEFAULT_TIME.secs())
}

impl AttackGraph {
    /// Per node: the least sum of `seconds` over a path to it (Dijkstra); a gate opens when the secret is reached.
    fn earliest(&self, seconds: impl Fn(&Arc) -> u64) -> Vec<Option<u64>> {
        let mut times: Vec<Option<u64>> = vec![None; self.n_nodes];
        let mut usable: Vec<bool> = vec![false; self.n_identities];
        self.identities.iter().for_each(|&it| usable[it as usize] = true);
        let mut waiting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut queue: BinaryHeap<Reverse<(u64, u32)>> =
            self.sources.iter().map(|&it| Reverse((0, it))).collect();
        while let Some(Reverse((now, node))) = queue.pop() {
            if times[node as usize].is_some() {
                continue;
            }
            times[node as usize] = Some(now);
            let mut passable: Vec<u32> = Vec::new();
            for &identity in self.secrets.get(&node).into_iter().flatten() {
                if !std::mem::replace(&mut usable[identity as usize], true) {
                    passable.extend(waiting.remove(&identity).unwrap_or_default());
                }
            }
            for &number in &self.leaving[node as usize] {
                match self.arcs[number as usize].gate {
                    Some(gate) if !usable[gate as usize] => waiting.entry(gate).or_default().push(number),
                    _ => passable.push(number),
                }
            }
            for number in passable {
                let arc = &self.arcs[number as usize];
                queue.push(Reverse((now + seconds(arc), arc.to)));
            }
        }
        times
    }

    /// Per node: the nearest node that every path to it leads through (Cooper, Harvey, Kennedy); none for the first ones.
    fn dominators(&self) -> Vec<Option<u32>> {
        let root = self.n_nodes as u32;
        let reach = self.reach(|_| false);
        let open =
            |arc: &Arc| reach.nodes[arc.from as usize] && arc.gate.is_none_or(|it| reach.usable[it as usize]);
        let mut into: Vec<Vec<u32>> = vec![Vec::new(); self.n_nodes];
        self.arcs.iter().filter(|it| open(it)).for_each(|it| into[it.to as usize].push(it.from));
        self.sources.iter().for_each(|&it| into[it as usize].push(root));
        let order = self.reverse_postorder(open);
        let mut rank = vec![u32::MAX; self.n_nodes + 1];
        rank[root as usize] = 0;
        (1..).zip(&order).for_each(|(at, &node)| rank[node as usize] = at);
        let mut above: Vec<Option<u32>> = vec![None; self.n_nodes + 1];
        above[root as usize] = Some(root);
        let mut changed = true;
        while changed {
            changed = false;
            for &node in &order {
                let known = into[node as usize].iter().copied().filter(|&it| above[it as usize].is_some());
                let common = known.reduce(|a, b| meet(&above, &rank, a, b));
                if common.is_some() && common != above[node as usize] {
                    above[node as usize] = common;
                    changed = true;
                }
            }
        }
        above.truncate(self.n_nodes);
        above.into_iter().map(|it| it.filter(|&it| it != root)).collect()
    }

    /// Reached nodes, each after the one it is first entered from.
    fn reverse_postorder(&self, open: impl Fn(&Arc) -> bool) -> Vec<u32> {
        let (mut seen, mut order) = (vec![false; self.n_nodes], Vec::new());
        for &source in &self.sources {
            let mut stack: Vec<(u32, usize)> = Vec::new();
            if !std::mem::replace(&mut seen[source as usize], true) {
                stack.push((source, 0));
            }
            while let Some((node, at)) = stack.pop() {
                let Some(&number) = self.leaving[node as usize].get(at) else {
                    order.push(node);
                    continue;
                };
                stack.push((node, at + 1));
                let arc = &self.arcs[number as usize];
                if open(arc) && !std::mem::replace(&mut seen[arc.to as usize], true) {
                    stack.push((arc.to, 0));
                }
            }
        }
        order.reverse();
        order
    }
}

/// The nearest node above both `a` and `b`.
fn meet(above: &[Option<u32>], rank: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        if rank[a as usize] < rank[b as usize] {
            std::mem::swap(&mut a, &mut b);
        }
        a = above[a as usize].unwrap_or(a);
    }
    a
}
