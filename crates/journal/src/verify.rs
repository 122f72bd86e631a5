//! Checks a case directory offline, byte for byte, trusting nothing in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use bulkhead_model::plain::Plain;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::export::{Erasure, Sealed};
use crate::files::{self, Walk};
use crate::manifest::{
    CHECKPOINT, FileDigest, JOURNAL_DIR, MANIFEST, Manifest, body_path, check_files, in_journal, in_vault,
};
use crate::merkle::{self, Frontier, Hash};
use crate::note::{Checkpoint, PublicKey};
use crate::record::{self, Header, KIND_CASE_SEALED, KIND_VAULT_ERASED};
use crate::tiles::{self, Tile, TileBuilder};

/// The longest manifest, and the longest body that must be understood, in bytes.
const MANIFEST_LIMIT: u64 = 64 << 20;
/// The longest checkpoint, in bytes.
const CHECKPOINT_LIMIT: u64 = 64 << 10;

/// One way in which a case is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Stable short name of the kind of fault, such as `changed`.
    pub code: &'static str,
    /// The file, relative to the case directory.
    pub path: String,
    /// What is wrong, without a full stop.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Plain(&self.path), Plain(&self.message))
    }
}

/// Who signed, and how far that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignerReport {
    /// Verifier key named in the case.
    pub key: String,
    /// Whether the verifier brought the same key from elsewhere.
    pub authenticated: bool,
    /// Whether it is the demonstration key, with which anybody can sign.
    pub demonstration: bool,
}

/// An erasure of the vault, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasureReport {
    /// The entry that records it.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What was erased.
    pub files: Vec<String>,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every fault; none means that the case is what was signed.
    pub faults: Vec<Fault>,
    /// Entries in the journal.
    pub entries: u64,
    /// Files checked.
    pub files: u64,
    /// Bytes checked.
    pub bytes: u64,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// When the case was last sealed.
    pub sealed_at: Option<Timestamp>,
    /// Who signed; absent when the case is too broken to tell.
    pub signer: Option<SignerReport>,
    /// Erasures of the vault.
    pub erasures: Vec<ErasureReport>,
}

impl Report {
    /// Whether the case is what was signed.
    pub fn is_ok(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "fault: {fault}")?;
        }
        for it in &self.erasures {
            writeln!(
                f,
                "erased: {} files of the vault at {} by {} (entry {}): {}",
                it.files.len(),
                it.at,
                Plain(&it.actor),
                it.seq,
                Plain(&it.reason)
            )?;
        }
        if !self.is_ok() {
            return write!(
                f,
                "NOT VERIFIED: {} faults; this is not the case that was signed",
                self.faults.len()
            );
        }
        writeln!(
            f,
            "verified: {} files, {} bytes, {} entries, root {}",
            self.files, self.bytes, self.entries, self.root
        )?;
        match &self.signer {
            Some(signer) if signer.demonstration => write!(
                f,
                "signed with the DEMONSTRATION key, which anybody can use: integrity holds, the signer is not authenticated"
            ),
            Some(signer) if signer.authenticated => {
                write!(f, "signed by {}, the key you gave: the signer is authenticated", signer.key)
            }
            Some(signer) => write!(
                f,
                "signed by {}, a key named in the case itself: integrity holds, the signer is not authenticated (give --key)",
                signer.key
            ),
            None => Ok(()),
        }
    }
}

/// Checks every byte below `dir` against the signed tree; with `key`, that this key signed it.
///
/// Reads files in pieces: memory is bounded by the manifest, not by the case.
///
/// # Errors
/// When the operating system refuses to list or read; what is wrong with the case stands in the report.
pub fn verify(dir: &Path, key: Option<&PublicKey>) -> Result<Report> {
    Ok(inspect(dir, key)?.report)
}

/// A report with what an erasure needs beside it.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub report: Report,
    pub size: u64,
    /// Files outside `journal/` that the manifest lists.
    pub manifest_files: Vec<FileDigest>,
    pub erased_but_present: Vec<String>,
}

/// What the signed head says, once its signature holds.
struct Head {
    manifest: Manifest,
    checkpoint: Checkpoint,
}

