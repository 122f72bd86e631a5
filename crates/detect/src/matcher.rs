//! One comparison of one field's value: what modifiers and values of a rule come down to.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::engine::budget::Verdict;
use crate::field::FieldId;
use crate::rule::text::{Part, Pattern, fold};

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextOp {
    /// Whole value.
    Equals,
    /// Anywhere.
    Contains,
    /// At the beginning.
    StartsWith,
    /// At the end.
    EndsWith,
}

impl TextOp {
    /// Whether `haystack` compares so with `needle`.
    pub fn holds(self, haystack: &str, needle: &str) -> bool {
        match self {
            Self::Equals => haystack == needle,
            Self::Contains => memchr::memmem::find(haystack.as_bytes(), needle.as_bytes()).is_some(),
            Self::StartsWith => haystack.starts_with(needle),
            Self::EndsWith => haystack.ends_with(needle),
        }
    }
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cmp {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

impl Cmp {
    /// Whether `left` compares so with `right`.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Eq => (left - right).abs() < f64::EPSILON,
            Self::Lt => left < right,
            Self::Lte => left <= right,
            Self::Gt => left > right,
            Self::Gte => left >= right,
        }
    }
}

/// A number that can be a key of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

impl Number {
    /// Wraps `value`.
    pub fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// Its decimal text, if it is a whole number that text can name exactly.
    #[expect(clippy::cast_possible_truncation, reason = "range checked")]
    pub fn as_whole(self) -> Option<String> {
        let value = self.get();
        (value.fract() == 0.0 && value.abs() < 9e15).then(|| (value as i64).to_string())
    }
}

/// A part of a point in time (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// One comparison. Caseless texts are stored in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matcher {
    /// Text without inner wildcards.
    Text {
        /// How.
        op: TextOp,
        /// Whether case counts.
        cased: bool,
        /// With what.
        text: String,
    },
    /// Text with inner wildcards, against the whole value.
    Glob {
        /// Whether case counts.
        cased: bool,
        /// With what.
        pattern: Pattern,
    },
    /// Any value but null: the pattern `*`.
    Present,
    /// A regular expression found anywhere in the value; flags stand inside it.
    Regex(String),
    /// An address in a network.
    Cidr(IpNet),
    /// A number.
    Number(Cmp, Number),
    /// Another field of the same event.
    Field {
        /// How.
        op: TextOp,
        /// Whether case counts.
        cased: bool,
        /// The other field.
        field: FieldId,
    },
    /// A part of the time the value names.
    Time(TimePart, Cmp, Number),
}

impl Matcher {
    /// The comparison with a string that may hold wildcards.
    pub fn text(pattern: Pattern, cased: bool) -> Self {
        let pattern = if cased { pattern } else { pattern.map_literals(|it| fold(&it)) };
        let simple = |op, text: &str| Self::Text { op, cased, text: text.to_owned() };
        match pattern.0.as_slice() {
            [] => simple(TextOp::Equals, ""),
            [Part::Any] => Self::Present,
            [Part::Literal(text)] => simple(TextOp::Equals, text),
            [Part::Literal(text), Part::Any] => simple(TextOp::StartsWith, text),
            [Part::Any, Part::Literal(text)] => simple(TextOp::EndsWith, text),
            [Part::Any, Part::Literal(text), Part::Any] => simple(TextOp::Contains, text),
            _ => Self::Glob { cased, pattern },
        }
    }
}

impl Matcher {
    /// The comparison with a text between wildcards where asked, as [`Matcher::text`] makes it.
    pub fn literal(text: &str, before: bool, after: bool, cased: bool) -> Self {
        let op = match (before, after) {
            (false, false) => TextOp::Equals,
            (false, true) => TextOp::StartsWith,
            (true, false) => TextOp::EndsWith,
            (true, true) => TextOp::Contains,
        };
        Self::Text { op, cased, text: if cased { text.to_owned() } else { fold(text) } }
    }
}

/// Whether `text` as a whole is what `parts` describe, unless that takes more than `steps_max` steps to tell.
pub fn glob_within(parts: &[Part], text: &str, steps_max: u64) -> Verdict {
    let mut steps = steps_max;
    match glob(parts, text, &mut steps) {
        _ if steps == 0 => Verdict::GivenUp,
        holds => holds.into(),
    }
}

/// Whether `text` as a whole is what `parts` describe; means nothing once no steps are left.
fn glob(parts: &[Part], text: &str, steps: &mut u64) -> bool {
    let Some(star) = parts.iter().position(|it| *it == Part::Any) else {
        return after(parts, text, steps) == Some("");
    };
    let Some(mut rest) = after(&parts[..star], text, steps) else { return false };
    let mut parts = &parts[star + 1..];
    while let Some(star) = parts.iter().position(|it| *it == Part::Any) {
        let Some(found) = find(&parts[..star], rest, steps) else { return false };
        rest = found;
        parts = &parts[star + 1..];
    }
    // The last run is anchored at the end: every place it could begin is tried from the left.
    if parts.is_empty() {
        return true;
    }
    if let [Part::Literal(text)] = parts {
        return rest.ends_with(text.as_str());
    }
    for at in starts(rest) {
        if after(parts, &rest[at..], steps) == Some("") {
            return true;
        }
        if *steps == 0 {
            break;
        }
    }
    false
}

