//! Whether what is remembered between runs can have been remembered: the first value that cannot be, where it stands, and why.

use std::fmt::{self, Debug};
use std::ops::RangeInclusive;

use crate::habit::{Count, HOURS_OF_WEEK, HostNormal};
use crate::normal::{Normal, RuleNormal};

/// Spans of ten minutes that any clock of observation can have counted: a century.
const SPANS_MAX: i64 = 100 * 366 * 144;
/// Spans of ten minutes since 1970 that a calendar of four digits knows.
pub(crate) const CALENDAR: RangeInclusive<i64> = -630_000_000..=430_000_000;
/// Hours since 1970 likewise.
const CALENDAR_H: RangeInclusive<i64> = *CALENDAR.start() / 6..=*CALENDAR.end() / 6;
/// Times that anything can have been counted; so many are exact in every reader of JSON.
const COUNT_MAX: u64 = 1 << 53;
/// What sums of many small numbers may be off by.
const SLIP: f64 = 1e-3;

/// A value that cannot have been kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// Where it stands: `normal.rules["r"].fleet.spans`.
    pub key: String,
    /// Why it cannot be.
    pub why: String,
}

/// Nothing, where all of it can have been kept.
pub type Sound = Result<(), Unsound>;

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.why)
    }
}

impl Unsound {
    pub(crate) fn new(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self { key: key.into(), why: why.into() }
    }

    /// The same below `outer`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        let dot = if self.key.is_empty() || self.key.starts_with('[') || outer.is_empty() { "" } else { "." };
        Self { key: format!("{outer}{dot}{}", self.key), why: self.why }
    }
}

/// Nothing where `holds`, else what stands under `key` cannot be.
pub(crate) fn hold(holds: bool, key: &str, why: impl FnOnce() -> String) -> Sound {
    if holds { Ok(()) } else { Err(Unsound::new(key, why())) }
}

/// Every item of the list under `key`.
pub(crate) fn each<T>(
    key: &str,
    items: impl IntoIterator<Item = T>,
    mut check: impl FnMut(T) -> Sound,
) -> Sound {
    let mut items = items.into_iter().enumerate();
    items.try_for_each(|(n, it)| check(it).map_err(|it| it.within(&format!("{key}[{n}]"))))
}

/// Every value of the map under `key`.
fn each_of<K: Debug, T>(
    key: &str,
    items: impl IntoIterator<Item = (K, T)>,
    check: impl Fn(T) -> Sound,
) -> Sound {
    let mut items = items.into_iter();
    items.try_for_each(|(name, it)| check(it).map_err(|it| it.within(&format!("{key}[{name:?}]"))))
}

/// The number of one of `n` things.
pub(crate) fn number(key: &str, it: usize, n: usize, what: &str) -> Sound {
    hold(it < n, key, || format!("there is no {what} of number {it}"))
}

/// A share of one: a chance, a confidence.
pub(crate) fn share(key: &str, it: f64) -> Sound {
    hold((0.0..=1.0).contains(&it), key, || format!("{it} is no number from 0 to 1"))
}

/// A second since 1970 that a calendar knows.
pub(crate) fn second(key: &str, it: i64) -> Sound {
    hold(jiff::Timestamp::from_second(it).is_ok(), key, || format!("{it} is no second of a calendar"))
}

impl Count {
    /// Whether so much can have been counted by the time at which the clock stood at `top`.
    fn check(&self, top: i64) -> Sound {
        self.check_most(top, SPANS_MAX.unsigned_abs())
    }

    /// The same of what is at most `most`.
    #[expect(clippy::cast_precision_loss, reason = "spans of a century")]
    fn check_most(&self, top: i64, most: u64) -> Sound {
        hold((0.0..=most as f64 + SLIP).contains(&self.spans), "spans", || {
            format!("{} is no number from 0 to {most}", self.spans)
        })?;
        hold((0..=top).contains(&self.at), "at", || {
            format!("{} lies beyond the clock, which stood at {top}", self.at)
        })
    }
}

impl HostNormal {
    fn check(&self, top: i64) -> Sound {
        self.all.check(top).map_err(|it| it.within("all"))?;
        each_of("hours", &self.hours, |it| it.count.check(top).map_err(|it| it.within("count")))?;
        let mut hours = self.hours.iter();
        hours.try_for_each(|(hour, it)| {
            let is_of = CALENDAR_H.contains(&it.last) && it.last.rem_euclid(HOURS_OF_WEEK) == *hour;
            hold(is_of, &format!("hours[\"{hour}\"].last"), || {
                format!("{} is no hour of this hour of the week", it.last)
            })
        })
    }
}

impl RuleNormal {
    fn check(&self, top: i64) -> Sound {
        self.fleet.check(top).map_err(|it| it.within("fleet"))?;
        self.by_account.check(top).map_err(|it| it.within("by_account"))?;
        each_of("roles", &self.roles, |it| it.check(top))?;
        each_of("hosts", &self.hosts, |it| it.check(top))
    }
}

impl Normal {
    /// Whether it can have been learned.
    pub fn is_sound(&self) -> bool {
        self.check().is_ok()
    }

    /// Whether it can have been learned: no count is negative or beyond a lifetime, no sum is another than that of its parts.
    ///
    /// # Errors
    /// The first value that cannot be, and why.
    pub fn check(&self) -> Sound {
        let top = self.top();
        hold((0..=SPANS_MAX).contains(&self.top), "top", || no_spans(self.top))?;
        hold((0..=SPANS_MAX).contains(&self.clock), "clock", || no_spans(self.clock))?;
        self.observed.check(top)?;
        let real = self.real.is_none_or(|it| CALENDAR.contains(&it));
        hold(real, "real", || "it is no span of a calendar".to_owned())?;
        each_of("hosts", &self.hosts, |it| {
            hold((0..=top).contains(it), "", || format!("{it} lies beyond the clock, which stood at {top}"))
        })?;
        self.faded.check_most(top, self.hosts.len() as u64).map_err(|it| it.within("faded"))?;
        self.check_roles(top)?;
        each_of("rules", &self.rules, |it| it.check(top))?;
        let pairs = self.rules.values().map(|it| it.hosts.len()).sum::<usize>();
        hold(self.pairs == pairs, "pairs", || format!("{} is not the {pairs} there are", self.pairs))?;
        hold(self.not_learned <= COUNT_MAX, "not_learned", || format!("{} is too many", self.not_learned))?;
        let sorted = self.dismissed.is_sorted_by(|a, b| (&a.rule, &a.host) < (&b.rule, &b.host));
        hold(sorted, "dismissed", || "it is not in the order of rules and hosts".to_owned())
    }

    fn check_roles(&self, top: i64) -> Sound {
        each_of("role_of", &self.role_of, |it| {
            hold(self.roles.contains_key(it), "", || format!("there is no role {it}"))
        })?;
        let unknown = self.role_of.keys().find(|it| !self.hosts.contains_key(*it));
        hold(unknown.is_none(), "role_of", || "it names a host that is not there".to_owned())?;
        for (role, it) in &self.roles {
            let n = self.role_of.values().filter(|it| *it == role).count() as u64;
            let place = format!("roles[{role:?}]");
            hold(it.hosts == n, "hosts", || format!("{} is not the {n} there are", it.hosts))
                .and_then(|()| it.faded.check_most(top, n).map_err(|it| it.within("faded")))
                .map_err(|it| it.within(&place))?;
        }
        Ok(())
    }
}

fn no_spans(it: i64) -> String {
    format!("{it} is no number of spans")
}
