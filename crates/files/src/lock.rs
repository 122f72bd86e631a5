//! Locks that the operating system lets go of when a process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::{Error, Result};

/// Takes the lock file at `path`, made when absent; held as long as the file returned is.
///
/// # Errors
/// [`Error::Busy`] when another process holds it; otherwise when it cannot be opened.
pub fn lock(path: &Path) -> Result<File> {
    loop {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", path)(source)),
        }
        // Whoever held it may have removed the file between our opening it and their letting go.
        if is_still_at(&file, path) {
            return Ok(file);
        }
    }
}

/// A file that is opened for writing as it is, made when absent.
pub(crate) fn open(path: &Path) -> Result<File> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    options.map_err(Error::io("open", path))
}

pub(crate) fn is_still_at(file: &File, path: &Path) -> bool {
    let Ok((held, there)) = file.metadata().and_then(|held| Ok((held, path.symlink_metadata()?))) else {
        return false;
    };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}
