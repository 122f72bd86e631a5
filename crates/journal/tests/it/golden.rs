//! Stored formats must be readable for ever: a case and a database as the first version wrote them.
//!
//! A new format gets new files beside these: run once with `BULKHEAD_GOLDEN=write`, which touches none that is there.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_journal::{Journal, SigningKey, Vault, export, reopen, verify};

use crate::fixture::{at, draft, files, key, write_files};

const CASE_ROOT: &str = "ce7039552ebe9cca3922140decc9d97c15f2227f568bd7e671526e947e8dd59f";
const SECOND_ROOT: &str = "97db268b262b6d2e6cc60e0cc6c2d0c74c6dcd8adabcab63a259a6ea0f1ad722";
const DATABASE_ROOT: &str = "7e482fe76a4a6846315cbce033944d9c8bdabfa14aee9b2ac8ae56c4f4fdb0e9";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn fill(journal: &mut Journal) {
    let mut second = draft("second", 2, "x".repeat(60_001));
    second.cause = Some(0);
    journal.append(vec![draft("first", 1, "{\"n\":1}"), second]).unwrap();
    journal.append(vec![draft("third", 3, [0, 159, 10, 255])]).unwrap();
}

/// Writes what is missing.
fn write() {
    if !golden("case-v2").exists() {
        let dir = golden("case-v2");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("incident.json"), "{}\n").unwrap();
        let mut vault =
            Vault::create(&dir.join("vault"), [3; 32], bulkhead_journal::KeyOrigin::Random).unwrap();
        vault.put(&b"raw evidence"[..]).unwrap();
        vault.pseudonym("corp\\alice").unwrap();
        let mut journal = Journal::in_memory().unwrap();
        fill(&mut journal);
        export(&mut journal, &dir, &key(), at(9), "journal").unwrap();
    }
    if !golden("journal-v1.db").exists() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&dir.path().join("journal.db"), Vec::new()).unwrap();
        fill(&mut journal);
        journal.checkpoint(&key()).unwrap();
        drop(journal);
        fs::copy(dir.path().join("journal.db"), golden("journal-v1.db")).unwrap();
    }
}

#[test]
fn the_first_case_still_verifies() {
    check("case-v1", CASE_ROOT);
    let vault = Vault::open(&copied(&golden("case-v1")).path().join("vault")).unwrap();
    let hidden = fs::read_to_string(golden("case-v1/vault/mapping.ndjson")).unwrap();
    let pseudonym = hidden.split('"').find(|it| it.starts_with("account:")).unwrap();
    assert_eq!(vault.names().behind(pseudonym), Some("corp\\alice"));
}

/// Since the second version a checkpoint tells of which record it is.
#[test]
fn the_second_case_still_verifies() {
    if std::env::var("BULKHEAD_GOLDEN").is_ok_and(|it| it == "write") {
        write();
    }
    check("case-v2", SECOND_ROOT);
}

fn copied(case: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_files(dir.path(), &files(case));
    dir
}

#[track_caller]
fn check(case: &str, root: &str) {
    let report = verify(&golden(case), Some(&key().public())).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.entries, report.root.as_str()), (4, root));
    // Written again from what it says, it is the same case to the byte, but for the head of the first version.
    let dir = copied(&golden(case));
    let held = reopen(dir.path(), &key()).unwrap().entries().unwrap();
    let mut journal = Journal::in_memory().unwrap();
    let drafts = held[..3].iter().map(|it| bulkhead_journal::Draft {
        kind: it.kind.clone(),
        v: it.v,
        at: it.at,
        actor: it.actor.clone(),
        cause: it.cause,
        body: it.body.clone(),
    });
    journal.append(drafts.collect()).unwrap();
    export(&mut journal, dir.path(), &key(), at(9), "journal").unwrap();
    let (mut now, mut then) = (files(dir.path()), files(&golden(case)));
    if case == "case-v1" {
        now.retain(|path, _| !path.ends_with("checkpoint"));
        then.retain(|path, _| !path.ends_with("checkpoint"));
    }
    assert_eq!(now, then);
}

#[test]
fn the_first_database_still_opens() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    fs::copy(golden("journal-v1.db"), &path).unwrap();
    let mut journal = Journal::open(&path, Vec::new()).unwrap();
    journal.check().unwrap();
    let root: String = journal.root().iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!((journal.size(), root.as_str()), (3, DATABASE_ROOT));
    let entry = journal.entry(1).unwrap().unwrap();
    assert_eq!(
        (entry.kind.as_str(), entry.cause, entry.body.len(), entry.at),
        ("second", Some(0), 60_001, at(2))
    );
    assert_eq!(journal.append(vec![draft("fourth", 4, "{}")]).unwrap(), 3);
}

#[test]
fn the_bytes_of_an_entry_are_these() {
    let mut journal = Journal::in_memory().unwrap();
    fill(&mut journal);
    let text = |seq| String::from_utf8(journal.record(seq).unwrap()).unwrap();
    expect_test::expect![[r#"
        {"seq":0,"kind":"first","v":1,"at":"2025-07-25T08:00:01Z","actor":"engine","cause":null}
        {"n":1}"#]]
    .assert_eq(&text(0));
    expect_test::expect![[r#"
        {"seq":1,"kind":"second","v":1,"at":"2025-07-25T08:00:02Z","actor":"engine","cause":0,"body_sha256":"1ff294e0aaf799e8ca4b6fed5eb45b4f4ac5448e0f86f66d91624797972fe16e","body_bytes":60001}
    "#]]
    .assert_eq(&text(1));
    let note = journal.checkpoint(&SigningKey::demonstration()).unwrap();
    expect_test::expect![[r#"
        demonstration.bulkhead.invalid
        3
        fkgv52pKaEYxXLzgM5RNnIvav6FK7psqyK5WxPT9sOk=
        first sha256:4b09fff762f7765007dbcdbbb3f1877b03814960f2934aa1051ba8c87732c421

        — demonstration.bulkhead.invalid KtTfSZIu3JQBANBhbcXQ2QyQGK7W2OWS4r3N0OXHWpTUkI44Y7ZYPRFVWcXeDEg+9yTT73os3QOHEq7VA2qI1b2vRAw=
    "#]].assert_eq(&note);
}
