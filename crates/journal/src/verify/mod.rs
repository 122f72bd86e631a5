//! Checks a case directory offline, byte for byte, trusting nothing in it, and goes on after a fault to name them all.

mod entries;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::files::{self, Walk};
use crate::manifest::{
    CHECKPOINT, FileDigest, JOURNAL_DIR, MANIFEST, Manifest, VAULT_DIR, in_journal, in_vault,
};
use crate::merkle::Hash;
use crate::note::{self, Checkpoint, PublicKey};
use crate::vault::KeyOrigin;
use crate::witness::{WitnessKey, WitnessReport};

pub use report::{ErasureReport, Fault, Report, SignerReport};

pub(crate) use entries::for_each_record;

/// The longest manifest, and the longest body that must be understood, in bytes.
const MANIFEST_LIMIT: u64 = 64 << 20;
/// The longest checkpoint, in bytes.
const CHECKPOINT_LIMIT: u64 = 64 << 10;

/// What a verifier brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The signer's key, from elsewhere.
    pub key: Option<&'a PublicKey>,
    /// An earlier checkpoint of the same case, as it stood in its `journal/checkpoint`.
    pub since: Option<&'a str>,
    /// Witnesses whose cosignatures count.
    pub witnesses: &'a [WitnessKey],
    /// How many of them must have cosigned; all of them when absent.
    pub threshold: Option<usize>,
    /// Whether files outside `journal/` may be missing; they are listed.
    pub partial: bool,
}

/// Checks every byte below `dir` against the signed tree; with `key`, that this key signed it.
///
/// Reads files in pieces: memory is bounded by the manifest, not by the case.
///
/// # Errors
/// When the operating system refuses to list or read; what is wrong with the case stands in the report.
pub fn verify(dir: &Path, key: Option<&PublicKey>) -> Result<Report> {
    verify_with(dir, &Options { key, ..Options::default() })
}

/// [`verify`] with all that a verifier may bring. `dir` may be the `journal/` of a case alone.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(dir: &Path, options: &Options<'_>) -> Result<Report> {
    Ok(inspect(dir, options)?.report)
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

/// Where the files of a case are: below a case directory, or `journal/` alone.
pub(crate) struct Place {
    root: PathBuf,
    /// Whether `root` is the journal itself.
    is_journal: bool,
    walk: Walk,
}

impl Place {
    fn of(dir: &Path) -> Result<Self> {
        let mut walk = files::walk(dir)?;
        let has = |name: &str| walk.files.iter().any(|it| it == name);
        let is_journal = !has(MANIFEST) && has("manifest.json") && has("checkpoint");
        if is_journal {
            let below = |it: &String| format!("{JOURNAL_DIR}/{it}");
            walk.files = walk.files.iter().map(below).collect();
            walk.dirs = std::iter::once(JOURNAL_DIR.to_owned()).chain(walk.dirs.iter().map(below)).collect();
        }
        Ok(Self { root: dir.to_owned(), is_journal, walk })
    }

    /// The file that the case calls `path`.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        let inside = path.strip_prefix(JOURNAL_DIR).and_then(|it| it.strip_prefix('/'));
        match inside {
            Some(inside) if self.is_journal => files::under(&self.root, inside),
            _ => files::under(&self.root, path),
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.walk.files.binary_search_by(|it| it.as_str().cmp(path)).is_ok()
    }
}

/// What the signed head says; either half may be unreadable, and neither need be signed.
#[derive(Default)]
struct Head {
    manifest: Option<Manifest>,
    checkpoint: Option<Checkpoint>,
}

