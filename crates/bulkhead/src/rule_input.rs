//! Rules a command works with: the built-in pack, files and folders, bulkhead.toml.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_detect::{LoadReport, Options, RuleFile, RuleSet, compile};

use crate::config::Config;
use crate::failure::{Failure, Outcome, print_diagnostics};

/// Faults printed before the rest is only counted; a corpus of thousands may hold many.
const SHOWN: usize = 10;

/// Loads the built-in pack (unless left out), the configuration's rules and those named; a bad rule is reported, the
/// rest load.
pub fn load(
    paths: &[PathBuf],
    builtin: bool,
    config: &Config,
    quiet: bool,
) -> Outcome<(RuleSet, LoadReport)> {
    let mut files = if builtin { pack() } else { Vec::new() };
    for path in config.rules.iter().chain(paths) {
        collect(path, &mut files)?;
    }
    let (set, report) = compile(&files, &Options::default());
    if report.rules.is_empty() {
        print_diagnostics(&report.diagnostics, SHOWN);
        return Err(Failure::input(format!("no rule could be loaded from {} files", files.len()))
            .hint("`bulkhead rules check` lists every fault with its place"));
    }
    if !quiet && !report.diagnostics.is_empty() {
        print_diagnostics(&report.diagnostics, SHOWN);
    }
    Ok((set, report))
}

/// The files of exactly these paths.
pub fn files(paths: &[PathBuf]) -> Outcome<Vec<RuleFile>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    Ok(files)
}

/// The built-in pack.
pub fn pack() -> Vec<RuleFile> {
    bulkhead_evaluate::starter_rules()
        .into_iter()
        .map(|(name, text)| RuleFile { name: format!("builtin:{name}"), text: text.to_owned() })
        .collect()
}

/// A file, or every YAML file below a folder in the order of their names.
fn collect(path: &Path, files: &mut Vec<RuleFile>) -> Outcome {
    let cannot = |err: &std::io::Error| Failure::file("read rules from", path, err);
    if !fs::metadata(path).map_err(|err| cannot(&err))?.is_dir() {
        let text = crate::estate_input::text(path)?;
        files.push(RuleFile { name: path.display().to_string(), text });
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(|err| cannot(&err))? {
        entries.push(entry.map_err(|err| cannot(&err))?.path());
    }
    entries.sort();
    for entry in entries {
        let is_rule = entry.extension().is_some_and(|it| it == "yml" || it == "yaml");
        if entry.is_dir() || is_rule {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
