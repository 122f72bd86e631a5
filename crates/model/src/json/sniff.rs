//! Which family of records a JSON object comes from, by the names at its top.

use super::flatten::key;
use super::scan::{Entry, Kind};
use crate::event::Shape;

/// Objects that exporters put around a record's own fields.
const WRAPPERS: [&str; 7] = ["fields", "result", "_source", "log", "body", "attributes", "columns"];

/// What is known of the names so far.
#[derive(Default)]
struct Seen {
    bits: u32,
    /// Whether a name is no part of a Windows event's header.
    has_payload: bool,
    has_message: bool,
}

const ID: u32 = 1;
const LOG: u32 = 2;
const EVENT_TYPE: u32 = 4;
const NETWORK: u32 = 8;
const UID: u32 = 16;
const TS: u32 = 32;
const RULE: u32 = 64;
const AGENT: u32 = 128;
const MANAGER: u32 = 256;
/// Names of Windows' header in some exporter's spelling.
const ODD_ID: u32 = 512;
const ODD_LOG: u32 = 1024;
const ODD_PROVIDER: u32 = 2048;
/// The event's data in a form that only its exporter's own reader takes apart.
const ODD_DATA: u32 = 4096;
/// `Event`, `EventData` and their like.
const NESTED: u32 = 8192;

/// The family of records.
pub(super) fn sniff(raw: &str, entries: &[Entry]) -> Shape {
    let mut seen = Seen::default();
    let mut index = 0;
    while let Some(entry) = entries.get(index) {
        let name = key(raw, entry);
        if matches!(name, "_path" | "id.orig_h" | "id_orig_h") {
            return Shape::Zeek;
        }
        seen.top(name, entry);
        if entry.kind.is_text() && matches!(name, "_raw" | "raw" | "xml" | "Xml" | "EventXml") {
            let text = raw.get(entry.start as usize..entry.end as usize).unwrap_or_default();
            if text.starts_with("<Event") || text.contains("EventCode=") {
                seen.bits |= ODD_ID | ODD_LOG | ODD_DATA;
            }
        }
        if entry.kind == Kind::Object && WRAPPERS.contains(&name) {
            let mut inner = index + 1;
            while inner < entry.next as usize {
                seen.odd(key(raw, &entries[inner]));
                inner = entries[inner].next as usize;
            }
        }
        index = entry.next as usize;
    }
    let has = |bits: u32| seen.bits & bits == bits;
    let standard = has(ID | LOG) || has(NESTED);
    if standard || has(ODD_ID | ODD_LOG) || has(ODD_ID | ODD_PROVIDER) {
        let bare = !has(NESTED) && seen.has_message && !seen.has_payload;
        let plain = standard && !has(ODD_DATA) && !bare && !has_odd_nesting(raw, entries);
        return if plain { Shape::Windows } else { Shape::WindowsExport };
    }
    if has(EVENT_TYPE | NETWORK) {
        Shape::Suricata
    } else if has(UID | TS) {
        Shape::Zeek
    } else if has(RULE | AGENT | MANAGER) {
        Shape::Wazuh
    } else {
        Shape::Json
    }
}

impl Seen {
    /// Takes in one name at the top.
    fn top(&mut self, name: &str, entry: &Entry) {
        self.bits |= match name {
            "Event" | "winlog" | "event_data" | "EventData" | "UserData" if is_nested(entry) => NESTED,
            "EventID" | "event_id" => ID,
            "Channel" | "log_name" | "SourceName" | "ProviderGuid" | "Provider_Name" => LOG,
            "event_type" => EVENT_TYPE,
            "flow_id" | "src_ip" | "stats" | "in_iface" => NETWORK,
            "uid" => UID,
            "ts" => TS,
            "rule" => RULE,
            "agent" => AGENT,
            "manager" | "decoder" => MANAGER,
            _ => 0,
        };
        let is_text = entry.kind.is_text();
        self.bits |= match name {
            "EventData" | "event_data" | "UserData" | "Payload" | "ParameterXml" | "EventXml" | "Xml"
                if is_text =>
            {
                ODD_DATA
            }
            "StringInserts" | "Properties" | "InsertionStrings" | "EventStrings" | "ReplacementStrings"
                if entry.kind == Kind::Array =>
            {
                ODD_DATA
            }
            "System" if entry.kind == Kind::Object => NESTED,
            _ => 0,
        };
        self.has_message |= is_text && matches!(name, "Message" | "message");
        self.has_payload = self.has_payload || !is_header(name);
        self.odd(name);
    }

