//! What an attacker can reach when nobody does anything: the blast radius.

use bulkhead_model::id::AssetId;

use crate::attack::AttackGraph;
use crate::moves;
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
    /// What its compromise costs.
    pub value: f64,
    /// Whether the hard rules forbid that it is reached.
    pub hard: bool,
}

/// Everything reachable from where the attacker stands, nearest first, without the compromised assets themselves.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn blast_radius(request: &Request<'_>) -> Result<Vec<Reached>, PlanError> {
    let ground = request.ground()?;
    let graph = AttackGraph::new(&ground, &[], None);
    let reach = graph.reach(|_| false);
    let mut found: Vec<Reached> = Vec::new();
    for unit in 0..graph.n_assets as u32 {
        if !reach.nodes[unit as usize] || ground.start.compromised.contains(&unit) {
            continue;
        }
        let path = moves::path(&graph, &reach, unit);
        let moves = path.len() as u32;
        let path: Vec<String> =
            path.into_iter().map(|(from, to, flow)| moves::text(&ground, from, to, flow)).collect();
        let hard = ground.hard.contains(&unit);
        found.extend(ground.assets_of(unit).map(|it| Reached {
            asset: it.id.clone(),
            moves,
            path: path.clone(),
            value: it.value,
            hard,
        }));
    }
    found.sort_by(|a, b| (a.moves, &a.asset).cmp(&(b.moves, &b.asset)));
    Ok(found)
}
