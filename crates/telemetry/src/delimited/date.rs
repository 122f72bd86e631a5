//! Times as spreadsheets and consoles write them, in the local manner of whoever exported.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::syslog::MONTHS;

/// Which of two numbers is the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// `11/22/2026`.
    #[default]
    MonthFirst,
    /// `22/11/2026`, `22.11.2026`.
    DayFirst,
}

/// What one date says about the order; none when it could be either.
pub(crate) fn order_of(text: &str) -> Option<Order> {
    let (numbers, separator, rest) = numbers(text)?;
    let [first, second, _] = numbers;
    if separator == '.' || first > 12 {
        return Some(Order::DayFirst);
    }
    let clock = rest.to_ascii_uppercase();
    (second > 12 || clock.ends_with("AM") || clock.ends_with("PM")).then_some(Order::MonthFirst)
}

/// Whether `text` is a date whose numbers need an order.
pub(crate) fn needs_order(text: &str) -> bool {
    numbers(text).is_some_and(|([first, second, _], ..)| first != second)
}

/// `11/22/2026 2:15:42 PM`, `22.11.2026 14:15:42`, `Nov 22, 2026 @ 14:15:42.123`, or what [`crate::parse_time`] reads.
/// Without a zone it is taken as UTC.
pub(crate) fn parse(text: &str, order: Order) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(time) = crate::parse_time(text) {
        return Some(time);
    }
    if let Some((numbers, _, clock)) = numbers(text) {
        let [first, second, year] = numbers;
        let (month, day) = if order == Order::DayFirst { (second, first) } else { (first, second) };
        return instant([year, month, day], clock);
    }
    let month = MONTHS.iter().position(|it| text.starts_with(it))?;
    let rest = text[3..].trim_start_matches(|c: char| c.is_alphabetic()).trim_start();
    let (day, rest) = rest.split_once(',')?;
    let (year, clock) = rest.trim_start().split_once(' ')?;
    let clock = clock.trim_start_matches(['@', ' ']);
    instant([year.parse().ok()?, i16::try_from(month).ok()? + 1, day.trim().parse().ok()?], clock)
}

/// Three numbers with one separator at the start of `text`, the separator, and what follows.
fn numbers(text: &str) -> Option<([i16; 3], char, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '/' | '.' | '-')).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    let mut parts = date.split(separator);
    let mut next = || parts.next().filter(|it| it.len() <= 4)?.parse::<i16>().ok();
    let numbers = [next()?, next()?, next()?];
    let year = numbers[2];
    (parts.next().is_none() && (1000..=9999).contains(&year)).then_some((numbers, separator, rest.trim()))
}

/// A day and `2:15:42.123 PM +0100`; minutes suffice.
fn instant([year, month, day]: [i16; 3], clock: &str) -> Option<Timestamp> {
    let clock = clock.trim_start_matches([',', ' ']);
    let end = clock.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(clock.len());
    let (digits, rest) = clock.split_at(end);
    let mut rest = rest.trim();
    let mut parts = digits.splitn(3, ':');
    let mut next = || parts.next();
    let (hour, minute, second) = (next()?.parse::<i8>().ok()?, next()?.parse::<i8>().ok()?, next());
    let (second, fraction) = second.unwrap_or("0").split_once('.').unwrap_or((second.unwrap_or("0"), ""));
    let half = rest.get(..2).map(str::to_ascii_uppercase);
    let hour = match half.as_deref() {
        Some("PM") if hour < 12 => hour + 12,
        Some("AM") if hour == 12 => 0,
        _ => hour,
    };
    if matches!(half.as_deref(), Some("AM" | "PM")) {
        rest = rest[2..].trim();
    }
    let nanosecond = format!("{fraction:0<9.9}").parse().ok()?;
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let civil = DateTime::new(year, month, day, hour, minute, second.parse().ok()?, nanosecond).ok()?;
    let utc = TimeZone::UTC.to_timestamp(civil).ok()?;
    // A zone other than a distance to UTC is not known well enough to be used.
    match rest {
        "" | "Z" | "UTC" | "GMT" => Some(utc),
        _ => crate::parse_time(&format!("{civil:.9}{rest}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, order: Order, expect: Option<&str>) {
        assert_eq!(parse(text, order).map(|it| it.to_string()).as_deref(), expect, "{text}");
    }

    #[test]
    fn reads_what_exports_write() {
        check("11/22/2026 2:15:42 PM", Order::MonthFirst, Some("2026-11-22T14:15:42Z"));
        check("11/22/2026 12:15:42 AM", Order::MonthFirst, Some("2026-11-22T00:15:42Z"));
        check("22/11/2026 14:15", Order::DayFirst, Some("2026-11-22T14:15:00Z"));
        check("22.11.2026 14:15:42", Order::DayFirst, Some("2026-11-22T14:15:42Z"));
        check("11/22/2026 14:15:42.250 +0100", Order::MonthFirst, Some("2026-11-22T13:15:42.25Z"));
        check("Nov 22, 2026 @ 14:15:42.123", Order::MonthFirst, Some("2026-11-22T14:15:42.123Z"));
        check("2026-11-22T14:15:42Z", Order::MonthFirst, Some("2026-11-22T14:15:42Z"));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "x",
            "13/13/2026 1:1:1",
            "11/22/2026",
            "11/22/2026 25:00",
            "1/2/3 4:5",
            "Nov x, 2026 @ 1:1",
            "11/22/2026 1:1:1 CEST",
        ] {
            check(text, Order::MonthFirst, None);
        }
    }

    #[test]
    fn the_order_shows_where_it_can() {
        assert_eq!(order_of("22/11/2026 1:00"), Some(Order::DayFirst));
        assert_eq!(order_of("11/22/2026 1:00"), Some(Order::MonthFirst));
        assert_eq!(order_of("1/2/2026 1:00 PM"), Some(Order::MonthFirst));
        assert_eq!(order_of("1.2.2026 1:00"), Some(Order::DayFirst));
        assert_eq!(order_of("1/2/2026 13:00"), None);
        assert!(needs_order("1/2/2026 13:00") && !needs_order("2/2/2026") && !needs_order("2026-01-02"));
    }
}
