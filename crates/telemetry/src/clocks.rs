//! Hosts whose logs disagree about the time: by how much, and what their events' times are then.
//!
//! A Sysmon event says twice when it happened: its data by the system's clock (`UtcTime`), its header by the clock of the event
//! tracing session, which every log of the host shares and which a suspended or restored machine leaves behind. Where the two
//! keep a constant distance, the header of every event is that far off, also of those (the security log) that say it once.

use std::collections::{BTreeMap, VecDeque};

use bulkhead_model::case::ClockOffset;
use bulkhead_model::entity::Entities;
use bulkhead_model::event::{ByLayout, Event, Layout, Shape};
use jiff::{SignedDuration, Timestamp};

use crate::parse_time;

/// Seconds from which on two clocks disagree; below it events were written late.
const APART_S: i64 = 600;
/// Seconds by which a constant distance may vary.
const NEAR_S: i64 = 120;
/// Seconds beyond which it is no clock that was left behind, but a time that somebody made up.
const FAR_S: i64 = 31 * 86_400;
/// Events in a row of one mind, from none on, that make it a clock's distance and no accident.
const ENOUGH: u32 = 3;
/// Votes that one distance can have: so many must say otherwise before a clock that was set right counts as right.
const VOTES_MAX: u32 = 100;
/// Hosts whose clocks are known; others are believed.
const HOSTS_MAX: usize = 20_000;

/// What the events of each host say of its clocks, in the order in which they come. What is known at an event rests on those
/// before it.
#[derive(Debug, Default)]
pub struct Clocks {
    hosts: BTreeMap<String, Clock>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    /// Seconds that the data of most events lie after their headers.
    offset: i64,
    /// How many more events say so than say otherwise.
    votes: u32,
    /// The distance that had enough of them last; none before, and where no event says.
    held: Option<i64>,
    /// Whether it was waited for in vain.
    given_up: bool,
    /// The distance by which times were set right last, and how many were.
    told: i64,
    corrected: u64,
}

/// What one event says of its host's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// The host.
    pub host: &'a str,
    /// When it happened, as it was read.
    pub time: Timestamp,
    /// What its header says.
    pub header: Timestamp,
    /// Whether its data say when by themselves, so that `time` is no header's.
    pub twice: bool,
}

impl<'a> Told<'a> {
    /// What an event with these entities says; none where it has no such header.
    pub fn of(who: &'a Entities) -> Option<Self> {
        let header = who.header?;
        Some(Self { host: who.host.as_deref()?, time: who.time?, header: header.at, twice: header.twice })
    }
}

impl Told<'_> {
    /// Takes note of it, where it says twice when it happened.
    pub fn note(self, clocks: &mut Clocks) {
        if self.twice {
            clocks.note(self.host, offset(self.time, self.header));
        }
    }
}

impl Clocks {
    /// Takes note of an event, and tells its time set right; none where the time as read stands.
    #[cfg(test)]
    fn right(&mut self, told: Told<'_>) -> Option<Timestamp> {
        told.note(self);
        self.corrected(told)
    }

    /// Takes note of an event of `host` whose data lie so many seconds after its header.
    pub fn note(&mut self, host: &str, offset: i64) {
        let Some(clock) = self.hosts.get_mut(host) else {
            if self.hosts.len() < HOSTS_MAX {
                self.hosts.insert(host.to_owned(), Clock { offset, votes: 1, ..Clock::default() });
            }
            return;
        };
        // The vote of the majority (Boyer and Moore 1981): the distance that has most events for it wins in one pass.
        if (clock.offset - offset).abs() <= NEAR_S {
            clock.votes = (clock.votes + 1).min(VOTES_MAX);
        } else if clock.votes > 1 {
            clock.votes -= 1;
        } else {
            (clock.offset, clock.votes) = (offset, 1);
        }
        if clock.votes >= ENOUGH {
            clock.held = Some(clock.offset);
        }
    }

    /// The time of an event set right by what is known so far; none where the time as read stands.
    pub fn corrected(&mut self, told: Told<'_>) -> Option<Timestamp> {
        let clock = self.hosts.get_mut(told.host)?;
        let held = clock.held.filter(|it| (APART_S..=FAR_S).contains(&it.abs()))?;
        let right = told.header.checked_add(SignedDuration::from_secs(held)).ok()?;
        clock.told = held;
        clock.corrected += 1;
        // What says it by itself stands, and is another time than its header's all the same.
        (offset(told.time, right).abs() > NEAR_S).then_some(right)
    }

