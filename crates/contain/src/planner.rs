//! From a request to a plan: candidates, search, alternatives, baselines, and everything a reader wants to know about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bulkhead_model::case::{
    Action, Alternative, Approval, Attitude, Broken, NotDone, Objective, Plan, ServiceImpact, ServiceState,
};
use bulkhead_model::estate::{Asset, Estate, Port};
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::PointRules;
use bulkhead_service::Losses;

use crate::actions::{Candidate, Candidates, Effect};
use crate::attack::AttackGraph;
use crate::baseline::baselines;
use crate::ground::{Ground, Means, Prepared};
use crate::moves;
use crate::ports::MovementPorts;
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
        let bare = AttackGraph::new(&ground, &[], None).reach(|_| false);
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
        let hints: Vec<Vec<u32>> = previous.map(|it| positions_of(it, &candidates)).into_iter().collect();
        let balanced = Search::new(&problem, &forced, &hints).run(request.work_limit);
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
        let drafter = Drafter { request, ground: &ground, problem: &problem };
        let alternatives =
            [("least_impact", LEAST_IMPACT), ("balanced", BALANCED), ("most_assurance", MOST_ASSURANCE)].map(
                |(name, weights)| {
                    if weights == BALANCED {
                        return drafter.alternative(name, &balanced);
                    }
                    let weighted = problem.weighted(weights);
                    let solution = Search::new(&weighted, &forced, std::slice::from_ref(&chosen))
                        .run(request.work_limit);
                    stats.search_nodes += solution.nodes;
                    drafter.alternative(name, &solution)
                },
            );
        Ok(drafter.draft(&balanced, &chosen, alternatives.to_vec(), &strict, stats))
    }

    /// How many assets an attacker can reach when nothing is done: one plain search over the same graph as planning.
    ///
    /// # Errors
    /// When the request names what the estate does not have.
    pub fn reach(&self, request: &Request<'_>) -> Result<u64, PlanError> {
        let ground = request.ground_on(&self.prepared, request.attitude)?;
        let reach = AttackGraph::new(&ground, &[], None).reach(|_| false);
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
        let reach = AttackGraph::new(&strict, &taken, None).reach(|arc| !arc.cutters.is_empty());
        Ok(moves::asset_ids(&strict, |it| reach.nodes[it]))
    }
}

/// Those actions of an earlier plan that are still possible.
fn positions_of(plan: &Plan, candidates: &[Candidate]) -> Vec<u32> {
    let position = |it: &Action| candidates.binary_search_by(|candidate| candidate.id.cmp(&it.id)).ok();
    plan.actions.iter().filter_map(position).map(|it| it as u32).collect()
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
    fn draft(
        &self,
        solution: &Solution,
        chosen: &[u32],
        alternatives: Vec<Alternative>,
        strict: &[AssetId],
        stats: Stats,
    ) -> Planned {
        let (ground, request) = (self.ground, self.request);
        let assessment = self.problem.assess(chosen);
        let reached = moves::asset_ids(ground, |it| assessment.reach.nodes[it]);
        let beyond: Vec<AssetId> =
            strict.iter().filter(|it| reached.binary_search(it).is_err()).cloned().collect();
        let objective = objective(&assessment.parts);
        let bound = bound_of(solution, objective.total);
        let gap = gap(objective.total, bound);
        let suspected = request.suspected.iter().filter_map(|it| ground.index.asset(&it.0)).collect();
        let plan = Plan {
            generation: request.generation,
            attitude: request.attitude,
            horizon_h: request.horizon_h,
            currency: ground.estate.estate.currency.clone(),
            objective,
            bound,
            gap,
            actions: self.actions(chosen, &assessment),
            alternatives,
            baselines: baselines(ground, &request.steering(), &suspected, request.horizon_h),
            not_done: self.not_done(&assessment, &beyond, gap),
        };
        Planned {
            plan,
            rules: self.rules(chosen),
            predicted: ground.services.impacts(&self.problem.baseline.states, &assessment.evaluation.states),
            reached,
            reached_under_strict: beyond,
            stats,
        }
    }

    /// The single actions that a candidate stands for: (id, the asset it is for).
    fn single_actions(&self, candidate: &Candidate) -> Vec<(String, Option<&Asset>)> {
        let ground = self.ground;
        let unit = match candidate.effect {
            Effect::FlowFrom(_, unit) | Effect::FlowTo(_, unit) | Effect::Isolate(unit) => unit,
            Effect::Flow(_) | Effect::Segment(..) | Effect::Disable(_) => {
                return vec![(candidate.id.clone(), None)];
            }
        };
        let id = |asset: &Asset| ground.action_id_for(candidate.effect, &candidate.points, Some(asset));
        ground.assets_of(unit).map(|it| (id(it), Some(it))).collect()
    }

    fn rules(&self, chosen: &[u32]) -> Vec<PointRules> {
        let candidates = || chosen.iter().map(|&it| &self.problem.candidates[it as usize]);
        let ids: Vec<Vec<(String, Option<&Asset>)>> =
            candidates().map(|it| self.single_actions(it)).collect();
        let mut actions: Vec<PlannedAction<'_>> = Vec::new();
        for (candidate, singles) in candidates().zip(&ids) {
            let (effect, points) = (candidate.effect, candidate.points.as_slice());
            actions.extend(singles.iter().map(|(id, only)| PlannedAction {
                id,
                effect,
                points,
                only: *only,
            }));
        }
        point_rules(self.ground, &actions, self.request.generation, self.request.lease_s)
    }

    /// The chosen actions in the order to take them: what needs no approval first, then the quickest.
    fn actions(&self, chosen: &[u32], assessment: &Assessment) -> Vec<Action> {
        let reached = &assessment.reach.nodes;
        let states = assessment.evaluation.states.iter().zip(&self.problem.baseline.states);
        let broken = (0..).zip(states).filter(|(_, (now, before))| now > before);
        let broken_together: BTreeSet<u32> = broken.map(|(number, _)| number).collect();
        let mut actions: Vec<Action> =
            chosen.iter().flat_map(|&it| self.action(it, reached, &broken_together)).collect();
        actions.sort_by(|a, b| {
            (a.approval, a.time_to_effect_s, &a.id).cmp(&(b.approval, b.time_to_effect_s, &b.id))
        });
        actions
    }

    fn action(&self, position: u32, reached: &[bool], broken_together: &BTreeSet<u32>) -> Vec<Action> {
        let ground = self.ground;
        let candidate = &self.problem.candidates[position as usize];
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
        let cuts = moves::cuts(ground, reached, candidate.effect);
        let singles = self.single_actions(candidate).into_iter();
        singles
            .map(|(id, only)| {
                let (from, to) = ground.ends(candidate.effect, only);
                Action {
                    id,
                    kind: candidate.effect.kind(),
                    target: ground.target(candidate.effect, only),
                    from,
                    to,
                    enforcement_point: points[0].clone(),
                    also_at: points[1..].to_vec(),
                    ports: ports_of(ground, candidate.effect),
                    lease_s: self.request.lease_s,
                    reversible: true,
                    approval,
                    time_to_effect_s: time_to_effect.unwrap_or(0),
                    cuts: cuts.clone(),
                    breaks: breaks.clone(),
                }
            })
            .collect()
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