pub(crate) fn inspect(dir: &Path, options: &Options<'_>) -> Result<Inspection> {
    let mut it = Inspection::default();
    let place = Place::of(dir)?;
    it.report.faults.clone_from(&place.walk.faults);
    let head = read_head(&place, options, &mut it.report);
    it.size = head.checkpoint.as_ref().map_or(0, |it| it.size);
    it.report.root = head.checkpoint.as_ref().map(|it| hex::encode(it.root)).unwrap_or_default();
    let listed = head.manifest.as_ref().map(|it| it.files.as_slice()).unwrap_or_default();
    if head.manifest.is_some() {
        check_listing(&place, listed, options, &mut it.report);
        check_digests(&place, listed, &mut it.report)?;
    }
    let since = options.since.and_then(|note| read_since(note, &place, &head, options, &mut it.report));
    let record = entries::check(&place, &head, since.as_ref(), &mut it.report.faults)?;
    check_record(&place, &head, record, &mut it);
    it.report.since = since.map(|it| it.size);
    let outside = listed.iter().filter(|it| !in_journal(&it.path));
    it.manifest_files = outside.cloned().collect();
    it.report.faults.sort();
    it.report.faults.dedup();
    it.report.record_intact = !it.report.faults.iter().any(|it| it.is_of_record() && !it.is_of_signer());
    Ok(it)
}

/// Manifest and checkpoint, the signature checked and each bound to the other.
fn read_head(place: &Place, options: &Options<'_>, report: &mut Report) -> Head {
    let mut head = Head::default();
    let bytes = read(place, MANIFEST, MANIFEST_LIMIT, report);
    match bytes.as_deref().map(Manifest::parse) {
        Some(Ok(manifest)) => head.manifest = Some(manifest),
        Some(Err(it)) => report.faults.push(Fault::new("manifest", MANIFEST, it.to_string())),
        None => {}
    }
    let Some(note) = read(place, CHECKPOINT, CHECKPOINT_LIMIT, report) else { return head };
    let length = note.len();
    let Ok(note) = String::from_utf8(note) else {
        report.faults.push(Fault::new("signature", CHECKPOINT, "it is not text"));
        return head;
    };
    let bad = |it: Error| Fault::new("signature", CHECKPOINT, it.to_string());
    // Read even where it is not signed, so that the entries can be compared with it and each changed one be named.
    match note::text_of(&note).and_then(Checkpoint::parse) {
        Ok(checkpoint) => head.checkpoint = Some(checkpoint),
        Err(it) => report.faults.push(bad(it)),
    }
    let Some(manifest) = &head.manifest else { return head };
    report.files = 2;
    report.bytes = (bytes.as_ref().map_or(0, Vec::len) + length) as u64;
    let named = match PublicKey::parse(&manifest.signer.key) {
        Ok(named) => named,
        Err(it) => {
            report.faults.push(Fault::new("signature", MANIFEST, it.to_string()));
            return head;
        }
    };
    if manifest.signer.demonstration != named.is_demonstration() {
        report.faults.push(Fault::new("manifest", MANIFEST, "it is wrong about the demonstration key"));
    }
    let text = match named.open(&note) {
        Ok(text) => text,
        Err(it) => {
            report.faults.push(bad(it));
            return head;
        }
    };
    report.signer = Some(SignerReport {
        key: named.to_string(),
        authenticated: options.key.is_some_and(|it| it.same_key(&named)) && !named.is_demonstration(),
        demonstration: named.is_demonstration(),
    });
    if options.key.is_some_and(|it| !it.same_key(&named)) {
        let message = format!("it is signed by {named}, not by the key given");
        report.faults.push(Fault::new("signer", CHECKPOINT, message));
    }
    check_witnesses(&note, text, &named, options, report);
    let digest: Option<Hash> = bytes.map(|it| Sha256::digest(&it).into());
    let is_bound =
        head.checkpoint.as_ref().is_some_and(|it| it.origin == named.name() && it.manifest == digest);
    if !is_bound {
        report.faults.push(Fault::new(
            "changed",
            MANIFEST,
            "it is not the one the checkpoint was signed over",
        ));
    }
    head
}

fn read(place: &Place, path: &str, limit: u64, report: &mut Report) -> Option<Vec<u8>> {
    if !place.has(path) {
        report.faults.push(Fault::new("missing", path, "it is missing"));
        return None;
    }
    match files::read_limited(&place.file(path), limit) {
        Ok(bytes) => Some(bytes),
        Err(it) => {
            report.faults.push(Fault::new("unreadable", path, it.to_string()));
            None
        }
    }
}

