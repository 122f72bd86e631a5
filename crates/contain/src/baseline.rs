//! What an operator would otherwise do: isolate every suspicious host, or shut the zones they stand in.

use std::collections::BTreeSet;

use bulkhead_model::case::{Baseline, BaselineName};

use crate::actions::{Candidate, Candidates, Effect, Steering};
use crate::attack::AttackGraph;
use crate::blocked::Foreign;
use crate::draft::objective;
use crate::ground::Ground;
use crate::problem::{Problem, Weights};

/// Both baselines, judged by the same objective as the plan. A baseline is infeasible when it breaks a hard rule or when
/// some part of it has no enforcement point that exists and answers. `within` are the assets reached when nothing is done.
pub(crate) fn baselines(
    ground: &Ground<'_>,
    steering: &Steering,
    suspected: &BTreeSet<u32>,
    horizon_h: f64,
    within: &[bool],
) -> Vec<Baseline> {
    let unsteered = Steering { unavailable: steering.unavailable.clone(), ..Steering::default() };
    let hosts: BTreeSet<u32> = ground.start.compromised.union(suspected).copied().collect();
    // Nobody isolates what lies outside.
    let inside = hosts.iter().filter(|&&it| !ground.index.is_external(it));
    let isolate: Vec<Effect> = inside.map(|&it| Effect::Isolate(it)).collect();
    let zones: BTreeSet<u32> = hosts.iter().map(|&it| ground.index.zone_of(it)).collect();
    let crossed: BTreeSet<(u32, u32)> =
        ground.ordinary.iter().flat_map(|it| it.zone_pairs.iter().copied()).collect();
    let shut: Vec<Effect> = crossed
        .into_iter()
        .filter(|(from, to)| zones.contains(from) || zones.contains(to))
        .map(|(from, to)| Effect::Segment(from, to))
        .collect();
    let both: Vec<Effect> = isolate.iter().chain(&shut).copied().collect();
    let possible = Candidates::possible(ground, &unsteered, &both);
    [(BaselineName::IsolateAll, isolate), (BaselineName::ShutZones, shut)]
        .into_iter()
        .map(|(name, effects)| judge(ground, name, &effects, &possible, horizon_h, within))
        .collect()
}

fn judge(
    ground: &Ground<'_>,
    name: BaselineName,
    effects: &[Effect],
    possible: &BTreeSet<Effect>,
    horizon_h: f64,
    within: &[bool],
) -> Baseline {
    let costs = &ground.estate.operating_costs;
    let candidates: Vec<Candidate> = effects
        .iter()
        .map(|&effect| Candidate {
            id: ground.action_id(effect, &[]),
            effect,
            points: Vec::new(),
            cost: if matches!(effect, Effect::Isolate(_)) { costs.isolate } else { costs.segment },
            count: ground.count(effect),
            foreign: Foreign::default(),
        })
        .collect();
    let graph = AttackGraph::new(ground, &candidates, Some(within));
    let problem =
        Problem::new(ground, &graph, &candidates, horizon_h, None, Weights { service: 1, exposure: 1 });
    let all: Vec<u32> = (0..candidates.len() as u32).collect();
    let assessment = problem.assess(&all);
    let enforceable = effects.iter().all(|it| possible.contains(it));
    Baseline {
        name,
        objective: objective(&assessment.parts, ground.estate.estate.drafted),
        feasible: assessment.cost.is_some() && enforceable,
        services: ground.services.impacts(&problem.baseline.states, &assessment.evaluation.states),
    }
}
