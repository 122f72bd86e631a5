//! Addresses as log sources write them.

use std::net::IpAddr;

/// An address in any of the ways logs write it: `10.0.0.1`, `::ffff:10.0.0.1`, `0:0:0:0:0:0:0:1`, `fe80::1%12`,
/// `\\10.0.0.1`. None for what names no host on the network: `-`, loopback, unspecified.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('\\').trim_matches(['[', ']']);
    let text = text.split('%').next().unwrap_or(text);
    // Host names are far more common here than malformed addresses.
    if !text.as_bytes().first()?.is_ascii_hexdigit() && !text.starts_with(':') {
        return None;
    }
    let address = text.parse::<IpAddr>().ok()?.to_canonical();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Whether an address can be one host's on a routed network: not multicast, broadcast or link-local.
pub(crate) fn is_usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => !it.is_multicast() && !it.is_broadcast() && !it.is_link_local(),
        IpAddr::V6(it) => !it.is_multicast() && !it.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse_address(text).map(|it| it.to_string()).as_deref(), expected);
    }

    #[test]
    fn reads_every_way_of_writing() {
        check("172.18.39.5", Some("172.18.39.5"));
        check("::ffff:172.18.39.5", Some("172.18.39.5"));
        check("fe80:0:0:0:44af:a0ee:c7f9:e9ed", Some("fe80::44af:a0ee:c7f9:e9ed"));
        check("fe80::1%12", Some("fe80::1"));
        check("\\\\10.1.2.3", Some("10.1.2.3"));
        check("[2001:db8::1]", Some("2001:db8::1"));
    }

    #[test]
    fn what_names_no_host_is_none() {
        for text in ["", "-", "0:0:0:0:0:0:0:1", "127.0.0.1", "::", "0.0.0.0", "LOCAL", "dead.beef", "10.0.0"]
        {
            check(text, None);
        }
    }

    #[test]
    fn groups_and_link_local_addresses_are_no_hosts() {
        for text in ["224.0.0.251", "255.255.255.255", "169.254.1.2", "ff02::1", "fe80::1"] {
            assert!(!is_usable(text.parse().unwrap()), "{text}");
        }
        assert!(is_usable("10.0.0.1".parse().unwrap()));
    }
}
