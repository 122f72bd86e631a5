//! A whole folder, built beside its place and swapped with what stands there.
//!
//! ```text
//! DIR.running/            while it is being built; what is needed to go on after an interruption is kept here too
//!   lock                  held by the process at work
//!   run.json              what it takes to go on, where its maker noted that; without it there is nothing to go on with
//!   made/                 becomes DIR
//!   swap.json             from here on it will be: how, and how far it got can be told from what stands where
//!   aside/                what stood in DIR, where it cannot be swapped as a whole
//! ```
//! Where DIR is a mount point, or the folder above it is not ours to write, all that stands in `DIR/.running`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::swap::exchange;
use crate::tree::{make_dirs, make_private_dir, remove_dir, remove_file, sync_all, sync_dir};
use crate::write::{Existing, write_within_seal};
use crate::{lock, place};

const LOCK: &str = "lock";
const MADE: &str = "made";
const ASIDE: &str = "aside";
const SWAP: &str = "swap.json";
const NOTE: &str = "run.json";
/// The folder at work where it must stand inside its place.
const INSIDE: &str = ".running";

/// How a finished folder takes its place.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Swap {
    /// As a whole. The number tells the new folder from the old one.
    Whole {
        /// Inode of the new folder.
        inode: u64,
    },
    /// Entry by entry, by paths below both folders: the old ones aside first, then the new ones into place.
    Entries {
        /// What goes.
        old: Vec<PathBuf>,
        /// What comes.
        new: Vec<PathBuf>,
    },
}

/// What is going on about a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is.
    Free,
    /// A process is building what will stand there.
    Busy,
    /// A process was, ended before it was done, and noted what it takes to go on.
    Interrupted,
}

/// A folder that is being built. When it is let go of without [`Staged::commit`] or [`Staged::abandon`], all of it stays
/// for [`Staged::resume`].
#[derive(Debug)]
pub struct Staged {
    place: PathBuf,
    running: PathBuf,
    _lock: File,
}