    /// Takes in a name of whatever spelling.
    fn odd(&mut self, name: &str) {
        let ends = |with: &str| ends_folded(name, with);
        self.bits |= match () {
            () if ends("eventid") || ends("eventcode") || ends("eventidentifier") || name == "Id" => ODD_ID,
            () if ends("channel") || ends("logname") || ends("eventlog") || ends("logfile") => ODD_LOG,
            () if ends("providername") || ends("sourcename") || ends("eventsource") || name == "Provider" => {
                ODD_PROVIDER
            }
            () => 0,
        };
    }
}

fn is_nested(entry: &Entry) -> bool {
    entry.kind == Kind::Object
}

/// Whether `name`, in lower case and without anything but letters and digits, ends with `end`.
fn ends_folded(name: &str, end: &str) -> bool {
    // The last letter tells most names from it.
    if let (Some(last), Some(wanted)) = (name.as_bytes().last(), end.as_bytes().last())
        && last.is_ascii_alphanumeric()
        && last.to_ascii_lowercase() != *wanted
    {
        return false;
    }
    let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase());
    end.bytes().rev().all(|it| letters.next() == Some(it))
}

/// Whether something nested is written otherwise than EVTX and winlogbeat write it: attributes without their mark, data
/// as a list of names and values.
fn has_odd_nesting(raw: &str, entries: &[Entry]) -> bool {
    entries.windows(2).enumerate().any(|(at, pair)| {
        let is_inside = pair[0].next as usize > at + 1;
        let (name, inner) = (key(raw, &pair[0]), key(raw, &pair[1]));
        match pair[0].kind {
            // An object is followed by its first member.
            Kind::Object => {
                matches!(name, "Provider" | "provider" | "EventID" | "event_id")
                    && is_inside
                    && !matches!(inner, "#attributes" | "#text")
            }
            Kind::Array => is_inside && matches!(name, "Data" | "data") && pair[1].kind == Kind::Object,
            _ => false,
        }
    })
}

/// Whether `name` is of a Windows event's header, as exporters call it, or of the exporter's own.
fn is_header(name: &str) -> bool {
    const NAMES: [&str; 62] = [
        "eventid",
        "id",
        "version",
        "qualifiers",
        "level",
        "task",
        "opcode",
        "keywords",
        "recordid",
        "eventrecordid",
        "recordnumber",
        "providername",
        "provider",
        "providerid",
        "providerguid",
        "logname",
        "channel",
        "processid",
        "threadid",
        "machinename",
        "computer",
        "computername",
        "hostname",
        "host",
        "userid",
        "timecreated",
        "timegenerated",
        "timewritten",
        "activityid",
        "relatedactivityid",
        "containerlog",
        "matchedqueryids",
        "bookmark",
        "leveldisplayname",
        "opcodedisplayname",
        "taskdisplayname",
        "keywordsdisplaynames",
        "properties",
        "message",
        "sourcename",
        "severity",
        "severityvalue",
        "eventtype",
        "eventtime",
        "eventreceivedtime",
        "sourcemodulename",
        "sourcemoduletype",
        "timestamp",
        "executionprocessid",
        "executionthreadid",
        "category",
        "sid",
        "data",
        "stringinserts",
        "tags",
        "type",
        "tag",
        "accountname",
        "accounttype",
        "domain",
        "eventcategory",
        "source",
    ];
    NAMES.iter().any(|it| {
        let mut letters = name.bytes().filter(u8::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase());
        it.bytes().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
    })
}
