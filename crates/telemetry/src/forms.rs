//! Log lines that are no syslog, but begin with a time as people and programs write it: vsftpd, transfer logs, macOS' unified
//! log, fail2ban, Tomcat, databases. They become syslog events with what the line states: time, host, program, user, addresses.

use std::net::IpAddr;

use bulkhead_model::event::{Field, FieldsEvent};
use jiff::Timestamp;

use crate::delimited;
use crate::syslog::{self, MONTHS};
use crate::web::quoted;

/// The longest time stamp, in words: `Wed Jul 27 18:32:27 UTC 2016`.
const WORDS_MAX: usize = 6;

/// Words that tell how grave a line is, and name no program.
const LEVELS: [&str; 14] = [
    "trace", "debug", "info", "notice", "warn", "warning", "error", "err", "crit", "critical", "alert",
    "fatal", "severe", "log",
];

/// The parts of a line. Empty where the line does not have them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'l> {
    pub(crate) time: Timestamp,
    pub(crate) host: &'l str,
    pub(crate) program: &'l str,
    pub(crate) pid: &'l str,
    pub(crate) message: &'l str,
}

/// Takes a line apart; none if it does not begin with a time.
pub(crate) fn parse(line: &str) -> Option<Line<'_>> {
    let (time, rest) = time(line)?;
    let rest = rest.trim_start_matches([' ', '\t', ']', ':', '|']);
    if rest.is_empty() {
        return None;
    }
    if let Some((pid, message)) = rest.strip_prefix("[pid ").and_then(|it| it.split_once(']')) {
        return Some(Line { time, host: "", program: "vsftpd", pid, message: message.trim_start() });
    }
    if transfer(rest).is_some() {
        return Some(Line { time, host: "", program: "xferlog", pid: "", message: rest });
    }
    let none = Line { time, host: "", program: "", pid: "", message: rest };
    let Some((first, after)) = rest.split_once([' ', '\t']) else { return Some(none) };
    let after = after.trim_start();
    if is_host(first)
        && let Some((program, pid, message)) = tag(after)
    {
        return Some(Line { host: first, program, pid, message, ..none });
    }
    match tag(rest) {
        Some((program, pid, message)) => Some(Line { program, pid, message, ..none }),
        None => Some(none),
    }
}

/// Whether `line` is such a line.
pub(crate) fn is_line(line: &[u8]) -> bool {
    let start = &line[..line.len().min(1024)];
    parse(&String::from_utf8_lossy(start)).is_some()
}

fn is_host(word: &str) -> bool {
    let good = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_' | b':');
    word.len() <= 255
        && word.bytes().all(good)
        && word.bytes().any(|it| it.is_ascii_alphanumeric())
        && !word.ends_with([':', '.'])
        && !LEVELS.iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// `sshd[3186]: message`, `fail2ban.actions [123]: message`, `postfix/smtpd: message`.
fn tag(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c: char| matches!(c, ':' | '[') || c.is_whitespace())?;
    let (program, rest) = text.split_at(end);
    let named = !program.is_empty()
        && program.bytes().any(|it| it.is_ascii_alphabetic())
        && !LEVELS.iter().any(|it| program.eq_ignore_ascii_case(it));
    if !named {
        return None;
    }
    if let Some((pid, message)) = rest.trim_start().strip_prefix('[').and_then(|it| it.split_once(']'))
        && !pid.is_empty()
        && pid.bytes().all(|it| it.is_ascii_digit())
    {
        // Behind the tag of macOS stand subsystem and category: `[com.apple.x:y]`.
        return Some((program, pid, message.trim_start_matches([':', ' '])));
    }
    let message = rest.strip_prefix(": ")?;
    Some((program, "", message.trim_start()))
}

