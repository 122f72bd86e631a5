//! What of the evidence weighs at an instant.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::change::Open;
use crate::evidence::Weighed;
use crate::link::shift;
use crate::resolve::HostNo;
use crate::scope::{BEFORE_S, HOT_S, Scope};

impl Scope<'_> {
    /// The open incident that a host is a part of as of `at`: what is read late, of days before it, is another matter.
    pub(crate) fn alarm_of(&self, host: HostNo, at: Timestamp) -> Option<&Open> {
        self.open.iter().find(|it| it.hosts.contains(&host) && it.covers(at, self.policy.over_s))
    }

    /// What weighs anything as of `at`, on hosts that may be part of an incident, and on one asked about.
    pub(crate) fn weigh(&self, at: Timestamp, about: Option<HostNo>) -> Vec<Weighed<'_>> {
        let open = self.open.iter().filter(|it| it.covers(at, self.policy.over_s));
        let mut hosts: BTreeSet<HostNo> = open.flat_map(|it| it.hosts.iter().copied()).collect();
        let fresh = shift(at, -HOT_S);
        hosts.extend(self.hot.iter().filter(|it| *it.1 >= fresh).map(|it| *it.0).chain(about));
        self.weigh_hosts(hosts.into_iter(), at)
    }

    /// What weighs anything as of `at` on these hosts: where an incident is open since it began (or from now on, where it turns
    /// out to have begun before), elsewhere while it is fresh.
    pub(crate) fn weigh_hosts(&self, hosts: impl Iterator<Item = HostNo>, at: Timestamp) -> Vec<Weighed<'_>> {
        let mut weighed = Vec::new();
        for host in hosts {
            let start = self.alarm_of(host, at).map(|it| it.start);
            let start = start.map(|it| if at < it { shift(at, -BEFORE_S) } else { it });
            for group in self.evidence.of_host(host) {
                weighed.push(match start {
                    Some(start) => Weighed::new(group, group.most_since(start), start),
                    None => {
                        let since = shift(at, -self.policy.counts_s(group.is_alert));
                        Weighed::new(group, group.points(at, self.policy), since)
                    }
                });
            }
        }
        weighed.retain(|it| it.points > 0.0);
        weighed
    }
}
