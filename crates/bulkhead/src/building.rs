//! A case directory while it is being made: built beside its place, swapped in when it is sealed, and carried on by
//! `case resume` when the run that made it was interrupted.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bulkhead_files::{Error as Refused, Existing, NewFile, Staged, Standing, resolve, settle, standing};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::commands::case::journal_failure;
use crate::failure::{Failure, Outcome};
use crate::inputs::{self, Inputs};
use crate::say::note;
use crate::{cases_folder, interrupt};

/// What came through standard input, which nobody can read twice.
const STDIN: &str = "stdin";

/// A run as it began.
#[derive(Debug, Serialize, Deserialize)]
pub struct Run {
    /// The program that began it.
    program: String,
    /// Where.
    folder: PathBuf,
    /// The place of the case directory, as the user said.
    out: OsString,
    /// The command line, without the program's name.
    pub args: Vec<OsString>,
    /// What it read.
    inputs: Inputs,
    /// Files too large to keep a copy of, as they were.
    telemetry: Vec<Seen>,
}

/// A file as it was.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    path: OsString,
    bytes: u64,
    /// Nanoseconds since 1970.
    modified: u128,
    /// Digest of its bytes, in hexadecimal: what was only copied or touched is what it was.
    #[serde(default)]
    sha256: String,
}

/// What a case directory is to be made of and where.
pub struct Wanted<'a> {
    /// Where, as the user said.
    pub out: Option<&'a Path>,
    /// Its name below `cases/` where the user did not say.
    pub name: &'a str,
    /// Whether the case that stands there may go.
    pub force: bool,
    /// Files and folders of telemetry.
    pub telemetry: &'a [PathBuf],
}

/// A case directory that is being made.
#[derive(Debug)]
pub struct Building {
    /// None once it is in its place or given up.
    staged: Option<Staged>,
    /// Where what is needed meanwhile is kept.
    notes: PathBuf,
    /// Its place as the user knows it.
    shown: PathBuf,
    /// Folders above it that were made for it, innermost first.
    above: Vec<PathBuf>,
}

impl Building {
    /// Begins a case directory. What stands in its place stays until [`Building::finish`].
    ///
    /// # Errors
    /// When its place is taken, another process is at it, or a run that was to fill it was interrupted.
    pub fn begin(wanted: &Wanted<'_>) -> Outcome<Self> {
        let above = wanted.out.unwrap_or(Path::new("cases/x")).ancestors().skip(1);
        let above =
            above.filter(|it| !it.as_os_str().is_empty() && !it.exists()).map(Path::to_owned).collect();
        let mut building = match wanted.out {
            Some(out) => Self::at(out, wanted.force)?,
            None => Self::free(wanted.name)?,
        };
        building.above = above;
        building.note(wanted.telemetry)?;
        interrupt::stop_cleanly(&building.shown);
        Ok(building)
    }

    fn of(staged: Staged, shown: &Path) -> Self {
        let notes = staged.notes().to_owned();
        Self { staged: Some(staged), notes, shown: shown.to_owned(), above: Vec::new() }
    }

    fn at(out: &Path, force: bool) -> Outcome<Self> {
        ready(out)?;
        check_place(out, force)?;
        match Staged::begin(out) {
            Ok(staged) => Ok(Self::of(staged, out)),
            Err(Refused::Interrupted(_)) if !force => Err(interrupted(out)),
            Err(Refused::Interrupted(_)) => {
                Staged::resume(out)?.abandon()?;
                Ok(Self::of(Staged::begin(out)?, out))
            }
            Err(Refused::Busy(_)) => Err(busy(out)),
            Err(other) => Err(other.into()),
        }
    }

