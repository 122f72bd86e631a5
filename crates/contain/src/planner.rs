//! From a request to a plan: candidates, search, alternatives, baselines, and everything a reader wants to know about it.

use std::collections::BTreeSet;

use bulkhead_model::case::{
    Action, Alternative, Approval, Attitude, Broken, NotDone, Objective, Plan, ServiceImpact, ServiceState,
};
use bulkhead_model::estate::Port;
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::PointRules;
use bulkhead_service::Losses;

use crate::actions::{Candidate, Candidates, Effect};
use crate::attack::AttackGraph;
use crate::baseline::baselines;
use crate::ground::Ground;
use crate::moves;
use crate::problem::{Assessment, Parts, Problem, Weights, currency_of};
use crate::refusal;
use crate::render::{PlannedAction, point_rules};
use crate::request::{PlanError, Request};
use crate::solve::{Search, Solution};

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
    /// How much work it was.
    pub stats: Stats,
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

const BALANCED: Weights = Weights { service: 1, exposure: 1 };
/// Losing a service hour weighs as much as a thousand times its value: as little impact as containment allows.
const LEAST_IMPACT: Weights = Weights { service: 1000, exposure: 1 };
/// An asset left within reach weighs a thousand times its value: as much assurance as the estate's points allow.
const MOST_ASSURANCE: Weights = Weights { service: 1, exposure: 1000 };

