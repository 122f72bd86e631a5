//! Network policies to pairs of hosts (Kubernetes documentation, "Network Policies").
//!
//! A pod that no policy of a direction selects is open in that direction; otherwise what the policies list together is
//! allowed and nothing else. A connection must be allowed by both ends. Policies do not reach pods on the node's network,
//! and such pods are no peers but for rules that admit everybody or their address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::{Port, Protocol};

use super::hosts::key;
use super::{API, Cluster, Peer, Policy, PortName, PortRange, Rule, Workload};
use crate::facts::Gathered;
use crate::merge::{Draft, told};
use crate::names;
use crate::outside::OUTSIDE;
use crate::report::{Choice, Conflict, Disagreement, LeftOut, Report};
use crate::source::{Origin, Source};

/// Ordered pairs of assets by port, with the places that allow them.
pub(crate) type Allowed = BTreeMap<(Port, usize, usize), Origin>;

/// Pairs of pods that are held at most.
const PAIRS: usize = 2_000_000;

/// One end of a connection.
pub(super) enum End<'c> {
    /// A pod of a workload, with its address where known.
    Pod(&'c Workload, Option<IpAddr>),
    /// A host that is no pod, by one of its addresses.
    Host(IpAddr),
    /// Everybody outside.
    Outside,
}

/// What the policies allow between pods, and between pods and hosts that policies name by address.
pub(crate) fn pairs(draft: &Draft, gathered: &Gathered, report: &mut Report) -> Allowed {
    let cluster = &gathered.cluster;
    let mut allowed = Allowed::new();
    let pods: Vec<(&Workload, Vec<usize>)> = cluster
        .workloads
        .iter()
        .map(|((namespace, kind, name), it)| {
            let places = (0..it.replicas).filter_map(|n| {
                draft.by_key.get(&(Source::Kubernetes, key(namespace, kind, name, n))).copied()
            });
            (it, places.collect())
        })
        .collect();
    let of_pods: BTreeSet<usize> = pods.iter().flat_map(|it| it.1.iter().copied()).collect();
    // Pods of one workload differ only in their addresses, and only where a policy names some.
    let by_address = cluster.policies.iter().any(names_addresses);
    let mut beyond = 0_u64;
    for (from, sources) in &pods {
        for (to, targets) in &pods {
            let alike = (!by_address).then(|| between(cluster, &End::Pod(from, None), &End::Pod(to, None)));
            let origin = reason(cluster, from, to);
            for (n, source) in sources.iter().enumerate() {
                for (m, target) in targets.iter().enumerate().filter(|it| it.1 != source) {
                    let ports = alike.clone().unwrap_or_else(|| {
                        let end = |it, n: usize, of: &[IpAddr]| End::Pod(it, of.get(n).copied());
                        between(cluster, &end(from, n, &from.addresses), &end(to, m, &to.addresses))
                    });
                    for port in ports {
                        if allowed.len() >= PAIRS {
                            beyond += 1;
                        } else {
                            allowed.insert((port, *source, *target), origin);
                        }
                    }
                }
            }
        }
        for (address, host) in draft.by_address.iter().filter(|it| !of_pods.contains(it.1)) {
            for (n, pod) in sources.iter().enumerate() {
                let pod_end = End::Pod(from, from.addresses.get(n).copied());
                let host_end = End::Host(*address);
                // What is open by default says nothing of networks beyond the cluster's.
                if policies(cluster, from, true).next().is_some() {
                    for port in between(cluster, &pod_end, &host_end) {
                        allowed.insert((port, *pod, *host), from.origin);
                    }
                }
                if policies(cluster, from, false).next().is_some() {
                    for port in between(cluster, &host_end, &pod_end) {
                        allowed.insert((port, *host, *pod), from.origin);
                    }
                }
            }
        }
        to_api(draft, cluster, from, sources, &mut allowed);
    }
    published(draft, gathered, &pods, &mut allowed, report);
    if beyond > 0 {
        let why = "pairs of pods that may talk, beyond those that can be held".to_owned();
        report.left_out.push(LeftOut { why, count: beyond });
    }
    allowed
}

/// Whether a policy names addresses anywhere.
fn names_addresses(policy: &Policy) -> bool {
    let rules = policy.ingress.iter().chain(&policy.egress).flatten();
    rules.filter_map(|it| it.peers.as_ref()).flatten().any(|it| matches!(it, Peer::Block { .. }))
}

/// What decides between two workloads: the first policy that closes one of the ends, else that nothing does.
fn reason(cluster: &Cluster, from: &Workload, to: &Workload) -> Origin {
    let closing = policies(cluster, to, false).chain(policies(cluster, from, true)).map(|it| it.0.origin);
    closing.min().unwrap_or_else(|| from.origin.min(to.origin))
}

