//! The command line: what was typed. Names here are promises to users and scripts.

pub mod baseline;
mod case;
mod detect;
mod estate;
mod key;
mod plan;
mod respond;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use baseline::Baseline;
pub use case::{Case, Regime, VerifyWith};
pub use detect::{Coverage, Detect, FindingFormat, Lateness, RuleArgs, RuleReading, Rules, Wanted};
pub use estate::{Estate, EstateImport};
pub use key::{Key, PassphraseSource, Signer};
pub use plan::{Intrusion, Plan, PlanContain, PlanReach, PlanRecover, Planning, Steering};
pub use respond::{Common, Drill, Respond};

/// Detects an intrusion, computes the cheapest isolation that provably stops it, drives recovery, keeps every legal
/// clock, and leaves a record that a court can check offline.
#[derive(Debug, Parser)]
#[command(name = "bulkhead", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Prints results only, no progress.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Configuration file (default: bulkhead.toml in this folder, where there is one).
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a working directory: bulkhead.toml, estate.yaml, rules/, all commented.
    Init(Init),
    /// Validates, draws and drafts the estate.
    #[command(subcommand)]
    Estate(Estate),
    /// Validates rules and lists what was loaded.
    #[command(subcommand)]
    Rules(Rules),
    /// Runs rules over telemetry files and prints findings.
    Detect(Detect),
    /// Carries recorded telemetry all the way: findings, incident, containment, recovery, clocks, case directory.
    Respond(Respond),
    /// Computes and explains a plan; changes nothing.
    #[command(subcommand)]
    Plan(Plan),
    /// Plays an attack scenario end to end and scores it.
    Drill(Drill),
    /// Shows and verifies the record of a case.
    #[command(subcommand)]
    Case(Case),
    /// What is usual, as `respond --baseline` learns it, and what was dismissed.
    #[command(subcommand)]
    Baseline(Baseline),
    /// Makes, shows and replaces signing keys.
    #[command(subcommand)]
    Key(Key),
    /// Reporting obligations and their deadlines.
    #[command(subcommand)]
    Regime(Regime),
    /// Prints shell completions.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Writes man pages into a folder.
    Man {
        /// The folder.
        dir: PathBuf,
    },
}

/// Table for people or JSON for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to make; must be absent or empty unless --force.
    pub dir: PathBuf,
    /// Overwrites files of the same names.
    #[arg(long)]
    pub force: bool,
}
