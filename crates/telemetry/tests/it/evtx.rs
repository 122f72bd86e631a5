//! Windows event logs, written here by the format's description (MS-EVEN6 2.2.12 and the EVTX chunk layout), whole and
//! broken.

use std::fs;

use bulkhead_telemetry::{Options, Telemetry};

use crate::support::{Kept, read_all};

const HEADER: usize = 4096;
const CHUNK: usize = 65_536;
const CHUNK_HEADER: usize = 512;
const RECORD_HEADER: usize = 24;

/// Binary XML that stands at an offset of its chunk, since names refer to their places.
struct BinXml {
    at: usize,
    bytes: Vec<u8>,
}

impl BinXml {
    fn u16(&mut self, value: usize) {
        self.bytes.extend(u16::try_from(value).unwrap().to_le_bytes());
    }

    fn u32(&mut self, value: usize) {
        self.bytes.extend(u32::try_from(value).unwrap().to_le_bytes());
    }

    fn utf16(&mut self, text: &str) {
        self.u16(text.encode_utf16().count());
        self.bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }

    /// A name that stands where it is used: its offset, next name, hash, text.
    fn name(&mut self, name: &str) {
        self.u32(self.at + self.bytes.len() + 4);
        self.u32(0);
        self.u16(0);
        self.utf16(name);
        self.u16(0);
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend([0x05, 0x01]);
        self.utf16(text);
    }

    /// `<name attribute...>inside</name>`.
    fn element(&mut self, name: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Self)) {
        self.bytes.push(if attributes.is_empty() { 0x01 } else { 0x41 });
        self.u32(0);
        self.name(name);
        if !attributes.is_empty() {
            self.u32(0);
        }
        for (index, (name, value)) in attributes.iter().enumerate() {
            self.bytes.push(if index + 1 < attributes.len() { 0x46 } else { 0x06 });
            self.name(name);
            self.text(value);
        }
        self.bytes.push(0x02);
        inside(self);
        self.bytes.push(0x04);
    }

    /// One logon of `user`.
    fn logon(at: usize, user: &str) -> Vec<u8> {
        let mut xml = Self { at, bytes: vec![0x0f, 1, 1, 0] };
        xml.element("Event", &[], |xml| {
            xml.element("System", &[], |xml| {
                xml.element("EventID", &[], |xml| xml.text("4624"));
                xml.element("TimeCreated", &[("SystemTime", "2024-05-02T08:15:01.250Z")], |_| {});
                xml.element("Channel", &[], |xml| xml.text("Security"));
                xml.element("Computer", &[], |xml| xml.text("FILES.corp.example"));
            });
            xml.element("EventData", &[], |xml| {
                for (name, value) in [("TargetUserName", user), ("LogonType", "3"), ("IpAddress", "10.1.2.7")]
                {
                    xml.element("Data", &[("Name", name)], |xml| xml.text(value));
                }
            });
        });
        xml.bytes.push(0);
        xml.bytes
    }
}

fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    into[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A chunk with one logon per user, its records numbered from `first` on.
fn numbered(first: u64, users: &[&str]) -> Vec<u8> {
    let mut chunk = chunk(users);
    put(&mut chunk, 8, &first.to_le_bytes());
    put(&mut chunk, 16, &(first + users.len() as u64 - 1).to_le_bytes());
    let sum = crc(&[&chunk[..120], &chunk[128..CHUNK_HEADER]]);
    put(&mut chunk, 124, &sum);
    chunk
}

/// A chunk with one logon per user.
fn chunk(users: &[&str]) -> Vec<u8> {
    let mut chunk = vec![0; CHUNK];
    let (mut start, mut last) = (CHUNK_HEADER, CHUNK_HEADER);
    for (index, user) in users.iter().enumerate() {
        let xml = BinXml::logon(start + RECORD_HEADER, user);
        let size = RECORD_HEADER + xml.len() + 4;
        let size_bytes = u32::try_from(size).unwrap().to_le_bytes();
        put(&mut chunk, start, b"**\0\0");
        put(&mut chunk, start + 4, &size_bytes);
        put(&mut chunk, start + 8, &(index as u64 + 1).to_le_bytes());
        put(&mut chunk, start + 16, &133_000_000_000_000_000_u64.to_le_bytes());
        put(&mut chunk, start + RECORD_HEADER, &xml);
        put(&mut chunk, start + size - 4, &size_bytes);
        last = start;
        start += size;
    }
    put(&mut chunk, 0, b"ElfChnk\0");
    for (at, id) in [(8, 1), (16, users.len()), (24, 1), (32, users.len())] {
        put(&mut chunk, at, &(id as u64).to_le_bytes());
    }
    for (at, value) in [(40, 128), (44, last), (48, start)] {
        put(&mut chunk, at, &u32::try_from(value).unwrap().to_le_bytes());
    }
    let sum = crc(&[&chunk[CHUNK_HEADER..start]]);
    put(&mut chunk, 52, &sum);
    let sum = crc(&[&chunk[..120], &chunk[128..CHUNK_HEADER]]);
    put(&mut chunk, 124, &sum);
    chunk
}

fn crc(parts: &[&[u8]]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    parts.iter().for_each(|it| crc.update(it));
    crc.sum().to_le_bytes()
}

/// Writes how many chunks the log has, and whether it is dirty, into its header.
fn promise(file: &mut [u8], chunks: u16, dirty: bool) {
    put(file, 42, &chunks.to_le_bytes());
    put(file, 120, &[u8::from(dirty)]);
    let sum = crc(&[&file[..120]]);
    put(file, 124, &sum);
}

/// A log of one chunk with one logon per user.
pub fn file(users: &[&str]) -> Vec<u8> {
    let mut file = vec![0; HEADER];
    put(&mut file, 0, b"ElfFile\0");
    file.extend(chunk(users));
    promise(&mut file, 1, false);
    file
}

fn read_bytes(bytes: &[u8]) -> (Vec<Kept>, Telemetry) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Security.evtx");
    fs::write(&path, bytes).unwrap();
    read_all(&[&path], &Options::default())
}

