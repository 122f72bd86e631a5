//! Manifests to objects: documents, lists, and every kind that says something of an estate.

use std::collections::BTreeSet;

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::{AssetKind, Protocol};
use bulkhead_model::yaml::{self, Node};

use super::select::Labels;
use super::{
    Amount, Binding, Expression, Peer, Policy, PortName, PortRange, PortRule, Rule, Selector, Service,
    Workload,
};
use crate::facts::{Host, Intake};
use crate::names;

/// Replicas of one workload that become assets at most.
const REPLICAS: usize = 100;

/// Bytes of one manifest file: it is held as a tree.
const BYTES: usize = 64 << 20;

/// How deep lists may stand within lists.
const DEPTH: usize = 4;

/// Reads every document of a file.
pub(crate) fn read(text: &str, intake: &mut Intake<'_>) {
    if text.len() > BYTES {
        intake.malformed(
            None,
            format!("{} bytes of manifests, more than the {BYTES} that are read", text.len()),
        );
        return;
    }
    let file = intake.gathered.files[intake.file as usize].clone();
    let (documents, faults) = yaml::parse(&file, text);
    for fault in faults.iter().filter(|it| it.is_error()) {
        intake.report.malformed += 1;
        let warning = Diagnostic::warning(fault.code, &file, fault.pos, fault.message.clone());
        let hint = if text.contains("{{") {
            "templates are not read: render them first (`helm template CHART`, `kustomize build`)"
        } else {
            "the document was left out; the rest was read"
        };
        intake.gathered.diagnostics.push(warning.hint(hint));
    }
    for document in &documents {
        object(document, intake, 0);
    }
}

fn object(node: &Node, intake: &mut Intake<'_>, depth: usize) {
    if node.is_null() {
        return;
    }
    if let Some(items) = node.get("items").and_then(Node::as_seq)
        && depth < DEPTH
    {
        for item in items {
            object(item, intake, depth + 1);
        }
        return;
    }
    intake.report.records += 1;
    let kind = text(node, "kind").unwrap_or_default();
    if !KINDS.split(' ').any(|it| it == kind) {
        intake.left_out(OTHER_KINDS);
        return;
    }
    let metadata = node.get("metadata");
    let generated =
        || metadata.and_then(|it| text(it, "generateName")).map(|it| it.trim_end_matches('-').to_owned());
    let Some(name) = metadata.and_then(|it| text(it, "name")).or_else(generated) else {
        intake.malformed(Some(node.pos), "the object has no metadata.name");
        return;
    };
    let namespace = metadata.and_then(|it| text(it, "namespace")).unwrap_or_else(|| "default".to_owned());
    let at = At { namespace, name, line: node.pos.line };
    let before = intake.report.malformed;
    take(&kind, node, at, intake);
    if intake.report.malformed == before {
        intake.report.taken += 1;
    }
}

/// Where an object is.
struct At {
    namespace: String,
    name: String,
    line: u32,
}

/// Kinds that say something.
const KINDS: &str = "Deployment StatefulSet DaemonSet ReplicaSet ReplicationController Job CronJob Pod Namespace Service \
                     Ingress NetworkPolicy PodDisruptionBudget Node Role ClusterRole RoleBinding ClusterRoleBinding";

/// Why objects of all others are left out.
const OTHER_KINDS: &str = "objects of kinds that say nothing of hosts, flows, services or accounts";

/// Takes up an object of one of these kinds.
fn take(kind: &str, node: &Node, at: At, intake: &mut Intake<'_>) {
    let spec = node.get("spec").unwrap_or(node);
    match kind {
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "ReplicationController"
        | "Job"
        | "CronJob"
        | "Pod" => workload(kind, node, spec, at, intake),
        "Namespace" => {
            let mut labels = labels(node.get("metadata").and_then(|it| it.get("labels")));
            labels.insert("kubernetes.io/metadata.name".to_owned(), at.name.clone());
            intake.gathered.cluster.namespaces.insert(at.name, labels);
        }
        "Service" => service(spec, at, intake),
        "Ingress" => ingress(spec, &at, intake),
        "NetworkPolicy" => policy(spec, at, intake),
        "PodDisruptionBudget" => budget(spec, at, intake),
        "Node" => host(node, &at, intake),
        "Role" | "ClusterRole" => {
            let namespace = if kind == "Role" { at.namespace } else { String::new() };
            let rules = node.get("rules").map_or(&[][..], Node::one_or_many);
            intake.gathered.cluster.roles.insert((namespace, at.name), rules.iter().any(is_powerful));
        }
        "RoleBinding" | "ClusterRoleBinding" => binding(kind, node, &at, intake),
        _ => {}
    }
}

