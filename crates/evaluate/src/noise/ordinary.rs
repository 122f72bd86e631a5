//! What goes on all the time: people at their desks, logons, jobs, declared flows, and oddities.

use bulkhead_model::estate::{AssetKind, Port, Protocol};

use crate::defence::Peer;
use crate::movement::{FlowEnds, Movement};
use crate::scenario::{NoiseKind, Pick};
use crate::telemetry::{Conn, SYSTEM, Scene, Site, User};
use crate::world::{Account, HostNo, Os, outside};

const EDGE: &str = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe";
const OUTLOOK: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE";
const PROGRAMS: &[(&str, &str)] = &[
    (
        "C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE",
        "EXCEL.EXE \"C:\\Users\\Public\\budget.xlsx\"",
    ),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE", "WINWORD.EXE /n \"note.docx\""),
    ("C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe", "Acrobat.exe \"contrat.pdf\""),
    ("C:\\Program Files\\Microsoft Teams\\ms-teams.exe", "ms-teams.exe"),
    ("C:\\Windows\\System32\\notepad.exe", "notepad.exe"),
];

impl Scene<'_, '_> {
    /// One group of events of a kind that goes on all the time.
    pub(super) fn ordinary(&mut self, kind: NoiseKind, host: HostNo, movement: &Movement) {
        let os = self.world.host(host).os;
        match (kind, os) {
            (NoiseKind::Desktop, Os::Windows) => self.desktop(host),
            (NoiseKind::Logon, Os::Windows) => self.network_logon(host, movement),
            (NoiseKind::Mistyped, _) => self.mistyped(host, os, movement),
            (NoiseKind::Admin, _) => self.administration(host, os, movement),
            (NoiseKind::Jobs, Os::Windows) => self.windows_job(host),
            (NoiseKind::Jobs, Os::Linux) => self.linux_job(host),
            (NoiseKind::Odd, Os::Windows) => self.odd_on_windows(host),
            (NoiseKind::Odd, Os::Linux) => self.odd_on_linux(host, movement),
            (NoiseKind::Odd, Os::Network) => self.odd_on_device(host, movement),
            (NoiseKind::Netops, Os::Network) => self.network_engineer(host, movement),
            _ => {}
        }
    }

    fn desktop(&mut self, host: HostNo) {
        let user = self.world.person(host).windows();
        if self.rng.below(2) == 0 {
            let (image, command) =
                PROGRAMS[usize::try_from(self.rng.below(PROGRAMS.len() as u64)).unwrap_or(0)];
            let parent = if self.rng.below(3) == 0 { OUTLOOK } else { "C:\\Windows\\explorer.exe" };
            return self.process(host, &user, image, command, parent);
        }
        let (name, address) =
            outside::SITES[usize::try_from(self.rng.below(outside::SITES.len() as u64)).unwrap_or(0)];
        let site = Site { name: Some(name), address };
        self.dns_query(host, &user, EDGE, name, address);
        self.look_up(host, name);
        self.calls(host, &user, EDGE, address);
        let (sent, received) = (self.rng.range(900, 60_000), self.rng.range(4_000, 4_000_000));
        self.web(host, site, sent, received);
    }

    /// On a workstation its user, at the keyboard; on a server somebody who may, from a host that may, or a service.
    fn network_logon(&mut self, host: HostNo, movement: &Movement) {
        if self.world.asset(host).kind == AssetKind::Workstation {
            let (person, kind) = (self.world.person(host), if self.rng.below(3) == 0 { 2 } else { 7 });
            return self.logon(host, &person, kind, None, true);
        }
        let entitled: Vec<_> =
            ["smb", "rdp", "winrm"].iter().flat_map(|it| self.world.entitled(host, it)).collect();
        let sources = senders(movement, host, &[445, 3389, 5985]);
        match (self.rng.pick(&entitled).copied(), self.rng.pick(&sources).copied()) {
            (Some(identity), Some(from)) => {
                let (account, source) = (self.world.account(identity), self.world.host(from).address);
                self.logon(host, &account, 3, source, true);
            }
            _ => {
                let person = Account {
                    identity: None,
                    domain: "NT AUTHORITY".to_owned(),
                    name: "NETWORK SERVICE".to_owned(),
                };
                self.logon(host, &person, 5, None, true);
            }
        }
    }

    fn mistyped(&mut self, host: HostNo, os: Os, movement: &Movement) {
        match os {
            Os::Windows => {
                let (person, source) = (self.world.person(host), self.world.host(host).address);
                let Some(directory) = self.world.directory() else { return };
                for _ in 0..self.rng.range(1, 2) {
                    self.logon(directory, &person, 3, source, false);
                }
            }
            Os::Linux => {
                let sources = senders(movement, host, &[22]);
                if let Some(from) = self.rng.pick(&sources).copied() {
                    let source = self.world.host(from).address;
                    let name = self.administrator(host, "ssh").name;
                    self.sshd_failed(host, &name, source);
                }
            }
            Os::Network => {}
        }
    }

