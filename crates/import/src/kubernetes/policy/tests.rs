//! The policies held to a slow reading of the specification: every pair, every port, rule by rule.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Expression, PortRule, Selector};
use super::*;

const PORTS: [u16; 4] = [22, 80, 443, 8080];

fn labels(app: u8) -> BTreeMap<String, String> {
    BTreeMap::from([("app".to_owned(), format!("a{app}"))])
}

fn origin() -> Origin {
    Origin { source: Source::Kubernetes, file: 0, line: 1, record: 0 }
}

fn workload(namespace: u8, app: u8, n: usize, host_network: bool, known: bool) -> Workload {
    Workload {
        origin: origin(),
        namespace: format!("n{namespace}"),
        name: format!("w{n}"),
        labels: labels(app),
        replicas: 1,
        everywhere: false,
        stateful: false,
        ports: vec![(Some("http".to_owned()), Protocol::Tcp, if app == 0 { 80 } else { 8080 })],
        account: "default".to_owned(),
        token: true,
        secrets: BTreeSet::new(),
        host_network,
        addresses: if known { vec![IpAddr::from([10, 0, namespace, app * 8 + 1])] } else { Vec::new() },
    }
}

fn selector() -> impl Strategy<Value = Selector> {
    let expression = prop_oneof![
        (0_u8..3).prop_map(|it| Expression::In("app".to_owned(), vec![format!("a{it}"), "a2".to_owned()])),
        (0_u8..3).prop_map(|it| Expression::NotIn("app".to_owned(), vec![format!("a{it}")])),
    ];
    (proptest::option::of(0_u8..3), proptest::option::of(expression)).prop_map(|(app, expression)| Selector {
        labels: app.map(labels).unwrap_or_default(),
        expressions: expression.into_iter().collect(),
    })
}

fn namespaces() -> impl Strategy<Value = Selector> {
    proptest::option::of(0_u8..2).prop_map(|it| Selector {
        labels: it.map(|it| BTreeMap::from([("team".to_owned(), format!("t{it}"))])).unwrap_or_default(),
        expressions: Vec::new(),
    })
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        (proptest::option::of(namespaces()), selector())
            .prop_map(|(namespaces, pods)| Peer::Pods { namespaces, pods: Some(pods) }),
        namespaces().prop_map(|it| Peer::Pods { namespaces: Some(it), pods: None }),
        (0_u8..2, 0_u8..3).prop_map(|(namespace, app)| Peer::Block {
            range: format!("10.0.{namespace}.0/24").parse().expect("a range"),
            except: vec![format!("10.0.{namespace}.{}/29", app * 8).parse().expect("a range")],
        }),
        Just(Peer::Block { range: "0.0.0.0/0".parse().expect("a range"), except: Vec::new() }),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let port = prop_oneof![
        Just(PortRange::All),
        (0_usize..4, 0_usize..4).prop_map(|(a, b)| PortRange::Numbers(PORTS[a.min(b)], PORTS[a.max(b)])),
        Just(PortRange::Named("http".to_owned())),
    ];
    let port = (any::<bool>(), port)
        .prop_map(|(tcp, port)| PortRule { protocol: if tcp { Protocol::Tcp } else { Protocol::Udp }, port });
    (
        proptest::option::of(proptest::collection::vec(peer(), 1..3)),
        proptest::option::of(proptest::collection::vec(port, 1..3)),
    )
        .prop_map(|(peers, ports)| Rule { peers, ports })
}

fn policy() -> impl Strategy<Value = Policy> {
    let rules = || proptest::option::of(proptest::collection::vec(rule(), 0..3));
    (0_u8..2, selector(), rules(), rules()).prop_map(|(namespace, pods, ingress, egress)| Policy {
        origin: origin(),
        namespace: format!("n{namespace}"),
        pods,
        ingress,
        egress,
    })
}

