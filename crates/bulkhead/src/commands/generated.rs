//! `completions` and `man`: generated from the command line's own definition.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::failure::{Failure, Outcome};
use crate::say::{self, say};

/// Prints completions for `shell`.
pub fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bulkhead", &mut text);
    say::show_document(&String::from_utf8_lossy(&text));
    Ok(())
}

/// Writes one man page per command into `dir`.
pub fn man(dir: &Path) -> Outcome {
    std::fs::create_dir_all(dir).map_err(|err| Failure::file("make", dir, &err))?;
    clap_mangen::generate_to(Cli::command(), dir)
        .map_err(|err| Failure::file("write man pages into", dir, &err))?;
    say!("man pages are in {}", dir.display());
    Ok(())
}
