//! Access logs of Apache httpd, nginx and all who write like them: common, combined and vhost_combined.
//!
//! Squid writes its `combined` format alike, with its own verdict behind (`TCP_MISS:HIER_DIRECT`).

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;

use super::{DATASET, PROXY, WEB, push, push_number, push_path, push_proxied, quoted, target};
use crate::lines;
use crate::read::Stream;

/// The parts of a line; empty where it does not have them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts<'l> {
    vhost: &'l str,
    port: &'l str,
    client: &'l str,
    user: &'l str,
    time: Option<Timestamp>,
    request: &'l str,
    status: &'l str,
    bytes: &'l str,
    /// Referer and user agent; none in the common format.
    headers: Option<[&'l str; 2]>,
    /// What stands behind them.
    rest: &'l str,
}

/// Whether `line` is of such a log.
pub(crate) fn is_line(line: &[u8]) -> bool {
    memchr::memchr(b'[', &line[..line.len().min(512)]).is_some()
        && parse(&String::from_utf8_lossy(line)).is_some()
}

/// Reads one event a line.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    lines::each(stream, |out, line, text| {
        let parts = parse(text).ok_or("not `client identity user [time] \"request\" status bytes ...`")?;
        let mut event = FieldsEvent::new(line, Shape::Json);
        fields(&parts, &mut event);
        Ok(out.event(&event, LogSource::default()))
    })
}

/// Takes a line apart.
pub(crate) fn parse(line: &str) -> Option<Parts<'_>> {
    let (who, rest) = at_time(line)?;
    let (time, rest) = rest.split_once("] ")?;
    let time = Some(quoted::time(time)?);
    let mut tokens = who.trim().splitn(4, ' ');
    let mut next = || tokens.next().unwrap_or_default();
    let [first, second, third, fourth] = [next(), next(), next(), next()];
    let (vhost, client, user) = if !fourth.is_empty() && is_vhost(first, second) {
        (first, second, fourth)
    } else {
        // An account may hold blanks.
        let from = first.len() + second.len() + 2;
        ("", first, who.trim().get(from..).unwrap_or(third))
    };
    if client.is_empty() {
        return None;
    }
    let (vhost, port) = vhost.rsplit_once(':').unwrap_or((vhost, ""));
    let (request, rest) = quoted::cut(rest)?;
    let mut rest = rest.trim_start().splitn(3, ' ');
    let (status, bytes) = (rest.next()?, rest.next()?);
    let is_number = |it: &str| it == "-" || (!it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()));
    if !is_number(status) || !is_number(bytes) {
        return None;
    }
    let rest = rest.next().unwrap_or_default().trim_start();
    let (headers, rest) = match quoted::cut(rest) {
        Some((referer, rest)) => {
            let (agent, rest) = quoted::cut(rest.trim_start()).unwrap_or(("", rest));
            (Some([referer, agent]), rest.trim_start())
        }
        None => (None, rest),
    };
    Some(Parts { vhost, port, client, user, time, request, status, bytes, headers, rest })
}

/// Cuts the line at the time: what stands before ` [`, and the time with what follows.
fn at_time(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find(" [") {
        let time = line.get(from + at + 2..)?;
        if time.as_bytes().get(2) == Some(&b'/') && time.as_bytes().get(6) == Some(&b'/') {
            return Some((&line[..from + at], time));
        }
        from += at + 2;
    }
    None
}

/// Whether a virtual host stands before the client: `www.example.com:443 10.0.0.1`, or a name before an address.
fn is_vhost(first: &str, second: &str) -> bool {
    if first.parse::<IpAddr>().is_ok() {
        return false;
    }
    let has_port = first
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()));
    has_port || second.parse::<IpAddr>().is_ok()
}

/// Adds the fields of a line.
pub(crate) fn fields<'a>(parts: &Parts<'a>, event: &mut FieldsEvent<'a>) {
    let (squid, tail) = verdict(parts.rest);
    event.push(DATASET, Field::text(if squid { PROXY } else { WEB }));
    if let Some(time) = parts.time {
        event.push("@timestamp", Field::Text(Cow::Owned(time.to_string())));
    }
    push(event, "s-computername", parts.vhost);
    push_number(event, "s-port", parts.port);
    let is_address = parts.client.parse::<IpAddr>().is_ok();
    push(event, if is_address { "c-ip" } else { "c-dns" }, parts.client);
    push(event, "cs-username", parts.user);
    request(parts.request, squid, event);
    push_number(event, "sc-status", parts.status);
    push_number(event, "sc-bytes", parts.bytes);
    if let Some([referer, agent]) = parts.headers {
        header(event, "cs-referer", referer);
        if squid && matches!(agent, "" | "-") {
            // Rules about proxies ask for the empty agent, those about web servers for none.
            event.push("cs-user-agent", Field::text(""));
        } else {
            header(event, "cs-user-agent", agent);
        }
    }
    if squid {
        push(event, "s-action", tail);
    } else if let Some((forwarded, _)) = quoted::cut(parts.rest) {
        header(event, "cs-x-forwarded-for", forwarded);
    }
}

