//! What a plan leaves in the attacker's hands or within reach, every asset and account by name, and by what it talks.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{EntityKind, Residual, ResidualWhy};
use bulkhead_service::Losses;

use crate::attack::AttackGraph;
use crate::ground::Ground;
use crate::talk::{Chain, Role};

/// Everything that stays when the nodes `reached` of `graph` are, under `losses`; ascending by kind and id.
pub(crate) fn residual(
    ground: &Ground<'_>,
    graph: &AttackGraph,
    reached: &[bool],
    losses: &Losses,
) -> Vec<Residual> {
    let entry = |entity: String, kind, why, way_out| Residual { entity, kind, way_out, why, accepted: None };
    let mut found = Vec::new();
    let ways_out = ways_out(ground, losses, &keeping(ground, graph, reached));
    for (unit, way_out) in &ways_out {
        let of =
            |id: &str| entry(id.to_owned(), EntityKind::Asset, ResidualWhy::Foothold, Some(way_out.clone()));
        found.extend(ground.assets_of(*unit).map(|it| of(it.id.as_str())));
    }
    let compromised = |it: &u32| ground.start.compromised.contains(it);
    for unit in (0..graph.n_assets as u32).filter(|it| reached[*it as usize] && !compromised(it)) {
        let of = |id: &str| entry(id.to_owned(), EntityKind::Asset, ResidualWhy::WithinReach, None);
        found.extend(ground.assets_of(unit).map(|it| of(it.id.as_str())));
    }
    for identity in identities_keeping(ground, graph, reached) {
        let id = ground.estate.identities[identity as usize].id.to_string();
        found.push(entry(id, EntityKind::Identity, ResidualWhy::Foothold, None));
    }
    found.sort_by(|a, b| (a.kind, &a.entity).cmp(&(b.kind, &b.entity)));
    found
}

/// Compromised assets that keep a foothold, ascending.
pub(crate) fn keeping(ground: &Ground<'_>, graph: &AttackGraph, reached: &[bool]) -> BTreeSet<u32> {
    let nodes = graph.n_assets..graph.n_valued;
    nodes.zip(&ground.start.held).filter(|it| reached[it.0]).map(|it| *it.1).collect()
}

/// Compromised identities that keep one, ascending.
pub(crate) fn identities_keeping(ground: &Ground<'_>, graph: &AttackGraph, reached: &[bool]) -> Vec<u32> {
    let first = graph.n_valued - ground.start.identities.len();
    (first..).zip(&ground.start.identities).filter(|it| reached[it.0]).map(|it| *it.1).collect()
}

/// Compromised entities that keep a foothold, as ids, ascending: assets, then identities.
pub(crate) fn keeping_ids(ground: &Ground<'_>, graph: &AttackGraph, reached: &[bool]) -> Vec<String> {
    let assets = keeping(ground, graph, reached);
    let mut ids: Vec<String> =
        assets.iter().flat_map(|&it| ground.assets_of(it)).map(|it| it.id.to_string()).collect();
    ids.sort();
    let identities = identities_keeping(ground, graph, reached).into_iter();
    let mut accounts: Vec<String> =
        identities.map(|it| ground.estate.identities[it as usize].id.to_string()).collect();
    accounts.sort();
    ids.extend(accounts);
    ids
}

/// By what each of `talking` talks: a flow, the compromised asset it talks through, or `unknown`.
fn ways_out(ground: &Ground<'_>, losses: &Losses, talking: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let talk = ground.talk();
    let mut found: BTreeMap<u32, String> = BTreeMap::new();
    if talk.unknown {
        let open = talking.iter().filter(|it| !losses.assets.contains(it));
        found.extend(open.map(|&it| (it, "unknown".to_owned())));
    } else {
        let passing = [true, false].map(|outward| passing(ground, losses, outward));
        for outward in [true, false] {
            for chain in talk.chains.iter().filter(|it| it.outward == outward) {
                let on = |it: &Role| passes_on(it, &passing[usize::from(!outward)]);
                for role in chain.near.iter().filter(|it| it.is_held() && talking.contains(&it.unit())) {
                    if !found.contains_key(&role.unit())
                        && chain.far.iter().any(|it| on(it) && is_open(ground, losses, chain, *role, *it))
                    {
                        found.insert(role.unit(), ground.flow(chain.flow).id.to_string());
                    }
                }
            }
        }
    }
    let mut level: BTreeSet<u32> = found.keys().copied().collect();
    while found.len() < talking.len() && !level.is_empty() {
        let joined = joined(ground, losses, talking, &found, &level);
        level = joined.keys().copied().collect();
        found.extend(joined.into_iter().map(|(unit, through)| (unit, format!("asset:{through}"))));
    }
    found
}

/// Of `talking` those not `found` yet that are joined to one of `level`, each with the smallest id of those.
fn joined<'g>(
    ground: &Ground<'g>,
    losses: &Losses,
    talking: &BTreeSet<u32>,
    found: &BTreeMap<u32, String>,
    level: &BTreeSet<u32>,
) -> BTreeMap<u32, &'g str> {
    let mut joined: BTreeMap<u32, &str> = BTreeMap::new();
    for chain in &ground.talk().chains {
        let left =
            |it: &&Role| it.is_held() && talking.contains(&it.unit()) && !found.contains_key(&it.unit());
        for near in chain.near.iter().filter(left) {
            let reached = chain.far.iter().filter(|it| it.is_held() && level.contains(&it.unit()));
            for far in reached.filter(|it| is_open(ground, losses, chain, *near, **it)) {
                let through = ground.asset(far.unit()).id.as_str();
                let known = joined.entry(near.unit()).or_insert(through);
                *known = (*known).min(through);
            }
        }
    }
    joined
}

fn passes_on(role: &Role, passing: &BTreeSet<u32>) -> bool {
    match role {
        Role::Outside(_) => true,
        Role::Outlet(unit) | Role::Inlet(unit) => passing.contains(unit),
        Role::Held(_) => false,
    }
}

/// Relays that still pass on, outwards or inwards.
fn passing(ground: &Ground<'_>, losses: &Losses, outward: bool) -> BTreeSet<u32> {
    let mut passing = BTreeSet::new();
    let chains = || ground.talk().chains.iter().filter(|it| it.outward == outward);
    loop {
        let before = passing.len();
        for chain in chains() {
            for near in chain.near.iter().filter(|it| !it.is_held()) {
                let on = |it: &Role| passes_on(it, &passing) && is_open(ground, losses, chain, *near, *it);
                if !passing.contains(&near.unit()) && chain.far.iter().any(on) {
                    passing.insert(near.unit());
                }
            }
        }
        if passing.len() == before {
            return passing;
        }
    }
}

/// Whether a pair of the chain's flow is open: kept open by a channel or for a protected address, or neither blocked nor
/// with an isolated end.
fn is_open(ground: &Ground<'_>, losses: &Losses, chain: &Chain, near: Role, far: Role) -> bool {
    let (from, to) = if chain.outward { (near.unit(), far.unit()) } else { (far.unit(), near.unit()) };
    if !ground.index.is_pair(from, to) {
        return false;
    }
    if ground.left_open_by_channel(chain.flow, from, to) {
        return true;
    }
    let protected = |it: u32| ground.exempt.protected().contains(&it);
    if protected(from) || protected(to) {
        let isolated = |it: u32| losses.assets.contains(&it) && ground.is_held(it) && !protected(it);
        return !isolated(from) && !isolated(to);
    }
    losses.pair_open(&ground.index, chain.flow, from, to)
}
