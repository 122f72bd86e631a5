//! `init DIR`: a working directory with everything commented.

use std::fs;
use std::path::Path;

use bulkhead_files::Staged;

use crate::building;
use crate::cli::Init;
use crate::failure::{Failure, Outcome};
use crate::say::say;

const CONFIG: &str = include_str!("../../templates/bulkhead.toml");
const RULES: &str = include_str!("../../templates/rules.md");
const RULE: &str = include_str!("../../templates/example_rule.yml");
const ESTATE: &str = include_str!("../../../../examples/minimal/estate.yaml");

/// Runs `init`.
pub fn run(args: &Init) -> Outcome {
    let dir = &args.dir;
    let files = [
        ("bulkhead.toml", CONFIG.to_owned()),
        // The schema lies beside the estate here, two folders up in the repository.
        ("estate.yaml", ESTATE.replace("../../schemas/estate.schema.json", "estate.schema.json")),
        ("rules/README.md", RULES.to_owned()),
        ("rules/example.yml", RULE.to_owned()),
        ("estate.schema.json", super::estate::estate_schema()?),
    ];
    building::ready(dir)?;
    if !args.force {
        refuse_occupied(dir)?;
    }
    let staged = Staged::begin(dir)?;
    for (name, text) in &files {
        bulkhead_files::tree::put(&staged.dir().join(name), text.as_bytes())?;
    }
    staged.commit_beside()?;
    say!("made {}: bulkhead.toml, estate.yaml, rules/", dir.display());
    say!("next: cd {}, describe your estate in estate.yaml, then", dir.display());
    say!("  bulkhead estate check        finds every fault, with its place");
    say!("  bulkhead drill               plays an intrusion against it");
    say!("  bulkhead respond FILES...    carries your own telemetry all the way");
    Ok(())
}

fn refuse_occupied(dir: &Path) -> Outcome {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(Failure::file("make", dir, &err)),
    };
    if entries.filter_map(Result::ok).all(|it| it.file_name() == ".running") {
        return Ok(());
    }
    Err(Failure::input(format!("`{}` is not empty", dir.display()))
        .hint("name another folder, or overwrite files of the same names with --force"))
}
