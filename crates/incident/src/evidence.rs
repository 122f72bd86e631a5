//! Evidence: the hits of each rule on each host as they come, in bounded memory, and what they weigh at an instant.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use bulkhead_model::finding::{Finding, Level, RuleRef, SourceRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alerts::ALERT_TAG;
use crate::policy::Policy;
use crate::provenance::Traces;
use crate::resolve::{AccountNo, HostNo};
use crate::sound::{CALENDAR, Sound, each, hold, number, second, share};
use crate::tactics::techniques_of;

/// Hits of one rule on one host that are kept; further ones are counted.
const HITS_MAX: usize = 10_000;
/// Rules on hosts that are kept; beyond it the lightest of the oldest give way, and are counted.
const GROUPS_MAX: usize = 50_000;
/// Instants at which a rule weighed most that are kept per rule and host.
const PEAKS_MAX: usize = 16;

/// Times at which a rule was raised that are kept to see sweeps.
const RAISED_MAX: usize = 64;

/// Number of a rule.
pub(crate) type RuleNo = usize;

/// One hit of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Hit {
    pub at: Timestamp,
    /// The event.
    pub source: SourceRef,
    /// The finding's number among all of this run; none for one of an earlier run.
    #[serde(skip)]
    pub number: Option<usize>,
}

/// All hits of one rule on one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub host: HostNo,
    pub rule_no: RuleNo,
    pub rule: RuleRef,
    /// The techniques it speaks of, without what comes behind their dot.
    #[serde(skip)]
    families: Vec<String>,
    /// By time.
    pub hits: Vec<Hit>,
    /// Accounts the findings speak of.
    pub accounts: BTreeSet<AccountNo>,
    /// Whether it is an alert from elsewhere.
    pub is_alert: bool,
    /// Of which processes, sessions and files they speak.
    #[serde(default, skip_serializing_if = "Traces::is_empty")]
    pub traces: Traces,
    /// The instants at which it weighed more than at any later one, with the points then.
    peaks: Vec<(Timestamp, f64)>,
    /// The chance, when it weighed most, that it fires here in a span of ten minutes of any day.
    pub chance: f64,
    /// The last span of ten minutes in which it fired.
    span: i64,
}

impl Group {
    /// Notes that it spoke of an account, if it did not yet of so many.
    pub(crate) fn extend_accounts(&mut self, account: Option<AccountNo>, most: usize) {
        if self.accounts.len() < most {
            self.accounts.extend(account);
        }
    }

    /// Whether what it says of accounts says something of each: a rule that speaks of everybody speaks of nobody.
    pub(crate) fn names_somebody(&self) -> bool {
        const CROWD: usize = 50;
        self.accounts.len() < CROWD
    }

    /// Grave enough to speak for itself, even from an alert.
    pub(crate) fn is_strong(&self) -> bool {
        self.rule.level >= Level::High
    }

    /// Points as of `at`, and when the hit was that gives them.
    pub(crate) fn points(&self, at: Timestamp, policy: &Policy) -> (f64, Timestamp) {
        let kept = |(then, points): &(Timestamp, f64)| {
            (points * policy.kept(at.as_second() - then.as_second(), self.is_alert), *then)
        };
        // What was read before, but comes later, is not there yet.
        let then = self.peaks.iter().filter(|it| it.0 <= at);
        then.map(kept).fold((0.0, Timestamp::MAX), |best, it| if it.0 > best.0 { it } else { best })
    }

    /// The most points it had from `since` on, and when.
    pub(crate) fn most_since(&self, since: Timestamp) -> (f64, Timestamp) {
        let since = self.peaks.iter().filter(|it| it.0 >= since);
        since.fold((0.0, Timestamp::MAX), |best, it| if it.1 > best.0 { (it.1, it.0) } else { best })
    }

    /// The place of the first hit not before `at`.
    pub(crate) fn from(&self, at: Timestamp) -> usize {
        self.hits.partition_point(|it| it.at < at)
    }

    fn peak(&mut self, at: Timestamp, points: f64, chance: f64) {
        if self.peaks.iter().all(|it| it.1 < points) {
            self.chance = chance;
        }
        // What is read late stands among what was read before.
        let late = self.peaks.split_off(self.peaks.partition_point(|it| it.0 <= at));
        while self.peaks.last().is_some_and(|it| it.1 < points) {
            self.peaks.pop();
        }
        // Of equals the first says when it began, the last how fresh it is.
        if let [.., (_, first), (_, last)] = self.peaks[..]
            && first <= points
            && last <= points
        {
            self.peaks.pop();
        }
        self.peaks.push((at, points));
        self.peaks.extend(late);
        if self.peaks.len() > PEAKS_MAX {
            self.peaks.remove(0);
        }
    }
}

