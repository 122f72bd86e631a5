//! Keys that sign, witnesses that vouch, and what verification says of both.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::bulkhead::{run, stderr, stdout};

#[track_caller]
fn ok(dir: &Path, command: &str) -> String {
    let output = run(dir, command);
    assert_eq!(output.status.code(), Some(0), "{command}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

#[track_caller]
fn refused(dir: &Path, command: &str, code: i32) -> String {
    let output = run(dir, command);
    assert_eq!(output.status.code(), Some(code), "{command}: {}{}", stdout(&output), stderr(&output));
    format!("{}{}", stdout(&output), stderr(&output))
}

/// A folder with a passphrase and a key closed with it.
fn with_key() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("pass"), "correct horse battery\n").expect("written");
    ok(dir.path(), "key new soc.key --name soc.example/cases --passphrase-file pass");
    dir
}

#[test]
fn a_key_is_made_closed_shown_and_replaced() {
    let dir = with_key();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode("soc.key"), 0o600);
    let text = fs::read_to_string(dir.path().join("soc.key")).expect("a key");
    assert!(!text.contains("PRIVATE+KEY"), "{text}");
    let public = fs::read_to_string(dir.path().join("soc.key.pub")).expect("its public half");
    assert!(public.starts_with("soc.example/cases+"), "{public}");
    assert!(ok(dir.path(), "key show soc.key").contains(public.trim()));
    refused(dir.path(), "key new soc.key --name soc.example/cases --no-passphrase", 2);
    refused(dir.path(), "key new other.key --name soc.example/cases", 2);
    for name in
        ["two+words", "https://soc.example/cases", "../../x", "soc.example/../x", "soc.example//x", "/x"]
    {
        refused(dir.path(), &format!("key new other.key --name {name} --no-passphrase"), 2);
    }
    fs::write(dir.path().join("wrong"), "wrong\n").expect("written");
    assert!(
        refused(dir.path(), "key rotate soc.key --passphrase-file wrong", 2).contains("passphrase is wrong")
    );
    ok(dir.path(), "key rotate soc.key --passphrase-file pass");
    let rotated = fs::read_to_string(dir.path().join("soc.key.pub")).expect("its public half");
    assert_ne!(rotated, public);
    let kept =
        fs::read_dir(dir.path()).expect("a folder").filter_map(|it| it.ok()?.file_name().into_string().ok());
    let kept: Vec<String> = kept.filter(|it| it.ends_with(".retired") || it.ends_with(".rotation")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    fs::write(dir.path().join("third.key.pub"), "somebody else's\n").expect("written");
    let said = refused(dir.path(), "key new third.key --name soc.example/cases --no-passphrase", 2);
    assert!(said.contains("third.key.pub"), "{said}");
    assert_eq!(fs::read_to_string(dir.path().join("third.key.pub")).expect("kept"), "somebody else's\n");
    // Others who can read it are told of loudly.
    fs::set_permissions(dir.path().join("soc.key"), fs::Permissions::from_mode(0o644)).expect("opened");
    let shown = run(dir.path(), "key show soc.key");
    assert!(stderr(&shown).contains("OTHERS CAN READ"), "{}", stderr(&shown));
}

#[test]
fn who_signed_is_known_only_by_a_key_from_elsewhere() {
    let dir = with_key();
    let signed = ok(dir.path(), "drill --quiet --out case --signing-key soc.key --passphrase-file pass");
    assert!(!signed.contains("DEMONSTRATION"), "{signed}");
    assert!(
        !fs::read_to_string(dir.path().join("case/report.html")).expect("a report").contains("DEMONSTRATION")
    );
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    let unknown = ok(dir.path(), "case verify case");
    assert!(last(&unknown).starts_with("SIGNER NOT AUTHENTICATED: integrity holds"), "{unknown}");
    refused(dir.path(), "case verify case --require-key", 1);
    let known = ok(dir.path(), "case verify case --key soc.key.pub --require-key");
    assert!(last(&known).contains("the signer is authenticated"), "{known}");
    ok(dir.path(), "key new thief.key --name soc.example/cases --no-passphrase");
    assert!(refused(dir.path(), "case verify case --key thief.key.pub", 1).contains("not by the key given"));
    refused(dir.path(), "case erase case --reason x --signing-key thief.key", 2);
    // With the demonstration key nobody is ever authenticated.
    let demo = ok(dir.path(), "drill --quiet --out demo");
    assert!(demo.contains("DEMONSTRATION"), "{demo}");
    assert!(
        fs::read_to_string(dir.path().join("demo/report.html")).expect("a report").contains("DEMONSTRATION")
    );
    refused(dir.path(), "case verify demo --require-key", 1);
}

