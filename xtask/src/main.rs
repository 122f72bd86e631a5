//! Developer commands: `cargo xtask test|tidy|bench|gen|docs|otrf`.

mod drills;
mod estate_page;
mod figures;
mod otrf;
mod shell;
mod test;
mod tidy;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developer commands of Bulkhead.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs or finds what the tests need, then runs every check; ends with one line.
    Test {
        /// Leaves out the checks that build the workspace a second time (release drill).
        #[arg(long)]
        quick: bool,
    },
    /// Checks the rules of the house: arrows, licences, first lines, file sizes.
    Tidy,
    /// Runs a benchmark in release mode: `bench detect --json`, `bench drills --seeds 30`.
    Bench {
        /// Benchmark and its flags.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        args: Vec<String>,
    },
    /// Generates test data: `gen estate --assets N --seed S`.
    Gen {
        /// Generator and its flags.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        args: Vec<String>,
    },
    /// Writes the pages under docs/ that are made from the types.
    Docs,
    /// Runs the product on the recorded attacks of the public data and writes docs/otrf.md.
    Otrf {
        /// The `bulkhead` to run (default: one built now, in release mode).
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("xtask: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let root = root();
    match command {
        Command::Test { quick } => test::run(&root, quick),
        Command::Tidy => tidy::run(&root),
        Command::Docs => estate_page::run(&root),
        Command::Otrf { program } => otrf::run(&root, program),
        Command::Bench { args } => bench(&root, &args),
        Command::Gen { args } => {
            let args: Vec<_> = std::iter::once("gen".to_owned()).chain(args).collect();
            bench(&root, &args)
        }
    }
}

/// Benchmarks live in a crate of their own, so that the rivals they measure are never built with the product.
fn bench(root: &std::path::Path, args: &[String]) -> Result<()> {
    if let Some((_, args)) = args.split_first().filter(|it| it.0 == "drills") {
        return drills::run(root, args);
    }
    let reference = args.first().is_some_and(|it| it == "contain") && can_build_highs(root);
    if args.first().is_some_and(|it| it == "detect" || it == "thresholds") {
        // It is measured as the process that users start.
        shell::cargo(root).args(["build", "--release", "--quiet", "--package", "bulkhead"]).run()?;
    }
    let features: &[&str] = if reference { &["--features", "highs"] } else { &[] };
    shell::cargo(root)
        .args(["run", "--release", "--quiet", "--package", "bulkhead-bench"])
        .args(features)
        .args(["--"])
        .args(args)
        .run()
}

/// Whether the reference solver can be built; says what is missing when not.
fn can_build_highs(root: &std::path::Path) -> bool {
    let cmake = shell::Cmd::new("cmake", root).args(["--version"]).read().is_ok();
    if !cmake {
        eprintln!("without HiGHS: it needs cmake and libclang (Debian: apt-get install cmake libclang-dev)");
    }
    cmake
}

/// The workspace's root, from where this crate stands.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}
