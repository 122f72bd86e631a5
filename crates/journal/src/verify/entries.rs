//! The entries against the tree: every tile, every body, every changed entry by its number, and the root.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{ErasureReport, Fault, Head, MANIFEST_LIMIT, Place, Recorded};
use crate::error::{Error, Result};
use crate::export::{Erasure, Sealed};
use crate::files;
use crate::manifest::{CHECKPOINT, FileDigest, JOURNAL_DIR, body_path, check_files, in_vault};
use crate::merkle::{self, Frontier};
use crate::note::Checkpoint;
use crate::record::{self, Header, KIND_CASE_SEALED, KIND_VAULT_ERASED};
use crate::tiles::{self, Tile, TileBuilder, WIDTH};

/// Changed entries named one by one; more of them are counted.
const NAMED: usize = 100;
/// Bytes of a hash in a tile.
const HASH: usize = 32;

/// The pass over the entries.
struct Pass<'a> {
    place: &'a Place,
    listed: BTreeMap<&'a str, &'a FileDigest>,
    recorded: Recorded,
    faults: Vec<Fault>,
    changed: usize,
}

/// Recomputes the tree from the entries. What `since` says of its beginning is compared too.
pub(super) fn check(
    place: &Place,
    head: &Head,
    since: Option<&Checkpoint>,
    faults: &mut Vec<Fault>,
) -> Result<Recorded> {
    let files = head.manifest.as_ref().map(|it| it.files.as_slice()).unwrap_or_default();
    let listed = files.iter().map(|it| (it.path.as_str(), it)).collect();
    let Some(checkpoint) = &head.checkpoint else { return Ok(Recorded::default()) };
    let has_manifest = head.manifest.is_some();
    let mut pass = Pass { place, listed, recorded: Recorded::default(), faults: Vec::new(), changed: 0 };
    let (mut tree, mut builder, mut is_whole) = (Frontier::default(), TileBuilder::default(), true);
    let mut beginning = since.filter(|it| it.size == 0).map(|_| merkle::empty_root());
    // The size may be anything where the checkpoint is not signed; there are no more bundles than files.
    let most = place.walk.files.len() as u64;
    for (index, width) in tiles::bundles(checkpoint.size).take(usize::try_from(most).unwrap_or(usize::MAX)) {
        let name = format!("{JOURNAL_DIR}/{}", tiles::entries_path(index, width));
        if has_manifest && !pass.listed.contains_key(name.as_str()) {
            pass.fault(
                "tree",
                JOURNAL_DIR,
                format!("{name} is not listed, so the tree is larger than the entries"),
            );
        }
        pass.recorded.journal_files.insert(name.clone());
        let known = known_hashes(place, index, width);
        let records = match bundle(place, &name, width) {
            Ok(records) => records,
            Err(Error::Io { source, .. }) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Io { doing: "read", path: place.file(&name), source });
            }
            Err(it) => {
                if place.has(&name) {
                    pass.fault("entry", &name, it.to_string());
                }
                is_whole = false;
                continue;
            }
        };
        for (at, raw) in records.iter().enumerate() {
            let seq = index * WIDTH + at as u64;
            let leaf = merkle::leaf_hash(raw);
            if known.as_ref().and_then(|it| it.get(at)).is_some_and(|it| *it != leaf) {
                pass.changed_entry(&name, seq, raw);
            }
            tree.push(leaf);
            builder.push(leaf).into_iter().for_each(|it| pass.tile(&it, has_manifest && is_whole));
            if since.is_some_and(|it| it.size == tree.size()) && is_whole {
                beginning = Some(tree.root());
            }
            pass.entry(&name, seq, raw)?;
        }
    }
    builder.finish().into_iter().for_each(|it| pass.tile(&it, has_manifest && is_whole));
    if !is_whole || tree.size() != checkpoint.size || tree.root() != checkpoint.root {
        pass.fault("tree", JOURNAL_DIR, "the entries do not make the signed tree".to_owned());
    }
    if let Some(earlier) = since
        && beginning != Some(earlier.root)
    {
        let message = format!(
            "NOT A CONTINUATION: the first {} entries are not those of the earlier checkpoint; another case, or a rewritten one",
            earlier.size
        );
        pass.fault("fork", CHECKPOINT, message);
    }
    if pass.changed > NAMED {
        let message = format!("{} further entries are changed", pass.changed - NAMED);
        pass.fault("entry", JOURNAL_DIR, message);
    }
    faults.append(&mut pass.faults);
    Ok(pass.recorded)
}

/// The leaf hash of the first entry of `size` as it lies here, where there is one.
pub(super) fn first(place: &Place, size: u64) -> Option<merkle::Hash> {
    let (index, width) = tiles::bundles(size).next()?;
    let name = format!("{JOURNAL_DIR}/{}", tiles::entries_path(index, width));
    bundle(place, &name, width).ok()?.first().map(|it| merkle::leaf_hash(it))
}