impl Staged {
    /// Begins a folder that will stand at `place`; whatever stands there now stays until [`Staged::commit`].
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Interrupted`] when somebody else began one, [`Error::Sealed`] inside a sealed folder;
    /// otherwise when the operating system refuses.
    pub fn begin(place: &Path) -> Result<Self> {
        place::refuse_sealed(place)?;
        Self::begin_again(place)
    }

    /// As [`Staged::begin`], for a folder that is there already, wherever it is: nothing is added where it stands.
    ///
    /// # Errors
    /// As [`Staged::begin`].
    pub fn begin_again(place: &Path) -> Result<Self> {
        settle(place)?;
        let place = checked(place)?;
        let running = running(&place);
        if let Some(above) = running.parent() {
            make_dirs(above)?;
        }
        if running.symlink_metadata().is_ok() {
            let left = Self::resume(&place)?;
            if left.noted()?.is_some() {
                return Err(Error::Interrupted(place));
            }
            left.abandon()?;
        }
        make_private_dir(&running)?;
        let lock = lock::lock(&running.join(LOCK)).map_err(|err| busy(err, &place))?;
        let staged = Self { place, running, _lock: lock };
        make_dirs(&staged.dir())?;
        Ok(staged)
    }

    /// Takes up what an interrupted process left.
    ///
    /// # Errors
    /// [`Error::Busy`] when it is still at work; otherwise when there is nothing to take up, or the operating system refuses.
    pub fn resume(place: &Path) -> Result<Self> {
        let place = checked(place)?;
        let running = running(&place);
        if !running.is_dir() {
            return Err(Error::Place { path: place, why: "was not interrupted" });
        }
        let lock = lock::lock(&running.join(LOCK)).map_err(|err| busy(err, &place))?;
        let staged = Self { place, running, _lock: lock };
        make_dirs(&staged.dir())?;
        Ok(staged)
    }

    /// The folder being built.
    pub fn dir(&self) -> PathBuf {
        self.running.join(MADE)
    }

    /// Where what is needed meanwhile is kept; goes away with [`Staged::commit`].
    pub fn notes(&self) -> &Path {
        &self.running
    }

    /// Notes what it takes to go on after an interruption.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn note(&self, text: &[u8]) -> Result<()> {
        write_within_seal(&self.running.join(NOTE), text, Existing::Replace)
    }

    /// What was noted.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn noted(&self) -> Result<Option<Vec<u8>>> {
        let path = self.running.join(NOTE);
        match fs::read(&path) {
            Ok(text) => Ok(Some(text)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(Error::io("read", &path)(fault)),
        }
    }

    /// Where the folder will stand.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts the folder in its place, for good, and removes what stood there.
    ///
    /// # Errors
    /// When the operating system refuses; then what stood there still does, or [`settle`] finishes the work.
    pub fn commit(self) -> Result<()> {
        sync_all(&self.dir())?;
        let inode = inode(&self.dir())?;
        let swap = if self.place.exists() && !self.can_move() {
            self.entries(self.listed(&self.place)?)?
        } else {
            Swap::Whole { inode }
        };
        self.finish(&swap)
    }

    /// Puts every file of the folder beside those that stand in its place already; those of the same name are replaced.
    ///
    /// # Errors
    /// As [`Staged::commit`].
    pub fn commit_beside(self) -> Result<()> {
        if !self.place.exists() {
            return self.commit();
        }
        sync_all(&self.dir())?;
        let mut new = Vec::new();
        files_below(&self.dir(), Path::new(""), &mut new)?;
        let old = new.iter().filter(|it| self.place.join(it).symlink_metadata().is_ok()).cloned().collect();
        self.finish(&Swap::Entries { old, new })
    }

    /// Gives up: removes all of it.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn abandon(self) -> Result<()> {
        self.clear()
    }

    /// The swap of all entries.
    fn entries(&self, old: Vec<PathBuf>) -> Result<Swap> {
        Ok(Swap::Entries { old, new: self.listed(&self.dir())? })
    }

    fn listed(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir).map_err(Error::io("list", dir))? {
            let name = PathBuf::from(entry.map_err(Error::io("list", dir))?.file_name());
            if dir.join(&name) != self.running {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether the place can be moved away: not below the feet of whoever works in it.
    fn can_move(&self) -> bool {
        let inside = self.running.starts_with(&self.place);
        let here = std::env::current_dir().and_then(|it| it.canonicalize());
        !inside && !here.is_ok_and(|it| it.starts_with(&self.place))
    }

    /// From the marker on there is no way back, only forward.
    fn finish(&self, swap: &Swap) -> Result<()> {
        let text = serde_json::to_vec(swap)
            .map_err(|err| Error::io("write", &self.running.join(SWAP))(io::Error::other(err)))?;
        write_within_seal(&self.running.join(SWAP), &text, Existing::Replace)?;
        self.forward(swap)?;
        self.clear()
    }

    fn forward(&self, swap: &Swap) -> Result<()> {
        match swap {
            Swap::Whole { inode } => self.forward_whole(*inode),
            Swap::Entries { old, new } => self.forward_entries(old, new),
        }
    }

    fn forward_whole(&self, new: u64) -> Result<()> {
        let (made, above) = (self.dir(), self.place.parent().unwrap_or(Path::new("/")));
        if !made.exists() || inode(&made)? != new {
            return Ok(()); // done: what is there is what stood in the place, if anything did
        }
        if self.place.symlink_metadata().is_err() {
            fs::rename(&made, &self.place).map_err(Error::io("move into place", &self.place))?;
        } else {
            // Who may look into the folder stays who may.
            let old = fs::metadata(&self.place).map_err(Error::io("inspect", &self.place))?;
            fs::set_permissions(&made, old.permissions()).map_err(Error::io("protect", &made))?;
            if !exchange(&made, &self.place)? {
                let swap = self.entries(self.listed(&self.place)?)?;
                return self.finish(&swap);
            }
            sync_dir(&self.running)?;
        }
        sync_dir(above)
    }

    fn forward_entries(&self, old: &[PathBuf], new: &[PathBuf]) -> Result<()> {
        let (made, aside) = (self.dir(), self.running.join(ASIDE));
        for name in old {
            // Once it is aside, what stands in the place under this name is new.
            if aside.join(name).symlink_metadata().is_err()
                && self.place.join(name).symlink_metadata().is_ok()
            {
                shift(&self.place.join(name), &aside.join(name))?;
            }
        }
        for name in new {
            if made.join(name).symlink_metadata().is_ok() {
                shift(&made.join(name), &self.place.join(name))?;
            }
        }
        sync_all_dirs(&self.place, new)
    }

    /// Removes the folder at work: what says how far it got goes last.
    fn clear(&self) -> Result<()> {
        for entry in fs::read_dir(&self.running).map_err(Error::io("list", &self.running))? {
            let entry = entry.map_err(Error::io("list", &self.running))?;
            let name = entry.file_name();
            if name == LOCK || name == SWAP {
                continue;
            }
            if entry.file_type().is_ok_and(|it| it.is_dir()) {
                remove_dir(&entry.path())?;
            } else {
                remove_file(&entry.path())?;
            }
        }
        sync_dir(&self.running)?;
        remove_file(&self.running.join(SWAP))?;
        remove_file(&self.running.join(LOCK))?;
        remove_dir(&self.running)
    }
}

/// What is going on about `place`.
///
/// # Errors
/// When it cannot be told.
pub fn standing(place: &Path) -> Result<Standing> {
    let place = checked(place)?;
    let running = running(&place);
    if running.symlink_metadata().is_err() {
        return Ok(Standing::Free);
    }
    match lock::lock(&running.join(LOCK)) {
        Ok(_) if running.join(NOTE).exists() => Ok(Standing::Interrupted),
        Ok(_) => Ok(Standing::Free),
        Err(Error::Busy(_)) => Ok(Standing::Busy),
        Err(other) => Err(other),
    }
}

/// Finishes the swap at `place` if one was interrupted; to be called before anything is read there. Whether it did.
///
/// # Errors
/// When the operating system refuses.
pub fn settle(place: &Path) -> Result<bool> {
    let place = checked(place)?;
    let running = running(&place);
    let marker = running.join(SWAP);
    let text = match fs::read(&marker) {
        Ok(text) => text,
        Err(fault) if matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        Err(fault) => return Err(Error::io("read", &marker)(fault)),
    };
    let lock = match lock::lock(&running.join(LOCK)) {
        Ok(lock) => lock,
        // Whoever began it is at it.
        Err(Error::Busy(_)) => return Ok(false),
        Err(other) => return Err(other),
    };
    let swap: Swap = serde_json::from_slice(&text)
        .map_err(|err| Error::io("read", &marker)(io::Error::new(io::ErrorKind::InvalidData, err)))?;
    let staged = Staged { place, running, _lock: lock };
    staged.forward(&swap)?;
    staged.clear()?;
    Ok(true)
}

/// The place itself, when a folder can stand there.
fn checked(path: &Path) -> Result<PathBuf> {
    let place = place::resolve(path)?;
    if place.file_name().is_none() {
        return Err(Error::Place { path: path.to_owned(), why: "is the root of the file system" });
    }
    if place.exists() && !place.is_dir() {
        return Err(Error::Place { path: path.to_owned(), why: "is not a folder" });
    }
    Ok(place)
}

/// Where the work on `place` goes on.
fn running(place: &Path) -> PathBuf {
    let mut name: OsString = place.file_name().unwrap_or_default().to_owned();
    name.push(".running");
    let beside = place.with_file_name(name);
    let inside = place.join(INSIDE);
    if !place.is_dir() || beside.exists() {
        return beside;
    }
    let above = place.parent().unwrap_or(Path::new("/"));
    let device = |it: &Path| fs::metadata(it).map(|it| it.dev()).ok();
    let ours = rustix::fs::access(above, rustix::fs::Access::WRITE_OK).is_ok();
    if inside.exists() || device(place) != device(above) || !ours { inside } else { beside }
}

fn busy(err: Error, place: &Path) -> Error {
    match err {
        Error::Busy(_) => Error::Busy(place.to_owned()),
        other => other,
    }
}

fn inode(path: &Path) -> Result<u64> {
    fs::symlink_metadata(path).map(|it| it.ino()).map_err(Error::io("inspect", path))
}

/// Moves one entry, with the folders above its new place.
fn shift(from: &Path, to: &Path) -> Result<()> {
    if let Some(above) = to.parent() {
        make_dirs(above)?;
    }
    fs::rename(from, to).map_err(Error::io("move into place", to))
}

fn files_below(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let dir = root.join(below);
    for entry in fs::read_dir(&dir).map_err(Error::io("list", &dir))? {
        let entry = entry.map_err(Error::io("list", &dir))?;
        let name = below.join(entry.file_name());
        if entry.file_type().is_ok_and(|it| it.is_dir()) {
            files_below(root, &name, files)?;
        } else {
            files.push(name);
        }
    }
    files.sort();
    Ok(())
}

/// Makes the folders that hold `names` durable.
fn sync_all_dirs(place: &Path, names: &[PathBuf]) -> Result<()> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for above in names.iter().filter_map(|it| it.parent()).flat_map(Path::ancestors) {
        folders.push(place.join(above));
    }
    folders.push(place.to_owned());
    folders.sort();
    folders.dedup();
    folders.iter().rev().try_for_each(|it| sync_dir(it))
}