/// What a hit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The rule had not fired in this span, but weighed as much before.
    Again,
    /// The host has more against it than before.
    More,
}

/// Everything that may still count.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Evidence {
    groups: BTreeMap<(HostNo, RuleNo), Group>,
    rules: BTreeMap<String, RuleNo>,
    /// The last times at which each rule was raised, and where.
    raised: BTreeMap<RuleNo, VecDeque<(i64, HostNo)>>,
    /// Groups that gave way to others.
    pub given_up: u64,
}

impl Evidence {
    /// The number of a rule.
    pub(crate) fn rule(&mut self, id: &str) -> RuleNo {
        if let Some(number) = self.rules.get(id) {
            return *number;
        }
        let number = self.rules.len();
        self.rules.insert(id.to_owned(), number);
        number
    }

    /// The group of a rule on a host if the rule fired there before in this span: then it only repeats.
    pub(crate) fn repeated(&mut self, host: HostNo, rule: RuleNo, span: i64) -> Option<&mut Group> {
        self.groups.get_mut(&(host, rule)).filter(|it| it.span == span)
    }

    /// Adds the first hit of a rule on a host in a span, which weighs so many points for so small a chance.
    pub(crate) fn add(
        &mut self,
        place: (HostNo, RuleNo),
        finding: &Finding,
        hit: Hit,
        span: i64,
        weight: (f64, f64),
        policy: &Policy,
    ) -> News {
        if !self.groups.contains_key(&place) && self.groups.len() >= GROUPS_MAX {
            self.make_room(hit.at, policy);
        }
        let group = self.groups.entry(place).or_insert_with(|| Group {
            host: place.0,
            rule_no: place.1,
            rule: finding.rule.clone(),
            families: families(&finding.rule),
            hits: Vec::new(),
            accounts: BTreeSet::new(),
            is_alert: is_alert(finding),
            traces: Traces::default(),
            peaks: Vec::new(),
            chance: weight.1,
            span,
        });
        let raised = self.raised.entry(place.1).or_default();
        if raised.len() == RAISED_MAX {
            raised.pop_front();
        }
        raised.push_back((hit.at.as_second(), place.0));
        let before = group.points(hit.at, policy).0;
        group.span = span.max(group.span);
        group.peak(hit.at, weight.0, weight.1);
        group.push(hit);
        if weight.0 > before { News::More } else { News::Again }
    }

    /// Drops what `is_dismissed` of a rule on a host; the hosts of which anything was dropped.
    pub(crate) fn drop_dismissed(&mut self, is_dismissed: impl Fn(&str, HostNo) -> bool) -> BTreeSet<HostNo> {
        let gone = self.groups.extract_if(.., |place, group| is_dismissed(&group.rule.id, place.0));
        gone.map(|it| it.0.0).collect()
    }

    /// Drops what no incident can use any more: hits older than `oldest`, and groups that have no others.
    pub(crate) fn forget(&mut self, oldest: Timestamp) {
        self.groups.retain(|_, group| {
            let gone = group.from(oldest);
            if gone == group.hits.len() {
                return false;
            }
            group.hits.drain(..gone);
            group.peaks.retain(|it| it.0 >= oldest);
            true
        });
        let oldest = oldest.as_second();
        self.raised.retain(|_, times| {
            times.retain(|it| it.0 >= oldest);
            !times.is_empty()
        });
    }

    /// All of it, with numbers as `self` counts.
    pub(crate) fn kept(self) -> Kept {
        let mut rules = vec![String::new(); self.rules.len()];
        for (id, number) in self.rules {
            rules[number] = id;
        }
        let raised = self.raised.into_iter().map(|(rule, times)| (rule, times.into_iter().collect()));
        Kept { rules, groups: self.groups.into_values().collect(), raised: raised.collect() }
    }

    /// What was kept, its hosts and accounts renumbered; none where it names what it does not hold.
    pub(crate) fn of(kept: Kept, hosts: &[HostNo], people: &[AccountNo]) -> Option<Self> {
        let n_rules = kept.rules.len();
        let mut it = Self::default();
        for mut group in kept.groups {
            group.host = *hosts.get(group.host)?;
            group.families = families(&group.rule);
            group.accounts =
                group.accounts.iter().map(|it| people.get(*it).copied()).collect::<Option<_>>()?;
            let is_sound = group.rule_no < n_rules && !group.hits.is_empty() && group.hits.is_sorted();
            if !is_sound {
                return None;
            }
            it.groups.insert((group.host, group.rule_no), group);
        }
        for (rule, times) in kept.raised {
            let times = times.into_iter().map(|(at, host)| Some((at, *hosts.get(host)?)));
            it.raised.insert(rule, times.collect::<Option<_>>()?);
        }
        it.rules = kept.rules.into_iter().enumerate().map(|(number, id)| (id, number)).collect();
        (it.rules.len() == n_rules).then_some(it)
    }

