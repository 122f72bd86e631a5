//! What is needed while a folder is built: files put into it, folders made, synced and removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::{Error, Result};

/// Puts a file, with the folders above it, into a folder that is being built; [`crate::Staged::commit`] syncs it. Who
/// needs it synced at once opens it with [`sync`].
///
/// # Errors
/// When the operating system refuses.
pub fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    put_with(path, bytes, 0o666)
}

/// The same for a file that nobody else may read.
///
/// # Errors
/// When the operating system refuses.
pub fn put_private(path: &Path, bytes: &[u8]) -> Result<()> {
    put_with(path, bytes, 0o600)
}

fn put_with(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_dirs(folder)?;
    }
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    let mut file = options.map_err(Error::io("write", path))?;
    file.write_all(bytes).map_err(Error::io("write", path))
}

/// Opens a file that is only ever added to, made when absent; readable by nobody else when `private`.
///
/// # Errors
/// When the operating system refuses.
pub fn append(path: &Path, private: bool) -> Result<File> {
    let mode = if private { 0o600 } else { 0o666 };
    let options = OpenOptions::new().create(true).append(true).mode(mode).open(path);
    options.map_err(Error::io("open", path))
}

/// Makes a folder and those above it.
///
/// # Errors
/// When the operating system refuses.
pub fn make_dirs(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("make the folder", path))
}

/// Makes a folder that nobody else may look into, and those above it; one that is there becomes so.
///
/// # Errors
/// When the operating system refuses.
pub fn make_private_dir(path: &Path) -> Result<()> {
    if let Some(above) = path.parent() {
        make_dirs(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(Error::io("protect", path))
        }
        other => other.map_err(Error::io("make the folder", path)),
    }
}

/// Gives a file another name in a folder that is being built, with the folders above it; a copy where names cannot be
/// given. Neither may be changed afterwards.
///
/// # Errors
/// When the operating system refuses.
pub fn link(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        make_dirs(folder)?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop).map_err(Error::io("copy", from))
}

/// Lets nobody else read a file that is there.
///
/// # Errors
/// When the operating system refuses.
pub fn make_private(path: &Path) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(Error::io("protect", path))
}

/// Removes a file; nothing happens when there is none.
///
/// # Errors
/// When the operating system refuses.
pub fn remove_file(path: &Path) -> Result<()> {
    absent_is_fine(fs::remove_file(path)).map_err(Error::io("remove", path))
}

/// Removes a folder and all in it; nothing happens when there is none.
///
/// # Errors
/// When the operating system refuses.
pub fn remove_dir(path: &Path) -> Result<()> {
    absent_is_fine(fs::remove_dir_all(path)).map_err(Error::io("remove", path))
}

/// Removes a folder that holds nothing; nothing happens when it is not there or holds something.
///
/// # Errors
/// When the operating system refuses.
pub fn remove_empty_dir(path: &Path) -> Result<()> {
    match fs::remove_dir(path) {
        Err(fault) if fault.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        done => absent_is_fine(done).map_err(Error::io("remove", path)),
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Makes a file's bytes, or a folder's own entries, durable.
///
/// # Errors
/// When the operating system refuses.
pub fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|it| it.sync_all()).map_err(Error::io("write to the disk", path))
}

pub(crate) use sync as sync_dir;

/// Makes everything below a folder durable, what is inside before what holds it. Links are not followed.
///
/// # Errors
/// When the operating system refuses.
pub fn sync_all(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let kind = entry.file_type().map_err(Error::io("inspect", &entry.path()))?;
        if kind.is_dir() {
            sync_all(&entry.path())?;
        } else if kind.is_file() {
            sync(&entry.path())?;
        }
    }
    sync(folder)
}