/// The specification, sentence by sentence, for one protocol and port.
fn oracle(cluster: &Cluster, from: &Workload, to: &Workload, protocol: Protocol, port: u16) -> bool {
    let selects = |policy: &Policy, pod: &Workload| {
        !pod.host_network && policy.namespace == pod.namespace && meets(&policy.pods, &pod.labels)
    };
    let mut fine = [true, true];
    for (side, (own, other)) in [(from, to), (to, from)].into_iter().enumerate() {
        let (mut isolated, mut listed) = (false, false);
        for policy in &cluster.policies {
            let rules = if side == 0 { &policy.egress } else { &policy.ingress };
            let (Some(rules), true) = (rules, selects(policy, own)) else { continue };
            isolated = true;
            for rule in rules {
                let who = match &rule.peers {
                    None => true,
                    Some(peers) => peers.iter().any(|peer| meant(cluster, policy, peer, other)),
                };
                let on = match &rule.ports {
                    None => true,
                    Some(ports) => ports.iter().any(|it| {
                        it.protocol == protocol
                            && match &it.port {
                                PortRange::All => true,
                                PortRange::Numbers(first, last) => (*first..=*last).contains(&port),
                                PortRange::Named(name) => to.ports.iter().any(|it| {
                                    it.0.as_ref() == Some(name) && it.1 == protocol && it.2 == port
                                }),
                            }
                    }),
                };
                listed |= who && on;
            }
        }
        fine[side] = !isolated || listed;
    }
    fine[0] && fine[1]
}

fn meets(selector: &Selector, labels: &BTreeMap<String, String>) -> bool {
    for (key, value) in &selector.labels {
        if labels.get(key) != Some(value) {
            return false;
        }
    }
    for it in &selector.expressions {
        let holds = match it {
            Expression::In(key, values) => labels.get(key).is_some_and(|it| values.contains(it)),
            Expression::NotIn(key, values) => labels.get(key).is_none_or(|it| !values.contains(it)),
            Expression::Exists(key) => labels.contains_key(key),
            Expression::DoesNotExist(key) => !labels.contains_key(key),
        };
        if !holds {
            return false;
        }
    }
    true
}

fn meant(cluster: &Cluster, policy: &Policy, peer: &Peer, pod: &Workload) -> bool {
    match peer {
        Peer::Block { range, except } => match pod.addresses.first() {
            Some(address) => range.contains(address) && except.iter().all(|it| !it.contains(address)),
            None => range.prefix_len() == 0,
        },
        Peer::Pods { .. } if pod.host_network => false,
        Peer::Pods { namespaces: None, pods: Some(pods) } => {
            pod.namespace == policy.namespace && meets(pods, &pod.labels)
        }
        Peer::Pods { namespaces: Some(of), pods } => {
            meets(of, &cluster.namespaces[&pod.namespace])
                && pods.as_ref().is_none_or(|it| meets(it, &pod.labels))
        }
        Peer::Pods { namespaces: None, pods: None } => unreachable!("no such peer is made"),
    }
}

proptest! {
    #[test]
    fn policies_as_the_specification_says(
        pods in proptest::collection::vec((0_u8..2, 0_u8..3, proptest::bool::weighted(0.1), any::<bool>()), 1..6),
        policies in proptest::collection::vec(policy(), 0..4),
    ) {
        let workloads: Vec<Workload> = pods
            .iter()
            .enumerate()
            .map(|(n, (namespace, app, host, known))| workload(*namespace, *app, n, *host, *known))
            .collect();
        let team = |it: u8| BTreeMap::from([("team".to_owned(), format!("t{it}"))]);
        let cluster = Cluster {
            namespaces: BTreeMap::from([("n0".to_owned(), team(0)), ("n1".to_owned(), team(1))]),
            policies,
            ..Cluster::default()
        };
        for from in &workloads {
            for to in &workloads {
                let end = |it| End::Pod(it, it.addresses.first().copied());
                let found = between(&cluster, &end(from), &end(to));
                for protocol in [Protocol::Tcp, Protocol::Udp] {
                    for port in PORTS.iter().flat_map(|it| [*it, it + 1]) {
                        let open = found.iter().any(|it| it.contains(Port { protocol, first: port, last: port }));
                        prop_assert_eq!(open, oracle(&cluster, from, to, protocol, port),
                            "{} to {} on {:?}/{}", from.name, to.name, protocol, port);
                    }
                }
            }
        }
    }
}
