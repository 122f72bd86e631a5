//! A patch day: updates on many hosts within hours, what their installers leave behind, and restarts.

use super::ordinary::senders;
use super::{Day, Maker};
use crate::defence::Peer;
use crate::telemetry::{Conn, SYSTEM, Scene, User};
use crate::world::{HostNo, Os};

const UPDATES: &[&str] = &[
    "Cumulative Update for Windows (KB5062553)",
    "Security Update for the .NET Framework (KB5056580)",
    "Security Intelligence Update for Microsoft Defender Antivirus (KB2267602)",
    "Security Update for Office (KB5002741)",
];
const TRUSTED_INSTALLER: &str = "C:\\Windows\\servicing\\TrustedInstaller.exe";
const AGENT: &str = "C:\\Program Files\\Deploy\\agent.exe";

impl Maker<'_, '_> {
    pub(super) fn patches(&mut self, day: &Day<'_>, hosts: &[HostNo]) {
        let patched = |it: &HostNo| self.world.host(*it).os != Os::Network;
        let hosts: Vec<HostNo> = hosts.iter().copied().filter(patched).collect();
        for (host, at) in self.tour(day, &hosts) {
            let name = self.world.id(host).to_string();
            self.moment(day, &name, at, |scene| match scene.world.host(host).os {
                Os::Windows => scene.windows_patched(host),
                _ => scene.linux_patched(host),
            });
        }
    }
}

impl Scene<'_, '_> {
    /// One time in `of`.
    pub(super) fn once_in(&mut self, of: u64) -> bool {
        self.rng.below(of) == 0
    }

    fn windows_patched(&mut self, host: HostNo) {
        const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        self.process(host, SYSTEM, "UsoClient.exe", "UsoClient.exe StartInstall", "svchost.exe");
        let worker = "C:\\Windows\\WinSxS\\amd64_servicingstack\\TiWorker.exe";
        self.process(host, SYSTEM, worker, "TiWorker.exe -Embedding", "svchost.exe");
        // The agent's scripts are encoded, as those of most are.
        if self.rng.below(5) < 3 {
            let command = format!("powershell.exe -NonInteractive -EncodedCommand {}", self.rng.hex(96));
            self.process(host, SYSTEM, POWERSHELL, &command, AGENT);
        }
        for _ in 0..self.rng.range(1, 3) {
            let title = *self.rng.pick(UPDATES).unwrap_or(&UPDATES[0]);
            self.update_installed(host, title);
        }
        // Installers clean up after themselves at the next start.
        if self.rng.below(5) < 2 {
            let key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\RunOnce\\wextract_cleanup0";
            let details = "rundll32.exe C:\\Windows\\system32\\advpack.dll,DelNodeRunDLL32 \"C:\\Windows\\Temp\\IXP000.TMP\\\"";
            self.registry_set(host, SYSTEM, TRUSTED_INSTALLER, key, details);
        }
        if self.once_in(5) {
            let command =
                "schtasks.exe /create /f /tn Vendor\\Update /tr C:\\ProgramData\\Vendor\\upd.exe /sc daily";
            self.process(host, SYSTEM, "schtasks.exe", command, "msiexec.exe");
        }
        if self.once_in(7) {
            let path = "\"C:\\Program Files\\Vendor\\Agent\\agentsvc.exe\"";
            self.service_installed(host, "VendorAgent", path);
        }
        // Now and then a set-up program registers its helper as a service from where it unpacked it.
        if self.once_in(100) {
            let path = format!("C:\\Windows\\Temp\\{{{}}}\\setuphlp.exe", self.rng.hex(8));
            self.service_installed(host, "SetupHelper", &path);
        }
        if self.once_in(3) {
            self.defender_updated(host);
        }
        let pause = self.rng.range(120_000, 900_000);
        self.wait_ms(pause);
        self.restarted(host, SYSTEM, "Operating System: Service pack (Planned)");
    }

    /// Microsoft Defender's platform comes with the updates and installs its services anew, from below `ProgramData`.
    fn defender_updated(&mut self, host: HostNo) {
        let folder = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.25060.7-0";
        for (name, program) in [
            ("Microsoft Defender Antivirus Service", "MsMpEng.exe"),
            ("Microsoft Defender Antivirus Network Inspection Service", "NisSrv.exe"),
            ("Microsoft Defender Core Service", "MpDefenderCoreService.exe"),
        ] {
            self.service_installed(host, name, &format!("\"{folder}\\{program}\""));
        }
    }

    /// By the configuration server where one may log on there, else by the host's own timer.
    fn linux_patched(&mut self, host: HostNo) {
        let manages = |it: &HostNo| self.world.asset(*it).roles.iter().any(|role| role == "config_manager");
        let manager = senders(self.movement, host, &[22]).into_iter().find(manages);
        let user = if manager.is_some() { User::ROOT } else { User::DAEMON };
        if let Some(from) = manager {
            let source = self.world.host(from).address;
            let conn = Conn::tcp(Peer::Host(from), Peer::Host(host), 22);
            let conn = Conn { service: Some("ssh"), sent: 90_000, received: 40_000, seconds: 45, ..conn };
            if let Some(seen) = self.conn(conn) {
                self.zeek_ssh(&seen, true, 1);
            }
            let account = self.agent_of(from, host);
            self.sshd_accepted(host, &account.name, source, false);
        }
        self.command(host, user, &["apt-get", "-y", "upgrade"]);
        for _ in 0..self.rng.range(1, 4) {
            self.command(host, user, &["dpkg", "--unpack", "/var/cache/apt/archives/package.deb"]);
        }
        let dpkg = "/usr/bin/dpkg";
        if self.rng.below(10) < 3 {
            let unit = "/etc/systemd/system/multi-user.target.wants/node-exporter.service";
            self.file_created_linux(host, User::DAEMON, dpkg, unit);
        }
        if self.once_in(5) {
            self.file_created_linux(host, User::DAEMON, dpkg, "/etc/cron.daily/apt-compat");
        }
        if self.once_in(10) {
            let from = "https://updates.vendor.example/agent.deb";
            self.command(host, user, &["curl", "-fsSL", "-o", "/tmp/agent.deb", from]);
        }
        if self.rng.below(3) == 0 {
            self.auth(host, "systemd-logind", 5, "System is rebooting (package upgrade)");
        }
    }
}
