//! When a way (a logon, a flow) was in use.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::runs::Runs;

/// Seconds of the first day, whose uses are told apart: what is in use for longer is a habit, of which no single use says
/// anything.
const DAY: i64 = 86_400;
/// Seconds between two uses of one stretch, at most.
const GAP: i64 = 60;
/// Stretches of use in that day that are kept; later ones are not.
const STRETCHES: usize = 64;
/// Seconds between two uses of one period, at most.
const PERIOD_GAP: i64 = 600;
/// Periods of use that are kept; later ones are not. They are more than ten minutes apart, so these are two weeks of the worst.
const PERIODS: usize = 1024;

/// First and last time of a way, how often it was taken, in which stretches of its first day, and in which periods of its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uses {
    /// First time, where any event carried one.
    pub first: Option<Timestamp>,
    /// Last time.
    pub last: Option<Timestamp>,
    /// Number of events.
    pub count: u64,
    /// Seconds since 1970 of the first day: those in which it was taken, and the minute after each.
    #[serde(default, skip_serializing_if = "Runs::is_empty")]
    taken: Runs,
    /// Seconds since 1970 in which it was taken, and the ten minutes after each.
    #[serde(default, skip_serializing_if = "Runs::is_empty")]
    periods: Runs,
}

impl Uses {
    /// Counts one more, at `time`.
    pub fn add(&mut self, time: Option<Timestamp>) {
        self.count += 1;
        let Some(time) = time else { return };
        self.first = Some(self.first.map_or(time, |it| it.min(time)));
        self.last = Some(self.last.map_or(time, |it| it.max(time)));
        let second = time.as_second();
        self.taken.add(second, second + GAP);
        self.periods.add(second, second + PERIOD_GAP);
        self.trim();
    }

    /// Takes in the uses of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.taken.merge(&other.taken);
        self.periods.merge(&other.periods);
        self.trim();
    }

    /// The stretches of its first day in which it was taken at least once a minute, `[from, to]`, as is known by `now`.
    pub fn stretches(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.known(&self.taken, GAP, now)
    }

    /// The periods in which it was taken at least once in ten minutes, `[from, to]`, as is known by `now`.
    pub fn periods(&self, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.known(&self.periods, PERIOD_GAP, now)
    }

    fn known(&self, runs: &Runs, gap: i64, now: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let first = self.first.unwrap_or(Timestamp::MAX);
        let second = now.as_second();
        runs.iter().take_while(move |it| it.0 <= second).filter(move |_| first <= now).map(
            move |(from, to)| {
                // Of a run that goes on it is certain that it was taken within the last gap.
                let last = if to - gap <= second { to - gap } else { (second - gap).max(from) };
                let from = instant(from).max(first);
                (from, instant(last).max(from))
            },
        )
    }

    /// Whether [`Self::add`] can have made it: no use lies outside its first and last time.
    pub fn is_sound(&self) -> bool {
        const COUNT_MAX: u64 = 1 << 53;
        if self.count > COUNT_MAX {
            return false;
        }
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return self.first == self.last && self.taken.is_empty() && self.periods.is_empty();
        };
        let (first, last) = (first.as_second(), last.as_second());
        self.taken.is_sound(first, last + GAP) && self.periods.is_sound(first, last + PERIOD_GAP)
    }

    fn trim(&mut self) {
        let Some(first) = self.first else { return };
        self.taken.keep(first.as_second() + DAY, STRETCHES);
        self.periods.keep(i64::MAX, PERIODS);
    }
}

/// When a second begins.
fn instant(second: i64) -> Timestamp {
    let fallback = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(second).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Uses at these seconds.
    fn uses(seconds: &[i64]) -> Uses {
        let mut uses = Uses::default();
        seconds.iter().for_each(|it| uses.add(Some(at(*it))));
        uses
    }

    #[test]
    fn what_cannot_have_been_added_is_not_sound() {
        let sound = |from: &str, to: &str| {
            let text = serde_json::to_string(&uses(&[30, 70, 36_000])).unwrap();
            assert!(text.contains(from), "{text}");
            serde_json::from_str::<Uses>(&text.replace(from, to)).unwrap().is_sound()
        };
        assert!(sound("[30,130]", "[30,130]"));
        assert!(!sound("[30,130]", "[29,130]") && !sound("[30,130]", "[130,30]"));
        assert!(!sound("[36000,36600]", "[36000,36601]") && !sound("[36000,36600]", "[600,36600]"));
        assert!(!sound("\"count\":3", "\"count\":18446744073709551615"));
    }

    #[test]
    fn what_lies_between_two_uses_is_no_use() {
        let known = |now| -> Vec<(i64, i64)> {
            uses(&[30, 70, 36_000])
                .stretches(at(now))
                .map(|it| (it.0.as_second(), it.1.as_second()))
                .collect()
        };
        assert_eq!(known(99_999), [(30, 70), (36_000, 36_000)]);
        // Nobody knows yet.
        assert_eq!(
            [known(35_999), known(69), known(30), known(20)],
            [vec![(30, 70)], vec![(30, 30)], vec![(30, 30)], vec![]]
        );
    }

    #[test]
    fn what_came_before_its_time_is_bounded() {
        let often: Vec<i64> = (0..100_000).map(|it| it * 120).collect();
        let it = uses(&often);
        assert_eq!((it.taken.len(), it.periods.len(), it.count), (STRETCHES, 1, 100_000));
        let seldom: Vec<i64> = (0..100_000).map(|it| it * 1200).collect();
        assert_eq!(uses(&seldom).periods.len(), PERIODS);
    }

    #[test]
    fn a_period_is_of_uses_ten_minutes_apart_at_most() {
        let it = uses(&[0, 590, 1100, 200_000]);
        let known: Vec<i64> =
            it.periods(at(300_000)).flat_map(|it| [it.0, it.1]).map(Timestamp::as_second).collect();
        assert_eq!(known, [0, 1100, 200_000, 200_000]);
    }

    proptest! {
        /// The order in which uses are told, and in how many parts, says nothing.
        #[test]
        fn order_is_nothing(seconds in prop::collection::vec(0i64..200_000, 1..40), cut in 0usize..40) {
            let cut = cut.min(seconds.len());
            let mut parts = uses(&seconds[cut..]);
            parts.merge(&uses(&seconds[..cut]));
            let mut sorted = seconds;
            sorted.sort_unstable();
            prop_assert_eq!(parts, uses(&sorted));
        }
    }
}
