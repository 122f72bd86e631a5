//! What can go wrong when something is written.

use std::io;
use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something was not written; what stood there before still does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Something else stands there, and nobody said that it may go.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// Another process works on it.
    #[error("another process is writing `{}`", .0.display())]
    Busy(PathBuf),
    /// A process that was to make this ended before it was done.
    #[error("what was to become `{}` was interrupted", .0.display())]
    Interrupted(PathBuf),
    /// It lies inside a folder that is sealed as it is.
    #[error("`{}` lies inside the sealed case `{}`: a file more would break its seal", path.display(), case.display())]
    Sealed {
        /// The place.
        path: PathBuf,
        /// The folder that is sealed.
        case: PathBuf,
    },
    /// The place cannot be written to, whatever stands there.
    #[error("`{}` {why}", path.display())]
    Place {
        /// The place.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
