//! An interrupted run is carried on to the same bytes, whenever it was interrupted.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;
use crate::faults::{Fault, RESPOND, intrusion, nth, possible, sample, traced};

/// Plays `args` whole, and again killed or stopped at its records (each is one call that makes it durable) and carried on.
#[track_caller]
fn check_resumed(prepare: &dyn Fn(&Path), args: &str, faults: &[Fault], most: usize) {
    if !possible() {
        return;
    }
    let whole = tempfile::tempdir().expect("a folder");
    prepare(whole.path());
    let (done, calls) = traced(whole.path(), args, "fsync", None);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let expected = tree(&whole.path().join("case"));
    let records = nth(&calls, "fsync", |it| it.contains(".sqlite"));
    assert!(records.len() > 10, "{records:?}");
    for fault in faults {
        for nth in sample(&records, most) {
            let dir = tempfile::tempdir().expect("a folder");
            prepare(dir.path());
            let (stopped, _) = traced(dir.path(), args, "fsync", Some(("fsync", *fault, nth)));
            let when = format!("{fault:?} at call {nth}");
            if *fault != Fault::Signal("SIGKILL") && dir.path().join("case").exists() {
                // It came after the last record: there was nothing left to be stopped at.
                assert!(tree(&dir.path().join("case")) == expected, "{when}: made, but not as it should be");
                continue;
            }
            assert!(!dir.path().join("case").exists(), "{when}: made all the same");
            if *fault != Fault::Signal("SIGKILL") {
                assert_eq!(stopped.status.code(), Some(1), "{when}: {}", stderr(&stopped));
                assert!(
                    stderr(&stopped).contains("bulkhead case resume case"),
                    "{when}: {}",
                    stderr(&stopped)
                );
            }
            let refused = run(dir.path(), args);
            assert_eq!(refused.status.code(), Some(2), "{when}: {}", stderr(&refused));
            assert!(stderr(&refused).contains("bulkhead case resume case"), "{when}: {}", stderr(&refused));
            let resumed = run(dir.path(), "case resume case");
            assert_eq!(resumed.status.code(), Some(0), "{when}: {}", stderr(&resumed));
            assert_eq!(stdout(&resumed), stdout(&done), "{when}: tells the same");
            assert!(tree(&dir.path().join("case")) == expected, "{when}: other bytes");
            assert!(!dir.path().join("case.running").exists(), "{when}");
        }
    }
}

#[test]
fn a_drill_killed_or_stopped_at_any_record_ends_as_if_it_had_not_been() {
    check_resumed(&|_| {}, "drill --quiet --out case", &[Fault::Signal("SIGKILL")], 1);
}

#[test]
fn a_response_killed_or_stopped_at_any_record_ends_as_if_it_had_not_been() {
    let faults = [Fault::Signal("SIGKILL"), Fault::Signal("SIGTERM"), Fault::Signal("SIGINT")];
    check_resumed(&intrusion, RESPOND, &faults, 4);
}

#[test]
fn a_run_is_carried_on_with_what_it_read_even_when_that_is_gone() {
    if !possible() {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    let (_, calls) = traced(dir.path(), RESPOND, "fsync", None);
    let records = nth(&calls, "fsync", |it| it.contains(".sqlite"));
    let expected = tree(&dir.path().join("case"));
    fs::remove_dir_all(dir.path().join("case")).expect("removed");
    let killed = records[records.len() / 2];
    traced(dir.path(), RESPOND, "fsync", Some(("fsync", Fault::Signal("SIGKILL"), killed)));
    fs::remove_file(dir.path().join("estate.yaml")).expect("removed");
    fs::write(dir.path().join("rule.yml"), "another\n").expect("written");
    let log = fs::read_to_string(dir.path().join("auth.log")).expect("there");
    fs::write(dir.path().join("auth.log"), log.clone() + "more\n").expect("written");
    let refused = run(dir.path(), "case resume case");
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("auth.log` is not what it was"), "{}", stderr(&refused));
    restore(&dir.path().join("auth.log"), &log, dir.path());
    let resumed = run(dir.path(), "case resume case");
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    assert!(tree(&dir.path().join("case")) == expected);
}

/// Puts telemetry back as it was, to the instant it was changed.
fn restore(path: &Path, text: &str, dir: &Path) {
    let noted = fs::read_to_string(dir.join("case.running/run.json")).expect("noted");
    let run: serde_json::Value = serde_json::from_str(&noted).expect("JSON");
    let at = run["telemetry"][0]["modified"].as_u64().expect("an instant");
    fs::write(path, text).expect("written");
    let file = fs::File::options().write(true).open(path).expect("opened");
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_nanos(at)).expect("set");
}

#[test]
fn what_was_not_interrupted_is_not_resumed() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = run(dir.path(), "case resume case");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("was not interrupted"), "{}", stderr(&refused));
}

#[test]
fn two_processes_on_one_directory_get_a_clear_message() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.log"), "x\n").expect("written");
    // The first waits for the end of its standard input.
    let mut first = Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(["respond", "-", "--out", "case", "--quiet"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    while !dir.path().join("case.running/.stdin.new").exists() {
        std::thread::yield_now();
    }
    for args in [
        "respond a.log --out case",
        "drill --out case --force",
        "drill --out ./x/../case",
        "case resume case",
    ] {
        let second = run(dir.path(), args);
        assert_eq!(second.status.code(), Some(2), "{args}: {}", stderr(&second));
        assert!(stderr(&second).contains("another process"), "{args}: {}", stderr(&second));
    }
    assert!(first.try_wait().expect("it runs").is_none(), "the first is untouched");
    drop(first.stdin.take());
    first.wait().expect("it ends");
    assert!(!dir.path().join("case.running").exists(), "nothing to make a case of, nothing left");
}
