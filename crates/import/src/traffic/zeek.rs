//! Zeek's conn log, tab-separated or one JSON object a line. Zeek knows who opened a connection and how it went.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::Protocol;
use serde_json::Value;

use super::{End, Seen, UNCLEAR, time_ms, turned};
use crate::facts::Intake;
use crate::json;
use crate::names;

/// Reads a log with `#fields`. Headers may come again, as in logs put one after another.
pub(crate) fn read_table(text: &str, intake: &mut Intake<'_>) {
    let mut separator = '\t';
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut width = 0;
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(directive) = text.trim_start().strip_prefix('#') {
            if let Some(written) = directive.strip_prefix("separator ") {
                separator = separator_of(written.trim()).unwrap_or(separator);
            } else if let Some(fields) = directive.strip_prefix("fields") {
                let names: Vec<&str> = fields.split(separator).skip(1).collect();
                width = names.len();
                columns = (0..).zip(names).map(|(n, name)| (name, n)).collect();
            }
            continue;
        }
        if text.trim().is_empty() {
            continue;
        }
        intake.report.records += 1;
        let cells: Vec<&str> = text.split(separator).collect();
        let pos = Some(Pos { line, column: 1 });
        if width == 0 {
            intake.malformed(pos, "no #fields line stands before it");
        } else if cells.len() != width {
            intake.malformed(pos, format!("{} columns, but #fields names {width}", cells.len()));
        } else {
            let get = |name: &str| {
                let cell = columns.get(name).map(|n| cells[*n]);
                cell.filter(|it| !matches!(*it, "-" | "(empty)")).map(Cow::Borrowed)
            };
            record(&get, line, intake);
        }
    }
}

/// `\x09`, or the character itself.
fn separator_of(text: &str) -> Option<char> {
    match text.strip_prefix("\\x") {
        Some(hex) => char::from_u32(u32::from_str_radix(hex, 16).ok()?),
        None => text.chars().next(),
    }
}

/// Whether a JSON object is a record of the conn log.
pub(crate) fn is_record(value: &Value) -> bool {
    field(value, "id.orig_h").is_some() && field(value, "conn_state").is_some()
}

/// Reads a log of JSON objects: one a line, or in one list.
pub(crate) fn read_json(text: &str, intake: &mut Intake<'_>) {
    if text.trim_start().starts_with('[') {
        json::each(&json::split(text), intake, |_, line, value, intake| {
            record(&|name| field(value, name), line, intake);
        });
        return;
    }
    for (line, text) in (1..).zip(text.lines()).filter(|it| !it.1.trim().is_empty()) {
        intake.report.records += 1;
        match serde_json::from_str::<Value>(text) {
            Ok(value) => record(&|name| field(&value, name), line, intake),
            Err(fault) => {
                let column = u32::try_from(fault.column()).unwrap_or(1);
                intake.malformed(Some(Pos { line, column }), "this line is no JSON object");
            }
        }
    }
}

/// A field as Zeek writes it (`id.orig_h`), or as log stores rewrite it (`id_orig_h`, `{"id": {"orig_h"}}`).
fn field<'v>(value: &'v Value, name: &str) -> Option<Cow<'v, str>> {
    let found = value.get(name).or_else(|| {
        let (first, second) = name.split_once('.')?;
        value.get(name.replace('.', "_")).or_else(|| value.get(first)?.get(second))
    });
    match found? {
        Value::String(text) => Some(Cow::Borrowed(text.as_str())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("T")),
        Value::Bool(false) => Some(Cow::Borrowed("F")),
        _ => None,
    }
}

type Get<'g, 't> = &'g dyn Fn(&str) -> Option<Cow<'t, str>>;

