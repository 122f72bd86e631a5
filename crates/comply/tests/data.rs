//! The embedded files: they read without a fault, and hold what the product promises.

use bulkhead_comply::Library;
use bulkhead_comply::load::load;

/// Rules, clauses, recipients and notes are there in both languages, each without words of the other.
#[test]
fn every_text_of_the_law_is_there_in_both_languages() {
    let library = bulkhead_comply::Library::builtin();
    let (english, french) = (
        [" the ", " and ", " of ", "within", "undue"],
        [" des ", " les ", "concern\u{e9}", "Autorit\u{e9}s", " et "],
    );
    for regime in library.regimes() {
        let stages = regime.stages.iter();
        let mut texts: Vec<&str> = stages.clone().map(|it| it.rule.as_str()).collect();
        texts.extend(regime.notes.iter().map(String::as_str));
        for text in &texts {
            assert!(regime.french.contains_key(*text), "{}: no French for {text:?}", regime.id);
        }
        texts.extend(stages.flat_map(|it| &it.recipients).map(|it| it.1.as_str()));
        for text in texts {
            assert!(french.iter().all(|it| !text.contains(it)), "{}: French in {text:?}", regime.id);
            // Names of authorities stay.
            let said = regime.in_french(text).replace("Central Bank of Ireland", "");
            assert!(english.iter().all(|it| !said.contains(it)), "{}: English in {said:?}", regime.id);
        }
        for (en, fr) in &regime.french {
            assert!(french.iter().all(|it| !en.contains(it)), "{}: {en:?}", regime.id);
            let said = fr.replace("Central Bank of Ireland", "");
            assert!(english.iter().all(|it| !said.contains(it)), "{}: {fr:?}", regime.id);
        }
    }
}

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
