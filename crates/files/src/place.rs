//! Where a path truly leads, so that no spelling of it slips past a check.

use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};

/// The absolute path that `path` means: links followed as far as it exists, `.` and `..` taken out of the rest.
///
/// # Errors
/// When it is empty, a link leads nowhere, or the current folder is gone.
pub fn resolve(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::Place { path: path.to_owned(), why: "names nothing" });
    }
    let mut found = if path.is_absolute() {
        PathBuf::from("/")
    } else {
        std::env::current_dir()
            .and_then(|it| it.canonicalize())
            .map_err(Error::io("find the current folder for", path))?
    };
    for component in path.components() {
        match component {
            Component::Normal(name) => {
                found.push(name);
                if found.symlink_metadata().is_ok() {
                    found = found.canonicalize().map_err(Error::io("follow", &found))?;
                }
            }
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_place_is_one_place() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("k/b")).unwrap();
        std::os::unix::fs::symlink(root.join("k/b"), root.join("link")).unwrap();
        for (given, meant) in [
            ("k", "k"),
            ("k/.", "k"),
            ("k/absent/..", "k"),
            ("k/b/..", "k"),
            ("link/..", "k"),
            ("link/x", "k/b/x"),
            ("absent/../k//b/", "k/b"),
            ("new/er", "new/er"),
        ] {
            assert_eq!(resolve(&root.join(given)).unwrap(), root.join(meant), "{given}");
        }
        std::os::unix::fs::symlink(root.join("nowhere"), root.join("dangling")).unwrap();
        assert!(resolve(&root.join("dangling")).is_err());
        assert!(resolve(Path::new("")).is_err());
    }
}
