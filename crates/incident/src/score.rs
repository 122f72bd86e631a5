//! Points of hosts and accounts, with the grounds for every point, and what ties hosts together.
//!
//! A host's own findings count first. Findings by an account that had just come from another host count more, and fall
//! back on that host; the account's onward logons carry suspicion to the next one.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::Level;
use jiff::Timestamp;

use crate::creation::Creation;
use crate::evidence::{RuleNo, Weighed};
use crate::link::{Link, Links, shift};
use crate::policy::Policy;
use crate::provenance::doings;
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
    /// A rule fired, perhaps because of a link that led to it, perhaps of one doing with what another group found.
    Fired { group: usize, through: Option<usize>, with: Option<usize> },
    /// It is where a link comes from that led to a rule firing elsewhere.
    Source { link: usize, group: usize },
    /// The attacker's account went on from it.
    Onward { link: usize },
    /// The attacker's account came onto it.
    Reached { link: usize },
    /// A rare alert within the hour of what happened on a host held compromised.
    Beside { group: usize, host: HostNo },
    /// Somebody under suspicion made the account, or it was made on a host under suspicion.
    Created { creation: usize },
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
    /// How little such a link is to be expected on any day, 0 to 1.
    surprise: f64,
    /// What else says that its doing is an attacker's.
    with: Option<usize>,
    /// Points with that taken into account.
    points: f64,
}

/// Hosts held compromised, and since when.
type Taken = BTreeMap<HostNo, Timestamp>;

/// Points of a list of grounds.
pub(crate) fn total<'g>(grounds: impl IntoIterator<Item = &'g Ground>) -> f64 {
    grounds.into_iter().map(|it| it.points).sum()
}

/// What is judged, by whose ways, as of when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub groups: &'a [Weighed<'a>],
    pub links: &'a Links,
    /// Accounts made, by time.
    pub creations: &'a [Creation],
    /// Links first seen later do not exist yet.
    pub at: Timestamp,
    pub policy: &'a Policy,
}

/// Scores everything: until no host is held compromised that was not before, since what leads on from such a host is the
/// attacker's to use, however usual it is.
pub(crate) fn score(seen: Seen<'_>) -> Scores {
    let mut taken = Taken::new();
    loop {
        let scores = score_knowing(seen, &taken);
        let more = seen.taken(&scores).into_iter().filter(|it| !taken.contains_key(&it.0));
        let matters = |host: &HostNo| {
            seen.links.from.contains_key(host) || seen.creations.iter().any(|it| it.on == *host)
        };
        let more: Vec<_> = more.filter(|it| matters(&it.0)).collect();
        if more.is_empty() {
            return scores;
        }
        taken.extend(more);
    }
}

/// Scores everything, given who was in the attacker's hands.
fn score_knowing(seen: Seen<'_>, taken: &Taken) -> Scores {
    let mut contexts: Vec<Context> = seen.groups.iter().map(|it| seen.context(it, taken)).collect();
    for ((context, with), it) in contexts.iter_mut().zip(doings(seen.groups)).zip(seen.groups) {
        context.with = with;
        // What a way led to counts more already.
        if with.is_some() && context.link.is_none() && !it.is_telling() {
            context.points *= seen.policy.same_doing_factor;
        }
    }
    let mut scores = Scores::default();
    seen.own_findings(&mut scores, &contexts);
    seen.sources(&mut scores, &contexts);
    // Suspicion travels at most as many steps as there are hosts; each round may add hosts that pass it on.
    for _ in 0..seen.groups.len().min(16) {
        if !seen.onward(&mut scores) {
            break;
        }
    }
    seen.shared_accounts(&mut scores);
    seen.together(&mut scores);
    seen.beside(&mut scores);
    seen.same_tools(&mut scores);
    seen.movers(&mut scores);
    seen.created(&mut scores, taken);
    scores
}

