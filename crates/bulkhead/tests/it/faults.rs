//! Whatever fails, at whichever system call: afterwards what was to be written is there whole, or what stood there before.
//!
//! `strace` makes the calls of the real binary fail or kills it there. Every test takes a sample of the calls;
//! `BULKHEAD_FAULTS=all cargo nextest run -p bulkhead faults` takes each of them, `BULKHEAD_FAULTS=50` so many of every kind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bulkhead::{run, stderr, stdout};
use crate::drill::tree;

/// Calls that change what is on the disk, or what must be there to do so.
pub const CALLS: [&str; 12] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fchmod",
    "mkdir",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
];

/// What happens at the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It fails like this.
    Error(&'static str),
    /// The process gets this signal there.
    Signal(&'static str),
}

/// Whether faults can be made here; a machine that checks changes must be able to.
pub fn possible() -> bool {
    let works =
        Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|it| it.success());
    assert!(
        works || std::env::var("CI").is_err(),
        "`strace` does not work here: install the package `strace`"
    );
    if !works {
        eprintln!("not run: faults at system calls (`strace` does not work here)");
    }
    works
}

/// All of `of`, or some of them, the last among them.
pub fn sample(of: &[usize], most: usize) -> Vec<usize> {
    let most = match std::env::var("BULKHEAD_FAULTS") {
        Ok(it) if it == "all" => of.len(),
        Ok(it) => it.parse().unwrap_or(most),
        Err(_) => most,
    };
    let n = most.min(of.len());
    (0..n).map(|it| of[of.len() - 1 - it * of.len() / n]).collect()
}

