//! Points of hosts and accounts, with the grounds for every point, and what ties hosts together.
//!
//! A host's own findings count first. Findings by an account that had just come from another host count more, and fall
//! back on that host; the account's onward logons carry suspicion to the next one.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::Level;
use jiff::Timestamp;

use crate::burst::{self, bursts};
use crate::group::Group;
use crate::link::{Link, Links, shift};
use crate::policy::Policy;
use crate::resolve::{AccountNo, HostNo};

/// Why a host or account has points.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ground {
    pub points: f64,
    pub at: Timestamp,
    pub why: Why,
}

/// What a ground rests on; the numbers are indexes of groups and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// A rule fired, perhaps because of a link that led to it.
    Fired { group: usize, through: Option<usize> },
    /// A rule fired in a burst of so many different rare ones.
    Burst { group: usize, rules: usize },
    /// It is where a link comes from that led to a rule firing elsewhere.
    Source { link: usize, group: usize },
    /// The attacker's account went on from it.
    Onward { link: usize },
    /// The attacker's account came onto it.
    Reached { link: usize },
}

/// Two hosts of one attacker, and by which link (none: by an account that fired rules on both).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tie {
    pub from: HostNo,
    pub to: HostNo,
    pub link: Option<usize>,
}

/// The outcome.
#[derive(Debug, Default)]
pub(crate) struct Scores {
    pub hosts: BTreeMap<HostNo, Vec<Ground>>,
    /// Grounds of an account, each on the host where it arose.
    pub people: BTreeMap<AccountNo, Vec<(HostNo, Ground)>>,
    pub ties: BTreeSet<Tie>,
}

/// How a group came to be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Context {
    /// The link that led to it.
    link: Option<usize>,
    /// Whether by the group's own account.
    is_account: bool,
    /// Points with that taken into account.
    points: f64,
}

/// Points of a list of grounds.
pub(crate) fn total<'g>(grounds: impl IntoIterator<Item = &'g Ground>) -> f64 {
    grounds.into_iter().map(|it| it.points).sum()
}

