//! Windows events in the terms of whoever exported, shipped or forwarded them, brought to the names EVTX gives: PowerShell's
//! `Get-WinEvent | ConvertTo-Json`, EvtxECmd, Velociraptor, Sentinel and Log Analytics, Graylog, Splunk, Fluent Bit,
//! OpenTelemetry, parsers of EVTX in other languages, Snare, LEEF and the like.
//!
//! They differ in spelling only: a header with event id, channel, computer and provider; data by name, as a list of names
//! and values, as XML or JSON in a text, or only by position or in the rendered message. So there is one reader for all.

mod name;
mod snare;
mod strings;

use std::borrow::Cow;

use bulkhead_model::event::{Event, Field, FieldsEvent, Shape, Value, Visitor, windows_header};
use bulkhead_model::json::JsonEvent;

use crate::delimited::windows;
use crate::winxml::{self, Fields};
use name::Place;
pub(crate) use snare::{pairs as of_snare, structured};

/// Texts inside texts are taken apart to this depth.
const DEPTH_MAX: usize = 3;

/// More fields than this are not taken from one event.
const FIELDS_MAX: usize = 4096;

/// Header of the event, at the places of [`name::Header`]; the best of several spellings counts.
const HEADER: usize = name::HEADERS.len();

/// A record taken apart.
#[derive(Default)]
struct Parts {
    header: [Option<(u8, String)>; HEADER],
    data: Vec<(String, String)>,
    /// Data without names, in their order.
    strings: Vec<String>,
    message: String,
    /// What is neither header nor data.
    rest: Vec<(String, String)>,
    /// A name whose value, or a value whose name, is still to come.
    pending: Pending,
}

#[derive(Default)]
struct Pending {
    name: Option<String>,
    value: Option<String>,
}

/// The event of a JSON object; none if it is no Windows event after all.
pub(crate) fn of_json<'a>(event: &'a JsonEvent<'_>) -> Option<FieldsEvent<'a>> {
    let mut parts = Parts::default();
    parts.json(event, "", 0);
    Some(FieldsEvent { raw: event.raw(), shape: Shape::Windows, fields: parts.finish()? })
}

/// The fields of an event whose record is `pairs` of names and values.
pub(crate) fn of_pairs<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Option<Fields<'static>> {
    let mut parts = Parts::default();
    for (name, value) in pairs.take(FIELDS_MAX) {
        parts.take(name, value, 0);
    }
    parts.finish()
}

/// Whether a value that this column or member holds is a record of its own: the event's data, or all of it.
pub(crate) fn holds_record(name: &str, value: &str) -> bool {
    let value = value.trim_start();
    value.starts_with(['{', '<', '[']) && matches!(name::place(name), Place::Nested | Place::Message)
}

impl Parts {
    /// Takes in one value by its name.
    fn take(&mut self, name: &str, value: &str, depth: usize) {
        if self.data.len() + self.rest.len() + self.strings.len() >= FIELDS_MAX {
            return;
        }
        match name::place(name) {
            Place::Header(at, rank) => self.set(at, rank, value),
            Place::Data(name) => self.data.push((name.replace(' ', ""), value.to_owned())),
            Place::DataName => self.data_name(value),
            Place::DataValue => self.data_value(value),
            Place::String => self.strings.push(value.to_owned()),
            Place::Message if value.trim_start().starts_with('<') && self.xml(value) => {}
            Place::Message => {
                if value.len() > self.message.len() {
                    value.clone_into(&mut self.message);
                }
            }
            Place::Nested => self.nested(name, value, depth),
            Place::Rest(name) => self.rest.push((name.to_owned(), value.to_owned())),
        }
    }

    fn set(&mut self, at: usize, rank: u8, value: &str) {
        let value = value.trim();
        if value.is_empty() || value == "-" {
            return;
        }
        if self.header[at].as_ref().is_none_or(|(known, _)| rank < *known) {
            self.header[at] = Some((rank, value.to_owned()));
        }
    }

    /// `{"@Name": "ServiceName", "#text": "PSEXESVC"}`, in whichever order.
    fn data_name(&mut self, name: &str) {
        if let Some(value) = self.pending.value.take() {
            self.data.push((name.replace(' ', ""), value));
        } else if let Some(empty) = self.pending.name.replace(name.to_owned()) {
            self.data.push((empty.replace(' ', ""), String::new()));
        }
    }

