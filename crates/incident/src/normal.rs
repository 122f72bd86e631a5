//! What is usual: in how many spans of ten minutes each rule fired on each host, learned as time goes on, slowly forgotten.
//!
//! The chance that a rule fires on a host in one span is a Beta posterior mean: the host's own count, shrunk to that of the other
//! hosts of its role, that to all hosts, and that to a prior that the product ships. With no history it is the prior; a host seen
//! for days speaks for itself. What comes at its hour of the day or of the week is as likely as it came in the turns before. What
//! is usual is somebody's: by an account of which the rule never spoke it is the less so, the fewer accounts it ever spoke of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::dismissal::{self, Dismissal};
use crate::habit::{Count, HALF_LIFE, HOURS_OF_DAY, HOURS_OF_WEEK, HostNormal, SPANS_OF_HOUR, exposure};
use crate::observed::Observed;

/// Seconds of a span.
pub(crate) const SPAN_S: i64 = 600;
/// Turns (days, weeks) that doubt about a rhythm weighs as much as.
const RHYTHM_TURNS: f64 = 4.0;
/// Spans without any record that still count as observed: two hours.
const GAP_SPANS: i64 = 12;
/// Spans of all hosts together that the shipped prior weighs as much as.
const PRIOR_SPANS: f64 = 20.0;
/// Spans of the hosts of one role that what all hosts do weighs as much as.
const FLEET_SPANS: f64 = 20.0;
/// Spans of one host that what the hosts of its role do weighs as much as.
const ROLE_SPANS: f64 = 20.0;
/// Accounts that are remembered by rule; a rule that spoke of more speaks of everybody.
const ACCOUNTS_MAX: usize = 200;
/// Pairs of rule and host that are learned; further ones are counted, and judged by what all hosts do.
const PAIRS_MAX: usize = 500_000;
/// Hosts whose time under observation is known; further ones count as new.
const HOSTS_MAX: usize = 100_000;

/// What was learned of the fleet. Kept between runs; the same input makes the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Normal {
    /// By rule.
    pub(crate) rules: BTreeMap<String, RuleNormal>,
    /// The span in which each host was first seen.
    pub(crate) hosts: BTreeMap<String, i64>,
    /// Sum over all hosts of what is forgotten of their spans, at `at`.
    pub(crate) faded: Count,
    /// The role of each host that has one, and how long the hosts of each role were seen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) role_of: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) roles: BTreeMap<String, RoleSeen>,
    /// Spans under observation so far: what fades and what is counted goes by this clock. A stretch in which nothing was recorded
    /// at all, or an event of another century, is no observation.
    pub(crate) clock: i64,
    /// The farthest that the clock stood: it goes back where what was observed before is told of again, or by others.
    #[serde(skip_serializing_if = "is_start")]
    pub(crate) top: i64,
    /// When the clock stood where.
    #[serde(skip_serializing_if = "Observed::is_none")]
    pub(crate) observed: Observed,
    /// The span of the calendar at which the clock was set last.
    pub(crate) real: Option<i64>,
    /// Pairs of rule and host that are learned.
    pub(crate) pairs: usize,
    /// Times that a further pair found no room.
    pub(crate) not_learned: u64,
    /// What an operator said is no sign of an intruder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) dismissed: Vec<Dismissal>,
}

/// How long the hosts of a role were seen: how many they are, and the sum of what is forgotten of their spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleSeen {
    pub(crate) hosts: u64,
    pub(crate) faded: Count,
}

/// How often one rule fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleNormal {
    pub(crate) fleet: Count,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) roles: BTreeMap<String, Count>,
    pub(crate) hosts: BTreeMap<String, HostNormal>,
    /// Accounts it spoke of, and in how many spans it spoke of any.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) accounts: BTreeSet<String>,
    #[serde(skip_serializing_if = "Count::is_none")]
    pub(crate) by_account: Count,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_start(clock: &i64) -> bool {
    *clock == 0
}

/// Whom a finding speaks of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Who<'a> {
    /// Id of the host.
    pub host: &'a str,
    /// The account, where it speaks of one.
    pub account: Option<&'a str>,
}

/// Spans that so many hosts together were observed for, of which `faded` is forgotten.
#[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
fn spans_of(hosts: u64, faded: Count, clock: i64) -> f64 {
    (hosts as f64 - faded.in_span(clock)).max(0.0) * HALF_LIFE / std::f64::consts::LN_2
}

