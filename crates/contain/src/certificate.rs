//! The certificate: all the attacker can still reach, and which rule, as read back, closes every way out of it.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::{Attitude, Certificate, Cut};
use bulkhead_model::estate::{Capability, Movement, Port, Protocol};
use bulkhead_model::rules::{Endpoint, PointRules, Verdict};
use bulkhead_service::{FlowMembers, FlowOrigin};

use crate::ground::{Ground, Means};
use crate::request::{PlanError, Request};

mod foothold;

/// Builds the certificate of what `rules`, as read back from the points, leave open and cut off for the start and the
/// attitude of `request`.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn from_rules(request: &Request<'_>, rules: &[PointRules]) -> Result<Certificate, PlanError> {
    Ok(build(&request.ground()?, rules))
}

/// Why one move is shut.
enum Shut {
    No,
    By(String),
}

/// Rules as read back, indexed by the zone pair and the asset they can see.
struct Installed<'a> {
    rules: &'a [PointRules],
    by_zone_pair: BTreeMap<(u32, u32), Vec<usize>>,
    by_host: BTreeMap<u32, Vec<usize>>,
    disabled: BTreeSet<u32>,
}

fn build(ground: &Ground<'_>, rules: &[PointRules]) -> Certificate {
    let installed = Installed::new(ground, rules);
    let (reached, cuts) = closure(ground, &installed);
    let (silenced, footholds) = foothold::footholds(ground, &installed);
    let names = |set: &mut dyn Iterator<Item = u32>| {
        let mut names: Vec<String> =
            set.flat_map(|it| ground.assets_of(it)).map(|it| it.id.to_string()).collect();
        names.sort();
        names
    };
    let mut identities: Vec<_> =
        ground.start.identities.iter().map(|&it| ground.estate.identities[it as usize].id.clone()).collect();
    identities.sort();
    Certificate {
        attitude: ground.start.attitude,
        sources: names(&mut ground.start.compromised.iter().copied()),
        protected: names(&mut ground.hard.iter().copied()),
        reached: names(&mut reached.iter().copied()),
        cut: cuts.into_iter().collect(),
        identities,
        silenced,
        footholds,
    }
}

fn closure(ground: &Ground<'_>, installed: &Installed<'_>) -> (BTreeSet<u32>, BTreeSet<Cut>) {
    let external = foothold::external(ground);
    let (seeds, log_ons) = log_ons_from_outside(ground, installed, &external);
    let mut reached: BTreeSet<u32> = ground.start.compromised.union(&seeds).copied().collect();
    loop {
        let usable: BTreeSet<u32> = (0..ground.estate.identities.len() as u32)
            .filter(|&it| {
                ground.start.identities.contains(&it) || !ground.secrets[it as usize].is_disjoint(&reached)
            })
            .collect();
        let mut found = BTreeSet::new();
        let beyond = |it: &&(u32, Cut)| !reached.contains(&it.0);
        let mut cuts: BTreeSet<Cut> = log_ons.iter().filter(beyond).map(|it| it.1.clone()).collect();
        for number in 0..ground.index.flows().len() as u32 {
            moves_out(ground, installed, number, (&reached, &external), &usable, &mut found, &mut cuts);
        }
        if found.is_empty() {
            return (reached, cuts);
        }
        reached.extend(found);
    }
}

/// Moves out of external assets with an identity held from the start, on a protocol by which it may log on: what they
/// reach, and what of them is cut.
fn log_ons_from_outside(
    ground: &Ground<'_>,
    installed: &Installed<'_>,
    external: &BTreeSet<u32>,
) -> (BTreeSet<u32>, Vec<(u32, Cut)>) {
    let (mut found, mut cuts) = (BTreeSet::new(), Vec::new());
    let strict = ground.start.attitude == Attitude::Strict;
    let declared = ground.index.flows().iter().filter(|it| matches!(it.origin, FlowOrigin::Declared(_)));
    for flow in declared.filter(|it| strict || it.movement != Movement::No) {
        let from: Vec<u32> = flow.from.iter().copied().filter(|it| external.contains(it)).collect();
        if from.is_empty() {
            continue;
        }
        let inside = |it: &&u32| !external.contains(it) && !ground.start.compromised.contains(it);
        for &to in flow.to.iter().filter(inside) {
            for &identity in &ground.start.identities {
                let ports = ground.log_on_ports(flow, to, identity);
                for &from in from.iter().filter(|_| !ports.is_empty()) {
                    let by = match installed.disabled.contains(&identity) {
                        true => {
                            Shut::By(format!("identity:{}", ground.estate.identities[identity as usize].id))
                        }
                        false => installed.shut(ground, from, to, &ports),
                    };
                    match by {
                        Shut::No => drop(found.insert(to)),
                        Shut::By(by) => {
                            let means = ground.means_text(flow, to);
                            cuts.push((to, Cut { from: ground.name(from), to: ground.name(to), means, by }));
                        }
                    }
                }
            }
        }
    }
    (found, cuts)
}