/// Whether Squid's verdict stands behind the line (`TCP_MISS:HIER_DIRECT`), and the verdict.
fn verdict(rest: &str) -> (bool, &str) {
    let last = rest.split_whitespace().next().unwrap_or_default();
    let (action, hierarchy) = last.split_once(':').unwrap_or_default();
    let squid = ["TCP_", "UDP_", "NONE"].iter().any(|it| action.starts_with(it)) && !hierarchy.is_empty();
    (squid, action)
}

fn header<'a>(event: &mut FieldsEvent<'a>, name: &'static str, escaped: &'a str) {
    if !escaped.is_empty() && escaped != "-" {
        event.push(name, Field::Text(quoted::unescape(escaped)));
    }
}

/// `GET /a?b HTTP/1.1`. What is no request (a TLS handshake on a plain port) is kept as `cs-uri`.
fn request<'a>(text: &'a str, proxied: bool, event: &mut FieldsEvent<'a>) {
    if text.is_empty() || text == "-" {
        return;
    }
    let method = text.split(' ').next().unwrap_or_default();
    let is_method = (2..=20).contains(&method.len())
        && method.bytes().all(|it| it.is_ascii_alphabetic() || matches!(it, b'_' | b'-'));
    if !is_method || method.len() == text.len() {
        event.push("cs-uri", Field::Text(quoted::unescape(text)));
        return;
    }
    event.push("cs-method", Field::text(method));
    let rest = &text[method.len() + 1..];
    // A target of an attacker may hold blanks: the version is what stands last.
    let (written, version) = match rest.rsplit_once(' ') {
        Some((written, version)) if version.starts_with("HTTP/") => (written, version),
        _ => (rest, ""),
    };
    if proxied {
        push_proxied(event, written, method == "CONNECT");
    } else {
        match quoted::unescape(written) {
            Cow::Borrowed(written) => {
                push(event, "cs-uri", written);
                push_path(event, &target(written, false));
            }
            Cow::Owned(text) => {
                let it = target(&text, false);
                let mut parts = vec![("cs-uri-stem", it.path.to_owned())];
                parts.extend(it.query.map(|it| ("cs-uri-query", it.to_owned())));
                parts.extend(super::extension(it.path).map(|it| ("cs-uri-extension", it.to_owned())));
                parts.push(("cs-uri", text));
                for (name, value) in parts {
                    event.push(name, Field::Text(Cow::Owned(value)));
                }
            }
        }
    }
    push(event, "cs-version", version);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<[&str; 6]>) {
        let found = parse(line).map(|it| [it.vhost, it.port, it.client, it.user, it.status, it.rest]);
        assert_eq!(found, expect, "{line}");
    }

    #[test]
    fn lines_come_apart() {
        const TAIL: &str = r#"[22/Nov/2026:14:15:42 +0000] "GET / HTTP/1.1" 200 5"#;
        check(&format!("10.0.0.1 - - {TAIL}"), Some(["", "", "10.0.0.1", "-", "200", ""]));
        check(&format!("10.0.0.1 - an na {TAIL}"), Some(["", "", "10.0.0.1", "an na", "200", ""]));
        check(
            &format!("w.example:443 10.0.0.1 - - {TAIL}"),
            Some(["w.example", "443", "10.0.0.1", "-", "200", ""]),
        );
        check(&format!("w.example 10.0.0.1 - - {TAIL}"), Some(["w.example", "", "10.0.0.1", "-", "200", ""]));
        check(&format!("2001:db8::1 - a b {TAIL}"), Some(["", "", "2001:db8::1", "a b", "200", ""]));
        check(&format!("h - - {TAIL} \"-\" \"-\" TCP_MISS:X"), Some(["", "", "h", "-", "200", "TCP_MISS:X"]));
        check("10.0.0.1 - - [22/Nov/2026:14:15:42 +0000] \"GET / HTTP/1.1\" x 5", None);
        check("10.0.0.1 - - [22/Nov/2026:14:15:42 +0000] \"GET /", None);
        check("[22/Nov/2026:14:15:42 +0000] \"GET /\" 200 5", None);
    }
}
