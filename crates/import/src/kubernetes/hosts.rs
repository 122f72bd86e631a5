//! Workloads to hosts: one asset per replica, in the zone of its namespace.

use bulkhead_model::estate::{AssetKind, Port};

use super::{API, Workload};
use crate::facts::{Gathered, Host, ZoneClaim};
use crate::names::sanitise;
use crate::outside::{OUTSIDE, stand_in};
use crate::source::{Origin, Source};

/// Puts running pods to what made them and claims a host for every replica.
pub(crate) fn settle(gathered: &mut Gathered) {
    let cluster = &mut gathered.cluster;
    for ((namespace, name), pods) in std::mem::take(&mut cluster.owned) {
        let addresses: Vec<_> = pods.values().flat_map(|it| it.addresses.iter().copied()).collect();
        let mut known =
            cluster.workloads.values_mut().filter(|it| it.namespace == namespace && it.name == name);
        if let Some(workload) = known.next() {
            workload.addresses = addresses;
        } else if let Some(first) = pods.values().next().cloned() {
            // `status` of pods alone: what made them is not in the files.
            let workload = Workload { replicas: pods.len().min(100), addresses, ..first };
            cluster.workloads.insert((namespace, "Pods".to_owned(), name), workload);
        }
    }
    let nodes = cluster.nodes.len().max(1);
    for workload in cluster.workloads.values_mut().filter(|it| it.everywhere) {
        workload.replicas = nodes.min(100);
    }
    let mut hosts = Vec::new();
    let mut taken = std::collections::BTreeSet::new();
    for ((namespace, kind, name), workload) in &cluster.workloads {
        for (n, id) in workload.ids().into_iter().enumerate() {
            let mut host = Host::new(workload.origin);
            host.key = Some(key(namespace, kind, name, n));
            // Two kinds of one name: the second goes by its kind as well.
            host.id = Some(if taken.insert(id.clone()) { id } else { format!("{id}-{}", sanitise(kind)) });
            host.kind = Some(AssetKind::Server);
            host.zone = Some(zone(namespace));
            host.roles.insert(sanitise(&format!("{namespace}-{name}")));
            host.addresses.extend(workload.addresses.get(n));
            let ports = workload.ports.iter().map(|(_, protocol, port)| Port {
                protocol: *protocol,
                first: *port,
                last: *port,
            });
            host.listening.extend(ports);
            hosts.push(host);
        }
        let name = format!("Namespace {namespace}");
        let zone =
            ZoneClaim { origin: workload.origin, id: zone(namespace), name, cidrs: Vec::new(), flat: false };
        if gathered.zones.iter().all(|it| it.id != zone.id) {
            gathered.zones.push(zone);
        }
    }
    hosts.extend(stand_ins(gathered));
    gathered.hosts.extend(hosts);
}

/// The key of a replica among the hosts of manifests.
pub(super) fn key(namespace: &str, kind: &str, name: &str, n: usize) -> String {
    format!("{namespace}/{kind}/{name}#{n}")
}

/// The zone of a namespace.
fn zone(namespace: &str) -> String {
    sanitise(&format!("k8s-{namespace}"))
}

/// The API server where no node of the control plane is known, and the outside where something is published to it.
fn stand_ins(gathered: &Gathered) -> Vec<Host> {
    let cluster = &gathered.cluster;
    let mut hosts = Vec::new();
    let first = cluster.workloads.values().map(|it| it.origin).min();
    let mut add = |id: &str, zone: &str, role: &str, kind: AssetKind, origin: Origin| {
        let mut host = Host::new(Origin { source: Source::Kubernetes, ..origin });
        host.key = Some(format!("stand-in/{id}"));
        host.id = Some(id.to_owned());
        host.zone = Some(zone.to_owned());
        host.kind = Some(kind);
        host.roles.insert(role.to_owned());
        hosts.push(host);
    };
    let origin = cluster.bindings.iter().map(|it| it.origin).min().or(first);
    if let Some(origin) = origin
        && !cluster.nodes.values().any(|control| *control)
    {
        add(API, "k8s-control-plane", API, AssetKind::Server, origin);
    }
    let published = cluster.services.values().filter(|it| it.published).map(|it| it.origin);
    let published = published.chain(cluster.ingresses.values().map(|it| it.1)).min();
    if let Some(origin) = published {
        hosts.push(stand_in(Source::Kubernetes, origin, OUTSIDE));
    }
    hosts
}
