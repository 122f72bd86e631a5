//! Which format a stream is in, told by its first bytes and never by the name's extension.

use std::fmt;

use bulkhead_model::event::Shape;
use bulkhead_model::json::JsonEvent;

use crate::input::Input;
use crate::web::{access, squid, w3c};
use crate::{delimited, forms, server, winxml};

/// How many bytes are looked at to tell a format.
const LOOK: usize = 64 * 1024;

/// A format of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// JSON objects over several lines, one after another or in one array.
    Json,
    /// Windows event log.
    Evtx,
    /// Zeek's tab-separated log.
    ZeekTsv,
    /// Linux audit log, `type=... msg=audit(...)`.
    Auditd,
    /// Syslog, RFC 3164 or RFC 5424.
    Syslog,
    /// Alerts as the AIT Alert Data Set lists them, `time,name,ip,host,short,...`.
    AitAlerts,
    /// Windows events as XML.
    WindowsXml,
    /// A table with a header row: CSV, TSV.
    Csv,
    /// Access log of a web server: common, combined.
    AccessLog,
    /// Squid's native access log.
    Squid,
    /// W3C extended log: IIS, CloudFront, ProxySG, the Windows firewall.
    W3c,
    /// Error logs of Apache and nginx, logs of BIND and Unbound.
    ServerLog,
}

impl Format {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Json => "json",
            Self::Evtx => "evtx",
            Self::ZeekTsv => "zeek-tsv",
            Self::Auditd => "auditd",
            Self::Syslog => "syslog",
            Self::AitAlerts => "ait-alerts",
            Self::WindowsXml => "windows-xml",
            Self::Csv => "csv",
            Self::AccessLog => "access-log",
            Self::Squid => "squid",
            Self::W3c => "w3c",
            Self::ServerLog => "server-log",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a stream is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Zip,
    Gzip,
    Zstd,
}

/// Tells the packing by the first bytes.
pub(crate) fn packing(start: &[u8]) -> Packing {
    match start {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        // Skippable frame, which may come before the first one that counts.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
        _ => Packing::Plain,
    }
}

/// Tells the format of a plain stream by its first bytes; none when it is none of ours.
pub(crate) fn sniff(input: &mut Input<'_>) -> Option<Format> {
    let start = input.peek(8);
    if start == b"ElfFile\0" {
        return Some(Format::Evtx);
    }
    if let Some(format) = by_first_line(input.window()) {
        return Some(format);
    }
    let look = input.peek(LOOK);
    let text = skip_blank(look.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(look));
    match text.first()? {
        b'{' => Some(objects_or_lines(text)),
        b'[' if matches!(skip_blank(&text[1..]).first(), Some(b'{' | b']')) => Some(Format::Json),
        b'#' if is_zeek_header(text) => Some(Format::ZeekTsv),
        b'#' if w3c::is_log(text) => Some(Format::W3c),
        b'<' if winxml::is_log(text) => Some(Format::WindowsXml),
        _ => {
            let first = text.split(|it| *it == b'\n').next().unwrap_or_default();
            first_lines(first)
                .or_else(|| delimited::detect(text).map(|_| Format::Csv))
                .or_else(|| first_lines(text))
                .or_else(|| forms::is_log(text).then_some(Format::Syslog))
        }
    }
}

/// The format when the first line alone decides it, so that nobody waits for more of a live stream.
fn by_first_line(window: &[u8]) -> Option<Format> {
    let text = skip_blank(window.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(window));
    let line = &text[..memchr::memchr(b'\n', text)?];
    match line.first()? {
        b'{' => JsonEvent::new(line, Some(Shape::Json)).is_ok().then_some(Format::Ndjson),
        b'[' | b'#' => None,
        // A line that begins with a time may be the first record of a table, but no table's header.
        _ => first_lines(line).or_else(|| forms::is_line(line).then_some(Format::Syslog)),
    }
}

/// JSON objects stand one a line unless the first line holds only the beginning of one.
fn objects_or_lines(text: &[u8]) -> Format {
    let mut lines = text.splitn(3, |it| *it == b'\n');
    let first = lines.next().unwrap_or_default();
    // Records in one wrapper may be more than a line should hold.
    if crate::envelope::records(text).is_some() {
        return Format::Json;
    }
    let Some(second) = lines.next() else {
        return Format::Ndjson;
    };
    if skip_blank(second).first().is_none_or(|it| *it == b'{')
        || JsonEvent::new(first, Some(Shape::Json)).is_ok()
    {
        return Format::Ndjson;
    }
    Format::Json
}

fn is_zeek_header(text: &[u8]) -> bool {
    [&b"#separator"[..], b"#fields", b"#set_separator", b"#path"].iter().any(|it| text.starts_with(it))
}

/// Formats of plain lines: one of the first lines decides, so that a broken start does not hide the rest.
fn first_lines(text: &[u8]) -> Option<Format> {
    text.split(|it| *it == b'\n').take(10).find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if crate::ait::is_header(line) {
            Some(Format::AitAlerts)
        } else if crate::auditd::is_record(line) {
            Some(Format::Auditd)
        } else if crate::syslog::is_line(line) {
            Some(Format::Syslog)
        } else if access::is_line(line) {
            Some(Format::AccessLog)
        } else if squid::is_line(line) {
            Some(Format::Squid)
        } else if server::is_line(line) {
            Some(Format::ServerLog)
        } else if line.starts_with(b"{\"") {
            Some(Format::Ndjson)
        } else {
            None
        }
    })
}

fn skip_blank(bytes: &[u8]) -> &[u8] {
    let from = bytes.iter().position(|it| !it.is_ascii_whitespace()).unwrap_or(bytes.len());
    &bytes[from..]
}
