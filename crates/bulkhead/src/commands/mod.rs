//! One file per command.

mod baseline;
mod beside;
pub mod case;
pub mod case_export;
mod coverage;
mod detect;

mod drill;
mod drill_noise;
mod drill_unanswered;
mod drill_which;
mod estate;
mod estate_import;
mod explain;
mod generated;
mod init;
pub mod key;
pub mod plan;

mod recover;
pub mod regime;
mod respond;

mod rules;
mod why;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser as _;

use crate::building::Building;
use crate::cli::{Cli, Command};
use crate::failure::{Failure, Outcome};
use crate::{building, inputs};

/// Runs the command that was typed.
pub fn run(cli: &Cli) -> Outcome {
    if matches!(cli.command, Command::Respond(_) | Command::Drill(_)) {
        inputs::watch();
    }
    carry_out(cli, None)
}

/// Makes an interrupted run again, from what it began with.
fn resume(dir: &Path) -> Outcome {
    if building::ready(dir)? {
        return Ok(()); // all that was left to do, and said
    }
    let (building, run) = Building::resume(dir)?;
    let args = std::iter::once(OsString::from("bulkhead")).chain(run.args);
    let cli = Cli::try_parse_from(args).map_err(|err| Failure::input(err.to_string()))?;
    carry_out(&cli, Some(building))
}

/// `resumed` is what an interrupted `respond` or `drill` left.
fn carry_out(cli: &Cli, resumed: Option<Building>) -> Outcome {
    let config = crate::config::read(cli.config.as_deref())?;
    let quiet = cli.quiet;
    match &cli.command {
        Command::Init(args) => init::run(args),
        Command::Estate(command) => estate::run(command, &config, quiet),
        Command::Rules(command) => rules::run(command, &config),
        Command::Detect(args) => detect::run(args, &config, quiet),
        Command::Respond(args) => respond::run(args, &config, quiet, resumed),
        Command::Drill(args) => drill::run(args, &config, quiet, resumed),

        Command::Plan(command) => plan::run(command, &config, quiet),

        Command::Case(command) => case::run(command),
        Command::Baseline(command) => baseline::run(command),
        Command::Key(command) => key::run(command),
        Command::Regime(command) => regime::run(command, &config, quiet),
        Command::Completions { shell } => generated::completions(*shell),
        Command::Man { dir } => generated::man(dir),
    }
}