/// The time that begins a line, and what follows it.
fn time(line: &str) -> Option<(Timestamp, &str)> {
    let text = line.trim_start_matches(['[', '*', ' ']);
    let first = *text.as_bytes().first()?;
    if !first.is_ascii_digit() && !first.is_ascii_uppercase() {
        return None;
    }
    let mut ends = Vec::with_capacity(WORDS_MAX);
    let mut from = 0;
    while ends.len() < WORDS_MAX {
        let rest = &text[from..];
        let start = rest.len() - rest.trim_start().len();
        if start == rest.len() {
            break;
        }
        let length = rest[start..].find([' ', '\t']).unwrap_or(rest.len() - start);
        from += start + length;
        ends.push(from);
    }
    // The more words are part of the time, the better it is understood.
    ends.into_iter().rev().find_map(|end| {
        let stamp = text[..end].trim_end_matches([']', ':', ',', '|']);
        Some((moment(stamp)?, &text[end..]))
    })
}

pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() < 15 {
        return None;
    }
    if bytes[0].is_ascii_digit() {
        let dashed = matches!(bytes, [_, _, _, _, b'/', _, _, b'/', ..]).then(|| text.replacen('/', "-", 2));
        let text = dashed.as_deref().unwrap_or(text);
        if text.as_bytes()[4] == b'-' {
            // `2025-11-20 10:00:00 +0100 `, `2025-11-20-10:00:00`.
            let zone =
                text.get(..19).filter(|_| text.as_bytes()[10] == b'-').map(|it| it.replacen('-', " ", 3));
            return match zone {
                Some(it) => crate::parse_time(&it.replacen(' ', "-", 2)),
                None => crate::parse_time(text),
            };
        }
        if text.len() <= 24 && text.as_bytes()[..8].iter().all(u8::is_ascii_digit) {
            // `20251120 10:00:00`.
            let clock = text[8..].trim_start_matches([' ', '-', 'T']);
            return crate::parse_time(&format!("{}-{}-{} {clock}", &text[..4], &text[4..6], &text[6..8]));
        }
        return year_first(text).or_else(|| day_first(text)).or_else(|| quoted::time(text)).or_else(|| {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            (digits <= 2).then(|| delimited::date_of(text)).flatten()
        });
    }
    with_weekday(text).or_else(|| text.contains(", ").then(|| delimited::date_of(text)).flatten())
}

/// `2025 Nov 20 10:00:00`.
fn year_first(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let (year, month, day, clock) = (words.next()?, words.next()?, words.next()?, words.next()?);
    civil(year, month, day, clock, words.next())
}

/// `20-Nov-2025 10:00:00.123`.
fn day_first(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let mut date = words.next()?.split('-');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    civil(year, month, day, words.next()?, words.next())
}

/// `Wed Jul 27 18:32:27 2016`, with a zone before or behind the year.
fn with_weekday(text: &str) -> Option<Timestamp> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut words = text.split_whitespace();
    let day = words.next()?.trim_end_matches(',');
    if !DAYS.contains(&day.get(..3)?) {
        return None;
    }
    let (month, day, clock) = (words.next()?, words.next()?, words.next()?);
    let (next, last) = (words.next()?, words.next());
    match last {
        Some(year) if year.len() == 4 && year.bytes().all(|it| it.is_ascii_digit()) => {
            civil(year, month, day, clock, Some(next))
        }
        zone => civil(next, month, day, clock, zone),
    }
}

/// The instant of a date and a clock; a zone that is no distance to UTC makes it unknown.
fn civil(year: &str, month: &str, day: &str, clock: &str, zone: Option<&str>) -> Option<Timestamp> {
    let month = MONTHS.iter().position(|it| *it == month)? + 1;
    let day: u8 = day.trim_end_matches(',').parse().ok()?;
    if year.len() != 4 {
        return None;
    }
    crate::parse_time(&format!("{year}-{month:02}-{day:02} {clock}{}", zone.unwrap_or_default()))
}

