//! The rules of the house that no compiler checks: arrows between crates, licences, first lines, file sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{Cmd, cargo};

/// What each crate may depend on inside the workspace. A new arrow is an architecture change: say so in ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("bulkhead-model", &[]),
    ("bulkhead-service", &["model"]),
    ("bulkhead-detect", &["model", "service"]),
    ("bulkhead-incident", &["model", "service"]),
    ("bulkhead-contain", &["model", "service"]),
    ("bulkhead-recover", &["model", "service"]),
    ("bulkhead-comply", &["model", "service"]),
    ("bulkhead-engine", &["model", "service", "detect", "incident", "contain", "recover", "comply"]),
    ("bulkhead-evaluate", &["model", "service"]),
    ("bulkhead-files", &[]),
    ("bulkhead-journal", &["model", "files"]),
    ("bulkhead-telemetry", &["model"]),
    ("bulkhead-enforce", &["model"]),
    ("bulkhead-report", &["model"]),
    ("bulkhead-import", &["model"]),
    (
        "bulkhead",
        &[
            "model",
            "service",
            "detect",
            "incident",
            "contain",
            "recover",
            "comply",
            "engine",
            "evaluate",
            "files",
            "journal",
            "telemetry",
            "enforce",
            "report",
            "import",
        ],
    ),
    // Developer crates see everything and are seen by nobody.
    (
        "bulkhead-bench",
        &[
            "model",
            "service",
            "detect",
            "incident",
            "contain",
            "recover",
            "comply",
            "engine",
            "evaluate",
            "journal",
            "telemetry",
            "enforce",
            "report",
            "import",
        ],
    ),
    // Its pages are made from the types and from the words that regimes use.
    ("xtask", &["model", "comply"]),
];

/// What pure crates may use from outside: nothing that reads a clock, a file, the network or chance.
const PURE: &[&str] = &[
    "model", "service", "detect", "incident", "contain", "recover", "comply", "engine", "evaluate", "import",
];
const PURE_MAY_USE: &[&str] = &[
    "aho-corasick",
    "base64",
    "hex",
    "ipnet",
    "jiff",
    "memchr",
    "regex",
    "regex-automata",
    "regex-syntax",
    "saphyr-parser",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "simdutf8",
    "thiserror",
    "unicode-normalization",
    "wide",
];

/// Licences a dependency may carry; a new one fails here and is argued for in review.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const MAX_LINES: usize = 500;
/// Generated or tabular files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Runs every rule and lists all faults at once.
pub fn run(root: &Path) -> Result<()> {
    let metadata = cargo(root).args(["metadata", "--format-version", "1", "--locked"]).read()?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata printed no JSON")?;
    let mut faults = Vec::new();
    arrows(&metadata, &mut faults);
    licences(&metadata, &mut faults);
    let files = tracked_files(root)?;
    first_lines(root, &files, &mut faults);
    places_named(root, &files, &mut faults);
    one_writer(root, &files, &mut faults);
    architecture(root, &metadata, &mut faults);
    crate::figures::lint(root, &files, &mut faults);
    if faults.is_empty() {
        eprintln!("tidy: {} files in order", files.len());
        return Ok(());
    }
    for fault in &faults {
        eprintln!("tidy: {fault}");
    }
    bail!("tidy found {} faults", faults.len());
}

fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids: BTreeSet<_> =
        metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |it| it["id"].as_str().is_some_and(|id| ids.contains(id)))
}

fn arrows(metadata: &Value, faults: &mut Vec<String>) {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for package in members(metadata) {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(targets) = allowed.get(name) else {
            faults
                .push(format!("crate `{name}` is in no arrow list: add it to ARROWS and to ARCHITECTURE.md"));
            continue;
        };
        let short = name.strip_prefix("bulkhead-").unwrap_or(name);
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // Tests may look anywhere; what ships may not.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let target = dependency["name"].as_str().unwrap_or_default();
            match target.strip_prefix("bulkhead-") {
                Some(inner) if !targets.contains(&inner) => {
                    faults.push(format!("`{name}` must not depend on `{target}`: no such arrow"));
                }
                None if PURE.contains(&short) && !PURE_MAY_USE.contains(&target) => {
                    faults.push(format!("pure crate `{name}` must not depend on `{target}`"));
                }
                _ => {}
            }
        }
    }
}

fn licences(metadata: &Value, faults: &mut Vec<String>) {
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(expression) = package["license"].as_str() else {
            if package["license_file"].is_null() {
                faults.push(format!("dependency `{name}` names no licence"));
            }
            continue;
        };
        if !licence_is_allowed(expression) {
            faults.push(format!("dependency `{name}` has a licence not on the list: {expression}"));
        }
    }
}

/// Whether an SPDX expression can be met with allowed licences only (`AND` binds tighter than `OR`).
fn licence_is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at) && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all_of(words, at);
    }
    allowed
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = licence(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= licence(words, at);
    }
    allowed
}

