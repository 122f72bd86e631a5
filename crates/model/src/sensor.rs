//! What kind of sensor saw a host in which hour: the ground on which "nothing was seen" stands.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::runs::Runs;

/// Seconds of an hour.
const HOUR: i64 = 3600;

/// What a sensor shows of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sensor {
    /// Who came onto it.
    Logon,
    /// What ran on it.
    Process,
    /// Which files were touched on it.
    File,
    /// What left it over the network.
    Egress,
    /// Which names it asked for.
    Dns,
}

impl Sensor {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Logon, Self::Process, Self::File, Self::Egress, Self::Dns];

    /// Its name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logon => "logon",
            Self::Process => "process",
            Self::File => "file",
            Self::Egress => "egress",
            Self::Dns => "dns",
        }
    }
}

/// A set of sensors, small enough to stand in every event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sensors(u8);

impl Sensors {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// One sensor.
    pub fn one(sensor: Sensor) -> Self {
        Self(1 << sensor as u8)
    }

    /// Whether `sensor` is among them.
    pub fn has(self, sensor: Sensor) -> bool {
        self.0 & (1 << sensor as u8) != 0
    }

    /// The sensors in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Sensor> {
        Sensor::ALL.into_iter().filter(move |it| self.has(*it))
    }
}

/// Hours of UTC, numbered since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Hours(Runs);

/// The hour `at` lies in.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR)
}

impl Hours {
    /// Number of runs, which is what they take in memory.
    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// The runs, `[from, to)`, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter()
    }

    /// Whether `hour` is in.
    pub fn has(&self, hour: i64) -> bool {
        self.0.has(hour)
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.runs() == 0
    }

    /// Takes in `hour`.
    pub fn add(&mut self, hour: i64) {
        self.0.add(hour, hour + 1);
    }

    /// Takes in the hours of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    /// The stretches of `[from, to]` that no hour covers, ascending; none where `to` is not after `from`.
    pub fn gaps(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut gaps = Vec::new();
        let mut open = from;
        for (start, end) in self.0.iter() {
            let (start, end) = (instant(start), instant(end));
            if start >= to {
                break;
            }
            if start > open {
                gaps.push((open, start));
            }
            open = open.max(end);
        }
        if open < to {
            gaps.push((open, to));
        }
        gaps
    }
}

/// When an hour begins.
fn instant(hour: i64) -> Timestamp {
    let fallback = if hour < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(hour.saturating_mul(HOUR)).unwrap_or(fallback)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        instant(hour)
    }

    #[test]
    fn gaps_are_cut_to_the_time_asked_for() {
        let mut hours = Hours::default();
        [5, 7, 6, 10].into_iter().for_each(|it| hours.add(it));
        assert_eq!(hours.runs(), 2);
        assert_eq!(hours.gaps(at(4), at(12)), [(at(4), at(5)), (at(8), at(10)), (at(11), at(12))]);
        assert_eq!(hours.gaps(at(5), at(8)), []);
        assert_eq!(hours.gaps(at(12), at(12)), []);
    }

    proptest! {
        #[test]
        fn hours_are_a_set(added in prop::collection::vec(-40i64..40, 0..60)) {
            let (mut hours, mut oracle) = (Hours::default(), BTreeSet::new());
            for hour in added {
                hours.add(hour);
                oracle.insert(hour);
                let runs: Vec<(i64, i64)> = hours.iter().collect();
                prop_assert!(runs.windows(2).all(|it| it[0].1 < it[1].0));
            }
            for hour in -42..42 {
                prop_assert_eq!(hours.has(hour), oracle.contains(&hour));
            }
            let open: i64 = hours.gaps(at(-42), at(42)).iter().map(|it| hour_of(it.1) - hour_of(it.0)).sum();
            prop_assert_eq!(open, 84 - i64::try_from(oracle.len()).unwrap());
        }
    }
}
