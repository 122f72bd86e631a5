//! Numbers made of a window of values: sums, means and percentiles that cost little however long the window is.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Statistic;

/// Values with times, and what is known of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Values as bits, so that they are restored exactly.
    values: VecDeque<(i64, u64)>,
    sum: Sum,
    /// For percentiles: the values up to the one asked for, and those above it.
    #[serde(skip)]
    halves: Halves,
}

/// A sum that values are taken out of again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sum {
    /// Of whole numbers, exactly.
    whole: i128,
    /// Of the others.
    rest: u64,
    /// How many others there are.
    n_rest: u32,
    /// How many others were taken out since `rest` was made anew: rounding does not pile up for longer.
    gone: u32,
}

impl Sum {
    fn whole(value: f64) -> Option<i128> {
        // Beyond this not every whole number has a value of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i128)
    }

    fn add(&mut self, value: f64) {
        match Self::whole(value) {
            Some(it) => self.whole += it,
            None => {
                self.rest = (f64::from_bits(self.rest) + value).to_bits();
                self.n_rest += 1;
            }
        }
    }

    fn take(&mut self, value: f64) {
        match Self::whole(value) {
            Some(it) => self.whole -= it,
            None => {
                self.rest = (f64::from_bits(self.rest) - value).to_bits();
                self.n_rest -= 1;
                self.gone += 1;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "what the rule compares with is no more precise")]
    fn value(&self) -> f64 {
        self.whole as f64 + f64::from_bits(self.rest)
    }
}

/// A value in an order in which every number has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(i64);

impl Key {
    fn of(value: f64) -> Self {
        let bits = value.to_bits().cast_signed();
        Self(bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed())
    }

    fn value(self) -> f64 {
        f64::from_bits((self.0 ^ (((self.0 >> 63).cast_unsigned()) >> 1).cast_signed()).cast_unsigned())
    }
}

/// Values in two halves: the smallest, as many as the rank needs, and the rest.
#[derive(Clone, Debug, Default, PartialEq)]
struct Halves {
    low: BTreeMap<Key, u32>,
    high: BTreeMap<Key, u32>,
    n_low: usize,
}

impl Halves {
    fn put(half: &mut BTreeMap<Key, u32>, key: Key) {
        *half.entry(key).or_default() += 1;
    }

    fn remove(half: &mut BTreeMap<Key, u32>, key: Key) -> bool {
        let Some(count) = half.get_mut(&key) else { return false };
        *count -= 1;
        if *count == 0 {
            half.remove(&key);
        }
        true
    }

    fn add(&mut self, value: f64) {
        let key = Key::of(value);
        if self.low.last_key_value().is_some_and(|(last, _)| key < *last) {
            Self::put(&mut self.low, key);
            self.n_low += 1;
        } else {
            Self::put(&mut self.high, key);
        }
    }

    fn take(&mut self, value: f64) {
        let key = Key::of(value);
        if self.low.last_key_value().is_some_and(|(last, _)| key <= *last) && Self::remove(&mut self.low, key)
        {
            self.n_low -= 1;
        } else {
            Self::remove(&mut self.high, key);
        }
    }

    /// The `n`th and the next value, counted from 0; the last twice.
    fn at(&mut self, n: usize) -> Option<(f64, f64)> {
        while self.n_low <= n {
            let key = *self.high.first_key_value()?.0;
            Self::remove(&mut self.high, key);
            Self::put(&mut self.low, key);
            self.n_low += 1;
        }
        while self.n_low > n + 1 {
            let key = *self.low.last_key_value()?.0;
            Self::remove(&mut self.low, key);
            Self::put(&mut self.high, key);
            self.n_low -= 1;
        }
        let this = self.low.last_key_value()?.0.value();
        Some((this, self.high.first_key_value().map_or(this, |it| it.0.value())))
    }
}

impl Numbers {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Adds `value` at `time`, drops what is older than `since`, and calculates.
    pub fn add(&mut self, statistic: Statistic, time: i64, since: i64, value: f64) -> f64 {
        let ordered = matches!(statistic, Statistic::Percentile(_));
        self.values.push_back((time, value.to_bits()));
        self.enter(ordered, value);
        while let Some((_, bits)) = self.values.pop_front_if(|it| it.0 < since) {
            let value = f64::from_bits(bits);
            if ordered {
                self.halves.take(value);
            } else {
                self.sum.take(value);
            }
        }
        if self.sum.gone > self.sum.n_rest {
            self.sum = Sum::default();
            self.values.iter().for_each(|(_, bits)| self.sum.add(f64::from_bits(*bits)));
        }
        self.calculate(statistic)
    }