#[test]
fn a_case_set_back_is_seen_by_an_earlier_checkpoint() {
    let dir = with_key();
    ok(dir.path(), "drill --quiet --out case --signing-key soc.key --passphrase-file pass");
    copy(&dir.path().join("case"), &dir.path().join("before"));
    ok(dir.path(), "case erase case --reason requested --signing-key soc.key --passphrase-file pass");
    fs::copy(dir.path().join("case/journal/checkpoint"), dir.path().join("kept")).expect("copied");
    // Going on from there is fine; going back is a valid case, and yet seen.
    ok(dir.path(), "case verify case --since before");
    ok(dir.path(), "case verify before");
    assert!(refused(dir.path(), "case verify before --since kept", 1).contains("SET BACK"));
    // Another case of the same signer is no continuation.
    ok(dir.path(), "drill --quiet --seed 7 --out other --signing-key soc.key --passphrase-file pass");
    let other = refused(dir.path(), "case verify other --since before", 2);
    assert!(other.contains("this checkpoint is of another record: the first entries differ"), "{other}");
    assert!(!other.contains("fault"), "{other}");
    // Nor is one of another signer; and text that is no checkpoint is none.
    ok(dir.path(), "drill --quiet --out demo");
    let other = refused(dir.path(), "case verify case --since demo/journal/checkpoint", 2);
    assert!(other.contains("this checkpoint is of another record: `"), "{other}");
    fs::write(dir.path().join("none"), "x").expect("written");
    refused(dir.path(), "case verify case --since none", 2);
}

#[test]
fn witnesses_vouch_for_a_state() {
    let dir = with_key();
    ok(dir.path(), "drill --quiet --out case --signing-key soc.key --passphrase-file pass");
    for name in ["w1", "w2"] {
        ok(dir.path(), &format!("key new {name} --name {name}.example --no-passphrase"));
    }
    refused(dir.path(), "case verify case --witness w1.pub", 1);
    ok(dir.path(), "case cosign case --signing-key w1 --now 2026-11-29T12:00:00Z");
    assert!(
        ok(dir.path(), "case verify case")
            .contains("cosigned by w1.example at 2026-11-29T12:00:00Z, NOT CHECKED")
    );
    assert!(ok(dir.path(), "case verify case --witness w1.pub").contains("with the key you gave"));
    refused(dir.path(), "case verify case --witness w1.pub --witness w2.pub", 1);
    ok(dir.path(), "case verify case --witness w1.pub --witness w2.pub --witness-threshold 1");
    // A cosignature moved here from another state does not hold.
    let path = dir.path().join("case/journal/checkpoint");
    let text = fs::read_to_string(&path).expect("a checkpoint");
    let at = text.trim_end().len() - 10;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    fs::write(&path, format!("{}{other}{}", &text[..at], &text[at + 1..])).expect("written");
    assert!(refused(dir.path(), "case verify case --witness w1.pub", 1).contains("does not hold"));
}

