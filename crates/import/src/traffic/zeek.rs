//! Zeek's conn log, tab-separated or one JSON object a line. Zeek knows who opened a connection and how it went.

use std::collections::BTreeMap;

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::Protocol;
use serde_json::Value;

use super::{Seen, time_ms};
use crate::facts::Intake;
use crate::names;

/// The columns that are read.
const COLUMNS: [&str; 9] = [
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "conn_state",
    "ts",
    "resp_pkts",
    "resp_bytes",
];

/// Reads a log with `#fields`. Headers may come again, as in logs put one after another.
pub(crate) fn read_table(text: &str, intake: &mut Intake<'_>) {
    let mut separator = '\t';
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut width = 0;
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(directive) = text.strip_prefix('#') {
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
                columns
                    .get(name)
                    .map(|n| cells[*n])
                    .filter(|it| !matches!(*it, "-" | "(empty)"))
                    .map(str::to_owned)
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

/// Reads a log of JSON objects, one a line.
pub(crate) fn read_json(text: &str, intake: &mut Intake<'_>) {
    for (line, text) in (1..).zip(text.lines()).filter(|it| !it.1.trim().is_empty()) {
        intake.report.records += 1;
        match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                let get = |name: &str| match value.get(name)? {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                };
                record(&get, line, intake);
            }
            Err(fault) => {
                let column = u32::try_from(fault.column()).unwrap_or(1);
                intake.malformed(Some(Pos { line, column }), "this line is no JSON object");
            }
        }
    }
}

fn record(get: &dyn Fn(&str) -> Option<String>, line: u32, intake: &mut Intake<'_>) {
    match seen(get) {
        Ok(seen) => intake.traffic(&seen, line),
        Err(why) => intake.malformed(Some(Pos { line, column: 1 }), why),
    }
}

fn seen(get: &dyn Fn(&str) -> Option<String>) -> Result<Seen, String> {
    let need = |name: &str| get(name).ok_or_else(|| format!("the field `{name}` is missing"));
    let end = |host: &str, port: &str| -> Result<(std::net::IpAddr, u16), String> {
        let text = need(host)?;
        let address = names::address(&text).ok_or_else(|| format!("`{text}` is no address"))?;
        let text = need(port)?;
        Ok((address, text.parse().map_err(|_| format!("`{text}` is no port"))?))
    };
    let [orig_h, orig_p, resp_h, resp_p, proto, state, ts, resp_pkts, resp_bytes] = COLUMNS;
    let protocol = match need(proto)?.as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => Protocol::Icmp,
    };
    let more_than_none =
        |name: &str| get(name).and_then(|it| it.parse::<u64>().ok()).is_some_and(|it| it > 0);
    let answered = match (protocol, get(state).as_deref()) {
        // Established, whatever end it took; S0, REJ, SH, SHR, RSTOS0, RSTRH and OTH were not, or nobody can tell.
        (Protocol::Tcp, Some(state)) => matches!(state, "SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR"),
        (_, Some("SF")) => true,
        (Protocol::Tcp, None) | (_, Some(_)) => false,
        (_, None) => more_than_none(resp_pkts) || more_than_none(resp_bytes),
    };
    let time = get(ts).and_then(|it| time_ms(&it));
    Ok(Seen {
        from: end(orig_h, orig_p)?,
        to: end(resp_h, resp_p)?,
        protocol,
        answered: Some(answered),
        flags: None,
        opened: None,
        first_ms: time,
        last_ms: time,
    })
}
