//! Flags of `key ...`, and of every command that signs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::when::{self, When};

/// Which key signs, and how it is opened.
#[derive(Clone, Debug, Default, Args)]
pub struct Signer {
    /// File with the key that signs (`bulkhead key new` makes one); without it the demonstration key is used, and that is said.
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
    /// Where the key's passphrase comes from.
    #[command(flatten)]
    pub passphrase: PassphraseSource,
}

/// Where a passphrase comes from; asked for at the terminal when nothing is named.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseSource {
    /// File whose first line is the passphrase of the signing key.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Open file descriptor from which the passphrase of the signing key is read.
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

/// `key ...`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a signing key, closed with a passphrase; its public half stands beside it in FILE.pub.
    New {
        /// The file to make; must be absent.
        file: PathBuf,
        /// Name under which it signs: a domain and path without scheme, such as `soc.example.com/cases`.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Leaves the key without passphrase: whoever reads the file can sign.
        #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
        no_passphrase: bool,
        /// Where the new passphrase comes from.
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
    /// Shows the public half of a key, for those who verify, and who can read the file.
    Show {
        /// The key's file.
        file: PathBuf,
    },
    /// Replaces a key by a new one of the same name; both sign a statement of it, and the old one is kept aside.
    Rotate {
        /// The key's file.
        file: PathBuf,
        /// When, such as 2026-11-20T14:20:00Z (default: the machine's clock).
        #[arg(long, value_name = "WHEN", value_parser = when::read)]
        now: Option<When>,
        /// Where the passphrase comes from; the new key is closed with the same one.
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
}
