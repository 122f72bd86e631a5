//! Flags of `case ...` and `regime ...`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Format;
use crate::when::{self, When};

/// `case ...`.
#[derive(Debug, Subcommand)]
pub enum Case {
    /// Lists the case directories in a folder.
    List {
        /// The folder (default: this one).
        dir: Option<PathBuf>,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Shows a case: incident, plan, recovery, clocks.
    Show {
        /// The case directory.
        dir: PathBuf,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Checks every byte of a case directory against its signed record; offline.
    Verify {
        /// The case directory.
        dir: PathBuf,
        /// The signer's public key, or a file that holds it.
        #[arg(long, value_name = "PUBKEY")]
        key: Option<String>,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Carries on an interrupted `respond` or `drill` to the end it would have come to.
    Resume {
        /// The case directory it was to make.
        dir: PathBuf,
    },
    /// Erases the vault of a case (raw evidence, and who stands behind the pseudonyms), as a signed record.
    Erase {
        /// The case directory.
        dir: PathBuf,
        /// Why; recorded.
        #[arg(long)]
        reason: String,
        /// File with the signing key; without it the demonstration key is used.
        #[arg(long, value_name = "FILE")]
        signing_key: Option<PathBuf>,
        /// When, such as 2026-11-20T14:20:00Z or '2026-11-20 15:20' (default: the machine's clock).
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        now: Option<When>,
    },
}

/// `regime ...`.
#[derive(Debug, Subcommand)]
pub enum Regime {
    /// Lists the regimes known, their status, how they bear on the operator, and when each was checked.
    List {
        /// The estate file, for the legal profile.
        #[arg(long, value_name = "FILE")]
        estate: Option<PathBuf>,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Computes every clock for an operator from one awareness instant.
    Clocks {
        /// The estate file, for the legal profile.
        #[arg(long, value_name = "FILE")]
        estate: Option<PathBuf>,
        /// When the operator became aware, such as 2026-11-20T14:20:00Z, '2026-11-20 15:20' (in the estate's time zone),
        /// `now` or '2h ago'.
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        aware: When,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}