    fn enter(&mut self, ordered: bool, value: f64) {
        if ordered {
            self.halves.add(value);
        } else {
            self.sum.add(value);
        }
    }

    /// The number itself.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies within the number of values"
    )]
    pub fn calculate(&mut self, statistic: Statistic) -> f64 {
        let n = self.values.len();
        match statistic {
            Statistic::Sum => self.sum.value(),
            Statistic::Avg => self.sum.value() / n.max(1) as f64,
            Statistic::Percentile(share) => {
                let rank = share / 100.0 * (n.max(1) - 1) as f64;
                let (low, high) = self.halves.at(rank.floor() as usize).unwrap_or_default();
                low + (high - low) * rank.fract()
            }
        }
    }

    /// Makes anew what is not saved.
    pub fn restored(&mut self, statistic: Statistic) {
        if matches!(statistic, Statistic::Percentile(_)) {
            self.halves = Halves::default();
            self.values.iter().for_each(|(_, bits)| self.halves.add(f64::from_bits(*bits)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(statistic: Statistic, values: &[f64]) -> f64 {
        let n = values.len();
        match statistic {
            Statistic::Sum => values.iter().sum(),
            Statistic::Avg => values.iter().sum::<f64>() / n as f64,
            Statistic::Percentile(share) => {
                let mut sorted = values.to_vec();
                sorted.sort_by(f64::total_cmp);
                let rank = share / 100.0 * (n - 1) as f64;
                let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
                sorted[low] + (sorted[high] - sorted[low]) * rank.fract()
            }
        }
    }

    #[test]
    fn statistics() {
        let of = |statistic: Statistic| {
            let mut numbers = Numbers::default();
            [4.0, 1.0, 3.0, 2.0].into_iter().map(|it| numbers.add(statistic, 0, 0, it)).last().unwrap()
        };
        assert!((of(Statistic::Sum) - 10.0).abs() < 1e-9);
        assert!((of(Statistic::Avg) - 2.5).abs() < 1e-9);
        assert!((of(Statistic::Percentile(50.0)) - 2.5).abs() < 1e-9);
        assert!((of(Statistic::Percentile(100.0)) - 4.0).abs() < 1e-9);
        assert!((of(Statistic::Percentile(0.0)) - 1.0).abs() < 1e-9);
    }

    proptest! {
        /// Whatever comes and goes, the number is that of the values in the window.
        #[test]
        fn as_if_calculated_anew(
            steps in prop::collection::vec((0_i64..4, prop_oneof![
                (-50_i32..50).prop_map(f64::from), -1e3..1e3, Just(-0.0)]), 1..80),
            share in 0.0..=100.0,
        ) {
            for statistic in [Statistic::Sum, Statistic::Avg, Statistic::Percentile(share)] {
                let mut numbers = Numbers::default();
                let mut all: Vec<(i64, f64)> = Vec::new();
                let mut time = 0;
                for (step, value) in &steps {
                    time += step;
                    all.push((time, *value));
                    let since = time - 10;
                    let window: Vec<f64> = all.iter().filter(|it| it.0 >= since).map(|it| it.1).collect();
                    let got = numbers.add(statistic, time, since, *value);
                    let want = naive(statistic, &window);
                    prop_assert!((got - want).abs() < 1e-6, "{statistic:?} {got} {want}");
                    let mut again: Numbers =
                        serde_json::from_str(&serde_json::to_string(&numbers).unwrap()).unwrap();
                    again.restored(statistic);
                    prop_assert_eq!(again.calculate(statistic).to_bits(), got.to_bits());
                }
            }
        }
    }
}
