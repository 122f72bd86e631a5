//! The sweep of faults over the commands that write single files, keys and copies: before or after, never between.

use std::fs;
use std::path::Path;

use crate::bulkhead::{run, stderr};
use crate::faults::{CALLS, Fault, RESPOND, copy, intrusion, nth, possible, sample, sealed, sweep, traced};

const SCAN: &str = "<?xml version=\"1.0\"?><nmaprun start=\"1\"><host><status state=\"up\"/>\
    <address addr=\"10.0.0.5\" addrtype=\"ipv4\"/><hostnames><hostname name=\"web-1\" type=\"PTR\"/></hostnames>\
    <ports><port protocol=\"tcp\" portid=\"443\"><state state=\"open\"/></port></ports></host></nmaprun>\n";

#[test]
fn an_import_is_written_whole_or_not_at_all() {
    let scan = |dir: &Path| fs::write(dir.join("scan.xml"), SCAN).expect("written");
    sweep(&scan, "estate import scan.xml --out estate.yaml", "estate.yaml", None, 4);
    let both = "estate import scan.xml --out estate.yaml --report report.json";
    sweep(&scan, both, "report.json", None, 2);
}

#[test]
fn pictures_and_layers_are_written_whole_or_not_at_all() {
    sweep(&intrusion, "estate show --estate estate.yaml --out map.svg", "map.svg", None, 2);
    let old = |dir: &Path| {
        intrusion(dir);
        fs::write(dir.join("map.svg"), "drawn by hand").expect("written");
    };
    sweep(&old, "estate show --estate estate.yaml --out map.svg --force", "map.svg", None, 1);
    sweep(&intrusion, "rules coverage --rules rule.yml --out layer.json", "layer.json", None, 2);
    let cut = "plan contain --estate estate.yaml --compromised web-1 --svg cut.svg";
    sweep(&intrusion, cut, "cut.svg", None, 2);
}

#[test]
fn an_export_is_there_whole_or_not_at_all() {
    let case = sealed();
    let of_case = |dir: &Path| copy(case.path(), dir);
    sweep(&of_case, "case export case --out copy", "copy", Some("case verify copy --partial"), 2);
    sweep(&of_case, "case export case --named --out copy", "copy", None, 1);
}

#[test]
fn a_baseline_is_kept_whole_or_not_at_all() {
    let args = format!("{RESPOND} --baseline usual.json --force");
    sweep(&intrusion, &args, "usual.json", None, 1);
}

/// Keys are drawn anew each time, so that what is there can only be asked whether it is whole: the key that a file names is
/// shown, and signs.
#[track_caller]
fn keys(prepare: &dyn Fn(&Path), args: &str, most: usize) {
    if !possible() {
        return;
    }
    let whole = tempfile::tempdir().expect("a folder");
    prepare(whole.path());
    let had = whole.path().join("k").exists();
    let (_, lines) = traced(whole.path(), args, &CALLS.join(","), None);
    for call in CALLS {
        for at in sample(&nth(&lines, call, |_| true), most) {
            for fault in [Fault::Error("ENOSPC"), Fault::Signal("SIGKILL")] {
                let dir = tempfile::tempdir().expect("a folder");
                prepare(dir.path());
                let (output, _) = traced(dir.path(), args, call, Some((call, fault, at)));
                let when = format!("{args}: {call} {at}: {fault:?}: {}", stderr(&output));
                assert_ne!(output.status.code(), Some(3), "{when}\nnot a defect");
                let there = dir.path().join("k").exists();
                assert!(there || !had, "{when}\nthe key is lost");
                // The same command again does what it did not, or says that it is done.
                let again = run(dir.path(), args);
                let ended = again.status.code();
                assert!(ended == Some(0) || (ended == Some(2) && there), "{when}\nagain: {}", stderr(&again));
                let shown = run(dir.path(), "key show k");
                assert_eq!(shown.status.code(), Some(0), "{when}\nshown: {}", stderr(&shown));
                let public = fs::read_to_string(dir.path().join("k.pub")).unwrap_or_default();
                assert!(!public.trim().is_empty(), "{when}\nno public half");
                let shown = crate::bulkhead::stdout(&shown);
                assert!(shown.contains(public.trim()), "{when}\n{public} is not of the key:\n{shown}");
            }
        }
    }
}

#[test]
fn a_key_is_made_whole_or_not_at_all() {
    keys(&|_| {}, "key new k --name a.example/c --no-passphrase", 2);
}

#[test]
fn a_key_is_replaced_whole_or_not_at_all() {
    let made = |dir: &Path| {
        let made = run(dir, "key new k --name a.example/c --no-passphrase");
        assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    };
    keys(&made, "key rotate k", 2);
}
