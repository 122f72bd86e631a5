//! Kubernetes manifests: workloads to assets, services, network policies to flows, bindings and secrets to identities.

mod hosts;
mod objects;
mod policy;
mod publish;
mod rbac;
mod select;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulkhead_model::estate::Protocol;
use ipnet::IpNet;

use crate::source::Origin;

pub(crate) use hosts::settle;
pub(crate) use objects::read;
pub(crate) use policy::pairs;
pub(crate) use publish::services;
pub(crate) use rbac::identities;
use select::Labels;

/// Everything that manifests say.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    /// Labels of namespaces.
    pub(crate) namespaces: BTreeMap<String, Labels>,
    /// By namespace, kind and name.
    pub(crate) workloads: BTreeMap<(String, String, String), Workload>,
    /// Running pods by namespace and the name of what made them, then by their own name.
    pub(crate) owned: BTreeMap<(String, String), BTreeMap<String, Workload>>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) services: BTreeMap<(String, String), Service>,
    /// Services that an ingress leads to: namespace, name, port as written.
    pub(crate) ingresses: BTreeMap<(String, String), (BTreeSet<PortName>, Origin)>,
    /// Least available replicas, by what the budget selects.
    pub(crate) budgets: Vec<(String, Selector, Amount)>,
    /// Nodes and whether they run the control plane.
    pub(crate) nodes: BTreeMap<String, bool>,
    /// Roles: whether they rule the cluster. Cluster roles have no namespace.
    pub(crate) roles: BTreeMap<(String, String), bool>,
    pub(crate) bindings: Vec<Binding>,
}

/// What runs pods.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) origin: Origin,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) replicas: usize,
    /// Runs once on every node.
    pub(crate) everywhere: bool,
    pub(crate) stateful: bool,
    pub(crate) ports: Vec<(Option<String>, Protocol, u16)>,
    pub(crate) account: String,
    /// Whether the account's token lies in the pod.
    pub(crate) token: bool,
    pub(crate) secrets: BTreeSet<String>,
    /// On the node's network, where policies do not reach it.
    pub(crate) host_network: bool,
    /// Addresses of its pods, in the order of their names.
    pub(crate) addresses: Vec<IpAddr>,
}

impl Workload {
    /// The ids of its pods as assets; no host is called so, since they are met again by these ids.
    pub(crate) fn ids(&self) -> Vec<String> {
        let stem = crate::names::sanitise(&format!("k8s-{}-{}", self.namespace, self.name));
        let first = usize::from(!self.stateful);
        match (self.replicas, self.stateful) {
            (1, false) => vec![stem],
            (n, _) => (first..first + n).map(|it| format!("{stem}-{it}")).collect(),
        }
    }
}

/// A selector of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) labels: Labels,
    pub(crate) expressions: Vec<Expression>,
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
}

/// A network policy; a direction that it does not speak of is none.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) origin: Origin,
    pub(crate) namespace: String,
    pub(crate) pods: Selector,
    pub(crate) ingress: Option<Vec<Rule>>,
    pub(crate) egress: Option<Vec<Rule>>,
}

/// What a policy allows: peers (none: everybody) on ports (none: all).
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    pub(crate) peers: Option<Vec<Peer>>,
    pub(crate) ports: Option<Vec<PortRule>>,
}

/// Who is meant.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// Pods, in the policy's namespace or in those selected.
    Pods { namespaces: Option<Selector>, pods: Option<Selector> },
    /// Addresses, less some.
    Block { range: IpNet, except: Vec<IpNet> },
}

/// Ports of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortRule {
    pub(crate) protocol: Protocol,
    pub(crate) port: PortRange,
}

/// Which ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortRange {
    All,
    Numbers(u16, u16),
    /// As the container of the receiving pod names it.
    Named(String),
}

/// A port by number or name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PortName {
    Number(u16),
    Name(String),
}

/// A service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) origin: Origin,
    pub(crate) selector: Labels,
    /// Name, protocol, port, and the port of the pods.
    pub(crate) ports: Vec<(Option<String>, Protocol, u16, PortName)>,
    /// Reached from outside the cluster.
    pub(crate) published: bool,
}

/// A number, or a share of the whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    AtLeast(usize),
    AtLeastPercent(usize),
    Without(usize),
    WithoutPercent(usize),
}

/// Who may use a role.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) origin: Origin,
    /// Namespace and name of the role; a cluster role has no namespace.
    pub(crate) role: (String, String),
    /// Kind, namespace, name.
    pub(crate) subjects: Vec<(String, String, String)>,
}

/// The role of assets that serve the cluster's API.
pub(crate) const API: &str = "k8s-api";
