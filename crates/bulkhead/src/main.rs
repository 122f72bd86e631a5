//! `bulkhead`: the command line. Every command is one file in `commands`; the whole flow is `flow::carry`.

mod casedir;
mod cli;
mod commands;
mod config;
mod desk;
mod estate_input;
mod evidence;
mod failure;
mod files;
mod finding_output;
mod flow;
mod narrate;
mod rule_input;
mod telemetry_input;
mod ui;
mod world;

use std::process::ExitCode;

use clap::Parser;

use crate::failure::Failure;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code();
            // Verdicts are results and have been printed; everything else is for the person at the terminal.
            if !matches!(failure, Failure::Verdict(_)) {
                eprintln!("{failure}");
            }
            code
        }
    }
}