/// Runs `bulkhead` in `dir` and notes its `calls`, one a line with the paths they are about; with `fault` at the nth of one.
pub fn traced(
    dir: &Path,
    args: &str,
    calls: &str,
    fault: Option<(&str, Fault, usize)>,
) -> (Output, Vec<String>) {
    let log = dir.join("strace.log");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-o"]).arg(&log).args(["-e", &format!("trace={calls}")]);
    if let Some((call, fault, nth)) = fault {
        let what = match fault {
            Fault::Error(name) => format!("error={name}"),
            Fault::Signal(name) => format!("signal={name}"),
        };
        command.args(["-e", &format!("inject={call}:{what}:when={nth}")]);
    }
    let output = command
        .arg(env!("CARGO_BIN_EXE_bulkhead"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .expect("strace starts");
    let seen = fs::read_to_string(&log).unwrap_or_default();
    fs::remove_file(&log).expect("strace wrote its log");
    (output, seen.lines().map(str::to_owned).collect())
}

/// Which of the calls `call` (from 1) are those that `wanted` picks by their line.
pub fn nth(lines: &[String], call: &str, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let named = format!(" {call}(");
    let calls = lines.iter().filter(|it| it.contains(&named));
    calls.enumerate().filter(|(_, it)| wanted(it)).map(|(at, _)| at + 1).collect()
}

/// Files by path, with their bytes.
type Stands = BTreeMap<PathBuf, Vec<u8>>;

/// What stands at `path`: a file, or every file of a folder.
fn stands(path: &Path) -> Stands {
    if path.is_dir() {
        return tree(path);
    }
    fs::read(path).map(|it| BTreeMap::from([(PathBuf::new(), it)])).unwrap_or_default()
}

/// Sweeps `args`, which writes `target`, from what `prepare` makes. `next` is the command that comes next: it must find
/// what was before or what is after, and end well.
#[track_caller]
pub fn sweep(prepare: &dyn Fn(&Path), args: &str, target: &str, next: Option<&str>, most: usize) {
    if !possible() {
        return;
    }
    let whole = tempfile::tempdir().expect("a folder");
    prepare(whole.path());
    let before = stands(&whole.path().join(target));
    let done = run(whole.path(), args);
    assert_eq!(done.status.code(), Some(0), "{args}: {}", stderr(&done));
    let after = stands(&whole.path().join(target));
    assert_ne!(before, after, "{args} writes nothing");
    let dir = tempfile::tempdir().expect("a folder");
    prepare(dir.path());
    let (_, lines) = traced(dir.path(), args, &CALLS.join(","), None);
    let mut faults = 0;
    for call in CALLS {
        for nth in sample(&nth(&lines, call, |_| true), most) {
            for fault in [Fault::Error("ENOSPC"), Fault::Signal("SIGKILL")] {
                faults += 1;
                check(prepare, args, target, next, (call, fault, nth), (&before, &after));
            }
        }
    }
    assert!(faults > 10, "only {faults} faults");
}

#[test]
fn the_faults_happen() {
    if !possible() {
        return;
    }
    for (fault, code) in [(Fault::Error("ENOSPC"), Some(2)), (Fault::Signal("SIGKILL"), None)] {
        let dir = tempfile::tempdir().expect("a folder");
        let (output, _) = traced(dir.path(), "init work", "fsync", Some(("fsync", fault, 2)));
        assert_eq!(output.status.code(), code, "{fault:?}: {}", stderr(&output));
        assert!(!dir.path().join("work").exists());
    }
}

/// One fault: before or after, nothing between, and the next command finds it so.
#[track_caller]
fn check(
    prepare: &dyn Fn(&Path),
    args: &str,
    target: &str,
    next: Option<&str>,
    fault: (&str, Fault, usize),
    (before, after): (&Stands, &Stands),
) {
    let dir = tempfile::tempdir().expect("a folder");
    prepare(dir.path());
    let (output, _) = traced(dir.path(), args, fault.0, Some(fault));
    let when = format!("{args}: {fault:?}: {}", stderr(&output));
    let found = stands(&dir.path().join(target));
    assert!(found == *before || found == *after, "{when}\nneither before nor after");
    match output.status.code() {
        Some(0) => assert_eq!(found, *after, "{when}\nsaid to be done"),
        Some(3) => panic!("{when}\nnot a defect"),
        _ => {}
    }
    if let Some(next) = next.filter(|_| dir.path().join(target).exists()) {
        let again = run(dir.path(), next);
        assert_eq!(again.status.code(), Some(0), "{when}\nthen {next}: {}", stderr(&again));
        let found = stands(&dir.path().join(target));
        assert!(found == *before || found == *after, "{when}\nthen {next}: neither before nor after");
    }
}

const LOG: &str =
    "Nov 20 10:00:00 web-1 sshd[11]: Accepted password for alice from 10.0.0.9 port 40022 ssh2\n";

fn nothing(_: &Path) {}

fn log(dir: &Path) {
    fs::write(dir.join("auth.log"), LOG).expect("written");
}

#[test]
fn a_draft_is_written_whole_or_not_at_all() {
    sweep(&log, "estate discover auth.log --out estate.yaml", "estate.yaml", None, 2);
}

#[test]
fn a_file_that_may_go_goes_only_for_a_whole_one() {
    let by_hand = |dir: &Path| {
        log(dir);
        fs::write(dir.join("estate.yaml"), "# by hand\n").expect("written");
    };
    sweep(&by_hand, "estate discover auth.log --out estate.yaml --force", "estate.yaml", None, 2);
}

#[test]
fn a_working_directory_is_made_whole_or_not_at_all() {
    sweep(&nothing, "init work", "work", Some("estate check work/estate.yaml"), 2);
}

#[test]
fn man_pages_come_all_or_none() {
    sweep(&nothing, "man pages", "pages", None, 1);
}

/// Makes a case of a small intrusion; with a seed, so that its vault's key is the same each time.
pub const RESPOND: &str = "respond auth.log --estate estate.yaml --no-builtin-rules --rules rule.yml --yes --quiet --seed 1 --out case";

/// What [`RESPOND`] reads: an intruder goes from host to host.
pub fn intrusion(dir: &Path) {
    let line = |host: &str, from: &str, minute: u32| {
        format!(
            "2026-11-20T04:{minute}:58Z {host} sshd[11]: Accepted password for alice from {from} port 50022 ssh2\n"
        )
    };
    let log = line("web-1", "10.1.0.11", 58) + &line("web-2", "10.2.0.11", 59);
    let rule = "title: Login of a known intruder\nid: 11111111-aaaa-4bbb-8ccc-0000000000a3\nlevel: critical\n\
                tags: [attack.t1021.004, attack.lateral-movement]\nlogsource: {product: linux}\n\
                detection: {a: ['Accepted password for alice'], condition: a}\n";
    let estate = include_str!("../../../../examples/minimal/estate.yaml");
    for (name, text) in [("auth.log", log.as_str()), ("rule.yml", rule), ("estate.yaml", estate)] {
        fs::write(dir.join(name), text).expect("written");
    }
}

/// A sealed case and what it was made from.
pub fn sealed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    let made = run(dir.path(), RESPOND);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    dir
}

/// Copies the files of a folder.
pub fn copy(from: &Path, to: &Path) {
    for (name, bytes) in tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

#[test]
fn a_case_is_replaced_whole_or_not_at_all() {
    let case = sealed();
    let args = format!("{} --force", RESPOND.replace("--seed 1", "--seed 2"));
    sweep(&|dir| copy(case.path(), dir), &args, "case", Some("case verify case"), 2);
}

#[test]
fn an_erasure_happens_or_does_not() {
    let case = sealed();
    let erase = "case erase case --reason asked --now 2025-09-01T00:00:00Z";
    sweep(&|dir| copy(case.path(), dir), erase, "case", Some("case verify case"), 2);
}

/// Run again, the command would be refused by what it left itself: what is said to do must be what works.
#[test]
fn after_a_full_disk_the_hint_names_the_command_that_works() {
    if !possible() {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    let (_, lines) = traced(dir.path(), RESPOND, &CALLS.join(","), None);
    let of_impact = |call: &str| nth(&lines, call, |it| it.contains("impact.json"));
    let (call, at) = ["openat", "rename", "renameat2"]
        .into_iter()
        .find_map(|call| Some((call, *of_impact(call).first()?)))
        .expect("impact.json is written");
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    let (output, _) = traced(dir.path(), RESPOND, call, Some((call, Fault::Error("ENOSPC"), at)));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.contains("hint: make room, then go on with `bulkhead case resume case`"), "{told}");
    assert!(!told.contains("run it again"), "{told}");
    assert_eq!(run(dir.path(), RESPOND).status.code(), Some(2), "it can be run again");
    let resumed = run(dir.path(), "case resume case");
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    assert_eq!(run(dir.path(), "case verify case").status.code(), Some(0));
}

/// A small file system of its own; none where the test may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(kib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a folder");
        let size = format!("size={kib}k,mode=0755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self(dir));
        }
        eprintln!("not run: a full disk (nothing may be mounted here)");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_destroys_no_sealed_case() {
    let Some(disk) = SmallDisk::mount(8192) else { return };
    let (dir, case) = (disk.0.path(), sealed());
    copy(case.path(), dir);
    let before = tree(&dir.join("case"));
    // Fills it but for some room: a part of another case.
    let mut ballast = vec![0_u8; 8 << 20];
    while fs::write(dir.join("ballast"), &ballast).is_err() {
        ballast.truncate(ballast.len() - (1 << 14));
    }
    fs::write(dir.join("ballast"), &ballast[1 << 16..]).expect("written");
    let output = run(dir, &format!("{} --force", RESPOND.replace("--seed 1", "--seed 2")));
    assert_eq!(output.status.code(), Some(2), "{}\n{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("make room"), "{}", stderr(&output));
    assert_eq!(tree(&dir.join("case")), before);
    let verified = run(dir, "case verify case");
    assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
}
