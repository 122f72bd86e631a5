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

/// The same events as EVTX and as the XML that Windows writes of them have the same fields.
#[test]
fn xml_has_the_fields_of_evtx() {
    let Some(folder) = shared_data("evtx") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (mut compared, mut different) = (0, Vec::new());
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(mut parser) = evtx::EvtxParser::from_path(&path) else { continue };
            let xml: String = parser.records().flatten().map(|it| it.data + "\n").collect();
            let file = scratch.path().join("events.xml");
            std::fs::write(&file, xml).unwrap();
            let (of_evtx, _) = read_all(&[&path], &Options::default());
            let (of_xml, telemetry) = read_all(&[&file], &Options::default());
            assert_eq!((of_evtx.len(), telemetry.malformed()), (of_xml.len(), 0), "{}", path.display());
            for (left, right) in of_evtx.iter().zip(&of_xml) {
                compared += 1;
                if let Some(it) = difference(&left.shown["fields"], &right.shown["fields"]) {
                    different.push(format!("{} {}: {it}", path.display(), left.record));
                }
            }
        }
    }
    assert!(compared > 8000);
    assert!(
        different.is_empty(),
        "{} of {compared}:\n{}",
        different.len(),
        different[..different.len().min(40)].join("\n")
    );
}

/// The first field of `left` that `right` has not with the same values.
fn difference(left: &serde_json::Value, right: &serde_json::Value) -> Option<String> {
    let (left, right) = (left.as_object()?, right.as_object()?);
    // Namespaces are no data, an empty element is no value, and XML cannot hold control characters.
    let found = left.iter().find(|(name, value)| {
        let same = match value {
            serde_json::Value::Bool(it) => right.get(*name) == Some(&it.to_string().into()),
            other => right.get(*name) == Some(other),
        };
        let is_text = !value.as_str().is_some_and(|it| it.contains(|c: char| c < '\t' || c == '\u{f}'));
        !name.contains("#attributes") && !value.is_null() && is_text && !same
    });
    found.map(|(name, value)| format!("{name}: {value} {:?}", right.get(name)))
}