pub(crate) fn inspect(dir: &Path, key: Option<&PublicKey>) -> Result<Inspection> {
    let mut it = Inspection::default();
    let walk = files::walk(dir)?;
    it.report.faults.clone_from(&walk.faults);
    let head = match read_head(dir, &walk, key, &mut it.report) {
        Ok(head) => head,
        Err(fault) => {
            it.report.faults.push(fault);
            return Ok(it);
        }
    };
    it.size = head.checkpoint.size;
    it.report.root = hex::encode(head.checkpoint.root);
    check_listing(&walk, &head.manifest, &mut it.report.faults);
    check_digests(dir, &walk, &head.manifest, &mut it.report)?;
    if !it.report.is_ok() {
        let listed: BTreeSet<&str> = head.manifest.files.iter().map(|it| it.path.as_str()).collect();
        let vault_only =
            it.report.faults.iter().all(|it| in_vault(&it.path) || it.path == crate::manifest::VAULT_DIR);
        if !vault_only || listed.iter().any(|it| in_vault(it)) {
            return Ok(it);
        }
    }
    match check_tree(dir, &head) {
        Ok(record) => check_record(&walk, &head, record, &mut it),
        Err(Error::Damaged(why)) => it.report.faults.push(Fault::new("tree", JOURNAL_DIR, why)),
        Err(other) => return Err(other),
    }
    it.manifest_files = head.manifest.files.into_iter().filter(|it| !in_journal(&it.path)).collect();
    it.report.faults.sort();
    Ok(it)
}

/// Manifest and checkpoint, the signature checked and each bound to the other.
fn read_head(
    dir: &Path,
    walk: &Walk,
    key: Option<&PublicKey>,
    report: &mut Report,
) -> std::result::Result<Head, Fault> {
    let read = |path: &str, limit| {
        if walk.files.binary_search_by(|it| it.as_str().cmp(path)).is_err() {
            return Err(Fault::new("missing", path, "it is missing"));
        }
        files::read_limited(&dir.join(path), limit)
            .map_err(|it| Fault::new("unreadable", path, it.to_string()))
    };
    let bytes = read(MANIFEST, MANIFEST_LIMIT)?;
    let manifest = Manifest::parse(&bytes).map_err(|it| Fault::new("manifest", MANIFEST, it.to_string()))?;
    let note = String::from_utf8(read(CHECKPOINT, CHECKPOINT_LIMIT)?)
        .map_err(|_| Fault::new("signature", CHECKPOINT, "it is not text"))?;
    let bad_key = |it: Error| Fault::new("signature", MANIFEST, it.to_string());
    let bad_note = |it: Error| Fault::new("signature", CHECKPOINT, it.to_string());
    let named = PublicKey::parse(&manifest.signer.key).map_err(bad_key)?;
    let text = named.open(&note).map_err(bad_note)?;
    let checkpoint = Checkpoint::parse(text).map_err(bad_note)?;
    report.signer = Some(SignerReport {
        key: named.to_string(),
        authenticated: key.is_some_and(|it| it.same_key(&named)) && !named.is_demonstration(),
        demonstration: named.is_demonstration(),
    });
    if key.is_some_and(|it| !it.same_key(&named)) {
        return Err(Fault::new(
            "signer",
            CHECKPOINT,
            format!("it is signed by {named}, not by the key given"),
        ));
    }
    let digest: Hash = Sha256::digest(&bytes).into();
    if checkpoint.origin != named.name() || checkpoint.manifest != Some(digest) {
        return Err(Fault::new("changed", MANIFEST, "it is not the one the checkpoint was signed over"));
    }
    if manifest.signer.demonstration != named.is_demonstration() {
        return Err(Fault::new("manifest", MANIFEST, "it is wrong about the demonstration key"));
    }
    report.files = 2;
    report.bytes = (bytes.len() + note.len()) as u64;
    Ok(Head { manifest, checkpoint })
}

