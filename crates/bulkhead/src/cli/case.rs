//! Flags of `case ...` and `regime ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, Signer};
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
        /// The case directory, or its journal/ alone.
        dir: PathBuf,
        /// What the verifier brings along.
        #[command(flatten)]
        with: VerifyWith,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Carries on an interrupted `respond` or `drill` to the end it would have come to.
    Resume {
        /// The case directory it was to make.
        dir: PathBuf,
    },
    /// Vouches as a witness for the state of a case: adds a cosignature to its checkpoint, once the case verifies.
    Cosign {
        /// The case directory.
        dir: PathBuf,
        /// The checkpoint of this case that was vouched for before: it must go on from there.
        #[arg(long, value_name = "CHECKPOINT")]
        since: Option<PathBuf>,
        /// The witness's key.
        #[command(flatten)]
        signer: Signer,
        /// When, such as 2026-11-20T14:20:00Z or '2026-11-20 15:20' (default: the machine's clock).
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        now: Option<When>,
    },
    /// Copies a case for somebody: without the vault as it was sealed, or, with --named, readable and with names.
    Export {
        /// The case directory.
        dir: PathBuf,
        /// The folder to make; must be absent or empty.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Puts the names in that the vault holds, for somebody who may see them; such a copy cannot be verified.
        #[arg(long)]
        named: bool,
    },
    /// Erases the vault of a case (raw evidence, and who stands behind the pseudonyms), as a signed record.
    Erase {
        /// The case directory.
        dir: PathBuf,
        /// Why; recorded, names known to the vault as pseudonyms.
        #[arg(long)]
        reason: String,
        /// Who signs: whoever signed the case.
        #[command(flatten)]
        signer: Signer,
        /// When, such as 2026-11-20T14:20:00Z or '2026-11-20 15:20' (default: the machine's clock).
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        now: Option<When>,
    },
}

/// What a verifier brings along, from elsewhere than the case.
#[derive(Debug, Args)]
pub struct VerifyWith {
    /// The signer's public key, or a file that holds it.
    #[arg(long, value_name = "PUBKEY")]
    pub key: Option<String>,
    /// Counts a signer who is not authenticated as a failure (exit code 1).
    #[arg(long)]
    pub require_key: bool,
    /// An earlier checkpoint of this case (a copy of its journal/checkpoint), or the earlier case: proves that this one goes on
    /// from there and was not set back.
    #[arg(long, value_name = "CHECKPOINT")]
    pub since: Option<PathBuf>,
    /// Public key of a witness whose cosignature must be there, or a file that holds it; may be given several times.
    #[arg(long, value_name = "PUBKEY")]
    pub witness: Vec<String>,
    /// How many of the witnesses given must have cosigned (default: all).
    #[arg(long, value_name = "N", requires = "witness")]
    pub witness_threshold: Option<std::num::NonZeroUsize>,
    /// Accepts that files outside journal/ are missing, and lists how many were not seen.
    #[arg(long)]
    pub partial: bool,
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
