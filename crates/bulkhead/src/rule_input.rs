//! Rules a command works with: the built-in pack, files and folders, bulkhead.toml.

use std::path::{Path, PathBuf};

use bulkhead_detect::{LoadReport, Options, Placeholders, RuleEntry, RuleFile, RuleSet, compile};
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::yaml;

use crate::cli::RuleReading;
use crate::config::Config;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::inputs;
use crate::say::note;
use crate::ui::counted;

/// Faults printed before the rest is only counted; a corpus of thousands may hold many.
const SHOWN: usize = 10;
/// Rules that cannot fire, of which the first are named.
const SHOWN_IDLE: usize = 3;

/// What the names of built-in rules' files begin with.
const BUILTIN: &str = "builtin:";

/// Loads the built-in pack (unless left out), the configuration's rules and those named, read as the configuration says;
/// a bad rule is reported, the rest load.
pub fn load(
    paths: &[PathBuf],
    builtin: bool,
    config: &Config,
    quiet: bool,
) -> Outcome<(RuleSet, LoadReport)> {
    load_with(paths, builtin, &RuleReading::default(), config, quiet)
}

/// As [`load`], with what the command line says on how to read rules.
pub fn load_with(
    paths: &[PathBuf],
    builtin: bool,
    reading: &RuleReading,
    config: &Config,
    quiet: bool,
) -> Outcome<(RuleSet, LoadReport)> {
    let mut files = if builtin { pack() } else { Vec::new() };
    for path in config.rules.iter().chain(paths) {
        collect(path, &mut files)?;
    }
    let (set, report) = compile(&files, &options(reading, config)?);
    if report.rules.is_empty() {
        print_diagnostics(&report.diagnostics, SHOWN);
        return Err(Failure::input(format!("no rule could be loaded from {} files", files.len()))
            .hint("`bulkhead rules check` lists every fault with its place"));
    }
    if !quiet && !report.diagnostics.is_empty() {
        print_diagnostics(&report.diagnostics, SHOWN);
    }
    if !quiet {
        say_unreachable(&report);
    }
    Ok((set, report))
}

/// The rules of the user's that no known log source can meet, with the reason.
pub fn idle(report: &LoadReport) -> Vec<(&RuleEntry, &str)> {
    let own = report.rules.iter().filter(|it| !it.file.starts_with(BUILTIN));
    own.filter_map(|it| Some((it, it.unreachable.as_deref()?))).collect()
}

/// Names the rules of the user's that no known log source can meet: that they find nothing says nothing.
pub fn say_unreachable(report: &LoadReport) {
    let idle = idle(report);
    if idle.is_empty() {
        return;
    }
    note!(
        "{} can fire on no known log source (loaded and counted, not refused; that nothing is found by {} says nothing):",
        counted(idle.len(), "rule"),
        if idle.len() == 1 { "it" } else { "them" }
    );
    for (rule, why) in idle.iter().take(SHOWN_IDLE) {
        note!("  {}: {}", rule.title, why);
    }
    if idle.len() > SHOWN_IDLE {
        note!("  and {} more: `bulkhead rules list` names them all", idle.len() - SHOWN_IDLE);
    }
}

/// Log source mappings, pipelines and placeholders of the command line and the configuration.
pub fn options(reading: &RuleReading, config: &Config) -> Outcome<Options> {
    let texts = |given: &[PathBuf], configured: &[PathBuf]| -> Outcome<Vec<(String, String)>> {
        let paths = given.iter().chain(configured);
        paths.map(|it| Ok((it.display().to_string(), crate::estate_input::text(it)?))).collect()
    };
    let mut placeholders = config.placeholders.clone();
    for path in &reading.placeholders {
        placeholders.extend(placeholder_file(path)?);
    }
    placeholders.extend(reading.placeholder.iter().cloned());
    Ok(Options {
        log_sources: texts(&reading.log_sources, &config.log_sources)?,
        pipelines: texts(&reading.pipeline, &config.pipelines)?,
        placeholders,
        giving_way: BUILTIN.to_owned(),
    })
}

/// Placeholders of a YAML file: a value or a list of values by name, perhaps under `vars` as in a pipeline.
fn placeholder_file(path: &Path) -> Outcome<Placeholders> {
    let name = path.display().to_string();
    let (documents, faults) = yaml::parse(&name, &crate::estate_input::text(path)?);
    if faults.iter().any(Diagnostic::is_error) {
        print_diagnostics(&faults, SHOWN);
        return Err(Failure::input(format!("{name} is no YAML")));
    }
    let mut placeholders = Placeholders::new();
    for document in &documents {
        for (key, value) in document.get("vars").unwrap_or(document).entries() {
            let values: Option<Vec<String>> =
                value.one_or_many().iter().map(|it| it.as_scalar().map(|it| it.text.clone())).collect();
            let Some(values) = values else {
                let place = format!("{name}:{}:{}", value.pos.line, value.pos.column);
                return Err(Failure::input(format!("{place}: `{}` is no list of values", key.text))
                    .hint("write NAME: [VALUE, VALUE]"));
            };
            placeholders.insert(key.text.trim_matches('%').to_owned(), values);
        }
    }
    if placeholders.is_empty() {
        return Err(
            Failure::input(format!("{name} holds no placeholders")).hint("write NAME: [VALUE, VALUE]")
        );
    }
    Ok(placeholders)
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
        .map(|(name, text)| RuleFile { name: format!("{BUILTIN}{name}"), text: text.to_owned() })
        .collect()
}

/// A file, or every YAML file below a folder in the order of their names.
fn collect(path: &Path, files: &mut Vec<RuleFile>) -> Outcome {
    let entries = inputs::listing(path).map_err(|err| Failure::file("read rules from", path, &err))?;
    let Some(entries) = entries else { return file(path, files) };
    for entry in entries {
        let is_rule = entry.path.extension().is_some_and(|it| it == "yml" || it == "yaml");
        if entry.is_file {
            if is_rule {
                file(&entry.path, files)?;
            }
        // What is neither is passed over, whatever keeps it from being looked at.
        } else if is_rule || inputs::folder(&entry.path).is_ok_and(|it| it.is_some()) {
            collect(&entry.path, files)?;
        }
    }
    Ok(())
}

fn file(path: &Path, files: &mut Vec<RuleFile>) -> Outcome {
    let text = crate::estate_input::text(path)?;
    files.push(RuleFile { name: path.display().to_string(), text });
    Ok(())
}
