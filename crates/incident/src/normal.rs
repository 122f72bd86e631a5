//! What is usual: in how many spans of ten minutes each rule fired on each host, learned as time goes on, slowly forgotten.
//!
//! The chance that a rule fires on a host in one span is a Beta posterior mean: the host's own count, shrunk to that of all
//! hosts, and that to a prior that the product ships. With no history it is the prior; a host seen for days speaks for itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Seconds of a span.
pub(crate) const SPAN_S: i64 = 600;
/// Spans after which half of what was learned is forgotten: two weeks, so that a change of habit is one for two weeks.
const HALF_LIFE: f64 = 2016.0;
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
    /// The last span anything was learned of.
    last: Option<i64>,
    /// Pairs of rule and host that are learned.
    pairs: usize,
    /// Times that a further pair found no room.
    not_learned: u64,
}

/// How often one rule fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleNormal {
    fleet: Count,
    hosts: BTreeMap<String, Count>,
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
    /// Notes that `host` is under observation from `span` on.
    pub(crate) fn meet(&mut self, host: &str, span: i64) {
        self.last = self.last.max(Some(span));
        if self.hosts.contains_key(host) || self.hosts.len() >= HOSTS_MAX {
            return;
        }
        self.hosts.insert(host.to_owned(), span);
        self.faded.add(span);
    }

    /// Notes that `rule` fired on `host` in `span`.
    pub(crate) fn learn(&mut self, rule: &str, host: &str, span: i64) {
        if self.pairs >= PAIRS_MAX && !self.rules.contains_key(rule) {
            self.not_learned += 1;
            return;
        }
        let known = self.rules.entry(rule.to_owned()).or_default();
        known.fleet.add(span);
        if let Some(count) = known.hosts.get_mut(host) {
            count.add(span);
        } else if self.pairs < PAIRS_MAX {
            self.pairs += 1;
            known.hosts.entry(host.to_owned()).or_default().add(span);
        } else {
            self.not_learned += 1;
        }
    }

    /// The chance that `rule` fires on `host` in one span, judged in `span`, where `prior` is the shipped one.
    pub(crate) fn chance(&self, rule: &str, host: &str, span: i64, prior: f64) -> f64 {
        let known = self.rules.get(rule);
        let fleet = known.map_or(0.0, |it| it.fleet.in_span(span));
        let all = self.fleet_spans(span);
        let fleet = (fleet + PRIOR_SPANS * prior) / (all + PRIOR_SPANS);
        let own = known.and_then(|it| it.hosts.get(host)).map_or(0.0, |it| it.in_span(span));
        let spans = self.hosts.get(host).map_or(0.0, |since| exposure(span - since));
        ((own + FLEET_SPANS * fleet) / (spans + FLEET_SPANS)).clamp(f64::MIN_POSITIVE, 1.0)
    }

    /// Spans that all hosts together were observed for, up to `span`.
    #[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
    fn fleet_spans(&self, span: i64) -> f64 {
        let left = self.hosts.len() as f64 - self.faded.in_span(span);
        left.max(0.0) * HALF_LIFE / std::f64::consts::LN_2
    }

    /// Hours that the hosts were observed for, on average, less what is forgotten: on how much a judgement rests.
    #[expect(clippy::cast_precision_loss, reason = "at most HOSTS_MAX")]
    pub fn hours(&self) -> f64 {
        let spans = self.last.map_or(0.0, |it| self.fleet_spans(it));
        spans / self.hosts.len().max(1) as f64 * SPAN_S as f64 / 3600.0
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
        (0..hosts).for_each(|it| normal.meet(&format!("h{it}"), 0));
        let now = days * DAY;
        (0..fired).for_each(|it| normal.learn("r", "h0", now - DAY + it));
        (normal, now)
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
        normal.meet("new", now);
        let new = normal.chance("r", "new", now, 0.05);
        let own = normal.chance("r", "h0", now, 0.05);
        assert!(quiet < new && new < own, "{quiet} {new} {own}");
    }

    #[test]
    fn what_is_learned_is_forgotten() {
        let (normal, now) = seen(2, 7, 100);
        let later = |days: i64| normal.chance("r", "h0", now + days * DAY, 0.05);
        assert!(later(14) < later(0) && later(60) < later(14));
        let text = serde_json::to_string(&normal).unwrap();
        assert_eq!(serde_json::from_str::<Normal>(&text).unwrap(), normal);
    }
}
