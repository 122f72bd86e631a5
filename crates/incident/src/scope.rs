//! The stage that says which incidents there are, while they happen: findings in by their time, incidents out.
//!
//! One pass. What is said at an instant rests on what came before it alone: on the evidence that is still fresh, weighed by
//! what was learned of each rule and host. Memory is bounded; what found no room is counted.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;

use crate::draft::IncidentDraft;
use crate::evidence::{Evidence, Hit, News, Weighed, discount, is_alert};
use crate::link::{Links, shift};
use crate::normal::{Normal, SPAN_S};
use crate::policy::Policy;
use crate::resolve::{AccountNo, HostNo, Resolver};
use crate::score::{Seen, score, total};
use crate::tell::{Case, total_of};
use crate::whole::Fusion;

/// Seconds before the first telling finding of an incident from which on its evidence counts in full.
const BEFORE_S: i64 = 3600;
/// Seconds after which evidence that can no longer count is dropped.
const FORGET_S: i64 = 3600;
/// Points below which a hit is no news of an incident.
const NEWS_POINTS: f64 = 1.0;
/// Points of a host's own findings from which on ties to others could make an incident of it.
const WORTH_A_LOOK: f64 = 2.0;

/// What a finding changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An incident began.
    Declared(String),
    /// An incident has more hosts or accounts than before.
    Extended(String),
    /// Two incidents turned out to be one; the second goes on as the first.
    Merged(String, String),
    /// An incident is over: nothing new came for so long.
    Ended(String),
}

/// The host with the most against it so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strongest {
    /// Its points, to be compared with [`Policy::declare_points`].
    pub points: f64,
    /// Its id.
    pub host: Option<String>,
    /// When that was.
    pub at: Option<Timestamp>,
}

/// A host or an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Host(HostNo),
    Account(AccountNo),
}

/// An incident that is not over.
#[derive(Clone, Debug)]
struct Open {
    draft: IncidentDraft,
    hosts: BTreeSet<HostNo>,
    /// From when on its hosts' evidence counts in full.
    start: Timestamp,
    /// The last instant at which something new came.
    last: Timestamp,
}

/// The stage.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) policy: &'a Policy,
    seed: u64,
    pub(crate) resolver: Resolver<'a>,
    pub(crate) links: Links,
    normal: Normal,
    /// Hosts that come under observation, last first.
    arrivals: Vec<(i64, HostNo)>,
    evidence: Evidence,
    open: Vec<Open>,
    over: Vec<IncidentDraft>,
    strongest: Strongest,
    /// The most points each host and each account ever had, and when.
    pub(crate) most: BTreeMap<Who, (f64, Timestamp)>,
    unplaced: u64,
    forgot: Option<Timestamp>,
    /// Links that are not there yet begin here.
    next_link: usize,
    /// When to judge anew although no finding came.
    due: BTreeSet<Timestamp>,
}

impl<'a> Scope<'a> {
    /// A stage that knows `normal`. The observations tell names, ways and when a host was first seen; a way counts from the
    /// instant on at which it was first seen.
    pub fn new(
        observations: &Observations,
        estate: &'a Estate,
        policy: &'a Policy,
        normal: Normal,
        seed: u64,
    ) -> Self {
        let mut resolver = Resolver::new(estate, observations);
        let mut arrivals = Vec::new();
        for (name, host) in &observations.hosts {
            if let (Some(number), Some(first)) = (resolver.host(name), host.seen.first) {
                arrivals.push((span_of(first), number));
            }
        }
        arrivals.sort_unstable_by(|a, b| b.cmp(a));
        let links = Links::new(observations, &mut resolver, policy);
        Self {
            policy,
            seed,
            resolver,
            links,
            normal,
            arrivals,
            evidence: Evidence::default(),
            open: Vec::new(),
            over: Vec::new(),
            strongest: Strongest::default(),
            most: BTreeMap::new(),
            unplaced: 0,
            forgot: None,
            next_link: 0,
            due: BTreeSet::new(),
        }
    }

