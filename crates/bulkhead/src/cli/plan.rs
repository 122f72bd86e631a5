//! Flags of `plan ...`, and of every command that plans.

use std::path::PathBuf;

use bulkhead_model::case::Attitude;
use clap::{Args, Subcommand};

use super::Format;
use crate::when::{self, When};

/// `plan ...`.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// The cheapest isolation that provably cuts the attacker off.
    Contain(Box<PlanContain>),
    /// How far the attacker can get, how soon, and which hosts stand in the way, when nothing is done.
    Reach(PlanReach),
    /// The order in which services come back.
    Recover(PlanRecover),
}

/// `plan contain`.
#[derive(Debug, Args)]
pub struct PlanContain {
    /// Where the attacker stands.
    #[command(flatten)]
    pub intrusion: Intrusion,
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
    /// Replaces the file that stands where --svg writes.
    #[arg(long, requires = "svg")]
    pub overwrite: bool,
    /// Says for each action which attack paths would open again without it, and what it breaks for whom.
    #[arg(long)]
    pub explain: bool,
    /// Lists the actions that could be taken here, instead of choosing among them.
    #[arg(long, conflicts_with_all = ["svg", "explain"])]
    pub list_actions: bool,
    /// How the operator steers the planner.
    #[command(flatten)]
    pub steering: Steering,
    /// How the plan is chosen.
    #[command(flatten)]
    pub planning: Planning,
}

/// Where the attacker stands.
#[derive(Debug, Args)]
pub struct Intrusion {
    /// Compromised assets or identities, by id, name or address (an account by its name); `@FILE` for those a file lists.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ID,...")]
    pub compromised: Vec<String>,
    /// Suspected assets or identities with their confidence: `ID=0.7,...`; `@FILE` for those a file lists.
    #[arg(long, value_delimiter = ',', value_name = "ID=P,...")]
    pub suspected: Vec<String>,
}

/// `plan reach`.
#[derive(Debug, Args)]
pub struct PlanReach {
    /// Where the attacker stands.
    #[command(flatten)]
    pub intrusion: Intrusion,
    /// The estate file.
    #[arg(long, value_name = "FILE")]
    pub estate: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Which flows count as moves of the attacker.
    #[arg(long, value_parser = attitude, value_name = "movement|strict|credential")]
    pub attitude: Option<Attitude>,
    /// Suspected assets and identities at or above this confidence count as compromised.
    #[arg(long, value_name = "0..1", allow_negative_numbers = true, value_parser = share)]
    pub suspect_threshold: Option<f64>,
}

/// How the operator steers the planner.
#[derive(Debug, Args)]
pub struct Steering {
    /// Actions that must be taken, by id; may be given several times.
    #[arg(long, value_name = "ACTION")]
    pub force: Vec<String>,
    /// Actions that must not be taken, by id or with `*`, such as `isolate:db-1@*`; may be given several times.
    #[arg(long, value_name = "ACTION")]
    pub forbid: Vec<String>,
    /// An earlier plan (plan.json) to go on from: its number goes up by one, and what changes is said.
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// Actions of the earlier plan that stay, by id or with `*`; may be given several times.
    #[arg(long, value_name = "ACTION", requires = "previous")]
    pub pin: Vec<String>,
    /// At most this many actions may need somebody's approval.
    #[arg(long, value_name = "N")]
    pub approval_budget: Option<u32>,
}

/// `plan recover`.
#[derive(Debug, Args)]
pub struct PlanRecover {
    /// Assets to be recovered, by id, name or address.
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

/// How a plan is chosen.
#[derive(Debug, Args)]
pub struct Planning {
    /// Which flows count as moves of the attacker.
    #[arg(long, value_parser = attitude, value_name = "movement|strict|credential")]
    pub attitude: Option<Attitude>,
    /// Hours over which losses count.
    #[arg(long, value_name = "HOURS", allow_negative_numbers = true, value_parser = above_zero)]
    pub horizon: Option<f64>,
    /// Suspected assets and identities at or above this confidence count as compromised.
    #[arg(long, value_name = "0..1", allow_negative_numbers = true, value_parser = share)]
    pub suspect_threshold: Option<f64>,
    /// The planning clock, such as 2026-11-20T14:20:00Z, '2026-11-20 15:20' or `now`; by default the time of the last event.
    #[arg(long, value_name = "WHEN", value_parser = when::read)]
    pub now: Option<When>,
}

fn attitude(text: &str) -> Result<Attitude, String> {
    match text {
        "movement" => Ok(Attitude::Movement),
        "strict" => Ok(Attitude::Strict),
        "credential" => Ok(Attitude::Credential),
        _ => Err("use movement, strict or credential".to_owned()),
    }
}

/// A number above 0, refused before anything is read.
pub fn above_zero(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|it| *it > 0.0 && it.is_finite());
    number.ok_or_else(|| "it must be a number above 0".to_owned())
}

/// A number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|it| (0.0..=1.0).contains(it));
    number.ok_or_else(|| "it must be a number between 0 and 1".to_owned())
}
