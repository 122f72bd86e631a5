//! From a request to a plan: the estate prepared, candidates listed, the searches run.

use std::sync::Arc;

use bulkhead_model::case::{Action, Approval, Attitude, Plan, ServiceImpact};
use bulkhead_model::estate::Estate;
use bulkhead_model::id::AssetId;
use bulkhead_model::rules::PointRules;

use crate::actions::{Candidate, Candidates};
use crate::alternatives::{BALANCED, Others};
use crate::attack::AttackGraph;
use crate::common::Common;
use crate::draft::Drafter;
use crate::ground::{Ground, Means, Prepared};
use crate::moves;
use crate::ports::MovementPorts;
use crate::presolve::{Limits, solve};
use crate::problem::Problem;
use crate::refusal;
use crate::request::{PlanError, Request};

/// A plan with what carries it out and what it will cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Rules per enforcement point that has something to do, ascending by point.
    pub rules: Vec<PointRules>,
    /// Services that the plan breaks, with customers and value lost per hour.
    pub predicted: Vec<ServiceImpact>,
    /// Assets the attacker can still reach, compromised ones included; ascending.
    pub reached: Vec<AssetId>,
    /// Assets beyond these that would be reachable if every allowed flow let the attacker move; ascending.
    pub reached_under_strict: Vec<AssetId>,
    /// What can be done at once and what must wait for approval, and how far the attacker still gets after each.
    pub stages: Vec<PlanStage>,
    /// How much work it was.
    pub stats: Stats,
}

/// A part of a plan that can be carried out by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanStage {
    /// Who must have said yes before.
    pub approval: Approval,
    /// Ids of its actions.
    pub actions: Vec<String>,
    /// Seconds until all of them have taken effect, once begun.
    pub time_to_effect_s: u64,
    /// Assets still within reach, beyond the compromised, once this stage and those before it are in force.
    pub exposed: u64,
    /// How many of them the hard rules protect: 0 once the plan is complete.
    pub protected_exposed: u64,
    /// Compromised assets and identities that then still keep a foothold.
    pub footholds: u64,
}

/// How much work a plan was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Assets reachable when nothing is done, compromised ones included.
    pub reachable_before: u64,
    /// Candidate actions considered.
    pub candidates: u64,
    /// Nodes and arcs of the compact attack graph.
    pub graph_nodes: u64,
    /// Arcs of the compact attack graph.
    pub graph_arcs: u64,
    /// Nodes of the search expanded, over all three plans.
    pub search_nodes: u64,
}

/// Arcs and leaves that the search for the plan may look at, each alternative half as many: all together well under a second.
const EFFORT: u64 = 10_000_000;

/// Computes the plan of least cost for `request`, proven to the gap it states.
///
/// # Errors
/// [`PlanError::Infeasible`] when no set of actions meets the hard rules, with the rule and the smallest relaxation;
/// the others when the request names what is not there.
pub fn plan(request: &Request<'_>) -> Result<Planned, PlanError> {
    Planner::new(request.estate, request.movement_ports).plan(request, None)
}

/// An estate prepared once, for plan after plan as an incident grows.
pub struct Planner<'e> {
    prepared: Arc<Prepared<'e>>,
}

impl<'e> Planner<'e> {
    /// Prepares `estate`: numbers it, resolves its selectors, compiles its services.
    pub fn new(estate: &'e Estate, movement_ports: &MovementPorts) -> Self {
        Self { prepared: Arc::new(Prepared::new(estate, movement_ports)) }
    }

    /// Prepares `estate` over units of assets that nothing tells apart, however few there are.
    pub fn condensed(estate: &'e Estate, movement_ports: &MovementPorts) -> Self {
        Self { prepared: Arc::new(Prepared::condensed(estate, movement_ports)) }
    }

