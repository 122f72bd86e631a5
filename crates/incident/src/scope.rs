//! The stage that says which incidents there are, while they happen: findings in by their time, incidents out.
//!
//! One pass. What is said at an instant rests on what came before it alone: on the evidence that is still fresh, weighed by
//! what was learned of each rule and host. Memory is bounded; what found no room is counted.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;

use crate::arrival::Arrivals;
use crate::beats::{beats, span_of};
use crate::change::{Change, Open, Strongest, Who};
use crate::creation::{Creation, creations};
use crate::draft::{IncidentDraft, gravest_first};
use crate::evidence::{Evidence, Hit, News, discount, is_alert};
use crate::link::{Links, shift};
use crate::memory::{Known, Memory};
use crate::mute::Mutes;
use crate::normal::{Normal, Who as Whose};
use crate::policy::Policy;
use crate::read::{Again, Ended, Taken, ended};
use crate::resolve::{HostNo, Resolver};
use crate::score::{Seen, score, total};
use crate::tell::{Case, total_of};
use crate::whole::Fusion;

/// Seconds before the first telling finding of an incident from which on its evidence counts in full.
pub(crate) const BEFORE_S: i64 = 3600;
/// Seconds after which evidence that can no longer count is dropped.
const FORGET_S: i64 = 3600;
/// Points below which a hit is no news of an incident.
const NEWS_POINTS: f64 = 1.0;
/// Points of a host's own findings from which on ties to others could make an incident of it.
const WORTH_A_LOOK: f64 = 2.0;

/// As that, from which on what fired on a host may fall back on another.
const WARM: f64 = 0.5;
/// Seconds for which a host that had enough against it is looked at together with others: then its evidence has faded.
pub(crate) const HOT_S: i64 = 86_400;

/// So many rules on hosts are weighed at every finding that may change anything.
const MANY: usize = 300;

/// Findings that wait for earlier ones.
const WAITING_MAX: usize = 100_000;
/// Ways between hosts that are remembered, the latest.
const WAYS_MAX: usize = 100_000;
/// Accounts that a rule on a host spoke of and that are remembered.
const ACCOUNTS_MAX: usize = 200;

/// The stage.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) policy: &'a Policy,
    /// Points from which on a host is suspected.
    suspected: f64,
    pub(crate) seed: u64,
    pub(crate) resolver: Resolver<'a>,
    pub(crate) links: Links,
    /// Accounts made, by time.
    pub(crate) creations: Vec<Creation>,
    /// Those that are not made yet begin here.
    next_creation: usize,
    pub(crate) normal: Normal,
    pub(crate) mutes: Mutes<'a>,
    arrivals: Arrivals,
    /// Spans in which something was recorded, though it was no finding, and hosts that came under observation then; last first.
    beats: Vec<(i64, Option<HostNo>)>,
    pub(crate) evidence: Evidence,
    /// Hosts that may be part of an incident, and when they last had as much against them as that takes.
    pub(crate) hot: BTreeMap<HostNo, Timestamp>,
    pub(crate) open: Vec<Open>,
    pub(crate) over: Vec<IncidentDraft>,
    strongest: Strongest,
    /// The most points each host and each account ever had, and when.
    pub(crate) most: BTreeMap<Who, (f64, Timestamp)>,
    unplaced: u64,
    /// What an earlier run took in.
    taken: Taken,
    again: Again,
    /// Incidents that earlier runs declared and that are over.
    ended: Vec<Ended>,
    forgot: Option<Timestamp>,
    /// Links that are not there yet begin here.
    next_link: usize,
    /// When to judge anew although no finding came.
    due: BTreeSet<Timestamp>,
    /// Rules on hosts that were weighed in the last judgement.
    n_weighed: usize,
}