    /// Takes in a finding, the `number`th of all. Findings come by their time.
    pub fn observe(&mut self, finding: &Finding, number: usize) -> Vec<Change> {
        let host = host_of(finding, &mut self.resolver);
        let (Some(host), Some(at)) = (host, finding.time) else {
            self.unplaced += 1;
            return Vec::new();
        };
        let mut changes = self.pass(at);
        let account = finding.user.as_ref().and_then(|it| self.resolver.account(it));
        let hit = Hit { at, source: finding.source.clone(), number };
        let (rule, span) = (self.evidence.rule(&finding.rule.id), span_of(at));
        if let Some(group) = self.evidence.repeated(host, rule, span) {
            // An account that the rule had not spoken of before is news all the same.
            let is_known = account.is_none_or(|it| group.accounts.contains(&it));
            group.accounts.extend(account);
            group.push(hit);
            if group.points(at, self.policy).0 >= NEWS_POINTS {
                self.goes_on(host, at);
            }
            if !is_known {
                self.judge(host, at, &mut changes);
            }
            return changes;
        }
        let (level, is_alert) = (finding.rule.level, is_alert(finding));
        let id = &self.resolver.hosts[host].id;
        self.normal.meet(id, span);
        let chance = self.normal.chance(&finding.rule.id, id, span, self.policy.prior(level, is_alert));
        let points = self.policy.points(level, is_alert, chance);
        let news = self.evidence.add((host, rule), finding, hit, span, (points, chance), self.policy);
        if let Some(group) = self.evidence.repeated(host, rule, span) {
            group.accounts.extend(account);
        }
        if points >= NEWS_POINTS {
            self.goes_on(host, at);
        }
        if news == News::More {
            self.judge(host, at, &mut changes);
        }
        // What an attacker does is not what is usual.
        if !self.is_under_alarm(host) {
            self.normal.learn(&finding.rule.id, &self.resolver.hosts[host].id, span);
        }
        changes
    }

    /// Time goes on to `at`, with or without findings.
    pub fn pass(&mut self, at: Timestamp) -> Vec<Change> {
        let span = span_of(at);
        while let Some((_, host)) = self.arrivals.pop_if(|it| it.0 <= span) {
            self.normal.meet(&self.resolver.hosts[host].id, span);
        }
        let mut changes = Vec::new();
        self.follow_links(at, &mut changes);
        let mut index = 0;
        while index < self.open.len() {
            let until = shift(self.open[index].last, self.policy.over_s);
            if until >= at {
                index += 1;
                continue;
            }
            let mut it = self.open.remove(index);
            it.draft.ended_at = Some(until);
            changes.push(Change::Ended(it.draft.id.clone()));
            self.over.push(it.draft);
        }
        if self.forgot.is_none_or(|it| shift(it, FORGET_S) < at) {
            self.forgot = Some(at);
            let oldest = self.open.iter().map(|it| it.start).min();
            let oldest = oldest.unwrap_or(at).min(shift(at, -self.policy.over_s));
            self.evidence.forget(oldest);
        }
        changes
    }

    /// Judges anew where somebody went on from a suspected host, and where a link stamped late led to a finding.
    fn follow_links(&mut self, until: Timestamp, changes: &mut Vec<Change>) {
        while let Some(link) = self.links.all.get(self.next_link).filter(|it| it.first <= until) {
            let (from, first) = (link.from, link.first);
            self.next_link += 1;
            if self.is_worth_a_look(from, first) {
                self.due.insert(first);
            }
        }
        while let Some(at) = self.due.first().copied().filter(|it| *it <= until) {
            self.due.remove(&at);
            self.look(at, changes);
        }
    }

    fn is_worth_a_look(&self, host: HostNo, at: Timestamp) -> bool {
        self.is_under_alarm(host) || self.evidence.points_of(host, at, self.policy) >= WORTH_A_LOOK
    }

    fn is_under_alarm(&self, host: HostNo) -> bool {
        self.open.iter().any(|it| it.hosts.contains(&host))
    }

    fn goes_on(&mut self, host: HostNo, at: Timestamp) {
        for it in self.open.iter_mut().filter(|it| it.hosts.contains(&host)) {
            it.last = it.last.max(at);
        }
    }

    /// Judges anew, if what came on `host` can have changed anything.
    fn judge(&mut self, host: HostNo, at: Timestamp, changes: &mut Vec<Change>) {
        let own = self.evidence.points_of(host, at, self.policy);
        if own < WORTH_A_LOOK && !self.is_under_alarm(host) {
            self.note(Who::Host(host), own, at);
            return;
        }
        // Logs stamp late: the link that led here may be written a moment after what it led to.
        if self.next_link < self.links.all.len() {
            self.due.insert(shift(at, self.policy.link_after_s));
        }
        self.look(at, changes);
    }

