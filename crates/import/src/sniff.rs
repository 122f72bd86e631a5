//! What a file is, told by its content and never by its name.

use crate::source::Source;
use crate::traffic::netflow;

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// nmap `-oX`.
    Nmap,
    /// Zeek's conn log with `#fields`.
    ZeekConn,
    /// Zeek's conn log as JSON.
    ZeekConnJson,
    /// Flow records in a table with a header.
    FlowTable,
    /// Flow records as nfdump prints them for people.
    FlowLines,
}

impl Format {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nmap => "nmap XML",
            Self::ZeekConn => "Zeek conn log",
            Self::ZeekConnJson => "Zeek conn log, JSON",
            Self::FlowTable => "flow table",
            Self::FlowLines => "nfdump lines",
        }
    }
}

impl Format {
    /// Whose word it is.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Nmap => Source::Nmap,
            Self::ZeekConn | Self::ZeekConnJson | Self::FlowTable | Self::FlowLines => Source::Flows,
        }
    }
}

/// How much of a text is looked at.
const LOOK: usize = 64 * 1024;

/// The format of a text; none when it is none of ours.
pub(crate) fn sniff(text: &str) -> Option<Format> {
    let mut end = text.len().min(LOOK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let look = text[..end].trim_start();
    if look.starts_with('<') && look.contains("<nmaprun") {
        return Some(Format::Nmap);
    }
    if look.starts_with('#') && look.contains("id.orig_h") && look.contains("conn_state") {
        return Some(Format::ZeekConn);
    }
    let first = look.lines().next().unwrap_or_default();
    if first.starts_with('{') && first.contains("\"id.orig_h\"") && first.contains("\"conn_state\"") {
        return Some(Format::ZeekConnJson);
    }
    if netflow::delimiter(first).is_some() {
        return Some(Format::FlowTable);
    }
    if look.lines().take(10).any(netflow::is_line) {
        return Some(Format::FlowLines);
    }
    None
}