    /// The hosts with events whose times are not those of their headers, by name.
    pub fn offsets(&self) -> Vec<ClockOffset> {
        let corrected = self.hosts.iter().filter(|it| it.1.corrected > 0);
        corrected
            .map(|(host, it)| ClockOffset { host: host.clone(), seconds: it.told, events: it.corrected })
            .collect()
    }
}

impl Clocks {
    /// Whether it is known, or known to be unknowable, by how much the clocks of `host` are apart.
    fn knows(&self, host: &str) -> bool {
        self.hosts.get(host).is_some_and(|it| it.given_up || it.held.is_some())
    }

    fn give_up(&mut self, host: &str) {
        if self.hosts.len() < HOSTS_MAX || self.hosts.contains_key(host) {
            self.hosts.entry(host.to_owned()).or_default().given_up = true;
        }
    }
}

/// What waits until the clocks of its host are known: recordings often hold one log of a host after the other.
#[derive(Debug)]
pub struct Waiting<T> {
    /// With the number of the event that each came of.
    queue: VecDeque<(u64, T)>,
    /// For so many further events at most.
    events: u64,
    /// What it says of its host's clocks, where its time may have to be set right.
    told: fn(&T) -> Option<Told<'_>>,
}

impl<T> Waiting<T> {
    /// Lets everything of which `told` says something wait, for so many further events at most.
    pub fn new(events: u64, told: fn(&T) -> Option<Told<'_>>) -> Self {
        Self { queue: VecDeque::new(), events, told }
    }

    /// Takes what came of the `event`th event of all.
    pub fn push(&mut self, event: u64, it: T) {
        self.queue.push_back((event, it));
    }

    /// The next in the order in which they came that need not wait at the `event`th event, and its time if that was set right.
    pub fn next(&mut self, event: u64, clocks: &mut Clocks) -> Option<(T, Option<Timestamp>)> {
        let (since, first) = self.queue.front()?;
        let told = (self.told)(first);
        if let Some(told) = told
            && !clocks.knows(told.host)
        {
            if event.saturating_sub(*since) < self.events {
                return None;
            }
            clocks.give_up(told.host);
        }
        let right = told.and_then(|it| clocks.corrected(it));
        self.queue.pop_front().map(|it| (it.1, right))
    }
}

/// Seconds by which `time` lies after `header`.
fn offset(time: Timestamp, header: Timestamp) -> i64 {
    time.as_second() - header.as_second()
}

/// What some events say twice of when they happened, gathered without looking at anything else of them: few hosts, many events.
#[derive(Debug, Default)]
pub struct SaidTwice {
    /// Hosts as they are written, and as they are called.
    hosts: Vec<(String, String)>,
    /// Number of the event, of the host, and the seconds by which its data lie after its header.
    said: Vec<(u64, usize, i64)>,
    /// How many of them were told.
    told: usize,
}

/// Where events laid out alike say twice when they happened, and on which host; kept by a reader of many events.
#[derive(Debug, Default)]
pub struct TwicePlaces {
    by_layout: ByLayout<Option<[u32; 3]>>,
    last: Option<Distance>,
}

/// Two times as they were written, and the seconds by which the first lies after the second.
#[derive(Debug)]
struct Distance {
    time: String,
    header: String,
    seconds: i64,
}

impl TwicePlaces {
    /// The seconds by which `time` lies after `header`; none where one cannot be read.
    fn distance(&mut self, time: &str, header: &str) -> Option<i64> {
        // Many events happen within one second: those after the first need not be read.
        if let Some(last) = &self.last
            && is_same_second(time, &last.time)
            && is_same_second(header, &last.header)
        {
            return Some(last.seconds);
        }
        let seconds = offset(parse_time(time)?, parse_time(header)?);
        self.last = Some(Distance { time: time.to_owned(), header: header.to_owned(), seconds });
        Some(seconds)
    }
}

/// The field in which a Sysmon event says when it happened.
const TIME: &str = "UtcTime";
/// The fields that may hold the header's time, and the host.
const HEADER: [&str; 3] = ["TimeCreated_SystemTime", "TimeCreated", "SystemTime"];
const HOST: [&str; 3] = ["Computer", "Hostname", "System.Computer"];

