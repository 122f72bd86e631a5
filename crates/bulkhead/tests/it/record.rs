//! The record of a whole drill: accepted as written, rejected after any change.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;

/// What each file held before; nothing for one that was not there.
type Undo = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Changes one thing about the case; returns what, and how to undo it.
fn edit(case: &Path, names: &[PathBuf], rng: &mut TestRng) -> (String, Undo) {
    let pick = |rng: &mut TestRng| case.join(&names[rng.next_u64() as usize % names.len()]);
    let path = pick(rng);
    let old = fs::read(&path).expect("a file");
    let mut undo = vec![(path.clone(), Some(old.clone()))];
    let what = match rng.next_u64() % 5 {
        0 if !old.is_empty() => {
            let mut new = old.clone();
            let at = rng.next_u64() as usize % new.len();
            new[at] ^= 1 << (rng.next_u64() % 8);
            fs::write(&path, new).expect("written");
            format!("flip a bit of byte {at} of")
        }
        1 if !old.is_empty() => {
            let length = rng.next_u64() as usize % old.len();
            fs::write(&path, &old[..length]).expect("written");
            format!("truncate to {length} bytes")
        }
        2 => {
            fs::remove_file(&path).expect("removed");
            "remove".to_owned()
        }
        3 => {
            let added = path.with_extension(format!("added{}", rng.next_u64() % 1000));
            fs::write(&added, b"x").expect("written");
            undo = vec![(added, None)];
            "add beside".to_owned()
        }
        _ => {
            let other = pick(rng);
            let theirs = fs::read(&other).expect("a file");
            if theirs == old {
                fs::write(&path, [old.as_slice(), b"\n"].concat()).expect("written");
                "lengthen".to_owned()
            } else {
                fs::write(&path, &theirs).expect("written");
                fs::write(&other, &old).expect("written");
                undo.push((other.clone(), Some(theirs)));
                format!("swap with {}", other.display())
            }
        }
    };
    (format!("{what} {}", path.display()), undo)
}

#[test]
fn every_one_of_a_thousand_edits_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "drill --quiet --out case").status.code(), Some(0));
    let case = dir.path().join("case");
    let accepted = run(dir.path(), "case verify case");
    assert_eq!(accepted.status.code(), Some(0), "{}", stdout(&accepted));
    assert!(stdout(&accepted).contains("the signer is not authenticated"));
    let names: Vec<PathBuf> = tree(&case).into_keys().collect();
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    for _ in 0..1000 {
        let (what, undo) = edit(&case, &names, &mut rng);
        let report = bulkhead_journal::verify(&case, None);
        assert!(report.is_err() || report.is_ok_and(|it| !it.is_ok()), "accepted after: {what}");
        for (path, bytes) in undo {
            match bytes {
                Some(bytes) => fs::write(&path, bytes).expect("restored"),
                None => fs::remove_file(&path).expect("removed"),
            }
        }
    }
    assert!(bulkhead_journal::verify(&case, None).expect("readable").is_ok(), "the edits were not undone");
}

#[test]
fn an_edited_case_is_the_commands_negative_verdict() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "drill --quiet --out case").status.code(), Some(0));
    let plan = dir.path().join("case/plan.json");
    let text = fs::read_to_string(&plan).expect("a plan");
    fs::write(&plan, text.replacen("\"gap\": 0", "\"gap\": 1", 1)).expect("written");
    let rejected = run(dir.path(), "case verify case");
    assert_eq!(rejected.status.code(), Some(1), "{}", stderr(&rejected));
    assert!(stdout(&rejected).contains("plan.json"));
}

#[test]
fn an_erased_vault_is_listed_and_accepted() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(run(dir.path(), "drill --quiet --out case").status.code(), Some(0));
    let erased = run(dir.path(), "case erase case --reason requested --now 2025-09-01T00:00:00Z");
    assert_eq!(erased.status.code(), Some(0), "{}", stderr(&erased));
    let verified = run(dir.path(), "case verify case");
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("erased"));
}

#[test]
fn whoever_closes_the_pipe_early_loses_no_case() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(["drill", "--quiet", "--out", "case"])
        .current_dir(dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(bulkhead_journal::verify(&dir.path().join("case"), None).expect("readable").is_ok());
}