impl<'a> Scope<'a> {
    /// A stage that goes on from what was known. The observations tell names, ways and when a host was first seen; a way counts
    /// from the instant on at which it was first seen.
    pub fn new(
        observations: &Observations,
        estate: &'a Estate,
        policy: &'a Policy,
        memory: Memory,
        seed: u64,
    ) -> Self {
        let mut resolver = Resolver::new(estate, observations);
        let Memory { normal, known } = memory;
        let names = known.as_ref().map(|it| it.renamed(&mut resolver)).unwrap_or_default();
        let normal = normal.renamed(&names);
        let mut known = known.and_then(|it| it.recalled(&mut resolver)).unwrap_or_default();
        known.open.iter_mut().for_each(|it| it.draft.rename(&names));
        let beats = beats(observations, &mut resolver);
        let links = Links::new(observations, &mut resolver, policy, known.ways);
        let creations = creations(observations, &mut resolver, &links, known.creations);
        let mut scope = Self {
            policy,
            suspected: policy.points_of(policy.suspected),
            seed,
            resolver,
            links,
            creations,
            next_creation: 0,
            normal,
            mutes: Mutes::new(estate),
            arrivals: Arrivals::new(policy.lateness_s, WAITING_MAX),
            beats,
            evidence: known.evidence,
            hot: known.hot,
            open: known.open,
            over: Vec::new(),
            strongest: Strongest::default(),
            most: BTreeMap::new(),
            unplaced: 0,
            taken: known.taken,
            again: Again::default(),
            ended: known.ended,
            forgot: known.forgot,
            next_link: 0,
            due: known.due,
            n_weighed: known.n_weighed,
        };
        scope.reconsider();
        scope
    }

    /// Takes in a finding, the `number`th of all, that may come up to `policy.lateness_s` after one of a later time. What comes
    /// later still is judged as it comes, and counted in [`Fusion::late`].
    pub fn arrive(&mut self, finding: Finding, number: usize) -> Vec<Change> {
        let ready = self.arrivals.arrive(finding, number);
        ready.iter().flat_map(|(finding, number)| self.observe(finding, *number)).collect()
    }

