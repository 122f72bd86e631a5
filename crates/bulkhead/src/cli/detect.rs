//! Flags of `detect` and `rules ...`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bulkhead_model::finding::Level;
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;

use super::Format;
use crate::when::{self, When};

/// `rules ...`.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Reports every rule that does not load, with its place and why.
    Check(RuleArgs),
    /// Lists the rules loaded, and for each whether the telemetry known can fire it.
    List(RuleArgs),
    /// Shows which ATT&CK techniques the rules loaded cover; writes an ATT&CK Navigator layer.
    Coverage(Coverage),
}

/// Which rules.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Rule files or folders (default: the built-in pack).
    pub paths: Vec<PathBuf>,
    /// Rule file or folder; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// What rules are read with.
    #[command(flatten)]
    pub reading: RuleReading,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `rules coverage`.
#[derive(Debug, Args)]
pub struct Coverage {
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Writes an ATT&CK Navigator layer (format 4.5) to this file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replaces the file that stands there.
    #[arg(long)]
    pub force: bool,
}

/// What rules are read with, beside what bulkhead.toml says.
#[derive(Clone, Debug, Default, Args)]
pub struct RuleReading {
    /// File that says where log sources of rules are found in the telemetry; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub log_sources: Vec<PathBuf>,
    /// Processing pipeline in pySigma's format; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub pipeline: Vec<PathBuf>,
    /// Values of a placeholder of rules, such as `admins=root,adm-*`; may be given several times.
    #[arg(long, value_name = "NAME=V1,V2", value_parser = placeholder)]
    pub placeholder: Vec<(String, Vec<String>)>,
    /// YAML file with placeholders: a list of values by name; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub placeholders: Vec<PathBuf>,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON object a line.
    #[value(alias = "json")]
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
    #[arg(required_unless_present = "explain")]
    pub files: Vec<PathBuf>,
    /// Rule file or folder, beside the built-in pack; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Leaves the built-in rules out.
    #[arg(long)]
    pub no_builtin_rules: bool,
    /// What rules are read with.
    #[command(flatten)]
    pub reading: RuleReading,
    /// Threads that match (default: one for each core). What is found is the same for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Shows why a rule (its id, title or file) does or does not fire for an event (FILE:RECORD as findings name it, or
    /// a JSON object).
    #[arg(long, num_args = 2, value_names = ["RULE", "EVENT"])]
    pub explain: Option<Vec<String>>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: FindingFormat,
    /// Which findings are printed.
    #[command(flatten)]
    pub wanted: Wanted,
    /// How far event times may go back, such as `5m`, before correlations leave an event out as late; `none` waits for
    /// the end (default: none for files, 5m with `-`).
    #[arg(long, value_name = "DURATION", value_parser = lateness)]
    pub lateness: Option<Lateness>,
    /// Most groups that correlations keep at a time; beyond, the one that would end first is given up and counted.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub groups_max: usize,
    /// Exits 1 when there is a finding of at least this level.
    #[arg(long, value_parser = level, value_name = "LEVEL")]
    pub fail_on: Option<Level>,
}

/// Which findings are printed; every condition given must hold.
#[derive(Debug, Default, Args)]
pub struct Wanted {
    /// Only findings of at least this level.
    #[arg(long, value_parser = level, value_name = "LEVEL")]
    pub level: Option<Level>,
    /// Only findings of rules with this tag or one below it (`attack.t1021` means `attack.t1021.001` too); may be given
    /// several times.
    #[arg(long)]
    pub tag: Vec<String>,
    /// Only findings of rules of this status (stable, test, experimental, ...); may be given several times.
    #[arg(long)]
    pub status: Vec<String>,
    /// Only findings of the rule with this id or title; may be given several times.
    #[arg(long, value_name = "ID")]
    pub rule: Vec<String>,
    /// Only findings at this instant or later, such as 2026-11-20T14:20:00Z, '2026-11-20 15:20 CET' or '2h ago'; UTC
    /// without a zone.
    #[arg(long, value_name = "WHEN", value_parser = when::read)]
    pub since: Option<When>,
    /// Only findings before this instant.
    #[arg(long, value_name = "WHEN", value_parser = when::read)]
    pub until: Option<When>,
}

/// How far event times may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lateness {
    /// As far as they like: correlations wait for the end.
    Unbounded,
    /// So many milliseconds.
    Ms(i64),
}

fn level(text: &str) -> Result<Level, String> {
    Level::from_name(text).ok_or_else(|| "use informational, low, medium, high or critical".to_owned())
}

fn lateness(text: &str) -> Result<Lateness, String> {
    if text == "none" {
        return Ok(Lateness::Unbounded);
    }
    let given: SignedDuration =
        text.parse().map_err(|_| "use a length of time such as 30s, 5m or 1h, or `none`".to_owned())?;
    let ms = i64::try_from(given.as_millis()).ok().filter(|it| *it >= 0);
    ms.map(Lateness::Ms).ok_or_else(|| "use a length of time that is not negative".to_owned())
}

fn placeholder(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, values) = text.split_once('=').ok_or("use NAME=VALUE,VALUE")?;
    let name = name.trim().trim_matches('%');
    if name.is_empty() {
        return Err("a placeholder has a name: NAME=VALUE,VALUE".to_owned());
    }
    Ok((name.to_owned(), values.split(',').map(|it| it.trim().to_owned()).collect()))
}
