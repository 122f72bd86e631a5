//! What the tests need beside Rust: found, or installed where that can be done without asking.

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell::{Cmd, cargo};

/// A program the tests run, and the Debian package that brings it.
struct Tool {
    program: &'static str,
    version_flag: &'static str,
    package: &'static str,
    why: &'static str,
}

const TOOLS: [Tool; 2] = [
    Tool {
        program: "nft",
        version_flag: "--version",
        package: "nftables",
        why: "checks that the rule files we write load into a kernel",
    },
    Tool {
        program: "strace",
        version_flag: "-V",
        package: "strace",
        why: "makes system calls fail under the binary, to see that nothing is lost",
    },
];

/// Finds or installs every tool; on CI a missing one is an error, elsewhere it is said.
pub fn prepare(root: &Path) -> Result<()> {
    let missing: Vec<_> = TOOLS.iter().filter(|it| !works(root, it)).collect();
    if !missing.is_empty() && is_root(root) {
        let packages: Vec<_> = missing.iter().map(|it| it.package).collect();
        // An old package list may not know the package: refresh it once, quietly.
        Cmd::new("apt-get", root).args(["-qq", "update"]).run().ok();
        Cmd::new("apt-get", root)
            .args(["-qq", "install", "--yes", "--no-install-recommends"])
            .args(&packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()
            .ok();
    }
    for tool in TOOLS.iter().filter(|it| !works(root, it)) {
        let Tool { program, package, why, .. } = tool;
        let message =
            format!("`{program}` is missing ({why}): install the package `{package}` and run this again");
        if on_ci() {
            bail!(message);
        }
        eprintln!("not run: checks with {message}");
    }
    prepare_nextest(root)
}

/// Whether this is a CI run, where nothing may be left out silently.
pub fn on_ci() -> bool {
    std::env::var("CI").is_ok_and(|it| !it.is_empty() && it != "false")
}

/// Whether `cargo NAME` is there.
pub fn has_cargo_command(root: &Path, name: &str) -> bool {
    cargo(root).args([name, "--version"]).read().is_ok()
}

fn prepare_nextest(root: &Path) -> Result<()> {
    if has_cargo_command(root, "nextest") {
        return Ok(());
    }
    eprintln!("cargo-nextest is missing: building it once, this takes some minutes");
    cargo(root).args(["install", "cargo-nextest", "--locked"]).run()
}

fn works(root: &Path, tool: &Tool) -> bool {
    Cmd::new(tool.program, root).args([tool.version_flag]).read().is_ok()
}

fn is_root(root: &Path) -> bool {
    Cmd::new("id", root).args(["-u"]).read().is_ok_and(|it| it.trim() == "0")
}
