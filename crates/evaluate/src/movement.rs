//! Where an attacker can go next: the moves the estate's flows allow, by port and protocol.

use std::collections::{BTreeMap, VecDeque};

use bulkhead_model::estate::{Movement as Counts, Port, Protocol};

use crate::world::{HostNo, Os, World};

/// How a move is made; decides what telemetry it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Via {
    Ssh,
    Smb,
    Winrm,
    Rdp,
    Wmi,
    Database,
    Telnet,
    Vnc,
    Ipmi,
    /// An exploitable service or an interface without authentication.
    Exploit,
}

impl Via {
    /// The protocol as `rights[].via` spells it; none where no login is needed.
    pub fn login(self) -> Option<&'static str> {
        Some(match self {
            Self::Ssh => "ssh",
            Self::Smb => "smb",
            Self::Winrm => "winrm",
            Self::Rdp => "rdp",
            Self::Wmi => "wmi",
            Self::Database => "database",
            Self::Telnet => "telnet",
            Self::Vnc => "vnc",
            Self::Ipmi => "ipmi",
            Self::Exploit => return None,
        })
    }

    /// ATT&CK technique.
    pub fn technique(self) -> &'static str {
        match self {
            Self::Ssh => "T1021.004",
            Self::Smb => "T1021.002",
            Self::Winrm => "T1021.006",
            Self::Rdp => "T1021.001",
            Self::Wmi => "T1047",
            Self::Vnc => "T1021.005",
            Self::Database | Self::Telnet | Self::Ipmi => "T1021",
            Self::Exploit => "T1210",
        }
    }

    /// What an attacker tries first on an operating system.
    fn preference(self, os: Os) -> u8 {
        match (os, self) {
            (Os::Linux | Os::Network, Self::Ssh) | (Os::Windows, Self::Smb) => 0,
            (Os::Windows, Self::Winrm) | (Os::Linux | Os::Network, Self::Telnet) => 1,
            (Os::Windows, Self::Wmi | Self::Rdp) => 2,
            (_, Self::Exploit) => 3,
            (_, Self::Database) => 4,
            _ => 5,
        }
    }
}

/// Ports that admit movement (contract of the planner), and how.
const PORTS: &[(u16, Via)] = &[
    (22, Via::Ssh),
    (23, Via::Telnet),
    (135, Via::Wmi),
    (139, Via::Smb),
    (445, Via::Smb),
    (623, Via::Ipmi),
    (1433, Via::Database),
    (1521, Via::Database),
    (2375, Via::Exploit),
    (3306, Via::Database),
    (3389, Via::Rdp),
    (5432, Via::Database),
    (5900, Via::Vnc),
    (5985, Via::Winrm),
    (5986, Via::Winrm),
    (6443, Via::Exploit),
    (10250, Via::Exploit),
];

/// One move an attacker could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Move {
    pub to: HostNo,
    pub rank: u8,
    pub port: u16,
    pub via: Via,
}

/// How a host reaches the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// By itself.
    Direct,
    /// Through a web proxy, on its port.
    Proxy(HostNo, u16),
    /// Not at all.
    None,
}

/// Roles of hosts that forward what others want from the outside.
const FORWARDERS: &[&str] = &["proxy", "web_proxy", "forward_proxy"];

/// The flows with their ends resolved.
pub(crate) struct Movement {
    flows: Vec<FlowEnds>,
    /// Web proxies. An estate that declares none says nothing about the outside: everybody reaches it.
    proxies: Vec<HostNo>,
    /// Hosts of each flat zone.
    flat: Vec<Vec<HostNo>>,
}

/// A declared flow, or a management channel.
pub(crate) struct FlowEnds {
    pub from: Vec<HostNo>,
    pub to: Vec<HostNo>,
    pub ports: Vec<Port>,
    pub counts: Counts,
    pub management: bool,
}

impl Movement {
    pub fn new(world: &World<'_>) -> Self {
        let estate = world.estate;
        let within = |selector| {
            let mut of = world.index.select(selector);
            of.retain(|it| !world.is_outside(*it));
            of
        };
        let ends = |from, to, ports: &[Port], counts, management| FlowEnds {
            from: within(from),
            to: within(to),
            ports: ports.to_vec(),
            counts,
            management,
        };
        let flows = estate.flows.iter().map(|it| ends(&it.from, &it.to, &it.ports, it.movement, false));
        let channels =
            estate.management.iter().map(|it| ends(&it.from, &it.to, &it.ports, Counts::Auto, true));
        let flat = estate
            .zones
            .iter()
            .filter(|it| it.flat && !it.external)
            .map(|it| world.index.in_zone(it.id.as_str()).to_vec());
        let is_proxy =
            |it: &HostNo| world.asset(*it).roles.iter().any(|role| FORWARDERS.contains(&role.as_str()));
        Self {
            // What leads outside is no move, and its traffic is made elsewhere.
            flows: flows.chain(channels).filter(|it| !it.from.is_empty() && !it.to.is_empty()).collect(),
            proxies: world.all().filter(is_proxy).collect(),
            flat: flat.collect(),
        }
    }

