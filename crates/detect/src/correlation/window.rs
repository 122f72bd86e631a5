//! What a correlation remembers of one group, and when that satisfies it. Times only go forward here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::statistic::Numbers;
use super::{Bounds, Correlation, Kind, Together};
use crate::rule::Condition;
use crate::rule::condition::Quantity;

/// Never seen.
const NEVER: i64 = i64::MIN;

/// One group of one correlation. Times in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    #[serde(rename = "w")]
    window: Window,
    /// When it was last reported, while it still holds.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    raised: Option<i64>,
}

/// What is remembered. Most groups hold one entry, so what only large ones need is boxed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::box_collection,
    reason = "a million groups hold one entry; the few that need a queue pay for it"
)]
enum Window {
    /// The time of the only finding; none before the first.
    #[serde(rename = "o")]
    One(i64),
    /// Times of findings, no more of them than the bounds can tell apart.
    #[serde(rename = "c")]
    Count(Box<VecDeque<i64>>),
    /// Different values.
    #[serde(rename = "d")]
    Distinct(Box<Distinct>),
    /// Numbers.
    #[serde(rename = "n")]
    Numbers(Box<Numbers>),
    /// Last time of each rule.
    #[serde(rename = "s")]
    Seen(Box<[i64]>),
    /// For each length (from 1) and each rule, the latest beginning of a sequence so long that ends with the rule.
    #[serde(rename = "q")]
    Chain(Box<[i64]>),
}

/// Values, each with the last time it was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<(String, i64)>", from = "Vec<(String, i64)>")]
struct Distinct {
    values: BTreeMap<Arc<str>, i64>,
    by_time: BTreeSet<(i64, Arc<str>)>,
}

impl From<Distinct> for Vec<(String, i64)> {
    fn from(it: Distinct) -> Self {
        it.values.into_iter().map(|(value, time)| (value.to_string(), time)).collect()
    }
}

impl From<Vec<(String, i64)>> for Distinct {
    fn from(values: Vec<(String, i64)>) -> Self {
        let mut it = Self::default();
        for (value, time) in values {
            let value: Arc<str> = Arc::from(value);
            it.by_time.insert((time, Arc::clone(&value)));
            it.values.insert(value, time);
        }
        it
    }
}

impl Distinct {
    fn add(&mut self, time: i64, since: i64, value: &str) -> usize {
        let value = match self.values.get_key_value(value) {
            Some((known, last)) => {
                let known = Arc::clone(known);
                self.by_time.remove(&(*last, Arc::clone(&known)));
                known
            }
            None => Arc::from(value),
        };
        self.values.insert(Arc::clone(&value), time);
        self.by_time.insert((time, value));
        while let Some((last, value)) = self.by_time.first().filter(|it| it.0 < since).cloned() {
            self.values.remove(&value);
            self.by_time.remove(&(last, value));
        }
        self.values.len()
    }
}

impl Group {
    /// An empty group of `correlation`.
    pub fn new(correlation: &Correlation) -> Self {
        let n_rules = correlation.refs.len();
        let window = match &correlation.kind {
            Kind::EventCount(_) => Window::One(NEVER),
            Kind::ValueCount(..) => Window::Distinct(Box::default()),
            Kind::Value(..) => Window::Numbers(Box::default()),
            Kind::Temporal(_) => Window::Seen(vec![NEVER; n_rules].into()),
            Kind::TemporalOrdered(_) => Window::Chain(vec![NEVER; n_rules * n_rules].into()),
        };
        Self { window, raised: None }
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        match &self.window {
            Window::One(time) => usize::from(*time != NEVER),
            Window::Count(times) => times.len(),
            Window::Distinct(values) => values.values.len(),
            Window::Numbers(numbers) => numbers.len(),
            Window::Seen(times) | Window::Chain(times) => times.len(),
        }
    }

    /// Whether a group of `correlation` can look like this; makes anew what is not saved.
    pub fn restored(&mut self, correlation: &Correlation) -> bool {
        let n_rules = correlation.refs.len();
        match (&mut self.window, &correlation.kind) {
            (Window::One(_) | Window::Count(_), Kind::EventCount(_))
            | (Window::Distinct(_), Kind::ValueCount(..)) => true,
            (Window::Numbers(it), Kind::Value(statistic, ..)) => {
                it.restored(*statistic);
                true
            }
            (Window::Seen(it), Kind::Temporal(_)) => it.len() == n_rules,
            (Window::Chain(it), Kind::TemporalOrdered(_)) => it.len() == n_rules * n_rules,
            _ => false,
        }
    }

    /// As [`Group::add`] for temporal correlations, whatever was reported before.
    pub fn check(&mut self, correlation: &Correlation, positions: &[usize], time: i64) -> Option<f64> {
        let since = time.saturating_sub(correlation.timespan_ms);
        match (&mut self.window, &correlation.kind) {
            (Window::Seen(times), Kind::Temporal(together)) => {
                positions.iter().for_each(|it| times[*it] = time);
                seen(times, together, correlation, since)
            }
            (Window::Chain(starts), Kind::TemporalOrdered(bounds)) => {
                chain(starts, correlation.refs.len(), bounds.as_ref(), positions, time, since)
            }
            _ => None,
        }
    }

