//! `estate import` as a person runs it: what it writes can be checked and planned on.

use std::fs;
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
    assert!(said.contains("2 assets"), "{said}");
    assert!(said.contains("not known, to be added"), "{said}");
    let checked = succeed(dir.path(), "estate check estate.yaml");
    assert!(checked.contains("2 assets"), "{checked}");
    let planned = succeed(dir.path(), "plan contain --estate estate.yaml --compromised web-1 --format json");
    assert!(planned.contains("by-hand-hosts"), "{planned}");
    let report = fs::read_to_string(dir.path().join("report.json")).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["summary"]["assets"], 2);
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
