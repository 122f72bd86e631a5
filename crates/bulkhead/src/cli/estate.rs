//! Flags of `estate ...`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Format;

/// `estate ...`.
#[derive(Debug, Subcommand)]
pub enum Estate {
    /// Reports every fault of an estate file with its place and what to do.
    Check {
        /// The estate file (default: --estate, then bulkhead.toml).
        file: Option<PathBuf>,
        /// The estate file.
        #[arg(long, value_name = "FILE")]
        estate: Option<PathBuf>,
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Draws the estate as an SVG map: zones, services, crown jewels.
    Show {
        /// The estate file (default: --estate, then bulkhead.toml).
        file: Option<PathBuf>,
        /// The estate file.
        #[arg(long, value_name = "FILE")]
        estate: Option<PathBuf>,
        /// Where to write the map (default: standard output).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Prints the estate as JSON instead.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Drafts an estate from telemetry: hosts, addresses, users, observed logons and flows.
    Discover {
        /// Telemetry: files, folders, or `-`.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Where to write the draft (default: standard output).
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prints the JSON Schema of the estate file, for editors.
    Schema,
}
