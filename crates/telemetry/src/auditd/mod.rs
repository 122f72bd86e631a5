//! The Linux audit log: `type=... msg=audit(TIME:ID): key=value ...`; the records of one audit event become one event.
//!
//! Names and values are those of the log; a name that several records of an event carry has several values. Values
//! that the kernel writes in hexadecimal because a user chose them (paths, arguments, titles) are decoded.

pub(crate) mod forwarded;
pub(crate) mod join;
pub(crate) mod rotated;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use bulkhead_model::event::{Field, FieldsEvent, Shape};
use bulkhead_model::logsource::LogSource;
use memchr::memmem;

use self::join::{Joined, Joiner, Piece};
use self::rotated::Carried;
use crate::input::Line;
use crate::read::{Out, Stream};
use crate::syscalls;
use crate::zeek::hex_digit;

/// Whether `line` is a record of the audit log.
pub(crate) fn is_record(line: &[u8]) -> bool {
    let start = &line[..line.len().min(512)];
    (start.starts_with(b"type=") || start.starts_with(b"node="))
        && memmem::find(start, b"msg=audit(").is_some()
}

/// Reads the events. Records of one event are joined where they stand near to one another, over the ends of rotated files
/// too.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let mut joiner = Joiner::default();
    let this = stream.out.tally.file.clone();
    let before = Carried::between(stream.around.older.as_deref(), Some(Path::new(&this)));
    let mut number = 0;
    while let Some(line) = stream.input.line(stream.options.record_max) {
        number += 1;
        let why = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => match stamp(line) {
                Some(event) if before.has(event, number) => continue,
                Some(event) => {
                    let kind = std::str::from_utf8(kind(line)).unwrap_or_default();
                    joiner.add(Piece { event, kind, line, record: "" }, stream.options.record_max);
                    while let Some(joined) = joiner.complete() {
                        hand_out(&joined, &mut stream.out)?;
                    }
                    continue;
                }
                None => "not `type=... msg=audit(TIME:ID): ...`".to_owned(),
            },
            Line::TooLong(length) => format!("it is {length} bytes long"),
        };
        while let Some(joined) = joiner.pop() {
            hand_out(&joined, &mut stream.out)?;
        }
        stream.out.tally.malformed(number, 0, || why);
    }
    for line in &Carried::between(Some(Path::new(&this)), stream.around.newer.as_deref()).lines {
        let kind = std::str::from_utf8(kind(line)).unwrap_or_default();
        if let Some(event) = stamp(line) {
            joiner.add(Piece { event, kind, line, record: "" }, stream.options.record_max);
        }
    }
    joiner.end();
    while let Some(joined) = joiner.pop() {
        hand_out(&joined, &mut stream.out)?;
    }
    joiner.tell_split(&mut stream.out.tally);
    ControlFlow::Continue(())
}

fn hand_out(joined: &Joined, out: &mut Out<'_>) -> ControlFlow<()> {
    let text = out.tally.text(&joined.lines);
    let mut event = FieldsEvent::new(&joined.lines, Shape::Auditd);
    fields(&text, &mut event);
    out.event(&event, LogSource::of_shape(Shape::Auditd))
}

/// The `TIME:ID` of a record.
pub(crate) fn stamp(line: &[u8]) -> Option<&[u8]> {
    const OPEN: &[u8] = b"msg=audit(";
    let from = memmem::find(&line[..line.len().min(512)], OPEN)? + OPEN.len();
    let length = memchr::memchr(b')', &line[from..])?;
    let stamp = &line[from..from + length];
    let good = |it: &u8| it.is_ascii_digit() || matches!(it, b'.' | b':');
    (stamp.contains(&b':') && stamp.iter().all(good)).then_some(stamp)
}

/// The type of a record.
pub(crate) fn kind(line: &[u8]) -> &[u8] {
    let rest = memmem::find(line, b"type=").map_or(&line[..0], |at| &line[at + 5..]);
    rest.split(|it| *it == b' ').next().unwrap_or_default()
}

/// Adds the fields of every record in `text` (one a line) to `event`, the event's time and id first.
pub(crate) fn fields<'a>(text: &'a str, event: &mut FieldsEvent<'a>) {
    let mut arguments = Arguments::default();
    for (index, record) in text.lines().enumerate() {
        let Some((head, rest)) = record.split_once("msg=audit(") else {
            continue;
        };
        let Some((stamp, body)) = rest.split_once(')') else {
            continue;
        };
        if index == 0
            && let Some((time, id)) = stamp.rsplit_once(':')
        {
            event.push("ts", Field::Number(Cow::Borrowed(time)));
            event.push("audit_id", Field::text(id));
        }
        let kind = head.split_once("type=").map_or("", |(_, it)| it.trim());
        // The node is the same in every record of an event.
        if index == 0 {
            pairs(head, event);
        } else {
            event.push("type", Field::text(kind));
        }
        let body = body.strip_prefix(':').unwrap_or(body);
        if kind == "EXECVE" {
            arguments.add(body, event);
        } else {
            pairs(body, event);
        }
        // An enriched log has the name itself, which rules ask for.
        if kind == "SYSCALL"
            && !body.contains("SYSCALL=")
            && let Some(name) = word(body, "arch=")
                .zip(word(body, "syscall="))
                .and_then(|(arch, it)| syscalls::name(arch, it))
        {
            event.push("SYSCALL", Field::text(name));
        }
    }
    let command = arguments.join(event);
    // The kernel cuts a title after 128 bytes; the arguments are whole.
    let title = || match event.fields.iter().find(|it| it.0 == "proctitle") {
        Some((_, Field::Text(it))) => Some(it.to_string()),
        _ => None,
    };
    if let Some(line) = Some(command).filter(|it| !it.is_empty()).or_else(title) {
        event.push(COMMAND_LINE, Field::Text(Cow::Owned(line)));
    }
}

