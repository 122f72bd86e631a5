//! Evidence: the files that carry an incident's findings, kept by content in the vault, their digests in the journal.

use std::fs::File;
use std::path::PathBuf;

use bulkhead_engine::Command;
use bulkhead_journal::Vault;

use crate::commands::case::journal_failure;
use crate::failure::{Failure, Outcome};

/// A file that carries findings.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// On disk.
    Disk(PathBuf),
    /// In memory, under a name.
    Memory(String, Vec<u8>),
}

impl Evidence {
    /// Puts it into the vault and returns the command that records its digest.
    pub fn keep(&self, vault: &Vault) -> Outcome<Command> {
        let (name, digest) = match self {
            Self::Disk(path) => {
                let file = File::open(path).map_err(|err| Failure::file("keep as evidence", path, &err))?;
                let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
                (name, vault.put(file).map_err(journal_failure)?)
            }
            Self::Memory(name, bytes) => {
                (name.clone(), vault.put(bytes.as_slice()).map_err(journal_failure)?)
            }
        };
        Ok(Command::RegisterEvidence { sha256: digest.sha256, bytes: digest.bytes, name })
    }
}
