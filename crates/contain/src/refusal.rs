//! Why no plan exists: the hard rule, the moves nobody can cut, and the smallest change that would let one exist.

use std::collections::BTreeSet;

use bulkhead_model::estate::AssetKind;

use crate::attack::AttackGraph;
use crate::ground::{Ground, Prepared};
use crate::moves;
use crate::request::{PlanError, Request};

/// Explains why even all candidate actions together leave something hard within reach.
pub(crate) fn explain(
    request: &Request<'_>,
    prepared: &Prepared<'_>,
    ground: &Ground<'_>,
    graph: &AttackGraph,
) -> PlanError {
    let reach = graph.reach(|arc| !arc.cutters.is_empty());
    let hard = ground.hard.iter().copied().filter(|&it| reach.nodes[it as usize]);
    let nearest = hard.min_by_key(|&it| (moves::path(graph, &reach, it).len(), ground.name(it)));
    let asset = nearest.unwrap_or(0);
    let path = moves::path(graph, &reach, asset);
    let kept_open: BTreeSet<u32> = path
        .iter()
        .filter(|(from, to, flow)| {
            ground.flow(*flow).is_management() || ground.exempt.covers(&ground.index, *flow, *from, *to)
        })
        .map(|it| it.2)
        .collect();
    let rule = rule_of(ground, asset);
    let obstacle = if kept_open.is_empty() {
        "no enforcement point that exists and answers can cut these moves".to_owned()
    } else {
        let names: Vec<&str> = kept_open.iter().map(|&it| ground.flow(it).id.as_str()).collect();
        format!("management channels and protected addresses are never cut: {}", names.join(", "))
    };
    PlanError::Infeasible {
        asset: ground.name(asset),
        rule,
        relaxation: relaxation(request, prepared, ground, &path),
        path: path.into_iter().map(|(from, to, flow)| moves::text(ground, from, to, flow)).collect(),
        obstacle,
    }
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

fn relaxation(
    request: &Request<'_>,
    prepared: &Prepared<'_>,
    ground: &Ground<'_>,
    path: &[(u32, u32, u32)],
) -> String {
    for point in request.unavailable_points {
        let others: Vec<_> = request.unavailable_points.iter().filter(|it| *it != point).cloned().collect();
        let eased = Request { unavailable_points: &others, forced: &[], ..request.clone() };
        if feasible(&eased, prepared) {
            return format!("bring {point} back");
        }
    }
    for id in request.forbidden {
        let others: Vec<String> = request.forbidden.iter().filter(|it| *it != id).cloned().collect();
        let eased = Request { forbidden: &others, forced: &[], ..request.clone() };
        if feasible(&eased, prepared) {
            return format!("allow {id}");
        }
    }
    let last = path.iter().rev().find(|it| !ground.flow(it.2).is_management());
    match last.or(path.last()) {
        Some((from, to, flow)) => format!(
            "give an enforcement point the means to block {} from {} to {}",
            ground.flow(*flow).id,
            ground.name(*from),
            ground.name(*to)
        ),
        None => "none is known".to_owned(),
    }
}

fn feasible(request: &Request<'_>, prepared: &Prepared<'_>) -> bool {
    let Ok(ground) = request.ground_on(prepared, request.attitude) else { return false };
    let everywhere = vec![true; ground.index.n_assets()];
    let candidates = crate::actions::Candidates::list(&ground, &request.steering(), &everywhere);
    let reach = AttackGraph::new(&ground, &candidates, None).reach(|arc| !arc.cutters.is_empty());
    !ground.hard.iter().any(|&it| reach.nodes[it as usize])
}
