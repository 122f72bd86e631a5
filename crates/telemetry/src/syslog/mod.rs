//! Syslog lines: RFC 5424, RFC 3164 with or without priority, and the ISO time stamps that rsyslog writes.
//!
//! Fields: `@timestamp` (RFC 3339), `host`, `program`, `pid`, `message`, `facility`, `severity`, and structured data as
//! `id.name`. Audit records that were forwarded by syslog become audit events.

mod audit;

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Event, Field, FieldsEvent, Shape};
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub(crate) use audit::carries_audit;

use crate::input::Line;
use crate::read::{Out, Stream};
use crate::{cef, device, forms, json, message, winexport, winxml};

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The parts of a line. Empty where the line does not have them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts<'l> {
    priority: Option<u8>,
    time: Option<Timestamp>,
    host: &'l str,
    program: &'l str,
    pid: &'l str,
    data: &'l str,
    message: &'l str,
    /// The line has a time, but no year, and nobody said when it was written.
    yearless: bool,
    /// The line is no syslog, but begins with a time ([`crate::forms`]).
    loose: bool,
}

/// Whether `line` is a syslog line.
pub(crate) fn is_line(line: &[u8]) -> bool {
    std::str::from_utf8(&line[..line.len().min(1024)])
        .or_else(|it| std::str::from_utf8(&line[..it.valid_up_to()]))
        .is_ok_and(|it| parse(it, None).is_some())
}

/// A line of syslog, or one that begins with a time in some other way.
fn any(line: &str, now: Option<Timestamp>) -> Option<Parts<'_>> {
    parse(line, now).or_else(|| {
        let (priority, rest) = priority(line);
        let it = forms::parse(rest)?;
        let (time, host, program, pid, message) = (Some(it.time), it.host, it.program, it.pid, it.message);
        Some(Parts { priority, time, host, program, pid, message, loose: true, ..Parts::default() })
    })
}

/// Reads one event a line; records of the audit log are joined to events.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut number = stream.before;
    let mut records = audit::Records::default();
    while let Some(line) = stream.input.line(stream.options.record_max) {
        number += 1;
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(length) => {
                stream.out.tally.malformed(number, 0, || format!("it is {length} bytes long"));
                continue;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = stream.out.tally.text(line);
        match any(&text, stream.options.now) {
            Some(parts) => {
                stream.out.tally.yearless += u64::from(parts.yearless);
                if records.take(&parts, &text, stream.options, &mut stream.out)? {
                    continue;
                }
                one(line, &text, &parts, &mut stream.out)?;
            }
            None => stream.out.tally.malformed(number, 0, || "not a syslog line".to_owned()),
        }
    }
    records.end(stream.options.now, &mut stream.out)
}

/// Hands out the event of one line.
fn one(line: &[u8], text: &str, parts: &Parts<'_>, out: &mut Out<'_>) -> ControlFlow<()> {
    if let Some(flow) = forwarded(parts, out) {
        return flow;
    }
    if let Some(fields) = windows(parts, text) {
        let event = FieldsEvent { raw: line, shape: Shape::Windows, fields };
        return out.event(&event, LogSource::of_shape(Shape::Windows));
    }
    let mut event = head(line, parts, Shape::Syslog);
    message::fields(parts.program, parts.message, &mut event);
    if parts.loose && event.fields.iter().all(|(name, _)| name != "src_ip" && name != "user") {
        forms::fields(parts.program, parts.message, &mut event);
    }
    let source = source(&event, parts);
    out.event(&event, source)
}

/// The Windows event (or that of Sysmon for Linux) that a line carries: as XML, in Snare's columns, as structured data, or in
/// LEEF; none when the message is anything else.
fn windows(parts: &Parts<'_>, line: &str) -> Option<winxml::Fields<'static>> {
    let message = parts.message;
    if message.contains("<Event")
        && let Some(Ok(fields)) = winxml::embedded(message)
    {
        return Some(fields);
    }
    let time = parts.time.map(|it| it.to_string());
    let of_line = time.iter().map(|it| ("time", it.as_str()));
    if line.contains("MSWinEventLog") {
        let pairs = winexport::of_snare(line)?;
        return winexport::of_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())).chain(of_line));
    }
    if let Some(pairs) = winexport::structured(parts.data) {
        let message = Some(("Message", message)).filter(|it| !it.1.is_empty());
        let host = Some(("host", parts.host)).filter(|it| !it.1.is_empty());
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        return winexport::of_pairs(pairs.chain(message).chain(host).chain(of_line));
    }
    let at = cef::find(message).filter(|_| message.contains("EventID="))?;
    cef::parse(&message[at..])?.windows()
}

