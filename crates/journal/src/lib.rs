//! The record of a case that nobody can change unseen: an append-only journal, its Merkle tree, signed checkpoints, the
//! vault beside it, the flat export and its verification.
//!
//! Knows nothing of what its entries mean: kinds and bodies are bytes to it. In reading order:
//!
//! * [`Journal`]: one writer, append and projections in one transaction.
//! * [`Vault`]: evidence by digest, and who stands behind a pseudonym; all of it can be erased.
//! * [`export`], [`verify`], [`erase_vault`]: the case directory as a stranger receives it.
//!
//! # What binds what
//!
//! ```text
//! SigningKey --signs--> journal/checkpoint --root--> every entry, every tile
//!                            |                          `- case_sealed: digest of every file outside journal/
//!                            `--sha256--> journal/manifest.json: digest of every other file, tiles and bodies included
//! ```
//! The checkpoint is the only file whose digest stands nowhere: it is re-rendered from its parsed parts and must be equal
//! to the byte, and its signature is checked strictly, so it has exactly one valid form.

pub mod keyfile;
pub mod merkle;
pub mod note;
pub mod tiles;
pub mod witness;

mod encoded;
mod error;
mod export;
mod files;
mod fold;
mod manifest;
mod names;
mod ours;
mod record;
mod schema;
mod store;
mod vault;
mod verify;

pub use error::{Error, Result};
pub use export::{Erasure, Sealed, cosign, erase_vault, export, recover, reopen, settle};
pub use fold::plain;
pub use manifest::{FileDigest, MANIFEST, Manifest, SignerName};
pub use names::{Bearer, Names, bare_name};
pub use note::{Checkpoint, PublicKey, SigningKey};
pub use ours::foreign_files;
pub use record::{Draft, Entry, INLINE_LIMIT, KIND_CASE_SEALED, KIND_VAULT_ERASED};
pub use store::{Journal, Projection};
pub use vault::{Digest, KeyOrigin, Vault};
pub use verify::{ErasureReport, Fault, Options as VerifyOptions, Report, SignerReport, verify, verify_with};
pub use witness::WitnessKey;
