//! Flags of `detect` and `rules ...`.

use std::path::PathBuf;

use bulkhead_model::finding::Level;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::Format;

/// `rules ...`.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Reports every rule that does not load, with its place and why.
    Check(RuleArgs),
    /// Lists the rules loaded, and for each whether the telemetry known can fire it.
    List(RuleArgs),
}

/// Which rules.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Rule files or folders (default: the built-in pack).
    pub paths: Vec<PathBuf>,
    /// Rule file or folder; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// OCSF Detection Finding, one a line.
    Ocsf,
}

/// `detect`.
#[derive(Debug, Args)]
pub struct Detect {
    /// Telemetry: files, folders, or `-`.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Rule file or folder, beside the built-in pack; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Leaves the built-in rules out.
    #[arg(long)]
    pub no_builtin_rules: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: FindingFormat,
    /// Only findings of at least this level.
    #[arg(long, value_parser = level, value_name = "LEVEL")]
    pub level: Option<Level>,
    /// Only findings of rules with this tag; may be given several times.
    #[arg(long)]
    pub tag: Vec<String>,
    /// Only events from this instant on (RFC 3339).
    #[arg(long, value_name = "RFC3339")]
    pub since: Option<Timestamp>,
    /// Only events before this instant (RFC 3339).
    #[arg(long, value_name = "RFC3339")]
    pub until: Option<Timestamp>,
    /// Exits 1 when there is a finding of at least this level.
    #[arg(long, value_parser = level, value_name = "LEVEL")]
    pub fail_on: Option<Level>,
}

fn level(text: &str) -> Result<Level, String> {
    Level::from_name(text).ok_or_else(|| "use informational, low, medium, high or critical".to_owned())
}