fn workload(kind: &str, node: &Node, spec: &Node, at: At, intake: &mut Intake<'_>) {
    let template = match kind {
        "Pod" => Some(node),
        "CronJob" => path(spec, &["jobTemplate", "spec", "template"]),
        _ => spec.get("template"),
    };
    let Some(pod) = template.and_then(|it| it.get("spec")) else {
        intake.malformed(Some(node.pos), format!("the {kind} `{}` has no pod template", at.name));
        return;
    };
    let wanted = spec
        .get("replicas")
        .and_then(Node::as_u64)
        .or_else(|| spec.get("parallelism").and_then(Node::as_u64));
    let replicas = usize::try_from(wanted.unwrap_or(1)).unwrap_or(usize::MAX);
    if replicas == 0 {
        intake.left_out("workloads scaled to nothing");
        return;
    }
    if replicas > REPLICAS {
        intake.left_out("workloads of which only the first 100 replicas are drafted");
    }
    let mut workload = Workload {
        origin: intake.origin(at.line),
        namespace: at.namespace.clone(),
        name: at.name.clone(),
        labels: labels(template.and_then(|it| path(it, &["metadata", "labels"]))),
        replicas: replicas.min(REPLICAS),
        everywhere: kind == "DaemonSet",
        stateful: kind == "StatefulSet",
        ports: Vec::new(),
        account: text(pod, "serviceAccountName").unwrap_or_else(|| "default".to_owned()),
        token: pod.get("automountServiceAccountToken").and_then(Node::as_bool) != Some(false),
        secrets: secrets(pod),
        host_network: pod.get("hostNetwork").and_then(Node::as_bool) == Some(true),
        addresses: Vec::new(),
    };
    for container in items(pod, "containers").iter().chain(items(pod, "initContainers")) {
        for port in items(container, "ports") {
            let Some(number) =
                port.get("containerPort").and_then(Node::as_u64).and_then(|it| it.try_into().ok())
            else {
                intake.malformed(Some(port.pos), "a container's port has no containerPort from 0 to 65535");
                continue;
            };
            workload.ports.extend(protocol(port).map(|protocol| (text(port, "name"), protocol, number)));
        }
    }
    let cluster = &mut intake.gathered.cluster;
    if kind == "Pod" {
        let status = node.get("status");
        let address = status.and_then(|it| text(it, "podIP")).and_then(|it| names::address(&it));
        workload.addresses.extend(address.filter(|_| !workload.host_network));
        let owner = path(node, &["metadata", "ownerReferences"]).and_then(|it| it.one_or_many().first());
        if let Some(owner) = owner.and_then(|it| Some((text(it, "kind")?, text(it, "name")?))) {
            let made_by = if owner.0 == "ReplicaSet" { without_hash(&owner.1) } else { owner.1 };
            let pods = cluster.owned.entry((at.namespace, made_by.clone())).or_default();
            workload.stateful = owner.0 == "StatefulSet";
            workload.name = made_by;
            pods.entry(at.name).or_insert(workload);
            return;
        }
    }
    cluster.workloads.entry((at.namespace, kind.to_owned(), at.name)).or_insert(workload);
}

/// `web-5d9c7b` is of the Deployment `web`.
fn without_hash(name: &str) -> String {
    name.rsplit_once('-').map_or(name, |it| it.0).to_owned()
}

