//! Linux: audit records and the syslog lines of sshd, sudo, su and PAM.

use std::borrow::Cow;

use bulkhead_model::entity::{Entities, Logon, ObservedFlow};

use super::address::{is_usable, parse_address};
use super::fields::{Fields, Slot};
use super::{names, network};

/// Programs whose lines only a Linux or Unix host writes.
const UNIX_PROGRAMS: [&str; 9] =
    ["sshd", "sudo", "su", "systemd", "kernel", "cron", "login", "audispd", "systemd-logind"];

/// An event of the audit log.
pub(super) fn audit(fields: &Fields<'_>, out: &mut Entities) {
    out.os = Some("linux");
    out.host = fields.first(&[Slot::Node, Slot::Host]).and_then(|it| names::host(&it));
    out.process = fields.first(&[Slot::Exe, Slot::Comm]).map(Cow::into_owned);
    let account = fields.text(Slot::Acct);
    let translated = fields.first(&[Slot::LoginUser, Slot::EffectiveUser]).filter(|it| *it != "unset");
    if fields.has(Slot::AuditType, "ADD_USER") {
        // Two records: one says that the entry was written, the other which user id it got.
        out.refused = fields.text(Slot::Result).is_some_and(|it| it != "success" && it != "1");
        out.created = account.filter(|_| !out.refused).and_then(|it| names::account(None, &it));
        out.user = translated.and_then(|it| names::account(None, &it));
        return;
    }
    out.user = account.or(translated).and_then(|it| names::account(None, &it));
    let is_logon = ["USER_LOGIN", "USER_START", "USER_AUTH"].iter().any(|it| fields.has(Slot::AuditType, it));
    let (Some(user), Some(to), true) = (out.user.clone(), out.host.clone(), is_logon) else {
        return;
    };
    let success = fields.text(Slot::Result).is_some_and(|it| it == "success" || it == "1");
    out.refused = !success;
    let program = out.process.as_deref().and_then(|it| it.rsplit('/').next()).unwrap_or_default();
    let kind = match program {
        "sshd" | "sshd-session" => "ssh",
        "cron" | "crond" | "atd" => "batch",
        "sudo" | "su" | "runuser" | "pkexec" => "explicit",
        "login" | "gdm-session-worker" | "lightdm" | "sddm-helper" => "interactive",
        _ => "other",
    };
    // PAM authenticates before it opens the session: a success counts once, at the session.
    if fields.has(Slot::AuditType, "USER_AUTH") && success {
        return;
    }
    let from = fields.text(Slot::Addr).and_then(|it| origin(&it));
    out.logon = Some(Logon { user, from, to, kind: kind.to_owned(), success });
}

/// An address or a host's name.
fn origin(text: &str) -> Option<String> {
    match parse_address(text) {
        Some(address) => is_usable(address).then(|| address.to_string()),
        None => names::host(text),
    }
}

/// A syslog line.
pub(super) fn syslog(fields: &Fields<'_>, out: &mut Entities) {
    let host = fields.text(Slot::Host);
    out.host = host.as_deref().and_then(names::host);
    if out.host.is_none() {
        // Where names are not looked up, a sender goes by its address.
        out.subject = host.as_deref().and_then(parse_address).filter(|it| is_usable(*it));
    }
    let is_device = [Slot::Mnemonic, Slot::Device, Slot::Junos, Slot::Vendor];
    if is_device.iter().any(|it| fields.text(*it).is_some()) {
        device(host.as_deref(), fields, out);
        return;
    }
    if let Some(dataset) = fields.text(Slot::Dataset) {
        super::web(&dataset, fields, out);
        return;
    }
    if fields.text(Slot::Query).is_some() {
        // Who asked, not the name server that answered.
        out.host = None;
        out.subject = fields.text(Slot::SrcIp).and_then(|it| parse_address(&it)).filter(|it| is_usable(*it));
        let slots = [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto];
        out.flow = network::flow(fields, slots).map(|it| ObservedFlow {
            protocol: "udp".to_owned(),
            port: 53,
            ..it
        });
        return;
    }
    let program = fields.text(Slot::Program).unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default().to_lowercase();
    if program.starts_with('%') {
        // A Cisco message: its mnemonic is no program.
        out.os = Some("network");
        return;
    }
    if UNIX_PROGRAMS.contains(&program.as_str()) {
        out.os = Some("linux");
    }
    // A field of this name is there only where the message's form defines who the user is.
    out.user = fields.text(Slot::UserLower).and_then(|it| names::account(None, &it));
    let message = fields.text(Slot::Message).unwrap_or_default();
    match program.as_str() {
        "sshd" | "sshd-session" => sshd(&message, out),
        "sudo" => sudo(&message, out),
        "useradd" | "adduser" => out.created = new_user(&message),
        "su" | "login" | "systemd-logind" | "cron" | "crond" => session(&program, &message, out),
        _ => {}
    }
    out.refused |= is_refused(&message);
    if !program.is_empty() && out.process.is_none() {
        out.process = Some(program);
    }
}

/// `new user: name=eve, UID=1001, GID=1001, home=/home/eve, ...` (useradd of the shadow tools); busybox and others write no such
/// line.
fn new_user(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("new user: name=")?;
    names::account(None, rest.split([',', ' ']).next()?)
}

