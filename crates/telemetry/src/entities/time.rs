//! When an event happened, by its own clock.

use bulkhead_model::entity::Header;
use jiff::Timestamp;

use super::fields::{Fields, Slot};

/// The best of an event's times. Those with a zone, or by definition in UTC, come before `EventTime`, which NXLog
/// writes in the local time of the host without saying which.
pub(super) fn of(fields: &Fields<'_>) -> Option<Timestamp> {
    [
        Slot::UtcTime,
        Slot::SystemTime,
        Slot::Ts,
        Slot::AtTimestamp,
        Slot::Timestamp,
        Slot::Time,
        Slot::CloudTime,
        Slot::EventTime,
    ]
    .into_iter()
    .find_map(|slot| parse_time(&fields.text(slot)?).filter(|it| is_of_a_calendar(*it)))
}

/// Whether a time can be one of a calendar. Seconds since a machine or a program was started, and the first days of a clock that
/// was never set, lie near 1970; no event of a network was recorded then.
fn is_of_a_calendar(time: Timestamp) -> bool {
    /// 3 March 1973.
    const FIRST: i64 = 100_000_000;
    time.as_second() >= FIRST
}

/// What the header of a Windows event says, where `time` is that or what its data say by themselves.
pub(super) fn header(fields: &Fields<'_>, time: Option<Timestamp>) -> Option<Header> {
    let at = fields.text(Slot::SystemTime).and_then(|it| parse_time(&it))?;
    let twice = fields.text(Slot::UtcTime).and_then(|it| parse_time(&it)).is_some();
    (is_of_a_calendar(at) && (twice || time == Some(at))).then_some(Header { at, twice })
}

/// A time as logs write it: `2020-08-06 15:56:04.866` (taken as UTC), `2020-08-06T15:56:04Z`,
/// `2018-07-05T15:01:22.421433-0400`, or seconds, milliseconds, microseconds since 1970.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() >= 19 && bytes[4] == b'-' && bytes[7] == b'-' {
        return calendar(bytes);
    }
    if let Some(rest) = text.strip_prefix("/Date(") {
        // Milliseconds since 1970, as .NET writes into JSON; a zone behind them is for show.
        return epoch(rest.split([')', '+', '-']).next()?);
    }
    epoch(text)
}

/// Digits as a number; none when something else stands there, or more than fits.
fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0_i64, |sum, it| {
        let digit = it.is_ascii_digit().then(|| i64::from(it - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

fn calendar(text: &[u8]) -> Option<Timestamp> {
    if !matches!(text[10], b'T' | b' ' | b't') || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let (year, month, day) = (digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..10])?);
    let (hour, minute, second) = (digits(&text[11..13])?, digits(&text[14..16])?, digits(&text[17..19])?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let (nanoseconds, rest) = fraction(&text[19..])?;
    let offset = offset(rest)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Timestamp::new(seconds, nanoseconds).ok()
}

/// `.866` in nanoseconds, and what follows.
fn fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some(rest) = text.strip_prefix(b".").or_else(|| text.strip_prefix(b",")) else {
        return Some((0, text));
    };
    let length = rest.iter().take_while(|it| it.is_ascii_digit()).count();
    let kept = &rest[..length.min(9)];
    let scale = 10_i64.pow(u32::try_from(9 - kept.len()).ok()?);
    Some((i32::try_from(digits(kept)? * scale).ok()?, &rest[length..]))
}

/// The zone's distance to UTC in seconds.
fn offset(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let (sign, text) = match text {
        [] | [b'Z' | b'z'] | [b'U', b'T', b'C'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match text {
        [a, b] => (digits(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `days_from_civil`).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Seconds since 1970, with a fraction; or, by their size, milliseconds, microseconds or nanoseconds.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 19 {
        return None;
    }
    let amount = digits(whole.as_bytes())?;
    match whole.len() {
        0..=11 => {
            let kept = &fraction.as_bytes()[..fraction.len().min(9)];
            let scale = 10_i64.pow(u32::try_from(9 - kept.len()).ok()?);
            Timestamp::new(amount, i32::try_from(digits(kept)? * scale).ok()?).ok()
        }
        12..=14 => Timestamp::from_millisecond(amount).ok(),
        15..=17 => Timestamp::from_microsecond(amount).ok(),
        _ => Timestamp::from_nanosecond(i128::from(amount)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse_time(text).map(|it| it.to_string()).as_deref(), expected);
    }

    #[test]
    fn reads_what_logs_write() {
        check("2020-08-06 15:56:04.866", Some("2020-08-06T15:56:04.866Z"));
        check("2023-08-18T08:56:04.315Z", Some("2023-08-18T08:56:04.315Z"));
        check("2018-07-05T15:01:22.421433-0400", Some("2018-07-05T19:01:22.421433Z"));
        check("2025-07-25T10:00:00+02:00", Some("2025-07-25T08:00:00Z"));
        check("2019-03-19 23:23:52.491142700 UTC", Some("2019-03-19T23:23:52.4911427Z"));
        check("1642723347", Some("2022-01-21T00:02:27Z"));
        check("9999999999000000919", None);
        check("1601998366.785668", Some("2020-10-06T15:32:46.785668Z"));
        check("/Date(1601998366785)/", Some("2020-10-06T15:32:46.785Z"));
        check("1601998366785", Some("2020-10-06T15:32:46.785Z"));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "-",
            "x",
            "2020-13-06 15:56:04",
            "2021-02-29 15:56:04",
            "2020-08-06 25:56:04",
            "2020-08-06 15:56:04 CEST",
            "12:00",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(second in -62_000_000_000_i64..253_000_000_000, nanosecond in 0..1_000_000_000_i32) {
            let time = Timestamp::new(second, nanosecond).unwrap();
            let text = time.to_string();
            prop_assert_eq!(parse_time(&text), (!text.starts_with('-')).then_some(time));
        }
    }
}
