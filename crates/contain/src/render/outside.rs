//! The addresses that an external zone stands for: its ranges, or everything that nobody else in the estate has.

use std::collections::BTreeSet;

use bulkhead_model::estate::Estate;
use bulkhead_model::id::ZoneId;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Per zone of the estate, in its order: the addresses of an external zone, ascending and merged; nothing for all others.
///
/// A zone with ranges is these less what lies inside; without any it is the rest of the world, less other external zones.
pub(crate) fn ranges(estate: &Estate) -> Vec<Vec<IpNet>> {
    if estate.zones.iter().all(|it| !it.external) {
        return vec![Vec::new(); estate.zones.len()];
    }
    let external: BTreeSet<&ZoneId> = estate.zones.iter().filter(|it| it.external).map(|it| &it.id).collect();
    let cidrs = |of_external: bool| {
        let zones = estate.zones.iter().filter(move |it| it.external == of_external);
        zones.flat_map(|it| it.cidrs.iter().map(IpNet::trunc))
    };
    let addresses = |of_external: bool| {
        let assets = estate.assets.iter().filter(|it| external.contains(&it.zone) == of_external);
        assets.flat_map(|it| it.addresses.iter().map(|&it| IpNet::from(it))).collect::<Vec<IpNet>>()
    };
    let inside: Vec<IpNet> = cidrs(false).chain(addresses(false)).collect();
    let everybody: Vec<IpNet> = inside.iter().copied().chain(cidrs(true)).chain(addresses(true)).collect();
    let (inside, everybody) = (IpNet::aggregate(&inside), IpNet::aggregate(&everybody));
    let world = [IpNet::from(Ipv4Net::default()), IpNet::from(Ipv6Net::default())];
    let of_zone = |zone: &bulkhead_model::estate::Zone| match (zone.external, zone.cidrs.is_empty()) {
        (false, _) => Vec::new(),
        (true, true) => less(&world, &everybody),
        (true, false) => less(&zone.cidrs.iter().map(IpNet::trunc).collect::<Vec<IpNet>>(), &inside),
    };
    estate.zones.iter().map(of_zone).collect()
}

/// `nets` without `holes`, ascending and merged.
fn less(nets: &[IpNet], holes: &[IpNet]) -> Vec<IpNet> {
    let mut left = Vec::new();
    for net in IpNet::aggregate(&nets.to_vec()) {
        carve(net, holes, &mut left);
    }
    let mut left = IpNet::aggregate(&left);
    left.sort();
    left
}

fn carve(net: IpNet, holes: &[IpNet], left: &mut Vec<IpNet>) {
    if holes.iter().any(|it| it.contains(&net)) {
        return;
    }
    let within: Vec<IpNet> = holes.iter().copied().filter(|it| net.contains(it)).collect();
    if within.is_empty() {
        return left.push(net);
    }
    // A hole lies within and is not all of it: so it can be halved.
    if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
        halves.for_each(|half| carve(half, &within, left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(nets: &[&str], holes: &[&str], expect: &str) {
        let read = |list: &[&str]| list.iter().map(|it| it.parse().unwrap()).collect::<Vec<IpNet>>();
        let left = less(&read(nets), &read(holes));
        let text: Vec<String> = left.iter().map(ToString::to_string).collect();
        assert_eq!(text.join(" "), expect, "{nets:?} less {holes:?}");
    }

    #[test]
    fn what_lies_inside_is_carved_out() {
        check(&["0.0.0.0/0"], &[], "0.0.0.0/0");
        check(&["0.0.0.0/0"], &["0.0.0.0/0"], "");
        check(&["10.0.0.0/8"], &["10.128.0.0/9"], "10.0.0.0/9");
        check(&["10.0.0.0/30"], &["10.0.0.1/32", "fd00::/8"], "10.0.0.0/32 10.0.0.2/31");
        check(&["0.0.0.0/0", "::/0"], &["128.0.0.0/1", "8000::/1"], "0.0.0.0/1 ::/1");
        check(&["192.0.2.0/24"], &["10.0.0.0/8"], "192.0.2.0/24");
    }

    #[test]
    fn an_outside_without_ranges_is_the_rest_of_the_world() {
        let estate: Estate = serde_json::from_value(serde_json::json!({
            "version": 1, "estate": {"id": "e", "name": "E"},
            "zones": [
                {"id": "in", "cidrs": ["0.0.0.0/2", "4000::/2", "::/2"]}, {"id": "internet", "external": true},
                {"id": "partner", "external": true, "cidrs": ["128.0.0.0/1"]},
            ],
            "assets": [{"id": "a", "zone": "in", "addresses": ["8000::1"]}],
        }))
        .unwrap();
        let ranges = ranges(&estate);
        assert!(ranges[0].is_empty());
        let text = |at: usize| ranges[at].iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(text(2), "128.0.0.0/1");
        assert!(text(1).starts_with("64.0.0.0/2 8000::/128 8000::2/127"), "{}", text(1));
        assert!(text(1).ends_with("c000::/2"), "{}", text(1));
    }
}
