//! Which files a path means: itself, or for a folder every file below it in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_model::diag::Diagnostic;

/// One file to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it lies; none for standard input.
    pub(crate) path: Option<PathBuf>,
    /// As the user would name it.
    pub(crate) name: String,
    /// Size in bytes; 0 for standard input.
    pub(crate) size: u64,
    /// Whether the user named this file, rather than a folder above it.
    pub(crate) named: bool,
}

/// The files that `paths` mean, and what cannot be opened.
pub(crate) fn walk(paths: &[String]) -> (Vec<Found>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut diagnostics = Vec::new();
    for path in paths {
        if path == "-" {
            found.push(Found { path: None, name: "-".to_owned(), size: 0, named: true });
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => folder(Path::new(path), &mut found, &mut diagnostics),
            Ok(meta) => found.push(Found {
                path: Some(PathBuf::from(path)),
                name: path.clone(),
                size: meta.len(),
                named: true,
            }),
            Err(error) => diagnostics.push(
                Diagnostic::error("unreadable-file", path, None, format!("cannot be read: {error}"))
                    .hint("name telemetry files or folders; `-` stands for standard input"),
            ),
        }
    }
    (found, diagnostics)
}

/// Adds every file below `folder`. Symbolic links are followed to files only, so that no loop can arise.
fn folder(folder: &Path, found: &mut Vec<Found>, diagnostics: &mut Vec<Diagnostic>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            diagnostics.push(unreadable(folder, &error));
            return;
        }
    };
    let mut entries: Vec<PathBuf> = entries.filter_map(|it| it.ok().map(|it| it.path())).collect();
    entries.sort();
    for path in entries {
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|it| it.is_dir());
        if is_folder {
            self::folder(&path, found, diagnostics);
            continue;
        }
        match fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {
                let name = path.to_string_lossy().into_owned();
                found.push(Found { path: Some(path), name, size: meta.len(), named: false });
            }
            Ok(_) => {}
            Err(error) => diagnostics.push(unreadable(&path, &error)),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot be read: {error}");
    Diagnostic::warning("unreadable-file", &path.to_string_lossy(), None, message)
}
