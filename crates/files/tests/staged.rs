//! A folder takes its place as a whole, wherever it is interrupted and however it has to be done.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_files::{Error, Staged, Standing, settle, standing, tree};

/// Every file below `dir` with its text.
fn texts(dir: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("works") {
            let path = entry.expect("works").path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("works").to_path_buf();
                found.insert(name, fs::read_to_string(&path).expect("works"));
            }
        }
    }
    found
}

fn set(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        tree::put(&dir.join(name), text.as_bytes()).expect("works");
    }
}

fn of(files: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
    files.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect()
}

const OLD: &[(&str, &str)] = &[("plan.json", "old"), ("journal/checkpoint", "old"), ("vault/key", "old")];
const NEW: &[(&str, &str)] = &[("plan.json", "new"), ("journal/checkpoint", "new"), ("report.html", "new")];

#[test]
fn the_new_folder_takes_the_place_of_nothing_of_an_empty_one_and_of_a_full_one() {
    for before in [None, Some(&[][..]), Some(OLD)] {
        let dir = tempfile::tempdir().expect("works");
        let place = dir.path().join("above/case");
        if let Some(before) = before {
            fs::create_dir_all(&place).expect("works");
            set(&place, before);
        }
        let staged = Staged::begin(&place).expect("works");
        set(&staged.dir(), NEW);
        assert_eq!(place.is_dir().then(|| texts(&place)), before.map(of), "untouched until the end");
        staged.commit().expect("works");
        assert_eq!(texts(&place), of(NEW));
        assert_eq!(
            fs::read_dir(dir.path().join("above")).expect("works").count(),
            1,
            "nothing is left beside it"
        );
    }
}

#[test]
fn one_process_at_a_time_and_an_interrupted_one_is_taken_up_or_given_up() {
    let dir = tempfile::tempdir().expect("works");
    let place = dir.path().join("case");
    let staged = Staged::begin(&place).expect("works");
    assert_eq!(standing(&place).expect("works"), Standing::Busy);
    assert!(matches!(Staged::begin(&place), Err(Error::Busy(_))));
    assert!(matches!(Staged::resume(&place), Err(Error::Busy(_))));
    set(&staged.dir(), &[("half", "done")]);
    drop(staged);
    assert_eq!(standing(&place).expect("works"), Standing::Free, "nothing was noted to go on with");
    let staged = Staged::begin(&place).expect("works");
    staged.note(b"how to go on").expect("works");
    set(&staged.dir(), &[("half", "done")]);
    drop(staged);
    assert_eq!(standing(&place).expect("works"), Standing::Interrupted);
    assert!(matches!(Staged::begin(&place), Err(Error::Interrupted(_))));
    let again = Staged::resume(&place).expect("works");
    assert_eq!(texts(&again.dir()), of(&[("half", "done")]));
    assert_eq!(again.noted().expect("works").as_deref(), Some(&b"how to go on"[..]));
    again.abandon().expect("works");
    assert_eq!(standing(&place).expect("works"), Standing::Free);
    assert!(Staged::resume(&place).is_err());
    assert!(!place.exists());
}

#[test]
fn files_are_put_beside_others_and_replace_only_their_like() {
    let dir = tempfile::tempdir().expect("works");
    let place = dir.path().join("work");
    set(&place, &[("estate.yaml", "by hand"), ("rules/own.yml", "by hand"), ("rules/README.md", "old")]);
    let staged = Staged::begin(&place).expect("works");
    set(&staged.dir(), &[("bulkhead.toml", "new"), ("rules/README.md", "new"), ("rules/example.yml", "new")]);
    staged.commit_beside().expect("works");
    let expected = [
        ("bulkhead.toml", "new"),
        ("estate.yaml", "by hand"),
        ("rules/README.md", "new"),
        ("rules/example.yml", "new"),
        ("rules/own.yml", "by hand"),
    ];
    assert_eq!(texts(&place), of(&expected));
    assert_eq!(fs::read_dir(dir.path()).expect("works").count(), 1);
}

/// Every state in which a swap entry by entry can be interrupted ends in the same one.
#[test]
fn a_swap_entry_by_entry_is_finished_from_wherever_it_was_interrupted() {
    let marker =
        r#"{"entries":{"old":["journal","plan.json","vault"],"new":["journal","plan.json","report.html"]}}"#;
    let (old, new) = (["journal", "plan.json", "vault"], ["journal", "plan.json", "report.html"]);
    for steps in 0..=old.len() + new.len() {
        let dir = tempfile::tempdir().expect("works");
        let (place, running) = (dir.path().join("case"), dir.path().join("case.running"));
        set(&place, OLD);
        set(&running.join("made"), NEW);
        set(&running, &[("swap.json", marker), ("lock", "")]);
        fs::create_dir_all(running.join("aside")).expect("works");
        for name in old.iter().take(steps) {
            fs::rename(place.join(name), running.join("aside").join(name)).expect("works");
        }
        for name in new.iter().take(steps.saturating_sub(old.len())) {
            fs::rename(running.join("made").join(name), place.join(name)).expect("works");
        }
        assert!(settle(&place).expect("works"));
        assert_eq!(texts(&place), of(NEW), "after {steps} steps");
        assert!(!running.exists());
        assert!(!settle(&place).expect("works"), "once is enough");
    }
}

#[test]
fn what_is_no_place_for_a_folder_is_said() {
    let dir = tempfile::tempdir().expect("works");
    fs::write(dir.path().join("file"), "").expect("works");
    assert!(matches!(Staged::begin(&dir.path().join("file")), Err(Error::Place { .. })));
    assert!(matches!(Staged::begin(Path::new("/")), Err(Error::Place { .. })));
    assert!(Staged::begin(&dir.path().join("file/below")).is_err());
}