#[test]
fn the_journal_alone_says_what_it_saw() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), "drill --quiet --out case");
    fs::create_dir(dir.path().join("copy")).expect("made");
    copy(&dir.path().join("case/journal"), &dir.path().join("copy/journal"));
    copy(&dir.path().join("case/journal"), &dir.path().join("bare"));
    for place in ["copy", "bare", "copy/journal"] {
        let seen = ok(dir.path(), &format!("case verify {place}"));
        assert!(seen.contains("SEEN IN PART"), "{seen}");
    }
    ok(dir.path(), "case export case --out part");
    refused(dir.path(), "case verify part", 1);
    assert!(ok(dir.path(), "case verify part --partial").contains("SEEN IN PART"));
}

#[test]
fn a_missing_working_file_is_told_from_a_changed_record() {
    let dir = tempfile::tempdir().expect("a folder");
    ok(dir.path(), "drill --quiet --out case");
    let case = dir.path().join("case");
    fs::remove_file(case.join("plan.json")).expect("removed");
    let text = refused(dir.path(), "case verify case", 1);
    assert!(text.contains("the signed record is whole") && text.contains("1 missing"), "{text}");
    // With the signature gone too, every fault is still named.
    let checkpoint = fs::read_to_string(case.join("journal/checkpoint")).expect("a checkpoint");
    let at = checkpoint.trim_end().len() - 10;
    let other = if &checkpoint[at..=at] == "A" { "B" } else { "A" };
    fs::write(
        case.join("journal/checkpoint"),
        format!("{}{other}{}", &checkpoint[..at], &checkpoint[at + 1..]),
    )
    .expect("written");
    fs::write(case.join("impact.json"), "{}").expect("written");
    let bundle = case.join("journal/tile/entries/000.p");
    let bundle = fs::read_dir(&bundle).expect("a partial bundle").next().expect("one").expect("one").path();
    let mut bytes = fs::read(&bundle).expect("entries");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&bundle, bytes).expect("written");
    let text = refused(dir.path(), "case verify case", 1);
    for words in [
        "signature does not hold",
        "plan.json: it is missing",
        "impact.json: its bytes",
        "is not the one the tree was made of",
        "the signed record itself",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for item in fs::read_dir(from).expect("a folder") {
        let item = item.expect("an entry");
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).expect("copied");
        }
    }
}

/// Files in `dir` by name.
fn listed(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).expect("a folder").map(|it| it.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A rotation is a row of files that appear one after the other; begun again after any of them it comes to the same end.
#[test]
fn a_rotation_cut_off_anywhere_is_carried_on() {
    let whole = tempfile::tempdir().expect("a folder");
    ok(whole.path(), "key new k --name soc.example/cases --no-passphrase");
    let old = (
        fs::read(whole.path().join("k")).expect("a key"),
        fs::read(whole.path().join("k.pub")).expect("public"),
    );
    ok(whole.path(), "key rotate k");
    let end = listed(whole.path());
    let read = |name: &str| fs::read(whole.path().join(name)).expect(name);
    let named = |ending: &str| end.iter().find(|it| it.ends_with(ending)).expect("one").clone();
    let (retired, rotation) = (named(".retired"), named(".rotation"));
    // What stood when it was cut off: file, then its bytes.
    let steps: Vec<(String, Vec<u8>)> = vec![
        ("k.next".to_owned(), read("k")),
        (retired.clone(), old.0.clone()),
        (format!("{retired}.pub"), old.1.clone()),
        (rotation.clone(), read(&rotation)),
        ("k".to_owned(), read("k")),
        ("k.pub".to_owned(), read("k.pub")),
    ];
    for done in 1..=steps.len() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("k"), &old.0).expect("written");
        fs::write(dir.path().join("k.pub"), &old.1).expect("written");
        steps[..done].iter().for_each(|it| fs::write(dir.path().join(&it.0), &it.1).expect("written"));
        ok(dir.path(), "key rotate k");
        assert_eq!(listed(dir.path()), end, "cut off after {done}");
        assert_eq!(fs::read(dir.path().join("k")).expect("a key"), read("k"), "cut off after {done}");
        assert_eq!(
            fs::read(dir.path().join("k.pub")).expect("public"),
            read("k.pub"),
            "cut off after {done}"
        );
    }
}
