//! What a file is, told by its content and never by its name.

use std::borrow::Cow;

use crate::json;
use crate::netbox;
use crate::source::Source;
use crate::traffic::{netflow, zeek};

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
    /// NetBox's database as Django dumps it.
    NetboxFixture,
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
            Self::NetboxFixture => "NetBox fixture",
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
            Self::NetboxJson | Self::NetboxFixture | Self::NetboxCsv => Source::Netbox,
            Self::Kubernetes => Source::Kubernetes,
            Self::SharpHound | Self::OpenGraph => Source::Bloodhound,
            Self::ZeekConn | Self::ZeekConnJson | Self::FlowTable | Self::FlowLines => Source::Flows,
        }
    }
}

/// How much of a text is looked at.
const LOOK: usize = 64 * 1024;

/// What is told of a file of none of the known formats.
const KNOWN: &str = "nmap XML, Zeek conn logs, NetFlow CSV, BloodHound JSON, NetBox JSON or CSV, and Kubernetes manifests are \
                     read";

/// What files begin with that hold something of use, but not as a text, and what to do about it.
const BINARY: &[(&[u8], &str, &str)] = &[
    (&[0xd4, 0xc3, 0xb2, 0xa1], "is a packet capture", "run Zeek over it and import its conn.log"),
    (&[0xa1, 0xb2, 0xc3, 0xd4], "is a packet capture", "run Zeek over it and import its conn.log"),
    (&[0x4d, 0x3c, 0xb2, 0xa1], "is a packet capture", "run Zeek over it and import its conn.log"),
    (&[0x0a, 0x0d, 0x0d, 0x0a], "is a packet capture", "run Zeek over it and import its conn.log"),
    (&[0x0c, 0xa5], "is nfdump's own format", "write it as a table: nfdump -r FILE -o csv"),
    (&[0xa5, 0x0c], "is nfdump's own format", "write it as a table: nfdump -r FILE -o csv"),
    (&[0xde, 0xad, 0xbe, 0xef], "is SiLK's own format", "write it as a table: rwcut --fields=1-9 FILE"),
    (b"PK\x03\x04", "is an archive within an archive", "unpack the outer one first"),
    (&[0x1f, 0x8b], "is packed more than once", "unpack it"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "is packed with zstd", "unpack it: zstd -d FILE"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "is packed with xz", "unpack it: xz -d FILE"),
    (b"BZh", "is packed with bzip2", "unpack it: bzip2 -d FILE"),
    (b"7z\xbc\xaf", "is a 7z archive", "unpack it: 7z x FILE"),
];

/// Bytes as text: UTF-8, or UTF-16 with its mark (what `>` of Windows `PowerShell` writes).
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |rest: &[u8], of: fn([u8; 2]) -> u16| -> String {
        let units = rest.chunks(2).map(|it| of([it[0], it.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// What an unknown file is, as far as its beginning tells, and what to do.
pub(crate) fn unknown(bytes: &[u8], text: &str) -> (&'static str, &'static str) {
    if let Some((_, what, hint)) = BINARY.iter().find(|it| bytes.starts_with(it.0)) {
        return (what, hint);
    }
    if bytes.get(257..262) == Some(b"ustar".as_slice()) {
        return ("is a tar archive", "unpack it: tar xf FILE");
    }
    let look = start(text);
    let begins = |key: &str| look.lines().any(|it| it.trim_start().starts_with(key));
    if look.contains("{{") && begins("apiVersion:") {
        return ("is a template, not a manifest", "render it first: helm template CHART, or kustomize build");
    }
    if look.starts_with("# Nmap") && look.contains("scan initiated") {
        return ("is nmap's output for people", "scan with -oX, or -oA, and import the XML");
    }
    if look.starts_with("#separator") && look.contains("#path") {
        return ("is a log of Zeek, but not its conn log", "import conn.log");
    }
    let cells: Vec<&str> = look.lines().next().unwrap_or_default().split([',', '\t', '|', ';']).collect();
    if cells.len() > 5 && cells.iter().filter(|it| crate::names::address(it).is_some()).count() >= 2 {
        return (
            "is a table without a line that names its columns",
            "put the line of names in front: srcip,sport,dstip,...",
        );
    }
    let plain: Vec<String> = cells.iter().map(|it| crate::table::plain(it)).collect();
    let flows = ["flowduration", "sbytes", "destinationport", "dstport", "ipkt"];
    if cells.len() > 5 && plain.iter().any(|it| flows.contains(&it.as_str())) {
        return (
            "is a table of flows without the addresses of their ends",
            "import the variant that has them",
        );
    }
    ("nothing that can be imported is recognised in it", KNOWN)
}

/// The part of a text that is looked at.
fn start(text: &str) -> &str {
    let mut end = text.len().min(LOOK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_start()
}

/// The format of a text; none when it is none of ours.
pub(crate) fn sniff(text: &str) -> Option<Format> {
    let look = start(text);
    if look.starts_with('<') && look.contains("<nmaprun") {
        return Some(Format::Nmap);
    }
    if look.starts_with('#') && look.contains("id.orig_h") && look.contains("conn_state") {
        return Some(Format::ZeekConn);
    }
    let first = look.lines().next().unwrap_or_default();
    if first.starts_with('{') && serde_json::from_str(first).is_ok_and(|it| zeek::is_record(&it)) {
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
    if netflow::table(look).is_some() {
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
    let listed = |it: &str| in_list(it) && it != "results" && !it.is_empty();
    if meta && (split.records.iter().any(|it| listed(it.0)) || split.other("data").is_none()) {
        return Some(Format::SharpHound);
    }
    // A file cut short has lost its head; its records still say what they are.
    let of_directory = |it: &&str| it.contains("\"ObjectIdentifier\"");
    if split.records.first().is_some_and(|it| !matches!(it.0, "" | "results") && of_directory(&it.2)) {
        return Some(Format::SharpHound);
    }
    if in_list("graph.nodes") || in_list("graph.edges") {
        return Some(Format::OpenGraph);
    }
    let first = split.records.iter().find(|it| matches!(it.0, "" | "results"));
    let first = first.and_then(|it| serde_json::from_str(it.2).ok());
    let first = first?;
    if zeek::is_record(&first) {
        return Some(Format::ZeekConnJson);
    }
    let of_netbox = ["\"dcim.", "\"ipam.", "\"virtualization."];
    if netbox::fixture::is_record(&first) && of_netbox.iter().any(|it| text.contains(it)) {
        return Some(Format::NetboxFixture);
    }
    netbox::kind_of(&first).is_some().then_some(Format::NetboxJson)
}