/// Cosignatures below the checkpoint, and whether enough of the witnesses that count have signed.
fn check_witnesses(note: &str, text: &str, signer: &PublicKey, options: &Options<'_>, report: &mut Report) {
    let (mut holding, mut own) = (0, false);
    for cosignature in note::cosignatures(note) {
        let witness = options.witnesses.iter().find(|it| it.is_of(&cosignature));
        let authenticated = witness.is_some_and(|it| it.holds(&cosignature, text));
        if witness.is_some() && !authenticated {
            let message = format!("the cosignature of {} does not hold", cosignature.name);
            report.faults.push(Fault::new("cosignature", CHECKPOINT, message));
        }
        // Nobody vouches for himself.
        let is_signer = witness.is_some_and(|it| it.is_key(signer));
        own |= is_signer;
        let authenticated = authenticated && !is_signer;
        holding += usize::from(authenticated);
        report.witnesses.push(WitnessReport {
            name: cosignature.name.clone(),
            at: cosignature.at(),
            authenticated,
        });
    }
    let wanted = options.threshold.unwrap_or(options.witnesses.len());
    if holding < wanted {
        let own = if own { "; whoever signed it is no witness of it" } else { "" };
        let message = format!("{holding} of the witnesses given have cosigned it, {wanted} must{own}");
        report.faults.push(Fault::new("witness", CHECKPOINT, message));
    }
}

/// The earlier checkpoint, if it is one of this record: by its signer, and by the first entry.
fn read_since(
    note: &str,
    place: &Place,
    head: &Head,
    options: &Options<'_>,
    report: &mut Report,
) -> Option<Checkpoint> {
    let named = head.manifest.as_ref().and_then(|it| PublicKey::parse(&it.signer.key).ok());
    let key = named.as_ref().or(options.key)?;
    let mut fault = |code, message: String| report.faults.push(Fault::new(code, CHECKPOINT, message));
    let Ok(text) = key.open(note) else {
        // Whoever signed it, it is not the signer of this record.
        match note::text_of(note).and_then(Checkpoint::parse) {
            Ok(it) if it.origin == key.name() => {
                fault("since", "the signature of the earlier checkpoint does not hold".to_owned());
            }
            Ok(it) => {
                report.foreign = Some(format!("`{}` signed it, this record `{}`", it.origin, key.name()));
            }
            Err(it) => fault("since", format!("the earlier checkpoint is none: {it}")),
        }
        return None;
    };
    let earlier = match Checkpoint::parse(text) {
        Ok(earlier) => earlier,
        Err(it) => {
            fault("since", format!("the earlier checkpoint is none: {it}"));
            return None;
        }
    };
    let now = head.checkpoint.as_ref()?;
    let first = now.first.or_else(|| entries::first(place, now.size));
    if let (Some(theirs), Some(ours)) = (earlier.first, first)
        && theirs != ours
    {
        report.foreign = Some(
            "the first entries differ; either it belongs to another case, or this whole case was put in the place of its own"
                .to_owned(),
        );
        return None;
    }
    if earlier.size > now.size {
        fault(
            "rollback",
            format!(
                "SET BACK: the earlier checkpoint counts {} entries, this case {}; it was replaced by an older state of itself",
                earlier.size, now.size
            ),
        );
        return None;
    }
    Some(earlier)
}

/// The files and directories there are, against those listed.
fn check_listing(place: &Place, listed: &[FileDigest], options: &Options<'_>, report: &mut Report) {
    let mut expected: BTreeSet<&str> = listed.iter().map(|it| it.path.as_str()).collect();
    expected.extend([MANIFEST, CHECKPOINT]);
    let present: BTreeSet<&str> = place.walk.files.iter().map(String::as_str).collect();
    let mut dirs = BTreeSet::new();
    for path in &expected {
        dirs.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
    }
    // The journal alone is a case of which all else was withheld; that some files are missing is something else.
    let is_alone = present.iter().all(|it| in_journal(it)) && place.walk.faults.is_empty();
    for path in expected.difference(&present) {
        if !in_journal(path) && (is_alone || options.partial) {
            report.withheld.push((*path).to_owned());
        } else {
            report.faults.push(Fault::new("missing", *path, "it is missing"));
        }
    }
    let extra = present.difference(&expected);
    report.faults.extend(extra.map(|it| Fault::new("added", *it, "it is not part of the case")));
    let empty = place.walk.dirs.iter().filter(|it| !dirs.contains(it.as_str()));
    report
        .faults
        .extend(empty.map(|it| Fault::new("added", it.as_str(), "this directory is not part of the case")));
}

