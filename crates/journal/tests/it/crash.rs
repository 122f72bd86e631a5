//! Killing the process between any two writes loses nothing that was appended and leaves nothing half done.

use std::path::Path;
use std::process::{Command, abort};

use bulkhead_journal::{Draft, Journal, export, reopen, verify};

use crate::fixture::{at, draft, key};
use crate::store::ByKind;

/// Tells the child where to live and before which write to die.
const DIR: &str = "BULKHEAD_JOURNAL_CRASH_DIR";
const DIE_AT: &str = "BULKHEAD_JOURNAL_CRASH_AT";
/// Appends of a whole life, two entries each.
const BATCHES: u64 = 4;
/// What a child says when it got to the end.
const DONE: i32 = 7;

/// Batch `n`; the second entry of the last one is too long for a bundle.
fn batch(n: u64) -> Vec<Draft> {
    let big = if n == BATCHES - 1 { 70_000 } else { 10 };
    vec![draft("first", n as i64, format!("{n}")), draft("second", n as i64, "y".repeat(big))]
}

/// The life of the child: goes on from where the journal is, appends, signs, exports. Nothing happens unless it is one.
#[test]
fn life_of_the_child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let (dir, die_at) = (Path::new(&dir), std::env::var(DIE_AT).unwrap().parse::<u64>().unwrap());
    let mut journal = Journal::open(&dir.join("journal.db"), vec![Box::new(ByKind(1))]).unwrap();
    let mut writes = 0;
    journal.set_before_write(move |_| {
        if writes == die_at {
            abort();
        }
        writes += 1;
    });
    for n in journal.size() / 2..BATCHES {
        journal.append(batch(n)).unwrap();
    }
    journal.checkpoint(&key()).unwrap();
    export(&mut journal, &dir.join("case"), &key(), at(100), "journal").unwrap();
    std::process::exit(DONE);
}

/// Lives one life in `dir`; whether it got to the end.
fn live(dir: &Path, die_at: u64) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::life_of_the_child", "--exact", "--nocapture"])
        .env(DIR, dir)
        .env(DIE_AT, die_at.to_string())
        .output()
        .unwrap();
    child.status.code() == Some(DONE)
}

#[test]
fn killed_between_any_two_writes() {
    let mut died = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("case")).unwrap();
        let ended = live(dir.path(), died);
        let path = dir.path().join("journal.db");
        if path.exists() {
            let journal = Journal::open(&path, vec![Box::new(ByKind(1))]).unwrap();
            journal.check().unwrap();
            check_whole_batches(&journal, died);
        }
        if ended {
            break;
        }
        let half = verify(&dir.path().join("case"), None).unwrap();
        assert!(!half.is_ok() || half.entries > 2 * BATCHES, "write {died}: half an export verifies");
        assert!(live(dir.path(), u64::MAX), "write {died}: the next life gets to the end");
        let report = verify(&dir.path().join("case"), Some(&key().public())).unwrap();
        assert!(report.is_ok(), "write {died}: {report}");
        check_whole_batches(&reopen(&dir.path().join("case"), &key()).unwrap(), died);
        died += 1;
    }
    assert!(died > 50, "{died} writes");
}

/// All of a batch or none of it, to the byte, and the projection with it.
fn check_whole_batches(journal: &Journal, died: u64) {
    let entries = journal.entries().unwrap();
    let own = entries.iter().filter(|it| it.kind != "case_sealed").count() as u64;
    assert!(own.is_multiple_of(2), "write {died}: {own} entries");
    let expected = (0..own / 2).flat_map(batch);
    for (entry, expected) in entries.iter().zip(expected) {
        assert_eq!((&entry.kind, &entry.body), (&expected.kind, &expected.body), "write {died}");
    }
    if journal.path() != Path::new(":memory:") {
        assert_eq!(u64::from(crate::store::count(journal, "first")), own / 2, "write {died}");
    }
}
