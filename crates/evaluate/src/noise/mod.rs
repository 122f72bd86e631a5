//! Ordinary life: what an estate logs on a day without an attack. Some of it looks suspicious, as it does everywhere.

mod announce;
mod backups;
mod calendar;
mod joiners;
mod ordinary;
mod patches;
mod rounds;
mod scanner;

use bulkhead_model::span::Span;
use jiff::{SignedDuration, Timestamp};

use self::calendar::{Calendar, after};
use crate::movement::Movement;
use crate::rng::Rng;
use crate::scenario::{Dates, Noise, NoiseKind, Pace, Pick, Rhythm};
use crate::telemetry::{Scene, Sink};
use crate::world::{HostNo, World};

/// Most groups of events one drill may hold, a month of the built-in day and more; beyond it the most frequent noise is
/// thinned out evenly, and what is left out is counted. What is rare stays: it is what may raise a false alarm.
const GROUPS_MAX: f64 = 2_000_000.0;

/// Most hosts that what has its days happens on in one day.
const HOSTS_MAX: usize = 2_000;

/// Where noise comes from and goes to.
pub(crate) struct Maker<'a, 'e> {
    pub world: &'a World<'e>,
    pub movement: &'a Movement,
    pub sink: &'a mut Sink,
    pub seed: u64,
    /// Groups left out because there were too many.
    pub dropped: u64,
    groups: u64,
    calendar: Calendar,
}

impl<'a, 'e> Maker<'a, 'e> {
    /// `zone` is the time zone of hours and days.
    pub fn new(
        world: &'a World<'e>,
        movement: &'a Movement,
        sink: &'a mut Sink,
        seed: u64,
        zone: &str,
    ) -> Self {
        Self { world, movement, sink, seed, dropped: 0, groups: 0, calendar: Calendar::new(zone) }
    }

