//! Drawing a plan up: its actions with what each cuts and breaks, stages, alternatives, what it leaves undone.

use std::collections::BTreeSet;

use bulkhead_model::case::{
    Action, Alternative, Approval, Attitude, Broken, NotDone, Objective, Plan, Residual, ResidualWhy,
    ServiceState, Weights as PlanWeights,
};
use bulkhead_model::count::counted;
use bulkhead_model::estate::{Asset, Port};
use bulkhead_model::id::{AssetId, PointId};
use bulkhead_model::rules::PointRules;
use bulkhead_service::{Evaluation, Losses};

use crate::actions::{Candidate, Effect};
use crate::baseline::baselines;
use crate::doubts::doubts;
use crate::ground::Ground;
use crate::moves;
use crate::planner::{PlanStage, Planned, Stats};
use crate::problem::{Assessment, Parts, Problem, Weights, currency_of};
use crate::render::{PlannedAction, point_rules};
use crate::request::Request;
use crate::residual::{keeping_ids, residual};
use crate::solve::Solution;

/// The parts of a plan's cost in the currency. A drafted estate knows no services: what they lose is unknown, not 0.
pub(crate) fn objective(parts: &Parts, drafted: bool) -> Objective {
    Objective {
        service_loss: (!drafted).then(|| currency_of(parts.service)),
        exposure: currency_of(parts.exposure),
        foothold: currency_of(parts.foothold),
        operating: currency_of(parts.operating),
        total: currency_of(parts.service + parts.exposure + parts.foothold + parts.operating),
    }
}

/// Name of the cheapest plan without footholds.
pub(crate) const SILENT: &str = "silent";

fn bound_of(solution: &Solution, total: f64) -> f64 {
    if solution.bound >= solution.cost { total } else { currency_of(solution.bound).min(total) }
}

fn gap(total: f64, bound: f64) -> f64 {
    if total > 0.0 { ((total - bound) / total).max(0.0) } else { 0.0 }
}

/// Draws a plan up from what the search found.
pub(crate) struct Drafter<'d, 'e> {
    pub(crate) request: &'d Request<'d>,
    pub(crate) ground: &'d Ground<'e>,
    pub(crate) problem: &'d Problem<'d, 'e>,
    /// Per asset: whether it is reached when nothing is done.
    pub(crate) within: &'d [bool],
}

/// A set of actions, judged and written out.
pub(crate) struct Drawn {
    pub(crate) chosen: Vec<u32>,
    pub(crate) assessment: Assessment,
    actions: Vec<Action>,
}

impl Drafter<'_, '_> {
    fn drafted(&self) -> bool {
        self.ground.estate.estate.drafted
    }

    pub(crate) fn draw(&self, chosen: Vec<u32>) -> Drawn {
        let assessment = self.problem.assess(&chosen);
        let actions = self.actions(&chosen, &assessment);
        Drawn { chosen, assessment, actions }
    }

