//! Why no plan exists: the hard rule, the moves nobody can cut, and the smallest change that would let one exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use bulkhead_model::case::ResidualWhy;
use bulkhead_model::estate::AssetKind;

use crate::attack::{AttackGraph, Reach};
use crate::ground::{Ground, Prepared};
use crate::maxflow::{INFINITE, Network};
use crate::moves;
use crate::problem::Problem;
use crate::request::{PlanError, Request};
use crate::residual::residual;

/// Explains why no set of candidate actions meets the hard rules.
pub(crate) fn explain(
    request: &Request<'_>,
    prepared: &Arc<Prepared<'_>>,
    ground: &Ground<'_>,
    graph: &AttackGraph,
) -> PlanError {
    let reach = graph.reach(|arc| !arc.cutters.is_empty());
    let hard = ground.hard.iter().copied().filter(|&it| reach.nodes[it as usize]);
    let nearest = hard.min_by_key(|&it| (moves::path(graph, &reach, it).len(), ground.name(it)));
    let Some(asset) = nearest else { return over_budget(request, prepared) };
    let path = moves::path(graph, &reach, asset);
    let kept_open: BTreeSet<u32> = path
        .iter()
        .filter(|(from, to, flow)| {
            ground.flow(*flow).is_management() || ground.exempt.covers(&ground.index, *flow, *from, *to)
        })
        .map(|it| it.2)
        .collect();
    let obstacle = if kept_open.is_empty() {
        "no enforcement point that exists and answers can cut these moves".to_owned()
    } else {
        let names: Vec<&str> = kept_open.iter().map(|&it| ground.flow(it).id.as_str()).collect();
        format!("management channels and protected addresses are never cut: {}", names.join(", "))
    };
    PlanError::Infeasible {
        asset: ground.name(asset),
        rule: rule_of(ground, asset),
        relaxation: steered(request, prepared).unwrap_or_else(|| fewest_moves(ground, graph, &reach)),
        path: path.into_iter().map(|(from, to, flow)| moves::text(ground, from, to, flow)).collect(),
        obstacle,
    }
}

/// What keeps every plan from cutting off all that is compromised.
pub(crate) fn of_silence(request: &Request<'_>, problem: &Problem<'_, '_>) -> String {
    let (ground, graph) = (problem.ground, problem.graph);
    let reached = graph.reach(|arc| !arc.cutters.is_empty()).nodes;
    let losses = problem.losses_of(&(0..problem.candidates.len() as u32).collect::<Vec<u32>>());
    let kept: Vec<String> = residual(ground, graph, &reached, &losses)
        .into_iter()
        .filter(|it| it.why == ResidualWhy::Foothold)
        .map(|it| match it.way_out {
            Some(way) => format!("{} ({way})", it.entity),
            None => it.entity,
        })
        .collect();
    match (kept.as_slice(), request.approval_budget) {
        ([], Some(budget)) => format!("only {budget} actions may need approval"),
        ([], None) => "the hard rules cannot be met at the same time".to_owned(),
        (kept, _) => format!(
            "no action that is allowed, at a point that exists and answers, cuts off {}",
            kept.join(", ")
        ),
    }
}

/// Every hard rule could be met, but not with so few approvals.
fn over_budget(request: &Request<'_>, prepared: &Arc<Prepared<'_>>) -> PlanError {
    let budget = request.approval_budget.unwrap_or(0);
    let allows = |it: &u32| {
        let eased = Request { approval_budget: Some(*it), ..request.clone() };
        crate::Planner::of(prepared).plan(&eased, None).is_ok()
    };
    let relaxation = match (budget + 1..=budget + 16).find(allows) {
        Some(1) => "allow 1 action that needs approval".to_owned(),
        Some(enough) => format!("allow {enough} actions that need approval"),
        None => "do not limit the actions that need approval".to_owned(),
    };
    PlanError::Infeasible {
        asset: "what is protected".to_owned(),
        rule: "no crown jewel, identity provider or enforcement point may be reachable".to_owned(),
        path: Vec::new(),
        obstacle: format!("only {budget} actions may need approval"),
        relaxation,
    }
}

