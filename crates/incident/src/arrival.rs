//! Findings in the order of their time, though they arrive in another: they wait for those that may still come.

use std::collections::BTreeMap;

use bulkhead_model::finding::{Finding, SourceRef};
use jiff::Timestamp;

use crate::link::shift;

/// Where a finding stands among others: time, event, rule, and the number it came with.
type Place = (Timestamp, SourceRef, String, usize);

/// Findings that wait, in bounded number.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// Seconds that a finding may come after one of a later time.
    lateness_s: i64,
    /// Findings that wait at most; beyond it the oldest goes on at once.
    most: usize,
    waiting: BTreeMap<Place, Finding>,
    newest: Option<Timestamp>,
    /// The time of the last that went on.
    gone: Option<Timestamp>,
    /// How many came after one of a later time had gone on.
    pub late: u64,
}

impl Arrivals {
    pub(crate) fn new(lateness_s: i64, most: usize) -> Self {
        Self { lateness_s, most, waiting: BTreeMap::new(), newest: None, gone: None, late: 0 }
    }

    /// Takes in a finding; what need not wait any longer comes out, by time. What came too late comes out as it is, and counts;
    /// so does what carries no time.
    pub(crate) fn arrive(&mut self, finding: Finding, number: usize) -> Vec<(Finding, usize)> {
        let Some(at) = finding.time else { return vec![(finding, number)] };
        if self.gone.is_some_and(|it| at < it) {
            self.late += 1;
            return vec![(finding, number)];
        }
        self.newest = self.newest.max(Some(at));
        self.waiting.insert((at, finding.source.clone(), finding.rule.id.clone(), number), finding);
        let until = self.newest.map_or(at, |it| shift(it, -self.lateness_s));
        let mut out = Vec::new();
        while self
            .waiting
            .first_key_value()
            .is_some_and(|it| it.0.0 <= until || self.waiting.len() > self.most)
        {
            out.extend(self.take_first());
        }
        out
    }

    /// Everything that waits, by time.
    pub(crate) fn rest(&mut self) -> Vec<(Finding, usize)> {
        let mut out = Vec::new();
        while let Some(it) = self.take_first() {
            out.push(it);
        }
        out
    }

    fn take_first(&mut self) -> Option<(Finding, usize)> {
        let ((at, _, _, number), finding) = self.waiting.pop_first()?;
        self.gone = Some(at);
        Some((finding, number))
    }
}