    pub(crate) fn ground(&self, request: &Request<'_>) -> Result<Ground<'e>, PlanError> {
        request.ground_on(&self.prepared, request.attitude)
    }

    pub(crate) fn of(prepared: &Arc<Prepared<'e>>) -> Self {
        Self { prepared: prepared.clone() }
    }

    /// As [`plan`], for a request about the same estate; `previous` is a plan to start from, when there is one. Estate
    /// and movement ports of the request are not looked at again.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn plan(&self, request: &Request<'_>, previous: Option<&Plan>) -> Result<Planned, PlanError> {
        let ground = request.ground_on(&self.prepared, request.attitude)?;
        let bare = AttackGraph::of_moves(&ground, &[]).reach(|_| false);
        let mut within: Vec<bool> = bare.nodes[..ground.index.n_assets()].to_vec();
        let reachable_before =
            (0..).zip(&within).filter(|it| *it.1).map(|it| ground.index.size(it.0) as u64).sum();
        if !request.forced.is_empty() {
            within.fill(true);
        }
        let candidates = Candidates::list(&ground, &request.steering(), &within);
        let graph = AttackGraph::new(&ground, &candidates, Some(&within));
        let forced = forced_positions(request, &candidates)?;
        let problem =
            Problem::new(&ground, &graph, &candidates, request.horizon_h, request.approval_budget, BALANCED);
        let hints: Vec<Vec<u32>> =
            previous.map(|it| positions_of(&it.actions, &candidates)).into_iter().collect();
        let limits = Limits { nodes: request.work_limit, effort: EFFORT };
        let common = Common::new(&problem);
        let balanced = solve(&problem, &common, &forced, &hints, limits);
        let Some(chosen) = balanced.chosen.clone() else {
            return Err(refusal::explain(request, &self.prepared, &ground, &graph));
        };
        let strict = self.strictly_reached(request, &candidates, &chosen)?;
        let mut stats = Stats {
            reachable_before,
            candidates: candidates.len() as u64,
            graph_nodes: graph.n_nodes as u64,
            graph_arcs: graph.arcs.len() as u64,
            search_nodes: balanced.nodes,
        };
        let drafter = Drafter { request, ground: &ground, problem: &problem, within: &within };
        let drawn = drafter.draw(chosen);
        let mut others = Others {
            drafter: &drafter,
            common: &common,
            forced: &forced,
            balanced: &balanced,
            drawn: &drawn,
            previous,
            limits: Limits { effort: EFFORT / 2, ..limits },
            nodes: 0,
        };
        let alternatives = others.all();
        stats.search_nodes += others.nodes;
        Ok(drafter.draft(&balanced, drawn, alternatives, &strict, stats))
    }

    /// How many assets an attacker can reach when nothing is done: one plain search over the same graph as planning.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn reach(&self, request: &Request<'_>) -> Result<u64, PlanError> {
        let ground = request.ground_on(&self.prepared, request.attitude)?;
        let reach = AttackGraph::of_moves(&ground, &[]).reach(|_| false);
        let reached = (0..ground.index.n_assets() as u32).filter(|&it| reach.nodes[it as usize]);
        Ok(reached.map(|it| ground.index.size(it) as u64).sum())
    }

    /// How large the estate is for the planner: (units, ordered pairs of assets between which a flow counts as a move).
    pub fn size(&self, attitude: Attitude) -> (u64, u64) {
        let ground = self.prepared.ground(attitude, &[], &[], &[]);
        let assets = |unit: u32| ground.index.size(unit) as u64;
        let mut pairs = 0;
        for (number, flow) in (0..).zip(ground.index.flows()) {
            let from: u64 = flow.from.iter().map(|&it| assets(it)).sum();
            let counting = flow.to.iter().filter(|&&it| ground.means(number, it) != Means::Never);
            for &to in counting {
                let own = if flow.from.binary_search(&to).is_ok() { 1 } else { 0 };
                pairs += (from - own) * assets(to);
            }
        }
        (ground.index.n_assets() as u64, pairs)
    }

    /// What stays reachable under `strict` with the chosen actions in force.
    fn strictly_reached(
        &self,
        request: &Request<'_>,
        candidates: &[Candidate],
        chosen: &[u32],
    ) -> Result<Vec<AssetId>, PlanError> {
        let strict = request.ground_on(&self.prepared, Attitude::Strict)?;
        let taken: Vec<Candidate> = chosen.iter().map(|&it| candidates[it as usize].clone()).collect();
        let reach = AttackGraph::of_moves(&strict, &taken).reach(|arc| !arc.cutters.is_empty());
        Ok(moves::asset_ids(&strict, |it| reach.nodes[it]))
    }
}

/// Those actions of an earlier plan that are still possible.
pub(crate) fn positions_of(actions: &[Action], candidates: &[Candidate]) -> Vec<u32> {
    let position = |it: &Action| candidates.binary_search_by(|candidate| candidate.id.cmp(&it.id)).ok();
    actions.iter().filter_map(position).map(|it| it as u32).collect()
}

fn forced_positions(request: &Request<'_>, candidates: &[Candidate]) -> Result<Vec<u32>, PlanError> {
    let position = |id: &String| {
        let unknown = |why: &str| PlanError::UnknownAction { id: id.clone(), why: why.to_owned() };
        if request.forbidden.contains(id) {
            return Err(unknown("it is forced and forbidden at once"));
        }
        let at = candidates.binary_search_by(|it| it.id.cmp(id));
        at.map(|it| it as u32).map_err(|_| {
            unknown("no enforcement point that exists and answers can do it, or it blocks nothing an action may block")
        })
    };
    request.forced.iter().map(position).collect()
}