/// Secrets that lie in the pod: as volumes and in the environment.
fn secrets(pod: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for volume in items(pod, "volumes") {
        found.extend(path(volume, &["secret", "secretName"]).and_then(Node::as_str).map(str::to_owned));
        for source in path(volume, &["projected", "sources"]).map_or(&[][..], Node::one_or_many) {
            found.extend(path(source, &["secret", "name"]).and_then(Node::as_str).map(str::to_owned));
        }
    }
    for container in items(pod, "containers").iter().chain(items(pod, "initContainers")) {
        for variable in items(container, "env") {
            let name = path(variable, &["valueFrom", "secretKeyRef", "name"]);
            found.extend(name.and_then(Node::as_str).map(str::to_owned));
        }
        for source in items(container, "envFrom") {
            found.extend(path(source, &["secretRef", "name"]).and_then(Node::as_str).map(str::to_owned));
        }
    }
    found
}

fn service(spec: &Node, at: At, intake: &mut Intake<'_>) {
    let mut ports = Vec::new();
    for port in items(spec, "ports") {
        let Some(number) = port.get("port").and_then(Node::as_u64).and_then(|it| it.try_into().ok()) else {
            intake.malformed(Some(port.pos), "a port of the service is no number from 0 to 65535");
            continue;
        };
        let target = port.get("targetPort").and_then(port_name).unwrap_or(PortName::Number(number));
        ports.extend(protocol(port).map(|protocol| (text(port, "name"), protocol, number, target)));
    }
    let kind = text(spec, "type").unwrap_or_default();
    let service = Service {
        origin: intake.origin(at.line),
        selector: labels(spec.get("selector")),
        ports,
        published: matches!(kind.as_str(), "LoadBalancer" | "NodePort")
            || !items(spec, "externalIPs").is_empty(),
    };
    intake.gathered.cluster.services.entry((at.namespace, at.name)).or_insert(service);
}

fn port_name(node: &Node) -> Option<PortName> {
    let number = node.as_u64().and_then(|it| u16::try_from(it).ok());
    number.map(PortName::Number).or_else(|| node.as_str().map(|it| PortName::Name(it.to_owned())))
}

fn ingress(spec: &Node, at: &At, intake: &mut Intake<'_>) {
    let origin = intake.origin(at.line);
    let of_rules = items(spec, "rules").iter().filter_map(|it| path(it, &["http", "paths"]));
    let backends = of_rules.flat_map(Node::one_or_many).filter_map(|it| it.get("backend"));
    for backend in backends.chain(spec.get("defaultBackend")).chain(spec.get("backend")) {
        // Since networking.k8s.io/v1 {service: {name, port: {number | name}}}, before {serviceName, servicePort}.
        let service = backend.get("service");
        let name = service.and_then(|it| text(it, "name")).or_else(|| text(backend, "serviceName"));
        let port = service.and_then(|it| it.get("port"));
        let port = port
            .and_then(|it| it.get("number").or_else(|| it.get("name")))
            .or_else(|| backend.get("servicePort"));
        let Some(name) = name else { continue };
        let entry = intake.gathered.cluster.ingresses.entry((at.namespace.clone(), name));
        let (ports, _) = entry.or_insert_with(|| (BTreeSet::new(), origin));
        ports.extend(port.and_then(port_name));
    }
}

fn policy(spec: &Node, at: At, intake: &mut Intake<'_>) {
    let types: Vec<&str> = items(spec, "policyTypes").iter().filter_map(Node::as_str).collect();
    let has = |direction: &str, by_default: bool| {
        if types.is_empty() { by_default } else { types.contains(&direction) }
    };
    let egress_written = !items(spec, "egress").is_empty();
    let (inward, outward) = (has("Ingress", true), has("Egress", egress_written));
    let mut rules = |key: &str, peers: &str| -> Vec<Rule> {
        items(spec, key).iter().filter_map(|it| rule(it, peers, intake)).collect()
    };
    let ingress = inward.then(|| rules("ingress", "from"));
    let egress = outward.then(|| rules("egress", "to"));
    let origin = intake.origin(at.line);
    let pods = spec.get("podSelector").map(selector).unwrap_or_default();
    intake.gathered.cluster.policies.push(Policy { origin, namespace: at.namespace, pods, ingress, egress });
}

