//! The ways observed between hosts: logons of accounts, and flows on ports over which attackers move.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::Observations;
use bulkhead_model::uses::Uses;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::normal::SPAN_S;
use crate::policy::Policy;
use crate::resolve::{AccountNo, HostNo, Resolver};
use crate::sound::{Sound, each, hold, number, share};

/// Somebody or something came from one host onto another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub from: HostNo,
    pub to: HostNo,
    /// Whose logon; none for a flow, and where the name says nobody (`root`, a computer's account from elsewhere).
    pub account: Option<AccountNo>,
    /// `logon network` or `flow tcp/445`.
    pub what: String,
    pub first: Timestamp,
    /// When it was in use.
    uses: Uses,
    /// How surprising it was when it was new, 0 to 1: an account that takes new ways every hour surprises nobody by one more.
    pub surprise: f64,
}

impl Link {
    /// Whether somebody logged on, under whatever name.
    pub(crate) fn is_logon(&self) -> bool {
        self.what.starts_with("logon")
    }

    fn key(&self) -> (HostNo, HostNo, Option<AccountNo>, String) {
        (self.from, self.to, self.account, self.what.clone())
    }

    /// When it was in use, `[from, to]`, as is known by `now`.
    pub(crate) fn stretches(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.uses.stretches(now)
    }

    /// When it was in use, a use every ten minutes, `[from, to]`, as is known by `now`; not of its first day alone.
    pub(crate) fn periods(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.uses.periods(now)
    }

    /// Whether it had been in use so long before `at` that another use says nothing.
    pub(crate) fn is_habit(&self, at: Timestamp, habit_s: i64) -> bool {
        self.first < shift(at, -habit_s)
    }
}

/// `at` moved by so many seconds, kept within what can be written.
pub(crate) fn shift(at: Timestamp, secs: i64) -> Timestamp {
    let limit = if secs < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.checked_add(SignedDuration::from_secs(secs)).unwrap_or(limit)
}

/// Ways as they are kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ways {
    links: Vec<Link>,
    servers: Vec<(HostNo, Timestamp)>,
}

impl Ways {
    /// Whether it can have been kept with so many hosts and accounts.
    pub(crate) fn check(&self, n_hosts: usize, n_people: usize) -> Sound {
        each("links", &self.links, |it| {
            number("from", it.from, n_hosts, "host")?;
            number("to", it.to, n_hosts, "host")?;
            it.account.map_or(Ok(()), |it| number("account", it, n_people, "account"))?;
            share("surprise", it.surprise)?;
            hold(it.uses.first.is_some() && it.uses.is_sound(), "uses", || {
                "they lie outside its first and last time, or overlap".to_owned()
            })
        })?;
        each("servers", &self.servers, |it| number("[0]", it.0, n_hosts, "host"))
    }

    /// Hosts and accounts renumbered; none where it names what is not there.
    pub(crate) fn renumbered(mut self, hosts: &[HostNo], people: &[AccountNo]) -> Option<Self> {
        for it in &mut self.links {
            (it.from, it.to) = (*hosts.get(it.from)?, *hosts.get(it.to)?);
            it.account = it.account.map(|it| people.get(it).copied().ok_or(())).transpose().ok()?;
            it.surprise = 1.0;
        }
        for it in &mut self.servers {
            it.0 = *hosts.get(it.0)?;
        }
        Some(self)
    }
}

/// One list, each way once.
fn with_those_before(now: Vec<Link>, before: Vec<Link>) -> Vec<Link> {
    if before.is_empty() {
        return now;
    }
    let mut all = BTreeMap::<(HostNo, HostNo, Option<AccountNo>, String), Link>::new();
    for link in before.into_iter().chain(now) {
        match all.entry(link.key()) {
            Entry::Vacant(it) => {
                it.insert(link);
            }
            Entry::Occupied(mut it) => {
                let it = it.get_mut();
                it.uses.merge(&link.uses);
                it.first = it.first.min(link.first);
            }
        }
    }
    all.into_values().collect()
}

/// All links, and the hosts that are servers to the others.
#[derive(Debug)]
pub(crate) struct Links {
    pub all: Vec<Link>,
    /// Indexes into `all` by the host they lead to.
    pub onto: BTreeMap<HostNo, Vec<usize>>,
    /// Indexes into `all` by the host they lead from.
    pub from: BTreeMap<HostNo, Vec<usize>>,
    /// Indexes into `all` by whose logon they are.
    pub of: BTreeMap<AccountNo, Vec<usize>>,
    /// Servers, and from when on they show themselves as such.
    servers: BTreeMap<HostNo, Timestamp>,
}

