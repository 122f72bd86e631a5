//! Names, addresses and hardware addresses in one spelling, and which of them can tell hosts apart.

use std::net::IpAddr;

use bulkhead_model::address::Range;
pub(crate) use bulkhead_model::address::is_private;
use bulkhead_model::id::drafted;

/// The longest imported id: numbers and names of other things may follow it.
const LONGEST: usize = 150;

/// A text as an id.
pub(crate) fn sanitise(text: &str) -> String {
    drafted(text, LONGEST)
}

/// A host name in lower case without its final dot; none if it is empty, an address, or speaks of every host.
pub(crate) fn hostname(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('.').to_lowercase();
    let common = ["localhost", "localhost.localdomain", "unknown", "(none)", "-"];
    let usable = !name.is_empty()
        && name.len() <= 253
        && name.parse::<IpAddr>().is_err()
        && !common.contains(&name.as_str())
        && !name.contains(|it: char| it.is_whitespace() || it.is_control());
    usable.then_some(name)
}

/// The first label of a host name.
pub(crate) fn label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Whether the name carries its domain.
pub(crate) fn is_full(name: &str) -> bool {
    name.contains('.')
}

/// Whether an address can be a host's own: no loopback, multicast, broadcast, link-local or unspecified one.
pub(crate) fn is_host_address(address: IpAddr) -> bool {
    matches!(Range::of(address), Range::Private | Range::Public)
}

/// An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    Some(text.trim().parse::<IpAddr>().ok()?.to_canonical())
}

/// A hardware address as `00:11:22:33:44:55`; none if it is that of a group or one that hosts share (VRRP, HSRP).
pub(crate) fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_lowercase();
    let others = text.chars().all(|it| it.is_ascii_hexdigit() || matches!(it, ':' | '-' | '.'));
    if digits.len() != 12 || !others {
        return None;
    }
    let shared = ["00005e0001", "00005e0002", "00000c07ac"];
    let first = u8::from_str_radix(&digits[..2], 16).ok()?;
    if first & 1 == 1 || digits == "000000000000" || shared.iter().any(|it| digits.starts_with(it)) {
        return None;
    }
    let pairs: Vec<&str> = (0..6).map(|n| &digits[2 * n..2 * n + 2]).collect();
    Some(pairs.join(":"))
}

/// The family of an operating system, as the estate names it.
pub(crate) fn os_family(text: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &[&str])] = &[
        ("windows", &["windows", "win10", "win11"]),
        ("esxi", &["esxi", "vmware esx"]),
        (
            "network",
            &[
                "ios", "ios-xe", "ios-xr", "nx-os", "nxos", "junos", "eos", "routeros", "fortios", "pan-os",
                "asa", "arubaos", "comware", "vrp", "sros", "cumulus", "vyos", "pfsense", "opnsense",
            ],
        ),
        (
            "linux",
            &[
                "linux", "ubuntu", "debian", "centos", "rhel", "red hat", "redhat", "rocky", "alma", "suse",
                "sles", "fedora", "android",
            ],
        ),
        ("macos", &["macos", "mac os", "os x", "darwin"]),
        ("bsd", &["freebsd", "openbsd", "netbsd"]),
        ("unix", &["solaris", "aix", "hp-ux", "sunos", "unix"]),
    ];
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '-')).collect();
    FAMILIES.iter().find_map(|(family, hints)| {
        let meant = hints.iter().any(|hint| {
            if hint.contains(' ') { text.contains(hint) } else { words.iter().any(|it| it == hint) }
        });
        meant.then_some(*family)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_in_every_spelling() {
        for text in ["00:1A:2b:3c:4d:5e", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"] {
            assert_eq!(mac(text).as_deref(), Some("00:1a:2b:3c:4d:5e"));
        }
        for text in ["", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:00:5e:00:01:07", "00:1a:2b:3c:4d", "x"]
        {
            assert_eq!(mac(text), None, "{text}");
        }
    }

    #[test]
    fn names_that_tell_hosts_apart() {
        assert_eq!(hostname("WEB-1.Corp.Example.").as_deref(), Some("web-1.corp.example"));
        for text in ["", "localhost", "10.0.0.1", "two words"] {
            assert_eq!(hostname(text), None, "{text}");
        }
    }

    #[test]
    fn families_of_systems() {
        for (text, family) in [
            ("Windows Server 2019 Datacenter", Some("windows")),
            ("Linux 5.4 - 5.15", Some("linux")),
            ("Cisco IOS 15.2", Some("network")),
            ("VMware ESXi 7.0", Some("esxi")),
            ("Apple macOS 12", Some("macos")),
            ("DOS-like", None),
        ] {
            assert_eq!(os_family(text), family, "{text}");
        }
    }
}
