//! `completions` and `man`: generated from the command line's own definition.

use std::fs;
use std::path::Path;

use bulkhead_files::Staged;
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
    let staged = Staged::begin(dir)?;
    clap_mangen::generate_to(Cli::command(), staged.dir())
        .map_err(|err| Failure::file("write man pages into", dir, &err))?;
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
