//! Disjoint volumes of (source, destination, protocol, ports): the kernel refuses overlapping elements in one set.

use ipnet::IpNet;

/// Packets from one prefix to another on a range of ports of one protocol (`""` where ports do not matter).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Volume {
    pub(super) from: IpNet,
    pub(super) to: IpNet,
    pub(super) protocol: &'static str,
    pub(super) ports: (u16, u16),
}

/// Volumes no two of which overlap, each with the name of the rule it comes from.
#[derive(Default)]
pub(super) struct Disjoint {
    volumes: Vec<(Volume, String)>,
}

impl Disjoint {
    pub(super) fn volumes(&self) -> &[(Volume, String)] {
        &self.volumes
    }

    /// Adds what of `volume` is not held yet; smaller ones that it contains are replaced.
    pub(super) fn add(&mut self, volume: Volume, label: &str) {
        self.volumes.retain(|(held, _)| !volume.contains(held));
        let mut parts = vec![volume];
        for (held, _) in &self.volumes {
            parts = parts.iter().flat_map(|it| it.without(held)).collect();
        }
        self.volumes.extend(parts.into_iter().map(|it| (it, label.to_owned())));
    }
}

impl Volume {
    fn contains(&self, other: &Self) -> bool {
        self.protocol == other.protocol
            && self.from.contains(&other.from)
            && self.to.contains(&other.to)
            && self.ports.0 <= other.ports.0
            && other.ports.1 <= self.ports.1
    }

    /// This volume less `other`: what differs is cut off dimension by dimension.
    fn without(&self, other: &Self) -> Vec<Self> {
        let (Some(from), Some(to)) = (narrower(self.from, other.from), narrower(self.to, other.to)) else {
            return vec![*self];
        };
        let ports = (self.ports.0.max(other.ports.0), self.ports.1.min(other.ports.1));
        if self.protocol != other.protocol || ports.0 > ports.1 {
            return vec![*self];
        }
        let mut left: Vec<Self> =
            around(self.from, from).into_iter().map(|from| Self { from, ..*self }).collect();
        left.extend(around(self.to, to).into_iter().map(|to| Self { from, to, ..*self }));
        let inner = Self { from, to, ..*self };
        if self.ports.0 < ports.0 {
            left.push(Self { ports: (self.ports.0, ports.0 - 1), ..inner });
        }
        if ports.1 < self.ports.1 {
            left.push(Self { ports: (ports.1 + 1, self.ports.1), ..inner });
        }
        left
    }
}

/// The narrower of two prefixes when one contains the other.
fn narrower(a: IpNet, b: IpNet) -> Option<IpNet> {
    if a.contains(&b) {
        Some(b)
    } else if b.contains(&a) {
        Some(a)
    } else {
        None
    }
}

/// The prefixes that make up `outer` without `inner`.
fn around(outer: IpNet, inner: IpNet) -> Vec<IpNet> {
    let mut left = Vec::new();
    let mut current = outer;
    while current.prefix_len() < inner.prefix_len() {
        let Ok(halves) = current.subnets(current.prefix_len() + 1) else { break };
        for half in halves {
            if half.contains(&inner) {
                current = half;
            } else {
                left.push(half);
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn volume() -> impl Strategy<Value = Volume> {
        let net = (0_u8..8, 29_u8..=32).prop_map(|(host, len)| {
            format!("10.0.0.{host}/{len}").parse::<IpNet>().map(|it| it.trunc()).unwrap()
        });
        (net.clone(), net, 0_u16..8, 0_u16..4).prop_map(|(from, to, first, more)| Volume {
            from,
            to,
            protocol: "tcp",
            ports: (first, first + more),
        })
    }

    proptest! {
        #[test]
        fn every_point_is_held_exactly_once(volumes in prop::collection::vec(volume(), 1..6)) {
            let mut disjoint = Disjoint::default();
            volumes.iter().for_each(|it| disjoint.add(*it, "rule"));
            let host = |at: u8| format!("10.0.0.{at}/32").parse::<IpNet>().unwrap();
            for from in 0..8 {
                for to in 0..8 {
                    for port in 0..12 {
                        let packet = Volume { from: host(from), to: host(to), protocol: "tcp", ports: (port, port) };
                        let wanted = usize::from(volumes.iter().any(|it| it.contains(&packet)));
                        let held = disjoint.volumes().iter().filter(|it| it.0.contains(&packet)).count();
                        prop_assert_eq!(held, wanted);
                    }
                }
            }
        }
    }
}
