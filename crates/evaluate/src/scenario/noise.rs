//! Ordinary life in a scenario: its kinds, how much of each, and when.

use bulkhead_model::span::Span;
use jiff::civil::Weekday;

use super::Pick;

/// One kind of ordinary life, where, how much of it, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// What.
    pub kind: NoiseKind,
    /// On which hosts; for `flows`, on which flows' origins. Every host when empty.
    pub on: Vec<Pick>,
    /// How much and when.
    pub pace: Pace,
}

/// How much of a kind there is, and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Pace {
    /// All the time.
    Steady {
        /// Events (or small groups of events) in an hour at its busiest: per host, and for `flows` per flow.
        per_hour: f64,
        /// How the hours of the week differ.
        rhythm: Rhythm,
    },
    /// On some days, at a time of day.
    Dated(Dates),
}

/// When something happens that has its days, and how much of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dates {
    /// Hosts it is done from: the first selector that means any counts. Chosen by their roles when empty.
    pub from: Vec<Pick>,
    /// Days of the week.
    pub days: Vec<Weekday>,
    /// Which of those days in a month, 1 the first of it; all when empty.
    pub weeks: Vec<u8>,
    /// Time of day at which it begins.
    pub at: Span,
    /// Time over which it is spread.
    pub lasts: Span,
    /// Whether the operator has announced it in the estate: a scanner as such, anything else as maintenance.
    pub announced: bool,
    /// How much: of the hosts meant that share each time; of `joiners` so many people.
    pub amount: f64,
}

/// How busy the hours of a week are, in the scenario's time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// Every hour alike.
    #[default]
    Steady,
    /// People at work: Monday to Friday from eight to six, a little around it, next to nobody at night and on weekends.
    Office,
    /// Machines at night, from ten to five, and little by day.
    Night,
}

impl Rhythm {
    /// All, with the names scenarios use.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("steady", Self::Steady), ("office", Self::Office), ("night", Self::Night)];

    /// How busy an hour of a day is, of 100 at the busiest.
    pub fn percent(self, day: Weekday, hour: i8) -> u64 {
        let is_weekend = matches!(day, Weekday::Saturday | Weekday::Sunday);
        match (self, hour) {
            (Self::Steady, _) | (Self::Night, 22.. | 0..=4) => 100,
            (Self::Office, 8..=17) if is_weekend => 6,
            (Self::Office, 9..=11 | 14..=16) if !is_weekend => 100,
            (Self::Office, 8 | 17) if !is_weekend => 80,
            (Self::Office, 12 | 13) if !is_weekend => 60,
            (Self::Office, 7 | 18) if !is_weekend => 30,
            (Self::Office, 6 | 19 | 20) if !is_weekend => 10,
            (Self::Office, _) => 3,
            (Self::Night, _) => 15,
        }
    }
}

/// Kinds of ordinary life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseKind {
    /// People work: programs start, names are looked up, pages are read.
    Desktop,
    /// Accounts log on over the network.
    Logon,
    /// A password is mistyped.
    Mistyped,
    /// Administrators log in along management channels and declared flows.
    Admin,
    /// Jobs run: cron, backup, health checks.
    Jobs,
    /// Declared flows are used.
    Flows,
    /// Network engineers type commands.
    Netops,
    /// People do what rules look for, for good reasons.
    Odd,
    /// Updates are installed on many hosts within hours, and the hosts restart.
    Patches,
    /// People begin: their accounts are made, they log on for the first time.
    Joiners,
    /// A scanner for weaknesses tries many ports of many hosts.
    Scanner,
    /// Administrators go from server to server, with the tools they use for it.
    Rounds,
    /// Backup servers fetch what they keep, host by host.
    Backups,
}

impl NoiseKind {
    /// All, with the names scenarios use.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("desktop", Self::Desktop),
        ("logon", Self::Logon),
        ("mistyped", Self::Mistyped),
        ("admin", Self::Admin),
        ("jobs", Self::Jobs),
        ("flows", Self::Flows),
        ("netops", Self::Netops),
        ("odd", Self::Odd),
        ("patches", Self::Patches),
        ("joiners", Self::Joiners),
        ("scanner", Self::Scanner),
        ("rounds", Self::Rounds),
        ("backups", Self::Backups),
    ];

    /// The name scenarios use.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }

    /// When a kind that has its days happens where a scenario does not say; none for kinds that go on all the time.
    pub fn dates(self) -> Option<Dates> {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let working = || vec![Monday, Tuesday, Wednesday, Thursday, Friday];
        let every = || vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
        let (days, weeks, at, lasts, amount) = match self {
            Self::Patches => (vec![Wednesday], vec![2], 20 * 60, 120, 1.0),
            Self::Joiners => (vec![Monday], vec![], 8 * 60 + 30, 120, 1.0),
            Self::Scanner => (every(), vec![], 60 + 30, 90, 0.2),
            Self::Rounds => (working(), vec![], 7 * 60 + 30, 60, 0.05),
            Self::Backups => (every(), vec![], 23 * 60, 120, 1.0),
            _ => return None,
        };
        let minutes = |it: u64| Span::from_secs(it * 60);
        Some(Dates {
            from: Vec::new(),
            days,
            weeks,
            at: minutes(at),
            lasts: minutes(lasts),
            announced: false,
            amount,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offices_are_busy_by_day_and_machines_by_night() {
        let at = |rhythm: Rhythm, day, hour| rhythm.percent(day, hour);
        assert_eq!(at(Rhythm::Office, Weekday::Tuesday, 10), 100);
        assert_eq!(at(Rhythm::Office, Weekday::Tuesday, 3), 3);
        assert_eq!(at(Rhythm::Office, Weekday::Sunday, 10), 6);
        assert_eq!(at(Rhythm::Office, Weekday::Sunday, 7), 3);
        assert_eq!(at(Rhythm::Night, Weekday::Sunday, 23), 100);
        assert_eq!(at(Rhythm::Night, Weekday::Monday, 12), 15);
        assert_eq!(at(Rhythm::Steady, Weekday::Monday, 12), 100);
    }
}
