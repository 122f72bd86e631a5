//! One file per command.

mod generated;

use crate::cli::{Cli, Command};
use crate::failure::Outcome;

/// Runs the command that was typed.
pub fn run(cli: &Cli) -> Outcome {
    let _config = crate::config::read(cli.config.as_deref())?;
    match &cli.command {
        Command::Completions { shell } => generated::completions(*shell),
        Command::Man { dir } => generated::man(dir),
        _ => Ok(()),
    }
}
