//! When anything was recorded at all, and when each host came under observation.

use std::collections::BTreeSet;

use bulkhead_model::entity::Observations;
use jiff::Timestamp;

use crate::normal::SPAN_S;
use crate::resolve::{HostNo, Resolver};

/// The first span of every hour in which anything was recorded, and when each host was first seen; last first.
pub(crate) fn beats(observations: &Observations, resolver: &mut Resolver<'_>) -> Vec<(i64, Option<HostNo>)> {
    /// Hours of a run that are noted: what lies between is no gap to speak of.
    const HOURS_MAX: i64 = 24 * 366;
    let mut hours = BTreeSet::new();
    let hosts = || observations.hosts.values();
    let sensed = hosts().map(|it| &it.sensed).chain(observations.wire.values()).flat_map(|it| it.values());
    let inside = hosts().map(|it| &it.inside).chain([&observations.inside]).flat_map(|it| it.values());
    for (from, to) in sensed.chain(inside).flat_map(bulkhead_model::sensor::Hours::iter) {
        hours.extend((from..to).take(usize::try_from(HOURS_MAX).unwrap_or(usize::MAX)));
    }
    // A log that speaks of nothing a sensor of ours watches for is watched all the same.
    for (from, to) in observations.heard.iter() {
        hours.extend((from..to).take(usize::try_from(HOURS_MAX).unwrap_or(usize::MAX)));
    }
    let mut beats: Vec<(i64, Option<HostNo>)> =
        hours.into_iter().map(|it| (it.saturating_mul(3600 / SPAN_S), None)).collect();
    for (name, host) in &observations.hosts {
        if let (Some(number), Some(first)) = (resolver.host(name), host.seen.first) {
            beats.push((span_of(first), Some(number)));
        }
    }
    beats.sort_unstable_by(|a, b| b.cmp(a));
    beats
}

/// Number of the span of ten minutes since 1970.
pub(crate) fn span_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SPAN_S)
}
