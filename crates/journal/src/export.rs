//! The flat export: a case directory that needs no database and no trust to be checked.

use std::fs;
use std::path::Path;

use bulkhead_files::{Existing, Staged, Standing, tree};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::files;
use crate::manifest::{
    CHECKPOINT, FileDigest, JOURNAL_DIR, MANIFEST, Manifest, SignerName, VAULT_DIR, body_path, in_journal,
    in_vault,
};
use crate::merkle;
use crate::note::{self, SigningKey};
use crate::record::{self, Draft, KIND_CASE_SEALED, KIND_VAULT_ERASED};
use crate::store::{Journal, sign_head};
use crate::tiles::{self, Tile, TileBuilder, WIDTH};
use crate::vault::{self, KeyOrigin};
use crate::verify::{self, Inspection};
use crate::witness;

/// Where a new export is written before it takes its place.
const NEW_DIR: &str = ".journal-new";
/// Where the export before it waits to be removed.
const OLD_DIR: &str = ".journal-old";
/// Beside a case that is being built: it is one whose vault is being erased.
const ERASING: &str = "erasing";

/// Body of a `case_sealed` entry: every file of the case outside `journal/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Files, sorted by path.
    pub files: Vec<FileDigest>,
    /// How the key of the pseudonyms came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<KeyOrigin>,
}

/// Body of a `vault_erased` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Why, as whoever ordered it put it.
    pub reason: String,
    /// What was erased: files below `vault/`, sorted by path.
    pub files: Vec<FileDigest>,
}

/// Seals the case: binds every file in `dir` by an entry of the journal, writes `dir/journal/` and signs it.
///
/// Call it last, when every other file of the case is in place (the vault too, where it is part of the case). Calling it
/// again, after more entries or changed files, replaces the export. Returns the signed checkpoint.
///
/// # Errors
/// When a file cannot be read or written, `dir` holds anything but plain files, or the journal is for reading only.
pub fn export(
    journal: &mut Journal,
    dir: &Path,
    key: &SigningKey,
    at: Timestamp,
    actor: &str,
) -> Result<String> {
    recover(dir)?;
    tree::remove_dir(&dir.join(NEW_DIR))?;
    let files = digests(dir, |path| !in_journal(path))?;
    let body = to_json(&Sealed { files: files.clone(), pseudonyms: vault::origin(&dir.join(VAULT_DIR)) })?;
    let kind = KIND_CASE_SEALED.to_owned();
    journal.append(vec![Draft { kind, v: 1, at, actor: actor.to_owned(), cause: None, body }])?;
    if let ahead @ 1.. = journal.ahead() {
        return Err(Error::Invalid(format!("{ahead} entries recorded before did not come about again")));
    }
    write_journal(journal, dir, key, files)
}

/// Erases the vault of an exported case: records what is erased and why, signs, and removes the files, all in one step.
///
/// An interrupted run that was to replace the case is given up with it, and with what it held of persons.
///
/// Needs no database. The case as it will be is built beside it and takes its place: before that nothing is changed, after
/// it the vault is gone. Returns the number of files erased. What a file system keeps of removed files is beyond this
/// function: put the vault on an encrypted volume.
///
/// # Errors
/// When the case does not verify, was signed by another key, has no vault to erase, or is being written by somebody else.
pub fn erase_vault(dir: &Path, key: &SigningKey, at: Timestamp, actor: &str, reason: &str) -> Result<usize> {
    settle(dir)?;
    let inspection = inspect(dir, key, true)?;
    give_up_successor(dir)?;
    let vault = dir.join(VAULT_DIR);
    if !inspection.erased_but_present.is_empty() {
        // Its erasure stands in the record; somebody put it back.
        let count = files::walk(&vault)?.files.len();
        tree::remove_dir(&vault)?;
        files::sync_dir(dir)?;
        return Ok(count);
    }
    let (gone, kept): (Vec<FileDigest>, Vec<FileDigest>) =
        inspection.manifest_files.into_iter().partition(|it| in_vault(&it.path));
    if gone.is_empty() {
        return Err(Error::Invalid(format!("{}: there is no vault to erase", dir.display())));
    }
    let count = gone.len();
    let mut journal = load(dir, inspection.size)?;
    let body = to_json(&Erasure { reason: reason.to_owned(), files: gone })?;
    let kind = KIND_VAULT_ERASED.to_owned();
    journal.append(vec![Draft { kind, v: 1, at, actor: actor.to_owned(), cause: None, body }])?;
    let staged = Staged::begin_again(dir)?;
    tree::put(&staged.notes().join(ERASING), b"")?;
    for file in &kept {
        tree::link(&files::under(dir, &file.path), &staged.dir().join(&file.path))?;
    }
    write_journal(&mut journal, &staged.dir(), key, kept)?;
    staged.commit()?;
    Ok(count)
}

