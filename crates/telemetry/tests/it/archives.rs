//! Packing changes nothing: the same records come out of plain, gzip, zstd and zip, whole or nested.

use std::fs;
use std::io::Write;
use std::path::Path;

use bulkhead_telemetry::Options;

use crate::samples;
use crate::support::{Kept, read_all};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        out.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// A tar archive; names beyond 100 bytes in the way of GNU.
pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut member = |name: &str, kind: u8, bytes: &[u8]| {
        let mut header = [0; 512];
        let name = &name.as_bytes()[..name.len().min(100)];
        header[..name.len()].copy_from_slice(name);
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u64 = header.iter().map(|it| u64::from(*it)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend(header);
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    };
    for (name, bytes) in members {
        if name.len() > 100 {
            member("././@LongLink", b'L', &[name.as_bytes(), b"\0"].concat());
        }
        member(name, b'0', bytes);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// The records without their file's name.
fn essence(records: &[Kept]) -> Vec<(u64, &[u8], &serde_json::Value)> {
    records.iter().map(|it| (it.record, it.raw.as_slice(), &it.shown)).collect()
}

#[track_caller]
fn check(folder: &Path, packed: &[u8], name: &str, plain: &[Kept], file: &str) {
    let path = folder.join(name);
    fs::write(&path, packed).unwrap();
    let (records, telemetry) = read_all(&[&path], &samples::options());
    assert_eq!(essence(&records), essence(plain), "{name}: {:?}", telemetry.diagnostics);
    assert_eq!(records[0].file, format!("{}{file}", path.display()));
}

#[test]
fn the_same_records_come_out_of_every_packing() {
    let folder = tempfile::tempdir().unwrap();
    for sample in samples::files() {
        let (plain, _) = read_all(&[&sample], &samples::options());
        let bytes = fs::read(&sample).unwrap();
        // The name tells the log of a Zeek JSON file, so it stays the beginning of every name here.
        let name = sample.file_stem().unwrap().to_str().unwrap();
        let member = format!("!{name}");
        check(folder.path(), &bytes, name, &plain, "");
        check(folder.path(), &gzip(&bytes), &format!("{name}.gz"), &plain, "");
        check(folder.path(), &zstd(&bytes), &format!("{name}.zst"), &plain, "");
        let zipped = zip(&[(name, &bytes)]);
        check(folder.path(), &zipped, "a.zip", &plain, &member);
        check(folder.path(), &gzip(&tar(&[(name, &bytes)])), "a.tgz", &plain, &member);
        check(folder.path(), &gzip(&zipped), "a.zip.gz", &plain, &member);
        check(folder.path(), &zip(&[("b.zip", &zipped)]), "c.zip", &plain, &format!("!b.zip{member}"));
    }
}

#[test]
fn frames_and_members_one_after_another_are_one_stream() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (b"{\"a\":1}\n", b"{\"a\":2}\n");
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
    let packed = [
        ("two.gz", [gzip(one), gzip(two)].concat()),
        ("two.zst", [&skippable[..], &zstd(one), &skippable, &zstd(two)].concat()),
    ];
    for (name, bytes) in packed {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let (records, telemetry) = read_all(&[&path], &Options::default());
        assert_eq!(records.len(), 2, "{name}: {:?}", telemetry.diagnostics);
    }
}

#[test]
fn a_tar_archive_gives_its_files_by_their_whole_names() {
    let long = format!("{}/conn.log", "folder/".repeat(20));
    let one = br#"{"ts":1,"uid":"x"}"#;
    let archive = tar(&[("folder/", b""), (&long, one), ("b.json", &b"{\"b\":1}\n".repeat(1000))]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.tar");
    fs::write(&path, &archive).unwrap();
    let (records, telemetry) = read_all(&[&path], &Options::default());
    assert_eq!(records.len(), 1001, "{:?}", telemetry.diagnostics);
    assert_eq!(records[0].file, format!("{}!{long}", path.display()));
    fs::write(&path, &archive[..archive.len() - 5000]).unwrap();
    let (records, _) = read_all(&[&path], &Options::default());
    assert!((300..700).contains(&records.len()), "{}", records.len());
}

#[test]
fn utf16_text_is_read_in_both_byte_orders() {
    let text = format!("{{\"a\":\"{}\"}}\r\n", "é😀x".repeat(3000)).repeat(3);
    let units: Vec<u16> = text.encode_utf16().collect();
    let little = [vec![0xff, 0xfe], units.iter().flat_map(|it| it.to_le_bytes()).collect()].concat();
    let big = [vec![0xfe, 0xff], units.iter().flat_map(|it| it.to_be_bytes()).collect()].concat();
    let folder = tempfile::tempdir().unwrap();
    for bytes in [little, big] {
        let path = folder.path().join("a.json");
        fs::write(&path, bytes).unwrap();
        let (records, telemetry) = read_all(&[&path], &Options::default());
        assert_eq!(records.len(), 3, "{:?}", telemetry.diagnostics);
        assert!(records.iter().all(|it| it.raw == text.lines().next().unwrap().as_bytes()));
    }
}

#[test]
fn every_member_and_every_file_below_a_folder_is_read_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let archive = zip(&[
        ("z/conn.log", b"{\"ts\":1,\"uid\":\"x\"}\n"),
        ("readme.txt", b"hello\n"),
        ("a.json", b"{\"a\":1}\n"),
    ]);
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/logs.zip"), archive).unwrap();
    fs::write(folder.path().join("b.json"), "{\"b\":1}\n").unwrap();
    fs::write(folder.path().join("LICENSE"), "some words\n").unwrap();
    let (records, telemetry) = read_all(&[folder.path()], &Options::default());
    let prefix = format!("{}/", folder.path().display());
    let names: Vec<&str> = records.iter().map(|it| it.file.strip_prefix(&prefix).unwrap()).collect();
    assert_eq!(names, ["b.json", "sub/logs.zip!z/conn.log", "sub/logs.zip!a.json"]);
    assert!(!telemetry.has_errors());
    let skipped: Vec<&str> = telemetry.diagnostics.iter().map(|it| it.code).collect();
    assert_eq!(skipped, ["unknown-format", "unknown-format"]);
}

/// What is said of an archive that is not whole: events read, and what was not.
#[track_caller]
fn check_cut(bytes: &[u8], events: u64, expect: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs.bin");
    fs::write(&path, bytes).unwrap();
    let (_, telemetry) = read_all(&[&path], &Options::default());
    let said: Vec<&str> = telemetry.unread.iter().map(|it| it.what.as_str()).collect();
    assert_eq!((telemetry.events(), said.len()), (events, expect.len()), "{said:?}");
    for (said, expect) in said.iter().zip(expect) {
        assert!(said.contains(expect), "{said} {expect}");
    }
    let shown = telemetry.diagnostics.iter().map(|it| it.message.as_str());
    assert_eq!(telemetry.is_whole(), expect.is_empty(), "{:?}", shown.collect::<Vec<_>>());
}

#[test]
fn a_cut_or_damaged_archive_says_what_was_not_read() {
    let line = b"{\"a\":1}\n";
    let lines = line.repeat(128);
    let whole = tar(&[("a.json", &lines), ("b.json", &lines), ("c.json", &lines)]);
    let member = 512 + lines.len().next_multiple_of(512);
    check_cut(&whole, 384, &[]);
    check_cut(&[whole.as_slice(), &whole].concat(), 768, &[]);
    // Between members, at the boundary of a line, in the middle of a header.
    check_cut(&whole[..2 * member], 256, &["ends after member 2 without the mark of its end"]);
    check_cut(
        &whole[..member + 512 + 8 * 10],
        138,
        &["ends after member 2 without the mark of its end", "it is cut off after 80 of 1024 bytes"],
    );
    check_cut(&whole[..member + 100], 128, &["the header after member 1 is damaged"]);
    let mut damaged = whole.clone();
    damaged[member] ^= 0x55;
    check_cut(&damaged, 256, &["the header after member 1 is damaged"]);
}

#[test]
fn a_cut_or_damaged_packing_says_so() {
    let lines = b"{\"a\":1}\n".repeat(5000);
    let packed = gzip(&lines);
    let (_, telemetry) = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.gz");
        let mut bytes = packed.clone();
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        read_all(&[&path], &Options::default())
    };
    assert_eq!((telemetry.events(), telemetry.unread.len()), (5000, 1), "{:?}", telemetry.unread);
    let mut bytes = zstd(&lines);
    bytes.truncate(bytes.len() - 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json.zst");
    fs::write(&path, bytes).unwrap();
    let (_, telemetry) = read_all(&[&path], &Options::default());
    assert_eq!(telemetry.unread.len(), 1, "{:?}", telemetry.unread);
}

/// The archive of `members` without the entry of the one at `left_out` in its directory.
fn unlisting(members: &[(&str, &[u8])], left_out: usize) -> Vec<u8> {
    let whole = zip(members);
    let end = whole.len() - 22;
    let at = |place: usize| u32::from_le_bytes(whole[place..place + 4].try_into().unwrap()) as usize;
    let (size, start) = (at(end + 12), at(end + 16));
    let mut entries = Vec::new();
    let mut from = start;
    while from < start + size {
        let short = |place: usize| usize::from(u16::from_le_bytes([whole[place], whole[place + 1]]));
        let length = 46 + short(from + 28) + short(from + 30) + short(from + 32);
        entries.push(&whole[from..from + length]);
        from += length;
    }
    entries.remove(left_out);
    let directory = entries.concat();
    let mut bytes = [&whole[..start], &directory, &whole[end..]].concat();
    let end = bytes.len() - 22;
    let n = u16::try_from(entries.len()).unwrap().to_le_bytes();
    bytes[end + 8..end + 10].copy_from_slice(&n);
    bytes[end + 10..end + 12].copy_from_slice(&n);
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    bytes[end + 12..end + 16].copy_from_slice(&size);
    bytes
}

#[test]
fn a_member_that_the_directory_does_not_list_is_read_and_said() {
    let lines = b"{\"a\":1}\n".repeat(1000);
    let members = [("a.json", lines.as_slice()), ("b.json", lines.as_slice()), ("c.json", lines.as_slice())];
    check_cut(&zip(&members), 3000, &[]);
    for left_out in 0..3 {
        let name = format!("does not list member {}", members[left_out].0);
        check_cut(&unlisting(&members, left_out), 3000, &[&name]);
    }
    // A name that stands twice, as archives have that were added to.
    let twice = [("a.json", lines.as_slice()), ("b.json", lines.as_slice())];
    let mut bytes = zip(&twice);
    while let Some(at) = bytes.windows(6).position(|it| it == b"b.json") {
        bytes[at] = b'a';
    }
    check_cut(&bytes, 2000, &["lists another of that name"]);
    // Archives one after another: only the last directory is found at the end.
    let two = [zip(&members[..1]), zip(&members[1..])].concat();
    check_cut(&two, 3000, &["does not list member a.json"]);
    check_cut(&gzip(&two), 3000, &[]);
    // An archive inside an archive stands in a member, and is no member of the outer one.
    let inner = zip(&members);
    check_cut(&zip(&[("x.zip", &inner)]), 3000, &[]);
}

#[test]
fn bytes_of_a_zip_archive_that_are_no_member_are_counted() {
    let lines = b"{\"a\":1}\n".repeat(1000);
    let whole = zip(&[("a.json", lines.as_slice()), ("b.json", lines.as_slice())]);
    let noise = b"whatever stands here PK, it is no member";
    let told = |at: usize| {
        format!(
            "40 bytes belong to no member of the archive and were not read; the first stands behind {at} bytes"
        )
    };
    let behind = [whole.as_slice(), noise].concat();
    check_cut(&behind, 2000, &[&told(whole.len())]);
    // Read from front to back, too.
    check_cut(&gzip(&behind), 2000, &[&told(whole.len())]);
    // A program that unpacks it stands before.
    check_cut(&[noise.as_slice(), &whole].concat(), 2000, &["40 bytes belong to no member"]);
    // Between two archives, of which the last directory is found at the end, and behind both.
    let one = zip(&[("c.json", lines.as_slice())]);
    let hidden = [whole.as_slice(), noise, &one, noise].concat();
    check_cut(&hidden, 3000, &["80 bytes belong to no member", "member a.json", "member b.json"]);
    // Zeros hold nothing; a comment is the archive's own.
    check_cut(&[whole.as_slice(), &[0; 64]].concat(), 2000, &[]);
    let mut commented = whole.clone();
    let end = commented.len();
    commented[end - 2] = 40;
    check_cut(&[commented.as_slice(), noise].concat(), 2000, &[]);
    // Of an archive in the comment of another all members are read.
    let mut commented = whole;
    let length = u16::try_from(one.len()).unwrap().to_le_bytes();
    commented[end - 2..].copy_from_slice(&length);
    check_cut(&[commented.as_slice(), &one].concat(), 3000, &["member a.json", "member b.json"]);
}