fn moves_out(
    ground: &Ground<'_>,
    installed: &Installed<'_>,
    number: u32,
    (reached, external): (&BTreeSet<u32>, &BTreeSet<u32>),
    usable: &BTreeSet<u32>,
    found: &mut BTreeSet<u32>,
    cuts: &mut BTreeSet<Cut>,
) {
    let flow = ground.flow(number);
    let from: Vec<u32> = reached.iter().copied().filter(|it| flow.from.binary_search(it).is_ok()).collect();
    if from.is_empty() {
        return;
    }
    for &to in flow.to.iter().filter(|it| !reached.contains(it) && !external.contains(it)) {
        if foothold::is_collecting(ground, external, flow, to) {
            continue;
        }
        let means = ground.means(number, to);
        let held = |of: &Vec<u32>| of.iter().copied().filter(|it| usable.contains(it)).collect::<Vec<u32>>();
        let identities = match &means {
            Means::Never => continue,
            Means::Always => Vec::new(),
            Means::With(of) => held(of),
        };
        if matches!(means, Means::With(_)) && identities.is_empty() {
            continue;
        }
        let disabled = !identities.is_empty() && identities.iter().all(|it| installed.disabled.contains(it));
        let active = usable.difference(&installed.disabled).copied().collect();
        let ports = ground.counting_ports(flow, to, Some(&active));
        for &from in &from {
            let shut = if disabled {
                let names: Vec<String> = identities
                    .iter()
                    .map(|&it| format!("identity:{}", ground.estate.identities[it as usize].id))
                    .collect();
                Shut::By(names[0].clone())
            } else {
                installed.shut(ground, from, to, &ports)
            };
            match shut {
                Shut::No => {
                    found.insert(to);
                }
                Shut::By(by) => {
                    cuts.insert(Cut {
                        from: ground.name(from),
                        to: ground.name(to),
                        means: ground.means_text(flow, to),
                        by,
                    });
                }
            }
        }
    }
}

impl<'a> Installed<'a> {
    fn new(ground: &Ground<'_>, rules: &'a [PointRules]) -> Self {
        let mut installed = Self {
            rules,
            by_zone_pair: BTreeMap::new(),
            by_host: BTreeMap::new(),
            disabled: BTreeSet::new(),
        };
        for (at, it) in rules.iter().enumerate() {
            let Some(point) = ground.estate.enforcement_points.iter().find(|point| point.id == it.point)
            else {
                continue;
            };
            for (from, to) in &point.covers {
                if let (Some(from), Some(to)) = (ground.index.zone(from), ground.index.zone(to)) {
                    installed.by_zone_pair.entry((from, to)).or_default().push(at);
                }
            }
            for asset in point.hosts.iter().flat_map(|on| ground.index.select(ground.estate, on)) {
                installed.by_host.entry(asset).or_default().push(at);
            }
            if point.can.contains(&Capability::DisableIdentity) {
                let disabled = it.disabled.iter();
                installed.disabled.extend(disabled.filter_map(|it| ground.index.identity(&it.identity)));
            }
        }
        installed
    }

    /// Whether every one of `ports` is dropped between two assets, and by which rule (of the last port).
    fn shut(&self, ground: &Ground<'_>, from: u32, to: u32, ports: &[Port]) -> Shut {
        let pair = (ground.index.zone_of(from), ground.index.zone_of(to));
        let seen: BTreeSet<usize> =
            [self.by_zone_pair.get(&pair), self.by_host.get(&from), self.by_host.get(&to)]
                .into_iter()
                .flatten()
                .flatten()
                .copied()
                .collect();
        let mut by = None;
        for &port in ports {
            let dropped = seen.iter().find_map(|&at| self.drops(ground, at, from, to, port));
            match dropped {
                Some(name) => by = Some(name.to_owned()),
                None => return Shut::No,
            }
        }
        by.map_or(Shut::No, Shut::By)
    }