/// A network device, or a server that keeps account of what is done on devices.
fn device(sender: Option<&str>, fields: &Fields<'_>, out: &mut Entities) {
    out.os = Some("network");
    let named = fields.text(Slot::Device);
    let device = named.as_deref().or(sender);
    out.host = device.and_then(names::host);
    if out.host.is_none() {
        out.subject = device.and_then(parse_address);
    }
    out.user = fields.text(Slot::UserLower).and_then(|it| names::account(None, &it));
    out.refused = fields.text(Slot::Message).is_some_and(|it| is_refused(&it));
    let slots = [Slot::ClientIp, Slot::RemoteIp, Slot::RemotePort, Slot::Proto];
    let through = network::flow(fields, slots);
    let told = [Slot::SrcIp, Slot::DestIp, Slot::DestPort, Slot::Proto];
    // What a device let nobody do is no traffic.
    let stopped = fields.text(Slot::Action).is_some_and(|it| STOPPED.contains(&it.to_lowercase().as_str()));
    // A message of Cisco's that states no verdict is about the device.
    let is_traffic = fields.text(Slot::Mnemonic).is_none() || fields.text(Slot::Action).is_some();
    let told = || if is_traffic { network::flow(fields, told) } else { None };
    let flow = through.or_else(told).filter(|_| !stopped);
    if let Some(flow) = flow {
        // Traffic through a device is about who sent it.
        out.host = None;
        out.subject = Some(flow.from);
        out.flow = Some(flow);
    }
}

/// What devices call traffic that they did not let through.
const STOPPED: [&str; 7] = ["deny", "denied", "drop", "dropped", "block", "blocked", "reject"];

/// Whether a message says of an attempt to log on that it failed.
fn is_refused(message: &str) -> bool {
    const MARKS: [&str; 23] = [
        "Failed ",
        "FAIL LOGIN",
        "FAILED ",
        "Invalid user",
        "invalid user",
        "illegal user",
        "unknown user",
        "authentication failure",
        "authentication failed",
        "Authentication failed",
        "Login failed",
        "LOGIN_FAILED",
        "login failed",
        "Login denied",
        "authentication Rejected",
        "Authentication: rejected",
        "Authentication Failed",
        "failed user authentication",
        "unsuccessful authentication",
        "credentials rejected",
        "server not accessible",
        "unable to complete the request",
        // A session is ended so before anybody is authenticated, too; who was is named when it begins.
        "disconnected by SSH server",
    ];
    MARKS.iter().any(|it| message.contains(it)) || message.ends_with(" Failed")
}

/// The word after `key` in `text`.
fn word_after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let rest = &text[text.find(key)? + key.len()..];
    rest.split_whitespace().next()
}

/// `Accepted publickey for alice from 10.0.0.1 port 22 ssh2`, `Failed password for invalid user bob from 10.0.0.1 ...`.
fn sshd(message: &str, out: &mut Entities) {
    let success = message.starts_with("Accepted ");
    let failure = message.starts_with("Failed ") || message.starts_with("Invalid user ");
    if !success && !failure {
        if message.contains("session opened for user") {
            out.user = opened(message);
        } else if is_refused(message) {
            // `error: PAM: unknown user for illegal user badguy from 192.168.33.1`
            out.user = crate::forms::user(message).and_then(account);
            push_logon(out, crate::forms::source(message).and_then(origin), "ssh", false);
        }
        return;
    }
    let (before, from) = match message.rsplit_once(" from ") {
        Some((before, rest)) => (before, rest.split_whitespace().next()),
        None => (message, None),
    };
    // A directory's names may hold blanks.
    let user = [" for invalid user ", "Invalid user ", " for "].iter().find_map(|it| before.split_once(it));
    out.user = user.and_then(|it| account(it.1));
    push_logon(out, from.and_then(origin), "ssh", success);
}

/// Whose session a message says to be opened: `for user root(uid=0) by alice(uid=1000)`, `of user alice.`.
fn opened(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("session opened for user ") {
        return account(rest.split(" by ").next()?);
    }
    let (_, rest) = message.split_once(" of user ")?;
    account(rest.strip_suffix('.').or_else(|| rest.split_whitespace().next())?)
}

/// An account as PAM writes it: `root(uid=0)`.
fn account(word: &str) -> Option<String> {
    names::account(None, word.split('(').next()?.trim_end_matches([',', ';', '.']))
}

fn push_logon(out: &mut Entities, from: Option<String>, kind: &str, success: bool) {
    out.refused |= !success;
    let to = out.host.clone().or_else(|| out.subject.map(|it| it.to_string()));
    if let (Some(user), Some(to)) = (out.user.clone(), to) {
        out.logon = Some(Logon { user, from, to, kind: kind.to_owned(), success });
    }
}

/// `alice : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls`.
fn sudo(message: &str, out: &mut Entities) {
    let Some((user, rest)) = message.split_once(" : ") else {
        return;
    };
    out.user = account(user.trim());
    let refused = ["NOT in sudoers", "command not allowed", "incorrect password"];
    let as_root = word_after(rest, "USER=").is_some_and(|it| it == "root");
    out.refused = refused.iter().any(|it| rest.contains(it));
    out.privileged = as_root && !out.refused;
    out.process = rest.split_once("COMMAND=").map(|(_, it)| it.split(' ').next().unwrap_or(it).to_owned());
}

/// `pam_unix(su:session): session opened for user root(uid=0) by alice(uid=1000)`, `New session 4 of user alice.`
fn session(program: &str, message: &str, out: &mut Entities) {
    let Some(user) = opened(message) else { return };
    out.user = Some(user);
    let kind = match program {
        "login" => "interactive",
        "cron" | "crond" => "batch",
        "su" => "explicit",
        _ => return,
    };
    push_logon(out, None, kind, true);
}