fn users(records: &[Kept]) -> Vec<&str> {
    records.iter().map(|it| it.shown["fields"]["TargetUserName"].as_str().unwrap()).collect()
}

#[test]
fn a_record_becomes_one_line_of_json_with_flat_names() {
    let (records, telemetry) = read_bytes(&file(&["alice", "bob"]));
    assert_eq!(users(&records), ["alice", "bob"], "{:?}", telemetry.diagnostics);
    let raw = std::str::from_utf8(&records[0].raw).unwrap();
    assert!(raw.starts_with("{\"Event\":") && !raw.contains('\n'), "{raw}");
    let entities = &records[0].shown["entities"];
    assert_eq!(entities["logon"], "alice network 10.1.2.7 -> files.corp.example succeeded");
    assert_eq!(entities["time"], "2024-05-02T08:15:01.25Z");
    assert!(telemetry.diagnostics.is_empty());
}

#[test]
fn unused_chunks_are_passed_over() {
    let mut bytes = file(&["alice"]);
    bytes.extend(vec![0; CHUNK]);
    bytes.extend(chunk(&["bob"]));
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!(users(&records), ["alice", "bob"]);
    assert!(telemetry.diagnostics.is_empty());
}

#[test]
fn a_truncated_log_yields_the_records_before_the_cut() {
    let mut bytes = file(&["alice"]);
    let second = chunk(&["bob", "carol", "dave"]);
    let size =
        usize::try_from(u32::from_le_bytes(second[CHUNK_HEADER + 4..][..4].try_into().unwrap())).unwrap();
    bytes.extend(&second[..CHUNK_HEADER + size * 3 / 2]);
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!(users(&records), ["alice", "bob"]);
    assert_eq!(telemetry.malformed(), 0);
    let shown = telemetry.diagnostics[0].to_string();
    assert!(shown.contains("warning[incomplete-file]: reading ended early: chunk 2 is cut off"), "{shown}");
    let missing: Vec<_> = telemetry.unread.iter().map(|it| (it.bytes.is_some(), it.records)).collect();
    assert_eq!(missing, [(true, None), (false, Some(2))], "{:?}", telemetry.unread);
}

/// What is said of a log that is damaged in one way, and of nothing else.
#[track_caller]
fn check_unread(bytes: &[u8], expect: &str, missing: Option<u64>) {
    let (_, telemetry) = read_bytes(bytes);
    let said: Vec<_> = telemetry.unread.iter().map(|it| (it.what.contains(expect), it.bytes)).collect();
    assert_eq!(said, [(true, missing)], "{:?}", telemetry.unread);
    assert!(
        telemetry.diagnostics.iter().any(|it| it.message.contains(expect)),
        "{:?}",
        telemetry.diagnostics
    );
}

