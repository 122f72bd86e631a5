//! Where the public corpora are, and how rules and events are read from them.

use std::path::{Path, PathBuf};

use bulkhead_detect::{LoadReport, Options, RuleFile, RuleSet, compile};

/// The folder of public data; none if it is absent, which CI beside `../shared` does not accept.
pub fn root(what: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let root =
        std::env::var_os("BULKHEAD_DATA").map_or_else(|| Path::new(beside).join("data"), PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    let insist = std::env::var("CI").is_ok_and(|it| it == "true") && Path::new(beside).is_dir();
    assert!(!insist, "CI has ../shared without data: {}", root.display());
    println!("not run: {what} (no ../shared/data)");
    None
}

/// Every file below `folder` whose name ends with one of `endings`, sorted.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|it| path.to_string_lossy().ends_with(it)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// SigmaHQ's three folders of rules.
pub fn sigma_hq(root: &Path) -> Vec<RuleFile> {
    let mut rules = Vec::new();
    for folder in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        for path in files(&root.join("sigma").join(folder), &[".yml", ".yaml"]) {
            let name = path.strip_prefix(root.join("sigma")).unwrap().display().to_string();
            rules.push(RuleFile { name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
    rules
}

/// The rules compiled with the built-in mapping.
pub fn compiled(root: &Path) -> (RuleSet, LoadReport) {
    compile(&sigma_hq(root), &Options::default())
}