/// Computes the plan of least cost for `request`, proven to the gap it states.
///
/// # Errors
/// [`PlanError::Infeasible`] when no set of actions meets the hard rules, with the rule and the smallest relaxation;
/// the others when the request names what is not there.
pub fn plan(request: &Request<'_>) -> Result<Planned, PlanError> {
    let ground = request.ground()?;
    let steering = request.steering();
    let bare = AttackGraph::new(&ground, &[]).reach(|_| false);
    let mut within: Vec<bool> = bare.nodes[..ground.index.n_assets()].to_vec();
    if !request.forced.is_empty() {
        within.fill(true);
    }
    let candidates = Candidates::list(&ground, &steering, &within);
    let forced = forced_positions(request, &candidates)?;
    let graph = AttackGraph::new(&ground, &candidates);
    let problem = Problem::new(&ground, &graph, &candidates, request.horizon_h, BALANCED);
    let balanced = Search::new(&problem, &forced, &[]).run(request.work_limit);
    let Some(chosen) = balanced.chosen.clone() else {
        return Err(refusal::explain(request, &ground, &graph));
    };
    let assessment = problem.assess(&chosen);

    let drafter = Drafter { request, ground: &ground, problem: &problem };
    let actions = drafter.actions(&chosen, &assessment);
    let (mut alternatives, mut nodes) = (Vec::new(), balanced.nodes);
    for (name, weights) in
        [("least_impact", LEAST_IMPACT), ("balanced", BALANCED), ("most_assurance", MOST_ASSURANCE)]
    {
        let solution = if weights == BALANCED {
            balanced.clone()
        } else {
            let weighted = Problem::new(&ground, &graph, &candidates, request.horizon_h, weights);
            let solution =
                Search::new(&weighted, &forced, std::slice::from_ref(&chosen)).run(request.work_limit);
            nodes += solution.nodes;
            solution
        };
        alternatives.push(drafter.alternative(name, &solution));
    }
    let suspected = request.suspected.iter().filter_map(|it| ground.index.asset(&it.0)).collect();
    let strict = strictly_reached(request, &candidates, &chosen)?;
    let reached = moves::asset_ids(&ground, |it| assessment.reach.nodes[it]);
    let beyond: Vec<AssetId> = strict.into_iter().filter(|it| reached.binary_search(it).is_err()).collect();
    let objective = objective(&assessment.parts);
    let bound = bound_of(&balanced, objective.total);
    let planned_actions: Vec<PlannedAction<'_>> = chosen
        .iter()
        .map(|&it| &candidates[it as usize])
        .map(|it| PlannedAction { id: &it.id, effect: it.effect, points: &it.points })
        .collect();
    let gap = gap(objective.total, bound);
    let plan = Plan {
        generation: request.generation,
        attitude: request.attitude,
        horizon_h: request.horizon_h,
        currency: request.estate.estate.currency.clone(),
        objective,
        bound,
        gap,
        actions,
        alternatives,
        baselines: baselines(&ground, &steering, &suspected, request.horizon_h),
        not_done: drafter.not_done(&assessment, &beyond, gap),
    };
    Ok(Planned {
        plan,
        rules: point_rules(&ground, &planned_actions, request.generation, request.lease_s),
        predicted: ground.services.impacts(&problem.baseline.states, &assessment.evaluation.states),
        reached,
        reached_under_strict: beyond,
        stats: Stats {
            reachable_before: bare.nodes[..ground.index.n_assets()].iter().filter(|&&it| it).count() as u64,
            candidates: candidates.len() as u64,
            graph_nodes: graph.n_nodes as u64,
            graph_arcs: graph.arcs.len() as u64,
            search_nodes: nodes,
        },
    })
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

/// What stays reachable under `strict` with the chosen actions in force.
fn strictly_reached(
    request: &Request<'_>,
    candidates: &[Candidate],
    chosen: &[u32],
) -> Result<Vec<AssetId>, PlanError> {
    let strict = request.ground_under(Attitude::Strict)?;
    let taken: Vec<Candidate> = chosen.iter().map(|&it| candidates[it as usize].clone()).collect();
    let reach = AttackGraph::new(&strict, &taken).reach(|arc| !arc.cutters.is_empty());
    Ok(moves::asset_ids(&strict, |it| reach.nodes[it]))
}

pub(crate) fn objective(parts: &Parts) -> Objective {
    Objective {
        service_loss: currency_of(parts.service),
        exposure: currency_of(parts.exposure),
        operating: currency_of(parts.operating),
        total: currency_of(parts.service + parts.exposure + parts.operating),
    }
}

fn bound_of(solution: &Solution, total: f64) -> f64 {
    if solution.bound >= solution.cost { total } else { currency_of(solution.bound).min(total) }
}

fn gap(total: f64, bound: f64) -> f64 {
    if total > 0.0 { ((total - bound) / total).max(0.0) } else { 0.0 }
}

struct Drafter<'d, 'e> {
    request: &'d Request<'d>,
    ground: &'d Ground<'e>,
    problem: &'d Problem<'d, 'e>,
}

impl Drafter<'_, '_> {
    /// The chosen actions in the order to take them: what needs no approval first, then the quickest.
    fn actions(&self, chosen: &[u32], assessment: &Assessment) -> Vec<Action> {
        let reached = &assessment.reach.nodes;
        let broken_together: BTreeSet<u32> = (0..)
            .zip(assessment.evaluation.states.iter().zip(&self.problem.baseline.states))
            .filter(|(_, (now, before))| now > before)
            .map(|(number, _)| number)
            .collect();
        let mut actions: Vec<Action> =
            chosen.iter().map(|&it| self.action(it, reached, &broken_together)).collect();
        actions.sort_by(|a, b| {
            (a.approval, a.time_to_effect_s, &a.id).cmp(&(b.approval, b.time_to_effect_s, &b.id))
        });
        actions
    }

    fn action(&self, position: u32, reached: &[bool], broken_together: &BTreeSet<u32>) -> Action {
        let ground = self.ground;
        let candidate = &self.problem.candidates[position as usize];
        let (from, to) = ground.ends(candidate.effect);
        let breaks = self.breaks(position);
        let points: Vec<PointId> = candidate.points.iter().map(|&it| ground.point(it).id.clone()).collect();
        let dependents =
            |leaf: &u32| ground.services.dependents(*leaf).iter().any(|it| broken_together.contains(it));
        let takes_part = self.problem.touched[position as usize].iter().any(dependents);
        let approval = if breaks.iter().any(|it| it.state == ServiceState::Down) {
            Approval::ServiceOwner
        } else if !breaks.is_empty() || takes_part || privileged(ground, candidate.effect) {
            Approval::Commander
        } else {
            Approval::Automatic
        };
        let time_to_effect = candidate.points.iter().map(|&it| ground.point(it).time_to_effect.secs()).max();
        Action {
            id: candidate.id.clone(),
            kind: candidate.effect.kind(),
            target: ground.target(candidate.effect),
            from,
            to,
            enforcement_point: points[0].clone(),
            also_at: points[1..].to_vec(),
            ports: ports_of(ground, candidate.effect),
            lease_s: self.request.lease_s,
            reversible: true,
            approval,
            time_to_effect_s: time_to_effect.unwrap_or(0),
            cuts: moves::cuts(ground, reached, candidate.effect),
            breaks,
        }
    }

    /// Services the action takes down or degrades by itself.
    fn breaks(&self, position: u32) -> Vec<Broken> {
        let (ground, problem) = (self.ground, self.problem);
        let mut losses = Losses::none(ground.exempt.clone());
        problem.candidates[position as usize].effect.apply(&mut losses);
        let touched = &problem.touched[position as usize];
        let mut changes = ground.services.changes(&ground.index, &problem.baseline, &losses, touched);
        changes.sort_unstable();
        changes
            .into_iter()
            .map(|(service, state)| Broken { service: ground.services.id(service as usize).clone(), state })
            .collect()
    }

    fn alternative(&self, name: &str, solution: &Solution) -> Alternative {
        let chosen = solution.chosen.clone().unwrap_or_default();
        let assessment = self.problem.assess(&chosen);
        let objective = objective(&assessment.parts);
        // The gap is proven for the alternative's own weights; its bound is the total less that share.
        let (cost, bound) = (currency_of(solution.cost), bound_of(solution, currency_of(solution.cost)));
        let gap = gap(cost, bound);
        Alternative {
            name: name.to_owned(),
            objective,
            bound: objective.total * (1.0 - gap),
            gap,
            actions: self.actions(&chosen, &assessment),
            services: self
                .ground
                .services
                .impacts(&self.problem.baseline.states, &assessment.evaluation.states),
        }
    }

    fn not_done(&self, assessment: &Assessment, beyond: &[AssetId], gap: f64) -> Vec<NotDone> {
        let ground = self.ground;
        let mut notes = Vec::new();
        let mut note = |what: String, why: String| notes.push(NotDone { what, why });
        let exposed = moves::asset_ids(ground, |it| {
            assessment.reach.nodes[it] && !ground.start.compromised.contains(&(it as u32))
        });
        if !exposed.is_empty() {
            note(
                format!(
                    "{} stay within the attacker's reach: {}",
                    counted(exposed.len(), "asset"),
                    listed(&exposed)
                ),
                "keeping the attacker out costs more than their value, or no available point can".to_owned(),
            );
        }
        if !beyond.is_empty() && self.request.attitude != Attitude::Strict {
            note(
                format!(
                    "{} would stay reachable under `strict`: {}",
                    counted(beyond.len(), "more asset"),
                    listed(beyond)
                ),
                format!(
                    "the plan is proved for `{}`: flows on other ports stay open",
                    attitude_name(self.request.attitude)
                ),
            );
        }
        for point in self.request.unavailable_points {
            note(format!("nothing was planned at {point}"), "it does not answer".to_owned());
        }
        for (asset, confidence) in
            self.request.suspected.iter().filter(|it| it.1 < self.request.suspect_threshold)
        {
            note(
                format!("{asset} was not treated as compromised"),
                format!("its confidence {confidence} is below {}", self.request.suspect_threshold),
            );
        }
        if gap > 0.0 {
            note(
                format!("a plan cheaper by up to {:.2} % was not ruled out", gap * 100.0),
                "the search stopped at its work limit".to_owned(),
            );
        }
        notes
    }
}

fn privileged(ground: &Ground<'_>, effect: Effect) -> bool {
    matches!(effect, Effect::Disable(identity) if ground.estate.identities[identity as usize].privileged)
}

fn ports_of(ground: &Ground<'_>, effect: Effect) -> Vec<Port> {
    match effect {
        Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
            ground.flow(flow).ports.clone()
        }
        _ => Vec::new(),
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn listed(ids: &[AssetId]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<&str> = ids.iter().take(SHOWN).map(AssetId::as_str).collect();
    match ids.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn attitude_name(attitude: Attitude) -> &'static str {
    match attitude {
        Attitude::Movement => "movement",
        Attitude::Strict => "strict",
        Attitude::Credential => "credential",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_shares_of_the_total() {
        assert!((gap(200.0, 150.0) - 0.25).abs() < 1e-12);
        assert_eq!(gap(0.0, 0.0), 0.0);
    }
}
