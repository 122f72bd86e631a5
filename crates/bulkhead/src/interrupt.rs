//! Ctrl-C: a wish to end, seen by whoever works; a second one ends at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bulkhead_model::plain::plain;

use crate::failure::{Failure, Outcome};
use crate::say::{self, note};

/// Exit code of a run that was interrupted, and of a second Ctrl-C, before anything could be told.
const AT_ONCE: i32 = 1;
/// How often the wish to end is looked for, and how long whoever works has to see it.
const LOOK: Duration = Duration::from_millis(50);
const GRACE: Duration = Duration::from_millis(600);

/// Whether the user wishes to end.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on Ctrl-C (and SIGTERM) no longer end the process, but are seen by [`Interrupt::wished`].
    pub fn watch() -> Self {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            // The order counts: the second signal finds the flag set by the first. Where signals cannot be watched, they
            // end the process as ever.
            let _ = signal_hook::flag::register_conditional_shutdown(signal, AT_ONCE, Arc::clone(&flag));
            let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
        }
        Self(flag)
    }

    /// Whether the user wishes to end.
    pub fn wished(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The run that can be carried on when it is interrupted, and by which name.
static RUN: Mutex<Option<(Interrupt, PathBuf)>> = Mutex::new(None);

/// From now on an interruption ends the run that makes `case` at its next record ([`check`]); should it work on something
/// that takes long, or wait for somebody, it ends where it is: what was recorded is on the disk at any time.
pub fn stop_cleanly(case: &Path) {
    let interrupt = Interrupt::watch();
    *RUN.lock().unwrap_or_else(PoisonError::into_inner) = Some((interrupt.clone(), case.to_owned()));
    std::thread::spawn(move || {
        while !interrupt.wished() {
            std::thread::sleep(LOOK);
        }
        std::thread::sleep(GRACE);
        if let Err(failure) = check() {
            say::show_beside(&format!("{failure}\n"));
        }
        std::process::exit(AT_ONCE);
    });
}

/// The case is in its place: there is nothing to carry on.
pub fn nothing_left() {
    *RUN.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// After a failure that is no interruption: what was recorded is kept.
pub fn tell_how_to_go_on() {
    if check().is_ok()
        && let Some(case) = left()
    {
        note!("what was decided so far is recorded; go on with: bulkhead case resume {}", case.display());
    }
}

/// The case of a run that ended before it was done and can be carried on.
pub fn left() -> Option<PathBuf> {
    RUN.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|it| it.1.clone())
}

/// Ends a run whose end is wished for.
///
/// # Errors
/// When it is, with how to carry it on.
pub fn check() -> Outcome {
    match &*RUN.lock().unwrap_or_else(PoisonError::into_inner) {
        Some((interrupt, case)) if interrupt.wished() => Err(Failure::Interrupted(format!(
            "interrupted; what was decided so far is recorded\n  go on with: bulkhead case resume {}",
            plain(&case.display().to_string())
        ))),
        _ => Ok(()),
    }
}
