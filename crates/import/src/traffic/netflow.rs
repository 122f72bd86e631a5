//! NetFlow and IPFIX as text: CSV of nfdump in its several headers, IPFIX element names, SiLK's rwcut with titles, and
//! nfdump's lines for people (`... 10.0.0.5:50123 -> 10.0.0.8:443 ...`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::Protocol;

use super::{ACK, End, SYN, Seen, time_ms};
use crate::facts::Intake;
use crate::names;
use crate::table::{Rows, plain};

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Means {
    Source,
    Destination,
    SourcePort,
    DestinationPort,
    Protocol,
    Back,
    Flags,
    InitialFlags,
    First,
    Last,
}

/// Names of columns: nfdump (csv of 1.6 and 1.7), SiLK, IPFIX (RFC 5103, RFC 7012), NetFlow v9 fields.
const NAMES: &[(Means, &[&str])] = &[
    (
        Means::Source,
        &[
            "sa",
            "srcaddr",
            "sip",
            "srcip",
            "srcipaddr",
            "sourceipv4address",
            "sourceipv6address",
            "ipv4srcaddr",
            "ipv6srcaddr",
            "src4addr",
            "src6addr",
        ],
    ),
    (
        Means::Destination,
        &[
            "da",
            "dstaddr",
            "dip",
            "dstip",
            "dstipaddr",
            "destinationipv4address",
            "destinationipv6address",
            "ipv4dstaddr",
            "ipv6dstaddr",
            "dst4addr",
            "dst6addr",
        ],
    ),
    (Means::SourcePort, &["sp", "srcport", "sport", "sourcetransportport", "l4srcport"]),
    (Means::DestinationPort, &["dp", "dstport", "dport", "destinationtransportport", "l4dstport"]),
    (Means::Protocol, &["pr", "proto", "protocol", "pro", "protocolidentifier"]),
    (Means::Back, &["opkt", "outpkts", "outpackets", "reversepackettotalcount", "reversepacketdeltacount"]),
    (Means::Flags, &["flg", "flags", "tcpflags", "tcpcontrolbits"]),
    (Means::InitialFlags, &["initialf", "initialflags", "initialtcpflags"]),
    (
        Means::First,
        &[
            "ts",
            "firstseen",
            "first",
            "stime",
            "starttime",
            "flowstartmilliseconds",
            "flowstartseconds",
            "datefirstseen",
        ],
    ),
    (
        Means::Last,
        &[
            "te",
            "lastseen",
            "last",
            "etime",
            "endtime",
            "flowendmilliseconds",
            "flowendseconds",
            "datelastseen",
        ],
    ),
];

fn meaning(title: &str) -> Option<Means> {
    let title = plain(title);
    NAMES.iter().find(|(_, names)| names.contains(&title.as_str())).map(|it| it.0)
}

/// The delimiter of a header line that names both ends, if this is one.
pub(crate) fn delimiter(header: &str) -> Option<u8> {
    b",|\t;".iter().copied().find(|it| {
        let means: Vec<Means> = header.split(char::from(*it)).filter_map(meaning).collect();
        [Means::Source, Means::Destination, Means::DestinationPort].iter().all(|it| means.contains(it))
    })
}

/// Reads a table whose first row names its columns; the name may come again, as in tables put one after another.
pub(crate) fn read_table(text: &str, intake: &mut Intake<'_>) {
    let first = text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let Some(delimiter) = delimiter(first) else { return };
    let mut columns: BTreeMap<Means, Vec<usize>> = BTreeMap::new();
    let mut width = 0;
    for (line, cells) in Rows::new(text, delimiter) {
        let titles: Vec<(usize, Means)> =
            cells.iter().enumerate().filter_map(|(n, it)| Some((n, meaning(it)?))).collect();
        if titles.len() >= 3 {
            columns.clear();
            for (n, means) in titles {
                columns.entry(means).or_default().push(n);
            }
            width = cells.len();
            continue;
        }
        // nfdump closes with totals under a line that says so.
        if plain(&cells[0]) == "summary" {
            break;
        }
        intake.report.records += 1;
        let pos = Some(Pos { line, column: 1 });
        if cells.len().abs_diff(width) > 1 {
            intake.malformed(pos, format!("{} columns, but the header names {width}", cells.len()));
            continue;
        }
        let get = |means: Means| {
            let at = columns.get(&means)?;
            at.iter().filter_map(|n| cells.get(*n)).map(AsRef::as_ref).find(|it| !it.is_empty())
        };
        match seen(&get) {
            Ok(Some(seen)) => intake.traffic(&seen, line),
            Ok(None) => intake.left_out("traffic of protocols without ports"),
            Err(why) => intake.malformed(pos, why),
        }
    }
}

