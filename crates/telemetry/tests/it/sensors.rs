//! What kind of sensor a record shows to be watching whom: host by host, address by address.

use std::fs;

use bulkhead_model::entity::Sensed;

use crate::support::observe;

/// A file of `lines` called `name`; `HOST-OR-ADDRESS SENSOR,SENSOR` for each that a sensor watches, and who recorded flows
/// between which private addresses.
#[track_caller]
fn check(name: &str, lines: &[&str], expect: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (seen, _) = observe(&[&path]);
    let names = |it: &Sensed| it.keys().map(|it| it.as_str()).collect::<Vec<_>>().join(",");
    let hosts = seen.hosts.iter().filter(|it| !it.1.sensed.is_empty());
    let mut found: Vec<String> = hosts.map(|(name, it)| format!("{name} {}", names(&it.sensed))).collect();
    found.extend(seen.wire.iter().map(|(address, it)| format!("{address} {}", names(it))));
    let inside =
        seen.hosts.iter().map(|(name, it)| (name.as_str(), &it.inside)).chain([("wire", &seen.inside)]);
    for (by, pairs) in inside {
        found.extend(pairs.keys().map(|it| format!("{by} {}>{} inside", it.from, it.to)));
    }
    assert_eq!(found, expect, "{name}");
}

/// An event of the Windows log `channel`.
fn windows(channel: &str, id: u32, data: &str) -> String {
    format!(
        "{{\"EventID\":{id},\"Channel\":\"{channel}\",\"Computer\":\"ws5.corp.example\",\
         \"UtcTime\":\"2026-03-02 12:00:00.000\",\"TimeCreated\":\"2026-03-02T12:00:00Z\"{data}}}"
    )
}

#[test]
fn windows_logs_tell_by_channel_and_number() {
    const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
    for (channel, id, expect) in [
        (SYSMON, 1, "process"),
        (SYSMON, 11, "file"),
        (SYSMON, 22, "dns"),
        ("Security", 4624, "logon"),
        ("Security", 4688, "process"),
        ("Security", 4663, "file"),
    ] {
        let line = windows(channel, id, ",\"Image\":\"C:\\\\a.exe\"");
        check("events.ndjson", &[&line], &[&format!("ws5.corp.example {expect}")]);
    }
    // A flow to nobody shows nothing of what leaves.
    check("events.ndjson", &[&windows(SYSMON, 3, "")], &[]);
    check("events.ndjson", &[&windows("Security", 5156, "")], &[]);
    let other = windows("System", 7045, ",\"ServiceName\":\"a\"");
    check("events.ndjson", &[&other], &[]);
}

#[test]
fn a_sensor_on_the_wire_watches_both_ends_and_an_alert_watches_nobody() {
    let conn = r#"{"ts":1772452800.0,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"10.0.1.3","id.resp_p":443,"proto":"tcp","conn_state":"SF","orig_bytes":10,"resp_bytes":20}"#;
    // Whether both ends are known is for the estate to say.
    check("conn.log", &[conn], &["wire 10.0.0.5>10.0.1.3 inside"]);
    check("conn.log", &[&conn.replace("10.0.1.3", "8.8.8.8")], &["8.8.8.8 egress", "10.0.0.5 egress"]);
    let eve = |kind: &str| {
        format!(
            "{{\"timestamp\":\"2026-03-02T12:00:00.000000+0000\",\"event_type\":\"{kind}\",\"src_ip\":\"10.0.0.5\",\
             \"src_port\":50000,\"dest_ip\":\"10.0.1.3\",\"dest_port\":443,\"proto\":\"TCP\",\"flow_id\":1}}"
        )
    };
    check("eve.json", &[&eve("flow")], &["wire 10.0.0.5>10.0.1.3 inside"]);
    check("eve.json", &[&eve("alert")], &[]);
}

#[test]
fn a_logon_in_a_servers_log_shows_logons_only() {
    let line =
        "2026-03-02T12:00:00+00:00 vault1 sshd[7]: Accepted password for ada from 10.0.0.5 port 22 ssh2";
    check("auth.log", &[line], &["vault1 logon"]);
}