/// A sensor's JSON record that was forwarded by syslog; none when the message is anything else. A JSON message of no
/// known sensor stays a syslog line, since that names its host.
fn forwarded(parts: &Parts<'_>, out: &mut Out<'_>) -> Option<ControlFlow<()>> {
    let message = parts.message.strip_prefix("@cee:").unwrap_or(parts.message).trim_start();
    if !message.starts_with('{') {
        return None;
    }
    match JsonEvent::with_memory(message.as_bytes(), None, std::mem::take(out.memory)) {
        Ok(event) => {
            let flow = match event.shape() {
                Shape::Json => None,
                Shape::WindowsExport => {
                    winexport::of_json(&event).map(|it| out.event(&it, LogSource::of_shape(Shape::Windows)))
                }
                _ => Some(out.event(&event, json::source(&event, None))),
            };
            *out.memory = event.into_memory();
            flow
        }
        Err((_, kept)) => {
            *out.memory = kept;
            None
        }
    }
}

/// What stands before a message, and the message.
fn head<'a>(raw: &'a [u8], parts: &Parts<'a>, shape: Shape) -> FieldsEvent<'a> {
    let mut event = FieldsEvent::new(raw, shape);
    if let Some(time) = parts.time {
        event.push("@timestamp", Field::Text(Cow::Owned(time.to_string())));
    }
    let named =
        [("host", parts.host), ("program", parts.program), ("pid", parts.pid), ("message", parts.message)];
    for (name, value) in named {
        if !value.is_empty() {
            event.push(name, Field::text(value));
        }
    }
    if let Some(priority) = parts.priority {
        event.push("facility", Field::Number(Cow::Owned((priority / 8).to_string())));
        event.push("severity", Field::Number(Cow::Owned((priority % 8).to_string())));
    }
    structured_data(parts.data, &mut event);
    event
}

/// The program is the service; a Cisco message names its facility (`%SYS-5-CONFIG_I`) instead.
fn source<'s>(event: &FieldsEvent<'_>, parts: &Parts<'s>) -> LogSource<'s> {
    let source = LogSource::of_shape(event.shape);
    if device::mnemonic(parts.program, parts.message).is_some() {
        return LogSource { product: Some("cisco"), ..source };
    }
    if event.get("device_vendor").is_some() {
        return LogSource { product: Some("cef"), ..source };
    }
    if event.get("junos_event").is_some() {
        return LogSource { product: Some("juniper"), ..source };
    }
    if message::is_fortigate(parts.message) {
        return LogSource { product: Some("fortigate"), ..source };
    }
    let program = parts.program.rsplit('/').next().unwrap_or_default();
    LogSource { service: Some(program).filter(|it| !it.is_empty()), ..source }
}

fn parse(line: &str, now: Option<Timestamp>) -> Option<Parts<'_>> {
    let (priority, rest) = priority(line);
    if let Some(rest) = rest.strip_prefix("1 ") {
        // Collectors that keep files drop the priority.
        let parts = rfc5424(priority, rest);
        if priority.is_some() || parts.as_ref().is_some_and(|it| it.time.is_some()) {
            return parts;
        }
    }
    if let Some(parts) =
        fortigate(priority, rest).or_else(|| cisco(priority, rest, now)).or_else(|| bare(priority, rest))
    {
        return Some(parts);
    }
    let (time, yearless, rest) = match civil_time(rest) {
        Some((time, rest)) => {
            let yearless = time.year.is_none() && now.is_none();
            (time.latest_before(now), yearless, rest)
        }
        None => iso_time(rest).map(|(time, rest)| (Some(time), false, rest))?,
    };
    if let Some(device) = accounting_device(rest.trim_start()) {
        let message = rest.trim_start();
        return Some(Parts {
            priority,
            time,
            host: device,
            program: "tac_plus",
            message,
            yearless,
            ..Parts::default()
        });
    }
    let (host, rest) = rest.trim_start().split_once(' ')?;
    // Without a host the tag stands in its place: `Oct 11 22:14:15 su: message`.
    let (host, rest) = if host.ends_with(':') {
        ("", &line[line.len() - rest.len() - host.len() - 1..])
    } else {
        (host, rest)
    };
    let (program, pid, message) = tag(rest.trim_start());
    Some(Parts { priority, time, host, program, pid, message, yearless, ..Parts::default() })
}