fn seen<'c>(get: &dyn Fn(Means) -> Option<&'c str>) -> Result<Option<Seen>, String> {
    let Some(protocol) = protocol(get(Means::Protocol).unwrap_or("6")) else { return Ok(None) };
    let address = |means: Means| -> Result<IpAddr, String> {
        let text = get(means).ok_or_else(|| format!("no {means:?} address"))?;
        names::address(text).ok_or_else(|| format!("`{text}` is no address"))
    };
    let port = |means: Means| -> Result<u16, String> {
        // nfdump writes the type and code of ICMP as a number with a dot.
        let text = get(means).unwrap_or("0");
        text.parse().map_err(|_| format!("`{text}` is no port"))
    };
    let back = get(Means::Back).and_then(|it| it.parse::<u64>().ok());
    let initial = get(Means::InitialFlags).and_then(flags);
    Ok(Some(Seen {
        from: (address(Means::Source)?, port(Means::SourcePort)?),
        to: (address(Means::Destination)?, port(Means::DestinationPort)?),
        protocol,
        // One-way exporters write 0 packets back into every record, which says nothing.
        answered: back.filter(|it| *it > 0).map(|_| true),
        flags: get(Means::Flags).and_then(flags),
        opened: initial.map(|it| it & SYN != 0 && it & ACK == 0),
        first_ms: get(Means::First).and_then(time_ms),
        last_ms: get(Means::Last).and_then(time_ms),
    }))
}

/// By number or name; none for protocols without ports.
fn protocol(text: &str) -> Option<Protocol> {
    match text.to_lowercase().as_str() {
        "6" | "tcp" => Some(Protocol::Tcp),
        "17" | "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

/// `0x1b`, `27`, or letters as in `...AP.SF` and `FS PA`.
fn flags(text: &str) -> Option<u8> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u8::try_from(u16::from_str_radix(hex, 16).ok()? & 0xff).ok();
    }
    if let Ok(number) = text.parse::<u16>() {
        return u8::try_from(number & 0xff).ok();
    }
    let bit = |c: char| match c {
        'F' => Some(1),
        'S' => Some(2),
        'R' => Some(4),
        'P' => Some(8),
        'A' => Some(16),
        'U' => Some(32),
        'E' => Some(64),
        'C' | 'W' => Some(128),
        '.' | ' ' | 'X' => Some(0),
        _ => None,
    };
    text.chars().try_fold(0, |sum, c| Some(sum | bit(c)?))
}

/// Whether a line is one of nfdump's for people.
pub(crate) fn is_line(text: &str) -> bool {
    line(text).is_some_and(|it| it.is_ok())
}

/// Reads nfdump's lines for people; headings and totals are passed over.
pub(crate) fn read_lines(text: &str, intake: &mut Intake<'_>) {
    for (number, text) in (1..).zip(text.lines()) {
        match line(text) {
            None => {}
            Some(found) => {
                intake.report.records += 1;
                match found {
                    Ok(Some(seen)) => intake.traffic(&seen, number),
                    Ok(None) => intake.left_out("traffic of protocols without ports"),
                    Err(why) => intake.malformed(Some(Pos { line: number, column: 1 }), why),
                }
            }
        }
    }
}

/// `date time duration protocol source:port -> destination:port ...`; `<->` where the record holds both directions.
fn line(text: &str) -> Option<Result<Option<Seen>, String>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let arrow = words.iter().position(|it| matches!(*it, "->" | "<->"))?;
    if arrow < 4 || arrow + 1 >= words.len() {
        return None;
    }
    let first_ms = time_ms(&format!("{}T{}", words[0], words[1]));
    let duration: f64 = words[arrow - 3].parse().unwrap_or(0.0);
    let Some(protocol) = protocol(words[arrow - 2]) else { return Some(Ok(None)) };
    let end = |text: &str| end(text).ok_or_else(|| format!("`{text}` is no address and port"));
    let flags = words.get(arrow + 2).filter(|it| it.len() == 8 && it.contains('.')).and_then(|it| flags(it));
    let both = words[arrow] == "<->";
    #[expect(clippy::cast_possible_truncation, reason = "a float is saturated by the cast")]
    let last_ms = first_ms.map(|it| it.saturating_add((duration * 1000.0) as i64));
    Some(end(words[arrow - 1]).and_then(|from| {
        Ok(Some(Seen {
            from,
            to: end(words[arrow + 1])?,
            protocol,
            answered: both.then_some(true),
            flags,
            opened: None,
            first_ms,
            last_ms,
        }))
    }))
}

/// `10.0.0.8:443`, `fd00::8.443`.
fn end(text: &str) -> Option<End> {
    let (address, port) = match text.rsplit_once(':') {
        Some((address, port)) if !address.contains(':') => (address, port),
        _ => text.rsplit_once('.')?,
    };
    Some((names::address(address)?, port.parse().ok()?))
}
