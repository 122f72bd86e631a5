//! Flags of `respond` and `drill`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bulkhead_model::span::Span;
use bulkhead_report::Lang;
use clap::Args;

use super::{Format, Planning, Signer};

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
    /// Seed of everything left to chance (default 1). Given, it also makes the key of the pseudonyms, which whoever knows
    /// the seed can then undo; without it that key is drawn at random.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Gives every approval; recorded as such.
    #[arg(long)]
    pub yes: bool,
    /// Who signs the case.
    #[command(flatten)]
    pub signer: Signer,
    /// Language of the report.
    #[arg(long, value_parser = lang, default_value = "en", value_name = "en|fr")]
    pub lang: Lang,
    /// How the plan is chosen.
    #[command(flatten)]
    pub planning: Planning,
}

impl Common {
    /// The seed of everything left to chance but the pseudonyms' key.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }
}

fn lang(text: &str) -> Result<Lang, String> {
    let known = Lang::ALL.into_iter().find(|it| it.code().eq_ignore_ascii_case(text));
    known.ok_or_else(|| "use en or fr".to_owned())
}

/// `respond`.
#[derive(Debug, Args)]
pub struct Respond {
    /// Telemetry: files, folders, or `-`.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Accepts, by id, host name or address, that this host or account stays in the attacker's hands or within reach:
    /// `contained` is only said once all that stays is accepted. May be given several times; `--yes` accepts none.
    #[arg(long, value_name = "ENTITY")]
    pub accept: Vec<String>,
    /// Explains instead of responding: what speaks for it that this host or account is in the attacker's hands, what each
    /// reason adds, and how usual it is there. May be given several times.
    #[arg(long, value_name = "ENTITY", visible_alias = "why-not")]
    pub why: Vec<String>,
    /// What is usual on these hosts, learned by earlier runs: read if the file is there, and written with what this run
    /// adds. Without it nothing is known but what the product assumes of any host.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Threads that read (default: one for each core). The case is the same for any number.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
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
    /// How much telemetry there is instead of the scenario's own length, such as 48h; at most 31d.
    #[arg(long, value_name = "SPAN")]
    pub length: Option<Span>,
    /// How much ordinary life is seen before the attack begins, such as 7d, so that what is usual can be learned; of the
    /// built-in scenarios it is that of `false-alarm`, before the attack and around it.
    #[arg(long, value_name = "SPAN")]
    pub before: Option<Span>,
    /// Ordinary life: so many times as busy (`2`), of one kind (`rounds=0`), or that of another scenario, built in or a
    /// file (`false-alarm`); may be given several times.
    #[arg(long, value_name = "FACTOR|KIND=FACTOR|SCENARIO", allow_negative_numbers = true)]
    pub noise: Vec<String>,
    /// Nobody has announced scanners and patch windows in the estate, whatever the scenario says.
    #[arg(long)]
    pub unannounced: bool,
    /// Nobody answers: prints what would be declared, when, of whom and why, and writes no case.
    #[arg(long, conflicts_with_all = ["out", "force"])]
    pub unanswered: bool,
    /// Thresholds and weights of the stage that finds incidents, to try what others would have done: a TOML file of those
    /// that differ from the product's, such as `declare_points = 16`.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Lists the built-in scenarios.
    #[arg(long)]
    pub list: bool,
    /// Shared flags.
    #[command(flatten)]
    pub common: Common,
}
