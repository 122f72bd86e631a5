//! What a correlation remembers of one group, and when that satisfies it. Times only go forward here.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{Bounds, Correlation, Kind, Statistic};
use crate::rule::Condition;
use crate::rule::condition::Quantity;

/// Never seen.
const NEVER: i64 = i64::MIN;

/// One group of one correlation. Times in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    window: Window,
    /// When it was last reported, while it still holds.
    raised: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Window {
    /// Times of findings, no more of them than the bounds can tell apart.
    Count(VecDeque<i64>),
    /// Values with times, and how often each is there.
    Distinct(VecDeque<(i64, String)>, BTreeMap<String, u32>),
    /// Numbers with times, as bits so that they are restored exactly.
    Numbers(VecDeque<(i64, u64)>),
    /// Last time of each rule.
    Seen(Vec<i64>),
    /// For each rule, the latest beginning of a sequence that ends with it.
    Chain(Vec<i64>),
}

impl Group {
    /// An empty group of `correlation`.
    pub fn new(correlation: &Correlation) -> Self {
        let n_rules = correlation.refs.len();
        let window = match &correlation.kind {
            Kind::EventCount(_) => Window::Count(VecDeque::new()),
            Kind::ValueCount(..) => Window::Distinct(VecDeque::new(), BTreeMap::new()),
            Kind::Value(..) => Window::Numbers(VecDeque::new()),
            Kind::Temporal(_) => Window::Seen(vec![NEVER; n_rules]),
            Kind::TemporalOrdered => Window::Chain(vec![NEVER; n_rules]),
        };
        Self { window, raised: None }
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        match &self.window {
            Window::Count(times) => times.len(),
            Window::Distinct(values, _) => values.len(),
            Window::Numbers(numbers) => numbers.len(),
            Window::Seen(times) | Window::Chain(times) => times.len(),
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
            (Window::Count(times), Kind::EventCount(bounds)) => count(times, bounds, time, since),
            (Window::Distinct(values, counts), Kind::ValueCount(_, bounds)) => {
                distinct(values, counts, bounds, time, since, value?)
            }
            (Window::Numbers(numbers), Kind::Value(statistic, _, bounds)) => {
                let value = crate::matcher::number(value?)?;
                numbers.push_back((time, value.to_bits()));
                while numbers.front().is_some_and(|it| it.0 < since) {
                    numbers.pop_front();
                }
                let number = statistic.of(numbers.iter().map(|it| f64::from_bits(it.1)));
                bounds.hold(number).then_some(number)
            }
            (Window::Seen(times), Kind::Temporal(condition)) => {
                positions.iter().for_each(|it| times[*it] = time);
                seen(times, condition.as_ref(), correlation, since)
            }
            (Window::Chain(starts), Kind::TemporalOrdered) => chain(starts, positions, time, since),
            _ => None,
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
fn distinct(
    values: &mut VecDeque<(i64, String)>,
    counts: &mut BTreeMap<String, u32>,
    bounds: &Bounds,
    time: i64,
    since: i64,
    value: &str,
) -> Option<f64> {
    values.push_back((time, value.to_owned()));
    *counts.entry(value.to_owned()).or_default() += 1;
    while let Some((_, gone)) = values.pop_front_if(|it| it.0 < since) {
        if let Some(left) = counts.get_mut(&gone) {
            *left -= 1;
            if *left == 0 {
                counts.remove(&gone);
            }
        }
    }
    let n = counts.len() as f64;
    bounds.hold(n).then_some(n)
}

#[expect(clippy::cast_precision_loss, reason = "a correlation names few rules")]
fn seen(times: &[i64], condition: Option<&Condition>, correlation: &Correlation, since: i64) -> Option<f64> {
    let fresh = |position: usize| times[position] >= since && times[position] != NEVER;
    let n = (0..times.len()).filter(|it| fresh(*it)).count();
    let holds = match condition {
        None => n == times.len(),
        Some(condition) => holds(
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
fn chain(starts: &mut [i64], positions: &[usize], time: i64, since: i64) -> Option<f64> {
    // From the last rule to the first, so that one finding never serves two places of a sequence.
    for position in positions.iter().rev() {
        match position.checked_sub(1) {
            None => starts[0] = time,
            Some(before) => {
                if starts[before] != NEVER && starts[before] >= since {
                    starts[*position] = starts[*position].max(starts[before]);
                }
            }
        }
    }
    let last = starts.len() - 1;
    (positions.contains(&last) && starts[last] != NEVER && starts[last] >= since)
        .then_some(starts.len() as f64)
}

impl Statistic {
    /// The number made of `values`, which are not empty.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies within the number of values"
    )]
    pub fn of(self, values: impl ExactSizeIterator<Item = f64>) -> f64 {
        let n = values.len();
        match self {
            Self::Sum => values.sum(),
            Self::Avg => values.sum::<f64>() / n.max(1) as f64,
            Self::Percentile(share) => {
                let mut sorted: Vec<f64> = values.collect();
                sorted.sort_by(f64::total_cmp);
                let rank = share / 100.0 * (n.max(1) - 1) as f64;
                let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
                match (sorted.get(low), sorted.get(high)) {
                    (Some(low), Some(high)) => low + (high - low) * rank.fract(),
                    _ => 0.0,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics() {
        let of = |statistic: Statistic| statistic.of([4.0, 1.0, 3.0, 2.0].into_iter());
        assert!((of(Statistic::Sum) - 10.0).abs() < 1e-9);
        assert!((of(Statistic::Avg) - 2.5).abs() < 1e-9);
        assert!((of(Statistic::Percentile(50.0)) - 2.5).abs() < 1e-9);
        assert!((of(Statistic::Percentile(100.0)) - 4.0).abs() < 1e-9);
        assert!((of(Statistic::Percentile(0.0)) - 1.0).abs() < 1e-9);
    }
}