/// A rule; one that cannot be understood allows nothing, and is noted.
fn rule(node: &Node, peers: &str, intake: &mut Intake<'_>) -> Option<Rule> {
    let mut rule = Rule::default();
    let who = items(node, peers);
    if !who.is_empty() {
        let mut list = Vec::new();
        for it in who {
            match peer(it) {
                Ok(peer) => list.push(peer),
                Err(why) => intake.malformed(Some(it.pos), why),
            }
        }
        rule.peers = Some(list);
    }
    let ports = items(node, "ports");
    if !ports.is_empty() {
        let mut list = Vec::new();
        for it in ports {
            match port_rule(it) {
                Ok(Some(port)) => list.push(port),
                Ok(None) => intake.left_out("ports of SCTP in network policies"),
                Err(why) => intake.malformed(Some(it.pos), why),
            }
        }
        rule.ports = Some(list);
    }
    Some(rule)
}

fn peer(node: &Node) -> Result<Peer, String> {
    let Some(block) = node.get("ipBlock") else {
        let (namespaces, pods) = (node.get("namespaceSelector"), node.get("podSelector"));
        if namespaces.is_none() && pods.is_none() {
            return Err("a peer needs podSelector, namespaceSelector or ipBlock".to_owned());
        }
        return Ok(Peer::Pods { namespaces: namespaces.map(selector), pods: pods.map(selector) });
    };
    let range = |it: &Node| {
        let text = it.as_str().unwrap_or_default();
        text.parse::<ipnet::IpNet>().map(|it| it.trunc()).map_err(|_| format!("`{text}` is no address range"))
    };
    let cidr = block.get("cidr").ok_or("an ipBlock needs cidr")?;
    let except: Result<Vec<_>, _> = items(block, "except").iter().map(range).collect();
    Ok(Peer::Block { range: range(cidr)?, except: except? })
}

fn port_rule(node: &Node) -> Result<Option<PortRule>, String> {
    let Some(protocol) = protocol(node) else { return Ok(None) };
    let port = match node.get("port").filter(|it| !it.is_null()) {
        None => PortRange::All,
        Some(port) => match port_name(port) {
            Some(PortName::Number(first)) => {
                let last = node.get("endPort").and_then(Node::as_u64).map_or(Ok(first), u16::try_from);
                let last = last.ok().filter(|it| *it >= first).ok_or("endPort must not lie below port")?;
                PortRange::Numbers(first, last)
            }
            Some(PortName::Name(name)) if port.as_u64().is_none() => PortRange::Named(name),
            _ => return Err(format!("{} is no port", port.describe())),
        },
    };
    Ok(Some(PortRule { protocol, port }))
}

/// TCP where nothing is said; none for what the estate cannot hold.
fn protocol(node: &Node) -> Option<Protocol> {
    match text(node, "protocol").as_deref() {
        None | Some("TCP") => Some(Protocol::Tcp),
        Some("UDP") => Some(Protocol::Udp),
        Some(_) => None,
    }
}

fn budget(spec: &Node, at: At, intake: &mut Intake<'_>) {
    let amount = |key: &str| -> Option<(usize, bool)> {
        let node = spec.get(key)?;
        if let Some(number) = node.as_u64() {
            return Some((usize::try_from(number).ok()?, false));
        }
        Some((node.as_str()?.strip_suffix('%')?.parse().ok()?, true))
    };
    let amount = match (amount("minAvailable"), amount("maxUnavailable")) {
        (Some((n, false)), _) => Amount::AtLeast(n),
        (Some((n, true)), _) => Amount::AtLeastPercent(n),
        (None, Some((n, false))) => Amount::Without(n),
        (None, Some((n, true))) => Amount::WithoutPercent(n),
        (None, None) => {
            intake.malformed(Some(spec.pos), "a disruption budget needs minAvailable or maxUnavailable");
            return;
        }
    };
    let pods = spec.get("selector").map(selector).unwrap_or_default();
    intake.gathered.cluster.budgets.push((at.namespace, pods, amount));
}

