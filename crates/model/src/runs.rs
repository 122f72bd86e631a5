//! Sets of whole numbers that mostly follow each other, kept as runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whole numbers, as runs `[from, to)`, ascending, with a gap between each two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Runs(Vec<(i64, i64)>);

impl Runs {
    /// Number of runs, which is what they take in memory.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The runs, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }

    /// Whether `number` is in.
    pub fn has(&self, number: i64) -> bool {
        let next = self.0.partition_point(|run| run.0 <= number);
        next > 0 && number < self.0[next - 1].1
    }

    /// Takes in every number of `[from, to)`.
    pub fn add(&mut self, from: i64, to: i64) {
        // Runs that touch the new one melt into it; there are none in the usual case of the number at hand.
        let first = self.0.partition_point(|run| run.1 < from);
        let last = self.0.partition_point(|run| run.0 <= to);
        if first == last {
            self.0.insert(first, (from, to));
            return;
        }
        let merged = (self.0[first].0.min(from), self.0[last - 1].1.max(to));
        self.0[first] = merged;
        self.0.drain(first + 1..last);
    }

    /// Takes in the numbers of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (from, to) in &other.0 {
            self.add(*from, *to);
        }
    }

    /// Whether they are what [`Self::add`] can have made, and lie within `[from, to]`.
    pub fn is_sound(&self, from: i64, to: i64) -> bool {
        self.0.iter().all(|run| from <= run.0 && run.0 < run.1 && run.1 <= to)
            && self.0.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }

    /// Drops the runs that begin at `until` or later, and of those that are left the last beyond `runs`.
    pub fn keep(&mut self, until: i64, runs: usize) {
        self.0.truncate(self.0.partition_point(|run| run.0 < until).min(runs));
    }
}
