//! How much left to where, by the records of flows that each source writes.

use std::fs;

use crate::support::observe;

/// Lines of a file in; `FROM TO BYTES LAST` out, for what went to addresses of no private network.
#[track_caller]
fn check(name: &str, lines: &[&str], expect: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (seen, telemetry) = observe(&[&path]);
    assert_eq!(telemetry.malformed(), 0, "{:?}", telemetry.diagnostics);
    let found: Vec<String> = seen
        .sent
        .iter()
        .map(|(it, sum)| format!("{} {} {} {}", it.from, it.to, sum.bytes, sum.last))
        .collect();
    assert_eq!(found, expect, "{name}");
}

#[test]
fn bytes_count_by_direction() {
    let conn = |from: &str, to: &str| {
        format!(
            r#"{{"ts":1732086000,"uid":"C","id.orig_h":"{from}","id.resp_h":"{to}","id.resp_p":443,"proto":"tcp","duration":120.5,"orig_bytes":9000000000,"resp_bytes":70,"conn_state":"SF"}}"#
        )
    };
    check(
        "conn.log",
        &[&conn("10.0.0.5", "8.8.4.4")],
        &["10.0.0.5 8.8.4.4 9000000000 2024-11-20T07:02:00.5Z"],
    );
    check("conn.log", &[&conn("8.8.4.4", "10.0.0.5")], &["10.0.0.5 8.8.4.4 70 2024-11-20T07:02:00.5Z"]);
    check("conn.log", &[&conn("10.0.0.5", "10.0.0.6")], &[]);
    let eve = |kind: &str, more: &str| {
        format!(
            r#"{{"timestamp":"2025-07-25T10:02:13Z","flow_id":3,"event_type":"{kind}","src_ip":"10.0.0.5","src_port":50001,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP",{more}}}"#
        )
    };
    let flow = r#""flow":{"bytes_toserver":500,"bytes_toclient":20}"#;
    let lines = [eve("flow", flow), eve("alert", flow), eve("netflow", r#""netflow":{"bytes":7}"#)];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check("eve.json", &lines, &["10.0.0.5 203.0.113.9 507 2025-07-25T10:02:13Z"]);
}

#[test]
fn firewalls_proxies_and_collectors_count() {
    let fortigate = r#"date=2024-03-01 time=10:00:00 tz="+0000" devname="FG1" devid="F" logid="0000000013" type="traffic" subtype="forward" srcip=10.0.0.5 dstip=203.0.113.9 dstport=443 proto=6 action="accept" sentbyte=900"#;
    let close = format!("{fortigate} rcvdbyte=5");
    let long = format!("{fortigate} rcvdbyte=5 sentdelta=100 rcvddelta=1");
    check("fg.log", &[&close, &long], &["10.0.0.5 203.0.113.9 1000 2024-03-01T10:00:00Z"]);
    let ecs = r#"{"@timestamp":"2024-03-01T10:00:00Z","event":{"category":"network"},"source":{"ip":"10.0.0.5","bytes":900},"destination":{"ip":"203.0.113.9","port":443,"bytes":5},"network":{"transport":"tcp","bytes":905}}"#;
    check("ecs.json", &[ecs], &["10.0.0.5 203.0.113.9 900 2024-03-01T10:00:00Z"]);
    let both = r#"{"@timestamp":"2024-03-01T10:00:00Z","source":{"ip":"10.0.0.5"},"destination":{"ip":"203.0.113.9","port":443},"network":{"transport":"tcp","bytes":905}}"#;
    check("ecs.json", &[both], &[]);
    let flow = r#"{"timestamp":"2024-03-01T10:00:00Z","src_ip":"10.0.0.5","dst_ip":"203.0.113.9","dst_port":443,"proto":"tcp","in_bytes":900,"out_bytes":5}"#;
    check("flow.json", &[flow], &["10.0.0.5 203.0.113.9 900 2024-03-01T10:00:00Z"]);
    let teardown = "Mar 01 2024 10:00:00 fw1 : %ASA-6-302014: Teardown TCP connection 1 for outside:203.0.113.9/443 to inside:10.0.0.5/5000 duration 0:00:10 bytes 905 TCP FINs";
    check("asa.log", &[teardown], &[]);
}

#[test]
fn every_public_address_is_watched_and_counted() {
    for to in ["8.8.4.4", "192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::9", "2a00:1450::1"] {
        let line = format!(
            r#"{{"ts":1732086000,"uid":"C","id.orig_h":"10.0.0.5","id.resp_h":"{to}","id.resp_p":443,"proto":"tcp","orig_bytes":9,"resp_bytes":7,"conn_state":"SF"}}"#
        );
        check("conn.log", &[&line], &[&format!("10.0.0.5 {to} 9 2024-11-20T07:00:00Z")]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conn.log");
        fs::write(&path, line).unwrap();
        let (seen, _) = observe(&[&path]);
        let ends: Vec<String> =
            seen.wire.iter().map(|(it, sensed)| format!("{it} {}", sensed.len())).collect();
        assert!(ends.contains(&"10.0.0.5 1".to_owned()) && ends.contains(&format!("{to} 1")), "{ends:?}");
    }
}
