//! The embedded files: they read without a fault, and hold what the product promises.

use bulkhead_comply::Library;
use bulkhead_comply::load::load;

#[test]
fn every_embedded_file_reads_without_a_fault() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let library = Library::builtin();
    let mut files = 0;
    for folder in ["regimes", "calendars"] {
        for entry in std::fs::read_dir(format!("{root}{folder}")).expect("folder") {
            let path = entry.expect("entry").path();
            let text = std::fs::read_to_string(&path).expect("text");
            let (loaded, faults) = load(&path.display().to_string(), &text);
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert_eq!(faults, Vec::<String>::new());
            for regime in loaded.regimes {
                assert!(library.regime(&regime.id).is_some(), "{} is not embedded", regime.id);
            }
            for calendar in loaded.calendars {
                assert!(library.calendar(&calendar.id).is_some(), "{} is not embedded", calendar.id);
            }
            files += 1;
        }
    }
    assert!(files >= 14);
}

#[test]
fn the_promised_regimes_are_there() {
    let library = Library::builtin();
    for id in [
        "NIS2",
        "NIS2-REC",
        "NIS1-FR-OSE",
        "OIV",
        "CPCE",
        "CPCE-THREAT",
        "GDPR-33",
        "GDPR-34",
        "EPRIV-611",
        "DORA",
        "DORA-CLIENT",
        "EIDAS-Q",
        "EIDAS-NQ",
        "CRA-VULN",
        "CRA-INC",
        "CER",
        "ASSUR",
        "MAR-17",
        "SEC-8K",
        "FCC",
        "CIRCIA",
        "UK-TEL",
        "UK-NIS",
        "OMNIBUS",
    ] {
        assert!(library.regime(&id.into()).is_some(), "{id}");
    }
    for id in ["FR", "DE", "SE", "IE", "US", "UK", "GB", "EU-INSTITUTIONS"] {
        assert!(library.calendar(id).is_some(), "{id}");
    }
}
