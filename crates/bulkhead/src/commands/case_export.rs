//! `case export`: a case for somebody else, without the vault as it was sealed, or readable with names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bulkhead_files::{Staged, tree};
use bulkhead_journal::Vault;

use crate::commands::case::{files_failure, journal_failure};
use crate::failure::{Failure, Outcome};
use crate::say::say;
use crate::veil::veil_path;

/// Runs `case export`.
pub fn run(dir: &Path, out: &Path, named: bool) -> Outcome {
    if !dir.join("journal").is_dir() {
        return Err(Failure::input(format!(
            "`{}` is not a case directory: it has no journal/",
            dir.display()
        ))
        .hint("name the folder that `respond --out` or `drill --out` wrote"));
    }
    bulkhead_files::refuse_sealed(out)?;
    let is_taken = fs::read_dir(out).is_ok_and(|mut it| it.next().is_some());
    if is_taken {
        return Err(Failure::input(format!("`{}` is not empty", out.display()))
            .hint("name another folder with --out"));
    }
    let vault = dir.join("vault");
    if named && !vault.is_dir() {
        return Err(Failure::input(format!("{}: the vault is gone, and with it every name", dir.display()))
            .hint("without --named the case is exported with pseudonyms"));
    }
    let staged = Staged::begin(out).map_err(files_failure)?;
    let count = if named { put_named(dir, &vault, &staged)? } else { put_sealed(dir, &staged)? };
    staged.commit().map_err(files_failure)?;
    if named {
        say!("exported {} files WITH NAMES to {}: for those alone who may see them", count, out.display());
        say!("  this copy is readable, not sealed; the sealed case is {}", dir.display());
    } else {
        say!("exported {} files to {}, the vault withheld: nobody is named in it", count, out.display());
        say!("  its receiver checks it with: bulkhead case verify {} --partial", out.display());
    }
    Ok(())
}

/// Everything outside the vault, to the byte.
fn put_sealed(dir: &Path, staged: &Staged) -> Outcome<usize> {
    let files = below(dir)?;
    let outside: Vec<&String> = files.iter().filter(|it| !it.starts_with("vault/")).collect();
    for path in &outside {
        tree::put(&staged.dir().join(path), &bytes(&dir.join(path))?).map_err(files_failure)?;
    }
    Ok(outside.len())
}

/// The readable files, and those that name nobody; no journal, since it seals other bytes.
fn put_named(dir: &Path, vault: &Path, staged: &Staged) -> Outcome<usize> {
    let names = Vault::read_names(vault).map_err(journal_failure)?;
    let readable = vault.join("named");
    let named = if readable.is_dir() { below(&readable)? } else { Vec::new() };
    let mut done = BTreeSet::new();
    for path in &named {
        tree::put_private(&staged.dir().join(path), &bytes(&readable.join(path))?).map_err(files_failure)?;
        done.insert(path.clone());
        done.extend(names.iter().map(|it| veil_path(path, it)));
    }
    let mut count = named.len();
    for path in below(dir)? {
        let is_ours = path.starts_with("vault/") || path.starts_with("journal/") || done.contains(&path);
        if !is_ours {
            tree::put_private(&staged.dir().join(&path), &bytes(&dir.join(&path))?).map_err(files_failure)?;
            count += 1;
        }
    }
    Ok(count)
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|err| Failure::file("read", path, &err))
}

/// Plain files below `root`, relative to it, sorted.
fn below(root: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    let mut pending = vec![String::new()];
    while let Some(folder) = pending.pop() {
        let path = root.join(&folder);
        for item in fs::read_dir(&path).map_err(|err| Failure::file("list", &path, &err))? {
            let item = item.map_err(|err| Failure::file("list", &path, &err))?;
            let kind = item.file_type().map_err(|err| Failure::file("inspect", &item.path(), &err))?;
            let Some(name) = item.file_name().to_str().map(str::to_owned) else { continue };
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if kind.is_dir() {
                pending.push(name);
            } else if kind.is_file() {
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(files)
}
