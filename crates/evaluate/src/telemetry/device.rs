//! Network devices: syslog of Cisco ASA firewalls and IOS routers, relayed with RFC 5424 time stamps.

use std::net::IpAddr;

use super::{Scene, iso};
use crate::defence::Peer;
use crate::world::HostNo;

const FILE: &str = "network/devices.log";

impl Scene<'_, '_> {
    fn device(&mut self, host: HostNo, priority: u8, tag: &str, message: &str) {
        let at = self.tick();
        let world = self.world;
        let host = world.host(host);
        if !host.silent {
            self.sink.push(FILE, at, format!("<{priority}>{} {} {tag} {message}", iso(at), host.name));
        }
    }

    /// The firewall between two peers drops a TCP connection.
    pub fn denied(&mut self, from: HostNo, to: Peer, port: u16) {
        let target = match to {
            Peer::Host(no) => Some(no),
            Peer::Outside(_) => None,
        };
        let (Some(device), Some(source), Some(address)) =
            (self.world.firewall(from, target), self.world.host(from).address, self.address(to))
        else {
            return;
        };
        let zone = |no: HostNo| self.world.asset(no).zone.to_string();
        let (from_zone, to_zone) = (zone(from), target.map_or("outside".to_owned(), zone));
        let source_port = self.rng.range(32_768, 60_999);
        let message = format!(
            "%ASA-4-106023: Deny tcp src {from_zone}:{source}/{source_port} dst {to_zone}:{address}/{port} by \
             access-group \"{from_zone}_in\" [0x0, 0x0]"
        );
        self.device(device, 164, ":", &message);
    }

    /// A command was typed on a router.
    pub fn device_command(&mut self, host: HostNo, user: &str, command: &str) {
        let message = format!("%PARSER-5-CFGLOG_LOGGEDCMD: User:{user}  logged command:{command}");
        self.device(host, 189, ":", &message);
    }

    /// Somebody logged in on a router.
    pub fn device_login(&mut self, host: HostNo, user: &str, from: Option<IpAddr>) {
        let from = from.map_or("0.0.0.0".to_owned(), |it| it.to_string());
        let message = format!(
            "%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: {user}] [Source: {from}] [localport: 22]"
        );
        self.device(host, 189, ":", &message);
    }

    /// Somebody mistyped a password on a router.
    pub fn device_login_failed(&mut self, host: HostNo, user: &str, from: Option<IpAddr>) {
        let from = from.map_or("0.0.0.0".to_owned(), |it| it.to_string());
        let message = format!(
            "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: {user}] [Source: {from}] [localport: 22] [Reason: Login \
             Authentication Failed]"
        );
        self.device(host, 188, ":", &message);
    }
}
