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
    out.user = account.or(translated).and_then(|it| names::account(None, &it));
    let is_logon = ["USER_LOGIN", "USER_START", "USER_AUTH"].iter().any(|it| fields.has(Slot::AuditType, it));
    let (Some(user), Some(to), true) = (out.user.clone(), out.host.clone(), is_logon) else {
        return;
    };
    let success = fields.text(Slot::Result).is_some_and(|it| it == "success" || it == "1");
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
    if fields.text(Slot::Mnemonic).is_some() || fields.text(Slot::Device).is_some() {
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
    let message = fields.text(Slot::Message).unwrap_or_default();
    match program.as_str() {
        "sshd" | "sshd-session" => sshd(&message, out),
        "sudo" => sudo(&message, out),
        "su" | "login" | "systemd-logind" | "cron" | "crond" => session(&program, &message, out),
        _ => {}
    }
    if !program.is_empty() && out.process.is_none() {
        out.process = Some(program);
    }
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
    let slots = [Slot::ClientIp, Slot::RemoteIp, Slot::RemotePort, Slot::Proto];
    out.flow = network::flow(fields, slots);
    if out.flow.is_some() {
        // Traffic through a device is about who sent it.
        out.host = None;
        out.subject = fields.text(Slot::ClientIp).and_then(|it| parse_address(&it));
    }
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
            out.user = word_after(message, "for user ").and_then(account);
        }
        return;
    }
    let user = word_after(message, " for invalid user ")
        .or_else(|| word_after(message, "Invalid user "))
        .or_else(|| word_after(message, " for "));
    out.user = user.and_then(account);
    let from = message.rfind(" from ").and_then(|at| message[at + 6..].split_whitespace().next());
    push_logon(out, from.and_then(origin), "ssh", success);
}

/// An account as PAM writes it: `root(uid=0)`.
fn account(word: &str) -> Option<String> {
    names::account(None, word.split('(').next()?.trim_end_matches([',', ';', '.']))
}

fn push_logon(out: &mut Entities, from: Option<String>, kind: &str, success: bool) {
    if let (Some(user), Some(to)) = (out.user.clone(), out.host.clone()) {
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
    out.privileged = as_root && !refused.iter().any(|it| rest.contains(it));
    out.process = rest.split_once("COMMAND=").map(|(_, it)| it.split(' ').next().unwrap_or(it).to_owned());
}

/// `pam_unix(su:session): session opened for user root(uid=0) by alice(uid=1000)`, `New session 4 of user alice.`
fn session(program: &str, message: &str, out: &mut Entities) {
    let opened = word_after(message, "session opened for user ").or_else(|| word_after(message, " of user "));
    let Some(user) = opened.and_then(account) else {
        return;
    };
    out.user = Some(user);
    let kind = match program {
        "login" => "interactive",
        "cron" | "crond" => "batch",
        "su" => "explicit",
        _ => return,
    };
    push_logon(out, None, kind, true);
}
