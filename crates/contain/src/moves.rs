//! Naming moves: which ones an action cuts, and the path an attacker takes to an asset.

use bulkhead_model::case::MORE_MOVES;
use bulkhead_model::id::AssetId;

use crate::actions::Effect;
use crate::attack::{AttackGraph, Reach};
use crate::ground::{Ground, Means, Ordinary};

/// Most moves named per action; the rest is counted as "more".
const NAMED: usize = 48;

/// The moves out of what is still reached and the ways out of what is compromised that `effect` cuts, as
/// `from -> to (means)`.
pub(crate) fn cuts(ground: &Ground<'_>, reached: &[bool], effect: Effect) -> Vec<String> {
    let mut found = moves_cut(ground, reached, effect);
    found.extend(entries_cut(ground, reached, effect));
    found.extend(ways_out_cut(ground, effect));
    if found.len() > NAMED {
        found.truncate(NAMED);
        found.push(MORE_MOVES.to_owned());
    }
    found
}

/// Pairs by which compromised assets could talk to the outside that `effect` cuts; one more than are named.
fn ways_out_cut(ground: &Ground<'_>, effect: Effect) -> Vec<String> {
    let talk = ground.talk();
    let mut found = Vec::new();
    if talk.unknown {
        let held = |unit: &u32| ground.is_held(*unit);
        let isolated = match effect {
            Effect::Isolate(unit) => Some(unit).filter(held),
            _ => None,
        };
        return isolated
            .map(|it| format!("{} -> outside (way out unknown)", ground.name(it)))
            .into_iter()
            .collect();
    }
    for chain in talk.chains.iter().filter(|it| is_concerned(ground, effect, it.flow)) {
        for near in &chain.near {
            for far in chain.far.iter().filter(|it| !it.is_held()) {
                let (from, to) =
                    if chain.outward { (near.unit(), far.unit()) } else { (far.unit(), near.unit()) };
                let isolation = matches!(effect, Effect::Isolate(it) if ground.is_held(it));
                let kept = if isolation {
                    ground.left_open_by_channel(chain.flow, from, to)
                } else {
                    ground.exempt.covers(&ground.index, chain.flow, from, to)
                };
                if from != to && !kept && is_cut(ground, effect, from, to, &Means::Always) {
                    let flow = &ground.flow(chain.flow).id;
                    found.push(format!("{} -> {} ({flow}: way out)", ground.name(from), ground.name(to)));
                }
                if found.len() > NAMED {
                    return found;
                }
            }
        }
    }
    found
}

fn is_concerned(ground: &Ground<'_>, effect: Effect, flow: u32) -> bool {
    match effect {
        Effect::Flow(number) | Effect::FlowFrom(number, _) | Effect::FlowTo(number, _) => number == flow,
        Effect::Segment(from, to) => ground.flow(flow).zone_pairs.binary_search(&(from, to)).is_ok(),
        Effect::Isolate(_) => true,
        Effect::Disable(_) => false,
    }
}

/// The moves out of what is still reached that `effect` cuts; one more than are named.
fn moves_cut(ground: &Ground<'_>, reached: &[bool], effect: Effect) -> Vec<String> {
    let mut found = Vec::new();
    for (number, from) in concerned(ground, effect) {
        let flow = ground.flow(number);
        let sources: Vec<u32> = from.iter().copied().filter(|&it| reached[it as usize]).collect();
        for &to in flow.to.iter().filter(|&&it| !reached[it as usize]) {
            let means = ground.means(number, to);
            if means == Means::Never {
                continue;
            }
            for &from in &sources {
                // What no rule may block is still closed to who may no longer log on.
                let open = !matches!(effect, Effect::Disable(_))
                    && ground.exempt.covers(&ground.index, number, from, to);
                if !open && is_cut(ground, effect, from, to, &means) {
                    found.push(text(ground, from, to, number));
                    if found.len() > NAMED {
                        return found;
                    }
                }
            }
        }
    }
    found
}