impl Pass<'_> {
    fn fault(&mut self, code: &'static str, path: &str, message: String) {
        self.faults.push(Fault::new(code, path, message));
    }

    /// An entry that the tile over it does not hold.
    fn changed_entry(&mut self, bundle: &str, seq: u64, raw: &[u8]) {
        self.changed += 1;
        if self.changed > NAMED {
            return;
        }
        let kind = record::split(raw).map(|it| it.0.kind).unwrap_or_else(|_| "unreadable".to_owned());
        self.fault("entry", bundle, format!("entry {seq} ({kind}) is not the one the tree was made of"));
    }

    fn tile(&mut self, tile: &Tile, is_telling: bool) {
        let path = format!("{JOURNAL_DIR}/{}", tile.path);
        let digest = hex::encode(Sha256::digest(&tile.bytes));
        if is_telling && self.listed.get(path.as_str()).is_none_or(|it| it.sha256 != digest) {
            self.fault("tree", &path, "it does not hold the hashes of the entries".to_owned());
        }
        self.recorded.journal_files.insert(path);
    }

    /// Takes in one entry: its body where it stands beside the tree, seals and erasures.
    fn entry(&mut self, bundle: &str, seq: u64, raw: &[u8]) -> Result<()> {
        match self.try_entry(seq, raw) {
            Ok(()) => Ok(()),
            Err(Error::Damaged(why)) => {
                self.fault("entry", bundle, why);
                Ok(())
            }
            // A body that is not there is told by the list of files.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn try_entry(&mut self, seq: u64, raw: &[u8]) -> Result<()> {
        let (header, inline) = record::split(raw)?;
        if header.seq != seq {
            return Err(Error::damaged(format!("entry {} stands at position {seq}", header.seq)));
        }
        let beside = self.beside(&header)?;
        let body = || match &beside {
            Some(path) => files::read_limited(&self.place.file(path), MANIFEST_LIMIT),
            None => Ok(inline.to_vec()),
        };
        let unreadable = |it: serde_json::Error| Error::damaged(format!("entry {seq} cannot be read: {it}"));
        match header.kind.as_str() {
            KIND_CASE_SEALED => {
                let sealed: Sealed = serde_json::from_slice(&body()?).map_err(unreadable)?;
                check_files(&sealed.files)?;
                self.recorded.sealed = Some((header.at, sealed.files, sealed.pseudonyms));
                self.recorded.before_seal = self.recorded.erasures.len();
            }
            KIND_VAULT_ERASED => {
                let erasure: Erasure = serde_json::from_slice(&body()?).map_err(unreadable)?;
                check_files(&erasure.files)?;
                if let Some(other) = erasure.files.iter().find(|it| !in_vault(&it.path)) {
                    let what = format!("entry {seq} erases `{}`, which is no part of the vault", other.path);
                    return Err(Error::damaged(what));
                }
                let files = erasure.files.iter().map(|it| it.path.clone()).collect();
                let (at, actor, reason) = (header.at, header.actor, erasure.reason);
                self.recorded.erasures.push((ErasureReport { seq, at, actor, reason, files }, erasure.files));
            }
            _ => {}
        }
        Ok(())
    }

    /// The file of a body that stands beside the tree.
    fn beside(&mut self, header: &Header) -> Result<Option<String>> {
        let Some(sha256) = &header.body_sha256 else { return Ok(None) };
        let path = body_path(sha256);
        let known = self.listed.get(path.as_str());
        if known.is_none_or(|it| it.sha256 != *sha256 || Some(it.bytes) != header.body_bytes) {
            return Err(Error::damaged(format!("the body of entry {} is not {path}", header.seq)));
        }
        self.recorded.journal_files.insert(path.clone());
        Ok(Some(path))
    }
}

/// The hashes that the lowest tile over a bundle holds, where it is there.
fn known_hashes(place: &Place, index: u64, width: u64) -> Option<Vec<merkle::Hash>> {
    let path = format!("{JOURNAL_DIR}/{}", tiles::tile_path(0, index, width));
    let bytes = place.has(&path).then(|| fs::read(place.file(&path)).ok()).flatten()?;
    Some(bytes.chunks_exact(HASH).filter_map(|it| it.try_into().ok()).collect())
}

/// The entries of one bundle.
fn bundle(place: &Place, name: &str, width: u64) -> Result<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    read_bundle(&place.file(name), name, width, &mut |raw| {
        records.push(raw.to_vec());
        Ok(())
    })?;
    Ok(records)
}

fn read_bundle(path: &Path, name: &str, width: u64, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut bundle = BufReader::new(File::open(path).map_err(Error::io("open", path))?);
    let mut raw = Vec::new();
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
    Ok(())
}

/// Calls `each` with the stored bytes of every entry; one is in memory at a time.
pub(crate) fn for_each_record(
    dir: &Path,
    size: u64,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    for (index, width) in tiles::bundles(size) {
        let name = format!("{JOURNAL_DIR}/{}", tiles::entries_path(index, width));
        read_bundle(&files::under(dir, &name), &name, width, &mut each)?;
    }
    Ok(())
}