    /// `cases/NAME`, or `cases/NAME-2` and so on when that is taken.
    fn free(name: &str) -> Outcome<Self> {
        let name = bulkhead_files::file_name(name);
        let mut number = 1;
        loop {
            let name = if number == 1 { name.clone() } else { format!("{name}-{number}") };
            let out = Path::new("cases").join(name);
            if !out.exists() {
                match Staged::begin(&out) {
                    Ok(staged) => return Ok(Self::of(staged, &out)),
                    Err(Refused::Busy(_) | Refused::Interrupted(_)) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            number += 1;
        }
    }

    /// Takes up an interrupted run: its case directory, and the command line to run again.
    ///
    /// # Errors
    /// When there is none, or what it rests on has changed.
    pub fn resume(out: &Path) -> Outcome<(Self, Run)> {
        let staged = match Staged::resume(out) {
            Ok(staged) => staged,
            Err(Refused::Busy(_)) => return Err(busy(out)),
            Err(Refused::Place { why, .. }) => {
                return Err(Failure::input(format!(
                    "no run was interrupted at `{}`: it {why}",
                    out.display()
                ))
                .hint("`bulkhead case show DIR` shows a case that is complete"));
            }
            Err(other) => return Err(other.into()),
        };
        let Some(text) = staged.noted()? else {
            staged.abandon()?;
            return Err(Failure::input(format!(
                "the run at `{}` was interrupted before it had begun; nothing of it is left",
                out.display()
            ))
            .hint("run `respond` or `drill` anew"));
        };
        let run: Run = serde_json::from_slice(&text)
            .map_err(|err| Failure::input(format!("what was noted of the run cannot be read: {err}")))?;
        run.check(out)?;
        // As it was named then, where that still leads there.
        let here = resolve(Path::new("."))? == run.folder;
        let shown = if here { PathBuf::from(&run.out) } else { resolve(out)? };
        std::env::set_current_dir(&run.folder)
            .map_err(|err| Failure::file("go to the folder of the run,", &run.folder, &err))?;
        inputs::give_again(run.inputs.clone());
        take_stdin(staged.notes())?;
        interrupt::stop_cleanly(&shown);
        Ok((Self::of(staged, &shown), run))
    }

    /// The folder being made.
    pub fn dir(&self) -> PathBuf {
        self.staged.as_ref().map(Staged::dir).unwrap_or_default()
    }

    /// The journal of the case called `name`, while it is open.
    pub fn journal(&self, name: &str) -> PathBuf {
        self.notes.join(format!("{}.sqlite", bulkhead_files::file_name(name)))
    }

    /// Its place as the user knows it.
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Puts the case directory in its place.
    pub fn finish(mut self) -> Outcome {
        if let Some(staged) = self.staged.take() {
            staged.commit()?;
        }
        interrupt::nothing_left();
        Ok(())
    }

    /// There is nothing to make a case of.
    pub fn abandon(mut self) -> Outcome {
        if let Some(staged) = self.staged.take() {
            staged.abandon()?;
        }
        self.leave_no_folder();
        interrupt::nothing_left();
        Ok(())
    }

    /// Folders made for a case that did not come about go with it, where nothing else stands in them by now.
    fn leave_no_folder(&self) {
        let _ = self.above.iter().try_for_each(|it| bulkhead_files::tree::remove_empty_dir(it));
    }

    /// Notes what is needed to make the run again.
    fn note(&self, telemetry: &[PathBuf]) -> Outcome {
        let Some(staged) = &self.staged else { return Ok(()) };
        let notes = self.notes.as_path();
        if telemetry.iter().any(|it| it.as_os_str() == "-") {
            keep_stdin(&notes.join(STDIN))?;
            take_stdin(notes)?;
        }
        let mut seen = Vec::new();
        for path in telemetry {
            look(path, &mut seen);
        }
        for it in &mut seen {
            it.sha256 = digest(Path::new(&it.path));
        }
        inputs::now();
        let run = Run {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            folder: resolve(Path::new("."))?,
            out: self.shown.as_os_str().to_owned(),
            args: std::env::args_os().skip(1).collect(),
            inputs: inputs::noted(),
            telemetry: seen,
        };
        let text = serde_json::to_vec(&run).map_err(anyhow::Error::new)?;
        Ok(staged.note(&text)?)
    }
}

impl Drop for Building {
    /// A run that failed: where it had decided something, that can be carried on; else nothing of it stays.
    fn drop(&mut self) {
        let Some(staged) = self.staged.take() else { return };
        let entries = fs::read_dir(&self.notes).into_iter().flatten().filter_map(Result::ok);
        if entries.into_iter().any(|it| it.path().extension().is_some_and(|it| it == "sqlite")) {
            interrupt::tell_how_to_go_on();
        } else {
            // Should that fail, the next run to this place removes it.
            let _ = staged.abandon();
            self.leave_no_folder();
            interrupt::nothing_left();
        }
    }
}

impl Run {
    /// Whether it can be made again as it was.
    fn check(&self, shown: &Path) -> Outcome {
        let here = env!("CARGO_PKG_VERSION");
        if self.program != here {
            let message = format!("the run at `{}` was begun by bulkhead {}", shown.display(), self.program);
            return Err(Failure::input(format!("{message}; this is {here}")).hint(
                "carry it on with that version, or begin anew with --force; what was recorded so far is lost then",
            ));
        }
        for was in &self.telemetry {
            let path = self.folder.join(&was.path);
            let mut now = Vec::new();
            look(&path, &mut now);
            let same = |it: &Seen| {
                it.bytes == was.bytes
                    && (it.modified == was.modified
                        || (!was.sha256.is_empty() && digest(&path) == was.sha256))
            };
            if !now.first().is_some_and(same) {
                return Err(Failure::input(format!(
                    "`{}` is not what it was when the run began",
                    path.display()
                ))
                .hint("put it back as it was, or begin anew with --force"));
            }
        }
        Ok(())
    }
}

/// Makes sure that `dir` can be read or replaced: finishes what was interrupted while it was put in place.
///
/// Whether anything was.
///
/// # Errors
/// When it cannot be finished.
pub fn ready(dir: &Path) -> Outcome<bool> {
    let finished = settle(dir).or_else(|err| match err {
        // What is no folder is said by whoever wants to read it.
        Refused::Place { .. } => Ok(false),
        other => Err(Failure::from(other)),
    })?;
    if finished {
        note!("`{}` was interrupted while it was put in place; that is finished now", dir.display());
    }
    if dir.is_dir() {
        bulkhead_journal::recover(dir).map_err(journal_failure)?;
    }
    Ok(finished)
}

/// [`ready`], for who wants to read the case at `dir`: there is one.
///
/// # Errors
/// When it is still being made.
pub fn readable(dir: &Path) -> Outcome {
    ready(dir)?;
    if dir.exists() {
        if matches!(standing(dir), Ok(Standing::Interrupted)) {
            note!(
                "beside `{}` lies an interrupted run that was to replace it; `bulkhead case resume` carries it on, `case erase` gives it up",
                dir.display()
            );
        }
        return Ok(());
    }
    match standing(dir) {
        Ok(Standing::Interrupted) => Err(interrupted(dir)),
        Ok(Standing::Busy) => Err(busy(dir)),
        _ => Ok(()),
    }
}

fn interrupted(dir: &Path) -> Failure {
    Failure::input(format!("the run that was to make `{}` was interrupted", dir.display())).hint(format!(
        "go on with `bulkhead case resume {}`, or give it up and begin anew with --force",
        dir.display()
    ))
}

fn busy(dir: &Path) -> Failure {
    Failure::input(format!("another process is making the case directory `{}`", dir.display()))
        .hint("wait until it is done, or name another folder with --out")
}

/// The place is absent or empty, or what stands there may go.
fn check_place(dir: &Path, force: bool) -> Outcome {
    let place = resolve(dir)?;
    let entries = match fs::read_dir(&place) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(Failure::file("use as case directory", dir, &err)),
    };
    // Where the place cannot be moved, what is at work stands in it.
    if entries.filter_map(Result::ok).all(|it| it.file_name() == ".running") {
        return Ok(());
    }
    if !force {
        return Err(Failure::input(format!("the case directory `{}` is not empty", dir.display()))
            .hint("name another folder with --out, or replace it with --force"));
    }
    cases_folder::may_go(&place, dir)
}

/// Notes every file at or below `path`; what cannot be read is told by whoever reads it.
fn look(path: &Path, seen: &mut Vec<Seen>) {
    let Ok(meta) = fs::metadata(path) else { return };
    if meta.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        let mut paths: Vec<PathBuf> = entries.map(|it| it.path()).collect();
        paths.sort();
        paths.iter().for_each(|it| look(it, seen));
    } else if meta.is_file() {
        let modified = meta.modified().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |it| it.as_nanos());
        let (path, bytes) = (path.as_os_str().to_owned(), meta.len());
        seen.push(Seen { path, bytes, modified, sha256: String::new() });
    }
}

