//! Days and hours where the people are: how busy an hour is, and when what has its days happens.

use bulkhead_model::span::Span;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use crate::scenario::{Dates, Rhythm};

/// A time zone to read days and hours in.
pub(super) struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// Of the zone called `name`; UTC where nobody knows it.
    pub fn new(name: &str) -> Self {
        Self { zone: TimeZoneDatabase::bundled().get(name).unwrap_or(TimeZone::UTC) }
    }

    /// How busy `at` is, of 100.
    pub fn percent(&self, rhythm: Rhythm, at: Timestamp) -> u64 {
        if rhythm == Rhythm::Steady {
            return 100;
        }
        let local = at.to_zoned(self.zone.clone());
        rhythm.percent(local.weekday(), local.hour())
    }

    /// How busy `length` from `start` on is on average, of 1.
    #[expect(clippy::cast_precision_loss, reason = "hundredths of a few hundred hours")]
    pub fn mean(&self, rhythm: Rhythm, start: Timestamp, length: Span) -> f64 {
        let hours = length.secs().div_ceil(3600).max(1);
        let at = |hour: u64| after(start, hour * 3600);
        let sum: u64 = (0..hours).map(|hour| self.percent(rhythm, at(hour))).sum();
        sum as f64 / (hours * 100) as f64
    }

    /// The days of `dates` on which any of it lies between `start` and `end`, with the instant at which it begins there.
    pub fn occurrences(&self, dates: &Dates, start: Timestamp, end: Timestamp) -> Vec<(Date, Timestamp)> {
        let mut found = Vec::new();
        // What began the day before may go on into the first.
        let mut day = after(start, 0).to_zoned(self.zone.clone()).date();
        day = day.yesterday().unwrap_or(day);
        loop {
            let Ok(midnight) = day.to_zoned(self.zone.clone()) else { break };
            if midnight.timestamp() >= end {
                break;
            }
            let begin = self.at(day, dates.at).unwrap_or(midnight.timestamp());
            let is_meant = dates.days.contains(&day.weekday())
                && (dates.weeks.is_empty()
                    || dates.weeks.iter().any(|it| i32::from(*it) == (i32::from(day.day()) - 1) / 7 + 1));
            if is_meant && begin < end && after(begin, dates.lasts.secs()) > start {
                found.push((day, begin));
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        found
    }

    /// A time of day as clocks on the wall show it, also on the days on which they are changed.
    fn at(&self, day: Date, time: Span) -> Option<Timestamp> {
        let part = |it: u64| i8::try_from(it).ok();
        let (hour, minute, second) = (time.secs() / 3600, time.secs() / 60 % 60, time.secs() % 60);
        let local = day.at(part(hour)?, part(minute)?, part(second)?, 0);
        Some(local.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

/// `seconds` later, at the end of time at most.
pub(super) fn after(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.saturating_add(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::NoiseKind;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// When patches of the given weeks, on Wednesdays at 20:00 in Paris, begin within a span.
    fn check(weeks: &[u8], start: &str, end: &str, expect: &[&str]) {
        let usual = NoiseKind::Patches.dates().expect("a kind with days");
        let dates = Dates { weeks: weeks.to_vec(), ..usual };
        let found = Calendar::new("Europe/Paris").occurrences(&dates, at(start), at(end));
        let found: Vec<_> = found.iter().map(|(_, it)| it.to_string()).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn what_has_its_days_happens_on_them() {
        let (july, august) = ("2025-07-01T00:00:00Z", "2025-08-01T00:00:00Z");
        check(&[2], july, august, &["2025-07-09T18:00:00Z"]);
        check(&[5], july, august, &["2025-07-30T18:00:00Z"]);
        // Begun before, going on after midnight: it counts as long as it lasts.
        check(&[2], "2025-07-09T19:00:00Z", august, &["2025-07-09T18:00:00Z"]);
        check(&[2], "2025-07-09T20:00:00Z", august, &[]);
        check(&[2], july, "2025-07-09T18:00:00Z", &[]);
        // An hour later by universal time in winter.
        check(&[1], "2025-12-01T00:00:00Z", "2025-12-05T00:00:00Z", &["2025-12-03T19:00:00Z"]);
    }

    #[test]
    fn a_week_of_office_hours_is_mostly_quiet() {
        let calendar = Calendar::new("Europe/Paris");
        let mean = calendar.mean(Rhythm::Office, at("2025-07-21T00:00:00Z"), Span::from_secs(7 * 86_400));
        assert!((0.2..0.4).contains(&mean), "{mean}");
        assert_eq!(calendar.percent(Rhythm::Office, at("2025-07-21T08:30:00Z")), 100);
        assert_eq!(calendar.percent(Rhythm::Office, at("2025-07-21T22:30:00Z")), 3);
    }
}
