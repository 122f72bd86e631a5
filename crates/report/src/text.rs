//! Numbers, instants and spans as people read them.

use bulkhead_model::estate::{Customers, EstateInfo};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use maud::{Markup, html};

use crate::words::{Lang, Words};

/// The operator's time zone; UTC where it is not known.
pub fn zone(estate: &EstateInfo) -> TimeZone {
    TimeZoneDatabase::bundled().get(&estate.timezone).unwrap_or(TimeZone::UTC)
}

/// `Fri 2025-07-25 14:20 CEST`, in French `25/07/2025 14:20 CEST`: as terminal and filings write it.
pub fn moment_in(at: Timestamp, zone: &TimeZone, lang: Lang) -> String {
    let form = match lang {
        Lang::En => "%a %Y-%m-%d %H:%M %Z",
        Lang::Fr => "%d/%m/%Y %H:%M %Z",
    };
    at.to_zoned(zone.clone()).strftime(form).to_string()
}

/// The same in English.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    moment_in(at, zone, Lang::En)
}

/// `2025-07-25 14:20:03 CEST`, in French `25/07/2025 14:20:03 CEST`: for tables of what was seen, where seconds count.
pub fn instant_in(at: Timestamp, zone: &TimeZone, lang: Lang) -> String {
    let form = match lang {
        Lang::En => "%Y-%m-%d %H:%M:%S %Z",
        Lang::Fr => "%d/%m/%Y %H:%M:%S %Z",
    };
    at.to_zoned(zone.clone()).strftime(form).to_string()
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

/// `42 s`, `12 min`, `3 h 05 min`, `4 d 2 h`: the one way in which lengths of time are written.
pub fn span(secs: u64) -> String {
    match secs {
        0..120 => format!("{secs} s"),
        120..7200 => format!("{} min", secs / 60),
        7200..172_800 => format!("{} h {:02} min", secs / 3600, secs % 3600 / 60),
        _ => format!("{} d {} h", secs / 86_400, secs % 86_400 / 3600),
    }
}

/// The same in a language: days are `j` in French.
pub fn span_in(secs: u64, lang: Lang) -> String {
    match lang {
        Lang::En => span(secs),
        Lang::Fr => span(secs).replace(" d ", " j "),
    }
}

/// `180 000 business, 2 000 consumer`.
pub fn customers(of: &[Customers], words: &Words) -> String {
    let parts: Vec<_> =
        of.iter().map(|it| format!("{} {}", count(it.count), words.said(&it.segment))).collect();
    parts.join(", ")
}

/// `0.13` as `13 %`; what is not nothing is never written as nothing, nor what is not all as all.
pub fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        "under 0.1 %".to_owned()
    } else if share > 0.9995 && share < 1.0 {
        "over 99.9 %".to_owned()
    } else if (share != 0.0 && share.abs() < 0.1) || (share > 0.99 && share < 1.0) {
        format!("{:.1} %", share * 100.0)
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

/// The same in a language: a comma before decimals in French.
pub fn percent_in(share: f64, lang: Lang) -> String {
    match lang {
        Lang::En => percent(share),
        Lang::Fr => french_percent(&percent(share)),
    }
}

/// `6,3 %`, with the space that does not break.
pub fn french_percent(english: &str) -> String {
    let text = english.replace('.', ",").replace("under", "moins de").replace("over", "plus de");
    bulkhead_model::french::spaced(&text)
}

/// `1 customer`, `180 060 customers`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Coverage in per cent to one place, cut off: what is not covered is never rounded away.
pub fn covered(share: f64) -> String {
    format!("{:.1} %", (share * 1000.0).floor() / 10.0)
}

/// `a, b and c`; beyond `most`, `a, b and 4 more`.
pub fn listed<T: AsRef<str>>(items: &[T], most: usize, and: &str, (one, more): (&str, &str)) -> String {
    let shown: Vec<&str> = items.iter().take(most).map(AsRef::as_ref).collect();
    match (items.len().saturating_sub(most), shown.split_last()) {
        (0, Some((last, []))) => (*last).to_owned(),
        (0, Some((last, before))) => format!("{} {and} {last}", before.join(", ")),
        (1, _) => format!("{} {and} 1 {one}", shown.join(", ")),
        (rest, _) if rest > 0 => format!("{} {and} {rest} {more}", shown.join(", ")),
        _ => String::new(),
    }
}

/// Text whose parts between backquotes are names of things.
pub fn prose(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
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
        assert_eq!(span(11_100), "3 h 05 min");
        assert_eq!(span_in(352_800, Lang::Fr), "4 j 2 h");
        assert_eq!(
            (percent(0.0), percent(0.000_01), percent(0.9999)),
            ("0 %".into(), "under 0.1 %".into(), "over 99.9 %".into())
        );
        assert_eq!(counted(1, "host", "hosts"), "1 host");
        assert_eq!(counted(0, "host", "hosts"), "0 hosts");
        assert_eq!(covered(0.9999), "99.9 %");
        assert_eq!(percent(0.042), "4.2 %");
        assert_eq!(percent_in(0.042, Lang::Fr), "4,2\u{202f}%");
        assert_eq!(prose("a `b<` c").into_string(), "a <code>b&lt;</code> c");
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(listed::<&str>(&[], 2, "and", ("more", "more")), "");
        assert_eq!(listed(&["a"], 2, "and", ("more", "more")), "a");
        assert_eq!(listed(&["a", "b"], 2, "and", ("more", "more")), "a and b");
        assert_eq!(listed(&["a", "b", "c", "d"], 2, "et", ("autre", "autres")), "a, b et 2 autres");
    }
}
