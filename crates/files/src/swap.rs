//! Two folders in the same folder change places.

use std::fs;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::tree::{remove_dir, sync_all, sync_dir};

/// Puts the finished folder `new` where `place` is and removes what stood there. `old` is a free name beside them.
///
/// Where the file system can, both change places in one step; elsewhere `place` is first set aside as `old`, and should
/// the process end before `new` took its place, [`recover_dir`] finishes it.
///
/// # Errors
/// When the operating system refuses; then `place` is what it was, or [`recover_dir`] makes it so.
pub fn replace_dir(new: &Path, place: &Path, old: &Path) -> Result<()> {
    sync_all(new)?;
    let above = place.parent().unwrap_or(Path::new("/"));
    if !place.exists() {
        fs::rename(new, place).map_err(Error::io("move into place", place))?;
        return sync_dir(above);
    }
    if exchange(new, place)? {
        sync_dir(above)?;
        return remove_dir(new);
    }
    fs::rename(place, old).map_err(Error::io("set aside", place))?;
    if let Err(fault) = fs::rename(new, place) {
        // Undone at once; should that fail too, the next command does it.
        let _ = fs::rename(old, place);
        return Err(Error::io("move into place", place)(fault));
    }
    sync_dir(above)?;
    remove_dir(old)
}

/// Finishes a [`replace_dir`] that was interrupted, or removes what one left behind. To be called before anything is
/// read there; changes nothing where nothing was interrupted.
///
/// # Errors
/// When the operating system refuses.
pub fn recover_dir(new: &Path, place: &Path, old: &Path) -> Result<()> {
    if !new.exists() && !old.exists() {
        return Ok(());
    }
    let above = place.parent().unwrap_or(Path::new("/"));
    if !place.exists() && old.exists() {
        // Set aside only after `new` was whole.
        let from = if new.exists() { new } else { old };
        fs::rename(from, place).map_err(Error::io("move into place", place))?;
        sync_dir(above)?;
    }
    // Where nothing stood and nothing does, what was being made may not be whole.
    remove_dir(new)?;
    remove_dir(old)
}

/// Lets two folders change places in one step; false where the file system cannot.
pub(crate) fn exchange(a: &Path, b: &Path) -> Result<bool> {
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        // Not known here, or a mount point, which cannot be moved.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::BUSY | Errno::XDEV) => Ok(false),
        Err(errno) => Err(Error::io("replace", b)(errno.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(dir: &Path, names: &[(&str, &str)]) {
        for (name, text) in names {
            fs::create_dir_all(dir.join(name)).unwrap();
            fs::write(dir.join(name).join("text"), text).unwrap();
        }
    }

    /// Recovers from what stands in the folder and returns what `place` holds then.
    fn recovered(stands: &[(&str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        texts(dir.path(), stands);
        let name = |it: &str| dir.path().join(it);
        recover_dir(&name("new"), &name("place"), &name("old")).unwrap();
        assert!(!name("old").exists() && !name("new").exists());
        fs::read_to_string(name("place").join("text")).ok()
    }

    #[test]
    fn the_new_takes_the_place_of_the_old() {
        for before in [&[][..], &[("place", "old")]] {
            let dir = tempfile::tempdir().unwrap();
            texts(dir.path(), before);
            texts(dir.path(), &[("new", "new")]);
            let name = |it: &str| dir.path().join(it);
            replace_dir(&name("new"), &name("place"), &name("old")).unwrap();
            assert_eq!(fs::read_to_string(name("place/text")).unwrap(), "new");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn wherever_it_was_interrupted_it_is_before_or_after() {
        let before = Some("old".to_owned());
        let after = Some("new".to_owned());
        assert_eq!(recovered(&[]), None);
        assert_eq!(recovered(&[("new", "half")]), None, "nothing stood there, and it may not be whole");
        assert_eq!(recovered(&[("place", "old")]), before);
        assert_eq!(recovered(&[("place", "old"), ("new", "half")]), before);
        assert_eq!(recovered(&[("old", "old"), ("new", "new")]), after);
        assert_eq!(recovered(&[("old", "old")]), before);
        assert_eq!(recovered(&[("place", "new"), ("old", "old")]), after);
    }
}