/// The ports on which `from` may open connections to `to`, disjoint and in order.
pub(super) fn between(cluster: &Cluster, from: &End<'_>, to: &End<'_>) -> Vec<Port> {
    let leaving = match from {
        End::Pod(workload, _) => side(cluster, workload, true, to, to),
        End::Host(_) | End::Outside => vec![Port::ANY],
    };
    let entering = match to {
        End::Pod(workload, _) => side(cluster, workload, false, from, to),
        End::Host(_) | End::Outside => vec![Port::ANY],
    };
    let mut both = Vec::new();
    for a in &leaving {
        for b in &entering {
            both.extend(common(*a, *b));
        }
    }
    disjoint(both)
}

/// The policies of one direction that select a workload's pods.
fn policies<'c>(
    cluster: &'c Cluster,
    workload: &'c Workload,
    outward: bool,
) -> impl Iterator<Item = (&'c Policy, &'c [Rule])> {
    cluster.policies.iter().filter_map(move |it| {
        let rules = if outward { it.egress.as_deref() } else { it.ingress.as_deref() }?;
        let selects =
            !workload.host_network && it.namespace == workload.namespace && it.pods.matches(&workload.labels);
        selects.then_some((it, rules))
    })
}

/// What the policies of one end allow with `peer`; named ports are those of `receiver`.
fn side(
    cluster: &Cluster,
    workload: &Workload,
    outward: bool,
    peer: &End<'_>,
    receiver: &End<'_>,
) -> Vec<Port> {
    let mut selected = policies(cluster, workload, outward).peekable();
    if selected.peek().is_none() {
        return vec![Port::ANY];
    }
    let mut ports = Vec::new();
    for (policy, rules) in selected {
        for rule in rules {
            let meant = rule
                .peers
                .as_ref()
                .is_none_or(|peers| peers.iter().any(|it| is_peer(cluster, policy, it, peer)));
            if meant {
                ports.extend(ports_of(rule, receiver));
            }
        }
    }
    ports
}

fn is_peer(cluster: &Cluster, policy: &Policy, peer: &Peer, end: &End<'_>) -> bool {
    match (peer, end) {
        (Peer::Pods { namespaces, pods }, End::Pod(workload, _)) => {
            let named = || {
                // Every namespace carries its name as a label, also one of which no manifest is given.
                let of_name = [("kubernetes.io/metadata.name".to_owned(), workload.namespace.clone())].into();
                cluster.namespaces.get(&workload.namespace).cloned().unwrap_or(of_name)
            };
            let namespace = match namespaces {
                Some(selector) => selector.matches(&named()),
                None => policy.namespace == workload.namespace,
            };
            !workload.host_network && namespace && pods.as_ref().is_none_or(|it| it.matches(&workload.labels))
        }
        (Peer::Pods { .. }, End::Host(_) | End::Outside) => false,
        (Peer::Block { range, except }, End::Pod(_, Some(address)) | End::Host(address)) => {
            range.contains(address) && !except.iter().any(|it| it.contains(address))
        }
        // A pod whose address is not known is in no range but that of all addresses.
        (Peer::Block { range, .. }, End::Pod(_, None)) => range.prefix_len() == 0,
        (Peer::Block { range, .. }, End::Outside) => {
            range.prefix_len() == 0 || !names::is_private(range.network())
        }
    }
}

fn ports_of(rule: &Rule, receiver: &End<'_>) -> Vec<Port> {
    let Some(ports) = &rule.ports else { return vec![Port::ANY] };
    let mut out = Vec::new();
    for it in ports {
        match &it.port {
            PortRange::All => out.push(Port { protocol: it.protocol, first: 0, last: u16::MAX }),
            PortRange::Numbers(first, last) => {
                out.push(Port { protocol: it.protocol, first: *first, last: *last });
            }
            PortRange::Named(name) => {
                if let End::Pod(workload, _) = receiver {
                    out.extend(named(workload, it.protocol, name));
                }
            }
        }
    }
    out
}

fn named(workload: &Workload, protocol: Protocol, name: &str) -> Option<Port> {
    let of = |it: &&(Option<String>, Protocol, u16)| it.0.as_deref() == Some(name) && it.1 == protocol;
    workload.ports.iter().find(of).map(|it| Port { protocol, first: it.2, last: it.2 })
}

fn common(a: Port, b: Port) -> Option<Port> {
    let protocol = match (a.protocol, b.protocol) {
        (Protocol::Any, other) | (other, Protocol::Any) => other,
        (a, b) if a == b => a,
        _ => return None,
    };
    let (first, last) = (a.first.max(b.first), a.last.min(b.last));
    (first <= last).then_some(Port { protocol, first, last })
}

