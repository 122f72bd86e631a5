//! Work that is announced: maintenance windows and scanners, whose traces are no sign of an intruder.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Selector;
use crate::id::WorkId;
use crate::span::Span;

/// A time in which work is done on hosts: what it sets off below level high is no sign of an intruder, is counted, and is
/// said beside every verdict. An intruder may know the window: what is high or critical counts as ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Short name.
    pub id: WorkId,
    /// On which assets.
    pub on: Selector,
    /// When it begins: an instant such as `2026-11-20T22:00:00+01:00`, or a time of the estate's `timezone`, such as
    /// `2026-11-20T22:00`. A time that clocks show twice or never is refused, with what to write.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// When it ends, written likewise.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// After which time it comes again, such as `7d`; never where it is left out. That is time elapsed: where clocks are put
    /// back or forward, the window moves by as much on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// What is done.
    pub why: String,
}

impl Maintenance {
    /// Whether `at` lies in it.
    pub fn covers(&self, at: Timestamp) -> bool {
        let since = at.duration_since(self.from);
        let length = self.to.duration_since(self.from);
        if since < SignedDuration::ZERO {
            return false;
        }
        let turn = self.every.map_or(0, |it| i64::try_from(it.secs()).unwrap_or(i64::MAX));
        let since = if turn > 0 { since.as_secs() % turn } else { since.as_secs() };
        since < length.as_secs()
    }
}

/// Whoever probes the network on the operator's behalf: alerts below level critical that name it as their source are no sign
/// of an intruder, are counted, and are said beside every verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    /// Short name.
    pub id: WorkId,
    /// The assets it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Selector>,
    /// Addresses (CIDR) it probes from, where they are no asset's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<ipnet::IpNet>,
    /// Whose it is and what it is for.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_again() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let covered = |every: Option<&str>, hour| {
            let every = every.map(|it| it.parse().unwrap());
            let on = Selector { any: true, ..Selector::default() };
            let (from, to) = (at(10), at(12));
            Maintenance { id: "w".into(), on, from, to, every, why: "patches".to_owned() }.covers(at(hour))
        };
        assert_eq!([9, 10, 11, 12, 34].map(|it| covered(None, it)), [false, true, true, false, false]);
        assert_eq!([9, 33, 34, 35, 36].map(|it| covered(Some("1d"), it)), [false, false, true, true, false]);
    }
}
