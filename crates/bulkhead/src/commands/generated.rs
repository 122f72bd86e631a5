//! `completions` and `man`: generated from the command line's own definition.

use std::fs;
use std::path::Path;

use bulkhead_files::{Staged, tree};
use clap::{Command, CommandFactory};

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

/// Writes the man pages of `command` and of those below it into `dir`, each whole at once.
fn pages(command: Command, dir: &Path) -> Outcome {
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        pages(below.clone(), dir)?;
    }
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text).map_err(anyhow::Error::new)?;
    Ok(tree::put(&dir.join(page.get_filename()), &text)?)
}

/// Writes one man page per command into `dir`.
pub fn man(dir: &Path) -> Outcome {
    let staged = Staged::begin(dir)?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    pages(command, &staged.dir())?;
    for entry in fs::read_dir(staged.dir()).map_err(|err| Failure::file("list", dir, &err))? {
        let page = dir.join(entry.map_err(|err| Failure::file("list", dir, &err))?.file_name());
        // A page of an earlier version is ours and may go; anything else of that name is not.
        if page.is_file() && !fs::read_to_string(&page).is_ok_and(|it| it.contains(".TH bulkhead")) {
            staged.abandon()?;
            return Err(Failure::input(format!(
                "`{}` exists and is no man page of bulkhead",
                page.display()
            ))
            .hint("name another folder, or move the file away"));
        }
    }
    staged.commit_beside()?;
    say!("man pages are in {}", dir.display());
    Ok(())
}
