//! How much a host sent to one address outside, before an intrusion and since: when that is a sign of theft.

use bulkhead_model::entity::Volume;
use jiff::Timestamp;

/// Less than this is no sign by its amount: updates, mail and conferences send as much in a day. Data worth stealing comes
/// in archives larger than this; smaller ones are for the other signs (rules, many flows to new destinations).
pub(crate) const LARGE: u64 = 100_000_000;

/// How many times what was sent there before is more than usual. A backup that doubles, or a month's end, is not.
pub(crate) const TIMES: u64 = 10;

/// What went to one address outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    before: Period,
    since: Period,
    /// When what went since went.
    times: Option<(Timestamp, Timestamp)>,
}

/// Bytes of a period: of all of it, and of the hour with the most.
#[derive(Clone, Copy, Debug, Default)]
struct Period {
    all: u64,
    most: u64,
}

impl Period {
    fn add(&mut self, bytes: u64) {
        self.all = self.all.saturating_add(bytes);
        self.most = self.most.max(bytes);
    }
}

impl Sent {
    /// Takes in an hour. One in which the intrusion began counts as since: nothing tells its bytes apart.
    pub(crate) fn add(&mut self, hour: &Volume, start: Timestamp, as_of: Timestamp) {
        if hour.last < start {
            self.before.add(hour.bytes);
        } else if hour.first <= as_of {
            self.since.add(hour.bytes);
            let (from, to) = self.times.unwrap_or((hour.first, hour.last));
            self.times = Some((from.min(hour.first), to.max(hour.last)));
        }
    }

    /// Whether it is large, and beyond what went there before: in an hour, or together. Where little was recorded before,
    /// nothing says that so much is usual. More bytes since never make it less.
    pub(crate) fn is_sign(&self) -> bool {
        let beyond = |since: u64, before: u64| since >= LARGE && since / TIMES >= before;
        beyond(self.since.most, self.before.most) || beyond(self.since.all, self.before.all)
    }

    /// The sign in words, for evidence: how much, whereto, when, and what was there before.
    pub(crate) fn words(&self, to: std::net::IpAddr) -> String {
        let times = self.times.map_or_else(String::new, |(from, to)| {
            if from == to { format!(" at {from}") } else { format!(" between {from} and {to}") }
        });
        let before = match self.before.all {
            0 => "none before the intrusion".to_owned(),
            all => format!("{all} before the intrusion, at most {} in an hour", self.before.most),
        };
        format!("{} bytes sent to {to}{times}; {before}", self.since.all)
    }
}
