//! Which compromised assets and identities the rules read back silence, by which of them, and which keep a foothold.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Foothold, Silenced};
use bulkhead_model::rules::{Endpoint, Verdict};
use bulkhead_service::{FlowMembers, FlowOrigin};

use super::{Installed, Shut, names};
use crate::ground::Ground;

/// A declared way of talking, open or cut by a rule.
struct Talk<'g> {
    from: u32,
    to: u32,
    flow: &'g FlowMembers,
    by: Option<String>,
}

/// External assets of the estate, by number of their unit.
pub(super) fn external(ground: &Ground<'_>) -> BTreeSet<u32> {
    let zones: BTreeSet<_> = ground.estate.zones.iter().filter(|it| it.external).map(|it| &it.id).collect();
    let units = 0..ground.index.n_assets() as u32;
    units.filter(|&it| zones.contains(&ground.asset(it).zone)).collect()
}

/// Whether the pairs of `flow` towards `to` are a channel by which agents report, of no use to an attacker.
pub(super) fn is_collecting(
    ground: &Ground<'_>,
    external: &BTreeSet<u32>,
    flow: &FlowMembers,
    to: u32,
) -> bool {
    let FlowOrigin::Management(at) = flow.origin else { return false };
    let reply_only = ground.estate.management.get(at).is_none_or(|it| it.reply_only);
    !reply_only && !ground.asset(to).relay && !external.contains(&to)
}

/// What is silenced and what keeps a foothold, ascending by name, assets before identities.
pub(super) fn footholds(ground: &Ground<'_>, installed: &Installed<'_>) -> (Vec<Silenced>, Vec<Foothold>) {
    let external = external(ground);
    let compromised: BTreeSet<u32> = ground.start.compromised.difference(&external).copied().collect();
    let talks = talks(ground, installed, &external, &compromised);
    let mut ways = BTreeMap::new();
    let mut isolating: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    if outside_is_declared(ground, &external) {
        ways_out(ground, &external, &compromised, &talks, &mut ways);
    } else {
        for &unit in &compromised {
            match isolated_by(ground, installed, &external, unit) {
                Some(rules) => drop(isolating.insert(unit, rules)),
                None => drop(ways.insert(unit, "unknown".to_owned())),
            }
        }
    }
    spread(ground, &compromised, &talks, &mut ways);
    let (mut silenced, mut kept) = (Vec::new(), Vec::new());
    for &unit in &compromised {
        let cutting =
            talks.iter().filter(|it| it.from == unit || it.to == unit).filter_map(|it| it.by.clone());
        let cut: BTreeSet<String> = isolating.remove(&unit).into_iter().flatten().chain(cutting).collect();
        for asset in ground.assets_of(unit) {
            let entity = asset.id.to_string();
            match ways.get(&unit) {
                Some(way) => kept.push((false, Foothold { entity, way_out: Some(way.clone()) })),
                None => silenced.push((false, Silenced { entity, cut: cut.iter().cloned().collect() })),
            }
        }
    }
    for &identity in &ground.start.identities {
        let entity = ground.estate.identities[identity as usize].id.to_string();
        if installed.disabled.contains(&identity) {
            let cut = vec![format!("identity:{entity}")];
            silenced.push((true, Silenced { entity, cut }));
        } else {
            kept.push((true, Foothold { entity, way_out: None }));
        }
    }
    silenced.sort_by(|a, b| (&a.1.entity, a.0).cmp(&(&b.1.entity, b.0)));
    kept.sort_by(|a, b| (&a.1.entity, a.0).cmp(&(&b.1.entity, b.0)));
    (silenced.into_iter().map(|it| it.1).collect(), kept.into_iter().map(|it| it.1).collect())
}

/// Every declared pair among compromised assets, relays and external assets, in the order of flows.
fn talks<'g>(
    ground: &'g Ground<'_>,
    installed: &Installed<'_>,
    external: &BTreeSet<u32>,
    compromised: &BTreeSet<u32>,
) -> Vec<Talk<'g>> {
    let relays = (0..ground.index.n_assets() as u32).filter(|&it| ground.asset(it).relay);
    let mut near: BTreeSet<u32> = relays.collect();
    near.extend(compromised);
    near.extend(external);
    let mut talks = Vec::new();
    for flow in ground.index.flows() {
        let opens = |it: &&u32| !flow.is_management() || ground.start.compromised.contains(it);
        for &from in flow.from.iter().filter(|it| near.contains(it)).filter(opens) {
            for &to in flow.to.iter().filter(|it| near.contains(it)) {
                let both_outside = external.contains(&from) && external.contains(&to);
                if both_outside
                    || !ground.index.is_pair(from, to)
                    || is_collecting(ground, external, flow, to)
                {
                    continue;
                }
                let by = match installed.shut(ground, from, to, &flow.ports) {
                    Shut::By(rule) => Some(rule),
                    Shut::No => None,
                };
                talks.push(Talk { from, to, flow, by });
            }
        }
    }
    talks
}