impl SaidTwice {
    /// Looks at the `number`th event.
    pub fn look(&mut self, event: &dyn Event, number: u64, places: &mut TwicePlaces) {
        if event.shape() != Shape::Windows {
            return;
        }
        if let Some((host, offset)) = self.read(event, places) {
            self.said.push((number, host, offset));
        }
    }

    fn read(&mut self, event: &dyn Event, places: &mut TwicePlaces) -> Option<(usize, i64)> {
        let (time, header, host) = match event.layout() {
            Some(layout) => {
                let first = |names: &[&str]| names.iter().find_map(|it| layout.place(it));
                let find = |_: &Layout| Some([first(&[TIME])?, first(&HEADER)?, first(&HOST)?]);
                let [time, header, host] = (*places.by_layout.get_or_make(layout, find))?;
                (event.value_at(time), event.value_at(header), event.value_at(host))
            }
            None => {
                let time = event.get(TIME)?;
                let first = |names: &[&str]| names.iter().find_map(|it| event.get(it));
                (time, first(&HEADER)?, first(&HOST)?)
            }
        };
        let (time, header, host) = (time.to_text(), header.to_text(), host.to_text());
        let offset = if is_same_minute(&time, &header) { 0 } else { places.distance(&time, &header)? };
        let known = self.hosts.iter().rposition(|it| it.0 == *host);
        if known.is_none() {
            self.hosts.push((host.to_string(), crate::entities::host_name(&host)?));
        }
        Some((known.unwrap_or(self.hosts.len() - 1), offset))
    }

    /// Tells `clocks` what the events up to the `number`th say that it was not told yet.
    pub fn tell(&mut self, clocks: &mut Clocks, number: u64) {
        while let Some((_, host, offset)) = self.said.get(self.told).filter(|it| it.0 <= number) {
            clocks.note(&self.hosts[*host].1, *offset);
            self.told += 1;
        }
    }
}

/// Whether two times, in UTC, are written with the same minute: most are, and need not be read.
fn is_same_minute(time: &str, header: &str) -> bool {
    let (Some(time), Some(minute), Some(rest)) = (time.get(..16), header.get(..16), header.get(16..)) else {
        return false;
    };
    time[..10] == minute[..10] && time[11..] == minute[11..] && !rest.contains(['+', '-'])
}

/// Whether two times are written alike, and with the same second: only the digits of its fraction may differ.
fn is_same_second(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (Some((one, fraction)), Some((other, other_fraction))) =
        (one.split_at_checked(SECOND), other.split_at_checked(SECOND))
    else {
        return false;
    };
    let alike = |(one, other): (&u8, &u8)| {
        one == other && !matches!(one, b'+' | b'-') || one.is_ascii_digit() && other.is_ascii_digit()
    };
    let is_fraction =
        fraction.len() == other_fraction.len() && fraction.iter().zip(other_fraction).all(alike);
    one == other && one[10..].contains(&b':') && (is_fraction || fraction == other_fraction)
}

