//! Whether a folder holds a case and nothing else, so that it may be replaced.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::files;
use crate::manifest::{CHECKPOINT, MANIFEST, Manifest};

/// Files below `dir` that its case does not name; none when `dir` holds no case. Whether the case is sound is not asked.
///
/// # Errors
/// When the folder cannot be listed.
pub fn foreign_files(dir: &Path) -> Result<Option<Vec<String>>> {
    let path = files::under(dir, MANIFEST);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(Error::io("read", &path)(fault)),
    };
    let Ok(manifest) = Manifest::parse(&bytes) else { return Ok(None) };
    let named = |it: &str| {
        it == MANIFEST
            || it == CHECKPOINT
            || manifest.files.binary_search_by(|file| file.path.as_str().cmp(it)).is_ok()
    };
    let walk = files::walk(dir)?;
    let odd = walk.faults.into_iter().map(|it| it.path);
    Ok(Some(walk.files.into_iter().filter(|it| !named(it)).chain(odd).collect()))
}