/// The files and directories there are, against those listed.
fn check_listing(walk: &Walk, manifest: &Manifest, faults: &mut Vec<Fault>) {
    let mut expected: BTreeSet<&str> = manifest.files.iter().map(|it| it.path.as_str()).collect();
    expected.extend([MANIFEST, CHECKPOINT]);
    let present: BTreeSet<&str> = walk.files.iter().map(String::as_str).collect();
    let mut dirs = BTreeSet::new();
    for path in &expected {
        dirs.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
    }
    let missing = expected.difference(&present).map(|it| Fault::new("missing", *it, "it is missing"));
    let extra =
        present.difference(&expected).map(|it| Fault::new("added", *it, "it is not part of the case"));
    let empty = walk.dirs.iter().filter(|it| !dirs.contains(it.as_str()));
    let empty = empty.map(|it| Fault::new("added", it.as_str(), "this directory is not part of the case"));
    faults.extend(missing.chain(extra).chain(empty));
}

/// The bytes of every listed file that is there.
fn check_digests(dir: &Path, walk: &Walk, manifest: &Manifest, report: &mut Report) -> Result<()> {
    for file in &manifest.files {
        if walk.files.binary_search(&file.path).is_err() {
            continue;
        }
        let (sha256, bytes) = files::digest(&files::under(dir, &file.path))?;
        if sha256 != file.sha256 || bytes != file.bytes {
            report.faults.push(Fault::new(
                "changed",
                file.path.as_str(),
                "its bytes are not those that were sealed",
            ));
        }
        report.files += 1;
        report.bytes += bytes;
    }
    Ok(())
}

/// What the entries say that verification must know.
#[derive(Default)]
struct Recorded {
    sealed: Option<(Timestamp, Vec<FileDigest>)>,
    erasures: Vec<(ErasureReport, Vec<FileDigest>)>,
    /// How many of the erasures came before the last seal.
    before_seal: usize,
    /// Files under `journal/` that the tree makes necessary.
    journal_files: BTreeSet<String>,
}

/// Recomputes the tree from the entries: every tile, every body and the root.
fn check_tree(dir: &Path, head: &Head) -> Result<Recorded> {
    let listed: BTreeMap<&str, &FileDigest> =
        head.manifest.files.iter().map(|it| (it.path.as_str(), it)).collect();
    let mut record = Recorded::default();
    let mut builder = TileBuilder::default();
    let mut tree = Frontier::default();
    let tile = |record: &mut Recorded, tile: Tile| {
        let path = format!("{JOURNAL_DIR}/{}", tile.path);
        let digest = hex::encode(Sha256::digest(&tile.bytes));
        if listed.get(path.as_str()).is_none_or(|it| it.sha256 != digest) {
            return Err(Error::damaged(format!("{path} does not hold the hashes of the entries")));
        }
        record.journal_files.insert(path);
        Ok(())
    };
    for (index, width) in tiles::bundles(head.checkpoint.size) {
        let path = format!("{JOURNAL_DIR}/{}", tiles::entries_path(index, width));
        if !listed.contains_key(path.as_str()) {
            return Err(Error::damaged(format!(
                "{path} is not listed, so the tree is larger than the entries"
            )));
        }
        record.journal_files.insert(path);
    }
    for_each_record(dir, head.checkpoint.size, |raw| {
        let leaf = merkle::leaf_hash(raw);
        tree.push(leaf);
        for done in builder.push(leaf) {
            tile(&mut record, done)?;
        }
        let (header, inline) = record::split(raw)?;
        if header.seq != tree.size() - 1 {
            return Err(Error::damaged(format!(
                "entry {} stands at position {}",
                header.seq,
                tree.size() - 1
            )));
        }
        note_entry(dir, &header, inline, &listed, &mut record)
    })?;
    for done in builder.finish() {
        tile(&mut record, done)?;
    }
    if tree.root() != head.checkpoint.root {
        return Err(Error::damaged("the entries do not make the signed tree"));
    }
    Ok(record)
}