/// Adds what the message of such a line states of users and addresses.
pub(crate) fn fields<'a>(program: &str, message: &'a str, event: &mut FieldsEvent<'a>) {
    match program {
        "vsftpd" => vsftpd(message, event),
        "xferlog" => {
            if let Some(it) = transfer(message) {
                for (name, value) in
                    [("src_ip", it[1]), ("filename", it[3]), ("direction", it[6]), ("user", it[8])]
                {
                    event.push(name, Field::text(value));
                }
            }
        }
        _ => {
            for (name, value) in [("user", user(message)), ("src_ip", source(message))] {
                if let Some(value) = value {
                    event.push(name, Field::text(value));
                }
            }
        }
    }
}

/// `[alice] OK LOGIN: Client "10.11.12.13"`, `CONNECT: Client "10.11.12.13"`.
fn vsftpd<'a>(message: &'a str, event: &mut FieldsEvent<'a>) {
    let (user, rest) = match message.strip_prefix('[').and_then(|it| it.split_once("] ")) {
        Some((user, rest)) => (Some(user), rest),
        None => (None, message),
    };
    let mut push = |name: &'static str, value: Option<&'a str>| {
        if let Some(value) = value.filter(|it| !it.is_empty()) {
            event.push(name, Field::text(value));
        }
    };
    push("user", user);
    push("action", rest.split_once(':').map(|it| it.0).filter(|it| it.len() < 32));
    let quoted: Option<&str> = rest.split_once("Client \"").and_then(|it| it.1.split('"').next());
    push("src_ip", quoted.map(|it| it.strip_prefix("::ffff:").unwrap_or(it)));
}

/// The columns of a transfer log behind its time (`man xferlog`): seconds, host, size, file, type, flag, direction, access,
/// user, service, method, authenticated user, completion.
fn transfer(rest: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = rest.split_whitespace().take(16).collect();
    let is_one = |at: usize, of: &str| words.get(at).is_some_and(|it| it.len() == 1 && of.contains(it));
    let good = words.len() >= 12
        && [0, 2].iter().all(|at| words[*at].bytes().all(|it| it.is_ascii_digit()))
        && is_one(4, "ab")
        && is_one(5, "CUT_")
        && is_one(6, "oid")
        && is_one(7, "agr");
    good.then_some(words)
}

/// The account that a message names in so many words.
pub(crate) fn user(message: &str) -> Option<&str> {
    const KEYS: [&str; 8] = [
        "invalid user ",
        "illegal user ",
        "unknown user ",
        "for user ",
        "user=",
        "user: ",
        "User '",
        "user '",
    ];
    // `unknown user for illegal user badguy`: what follows a key may be no name.
    KEYS.iter().find_map(|key| {
        let rest = &message[message.find(key)? + key.len()..];
        let quote = if key.ends_with('\'') { Some('\'') } else { rest.chars().next() };
        let close = match quote {
            Some('"') => Some('"'),
            Some('\'') => Some('\''),
            Some('<') => Some('>'),
            _ => None,
        };
        let rest = rest.trim_start_matches(['"', '\'', '<']);
        // A name in quotes may hold blanks.
        let quoted = close.and_then(|it| rest.split_once(it)).map(|it| it.0);
        let end = rest.find([' ', '"', '\'', '>', ',', ';', '@', '(']).unwrap_or(rest.len());
        let word = quoted.unwrap_or(&rest[..end]).trim_end_matches(['.', ':']);
        let is_name = !word.is_empty() && !matches!(word, "for" | "from" | "user" | "unknown" | "by");
        is_name.then_some(word)
    })
}

/// The address that a message says something came from.
pub(crate) fn source(message: &str) -> Option<&str> {
    const KEYS: [&str; 9] =
        ["from ", "from: ", "client ", "client: ", "rhost=", "src=", "src ", "source ", "Ban "];
    KEYS.iter().find_map(|key| {
        let mut at = 0;
        while let Some(found) = message[at..].find(key) {
            let rest = &message[at + found + key.len()..];
            if let Some(address) = address(rest.trim_start_matches(['"', '\'', '[', '<', '('])) {
                return Some(address);
            }
            at += found + key.len();
        }
        None
    })
}