/// Moves from outside that a compromised account makes and `effect` cuts; one more than are named.
fn entries_cut(ground: &Ground<'_>, reached: &[bool], effect: Effect) -> Vec<String> {
    let mut found = Vec::new();
    for entry in ground.entries() {
        let number = ground.start.identities.iter().nth(entry.account).copied().unwrap_or_default();
        let disabled = effect == Effect::Disable(number);
        for &to in entry.to.iter().filter(|&&it| !reached[it as usize]) {
            for &from in &entry.from {
                let open = !disabled && ground.exempt.covers(&ground.index, entry.flow, from, to);
                let concerned = disabled || is_concerned(ground, effect, entry.flow);
                if concerned && !open && (disabled || is_cut(ground, effect, from, to, &Means::Always)) {
                    found.push(text(ground, from, to, entry.flow));
                }
                if found.len() > NAMED {
                    return found;
                }
            }
        }
    }
    found
}

/// Flows that `effect` may cut moves of, each with the units that open it. An identity opens management channels too.
fn concerned<'g>(ground: &'g Ground<'_>, effect: Effect) -> Vec<(u32, &'g [u32])> {
    if matches!(effect, Effect::Disable(_)) {
        return (0..)
            .zip(ground.index.flows())
            .map(|(number, flow)| (number, flow.from.as_slice()))
            .collect();
    }
    let concerns = |it: &&Ordinary| match effect {
        Effect::Flow(number) | Effect::FlowFrom(number, _) | Effect::FlowTo(number, _) => number == it.flow,
        Effect::Segment(from, to) => it.zone_pairs.binary_search(&(from, to)).is_ok(),
        Effect::Isolate(asset) => {
            it.from.binary_search(&asset).is_ok() || ground.flow(it.flow).to.binary_search(&asset).is_ok()
        }
        Effect::Disable(_) => false,
    };
    ground.ordinary.iter().filter(concerns).map(|it| (it.flow, it.from.as_slice())).collect()
}

fn is_cut(ground: &Ground<'_>, effect: Effect, from: u32, to: u32, means: &Means) -> bool {
    match effect {
        Effect::Flow(_) => true,
        Effect::FlowFrom(_, asset) => asset == from,
        Effect::FlowTo(_, asset) => asset == to,
        Effect::Segment(source, target) => {
            ground.index.zone_of(from) == source && ground.index.zone_of(to) == target
        }
        Effect::Isolate(asset) => asset == from || asset == to,
        Effect::Disable(identity) => matches!(means, Means::With(of) if of.contains(&identity)),
    }
}

/// One move in words.
pub(crate) fn text(ground: &Ground<'_>, from: u32, to: u32, flow: u32) -> String {
    let means = ground.means_text(ground.flow(flow), to);
    format!("{} -> {} ({means})", ground.name(from), ground.name(to))
}

/// The path by which `asset` was reached, as moves (from, to, flow) in order; empty for a source.
pub(crate) fn path(graph: &AttackGraph, reach: &Reach, asset: u32) -> Vec<(u32, u32, u32)> {
    let mut moves = Vec::new();
    let (mut node, mut arrived, mut flow) = (asset, asset, None);
    while let Some(number) = reach.by[node as usize] {
        let arc = &graph.arcs[number as usize];
        flow = arc.flow.or(flow);
        node = arc.from;
        let asset =
            if (node as usize) < graph.n_assets { Some(node) } else { graph.aliases.get(&node).copied() };
        if let Some(asset) = asset.filter(|&it| it != arrived) {
            moves.extend(flow.map(|flow| (asset, arrived, flow)));
            (arrived, flow) = (asset, None);
        }
    }
    moves.reverse();
    moves
}

/// Ids of the assets for which `wanted` holds, ascending by id.
pub(crate) fn asset_ids(ground: &Ground<'_>, wanted: impl Fn(usize) -> bool) -> Vec<AssetId> {
    let units = || (0..ground.index.n_assets() as u32).filter(|&it| wanted(it as usize));
    let positions = units().flat_map(|it| ground.index.assets_of(it)).map(|&it| it as usize);
    let id = |at: usize| ground.estate.assets[at].id.clone();
    if units().map(|it| ground.index.size(it)).sum::<usize>() * 16 < ground.estate.assets.len() {
        let mut ids: Vec<AssetId> = positions.map(id).collect();
        ids.sort();
        return ids;
    }
    let mut chosen = vec![false; ground.estate.assets.len()];
    positions.for_each(|it| chosen[it] = true);
    ground.fixed.by_id.iter().map(|&it| it as usize).filter(|&it| chosen[it]).map(id).collect()
}
