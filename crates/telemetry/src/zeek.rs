//! Zeek logs, tab-separated: `#fields` names the columns, `#types` says what they hold, `#path` which log it is.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;

use crate::input::Line;
use crate::read::Stream;

/// The logs of Zeek's own scripts, by which a JSON log is known from its file's name.
const LOGS: &[&str] = &[
    "analyzer",
    "arp",
    "broker",
    "capture_loss",
    "cluster",
    "config",
    "conn",
    "dce_rpc",
    "dhcp",
    "dnp3",
    "dns",
    "dpd",
    "files",
    "ftp",
    "http",
    "intel",
    "irc",
    "kerberos",
    "known_certs",
    "known_hosts",
    "known_services",
    "ldap",
    "ldap_search",
    "loaded_scripts",
    "modbus",
    "mqtt_connect",
    "mysql",
    "notice",
    "ntlm",
    "ntp",
    "ocsp",
    "packet_filter",
    "pe",
    "postgresql",
    "quic",
    "radius",
    "rdp",
    "reporter",
    "rfb",
    "sip",
    "smb_cmd",
    "smb_files",
    "smb_mapping",
    "smtp",
    "snmp",
    "socks",
    "software",
    "ssh",
    "ssl",
    "stats",
    "syslog",
    "tunnel",
    "weird",
    "x509",
];

/// The field in which Zeek's JSON streams name the log; given to every record, so that rules can rely on it.
pub(crate) const PATH: &str = "_path";

/// The Zeek log that a file's name speaks of: `conn.log`, `conn.2024-05-01-10.log.gz`, `a.zip!conn.log` are `conn`.
pub(crate) fn log_of_file(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\', '!']).next()?;
    if !name.contains(".log") {
        return None;
    }
    let stem = name.split('.').next()?;
    LOGS.contains(&stem).then(|| stem.to_owned())
}

/// What the header lines say, until the next header.
struct Header {
    separator: char,
    set_separator: String,
    empty: String,
    unset: String,
    path: Option<String>,
    /// The log that the file's name speaks of.
    path_of_file: Option<String>,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    holds: Holds,
    /// A set or vector: several values.
    many: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    Bool,
}

/// Reads the rows. Headers may come again, as in logs put one after another.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut header = Header::new(log_of_file(&stream.out.tally.file));
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
        if line.trim_ascii_start().starts_with(b"#") {
            let text = String::from_utf8_lossy(line);
            header.directive(text.trim_start().trim_start_matches('#'));
            continue;
        }
        let text = stream.out.tally.text(line);
        if text.trim().is_empty() {
            continue;
        }
        match header.row(line, &text) {
            Ok(event) => {
                let source =
                    LogSource { service: header.path.as_deref(), ..LogSource::of_shape(Shape::Zeek) };
                stream.out.event(&event, source)?;
            }
            Err(why) => stream.out.tally.malformed(number, 0, || why),
        }
    }
    ControlFlow::Continue(())
}

impl Header {
    fn new(path: Option<String>) -> Self {
        Self {
            separator: '\t',
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            path: path.clone(),
            path_of_file: path,
            columns: Vec::new(),
        }
    }

    /// One header line, without its `#`.
    fn directive(&mut self, text: &str) {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if let Some(separator) = text.strip_prefix("separator").filter(|it| !it.starts_with(inside)) {
            // A log that begins anew forgets the header before.
            *self = Self::new(self.path_of_file.take());
            if let Some(separator) = unescape(separator.trim_start_matches(' ')).chars().next() {
                self.separator = separator;
            }
            return;
        }
        let Some((name, rest)) = text.split_once(self.separator) else {
            return;
        };
        match name {
            "set_separator" => self.set_separator = unescape(rest).into_owned(),
            "empty_field" => self.empty = rest.to_owned(),
            "unset_field" => self.unset = rest.to_owned(),
            "path" => self.path = Some(rest.to_owned()),
            "fields" => self.columns = rest.split(self.separator).map(Column::text).collect(),
            "types" => {
                for (column, kind) in self.columns.iter_mut().zip(rest.split(self.separator)) {
                    column.set_type(kind);
                }
            }
            _ => {}
        }
    }

    fn row<'a>(&'a self, raw: &'a [u8], text: &'a str) -> Result<FieldsEvent<'a>, String> {
        if self.columns.is_empty() {
            return Err("no #fields line stands before it".to_owned());
        }
        let cells = text.split(self.separator).count();
        if cells != self.columns.len() {
            return Err(format!("{cells} columns, but #fields names {}", self.columns.len()));
        }
        let mut event = FieldsEvent::new(raw, Shape::Zeek);
        event.fields.reserve(self.columns.len() + 1);
        if let Some(path) = &self.path {
            event.push(PATH, Field::text(path));
        }
        for (column, cell) in self.columns.iter().zip(text.split(self.separator)) {
            if cell == self.unset {
                event.push(column.name.as_str(), Field::Null);
            } else if column.many {
                for element in cell.split(self.set_separator.as_str()).filter(|it| *it != self.empty) {
                    event.push(column.name.as_str(), column.field(element));
                }
            } else {
                let cell = if cell == self.empty { "" } else { cell };
                event.push(column.name.as_str(), column.field(cell));
            }
        }
        Ok(event)
    }
}

impl Column {
    fn text(name: &str) -> Self {
        // Where names may hold no dots, shippers write Zeek's own names so.
        let name = match name {
            "id_orig_h" => "id.orig_h",
            "id_orig_p" => "id.orig_p",
            "id_resp_h" => "id.resp_h",
            "id_resp_p" => "id.resp_p",
            other => other,
        };
        Self { name: name.to_owned(), holds: Holds::Text, many: false }
    }

    /// `count`, `set[addr]`, `vector[string]`, ...
    fn set_type(&mut self, kind: &str) {
        let inner = kind.split_once('[').map(|(_, it)| it.trim_end_matches(']'));
        self.many = inner.is_some();
        self.holds = match inner.unwrap_or(kind) {
            "bool" => Holds::Bool,
            "count" | "int" | "double" | "port" | "time" | "interval" => Holds::Number,
            _ => Holds::Text,
        };
    }

    fn field<'a>(&self, cell: &'a str) -> Field<'a> {
        match (self.holds, cell) {
            (Holds::Bool, "T") => Field::Bool(true),
            (Holds::Bool, "F") => Field::Bool(false),
            (Holds::Number, _) if is_number(cell) => Field::Number(Cow::Borrowed(cell)),
            _ => Field::Text(unescape(cell)),
        }
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|it| it.is_ascii_digit())
        && text.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'-' | b'+' | b'e' | b'E'))
}

/// Undoes Zeek's `\x09` escapes; what is no escape stands as written.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let [b'\\', b'x', high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Value of a hexadecimal digit.
pub(crate) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_log(file: &str, expected: Option<&str>) {
        assert_eq!(log_of_file(file).as_deref(), expected);
    }

    #[test]
    fn a_files_name_tells_the_log() {
        check_log("logs/conn.log", Some("conn"));
        check_log("a.zip!http.log", Some("http"));
        check_log("conn.2024-05-01-10-00-00.log.gz", Some("conn"));
        check_log("secure.log", None);
        check_log("conn.json", None);
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("a\\x09b\\x2c\\xzz\\"), "a\tb,\\xzz\\");
        assert_eq!(unescape("\\xc3\\xa9"), "é");
    }
}
