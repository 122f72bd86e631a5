//! Flags of `case ...` and `regime ...`.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::Timestamp;

use super::Format;

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
        /// When (RFC 3339; default: the machine's clock).
        #[arg(long, value_name = "RFC3339")]
        now: Option<Timestamp>,
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
        /// When the operator became aware (RFC 3339).
        #[arg(long, value_name = "RFC3339")]
        aware: Timestamp,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}