/// The command line that the records of an event give together, under the name rules for process creation use.
const COMMAND_LINE: &str = "CommandLine";

/// More arguments than this are not kept.
const ARGUMENTS_MAX: usize = 16 * 1024;

/// The arguments of a program, gathered from all EXECVE records of its event: long ones come in pieces
/// (`a2_len=24 a2[0]=636174 a2[1]=20`), and many of them, or long ones, in several records.
#[derive(Default)]
struct Arguments {
    /// By number of the argument and of its piece: the text, and whether it stood in quotes.
    pieces: BTreeMap<usize, BTreeMap<usize, (String, bool)>>,
}

impl Arguments {
    /// Takes the arguments of one record, and adds what else it holds to `event`.
    fn add<'a>(&mut self, body: &'a str, event: &mut FieldsEvent<'a>) {
        raw_pairs(body, &mut |key, value, quoted| match argument(key) {
            Some((number, piece)) => {
                if self.pieces.len() < ARGUMENTS_MAX || self.pieces.contains_key(&number) {
                    let pieces = self.pieces.entry(number).or_default();
                    pieces.entry(piece.unwrap_or_default()).or_insert_with(|| (value.to_owned(), quoted));
                }
            }
            None => event.push(key, Field::text(value)),
        });
    }

    /// Adds every argument to `event`; returns all of them with a blank between them.
    fn join(self, event: &mut FieldsEvent<'_>) -> String {
        let mut line = String::new();
        for (number, pieces) in self.pieces {
            let text: String = if pieces.values().any(|it| it.1) {
                pieces.values().map(|it| if it.1 { Cow::Borrowed(&*it.0) } else { unhex(&it.0) }).collect()
            } else {
                // Nobody says that pieces end where a character does.
                unhex(&pieces.into_values().map(|it| it.0).collect::<String>()).into_owned()
            };
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&text);
            event.push(format!("a{number}"), Field::Text(Cow::Owned(text)));
        }
        line
    }
}

/// The number of an argument, and of its piece: `a2`, `a2[1]`.
fn argument(key: &str) -> Option<(usize, Option<usize>)> {
    let rest = key.strip_prefix('a')?;
    match rest.split_once('[') {
        Some((number, piece)) => Some((number.parse().ok()?, Some(piece.strip_suffix(']')?.parse().ok()?))),
        None => Some((rest.parse().ok()?, None)),
    }
}

/// The value behind `key`, up to a blank.
fn word<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.split(' ').find_map(|it| it.strip_prefix(key))
}

/// Adds `key=value` pairs. `msg='...'` of programs holds pairs of its own.
fn pairs<'a>(text: &'a str, event: &mut FieldsEvent<'a>) {
    raw_pairs(text, &mut |key, value, quoted| {
        event.push(key, Field::Text(decode(key, value, quoted)));
    });
}

/// Shows `each` every pair: key, value, whether the value stood in quotes.
fn raw_pairs<'a>(text: &'a str, each: &mut dyn FnMut(&'a str, &'a str, bool)) {
    let mut rest = text;
    loop {
        // Enriched logs put the translated fields behind a group separator.
        rest = rest.trim_start_matches([' ', '\u{1d}', ',']);
        let Some(equals) = rest.find('=') else {
            return;
        };
        let (key, after) = (&rest[..equals], &rest[equals + 1..]);
        // Words before the key that belong to no pair (`avc: denied { read } for pid=1`) are passed over.
        let key = key.rsplit([' ', '\u{1d}']).next().unwrap_or(key);
        let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => {
                let inner = &after[1..];
                let end = inner.find(quote).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or(""))
            }
            None => {
                let end = after.find([' ', '\u{1d}']).unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        rest = next;
        if key.is_empty() {
            continue;
        }
        if key == "msg" && quote == Some('\'') {
            raw_pairs(value, each);
            continue;
        }
        each(key, value, quote.is_some());
    }
}

/// Undoes the hexadecimal writing of values that users choose.
fn decode<'a>(key: &str, value: &'a str, quoted: bool) -> Cow<'a, str> {
    let chosen = matches!(
        key,
        "proctitle"
            | "comm"
            | "exe"
            | "cwd"
            | "name"
            | "acct"
            | "cmd"
            | "data"
            | "path"
            | "dir"
            | "file"
            | "old-comm"
    );
    if quoted || !chosen { Cow::Borrowed(value) } else { unhex(value) }
}

/// A text that may be written in hexadecimal; NULs, which part arguments, become blanks.
fn unhex(value: &str) -> Cow<'_, str> {
    if value.len() < 2 || !value.len().is_multiple_of(2) {
        return Cow::Borrowed(value);
    }
    let mut bytes = Vec::with_capacity(value.len() / 2);
    for pair in value.as_bytes().chunks_exact(2) {
        let (Some(high), Some(low)) = (hex_digit(pair[0]), hex_digit(pair[1])) else {
            return Cow::Borrowed(value);
        };
        let byte = high << 4 | low;
        bytes.push(if byte == 0 { b' ' } else { byte });
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