    /// One of those who administer `host`.
    pub(super) fn administrator(&mut self, host: HostNo, protocol: &str) -> Account {
        let entitled: Vec<_> = self.world.entitled(host, protocol).collect();
        match self.rng.pick(&entitled) {
            Some(identity) => self.world.account(identity),
            None => Account { identity: None, domain: self.world.domain.clone(), name: "ops".to_owned() },
        }
    }

    fn administration(&mut self, host: HostNo, os: Os, movement: &Movement) {
        let (port, protocol) = if os == Os::Windows { (3389, "rdp") } else { (22, "ssh") };
        let sources = senders(movement, host, &[port]);
        let Some(from) = self.rng.pick(&sources).copied() else { return };
        let account = self.administrator(host, protocol);
        let source = self.world.host(from).address;
        let (sent, received) = (self.rng.range(4_000, 90_000), self.rng.range(9_000, 400_000));
        let conn =
            Conn { sent, received, seconds: 200, ..Conn::tcp(Peer::Host(from), Peer::Host(host), port) };
        match os {
            Os::Windows => {
                self.conn(Conn { service: Some("ssl,rdp"), ..conn });
                self.logon(host, &account, 10, source, true);
            }
            Os::Linux => {
                if let Some(seen) = self.conn(Conn { service: Some("ssh"), ..conn }) {
                    self.zeek_ssh(&seen, true, 1);
                }
                self.sshd_accepted(host, &account.name, source, false);
                let command = format!(
                    " {} : TTY=pts/0 ; PWD=/home/{} ; USER=root ; COMMAND=/usr/bin/systemctl status app",
                    account.name, account.name
                );
                self.auth(host, "sudo", 5, &command);
                self.command(host, User::ROOT, &["systemctl", "status", "app"]);
            }
            Os::Network => self.device_login(host, &account.name, source),
        }
    }

    fn windows_job(&mut self, host: HostNo) {
        const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        match self.rng.below(3) {
            0 => self.process(host, SYSTEM, "taskhostw.exe", "taskhostw.exe", "svchost.exe"),
            1 => {
                let command = "powershell.exe -ExecutionPolicy AllSigned -File C:\\Scripts\\inventory.ps1";
                self.process(host, SYSTEM, POWERSHELL, command, "svchost.exe");
            }
            _ => {
                let defender = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18\\MsMpEng.exe";
                self.process_access(host, defender, "C:\\Windows\\System32\\lsass.exe", "0x1410");
            }
        }
    }

