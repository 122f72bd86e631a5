//! `bulkhead`: the command line. Every command is one file in `commands`; the whole flow is `flow::carry`.

#![deny(clippy::disallowed_macros, clippy::format_push_string)]

mod attack;
mod baseline;
mod basis;
mod building;
mod casedir;
mod cases_folder;
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
mod finding_table;
mod flow;
mod hunt;
mod import_input;
mod inputs;
mod interrupt;
mod json_place;
mod kept;
mod narrate;
mod out;
mod persons;
mod policy_input;
mod record_note;
mod rule_input;
mod say;
mod seen_flows;
mod telemetry_input;
mod ui;
mod veil;
mod verdict;
mod when;
mod world;

use std::process::ExitCode;

use bulkhead_model::plain::plain;
use clap::Parser;

use crate::failure::{Failure, Outcome};
use crate::say::note;

/// Reading telemetry and rules is a flood of small and of very large pieces: glibc gives the large ones back to the
/// kernel each time, and takes them anew page by page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(end_badly));
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => return misused(err),
    };
    end(commands::run(&cli))
}

/// Says how it ended, and gives scripts the code for it.
fn end(outcome: Outcome) -> ExitCode {
    let printed = out::finish();
    let mut code = 0;
    // A verdict that could not be printed has not been told: the graver failure decides.
    for failure in [outcome, printed].into_iter().filter_map(Result::err) {
        let failure = match interrupt::left() {
            Some(case) => failure.left(&case),
            None => failure,
        };
        // Verdicts are results and have been printed; everything else is for the person at the terminal.
        if !matches!(failure, Failure::Verdict(_)) {
            say::show_beside(&format!("{failure}\n"));
        }
        code = code.max(failure.code());
    }
    ExitCode::from(code)
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
        return end(Ok(()));
    }
    say::show_beside(&err.render().to_string());
    ExitCode::from(2)
}

/// A panic is a fault of ours: said in one line, exit code 3.
fn end_badly(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|it| format!(" at {}:{}", it.file(), it.line())).unwrap_or_default();
    note!("internal fault: {}{}", message, place);
    note!("  hint: this is a defect of bulkhead; please report it with the command that led to it");
    std::process::exit(3);
}