fn licence(words: &[&str], at: &mut usize) -> bool {
    if words.get(*at) == Some(&"(") {
        *at += 1;
        let allowed = any_of(words, at);
        *at += 1;
        return allowed;
    }
    let mut name = words.get(*at).copied().unwrap_or_default().to_owned();
    *at += 1;
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    LICENCES.contains(&name.as_str())
}

fn tracked_files(root: &Path) -> Result<Vec<PathBuf>> {
    let listing = Cmd::new("git", root).args(["ls-files", "-z"]).read()?;
    Ok(listing
        .split('\0')
        .filter(|it| !it.is_empty())
        .map(PathBuf::from)
        .filter(|it| root.join(it).is_file())
        .collect())
}

fn first_lines(root: &Path, files: &[PathBuf], faults: &mut Vec<String>) {
    for file in files {
        let shown = file.display().to_string();
        let Some(extension) = file.extension().and_then(|it| it.to_str()) else { continue };
        let opening: &[&str] = match extension {
            "rs" => &["//!", "#![doc"],
            "toml" => &["#"],
            _ => continue,
        };
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        if !shown.contains("/tests/") || extension == "rs" {
            let first = text.lines().find(|it| !it.starts_with("#!/")).unwrap_or_default();
            if !opening.iter().any(|it| first.starts_with(it)) {
                faults.push(format!("{shown}:1: the first line must say what lives here (`{}`)", opening[0]));
            }
        }
        let lines = text.lines().count();
        if extension == "rs" && lines > MAX_LINES && !LONG_FILES.iter().any(|(name, _)| *name == shown) {
            faults.push(format!("{shown}: {lines} lines, more than {MAX_LINES}: split the room"));
        }
    }
}

/// Files speak of the product alone: no path of the machine they were written on.
fn places_named(root: &Path, files: &[PathBuf], faults: &mut Vec<String>) {
    // Telemetry that drills make up speaks of homes too: only what a build leaves behind is meant.
    let forbidden = [
        concat!("/root/", ".cargo"),
        concat!("/root/", ".rustup"),
        concat!("/wo", "rk/"),
        concat!("/home/", "runner"),
    ];
    for file in files {
        if file.starts_with("rules")
            || file.starts_with("scenarios")
            || file.components().any(|it| it.as_os_str() == "tests")
        {
            continue; // telemetry samples carry paths of the hosts they speak of
        }
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        let own = file.ends_with("xtask/src/tidy.rs");
        for (number, line) in text.lines().enumerate() {
            if !own && forbidden.iter().any(|it| line.contains(it)) {
                faults.push(format!("{}:{}: names a path of some machine", file.display(), number + 1));
            }
        }
    }
}

/// What changes the disk, which only `files` does: everybody else asks it, so that nothing is ever half written.
const WRITES: &[&str] = &[
    "fs::write(",
    "fs::rename(",
    "fs::copy(",
    "fs::hard_link(",
    "fs::create_dir",
    "fs::remove_",
    "fs::set_permissions(",
    "File::create",
    "File::options(",
    "OpenOptions",
    "DirBuilder",
];

/// No crate that ships but `files` writes, renames or removes anything by itself; tests may.
fn one_writer(root: &Path, files: &[PathBuf], faults: &mut Vec<String>) {
    for file in files {
        let shown = file.display().to_string();
        let ships = shown.starts_with("crates/") && shown.contains("/src/") && shown.ends_with(".rs");
        let exempt = ["crates/files/", "crates/bench/"].iter().any(|it| shown.starts_with(it));
        if !ships || exempt || shown.ends_with("tests.rs") {
            continue;
        }
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in own.lines().enumerate().filter(|(_, it)| !it.trim_start().starts_with("//")) {
            if let Some(write) = WRITES.iter().find(|it| line.contains(**it)) {
                let place = format!("{shown}:{}", number + 1);
                faults.push(format!(
                    "{place}: `{write}`: only the crate `files` writes; see its `write`, `Staged`, `tree`"
                ));
            }
        }
    }
}

/// ARCHITECTURE.md stays short and speaks of every crate.
fn architecture(root: &Path, metadata: &Value, faults: &mut Vec<String>) {
    let Ok(text) = fs::read_to_string(root.join("ARCHITECTURE.md")) else {
        faults.push("ARCHITECTURE.md is missing".to_owned());
        return;
    };
    if text.lines().count() > 300 {
        faults.push("ARCHITECTURE.md has more than 300 lines".to_owned());
    }
    for package in members(metadata) {
        let name = package["name"].as_str().unwrap_or_default();
        let short = name.strip_prefix("bulkhead-").unwrap_or(name);
        if !text.contains(&format!("`{short}`")) {
            faults.push(format!("ARCHITECTURE.md does not speak of `{short}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::licence_is_allowed;

    #[test]
    fn reads_licence_expressions() {
        assert!(licence_is_allowed("MIT/Apache-2.0"));
        assert!(licence_is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(licence_is_allowed("GPL-3.0 OR MIT"));
        assert!(!licence_is_allowed("GPL-3.0"));
        assert!(!licence_is_allowed("MIT AND AGPL-3.0"));
        assert!(!licence_is_allowed("(MIT OR Apache-2.0) AND AGPL-3.0"));
        assert!(licence_is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
    }
}