/// Removes what an interrupted run had made to replace the case in `dir`: it has a vault of its own, of the same people.
fn give_up_successor(dir: &Path) -> Result<()> {
    if let Standing::Interrupted = bulkhead_files::standing(dir)? {
        Staged::resume(dir)?.abandon()?;
    }
    Ok(())
}

/// Adds the cosignature of the witness with `key` to the checkpoint of an exported case, which the caller has verified.
///
/// # Errors
/// When the checkpoint cannot be read or written, or the witness has cosigned it already.
pub fn cosign(dir: &Path, key: &SigningKey, at: Timestamp) -> Result<()> {
    let path = dir.join(CHECKPOINT);
    let mut note = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let witness = witness::witness_key(key);
    if note::cosignatures(&note).iter().any(|it| witness.is_of(it)) {
        return Err(Error::Invalid(format!("{}: this witness has cosigned it already", path.display())));
    }
    note.push_str(&witness::cosign(key, note::text_of(&note)?, at));
    Ok(bulkhead_files::write_within_seal(&path, note.as_bytes(), Existing::Replace)?)
}

/// Finishes or undoes what an interrupted command left at `dir`: an export half in place, an erasure half built.
///
/// # Errors
/// When the operating system refuses.
pub fn settle(dir: &Path) -> Result<()> {
    bulkhead_files::settle(dir)?;
    if let Standing::Interrupted = bulkhead_files::standing(dir)? {
        let staged = Staged::resume(dir)?;
        // An interrupted response is for `case resume`; only what an erasure left is of no use to anybody.
        if staged.notes().join(ERASING).exists() {
            staged.abandon()?;
        }
    }
    recover(dir)
}

/// Finishes or undoes the change of `dir/journal/` that an interrupted [`export`] or [`erase_vault`] left behind; nothing
/// happens where none did.
///
/// # Errors
/// When the operating system refuses.
pub fn recover(dir: &Path) -> Result<()> {
    Ok(bulkhead_files::recover_dir(&dir.join(NEW_DIR), &dir.join(JOURNAL_DIR), &dir.join(OLD_DIR))?)
}

/// The journal of an exported case, in memory, for reading or for adding to it; the case must verify.
///
/// # Errors
/// When it does not, or is signed by another key than `key`.
pub fn reopen(dir: &Path, key: &SigningKey) -> Result<Journal> {
    let inspection = inspect(dir, key, false)?;
    load(dir, inspection.size)
}

fn inspect(dir: &Path, key: &SigningKey, erasing: bool) -> Result<Inspection> {
    let inspection =
        verify::inspect(dir, &verify::Options { key: Some(&key.public()), ..verify::Options::default() })?;
    let tolerated = |code: &str| erasing && code == "erased-but-present";
    let mut faults = inspection.report.faults.iter().filter(|it| !tolerated(it.code));
    let (first, more) = (faults.next(), faults.next().is_some());
    match first {
        Some(fault) if fault.code == "signer" && !more => Err(Error::Invalid(format!(
            "{}: the case is whole, but sealed with another key ({}); give that one with --signing-key",
            dir.display(),
            fault.message
        ))),
        Some(fault) => Err(Error::Invalid(format!("{}: the case does not verify: {fault}", dir.display()))),
        None => Ok(inspection),
    }
}

/// The entries of a verified export.
fn load(dir: &Path, size: u64) -> Result<Journal> {
    let mut journal = Journal::in_memory()?;
    let mut batch = Vec::new();
    verify::for_each_record(dir, size, |raw| {
        let (header, _) = record::split(raw)?;
        let body = match &header.body_sha256 {
            Some(sha256) => {
                let path = files::under(dir, &body_path(sha256));
                Some(fs::read(&path).map_err(Error::io("read", &path))?)
            }
            None => None,
        };
        batch.push((header.kind, raw.to_vec(), body));
        Ok(())
    })?;
    journal.append_raw(batch)?;
    Ok(journal)
}

