//! Numbers, instants and spans as people read them.

use bulkhead_model::estate::{Customers, EstateInfo};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The operator's time zone; UTC where it is not known.
pub fn zone(estate: &EstateInfo) -> TimeZone {
    TimeZoneDatabase::bundled().get(&estate.timezone).unwrap_or(TimeZone::UTC)
}

/// `Fri 25 Jul 14:20`.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b %H:%M").to_string()
}

/// `2025-07-25 14:20:03 CEST`, for tables.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// `1 234 567`.
pub fn number(amount: f64) -> String {
    let digits = format!("{:.0}", amount.abs());
    let mut out = String::new();
    if amount <= -0.5 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// `1 234 567`, of a count.
pub fn count(n: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts shown to people stay far below 2^52")]
    let n = n as f64;
    number(n)
}

/// `42 s`, `12 min`, `3 h 05`, `4 d 2 h`.
pub fn span(secs: u64) -> String {
    match secs {
        0..120 => format!("{secs} s"),
        120..7200 => format!("{} min", secs / 60),
        7200..172_800 => format!("{} h {:02}", secs / 3600, secs % 3600 / 60),
        _ => format!("{} d {} h", secs / 86_400, secs % 86_400 / 3600),
    }
}

/// `180 000 business, 2 000 consumer`.
pub fn customers(of: &[Customers]) -> String {
    let parts: Vec<_> = of.iter().map(|it| format!("{} {}", count(it.count), it.segment)).collect();
    parts.join(", ")
}

/// Seconds from `from` to `to`, never negative.
pub fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well() {
        assert_eq!(number(1_234_567.4), "1\u{202f}234\u{202f}567");
        assert_eq!(number(-0.2), "0");
        assert_eq!(span(11_100), "3 h 05");
    }
}
