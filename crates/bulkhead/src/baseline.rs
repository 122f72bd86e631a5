//! `--baseline FILE`: what is usual and what may still count, kept between runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bulkhead_incident::{Memory, Normal};
use bulkhead_model::case::BaselineUsed;
use bulkhead_model::finding::Finding;
use serde::{Deserialize, Serialize};

use crate::basis;
use crate::failure::{Failure, Outcome};
use crate::json_place;

/// The version of the file that is written.
const VERSION: u32 = 4;

/// What the file holds.
#[derive(Deserialize)]
struct Stored {
    bulkhead_baseline: u32,
    #[serde(default)]
    memory: Option<Memory>,
    /// What was known before the last run that read anything new.
    #[serde(default)]
    previous: Option<Memory>,
    /// As version 1 has it, which keeps no evidence.
    #[serde(default)]
    normal: Option<Normal>,
}

/// The same, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    bulkhead_baseline: u32,
    memory: &'a Memory,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<&'a Memory>,
}

/// What keeps another run from the same baseline until this one ends: two that learn at once would each forget what the other
/// learned.
#[derive(Debug)]
struct Lock {
    place: PathBuf,
    _held: fs::File,
}

impl Lock {
    fn of(file: &Path) -> Outcome<Self> {
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(".lock");
        let place = file.with_file_name(name);
        Ok(Self { _held: bulkhead_files::lock(&place)?, place })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever waits for it looks again whether the file is still there.
        let _ = bulkhead_files::tree::remove_file(&self.place);
    }
}

/// What is known, and where it is kept.
#[derive(Debug, Default)]
pub struct Baseline {
    file: Option<PathBuf>,
    _lock: Option<Lock>,
    /// What earlier runs learned and left open.
    pub memory: Memory,
    /// What was known before the last run that read anything new: what that run read is explained by it.
    pub previous: Option<Memory>,
}

impl Baseline {
    /// Reads `file`, if one is named and is there.
    ///
    /// # Errors
    /// When it cannot be read, or is no baseline: it is never overwritten then.
    pub fn open(file: Option<&Path>) -> Outcome<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        if fs::metadata(file).is_ok_and(|it| !it.is_file()) {
            return Err(Failure::input(format!("the baseline `{}` is no plain file", file.display())));
        }
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(Failure::input(format!(
                "there is no folder `{}` to keep a baseline in",
                folder.display()
            )));
        }
        let lock = Lock::of(file)?;
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    file: Some(file.to_owned()),
                    _lock: Some(lock),
                    memory: Memory::default(),
                    previous: None,
                });
            }
            Err(err) => {
                return Err(Failure::input(format!("cannot read the baseline `{}`: {err}", file.display())));
            }
        };
        let hint = "name a file that `respond --baseline` wrote, or one that does not exist yet";
        let stored: Stored = serde_json::from_slice(&text).map_err(|err| {
            let key = json_place::key_at(&text, err.line(), err.column());
            let place = if key.is_empty() { String::new() } else { format!(" at `{key}`") };
            Failure::input(format!("`{}` is no baseline{place}: {err}", file.display())).hint(hint)
        })?;
        if !(1..=VERSION).contains(&stored.bulkhead_baseline) {
            let version = stored.bulkhead_baseline;
            let what = format!("the baseline `{}` is of version {version}, not {VERSION}", file.display());
            return Err(Failure::input(what).hint(hint));
        }
        let (memory, place) = match (stored.memory, stored.normal) {
            (Some(memory), None) => (memory, "memory"),
            // Version 1 keeps at its head what later ones keep in the memory.
            (None, Some(normal)) => (Memory::from(normal), ""),
            _ => {
                let what = format!("`{}` is no baseline: it holds nothing that was learned", file.display());
                return Err(Failure::input(what).hint(hint));
            }
        };
        let previous = stored.previous;
        let of_previous = previous.as_ref().map(|it| ("previous", it));
        for (key, memory) in [(place, &memory)].into_iter().chain(of_previous) {
            memory.check().map_err(|it| {
                let what = format!("the baseline `{}` is damaged: {}", file.display(), it.within(key));
                Failure::input(what).hint(
                    "put back a copy that was kept elsewhere, or name a file that does not exist yet: what was learned \
                     is learned anew then",
                )
            })?;
        }
        Ok(Self { file: Some(file.to_owned()), _lock: Some(lock), memory, previous })
    }

    /// What it is called and how much it knows, where one is given.
    pub fn used(&self) -> Option<BaselineUsed> {
        self.file.as_ref().map(|it| basis::used(it.display().to_string(), &self.memory))
    }

    /// By what the findings are explained: what was known when they were read, where they were already.
    pub fn explains(&self, findings: &[Finding]) -> &Memory {
        match &self.previous {
            Some(previous) if self.memory.has_read_all(findings) && !previous.has_read_all(findings) => {
                previous
            }
            _ => &self.memory,
        }
    }

    /// Keeps what is known after a run that read these findings, and beside it what was known before, where they were new.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub fn keep_after(&self, findings: &[Finding], memory: &Memory) -> Outcome {
        let is_again = self.memory.has_read_all(findings);
        let previous = if is_again { self.previous.as_ref() } else { Some(&self.memory) };
        self.write(memory, previous)
    }

    /// Keeps what is known now, if a file is named.
    ///
    /// # Errors
    /// When it cannot be written; what was there before stands.
    pub fn keep(&self, memory: &Memory) -> Outcome {
        self.write(memory, self.previous.as_ref())
    }

    fn write(&self, memory: &Memory, previous: Option<&Memory>) -> Outcome {
        let Some(file) = &self.file else { return Ok(()) };
        let stored = Written { bulkhead_baseline: VERSION, memory, previous };
        let text = serde_json::to_vec(&stored).map_err(anyhow::Error::new)?;
        // It names hosts and accounts.
        Ok(bulkhead_files::write_private(file, &text, bulkhead_files::Existing::Replace)?)
    }
}