impl RuleNormal {
    /// The share of what the rule finds that is of an account of which it never spoke, where `account` is one: as many as the
    /// accounts it spoke of are among its spans (after Good 1953, "The population frequencies of species").
    #[expect(clippy::cast_precision_loss, reason = "at most ACCOUNTS_MAX")]
    fn somebody_new(&self, account: Option<&str>, clock: i64) -> f64 {
        let Some(account) = account else { return 1.0 };
        let (known, spans) = (self.accounts.len(), self.by_account.in_span(clock));
        if known > ACCOUNTS_MAX || spans < 1.0 || self.accounts.contains(account) {
            return 1.0;
        }
        ((known as f64 + 0.5) / (spans + 1.0)).min(1.0)
    }
}

/// Names of an earlier run, and what the same is called now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renamed {
    pub hosts: BTreeMap<String, String>,
    pub accounts: BTreeMap<String, String>,
    /// Ids of accounts, as incidents name them.
    pub people_ids: BTreeMap<String, String>,
}

/// Moves what is kept under old names to the new ones, unless something is kept there.
fn rename<V>(map: &mut BTreeMap<String, V>, names: &BTreeMap<String, String>) {
    for (old, new) in names {
        if !map.contains_key(new)
            && let Some(it) = map.remove(old)
        {
            map.insert(new.clone(), it);
        }
    }
}

impl Normal {
    /// The same under the names of now.
    pub(crate) fn renamed(mut self, names: &Renamed) -> Self {
        rename(&mut self.hosts, &names.hosts);
        rename(&mut self.role_of, &names.hosts);
        for rule in self.rules.values_mut() {
            rename(&mut rule.hosts, &names.hosts);
            for (old, new) in &names.accounts {
                if rule.accounts.remove(old) {
                    rule.accounts.insert(new.clone());
                }
            }
        }
        dismissal::rename(&mut self.dismissed, &names.hosts);
        self
    }

    /// Something was recorded in `span` of the calendar.
    pub(crate) fn tick(&mut self, span: i64) {
        self.clock = self.observed.clock_at(span).unwrap_or_else(|| {
            let passed = self.real.map_or(0, |it| span.saturating_sub(it)).clamp(0, GAP_SPANS);
            let clock = self.top() + passed;
            self.observed.add(self.real, span, passed, clock);
            clock
        });
        self.top = self.top();
        self.real = Some(span);
    }

    /// The farthest that the clock stood; earlier versions knew of no going back.
    pub(crate) fn top(&self) -> i64 {
        self.top.max(self.clock)
    }

    /// As it is kept: the clock where it stood farthest.
    pub(crate) fn rested(mut self) -> Self {
        self.clock = self.top();
        self
    }

    /// Notes that `host`, which is of `role` (or of none, empty), is under observation from now on.
    pub(crate) fn meet(&mut self, host: &str, role: &str) {
        if let Some(since) = self.hosts.get_mut(host) {
            // Somebody tells now that it was there before.
            if self.clock < *since {
                self.faded.moves(*since, self.clock);
                if let Some(it) = self.role_of.get(host).and_then(|it| self.roles.get_mut(it)) {
                    it.faded.moves(*since, self.clock);
                }
                *since = self.clock;
            }
        } else {
            if self.hosts.len() >= HOSTS_MAX {
                return;
            }
            self.hosts.insert(host.to_owned(), self.clock);
            self.faded.add(self.clock);
        }
        if !role.is_empty() && !self.role_of.contains_key(host) {
            self.role_of.insert(host.to_owned(), role.to_owned());
            let seen = self.roles.entry(role.to_owned()).or_default();
            seen.hosts += 1;
            seen.faded.add(self.clock);
        }
    }

    /// Notes that `rule` fired now, in `span` of the calendar.
    pub(crate) fn learn(&mut self, rule: &str, who: Who<'_>, span: i64) {
        let (clock, host) = (self.clock, who.host);
        if self.pairs >= PAIRS_MAX && !self.rules.contains_key(rule) {
            self.not_learned += 1;
            return;
        }
        let known = self.rules.entry(rule.to_owned()).or_default();
        known.fleet.add(clock);
        if let Some(role) = self.role_of.get(host) {
            match known.roles.get_mut(role) {
                Some(count) => count.add(clock),
                None => known.roles.entry(role.clone()).or_default().add(clock),
            }
        }
        if let Some(account) = who.account {
            known.by_account.add(clock);
            if known.accounts.len() <= ACCOUNTS_MAX && !known.accounts.contains(account) {
                known.accounts.insert(account.to_owned());
            }
        }
        if let Some(count) = known.hosts.get_mut(host) {
            count.add(clock, span);
        } else if self.pairs < PAIRS_MAX {
            self.pairs += 1;
            known.hosts.entry(host.to_owned()).or_default().add(clock, span);
        } else {
            self.not_learned += 1;
        }
    }

