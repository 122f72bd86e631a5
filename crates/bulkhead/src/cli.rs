//! The command line: what was typed. Names here are promises to users and scripts.

use std::path::PathBuf;

use bulkhead_model::case::Attitude;
use bulkhead_model::finding::Level;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

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

/// What `respond` and `drill` have in common.
#[derive(Debug, Args)]
pub struct Common {
    /// The estate file.
    #[arg(long, value_name = "FILE")]
    pub estate: Option<PathBuf>,
    /// Rule file or folder, beside the built-in pack; may be given several times.
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Leaves the built-in rules out.
    #[arg(long)]
    pub no_builtin_rules: bool,
    /// Case directory to write; must be absent or empty unless --force.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replaces what stands in the case directory.
    #[arg(long)]
    pub force: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Seed of everything left to chance.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Gives every approval; recorded as such.
    #[arg(long)]
    pub yes: bool,
    /// File with the key that signs the case; without it the demonstration key is used, and that is said.
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
    /// How the plan is chosen.
    #[command(flatten)]
    pub planning: Planning,
}

/// How a plan is chosen.
#[derive(Debug, Args)]
pub struct Planning {
    /// Which flows count as moves of the attacker.
    #[arg(long, value_parser = attitude, value_name = "movement|strict|credential")]
    pub attitude: Option<Attitude>,
    /// Hours over which losses count.
    #[arg(long, value_name = "HOURS")]
    pub horizon: Option<f64>,
    /// Suspected assets at or above this confidence count as compromised.
    #[arg(long, value_name = "0..1")]
    pub suspect_threshold: Option<f64>,
    /// The planning clock (RFC 3339); by default the time of the last event.
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<Timestamp>,
}

/// `respond`.
#[derive(Debug, Args)]
pub struct Respond {
    /// Telemetry: files, folders, or `-`.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Shared flags.
    #[command(flatten)]
    pub common: Common,
}

/// `drill`.
#[derive(Debug, Args)]
pub struct Drill {
    /// Name of a built-in scenario, or a scenario file (default: reference).
    pub name: Option<String>,
    /// A scenario file.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub scenario: Option<PathBuf>,
    /// Lists the built-in scenarios.
    #[arg(long)]
    pub list: bool,
    /// Shared flags.
    #[command(flatten)]
    pub common: Common,
}

/// `plan ...`.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// The cheapest isolation that provably cuts the attacker off.
    Contain(PlanContain),
    /// The order in which services come back.
    Recover(PlanRecover),
}

/// `plan contain`.
#[derive(Debug, Args)]
pub struct PlanContain {
    /// Compromised assets or identities, by id.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ID,...")]
    pub compromised: Vec<String>,
    /// Suspected assets with their confidence: `ID=0.7,...`.
    #[arg(long, value_delimiter = ',', value_name = "ID=P,...")]
    pub suspected: Vec<String>,
    /// The estate file.
    #[arg(long, value_name = "FILE")]
    pub estate: Option<PathBuf>,
    /// Enforcement points that do not answer.
    #[arg(long, value_delimiter = ',', value_name = "ID,...")]
    pub unavailable: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Writes the attack graph with the cut as SVG.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// How the plan is chosen.
    #[command(flatten)]
    pub planning: Planning,
}

/// `plan recover`.
#[derive(Debug, Args)]
pub struct PlanRecover {
    /// Assets to be recovered, by id.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ID,...")]
    pub lost: Vec<String>,
    /// The estate file.
    #[arg(long, value_name = "FILE")]
    pub estate: Option<PathBuf>,
    /// Seed of the duration samples.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

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

fn level(text: &str) -> Result<Level, String> {
    Level::from_name(text).ok_or_else(|| "use informational, low, medium, high or critical".to_owned())
}

fn attitude(text: &str) -> Result<Attitude, String> {
    match text {
        "movement" => Ok(Attitude::Movement),
        "strict" => Ok(Attitude::Strict),
        "credential" => Ok(Attitude::Credential),
        _ => Err("use movement, strict or credential".to_owned()),
    }
}