/// Adds to `ways` the compromised assets that talk to whom the outside hears, or hear whom the outside talks to.
fn ways_out(
    ground: &Ground<'_>,
    external: &BTreeSet<u32>,
    compromised: &BTreeSet<u32>,
    talks: &[Talk<'_>],
    ways: &mut BTreeMap<u32, String>,
) {
    let (mut outlets, mut inlets) = (external.clone(), external.clone());
    loop {
        let known = outlets.len() + inlets.len();
        for it in talks.iter().filter(|it| it.by.is_none()) {
            if ground.asset(it.from).relay && outlets.contains(&it.to) {
                outlets.insert(it.from);
            }
            if ground.asset(it.to).relay && inlets.contains(&it.from) {
                inlets.insert(it.to);
            }
        }
        if outlets.len() + inlets.len() == known {
            break;
        }
    }
    let open = || talks.iter().filter(|it| it.by.is_none());
    for it in open().filter(|it| compromised.contains(&it.from) && outlets.contains(&it.to)) {
        ways.entry(it.from).or_insert_with(|| it.flow.id.to_string());
    }
    for it in open().filter(|it| compromised.contains(&it.to) && inlets.contains(&it.from)) {
        ways.entry(it.to).or_insert_with(|| it.flow.id.to_string());
    }
}

/// Adds to `ways`, ring by ring, the compromised assets that talk to one that is in it.
fn spread(
    ground: &Ground<'_>,
    compromised: &BTreeSet<u32>,
    talks: &[Talk<'_>],
    ways: &mut BTreeMap<u32, String>,
) {
    let within = |it: &&Talk<'_>| compromised.contains(&it.from) && compromised.contains(&it.to);
    let joined: Vec<&Talk<'_>> = talks.iter().filter(|it| it.by.is_none()).filter(within).collect();
    loop {
        let mut ring: BTreeMap<u32, String> = BTreeMap::new();
        for (from, to) in joined.iter().flat_map(|it| [(it.from, it.to), (it.to, it.from)]) {
            if ways.contains_key(&from) && !ways.contains_key(&to) {
                let through = format!("asset:{}", ground.asset(from).id);
                let known = ring.entry(to).or_insert_with(|| through.clone());
                if through < *known {
                    *known = through;
                }
            }
        }
        if ring.is_empty() {
            return;
        }
        ways.append(&mut ring);
    }
}

fn outside_is_declared(ground: &Ground<'_>, external: &BTreeSet<u32>) -> bool {
    let touches = |one: &[u32], other: &[u32]| {
        let mut outside = one.iter().filter(|it| external.contains(it));
        outside.any(|&at| other.iter().any(|&it| ground.index.is_pair(at, it)))
    };
    let mut declared = ground.index.flows().iter().filter(|it| matches!(it.origin, FlowOrigin::Declared(_)));
    declared.any(|it| touches(&it.from, &it.to) || touches(&it.to, &it.from))
}

/// The rules that drop everything between `unit` and wherever; none when something is left.
fn isolated_by(
    ground: &Ground<'_>,
    installed: &Installed<'_>,
    external: &BTreeSet<u32>,
    unit: u32,
) -> Option<BTreeSet<String>> {
    let agents = || installed.by_host.get(&unit).into_iter().flatten();
    let rule = |points: Vec<&usize>, outward: bool| {
        points.into_iter().find_map(|&at| drops_anywhere(ground, installed, at, unit, outward))
    };
    if let (Some(out), Some(inward)) = (rule(agents().collect(), true), rule(agents().collect(), false)) {
        return Some([out, inward].into());
    }
    let here = ground.index.zone_of(unit);
    let mut crossed: BTreeSet<((u32, u32), bool)> = BTreeSet::new();
    for flow in ground.index.flows() {
        let opens = |it: &&u32| !flow.is_management() || ground.start.compromised.contains(it);
        if flow.from.iter().filter(opens).any(|&it| it == unit) {
            let to = flow.to.iter().filter(|&&to| ground.index.is_pair(unit, to));
            let to = to.filter(|&&to| !is_collecting(ground, external, flow, to));
            crossed.extend(to.map(|&to| ((here, ground.index.zone_of(to)), true)));
        }
        if flow.to.contains(&unit) && !is_collecting(ground, external, flow, unit) {
            let from = flow.from.iter().filter(opens).filter(|&&from| ground.index.is_pair(from, unit));
            crossed.extend(from.map(|&from| ((ground.index.zone_of(from), here), false)));
        }
    }
    let mut rules = BTreeSet::new();
    for (pair, outward) in crossed {
        let covering = installed.by_zone_pair.get(&pair).into_iter().flatten();
        rules.insert(rule(covering.chain(agents()).collect(), outward)?);
    }
    (!rules.is_empty()).then_some(rules)
}

/// The rule of one point that drops everything between `unit` and addresses that no rule names.
fn drops_anywhere(
    ground: &Ground<'_>,
    installed: &Installed<'_>,
    point: usize,
    unit: u32,
    outward: bool,
) -> Option<String> {
    for rule in &installed.rules[point].rules {
        let (own, other) = if outward { (&rule.from, &rule.to) } else { (&rule.to, &rule.from) };
        if *other != Endpoint::default() {
            continue;
        }
        match rule.verdict {
            Verdict::Accept if touches(ground, own, unit) => return None,
            Verdict::Drop if rule.ports.is_empty() && names(ground, own, unit) => {
                return Some(rule.name.clone());
            }
            Verdict::Accept | Verdict::Drop => {}
        }
    }
    None
}

/// Whether `end` stands for any address of the unit.
fn touches(ground: &Ground<'_>, end: &Endpoint, unit: u32) -> bool {
    *end == Endpoint::default()
        || ground.assets_of(unit).any(|asset| {
            if asset.addresses.is_empty() {
                return end.assets.contains(&asset.id) || end.zones.contains(&asset.zone);
            }
            asset.addresses.iter().any(|it| end.addresses.iter().any(|net| net.contains(it)))
        })
}
