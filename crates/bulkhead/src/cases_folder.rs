//! A folder of cases that one run wrote, known by a mark, so that `--force` replaces the cases of one run and no others.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bulkhead_files::tree;
use bulkhead_journal::foreign_files;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::commands::case::journal_failure;
use crate::failure::{Failure, Outcome};
use crate::ui;

/// The mark's name in the folder.
const MARK: &str = "cases.json";

/// What one run wrote.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Mark {
    /// By name of its folder, the digest of a case's `incident.json`: that stays the same when the vault is erased, and
    /// no other case has it.
    cases: BTreeMap<String, String>,
}

/// Marks the cases `names` in `dir` as those of one run.
pub fn mark<'n>(dir: &Path, names: impl Iterator<Item = &'n str>) -> Outcome {
    let mut mark = Mark::default();
    for name in names {
        mark.cases.insert(name.to_owned(), identity(&dir.join(name)).unwrap_or_default());
    }
    let mut text = serde_json::to_string_pretty(&mark).map_err(anyhow::Error::new)?;
    text.push('\n');
    Ok(tree::put(&dir.join(MARK), text.as_bytes())?)
}

fn identity(case: &Path) -> Option<String> {
    let bytes = fs::read(case.join("incident.json")).ok()?;
    Some(hex::encode(Sha256::digest(bytes)))
}

/// Whether what stands at `place` is one case, or the cases of one run, and nothing else; `shown` is the place as the
/// user named it.
///
/// # Errors
/// When it is not.
pub fn may_go(place: &Path, shown: &Path) -> Outcome {
    let odd = match foreign_files(place).map_err(journal_failure)? {
        Some(files) => Odd { files, ..Odd::default() },
        None => Odd::of(place)?,
    };
    if let Some(first) = odd.files.first() {
        let more = match odd.files.len() - 1 {
            0 => String::new(),
            more => format!(" and {}", ui::counted(more, "more file")),
        };
        return Err(Failure::input(format!(
            "`{}` is not a case directory alone: --force replaces only those, and `{first}`{more} is not of a case",
            shown.display()
        ))
        .hint("name another folder with --out, or move away what is yours"));
    }
    if odd.cases.is_empty() {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{}` holds {} that no one run wrote there together: {}; --force replaces one case, or all cases of one run",
        shown.display(),
        ui::counted(odd.cases.len(), "case"),
        odd.cases.join(", ")
    ))
    .hint("name with --out the folder of the one case to replace, or a new one; move or remove cases yourself"))
}

/// What keeps a folder from being replaced.
#[derive(Default)]
struct Odd {
    /// What is no part of a case.
    files: Vec<String>,
    /// Cases that the run which left its mark did not write.
    cases: Vec<String>,
}

impl Odd {
    /// What of the folder of cases `dir` is not of the run that left its mark.
    fn of(dir: &Path) -> Outcome<Self> {
        let text = fs::read(dir.join(MARK)).unwrap_or_default();
        let mark: Option<Mark> = serde_json::from_slice(&text).ok();
        let mut odd = Self::default();
        for entry in fs::read_dir(dir).map_err(|err| Failure::file("list", dir, &err))? {
            let path = entry.map_err(|err| Failure::file("list", dir, &err))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == MARK && mark.is_some() {
                continue;
            }
            let within = if path.is_dir() { foreign_files(&path).map_err(journal_failure)? } else { None };
            let Some(within) = within else {
                odd.files.push(name);
                continue;
            };
            odd.files.extend(within.into_iter().map(|it| format!("{name}/{it}")));
            let known = mark.as_ref().and_then(|it| it.cases.get(&name));
            if known.is_none() || known != identity(&path).as_ref() {
                odd.cases.push(name);
            }
        }
        odd.files.sort();
        odd.cases.sort();
        Ok(odd)
    }
}
