//! Estates drafted from telemetry pass `estate check`, and say the same twice.

use std::path::Path;

use bulkhead_model::estate::{self, AssetKind, Estate};
use bulkhead_telemetry::discover::draft;
use expect_test::expect_file;

use crate::samples;
use crate::support::{observe, shared_data};

/// The draft of what `paths` hold, read back from its text without a fault that stops.
#[track_caller]
fn check(paths: &[&Path]) -> (Estate, Vec<String>) {
    let (observations, _) = observe(paths);
    let (estate, said) = draft(&observations, "Drafted estate");
    assert_eq!((estate.clone(), said.clone()), draft(&observations, "Drafted estate"));
    let text = serde_json::to_string(&estate).unwrap();
    let (read, diagnostics) = estate::read("draft", &text);
    let errors: Vec<String> =
        diagnostics.iter().filter(|it| it.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(read.as_ref(), Some(&estate));
    (estate, said)
}

#[test]
fn a_windows_log_gives_hosts_flows_accounts_and_a_domain_controller() {
    let (estate, said) = check(&[&samples::folder().join("samples").join("windows-nxlog.in")]);
    let text =
        serde_json::to_string_pretty(&serde_json::json!({"assumptions": said, "estate": estate})).unwrap();
    expect_file![samples::folder().join("samples").join("../discover/windows-nxlog.json")]
        .assert_eq(&(text + "\n"));
}

#[test]
fn nothing_seen_gives_an_empty_estate() {
    let (estate, said) = draft(&bulkhead_model::entity::Observations::default(), "x");
    assert_eq!((estate.assets.len(), estate.enforcement_points.len()), (0, 0));
    assert!(said[0].contains("No host"));
}

#[test]
fn every_otrf_archive_gives_a_sound_estate() {
    let Some(folder) = shared_data("otrf") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (estate, _) = check(&[&path]);
        assert!(!estate.assets.is_empty(), "{name}");
        if name.starts_with("covenant") {
            let controllers =
                estate.assets.iter().filter(|it| it.kind == AssetKind::IdentityProvider).count();
            assert_eq!(controllers, 1, "{name}");
            assert!(!estate.identities.is_empty(), "{name}");
        }
    }
}

#[test]
fn zeek_alone_gives_hosts_by_address_or_dhcp_name() {
    let Some(folder) = shared_data("zeek") else { return };
    let (estate, _) = check(&[&folder]);
    let ids: Vec<&str> = estate.assets.iter().map(|it| it.id.as_str()).collect();
    assert!(ids.contains(&"ip-10-0-2-2") && ids.contains(&"john-pc"), "{ids:?}");
}