impl Seen<'_> {
    fn context(&self, it: &Weighed<'_>, taken: &Taken) -> Context {
        let policy = self.policy;
        let none = Context { link: None, is_account: false, surprise: 0.0, with: None, points: it.points };
        if it.points <= 0.0 {
            return none;
        }
        let accounts = &it.group.accounts;
        // Who logs on as nobody that could be named does what nobody that could be named does.
        let is_nobodys = accounts.is_empty() && !it.group.is_alert;
        let is_own = |link: &Link| match link.account {
            Some(account) => accounts.contains(&account),
            None => is_nobodys && link.is_logon(),
        };
        if let Some(link) = self.nearest(it, policy.link_before_s, taken, is_own) {
            // Of what nobody is named for, less is sure to be of whoever came.
            let is_named = self.links.all[link].account.is_some();
            let factor = if is_named { policy.remote_factor } else { policy.nearby_factor };
            return self.led(it, link, taken, factor, is_named);
        }
        if it.group.rule.level < Level::Medium || self.is_server(it.group.host) {
            return none;
        }
        let nearby = self.nearest(it, policy.nearby_s, taken, |link| !self.is_server(link.from));
        nearby.map_or(none, |link| self.led(it, link, taken, policy.nearby_factor, false))
    }

    /// What a link led to: it weighs more, the less such a link is to be expected.
    fn led(&self, it: &Weighed<'_>, link: usize, taken: &Taken, factor: f64, is_account: bool) -> Context {
        let way = &self.links.all[link];
        let surprise = if taken.contains_key(&way.from) { 1.0 } else { way.surprise };
        let points = it.points * (1.0 + (factor - 1.0) * surprise);
        Context { link: Some(link), is_account, surprise, with: None, points }
    }

    fn is_server(&self, host: HostNo) -> bool {
        self.links.is_server(host, self.at)
    }

    /// The link onto the group's host that began last before one of its findings. A way that is in use every day leads to
    /// nothing, unless it leads from a host that the attacker holds by then.
    fn nearest(
        &self,
        it: &Weighed<'_>,
        before: i64,
        taken: &Taken,
        wanted: impl Fn(&Link) -> bool,
    ) -> Option<usize> {
        let onto = self.links.onto.get(&it.group.host)?;
        let (after, habit) = (self.policy.link_after_s, self.policy.habit_s);
        // The first finding that follows a use must not come too late after it.
        let led = |(since, until): (Timestamp, Timestamp)| {
            let from = it.hits().partition_point(|hit| shift(hit.at, after) < since);
            it.hits().get(from).map(|hit| hit.at).filter(|it| *it <= shift(until, before))
        };
        let is_new = |link: &Link| {
            let leads = |it| led(it).is_some_and(|at| !link.is_habit(at, habit));
            link.surprise > 0.0 && wanted(link) && link.stretches(self.at).any(leads)
        };
        // In the order of time; what began before is a habit, what begins later is not there yet.
        let began = shift(it.first(), -habit);
        let from = onto.partition_point(|link| self.links.all[*link].first < began);
        let until = onto.partition_point(|link| self.links.all[*link].first <= self.at);
        let new = onto[from..until.max(from)].iter().rev().find(|it| is_new(&self.links.all[**it]));
        // What was used after the attacker had come may have been used by him.
        let is_theirs = |link: &Link| {
            let Some(since) = taken.get(&link.from) else { return false };
            let used = link.periods(self.at).filter(|it| it.1 >= *since).map(|it| (it.0.max(*since), it.1));
            wanted(link) && used.into_iter().any(|it| led(it).is_some())
        };
        let theirs = || onto[..until].iter().rev().find(|it| is_theirs(&self.links.all[**it]));
        new.or_else(theirs).copied()
    }

    /// Whose account went from one host of the attacker's onto another is in his hands, whoever's it is.
    fn movers(&self, scores: &mut Scores) {
        let taken = self.taken(scores);
        for it in &scores.ties {
            let (Some(since), Some(index)) = (taken.get(&it.from), it.link) else { continue };
            let link = &self.links.all[index];
            let Some(account) = link.account.filter(|_| taken.contains_key(&it.to)) else { continue };
            let points = self.policy.onward_points;
            let ground = Ground { points, at: link.first.max(*since), why: Why::Onward { link: index } };
            scores.people.entry(account).or_default().push((it.from, ground));
        }
    }

    /// What somebody makes who is in the attacker's hands is the attacker's, and what is made on a host that is.
    fn created(&self, scores: &mut Scores, taken: &Taken) {
        let policy = self.policy;
        // The latest: who makes thousands hides none of what he does elsewhere.
        const MOST: usize = 200;
        let until = self.creations.partition_point(|it| it.at <= self.at);
        for (index, made) in self.creations[..until].iter().enumerate().skip(until.saturating_sub(MOST)) {
            let before = |it: &Timestamp| *it <= shift(made.at, policy.link_after_s);
            // The host on which most speaks against whoever made it.
            let of_maker = || {
                let grounds: Vec<_> =
                    scores.people.get(&made.by?)?.iter().filter(|it| before(&it.1.at)).collect();
                let points = total(grounds.iter().map(|it| &it.1));
                let most =
                    grounds.iter().max_by(|a, b| a.1.points.total_cmp(&b.1.points).then(b.0.cmp(&a.0)))?;
                (policy.confidence(points) >= policy.compromised).then_some(most.0)
            };
            let here = taken.get(&made.on).filter(|it| before(it)).map(|_| made.on);
            let maker = of_maker();
            if let Some(from) = maker.filter(|it| *it != made.on) {
                scores.ties.insert(Tie { from, to: made.on, link: None });
            }
            if let Some(host) = here.or(maker) {
                let why = Why::Created { creation: index };
                let ground = Ground { points: policy.created_points, at: made.at, why };
                scores.people.entry(made.account).or_default().push((host, ground));
                self.follow(scores, host, made.account);
            }
        }
    }

    /// Hosts on which an account of the attacker's making does anything are tied to the one it was made from.
    fn follow(&self, scores: &mut Scores, from: HostNo, account: AccountNo) {
        let his = self.links.of.get(&account).into_iter().flatten().map(|it| (*it, &self.links.all[*it]));
        for (index, link) in his.filter(|it| it.1.first <= self.at && !self.is_server(it.1.to)) {
            let (why, points) = (Why::Reached { link: index }, self.policy.reached_points);
            let reached = Ground { points, at: link.first, why };
            add_once(scores, link.to, reached, |it| matches!(it, Why::Reached { .. }));
            scores.ties.insert(Tie { from, to: link.to, link: Some(index).filter(|_| link.from == from) });
        }
        let fired = self.groups.iter().filter(|it| it.points > 0.0 && it.group.accounts.contains(&account));
        for it in fired.filter(|it| it.group.host != from) {
            scores.ties.insert(Tie { from, to: it.group.host, link: None });
        }
    }

    /// Hosts held compromised, and since when.
    fn taken(&self, scores: &Scores) -> Taken {
        let is_held = |it: &Vec<Ground>| self.policy.confidence(total(it)) >= self.policy.compromised;
        let since = |it: &Vec<Ground>| it.iter().filter(|it| it.points >= 1.0).map(|it| it.at).min();
        scores.hosts.iter().filter(|it| is_held(it.1)).filter_map(|it| Some((*it.0, since(it.1)?))).collect()
    }

    fn own_findings(&self, scores: &mut Scores, contexts: &[Context]) {
        let is_weak = |index: usize| {
            let it = &self.groups[index];
            !it.is_telling()
                && !it.group.is_alert
                && contexts[index].link.is_none()
                && contexts[index].with.is_none()
        };
        let mut weak_of_host = BTreeMap::<HostNo, f64>::new();
        let mut weak_of_account = BTreeMap::<AccountNo, f64>::new();
        for index in (0..self.groups.len()).filter(|it| is_weak(*it)) {
            let it = &self.groups[index];
            *weak_of_host.entry(it.group.host).or_default() += it.points;
            for account in &it.group.accounts {
                *weak_of_account.entry(*account).or_default() += it.points;
            }
        }
        let cap = self.policy.weak_cap;
        let cap = |sum: Option<&f64>| sum.map_or(1.0, |it| (cap / it.max(cap)).min(1.0));
        let telling = self.groups.iter().zip(contexts).enumerate().filter(|it| it.1.1.points > 0.0);
        for (index, (it, context)) in telling {
            // What weighs for being rare weighs from when it was.
            let at = if it.group.is_alert { it.peak.max(it.first()) } else { it.first() };
            let ground = |share: f64| Ground {
                points: context.points * share,
                at,
                why: Why::Fired { group: index, through: context.link, with: context.with },
            };
            let weak = is_weak(index);
            let share = if weak { cap(weak_of_host.get(&it.group.host)) } else { 1.0 };
            scores.hosts.entry(it.group.host).or_default().push(ground(share));
            for account in it.group.accounts.iter().filter(|_| it.group.names_somebody()) {
                let share = if weak { cap(weak_of_account.get(account)) } else { 1.0 };
                scores.people.entry(*account).or_default().push((it.group.host, ground(share)));
            }
        }
    }

    /// What fired because of a link falls back on the host the link came from.
    fn sources(&self, scores: &mut Scores, contexts: &[Context]) {
        let policy = self.policy;
        let mut given = BTreeMap::<HostNo, f64>::new();
        let mut told = BTreeSet::<(HostNo, RuleNo)>::new();
        let mut order: Vec<usize> =
            (0..self.groups.len()).filter(|it| contexts[*it].link.is_some()).collect();
        order.sort_by(|a, b| contexts[*b].points.total_cmp(&contexts[*a].points).then(a.cmp(b)));
        for index in order {
            let (context, Some(link)) = (contexts[index], contexts[index].link) else { continue };
            let from = self.links.all[link].from;
            if self.is_server(from) && !context.is_account {
                continue;
            }
            let (host, fired) = (self.groups[index].group.host, self.groups[index].first());
            scores.ties.insert(Tie { from, to: host, link: Some(link) });
            let left = policy.source_cap - given.get(&from).copied().unwrap_or(0.0);
            let share = if context.is_account { policy.source_share } else { policy.source_share / 2.0 };
            // A grave rule says by itself that it was the attacker who came, however many new ways his account takes.
            let is_sure = context.is_account && self.groups[index].is_telling();
            let share = if is_sure { share } else { share * context.surprise };
            let points = (context.points * share).min(left);
            // One rule that is not grave says as much of the source by one target as by ten.
            let group = self.groups[index].group;
            let is_told = !told.insert((from, group.rule_no)) && !group.is_strong();
            if points <= 0.0 || is_told {
                continue;
            }
            *given.entry(from).or_default() += points;
            // Log sources stamp differently: what came of the link cannot be older than it. A link in daily use began long
            // before, and nobody knows which of its uses it was.
            let first = self.links.all[link].first;
            let at = if first < shift(fired, -policy.link_before_s) { fired } else { first.min(fired) };
            let ground = Ground { points, at, why: Why::Source { link, group: index } };
            if let Some(account) = self.links.all[link].account.filter(|_| context.is_account) {
                let named = Ground { points: 0.0, ..ground.clone() };
                scores.people.entry(account).or_default().push((from, named));
            }
            scores.hosts.entry(from).or_default().push(ground);
        }
    }

    /// Carries suspicion along logons of accounts under suspicion; says whether anything new came of it.
    fn onward(&self, scores: &mut Scores) -> bool {
        let mut grew = false;
        // What went on from a host before anything fired anywhere was nobody's doing.
        let first = self.groups.iter().map(Weighed::first).min().unwrap_or(self.at);
        let began = shift(first, -self.policy.link_before_s);
        let of_host = |host: &HostNo| {
            let links = self.links.from.get(host).map_or(&[][..], Vec::as_slice);
            let from = links.partition_point(|it| self.links.all[*it].first < began);
            let until = links.partition_point(|it| self.links.all[*it].first <= self.at);
            links[from..until.max(from)].iter().copied()
        };
        let from: BTreeSet<usize> = scores.hosts.keys().flat_map(of_host).collect();
        for index in from {
            let link = &self.links.all[index];
            let is_usual = link.surprise <= 0.0 || !link.is_logon();
            if is_usual || self.is_server(link.to) || !self.holds(scores, link) {
                continue;
            }
            let onward = Ground {
                points: self.policy.onward_points * link.surprise,
                at: link.first,
                why: Why::Onward { link: index },
            };
            let reached = Ground {
                points: self.policy.reached_points * link.surprise,
                at: link.first,
                why: Why::Reached { link: index },
            };
            grew |= add_once(scores, link.from, onward, |it| matches!(it, Why::Onward { .. }));
            grew |= add_once(scores, link.to, reached, |it| matches!(it, Why::Reached { .. }));
            grew |= scores.ties.insert(Tie { from: link.from, to: link.to, link: Some(index) });
        }
        grew
    }

    /// Whether the host the link comes from is suspected, and the account fired a rule there not long before, or came from
    /// there onto yet another host where something fired.
    fn holds(&self, scores: &Scores, link: &Link) -> bool {
        let policy = self.policy;
        let Some(grounds) = scores.hosts.get(&link.from) else { return false };
        let recent = |it: &Weighed<'_>| {
            let accounts = &it.group.accounts;
            // A finding not long before the link first showed; a link in daily use before it says nothing.
            let from = it.place(shift(link.first, -policy.link_before_s));
            let before =
                it.hits().get(from).is_some_and(|it| it.at <= shift(link.first, policy.link_after_s));
            let is_own = link.account.is_some_and(|it| accounts.contains(&it));
            before && (is_own || (accounts.is_empty() && it.group.is_strong()))
        };
        let active = grounds.iter().any(|it| match it.why {
            Why::Fired { group, .. } => recent(&self.groups[group]),
            // Its own link is no second witness.
            Why::Source { link: other, .. } => {
                let other = &self.links.all[other];
                let recent = it.at <= link.first && link.first <= shift(it.at, policy.onward_s);
                other.is_logon() && other.account == link.account && other.to != link.to && recent
            }
            Why::Onward { .. } | Why::Reached { .. } | Why::Beside { .. } | Why::Created { .. } => false,
        });
        active && self.stands_by_itself(grounds)
    }

    /// Whether a host is suspected by more than a few weak findings that nothing ties: they are what a busy day looks like, and
    /// pass nothing on.
    fn stands_by_itself(&self, grounds: &[Ground]) -> bool {
        let policy = self.policy;
        let is_weak = |it: &&Ground| match it.why {
            Why::Fired { group, through: None, with: None } => {
                let it = &self.groups[group];
                !it.is_telling() && !it.group.is_alert
            }
            _ => false,
        };
        let n_weak = grounds.iter().filter(is_weak).filter(|it| it.points >= 1.0).count();
        let weak = if n_weak > policy.declare_rules { 0.0 } else { total(grounds.iter().filter(is_weak)) };
        policy.confidence(total(grounds) - weak) >= policy.suspected
    }
}

fn add_once(scores: &mut Scores, host: HostNo, ground: Ground, same: impl Fn(&Why) -> bool) -> bool {
    let grounds = scores.hosts.entry(host).or_default();
    if grounds.iter().any(|it| same(&it.why)) {
        return false;
    }
    grounds.push(ground);
    true
}