impl Links {
    /// The ways of `observations`, and those known from before.
    pub(crate) fn new(
        observations: &Observations,
        resolver: &mut Resolver<'_>,
        policy: &Policy,
        before: Ways,
    ) -> Self {
        let mut all = logons(observations, resolver);
        all.extend(flows(observations, resolver, policy));
        all = with_those_before(all, before.links);
        all.sort_by(|a, b| {
            (a.first, a.from, a.to, &a.what, a.account).cmp(&(b.first, b.from, b.to, &b.what, b.account))
        });
        let (mut onto, mut from) =
            (BTreeMap::<HostNo, Vec<usize>>::new(), BTreeMap::<HostNo, Vec<usize>>::new());
        let mut of = BTreeMap::<AccountNo, Vec<usize>>::new();
        for (index, link) in all.iter().enumerate() {
            if let Some(account) = link.account {
                of.entry(account).or_default().push(index);
            }
            onto.entry(link.to).or_default().push(index);
            from.entry(link.from).or_default().push(index);
        }
        let mut servers = servers(&all, observations, resolver, policy);
        for (host, since) in before.servers {
            servers.entry(host).and_modify(|it| *it = (*it).min(since)).or_insert(since);
        }
        surprises(&mut all, policy);
        Self { all, onto, from, of, servers }
    }

    /// The ways that may still say something, and the servers; the latest `most` of them.
    pub(crate) fn kept(self, most: usize) -> Ways {
        let mut links = self.all;
        links.sort_by(|a, b| b.uses.last.cmp(&a.uses.last).then(a.key().cmp(&b.key())));
        links.truncate(most);
        links.sort_by_cached_key(Link::key);
        Ways { links, servers: self.servers.into_iter().collect() }
    }

    /// Whether any way leads from or onto `host`.
    pub(crate) fn touch(&self, host: HostNo) -> bool {
        self.from.contains_key(&host) || self.onto.contains_key(&host)
    }

    /// Whether everybody logs on to `host`, so that a logon there means little; as was known at `at`.
    pub(crate) fn is_server(&self, host: HostNo, at: Timestamp) -> bool {
        self.servers.get(&host).is_some_and(|since| *since <= at)
    }
}

/// Seconds before a way in which the same attacker may have taken others: they do not make it usual.
const ONE_ATTACK_S: i64 = 3600;

/// Weighs every way (in the order of time) by what whoever took it did before: an account by its new sources where the
/// source is new, else by its new ways; a host without a known account by its new ways. An account is judged by the spans in which
/// it took any way: who goes round hosts once a day does not do so in every span of the day.
fn surprises(all: &mut [Link], policy: &Policy) {
    let Some(start) = all.first().map(|it| it.first.as_second()) else { return };
    let active = active(all);
    let mut ways = BTreeMap::<(Option<AccountNo>, Option<HostNo>), Vec<i64>>::new();
    let mut sources = BTreeMap::<AccountNo, Vec<i64>>::new();
    let mut known = BTreeMap::<(AccountNo, HostNo), i64>::new();
    for link in all {
        let at = link.first.as_second();
        let before = |times: Option<&Vec<i64>>| {
            times.map_or(0, |it| it.partition_point(|time| *time < at - ONE_ATTACK_S))
        };
        let who = (link.account, link.from);
        let n = match who {
            (Some(account), from) => {
                let since = *known.entry((account, from)).or_insert_with(|| {
                    sources.entry(account).or_default().push(at);
                    at
                });
                if since >= at - ONE_ATTACK_S {
                    before(sources.get(&account))
                } else {
                    before(ways.get(&(Some(account), None)))
                }
            }
            (None, from) => before(ways.get(&(None, Some(from)))),
        };
        let spans = match link.account.and_then(|it| active.get(&it)) {
            Some(spans) => {
                i64::try_from(spans.partition_point(|it| *it < at.div_euclid(SPAN_S))).unwrap_or(i64::MAX)
            }
            None => (at - start) / SPAN_S,
        };
        link.surprise = policy.surprise(n, spans);
        let place = if link.account.is_some() { (link.account, None) } else { (None, Some(link.from)) };
        ways.entry(place).or_default().push(at);
    }
}

/// By account, the spans of ten minutes in which it took any way, ascending.
fn active(links: &[Link]) -> BTreeMap<AccountNo, Vec<i64>> {
    let mut spans = BTreeMap::<AccountNo, BTreeSet<i64>>::new();
    for link in links {
        let Some(account) = link.account else { continue };
        let spans = spans.entry(account).or_default();
        for (from, to) in link.periods(Timestamp::MAX) {
            let (from, to) = (from.as_second().div_euclid(SPAN_S), to.as_second().div_euclid(SPAN_S));
            spans.extend(from..=to);
        }
    }
    spans.into_iter().map(|(account, spans)| (account, spans.into_iter().collect())).collect()
}

fn logons(observations: &Observations, resolver: &mut Resolver<'_>) -> Vec<Link> {
    const REMOTE: [&str; 5] = ["network", "remote_interactive", "ssh", "explicit", "other"];
    let mut links = Vec::new();
    for (logon, seen) in &observations.logons {
        if !logon.success || !REMOTE.contains(&logon.kind.as_str()) {
            continue;
        }
        let Some(from) = logon.from.as_ref().and_then(|it| resolver.host(it)) else { continue };
        let Some(to) = resolver.host(&logon.to) else { continue };
        let account = resolver.account(&logon.user);
        if account.is_none() && is_nobodys(&logon.user, from, resolver) {
            continue;
        }
        links.extend(link(from, to, account, format!("logon {}", logon.kind), seen));
    }
    links
}

