//! Running the binary: a hermetic folder, its output, its exit code.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `bulkhead` with `args` (split at spaces) in `dir`, with nothing inherited that could change what it prints.
pub fn run(dir: &Path, args: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bulkhead"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("COLUMNS", "110")
        .output()
        .expect("the binary starts")
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