    fn data_value(&mut self, value: &str) {
        match self.pending.name.take() {
            Some(name) => self.data.push((name.replace(' ', ""), value.to_owned())),
            None => {
                if let Some(unnamed) = self.pending.value.replace(value.to_owned()) {
                    self.strings.push(unnamed);
                }
            }
        }
    }

    /// A text that holds the event's data, or the whole event, as JSON, XML or lines of `key=value`.
    fn nested(&mut self, name: &str, value: &str, depth: usize) {
        let text = value.trim();
        if depth >= DEPTH_MAX || text.is_empty() {
            return;
        }
        let wrapped;
        let object = match text.as_bytes()[0] {
            b'<' if self.xml(text) => return,
            b'{' => text,
            b'[' => {
                wrapped = format!("{{\"Data\":{text}}}");
                &wrapped
            }
            _ if text.contains("EventCode=") => return self.splunk(text, depth),
            _ => return self.rest.push((name.to_owned(), value.to_owned())),
        };
        match JsonEvent::new(object.as_bytes(), Some(Shape::WindowsExport)) {
            Ok(event) => {
                let whole = ["Event.", "System.", "EventData.", "UserData."];
                let mut first = FirstName::default();
                event.visit(&mut first);
                let prefix = if whole.iter().any(|it| first.0.starts_with(it)) { "" } else { "EventData." };
                self.json(&event, prefix, depth + 1);
            }
            Err(_) => self.rest.push((name.to_owned(), value.to_owned())),
        }
    }

