//! Administrators on their rounds: from jump hosts and bastions to server after server, with the tools they use for it.

use bulkhead_model::estate::IdentityKind;

use super::{Day, Maker};
use crate::defence::Peer;
use crate::movement::Movement;
use crate::telemetry::{Conn, SYSTEM, Scene, User};
use crate::world::{Account, HostNo, Os};

impl Maker<'_, '_> {
    pub(super) fn rounds(&mut self, day: &Day<'_>, hosts: &[HostNo]) {
        let origins = if day.dates.from.is_empty() {
            let usual = ["jump", "bastion", "admin"];
            let is_usual =
                |it: &HostNo| self.world.asset(*it).roles.iter().any(|role| usual.contains(&role.as_str()));
            self.world.all().filter(is_usual).collect()
        } else {
            self.origins(day.dates, &[])
        };
        // Only where an administrator may go: the share is of those.
        let movement = self.movement;
        let ways = |host: HostNo, os: Os| ways(movement, &origins, host, os);
        let may: Vec<HostNo> =
            hosts.iter().copied().filter(|it| !ways(*it, self.world.host(*it).os).is_empty()).collect();
        for (host, at) in self.tour(day, &may) {
            let name = self.world.id(host).to_string();
            let ways = ways(host, self.world.host(host).os);
            self.moment(day, &name, at, |scene| {
                let Some((from, port)) = scene.rng.pick(&ways).copied() else { return };
                match scene.world.host(host).os {
                    Os::Windows => scene.windows_round(from, host, port),
                    Os::Linux => scene.linux_round(from, host),
                    Os::Network => scene.device_round(from, host),
                }
            });
        }
    }
}

/// From where, and to which port, an administrator may come to `host`.
fn ways(movement: &Movement, origins: &[HostNo], host: HostNo, os: Os) -> Vec<(HostNo, u16)> {
    let ports: &[u16] = if os == Os::Windows { &[3389, 5985, 445] } else { &[22] };
    let way = |from: &HostNo| {
        let open = |port: &&u16| *from != host && movement.declared(*from, host, **port);
        ports.iter().filter(open).map(|port| (*from, *port)).collect::<Vec<_>>()
    };
    origins.iter().flat_map(way).collect()
}

impl Scene<'_, '_> {
    fn windows_round(&mut self, from: HostNo, host: HostNo, port: u16) {
        let protocol = match port {
            3389 => "rdp",
            5985 => "winrm",
            _ => "smb",
        };
        let account = self.privileged(host, protocol);
        let source = self.world.host(from).address;
        let (sent, received) = (self.rng.range(9_000, 400_000), self.rng.range(9_000, 900_000));
        let conn =
            Conn { sent, received, seconds: 240, ..Conn::tcp(Peer::Host(from), Peer::Host(host), port) };
        match port {
            3389 => {
                self.conn(Conn { service: Some("ssl,rdp"), ..conn });
                self.logon(host, &account, 10, source, true);
                self.process(host, &account.windows(), "mmc.exe", "mmc.exe services.msc", "explorer.exe");
            }
            5985 => {
                const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
                self.conn(Conn { service: Some("http"), ..conn });
                self.logon(host, &account, 3, source, true);
                let command = "powershell.exe -NoProfile -Command Get-HotFix";
                self.process(host, &account.windows(), POWERSHELL, command, "wsmprovhost.exe");
            }
            _ => self.over_file_sharing(from, host, &account, conn),
        }
    }

    /// What is done through port 445: services asked for, software installed, once in a while a tool that looks like an
    /// intruder's.
    fn over_file_sharing(&mut self, from: HostNo, host: HostNo, account: &Account, conn: Conn) {
        let (source, user) = (self.world.host(from).address, account.windows());
        let target = self.world.host(host).short.clone();
        let seen = self.conn(conn);
        self.logon(host, account, 3, source, true);
        match self.rng.below(12) {
            0..=3 => {
                let command = format!("sc.exe \\\\{target} query state= all");
                self.process(from, &user, "sc.exe", &command, "cmd.exe");
                self.share_access(host, account, source, "\\\\*\\IPC$", "svcctl");
                if let Some(seen) = &seen {
                    self.zeek_rpc(seen, "\\PIPE\\svcctl", "svcctl", "EnumServicesStatusW");
                }
            }
            4..=7 => {
                if let Some(seen) = &seen {
                    self.zeek_share(seen, &format!("\\\\{target}\\C$"));
                }
                self.share_access(host, account, source, "\\\\*\\C$", "Install\\agent.msi");
                let command = "msiexec.exe /i C:\\Install\\agent.msi /qn";
                self.process(host, SYSTEM, "msiexec.exe", command, "services.exe");
                let path = "\"C:\\Program Files\\Vendor\\Agent\\agentsvc.exe\"";
                self.service_installed(host, "VendorAgent", path);
            }
            8..=10 => {
                let command = "net.exe group \"Staff\" /domain";
                self.process(from, &user, "net.exe", command, "cmd.exe");
            }
            _ => self.psexec(from, host, account),
        }
    }

