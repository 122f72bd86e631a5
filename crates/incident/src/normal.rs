//! What is usual: in how many spans of ten minutes each rule fired on each host, learned as time goes on, slowly forgotten.
//!
//! The chance that a rule fires on a host in one span is a Beta posterior mean: the host's own count, shrunk to that of all
//! hosts, and that to a prior that the product ships. With no history it is the prior; a host seen for days speaks for itself.
//! What comes at its hour of the day or of the week is as likely as it came in the turns before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds of a span.
pub(crate) const SPAN_S: i64 = 600;
/// Spans after which half of what was learned is forgotten: two weeks, so that a change of habit is one for two weeks.
const HALF_LIFE: f64 = 2016.0;
/// Spans of an hour.
const SPANS_OF_HOUR: i64 = 6;
/// Hours of a day and of a week.
const HOURS_OF_DAY: i64 = 24;
const HOURS_OF_WEEK: i64 = 168;
/// Turns (days, weeks) that doubt about a rhythm weighs as much as.
const RHYTHM_TURNS: f64 = 4.0;
/// Spans without any record that still count as observed: two hours.
const GAP_SPANS: i64 = 12;
/// Spans of all hosts together that the shipped prior weighs as much as.
const PRIOR_SPANS: f64 = 20.0;
/// Spans of one host that what all hosts do weighs as much as.
const FLEET_SPANS: f64 = 20.0;
/// Pairs of rule and host that are learned; further ones are counted, and judged by what all hosts do.
const PAIRS_MAX: usize = 500_000;
/// Hosts whose time under observation is known; further ones count as new.
const HOSTS_MAX: usize = 100_000;

/// What was learned of the fleet. Kept between runs; the same input makes the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Normal {
    /// By rule.
    rules: BTreeMap<String, RuleNormal>,
    /// The span in which each host was first seen.
    hosts: BTreeMap<String, i64>,
    /// Sum over all hosts of what is forgotten of their spans, at `at`.
    faded: Count,
    /// Spans under observation so far: what fades and what is counted goes by this clock. A stretch in which nothing was recorded
    /// at all, or an event of another century, is no observation.
    clock: i64,
    /// The span of the calendar at which the clock was set last.
    real: Option<i64>,
    /// Pairs of rule and host that are learned.
    pairs: usize,
    /// Times that a further pair found no room.
    not_learned: u64,
    /// What an operator said is no sign of an intruder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dismissed: Vec<Dismissal>,
}

/// A rule on a host that an operator said is no sign of an intruder there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// Id of the rule, as findings carry it.
    pub rule: String,
    /// Id of the host, as incidents name it.
    pub host: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How often one rule fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleNormal {
    fleet: Count,
    hosts: BTreeMap<String, HostNormal>,
}

/// How often, and when, one rule fires on one host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostNormal {
    all: Count,
    /// By hour of the week (UTC, from Thursday on, as 1970 began): in how many weeks it fired in that hour.
    hours: BTreeMap<i64, Rhythm>,
}

/// How often something happened in one hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rhythm {
    count: Count,
    /// The last hour since 1970 in which it did.
    last: i64,
}

impl HostNormal {
    fn add(&mut self, clock: i64, span: i64) {
        self.all.add(clock);
        let hour = span.div_euclid(SPANS_OF_HOUR);
        let rhythm = self
            .hours
            .entry(hour.rem_euclid(HOURS_OF_WEEK))
            .or_insert(Rhythm { last: i64::MIN, ..Rhythm::default() });
        if rhythm.last < hour {
            rhythm.count.add(clock);
            rhythm.last = hour;
        }
    }

    /// How many weeks, or days where `every` is 24, it fired about this hour; not counting today, nor one time, which may be
    /// chance.
    fn times_about(&self, clock: i64, span: i64, every: i64) -> f64 {
        let hour = span.div_euclid(SPANS_OF_HOUR);
        let about = |offset: i64| -> f64 {
            let residue = (hour + offset).rem_euclid(every);
            let in_turn = self.hours.iter().filter(|it| it.0.rem_euclid(every) == residue);
            in_turn
                .map(|(_, it)| {
                    it.count.in_span(clock)
                        - if hour - it.last < 12 { kept(clock - it.count.at) } else { 0.0 }
                })
                .sum()
        };
        let most = (-1..=1).map(about).fold(0.0, f64::max);
        (most - 1.0).max(0.0)
    }
}

/// A number of spans that fades, as it stood in span `at`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Count {
    spans: f64,
    at: i64,
}

impl Count {
    fn in_span(self, span: i64) -> f64 {
        self.spans * kept(span - self.at)
    }

