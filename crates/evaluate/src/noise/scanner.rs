//! A scanner for weaknesses: at its hour it tries many ports of many hosts, and some of what it finds.

use bulkhead_model::estate::Port;
use bulkhead_model::span::Span;

use super::{Day, Maker};
use crate::defence::Peer;
use crate::rng::Rng;
use crate::scenario::Dates;
use crate::telemetry::{Conn, Scene, User};
use crate::world::{Account, HostNo, Os};

/// Ports that it tries.
const PORTS: &[u16] = &[22, 80, 135, 139, 443, 445, 1433, 3306, 3389, 5432, 5985, 8080, 8443];
/// Ports by which it learns which hosts are there.
const KNOCKS: &[u16] = &[22, 445, 3389];
/// Time in which it knocks at all of them.
const DISCOVERY: Span = Span::from_secs(240);

impl Maker<'_, '_> {
    /// The same host night by night; `number` is the noise's.
    pub(super) fn scanner(&mut self, day: &Day<'_>, hosts: &[HostNo], number: usize) {
        let Some(from) = self.scanning(day.dates, number) else { return };
        let targets: Vec<HostNo> = hosts.iter().copied().filter(|it| *it != from).collect();
        let tour = self.tour(day, &targets);
        self.moment(day, "begin", day.begin, |scene| {
            let command = ["nmap", "-sS", "-iL", "/var/lib/scanner/targets"];
            if scene.world.host(from).os == Os::Linux {
                scene.execve(from, User::DAEMON, "/usr/bin/nmap", &command);
            }
        });
        let knocks = DISCOVERY.secs() * 1000 / (tour.len() as u64).max(1);
        for (number, (host, at)) in (0_u64..).zip(tour) {
            let name = self.world.id(host).to_string();
            self.moment(day, &format!("knock {name}"), day.begin, |scene| {
                scene.wait_ms(number * knocks);
                for port in KNOCKS {
                    scene.tried(from, host, *port);
                }
            });
            self.moment(day, &name, at, |scene| scene.scanned(from, host));
        }
    }

    /// The host that scans.
    pub(super) fn scanning(&self, dates: &Dates, number: usize) -> Option<HostNo> {
        let origins = self.origins(dates, &["scanner", "vulnerability_scanner", "monitoring", "soar"]);
        Rng::new(self.seed, &format!("noise {number} scanner")).pick(&origins).copied()
    }
}

impl Scene<'_, '_> {
    /// Firewalls let the scanner through; what does not listen refuses. Gives whether something listens.
    fn tried(&mut self, from: HostNo, to: HostNo, port: u16) -> bool {
        let conn = Conn::tcp(Peer::Host(from), Peer::Host(to), port);
        let listens = self.listens(to, port);
        let conn = if listens {
            Conn { sent: 220, received: 640, seconds: 0, ..conn }
        } else {
            Conn { state: "REJ", ..Conn::unanswered(Peer::Host(from), Peer::Host(to), port) }
        };
        self.conn(conn);
        listens
    }

    fn listens(&self, host: HostNo, port: u16) -> bool {
        let usual: &[u16] = match self.world.host(host).os {
            Os::Windows => &[135, 139, 445, 3389],
            Os::Linux | Os::Network => &[22],
        };
        let port_of = Port::tcp(port);
        let mut flows = self.movement.flows().iter().filter(|it| it.to.binary_search(&host).is_ok());
        usual.contains(&port) || flows.any(|it| it.ports.contains(&port_of))
    }

    fn scanned(&mut self, from: HostNo, host: HostNo) {
        let open: Vec<u16> = PORTS.iter().copied().filter(|port| self.tried(from, host, *port)).collect();
        let source = self.world.host(from).address;
        let guest = |name: &str| Account { identity: None, domain: String::new(), name: name.to_owned() };
        // What is always open to somebody somewhere: standard names with standard passwords.
        match self.world.host(host).os {
            Os::Linux if open.contains(&22) => {
                for name in ["admin", "oracle"] {
                    self.auth_invalid(host, name, source);
                }
            }
            Os::Windows => {
                for name in ["Administrator", "Guest"] {
                    self.logon(host, &guest(name), 3, source, false);
                }
            }
            Os::Network => {
                if self.once_in(4) {
                    self.device_login_failed(host, "cisco", source);
                }
            }
            Os::Linux => {}
        }
        for port in open.into_iter().filter(|it| matches!(it, 80 | 8080)) {
            let conn = Conn::tcp(Peer::Host(from), Peer::Host(host), port);
            if let Some(seen) = self.conn(Conn { service: Some("http"), ..conn }) {
                // Most answer that there is no such page; some lead to the front page.
                let status = if self.once_in(12) { 302 } else { 404 };
                let (name, agent) = (self.world.host(host).name.clone(), "Mozilla/5.0 (compatible; scanner)");
                self.zeek_http(&seen, "GET", &name, "/../../../../etc/passwd", agent, status);
            }
        }
    }

    fn auth_invalid(&mut self, host: HostNo, name: &str, from: Option<std::net::IpAddr>) {
        let from = from.map_or("UNKNOWN".to_owned(), |it| it.to_string());
        let port = self.rng.range(32_768, 60_999);
        let message = format!("Failed password for invalid user {name} from {from} port {port} ssh2");
        self.auth(host, "sshd", 6, &message);
    }
}