    /// The chance that `rule` fires of `who` in one span, judged now, in `span` of the calendar; `prior` is the shipped one.
    pub(crate) fn chance(&self, rule: &str, who: Who<'_>, span: i64, prior: f64) -> f64 {
        let known = self.rules.get(rule);
        let somebody_new = known.map_or(1.0, |it| it.somebody_new(who.account, self.clock));
        (self.of_host(known, who.host, span, prior) * somebody_new).clamp(f64::MIN_POSITIVE, 1.0)
    }

    /// Without looking at accounts: hosts of other roles, hosts of the role, the host. The role is not counted among all others, so
    /// that a fleet of one role is judged as one that has none.
    fn of_host(&self, known: Option<&RuleNormal>, host: &str, span: i64, prior: f64) -> f64 {
        let own = known.and_then(|it| it.hosts.get(host));
        let fired = own.map_or(0.0, |it| it.all.in_span(self.clock));
        let spans = self.hosts.get(host).map_or(0.0, |since| exposure(self.clock - since));
        let all = known.map_or(0.0, |it| it.fleet.in_span(self.clock));
        let shrunk = |fired: f64, spans: f64, weight: f64, to: f64| {
            (fired.max(0.0) + weight * to) / (spans.max(0.0) + weight)
        };
        let others = match self.role_of.get(host) {
            None => shrunk(all, self.fleet_spans(), PRIOR_SPANS, prior),
            Some(role) => {
                let seen = self.roles.get(role).map_or(0.0, |it| spans_of(it.hosts, it.faded, self.clock));
                let alike = known.and_then(|it| it.roles.get(role)).map_or(0.0, |it| it.in_span(self.clock));
                let fleet = shrunk(all - alike, self.fleet_spans() - seen, PRIOR_SPANS, prior);
                shrunk(alike, seen, FLEET_SPANS, fleet)
            }
        };
        let chance = shrunk(fired, spans, ROLE_SPANS, others);
        let by_rhythm = [HOURS_OF_DAY, HOURS_OF_WEEK].into_iter().map(|every| {
            #[expect(clippy::cast_precision_loss, reason = "168 at most")]
            let turns = spans / (every * SPANS_OF_HOUR) as f64;
            own.map_or(0.0, |it| it.times_about(self.clock, span, every)) / (turns + RHYTHM_TURNS)
        });
        by_rhythm.fold(chance, f64::max)
    }

    /// Spans that all hosts together were observed for.
    fn fleet_spans(&self) -> f64 {
        spans_of(self.hosts.len() as u64, self.faded, self.clock)
    }

    /// Hours that the hosts were observed for, on average, less what is forgotten: on how much a judgement rests.
    #[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
    pub fn hours(&self) -> f64 {
        self.fleet_spans() / self.hosts.len().max(1) as f64 * SPAN_S as f64 / 3600.0
    }

    /// The same in whole seconds.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span, never negative")]
    pub fn watched_s(&self) -> u64 {
        (self.hours() * 3600.0) as u64
    }

    /// Hosts that something is known of, by id.
    pub fn host_ids(&self) -> impl Iterator<Item = &str> {
        self.hosts.keys().map(String::as_str)
    }

    /// Whether the rule ever fired on a host that was not under alarm.
    pub fn knows(&self, rule: &str) -> bool {
        self.rules.contains_key(rule)
    }

    /// Hosts that something is known of.
    pub fn n_hosts(&self) -> usize {
        self.hosts.len()
    }

    /// Times that a pair of rule and host found no room.
    pub fn not_learned(&self) -> u64 {
        self.not_learned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 144;

    fn on(host: &str) -> Who<'_> {
        Who { host, ..Who::default() }
    }

    /// A fleet of `hosts` hosts seen for `days`, on the first of which `r` fired in `fired` spans of its last day.
    fn seen(hosts: usize, days: i64, fired: i64) -> (Normal, i64) {
        let mut normal = Normal::default();
        normal.tick(0);
        (0..hosts).for_each(|it| normal.meet(&format!("h{it}"), ""));
        let now = days * DAY;
        for span in 0..now {
            normal.tick(span);
            if span >= now - DAY && span < now - DAY + fired {
                normal.learn("r", on("h0"), span);
            }
        }
        normal.tick(now);
        assert!(normal.is_sound());
        (normal, now)
    }

    /// Time goes on for so many days, with something recorded all the while.
    fn live(normal: &mut Normal, from: i64, days: i64) {
        (from..=from + days * DAY).for_each(|it| normal.tick(it));
    }

