//! The public data sets: every file is read, and hardly a record is lost.

use std::ops::ControlFlow;

use bulkhead_telemetry::{Format, Options, Record, Telemetry, entities, read};

use crate::support::{observe, read_all, shared_data};

#[track_caller]
fn check_all_read(telemetry: &Telemetry, malformed: u64) {
    assert!(!telemetry.has_errors(), "{:?}", telemetry.diagnostics);
    assert_eq!(telemetry.malformed(), malformed, "{:?}", telemetry.diagnostics);
}

#[test]
fn otrf_host_and_zeek_archives() {
    let Some(folder) = shared_data("otrf") else { return };
    let (observations, telemetry) = observe(&[&folder]);
    check_all_read(&telemetry, 0);
    assert_eq!((telemetry.events(), telemetry.sources.len()), (228_210, 47));
    for host in
        ["workstation5.theshire.local", "mordordc.theshire.local", "hr001.shire.com", "prd01.pandalab.com"]
    {
        assert!(observations.hosts.contains_key(host), "{host}");
    }
    assert_eq!(observations.dropped, 0);
    let without_time = observations.hosts.values().filter(|it| it.seen.first.is_none()).count();
    assert_eq!(without_time, 0);
}

#[test]
fn every_evtx_file() {
    let Some(folder) = shared_data("evtx") else { return };
    let (observations, telemetry) = observe(&[&folder]);
    assert_eq!(telemetry.sources.len(), 277);
    assert!(telemetry.sources.iter().all(|it| it.format == Format::Evtx && it.events > 0));
    check_all_read(&telemetry, 0);
    assert_eq!(telemetry.events(), 8255);
    assert!(observations.hosts.len() > 20);
}

#[test]
fn zeek_folders_in_both_formats() {
    let Some(folder) = shared_data("zeek") else { return };
    let (records, telemetry) = read_all(&[&folder], &Options::default());
    // One line of a notice.log has blanks where tabs belong.
    check_all_read(&telemetry, 1);
    assert!(records.iter().all(|it| it.shown["shape"] == "Zeek"));
    assert!(records.iter().all(|it| it.shown["fields"]["_path"].is_string()));
}

#[test]
fn ait_alerts_without_their_labels() {
    let Some(folder) = shared_data("ait-ads") else { return };
    let alerts: Vec<_> = ["russellmitchell_alerts.txt", "santos_alerts.txt"].map(|it| folder.join(it)).into();
    let mut faults = 0;
    let mut sink = |record: &Record<'_>| {
        let raw = record.event.raw();
        let labelled = raw.ends_with(b",-") || memchr::memmem::find(raw, b"false_positive").is_some();
        let nameless = entities(record.event).host.is_none();
        faults += u32::from(labelled || nameless);
        ControlFlow::Continue(())
    };
    let paths: Vec<String> = alerts.iter().map(|it| it.display().to_string()).collect();
    let telemetry = read(&paths, &Options::default(), &mut sink);
    check_all_read(&telemetry, 0);
    assert_eq!((telemetry.events(), faults), (45_544 + 130_779, 0));
}
