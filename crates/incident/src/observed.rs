//! Which spans of the calendar were under observation, and where the clock of observation stood in each.
//!
//! What is read again, and what another sensor tells of the same hours, falls on hours that were observed: it is placed there and
//! makes nobody's time under observation longer.

use serde::{Deserialize, Serialize};

use crate::sound::{CALENDAR, Sound, Unsound, each, hold};

/// Stretches that are remembered, the latest of the calendar.
const STRETCHES_MAX: usize = 1000;

/// The stretches of the calendar that were observed: ordered, without overlap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Observed {
    pub(crate) stretches: Vec<Stretch>,
}

/// Spans observed without a gap that counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stretch {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Where the clock stood in its first span; it went on by one with every span.
    clock: i64,
}

impl Stretch {
    fn end(&self) -> i64 {
        self.clock + (self.to - self.from)
    }
}

impl Observed {
    pub(crate) fn is_none(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Where the clock stood in `span`; none where nobody looked.
    pub(crate) fn clock_at(&self, span: i64) -> Option<i64> {
        let place = match self.stretches.last() {
            Some(it) if it.from <= span => self.stretches.len(),
            _ => self.stretches.partition_point(|it| it.from <= span),
        };
        let it = self.stretches.get(place.checked_sub(1)?)?;
        (span <= it.to).then(|| it.clock + (span - it.from))
    }

    /// `span`, in which nobody had looked, is under observation with the clock at `clock`; it follows on `before` where `passed`
    /// spans lie between them, which count as observed.
    pub(crate) fn add(&mut self, before: Option<i64>, span: i64, passed: i64, clock: i64) {
        let place = self.stretches.partition_point(|it| it.from <= span);
        if let Some(it) = place.checked_sub(1).and_then(|it| self.stretches.get_mut(it))
            && Some(it.to) == before
            && it.to + passed == span
            && it.end() + passed == clock
        {
            it.to = span;
            return;
        }
        self.stretches.insert(place, Stretch { from: span, to: span, clock });
        if self.stretches.len() > STRETCHES_MAX {
            self.stretches.remove(0);
        }
    }

    /// Whether it can have been observed by the time at which the clock stands at `top`.
    pub(crate) fn check(&self, top: i64) -> Sound {
        hold(self.stretches.len() <= STRETCHES_MAX, "observed", || {
            format!("{} stretches are more than the {STRETCHES_MAX} that are kept", self.stretches.len())
        })?;
        each("observed", &self.stretches, |it| {
            hold(CALENDAR.contains(&it.from), "from", || format!("{} is no span of a calendar", it.from))?;
            let fits = CALENDAR.contains(&it.to) && (0..=top).contains(&(it.to - it.from));
            hold(fits, "to", || format!("from {} to {} is longer than anybody watched", it.from, it.to))?;
            hold((0..=top - (it.to - it.from)).contains(&it.clock), "clock", || {
                format!("{} lies beyond the clock, which stood at {top}", it.clock)
            })
        })?;
        let late = self.stretches.windows(2).position(|it| it[0].to >= it[1].from);
        let late = late.map(|it| format!("observed[{}].from", it + 1));
        late.map_or(Ok(()), |key| Err(Unsound::new(key, "it begins before the stretch before it ends")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_observed_is_known_by_span() {
        let mut it = Observed::default();
        it.add(None, 10, 0, 0);
        it.add(Some(10), 11, 1, 1);
        it.add(Some(11), 14, 3, 4);
        // Somewhere else in the calendar, and back.
        it.add(Some(14), 900, 12, 16);
        it.add(Some(900), 15, 0, 16);
        it.add(Some(15), 16, 1, 17);
        let clocks: Vec<_> = [9, 10, 12, 14, 15, 16, 17, 899, 900].map(|span| it.clock_at(span)).to_vec();
        let known = [None, Some(0), Some(2), Some(4), Some(16), Some(17), None, None, Some(16)];
        assert_eq!(clocks, known);
        assert!(it.check(17).is_ok() && it.check(16).is_err());
    }
}