/// Ranges put together where they touch; every protocol holds all others.
fn disjoint(mut ports: Vec<Port>) -> Vec<Port> {
    if ports.contains(&Port::ANY) {
        return vec![Port::ANY];
    }
    ports.sort();
    let mut out: Vec<Port> = Vec::new();
    for port in ports {
        match out.last_mut() {
            Some(last) if last.protocol == port.protocol && port.first <= last.last.saturating_add(1) => {
                last.last = last.last.max(port.last);
            }
            _ => out.push(port),
        }
    }
    out
}

/// Pods reach the API server of their cluster unless a policy closes the way out.
fn to_api(draft: &Draft, cluster: &Cluster, from: &Workload, sources: &[usize], allowed: &mut Allowed) {
    let servers =
        draft.estate.assets.iter().enumerate().filter(|it| it.1.roles.iter().any(|role| role == API));
    let servers: Vec<(usize, Option<IpAddr>)> =
        servers.map(|(n, it)| (n, it.addresses.first().copied())).collect();
    let port = Port::tcp(6443);
    for (server, address) in servers {
        let end = address.map_or(End::Outside, End::Host);
        // An API server without an address is met by rules for everybody only.
        let open = match address {
            Some(_) => side(cluster, from, true, &end, &end).iter().any(|it| it.contains(port)),
            None => policies(cluster, from, true).next().is_none(),
        };
        for source in sources.iter().filter(|it| open && **it != server) {
            allowed.insert((port, *source, server), from.origin);
        }
    }
}

/// Ways in from outside: ingresses and published services, as far as some policy lets anybody in at all.
fn published(
    draft: &Draft,
    gathered: &Gathered,
    pods: &[(&Workload, Vec<usize>)],
    allowed: &mut Allowed,
    report: &mut Report,
) {
    let Some(outside) = draft.by_key.get(&(Source::Kubernetes, format!("stand-in/{OUTSIDE}"))) else {
        return;
    };
    let cluster = &gathered.cluster;
    for ((namespace, name), service) in &cluster.services {
        let ingress = cluster.ingresses.get(&(namespace.clone(), name.clone()));
        let chosen = |it: &(Option<String>, Protocol, u16, PortName)| {
            service.published
                || ingress.is_some_and(|(ports, _)| {
                    ports.is_empty()
                        || ports.contains(&PortName::Number(it.2))
                        || it.0.clone().is_some_and(|name| ports.contains(&PortName::Name(name)))
                })
        };
        let origin = ingress.map_or(service.origin, |it| it.1);
        for (_, protocol, _, target) in service.ports.iter().filter(|it| chosen(it)) {
            for (workload, places) in pods.iter().filter(|it| is_behind(service, namespace, it.0)) {
                let port = match target {
                    PortName::Number(port) => Some(Port { protocol: *protocol, first: *port, last: *port }),
                    PortName::Name(name) => named(workload, *protocol, name),
                };
                let Some(port) = port else { continue };
                if closed(cluster, workload, port) {
                    report.conflicts.push(Conflict {
                        on: Disagreement::Policy,
                        subject: format!("{namespace}/{name} {port}"),
                        chosen: Choice {
                            value: "closed: no policy admits anybody".to_owned(),
                            by: told(std::iter::once(workload.origin), &gathered.files),
                        },
                        rejected: vec![Choice {
                            value: "published".to_owned(),
                            by: told(std::iter::once(origin), &gathered.files),
                        }],
                    });
                    continue;
                }
                for place in places {
                    allowed.insert((port, *outside, *place), origin);
                }
            }
        }
    }
}

/// Whether no rule at all lets anybody in on a port. Who comes through a controller or load balancer comes from its
/// address, which manifests do not tell, so any rule that admits the port is taken to admit it.
fn closed(cluster: &Cluster, workload: &Workload, port: Port) -> bool {
    let mut selected = policies(cluster, workload, false).peekable();
    if selected.peek().is_none() {
        return false;
    }
    let receiver = End::Pod(workload, None);
    let mut rules = selected.flat_map(|it| it.1.iter());
    !rules.any(|rule| ports_of(rule, &receiver).iter().any(|it| it.contains(port)))
}

/// Whether a service leads to a workload's pods.
pub(super) fn is_behind(service: &super::Service, namespace: &str, workload: &Workload) -> bool {
    !service.selector.is_empty()
        && workload.namespace == namespace
        && service.selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
}

#[cfg(test)]
mod tests;
