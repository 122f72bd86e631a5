//! NetFlow, IPFIX and their like as text: tables with a line of titles (see [`columns`]), and nfdump's lines for people
//! (`... 10.0.0.5:50123 -> 10.0.0.8:443 ...`).

mod columns;

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::Protocol;

use super::{ACK, End, RST, SYN, Seen, UNCLEAR, time_ms, turned};
use crate::facts::Intake;
use crate::names;
use crate::table::{Rows, plain};
use columns::{Columns, Means};

pub(crate) use columns::delimiter;

/// Lines that may stand before the titles.
const PREAMBLE: usize = 20;

/// Why rows without addresses or ports are no flows.
const NO_PORTS: &str = "traffic of protocols without ports";

/// The delimiter of the table that a text is, if it is one.
pub(crate) fn table(text: &str) -> Option<u8> {
    let lines = || text.lines().filter(|it| !it.trim().is_empty());
    lines()
        .take(PREAMBLE)
        .find_map(delimiter)
        .or_else(|| lines().next().filter(|it| is_unsw(it)).map(|_| b','))
}

/// Whether a line is one of UNSW-NB15, which is published without titles.
fn is_unsw(line: &str) -> bool {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let address = |n: usize| cells.get(n).is_some_and(|it| names::address(it).is_some());
    let port = |n: usize| cells.get(n).is_some_and(|it| port(it).is_ok());
    (47..=49).contains(&cells.len()) && address(0) && port(1) && address(2) && port(3)
}

/// Reads a table whose columns are named; the names may come again, as in tables put one after another.
pub(crate) fn read_table(text: &str, intake: &mut Intake<'_>) {
    let Some(delimiter) = table(text) else { return };
    let first = text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let mut columns = is_unsw(first).then(Columns::of_unsw);
    for (line, cells) in Rows::new(text, delimiter) {
        if may_be_titles(&cells)
            && let Some(titles) = Columns::of(cells.iter().map(AsRef::as_ref))
        {
            columns = Some(titles);
            continue;
        }
        let Some(columns) = &columns else { continue };
        // nfdump closes with totals under a line that says so.
        if plain(&cells[0]) == "summary" {
            break;
        }
        intake.report.records += 1;
        let pos = Some(Pos { line, column: 1 });
        if cells.len().abs_diff(columns.width) > 1 {
            let why = format!("{} columns, but the header names {}", cells.len(), columns.width);
            intake.malformed(pos, why);
            continue;
        }
        match row(&|means| columns.get(means, &cells)) {
            Ok(Row::Seen(seen)) => intake.traffic(&seen, line),
            Ok(Row::LeftOut(why)) => intake.left_out(why),
            Err(why) => intake.malformed(pos, why),
        }
    }
}

/// No row of a flow lacks digits where titles do: a cheap look before every cell is looked up.
fn may_be_titles(cells: &[impl AsRef<str>]) -> bool {
    let numbers = cells.iter().filter(|it| it.as_ref().trim().parse::<f64>().is_ok()).count();
    numbers == 0
}

/// What a row tells.
enum Row {
    Seen(Seen),
    LeftOut(&'static str),
}

fn row<'c>(get: &dyn Fn(Means) -> Option<&'c str>) -> Result<Row, String> {
    let Some(protocol) = protocol(get(Means::Protocol).unwrap_or("6")) else {
        return Ok(Row::LeftOut(NO_PORTS));
    };
    let end = |address: Means, port: Means, name: &str| -> Result<Option<End>, String> {
        let text = get(address).ok_or_else(|| format!("the {name} address is missing"))?;
        if text == "-" {
            return Ok(None);
        }
        let address = names::address(text).ok_or_else(|| format!("`{text}` is no address"))?;
        Ok(Some((address, self::port(get(port).unwrap_or("0"))?)))
    };
    let from = end(Means::Source, Means::SourcePort, "source")?;
    let to = end(Means::Destination, Means::DestinationPort, "destination")?;
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Row::LeftOut("rows of an interval without traffic"));
    };
    let initial = get(Means::InitialFlags).and_then(flags);
    let mut seen = Seen {
        from,
        to,
        protocol,
        answered: None,
        served: false,
        flags: get(Means::Flags).and_then(flags),
        opened: initial.map(|it| it & SYN != 0 && it & ACK == 0),
        first_ms: get(Means::First).and_then(time_ms),
        last_ms: get(Means::Last).and_then(time_ms),
    };
    seen.answered = answered(&seen, get);
    if seen.answered == Some(true) && !directed(&mut seen, get) {
        return Ok(Row::LeftOut(UNCLEAR));
    }
    Ok(Row::Seen(seen))
}