/// The bytes of every listed file that is there.
fn check_digests(place: &Place, listed: &[FileDigest], report: &mut Report) -> Result<()> {
    for file in listed.iter().filter(|it| place.has(&it.path)) {
        let (sha256, bytes) = files::digest(&place.file(&file.path))?;
        if sha256 != file.sha256 || bytes != file.bytes {
            let message = "its bytes are not those that were sealed";
            report.faults.push(Fault::new("changed", file.path.as_str(), message));
        }
        report.files += 1;
        report.bytes += bytes;
    }
    Ok(())
}

/// What the entries say that verification must know.
#[derive(Default)]
struct Recorded {
    sealed: Option<(Timestamp, Vec<FileDigest>, Option<KeyOrigin>)>,
    erasures: Vec<(ErasureReport, Vec<FileDigest>)>,
    /// How many of the erasures came before the last seal.
    before_seal: usize,
    /// Files under `journal/` that the tree makes necessary.
    journal_files: BTreeSet<String>,
}

/// The record against the manifest and against what is there.
fn check_record(place: &Place, head: &Head, record: Recorded, it: &mut Inspection) {
    let faults = &mut it.report.faults;
    let listed = head.manifest.as_ref().map(|it| it.files.as_slice()).unwrap_or_default();
    let (inside, outside): (Vec<&FileDigest>, Vec<&FileDigest>) =
        listed.iter().partition(|it| in_journal(&it.path));
    for file in inside.iter().filter(|it| !record.journal_files.contains(&it.path)) {
        faults.push(Fault::new("added", file.path.as_str(), "no entry needs it"));
    }
    let Some((sealed_at, sealed, origin)) = record.sealed else {
        faults.push(Fault::new("unsealed", JOURNAL_DIR, "no entry binds the files of the case"));
        return;
    };
    let mut bound: BTreeMap<&str, &FileDigest> = sealed.iter().map(|it| (it.path.as_str(), it)).collect();
    for file in record.erasures[record.before_seal..].iter().flat_map(|it| &it.1) {
        if bound.remove(file.path.as_str()) != Some(file) {
            faults.push(Fault::new(
                "record",
                CHECKPOINT,
                format!("an erasure of {} is recorded that was never sealed", file.path),
            ));
        }
        if place.has(&file.path) {
            faults.retain(|it| it.path != file.path);
            let message = "its erasure is recorded, yet it is there";
            faults.push(Fault::new("erased-but-present", file.path.as_str(), message));
            it.erased_but_present.push(file.path.clone());
        }
    }
    if !it.erased_but_present.is_empty() {
        // Their directories are the same fault, not further ones.
        faults.retain(|it| it.code != "added" || !(in_vault(&it.path) || it.path == VAULT_DIR));
    }
    if head.manifest.is_none() {
        // The record itself says which files it binds.
        let missing = bound.keys().filter(|it| !place.has(it));
        faults.extend(missing.map(|it| Fault::new("missing", *it, "it is missing")));
        let present =
            place.walk.files.iter().filter(|it| !in_journal(it) && !bound.contains_key(it.as_str()));
        faults.extend(present.map(|it| Fault::new("added", it.as_str(), "it is not part of the case")));
        for file in bound.values().filter(|it| place.has(&it.path)) {
            if files::digest(&place.file(&file.path)).is_ok_and(|it| it.0 != file.sha256) {
                faults.push(Fault::new(
                    "changed",
                    file.path.as_str(),
                    "its bytes are not those that were sealed",
                ));
            }
        }
    } else if bound.values().copied().ne(outside.iter().copied()) {
        faults.push(Fault::new("manifest", MANIFEST, "its files are not those that the record binds"));
    }
    it.report.entries = it.size;
    it.report.sealed_at = Some(sealed_at);
    it.report.pseudonyms = origin;
    it.report.erasures = record.erasures.into_iter().map(|(it, _)| it).collect();
}
