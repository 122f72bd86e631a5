//! Rotated logs: an event whose records lie at the end of one file and at the start of the next is one event.
//!
//! The readers of both files ask the same function, each by itself, so that it does not matter which of them is read first,
//! or on which thread: the reader of the older file takes the records, the reader of the newer one leaves them out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::stamp;
use crate::format::{self, Format, Packing};
use crate::input::Input;

/// How many bytes of an end and of a start are looked at.
const LOOK: u64 = 64 * 1024;

/// The files of the same log that were written right before and right after one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    pub(crate) older: Option<PathBuf>,
    pub(crate) newer: Option<PathBuf>,
}

/// For each of `paths` its neighbours among them: `audit.log.2`, `audit.log.1`, `audit.log`; `audit.log-20260302`, `audit.log`.
pub(crate) fn around(paths: &[Option<&Path>]) -> Vec<Around> {
    let mut logs: BTreeMap<(PathBuf, bool), BTreeMap<i64, usize>> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        let Some(path) = path else { continue };
        match age(path) {
            Some((log, by_date, age)) => {
                logs.entry((log, by_date)).or_default().insert(age, at);
            }
            // The newest of either kind of rotation.
            None => {
                for by_date in [false, true] {
                    logs.entry((path.to_path_buf(), by_date)).or_default().insert(i64::MAX, at);
                }
            }
        }
    }
    let mut around = vec![Around::default(); paths.len()];
    for files in logs.into_values() {
        let files: Vec<usize> = files.into_values().collect();
        for pair in files.windows(2) {
            around[pair[0]].newer = paths[pair[1]].map(Path::to_path_buf);
            around[pair[1]].older = paths[pair[0]].map(Path::to_path_buf);
        }
    }
    around
}

/// The log that a rotated file is of, whether a date tells it, and a number that is higher the newer it is.
fn age(path: &Path) -> Option<(PathBuf, bool, i64)> {
    let name = path.file_name()?.to_str()?;
    let (log, suffix, by_date) = match (name.rsplit_once('.'), name.rsplit_once('-')) {
        (Some((log, number)), _) if is_number(number, 1..=4) => (log, number, false),
        (_, Some((log, date))) if is_number(date, 8..=10) => (log, date, true),
        _ => return None,
    };
    let number: i64 = suffix.parse().ok()?;
    (!log.is_empty()).then(|| (path.with_file_name(log), by_date, if by_date { number } else { -number }))
}

fn is_number(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

/// The records at the start of a file that the reader of the file before takes.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// As they stand there.
    pub(crate) lines: Vec<Vec<u8>>,
    events: BTreeSet<Vec<u8>>,
    /// How many lines were looked at.
    n_lines: u64,
}

impl Carried {
    /// Those at the start of `newer` of events that stand at the end of `older` too; none where either is no plain audit
    /// log.
    pub(crate) fn between(older: Option<&Path>, newer: Option<&Path>) -> Self {
        let (Some(older), Some(newer)) = (older, newer) else { return Self::default() };
        Self::of(older, newer).unwrap_or_default()
    }

    fn of(older: &Path, newer: &Path) -> io::Result<Self> {
        if !is_plain(older)? || !is_plain(newer)? {
            return Ok(Self::default());
        }
        let mut file = File::open(older)?;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(LOOK)))?;
        let mut end = Vec::new();
        file.take(LOOK).read_to_end(&mut end)?;
        let mut start = Vec::new();
        File::open(newer)?.take(LOOK).read_to_end(&mut start)?;
        // A line cut off here is one that the reader does not leave out.
        if start.len() as u64 == LOOK {
            start.truncate(start.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1));
        }
        let open: BTreeSet<&[u8]> = lines(&end).filter_map(stamp).collect();
        let mut carried = Self::default();
        for line in lines(&start) {
            carried.n_lines += 1;
            if let Some(event) = stamp(line).filter(|it| open.contains(it)) {
                carried.lines.push(line.to_vec());
                carried.events.insert(event.to_vec());
            }
        }
        Ok(carried)
    }

    /// Whether the reader of the file before takes the record of `event` that is line `number` of this file.
    pub(crate) fn has(&self, event: &[u8], number: u64) -> bool {
        number <= self.n_lines && self.events.contains(event)
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|it| *it == b'\n').map(|it| it.strip_suffix(b"\r").unwrap_or(it))
}

/// Whether a file is read as an audit log, from front to back as it lies there.
fn is_plain(path: &Path) -> io::Result<bool> {
    if !path.metadata()?.is_file() {
        return Ok(false);
    }
    let mut input = Input::new(File::open(path)?);
    Ok(format::packing(input.peek(4)) == Packing::Plain && format::sniff(&mut input) == Some(Format::Auditd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expect: &[&str]) {
        let paths: Vec<Option<&Path>> = names.iter().map(|it| Some(Path::new(*it))).collect();
        let name = |it: Option<PathBuf>| it.map_or_else(|| "-".to_owned(), |it| it.display().to_string());
        let found: Vec<String> =
            around(&paths).into_iter().map(|it| format!("{} {}", name(it.older), name(it.newer))).collect();
        assert_eq!(found, expect, "{names:?}");
    }

    #[test]
    fn rotated_files_have_neighbours_by_number_or_by_date() {
        check(&["a/audit.log", "a/audit.log.1"], &["a/audit.log.1 -", "- a/audit.log"]);
        check(
            &["audit.log.10", "audit.log.9", "audit.log"],
            &["- audit.log.9", "audit.log.10 audit.log", "audit.log.9 -"],
        );
        check(
            &["audit.log", "audit.log-20260301", "audit.log-20260302"],
            &["audit.log-20260302 -", "- audit.log-20260302", "audit.log-20260301 audit.log"],
        );
        // Of another folder, of another log, of none.
        check(&["a/audit.log", "b/audit.log.1", "a/other.log.1", "10.0.0.1"], &["- -", "- -", "- -", "- -"]);
    }
}