/// A message without any head: `%ASA-4-106023: Deny ...`, `CEF:0|...`, `LEEF:1.0|...`.
fn bare(priority: Option<u8>, rest: &str) -> Option<Parts<'_>> {
    if rest.starts_with('%') {
        device::mnemonic("", rest)?;
        return Some(Parts { priority, message: rest, ..Parts::default() });
    }
    if cef::find(rest)? > 0 {
        return None;
    }
    let found = cef::parse(rest)?;
    let (time, host, program) = (found.time(), found.host(), found.product());
    Some(Parts { priority, time, host, program, message: rest, ..Parts::default() })
}

/// A record of FortiOS, which puts nothing of syslog but the priority before it.
fn fortigate(priority: Option<u8>, rest: &str) -> Option<Parts<'_>> {
    let starts =
        ["date=", "timestamp=", "eventtime=", "logver=", "devname="].iter().any(|it| rest.starts_with(it));
    if !starts || !message::is_fortigate(rest) {
        return None;
    }
    let pair = |name| message::pair(rest, name);
    let written = || {
        let zone = pair("tz").unwrap_or("Z");
        crate::parse_time(&format!("{} {}{zone}", pair("date")?, pair("time")?))
    };
    let time = pair("eventtime").and_then(crate::parse_time).or_else(written);
    let host = pair("devname").or_else(|| pair("devid")).unwrap_or_default();
    Some(Parts { priority, time, host, message: rest, ..Parts::default() })
}

/// `172.16.5.10 6705: *Feb 17 13:40:03.673 UTC: %PARSER-5-CFGLOG_LOGGEDCMD: ...`, as IOS writes and as collectors keep it:
/// host and sequence number may be missing.
fn cisco(priority: Option<u8>, rest: &str, now: Option<Timestamp>) -> Option<Parts<'_>> {
    let at = rest.find(": %")?;
    let message = &rest[at + 2..];
    device::mnemonic("", message)?;
    let mut head = rest;
    let mut host = "";
    // The collector's counter, the host, the device's own sequence number.
    for _ in 0..4 {
        if let Some((time, after)) = civil_time(head) {
            // At most a zone stands between: otherwise the time is a collector's, with a host behind it.
            let zone = after.get(..after.len().checked_sub(message.len())?)?.trim_matches([':', ' ']);
            if !zone.bytes().all(|it| it.is_ascii_uppercase()) {
                return None;
            }
            let yearless = time.year.is_none() && now.is_none();
            let time = time.latest_before(now);
            return Some(Parts { priority, time, host, message, yearless, ..Parts::default() });
        }
        let (word, after) = head.split_once(' ')?;
        let name = word.trim_end_matches(':');
        if !name.bytes().all(|it| it.is_ascii_digit()) {
            host = name;
        }
        head = after.trim_start();
    }
    None
}

/// The device that a line of tac_plus' own accounting file names first, between tabs.
fn accounting_device(rest: &str) -> Option<&str> {
    let (device, after) = rest.split_once('\t')?;
    let is_record = after.contains("\ttask_id=") || after.contains("\tservice=") || after.contains("\tcmd=");
    (is_record && !device.contains(' ')).then_some(device)
}

/// `<34>`: facility times 8 plus severity, at most 191.
fn priority(line: &str) -> (Option<u8>, &str) {
    let priority = line.strip_prefix('<').and_then(|it| it.split_once('>')).and_then(|(digits, rest)| {
        let priority = digits.parse::<u8>().ok().filter(|it| *it < 192)?;
        Some((Some(priority), rest))
    });
    priority.unwrap_or((None, line))
}

fn rfc5424(priority: Option<u8>, rest: &str) -> Option<Parts<'_>> {
    let mut parts = rest.splitn(6, ' ');
    let mut next = || parts.next().map(|it| if it == "-" { "" } else { it });
    let (time, host, program, pid, _message_id) = (next()?, next()?, next()?, next()?, next()?);
    let time = if time.is_empty() { None } else { Some(time.parse().ok()?) };
    let rest = parts.next().unwrap_or_default();
    let (data, message) = split_data(rest);
    let message = message.trim_start_matches([' ', '\u{feff}']);
    Some(Parts { priority, time, host, program, pid, data, message, ..Parts::default() })
}

