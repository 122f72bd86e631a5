//! `plan reach` as a person runs it: how far, how soon, through whom; and hosts listed in a file.

use std::fs;

use crate::bulkhead::{run, stderr, stdout};

const ESTATE: &str = r#"
version: 1
estate: {id: small, name: Small, country: FR, currency: EUR, timezone: Europe/Paris}
zones: [{id: office}, {id: servers}]
assets:
  - {id: desk, zone: office, value: 10}
  - {id: jump, zone: servers, value: 20}
  - {id: web, zone: servers, value: 30}
  - {id: db, zone: servers, value: 40, crown_jewel: true}
flows:
  - {id: to-jump, from: {asset: desk}, to: {asset: jump}, ports: [tcp/3389]}
  - {id: to-web, from: {asset: jump}, to: {asset: web}, ports: [tcp/22]}
  - {id: to-db, from: {asset: jump}, to: {asset: db}, ports: [tcp/5432]}
"#;

const REACHED: &str = "\
if nothing is done, 3 assets of 4 come within reach under `movement`, worth 90 EUR
the first that must not be reached, db, as early as 30 min from now; by the fewest moves:
  desk -> jump (to-jump tcp/3389)
  jump -> db (to-db tcp/5432)
  within  assets  protected  worth
  10 min  1       0          20 EUR
  25 min  2       0          50 EUR
  30 min  3       1          90 EUR
every way beyond leads through these hosts, or through what lies on them:
  host  assets behind  protected  worth
  jump  2              1          70 EUR
";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("estate.yaml"), ESTATE).expect("a file");
    dir
}

#[test]
fn how_far_how_soon_and_through_whom() {
    let dir = folder();
    let output = run(dir.path(), "--quiet plan reach --estate estate.yaml --compromised desk");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), REACHED);
    let output = run(dir.path(), "--quiet plan reach --estate estate.yaml --compromised web");
    assert_eq!(stdout(&output), "no other asset is within reach under `movement`\n");
}

#[test]
fn as_one_object() {
    let dir = folder();
    let output = run(dir.path(), "plan reach --estate estate.yaml --compromised desk --format json");
    let object: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(object["over_time"][2]["within_s"], 1800);
    assert_eq!(object["reached"][1]["asset"], "db");
    assert_eq!(object["choke_points"][0]["asset"], "jump");
}

#[test]
fn hosts_may_be_listed_in_a_file() {
    let dir = folder();
    fs::write(dir.path().join("hosts.txt"), "# from the sensor\ndesk, web\n\njump # seen twice\n")
        .expect("a file");
    let listed =
        run(dir.path(), "--quiet plan reach --estate estate.yaml --compromised @hosts.txt --format json");
    let named =
        run(dir.path(), "--quiet plan reach --estate estate.yaml --compromised desk,web,jump --format json");
    assert!(listed.status.success(), "{}", stderr(&listed));
    assert_eq!(stdout(&listed), stdout(&named));
    fs::write(dir.path().join("hosts.txt"), "desk\nprinter\n").expect("a file");
    let output = run(dir.path(), "plan contain --estate estate.yaml --compromised @hosts.txt");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("hosts.txt:2: `printer` is no asset or identity"),
        "{}",
        stderr(&output)
    );
    let output = run(dir.path(), "plan contain --estate estate.yaml --compromised @nowhere.txt");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nowhere.txt"), "{}", stderr(&output));
}
