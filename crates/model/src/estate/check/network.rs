//! Addresses, names and ranges that contradict one another.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Checker;

impl Checker<'_> {
    pub(super) fn networks(&mut self) {
        self.overlapping_ranges();
        self.asset_addresses();
        self.hostnames();
        self.protected_addresses();
    }

    /// Ranges either nest or are disjoint, so that a stack of enclosing ranges finds every overlap in order.
    fn overlapping_ranges(&mut self) {
        let zones = self.estate.zones.iter().enumerate();
        let mut ranges: Vec<(IpNet, usize)> =
            zones.flat_map(|(n, zone)| zone.cidrs.iter().map(move |it| (*it, n))).collect();
        ranges.sort_by_key(|(range, n)| (range.network(), range.prefix_len(), *n));
        let mut enclosing: Vec<(IpNet, usize)> = Vec::new();
        for (range, n) in ranges {
            while enclosing.last().is_some_and(|(it, _)| !it.contains(&range)) {
                enclosing.pop();
            }
            // The rest of the world is what is left of it once everybody else's ranges are taken out.
            let own = enclosing.iter().rev().find(|(_, other)| !self.estate.zones[*other].external);
            if let Some((outer, other)) = own.or(enclosing.last().filter(|_| self.estate.zones[n].external)) {
                let (zone, other) = (&self.estate.zones[n].id, &self.estate.zones[*other].id);
                let message = format!("the range {range} of `{zone}` lies within {outer} of `{other}`");
                let place = self.places.item("zones", n).key("cidrs").scalar(&range.to_string());
                let fault = place.warning("overlapping-cidrs", message);
                self.diagnostics
                    .push(fault.hint("an address must belong to one zone; split the larger range"));
            }
            enclosing.push((range, n));
        }
    }

    fn asset_addresses(&mut self) {
        let mut owners: HashMap<IpAddr, &str> = HashMap::new();
        for (n, asset) in self.estate.assets.iter().enumerate() {
            let zone = self.index.zone(asset.zone.as_str()).map(|(_, it)| it);
            for address in &asset.addresses {
                let place = || self.places.item("assets", n).key("addresses").scalar(&address.to_string());
                // A zone that declares no range of a family says nothing about its addresses of that family.
                let mut ranges = zone
                    .iter()
                    .flat_map(|it| &it.cidrs)
                    .filter(|it| it.addr().is_ipv4() == address.is_ipv4())
                    .peekable();
                if let Some(zone) = zone
                    && ranges.peek().is_some()
                    && !ranges.any(|it| it.contains(address))
                {
                    let message = format!(
                        "the address {address} of `{}` lies outside its zone `{}`",
                        asset.id, zone.id
                    );
                    let ranges = zone.cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                    let fault = place().warning("address-outside-zone", message);
                    self.diagnostics.push(fault.hint(format!("the zone's ranges: {ranges}")));
                }
                if let Some(owner) = owners.insert(*address, asset.id.as_str()) {
                    let message = format!("the address {address} of `{}` is also one of `{owner}`", asset.id);
                    let fault = place().warning("duplicate-address", message);
                    self.diagnostics
                        .push(fault.hint("events from it would be laid at the wrong asset's door"));
                }
            }
        }
    }

    fn hostnames(&mut self) {
        let mut owners: HashMap<String, &str> = HashMap::new();
        for (n, asset) in self.estate.assets.iter().enumerate() {
            let Some(hostname) = &asset.hostname else { continue };
            if let Some(owner) = owners.insert(hostname.to_lowercase(), asset.id.as_str()) {
                let message =
                    format!("the hostname `{hostname}` of `{}` is also that of `{owner}`", asset.id);
                let place = self.places.item("assets", n).key("hostname");
                self.diagnostics.push(place.warning("duplicate-hostname", message));
            }
        }
    }

    fn protected_addresses(&mut self) {
        for (n, range) in self.estate.protected_addresses.iter().enumerate() {
            let mut addresses = self.estate.assets.iter().flat_map(|it| &it.addresses);
            if addresses.any(|it| range.contains(it)) {
                continue;
            }
            let message = format!("no asset has an address within the protected range {range}");
            let place = self.places.item("protected_addresses", n);
            let fault = place.warning("protects-nothing", message);
            self.diagnostics.push(fault.hint("correct the range, or remove it if it is outside the estate"));
        }
    }
}
