//! Whose an address can be by its range alone, told in one place: nobody's, those of one wire, of a private network, anybody's.

use std::net::IpAddr;

/// What the registries of address ranges say of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// No host's: loopback, unspecified, multicast, broadcast.
    Nobody,
    /// Of those on one wire (RFC 3927, RFC 4291).
    Link,
    /// Of a private network (RFC 1918, RFC 4193, the site-local addresses before it) or behind a carrier (RFC 6598).
    Private,
    /// Of the Internet.
    Public,
}

impl Range {
    /// The range of `address`; an IPv4 address written as IPv6 is the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(it) => {
                let [first, second, ..] = it.octets();
                if it.is_loopback() || it.is_multicast() || it.is_broadcast() || first == 0 {
                    Self::Nobody
                } else if it.is_link_local() {
                    Self::Link
                } else if it.is_private() || (first == 100 && (64..128).contains(&second)) {
                    Self::Private
                } else {
                    Self::Public
                }
            }
            IpAddr::V6(it) => {
                if it.is_loopback() || it.is_multicast() || it.is_unspecified() {
                    Self::Nobody
                } else if it.is_unicast_link_local() {
                    Self::Link
                } else if it.is_unique_local() || it.segments()[0] & 0xffc0 == 0xfec0 {
                    Self::Private
                } else {
                    Self::Public
                }
            }
        }
    }
}

/// Whether an address is of a private network.
pub fn is_private(address: IpAddr) -> bool {
    Range::of(address) == Range::Private
}

/// Whether an address is of the Internet.
pub fn is_public(address: IpAddr) -> bool {
    Range::of(address) == Range::Public
}

/// Whether `address` stands for the whole of the IPv4 network `net` and so for no host: its first, or its broadcast address.
pub fn is_of_whole_network(net: &ipnet::IpNet, address: IpAddr) -> bool {
    let ipnet::IpNet::V4(net) = net else { return false };
    let whole = [IpAddr::V4(net.network()), IpAddr::V4(net.broadcast())];
    net.prefix_len() < 31 && whole.contains(&address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_whose_the_registries_say() {
        for (range, addresses) in [
            (Range::Nobody, "0.0.0.0 0.1.2.3 127.0.0.1 224.0.0.1 239.1.1.1 255.255.255.255 :: ::1 ff02::1"),
            (Range::Link, "169.254.0.1 169.254.255.255 fe80::1 febf::1"),
            (
                Range::Private,
                "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 100.64.0.0 100.127.255.255 \
                 fc00::1 fdff::1 fec0::1 ::ffff:10.0.0.1",
            ),
            (
                Range::Public,
                "9.255.255.255 11.0.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 100.63.255.255 100.128.0.0 \
                 169.253.255.255 169.255.0.0 8.8.8.8 203.0.113.9 2001:db8::1 fe00::1 ::ffff:8.8.8.8",
            ),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(Range::of(address.parse().unwrap()), range, "{address}");
            }
        }
    }
}