/// Places where a character of `text` begins, and its end.
fn starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

/// What follows in `text` after a run without `*` at its start.
fn after<'t>(run: &[Part], text: &'t str, steps: &mut u64) -> Option<&'t str> {
    run.iter().try_fold(text, |rest, part| {
        *steps = steps.saturating_sub(1);
        match part {
            Part::Literal(literal) => rest.strip_prefix(literal.as_str()),
            Part::One => {
                let mut chars = rest.chars();
                chars.next().map(|_| chars.as_str())
            }
            Part::Any => Some(rest),
        }
    })
}

/// What follows the first place where a run without `*` stands.
fn find<'t>(run: &[Part], text: &'t str, steps: &mut u64) -> Option<&'t str> {
    match run {
        [] => Some(text),
        [Part::Literal(literal), more @ ..] => {
            let mut from = 0;
            while *steps > 0 {
                let at = from + memchr::memmem::find(&text.as_bytes()[from..], literal.as_bytes())?;
                if let Some(rest) = after(more, &text[at + literal.len()..], steps) {
                    return Some(rest);
                }
                *steps = steps.saturating_sub(1);
                from = at + text[at..].chars().next().map_or(1, char::len_utf8);
            }
            None
        }
        _ => {
            for at in starts(text) {
                if let Some(rest) = after(run, &text[at..], steps) {
                    return Some(rest);
                }
                if *steps == 0 {
                    return None;
                }
            }
            None
        }
    }
}

/// The number a value is, or whose text it is.
pub fn number(text: &str) -> Option<f64> {
    // `inf` and `nan` are words, not measurements.
    if !text.bytes().next().is_some_and(|it| matches!(it, b'0'..=b'9' | b'-' | b'+' | b'.')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|it| it.is_finite())
}

/// Whether `text` is an address within `network`.
pub fn in_network(text: &str, network: &IpNet) -> bool {
    let text = text.strip_prefix("::ffff:").filter(|it| it.contains('.')).unwrap_or(text);
    text.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))
}

/// The part of the point in time `text` names: RFC 3339, a date and time without zone (taken as UTC), or Unix time.
pub fn time_part(text: &str, part: TimePart) -> Option<f64> {
    let time = point_in_time(text)?;
    let number = match part {
        TimePart::Minute => i64::from(time.minute()),
        TimePart::Hour => i64::from(time.hour()),
        TimePart::Day => i64::from(time.day()),
        TimePart::Week => i64::from(time.date().iso_week_date().week()),
        TimePart::Month => i64::from(time.month()),
        TimePart::Year => i64::from(time.year()),
    };
    #[expect(clippy::cast_precision_loss, reason = "a year is small")]
    Some(number as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "a time outside the range is refused by jiff")]
fn point_in_time(text: &str) -> Option<DateTime> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(TimeZone::UTC.to_datetime(instant));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Some(local);
    }
    let seconds = number(text)?;
    let seconds = if seconds.abs() > 1e12 { seconds / 1000.0 } else { seconds };
    let instant = jiff::Timestamp::from_second(seconds.floor() as i64).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_glob(pattern: &str, text: &str, expect: bool) {
        let found = glob_within(&Pattern::parse(pattern).0, text, 10_000);
        assert_eq!(found, Verdict::from(expect), "{pattern} on {text}");
    }

    #[test]
    fn globs() {
        check_glob("a*b*c", "a--b--c", true);
        check_glob("a*b*c", "a--c--b", false);
        check_glob("*ab?*d", "xabab1zd", true);
        check_glob("?b", "éb", true);
        check_glob("?b", "b", false);
        check_glob("*?", "", false);
        check_glob("*?", "é", true);
        check_glob("*a?", "aaab", true);
        check_glob("*", "line\nline", true);
        check_glob("", "", true);
        check_glob("a", "ab", false);
        check_glob("*aa?b", "aaaxb", true);
        check_glob("*aab*", "aaab", true);
    }

    #[test]
    fn a_glob_that_takes_too_long_is_given_up() {
        let pattern = format!("*{}b*", "a?".repeat(100));
        let found = glob_within(&Pattern::parse(&pattern).0, &"a".repeat(10_000), 100_000);
        assert_eq!(found, Verdict::GivenUp);
    }

    #[test]
    fn numbers() {
        for (text, expect) in
            [("4", Some(4.0)), ("-1.5", Some(-1.5)), ("inf", None), ("0x10", None), ("", None)]
        {
            assert_eq!(number(text), expect, "{text}");
        }
        assert_eq!(Number::new(4624.0).as_whole().as_deref(), Some("4624"));
        assert_eq!(Number::new(1.5).as_whole(), None);
    }

    #[test]
    fn parts_of_times() {
        for text in
            ["2024-02-03T04:05:06Z", "2024-02-03 04:05:06.7", "2024-02-03T05:05:06+01:00", "1706933106"]
        {
            assert_eq!(time_part(text, TimePart::Hour), Some(4.0), "{text}");
            assert_eq!(time_part(text, TimePart::Week), Some(5.0), "{text}");
        }
        assert_eq!(time_part("soon", TimePart::Year), None);
    }
}