    pub(crate) fn draft(
        &self,
        solution: &Solution,
        drawn: Drawn,
        alternatives: Vec<Alternative>,
        strict: &[AssetId],
        stats: Stats,
    ) -> Planned {
        let (ground, request) = (self.ground, self.request);
        let Drawn { chosen, assessment, actions } = drawn;
        let reached = moves::asset_ids(ground, |it| assessment.reach.nodes[it]);
        let beyond: Vec<AssetId> =
            strict.iter().filter(|it| reached.binary_search(it).is_err()).cloned().collect();
        let objective = objective(&assessment.parts, self.drafted());
        let bound = bound_of(solution, objective.total);
        let gap = gap(objective.total, bound);
        let suspected = request.suspected.iter().filter_map(|it| ground.index.asset(&it.0)).collect();
        let stages = self.stages(&chosen, &actions);
        let losses = self.problem.losses_of(&chosen);
        let residual = residual(ground, self.problem.graph, &assessment.reach.nodes, &losses);
        let not_done = self.not_done(&chosen, &assessment, &residual, &beyond, gap);
        let plan = Plan {
            generation: request.generation,
            attitude: request.attitude,
            horizon_h: request.horizon_h,
            currency: ground.estate.estate.currency.clone(),
            objective,
            residual,
            bound,
            gap,
            actions,
            alternatives,
            baselines: baselines(ground, &request.steering(), &suspected, request.horizon_h, self.within),
            not_done,
        };
        Planned {
            plan,
            rules: self.rules(&chosen),
            predicted: ground.services.impacts(&self.problem.baseline.states, &assessment.evaluation.states),
            reached,
            reached_under_strict: beyond,
            stages,
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
        let mut actions: Vec<Action> =
            chosen.iter().flat_map(|&it| self.action(it, reached, &assessment.evaluation)).collect();
        actions.sort_by(|a, b| {
            (a.approval, a.time_to_effect_s, &a.id).cmp(&(b.approval, b.time_to_effect_s, &b.id))
        });
        actions
    }

    fn action(&self, position: u32, reached: &[bool], evaluation: &Evaluation) -> Vec<Action> {
        let ground = self.ground;
        let candidate = &self.problem.candidates[position as usize];
        let breaks = self.breaks(position);
        let points: Vec<PointId> = candidate.points.iter().map(|&it| ground.point(it).id.clone()).collect();
        let approval = if breaks.iter().any(|it| it.state == ServiceState::Down) {
            Approval::ServiceOwner
        } else if self.problem.is_approved(position, evaluation) {
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
                    incidents: Vec::new(),
                }
            })
            .collect()
    }

    /// The plan in parts: what needs nobody's approval, then what the commander, then what service owners must approve.
    fn stages(&self, chosen: &[u32], actions: &[Action]) -> Vec<PlanStage> {
        let mut stages = Vec::new();
        let mut in_force: Vec<u32> = Vec::new();
        for approval in [Approval::Automatic, Approval::Commander, Approval::ServiceOwner] {
            let part: Vec<&Action> = actions.iter().filter(|it| it.approval == approval).collect();
            let ids: BTreeSet<&str> = part.iter().map(|it| it.id.as_str()).collect();
            // A candidate's own id is that of the first action it stands for.
            in_force.extend(
                chosen.iter().filter(|&&it| ids.contains(self.problem.candidates[it as usize].id.as_str())),
            );
            if part.is_empty() {
                continue;
            }
            let reach = self.problem.assess(&in_force).reach.nodes;
            let exposed = || {
                let units = 0..self.ground.index.n_assets() as u32;
                units.filter(|&it| reach[it as usize] && !self.ground.start.compromised.contains(&it))
            };
            let size = |it: u32| self.ground.index.size(it) as u64;
            stages.push(PlanStage {
                approval,
                actions: part.iter().map(|it| it.id.clone()).collect(),
                time_to_effect_s: part.iter().map(|it| it.time_to_effect_s).max().unwrap_or(0),
                exposed: exposed().map(size).sum(),
                protected_exposed: exposed().filter(|it| self.ground.hard.contains(it)).map(size).sum(),
                footholds: keeping_ids(self.ground, self.problem.graph, &reach).len() as u64,
            });
        }
        stages
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

    /// The plan that a search under `weights` found, with the bound proven under them; `drawn` is one written out already.
    pub(crate) fn alternative(
        &self,
        name: &str,
        weights: Weights,
        solution: &Solution,
        drawn: &Drawn,
    ) -> Alternative {
        let chosen = solution.chosen.clone().unwrap_or_default();
        let other = (chosen != drawn.chosen).then(|| self.draw(chosen));
        let Drawn { assessment, actions, .. } = other.as_ref().unwrap_or(drawn);
        let objective = objective(&assessment.parts, self.drafted());
        let weighted = currency_of(solution.cost);
        let bound = bound_of(solution, weighted);
        Alternative {
            name: name.to_owned(),
            objective,
            weights: PlanWeights {
                service_loss: weights.service as f64,
                exposure: weights.exposure as f64,
                foothold: weights.exposure as f64,
            },
            weighted,
            bound,
            gap: gap(weighted, bound),
            actions: actions.clone(),
            services: self
                .ground
                .services
                .impacts(&self.problem.baseline.states, &assessment.evaluation.states),
            prevented: None,
        }
    }

    /// That nobody compromised can be kept from a foothold, and what prevents it.
    pub(crate) fn prevented(&self, why: String) -> Alternative {
        let drawn = self.draw(Vec::new());
        let objective = objective(&drawn.assessment.parts, self.drafted());
        Alternative {
            name: SILENT.to_owned(),
            objective,
            weights: PlanWeights::default(),
            weighted: objective.total,
            bound: objective.total,
            gap: 0.0,
            actions: Vec::new(),
            services: Vec::new(),
            prevented: Some(why),
        }
    }

    fn not_done(
        &self,
        chosen: &[u32],
        assessment: &Assessment,
        residual: &[Residual],
        beyond: &[AssetId],
        gap: f64,
    ) -> Vec<NotDone> {
        let ground = self.ground;
        let mut notes = Vec::new();
        let mut note = |what: String, why: String| notes.push(NotDone { what, why, services: Vec::new() });
        let footholds: Vec<String> =
            residual.iter().filter(|it| it.why == ResidualWhy::Foothold).map(foothold_text).collect();
        if !footholds.is_empty() {
            note(
                format!(
                    "{} {} a foothold: {}",
                    if footholds.len() == 1 {
                        "1 entity".to_owned()
                    } else {
                        format!("{} entities", footholds.len())
                    },
                    if footholds.len() == 1 { "keeps" } else { "keep" },
                    listed(&footholds)
                ),
                "cutting it off costs more than its value, or no available point can".to_owned(),
            );
        }
        if ground.talk().unknown && !ground.start.held.is_empty() {
            note(
                "ways out were not told apart".to_owned(),
                "no declared flow touches an external zone: whatever is compromised and not isolated is held to talk to the outside"
                    .to_owned(),
            );
        }
        if self.drafted() {
            note(
                "what services lose is unknown".to_owned(),
                "the estate is only a draft: what was not seen is taken as open, and nobody has said which services there are"
                    .to_owned(),
            );
        }
        let seen: Vec<&str> =
            self.request.estate.flows.iter().filter(|it| it.is_seen()).map(|it| it.id.as_str()).collect();
        if !seen.is_empty() {
            note(
                format!("{} taken as open: {}", counted(seen.len() as u64, "flow", "flows"), listed(&seen)),
                "seen in telemetry, not declared in the estate".to_owned(),
            );
        }
        let exposed = moves::asset_ids(ground, |it| {
            assessment.reach.nodes[it] && !ground.start.compromised.contains(&(it as u32))
        });
        if !exposed.is_empty() {
            note(
                format!(
                    "{} {} within the attacker's reach: {}",
                    counted(exposed.len() as u64, "asset", "assets"),
                    if exposed.len() == 1 { "stays" } else { "stay" },
                    listed(&exposed)
                ),
                "keeping the attacker out costs more than their value, or no available point can".to_owned(),
            );
        }
        if !beyond.is_empty() && self.request.attitude != Attitude::Strict {
            note(
                format!(
                    "{} would stay reachable under `strict`: {}",
                    counted(beyond.len() as u64, "more asset", "more assets"),
                    listed(beyond)
                ),
                format!(
                    "the plan is proved for `{}`: flows on other ports stay open",
                    attitude_name(self.request.attitude)
                ),
            );
        }
        let effects: Vec<Effect> =
            chosen.iter().map(|&it| self.problem.candidates[it as usize].effect).collect();
        let in_doubt = doubts(ground, &effects);
        for point in self.request.unavailable_points {
            note(format!("nothing was planned at {point}"), "it does not answer".to_owned());
        }
        let doubted = |it: &&(AssetId, f64)| {
            it.1 < self.request.suspect_threshold && !self.request.compromised.contains(&it.0)
        };
        for (asset, confidence) in self.request.suspected.iter().filter(doubted) {
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
        notes.extend(in_doubt);
        notes
    }
}

fn ports_of(ground: &Ground<'_>, effect: Effect) -> Vec<Port> {
    match effect {
        Effect::Flow(flow) | Effect::FlowFrom(flow, _) | Effect::FlowTo(flow, _) => {
            ground.flow(flow).ports.clone()
        }
        _ => Vec::new(),
    }
}

fn foothold_text(it: &Residual) -> String {
    match it.way_out.as_deref() {
        None => it.entity.clone(),
        Some("unknown") => format!("{} (way out unknown)", it.entity),
        Some(way) => match way.strip_prefix("asset:") {
            Some(through) => format!("{} (through {through})", it.entity),
            None => format!("{} (by {way})", it.entity),
        },
    }
}

fn listed<T: std::fmt::Display>(ids: &[T]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
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
