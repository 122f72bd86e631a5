//! `bulkhead`: the command line. Every command is one file in `commands`; the whole flow is `flow::carry`.

#![deny(clippy::disallowed_macros, clippy::format_push_string)]

mod attack;
mod casedir;
mod cli;
mod commands;
mod config;
mod desk;
mod entities;
mod estate_input;
mod evidence;
mod failure;
mod files;
mod finding_filter;
mod finding_output;
mod flow;
mod hunt;
mod import_input;
mod interrupt;
mod kept;
mod narrate;
mod rule_input;
mod say;
mod telemetry_input;
mod ui;
mod verdict;
mod when;
mod world;

use std::process::ExitCode;

use bulkhead_model::plain::plain;
use clap::Parser;

use crate::failure::Failure;
use crate::say::note;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(end_badly));
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => return misused(err),
    };
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code();
            // Verdicts are results and have been printed; everything else is for the person at the terminal.
            if !matches!(failure, Failure::Verdict(_)) {
                say::show_beside(&format!("{failure}\n"));
            }
            code
        }
    }
}

/// What was typed cannot be understood, or asks for help. Clap repeats what was typed: shown plain.
fn misused(mut err: clap::Error) -> ExitCode {
    use clap::error::{ContextValue, ErrorKind};
    let one = |it: &String| plain(it).into_owned();
    let shown: Vec<_> = err
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, ContextValue::String(one(text)))),
            ContextValue::Strings(list) => {
                Some((kind, ContextValue::Strings(list.iter().map(one).collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in shown {
        err.insert(kind, value);
    }
    if matches!(err.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        say::show(&err.render().to_string());
        return ExitCode::SUCCESS;
    }
    say::show_beside(&err.render().to_string());
    ExitCode::from(2)
}

/// A panic is a fault of ours: said in one line, exit code 3. That nobody reads our output any more is no fault at all.
fn end_badly(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    if message.starts_with("failed printing to stdout") {
        std::process::exit(0);
    }
    let place = info.location().map(|it| format!(" at {}:{}", it.file(), it.line())).unwrap_or_default();
    note!("internal fault: {}{}", message, place);
    note!("  hint: this is a defect of bulkhead; please report it with the command that led to it");
    std::process::exit(3);
}
