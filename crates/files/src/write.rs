//! One file: written beside its place, synced, renamed into it, its folder synced.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::{Error, Result};
use crate::tree::sync_dir;
use crate::{lock, place};

/// What becomes of a file that stands in the place already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and writing is refused; unless it holds the very same bytes.
    Refuse,
    /// It is replaced, and keeps who may read it.
    Replace,
}

/// Writes `bytes` to the file `path`: afterwards it holds all of them, or what it held before.
///
/// A link is followed. What is neither file nor folder (a terminal, a pipe) is written to as it is.
///
/// # Errors
/// [`Error::Exists`] by `existing`, [`Error::Sealed`] in a sealed folder; otherwise when the operating system refuses.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    place::refuse_sealed(path)?;
    write_as(path, bytes, existing, false)
}

/// As [`write`], also into a folder that is sealed: for who seals it anew.
///
/// # Errors
/// As [`write`].
pub fn write_within_seal(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    write_as(path, bytes, existing, false)
}

/// As [`write`]; a new file can be read by nobody else, one that is there keeps its permissions.
///
/// # Errors
/// As [`write`].
pub fn write_private(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    place::refuse_sealed(path)?;
    write_as(path, bytes, existing, true)
}

fn write_as(path: &Path, bytes: &[u8], existing: Existing, is_private: bool) -> Result<()> {
    let place = place::resolve(path)?;
    match fs::metadata(&place) {
        Ok(it) if it.is_dir() => return Err(Error::Place { path: path.to_owned(), why: "is a folder" }),
        Ok(it) if !it.is_file() => {
            let device = OpenOptions::new().write(true).open(&place).map_err(Error::io("open", path))?;
            return (&device).write_all(bytes).map_err(Error::io("write", path));
        }
        Ok(_) if existing == Existing::Refuse => {
            let same = fs::read(&place).map_err(Error::io("read", path))? == bytes;
            return if same { Ok(()) } else { Err(Error::Exists(path.to_owned())) };
        }
        Ok(_) => {}
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
        Err(fault) => return Err(Error::io("write", path)(fault)),
    }
    let mut file = NewFile::beside(&place)?;
    if is_private {
        file.make_private()?;
    }
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.commit(&place, existing)
}

/// A file that is being written and has no name yet that anybody knows.
#[derive(Debug)]
pub struct NewFile {
    /// Locked, so that two processes never write one.
    file: File,
    temporary: PathBuf,
    placed: bool,
}

impl NewFile {
    /// Begins a file that will stand at `place`; its folder must be there.
    ///
    /// # Errors
    /// When it cannot be made, or another process is writing the same file.
    pub fn beside(place: &Path) -> Result<Self> {
        let Some(name) = place.file_name() else {
            return Err(Error::Place { path: place.to_owned(), why: "is no name of a file" });
        };
        // One name for each place: what a killed process leaves behind is taken up again, not added to.
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".new");
        let temporary = place.with_file_name(hidden);
        let file = match lock::lock(&temporary) {
            Ok(file) => file,
            Err(Error::Busy(_)) => return Err(Error::Busy(place.to_owned())),
            // Whoever asked for the place does not know the name beside it.
            Err(Error::Io { source, .. }) => return Err(Error::io("write", place)(source)),
            Err(other) => return Err(other),
        };
        let new = Self { file, temporary, placed: false };
        new.file.set_len(0).map_err(Error::io("write", place))?;
        Ok(new)
    }

    /// Lets nobody else read it.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn make_private(&self) -> Result<()> {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        self.file.set_permissions(mode).map_err(Error::io("protect", &self.temporary))
    }

    /// Puts it at `place`, for good: its bytes and its name are on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Exists`] by `existing`; otherwise when the operating system refuses. Then nothing has changed.
    pub fn commit(mut self, place: &Path, existing: Existing) -> Result<()> {
        if let (Existing::Replace, Ok(old)) = (existing, fs::metadata(place)) {
            self.file.set_permissions(old.permissions()).map_err(Error::io("protect", place))?;
        }
        self.file.sync_all().map_err(Error::io("write", place))?;
        match existing {
            Existing::Replace => fs::rename(&self.temporary, place).map_err(Error::io("write", place))?,
            Existing::Refuse => rename_to_nothing(&self.temporary, place)?,
        }
        self.placed = true;
        sync_dir(place.parent().unwrap_or(Path::new("/")))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.placed {
            // Best effort: left behind, it is taken up by the next write to the same place.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Renames to a name that is free, however quickly somebody else may take it.
fn rename_to_nothing(from: &Path, to: &Path) -> Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::EXIST) => return Err(Error::Exists(to.to_owned())),
        // Not every file system knows this call; a second name for the file does as well.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
        Err(errno) => return Err(Error::io("write", to)(errno.into())),
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map_err(Error::io("write", to)),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists(to.to_owned())),
        Err(fault) => Err(Error::io("write", to)(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_stays_unless_it_may_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("estate.yaml");
        write(&path, b"by hand", Existing::Refuse).unwrap();
        write(&path, b"by hand", Existing::Refuse).unwrap();
        assert!(matches!(write(&path, b"drafted", Existing::Refuse), Err(Error::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), b"by hand");
        write(&path, b"drafted", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"drafted");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn who_may_read_it_stays_who_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("estate.yaml");
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, b"new", Existing::Replace).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn links_are_followed_and_devices_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, b"new", Existing::Replace).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        write(Path::new("/dev/null"), b"gone", Existing::Refuse).unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
        assert!(write(dir.path(), b"x", Existing::Replace).is_err());
    }

    #[test]
    fn a_second_writer_is_told_and_a_dead_ones_rest_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("map.svg");
        let mut first = NewFile::beside(&path).unwrap();
        first.write_all(b"half").unwrap();
        assert!(matches!(write(&path, b"other", Existing::Refuse), Err(Error::Busy(_))));
        std::mem::forget(first);
        fs::write(dir.path().join(".other.new"), "left by a killed process, longer than what comes").unwrap();
        write(&dir.path().join("other"), b"whole", Existing::Refuse).unwrap();
        assert_eq!(fs::read(dir.path().join("other")).unwrap(), b"whole");
    }
}
