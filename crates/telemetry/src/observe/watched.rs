//! In which hours which sensor recorded something, of a host or of an address on the wire.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulkhead_model::address::Range;
use bulkhead_model::entity::{Between, Entities, ObservedHost, Sensed};
use bulkhead_model::sensor::{Hours, Sensor, hour_of};

use super::{Bounds, Observer};

/// How much more may be kept.
pub(super) struct Room<'o> {
    pub(super) stretches: &'o mut usize,
    pub(super) inside: &'o mut usize,
    pub(super) bounds: Bounds,
}

impl Room<'_> {
    /// Notes what an event of `hour` shows of the host that recorded it; how much of that found no room.
    pub(super) fn host(mut self, host: &mut ObservedHost, entities: &Entities, hour: i64) -> u64 {
        let between = entities.flow.as_ref().and_then(Between::of);
        let mut dropped = 0;
        for sensor in entities.sensors.iter() {
            let kept = match between.filter(|_| sensor == Sensor::Egress) {
                Some(pair) => self.between(&mut host.inside, pair, hour),
                None => self.sense(&mut host.sensed, sensor, hour),
            };
            dropped += u64::from(!kept);
        }
        dropped
    }

    /// Notes that `sensor` recorded something in `hour`; whether there was room for it.
    fn sense(&mut self, sensed: &mut Sensed, sensor: Sensor, hour: i64) -> bool {
        self.add(sensed.entry(sensor).or_default(), hour)
    }

    /// Notes that something was recorded between two private addresses in `hour`; whether there was room for it.
    fn between(&mut self, inside: &mut BTreeMap<Between, Hours>, pair: Between, hour: i64) -> bool {
        if !inside.contains_key(&pair) {
            if *self.inside >= self.bounds.inside {
                return false;
            }
            *self.inside += 1;
        }
        self.add(inside.entry(pair).or_default(), hour)
    }

    fn add(&mut self, hours: &mut Hours, hour: i64) -> bool {
        if hours.has(hour) {
            return true;
        }
        // An hour that lies beside a known stretch makes it longer and takes no room.
        let alone = !hours.has(hour - 1) && !hours.has(hour + 1);
        if alone && *self.stretches >= self.bounds.stretches {
            return false;
        }
        hours.add(hour);
        *self.stretches += usize::from(alone);
        true
    }
}

impl Observer {
    /// What others than the host itself record of an address: who asked a proxy or a name server, the ends of a flow.
    pub(super) fn wire(&mut self, entities: &Entities) {
        let Some(at) = entities.time else { return };
        if entities.host.is_none()
            && let Some(subject) = entities.subject
        {
            for sensor in entities.sensors.iter() {
                self.watch(subject, sensor, hour_of(at));
            }
        }
        let Some(flow) = &entities.flow else { return };
        for sensor in entities.wire.iter() {
            if sensor == Sensor::Egress
                && let Some(pair) = Between::of(flow)
            {
                let mut room =
                    Room { stretches: &mut self.stretches, inside: &mut self.inside, bounds: self.bounds };
                let kept = room.between(&mut self.seen.inside, pair, hour_of(at));
                self.seen.dropped += u64::from(!kept);
                continue;
            }
            if sensor != Sensor::Logon {
                self.watch(flow.from, sensor, hour_of(at));
            }
            // Who is asked for a name asked for none.
            if sensor != Sensor::Dns {
                self.watch(flow.to, sensor, hour_of(at));
            }
        }
    }

    fn watch(&mut self, address: IpAddr, sensor: Sensor, hour: i64) {
        let address = address.to_canonical();
        let full = if is_local(address) { self.bounds.watched } else { self.bounds.watched / 2 };
        if !self.seen.wire.contains_key(&address) && self.seen.wire.len() >= full {
            self.seen.dropped += 1;
            return;
        }
        let sensed = self.seen.wire.entry(address).or_default();
        let mut room = Room { stretches: &mut self.stretches, inside: &mut self.inside, bounds: self.bounds };
        let kept = room.sense(sensed, sensor, hour);
        self.seen.dropped += u64::from(!kept);
    }
}

/// Whether an address belongs to a private network or to one wire; hosts of others would fill the tables first.
pub(super) fn is_local(address: IpAddr) -> bool {
    matches!(Range::of(address), Range::Private | Range::Link)
}