/// Whether the other end took the connection; none where the record holds one direction only.
fn answered<'c>(seen: &Seen, get: &dyn Fn(Means) -> Option<&'c str>) -> Option<bool> {
    if get(Means::Action)
        .is_some_and(|it| ["reject", "deny", "drop", "block"].contains(&it.to_lowercase().as_str()))
    {
        return Some(false);
    }
    if let Some(answered) = get(Means::State).and_then(|it| by_state(it, seen.protocol)) {
        return Some(answered);
    }
    let count = |means: Means| get(means).and_then(|it| it.parse::<f64>().ok());
    // One-way exporters write 0 packets back into every record, which says nothing.
    count(Means::Back).filter(|it| *it > 0.0)?;
    if seen.protocol != Protocol::Tcp {
        return Some(true);
    }
    // A refused connection is one packet and its RST, or a few: nothing was ever sent or ended.
    let both = |it: u8| it | get(Means::BackFlags).and_then(flags).unwrap_or_default();
    if let Some(flags) = seen.flags.map(both) {
        return Some(flags & RST == 0 || flags & (FIN | PSH) != 0);
    }
    Some(count(Means::Forth).is_none_or(|it| it > 1.0))
}

const FIN: u8 = 1;
const PSH: u8 = 8;

/// Argus' words and pairs of flags (`FSPA_FSPA`, `S_RA`, `CON`), Zeek's states.
fn by_state(state: &str, protocol: Protocol) -> Option<bool> {
    if let Some((_, back)) = state.split_once('_') {
        // An answer that is nothing but a reset is a refusal.
        return Some(!back.is_empty() && (!back.contains('R') || back.contains(['F', 'S', 'P'])));
    }
    match state.to_uppercase().as_str() {
        "CON" | "FIN" | "CLO" | "ACC" | "EST" | "SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR" => Some(true),
        "SHR" => Some(true),
        "INT" | "REQ" | "URP" | "URH" | "URN" | "URHPRO" | "S0" | "REJ" | "RSTOS0" | "SH" | "RSTRH" => {
            Some(false)
        }
        "RST" if protocol == Protocol::Tcp => None,
        _ => None,
    }
}

/// Brings the end that opened to the front: by the arrow, by the first packet, by the ports; false where nothing tells.
fn directed<'c>(seen: &mut Seen, get: &dyn Fn(Means) -> Option<&'c str>) -> bool {
    let arrow = get(Means::Arrow).filter(|it| it.contains(['<', '>']));
    let began = get(Means::State).and_then(|it| it.split_once('_')).is_some_and(|it| it.0.contains('S'));
    if seen.opened == Some(true) || (began && arrow.is_some_and(|it| !it.contains('?'))) || is_zeek(get) {
        if arrow == Some("<-") {
            std::mem::swap(&mut seen.from, &mut seen.to);
        }
        return true;
    }
    match turned(seen.from, seen.to) {
        Some(true) => std::mem::swap(&mut seen.from, &mut seen.to),
        Some(false) => {}
        None if arrow.is_some_and(|it| it.contains('?')) => return false,
        None if arrow == Some("<-") => std::mem::swap(&mut seen.from, &mut seen.to),
        None => {}
    }
    true
}

/// Zeek knows who opened a connection.
fn is_zeek<'c>(get: &dyn Fn(Means) -> Option<&'c str>) -> bool {
    get(Means::State).is_some_and(|it| ["SF", "S1", "S2", "S3", "RSTO", "RSTR", "SHR"].contains(&it))
}

/// `443`, `0x01bb`, `443.0`, or a service's name as Argus writes it.
fn port(text: &str) -> Result<u16, String> {
    let named = || SERVICES.iter().find(|it| it.0 == text).map(|it| it.1);
    let float = || text.strip_suffix(".0").and_then(|it| it.parse().ok());
    let found = match text.strip_prefix("0x") {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None if text == "-" => Some(0),
        // The type and code of ICMP come as a number with a dot; such rows are left out before.
        None => text.parse().ok().or_else(float).or_else(named),
    };
    found.ok_or_else(|| format!("`{text}` is no port"))
}

/// Names in the place of ports (IANA).
const SERVICES: &[(&str, u16)] = &[
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("ntp", 123),
    ("epmap", 135),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("imap2", 143),
    ("snmp", 161),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("submission", 587),
    ("ldaps", 636),
    ("imaps", 993),
    ("pop3s", 995),
    ("ms-sql-s", 1433),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("postgresql", 5432),
];

/// By number or name; none for protocols without ports.
fn protocol(text: &str) -> Option<Protocol> {
    match text.to_lowercase().as_str() {
        "6" | "6.0" | "tcp" => Some(Protocol::Tcp),
        "17" | "17.0" | "udp" => Some(Protocol::Udp),
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
                    Ok(None) => intake.left_out(NO_PORTS),
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
            served: false,
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
