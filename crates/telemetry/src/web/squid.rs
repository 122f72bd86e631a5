//! Squid's native access log: `time elapsed client action/status bytes method URL user hierarchy/peer type`.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;

use super::{DATASET, PROXY, push, push_number, push_proxied};
use crate::lines;
use crate::read::Stream;

/// The columns every line has.
const COLUMNS: usize = 10;

/// Whether `line` is of such a log.
pub(crate) fn is_line(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_digit) && columns(&String::from_utf8_lossy(line)).is_some()
}

/// Reads one event a line.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    lines::each(stream, |out, line, text| {
        let columns = columns(text)
            .ok_or("not `time elapsed client action/status bytes method URL user hierarchy/peer type`")?;
        let mut event = FieldsEvent::new(line, Shape::Json);
        fields(columns, &mut event);
        Ok(out.event(&event, LogSource::default()))
    })
}

/// The columns of a line, where they are Squid's.
pub(crate) fn columns(line: &str) -> Option<[&str; COLUMNS]> {
    let mut words = line.split_ascii_whitespace();
    let mut columns = [""; COLUMNS];
    for column in &mut columns {
        *column = words.next()?;
    }
    let [time, elapsed, _, verdict, bytes, method, ..] = columns;
    let (seconds, fraction) = time.split_once('.')?;
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let (action, status) = verdict.split_once('/')?;
    let good = (9..=11).contains(&seconds.len())
        && [seconds, fraction, elapsed.trim_start_matches('-'), bytes, status].into_iter().all(digits)
        && action.bytes().all(|it| it.is_ascii_uppercase() || it == b'_')
        && method.bytes().all(|it| it.is_ascii_uppercase() || matches!(it, b'_' | b'-' | b':'));
    good.then_some(columns)
}

/// Adds the fields of a line.
pub(crate) fn fields<'a>(columns: [&'a str; COLUMNS], event: &mut FieldsEvent<'a>) {
    let [time, elapsed, client, verdict, bytes, method, url, user, hierarchy, kind] = columns;
    let (action, status) = verdict.split_once('/').unwrap_or((verdict, ""));
    let (hierarchy, peer) = hierarchy.split_once('/').unwrap_or((hierarchy, ""));
    event.push(DATASET, Field::text(PROXY));
    event.push("ts", Field::Number(Cow::Borrowed(time)));
    push_number(event, "time-taken", elapsed);
    push(event, "c-ip", client);
    push(event, "s-action", action);
    push_number(event, "sc-status", status);
    push_number(event, "sc-bytes", bytes);
    push(event, "cs-method", method);
    push_proxied(event, url, method == "CONNECT");
    push(event, "cs-username", user);
    push(event, "s-hierarchy", hierarchy);
    push(event, if peer.parse::<IpAddr>().is_ok() { "r-ip" } else { "r-dns" }, peer);
    push(event, "rs-content-type", kind);
}
