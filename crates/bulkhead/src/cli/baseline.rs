//! Flags of `baseline ...`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Format;
use crate::when::{self, When};

/// `baseline ...`.
#[derive(Debug, Subcommand)]
pub enum Baseline {
    /// Shows what was learned and from what, the most usual rules, what was dismissed, and the incidents it knows.
    Show {
        /// The file that `respond --baseline` keeps.
        file: PathBuf,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Says that a rule is no sign of an intruder on a host; it counts for nothing there from then on, and every verdict says
    /// so. Said again of the same rule and host, the new reason takes the place of the earlier one, which is told.
    Dismiss {
        /// The file that `respond --baseline` keeps.
        file: PathBuf,
        /// The rule's id, as findings and `respond --why` name it.
        #[arg(long, value_name = "ID")]
        rule: String,
        /// The host's id, as incidents name it.
        #[arg(long, value_name = "HOST")]
        host: String,
        /// Why it is none.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// When, such as 2026-11-20T14:20:00Z (default: the machine's clock).
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        now: Option<When>,
    },
    /// Takes a dismissal back.
    Recall {
        /// The file that `respond --baseline` keeps.
        file: PathBuf,
        /// The rule's id.
        #[arg(long, value_name = "ID")]
        rule: String,
        /// The host's id.
        #[arg(long, value_name = "HOST")]
        host: String,
    },
}