    fn drops(&self, ground: &Ground<'_>, at: usize, from: u32, to: u32, port: Port) -> Option<&'a str> {
        for rule in &self.rules[at].rules {
            // The end of fewer addresses first: the other may list the whole estate.
            let mut ends = [(&rule.from, from), (&rule.to, to)];
            ends.sort_by_key(|it| it.0.addresses.len());
            if !ends.into_iter().all(|(end, unit)| names(ground, end, unit)) {
                continue;
            }
            match rule.verdict {
                Verdict::Accept if rule.ports.is_empty() || rule.ports.iter().any(|it| it.overlaps(port)) => {
                    return None;
                }
                Verdict::Drop if rule.ports.is_empty() || rule.ports.iter().any(|it| it.contains(port)) => {
                    return Some(&rule.name);
                }
                Verdict::Accept | Verdict::Drop => {}
            }
        }
        None
    }
}

/// Whether `end` stands for all of a unit: every address of every asset, or the asset by name when it has none.
fn names(ground: &Ground<'_>, end: &Endpoint, unit: u32) -> bool {
    if end.zones.is_empty() && end.assets.is_empty() && end.addresses.is_empty() {
        return true;
    }
    ground.assets_of(unit).all(|asset| {
        if asset.addresses.is_empty() {
            return end.assets.contains(&asset.id) || end.zones.contains(&asset.zone);
        }
        asset.addresses.iter().all(|it| end.addresses.iter().any(|net| net.contains(it)))
    })
}

impl Ground<'_> {
    /// Ports of `flow` that count towards `to`: what it shares with movement and exploitable ports, or all of them. With
    /// `usable`, remote logins count under the attitude `credential` only with one of these identities.
    pub(crate) fn counting_ports(
        &self,
        flow: &FlowMembers,
        to: u32,
        usable: Option<&BTreeSet<u32>>,
    ) -> Vec<Port> {
        if self.start.attitude == Attitude::Strict || flow.movement == Movement::Yes {
            return flow.ports.clone();
        }
        let usable = usable.filter(|_| self.start.attitude == Attitude::Credential);
        let admitted = self.ports.ports().iter().filter(|it| match (&it.login, usable) {
            (Some(login), Some(usable)) => {
                self.identities_with_right(login, to).any(|it| usable.contains(&it))
            }
            _ => true,
        });
        let exploitable = &self.asset(to).exploitable;
        let counting = admitted.map(|it| it.port).chain(exploitable.iter().copied());
        let shared: BTreeSet<Port> =
            counting.flat_map(|it| flow.ports.iter().filter_map(move |&other| shared(it, other))).collect();
        shared.into_iter().collect()
    }

    /// Ports of `flow` on which `identity` may log on to `to`.
    fn log_on_ports(&self, flow: &FlowMembers, to: u32, identity: u32) -> Vec<Port> {
        let rights = self.estate.identities[identity as usize].rights.iter();
        let via: BTreeSet<&String> = rights
            .filter(|it| self.index.select(self.estate, &it.on).contains(&to))
            .flat_map(|it| &it.via)
            .collect();
        let logins = self.ports.ports().iter();
        let logins = logins.filter(|it| it.login.as_ref().is_some_and(|login| via.contains(login)));
        let ports: BTreeSet<Port> = logins
            .flat_map(|it| flow.ports.iter().filter_map(move |&other| shared(it.port, other)))
            .collect();
        ports.into_iter().collect()
    }

    /// A move in words: `flow tcp/22`.
    pub(crate) fn means_text(&self, flow: &FlowMembers, to: u32) -> String {
        let ports: Vec<String> =
            self.counting_ports(flow, to, None).iter().map(ToString::to_string).collect();
        match ports.len() {
            0..=4 => format!("{} {}", flow.id, ports.join(",")),
            n => format!("{} {} and {} more ports", flow.id, ports[..3].join(","), n - 3),
        }
    }
}

/// Ports that both have.
fn shared(a: Port, b: Port) -> Option<Port> {
    if !a.overlaps(b) {
        return None;
    }
    let protocol = if a.protocol == Protocol::Any { b.protocol } else { a.protocol };
    Some(Port { protocol, first: a.first.max(b.first), last: a.last.min(b.last) })
}
