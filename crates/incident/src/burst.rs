//! Bursts: many different rules on one host within an hour, each of them rare in telemetry long enough to know.
//!
//! One alert of a kind never seen before says little; half a dozen kinds at once on one host are an attack.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::finding::Level;
use jiff::Timestamp;

use crate::group::{Group, hour};
use crate::policy::Policy;
use crate::resolve::HostNo;

/// Seconds of a burst.
pub(crate) const WINDOW_S: i64 = 3600;

/// What a burst says of one of its groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InBurst {
    /// First hit of the group within the burst.
    pub at: Timestamp,
    /// How many different rules the burst has.
    pub rules: usize,
}

/// The groups that belong to the largest burst of their host, by index.
pub(crate) fn bursts(groups: &[Group<'_>], policy: &Policy) -> BTreeMap<usize, InBurst> {
    let mut found = BTreeMap::new();
    let all_hours: BTreeSet<i64> = groups.iter().flat_map(|it| it.times.iter().map(hour)).collect();
    if (all_hours.len() as u64) < policy.habit_hours {
        return found;
    }
    let mut host_hours = BTreeMap::<&str, usize>::new();
    for group in groups {
        let hours: BTreeSet<i64> = group.times.iter().map(hour).collect();
        *host_hours.entry(&group.rule.id).or_default() += hours.len();
    }
    let mut rare = BTreeMap::<HostNo, Vec<(Timestamp, usize)>>::new();
    for (index, group) in groups.iter().enumerate() {
        let is_rare = host_hours[group.rule.id.as_str()] <= policy.rare_host_hours;
        if is_rare && group.rule.level > Level::Informational {
            rare.entry(group.host).or_default().extend(group.times.iter().map(|it| (*it, index)));
        }
    }
    for mut hits in rare.into_values() {
        hits.sort_unstable();
        let (rules, start) = largest(&hits);
        if rules < policy.burst_rules.max(2) {
            continue;
        }
        let end = hits[start].0.as_second() + WINDOW_S;
        for (at, group) in hits[start..].iter().take_while(|it| it.0.as_second() <= end) {
            found.entry(*group).or_insert(InBurst { at: *at, rules });
        }
    }
    found
}

/// Most different groups within one window, and where that window begins; the first of several.
fn largest(hits: &[(Timestamp, usize)]) -> (usize, usize) {
    let mut inside = BTreeMap::<usize, usize>::new();
    let (mut best, mut end) = ((0, 0), 0);
    for start in 0..hits.len() {
        while end < hits.len() && hits[end].0.as_second() <= hits[start].0.as_second() + WINDOW_S {
            *inside.entry(hits[end].1).or_default() += 1;
            end += 1;
        }
        if inside.len() > best.0 {
            best = (inside.len(), start);
        }
        if let Some(count) = inside.get_mut(&hits[start].1) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&hits[start].1);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_window_is_the_one_with_most_kinds() {
        let at = |secs| Timestamp::from_second(secs).unwrap();
        let hits = [(at(0), 1), (at(10), 1), (at(5000), 2), (at(5010), 3), (at(8600), 1), (at(8601), 4)];
        assert_eq!(largest(&hits), (3, 2));
        assert_eq!(largest(&hits[..2]), (1, 0));
        assert_eq!(largest(&[]), (0, 0));
    }
}
