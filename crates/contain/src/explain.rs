//! Why each action of a plan is there: what would open again without it, by which path, and whom it hits.

use bulkhead_model::case::{Plan, ServiceImpact};
use bulkhead_model::id::AssetId;
use bulkhead_service::Losses;

use crate::actions::{Candidate, Effect};
use crate::attack::AttackGraph;
use crate::blocked::Foreign;
use crate::ground::Ground;
use crate::moves;
use crate::observed::effect_of;
use crate::planner::Planner;
use crate::request::{PlanError, Request};
use crate::residual::keeping_ids;

/// Paths named per action; protected assets first, then by value.
const PATHS: usize = 3;

/// Why one action is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Id of the action.
    pub action: String,
    /// Assets the attacker would reach without it, the rest of the plan in force; ascending.
    pub opens: Vec<AssetId>,
    /// Those of them that the hard rules protect.
    pub protected: Vec<AssetId>,
    /// What those assets are worth together, in the estate's currency.
    pub exposure: f64,
    /// Compromised assets, then identities, that would keep a foothold without it, the rest of the plan in force.
    pub footholds: Vec<String>,
    /// Attack paths that would open: moves as `from -> to (means)`.
    pub paths: Vec<Vec<String>>,
    /// Services it breaks by itself, with customers and value per hour.
    pub breaks: Vec<ServiceImpact>,
}

impl Planner<'_> {
    /// Explains every action of `plan`, in the plan's order. An action without which nothing opens and nobody talks was forced.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn explain(&self, request: &Request<'_>, plan: &Plan) -> Result<Vec<Explanation>, PlanError> {
        // The assets that the plan's actions name are told apart.
        let ids: Vec<String> = plan.actions.iter().map(|it| it.id.clone()).collect();
        let ground = self.ground(&Request { forced: &ids, ..request.clone() })?;
        let found = plan.actions.iter().filter_map(|it| Some((it.id.clone(), effect_of(&ground, it)?)));
        let actions: Vec<Candidate> = found
            .map(|(id, effect)| Candidate {
                id,
                effect,
                points: Vec::new(),
                cost: 0.0,
                count: 1,
                foreign: Foreign::default(),
            })
            .collect();
        let graph = AttackGraph::new(&ground, &actions, None);
        let held = graph.reach(|arc| !arc.cutters.is_empty()).nodes;
        Ok((0..actions.len()).map(|at| explain(&ground, &graph, &actions, &held, at)).collect())
    }
}

fn explain(
    ground: &Ground<'_>,
    graph: &AttackGraph,
    actions: &[Candidate],
    held: &[bool],
    at: usize,
) -> Explanation {
    let without = graph.reach(|arc| arc.cutters.iter().any(|&it| it as usize != at));
    let opened = |unit: &u32| without.nodes[*unit as usize] && !held[*unit as usize];
    let mut units: Vec<u32> = (0..graph.n_assets as u32).filter(opened).collect();
    let exposure = units.iter().map(|&it| ground.index.value(it)).sum();
    let opens = moves::asset_ids(ground, |it| opened(&(it as u32)));
    let protected = moves::asset_ids(ground, |it| opened(&(it as u32)) && ground.hard.contains(&(it as u32)));
    let still = keeping_ids(ground, graph, held);
    let mut footholds = keeping_ids(ground, graph, &without.nodes);
    footholds.retain(|it| !still.contains(it));
    let most = |unit: u32| ground.index.values(unit).map(|it| it.0).fold(0.0, f64::max);
    let worth = |unit: u32| (ground.hard.contains(&unit), most(unit));
    units.sort_by(|&a, &b| {
        worth(b).0.cmp(&worth(a).0).then(worth(b).1.total_cmp(&worth(a).1)).then(a.cmp(&b))
    });
    let path = |unit: &u32| -> Vec<String> {
        let path = moves::path(graph, &without, *unit);
        path.into_iter().map(|(from, to, flow)| moves::text(ground, from, to, flow)).collect()
    };
    Explanation {
        action: actions[at].id.clone(),
        opens,
        protected,
        exposure,
        footholds,
        paths: units.iter().take(PATHS).map(path).collect(),
        breaks: breaks(ground, actions[at].effect),
    }
}

fn breaks(ground: &Ground<'_>, effect: Effect) -> Vec<ServiceImpact> {
    let mut losses = Losses::none(ground.exempt.clone());
    let none = ground.services.evaluate(&ground.index, &losses);
    effect.apply(&mut losses);
    let alone = ground.services.evaluate(&ground.index, &losses);
    ground.services.impacts(&none.states, &alone.states)
}
