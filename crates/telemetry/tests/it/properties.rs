//! No bytes make the readers panic, and packing or cutting them changes nothing that it should not.

use std::fs;
use std::path::Path;

use bulkhead_telemetry::{Options, parse_address, parse_time};
use proptest::prelude::*;

use crate::archives::zip;
use crate::samples;
use crate::support::{observe, read_all};

/// The samples' bytes, as a beginning for mutations.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = samples::files().iter().map(|it| fs::read(it).unwrap()).collect();
    seeds.push(zip(&[("a.json", b"{\"a\":1}\n"), ("conn.log", &seeds[0])]));
    seeds.push(crate::archives::tar(&[("a.json", b"{\"a\":1}\n"), ("conn.log", &seeds[0])]));
    seeds.push(crate::evtx::file(&["one", "two"]));
    seeds
}

/// Reads `bytes` and takes everything apart.
fn read_bytes(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conn.log");
    fs::write(&path, bytes).unwrap();
    let (records, telemetry) = read_all(&[&path], &samples::options());
    assert_eq!(records.len() as u64, telemetry.events());
    let (observations, _) = observe(&[&path]);
    let _ = bulkhead_telemetry::discover::draft(&observations, "x");
}

/// Few cases on every run, many when `PROPTEST_CASES` asks for them.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(200), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read_bytes(&bytes);
    }

    #[test]
    fn no_change_to_a_sample_panics(
        seed in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
        keep in any::<bool>(),
    ) {
        let seeds = seeds();
        let mut bytes = seed.get(&seeds).clone();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !keep {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_bytes(&bytes);
    }

    #[test]
    fn no_text_panics_the_small_parsers(text in "\\PC{0,40}", digits in "[0-9:.TZ+ -]{0,40}") {
        for text in [text, digits] {
            let _ = (parse_time(&text), parse_address(&text));
        }
    }

    /// However long the lines and wherever the buffer ends, every line comes out once.
    #[test]
    fn every_line_comes_out_once(lengths in proptest::collection::vec(0..400_000_usize, 1..8)) {
        let lines: Vec<String> = lengths.iter().enumerate().map(|(n, length)| {
            format!("{{\"n\":{n},\"x\":\"{}\"}}", "x".repeat(*length))
        }).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, lines.join("\n")).unwrap();
        let (records, _) = read_all(&[&path], &Options { record_max: 300_000, ..Options::default() });
        let kept: Vec<&String> = lines.iter().filter(|it| it.len() <= 300_000).collect();
        prop_assert_eq!(records.len(), kept.len());
        for (record, line) in records.iter().zip(kept) {
            prop_assert_eq!(&record.raw, line.as_bytes());
        }
    }
}

/// Inputs that once broke a parser or that a fuzzer found interesting; see `fuzz/`.
#[test]
fn the_fuzzing_corpus_reads_without_panic() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus"));
    let mut files = 0;
    for target in fs::read_dir(corpus).unwrap() {
        for entry in fs::read_dir(target.unwrap().path()).unwrap() {
            read_bytes(&fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
    }
    assert!(files > 0, "the corpus is missing");
}