/// The address that begins `text`, without a port.
pub(crate) fn address(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_hexdigit() && !matches!(c, '.' | ':')).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['.', ':']);
    if word.parse::<IpAddr>().is_ok() {
        return Some(word);
    }
    let without_port = word.split(':').next()?;
    without_port.parse::<IpAddr>().is_ok().then_some(without_port)
}

/// Whether most of the first lines of `text` are such lines, and none is syslog.
pub(crate) fn is_log(text: &[u8]) -> bool {
    let lines = || text.split(|it| *it == b'\n').filter(|it| !it.trim_ascii().is_empty()).take(10);
    let n = lines().filter(|it| is_line(it)).count();
    n > 0 && n * 2 >= lines().count() && !lines().any(syslog::is_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &str) {
        let found =
            parse(line).map(|it| format!("{}|{}|{}|{}|{}", it.time, it.host, it.program, it.pid, it.message));
        assert_eq!(found.unwrap_or_default(), expect, "{line}");
    }

    #[test]
    fn lines_begin_with_times_of_many_kinds() {
        check(
            "Wed Jul 27 18:32:27 2016 [pid 2] CONNECT: Client \"10.11.12.13\"",
            "2016-07-27T18:32:27Z||vsftpd|2|CONNECT: Client \"10.11.12.13\"",
        );
        check(
            "2020-03-23 06:47:42.801612-0700  localhost sshd[3186]: error: PAM",
            "2020-03-23T13:47:42.801612Z|localhost|sshd|3186|error: PAM",
        );
        check("2025 Nov 20 10:00:00 fw1 sshd[1]: m", "2025-11-20T10:00:00Z|fw1|sshd|1|m");
        check(
            "2025-11-20 10:00:00,123 fail2ban.actions        [12]: NOTICE  [sshd] Ban 203.0.113.5",
            "2025-11-20T10:00:00.123Z||fail2ban.actions|12|NOTICE  [sshd] Ban 203.0.113.5",
        );
        check(
            "20-Nov-2025 10:00:00.5 INFO [main] x.y started",
            "2025-11-20T10:00:00.5Z||||INFO [main] x.y started",
        );
        check("[2025-11-20 10:00:00] app: m", "2025-11-20T10:00:00Z||app||m");
        check("2025/11/20 10:00:00 m n", "2025-11-20T10:00:00Z||||m n");
        check("20251120 10:00:00 h p[1]: m", "2025-11-20T10:00:00Z|h|p|1|m");
        check("Thu Nov 20 10:00:00 UTC 2025 m n", "2025-11-20T10:00:00Z||||m n");
        check(
            "Thu Sep  2 09:52:00 2004 1 10.0.0.5 98 /x b _ o r alice ftp 0 * c",
            "2004-09-02T09:52:00Z||xferlog||1 10.0.0.5 98 /x b _ o r alice ftp 0 * c",
        );
        for line in ["", "hello world", "2025-11-20 10:00:00", "12345 x", "2025-11-20,10:00:00,a", "Wed x"] {
            check(line, "");
        }
    }

    #[test]
    fn users_and_addresses_stand_where_the_message_says() {
        assert_eq!(
            user("error: PAM: unknown user for illegal user badguy from 192.168.33.1"),
            Some("badguy")
        );
        assert_eq!(user("password authentication failed for user \"app\""), Some("app"));
        assert_eq!(user("the user interface changed"), None);
        assert_eq!(user("authentication failed for user \"van der berg\" of x"), Some("van der berg"));
        assert_eq!(user("Login failed for user 'van der berg' from host '10.0.0.1'"), Some("van der berg"));
        assert_eq!(user("auth failed: user=<bob>, rip=10.0.0.1"), Some("bob"));
        assert_eq!(source("login from host 10.0.0.1 from 192.168.33.1 port 2"), Some("192.168.33.1"));
        assert_eq!(source("client [10.0.0.9:51000] x"), Some("10.0.0.9"));
        assert_eq!(source("from scratch"), None);
        assert_eq!(address("2001:db8::1 x"), Some("2001:db8::1"));
    }
}