    /// Points of one host as of `at`, from its own findings alone.
    pub(crate) fn points_of(&self, host: HostNo, at: Timestamp, policy: &Policy) -> f64 {
        self.of_host(host).map(|it| it.points(at, policy).0).sum()
    }

    /// The groups of one host.
    pub(crate) fn of_host(&self, host: HostNo) -> impl Iterator<Item = &Group> {
        let range: Range<(HostNo, RuleNo)> = (host, 0)..(host + 1, 0);
        self.groups.range(range).map(|it| it.1)
    }

    /// On how many hosts a rule was raised about an instant.
    fn hosts_about(&self, rule: RuleNo, at: Timestamp, secs: i64) -> usize {
        let near = |it: &&(i64, HostNo)| (it.0 - at.as_second()).abs() <= secs;
        let times = self.raised.get(&rule).into_iter().flatten();
        times.filter(near).map(|it| it.1).collect::<BTreeSet<_>>().len()
    }

    fn make_room(&mut self, at: Timestamp, policy: &Policy) {
        let mut lightest: Vec<(f64, (HostNo, RuleNo))> =
            self.groups.iter().map(|it| (it.1.points(at, policy).0, *it.0)).collect();
        lightest.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, place) in lightest.into_iter().take(GROUPS_MAX / 10) {
            self.groups.remove(&place);
            self.given_up += 1;
        }
    }
}

/// Evidence as it is kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// Ids of the rules, by number.
    rules: Vec<String>,
    groups: Vec<Group>,
    raised: Vec<(RuleNo, Vec<(i64, HostNo)>)>,
}

impl Kept {
    /// The titles of its rules, by id.
    pub(crate) fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.groups.iter().map(|it| (it.rule.id.as_str(), it.rule.title.as_str()))
    }

    /// Whether it can have been kept with so many hosts and accounts.
    pub(crate) fn check(&self, n_hosts: usize, n_people: usize) -> Sound {
        let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
        each("rules", &self.rules, |it| hold(ids.insert(it), "", || "it stands there twice".to_owned()))?;
        each("groups", &self.groups, |it| {
            it.check(n_hosts, n_people, self.rules.len())?;
            hold(places.insert((it.host, it.rule_no)), "rule_no", || {
                "its rule on its host stands there twice".to_owned()
            })
        })?;
        let mut raised = BTreeSet::new();
        each("raised", &self.raised, |(rule, times)| {
            number("[0]", *rule, self.rules.len(), "rule")?;
            hold(raised.insert(rule), "[0]", || "its rule stands there twice".to_owned())?;
            each("[1]", times, |(at, host)| {
                second("[0]", *at)?;
                number("[1]", *host, n_hosts, "host")
            })
        })
    }
}

impl Group {
    fn check(&self, n_hosts: usize, n_people: usize, n_rules: usize) -> Sound {
        /// Far more than any rule weighs by any policy.
        const POINTS_MAX: f64 = 1e6;
        number("host", self.host, n_hosts, "host")?;
        number("rule_no", self.rule_no, n_rules, "rule")?;
        each("accounts", &self.accounts, |it| number("", *it, n_people, "account"))?;
        hold(!self.hits.is_empty(), "hits", || "there is none".to_owned())?;
        hold(self.hits.is_sorted(), "hits", || "they are not in the order of their time".to_owned())?;
        each("peaks", &self.peaks, |it| {
            hold((0.0..=POINTS_MAX).contains(&it.1), "[1]", || format!("{} is no number of points", it.1))
        })?;
        hold(self.peaks.is_sorted_by_key(|it| it.0), "peaks", || {
            "they are not in the order of their time".to_owned()
        })?;
        share("chance", self.chance)?;
        hold(CALENDAR.contains(&self.span), "span", || format!("{} is no span of a calendar", self.span))
    }

    /// Takes in one more hit; one that came late finds its place.
    pub(crate) fn push(&mut self, hit: Hit) {
        if self.hits.len() >= HITS_MAX {
            return;
        }
        let place = self.hits.partition_point(|it| *it <= hit);
        self.hits.insert(place, hit);
    }
}

/// The techniques of a rule, without what comes behind their dot.
fn families(rule: &RuleRef) -> Vec<String> {
    let family = |it: String| it.split('.').next().unwrap_or_default().to_owned();
    techniques_of(&rule.tags).into_iter().map(family).collect()
}

/// Whether it is an alert from elsewhere.
pub(crate) fn is_alert(finding: &Finding) -> bool {
    finding.rule.tags.iter().any(|it| it == ALERT_TAG)
}