/// Whether a logon is no way that somebody took: an anonymous one, or a computer's from itself.
fn is_nobodys(user: &str, from: HostNo, resolver: &mut Resolver<'_>) -> bool {
    Account::read(user).is_none_or(|it| it.is_anonymous() || resolver.is_own_account(&it, from))
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

fn link(from: HostNo, to: HostNo, account: Option<AccountNo>, what: String, uses: &Uses) -> Option<Link> {
    let first = uses.first?;
    (from != to).then(|| Link { from, to, account, what, first, uses: uses.clone(), surprise: 1.0 })
}

/// Directory servers, and hosts onto which many others come, with the instant from which on that could be known.
///
/// A directory shows itself by its role in the estate or the telemetry, by Kerberos requests to it, or by two computers
/// that log on to it with their own accounts; whose other names end in `$` are no computers as far as anybody knows.
fn servers(
    links: &[Link],
    observations: &Observations,
    resolver: &mut Resolver<'_>,
    policy: &Policy,
) -> BTreeMap<HostNo, Timestamp> {
    const KERBEROS: u16 = 88;
    let mut servers = BTreeMap::<HostNo, Timestamp>::new();
    let mut enter = |host: HostNo, since: Timestamp| {
        servers.entry(host).and_modify(|it| *it = (*it).min(since)).or_insert(since);
    };
    for (name, host) in &observations.hosts {
        let Some(number) = resolver.host(name) else { continue };
        if host.roles.contains("domain_controller") {
            enter(number, host.seen.first.unwrap_or(Timestamp::MIN));
        }
    }
    for (flow, seen) in observations.flows.iter().filter(|it| it.0.port == KERBEROS) {
        let (from, to) = (resolver.address(flow.from), resolver.address(flow.to));
        if let Some(to) = to.filter(|it| from != Some(*it)) {
            enter(to, seen.first.unwrap_or(Timestamp::MIN));
        }
    }
    let mut met: Vec<Timestamp> = links
        .iter()
        .flat_map(|it| [(it.from, it.first), (it.to, it.first)])
        .chain(observations.hosts.iter().filter_map(|it| Some((resolver.host(it.0)?, it.1.seen.first?))))
        .fold(BTreeMap::<HostNo, Timestamp>::new(), |mut met, (host, at)| {
            met.entry(host).and_modify(|it| *it = (*it).min(at)).or_insert(at);
            met
        })
        .into_values()
        .collect();
    met.sort_unstable();
    for (host, clients) in clients(links.iter().map(|it| (it.to, it.from, it.first))) {
        let mut came: Vec<Timestamp> = clients.into_values().collect();
        came.sort_unstable();
        // By as many hosts as were known when the client came.
        let others = |at: Timestamp| met.partition_point(|it| *it <= at).saturating_sub(1);
        let is_busy = |n: usize, at: Timestamp| n >= policy.server_clients.max(others(at).div_ceil(2));
        if let Some(since) = came.iter().zip(1..).find(|it| is_busy(it.1, *it.0)).map(|it| *it.0) {
            enter(host, since);
        }
    }
    for (host, clients) in clients(machine_logons(observations, resolver).into_iter()) {
        if let Some(since) = nth(&clients, 2) {
            enter(host, since);
        }
    }
    for host in (0..resolver.hosts.len()).filter(|it| resolver.hosts[*it].is_directory) {
        enter(host, Timestamp::MIN);
    }
    servers
}

/// By server and client, when the client first came.
fn clients(
    came: impl Iterator<Item = (HostNo, HostNo, Timestamp)>,
) -> BTreeMap<HostNo, BTreeMap<HostNo, Timestamp>> {
    let mut clients = BTreeMap::<HostNo, BTreeMap<HostNo, Timestamp>>::new();
    for (to, from, at) in came {
        clients.entry(to).or_default().entry(from).and_modify(|it| *it = (*it).min(at)).or_insert(at);
    }
    clients
}

/// When the `n`th client came.
fn nth(clients: &BTreeMap<HostNo, Timestamp>, n: usize) -> Option<Timestamp> {
    let mut times: Vec<Timestamp> = clients.values().copied().collect();
    times.sort_unstable();
    times.get(n.checked_sub(1)?).copied()
}

/// Logons of computers with their own accounts: onto which host, from which, when first.
fn machine_logons(
    observations: &Observations,
    resolver: &mut Resolver<'_>,
) -> Vec<(HostNo, HostNo, Timestamp)> {
    let mut came = Vec::new();
    for (logon, seen) in observations.logons.iter().filter(|it| it.0.success && it.0.user.ends_with('$')) {
        let Some(from) = logon.from.as_ref().and_then(|it| resolver.host(it)) else { continue };
        let Some(to) = resolver.host(&logon.to).filter(|it| *it != from) else { continue };
        came.push((to, from, seen.first.unwrap_or(Timestamp::MIN)));
    }
    came
}
