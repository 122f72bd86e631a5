//! Who was seen up to an instant, summed up without beginning anew at every look.

use bulkhead_model::entity::{Entities, Observations};
use bulkhead_telemetry::{Bounds, Observer};
use jiff::Timestamp;

/// What each event of a play says of whom, by time, and the sum of it up to where it was asked for last.
///
/// A drill looks forward most of the time, and back to no earlier than where it looked first. So two sums are kept, and
/// the first is where a look back begins.
#[derive(Debug, Default)]
pub struct Sums {
    /// By time.
    seen: Vec<Entities>,
    first: Option<Sum>,
    last: Sum,
    observations: Observations,
}

/// The sum of so many events.
#[derive(Clone, Debug)]
struct Sum {
    events: usize,
    observer: Observer,
}

impl Default for Sum {
    fn default() -> Self {
        Self { events: 0, observer: Observer::new(Bounds::default()) }
    }
}

impl Sums {
    /// Of events in any order.
    pub fn new(mut seen: Vec<Entities>) -> Self {
        seen.sort_by_key(|it| it.time);
        Self { seen, ..Self::default() }
    }

    /// Sums up to `now`; events without a time are known from the beginning.
    pub fn until(&mut self, now: Timestamp) -> &Observations {
        let events = self.seen.partition_point(|it| it.time.is_none_or(|at| at <= now));
        if events != self.last.events {
            self.reach(events);
        }
        &self.observations
    }

    /// The sum as it was asked for last.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    fn reach(&mut self, events: usize) {
        if events < self.last.events {
            let first = self.first.as_ref().filter(|it| it.events <= events);
            self.last = first.cloned().unwrap_or_default();
        }
        for who in &self.seen[self.last.events..events] {
            self.last.observer.add(who);
        }
        self.last.events = events;
        self.first.get_or_insert_with(|| self.last.clone());
        self.observations = self.last.observer.clone().finish();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(minute: i64, host: u8) -> Entities {
        Entities {
            time: Timestamp::from_second(60 * minute).ok(),
            host: Some(format!("h{host}.example")),
            ..Entities::default()
        }
    }

    fn plain(seen: &[Entities], now: Timestamp) -> Observations {
        let mut observer = Observer::new(Bounds::default());
        seen.iter().filter(|it| it.time <= Some(now)).for_each(|it| observer.add(it));
        observer.finish()
    }

    proptest! {
        #[test]
        fn a_look_in_any_order_is_the_plain_sum(
            events in prop::collection::vec((0_i64..40, 0_u8..4), 0..30),
            looks in prop::collection::vec(0_i64..45, 1..12),
        ) {
            let mut seen: Vec<Entities> = events.iter().map(|&(at, host)| event(at, host)).collect();
            let mut sums = Sums::new(seen.clone());
            seen.sort_by_key(|it| it.time);
            for minute in looks {
                let now = Timestamp::from_second(60 * minute).unwrap();
                prop_assert_eq!(sums.until(now), &plain(&seen, now));
            }
        }
    }
}
