//! Alerts as the AIT Alert Data Set (Landauer et al. 2024) lists them: `time,name,ip,host,short` and label columns.
//!
//! The labels say what was an attack. They exist to score a detector with, so they reach nobody: neither the fields nor
//! the raw bytes of the events hold them.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;

use crate::input::Line;
use crate::read::Stream;

/// The columns every list has, in this order; what follows them are labels.
const COLUMNS: [&str; 5] = ["time", "name", "ip", "host", "short"];

/// Whether `line` is the header of such a list.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let mut names = line.split(|it| *it == b',');
    COLUMNS.iter().all(|it| names.next() == Some(it.as_bytes()))
}

/// Reads one alert a line.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut labels = 2;
    let mut number = stream.before;
    while let Some(line) = stream.input.line(stream.options.record_max) {
        number += 1;
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(length) => {
                stream.out.tally.malformed(number, 0, || format!("it is {length} bytes long"));
                continue;
            }
        };
        if is_header(line) {
            labels = line.split(|it| *it == b',').count() - COLUMNS.len();
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = stream.out.tally.text(line);
        match alert(&text, labels) {
            Some((event, detector)) => {
                let product = match detector {
                    "Wazuh" => Some("wazuh"),
                    "Suricata" => Some("suricata"),
                    "AMiner" => Some("aminer"),
                    _ => None,
                };
                stream.out.event(&event, LogSource { product, service: None, category: Some("alert") })?;
            }
            None => stream.out.tally.malformed(number, 0, || "not `time,name,ip,host,short,...`".to_owned()),
        }
    }
    ControlFlow::Continue(())
}

/// One alert and the name of the detector that raised it. Only the name may hold commas, so the columns behind it are
/// counted from the end.
fn alert(line: &str, labels: usize) -> Option<(FieldsEvent<'_>, &str)> {
    let mut alert = line;
    for _ in 0..labels {
        alert = alert.rsplit_once(',')?.0;
    }
    let (rest, short) = alert.rsplit_once(',')?;
    let (rest, host) = rest.rsplit_once(',')?;
    let (rest, ip) = rest.rsplit_once(',')?;
    let (time, name) = rest.split_once(',')?;
    let name = name.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(name);
    if time.is_empty() || !time.bytes().all(|it| it.is_ascii_digit() || it == b'.') {
        return None;
    }
    let mut event = FieldsEvent::new(alert.as_bytes(), Shape::Json);
    event.push("time", Field::Number(Cow::Borrowed(time)));
    for (field, value) in [("name", name), ("ip", ip), ("host", host), ("short", short)] {
        event.push(field, Field::text(value));
    }
    Some((event, name.split(':').next().unwrap_or_default()))
}
