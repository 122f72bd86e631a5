//! The ways observed between hosts: logons of accounts, and flows on ports over which attackers move.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::{Observations, Seen};
use jiff::{SignedDuration, Timestamp};

use crate::policy::Policy;
use crate::resolve::{AccountNo, HostNo, Resolver};

/// Somebody or something came from one host onto another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub from: HostNo,
    pub to: HostNo,
    /// Whose logon; none for a flow.
    pub account: Option<AccountNo>,
    /// `logon network` or `flow tcp/445`.
    pub what: String,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Link {
    /// The instant of the link nearest before `at`, if one lies within `before` seconds before and `after` seconds
    /// after it. Only the first and last of many are known, so what lies between them counts as seen.
    pub(crate) fn leads_to(&self, at: Timestamp, before: i64, after: i64) -> bool {
        self.first <= shift(at, after) && self.last >= shift(at, -before)
    }
}

/// `at` moved by so many seconds, kept within what can be written.
pub(crate) fn shift(at: Timestamp, secs: i64) -> Timestamp {
    let limit = if secs < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.checked_add(SignedDuration::from_secs(secs)).unwrap_or(limit)
}

/// All links, and the hosts that are servers to the others.
#[derive(Debug)]
pub(crate) struct Links {
    pub all: Vec<Link>,
    /// Indexes into `all` by the host they lead to.
    pub onto: BTreeMap<HostNo, Vec<usize>>,
    pub servers: BTreeSet<HostNo>,
}

impl Links {
    pub(crate) fn new(observations: &Observations, resolver: &mut Resolver<'_>, policy: &Policy) -> Self {
        let mut all = logons(observations, resolver);
        all.extend(flows(observations, resolver, policy));
        all.sort_by(|a, b| {
            (a.first, a.from, a.to, &a.what, a.account).cmp(&(b.first, b.from, b.to, &b.what, b.account))
        });
        let mut onto = BTreeMap::<HostNo, Vec<usize>>::new();
        for (index, link) in all.iter().enumerate() {
            onto.entry(link.to).or_default().push(index);
        }
        let servers = servers(&all, observations, resolver, policy);
        Self { all, onto, servers }
    }

    /// Whether everybody logs on to `host`, so that a logon there means little.
    pub(crate) fn is_server(&self, host: HostNo) -> bool {
        self.servers.contains(&host)
    }
}

fn logons(observations: &Observations, resolver: &mut Resolver<'_>) -> Vec<Link> {
    const REMOTE: [&str; 5] = ["network", "remote_interactive", "ssh", "explicit", "other"];
    let mut links = Vec::new();
    for (logon, seen) in &observations.logons {
        if !logon.success || !REMOTE.contains(&logon.kind.as_str()) {
            continue;
        }
        let Some(from) = logon.from.as_ref().and_then(|it| resolver.host(it)) else { continue };
        let (Some(to), Some(account)) = (resolver.host(&logon.to), resolver.account(&logon.user)) else {
            continue;
        };
        let what = format!("logon {}", logon.kind);
        links.extend(link(from, to, Some(account), what, seen));
    }
    links
}

fn flows(observations: &Observations, resolver: &mut Resolver<'_>, policy: &Policy) -> Vec<Link> {
    let moves = |port: u16| policy.movement_ports.contains(&port);
    let mut links = Vec::new();
    for (flow, seen) in observations.flows.iter().filter(|it| it.0.protocol == "tcp" && moves(it.0.port)) {
        let (Some(from), Some(to)) = (resolver.address(flow.from), resolver.address(flow.to)) else {
            continue;
        };
        links.extend(link(from, to, None, format!("flow tcp/{}", flow.port), seen));
    }
    links
}

fn link(from: HostNo, to: HostNo, account: Option<AccountNo>, what: String, seen: &Seen) -> Option<Link> {
    let (first, last) = (seen.first?, seen.last?);
    (from != to).then_some(Link { from, to, account, what, first, last })
}

/// Directory servers, and hosts onto which many others come.
///
/// A directory shows itself by its role in the estate or the telemetry, by Kerberos requests to it, or by two computers
/// that log on to it with their own accounts.
fn servers(
    links: &[Link],
    observations: &Observations,
    resolver: &mut Resolver<'_>,
    policy: &Policy,
) -> BTreeSet<HostNo> {
    const KERBEROS: u16 = 88;
    let mut servers = BTreeSet::new();
    for (name, host) in &observations.hosts {
        let Some(number) = resolver.host(name) else { continue };
        if host.roles.contains("domain_controller") {
            servers.insert(number);
        }
    }
    for flow in observations.flows.keys().filter(|it| it.port == KERBEROS) {
        let (from, to) = (resolver.address(flow.from), resolver.address(flow.to));
        servers.extend(to.filter(|it| from != Some(*it)));
    }
    let mut clients = BTreeMap::<HostNo, BTreeSet<HostNo>>::new();
    for link in links {
        clients.entry(link.to).or_default().insert(link.from);
    }
    let others = resolver.hosts.len().saturating_sub(1);
    let busy = |it: &BTreeSet<HostNo>| it.len() >= policy.server_clients && it.len() * 2 >= others;
    servers.extend(clients.iter().filter(|it| busy(it.1)).map(|it| *it.0));
    servers
        .extend(machine_clients(observations, resolver).iter().filter(|it| it.1.len() >= 2).map(|it| *it.0));
    servers.extend((0..resolver.hosts.len()).filter(|it| resolver.hosts[*it].is_directory));
    servers
}

/// Hosts whose own accounts logged on to a host.
fn machine_clients(
    observations: &Observations,
    resolver: &mut Resolver<'_>,
) -> BTreeMap<HostNo, BTreeSet<HostNo>> {
    let mut clients = BTreeMap::<HostNo, BTreeSet<HostNo>>::new();
    for logon in observations.logons.keys().filter(|it| it.success && it.user.ends_with('$')) {
        let Some(from) = logon.from.as_ref().and_then(|it| resolver.host(it)) else { continue };
        let Some(to) = resolver.host(&logon.to).filter(|it| *it != from) else { continue };
        clients.entry(to).or_default().insert(from);
    }
    clients
}
