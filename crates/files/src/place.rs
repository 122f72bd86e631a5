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

/// The innermost folder above `place` (as [`resolve`] gives it) that is sealed as it is: every file in it is counted.
pub fn sealed_above(place: &Path) -> Option<&Path> {
    place.ancestors().skip(1).find(|it| {
        let has = |name: &str| it.join(name).is_file();
        // A case, or its journal alone.
        has("journal/manifest.json")
            || has("journal/checkpoint")
            || (has("manifest.json") && has("checkpoint"))
    })
}

/// Refuses what would break a seal.
///
/// # Errors
/// [`Error::Sealed`] where `path` leads into a sealed folder.
pub fn refuse_sealed(path: &Path) -> Result<()> {
    match sealed_above(&resolve(path)?) {
        Some(case) => Err(Error::Sealed { path: path.to_owned(), case: case.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_sealed_folder_is_told_however_it_is_spelt() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("k/journal")).unwrap();
        std::fs::write(root.join("k/journal/manifest.json"), "{}").unwrap();
        std::os::unix::fs::symlink(root.join("k"), root.join("link")).unwrap();
        for (given, sealed) in [
            ("k", false),
            ("x", false),
            ("k/../x", false),
            ("k/plan.json", true),
            ("k/a/b/c", true),
            ("k/journal/x", true),
            ("link/x", true),
            ("x/../k/y", true),
        ] {
            assert_eq!(refuse_sealed(&root.join(given)).is_err(), sealed, "{given}");
        }
    }

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
