//! `bulkhead.toml`: what an operator sets once instead of typing it at every command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bulkhead_model::case::Attitude;
use serde::Deserialize;

use crate::failure::{Failure, Outcome};
use crate::inputs;

/// The name looked for in the current folder.
const DEFAULT_NAME: &str = "bulkhead.toml";

/// The configuration file. Paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The estate file.
    pub estate: Option<PathBuf>,
    /// Rule files and folders, beside the built-in pack.
    #[serde(default)]
    pub rules: Vec<PathBuf>,
    /// Files that say where log sources of rules are found in the telemetry; they come before the built-in ones.
    #[serde(default)]
    pub log_sources: Vec<PathBuf>,
    /// Processing pipelines that change rules to fit the telemetry.
    #[serde(default)]
    pub pipelines: Vec<PathBuf>,
    /// Values of placeholders (`%name%`) in rules, by name.
    #[serde(default)]
    pub placeholders: BTreeMap<String, Vec<String>>,
    /// How plans are chosen.
    #[serde(default)]
    pub planning: Planning,
}

/// How plans are chosen.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planning {
    /// Which flows count as moves of the attacker.
    pub attitude: Option<Attitude>,
    /// Hours over which losses count.
    pub horizon_h: Option<f64>,
    /// Suspected assets at or above this confidence count as compromised.
    pub suspect_threshold: Option<f64>,
}

/// Reads `given`, or `bulkhead.toml` in the current folder, or nothing.
pub fn read(given: Option<&Path>) -> Outcome<Config> {
    let path = match given {
        Some(path) => path,
        None if inputs::is_file(Path::new(DEFAULT_NAME)) => Path::new(DEFAULT_NAME),
        None => return Ok(Config::default()),
    };
    let text = crate::estate_input::text(path)?;
    let mut config = parse(&path.display().to_string(), &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    config.estate = config.estate.map(|it| folder.join(it));
    for paths in [&mut config.rules, &mut config.log_sources, &mut config.pipelines] {
        paths.iter_mut().for_each(|it| *it = folder.join(&*it));
    }
    Ok(config)
}

fn parse(file: &str, text: &str) -> Outcome<Config> {
    let config: Config = toml::from_str(text).map_err(|err| {
        let place = err.span().map(|span| place(text, span.start)).unwrap_or_default();
        Failure::input(format!("{file}{place}: {}", err.message().trim()))
            .hint("`bulkhead init DIR` writes a commented bulkhead.toml to compare with")
    })?;
    check(file, &config.planning)?;
    Ok(config)
}

fn check(file: &str, planning: &Planning) -> Outcome {
    if let Some(horizon) = planning.horizon_h
        && !(horizon > 0.0 && horizon.is_finite())
    {
        return Err(Failure::input(format!(
            "{file}: planning.horizon_h must be more than 0 hours: {horizon}"
        )));
    }
    if let Some(threshold) = planning.suspect_threshold
        && !(0.0..=1.0).contains(&threshold)
    {
        return Err(Failure::input(format!(
            "{file}: planning.suspect_threshold must lie between 0 and 1: {threshold}"
        )));
    }
    Ok(())
}

/// `:line:column` of a byte offset.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(":{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(text: &str, expect: &str) {
        let message = parse("bulkhead.toml", text).expect_err("must be refused").to_string();
        assert!(message.contains(expect), "{message}");
    }

    #[test]
    fn reads_every_key() {
        let text = "estate = 'e.yaml'\nrules = ['r']\nlog_sources = ['l.yml']\npipelines = ['p.yml']\n\
                    placeholders = {admins = ['root', 'adm-*']}\n[planning]\nattitude = 'strict'\nhorizon_h = 48.0\nsuspect_threshold = 0.7\n";
        let config = parse("bulkhead.toml", text).expect("valid");
        assert_eq!(config.planning.attitude, Some(Attitude::Strict));
        assert_eq!(config.rules, [PathBuf::from("r")]);
        assert_eq!(config.log_sources, [PathBuf::from("l.yml")]);
        assert_eq!(config.pipelines, [PathBuf::from("p.yml")]);
        assert_eq!(config.placeholders["admins"], ["root", "adm-*"]);
    }

    #[test]
    fn says_where_the_fault_is() {
        check_error("estate = 3\n", "bulkhead.toml:1:10");
        check_error("[planning]\nattitude = 'loose'\n", "bulkhead.toml:2:12");
        check_error("estat = 'e.yaml'\n", "unknown field `estat`");
        check_error("[planning]\nhorizon_h = -1.0\n", "more than 0");
        check_error("[planning]\nsuspect_threshold = 2.0\n", "between 0 and 1");
    }
}
