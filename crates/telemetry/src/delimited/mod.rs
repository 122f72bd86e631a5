//! Tables as text: CSV and TSV exports with a header row. Column names become field names.
//!
//! Exports of Windows events (Event Viewer, Get-WinEvent, Splunk, Elastic) become Windows events; a column that holds
//! the original JSON record (`AuditData` of Microsoft Purview) becomes that record.

pub(crate) mod date;
mod record;
mod stream;
pub(crate) mod windows;

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Event, Field, FieldsEvent, Shape};
use bulkhead_model::json::JsonEvent;
use bulkhead_model::logsource::LogSource;

use crate::read::Out;
use crate::winexport;
use date::Order;
use record::{Quotes, cells};

pub(crate) use stream::read;

/// The instant a date stands for, in whichever of the usual ways it is written, taken as UTC.
pub(crate) fn date_of(text: &str) -> Option<jiff::Timestamp> {
    date::parse(text, Order::default())
}

/// How many bytes are looked at to understand a table.
const LOOK: usize = 64 * 1024;

/// More columns than this are not read.
const COLUMNS_MAX: usize = 4096;

const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Columns that hold the time, best first.
const TIMES: [&str; 14] = [
    "timestamp",
    "utctime",
    "timecreated",
    "eventtime",
    "time",
    "dateandtime",
    "datetime",
    "timegenerated",
    "timegeneratedutc",
    "creationdate",
    "creationtime",
    "createddatetime",
    "date",
    "dateutc",
];

/// Other columns that telemetry has; two known ones make a table telemetry.
const KNOWN: [&str; 55] = [
    "eventid",
    "eventcode",
    "id",
    "level",
    "source",
    "channel",
    "logname",
    "computer",
    "computername",
    "machinename",
    "hostname",
    "host",
    "hostip",
    "provider",
    "providername",
    "sourcename",
    "message",
    "sourceip",
    "srcip",
    "src",
    "clientip",
    "cip",
    "destinationip",
    "destip",
    "dstip",
    "dest",
    "dst",
    "destinationport",
    "destport",
    "dstport",
    "srcport",
    "user",
    "username",
    "userid",
    "accountname",
    "image",
    "processname",
    "commandline",
    "parentimage",
    "operation",
    "action",
    "query",
    "recordtype",
    "auditdata",
    "csmethod",
    "csuristem",
    "scstatus",
    "eventname",
    "eventsource",
    "raw",
    "sourcetype",
    "taskcategory",
    "payload",
    "eventdata",
    "eventsourcename",
];