/// Scores everything.
pub(crate) fn score(groups: &[Group<'_>], links: &Links, policy: &Policy) -> Scores {
    let contexts: Vec<Context> = groups.iter().map(|it| context(it, links, policy)).collect();
    let mut scores = Scores::default();
    own_findings(&mut scores, groups, &contexts, policy);
    sources(&mut scores, groups, &contexts, links, policy);
    // Suspicion travels at most as many steps as there are hosts; each round may add hosts that pass it on.
    for _ in 0..groups.len().min(16) {
        if !onward(&mut scores, groups, links, policy) {
            break;
        }
    }
    shared_accounts(&mut scores, groups, policy);
    simultaneous_bursts(&mut scores);
    scores
}

fn context(group: &Group<'_>, links: &Links, policy: &Policy) -> Context {
    let none = Context { link: None, is_account: false, points: group.points };
    if group.points <= 0.0 {
        return none;
    }
    let by_account = nearest(group, links, policy.link_before_s, policy.link_after_s, |it| {
        it.account.is_some_and(|it| group.accounts.contains(&it))
    });
    if let Some(link) = by_account {
        return Context { link: Some(link), is_account: true, points: group.points * policy.remote_factor };
    }
    if group.rule.level < Level::Medium || links.is_server(group.host) {
        return none;
    }
    let nearby = nearest(group, links, policy.nearby_s, policy.link_after_s, |it| !links.is_server(it.from));
    match nearby {
        Some(link) => {
            Context { link: Some(link), is_account: false, points: group.points * policy.nearby_factor }
        }
        None => none,
    }
}

/// The link onto the group's host that began last before one of its findings.
fn nearest(
    group: &Group<'_>,
    links: &Links,
    before: i64,
    after: i64,
    wanted: impl Fn(&Link) -> bool,
) -> Option<usize> {
    let onto = links.onto.get(&group.host)?;
    let leads = |link: &Link| {
        // The first finding not before the link; it must not come too late after it either.
        let from = group.times.partition_point(|it| shift(*it, after) < link.first);
        group.times.get(from).is_some_and(|it| link.leads_to(*it, before, after))
    };
    onto.iter().rev().copied().find(|it| wanted(&links.all[*it]) && leads(&links.all[*it]))
}

fn own_findings(scores: &mut Scores, groups: &[Group<'_>], contexts: &[Context], policy: &Policy) {
    let bursts = bursts(groups, policy);
    let is_weak = |index: usize| {
        !groups[index].is_strong() && contexts[index].link.is_none() && !bursts.contains_key(&index)
    };
    let mut weak_of_host = BTreeMap::<HostNo, f64>::new();
    let mut weak_of_account = BTreeMap::<AccountNo, f64>::new();
    for index in (0..groups.len()).filter(|it| is_weak(*it)) {
        let group = &groups[index];
        *weak_of_host.entry(group.host).or_default() += group.points;
        for account in &group.accounts {
            *weak_of_account.entry(*account).or_default() += group.points;
        }
    }
    let cap = |sum: Option<&f64>| sum.map_or(1.0, |it| (policy.weak_cap / it.max(policy.weak_cap)).min(1.0));
    for (index, (group, context)) in groups.iter().zip(contexts).enumerate().filter(|it| it.1.1.points > 0.0)
    {
        let ground = |share: f64| match bursts.get(&index) {
            Some(burst) if context.link.is_none() => Ground {
                points: context.points.max(policy.burst_points),
                at: burst.at,
                why: Why::Burst { group: index, rules: burst.rules },
            },
            _ => Ground {
                points: context.points * share,
                at: group.first(),
                why: Why::Fired { group: index, through: context.link },
            },
        };
        let weak = is_weak(index);
        let share = if weak { cap(weak_of_host.get(&group.host)) } else { 1.0 };
        scores.hosts.entry(group.host).or_default().push(ground(share));
        for account in &group.accounts {
            let share = if weak { cap(weak_of_account.get(account)) } else { 1.0 };
            scores.people.entry(*account).or_default().push((group.host, ground(share)));
        }
    }
}

/// What fired because of a link falls back on the host the link came from.
fn sources(scores: &mut Scores, groups: &[Group<'_>], contexts: &[Context], links: &Links, policy: &Policy) {
    let mut given = BTreeMap::<HostNo, f64>::new();
    let mut order: Vec<usize> = (0..groups.len()).filter(|it| contexts[*it].link.is_some()).collect();
    order.sort_by(|a, b| contexts[*b].points.total_cmp(&contexts[*a].points).then(a.cmp(b)));
    for index in order {
        let (context, Some(link)) = (contexts[index], contexts[index].link) else { continue };
        let from = links.all[link].from;
        if links.is_server(from) && !context.is_account {
            continue;
        }
        scores.ties.insert(Tie { from, to: groups[index].host, link: Some(link) });
        let left = policy.source_cap - given.get(&from).copied().unwrap_or(0.0);
        let share = if context.is_account { policy.source_share } else { policy.source_share / 2.0 };
        let points = (context.points * share).min(left);
        if points <= 0.0 {
            continue;
        }
        *given.entry(from).or_default() += points;
        // Log sources stamp differently: what came of the link cannot be older than it. A link in daily use began long
        // before, and nobody knows which of its uses it was.
        let (first, fired) = (links.all[link].first, groups[index].first());
        let at = if first < shift(fired, -policy.link_before_s) { fired } else { first.min(fired) };
        let ground = Ground { points, at, why: Why::Source { link, group: index } };
        if let Some(account) = links.all[link].account.filter(|_| context.is_account) {
            scores.people.entry(account).or_default().push((from, Ground { points: 0.0, ..ground.clone() }));
        }
        scores.hosts.entry(from).or_default().push(ground);
    }
}

/// Carries suspicion along logons of accounts under suspicion; says whether anything new came of it.
fn onward(scores: &mut Scores, groups: &[Group<'_>], links: &Links, policy: &Policy) -> bool {
    let mut grew = false;
    for (index, link) in links.all.iter().enumerate() {
        let Some(account) = link.account else { continue };
        if links.is_server(link.to) || !holds(scores, groups, links, link, account, policy) {
            continue;
        }
        let onward =
            Ground { points: policy.onward_points, at: link.first, why: Why::Onward { link: index } };
        let reached =
            Ground { points: policy.reached_points, at: link.first, why: Why::Reached { link: index } };
        grew |= add_once(scores, link.from, onward, |it| matches!(it, Why::Onward { .. }));
        grew |= add_once(scores, link.to, reached, |it| matches!(it, Why::Reached { .. }));
        grew |= scores.ties.insert(Tie { from: link.from, to: link.to, link: Some(index) });
    }
    grew
}

/// Whether the host the link comes from is suspected, and the account fired a rule there not long before, or came from
/// there onto yet another host where something fired.
fn holds(
    scores: &Scores,
    groups: &[Group<'_>],
    links: &Links,
    link: &Link,
    account: AccountNo,
    policy: &Policy,
) -> bool {
    let Some(grounds) = scores.hosts.get(&link.from) else { return false };
    let recent = |group: &Group<'_>| {
        let accounts = &group.accounts;
        // A finding not long before the link first showed; a link in daily use before it says nothing.
        let from = group.times.partition_point(|it| *it < shift(link.first, -policy.link_before_s));
        let before = group.times.get(from).is_some_and(|it| *it <= shift(link.first, policy.link_after_s));
        before && (accounts.contains(&account) || (accounts.is_empty() && group.is_strong()))
    };
    let active = grounds.iter().any(|it| match it.why {
        Why::Fired { group, .. } | Why::Burst { group, .. } => recent(&groups[group]),
        // Its own link is no second witness.
        Why::Source { link: other, .. } => {
            let other = &links.all[other];
            other.account == Some(account) && other.to != link.to && link.first >= it.at
        }
        Why::Onward { .. } | Why::Reached { .. } => false,
    });
    active && policy.confidence(total(grounds)) >= policy.suspected
}

fn add_once(scores: &mut Scores, host: HostNo, ground: Ground, same: impl Fn(&Why) -> bool) -> bool {
    let grounds = scores.hosts.entry(host).or_default();
    if grounds.iter().any(|it| same(&it.why)) {
        return false;
    }
    grounds.push(ground);
    true
}

/// Hosts whose bursts begin within an hour of each other are tied.
fn simultaneous_bursts(scores: &mut Scores) {
    let begin = |grounds: &Vec<Ground>| {
        grounds.iter().filter(|it| matches!(it.why, Why::Burst { .. })).map(|it| it.at.as_second()).min()
    };
    let mut bursts: Vec<(i64, HostNo)> =
        scores.hosts.iter().filter_map(|it| Some((begin(it.1)?, *it.0))).collect();
    bursts.sort_unstable();
    for pair in bursts.windows(2).filter(|it| it[1].0 - it[0].0 <= burst::WINDOW_S) {
        scores.ties.insert(Tie { from: pair[0].1, to: pair[1].1, link: None });
    }
}

/// Hosts on which one account fired rules of at least medium, not too far apart, are tied.
fn shared_accounts(scores: &mut Scores, groups: &[Group<'_>], policy: &Policy) {
    let mut places = BTreeMap::<AccountNo, BTreeMap<HostNo, Vec<Timestamp>>>::new();
    for group in groups.iter().filter(|it| it.rule.level >= Level::Medium && it.points > 0.0) {
        for account in &group.accounts {
            places.entry(*account).or_default().entry(group.host).or_default().extend(&group.times);
        }
    }
    for hosts in places.values() {
        // In the order of time, each host is tied to the one before it that was active last.
        let mut spans: Vec<(i64, i64, HostNo)> = hosts.iter().filter_map(|it| span(*it.0, it.1)).collect();
        spans.sort_unstable();
        let mut active: Option<(i64, HostNo)> = None;
        for (first, last, host) in spans {
            if let Some((until, other)) = active
                && first - until <= policy.account_window_s
            {
                scores.ties.insert(Tie { from: other, to: host, link: None });
            }
            active = active.filter(|it| it.0 > last).or(Some((last, host)));
        }
    }
}

/// First and last second of a host's instants.
fn span(host: HostNo, times: &[Timestamp]) -> Option<(i64, i64, HostNo)> {
    Some((times.iter().min()?.as_second(), times.iter().max()?.as_second(), host))
}
