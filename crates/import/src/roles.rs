//! What a listening port or a service's name says of the host that has it.

use std::collections::BTreeSet;

use bulkhead_model::estate::{AssetKind, Port, Protocol};

/// Roles by the service names of scanners (nmap-services, IANA) and, where these are silent, by port.
const ROLES: &[(&str, &[&str], &[u16])] = &[
    ("dns", &["domain", "dns"], &[53]),
    ("proxy", &["squid-http", "squid", "socks", "socks5"], &[1080, 3128]),
    (
        "directory",
        &[
            "kerberos",
            "kerberos-sec",
            "ldap",
            "ldaps",
            "ldapssl",
            "kpasswd5",
            "globalcatldap",
            "globalcatldapssl",
        ],
        &[88, 389, 464, 636, 3268, 3269],
    ),
    (
        "mail",
        &["smtp", "smtps", "submission", "imap", "imaps", "pop3", "pop3s"],
        &[25, 110, 143, 465, 587, 993, 995],
    ),
    ("web", &["http", "https", "http-proxy", "http-alt", "https-alt"], &[80, 443, 8080, 8443]),
    (
        "database",
        &[
            "ms-sql-s",
            "oracle",
            "oracle-tns",
            "mysql",
            "postgresql",
            "redis",
            "mongodb",
            "mongod",
            "elasticsearch",
            "cassandra",
        ],
        &[1433, 1521, 3306, 5432, 6379, 9200, 27_017],
    ),
    ("file", &["nfs", "nfs_acl"], &[2049]),
    ("print", &["ipp", "printer", "jetdirect"], &[515, 631, 9100]),
    ("hypervisor", &["vmware-auth", "libvirt"], &[902, 8006, 16_509]),
    ("k8s-api", &[], &[6443]),
    ("k8s-node", &[], &[10_250]),
];

/// The role of a listening port: by the service's name where a scanner gives one, else by the port.
pub(crate) fn of_port(service: Option<&str>, port: Port) -> Option<&'static str> {
    if !matches!(port.protocol, Protocol::Tcp | Protocol::Udp) {
        return None;
    }
    let service = service.unwrap_or_default();
    let named = ROLES.iter().find(|(_, names, _)| names.contains(&service));
    let by_port =
        || ROLES.iter().find(|(_, _, ports)| ports.contains(&port.first) && port.first == port.last);
    named.or_else(by_port).map(|(role, _, _)| *role)
}

/// The kind of a host that nobody states, from what it runs and does.
pub(crate) fn guess(os: Option<&str>, roles: &BTreeSet<String>, answers: bool) -> AssetKind {
    if roles.contains("hypervisor") || os == Some("esxi") {
        AssetKind::Hypervisor
    } else if os == Some("network") {
        AssetKind::NetworkDevice
    } else if roles.contains("print") {
        AssetKind::Appliance
    } else if !roles.is_empty() || answers || matches!(os, Some("linux" | "bsd" | "unix")) {
        AssetKind::Server
    } else {
        AssetKind::Workstation
    }
}

/// What the compromise of an asset is assumed to cost until somebody says better; the same defaults that a drafted
/// estate has.
pub(crate) fn assumed_value(kind: AssetKind) -> f64 {
    match kind {
        AssetKind::IdentityProvider => 100_000.0,
        AssetKind::Server | AssetKind::Hypervisor | AssetKind::NetworkDevice | AssetKind::Appliance => {
            20_000.0
        }
        AssetKind::Workstation => 5000.0,
    }
}
