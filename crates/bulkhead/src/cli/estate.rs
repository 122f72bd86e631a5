//! Flags of `estate ...`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// Replaces the file that stands there.
        #[arg(long)]
        force: bool,
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
        /// Replaces the file that stands there.
        #[arg(long)]
        force: bool,
    },
    /// Imports an estate from nmap XML, Zeek conn logs, NetFlow CSV, BloodHound, NetBox and Kubernetes exports.
    Import(EstateImport),
    /// Prints the JSON Schema of the estate file, for editors.
    Schema,
}

/// `estate import`.
#[derive(Debug, Args)]
pub struct EstateImport {
    /// Exports: files or folders, in any order; what each is, is told by its content.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Adds to this estate; nothing that it says is lost or changed.
    #[arg(long, value_name = "BASE")]
    pub estate: Option<PathBuf>,
    /// Where to write the estate (default: standard output).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replaces the files that stand there.
    #[arg(long)]
    pub force: bool,
    /// How to print the report; without --out, `json` prints one object with estate and report.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Writes the whole report as JSON: provenance of every attribute, conflicts, what is not known.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}
