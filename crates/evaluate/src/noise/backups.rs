//! Backups at night: backup servers fetch what they keep, host by host, and Windows servers write theirs.

use bulkhead_model::estate::AssetKind;

use super::{Day, Maker};
use crate::defence::Peer;
use crate::telemetry::{Conn, SYSTEM, Scene, User};
use crate::world::{HostNo, Os};

impl Maker<'_, '_> {
    /// Of `hosts`, those that a backup server may log on to, and servers with Windows.
    pub(super) fn backups(&mut self, day: &Day<'_>, hosts: &[HostNo]) {
        let servers = self.origins(day.dates, &["backup"]);
        let fetches = |host: HostNo| servers.iter().copied().find(|it| self.movement.declared(*it, host, 22));
        let is_server = |host: HostNo| {
            let kind = self.world.asset(host).kind;
            kind == AssetKind::Server && self.world.host(host).os == Os::Windows
        };
        let kept: Vec<HostNo> = hosts
            .iter()
            .copied()
            .filter(|it| !servers.contains(it))
            .filter(|it| is_server(*it) || self.world.host(*it).os == Os::Linux && fetches(*it).is_some())
            .collect();
        let from: Vec<Option<HostNo>> = kept.iter().map(|it| fetches(*it)).collect();
        for (host, at) in self.tour(day, &kept) {
            let from = kept.iter().position(|it| *it == host).and_then(|it| from[it]);
            let name = self.world.id(host).to_string();
            self.moment(day, &name, at, |scene| match (scene.world.host(host).os, from) {
                (Os::Linux, Some(from)) => scene.fetched(from, host),
                _ => scene.windows_backup(host),
            });
        }
    }
}

impl Scene<'_, '_> {
    fn fetched(&mut self, from: HostNo, host: HostNo) {
        let (account, source) = (self.agent_of(from, host), self.world.host(from).address);
        let received = self.rng.range(900_000_000, 90_000_000_000);
        let conn = Conn::tcp(Peer::Host(from), Peer::Host(host), 22);
        if let Some(seen) = self.conn(Conn { service: Some("ssh"), received, seconds: 600, ..conn }) {
            self.zeek_ssh(&seen, true, 1);
        }
        self.sshd_accepted(host, &account.name, source, false);
        let dump = ["pg_dump", "-Fc", "-f", "/var/backups/nightly.dump", "app"];
        self.command(host, User::DATABASE, &dump);
        self.command(host, User::ROOT, &["rsync", "--server", "--sender", "-logDtpr", ".", "/var/backups"]);
        self.command(from, User::DAEMON, &["tar", "cf", "/srv/backup/incoming.tar", "/srv/backup/incoming"]);
    }

    fn windows_backup(&mut self, host: HostNo) {
        let command = "wbadmin.exe start backup -backupTarget:\\\\bkp\\windows -include:C: -vssFull -quiet";
        self.process(host, SYSTEM, "wbadmin.exe", command, "taskeng.exe");
        self.process(host, SYSTEM, "vssadmin.exe", "vssadmin.exe list shadows", "cmd.exe");
    }
}
