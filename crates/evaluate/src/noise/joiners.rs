//! People begin: their accounts are made in the directory, and they log on for the first time.

use bulkhead_model::estate::AssetKind;
use jiff::Timestamp;

use super::calendar::after;
use super::{Day, Maker};
use crate::rng::Rng;
use crate::telemetry::{SYSTEM, Scene};
use crate::world::{Account, HostNo, Os};

const NAMES: &[&str] = &[
    "adam", "baron", "carre", "denis", "etienne", "faure", "gaillard", "henry", "imbert", "joly", "klein",
    "lambert", "marchand", "noel", "olivier", "perrin", "renard", "schmitt", "tessier", "vidal",
];

impl Maker<'_, '_> {
    /// `hosts` are those whose workstations they get.
    pub(super) fn joiners(&mut self, day: &Day<'_>, hosts: &[HostNo]) {
        let desk = |it: &HostNo| {
            let is_windows = self.world.host(*it).os == Os::Windows;
            // Nobody's first day is at an administrator's desk.
            let asset = self.world.asset(*it);
            let is_trusted =
                asset.roles.iter().any(|role| ["admin", "noc", "console"].contains(&role.as_str()));
            is_windows && !is_trusted && asset.kind == AssetKind::Workstation
        };
        let desks: Vec<HostNo> = hosts.iter().copied().filter(desk).collect();
        let mut rng = Rng::new(self.seed, &day.name);
        for number in 0..people(day.dates.amount) {
            let Some(desk) = rng.pick(&desks).copied() else { return };
            let initial = char::from(b'a' + u8::try_from(rng.below(26)).unwrap_or_default());
            let name = rng.pick(NAMES).copied().unwrap_or("adam");
            let account = Account {
                identity: None,
                domain: self.world.domain.clone(),
                name: format!("{initial}.{name}"),
            };
            let made = after(day.begin, rng.below(day.dates.lasts.secs()));
            let arrives: Timestamp = after(made, rng.range(600, 7200));
            self.moment(day, &format!("{number} account"), made, |scene| scene.account_made(&account));
            self.moment(day, &format!("{number} desk"), arrives, |scene| scene.first_day(desk, &account));
        }
    }
}

/// People of a day; no more than one could greet.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
fn people(amount: f64) -> u32 {
    amount.round().clamp(0.0, 1000.0) as u32
}

impl Scene<'_, '_> {
    /// By an administrator of the directory, or by the program that copies people from the personnel records.
    fn account_made(&mut self, account: &Account) {
        let Some(directory) = self.world.directory() else { return };
        let by = if self.rng.below(2) == 0 {
            self.administrator(directory, "winrm")
        } else {
            Account { identity: None, domain: self.world.domain.clone(), name: "svc-idm".to_owned() }
        };
        for id in [4720, 4722, 4724, 4738] {
            self.account_changed(directory, id, &by, account);
        }
        self.member_added(directory, 4728, &by, account, "Staff");
        if self.rng.below(2) == 0 {
            self.member_added(directory, 4728, &by, account, "DL-Projets");
        }
        // Now and then it is an administrator who begins.
        if self.once_in(12) {
            self.member_added(directory, 4728, &by, account, "Backup Operators");
        }
    }

    fn first_day(&mut self, desk: HostNo, account: &Account) {
        const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        let (user, source) = (account.windows(), self.world.host(desk).address);
        if let Some(directory) = self.world.directory() {
            for _ in 0..self.rng.below(4) {
                self.logon(directory, account, 3, source, false);
            }
        }
        self.logon(desk, account, 2, None, true);
        self.process(desk, &user, "userinit.exe", "userinit.exe", "winlogon.exe");
        self.process(desk, &user, "C:\\Windows\\explorer.exe", "explorer.exe", "userinit.exe");
        // The first session sets up what the others only use.
        if self.rng.below(2) == 0 {
            let agent = "C:\\Program Files\\Deploy\\agent.exe";
            let command = format!("powershell.exe -NonInteractive -EncodedCommand {}", self.rng.hex(80));
            self.process(desk, SYSTEM, POWERSHELL, &command, agent);
        }
        if self.rng.below(5) < 2 {
            let key =
                format!("HKU\\{}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Vendor", account.name);
            let tray = "C:\\ProgramData\\Vendor\\tray.exe --first-run";
            self.registry_set(desk, &user, "C:\\Windows\\explorer.exe", &key, tray);
        }
        if self.once_in(8) {
            let helper = self.privileged(desk, "rdp");
            let command = format!("net.exe localgroup Administrators {user} /add");
            self.process(desk, &helper.windows(), "net.exe", &command, "cmd.exe");
            self.member_added(desk, 4732, &helper, account, "Administrators");
        }
        let servers = self.world.all().filter(|it| {
            self.world.asset(*it).roles.iter().any(|role| role == "fileserver")
                && self.world.host(*it).os == Os::Windows
                && self.movement.declared(desk, *it, 445)
        });
        if let Some(server) = servers.take(1).next() {
            self.logon(server, account, 3, source, true);
        }
    }
}
