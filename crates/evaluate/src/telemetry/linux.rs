//! Linux records as hosts forward them: audit records with `node=`, syslog lines of RFC 5424.

use std::net::IpAddr;

use super::{Scene, iso};
use crate::world::HostNo;

const AUDIT: &str = "linux/audit.log";
const AUTH: &str = "linux/auth.log";

/// Who runs something: login id and effective id, as the kernel numbers them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub login: u32,
    pub id: u32,
}

impl User {
    pub const ROOT: Self = Self { login: 1001, id: 0 };
    /// The web server's account of Debian, started at boot.
    pub const WEB: Self = Self { login: u32::MAX, id: 33 };
    /// A job of the system.
    pub const DAEMON: Self = Self { login: u32::MAX, id: 0 };
    /// The account of PostgreSQL.
    pub const DATABASE: Self = Self { login: u32::MAX, id: 114 };
}

impl Scene<'_, '_> {
    /// A program starts: the kernel's SYSCALL and EXECVE records of one audit event.
    pub fn execve(&mut self, host: HostNo, user: User, exe: &str, arguments: &[&str]) {
        let listed: Vec<_> =
            arguments.iter().enumerate().map(|(at, it)| format!("a{at}={}", quoted(it))).collect();
        let rest = format!("argc={} {}", arguments.len(), listed.join(" "));
        self.audit(host, user, exe, 59, &[("EXECVE", rest)]);
    }

    /// A program is started by its name alone, from `/usr/bin`.
    pub fn command(&mut self, host: HostNo, user: User, arguments: &[&str]) {
        let exe = format!("/usr/bin/{}", arguments.first().copied().unwrap_or_default());
        self.execve(host, user, &exe, arguments);
    }

    /// A file is created.
    pub fn file_created_linux(&mut self, host: HostNo, user: User, exe: &str, path: &str) {
        let item = format!(
            "item=1 name={} inode=393247 dev=fd:01 mode=0100644 ouid={} ogid=0 rdev=00:00 nametype=CREATE",
            quoted(path),
            user.id
        );
        self.audit(host, user, exe, 257, &[("PATH", item)]);
    }

    fn audit(&mut self, host: HostNo, user: User, exe: &str, syscall: u16, records: &[(&str, String)]) {
        let at = self.tick();
        let world = self.world;
        let host = world.host(host);
        if host.silent {
            return;
        }
        let (pid, parent, serial) =
            (self.rng.range(1000, 60_000), self.rng.range(1000, 60_000), self.rng.range(10_000, 99_999_999));
        let stamp = format!("{}.{:03}:{serial}", at.as_second(), at.subsec_millisecond());
        let User { login, id } = user;
        let name = exe.rsplit('/').next().unwrap_or_default();
        let name = &name[..name.len().min(15)];
        let head = format!(
            "arch=c000003e syscall={syscall} success=yes exit=0 items=2 ppid={parent} pid={pid} auid={login} uid={id} \
             gid={id} euid={id} suid={id} fsuid={id} egid={id} sgid={id} fsgid={id} tty=(none) ses=4 comm=\"{name}\" \
             exe=\"{exe}\" subj=unconfined key=(null)"
        );
        self.sink.push(AUDIT, at, format!("node={} type=SYSCALL msg=audit({stamp}): {head}", host.name));
        for (kind, rest) in records {
            self.sink.push(AUDIT, at, format!("node={} type={kind} msg=audit({stamp}): {rest}", host.name));
        }
    }

    /// A line of syslog, facility authpriv.
    pub fn auth(&mut self, host: HostNo, program: &str, severity: u8, message: &str) {
        let at = self.tick();
        let world = self.world;
        let host = world.host(host);
        if host.silent {
            return;
        }
        let pid = self.rng.range(1000, 60_000);
        let line = format!("<{}>1 {} {} {program} {pid} - - {message}", 80 + severity, iso(at), host.name);
        self.sink.push(AUTH, at, line);
    }

    /// The SSH daemon of `host` lets `user` in.
    pub fn sshd_accepted(&mut self, host: HostNo, user: &str, from: Option<IpAddr>, password: bool) {
        let from = from.map_or("UNKNOWN".to_owned(), |it| it.to_string());
        let port = self.rng.range(32_768, 60_999);
        let message = if password {
            format!("Accepted password for {user} from {from} port {port} ssh2")
        } else {
            let key = self.rng.hex(43);
            format!("Accepted publickey for {user} from {from} port {port} ssh2: ED25519 SHA256:{key}")
        };
        self.auth(host, "sshd", 6, &message);
        self.auth(
            host,
            "sshd",
            6,
            &format!("pam_unix(sshd:session): session opened for user {user}(uid=1001) by (uid=0)"),
        );
    }

    /// The SSH daemon of `host` refuses `user`.
    pub fn sshd_failed(&mut self, host: HostNo, user: &str, from: Option<IpAddr>) {
        let from = from.map_or("UNKNOWN".to_owned(), |it| it.to_string());
        let port = self.rng.range(32_768, 60_999);
        self.auth(host, "sshd", 6, &format!("Failed password for {user} from {from} port {port} ssh2"));
    }
}

/// As the audit daemon writes text that a user chose: quoted, or in hexadecimal when it holds a space or a quote.
fn quoted(text: &str) -> String {
    if text.bytes().all(|it| it.is_ascii_graphic() && it != b'"') {
        format!("\"{text}\"")
    } else {
        text.bytes().map(|it| format!("{it:02X}")).collect()
    }
}
