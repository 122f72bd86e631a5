//! Which files a path means: itself, or for a folder every file below it in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_model::case::Unread;
use bulkhead_model::diag::Diagnostic;

use crate::auditd::rotated::{self, Around};
use crate::report::Telemetry;

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
    /// The files of the same log before and after it.
    pub(crate) around: Around,
}

/// The files that `paths` mean; and a report that holds what cannot be opened, and nothing yet of what can.
pub(crate) fn walk(paths: &[String]) -> (Vec<Found>, Telemetry) {
    let (mut found, diagnostics) = files(paths);
    let places: Vec<Option<&Path>> = found.iter().map(|it| it.path.as_deref()).collect();
    let around = rotated::around(&places);
    for (file, around) in found.iter_mut().zip(around) {
        file.around = around;
    }
    let mut telemetry = Telemetry { diagnostics, ..Telemetry::default() };
    for it in &telemetry.diagnostics {
        let (source, what) = (it.file.clone(), it.message.clone());
        telemetry.unread.push(Unread { source, what, ..Unread::default() });
    }
    (found, telemetry)
}

fn found_at(path: Option<PathBuf>, name: String, size: u64, named: bool) -> Found {
    Found { path, name, size, named, around: Around::default() }
}

fn files(paths: &[String]) -> (Vec<Found>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut diagnostics = Vec::new();
    for path in paths {
        if path == "-" {
            found.push(found_at(None, "-".to_owned(), 0, true));
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => folder(Path::new(path), &mut found, &mut diagnostics),
            Ok(meta) if is_endless(&meta, path) => diagnostics.push(
                Diagnostic::error(
                    "device",
                    path,
                    None,
                    "is a device, which has no end and holds no log; it was not read",
                )
                .hint("name telemetry files, folders or named pipes; `-` stands for standard input"),
            ),
            Ok(meta) => found.push(found_at(Some(PathBuf::from(path)), path.clone(), meta.len(), true)),
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
                found.push(found_at(Some(path), name, meta.len(), false));
            }
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => diagnostics.push(Diagnostic::warning(
                "no-file",
                &path.to_string_lossy(),
                None,
                "is no file (a pipe, a socket or a device), and was not read; name it by itself if it holds telemetry",
            )),
            Err(error) => diagnostics.push(unreadable(&path, &error)),
        }
    }
}

/// Whether a file is a device that can be read for ever. Terminals and what stands for standard input are none.
fn is_endless(meta: &fs::Metadata, path: &str) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = meta.file_type();
    let is_input = || fs::File::open(path).is_ok_and(|it| std::io::IsTerminal::is_terminal(&it));
    kind.is_block_device() || (kind.is_char_device() && path != "/dev/null" && !is_input())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = format!("cannot be read: {error}");
    Diagnostic::warning("unreadable-file", &path.to_string_lossy(), None, message)
}
