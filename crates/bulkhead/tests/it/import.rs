//! `estate import` as a person runs it: what it writes can be checked and planned on.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::bulkhead::{run, stderr, stdout};

const SCAN: &str = r#"<?xml version="1.0"?>
<nmaprun scanner="nmap" version="7.95">
<host><status state="up"/><address addr="10.1.0.11" addrtype="ipv4"/>
<hostnames><hostname name="web-1.harbour.example" type="PTR"/></hostnames>
<ports><port protocol="tcp" portid="443"><state state="open"/><service name="https"/></port></ports></host>
<host><status state="up"/><address addr="10.1.0.12" addrtype="ipv4"/>
<hostnames><hostname name="db-1.harbour.example" type="PTR"/></hostnames>
<ports><port protocol="tcp" portid="5432"><state state="open"/><service name="postgresql"/></port></ports></host>
</nmaprun>
"#;

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("exports")).expect("a folder");
    fs::write(dir.path().join("exports/scan.xml"), SCAN).expect("a file");
    dir
}

#[track_caller]
fn succeed(dir: &Path, args: &str) -> String {
    let output = run(dir, args);
    assert!(output.status.success(), "{args}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn what_is_imported_can_be_checked_and_planned_on() {
    let dir = folder();
    let said = succeed(dir.path(), "estate import exports --out estate.yaml --report report.json");
    assert!(said.contains("3 assets"), "{said}");
    assert!(said.contains("not known, to be added"), "{said}");
    let checked = succeed(dir.path(), "estate check estate.yaml");
    assert!(checked.contains("3 assets"), "{checked}");
    let planned = succeed(dir.path(), "plan contain --estate estate.yaml --compromised web-1 --format json");
    assert!(planned.contains("by-hand-hosts"), "{planned}");
    // A scan sees no flows: they are open, not absent, and nobody knows whom a plan hits.
    let drafted = fs::read_to_string(dir.path().join("estate.yaml")).expect("an estate");
    assert!(
        drafted.contains("drafted: true") && drafted.contains("# - flows: who may talk to whom"),
        "{drafted}"
    );
    let told = succeed(dir.path(), "plan contain --estate estate.yaml --compromised web-1");
    assert!(told.contains("declares no service"), "{told}");
    assert!(!told.contains("no service is hit") && !told.contains("nothing is within reach"), "{told}");
    let report = fs::read_to_string(dir.path().join("report.json")).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["summary"]["assets"], 3);
    assert_eq!(report["assets"][1]["attributes"]["addresses"][0], "nmap exports/scan.xml:3");
}

#[test]
fn a_second_import_changes_nothing() {
    let dir = folder();
    succeed(dir.path(), "estate import exports --out once.yaml");
    succeed(dir.path(), "estate import exports --estate once.yaml --out twice.yaml");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("an estate");
    assert_eq!(read("once.yaml"), read("twice.yaml"));
}

#[test]
fn estate_and_report_in_one_object() {
    let dir = folder();
    let both = succeed(dir.path(), "--quiet estate import exports/scan.xml --format json");
    let both: serde_json::Value = serde_json::from_str(&both).expect("JSON");
    assert_eq!(both["estate"]["assets"][0]["id"], "db-1");
    assert_eq!(both["report"]["files"][0]["format"], "nmap XML");
}

#[test]
fn files_of_no_known_format_are_an_input_error() {
    let dir = folder();
    fs::write(dir.path().join("poem.txt"), "shall I compare thee\n").expect("a file");
    let output = run(dir.path(), "estate import poem.txt");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("poem.txt: warning[unknown-format]"), "{said}");
    assert!(said.contains("nothing that can be imported"), "{said}");
}

#[test]
fn an_import_that_yields_no_host_and_no_network_writes_nothing() {
    let dir = folder();
    let empty = "<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\" version=\"7.95\">\n</nmaprun>\n";
    fs::write(dir.path().join("empty.xml"), empty).expect("a file");
    let output = run(dir.path(), "estate import empty.xml --out estate.yaml");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no host and no network"), "{}", stderr(&output));
    assert!(!dir.path().join("estate.yaml").exists());
}

/// A zip archive of `members`, as collectors ship their result.
fn archive(path: &Path, members: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("a file"));
    for (name, text) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(text.as_bytes()).expect("a member");
    }
    zip.finish().expect("an archive");
}

#[test]
fn archives_are_read_member_by_member_and_say_where() {
    let dir = tempfile::tempdir().expect("a folder");
    let again = SCAN.replace("web-1", "web-2").replace("db-1", "db-2").replace("10.1.0", "10.2.0");
    archive(
        &dir.path().join("scans.zip"),
        &[("b/second.xml", &again), ("first.xml", SCAN), ("note.txt", "hi\n")],
    );
    let packed = fs::File::create(dir.path().join("third.xml.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    let third = SCAN.replace("-1.harbour", "-3.harbour").replace("10.1.0", "10.3.0");
    packed.write_all(third.as_bytes()).expect("a file");
    packed.finish().expect("a file");
    let said =
        succeed(dir.path(), "estate import scans.zip third.xml.gz --out estate.yaml --report report.json");
    assert!(said.contains("7 assets"), "{said}");
    let report = fs::read_to_string(dir.path().join("report.json")).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let files: Vec<&str> =
        report["files"].as_array().expect("files").iter().filter_map(|it| it["file"].as_str()).collect();
    assert_eq!(
        files,
        ["scans.zip!b/second.xml", "scans.zip!first.xml", "scans.zip!note.txt", "third.xml.gz"]
    );
    let estate = fs::read_to_string(dir.path().join("estate.yaml")).expect("an estate");
    assert!(estate.contains("# nmap scans.zip!first.xml:3 "), "{estate}");
    succeed(dir.path(), "estate import third.xml.gz scans.zip --estate estate.yaml --out twice.yaml");
    assert_eq!(fs::read_to_string(dir.path().join("twice.yaml")).expect("an estate"), estate);
}

#[test]
fn a_broken_archive_is_told_and_the_rest_is_read() {
    let dir = folder();
    archive(&dir.path().join("exports/whole.zip"), &[("a.xml", SCAN)]);
    let whole = fs::read(dir.path().join("exports/whole.zip")).expect("an archive");
    fs::write(dir.path().join("exports/cut.zip"), &whole[..whole.len() / 2]).expect("a file");
    let output = run(dir.path(), "estate import exports --out estate.yaml");
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("exports/cut.zip: warning[incomplete-archive]"), "{said}");
}