    fn add(&mut self, span: i64) {
        let at = span.max(self.at);
        *self = Self { spans: self.in_span(at) + kept(at - span), at };
    }
}

/// The share of what was learned that is left after so many spans.
#[expect(clippy::cast_precision_loss, reason = "spans of a lifetime, far below 2^52")]
fn kept(spans: i64) -> f64 {
    if spans <= 0 { 1.0 } else { (-(spans as f64) / HALF_LIFE).exp2() }
}

/// Spans that a host was observed for, less what is forgotten of them: the limit of `1 + 2^(-1/H) + 2^(-2/H) + ...`.
fn exposure(spans: i64) -> f64 {
    (1.0 - kept(spans)) * HALF_LIFE / std::f64::consts::LN_2
}

impl Normal {
    /// Something was recorded in `span` of the calendar.
    pub(crate) fn tick(&mut self, span: i64) {
        let passed = self.real.map_or(0, |it| span.saturating_sub(it));
        self.clock += passed.clamp(0, GAP_SPANS);
        self.real = Some(span);
    }

    /// Notes that `host` is under observation from now on.
    pub(crate) fn meet(&mut self, host: &str) {
        if self.hosts.contains_key(host) || self.hosts.len() >= HOSTS_MAX {
            return;
        }
        self.hosts.insert(host.to_owned(), self.clock);
        self.faded.add(self.clock);
    }

    /// Notes that `rule` fired on `host` now, in `span` of the calendar.
    pub(crate) fn learn(&mut self, rule: &str, host: &str, span: i64) {
        let clock = self.clock;
        if self.pairs >= PAIRS_MAX && !self.rules.contains_key(rule) {
            self.not_learned += 1;
            return;
        }
        let known = self.rules.entry(rule.to_owned()).or_default();
        known.fleet.add(clock);
        if let Some(count) = known.hosts.get_mut(host) {
            count.add(clock, span);
        } else if self.pairs < PAIRS_MAX {
            self.pairs += 1;
            known.hosts.entry(host.to_owned()).or_default().add(clock, span);
        } else {
            self.not_learned += 1;
        }
    }

    /// The chance that `rule` fires on `host` in one span, judged now, in `span` of the calendar; `prior` is the shipped one.
    pub(crate) fn chance(&self, rule: &str, host: &str, span: i64, prior: f64) -> f64 {
        let known = self.rules.get(rule);
        let fleet = known.map_or(0.0, |it| it.fleet.in_span(self.clock));
        let all = self.fleet_spans();
        let fleet = (fleet + PRIOR_SPANS * prior) / (all + PRIOR_SPANS);
        let own = known.and_then(|it| it.hosts.get(host));
        let fired = own.map_or(0.0, |it| it.all.in_span(self.clock));
        let spans = self.hosts.get(host).map_or(0.0, |since| exposure(self.clock - since));
        let chance = (fired + FLEET_SPANS * fleet) / (spans + FLEET_SPANS);
        let by_rhythm = [HOURS_OF_DAY, HOURS_OF_WEEK].into_iter().map(|every| {
            #[expect(clippy::cast_precision_loss, reason = "168 at most")]
            let turns = spans / (every * SPANS_OF_HOUR) as f64;
            own.map_or(0.0, |it| it.times_about(self.clock, span, every)) / (turns + RHYTHM_TURNS)
        });
        by_rhythm.fold(chance, f64::max).clamp(f64::MIN_POSITIVE, 1.0)
    }

    /// Spans that all hosts together were observed for.
    #[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
    fn fleet_spans(&self) -> f64 {
        let left = self.hosts.len() as f64 - self.faded.in_span(self.clock);
        left.max(0.0) * HALF_LIFE / std::f64::consts::LN_2
    }

    /// Hours that the hosts were observed for, on average, less what is forgotten: on how much a judgement rests.
    #[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
    pub fn hours(&self) -> f64 {
        self.fleet_spans() / self.hosts.len().max(1) as f64 * SPAN_S as f64 / 3600.0
    }

    /// Notes that a rule is no sign of an intruder on a host; what was said of both before is said anew.
    pub fn dismiss(&mut self, dismissal: Dismissal) {
        self.dismissed.retain(|it| (&it.rule, &it.host) != (&dismissal.rule, &dismissal.host));
        self.dismissed.push(dismissal);
        self.dismissed.sort_by(|a, b| (&a.rule, &a.host).cmp(&(&b.rule, &b.host)));
    }