#[test]
fn what_a_log_promises_and_does_not_hold_is_said() {
    let mut cut = file(&["alice"]);
    promise(&mut cut, 3, false);
    check_unread(&cut, "counts 3 chunks, of which 2 are missing", Some(2 * CHUNK as u64));
    let mut dirty = file(&["alice"]);
    promise(&mut dirty, 1, true);
    check_unread(&dirty, "marked dirty", None);
    let mut header = file(&["alice"]);
    header[124] ^= 1;
    check_unread(&header, "the checksum of its header is wrong", None);
    let mut records = file(&["alice"]);
    records[HEADER + 52] ^= 1;
    check_unread(&records, "the checksum of chunk 1 is wrong", None);
    let mut fewer = file(&["alice"]);
    let mut chunk = chunk(&["bob", "carol"]);
    put(&mut chunk, 16, &3_u64.to_le_bytes());
    let sum = crc(&[&chunk[..120], &chunk[128..CHUNK_HEADER]]);
    put(&mut chunk, 124, &sum);
    fewer.extend(chunk);
    promise(&mut fewer, 2, false);
    check_unread(&fewer, "chunk 2 should hold 3 records; 1 was not read", None);
}

#[test]
fn a_chunk_that_is_empty_or_gone_is_said() {
    let three = |middle: &[u8]| {
        let mut bytes = file(&["alice"]);
        bytes.extend(middle);
        bytes.extend(numbered(4, &["dave"]));
        promise(&mut bytes, 3, false);
        bytes
    };
    let (_, whole) = read_bytes(&three(&numbered(2, &["bob", "carol"])));
    assert!(whole.is_whole(), "{:?}", whole.unread);
    let check = |bytes: &[u8], expect: &[(&str, Option<u64>, Option<u64>)]| {
        let (records, telemetry) = read_bytes(bytes);
        assert_eq!(users(&records), ["alice", "dave"]);
        let unread = &telemetry.unread;
        let said = unread.iter().zip(expect).filter(|(it, expect)| it.what.contains(expect.0)).count();
        assert_eq!((said, unread.len()), (expect.len(), expect.len()), "{unread:?}");
        let numbers: Vec<_> = unread.iter().map(|it| (it.bytes, it.records)).collect();
        assert_eq!(numbers, expect.iter().map(|it| (it.1, it.2)).collect::<Vec<_>>());
    };
    let zeros = ("3 chunks, of which 1 holds nothing but zeros", Some(CHUNK as u64), None);
    let gap = ("2 numbers between them are missing", None, Some(2));
    check(&three(&[0; CHUNK]), &[zeros, gap]);
    // Taken out, and the header made to fit.
    let mut gone = three(&[]);
    promise(&mut gone, 2, false);
    check(&gone, &[gap]);
    // A log that was full went on at its front.
    let mut turned = file(&["alice"]);
    turned.truncate(HEADER);
    turned.extend([numbered(3, &["carol"]), numbered(1, &["alice", "bob"])].concat());
    promise(&mut turned, 2, false);
    let (_, telemetry) = read_bytes(&turned);
    assert!(telemetry.is_whole(), "{:?}", telemetry.unread);
    let mut garbage = three(&numbered(2, &["bob", "carol"]));
    garbage[HEADER + CHUNK..HEADER + 2 * CHUNK].fill(0x5a);
    check(&garbage, &[gap, ("none of the records of chunk 2 could be read", Some(CHUNK as u64), None)]);
}

#[test]
fn a_chunk_that_stands_twice_is_read_once_and_said() {
    let mut bytes = file(&["alice"]);
    bytes.extend(
        [numbered(2, &["bob", "carol"]), numbered(4, &["dave"]), numbered(2, &["bob", "carol"])].concat(),
    );
    promise(&mut bytes, 4, false);
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!(users(&records), ["alice", "bob", "carol", "dave"]);
    let said: Vec<&str> = telemetry.unread.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(said, ["1 chunk stands in it again, with 2 records that were read once"]);
    // In the next part of a log that many threads read, too.
    bytes.extend(numbered(2, &["bob", "carol"]));
    promise(&mut bytes, 5, false);
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!(users(&records), ["alice", "bob", "carol", "dave"]);
    assert!(
        telemetry.unread[0].what.contains("2 chunks stand in it again, with 4 records"),
        "{:?}",
        telemetry.unread
    );
}

#[test]
fn a_spoilt_chunk_does_not_hide_the_next() {
    let mut bytes = file(&["alice"]);
    bytes[HEADER..HEADER + 7].copy_from_slice(b"garbage");
    bytes.extend(chunk(&["bob"]));
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!(users(&records), ["bob"]);
    assert_eq!(telemetry.malformed(), 1);
    assert!(
        telemetry.diagnostics[0].message.contains("chunk 1 cannot be read"),
        "{:?}",
        telemetry.diagnostics
    );
}

#[test]
fn a_spoilt_record_does_not_hide_the_next() {
    let mut bytes = file(&["alice", "bob"]);
    let text = HEADER + CHUNK_HEADER + RECORD_HEADER + 4;
    bytes[text] = 0x77;
    let (records, telemetry) = read_bytes(&bytes);
    assert_eq!((users(&records), telemetry.malformed()), (vec!["bob"], 1), "{:?}", telemetry.diagnostics);
}
