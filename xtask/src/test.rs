//! `cargo xtask test`: the one test command.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::shell::cargo;
use crate::{tidy, tools};

/// Runs every check in the order of how soon it tells something; stops at the first that fails.
pub fn run(root: &Path, quick: bool) -> Result<()> {
    let start = Instant::now();
    tools::prepare(root)?;
    cargo(root).args(["fmt", "--all", "--check"]).run()?;
    tidy::run(root)?;
    deny(root)?;
    cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    let passed = nextest(root)?;
    cargo(root).args(["test", "--workspace", "--doc", "--quiet"]).run()?;
    if !quick {
        cargo(root)
            .args(["run", "--release", "--quiet", "--", "drill", "--quiet", "--out"])
            .args([scratch()?])
            .run()?;
    }
    println!("took: {} s", start.elapsed().as_secs());
    println!("tests: {passed} passed, 0 failed");
    Ok(())
}

/// A fresh directory for the drill's case.
fn scratch() -> Result<String> {
    let dir = std::env::temp_dir().join(format!("bulkhead-drill-{}", std::process::id()));
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(dir.to_string_lossy().into_owned())
}

/// Runs the tests and returns how many passed.
fn nextest(root: &Path) -> Result<u64> {
    let mut passed = 0;
    cargo(root)
        .args(["nextest", "run", "--workspace", "--no-fail-fast", "--status-level", "fail"])
        .run_watching(&mut |line| {
            if let Some(count) = summary(line) {
                passed = count;
            }
        })?;
    if passed == 0 {
        bail!("the test runner closed on no test");
    }
    Ok(passed)
}

/// The number passed, from nextest's `Summary [ 1.2s] 3 tests run: 3 passed, 0 skipped`.
fn summary(line: &str) -> Option<u64> {
    if !line.contains("Summary") {
        return None;
    }
    let (before, _) = line.split_once(" passed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Licences and bans by cargo-deny where it is installed; tidy holds the licence list either way.
fn deny(root: &Path) -> Result<()> {
    if !tools::has_cargo_command(root, "deny") {
        eprintln!("not run: cargo deny (not installed; tidy has checked the licences)");
        return Ok(());
    }
    cargo(root).args(["deny", "--offline", "check", "bans", "licenses", "sources"]).run()
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn reads_the_summary_line() {
        assert_eq!(summary("     Summary [   1.204s] 321 tests run: 321 passed, 2 skipped"), Some(321));
        assert_eq!(summary("     Summary [   1.204s] 3 tests run: 2 passed, 1 failed, 0 skipped"), Some(2));
        assert_eq!(summary("        PASS [   0.004s] model span::tests"), None);
    }
}