    fn json(&mut self, event: &JsonEvent<'_>, prefix: &str, depth: usize) {
        struct All<'p> {
            parts: &'p mut Parts,
            prefix: &'p str,
            depth: usize,
        }
        impl<'e> Visitor<'e> for All<'_> {
            fn wants(&mut self, _: &str) -> bool {
                true
            }
            fn value(&mut self, name: &str, value: Value<'e>) {
                if value != Value::Null {
                    let name = format!("{}{name}", self.prefix);
                    self.parts.take(&name, &value.to_text(), self.depth);
                }
            }
        }
        event.visit(&mut All { parts: self, prefix, depth });
    }

    /// An event or its data as XML; whether there was any.
    fn xml(&mut self, text: &str) -> bool {
        if let Some(Ok(fields)) = winxml::embedded(text) {
            for (name, value) in fields {
                let (Field::Text(value) | Field::Number(value)) = value else { continue };
                let is_header = windows_header(&name).is_some()
                    || name.starts_with("System.")
                    || matches!(name.as_ref(), "TimeCreated_SystemTime" | "Security_UserID" | "Message");
                let name = if is_header { name } else { Cow::Owned(format!("EventData.{name}")) };
                self.take(&name, &value, DEPTH_MAX);
            }
            return true;
        }
        let inner = ["EventData", "UserData"].into_iter().find_map(|tag| {
            let from = text.find(&format!("<{tag}"))?;
            let end = format!("</{tag}>");
            Some(&text[from..from + text[from..].find(&end)? + end.len()])
        });
        let is_data = text.starts_with("<Data") || text.starts_with("<Param");
        let data = match inner {
            Some(inner) => Cow::Borrowed(inner),
            None if is_data => Cow::Owned(format!("<EventData>{text}</EventData>")),
            None => return false,
        };
        let event = format!("<Event><System><EventID>0</EventID></System>{data}</Event>");
        let Ok(fields) = winxml::event(&event) else { return false };
        for (name, value) in fields {
            let (Field::Text(value) | Field::Number(value)) = value else { continue };
            match name.as_ref() {
                "EventID" | "System.EventID" => {}
                "Param" | "Data" => self.strings.push(value.into_owned()),
                _ => self.data.push((name.into_owned(), value.into_owned())),
            }
        }
        true
    }

    /// What Splunk keeps of an event that is not XML: a time, lines of `key=value`, the last of them the message.
    fn splunk(&mut self, text: &str, depth: usize) {
        let (head, message) = match text.split_once("Message=") {
            Some((head, message)) => (head, message),
            None => (text, ""),
        };
        for (name, value) in head.lines().filter_map(|it| it.split_once('=')) {
            self.take(name.trim(), value.trim(), depth + 1);
        }
        if !message.is_empty() {
            self.take("Message", message, DEPTH_MAX);
        }
    }

    fn get(&self, header: name::Header) -> Option<&str> {
        self.header[header as usize].as_ref().map(|it| it.1.as_str())
    }

    /// The fields, once everything was taken in; none if it is no Windows event.
    fn finish(mut self) -> Option<Fields<'static>> {
        use name::Header::{Channel, Computer, EventId, Provider};
        if let Some(name) = self.pending.name.take() {
            self.data.push((name, String::new()));
        }
        self.strings.extend(self.pending.value.take());
        let id: u64 = self.get(EventId)?.parse().ok()?;
        // Older interfaces give the id with its severity and facility before it.
        let id = id & 0xffff;
        let provider = self.get(Provider).unwrap_or_default().to_owned();
        if self.get(Channel).is_none() {
            let channel = windows::channel(&provider, &id.to_string())?;
            self.set(Channel as usize, 0, channel);
        }
        if provider.is_empty() && self.get(Computer).is_none() && self.data.is_empty() {
            return None;
        }
        self.set(EventId as usize, 0, &id.to_string());
        self.header[EventId as usize] = Some((0, id.to_string()));
        Some(self.fields(id))
    }

    fn fields(mut self, id: u64) -> Fields<'static> {
        let channel = self.get(name::Header::Channel).unwrap_or_default().to_owned();
        strings::name(&channel, id, &mut self.strings, &mut self.data);
        let mut event = FieldsEvent::new(b"", Shape::Windows);
        for (at, value) in self.header.iter().enumerate() {
            let Some((_, value)) = value else { continue };
            let name = name::HEADERS[at];
            let clash = self.data.iter().any(|it| it.0 == name);
            let name = windows_header(name).filter(|_| clash).unwrap_or(name);
            event.push(name, header_value(name, value));
        }
        for (name, value) in &self.data {
            event.push(name.clone(), Field::Text(Cow::Owned(value.clone())));
        }
        for value in &self.strings {
            event.push("Data", Field::Text(Cow::Owned(value.clone())));
        }
        if !self.message.is_empty() {
            let message = snare::on_lines(&self.message);
            let has = |name: &str| self.data.iter().any(|it| it.0 == name);
            windows::message(&message, id, has, &mut event);
            event.push("Message", Field::Text(Cow::Owned(self.message)));
        }
        for (name, value) in self.rest {
            if event.fields.iter().all(|(it, _)| *it != name) {
                event.push(name, Field::Text(Cow::Owned(value)));
            }
        }
        // Nothing borrows from the record any more.
        event.fields.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), owned(value))).collect()
    }
}

/// A header's value as EVTX has it: numbers as numbers, times in one form.
fn header_value(name: &str, value: &str) -> Field<'static> {
    if !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit()) && name != "TimeCreated_SystemTime" {
        return Field::Number(Cow::Owned(value.to_owned()));
    }
    let time = (name == "TimeCreated_SystemTime")
        .then(|| crate::parse_time(value).or_else(|| crate::delimited::date_of(value)));
    let time = time
        .flatten()
        .or_else(|| (name == "TimeCreated_SystemTime").then(|| crate::forms::moment(value)).flatten());
    match time {
        Some(time) => Field::Text(Cow::Owned(time.to_string())),
        None => Field::Text(Cow::Owned(value.to_owned())),
    }
}

fn owned(value: Field<'_>) -> Field<'static> {
    match value {
        Field::Null => Field::Null,
        Field::Bool(it) => Field::Bool(it),
        Field::Number(it) => Field::Number(Cow::Owned(it.into_owned())),
        Field::Text(it) => Field::Text(Cow::Owned(it.into_owned())),
    }
}

/// The name of an event's first field.
#[derive(Default)]
struct FirstName(String);

impl<'e> Visitor<'e> for FirstName {
    fn wants(&mut self, name: &str) -> bool {
        name.clone_into(&mut self.0);
        false
    }

    fn value(&mut self, _: &str, _: Value<'e>) {}

    fn done(&self) -> bool {
        !self.0.is_empty()
    }
}
