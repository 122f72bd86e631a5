//! A length of time as people write it in the estate: `2s`, `40m`, `4h`, `1d`, `1h30m`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A non-negative length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^([0-9]+(\\.[0-9]+)?[smhdw])+$"))]
pub struct Span {
    secs: u64,
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write a number and a unit, such as 30s, 40m, 4h or 1d")]
pub struct BadSpan(String);

impl Span {
    /// A span of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self { secs }
    }

    /// The length in seconds.
    pub const fn secs(self) -> u64 {
        self.secs
    }

    /// The length in hours, for costs per hour.
    #[expect(clippy::cast_precision_loss, reason = "spans of more than 2^52 seconds do not occur")]
    pub fn hours(self) -> f64 {
        self.secs as f64 / 3600.0
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "range checked before the cast"
    )]
    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(bad());
        }
        let mut secs = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(bad)?;
            let amount: f64 = rest[..digits].parse().map_err(|_| bad())?;
            let unit = match rest.as_bytes()[digits] {
                b's' => 1.0,
                b'm' => 60.0,
                b'h' => 3600.0,
                b'd' => 86_400.0,
                b'w' => 604_800.0,
                _ => return Err(bad()),
            };
            secs += amount * unit;
            rest = &rest[digits + 1..];
        }
        if !(0.0..1e12).contains(&secs) {
            return Err(bad());
        }
        Ok(Self { secs: secs.round() as u64 })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secs == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.secs;
        for (size, unit) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, secs: Option<u64>) {
        assert_eq!(text.parse::<Span>().ok().map(Span::secs), secs);
    }

    #[test]
    fn reads_what_people_write() {
        check("2s", Some(2));
        check("40m", Some(2400));
        check("1h30m", Some(5400));
        check("1.5h", Some(5400));
        check("7d", Some(604_800));
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "4", "h", "4 hours", "-1h", "1e9h", "99999999999w", "1..2h"] {
            check(text, None);
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["2s", "40m", "1h30m", "1d2h3m4s", "0s"] {
            assert_eq!(text.parse::<Span>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
    }
}