/// Lower case, letters and digits only: `Event ID`, `event_id` and `EventID` are one name.
fn key(name: &str) -> String {
    name.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a stream's start says about the table.
#[derive(Debug)]
pub(crate) struct Table {
    separator: u8,
    columns: Vec<Column>,
    is_windows: bool,
    /// Whether the channel must be told by the provider.
    no_channel: bool,
    order: Order,
    /// Lines up to and with the header.
    header_lines: u64,
    /// What is ambiguous: code, message, hint.
    notes: Vec<(&'static str, String, &'static str)>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// What the values are, where it matters.
    holds: Holds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Value,
    /// The time of the event.
    Time,
    /// The original record as JSON.
    Json,
    /// Splunk's or Event Viewer's `source`: a provider, or `WinEventLog:Channel`.
    Source,
}

/// Understands the table that `text`, the start of a stream, begins; none if it is no table of telemetry.
pub(crate) fn detect(text: &[u8]) -> Option<Table> {
    let cut = text.len() >= LOOK;
    let text = String::from_utf8_lossy(text);
    let mut found: Vec<Table> = SEPARATORS.iter().filter_map(|it| table(&text, *it, cut, 2)).collect();
    // Of equals the first in the order above stands.
    found.sort_by_key(|it| std::cmp::Reverse(it.columns.len()));
    let others = found.split_off(found.len().min(1));
    let mut table = found.pop()?;
    if let Some(other) = others.first() {
        let message = format!(
            "columns may be separated by `{}` ({}) or by `{}` ({}); the former is taken",
            shown(table.separator),
            table.columns.len(),
            shown(other.separator),
            other.columns.len()
        );
        table.notes.push((
            "ambiguous-separator",
            message,
            "put `sep=,` (or another separator) on a first line of its own",
        ));
    }
    Some(table)
}

fn shown(separator: u8) -> String {
    if separator == b'\t' { "tab".to_owned() } else { char::from(separator).to_string() }
}

/// Says of a stream that begins a table, but none of telemetry, why it is not read.
pub(crate) fn unknown(text: &[u8]) -> Option<String> {
    let cut = text.len() >= LOOK;
    let text = String::from_utf8_lossy(text);
    let table =
        SEPARATORS.iter().find_map(|it| table(&text, *it, cut, 0)).filter(|it| it.columns.len() > 2)?;
    let names: Vec<&str> = table.columns.iter().take(5).map(|it| it.name.as_str()).collect();
    Some(format!(
        "looks like a table of {} columns separated by `{}` ({}, ...), but fewer than two of them have names known of telemetry, \
         such as timestamp, host, user, EventID; skipped",
        table.columns.len(),
        shown(table.separator),
        names.join(", ")
    ))
}

/// The table, if it is one with this separator and at least `known_min` columns of known names.
fn table(text: &str, separator: u8, cut: bool, known_min: usize) -> Option<Table> {
    let mut lines = text.lines();
    let mut header_lines = 1;
    let mut header = lines.next()?;
    // Excel's hint, and what PowerShell's Export-Csv puts first.
    while header.starts_with("sep=") || header.starts_with("#TYPE ") || header.trim().is_empty() {
        if header.strip_prefix("sep=").is_some_and(|it| it.as_bytes().first() != Some(&separator)) {
            return None;
        }
        header = lines.next()?;
        header_lines += 1;
    }
    let names: Vec<String> =
        cells(header, separator, COLUMNS_MAX).iter().map(|it| it.trim().to_owned()).collect();
    let keys: Vec<String> = names.iter().map(|it| key(it)).collect();
    let known = keys.iter().filter(|it| TIMES.contains(&it.as_str()) || KNOWN.contains(&it.as_str())).count();
    if names.len() < 2 || known < known_min || !names.iter().all(|it| is_name(it)) {
        return None;
    }
    let rows = sample(lines, separator, cut);
    let fits = |it: &&Vec<String>| it.len() == names.len() || it.len() == names.len() + 1;
    if known_min == 0 && rows.is_empty() {
        return None;
    }
    if rows.iter().filter(fits).count() * 2 < rows.len() {
        return None;
    }
    let mut table = Table {
        separator,
        columns: Vec::new(),
        is_windows: is_windows(&keys),
        no_channel: !keys.iter().any(|it| matches!(it.as_str(), "channel" | "logname" | "winlogchannel")),
        order: Order::default(),
        header_lines,
        notes: Vec::new(),
    };
    table.name_columns(&names, &keys);
    table.find_order(&rows);
    Some(table)
}

/// Whether a cell of the header can be a column's name.
fn is_name(text: &str) -> bool {
    let odd = |c: char| !c.is_alphanumeric() && !" _-.@()[]/:#%{}&',;|".contains(c);
    !text.is_empty() && text.len() <= 128 && !text.contains(odd) && text.contains(char::is_alphabetic)
}

/// The first records after the header.
fn sample<'t>(lines: impl Iterator<Item = &'t str>, separator: u8, cut: bool) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut record = String::new();
    let mut quotes = Quotes::default();
    for line in lines {
        record.push_str(line);
        if quotes.ends(line.as_bytes(), separator) {
            if !record.trim().is_empty() {
                let cells = cells(&record, separator, COLUMNS_MAX + 1);
                rows.push(cells.into_iter().map(Cow::into_owned).collect());
            }
            record.clear();
            quotes = Quotes::default();
        } else {
            record.push('\n');
        }
        if rows.len() >= 100 {
            return rows;
        }
    }
    // What is cut off says nothing.
    if cut {
        rows.pop();
    }
    rows
}

