//! What a file is, told by its content and never by its name.

use crate::json;
use crate::netbox;
use crate::source::Source;
use crate::traffic::netflow;

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// nmap `-oX`.
    Nmap,
    /// SharpHound's `{"data": ..., "meta": ...}`.
    SharpHound,
    /// BloodHound OpenGraph.
    OpenGraph,
    /// NetBox's REST API.
    NetboxJson,
    /// NetBox tables.
    NetboxCsv,
    /// Kubernetes manifests.
    Kubernetes,
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
            Self::SharpHound => "SharpHound",
            Self::OpenGraph => "BloodHound OpenGraph",
            Self::NetboxJson => "NetBox JSON",
            Self::NetboxCsv => "NetBox CSV",
            Self::Kubernetes => "Kubernetes manifests",
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
            Self::NetboxJson | Self::NetboxCsv => Source::Netbox,
            Self::Kubernetes => Source::Kubernetes,
            Self::SharpHound | Self::OpenGraph => Source::Bloodhound,
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
    if look.starts_with(['{', '['])
        && let Some(format) = json(text)
    {
        return Some(format);
    }
    let begins = |key: &str| look.lines().any(|it| it.starts_with(key));
    if begins("apiVersion:") && begins("kind:") {
        return Some(Format::Kubernetes);
    }
    if netbox::is_header(first).is_some() {
        return Some(Format::NetboxCsv);
    }
    if netflow::delimiter(first).is_some() {
        return Some(Format::FlowTable);
    }
    if look.lines().take(10).any(netflow::is_line) {
        return Some(Format::FlowLines);
    }
    None
}

/// JSON by what stands near its top and in its first record. SharpHound writes its head last, so the whole is looked at.
fn json(text: &str) -> Option<Format> {
    let split = json::split(text);
    if split.other("apiVersion").is_some() && split.other("kind").is_some() {
        return Some(Format::Kubernetes);
    }
    let meta = split.other("meta").is_some_and(|it| it.get("type").is_some());
    let in_list = |name: &str| split.records.iter().any(|it| it.0 == name);
    if meta && (in_list("data") || split.other("data").is_none()) {
        return Some(Format::SharpHound);
    }
    // A file cut short has lost its head; its records still say what they are.
    let of_directory = |it: &&str| it.contains("\"ObjectIdentifier\"");
    if split.records.first().is_some_and(|it| it.0 == "data" && of_directory(&it.2)) {
        return Some(Format::SharpHound);
    }
    if in_list("graph.nodes") || in_list("graph.edges") {
        return Some(Format::OpenGraph);
    }
    let first = split.records.iter().find(|it| matches!(it.0, "" | "results"));
    let first = first.and_then(|it| serde_json::from_str(it.2).ok());
    if first.is_some_and(|it| netbox::kind_of(&it).is_some()) {
        return Some(Format::NetboxJson);
    }
    None
}
