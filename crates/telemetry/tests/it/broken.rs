//! Broken inputs: each yields what can be read of it and says what could not be.

use std::fs;

use bulkhead_telemetry::{Options, Telemetry};

use crate::archives::zip;
use crate::support::read_all;

/// Reads `bytes` as a file called `name`.
fn read_bytes(name: &str, bytes: &[u8], options: &Options) -> (usize, Telemetry) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let (records, mut telemetry) = read_all(&[&path], options);
    for diagnostic in &mut telemetry.diagnostics {
        diagnostic.file = diagnostic.file.replace(&format!("{}/", folder.path().display()), "");
    }
    (records.len(), telemetry)
}

/// Events, malformed records, and the first diagnostic.
#[track_caller]
fn check(name: &str, bytes: &[u8], events: usize, malformed: u64, error: bool, expected: &str) {
    let (read, telemetry) = read_bytes(name, bytes, &Options::default());
    let first = telemetry.diagnostics.first().map(ToString::to_string).unwrap_or_default();
    assert!(first.contains(expected), "{first}");
    assert_eq!((read, telemetry.malformed(), telemetry.has_errors()), (events, malformed, error), "{first}");
}

#[test]
fn a_malformed_line_is_counted_and_shown_with_its_place() {
    let text = b"{\"a\":1}\n{\"a\":}\n\n{\"a\":2}\n";
    check("a.json", text, 2, 1, false, "a.json:2:6: warning[malformed-record]: record skipped: ");
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_counted() {
    check(
        "a.json",
        b"{\"a\":\"\xff\"}\n{\"a\":2}\n",
        2,
        0,
        false,
        "a.json: warning[replaced-bytes]: 1 byte is no text",
    );
    check("a.json", b"{\"a\":\"\xff}\n{\"a\":2}\n", 1, 1, false, "a.json:1:");
}

#[test]
fn an_audit_event_that_goes_on_in_another_file_is_said() {
    const CALL: &str = "type=SYSCALL msg=audit(1.0:ID): syscall=59 comm=\"id\"\n";
    const REST: &str = "type=EXECVE msg=audit(1.0:ID): argc=1 a0=\"id\"\ntype=PROCTITLE msg=audit(1.0:ID): proctitle=\"id\"\n";
    let log = |pieces: &[(&str, u64)]| -> String {
        pieces.iter().map(|(text, id)| text.replace("ID", &id.to_string())).collect()
    };
    let first = "its first event (1.0:1) begins in another file: it was read without those records";
    let last = "its last event (1.0:2) ends in another file: it was read without those records";
    let said = |text: &str| -> Vec<String> {
        let (_, telemetry) = read_bytes("audit.log", text.as_bytes(), &Options::default());
        telemetry.unread.into_iter().map(|it| it.what).collect()
    };
    assert_eq!(said(&log(&[(CALL, 1), (REST, 1), (CALL, 2), (REST, 2)])), Vec::<String>::new());
    assert_eq!(said(&log(&[(CALL, 1), (REST, 1), (CALL, 2)])), [last]);
    assert_eq!(said(&log(&[(REST, 1), (CALL, 2), (REST, 2)])), [first]);
    // Kernels that write no title, and selections of some kinds of records, tell nothing of the sort.
    assert_eq!(said(&log(&[(CALL, 1), (CALL, 2)])), Vec::<String>::new());
    assert_eq!(said(&log(&[(REST, 1), (REST, 2)])), Vec::<String>::new());
    // Of several processors, an event behind the one that goes on is whole; so is one before it.
    assert_eq!(said(&log(&[(CALL, 1), (REST, 1), (CALL, 2), (CALL, 3), (REST, 3)])), [last]);
    let both = said(&log(&[(REST, 4), (REST, 5), (CALL, 1), (REST, 1)]));
    assert_eq!(both.iter().filter(|it| it.contains("begins in another file")).count(), 2, "{both:?}");
}

/// The command lines found in a folder of these files, and how often a record is said to be missing.
#[track_caller]
fn check_rotated(files: &[(&str, &str)], expect: &[(&str, &str)], n_unread: usize) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (records, telemetry) = read_all(&[folder.path()], &Options::default());
    let found: Vec<(&str, &str)> = records
        .iter()
        .map(|it| {
            let file = it.file.rsplit('/').next().unwrap_or_default();
            (file, it.shown["fields"]["CommandLine"].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(found, expect, "{files:?}");
    assert_eq!(telemetry.unread.len(), n_unread, "{:?}", telemetry.unread);
}

#[test]
fn an_audit_event_over_the_ends_of_rotated_files_is_one() {
    let call = |id: u32| format!("type=SYSCALL msg=audit(17.5:{id}): syscall=59 comm=\"id\"\n");
    let rest = |id: u32| {
        format!(
            "type=EXECVE msg=audit(17.5:{id}): argc=2 a0=\"id\" a1=\"-{id}\"\n\
             type=PROCTITLE msg=audit(17.5:{id}): proctitle=\"id\"\n"
        )
    };
    let whole = |id: u32| call(id) + &rest(id);
    let (old, new) = (whole(1) + &call(2), rest(2) + &whole(3));
    // The newer file comes first by name; where it is the only one, or packed, what is missing is said.
    check_rotated(
        &[("audit.log", &new), ("audit.log.1", &old)],
        &[("audit.log", "id -3"), ("audit.log.1", "id -1"), ("audit.log.1", "id -2")],
        0,
    );
    check_rotated(&[("audit.log", &new)], &[("audit.log", "id -2"), ("audit.log", "id -3")], 1);
    check_rotated(
        &[("audit.log-20260301", &old), ("audit.log-20260302", &new)],
        &[("audit.log-20260301", "id -1"), ("audit.log-20260301", "id -2"), ("audit.log-20260302", "id -3")],
        0,
    );
    // Another log's file, a gap between them, records of two events that stand between one another.
    check_rotated(
        &[("audit.log", &new), ("other.log.1", &old)],
        &[("audit.log", "id -2"), ("audit.log", "id -3"), ("other.log.1", "id -1"), ("other.log.1", "-")],
        2,
    );
    let (old, new) = (whole(1) + &call(2) + &call(3), rest(3) + &rest(2) + &whole(4));
    check_rotated(
        &[("audit.log", &new), ("audit.log.1", &old)],
        &[
            ("audit.log", "id -4"),
            ("audit.log.1", "id -1"),
            ("audit.log.1", "id -2"),
            ("audit.log.1", "id -3"),
        ],
        0,
    );
}

#[test]
fn a_line_of_20_megabytes_is_skipped_in_bounded_memory() {
    let mut bytes = b"{\"a\":\"".to_vec();
    bytes.resize(20 * 1024 * 1024, b'x');
    bytes.extend_from_slice(b"\"}\n{\"a\":2}\n");
    check("a.json", &bytes, 1, 1, false, "it is 20971522 bytes long, more than a record may be");
}

#[test]
fn an_object_without_end_in_an_array_is_one_fault() {
    check(
        "a.json",
        b"[\n{\"a\":1},\n{\"a\":2",
        1,
        1,
        false,
        "a.json:3:1: warning[malformed-record]: record skipped: the object has no end",
    );
    let (_, telemetry) = read_bytes("a.json", b"[\n{\"a\":1},\n{\"a\":2", &Options::default());
    assert_eq!(telemetry.unread.len(), 1, "{:?}", telemetry.unread);
}

#[test]
fn many_faults_are_counted_and_the_first_are_shown() {
    let text = "{\"a\":1}\n".to_owned() + &"{oops}\n".repeat(100);
    let (events, telemetry) = read_bytes("a.json", text.as_bytes(), &Options::default());
    assert_eq!((events, telemetry.malformed(), telemetry.diagnostics.len()), (1, 100, 6));
    assert!(telemetry.diagnostics[5].message.contains("95 more"));
}

#[test]
fn a_file_in_no_known_format_is_an_error_when_the_user_named_it() {
    check("notes.txt", b"Dear all,\nplease find attached\n", 0, 0, true, "error[unknown-format]");
    check("a.json", b"{oops}\n{oops}\n", 0, 2, true, "malformed-record");
}

#[test]
fn a_table_of_something_else_is_said_to_be_one() {
    let text = b"Name,Street,City\nA,B,C\nD,E,F\n";
    check(
        "people.csv",
        text,
        0,
        0,
        true,
        "looks like a table of 3 columns separated by `,` (Name, Street, City, ...)",
    );
}

#[test]
fn what_is_ambiguous_in_a_table_is_said() {
    let both = b"time,host,a;user;source\n1753430531,b,c;d;e\n";
    check(
        "a.csv",
        both,
        1,
        0,
        false,
        "ambiguous-separator]: columns may be separated by `,` (3) or by `;` (3)",
    );
    check("a.csv", b"timestamp,host,host\n2025-07-25 08:00:00,a,b\n", 1, 0, false, "duplicate-column");
    check("a.csv", b"host,user\na,b\n", 1, 0, false, "no-time-column");
    check("a.csv", b"time,user\n03/04/2025 1:00,b\n", 1, 0, false, "ambiguous-date");
}

#[test]
fn a_quote_that_nobody_closes_costs_its_line_only() {
    let text = "time,user\n1753430531,\"a\n".to_owned() + &"1753430532,b\n".repeat(20_000);
    check(
        "a.csv",
        text.as_bytes(),
        20_000,
        1,
        false,
        "a.csv:2:1: warning[malformed-record]: record skipped: a quote is opened",
    );
}

#[test]
fn an_event_without_end_costs_itself_only() {
    let event = "<Event><System><EventID>1</EventID></System></Event>\n";
    let text = format!("{event}<Event><System>\n{}", event.repeat(1000));
    check(
        "a.xml",
        text.as_bytes(),
        1001,
        1,
        false,
        "a.xml:2:1: warning[malformed-record]: record skipped: the event has no end",
    );
    let options = Options { record_max: 1000, ..Options::default() };
    let long = format!("{event}<Event><System>{}</System></Event>\n{event}", "x".repeat(5_000_000));
    let (events, telemetry) = read_bytes("a.xml", long.as_bytes(), &options);
    assert_eq!((events, telemetry.malformed()), (2, 1), "{:?}", telemetry.diagnostics);
}

#[test]
fn records_in_a_wrapper_longer_than_a_record_are_read() {
    let text = format!("{{\"Records\":[{}]}}", vec!["{\"eventName\":\"x\"}"; 10_000].join(","));
    let options = Options { record_max: 1000, ..Options::default() };
    let (events, telemetry) = read_bytes("trail.json", text.as_bytes(), &options);
    assert_eq!((events, telemetry.malformed()), (10_000, 0), "{:?}", telemetry.diagnostics);
}

/// However a text that says where it ends is cut, the cut is said, at the boundary of a record too.
#[track_caller]
fn check_every_cut(text: &str, events: usize) {
    let (read, whole) = read_bytes("a.log", text.as_bytes(), &Options::default());
    assert_eq!((read, whole.is_whole(), whole.malformed()), (events, true, 0), "{text}: {:?}", whole.unread);
    for cut in 1..text.trim_end().len() {
        let (read, telemetry) = read_bytes("a.log", &text.as_bytes()[..cut], &Options::default());
        assert!(!telemetry.is_whole(), "{}: {read} events", &text[..cut]);
        assert!(!telemetry.diagnostics.is_empty());
    }
}

#[test]
fn a_cut_between_records_is_said_where_the_text_states_its_end() {
    check_every_cut("[{\"a\":1},{\"a\":2}]", 2);
    check_every_cut("[\n  {\"a\": [1, {}]},\n  {\"a\": \"]\"}\n]\n", 2);
    check_every_cut("{\"Records\":[{\"eventName\":\"x\"},{\"eventName\":\"y\"}]}", 2);
    check_every_cut(
        "{\"@odata.context\":\"x\",\"value\":[{\"a\":1},{\"a\":2}],\"@odata.nextLink\":\"y\"}",
        2,
    );
    check_every_cut("{\n \"value\": [\n  {\"a\": 1},\n  {\"a\": 2}\n ]\n}\n", 2);
    check_every_cut("{\"records\":[]}", 0);
    let event = "<Event xmlns='x'><System><EventID>1</EventID></System></Event>";
    check_every_cut(&format!("<Events>{event}\r\n{event}</Events>"), 2);
    check_every_cut(
        &format!("<?xml version='1.0'?>\n<Log a='1'><Events>\n{event}\n{event}</Events></Log>\n"),
        2,
    );
}

#[test]
fn a_text_that_begins_in_the_middle_is_said_to() {
    let what = |text: &str| {
        let (_, telemetry) = read_bytes("a.log", text.as_bytes(), &Options::default());
        telemetry.unread.iter().map(|it| it.what.clone()).collect::<Vec<_>>().join("; ")
    };
    assert!(what("{\n\"a\": 1}\n,\n{\"a\": 2}\n]").contains("has no beginning"));
    let event = "<Event><System><EventID>1</EventID></System></Event>";
    assert!(what(&format!("{event}\n{event}\n</Events>")).contains("`<Events>` ends and never began"));
    assert_eq!(what(&format!("<Events/>\n{event}\n<!-- <Events> -->{event}")), "");
    // The end lies in what a broken event left.
    let broken = format!("<Events>{event}<Event><System></Events>");
    assert_eq!(what(&broken), "");
}

#[test]
fn a_missing_file_is_an_error() {
    let (_, telemetry) = read_all(&["/no/such/file".as_ref()], &Options::default());
    assert!(telemetry.has_errors());
    assert!(
        telemetry.diagnostics[0]
            .to_string()
            .starts_with("/no/such/file: error[unreadable-file]: cannot be read")
    );
}

#[test]
fn an_empty_file_is_no_error() {
    check("a.json", b"", 0, 0, false, "warning[empty-file]");
}

#[test]
fn a_truncated_archive_yields_what_comes_before_the_break() {
    let line = |n: usize| format!("{{\"n\":{n},\"x\":\"{:x}\"}}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let text: String = (0..20_000).map(line).collect();
    let whole = zip(&[("a.json", text.as_bytes()), ("b.json", b"{}\n")]);
    let (events, telemetry) = read_bytes("a.zip", &whole[..whole.len() / 2], &Options::default());
    assert!((5_000..15_000).contains(&events), "{events} events");
    assert!(!telemetry.has_errors(), "{:?}", telemetry.diagnostics);
    let codes: Vec<&str> = telemetry.diagnostics.iter().map(|it| it.code).collect();
    assert!(codes.contains(&"incomplete-archive") && codes.contains(&"incomplete-file"), "{codes:?}");
}

#[test]
fn an_archive_with_wrong_bytes_is_said_to_be_broken() {
    let mut bytes = zip(&[("a.json", "{\"a\":1}\n".repeat(5000).as_bytes())]);
    for byte in &mut bytes[60..80] {
        *byte ^= 0xff;
    }
    let (_, telemetry) = read_bytes("a.zip", &bytes, &Options::default());
    assert!(!telemetry.diagnostics.is_empty());
    check("b.zip", b"PK\x03\x04 and then nothing", 0, 0, true, "incomplete-archive");
    check("b.gz", b"\x1f\x8b and then nothing", 0, 0, true, "unreadable-file");
    check("b.zst", b"\x28\xb5\x2f\xfd and then nothing", 0, 0, true, "unreadable-file");
}

#[test]
fn an_archive_that_unpacks_without_end_is_stopped() {
    let options = Options { unpacked_max: 1_000_000, ..Options::default() };
    let bytes = zip(&[("a.json", "{\"a\":1}\n".repeat(1_000_000).as_bytes())]);
    let (events, telemetry) = read_bytes("a.zip", &bytes, &options);
    assert!(events <= 125_000, "{events}");
    assert!(telemetry.diagnostics.iter().any(|it| it.message.contains("unpacks to more than 1000000 bytes")));
}

#[test]
fn archives_in_archives_are_opened_to_a_limit() {
    let mut bytes = zip(&[("a.json", b"{\"a\":1}\n")]);
    for _ in 0..10 {
        bytes = zip(&[("inner.zip", &bytes)]);
    }
    let (events, telemetry) = read_bytes("a.zip", &bytes, &Options::default());
    assert_eq!(events, 0);
    assert!(telemetry.diagnostics.iter().any(|it| it.code == "nested-archive"));
    assert!(telemetry.has_errors());
}

#[test]
fn the_sink_can_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, "{\"a\":1}\n".repeat(10)).unwrap();
    let mut left = 3;
    let mut sink = |_: &bulkhead_telemetry::Record<'_>| {
        left -= 1;
        if left == 0 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    };
    let paths = vec![path.to_string_lossy().into_owned(); 2];
    let telemetry = bulkhead_telemetry::read(&paths, &Options::default(), &mut sink);
    assert_eq!((telemetry.events(), telemetry.sources.len()), (3, 1));
}

#[test]
fn times_without_a_year_are_said_to_be_unusable_unless_the_year_is_known() {
    let line = b"May  2 10:15:03 web1 sshd[1]: hello\n";
    check("auth.log", line, 1, 0, false, "warning[time-without-year]: 1 line has a time without a year");
    let options = Options { now: "2024-05-02T00:00:00Z".parse().ok(), ..Options::default() };
    let (_, telemetry) = read_bytes("auth.log", line, &options);
    assert!(telemetry.diagnostics.is_empty(), "{:?}", telemetry.diagnostics);
}
