//! What a port that was answered says of the host that answered.

/// First port of the range from which systems take the ports of clients and of dynamic RPC (RFC 6335).
pub(super) const DYNAMIC: u16 = 49_152;

/// A role that a host has because others reach it on certain ports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    /// As selectors name it.
    pub(super) name: &'static str,
    /// Ports of either transport protocol.
    pub(super) ports: &'static [u16],
    /// How many other hosts must have reached it: workstations answer some ports too.
    pub(super) clients: usize,
}

/// Roles from ports (IANA service names registry; Microsoft, "Service overview and network port requirements").
pub(super) const ROLES: &[Role] = &[
    Role { name: "dns", ports: &[53], clients: 1 },
    Role { name: "directory", ports: &[88, 389, 464, 636, 3268, 3269], clients: 1 },
    Role { name: "mail", ports: &[25, 110, 143, 465, 587, 993, 995], clients: 1 },
    Role { name: "web", ports: &[80, 443, 8080, 8443], clients: 1 },
    Role { name: "database", ports: &[1433, 1521, 3306, 5432, 6379, 9200, 27_017], clients: 1 },
    Role { name: "file", ports: &[445], clients: 2 },
    Role { name: "ssh", ports: &[22], clients: 1 },
];
