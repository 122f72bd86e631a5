//! Fields inside the message of a syslog line, by the program that wrote it.

use std::borrow::Cow;

use bulkhead_model::event::{Field, FieldsEvent};

use crate::web::{access, squid};
use crate::{cef, device, dns, web};

/// Fields more than these are not taken from one message.
const PAIRS_MAX: usize = 512;

/// Adds the fields of `message`, written by `program`.
pub(crate) fn fields<'a>(program: &'a str, message: &'a str, event: &mut FieldsEvent<'a>) {
    let program = program.rsplit('/').next().unwrap_or_default();
    if let Some(at) = cef::find(message)
        && let Some(found) = cef::parse(&message[at..])
    {
        found.fields(event);
        return;
    }
    if let Some(question) = dns::question(program, message) {
        dns::fields(&question, event);
        return;
    }
    match program {
        "sudo" => sudo(message, event),
        "kernel" => netfilter(message, event),
        "clamd" | "clamscan" | "clamonacc" => {
            // `/srv/a.php: Win.Trojan-1 FOUND`: rules begin with the signature's name.
            if let Some((_, found)) = message.rsplit_once(": ").filter(|(_, it)| it.ends_with(" FOUND")) {
                event.push("found", Field::text(found));
            }
        }
        "squid" | "(squid-1)" => {
            if let Some(columns) = squid::columns(message) {
                squid::fields(columns, event);
            }
        }
        "tac_plus" => accounting(message, event),
        _ if message.contains("CmdAV=") => commands(message, event),
        _ if is_fortigate(message) => pairs(message, event),
        _ => {
            if message.contains("] \"")
                && let Some(parts) = access::parse(message)
            {
                access::fields(&parts, event);
            } else if let Some(mnemonic) = device::mnemonic(program, message) {
                event.push("mnemonic", Field::text(mnemonic));
                device::cisco(message, event);
            } else {
                device::junos(message, event);
            }
        }
    }
}

/// `alice : TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/bin/ls`: names as sudo writes them.
fn sudo<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let Some((_, mut rest)) = message.split_once(" : ") else { return };
    loop {
        // The command stands last and may hold anything.
        let (pair, after) = if rest.starts_with("COMMAND=") {
            (rest, None)
        } else {
            rest.split_once(" ; ").map_or((rest, None), |(pair, after)| (pair, Some(after)))
        };
        if let Some((name, value)) = pair.split_once('=')
            && !name.is_empty()
            && name.bytes().all(|it| it.is_ascii_uppercase())
        {
            event.push(name, Field::text(value.trim()));
        }
        match after {
            Some(after) => rest = after,
            None => return,
        }
    }
}

/// `[UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.1 DST=10.0.0.1 PROTO=TCP SPT=4 DPT=22`, as the packet filter logs.
fn netfilter<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let Some(at) = message.find("IN=").filter(|_| message.contains(" SRC=") && message.contains(" DST="))
    else {
        return;
    };
    let (prefix, rest) = message.split_at(at);
    event.push(web::DATASET, Field::text(web::FIREWALL));
    let upper = prefix.to_ascii_uppercase();
    let verdicts = [
        ("BLOCK", "block"),
        ("DROP", "drop"),
        ("REJECT", "reject"),
        ("DENY", "deny"),
        ("ALLOW", "accept"),
        ("ACCEPT", "accept"),
    ];
    if let Some((_, action)) = verdicts.iter().find(|(it, _)| upper.contains(it)) {
        event.push("action", Field::text(action));
    }
    for word in rest.split(' ') {
        let Some((name, value)) = word.split_once('=').filter(|(_, value)| !value.is_empty()) else {
            continue;
        };
        let name = match name {
            "SRC" => "src_ip",
            "DST" => "dst_ip",
            "SPT" => "src_port",
            "DPT" => "dst_port",
            "PROTO" => "proto",
            "IN" => "in_iface",
            "OUT" => "out_iface",
            _ => continue,
        };
        event.push(name, Field::text(value));
    }
}

/// Whether `message` is a record of FortiOS, which is all `key=value`.
pub(crate) fn is_fortigate(message: &str) -> bool {
    let start = &message.as_bytes()[..message.len().min(512)];
    let has = |name: &str| memchr::memmem::find(start, name.as_bytes()).is_some();
    (has("devid=") || has("devname=")) && (has("logid=") || has("log_id=") || has("type="))
}

/// Adds `key=value key="value with blanks"`.
pub(crate) fn pairs<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let mut rest = message;
    for _ in 0..PAIRS_MAX {
        rest = rest.trim_start_matches([' ', ',']);
        let Some((name, after)) = rest.split_once('=') else { return };
        // Words before a name belong to no pair.
        let name = name.rsplit(' ').next().unwrap_or(name);
        let (value, next) = match after.strip_prefix('"') {
            Some(_) => match web::quoted::cut(after) {
                Some((value, next)) => (web::quoted::unescape(value), next),
                None => (Cow::Borrowed(after), ""),
            },
            None => {
                let end = after.find(' ').unwrap_or(after.len());
                (Cow::Borrowed(&after[..end]), &after[end..])
            }
        };
        if !name.is_empty() && name.len() <= 64 {
            event.push(name, Field::Text(value));
        }
        rest = next;
    }
}