/// Writes the export beside the old one and puts it in its place.
fn write_journal(
    journal: &mut Journal,
    dir: &Path,
    key: &SigningKey,
    mut files: Vec<FileDigest>,
) -> Result<String> {
    let new = dir.join(NEW_DIR);
    let written = write_tree(journal, &new)?;
    files.extend(written);
    let public = key.public();
    let signer = SignerName { key: public.to_string(), demonstration: public.is_demonstration() };
    let manifest = Manifest::new(signer, files).to_bytes()?;
    let name = |path: &str| new.join(path.trim_start_matches(JOURNAL_DIR).trim_start_matches('/'));
    journal.reached("manifest");
    files::write(&name(MANIFEST), &manifest)?;
    let note = sign_head(key, journal, Some(Sha256::digest(&manifest).into()))?;
    journal.reached("checkpoint");
    files::write(&name(CHECKPOINT), note.as_bytes())?;
    replace(journal, dir, &new)?;
    Ok(note)
}

fn replace(journal: &mut Journal, dir: &Path, new: &Path) -> Result<()> {
    let (place, old) = (dir.join(JOURNAL_DIR), dir.join(OLD_DIR));
    journal.reached("put new export in place");
    bulkhead_files::replace_dir(new, &place, &old)?;
    journal.reached("new export in place");
    Ok(())
}

/// Tiles, entry bundles and bodies; returns their digests under the names they will have.
fn write_tree(journal: &mut Journal, new: &Path) -> Result<Vec<FileDigest>> {
    let mut hook = journal.take_hook();
    let mut out = TreeWriter {
        new,
        files: Vec::new(),
        before: &mut |name| {
            if let Some(hook) = &mut hook {
                hook(name);
            }
        },
    };
    let mut builder = TileBuilder::default();
    let (mut bundle, mut in_bundle, mut bundles) = (Vec::new(), 0, 0);
    let done = journal.records_from(0, |raw, body| {
        if let Some(body) = body {
            out.put(&body_path(&hex::encode(Sha256::digest(&body))), &body)?;
        }
        tiles::push_entry(&mut bundle, raw);
        in_bundle += 1;
        if in_bundle == WIDTH {
            out.put(&format!("{JOURNAL_DIR}/{}", tiles::entries_path(bundles, WIDTH)), &bundle)?;
            bundle.clear();
            (in_bundle, bundles) = (0, bundles + 1);
        }
        out.put_tiles(&builder.push(merkle::leaf_hash(raw)))
    });
    done?;
    if in_bundle > 0 {
        out.put(&format!("{JOURNAL_DIR}/{}", tiles::entries_path(bundles, in_bundle)), &bundle)?;
    }
    out.put_tiles(&builder.finish())?;
    let mut files = out.files;
    journal.give_hook(hook);
    files.sort();
    files.dedup();
    Ok(files)
}

struct TreeWriter<'a> {
    new: &'a Path,
    files: Vec<FileDigest>,
    before: &'a mut dyn FnMut(&'static str),
}

impl TreeWriter<'_> {
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        (self.before)("export file");
        files::write(&self.new.join(&path[JOURNAL_DIR.len() + 1..]), bytes)?;
        self.files.push(FileDigest {
            path: path.to_owned(),
            sha256: hex::encode(Sha256::digest(bytes)),
            bytes: bytes.len() as u64,
        });
        Ok(())
    }

    fn put_tiles(&mut self, tiles: &[Tile]) -> Result<()> {
        tiles.iter().try_for_each(|it| self.put(&format!("{JOURNAL_DIR}/{}", it.path), &it.bytes))
    }
}

/// Digests of the files below `dir` that `wanted` accepts, sorted by path.
fn digests(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<FileDigest>> {
    let walk = files::walk(dir)?;
    if let Some(fault) = walk.faults.first() {
        return Err(Error::Invalid(format!("{}: cannot be sealed: {fault}", dir.display())));
    }
    let of = |path: String| {
        let (sha256, bytes) = files::digest(&files::under(dir, &path))?;
        Ok(FileDigest { path, sha256, bytes })
    };
    walk.files.into_iter().filter(|it| wanted(it)).map(of).collect()
}

fn to_json(body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|it| Error::Invalid(it.to_string()))
}