/// Takes in one entry: its body where it stands beside the tree, seals and erasures.
fn note_entry(
    dir: &Path,
    header: &Header,
    inline: &[u8],
    listed: &BTreeMap<&str, &FileDigest>,
    record: &mut Recorded,
) -> Result<()> {
    let beside = match &header.body_sha256 {
        None => None,
        Some(sha256) => {
            let path = body_path(sha256);
            let known = listed.get(path.as_str());
            if known.is_none_or(|it| it.sha256 != *sha256 || Some(it.bytes) != header.body_bytes) {
                return Err(Error::damaged(format!("the body of entry {} is not {path}", header.seq)));
            }
            record.journal_files.insert(path.clone());
            Some(path)
        }
    };
    let body = || match &beside {
        Some(path) => files::read_limited(&files::under(dir, path), MANIFEST_LIMIT),
        None => Ok(inline.to_vec()),
    };
    let unreadable =
        |it: serde_json::Error| Error::damaged(format!("entry {} cannot be read: {it}", header.seq));
    match header.kind.as_str() {
        KIND_CASE_SEALED => {
            let sealed: Sealed = serde_json::from_slice(&body()?).map_err(unreadable)?;
            check_files(&sealed.files)?;
            record.sealed = Some((header.at, sealed.files));
            record.before_seal = record.erasures.len();
        }
        KIND_VAULT_ERASED => {
            let erasure: Erasure = serde_json::from_slice(&body()?).map_err(unreadable)?;
            check_files(&erasure.files)?;
            if let Some(other) = erasure.files.iter().find(|it| !in_vault(&it.path)) {
                return Err(Error::damaged(format!(
                    "entry {} erases `{}`, which is no part of the vault",
                    header.seq, other.path
                )));
            }
            let files = erasure.files.iter().map(|it| it.path.clone()).collect();
            let (seq, at, actor) = (header.seq, header.at, header.actor.clone());
            record
                .erasures
                .push((ErasureReport { seq, at, actor, reason: erasure.reason, files }, erasure.files));
        }
        _ => {}
    }
    Ok(())
}

/// The record against the manifest and against what is there.
fn check_record(walk: &Walk, head: &Head, record: Recorded, it: &mut Inspection) {
    let faults = &mut it.report.faults;
    let (inside, outside): (Vec<&FileDigest>, Vec<&FileDigest>) =
        head.manifest.files.iter().partition(|it| in_journal(&it.path));
    for file in inside.iter().filter(|it| !record.journal_files.contains(&it.path)) {
        faults.push(Fault::new("added", file.path.as_str(), "no entry needs it"));
    }
    let Some((sealed_at, sealed)) = record.sealed else {
        faults.push(Fault::new("unsealed", JOURNAL_DIR, "no entry binds the files of the case"));
        return;
    };
    let mut bound: BTreeMap<&str, &FileDigest> = sealed.iter().map(|it| (it.path.as_str(), it)).collect();
    for (_, files) in &record.erasures[record.before_seal..] {
        for file in files {
            if bound.remove(file.path.as_str()) != Some(file) {
                faults.push(Fault::new(
                    "record",
                    file.path.as_str(),
                    "its erasure is recorded, but it was never sealed",
                ));
            }
            if walk.files.binary_search(&file.path).is_ok() {
                faults.retain(|it| it.path != file.path);
                faults.push(Fault::new(
                    "erased-but-present",
                    file.path.as_str(),
                    "its erasure is recorded, yet it is there",
                ));
                it.erased_but_present.push(file.path.clone());
            }
        }
    }
    if !it.erased_but_present.is_empty() {
        // Their directories are the same fault, not further ones.
        faults.retain(|it| {
            it.code != "added" || !(in_vault(&it.path) || it.path == crate::manifest::VAULT_DIR)
        });
    }
    if bound.values().copied().ne(outside.iter().copied()) {
        faults.push(Fault::new("manifest", MANIFEST, "its files are not those that the record binds"));
    }
    it.report.entries = head.checkpoint.size;
    it.report.sealed_at = Some(sealed_at);
    it.report.erasures = record.erasures.into_iter().map(|(it, _)| it).collect();
}

/// Calls `each` with the stored bytes of every entry; one is in memory at a time.
pub(crate) fn for_each_record(
    dir: &Path,
    size: u64,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut raw = Vec::new();
    for (index, width) in tiles::bundles(size) {
        let name = format!("{JOURNAL_DIR}/{}", tiles::entries_path(index, width));
        let path = files::under(dir, &name);
        let mut bundle = BufReader::new(File::open(&path).map_err(Error::io("open", &path))?);
        let mut count = 0;
        while tiles::read_entry(&mut bundle, &mut raw)
            .map_err(|_| Error::damaged(format!("{name} ends within an entry")))?
        {
            count += 1;
            each(&raw)?;
        }
        if count != width {
            return Err(Error::damaged(format!("{name} holds {count} entries instead of {width}")));
        }
    }
    Ok(())
}