/// The value of `name` among `key=value` pairs.
pub(crate) fn pair<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let at = memchr::memmem::find_iter(message.as_bytes(), name.as_bytes())
        .find(|at| *at == 0 || message.as_bytes()[at - 1] == b' ')?;
    let value = message.get(at + name.len()..)?.strip_prefix('=')?;
    match value.strip_prefix('"') {
        Some(value) => value.split('"').next(),
        None => value.split(' ').next(),
    }
}

/// `CmdSet=[ CmdAV=no CmdArgAV=logging CmdArgAV=<cr> ], User=admin` of Cisco ISE: the command as it was typed.
fn commands<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let words = message.split(['[', ']', ' ', ',']).filter_map(|it| {
        it.strip_prefix("CmdAV=").or_else(|| it.strip_prefix("CmdArgAV=")).filter(|it| *it != "<cr>")
    });
    let command: Vec<&str> = words.take(PAIRS_MAX).collect();
    event.push("command", Field::Text(Cow::Owned(command.join(" "))));
    for (key, name) in [
        ("User=", "user"),
        ("UserName=", "user"),
        ("Remote-Address=", "src_ip"),
        ("NetworkDeviceName=", "device"),
    ] {
        let value = message.split(", ").find_map(|it| it.trim().strip_prefix(key));
        if let Some(value) = value.map(|it| it.trim_end_matches(',')).filter(|it| !it.is_empty()) {
            event.push(name, Field::text(value));
        }
    }
}

/// A record of TACACS+ accounting (tac_plus): device, user, terminal and client, then `name=value`, between tabs.
pub(crate) fn accounting<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let mut columns = message.split('\t');
    let named = [
        ("device", columns.next()),
        ("user", columns.next()),
        ("terminal", columns.next()),
        ("src_ip", columns.next()),
    ];
    for (name, value) in named {
        if let Some(value) = value.filter(|it| !it.is_empty() && !it.contains('=')) {
            event.push(name, Field::text(value));
        }
    }
    for column in columns.take(PAIRS_MAX) {
        if let Some((name, value)) = column.split_once('=') {
            event.push(name, Field::text(value));
        } else if matches!(column, "start" | "stop" | "update") {
            event.push("action", Field::text(column));
        }
    }
}

#[cfg(test)]
mod tests {
    use bulkhead_model::event::Shape;

    use super::*;

    #[track_caller]
    fn check(program: &str, message: &str, expect: &[(&str, &str)]) {
        let mut event = FieldsEvent::new(message.as_bytes(), Shape::Syslog);
        fields(program, message, &mut event);
        let found: Vec<(&str, &str)> = event
            .fields
            .iter()
            .map(|(name, value)| match value {
                Field::Text(it) | Field::Number(it) => (name.as_ref(), it.as_ref()),
                _ => (name.as_ref(), "?"),
            })
            .collect();
        assert_eq!(found, expect, "{message}");
    }

    #[test]
    fn messages_give_their_fields() {
        check(
            "sudo",
            "bob : TTY=pts/0 ; PWD=/ ; USER=#-1 ; COMMAND=/bin/sh -c a ; b=c",
            &[("TTY", "pts/0"), ("PWD", "/"), ("USER", "#-1"), ("COMMAND", "/bin/sh -c a ; b=c")],
        );
        check(
            "kernel",
            "[1.2] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.1 DST=10.0.0.1 PROTO=TCP DPT=23",
            &[
                ("event.dataset", "firewall.log"),
                ("action", "block"),
                ("in_iface", "eth0"),
                ("src_ip", "192.0.2.1"),
                ("dst_ip", "10.0.0.1"),
                ("proto", "TCP"),
                ("dst_port", "23"),
            ],
        );
        check(
            "45",
            "*Nov 22 14:15:41.123: %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no logging on",
            &[("mnemonic", "PARSER-5-CFGLOG_LOGGEDCMD"), ("user", "admin"), ("command", "no logging on")],
        );
        check(
            "",
            "devid=\"F\" logid=\"1\" msg=\"a b\" type=event",
            &[("devid", "F"), ("logid", "1"), ("msg", "a b"), ("type", "event")],
        );
        check("app", "disk at 95% full - again", &[]);
        check(
            "tac_plus",
            "10.0.0.1\tadmin\ttty1\t10.0.0.5\tstop\tcmd=no logging <cr>",
            &[
                ("device", "10.0.0.1"),
                ("user", "admin"),
                ("terminal", "tty1"),
                ("src_ip", "10.0.0.5"),
                ("action", "stop"),
                ("cmd", "no logging <cr>"),
            ],
        );
    }

    #[test]
    fn one_pair_is_found_by_its_name() {
        assert_eq!(pair("a=1 devname=\"fw 1\" dev=x", "devname"), Some("fw 1"));
        assert_eq!(pair("a=1 devname=f", "name"), None);
    }
}
