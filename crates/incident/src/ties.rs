//! What ties hosts together though nobody saw a way between them: alerts at the same time, the same tools, one account.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::Level;

use crate::evidence::RuleNo;
use crate::resolve::{AccountNo, HostNo};
use crate::score::{Ground, Scores, Seen, Tie, Why, total};

impl Seen<'_> {
    /// Hosts under alerts at the same time as one that is held compromised are tied to it: nobody tells of the ways between
    /// them.
    pub(crate) fn together(&self, scores: &mut Scores) {
        let times = self.alarms();
        for anchor in self.held(scores, &times) {
            for (host, theirs) in times.iter().filter(|it| *it.0 != anchor) {
                if distance(&times[&anchor], theirs).is_some_and(|it| it <= self.policy.together_s) {
                    scores.ties.insert(Tie { from: anchor, to: *host, link: None });
                }
            }
        }
    }

    /// When telling alerts were raised on each host.
    fn alarms(&self) -> BTreeMap<HostNo, Vec<i64>> {
        let mut times = BTreeMap::<HostNo, Vec<i64>>::new();
        for it in self.groups.iter().filter(|it| it.group.is_alert && it.is_telling()) {
            times.entry(it.group.host).or_default().push(it.peak.as_second());
        }
        times.values_mut().for_each(|it| it.sort_unstable());
        times
    }

    /// Which of these hosts are held compromised.
    fn held(&self, scores: &Scores, times: &BTreeMap<HostNo, Vec<i64>>) -> Vec<HostNo> {
        let is_held = |host: &HostNo| {
            let grounds = scores.hosts.get(host);
            grounds.is_some_and(|it| self.policy.confidence(total(it)) >= self.policy.compromised)
        };
        times.keys().copied().filter(is_held).collect()
    }

    /// While an attacker is in the network the odds are not those of any day: what is rare on another host within the hour of
    /// what happened on a host held compromised weighs in full there, if several such things happened. It makes a host
    /// suspected, never more.
    pub(crate) fn beside(&self, scores: &mut Scores) {
        let (policy, times) = (self.policy, self.alarms());
        let held: BTreeSet<HostNo> = self.held(scores, &times).into_iter().collect();
        let mut alarms: Vec<(i64, HostNo)> =
            held.iter().flat_map(|host| times[host].iter().map(|at| (*at, *host))).collect();
        alarms.sort_unstable();
        // The alarm that is nearest in time, if it is near.
        let near = |at: i64| {
            let after = alarms.partition_point(|it| it.0 < at);
            let around = [after.checked_sub(1), Some(after)];
            let around = around.into_iter().flatten().filter_map(|it| alarms.get(it));
            around.min_by_key(|it| (it.0 - at).abs()).filter(|it| (it.0 - at).abs() <= policy.together_s)
        };
        let mut beside = BTreeMap::<HostNo, Vec<(usize, HostNo, f64)>>::new();
        for (index, it) in self.groups.iter().enumerate().filter(|it| it.1.group.is_alert) {
            let nats = policy.nats_of(it.group.rule.level, it.points);
            if nats <= 0.0 || held.contains(&it.group.host) {
                continue;
            }
            if let Some((_, anchor)) = near(it.peak.as_second()) {
                beside.entry(it.group.host).or_default().push((index, *anchor, nats));
            }
        }
        for (host, near) in beside {
            let nats: f64 = near.iter().map(|it| it.2).sum();
            let own = total(scores.hosts.get(&host).into_iter().flatten());
            let most = policy.points_of(policy.compromised) - f64::EPSILON.sqrt();
            // In full, but for what counts already.
            let more = (nats * policy.beside_points).min(most) - own;
            let n_rare = near.iter().filter(|it| it.2 >= policy.beside_rare).count();
            if more <= 0.0 || n_rare < policy.declare_rules || own + more < policy.points_of(policy.suspected)
            {
                continue;
            }
            for (group, anchor, its) in near {
                let at = self.groups[group].peak;
                let ground =
                    Ground { points: more * its / nats, at, why: Why::Beside { group, host: anchor } };
                scores.hosts.entry(host).or_default().push(ground);
                scores.ties.insert(Tie { from: anchor, to: host, link: None });
            }
        }
    }

    /// Hosts on which several of the same telling rules fired within a day are tied, and those on which one grave rule of
    /// ours did within the hour and named no account.
    pub(crate) fn same_tools(&self, scores: &mut Scores) {
        const DAY_S: i64 = 86_400;
        let mut fired = BTreeMap::<RuleNo, Vec<(HostNo, i64, bool)>>::new();
        for it in self.groups.iter().filter(|it| it.is_telling()) {
            let tells_host_alone = !it.group.is_alert && it.group.accounts.is_empty();
            let place = (it.group.host, it.peak.as_second(), tells_host_alone);
            fired.entry(it.group.rule_no).or_default().push(place);
        }
        let mut shared = BTreeMap::<(HostNo, HostNo), usize>::new();
        for places in fired.values_mut() {
            places.sort_by_key(|it| (it.1, it.0));
            // Each host with the one on which the rule fired before: a chain ties as well as a web.
            for pair in places.windows(2).filter(|it| it[1].1 - it[0].1 <= DAY_S) {
                let (a, b) = (pair[0].0.min(pair[1].0), pair[0].0.max(pair[1].0));
                let at_once = pair[0].2 && pair[1].2 && pair[1].1 - pair[0].1 <= self.policy.together_s;
                *shared.entry((a, b)).or_default() += if at_once { self.policy.same_tools } else { 1 };
            }
        }
        for ((from, to), _) in shared.into_iter().filter(|it| it.1 >= self.policy.same_tools) {
            scores.ties.insert(Tie { from, to, link: None });
        }
    }

    /// Hosts on which one account fired rules of at least medium, not too far apart, are tied.
    pub(crate) fn shared_accounts(&self, scores: &mut Scores) {
        let mut places = BTreeMap::<AccountNo, BTreeMap<HostNo, (i64, i64)>>::new();
        for it in self.groups.iter().filter(|it| it.group.rule.level >= Level::Medium && it.points > 0.0) {
            let hits = it.hits();
            let (first, last) = (hits[0].at.as_second(), hits[hits.len() - 1].at.as_second());
            for account in &it.group.accounts {
                let span = places.entry(*account).or_default().entry(it.group.host).or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
        }
        for hosts in places.values() {
            // In the order of time, each host is tied to the one before it that was active last.
            let mut spans: Vec<(i64, i64, HostNo)> =
                hosts.iter().map(|(host, it)| (it.0, it.1, *host)).collect();
            spans.sort_unstable();
            let mut active: Option<(i64, HostNo)> = None;
            for (first, last, host) in spans {
                if let Some((until, other)) = active
                    && first - until <= self.policy.account_window_s
                {
                    scores.ties.insert(Tie { from: other, to: host, link: None });
                }
                active = active.filter(|it| it.0 > last).or(Some((last, host)));
            }
        }
    }
}

/// Seconds between the two instants of two sorted lists that are nearest.
fn distance(left: &[i64], right: &[i64]) -> Option<i64> {
    let nearest = |at: i64| {
        let after = right.partition_point(|it| *it < at);
        let around = [after.checked_sub(1), Some(after)];
        around.into_iter().flatten().filter_map(|it| right.get(it)).map(|it| (it - at).abs()).min()
    };
    left.iter().filter_map(|it| nearest(*it)).min()
}
