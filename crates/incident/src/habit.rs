//! How often something happens and at which hours, as numbers that fade.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Spans after which half of what was learned is forgotten: two weeks, so that a change of habit is one for two weeks.
pub(crate) const HALF_LIFE: f64 = 2016.0;
/// Spans of an hour.
pub(crate) const SPANS_OF_HOUR: i64 = 6;
/// Hours of a day and of a week.
pub(crate) const HOURS_OF_DAY: i64 = 24;
pub(crate) const HOURS_OF_WEEK: i64 = 168;
/// How often, and when, one rule fires on one host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostNormal {
    pub all: Count,
    /// By hour of the week (UTC, from Thursday on, as 1970 began): in how many weeks it fired in that hour.
    pub hours: BTreeMap<i64, Rhythm>,
}

/// How often something happened in one hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rhythm {
    pub count: Count,
    /// The last hour since 1970 in which it did.
    pub last: i64,
}

impl HostNormal {
    pub(crate) fn add(&mut self, clock: i64, span: i64) {
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
    pub(crate) fn times_about(&self, clock: i64, span: i64, every: i64) -> f64 {
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
pub(crate) struct Count {
    pub spans: f64,
    pub at: i64,
}

impl Count {
    pub(crate) fn is_none(&self) -> bool {
        self.spans <= 0.0
    }

    pub(crate) fn in_span(self, span: i64) -> f64 {
        self.spans * kept(span - self.at)
    }

    /// One of what was counted in span `from` is counted in `to`, which is earlier.
    pub(crate) fn moves(&mut self, from: i64, to: i64) {
        self.spans = (self.spans - kept(self.at - from) + kept(self.at - to)).max(0.0);
    }

    pub(crate) fn add(&mut self, span: i64) {
        let at = span.max(self.at);
        *self = Self { spans: self.in_span(at) + kept(at - span), at };
    }
}

/// The share of what was learned that is left after so many spans.
#[expect(clippy::cast_precision_loss, reason = "spans of a lifetime, far below 2^52")]
pub(crate) fn kept(spans: i64) -> f64 {
    if spans <= 0 { 1.0 } else { (-(spans as f64) / HALF_LIFE).exp2() }
}

/// Spans that a host was observed for, less what is forgotten of them: the limit of `1 + 2^(-1/H) + 2^(-2/H) + ...`.
pub(crate) fn exposure(spans: i64) -> f64 {
    (1.0 - kept(spans)) * HALF_LIFE / std::f64::consts::LN_2
}