    /// Takes back what was said of a rule on a host; whether anything was.
    pub fn recall(&mut self, rule: &str, host: &str) -> bool {
        let before = self.dismissed.len();
        self.dismissed.retain(|it| it.rule != rule || it.host != host);
        self.dismissed.len() < before
    }

    /// What was said of a rule on a host.
    pub(crate) fn dismissed(&self, rule: &str, host: &str) -> Option<&Dismissal> {
        let place =
            self.dismissed.binary_search_by(|it| (it.rule.as_str(), it.host.as_str()).cmp(&(rule, host)));
        place.ok().map(|it| &self.dismissed[it])
    }

    /// Whether the rule ever fired on a host that was not under alarm.
    pub fn knows(&self, rule: &str) -> bool {
        self.rules.contains_key(rule)
    }

    /// All that was dismissed, by rule and host.
    pub fn dismissals(&self) -> &[Dismissal] {
        &self.dismissed
    }

    /// Whether it can have been learned: no count is negative, without end or beyond a lifetime.
    pub fn is_sound(&self) -> bool {
        const SPANS_MAX: i64 = 100 * 366 * 144;
        #[expect(clippy::cast_precision_loss, reason = "spans of a century")]
        let sound = |it: &Count| {
            (0.0..=SPANS_MAX as f64).contains(&it.spans)
                && (0..=SPANS_MAX).contains(&it.at)
                && it.at <= self.clock
        };
        let of_host = |it: &HostNormal| sound(&it.all) && it.hours.values().all(|it| sound(&it.count));
        (0..=SPANS_MAX).contains(&self.clock)
            && self.hosts.values().all(|it| (0..=self.clock).contains(it))
            && self.rules.values().all(|it| sound(&it.fleet) && it.hosts.values().all(of_host))
            && self.dismissed.is_sorted_by(|a, b| (&a.rule, &a.host) < (&b.rule, &b.host))
            && self.pairs == self.rules.values().map(|it| it.hosts.len()).sum::<usize>()
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

    /// A fleet of `hosts` hosts seen for `days`, on the first of which `r` fired in `fired` spans of its last day.
    fn seen(hosts: usize, days: i64, fired: i64) -> (Normal, i64) {
        let mut normal = Normal::default();
        normal.tick(0);
        (0..hosts).for_each(|it| normal.meet(&format!("h{it}")));
        let now = days * DAY;
        for span in 0..now {
            normal.tick(span);
            if span >= now - DAY && span < now - DAY + fired {
                normal.learn("r", "h0", span);
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
        assert!((normal.chance("r", "h0", now, 0.05) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn silence_makes_a_rule_rarer_and_firing_makes_it_usual() {
        let chance = |days, fired| {
            let (normal, now) = seen(3, days, fired);
            normal.chance("r", "h0", now, 0.05)
        };
        assert!(chance(1, 0) < 0.01 && chance(7, 0) < chance(1, 0));
        assert!(chance(7, 1) > chance(7, 0) && chance(7, 100) > 0.05);
    }

    #[test]
    fn a_host_speaks_for_itself_and_a_new_one_is_judged_by_the_others() {
        let (mut normal, now) = seen(4, 7, 100);
        let quiet = normal.chance("r", "h1", now, 0.05);
        normal.meet("new");
        let new = normal.chance("r", "new", now, 0.05);
        let own = normal.chance("r", "h0", now, 0.05);
        assert!(quiet < new && new < own, "{quiet} {new} {own}");
    }

    #[test]
    fn what_comes_at_its_hour_is_usual_then_and_rare_at_others() {
        let chance = |every: i64, turns: i64, offset: i64| {
            let mut normal = Normal::default();
            normal.tick(0);
            normal.meet("h0");
            let end = turns * every * 6 + 30 + offset;
            for span in 0..=end {
                normal.tick(span);
                if span % (every * 6) == 30 && span / (every * 6) < turns {
                    normal.learn("r", "h0", span);
                }
            }
            normal.chance("r", "h0", end, 0.05)
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
            normal.chance("r", "h0", now + days * DAY, 0.05)
        };
        assert!(later(14) < later(0) && later(60) < later(14));
        let text = serde_json::to_string(&normal).unwrap();
        assert_eq!(serde_json::from_str::<Normal>(&text).unwrap(), normal);
    }

    #[test]
    fn a_wrong_clock_teaches_nothing() {
        let (normal, now) = seen(3, 0, 0);
        let before = normal.chance("r", "h0", now, 0.05);
        let mut odd = normal;
        odd.tick(-52_000_000);
        odd.tick(now);
        assert!(odd.chance("r", "h0", now, 0.05) > before / 6.0);
    }
}
