//! One file per command.

pub mod case;
mod coverage;
mod detect;

mod drill;
mod estate;
mod estate_import;
mod explain;
mod generated;
mod init;
pub mod plan;

mod recover;
pub mod regime;
mod respond;

mod rules;

use crate::cli::{Cli, Command};
use crate::failure::Outcome;

/// Runs the command that was typed.
pub fn run(cli: &Cli) -> Outcome {
    let config = crate::config::read(cli.config.as_deref())?;
    let quiet = cli.quiet;
    match &cli.command {
        Command::Init(args) => init::run(args),
        Command::Estate(command) => estate::run(command, &config, quiet),
        Command::Rules(command) => rules::run(command, &config),
        Command::Detect(args) => detect::run(args, &config, quiet),
        Command::Respond(args) => respond::run(args, &config, quiet),
        Command::Drill(args) => drill::run(args, &config, quiet),

        Command::Plan(command) => plan::run(command, &config, quiet),

        Command::Case(command) => case::run(command),
        Command::Regime(command) => regime::run(command, &config, quiet),
        Command::Completions { shell } => generated::completions(*shell),
        Command::Man { dir } => generated::man(dir),
    }
}