fn host(node: &Node, at: &At, intake: &mut Intake<'_>) {
    let labels = labels(path(node, &["metadata", "labels"]));
    let rules = |it: &&str| labels.contains_key(*it);
    let control =
        ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"].iter().any(rules);
    intake.gathered.cluster.nodes.insert(at.name.clone(), control);
    let mut host = Host::new(intake.origin(at.line));
    host.key = Some(format!("node/{}", at.name));
    host.names.extend(names::hostname(&at.name));
    for address in path(node, &["status", "addresses"]).map_or(&[][..], Node::one_or_many) {
        let value = text(address, "address").unwrap_or_default();
        host.addresses.extend(names::address(&value).filter(|it| names::is_host_address(*it)));
    }
    let system = path(node, &["status", "nodeInfo", "osImage"]).and_then(Node::as_str).unwrap_or_default();
    host.os = names::os_family(system).map(str::to_owned);
    host.kind = Some(AssetKind::Server);
    host.roles.insert("k8s-node".to_owned());
    if control {
        host.roles.insert(super::API.to_owned());
    }
    intake.host(host);
}

/// Whether a rule lets its holder rule pods or take rights: everything, running commands, making pods, reading secrets,
/// or giving itself more (Kubernetes documentation, "RBAC good practices").
fn is_powerful(rule: &Node) -> bool {
    let words = |key: &str| -> Vec<&str> { items(rule, key).iter().filter_map(Node::as_str).collect() };
    let (verbs, resources) = (words("verbs"), words("resources"));
    let any = |list: &[&str], of: &[&str]| list.iter().any(|it| *it == "*" || of.contains(it));
    any(&verbs, &["escalate", "bind", "impersonate"])
        || (any(&verbs, &["create", "update", "patch"])
            && any(
                &resources,
                &[
                    "pods",
                    "pods/exec",
                    "pods/attach",
                    "deployments",
                    "daemonsets",
                    "statefulsets",
                    "jobs",
                    "cronjobs",
                    "nodes/proxy",
                    "serviceaccounts/token",
                    "rolebindings",
                    "clusterrolebindings",
                ],
            ))
        || (any(&verbs, &["get", "list", "watch"]) && any(&resources, &["secrets", "nodes/proxy"]))
}

fn binding(kind: &str, node: &Node, at: &At, intake: &mut Intake<'_>) {
    let role = node.get("roleRef");
    let of = |key: &str| role.and_then(|it| text(it, key)).unwrap_or_default();
    let namespace = if of("kind") == "Role" { at.namespace.clone() } else { String::new() };
    let subjects = items(node, "subjects").iter().filter_map(|it| {
        let namespace = text(it, "namespace").unwrap_or_else(|| at.namespace.clone());
        Some((text(it, "kind")?, namespace, text(it, "name")?))
    });
    let binding = Binding {
        origin: intake.origin(at.line),
        role: (namespace, of("name")),
        subjects: subjects.collect(),
    };
    if binding.role.1.is_empty() {
        intake.malformed(Some(node.pos), format!("the {kind} `{}` names no role", at.name));
        return;
    }
    intake.gathered.cluster.bindings.push(binding);
}

fn selector(node: &Node) -> Selector {
    let expressions = items(node, "matchExpressions").iter().filter_map(|it| {
        let key = text(it, "key")?;
        let values = items(it, "values").iter().filter_map(Node::as_str).map(str::to_owned).collect();
        Some(match text(it, "operator")?.as_str() {
            "In" => Expression::In(key, values),
            "NotIn" => Expression::NotIn(key, values),
            "Exists" => Expression::Exists(key),
            "DoesNotExist" => Expression::DoesNotExist(key),
            // An operator nobody knows selects nothing, so that nothing is opened by it.
            _ => Expression::In(key, Vec::new()),
        })
    });
    Selector { labels: labels(node.get("matchLabels")), expressions: expressions.collect() }
}

fn labels(node: Option<&Node>) -> Labels {
    let entries = node.map_or(&[][..], Node::entries);
    entries.iter().filter_map(|(key, value)| Some((key.text.clone(), value.as_str()?.to_owned()))).collect()
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::as_str).filter(|it| !it.is_empty()).map(str::to_owned)
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::as_seq).unwrap_or_default()
}

fn path<'n>(node: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().try_fold(node, |node, key| node.get(key))
}