fn is_windows(keys: &[String]) -> bool {
    let has = |wanted: &[&str]| keys.iter().any(|it| wanted.contains(&it.as_str()));
    let of_get_winevent = has(&["id"]) && has(&["providername"]) && has(&["logname"]);
    (has(&["eventid", "eventcode", "winlogeventid"])
        && has(&[
            "channel",
            "logname",
            "winlogchannel",
            "source",
            "sourcename",
            "provider",
            "providername",
            "eventsourcename",
        ]))
        || of_get_winevent
}

impl Table {
    fn name_columns(&mut self, names: &[String], keys: &[String]) {
        let has = |wanted: &str| keys.iter().any(|it| it == wanted);
        let time = TIMES.iter().find(|it| has(it)).copied();
        let has_provider =
            ["provider", "providername", "sourcename", "winlogprovidername"].iter().any(|it| has(it));
        let by_id = has("providername") && has("logname") && !has("eventid");
        let mut seen = std::collections::BTreeSet::new();
        for (name, key) in names.iter().zip(keys) {
            let holds = match key.as_str() {
                it if Some(it) == time => Holds::Time,
                "auditdata" | "raw" | "eventoriginal" => Holds::Json,
                "source" if self.is_windows && !has_provider => Holds::Source,
                _ => Holds::Value,
            };
            let name = match key.as_str() {
                "id" if self.is_windows && by_id => "EventID".to_owned(),
                "host" if self.is_windows && !has("computer") && !has("computername") => {
                    "Computer".to_owned()
                }
                "recordnumber" if has("eventrecordid") => name.clone(),
                _ if self.is_windows => windows::column(name).into_owned(),
                _ => name.clone(),
            };
            if !seen.insert(name.clone()) {
                self.notes.push((
                    "duplicate-column",
                    format!("the column `{name}` stands twice; the field has both values"),
                    "name the columns differently",
                ));
            }
            self.columns.push(Column { name, holds });
        }
        if time.is_none() {
            self.notes.push((
                "no-time-column",
                "no column is known to hold the time, so its events carry none".to_owned(),
                "name it `@timestamp`",
            ));
        }
    }

    /// Whether days or months stand first, from the rows in which it shows.
    fn find_order(&mut self, rows: &[Vec<String>]) {
        let Some(at) = self.columns.iter().position(|it| it.holds == Holds::Time) else {
            return;
        };
        let times = || rows.iter().filter_map(|it| it.get(at));
        match times().find_map(|it| date::order_of(it.trim())) {
            Some(order) => self.order = order,
            None if times().any(|it| date::needs_order(it.trim())) => self.notes.push((
                "ambiguous-date",
                "its dates can be read with the day or the month first; the month is taken".to_owned(),
                "export times as 2026-11-22 14:15:42",
            )),
            None => {}
        }
    }

    /// The event of one record.
    fn event<'a>(&'a self, raw: &'a [u8], cells: &'a [Cow<'a, str>]) -> Result<FieldsEvent<'a>, String> {
        let n = self.columns.len();
        // Event Viewer writes the message in a column that its header does not name.
        let unnamed = cells.len() == n + 1 && (self.is_windows || cells[n].trim().is_empty());
        if cells.len() != n && !unnamed {
            return Err(format!("{} cells, but the header names {n}", cells.len()));
        }
        let shape = if self.is_windows { Shape::Windows } else { Shape::Json };
        let mut event = FieldsEvent::new(raw, shape);
        event.fields.reserve(n + 2);
        for (column, cell) in self.columns.iter().zip(cells) {
            let cell = cell.trim();
            if !cell.is_empty() {
                self.push(column, cell, &mut event);
            }
        }
        if self.is_windows {
            let message = cells.get(n).map(Cow::as_ref).filter(|it| !it.trim().is_empty());
            if let Some(message) = message {
                event.push("Message", Field::text(message));
            }
            self.complete(&mut event);
        }
        Ok(event)
    }

    fn push<'a>(&'a self, column: &'a Column, cell: &'a str, event: &mut FieldsEvent<'a>) {
        let name = column.name.as_str();
        match column.holds {
            Holds::Time => {
                let canonical = if self.is_windows { "TimeCreated_SystemTime" } else { "@timestamp" };
                match date::parse(cell, self.order) {
                    Some(time) => event.push(canonical, Field::Text(Cow::Owned(time.to_string()))),
                    None => event.push(name, Field::text(cell)),
                }
                if name != canonical && !self.is_windows {
                    event.push(name, Field::text(cell));
                }
            }
            Holds::Source => match cell.strip_prefix("Xml").unwrap_or(cell).strip_prefix("WinEventLog:") {
                Some(channel) => event.push("Channel", Field::text(channel)),
                None => event.push("Provider_Name", Field::text(cell)),
            },
            _ if name == "EventID" && cell.bytes().all(|it| it.is_ascii_digit()) => {
                event.push(name, Field::Number(Cow::Borrowed(cell)));
            }
            _ => event.push(name, Field::text(cell)),
        }
    }