    /// Flows in the order of the file, management channels last.
    pub fn flows(&self) -> &[FlowEnds] {
        &self.flows
    }

    /// How `host` reaches the outside: as the estate's flows to its web proxies have it; hosts beside a proxy directly.
    pub fn way_out(&self, world: &World<'_>, host: HostNo) -> WayOut {
        let zone = |no: HostNo| &world.asset(no).zone;
        if self.proxies.is_empty() || self.proxies.iter().any(|it| zone(*it) == zone(host)) {
            return WayOut::Direct;
        }
        let through = |proxy: &HostNo| {
            let flow = self.flow_to(host, *proxy)?;
            Some(WayOut::Proxy(*proxy, flow.ports.first()?.first))
        };
        self.proxies.iter().find_map(through).unwrap_or(WayOut::None)
    }

    /// The first declared flow from one host to another.
    fn flow_to(&self, from: HostNo, to: HostNo) -> Option<&FlowEnds> {
        let meets = |list: &[HostNo], no: HostNo| list.binary_search(&no).is_ok();
        self.flows.iter().find(|it| meets(&it.from, from) && meets(&it.to, to))
    }

    /// A host that answers name queries of `host`.
    pub fn resolver(&self, host: HostNo) -> Option<HostNo> {
        let dns = Port { protocol: Protocol::Udp, first: 53, last: 53 };
        let mut flows = self.flows.iter().filter(|it| it.from.binary_search(&host).is_ok());
        let flow = flows.find(|it| it.ports.iter().any(|it| it.contains(dns)))?;
        flow.to.iter().copied().find(|it| *it != host)
    }

    /// Every move from `from`, best first for each target, targets ascending.
    pub fn moves(&self, world: &World<'_>, from: HostNo) -> Vec<Move> {
        let mut moves = Vec::new();
        for flow in self.flows.iter().filter(|it| it.from.binary_search(&from).is_ok()) {
            for &to in flow.to.iter().filter(|it| **it != from) {
                admitted(world, to, &flow.ports, flow.counts, &mut moves);
            }
        }
        for zone in self.flat.iter().filter(|it| it.binary_search(&from).is_ok()) {
            for &to in zone.iter().filter(|it| **it != from) {
                // All ports are open; what listens depends on the system.
                let port = match world.host(to).os {
                    Os::Windows => 445,
                    Os::Linux | Os::Network => 22,
                };
                admitted(world, to, &[Port::tcp(port)], Counts::Auto, &mut moves);
            }
        }
        moves.sort_unstable();
        moves.dedup();
        moves
    }

    /// Whether the estate lets `from` open a connection to `to` on tcp/`port`.
    pub fn declared(&self, from: HostNo, to: HostNo, port: u16) -> bool {
        let meets = |list: &[HostNo], no: HostNo| list.binary_search(&no).is_ok();
        self.flows.iter().any(|it| {
            meets(&it.from, from)
                && meets(&it.to, to)
                && it.ports.iter().any(|it| it.contains(Port::tcp(port)))
        }) || self.flat.iter().any(|it| meets(it, from) && meets(it, to))
    }

    /// Number of moves to every host that can be reached from `sources`.
    pub fn distances(&self, world: &World<'_>, sources: &[HostNo]) -> BTreeMap<HostNo, u32> {
        let mut distances: BTreeMap<HostNo, u32> = sources.iter().map(|it| (*it, 0)).collect();
        let mut queue: VecDeque<_> = sources.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            let next = distances[&at] + 1;
            for step in self.moves(world, at) {
                distances.entry(step.to).or_insert_with(|| {
                    queue.push_back(step.to);
                    next
                });
            }
        }
        distances
    }
}

fn admitted(world: &World<'_>, to: HostNo, ports: &[Port], counts: Counts, moves: &mut Vec<Move>) {
    if counts == Counts::No {
        return;
    }
    let os = world.host(to).os;
    let mut push = |port: u16, via: Via| moves.push(Move { to, rank: via.preference(os), port, via });
    let open = |port: u16| ports.iter().any(|it| it.contains(Port::tcp(port)));
    let mut found = false;
    for &(port, via) in PORTS.iter().filter(|it| open(it.0)) {
        push(port, via);
        found = true;
    }
    for exploitable in &world.asset(to).exploitable {
        if let Some(port) = ports.iter().find(|it| it.overlaps(*exploitable)) {
            push(port.first.max(exploitable.first), Via::Exploit);
            found = true;
        }
    }
    if !found
        && counts == Counts::Yes
        && let Some(port) = ports.first()
    {
        push(port.first, Via::Exploit);
    }
}