/// A group as it weighs in one judgement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weighed<'e> {
    pub group: &'e Group,
    /// Points, before anything ties it to an attacker.
    pub points: f64,
    /// When the hit was that gives them.
    pub peak: Timestamp,
    /// The first of its hits that counts.
    from: usize,
}

impl<'e> Weighed<'e> {
    /// `group` with so many points, of which the hits from `since` on count.
    pub(crate) fn new(group: &'e Group, (points, peak): (f64, Timestamp), since: Timestamp) -> Self {
        Self { group, points, peak, from: group.from(since) }
    }

    /// The hits that count, by time; never none.
    pub(crate) fn hits(&self) -> &'e [Hit] {
        &self.group.hits[self.from.min(self.group.hits.len() - 1)..]
    }

    /// Time of the first of them.
    pub(crate) fn first(&self) -> Timestamp {
        self.hits()[0].at
    }

    /// The first hit at which it weighs what it weighs, or later.
    pub(crate) fn place(&self, at: Timestamp) -> usize {
        self.hits().partition_point(|it| it.at < at)
    }

    /// Whether it says by itself that somebody was at work: a grave rule, or an alert that is rare here.
    pub(crate) fn is_telling(&self) -> bool {
        self.group.is_strong() || (self.group.is_alert && self.points >= 1.0)
    }
}

/// Takes from the points what was said already: of an event that a weightier rule hit too, of a moment in which a stronger
/// alert came, of a sweep over many hosts.
pub(crate) fn discount(weighed: &mut [Weighed<'_>], evidence: &Evidence, policy: &Policy) {
    let mut order: Vec<usize> = (0..weighed.len()).collect();
    order.sort_by(|a, b| {
        let (left, right) = (&weighed[*a], &weighed[*b]);
        left.group.host.cmp(&right.group.host).then(right.points.total_cmp(&left.points)).then(a.cmp(b))
    });
    let mut host = None;
    let (mut events, mut moments) = (BTreeSet::<&SourceRef>::new(), BTreeSet::<i64>::new());
    let mut acts = Vec::<Act<'_>>::new();
    for index in order {
        let it = &mut weighed[index];
        if host != Some(it.group.host) {
            (host, events, moments) = (Some(it.group.host), BTreeSet::new(), BTreeSet::new());
            acts.clear();
        }
        if it.group.is_alert {
            let moment = it.peak.as_second();
            let near = moment - policy.same_moment_s..=moment + policy.same_moment_s;
            if moments.range(near).next().is_some() {
                it.points *= policy.same_alert_share;
            } else if it.points > 0.0 {
                moments.insert(moment);
            }
            continue;
        }
        let act = Act::of(it);
        if acts.iter().any(|other| act.is_seen_in(other, policy.same_act_s)) {
            it.points *= policy.same_event_share;
            continue;
        }
        acts.push(act);
        // A rule that hits a hundred events need not be followed through all of them to see that one is new.
        let new = it.hits().iter().take(100).filter(|hit| events.insert(&hit.source)).count();
        if new == 0 {
            it.points *= policy.same_event_share;
        }
    }
    sweeps(weighed, evidence, policy);
}

/// What somebody did on a host, as a rule of ours saw it: two logs may tell of one act by two rules.
struct Act<'e> {
    at: i64,
    families: &'e [String],
    accounts: &'e BTreeSet<AccountNo>,
}

impl<'e> Act<'e> {
    fn of(it: &Weighed<'e>) -> Self {
        Self { at: it.first().as_second(), families: &it.group.families, accounts: &it.group.accounts }
    }

    /// The same technique of the same account at the same moment.
    fn is_seen_in(&self, other: &Self, moment_s: i64) -> bool {
        (self.at - other.at).abs() <= moment_s
            && !self.accounts.is_disjoint(other.accounts)
            && self.families.iter().any(|it| other.families.contains(it))
    }
}

fn sweeps(weighed: &mut [Weighed<'_>], evidence: &Evidence, policy: &Policy) {
    let mut kinds = BTreeMap::<HostNo, usize>::new();
    for it in weighed.iter().filter(|it| it.points >= 1.0) {
        *kinds.entry(it.group.host).or_default() += 1;
    }
    // A grave alert is no mere touch, on however many hosts it comes.
    let weak = |it: &&mut Weighed<'_>| it.group.is_alert && !it.group.is_strong() && it.points > 0.0;
    for it in weighed.iter_mut().filter(weak) {
        let is_touched = kinds.get(&it.group.host).is_none_or(|it| *it < policy.sweep_kinds);
        let n_hosts = || evidence.hosts_about(it.group.rule_no, it.peak, policy.sweep_s);
        if is_touched && n_hosts() >= policy.sweep_hosts {
            it.points *= policy.sweep_share;
        }
    }
}
