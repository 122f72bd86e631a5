//! Actions as filter rules per enforcement point: first what stays open whatever happens, then what is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Asset, Port};
use bulkhead_model::id::IdentityId;
use bulkhead_model::rules::{DisabledIdentity, Endpoint, PointRules, Rule, Verdict};
use ipnet::IpNet;

use crate::actions::Effect;
use crate::ground::Ground;
use crate::render::outside::ranges;

/// One action of a plan, as the renderer needs it.
pub(crate) struct PlannedAction<'a> {
    pub(crate) id: &'a str,
    pub(crate) effect: Effect,
    pub(crate) points: &'a [usize],
    /// The asset it is for, when the effect names a unit.
    pub(crate) only: Option<&'a Asset>,
}

/// Rules for every point that has something to do, ascending by point.
pub(crate) fn point_rules(
    ground: &Ground<'_>,
    actions: &[PlannedAction<'_>],
    generation: u64,
    lease_s: u64,
) -> Vec<PointRules> {
    let mut by_point: BTreeMap<usize, Drops> = BTreeMap::new();
    for action in actions {
        for &point in action.points {
            let Drops { held, rules, disabled } = by_point.entry(point).or_default();
            match action.effect {
                Effect::Disable(identity) => {
                    let identity: IdentityId = ground.estate.identities[identity as usize].id.clone();
                    disabled.push(DisabledIdentity { name: action.id.to_owned(), identity });
                }
                Effect::Isolate(unit) if ground.is_held(unit) => held.extend(drops(ground, action)),
                _ => rules.extend(drops(ground, action)),
            }
        }
    }
    let (channels, protected) = (channels_kept_open(ground), protected_kept_open(ground));
    let mut found: Vec<PointRules> = by_point
        .into_iter()
        .map(|(point, Drops { held, rules: drops, disabled })| {
            let mut rules = Vec::new();
            if !held.is_empty() || !drops.is_empty() {
                rules.extend(channels.iter().cloned());
                rules.extend(held);
                rules.extend(protected.iter().cloned());
                rules.extend(drops);
            }
            PointRules { point: ground.point(point).id.clone(), generation, rules, disabled, lease_s }
        })
        .collect();
    found.sort_by(|a, b| a.point.cmp(&b.point));
    found
}

/// What one point has to do.
#[derive(Default)]
struct Drops {
    /// Isolations of compromised assets: they cut these off from protected addresses too.
    held: Vec<Rule>,
    rules: Vec<Rule>,
    disabled: Vec<DisabledIdentity>,
}

fn accept(name: String, from: Endpoint, to: Endpoint, ports: Vec<Port>) -> Rule {
    Rule { name, action: None, from, to, ports, verdict: Verdict::Accept }
}

/// Management channels: accepted before anything is dropped.
fn channels_kept_open(ground: &Ground<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let channels = ground.exempt.channels();
    let ends = ground
        .fixed
        .channel_ends
        .get_or_init(|| channels.iter().map(|it| endpoint(ground, &ground.flow(it.0).to)).collect());
    for ((channel, sources), to) in channels.iter().zip(ends) {
        let flow = ground.flow(*channel);
        if !sources.is_empty() && !flow.to.is_empty() {
            let from = endpoint(ground, sources);
            rules.push(accept(flow.id.to_string(), from, to.clone(), flow.ports.clone()));
        }
    }
    rules
}

/// Protected addresses: accepted before anything is dropped but what cuts off a compromised asset.
fn protected_kept_open(ground: &Ground<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let protected: Vec<u32> = ground.exempt.protected().iter().copied().collect();
    if !ground.estate.protected_addresses.is_empty() {
        let mut end = endpoint(ground, &protected);
        end.zones.clear();
        end.assets = protected.iter().flat_map(|&it| ground.assets_of(it)).map(|it| it.id.clone()).collect();
        end.assets.sort();
        end.addresses.extend(ground.estate.protected_addresses.iter().map(IpNet::trunc));
        end.addresses = IpNet::aggregate(&end.addresses);
        end.addresses.sort();
        rules.push(accept("protected:from".to_owned(), end.clone(), Endpoint::default(), Vec::new()));
        rules.push(accept("protected:to".to_owned(), Endpoint::default(), end, Vec::new()));
    }
    rules
}

fn drops(ground: &Ground<'_>, action: &PlannedAction<'_>) -> Vec<Rule> {
    let rule = |suffix: &str, from: Endpoint, to: Endpoint, ports: Vec<Port>| Rule {
        name: format!("{}{suffix}", action.id),
        action: Some(action.id.to_owned()),
        from,
        to,
        ports,
        verdict: Verdict::Drop,
    };
    let of_flow = |number: u32, from: Endpoint, to: Endpoint| {
        vec![rule("", from, to, drop_ports(&ground.flow(number).ports))]
    };
    let opened_by = |number: u32| {
        let of = ground.ordinary.iter().find(|it| it.flow == number);
        of.map_or(&[][..], |it| &it.from)
    };
    let only = || match action.only.and_then(|it| ground.index.asset(&it.id)) {
        Some(unit) if is_outside(ground, unit) => endpoint(ground, &[unit]),
        _ => endpoint_of(action.only),
    };
    match action.effect {
        Effect::Flow(flow) => {
            of_flow(flow, endpoint(ground, opened_by(flow)), endpoint(ground, &ground.flow(flow).to))
        }
        Effect::FlowFrom(flow, _) => of_flow(flow, only(), endpoint(ground, &ground.flow(flow).to)),
        Effect::FlowTo(flow, _) => of_flow(flow, endpoint(ground, opened_by(flow)), only()),
        Effect::Segment(from, to) => {
            let members = |zone: u32| endpoint(ground, ground.index.zone_members(zone));
            vec![rule("", members(from), members(to), segment_ports(ground, (from, to)))]
        }
        Effect::Isolate(_) => {
            let end = only();
            vec![
                rule("/out", end.clone(), Endpoint::default(), Vec::new()),
                rule("/in", Endpoint::default(), end, Vec::new()),
            ]
        }
        Effect::Disable(_) => Vec::new(),
    }
}

/// Ports of every flow across a zone pair: dropping just these leaves replies of the opposite direction alone.
fn segment_ports(ground: &Ground<'_>, pair: (u32, u32)) -> Vec<Port> {
    let crossing = ground.ordinary.iter().filter(|it| it.zone_pairs.contains(&pair));
    let ports: BTreeSet<Port> = crossing.flat_map(|it| ground.flow(it.flow).ports.iter().copied()).collect();
    drop_ports(&ports.into_iter().collect::<Vec<Port>>())
}

/// A list that holds `any` means all ports, which rules write as none.
fn drop_ports(ports: &[Port]) -> Vec<Port> {
    if ports.contains(&Port::ANY) { Vec::new() } else { ports.to_vec() }
}

/// The end of a rule that stands for these assets: whole zones by name and range, the rest one by one.
pub(crate) fn endpoint(ground: &Ground<'_>, assets: &[u32]) -> Endpoint {
    let mut by_zone: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &asset in assets {
        by_zone.entry(ground.index.zone_of(asset)).or_default().push(asset);
    }
    let several = |units: &[u32]| units.len() > 1 || units.iter().any(|&it| ground.index.size(it) > 1);
    let mut end = Endpoint::default();
    for (zone, members) in by_zone {
        let declared = ground.estate.zones.get(zone as usize);
        let whole = members.len() == ground.index.zone_members(zone).len();
        match declared {
            // Whoever stands outside stands for all of it.
            Some(declared) if declared.external && whole => {
                end.zones.push(declared.id.clone());
                let own = members.iter().flat_map(|&it| ground.assets_of(it)).flat_map(|it| &it.addresses);
                end.addresses.extend(own.map(|&it| host(it)));
                end.addresses.extend(&outside(ground)[zone as usize]);
                end.addresses = IpNet::aggregate(&end.addresses);
            }
            Some(declared) if several(&members) && whole => {
                end.zones.push(declared.id.clone());
                end.addresses.extend(declared.cidrs.iter().map(IpNet::trunc));
                let outside =
                    members.iter().flat_map(|&it| ground.assets_of(it)).flat_map(|it| &it.addresses);
                let outside = outside.filter(|it| !declared.cidrs.iter().any(|net| net.contains(*it)));
                end.addresses.extend(outside.map(|&it| host(it)));
            }
            _ => {
                let singles = endpoint_of(members.iter().flat_map(|&it| ground.assets_of(it)));
                end.assets.extend(singles.assets);
                end.addresses.extend(singles.addresses);
            }
        }
    }
    end.zones.sort();
    end.assets.sort();
    end.addresses.sort();
    end.addresses.dedup();
    end
}

fn outside<'g>(ground: &'g Ground<'_>) -> &'g [Vec<IpNet>] {
    ground.fixed.outside.get_or_init(|| ranges(ground.estate))
}

fn is_outside(ground: &Ground<'_>, unit: u32) -> bool {
    let zone = ground.estate.zones.get(ground.index.zone_of(unit) as usize);
    zone.is_some_and(|it| it.external)
}

fn endpoint_of<'a>(assets: impl IntoIterator<Item = &'a Asset>) -> Endpoint {
    let mut end = Endpoint::default();
    for asset in assets {
        end.assets.push(asset.id.clone());
        end.addresses.extend(asset.addresses.iter().map(|&it| host(it)));
    }
    end.assets.sort();
    end.addresses.sort();
    end
}

fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}
