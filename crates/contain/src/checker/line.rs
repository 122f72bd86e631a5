//! Ports of all protocols as ranges on one line, cut and joined.

use bulkhead_model::estate::{Port, Protocol};

/// Ports of all protocols on one line: tcp from 0, udp from 65,536, icmp at 131,072, everything else at 131,073.
pub(super) type Range = (u32, u32);

pub(super) fn ranges(port: Port) -> Vec<Range> {
    let (first, last) = (u32::from(port.first), u32::from(port.last));
    match port.protocol {
        Protocol::Tcp => vec![(first, last)],
        Protocol::Udp => vec![(65_536 + first, 65_536 + last)],
        Protocol::Icmp => vec![(131_072, 131_072)],
        Protocol::Any => vec![(0, 131_073)],
    }
}

pub(super) fn common(a: Range, b: Range) -> Option<Range> {
    let (first, last) = (a.0.max(b.0), a.1.min(b.1));
    (first <= last).then_some((first, last))
}

pub(super) fn without(a: Range, b: Range) -> Vec<Range> {
    let Some((first, last)) = common(a, b) else { return vec![a] };
    let mut left = Vec::new();
    if a.0 < first {
        left.push((a.0, first - 1));
    }
    if last < a.1 {
        left.push((last + 1, a.1));
    }
    left
}
