//! What an attacker can reach when nobody does anything: the blast radius, how soon, and the choke points on the way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use bulkhead_model::case::Attitude;
use bulkhead_model::estate::Movement;
use bulkhead_model::id::AssetId;

use crate::attack::{Arc, AttackGraph};
use crate::ground::{Ground, overlap};
use crate::moves;
use crate::ports::DEFAULT_TIME;
use crate::request::{PlanError, Request};

/// One asset within the blast radius.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Which.
    pub asset: AssetId,
    /// Fewest moves from a compromised asset.
    pub moves: u32,
    /// Those moves, as `from -> to (means)`.
    pub path: Vec<String>,
    /// Seconds after which an attacker can be there at the earliest, each move taking the time its means take.
    pub earliest_s: u64,
    /// What its compromise costs.
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

/// Everything reachable from where the attacker stands, nearest first, without the compromised assets themselves.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn blast_radius(request: &Request<'_>) -> Result<Vec<Reached>, PlanError> {
    let ground = request.ground()?;
    let graph = AttackGraph::new(&ground, &[], None);
    let reach = graph.reach(|_| false);
    let times = graph.earliest(|arc| seconds(&ground, &graph, arc));
    let mut found: Vec<Reached> = Vec::new();
    for unit in 0..graph.n_assets as u32 {
        if !reach.nodes[unit as usize] || ground.start.compromised.contains(&unit) {
            continue;
        }
        let path = moves::path(&graph, &reach, unit);
        let asset = ground.asset(unit);
        found.push(Reached {
            asset: asset.id.clone(),
            moves: path.len() as u32,
            path: path.into_iter().map(|(from, to, flow)| moves::text(&ground, from, to, flow)).collect(),
            earliest_s: times[unit as usize].unwrap_or(0),
            value: asset.value,
            hard: ground.hard.contains(&unit),
        });
    }
    found.sort_by(|a, b| (a.moves, &a.asset).cmp(&(b.moves, &b.asset)));
    Ok(found)
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

/// Assets that every path to some others leads through, the most worth holding first; compromised ones are left out.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn choke_points(request: &Request<'_>) -> Result<Vec<ChokePoint>, PlanError> {
    let ground = request.ground()?;
    let graph = AttackGraph::new(&ground, &[], None);
    let dominators = graph.dominators();
    let mut behind: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let is_asset = |node: u32| (node as usize) < graph.n_assets;
    let compromised = &ground.start.compromised;
    for unit in (0..graph.n_assets as u32).filter(|it| !compromised.contains(it)) {
        let mut node = unit;
        while let Some(above) = dominators[node as usize] {
            node = above;
            if is_asset(node) && !compromised.contains(&node) {
                behind.entry(node).or_default().insert(unit);
            }
        }
    }
    // What leads through a secret shows in no path: such an asset, and any before one, is taken out by itself.
    if !graph.secrets.is_empty() {
        let all = graph.reach(|_| false);
        let holds = |it: &u32| graph.secrets.contains_key(it) || behind.contains_key(it);
        let reached = |it: &u32| all.nodes[*it as usize] && !compromised.contains(it);
        let suspects: Vec<u32> = (0..graph.n_assets as u32).filter(reached).filter(holds).collect();
        for suspect in suspects {
            let without = graph.reach(|arc| arc.to == suspect).nodes;
            let lost = (0..graph.n_assets as u32).filter(|it| reached(it) && *it != suspect);
            let lost: BTreeSet<u32> = lost.filter(|&it| !without[it as usize]).collect();
            if !lost.is_empty() {
                behind.insert(suspect, lost);
            }
        }
    }
    let point = |(at, behind): (u32, BTreeSet<u32>)| ChokePoint {
        asset: ground.asset(at).id.clone(),
        behind: behind.len() as u64,
        protected: behind.iter().filter(|it| ground.hard.contains(it)).count() as u64,
        value: behind.iter().map(|&it| ground.asset(it).value).sum(),
    };
    let mut points: Vec<ChokePoint> = behind.into_iter().map(point).collect();
    points.sort_by(|a, b| {
        (b.protected.cmp(&a.protected)).then(b.value.total_cmp(&a.value)).then_with(|| a.asset.cmp(&b.asset))
    });
    Ok(points)
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