    /// Adds a finding of the rules at `positions` at `time`, with the value of the correlation's field. Returns the
    /// number found when the correlation is to be reported now: when it becomes satisfied, and again after a timespan.
    pub fn add(
        &mut self,
        correlation: &Correlation,
        positions: &[usize],
        time: i64,
        value: Option<&str>,
    ) -> Option<f64> {
        let since = time.saturating_sub(correlation.timespan_ms);
        let found = match (&mut self.window, &correlation.kind) {
            (Window::One(NEVER), Kind::EventCount(bounds)) => {
                self.window = Window::One(time);
                bounds.hold(1.0).then_some(1.0)
            }
            (Window::One(first), Kind::EventCount(bounds)) => {
                let mut times = VecDeque::from([*first]);
                let found = count(&mut times, bounds, time, since);
                self.window = match (times.len(), times.back()) {
                    (1, Some(only)) => Window::One(*only),
                    _ => Window::Count(Box::new(times)),
                };
                found
            }
            (Window::Count(times), Kind::EventCount(bounds)) => count(times, bounds, time, since),
            (Window::Distinct(values), Kind::ValueCount(_, bounds)) => {
                let n = small(values.add(time, since, value?));
                bounds.hold(n).then_some(n)
            }
            (Window::Numbers(numbers), Kind::Value(statistic, _, bounds)) => {
                let value = crate::matcher::number(value?)?;
                let number = numbers.add(*statistic, time, since, value);
                bounds.hold(number).then_some(number)
            }
            _ => self.check(correlation, positions, time),
        };
        if found.is_none() {
            self.raised = None;
            return None;
        }
        if self.raised.is_some_and(|it| time - it < correlation.timespan_ms) {
            return None;
        }
        // A sequence that was reported is over; the next needs all its rules again.
        if let Window::Chain(starts) = &mut self.window {
            starts.fill(NEVER);
        } else {
            self.raised = Some(time);
        }
        found
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small"
)]
fn count(times: &mut VecDeque<i64>, bounds: &Bounds, time: i64, since: i64) -> Option<f64> {
    times.push_back(time);
    let kept = (bounds.greatest().max(0.0) as usize).saturating_add(2);
    while times.len() > kept || times.front().is_some_and(|it| *it < since) {
        times.pop_front();
    }
    let n = times.len() as f64;
    bounds.hold(n).then_some(n)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn small(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "a correlation names few rules")]
fn seen(times: &[i64], together: &Together, correlation: &Correlation, since: i64) -> Option<f64> {
    let fresh = |position: usize| times[position] >= since && times[position] != NEVER;
    let n = (0..times.len()).filter(|it| fresh(*it)).count();
    let holds = match together {
        Together::All => n == times.len(),
        Together::Count(bounds) => bounds.hold(n as f64),
        Together::Condition(condition) => holds(
            condition,
            &|name| {
                correlation.refs.iter().enumerate().any(|(position, (it, _))| it == name && fresh(position))
            },
            correlation,
        ),
    };
    holds.then_some(n as f64)
}

fn holds(condition: &Condition, fresh: &dyn Fn(&str) -> bool, correlation: &Correlation) -> bool {
    match condition {
        Condition::Search(name) => fresh(name),
        Condition::Not(inner) => !holds(inner, fresh, correlation),
        Condition::And(sides) => sides.iter().all(|it| holds(it, fresh, correlation)),
        Condition::Or(sides) => sides.iter().any(|it| holds(it, fresh, correlation)),
        Condition::Of(quantity, names) => {
            let meant: Vec<&str> =
                correlation.refs.iter().map(|it| it.0.as_str()).filter(|it| names.matches(it)).collect();
            let n = meant.iter().filter(|it| fresh(it)).count();
            match quantity {
                Quantity::All => n == meant.len(),
                Quantity::AtLeast(count) => n >= *count as usize,
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a correlation names few rules")]
fn chain(
    starts: &mut [i64],
    n_rules: usize,
    bounds: Option<&Bounds>,
    positions: &[usize],
    time: i64,
    since: i64,
) -> Option<f64> {
    let mut longest = 0;
    // From the last rule to the first, so that one finding never serves two places of a sequence.
    for position in positions.iter().rev().copied() {
        for length in (1..=position).rev() {
            let before = &starts[(length - 1) * n_rules..][..position];
            let begin = before.iter().copied().max().unwrap_or(NEVER);
            if begin != NEVER && begin >= since {
                let slot = &mut starts[length * n_rules + position];
                *slot = (*slot).max(begin);
                longest = longest.max(length + 1);
            }
        }
        starts[position] = time;
        longest = longest.max(1);
    }
    let found = longest as f64;
    bounds.map_or(longest == n_rules, |it| it.hold(found)).then_some(found)
}
