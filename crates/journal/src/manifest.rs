//! `journal/manifest.json`: the digest of every other file of the case.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::plain_path;

/// Path of the manifest in a case directory.
pub const MANIFEST: &str = "journal/manifest.json";
/// Path of the signed checkpoint.
pub(crate) const CHECKPOINT: &str = "journal/checkpoint";
/// Directory of the flat export.
pub(crate) const JOURNAL_DIR: &str = "journal";
/// Directory of what can be erased.
pub(crate) const VAULT_DIR: &str = "vault";
/// Newest format of the manifest.
const VERSION: u32 = 1;

/// One file of the case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Path in the case directory, `/` between names.
    pub path: String,
    /// SHA-256 of its bytes, hexadecimal, lower case.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// Who signs the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerName {
    /// Verifier key `<name>+<id>+<base64>`.
    pub key: String,
    /// Whether it is the demonstration key, whose secret is public.
    pub demonstration: bool,
}

/// `journal/manifest.json`. Covers every file but itself and the checkpoint, which carries this file's digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of this file.
    pub version: u32,
    /// Who signs.
    pub signer: SignerName,
    /// Files, sorted by path.
    pub files: Vec<FileDigest>,
}

impl Manifest {
    pub(crate) fn new(signer: SignerName, mut files: Vec<FileDigest>) -> Self {
        files.sort();
        Self { version: VERSION, signer, files }
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|it| Error::Invalid(format!("the manifest is no JSON: {it}")))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|it| Error::damaged(format!("{MANIFEST} cannot be read: {it}")))?;
        if manifest.version != VERSION {
            let found = manifest.version;
            return Err(Error::damaged(format!(
                "{MANIFEST} has version {found}; this program knows {VERSION}"
            )));
        }
        check_files(&manifest.files)?;
        Ok(manifest)
    }
}

/// Every path is plain, and they are sorted without duplicates.
pub(crate) fn check_files(files: &[FileDigest]) -> Result<()> {
    if let Some(bad) = files.iter().find(|it| !plain_path(&it.path)) {
        return Err(Error::damaged(format!("`{}` is not a path a case may hold", bad.path)));
    }
    match files.windows(2).find(|it| it[0].path >= it[1].path) {
        Some(pair) => Err(Error::damaged(format!("the list of files is out of order at `{}`", pair[1].path))),
        None => Ok(()),
    }
}

/// Whether the path lies in the flat export of the journal.
pub(crate) fn in_journal(path: &str) -> bool {
    path.strip_prefix(JOURNAL_DIR).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether the path lies in the vault.
pub(crate) fn in_vault(path: &str) -> bool {
    path.strip_prefix(VAULT_DIR).is_some_and(|rest| rest.starts_with('/'))
}

/// Path of a body kept beside the tree.
pub(crate) fn body_path(sha256: &str) -> String {
    format!("{JOURNAL_DIR}/bodies/{sha256}")
}