    /// The tool that administrators and intruders have in common.
    fn psexec(&mut self, from: HostNo, host: HostNo, account: &Account) {
        let (source, user) = (self.world.host(from).address, account.windows());
        let target = self.world.host(host).short.clone();
        let command = format!("psexec.exe \\\\{target} -s cmd /c gpupdate /force");
        self.process(from, &user, "C:\\Tools\\psexec.exe", &command, "cmd.exe");
        self.share_access(host, account, source, "\\\\*\\ADMIN$", "PSEXESVC.exe");
        self.service_installed(host, "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe");
        let service = "C:\\Windows\\PSEXESVC.exe";
        self.process(host, SYSTEM, "cmd.exe", "cmd /c gpupdate /force", service);
    }

    fn linux_round(&mut self, from: HostNo, host: HostNo) {
        let account = self.privileged(host, "ssh");
        let source = self.world.host(from).address;
        let (sent, received) = (self.rng.range(9_000, 90_000), self.rng.range(9_000, 400_000));
        let conn = Conn::tcp(Peer::Host(from), Peer::Host(host), 22);
        if let Some(seen) = self.conn(Conn { service: Some("ssh"), sent, received, seconds: 240, ..conn }) {
            self.zeek_ssh(&seen, true, 1);
        }
        self.sshd_accepted(host, &account.name, source, false);
        let name = &account.name;
        let sudo =
            |command: &str| format!(" {name} : TTY=pts/0 ; PWD=/home/{name} ; USER=root ; COMMAND={command}");
        match self.rng.below(10) {
            0 => {
                self.auth(host, "sudo", 5, &sudo("/usr/bin/systemctl enable exporter.service"));
                let unit = "/etc/systemd/system/exporter.service";
                self.file_created_linux(host, User::ROOT, "/usr/bin/vim", unit);
            }
            1 => self.file_created_linux(host, User::ROOT, "/usr/bin/vim", "/etc/cron.d/housekeeping"),
            2 => {
                let from = "https://updates.vendor.example/tool.tgz";
                self.command(host, User::ROOT, &["curl", "-fsSLo", "/tmp/tool.tgz", from]);
            }
            3 => self.auth(host, "sudo", 5, &sudo("/bin/bash")),
            4 => self.command(host, User::ROOT, &["tcpdump", "-i", "any", "-c", "500"]),
            _ => {
                self.auth(host, "sudo", 5, &sudo("/usr/bin/journalctl -u app"));
                self.command(host, User::ROOT, &["journalctl", "-u", "app"]);
            }
        }
    }

    fn device_round(&mut self, from: HostNo, host: HostNo) {
        let (account, source) = (self.privileged(host, "ssh"), self.world.host(from).address);
        self.device_login(host, &account.name, source);
        for command in ["show version", "show running-config", "show logging"] {
            self.device_command(host, &account.name, command);
        }
    }

    /// A person who administers `host`, where the estate has one.
    pub(super) fn privileged(&mut self, host: HostNo, protocol: &str) -> Account {
        let entitled = self.world.entitled(host, protocol);
        let people: Vec<_> = entitled.filter(|it| it.privileged && it.kind == IdentityKind::Human).collect();
        match self.rng.pick(&people).copied() {
            Some(identity) => self.world.account(identity),
            None => self.administrator(host, protocol),
        }
    }

    /// The account with which the programs of `from` log on to `host`.
    pub(super) fn agent_of(&mut self, from: HostNo, host: HostNo) -> Account {
        let origin = self.world.asset(from);
        let mut entitled = self.world.entitled(host, "ssh").filter(|it| it.kind == IdentityKind::Service);
        match entitled.find(|it| it.secrets_on.iter().any(|on| on.matches(origin))) {
            Some(identity) => self.world.account(identity),
            None => self.administrator(host, "ssh"),
        }
    }
}
