//! Lines that servers write to files of their own: the error logs of Apache httpd and nginx, the logs of BIND and Unbound.
//! They become syslog events of the program that writes so.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;

use crate::delimited::date;
use crate::read::Stream;
use crate::syslog::MONTHS;
use crate::{lines, message};

/// The parts of a line.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'l> {
    program: &'static str,
    time: Timestamp,
    client: &'l str,
    message: &'l str,
}

/// Whether `line` is of such a log.
pub(crate) fn is_line(line: &[u8]) -> bool {
    parse(&String::from_utf8_lossy(line)).is_some()
}

/// Reads one event a line.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    lines::each(stream, |out, line, text| {
        let parts = parse(text).ok_or("not a line of Apache's or nginx' error log, BIND or Unbound")?;
        let mut event = FieldsEvent::new(line, Shape::Syslog);
        event.push("@timestamp", Field::Text(Cow::Owned(parts.time.to_string())));
        event.push("program", Field::text(parts.program));
        event.push("message", Field::text(parts.message));
        if parts.client.is_empty() {
            message::fields(parts.program, parts.message, &mut event);
        } else {
            event.push("c-ip", Field::text(parts.client));
        }
        let source = LogSource { service: Some(parts.program), ..LogSource::of_shape(Shape::Syslog) };
        Ok(out.event(&event, source))
    })
}

fn parse(line: &str) -> Option<Parts<'_>> {
    match line.as_bytes() {
        [b'[', b'0'..=b'9', ..] => unbound(line),
        [b'[', ..] => apache(line),
        [_, _, _, _, b'/', ..] => nginx(line),
        [b'0'..=b'9', ..] => bind(line),
        _ => None,
    }
}

/// `[1700000000] unbound[123:0] info: ...`.
fn unbound(line: &str) -> Option<Parts<'_>> {
    let (time, rest) = line[1..].split_once("] ")?;
    let message = rest.strip_prefix("unbound")?;
    Some(Parts { program: "unbound", time: crate::parse_time(time)?, client: "", message })
}

/// `[Sun Nov 22 14:15:42.123456 2026] [core:notice] [pid 1:tid 2] [client 10.0.0.5:123] AH00052: ...`, local time.
fn apache(line: &str) -> Option<Parts<'_>> {
    let (time, rest) = line[1..].split_once("] ")?;
    let words: Vec<&str> = time.split_whitespace().collect();
    let &[_, month, day, clock, year] = words.as_slice() else { return None };
    if !MONTHS.contains(&month) || !rest.starts_with('[') {
        return None;
    }
    let time = date::parse(&format!("{month} {day}, {year} {clock}"), date::Order::default())?;
    let (_, client) = rest.split_once("[client ").unwrap_or_default();
    let client = client.split(']').next().unwrap_or_default();
    let client = if client.parse::<std::net::IpAddr>().is_ok() {
        client
    } else {
        client.rsplit_once(':').map_or("", |(it, _)| it)
    };
    Some(Parts { program: "apache", time, client, message: rest })
}

/// `2026/11/22 14:15:42 [alert] 123#123: *5 ..., client: 10.0.0.5, server: ...`, local time.
fn nginx(line: &str) -> Option<Parts<'_>> {
    let (time, rest) = (line.get(..19)?, line.get(20..)?);
    let time = crate::parse_time(&time.replacen('/', "-", 2))?;
    if !rest.starts_with('[') || !rest.contains('#') {
        return None;
    }
    let client = rest.split_once(", client: ").and_then(|(_, it)| it.split(',').next()).unwrap_or_default();
    Some(Parts { program: "nginx", time, client, message: rest })
}

/// `22-Nov-2026 14:15:42.123 queries: info: client ...`, local time.
fn bind(line: &str) -> Option<Parts<'_>> {
    let (date, rest) = line.split_once(' ')?;
    let (clock, message) = rest.split_once(' ')?;
    let mut parts = date.splitn(3, '-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if day.len() > 2 || !MONTHS.contains(&month) {
        return None;
    }
    let time = date::parse(&format!("{month} {day}, {year} {clock}"), date::Order::default())?;
    Some(Parts { program: "named", time, client: "", message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, &str, &str, &str)>) {
        let parts = parse(line);
        let time = parts.as_ref().map(|it| it.time.to_string()).unwrap_or_default();
        let found = parts.as_ref().map(|it| (it.program, time.as_str(), it.client, it.message));
        assert_eq!(found, expect, "{line}");
    }

    #[test]
    fn every_server_is_known_by_its_manner() {
        check(
            "[1700000000] unbound[1:0] info: x",
            Some(("unbound", "2023-11-14T22:13:20Z", "", "[1:0] info: x")),
        );
        check(
            "[Sun Nov 22 14:15:42.5 2026] [core:notice] [client 10.0.0.5:9] m",
            Some(("apache", "2026-11-22T14:15:42.5Z", "10.0.0.5", "[core:notice] [client 10.0.0.5:9] m")),
        );
        check(
            "2026/11/22 14:15:42 [error] 1#1: *5 m, client: 10.0.0.5, server: x",
            Some((
                "nginx",
                "2026-11-22T14:15:42Z",
                "10.0.0.5",
                "[error] 1#1: *5 m, client: 10.0.0.5, server: x",
            )),
        );
        check(
            "22-Nov-2026 14:15:42.123 general: info: m",
            Some(("named", "2026-11-22T14:15:42.123Z", "", "general: info: m")),
        );
        for line in ["[x] y", "[Sun Foo 22 14:15:42 2026] [x]", "22-Foo-2026 1:1 x", "2026/11/22 x", "1"] {
            check(line, None);
        }
    }
}