/// Length of a time up to its second: `2026-03-02 09:00:59`.
const SECOND: usize = 19;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Events `(data, header)` of one host, with 0 for data that say nothing; their times set right.
    #[track_caller]
    fn check(events: &[(i64, i64)], expected: &[Option<i64>], offsets: &[(i64, u64)]) {
        let mut clocks = Clocks::default();
        let told = |(own, header): (i64, i64)| {
            let time = if own > 0 { own } else { header };
            Told { host: "h", time: at(time), header: at(header), twice: own > 0 }
        };
        let found: Vec<Option<i64>> =
            events.iter().map(|it| clocks.right(told(*it)).map(Timestamp::as_second)).collect();
        assert_eq!(found, expected);
        let found: Vec<(i64, u64)> = clocks.offsets().iter().map(|it| (it.seconds, it.events)).collect();
        assert_eq!(found, offsets);
    }

    const H: i64 = 3600;

    #[test]
    fn a_constant_distance_sets_every_log_of_the_host_right() {
        let (day, off) = (100 * 86_400, 7 * H);
        let twice = |second: i64| (day + second + off, day + second);
        let once = |second: i64| (0, day + second);
        check(
            &[once(0), twice(1), twice(2), once(3), twice(4), once(5), (day + 6 - H, day + 6)],
            &[None, None, None, None, None, Some(day + 5 + off), Some(day + 6 + off)],
            &[(off, 3)],
        );
    }

    #[test]
    fn what_is_written_late_or_once_in_a_while_elsewhere_is_no_clock() {
        let day = 100 * 86_400;
        let agrees = |second: i64| (day + second, day + second + 1);
        check(
            &[agrees(0), agrees(1), (day - 5 * H, day + 2), agrees(3), (day - 5 * H, day + 4), (0, day + 5)],
            &[None; 6],
            &[],
        );
        check(&[(day - 60, day), (day - 59, day + 1), (day - 58, day + 2), (0, day + 3)], &[None; 4], &[]);
    }

    #[test]
    fn what_came_before_the_clock_was_known_waits_for_it() {
        let (day, off) = (100 * 86_400, 7 * H);
        let run = |wait: u64| -> Vec<(u64, Option<i64>)> {
            struct Of(u64, &'static str, Timestamp, Timestamp, bool);
            let of: fn(&Of) -> Option<Told<'_>> =
                |it| Some(Told { host: it.1, time: it.2, header: it.3, twice: it.4 });
            let (mut clocks, mut waiting) = (Clocks::default(), Waiting::new(wait, of));
            let mut out = Vec::new();
            for event in 0..10_u64 {
                let second = day + event.cast_signed();
                // The security log first, then Sysmon's; another host says nothing of clocks.
                let twice = event >= 5;
                let time = if twice { second + off } else { second };
                let host = if event == 1 { "other" } else { "h" };
                if twice {
                    clocks.note(host, time - second);
                }
                waiting.push(event, Of(event, host, at(time), at(second), twice));
                while let Some((Of(it, ..), right)) = waiting.next(event, &mut clocks) {
                    out.push((it, right.map(|it| it.as_second() - day)));
                }
            }
            out
        };
        let known = |events: std::ops::Range<u64>| events.map(|it| (it, Some(it.cast_signed() + off)));
        let mut expected = vec![(0, Some(off)), (1, None)];
        expected.extend(known(2..5));
        expected.extend((5..10).map(|it| (it, None)));
        assert_eq!(run(8), expected);
        assert_eq!(run(2)[..3], [(0, None), (1, None), (2, None)]);
    }

    #[test]
    fn the_same_minute_is_seen_without_reading() {
        let same = |header| is_same_minute("2026-03-02 09:00:59.9", header);
        assert!(same("2026-03-02T09:00:01Z") && same("2026-03-02 09:00:01"));
        assert!(!same("2026-03-02T09:01:00Z") && !same("2026-03-02T09:00:01+02:00") && !same("2026-03-02"));
    }

    #[test]
    fn the_same_second_is_seen_without_reading() {
        let same = |one, other| is_same_second(one, other);
        assert!(same("2026-03-02 09:00:59.9", "2026-03-02 09:00:59.1"));
        assert!(same("2026-03-02T09:00:59Z", "2026-03-02T09:00:59Z"));
        assert!(same("2026-03-02T09:00:59.25+02:00", "2026-03-02T09:00:59.25+02:00"));
        assert!(!same("2026-03-02T09:00:59.25+02:00", "2026-03-02T09:00:59.25+03:00"));
        assert!(!same("2026-03-02T09:00:59.25", "2026-03-02T09:00:59.2Z"));
        assert!(!same("2026-03-02 09:00:58.9", "2026-03-02 09:00:59.9") && !same("2026-03-02", "2026-03-02"));
        assert!(!same("1772442059123456789123", "1772442059123456789124"));
    }

    #[test]
    fn a_clock_that_is_set_right_is_right_again() {
        let day = 100 * 86_400;
        let off = |second: i64| (day + second + H, day + second);
        let fine = |second: i64| (day + second, day + second);
        let mut events: Vec<(i64, i64)> = (0..4).map(off).collect();
        events.extend((10..20).map(fine));
        events.push((0, day + 30));
        let mut clocks = Clocks::default();
        let mut last = None;
        for (own, header) in events {
            let time = if own > 0 { own } else { header };
            last = clocks.right(Told { host: "h", time: at(time), header: at(header), twice: own > 0 });
        }
        assert_eq!(last, None);
    }
}