/// One unavailable point or forbidden action without which there would be a plan.
fn steered(request: &Request<'_>, prepared: &Prepared<'_>) -> Option<String> {
    for point in request.unavailable_points {
        let others: Vec<_> = request.unavailable_points.iter().filter(|it| *it != point).cloned().collect();
        if feasible(&Request { unavailable_points: &others, forced: &[], ..request.clone() }, prepared) {
            return Some(format!("bring {point} back"));
        }
    }
    for id in request.forbidden {
        let others: Vec<String> = request.forbidden.iter().filter(|it| *it != id).cloned().collect();
        if feasible(&Request { forbidden: &others, forced: &[], ..request.clone() }, prepared) {
            return Some(format!("allow {id}"));
        }
    }
    None
}

/// What would have to become blockable: one whole flow where that is enough, else the fewest moves.
fn fewest_moves(ground: &Ground<'_>, graph: &AttackGraph, reach: &Reach) -> String {
    let moves = least_cut(ground, graph, reach);
    let needed = if moves.len() > 1 { one_flow(ground, graph).map_or(moves, |it| vec![it]) } else { moves };
    format!("make it possible to block {}", needed.join(" and "))
}

/// The flow, the first in file order, without which nothing protected is reached.
fn one_flow(ground: &Ground<'_>, graph: &AttackGraph) -> Option<String> {
    let helps = |flow: &u32| {
        let reach = graph.reach(|arc| !arc.cutters.is_empty() || arc.flow == Some(*flow));
        !ground.hard.iter().any(|&it| reach.nodes[it as usize])
    };
    let open: BTreeSet<u32> =
        graph.arcs.iter().filter(|it| it.cutters.is_empty()).filter_map(|it| it.flow).collect();
    open.iter().find(|it| helps(it)).map(|&it| ground.flow(it).id.to_string())
}

/// A minimum cut in which each move counts one.
fn least_cut(ground: &Ground<'_>, graph: &AttackGraph, reach: &Reach) -> Vec<String> {
    let open = || {
        graph.arcs.iter().filter(|arc| {
            let passable = arc.gate.is_none_or(|it| reach.usable[it as usize]);
            arc.cutters.is_empty() && passable && reach.nodes[arc.from as usize]
        })
    };
    let (source, sink) = (graph.n_nodes as u32, graph.n_nodes as u32 + 1);
    let mut network = Network::new(graph.n_nodes + 2);
    graph.sources.iter().for_each(|&it| network.arc(source, it, INFINITE));
    open().for_each(|it| network.arc(it.from, it.to, if it.flow.is_some() { 1 } else { INFINITE }));
    ground.hard.iter().for_each(|&it| network.arc(it, sink, INFINITE));
    network.run(source, sink, INFINITE);
    let side = network.source_side(source);
    let crossing = open().filter(|it| side[it.from as usize] && !side[it.to as usize]);
    let asset = |node: u32| graph.asset_at(node).map(|it| ground.name(it));
    let mut needed: BTreeSet<(&str, String)> = crossing
        .filter_map(|arc| {
            let ends = match (asset(arc.from), asset(arc.to)) {
                (Some(from), _) => format!(" from {from}"),
                (None, Some(to)) => format!(" to {to}"),
                (None, None) => String::new(),
            };
            Some((ground.flow(arc.flow?).id.as_str(), ends))
        })
        .collect();
    // A whole flow is named by itself.
    let whole: Vec<&str> = needed.iter().filter(|it| it.1.is_empty()).map(|it| it.0).collect();
    needed.retain(|it| it.1.is_empty() || !whole.contains(&it.0));
    needed.into_iter().map(|(flow, ends)| format!("{flow}{ends}")).collect()
}

fn rule_of(ground: &Ground<'_>, asset: u32) -> String {
    let declared = ground.asset(asset);
    if declared.crown_jewel {
        return "no crown jewel may be reachable".to_owned();
    }
    if declared.kind == AssetKind::IdentityProvider {
        return "no identity provider may be reachable".to_owned();
    }
    "no enforcement point may be reachable".to_owned()
}

fn feasible(request: &Request<'_>, prepared: &Prepared<'_>) -> bool {
    let Ok(ground) = request.ground_on(prepared, request.attitude) else { return false };
    let everywhere = vec![true; ground.index.n_assets()];
    let candidates = crate::actions::Candidates::list(&ground, &request.steering(), &everywhere);
    let reach = AttackGraph::of_moves(&ground, &candidates).reach(|arc| !arc.cutters.is_empty());
    !ground.hard.iter().any(|&it| reach.nodes[it as usize])
}