    /// What the table does not name of a Windows event: the channel, and the data that stands in the message.
    fn complete(&self, event: &mut FieldsEvent<'_>) {
        let get = |event: &FieldsEvent<'_>, name: &str| event.get(name).map(|it| it.to_text().into_owned());
        if self.no_channel && event.get("Channel").is_none() {
            let [provider, id] = ["Provider_Name", "EventID"].map(|it| get(event, it).unwrap_or_default());
            if let Some(channel) = windows::channel(&provider, &id) {
                event.push("Channel", Field::text(channel));
            }
        }
        if let Some(text) = get(event, "Message") {
            let has = |name: &str| self.columns.iter().any(|it| it.name == name);
            let id = get(event, "EventID").and_then(|it| it.parse().ok()).unwrap_or_default();
            windows::message(&text, id, has, event);
        }
    }

    /// The column in which the original record stands as JSON, and that record.
    fn original<'c>(&self, cells: &'c [Cow<'_, str>]) -> Option<(&Column, &'c str)> {
        let found = self
            .columns
            .iter()
            .zip(cells)
            .find(|(column, cell)| column.holds == Holds::Json && cell.trim_start().starts_with('{'));
        found.map(|(column, cell)| (column, cell.trim()))
    }

    /// The fields of a Windows event of which a cell holds the data, or all of it, as XML or JSON.
    fn exported(&self, cells: &[Cow<'_, str>]) -> Option<crate::winxml::Fields<'static>> {
        let named = || self.columns.iter().map(|it| it.name.as_str()).zip(cells.iter().map(|it| it.trim()));
        if cells.len() != self.columns.len()
            || !named().any(|(name, cell)| winexport::holds_record(name, cell))
        {
            return None;
        }
        winexport::of_pairs(named().filter(|(_, cell)| !cell.is_empty()))
    }

    /// Whether a record has as many cells as there are columns.
    fn fits(&self, raw: &[u8]) -> bool {
        let n_cells = cells(&String::from_utf8_lossy(raw), self.separator, COLUMNS_MAX + 2).len();
        n_cells == self.columns.len() || n_cells == self.columns.len() + 1
    }

    /// Hands out the event of one record.
    fn record(&self, out: &mut Out<'_>, raw: &[u8], line: u64) -> ControlFlow<()> {
        let text = out.tally.text(raw);
        let cells = cells(&text, self.separator, COLUMNS_MAX + 1);
        if let Some((column, json)) = self.original(&cells)
            && let Ok(event) = JsonEvent::new(json.as_bytes(), None)
            && (event.shape() != Shape::Json || key(&column.name) == "auditdata")
        {
            return out.event(&event, crate::json::source(&event, None));
        }
        if let Some(fields) = self.exported(&cells) {
            let event = FieldsEvent { raw, shape: Shape::Windows, fields };
            return out.event(&event, LogSource::of_shape(Shape::Windows));
        }
        match self.event(raw, &cells) {
            Ok(event) => {
                let source =
                    if self.is_windows { LogSource::of_shape(Shape::Windows) } else { LogSource::default() };
                out.event(&event, source)
            }
            Err(why) => {
                out.tally.malformed(line, 0, || why);
                ControlFlow::Continue(())
            }
        }
    }
}