    #[test]
    fn with_no_history_the_chance_is_the_prior() {
        let (normal, now) = seen(3, 0, 0);
        assert!((normal.chance("r", on("h0"), now, 0.05) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn silence_makes_a_rule_rarer_and_firing_makes_it_usual() {
        let chance = |days, fired| {
            let (normal, now) = seen(3, days, fired);
            normal.chance("r", on("h0"), now, 0.05)
        };
        assert!(chance(1, 0) < 0.01 && chance(7, 0) < chance(1, 0));
        assert!(chance(7, 1) > chance(7, 0) && chance(7, 100) > 0.05);
    }

    #[test]
    fn a_host_speaks_for_itself_and_a_new_one_is_judged_by_the_others() {
        let (mut normal, now) = seen(4, 7, 100);
        let quiet = normal.chance("r", on("h1"), now, 0.05);
        normal.meet("new", "");
        let new = normal.chance("r", on("new"), now, 0.05);
        let own = normal.chance("r", on("h0"), now, 0.05);
        assert!(quiet < new && new < own, "{quiet} {new} {own}");
    }

    #[test]
    fn what_comes_at_its_hour_is_usual_then_and_rare_at_others() {
        let chance = |every: i64, turns: i64, offset: i64| {
            let mut normal = Normal::default();
            normal.tick(0);
            normal.meet("h0", "");
            let end = turns * every * 6 + 30 + offset;
            for span in 0..=end {
                normal.tick(span);
                if span % (every * 6) == 30 && span / (every * 6) < turns {
                    normal.learn("r", on("h0"), span);
                }
            }
            normal.chance("r", on("h0"), end, 0.05)
        };
        assert!(chance(24, 10, 0) > 0.5 && chance(24, 10, 36) < 0.02);
        assert!(chance(168, 6, 0) > 0.1 && chance(168, 6, DAY) < 0.06);
        // Once may be chance.
        assert!(chance(24, 1, 0) < 0.02);
    }

    #[test]
    fn what_is_learned_is_forgotten() {
        let (normal, now) = seen(2, 7, 100);
        let later = |days: i64| {
            let mut normal = normal.clone();
            live(&mut normal, now, days);
            normal.chance("r", on("h0"), now + days * DAY, 0.05)
        };
        assert!(later(14) < later(0) && later(60) < later(14));
        let text = serde_json::to_string(&normal).unwrap();
        assert_eq!(serde_json::from_str::<Normal>(&text).unwrap(), normal);
    }

    #[test]
    fn a_wrong_clock_teaches_nothing() {
        let (normal, now) = seen(3, 0, 0);
        let before = normal.chance("r", on("h0"), now, 0.05);
        let mut odd = normal;
        odd.tick(-52_000_000);
        odd.tick(now);
        assert!(odd.chance("r", on("h0"), now, 0.05) > before / 6.0);
    }

    #[test]
    fn what_is_usual_among_its_kind_is_less_of_a_surprise_on_a_new_host() {
        let chance = |role: &str| {
            let mut normal = Normal::default();
            normal.tick(0);
            (0..20).for_each(|it| normal.meet(&format!("web{it}"), "web"));
            (0..20).for_each(|it| normal.meet(&format!("desk{it}"), "desk"));
            for span in 0..3 * DAY {
                normal.tick(span);
                if span % 10 == 0 {
                    (0..20).for_each(|it| normal.learn("r", on(&format!("web{it}")), span));
                }
            }
            assert!(normal.is_sound());
            normal.meet("new", role);
            normal.chance("r", on("new"), 3 * DAY, 0.01)
        };
        assert!(chance("web") > 0.09 && chance("desk") < 0.01, "{} {}", chance("web"), chance("desk"));
        assert!((0.03..0.06).contains(&chance("")), "{}", chance(""));
    }

    #[test]
    fn what_is_usual_is_somebodys() {
        fn by(account: &str) -> Who<'_> {
            Who { host: "h0", account: Some(account) }
        }
        let mut normal = Normal::default();
        normal.tick(0);
        normal.meet("h0", "");
        for span in 0..5 * DAY {
            normal.tick(span);
            if span % 24 == 0 {
                normal.learn("r", by("ada"), span);
            }
        }
        let chance = |who| normal.chance("r", who, 5 * DAY + 12, 0.01);
        assert!((chance(by("ada")) - chance(on("h0"))).abs() < 1e-12);
        assert!(chance(by("eve")) < 0.1 * chance(by("ada")));
        // A rule that speaks of somebody else every time is surprised by nobody.
        for (number, span) in (5 * DAY..8 * DAY).step_by(6).enumerate() {
            normal.tick(span);
            normal.learn("r", by(&format!("guest{number}")), span);
        }
        let chance = |who| normal.chance("r", who, 8 * DAY, 0.01);
        assert!(chance(by("eve")) > 0.6 * chance(by("ada")));
    }
}