    /// Which incidents there are as of `at`, now that something is new.
    fn look(&mut self, at: Timestamp, changes: &mut Vec<Change>) {
        let mut weighed = self.weigh(at);
        discount(&mut weighed, self.policy);
        let seen = Seen { groups: &weighed, links: &self.links, at, policy: self.policy };
        let scores = score(seen);
        let case = Case { seen, scores: &scores, resolver: &self.resolver };
        let clusters: Vec<(BTreeSet<HostNo>, IncidentDraft, bool)> = case
            .clusters()
            .into_iter()
            .filter_map(|hosts| {
                let suffices = case.suffices(&hosts);
                let is_open = self.open.iter().any(|it| !it.hosts.is_disjoint(&hosts));
                (suffices || is_open).then_some(())?;
                let draft = case.draft(&hosts, self.seed)?;
                Some((hosts, draft, suffices))
            })
            .collect();
        let people = scores.people.iter().map(|it| (Who::Account(*it.0), total(it.1.iter().map(|it| &it.1))));
        let totals: Vec<(Who, f64)> =
            scores.hosts.iter().map(|it| (Who::Host(*it.0), total_of(it.1))).chain(people).collect();
        for (hosts, draft, _) in clusters {
            self.take(hosts, draft, at, changes);
        }
        for (who, points) in totals {
            self.note(who, points, at);
        }
    }

    fn note(&mut self, who: Who, points: f64, at: Timestamp) {
        let most = self.most.entry(who).or_insert((points, at));
        if points > most.0 {
            *most = (points, at);
        }
        if let Who::Host(host) = who
            && points > self.strongest.points
        {
            let host = Some(self.resolver.hosts[host].id.clone());
            self.strongest = Strongest { points, host, at: Some(at) };
        }
    }

    /// What weighs anything as of `at`: on hosts under alarm since the incident began, elsewhere while it is fresh.
    pub(crate) fn weigh(&self, at: Timestamp) -> Vec<Weighed<'_>> {
        let mut starts = BTreeMap::<HostNo, Timestamp>::new();
        for it in &self.open {
            starts.extend(it.hosts.iter().map(|host| (*host, it.start)));
        }
        let weighed = |group| match starts.get(&host_no(group)) {
            Some(start) => Weighed::new(group, group.most_since(*start), *start),
            None => Weighed::new(group, group.points(at, self.policy), shift(at, -self.policy.over_s)),
        };
        self.evidence.groups().map(weighed).filter(|it| it.points > 0.0).collect()
    }

    /// What is known of the incident on these hosts, new or not.
    fn take(
        &mut self,
        hosts: BTreeSet<HostNo>,
        draft: IncidentDraft,
        at: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let mut same = (0..self.open.len()).filter(|it| !self.open[*it].hosts.is_disjoint(&hosts));
        let Some(first) = same.next() else {
            changes.push(Change::Declared(draft.id.clone()));
            let start = shift(draft.first_finding_at, -BEFORE_S);
            self.open.push(Open { draft, hosts, start, last: at });
            return;
        };
        let others: Vec<usize> = same.collect();
        for index in others.into_iter().rev() {
            let other = self.open.remove(index);
            let it = &mut self.open[first];
            it.hosts.extend(other.hosts);
            it.start = it.start.min(other.start);
            it.last = it.last.max(other.last);
            changes.push(Change::Merged(it.draft.id.clone(), other.draft.id.clone()));
            it.draft.absorb(other.draft);
        }
        let it = &mut self.open[first];
        let before = it.draft.named().count();
        it.hosts.extend(hosts);
        it.draft.renew(draft);
        if it.draft.named().count() > before {
            it.last = it.last.max(at);
            changes.push(Change::Extended(it.draft.id.clone()));
        }
    }

    /// The incidents so far, over or not, gravest first.
    pub fn incidents(&self) -> Vec<IncidentDraft> {
        let open = self.open.iter().map(|it| &it.draft);
        let mut all: Vec<IncidentDraft> = self.over.iter().chain(open).cloned().collect();
        all.sort_by(|a, b| {
            b.severity
                .cmp(&a.severity)
                .then(b.points.total_cmp(&a.points))
                .then(a.first_finding_at.cmp(&b.first_finding_at))
                .then_with(|| a.id.cmp(&b.id))
        });
        all
    }

    /// The outcome, and what was learned.
    pub fn finish(self) -> Fusion {
        Fusion {
            incidents: self.incidents(),
            unplaced: self.unplaced,
            strongest: self.strongest,
            given_up: self.evidence.given_up,
            normal: self.normal,
        }
    }
}

fn host_no(group: &crate::evidence::Group) -> HostNo {
    group.host
}

/// Number of the span of ten minutes since 1970.
fn span_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SPAN_S)
}

/// The host a finding speaks of: the one that recorded it, or for network sensors an end of the flow.
fn host_of(finding: &Finding, resolver: &mut Resolver<'_>) -> Option<HostNo> {
    const ENDS: [&str; 7] =
        ["id.orig_h", "src_ip", "SourceIp", "ip", "id.resp_h", "dest_ip", "DestinationIp"];
    let named = finding.host.iter().chain(ENDS.iter().filter_map(|it| finding.fields.get(*it)));
    named.into_iter().find_map(|it| resolver.host_of_finding(it))
}