    /// Makes the noise of `length` from `start` on.
    pub fn make(&mut self, noises: &[Noise], start: Timestamp, length: Span) {
        for (number, noise) in noises.iter().enumerate() {
            if let Pace::Dated(dates) = &noise.pace {
                self.dated(number, noise, dates, (start, after(start, length.secs())));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count below 2^52")]
        let left = (GROUPS_MAX - self.groups as f64).max(0.0);
        let room = room(noises.iter().map(|it| self.expected(it, start, length)).collect(), left);
        for (number, noise) in noises.iter().enumerate() {
            let Pace::Steady { per_hour, rhythm } = noise.pace else { continue };
            let share = (room / self.expected(noise, start, length).max(1.0)).min(1.0);
            let pace = (per_hour, rhythm, share);
            if noise.kind == NoiseKind::Flows {
                for flow in 0..self.movement.flows().len() {
                    let name = format!("noise {number} flow {flow} {start}");
                    self.each(&name, pace, start, length, |scene, movement| {
                        scene.flow_used(&movement.flows()[flow], &noise.on);
                    });
                }
                continue;
            }
            for host in self.meant(&noise.on) {
                let name = format!("noise {number} {} {start}", self.world.asset(host).id);
                self.each(&name, pace, start, length, |scene, movement| {
                    scene.ordinary(noise.kind, host, movement);
                });
            }
        }
    }

    /// Groups that `noise` comes to, of what goes on all the time.
    #[expect(clippy::cast_precision_loss, reason = "counts of hosts and seconds")]
    fn expected(&self, noise: &Noise, start: Timestamp, length: Span) -> f64 {
        let Pace::Steady { per_hour, rhythm } = noise.pace else { return 0.0 };
        let streams = match noise.kind {
            NoiseKind::Flows => self.movement.flows().len(),
            _ => self.meant(&noise.on).len(),
        };
        let busy = self.calendar.mean(rhythm, start, length);
        streams as f64 * (per_hour.max(0.0) * busy * length.secs() as f64 / 3600.0).ceil()
    }

    /// The hosts that any of `on` means; all when there is none.
    fn meant(&self, on: &[Pick]) -> Vec<HostNo> {
        let is_meant =
            |it: &HostNo| on.is_empty() || on.iter().any(|pick| pick.matches(self.world.asset(*it)));
        self.world.all().filter(is_meant).collect()
    }

    /// One group of events in every slot of an hour's fraction, at a moment of the slot that the seed decides; in hours
    /// that are less busy, some of them.
    fn each(
        &mut self,
        name: &str,
        (per_hour, rhythm, share): (f64, Rhythm, f64),
        start: Timestamp,
        length: Span,
        mut group: impl FnMut(&mut Scene<'_, 'e>, &Movement),
    ) {
        if per_hour <= 0.0 {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "3 ms to a century, in range"
        )]
        let slot = (3_600_000.0 / per_hour).clamp(3.0, 3e12) as u64;
        let length = length.secs() * 1000;
        let mut rng = Rng::new(self.seed, name);
        // The first slot begins before the start, so that rare things are not all late.
        let mut at = rng.below(slot);
        let mut kept = 0.0;
        while at < length {
            let next = at - at % slot.max(1) + slot + rng.below(slot);
            let moment = SignedDuration::from_millis(i64::try_from(at).unwrap_or(i64::MAX));
            let instant = start.saturating_add(moment).unwrap_or(start);
            let busy = self.calendar.percent(rhythm, instant);
            at = next;
            if busy < 100 && rng.below(100) >= busy {
                continue;
            }
            kept += share;
            if kept < 1.0 {
                self.dropped += 1;
                continue;
            }
            kept -= 1.0;
            self.groups += 1;
            let rng = Rng::new(rng.next(), name);
            group(
                &mut Scene { world: self.world, movement: self.movement, sink: self.sink, rng, at: instant },
                self.movement,
            );
        }
    }

    /// What has its days, on each of them that touches `within`.
    fn dated(&mut self, number: usize, noise: &Noise, dates: &Dates, within: (Timestamp, Timestamp)) {
        let hosts = self.meant(&noise.on);
        for (date, begin) in self.calendar.occurrences(dates, within.0, within.1) {
            // Named by its date, so that a day is the same wherever the recording is cut.
            let name = format!("noise {number} {} {date}", noise.kind.name());
            let day = Day { name, begin, dates, within };
            match noise.kind {
                NoiseKind::Patches => self.patches(&day, &hosts),
                NoiseKind::Joiners => self.joiners(&day, &hosts),
                NoiseKind::Scanner => self.scanner(&day, &hosts, number),
                NoiseKind::Rounds => self.rounds(&day, &hosts),
                NoiseKind::Backups => self.backups(&day, &hosts),
                _ => {}
            }
        }
    }

    /// The hosts it is done from: the first selector that means any, else the first of `roles` that any has.
    fn origins(&self, dates: &Dates, roles: &[&str]) -> Vec<HostNo> {
        let picked = dates.from.iter().map(|it| self.meant(std::slice::from_ref(it)));
        let has = |role: &str| {
            let has = |it: &HostNo| self.world.asset(*it).roles.iter().any(|it| it == role);
            self.world.all().filter(has).collect::<Vec<_>>()
        };
        let by_role = roles.iter().map(|it| has(it));
        picked.chain(by_role).find(|it| !it.is_empty()).unwrap_or_default()
    }

    /// The day's share of `hosts`, one after the other over the time that it lasts.
    fn tour(&mut self, day: &Day<'_>, hosts: &[HostNo]) -> Vec<(HostNo, Timestamp)> {
        let mut rng = Rng::new(self.seed, &day.name);
        let mut hosts = hosts.to_vec();
        let count = part(hosts.len(), day.dates.amount);
        for at in 0..count {
            let other = at + usize::try_from(rng.below((hosts.len() - at) as u64)).unwrap_or_default();
            hosts.swap(at, other);
        }
        hosts.truncate(count);
        self.dropped += count.saturating_sub(HOSTS_MAX) as u64;
        hosts.truncate(HOSTS_MAX);
        let pause = day.dates.lasts.secs() / (hosts.len() as u64).max(1);
        let moments = (0_u64..).map(|it| after(day.begin, it * pause + rng.below(pause)));
        hosts.into_iter().zip(moments).collect()
    }

    /// Something at `at` of a day, if it lies within what is played. `name` tells it from all else on that day.
    fn moment(&mut self, day: &Day<'_>, name: &str, at: Timestamp, act: impl FnOnce(&mut Scene<'_, 'e>)) {
        if at < day.within.0 || at >= day.within.1 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count below 2^52")]
        if self.groups as f64 >= GROUPS_MAX {
            self.dropped += 1;
            return;
        }
        self.groups += 1;
        let rng = Rng::new(self.seed, &format!("{} {name}", day.name));
        act(&mut Scene { world: self.world, movement: self.movement, sink: self.sink, rng, at });
    }
}

/// One day of what has its days.
struct Day<'d> {
    /// Names its chances.
    name: String,
    begin: Timestamp,
    dates: &'d Dates,
    /// What is played.
    within: (Timestamp, Timestamp),
}

/// So many of `count`: `share` of them, at least one unless the share is nothing.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of hosts"
)]
fn part(count: usize, share: f64) -> usize {
    if share <= 0.0 || count == 0 {
        return 0;
    }
    ((count as f64 * share).round() as usize).clamp(1, count)
}

/// How many each of those wanted may come to at most, so that all together are at most `left`: the small ones in full.
#[expect(clippy::cast_precision_loss, reason = "few")]
fn room(mut wanted: Vec<f64>, mut left: f64) -> f64 {
    wanted.sort_by(f64::total_cmp);
    for (taken, it) in wanted.iter().enumerate() {
        let each = left / (wanted.len() - taken) as f64;
        if *it > each {
            return each;
        }
        left -= it;
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_stays_and_what_is_frequent_is_thinned_out() {
        assert_eq!(room(vec![5.0, 100.0, 20.0], 125.0), f64::INFINITY);
        assert_eq!(room(vec![5.0, 100.0, 20.0], 65.0), 40.0);
        assert_eq!(room(vec![5.0, 100.0, 90.0], 65.0), 30.0);
        assert_eq!(room(vec![], 65.0), f64::INFINITY);
    }
}
