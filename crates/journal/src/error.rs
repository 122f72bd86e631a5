//! What can go wrong with the journal, the vault and a case directory.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A fault of the journal, the vault or a case directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot {doing}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] bulkhead_files::Error),
    /// The database refused.
    #[error("the journal's database refused an operation")]
    Database(#[from] rusqlite::Error),
    /// Another process writes this journal.
    #[error("{}: another process is writing this journal; only one may (stop it, or open the journal read-only)", .0.display())]
    Locked(PathBuf),
    /// A newer version of the program wrote it.
    #[error("{}: written with schema {found}, this program knows up to {known}; use a newer version", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// The file is no journal.
    #[error("{}: not a journal of this program", .0.display())]
    NotAJournal(PathBuf),
    /// What is stored contradicts itself.
    #[error("the record is damaged: {0}")]
    Damaged(String),
    /// The caller asked for something that cannot be recorded.
    #[error("cannot record this: {0}")]
    Invalid(String),
    /// A key, note or checkpoint cannot be read.
    #[error("{0}")]
    Key(String),
    /// A history written again is not the one that was recorded.
    #[error("entry {at} was `{was}` and would now be `{is}`: what it rests on has changed meanwhile")]
    Diverged {
        /// Its position.
        at: u64,
        /// Its kind, as recorded.
        was: String,
        /// Its kind, as it would be now; the same kind with another body is another entry.
        is: String,
    },
    /// The vault was erased.
    #[error("{}: the vault was erased", .0.display())]
    Erased(PathBuf),
}

impl Error {
    /// Whether the machine refused (a full disk, a file that may not be written), which is no fault of the record.
    pub fn is_of_the_machine(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            Self::Io { .. } | Self::File(_) => true,
            Self::Database(fault) => matches!(
                fault.sqlite_error_code(),
                Some(
                    Code::DiskFull
                        | Code::SystemIoFailure
                        | Code::CannotOpen
                        | Code::ReadOnly
                        | Code::PermissionDenied
                        | Code::DatabaseBusy
                        | Code::OutOfMemory
                        | Code::FileLockingProtocolFailed
                )
            ),
            _ => false,
        }
    }

    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}