/// Cuts `[id a="b"][...]` from the message that follows it.
fn split_data(text: &str) -> (&str, &str) {
    if let Some(message) = text.strip_prefix('-') {
        return ("", message);
    }
    let mut quoted = false;
    let mut escaped = false;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => end = at + 1,
            '[' | ' ' if !quoted && at == end && c == '[' => {}
            _ if !quoted && at == end => break,
            _ => {}
        }
    }
    text.split_at(end)
}

/// Adds `[id name="value" ...]` as `id.name`.
fn structured_data<'a>(data: &'a str, event: &mut FieldsEvent<'a>) {
    for element in data.split("][") {
        let element = element.trim_matches(['[', ']']);
        let Some((id, mut rest)) = element.split_once(' ') else {
            continue;
        };
        while let Some((name, after)) = rest.split_once("=\"") {
            let mut escaped = false;
            let end = after.find(|c| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            });
            let Some(end) = end else { break };
            let value = &after[..end];
            let value = if value.contains('\\') {
                Cow::Owned(value.replace("\\\"", "\"").replace("\\]", "]").replace("\\\\", "\\"))
            } else {
                Cow::Borrowed(value)
            };
            event.push(format!("{id}.{}", name.trim()), Field::Text(value));
            rest = &after[end + 1..];
        }
    }
}

/// `sshd[4721]: message` apart. A text without a tag is all message.
fn tag(text: &str) -> (&str, &str, &str) {
    // The mark of such a message is no program's name.
    if cef::find(text) == Some(0) {
        return ("", "", text);
    }
    let end = text.find(|c: char| c == ':' || c == '[' || c.is_whitespace()).unwrap_or(text.len());
    let (program, rest) = text.split_at(end);
    if let Some((pid, message)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
        let message = message.strip_prefix(':').unwrap_or(message);
        return (program, pid, message.trim_start());
    }
    match rest.strip_prefix(':') {
        Some(message) => (program, "", message.trim_start()),
        None => ("", "", text),
    }
}

/// A time stamp without year and zone.
#[derive(Clone, Copy, Debug)]
struct CivilTime {
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    year: Option<i16>,
}

impl CivilTime {
    /// The instant it means: of its own year, or the latest that does not lie more than a day after `now`. Clocks are
    /// taken to run on UTC.
    fn latest_before(self, now: Option<Timestamp>) -> Option<Timestamp> {
        if let Some(year) = self.year {
            return self.in_year(year);
        }
        let limit = now?.checked_add(jiff::SignedDuration::from_hours(24)).ok()?;
        let this_year = limit.to_zoned(TimeZone::UTC).year();
        (this_year - 4..=this_year).rev().find_map(|year| self.in_year(year).filter(|it| *it <= limit))
    }

    fn in_year(self, year: i16) -> Option<Timestamp> {
        let civil = DateTime::new(year, self.month, self.day, self.hour, self.minute, self.second, 0).ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    }
}

/// `Oct 11 22:14:15`, perhaps with a year behind it (`Oct 11 2024 22:14:15`) as network devices write.
fn civil_time(text: &str) -> Option<(CivilTime, &str)> {
    let text = text.trim_start_matches('*');
    let month = MONTHS.iter().position(|it| text.starts_with(it))?;
    let rest = text[3..].strip_prefix(' ')?.trim_start();
    let (day, rest) = rest.split_once(' ')?;
    let day = day.parse().ok().filter(|it| (1..=31).contains(it))?;
    let (clock, after) = rest.trim_start().split_once(' ')?;
    let (year, clock, after) = match clock.parse::<i16>() {
        Ok(year) => {
            let (clock, after) = after.split_once(' ')?;
            (Some(year), clock, after)
        }
        Err(_) => (None, clock, after),
    };
    let mut numbers = clock.trim_end_matches(':').splitn(3, ':');
    let mut next = |max: i8| numbers.next()?.parse::<i8>().ok().filter(|it| (0..=max).contains(it));
    let (hour, minute) = (next(23)?, next(59)?);
    let second = clock.trim_end_matches(':').splitn(3, ':').nth(2)?.split('.').next()?.parse::<i8>().ok()?;
    let second = second.clamp(0, 59);
    Some((CivilTime { month: i8::try_from(month).ok()? + 1, day, hour, minute, second, year }, after))
}

/// `2025-07-25T10:00:00.123+02:00`.
fn iso_time(text: &str) -> Option<(Timestamp, &str)> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (time, rest) = text.split_once(' ')?;
    Some((time.parse().ok()?, rest))
}
