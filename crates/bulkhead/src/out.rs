//! Standard output and standard error. Nothing here panics: whoever closes the pipe early has seen enough, and what
//! could not be written for any other reason ends the command with a message and exit code 2.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use crate::failure::{Failure, Outcome};

/// What became of standard output.
enum Sink {
    Open,
    /// Nobody reads it any more.
    Closed,
    /// It took no more; the first fault counts.
    Lost(io::Error),
}

static SINK: Mutex<Sink> = Mutex::new(Sink::Open);

/// Writes `text` to standard output, or remembers why that failed.
pub fn print(text: &str) {
    keep(|| io::stdout().lock().write_all(text.as_bytes()));
}

/// Writes `text` to standard error. Should that fail, there is nobody to be told.
pub fn eprint(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Notes what came of writing to standard output by other ways.
pub fn keep(write: impl FnOnce() -> io::Result<()>) {
    let mut sink = SINK.lock().unwrap_or_else(PoisonError::into_inner);
    if !matches!(*sink, Sink::Open) {
        return;
    }
    match write() {
        Ok(()) => {}
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => *sink = Sink::Closed,
        Err(err) => *sink = Sink::Lost(err),
    }
}

/// The end of standard output.
///
/// # Errors
/// When some of it was lost.
pub fn finish() -> Outcome {
    keep(|| io::stdout().lock().flush());
    match &*SINK.lock().unwrap_or_else(PoisonError::into_inner) {
        Sink::Open | Sink::Closed => Ok(()),
        Sink::Lost(err) => Err(Failure::input(format!("cannot write to standard output: {err}")).hint(
            "what was to be printed is incomplete; files and case directories that were written are whole",
        )),
    }
}