    fn linux_job(&mut self, host: HostNo) {
        let is_store =
            self.world.asset(host).roles.iter().any(|it| it.contains("database") || it.contains("db"));
        match self.rng.below(4) {
            0 if is_store => {
                self.command(
                    host,
                    User::DAEMON,
                    &["pg_dump", "-Fc", "-f", "/var/backups/nightly.dump", "app"],
                );
            }
            0 => self.command(host, User::DAEMON, &["tar", "czf", "/var/backups/etc.tgz", "/etc"]),
            1 => {
                self.execve(host, User::DAEMON, "/usr/sbin/logrotate", &["logrotate", "/etc/logrotate.conf"]);
            }
            2 => self.command(host, User::DAEMON, &["curl", "-fsS", "https://localhost:8443/health"]),
            _ => self.auth(
                host,
                "CRON",
                6,
                "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            ),
        }
    }

    fn network_engineer(&mut self, host: HostNo, movement: &Movement) {
        let sources = senders(movement, host, &[22]);
        let source = self.rng.pick(&sources).copied().and_then(|it| self.world.host(it).address);
        let name = self.administrator(host, "ssh").name;
        self.device_login(host, &name, source);
        let commands =
            ["show ip interface brief", "show logging", "description uplink to core", "show version"];
        let command = *self.rng.pick(&commands).unwrap_or(&"show version");
        self.device_command(host, &name, command);
    }

    /// Deployment, inventory and curiosity: each sets off a rule somewhere.
    fn odd_on_windows(&mut self, host: HostNo) {
        const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        let is_desk = self.world.asset(host).kind == AssetKind::Workstation;
        let user = if is_desk { self.world.person(host) } else { self.administrator(host, "rdp") }.windows();
        match self.rng.below(4) {
            0 => {
                self.process(
                    host,
                    &user,
                    "certutil.exe",
                    "certutil.exe -decode cert.b64 cert.cer",
                    "cmd.exe",
                );
            }
            1 => {
                let agent = "C:\\Program Files\\Deploy\\agent.exe";
                let command = format!("powershell.exe -NonInteractive -EncodedCommand {}", self.rng.hex(80));
                self.process(host, SYSTEM, POWERSHELL, &command, agent);
            }
            2 => self.process(host, &user, "net.exe", "net.exe group \"DL-Projets\" /domain", "cmd.exe"),
            _ => {
                let command =
                    "schtasks.exe /create /tn Updater /tr C:\\ProgramData\\Vendor\\upd.exe /sc daily";
                self.process(host, SYSTEM, "schtasks.exe", command, "msiexec.exe");
            }
        }
    }

    fn odd_on_linux(&mut self, host: HostNo, movement: &Movement) {
        let account = self.administrator(host, "ssh");
        match self.rng.below(4) {
            0 => {
                let sources = senders(movement, host, &[22]);
                let source = self.rng.pick(&sources).copied().and_then(|it| self.world.host(it).address);
                if source.is_some() {
                    self.sshd_accepted(host, &account.name, source, true);
                }
            }
            1 => {
                let name = &account.name;
                let message =
                    format!(" {name} : TTY=pts/1 ; PWD=/home/{name} ; USER=root ; COMMAND=/bin/bash");
                self.auth(host, "sudo", 5, &message);
            }
            2 => self.command(host, User::ROOT, &["tcpdump", "-i", "any", "-c", "200"]),
            _ => self.command(host, User::ROOT, &["tar", "czf", "/tmp/support-bundle.tgz", "/var/log/app"]),
        }
    }

    fn odd_on_device(&mut self, host: HostNo, movement: &Movement) {
        let sources = senders(movement, host, &[22]);
        let source = self.rng.pick(&sources).copied().and_then(|it| self.world.host(it).address);
        let name = self.administrator(host, "ssh").name;
        self.device_login_failed(host, &name, source);
    }

    /// A declared flow is used by one of its pairs.
    pub(super) fn flow_used(&mut self, flow: &FlowEnds, on: &[Pick]) {
        if flow.management {
            return;
        }
        let meant = |it: &HostNo| on.is_empty() || on.iter().any(|pick| pick.matches(self.world.asset(*it)));
        let sources: Vec<_> = flow.from.iter().copied().filter(meant).collect();
        let (Some(from), Some(to), Some(port)) = (
            self.rng.pick(&sources).copied(),
            self.rng.pick(&flow.to).copied(),
            self.rng.pick(&flow.ports).copied(),
        ) else {
            return;
        };
        let (number, protocol, service) = used_port(port);
        // People and scripts log in far less often than machines talk; administrators have noise of their own.
        let is_login = matches!(number, 22 | 23 | 135 | 139 | 445 | 3389 | 5900 | 5985 | 5986);
        if from == to || (is_login && self.rng.below(20) > 0) {
            return;
        }
        let (sent, received) = (self.rng.range(300, 90_000), self.rng.range(300, 900_000));
        let (from, to) = (Peer::Host(from), Peer::Host(to));
        let conn = Conn { protocol, service, sent, received, ..Conn::tcp(from, to, number) };
        let name =
            outside::SITES[usize::try_from(self.rng.below(outside::SITES.len() as u64)).unwrap_or(0)].0;
        if let Some(seen) = self.conn(conn)
            && service == Some("dns")
        {
            self.zeek_dns(&seen, name);
        }
    }
}

/// A port of a range, and what Zeek calls what runs there.
fn used_port(port: Port) -> (u16, &'static str, Option<&'static str>) {
    let number = match (port.first, port.last) {
        (0, u16::MAX) => 443,
        (first, _) => first,
    };
    let protocol = if port.protocol == Protocol::Udp { "udp" } else { "tcp" };
    let service = match number {
        53 => Some("dns"),
        80 => Some("http"),
        443 | 8443 => Some("ssl"),
        88 => Some("krb_tcp"),
        389 => Some("ldap_tcp"),
        _ => None,
    };
    (number, protocol, service)
}

/// Hosts that a flow or management channel lets reach `host` on one of `ports`.
pub(super) fn senders(movement: &Movement, host: HostNo, ports: &[u16]) -> Vec<HostNo> {
    let mut senders: Vec<HostNo> = Vec::new();
    for flow in movement.flows().iter().filter(|it| it.to.binary_search(&host).is_ok()) {
        if flow.ports.iter().any(|it| ports.iter().any(|port| it.contains(Port::tcp(*port)))) {
            senders.extend(flow.from.iter().filter(|it| **it != host));
        }
    }
    senders.sort_unstable();
    senders.dedup();
    senders
}
