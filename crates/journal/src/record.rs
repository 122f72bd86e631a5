//! One entry as it is stored and hashed: a header line in JSON, a newline, then the body's own bytes.
//!
//! ```text
//! {"seq":3,"kind":"plan_proposed","v":1,"at":"2026-01-01T00:00:00Z","actor":"planner","cause":2}
//! {"generation":1,...}
//! ```
//! A body longer than [`INLINE_LIMIT`] stands beside the tree (an entry of a tlog-tiles bundle holds at most 65,535
//! bytes); its header then carries `body_sha256` and `body_bytes`, and nothing follows the newline.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::tiles::MAX_ENTRY;

/// The longest body kept inside its entry, in bytes.
pub const INLINE_LIMIT: usize = 60_000;
/// The entry that binds every file of the case: body [`crate::Sealed`].
pub const KIND_CASE_SEALED: &str = "case_sealed";
/// The entry that records an erasure of the vault: body [`crate::Erasure`].
pub const KIND_VAULT_ERASED: &str = "vault_erased";

/// An entry about to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What kind of thing the body records, such as `incident_declared`.
    pub kind: String,
    /// Version of the body's format.
    pub v: u32,
    /// When, by the caller's clock.
    pub at: Timestamp,
    /// Who or what did it: a role or component, never a person's name.
    pub actor: String,
    /// The entry that led to it.
    pub cause: Option<u64>,
    /// The exact bytes recorded.
    pub body: Vec<u8>,
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position, from 0 without gaps; the leaf index in the tree.
    pub seq: u64,
    /// What kind of thing the body records.
    pub kind: String,
    /// Version of the body's format.
    pub v: u32,
    /// When.
    pub at: Timestamp,
    /// Who or what did it.
    pub actor: String,
    /// The entry that led to it.
    pub cause: Option<u64>,
    /// The exact bytes recorded.
    pub body: Vec<u8>,
}

/// The header line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub seq: u64,
    pub kind: String,
    pub v: u32,
    pub at: Timestamp,
    pub actor: String,
    pub cause: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
}

/// A draft as it will be stored: the bytes that are hashed, and the body where it stands beside them.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub record: Vec<u8>,
    pub detached: Option<Vec<u8>>,
}

impl Draft {
    pub(crate) fn encode(self, seq: u64) -> Result<Encoded> {
        if self.cause.is_some_and(|cause| cause >= seq) {
            return Err(Error::Invalid(format!(
                "entry {seq} of kind {} names a cause that comes after it",
                self.kind
            )));
        }
        let detach = self.body.len() > INLINE_LIMIT;
        let header = Header {
            seq,
            kind: self.kind,
            v: self.v,
            at: self.at,
            actor: self.actor,
            cause: self.cause,
            body_sha256: detach.then(|| hex::encode(Sha256::digest(&self.body))),
            body_bytes: detach.then_some(self.body.len() as u64),
        };
        let mut record = serde_json::to_vec(&header)
            .map_err(|it| Error::Invalid(format!("the header of entry {seq} is no JSON: {it}")))?;
        record.push(b'\n');
        let detached = if detach {
            Some(self.body)
        } else {
            record.extend_from_slice(&self.body);
            None
        };
        if record.len() > MAX_ENTRY {
            return Err(Error::Invalid(format!("the header of entry {seq} is too long")));
        }
        Ok(Encoded { record, detached })
    }
}

/// The header of a stored entry and the body inside it (empty where it stands beside).
pub(crate) fn split(record: &[u8]) -> Result<(Header, &[u8])> {
    let end = record
        .iter()
        .position(|it| *it == b'\n')
        .ok_or_else(|| Error::damaged("an entry has no header line"))?;
    let header: Header = serde_json::from_slice(&record[..end])
        .map_err(|it| Error::damaged(format!("the header of an entry cannot be read: {it}")))?;
    let body = &record[end + 1..];
    if header.body_sha256.is_some() != header.body_bytes.is_some()
        || (header.body_sha256.is_some() && !body.is_empty())
    {
        return Err(Error::damaged(format!("entry {} has two bodies or half a reference", header.seq)));
    }
    Ok((header, body))
}

/// The entry with `record` as its stored bytes and `detached` as the body beside it.
pub(crate) fn decode(record: &[u8], detached: Option<Vec<u8>>) -> Result<Entry> {
    let (header, inline) = split(record)?;
    let body = match (&header.body_sha256, detached) {
        (None, None) => inline.to_vec(),
        (Some(sha256), Some(body)) if hex::encode(Sha256::digest(&body)) == *sha256 => body,
        _ => {
            return Err(Error::damaged(format!(
                "the body of entry {} is missing or not the recorded one",
                header.seq
            )));
        }
    };
    Ok(Entry {
        seq: header.seq,
        kind: header.kind,
        v: header.v,
        at: header.at,
        actor: header.actor,
        cause: header.cause,
        body,
    })
}
