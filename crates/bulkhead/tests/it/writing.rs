//! What commands write where, and what they say when they cannot.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;
use crate::faults::{RESPOND, intrusion};

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    dir
}

/// The same with a sealed case.
fn sealed() -> tempfile::TempDir {
    let dir = folder();
    let made = run(dir.path(), RESPOND);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    dir
}

#[test]
fn a_file_that_is_not_ours_is_replaced_only_by_force() {
    let dir = folder();
    let estate = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/estate.yaml");
    for (args, file, force) in [
        ("estate discover auth.log --out F", "F", "--force"),
        ("rules coverage --out F", "F", "--force"),
        ("estate show --out F", "F", "--force"),
        ("plan contain --estate ESTATE --compromised web-1 --svg F", "F", "--overwrite"),
    ] {
        let args = args.replace("ESTATE", estate);
        fs::write(dir.path().join(file), "by hand\n").expect("written");
        let refused = run(dir.path(), &args);
        assert_eq!(refused.status.code(), Some(2), "{args}: {}", stderr(&refused));
        let said = stderr(&refused);
        assert!(said.contains("`F` exists already") && said.contains(force), "{args}: {said}");
        assert_eq!(fs::read_to_string(dir.path().join(file)).expect("there"), "by hand\n", "{args}");
        let replaced = run(dir.path(), &format!("{args} {force}"));
        assert_eq!(replaced.status.code(), Some(0), "{args}: {}", stderr(&replaced));
        assert_ne!(fs::read_to_string(dir.path().join(file)).expect("there"), "by hand\n", "{args}");
        fs::remove_file(dir.path().join(file)).expect("removed");
    }
}

#[test]
fn a_case_directory_is_what_it_is_however_it_is_spelt() {
    let dir = folder();
    let full = dir.path().join("k");
    fs::create_dir(&full).expect("made");
    fs::write(full.join("notes.txt"), "mine").expect("written");
    for out in ["k", "k/.", "k/a/..", "./x/../k"] {
        for force in ["", " --force"] {
            let refused = run(dir.path(), &format!("drill --quiet --out {out}{force}"));
            assert_eq!(refused.status.code(), Some(2), "{out}{force}: {}", stderr(&refused));
        }
        assert_eq!(tree(&full).len(), 1, "{out}");
    }
    assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 4, "nothing else was made");
}

#[test]
fn here_is_a_place_for_a_case_and_force_spares_what_is_not_of_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let here = dir.path().join("here");
    fs::create_dir(&here).expect("made");
    let sources = folder();
    let mut make = RESPOND.replace("--out case", "--out .");
    for name in ["auth.log", "estate.yaml", "rule.yml"] {
        make = make.replace(name, &sources.path().join(name).display().to_string());
    }
    let first = run(&here, &make);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let before = tree(&here);
    assert!(before.contains_key(Path::new("journal/checkpoint")));
    assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1, "nothing beside it");

    fs::write(here.join("notes.txt"), "mine").expect("written");
    let refused = run(&here, &format!("{} --force", make.replace("--seed 1", "--seed 2")));
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("`notes.txt`"), "{}", stderr(&refused));
    fs::remove_file(here.join("notes.txt")).expect("removed");
    assert!(tree(&here) == before, "untouched");

    let replaced = run(&here, &format!("{} --force", make.replace("--seed 1", "--seed 2")));
    assert!(matches!(replaced.status.code(), Some(0 | 1)), "{}", stderr(&replaced));
    assert!(tree(&here) != before);
    assert!(bulkhead_journal::verify(&here, None).expect("readable").is_ok());
}

/// Runs with standard output to `to`.
fn printing_to(dir: &Path, args: &str, to: Stdio) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(to)
        .stderr(Stdio::piped())
        .spawn();
    child.and_then(std::process::Child::wait_with_output).expect("it runs")
}

#[test]
fn output_that_is_lost_is_an_error_and_a_case_is_sealed_all_the_same() {
    let dir = folder();
    let estate = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/minimal/estate.yaml");
    for args in [
        "--help",
        "--version",
        "detect auth.log --format csv",
        "rules list",
        "rules coverage",
        "regime list --estate ESTATE",
        "estate schema",
        "estate show",
        "estate discover auth.log",
        "completions bash",
        "drill --list",
        RESPOND,
        "case show case",
        "case show case --format json",
        "case verify case",
        "case list",
        "plan contain --estate ESTATE --compromised web-1",
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let output = printing_to(dir.path(), &args.replace("ESTATE", estate), full.into());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args}: {said}");
        assert!(said.contains("standard output") && !said.contains("defect"), "{args}: {said}");
    }
    assert!(bulkhead_journal::verify(&dir.path().join("case"), None).expect("readable").is_ok());
}

#[test]
fn who_closes_the_pipe_gets_the_commands_own_verdict() {
    let dir = sealed();
    let closed = |args: &str| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        printing_to(dir.path(), args, writer.into()).status.code()
    };
    assert_eq!(closed("case verify case"), Some(0));
    assert_eq!(closed("detect auth.log"), Some(0));
    let plan = dir.path().join("case/plan.json");
    let text = fs::read_to_string(&plan).expect("a plan");
    fs::write(&plan, text + " ").expect("written");
    assert_eq!(closed("case verify case"), Some(1), "a verdict is a verdict");
}

#[test]
fn what_the_user_may_not_write_or_read_is_an_input_error() {
    let dir = sealed();
    // Whoever may do everything is refused nothing: as somebody else, where that can be.
    let somebody = |args: &str| {
        Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_bulkhead")])
            .args(args.split_whitespace())
            .current_dir(dir.path())
            .output()
            .ok()
            .filter(|it| !stderr(it).starts_with("setpriv"))
    };
    fs::write(dir.path().join("secret.yaml"), "version: 1\n").expect("written");
    let mode = |path: &str, mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(dir.path().join(path), mode).expect("set");
    };
    mode("", 0o755);
    mode("secret.yaml", 0o600);
    for args in [
        "drill --out other",
        "drill --out case --force",
        "init work",
        "estate discover auth.log --out estate.yaml",
        "estate check secret.yaml",
        "drill --estate secret.yaml --out other",
        "case erase case --reason asked",
    ] {
        let Some(output) = somebody(args) else {
            eprintln!("not run: as somebody else");
            return;
        };
        assert_eq!(output.status.code(), Some(2), "{args}: {}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).starts_with("error: "), "{args}: {}", stderr(&output));
    }
    assert!(bulkhead_journal::verify(&dir.path().join("case"), None).expect("readable").is_ok());
}

#[test]
fn a_wrong_key_is_an_input_error() {
    let dir = sealed();
    fs::write(dir.path().join("key"), "not a key\n").expect("written");
    for args in [
        "case erase case --reason asked --signing-key key",
        "drill --out other --signing-key key",
        "drill --out other --signing-key absent",
        "case verify case --key nonsense",
    ] {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args}: {}", stderr(&output));
    }
}