    /// Takes in a finding, the `number`th of all. Findings come by their time.
    pub fn observe(&mut self, finding: &Finding, number: usize) -> Vec<Change> {
        let host = self.resolver.host_of(finding);
        let (Some(host), Some(at)) = (host, finding.time) else {
            self.unplaced += 1;
            return Vec::new();
        };
        let mut changes = self.pass(at);
        if self.mutes.takes(finding, &self.resolver.hosts[host].id, at, &self.normal) {
            return changes;
        }
        if self.taken.is_again(finding, at) {
            self.again.add(at);
            return changes;
        }
        // Whom somebody only tried to be is nobody in his hands.
        let user = finding.user.as_ref().filter(|_| !finding.trace.refused);
        let account = user.and_then(|it| self.resolver.account(it));
        let hit = Hit { at, source: finding.source.clone(), number: Some(number) };
        let (rule, span) = (self.evidence.rule(&finding.rule.id), span_of(at));
        if let Some(group) = self.evidence.repeated(host, rule, span) {
            // An account that the rule had not spoken of before is news all the same.
            let is_known = account.is_none_or(|it| group.accounts.contains(&it));
            group.extend_accounts(account, ACCOUNTS_MAX);
            group.traces.add(finding.trace);
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
        let it = &self.resolver.hosts[host];
        self.normal.meet(&it.id, &it.role);
        let account_id = account.map(|it| self.resolver.people[it].name.as_str());
        let who = Whose { host: &it.id, account: account_id };
        let chance = self.normal.chance(&finding.rule.id, who, span, self.policy.prior(level, is_alert));
        let points = self.policy.points(level, is_alert, chance);
        let news = self.evidence.add((host, rule), finding, hit, span, (points, chance), self.policy);
        if let Some(group) = self.evidence.repeated(host, rule, span) {
            group.extend_accounts(account, ACCOUNTS_MAX);
            group.traces.add(finding.trace);
        }
        if points >= NEWS_POINTS {
            self.goes_on(host, at);
        }
        if news == News::More {
            self.judge(host, at, &mut changes);
        }
        if is_alert && points > 0.0 && !self.open.is_empty() {
            // While an attacker is in the network, less is enough to be looked at.
            self.hot.insert(host, at);
            self.look_later(at);
        }
        // What an attacker does is not what is usual.
        if !self.is_under_alarm(host, at) {
            let account = account.map(|it| self.resolver.people[it].name.as_str());
            let who = Whose { host: &self.resolver.hosts[host].id, account };
            self.normal.learn(&finding.rule.id, who, span);
        }
        changes
    }

    /// Time goes on to `at`, with or without findings.
    pub fn pass(&mut self, at: Timestamp) -> Vec<Change> {
        let span = span_of(at);
        while let Some((beat, host)) = self.beats.pop_if(|it| it.0 <= span) {
            self.normal.tick(beat);
            if let Some(host) = host {
                let it = &self.resolver.hosts[host];
                self.normal.meet(&it.id, &it.role);
            }
        }
        self.normal.tick(span);
        let mut changes = Vec::new();
        self.follow_links(at, &mut changes);
        let mut index = 0;
        while index < self.open.len() {
            let until = shift(self.open[index].last, self.policy.over_s);
            if until >= at {
                index += 1;
                continue;
            }
            // What only repeated what was known is told as well.
            self.look(at, &mut changes);
            let Some(index) = self.open.iter().position(|it| shift(it.last, self.policy.over_s) == until)
            else {
                continue;
            };
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
            self.hot.retain(|_, it| *it >= shift(at, -HOT_S));
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
        while let Some(it) = self.creations.get(self.next_creation).filter(|it| it.at <= until) {
            self.next_creation += 1;
            let at = it.at;
            if !self.open.is_empty() || !self.hot.is_empty() {
                self.look_later(at);
            }
        }
        while let Some(at) = self.due.first().copied().filter(|it| *it <= until) {
            self.due.remove(&at);
            self.look(at, changes);
        }
    }

    fn is_worth_a_look(&self, host: HostNo, at: Timestamp) -> bool {
        self.is_under_alarm(host, at) || self.evidence.points_of(host, at, self.policy) >= WORTH_A_LOOK
    }

    fn is_under_alarm(&self, host: HostNo, at: Timestamp) -> bool {
        self.alarm_of(host, at).is_some()
    }

    fn goes_on(&mut self, host: HostNo, at: Timestamp) {
        let over_s = self.policy.over_s;
        for it in self.open.iter_mut().filter(|it| it.hosts.contains(&host) && it.covers(at, over_s)) {
            it.last = it.last.max(at);
            it.draft.is_news = true;
        }
    }

    /// Judges anew, if what came on `host` can have changed anything.
    fn judge(&mut self, host: HostNo, at: Timestamp, changes: &mut Vec<Change>) {
        let own = self.evidence.points_of(host, at, self.policy);
        // Where no way leads from or to, nothing but its own findings can make a host suspected.
        let (worth, warm) = match self.links.touch(host) {
            true => (WORTH_A_LOOK, WARM),
            false => (self.suspected, self.suspected),
        };
        if own >= warm {
            self.hot.insert(host, at);
        }
        if self.is_under_alarm(host, at) {
            self.look_later(at);
            return;
        }
        let mut alone = self.weigh_hosts(std::iter::once(host), at);
        discount(&mut alone, &self.evidence, self.policy);
        let points: f64 = alone.iter().map(|it| it.points).sum();
        let declares = points >= self.policy.declare_points;
        if own < worth || !(declares || self.links.touch(host)) {
            self.note(Who::Host(host), points, at);
            if own >= worth && !self.open.is_empty() {
                self.look_later(at);
            }
            return;
        }
        // Logs stamp late: the link that led here may be written a moment after what it led to.
        if self.next_link < self.links.all.len() {
            self.due.insert(shift(at, self.policy.link_after_s));
        }
        if declares || self.n_weighed < MANY {
            self.look(at, changes);
        } else {
            self.look_later(at);
        }
    }

    /// Judges anew within a minute, or the later the more there is to weigh: where incidents are open already, and where much
    /// speaks against many, what one more finding adds can wait, and the time that judging takes stays bounded.
    fn look_later(&mut self, at: Timestamp) {
        let every = 60 * (1 + i64::try_from(self.n_weighed / MANY).unwrap_or(i64::MAX / 120));
        let next = (at.as_second().div_euclid(every) + 1).saturating_mul(every);
        if let Ok(next) = Timestamp::from_second(next) {
            // One is enough.
            if self.due.range(at..=next).next().is_none() {
                self.due.insert(next);
            }
        }
    }

    /// Which incidents there are as of `at`, now that something is new.
    fn look(&mut self, at: Timestamp, changes: &mut Vec<Change>) {
        let mut weighed = self.weigh(at, None);
        discount(&mut weighed, &self.evidence, self.policy);
        let n_weighed = weighed.len();
        let creations = &self.creations;
        let seen = Seen { groups: &weighed, links: &self.links, creations, at, policy: self.policy };
        let scores = score(seen);
        let case = Case { seen, scores: &scores, resolver: &self.resolver };
        let now = || self.open.iter().filter(|it| it.covers(at, self.policy.over_s));
        let is_open = |hosts: &BTreeSet<HostNo>| now().any(|it| !it.hosts.is_disjoint(hosts));
        let clusters: Vec<(BTreeSet<HostNo>, IncidentDraft)> = case
            .clusters()
            .into_iter()
            .filter(|it| is_open(it) || case.suffices(it))
            .filter_map(|it| case.draft(&it, self.seed).map(|draft| (it, draft)))
            .collect();
        let people = scores.people.iter().map(|it| (Who::Account(*it.0), total(it.1.iter().map(|it| &it.1))));
        let totals: Vec<(Who, f64)> =
            scores.hosts.iter().map(|it| (Who::Host(*it.0), total_of(it.1))).chain(people).collect();
        self.n_weighed = n_weighed;
        for (hosts, draft) in clusters {
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
        // What is under alarm is told with its incident.
        if let Who::Host(host) = who
            && points > self.strongest.points
            && !self.is_under_alarm(host, at)
        {
            let host = Some(self.resolver.hosts[host].id.clone());
            self.strongest = Strongest { points, host, at: Some(at) };
        }
    }

    /// What is known of the incident on these hosts, new or not.
    fn take(
        &mut self,
        hosts: BTreeSet<HostNo>,
        draft: IncidentDraft,
        at: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let is_same = |it: &Open| it.covers(at, self.policy.over_s) && !it.hosts.is_disjoint(&hosts);
        let mut same = (0..self.open.len()).filter(|it| is_same(&self.open[*it]));
        let Some(first) = same.next() else {
            changes.push(Change::Declared(draft.id.clone()));
            let start = shift(draft.first_finding_at, -BEFORE_S);
            let draft = IncidentDraft { is_news: true, ..draft };
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
        if at < it.start {
            it.start = shift(draft.first_finding_at, -BEFORE_S);
        }
        it.draft.renew(draft);
        if it.draft.named().count() > before {
            it.last = it.last.max(at);
            it.draft.is_news = true;
            changes.push(Change::Extended(it.draft.id.clone()));
        }
    }

    /// Tells open incidents anew, as of `at`: with what only repeated what was known.
    pub fn settle(&mut self, at: Timestamp) -> Vec<Change> {
        let rest = self.arrivals.rest();
        let mut changes: Vec<Change> =
            rest.iter().flat_map(|(finding, number)| self.observe(finding, *number)).collect();
        changes.extend(self.pass(at));
        if !self.open.is_empty() {
            self.look(at, &mut changes);
        }
        changes
    }

    /// The incidents so far, over or not, gravest first.
    pub fn incidents(&self) -> Vec<IncidentDraft> {
        let open = self.open.iter().map(|it| &it.draft);
        let mut all: Vec<IncidentDraft> = self.over.iter().chain(open).cloned().collect();
        gravest_first(&mut all);
        all
    }

    /// The outcome, and everything that may still count: a stage that goes on from it says what this one would.
    pub fn finish(mut self) -> Fusion {
        for (finding, number) in self.arrivals.rest() {
            self.observe(&finding, number);
        }
        let (incidents, given_up) = (self.incidents(), self.evidence.given_up);
        let known = Known {
            evidence: self.evidence,
            hot: self.hot,
            open: self.open,
            ways: self.links.kept(WAYS_MAX),
            creations: self.creations,
            forgot: self.forgot,
            due: self.due,
            n_weighed: self.n_weighed,
            taken: self.taken,
            ended: ended(self.ended.clone(), &self.over),
        };
        let memory = Memory { normal: self.normal.rested(), known: Some(known.kept(&self.resolver)) };
        Fusion {
            incidents,
            unplaced: self.unplaced,
            again: self.again.of(&self.ended),
            strongest: self.strongest,
            given_up,
            muted: self.mutes.told(None),
            late: self.arrivals.late,
            memory,
        }
    }
}
