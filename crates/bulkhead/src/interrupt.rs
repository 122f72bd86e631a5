//! Ctrl-C: a wish to end, seen by whoever works; a second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a second Ctrl-C, before anything could be told.
const AT_ONCE: i32 = 1;

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