/// The digest of what is in a file; empty where it cannot be read, which whoever reads it tells.
fn digest(path: &Path) -> String {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let Ok(mut file) = fs::File::open(path) else { return String::new() };
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return hex::encode(hash.finalize()),
            Ok(n) => hash.update(&buffer[..n]),
            Err(_) => return String::new(),
        }
    }
}

/// Copies standard input to a file, to its end.
fn keep_stdin(path: &Path) -> Outcome {
    let mut file = NewFile::beside(path)?;
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = stdin.read(&mut buffer).map_err(|err| Failure::file("read", Path::new("-"), &err))?;
        if n == 0 {
            break;
        }
        file.write_all(&buffer[..n]).map_err(|err| Failure::file("keep standard input in", path, &err))?;
    }
    Ok(file.commit(path, Existing::Replace)?)
}

/// Lets standard input be what was kept of it, where something was.
fn take_stdin(notes: &Path) -> Outcome {
    let path = notes.join(STDIN);
    if !path.exists() {
        return Ok(());
    }
    let cannot = |err: io::Error| Failure::file("read", &path, &err);
    let mut file = fs::File::open(&path).map_err(cannot)?;
    file.rewind().map_err(cannot)?;
    rustix::stdio::dup2_stdin(&file).map_err(|err| cannot(err.into()))
}