fn record(get: Get<'_, '_>, line: u32, intake: &mut Intake<'_>) {
    match seen(get) {
        Ok(Some(seen)) => {
            for (host, local) in [("id.orig_h", "local_orig"), ("id.resp_h", "local_resp")] {
                if get(local).as_deref() == Some("T") {
                    intake.own(get(host).and_then(|it| names::address(&it)));
                }
            }
            intake.traffic(&seen, line);
        }
        Ok(None) => intake.left_out(UNCLEAR),
        Err(why) => intake.malformed(Some(Pos { line, column: 1 }), why),
    }
}

/// A connection; none where it was met midway and neither end tells who served.
fn seen(get: Get<'_, '_>) -> Result<Option<Seen>, String> {
    let need = |name: &str| get(name).ok_or_else(|| format!("the field `{name}` is missing"));
    let end = |host: &str, port: &str| -> Result<End, String> {
        let text = need(host)?;
        let address = names::address(&text).ok_or_else(|| format!("`{text}` is no address"))?;
        let text = need(port)?;
        Ok((address, text.parse().map_err(|_| format!("`{text}` is no port"))?))
    };
    let protocol = match need("proto")?.as_ref() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => Protocol::Icmp,
    };
    let (from, to) = (end("id.orig_h", "id.orig_p")?, end("id.resp_h", "id.resp_p")?);
    let course = course(protocol, get, from, to);
    let time = get("ts").and_then(|it| time_ms(&it));
    let (from, to, answered) = match course {
        Course::Answered => (from, to, true),
        Course::Unanswered => (from, to, false),
        Course::Turned => (to, from, true),
        Course::Unclear => return Ok(None),
    };
    Ok(Some(Seen {
        from,
        to,
        protocol,
        answered: Some(answered),
        // What was spoken, as Zeek found out; data channels are agreed on by the two ends.
        served: get("service").is_some_and(|it| !it.is_empty() && !it.contains("ftp-data")),
        flags: None,
        opened: None,
        first_ms: time,
        last_ms: time,
    }))
}

/// How a connection went.
enum Course {
    /// The responder took it.
    Answered,
    /// Nobody answered, it was refused, or nobody can tell.
    Unanswered,
    /// It was taken, by the end that Zeek calls the originator.
    Turned,
    /// Data went both ways, but who served is not known.
    Unclear,
}

/// What state, history and counts say (Zeek, `base/protocols/conn/main.zeek`).
fn course(protocol: Protocol, get: Get<'_, '_>, from: End, to: End) -> Course {
    let some = |name: &str| get(name).and_then(|it| it.parse::<u64>().ok()).is_some_and(|it| it > 0);
    let history = get("history").unwrap_or_default();
    let has = |letter: char| history.contains(letter);
    let state = get("conn_state");
    let responder_spoke = has('d') || some("resp_pkts") || some("resp_bytes");
    match (protocol, state.as_deref()) {
        // Established, whatever end it took. In SHR only the responder was seen, and it granted the connection.
        (Protocol::Tcp, Some("SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR" | "SHR")) => Course::Answered,
        // Seen from the responder alone, or from the middle: `h` is its SYN-ACK.
        (Protocol::Tcp, Some("RSTRH" | "OTH")) if has('h') => Course::Answered,
        // The other way round: a SYN-ACK of the originator, which is the end that serves.
        (Protocol::Tcp, Some("OTH")) if has('H') && !has('S') => Course::Turned,
        (Protocol::Tcp, Some("OTH"))
            if (has('D') && has('d')) || (some("orig_bytes") && some("resp_bytes")) =>
        {
            match turned(from, to) {
                Some(true) => Course::Turned,
                Some(false) => Course::Answered,
                None => Course::Unclear,
            }
        }
        (Protocol::Udp, Some("SF")) => Course::Answered,
        // Only answers were seen; Zeek tells the serving end by its port.
        (Protocol::Udp, Some("SHR")) if responder_spoke => Course::Answered,
        (Protocol::Udp, None) if responder_spoke => Course::Answered,
        _ => Course::Unanswered,
    }
}
