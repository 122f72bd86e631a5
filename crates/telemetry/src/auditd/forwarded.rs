//! Records of the audit log inside syslog lines, in the audit log's own form: as the dispatcher, the kernel and the journal
//! write them.

use std::borrow::Cow;

/// The record that `program` wrote as `message`; none when it is anything else. Where the journal left time and id out, the
/// stamp is empty.
pub(crate) fn record<'m>(program: &str, message: &'m str) -> Option<Cow<'m, str>> {
    if super::is_record(message.as_bytes()) {
        return Some(Cow::Borrowed(message));
    }
    match program {
        "kernel" => of_kernel(message),
        "audit" => of_kernel(message).or_else(|| of_journal(message)),
        _ => None,
    }
}

/// `[  12.345] audit: type=1400 audit(1364481363.243:24287): apparmor="DENIED" ...`
fn of_kernel(message: &str) -> Option<Cow<'_, str>> {
    let rest = match message.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => message,
    };
    let rest = rest.strip_prefix("audit:").map_or(rest, str::trim_start);
    let (kind, rest) = rest.strip_prefix("type=")?.split_once(' ')?;
    let rest = rest.strip_prefix("audit(")?;
    Some(Cow::Owned(format!("type={} msg=audit({rest}", name_of(kind)?)))
}

/// `SYSCALL arch=c000003e syscall=59 ...`, `<audit-1130> pid=1 ...`
fn of_journal(message: &str) -> Option<Cow<'_, str>> {
    let (word, body) = message.split_once(' ')?;
    let kind = match word.strip_prefix("<audit-") {
        Some(number) => name_of(number.strip_suffix('>')?)?,
        None => Cow::Borrowed(word),
    };
    let is_name = |it: &str| it.len() > 1 && it.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
    (word.starts_with('<') || is_name(word)).then_some(())?;
    body.contains('=').then(|| Cow::Owned(format!("type={kind} msg=audit(): {body}")))
}

/// The name of a kind of record that may be given by its number, as the audit log writes it.
fn name_of(kind: &str) -> Option<Cow<'_, str>> {
    if kind.starts_with(|it: char| it.is_ascii_uppercase()) {
        return Some(Cow::Borrowed(kind));
    }
    let number: u16 = kind.parse().ok()?;
    let known = KINDS.binary_search_by_key(&number, |it| it.0).ok().map(|at| KINDS[at].1);
    Some(known.map_or_else(|| Cow::Owned(format!("UNKNOWN[{number}]")), Cow::Borrowed))
}

/// Numbers and names of kinds (linux/audit.h, and audit-records.h of the audit userspace), ascending.
const KINDS: &[(u16, &str)] = &[
    (1100, "USER_AUTH"),
    (1101, "USER_ACCT"),
    (1102, "USER_MGMT"),
    (1103, "CRED_ACQ"),
    (1104, "CRED_DISP"),
    (1105, "USER_START"),
    (1106, "USER_END"),
    (1107, "USER_AVC"),
    (1108, "USER_CHAUTHTOK"),
    (1109, "USER_ERR"),
    (1110, "CRED_REFR"),
    (1111, "USYS_CONFIG"),
    (1112, "USER_LOGIN"),
    (1113, "USER_LOGOUT"),
    (1114, "ADD_USER"),
    (1115, "DEL_USER"),
    (1116, "ADD_GROUP"),
    (1117, "DEL_GROUP"),
    (1123, "USER_CMD"),
    (1124, "USER_TTY"),
    (1127, "SYSTEM_BOOT"),
    (1128, "SYSTEM_SHUTDOWN"),
    (1129, "SYSTEM_RUNLEVEL"),
    (1130, "SERVICE_START"),
    (1131, "SERVICE_STOP"),
    (1200, "DAEMON_START"),
    (1201, "DAEMON_END"),
    (1202, "DAEMON_ABORT"),
    (1203, "DAEMON_CONFIG"),
    (1300, "SYSCALL"),
    (1302, "PATH"),
    (1303, "IPC"),
    (1304, "SOCKETCALL"),
    (1305, "CONFIG_CHANGE"),
    (1306, "SOCKADDR"),
    (1307, "CWD"),
    (1309, "EXECVE"),
    (1312, "MQ_OPEN"),
    (1317, "FD_PAIR"),
    (1318, "OBJ_PID"),
    (1319, "TTY"),
    (1320, "EOE"),
    (1321, "BPRM_FCAPS"),
    (1322, "CAPSET"),
    (1323, "MMAP"),
    (1325, "NETFILTER_CFG"),
    (1326, "SECCOMP"),
    (1327, "PROCTITLE"),
    (1328, "FEATURE_CHANGE"),
    (1330, "KERN_MODULE"),
    (1334, "BPF"),
    (1400, "AVC"),
    (1403, "MAC_POLICY_LOAD"),
    (1404, "MAC_STATUS"),
    (1405, "MAC_CONFIG_CHANGE"),
    (1700, "ANOM_PROMISCUOUS"),
    (1701, "ANOM_ABEND"),
    (1702, "ANOM_LINK"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, message: &str, expect: Option<&str>) {
        assert_eq!(record(program, message).as_deref(), expect, "{program}: {message}");
    }

    #[test]
    fn every_carrier_gives_the_record() {
        check(
            "audispd",
            "node=web1 type=EXECVE msg=audit(1.5:7): argc=1 a0=\"ls\"",
            Some("node=web1 type=EXECVE msg=audit(1.5:7): argc=1 a0=\"ls\""),
        );
        check(
            "kernel",
            "[   12.5] audit: type=1400 audit(1.5:7): apparmor=\"DENIED\"",
            Some("type=AVC msg=audit(1.5:7): apparmor=\"DENIED\""),
        );
        check(
            "kernel",
            "audit: type=1327 audit(1.5:7): proctitle=6C73",
            Some("type=PROCTITLE msg=audit(1.5:7): proctitle=6C73"),
        );
        check("audit", "CWD cwd=\"/root\"", Some("type=CWD msg=audit(): cwd=\"/root\""));
        check("audit", "<audit-1130> pid=1", Some("type=SERVICE_START msg=audit(): pid=1"));
        check("audit", "type=1999 audit(1.5:7): a=b", Some("type=UNKNOWN[1999] msg=audit(1.5:7): a=b"));
    }

    #[test]
    fn other_messages_are_no_records() {
        check("kernel", "audit: initializing netlink subsys (disabled)", None);
        check("kernel", "type=1400 without its stamp", None);
        check("audit", "CONFIG changed", None);
        check("app", "SYSCALL a=b", None);
    }

    #[test]
    fn numbers_ascend() {
        assert!(KINDS.is_sorted_by_key(|it| it.0));
    }
}
