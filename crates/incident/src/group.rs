//! Findings grouped by host and rule, and how much each group says after background noise is damped.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::{Finding, Level, RuleRef, SourceRef};
use jiff::Timestamp;

use crate::alerts::ALERT_TAG;
use crate::policy::Policy;
use crate::resolve::{AccountNo, HostNo, Resolver};

/// All hits of one rule on one host.
#[derive(Clone, Debug)]
pub(crate) struct Group<'f> {
    pub host: HostNo,
    pub rule: &'f RuleRef,
    /// Indexes of the findings, by time.
    pub findings: Vec<usize>,
    /// Times of the findings, ascending.
    pub times: Vec<Timestamp>,
    /// Accounts the findings speak of.
    pub accounts: BTreeSet<AccountNo>,
    /// Points after damping and before anything ties the group to an attacker.
    pub points: f64,
}

impl Group<'_> {
    pub(crate) fn first(&self) -> Timestamp {
        self.times.first().copied().unwrap_or(Timestamp::MAX)
    }

    /// Grave enough to speak for itself, even from an alert.
    pub(crate) fn is_strong(&self) -> bool {
        self.rule.level >= Level::High
    }
}

/// Findings grouped, and how many could not be placed (no host or no time).
pub(crate) fn group<'f>(
    findings: &'f [Finding],
    resolver: &mut Resolver<'_>,
    policy: &Policy,
) -> (Vec<Group<'f>>, u64) {
    number_in_order(findings, resolver);
    let mut placed = BTreeMap::<(HostNo, &str), Vec<(Timestamp, usize)>>::new();
    let mut unplaced = 0;
    for (index, finding) in findings.iter().enumerate() {
        let host = host_of(finding, resolver);
        let (Some(host), Some(time)) = (host, finding.time) else {
            unplaced += 1;
            continue;
        };
        placed.entry((host, finding.rule.id.as_str())).or_default().push((time, index));
    }
    let mut groups: Vec<Group<'f>> = placed
        .into_iter()
        .map(|((host, _), mut hits)| {
            hits.sort_by(|a, b| (a.0, &findings[a.1].source, a.1).cmp(&(b.0, &findings[b.1].source, b.1)));
            let accounts =
                hits.iter().filter_map(|it| resolver.account(findings[it.1].user.as_ref()?)).collect();
            Group {
                host,
                rule: &findings[hits[0].1].rule,
                times: hits.iter().map(|it| it.0).collect(),
                findings: hits.into_iter().map(|it| it.1).collect(),
                accounts,
                points: 0.0,
            }
        })
        .collect();
    weigh(&mut groups, policy);
    discount_same_events(&mut groups, findings, policy);
    (groups, unplaced)
}

/// Gives hosts and accounts their numbers in the order of their names, so that the order of findings plays no part.
fn number_in_order(findings: &[Finding], resolver: &mut Resolver<'_>) {
    let users: BTreeSet<&String> = findings.iter().filter_map(|it| it.user.as_ref()).collect();
    for user in &users {
        resolver.learn_domain(user);
    }
    for user in users {
        resolver.account(user);
    }
    let hosts: BTreeSet<&String> = findings.iter().filter_map(|it| it.host.as_ref()).collect();
    for host in hosts {
        resolver.host_of_finding(host);
    }
}

/// The host a finding speaks of: the one that recorded it, or for network sensors an end of the flow.
fn host_of(finding: &Finding, resolver: &mut Resolver<'_>) -> Option<HostNo> {
    const ENDS: [&str; 7] =
        ["id.orig_h", "src_ip", "SourceIp", "ip", "id.resp_h", "dest_ip", "DestinationIp"];
    let named = finding.host.iter().chain(ENDS.iter().filter_map(|it| finding.fields.get(*it)));
    named.into_iter().find_map(|it| resolver.host_of_finding(it))
}

fn weigh(groups: &mut [Group<'_>], policy: &Policy) {
    let hosts: BTreeSet<HostNo> = groups.iter().map(|it| it.host).collect();
    let mut crowd = BTreeMap::<&str, usize>::new();
    for group in &*groups {
        *crowd.entry(&group.rule.id).or_default() += 1;
    }
    let all_hours: BTreeSet<i64> = groups.iter().flat_map(|it| it.times.iter().map(hour)).collect();
    let crowded: Vec<bool> = groups
        .iter()
        .map(|it| {
            hosts.len() >= policy.crowd_hosts
                && exceeds(crowd[it.rule.id.as_str()], policy.crowd_share, hosts.len())
        })
        .collect();
    for (group, crowded) in groups.iter_mut().zip(crowded) {
        let hours: BTreeSet<i64> = group.times.iter().map(hour).collect();
        let habit =
            all_hours.len() as u64 >= policy.habit_hours && exceeds(hours.len(), 0.5, all_hours.len());
        let mut points = policy.points(group.rule.level) * repeats(group.times.len() as u64, policy);
        if crowded || habit {
            points *= policy.background_share;
        }
        if group.rule.tags.iter().any(|it| it == ALERT_TAG) {
            points *= policy.alert_share;
        }
        group.points = points;
    }
}

/// Share of the points left to a rule that hits so often.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn repeats(count: u64, policy: &Policy) -> f64 {
    let doublings = (count as f64 / policy.free_repeats.max(1) as f64).log2();
    1.0 / (1.0 + doublings.max(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn exceeds(part: usize, share: f64, whole: usize) -> bool {
    part as f64 > share * whole as f64
}

/// Number of the hour since 1970.
pub(crate) fn hour(at: &Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

/// A rule whose every event on the host another, weightier rule hit too says little that is new.
fn discount_same_events(groups: &mut [Group<'_>], findings: &[Finding], policy: &Policy) {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*b].points.total_cmp(&groups[*a].points).then(a.cmp(b)));
    let mut told = BTreeSet::<(HostNo, &SourceRef)>::new();
    for index in order {
        let group = &mut groups[index];
        let mut is_new = false;
        for finding in &group.findings {
            is_new |= told.insert((group.host, &findings[*finding].source));
        }
        if !is_new {
            group.points *= policy.same_event_share;
        }
    }
}
