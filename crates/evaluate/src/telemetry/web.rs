//! Speaking with the outside: directly, or through the web proxy behind which the sensors stand.

use std::net::IpAddr;

use super::{Conn, Scene};
use crate::defence::Peer;
use crate::movement::WayOut;
use crate::world::HostNo;

/// A server outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'s> {
    /// Its name; without one it is spoken to by its address and shows a certificate of its own making.
    pub name: Option<&'s str>,
    pub address: IpAddr,
}

impl Scene<'_, '_> {
    /// An encrypted session with `site`, as the sensors see it.
    pub fn web(&mut self, host: HostNo, site: Site<'_>, sent: u64, received: u64) {
        let seconds = sent.max(received) / 1_500_000 + 1;
        match self.movement.way_out(self.world, host) {
            WayOut::Direct => {
                let conn = Conn::tcp(Peer::Host(host), Peer::Outside(site.address), 443);
                let seen = self.conn(Conn { service: Some("ssl"), sent, received, seconds, ..conn });
                if let Some(seen) = seen {
                    self.zeek_tls(&seen, site.name);
                }
            }
            WayOut::Proxy(proxy, port) => {
                let conn = Conn::tcp(Peer::Host(host), Peer::Host(proxy), port);
                let seen = self.conn(Conn { service: Some("http"), sent, received, seconds, ..conn });
                if let Some(seen) = seen {
                    let target = format!("{}:443", site.name.map_or(site.address.to_string(), str::to_owned));
                    self.zeek_http(
                        &seen,
                        "CONNECT",
                        &target,
                        &target,
                        "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
                        200,
                    );
                }
            }
            WayOut::None => {}
        }
    }

    /// Sysmon's record of the connection that a program opens to speak with `address`.
    pub fn calls(&mut self, host: HostNo, user: &str, image: &str, address: IpAddr) {
        match self.movement.way_out(self.world, host) {
            WayOut::Direct => self.connection(host, user, image, address, 443),
            WayOut::Proxy(proxy, port) => {
                if let Some(address) = self.world.host(proxy).address {
                    self.connection(host, user, image, address, port);
                }
            }
            WayOut::None => {}
        }
    }

    /// Whether the host reaches the outside by itself.
    pub fn has_way_out(&self, host: HostNo) -> bool {
        self.movement.way_out(self.world, host) != WayOut::None
    }

    /// A name is asked of the resolver that the estate gives the host.
    pub fn look_up(&mut self, host: HostNo, name: &str) {
        let Some(resolver) = self.movement.resolver(host) else { return };
        let conn = Conn::tcp(Peer::Host(host), Peer::Host(resolver), 53);
        let query =
            Conn { protocol: "udp", service: Some("dns"), sent: 64, received: 180, seconds: 0, ..conn };
        if let Some(seen) = self.conn(query) {
            self.zeek_dns(&seen, name);
        }
    }
}
