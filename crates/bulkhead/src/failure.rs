//! How a command ends badly: what, where, why, what to do next, and the exit code that scripts see.

use std::fmt;
use std::path::Path;

use bulkhead_files::Error as Refused;
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::plain::Plain;

use crate::say::{self, note};

/// What to do where the disk is full and nothing of the run is left.
const RUN_AGAIN: &str = "make room and run it again; what stood there before is untouched";

/// What to do where the machine refuses what a database asks.
pub const MAKE_ROOM: &str = "make room, or check who may write there; what stood there before is untouched";

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command's own negative verdict: exit code 1. The message has been printed as its result.
    Verdict(String),
    /// The user ended it before it was done: exit code 1. The message says how to carry it on.
    Interrupted(String),
    /// The user's input cannot be used, or the machine refuses: exit code 2.
    Input {
        /// What is wrong, and where.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// A fault of ours: exit code 3.
    Internal(anyhow::Error),
}

/// What commands return.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// The user's input cannot be used.
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: None }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Input { message, .. } => Self::Input { message, hint: Some(hint.into()) },
            other => other,
        }
    }

    /// `path` could not be read or written, which is for the user to mend.
    pub fn file(doing: &str, path: &Path, err: &std::io::Error) -> Self {
        let failure = Self::input(format!("cannot {doing} `{}`: {err}", path.display()));
        match err.kind() {
            std::io::ErrorKind::NotFound => {
                failure.hint("check the path; it counts from the folder you are in")
            }
            std::io::ErrorKind::PermissionDenied => failure.hint("check who may read and write there"),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => failure.hint(RUN_AGAIN),
            _ => failure,
        }
    }

    /// The same where what was decided is recorded in the half-made `case`: run again, the command would be refused there.
    #[must_use]
    pub fn left(self, case: &Path) -> Self {
        match self {
            Self::Input { message, hint: Some(hint) } if hint == RUN_AGAIN || hint == MAKE_ROOM => {
                let first =
                    if hint == RUN_AGAIN { "make room" } else { "make room, or check who may write there" };
                let hint = format!(
                    "{first}, then go on with `bulkhead case resume {}`; what was decided so far is recorded",
                    case.display()
                );
                Self::Input { message, hint: Some(hint) }
            }
            other => other,
        }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Verdict(_) | Self::Interrupted(_) => 1,
            Self::Input { .. } => 2,
            Self::Internal(_) => 3,
        }
    }
}

#[expect(clippy::disallowed_macros, reason = "every value is wrapped here")]
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(message) => write!(f, "{}", Plain(message)),
            // Composed of our own words and a path that is plain already.
            Self::Interrupted(message) => f.write_str(message),
            Self::Input { message, hint: None } => write!(f, "error: {}", Plain(message)),
            Self::Input { message, hint: Some(hint) } => {
                write!(f, "error: {}\n  hint: {}", Plain(message), Plain(hint))
            }
            Self::Internal(err) => write!(
                f,
                "internal fault: {}\n  hint: this is a defect of bulkhead; please report it. The record written so far is kept",
                Plain(format_args!("{err:#}"))
            ),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(err: anyhow::Error) -> Self {
        // What the machine refuses is for whoever runs it to mend.
        if err.chain().any(<dyn std::error::Error>::is::<std::io::Error>) {
            return Self::input(format!("{err:#}"));
        }
        Self::Internal(err)
    }
}

impl From<Refused> for Failure {
    fn from(err: Refused) -> Self {
        match err {
            Refused::Io { doing, path, source } => Self::file(doing, &path, &source),
            Refused::Exists(path) => Self::input(format!("`{}` exists already", path.display()))
                .hint("name another file, or replace it with --force"),
            Refused::Busy(path) => Self::input(format!("another process is writing `{}`", path.display()))
                .hint("wait until it is done, or name another place"),
            other => Self::input(other.to_string()).hint("name another place"),
        }
    }
}

/// Prints diagnostics to standard error, at most `most` of them, and says how many were left out.
pub fn print_diagnostics(diagnostics: &[Diagnostic], most: usize) {
    for diagnostic in diagnostics.iter().take(most) {
        say::show_beside(&format!("{diagnostic}\n"));
    }
    if diagnostics.len() > most {
        note!("... and {} more", diagnostics.len() - most);
    }
}
