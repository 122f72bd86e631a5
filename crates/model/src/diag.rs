//! A fault found in what a user wrote: what, where, why, and what to do next.

use std::fmt;

use serde::Serialize;

/// Whether a fault stops the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used; somebody should look.
    Warning,
}

/// A place in a text: 1-based line and column (in characters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pos {
    /// 1-based line.
    pub line: u32,
    /// 1-based column, counted in characters.
    pub column: u32,
}

/// One fault: what is wrong, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable short name of the kind of fault, such as `unknown-reference`.
    pub code: &'static str,
    /// The file as the user named it.
    pub file: String,
    /// Where in the file; absent when the fault is of the whole file.
    pub pos: Option<Pos>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do next, when there is something better than "correct it".
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at `pos` of `file`.
    pub fn error(code: &'static str, file: &str, pos: Option<Pos>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: file.to_owned(),
            pos,
            message: message.into(),
            hint: None,
        }
    }

    /// A warning at `pos` of `file`.
    pub fn warning(code: &'static str, file: &str, pos: Option<Pos>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, pos, message) }
    }

    /// The same fault with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the fault stops the command.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(pos) = self.pos {
            write!(f, ":{}:{}", pos.line, pos.column)?;
        }
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, ": {word}[{}]: {}", self.code, self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}
