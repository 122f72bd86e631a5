//! Signed notes and checkpoints: <https://c2sp.org/signed-note> with Ed25519 keys, <https://c2sp.org/tlog-checkpoint>.
//!
//! Stricter than the specifications where they leave room, so that a checkpoint has exactly one valid form: one signer,
//! no spare bits in the base64, nothing after the last newline. Cosignatures of witnesses may follow the signature
//! ([`crate::witness`]); they are the only bytes of a case that its signer does not answer for.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::merkle::Hash;
use crate::witness::Cosignature;

/// Name of the demonstration key: under `.invalid` (RFC 2606), so that nobody can own it.
pub const DEMONSTRATION_NAME: &str = "demonstration.bulkhead.invalid";
/// The demonstration key's secret, public on purpose: whoever reads this can sign with it.
const DEMONSTRATION_SEED: [u8; 32] = *b"bulkhead demonstration key 00001";
/// Signature type byte of Ed25519 in a key.
pub(crate) const ED25519: u8 = 1;
/// What a signature line begins with: an em dash and a space.
pub(crate) const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A key that signs checkpoints, with the name it signs under.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key with this 32-byte secret, signing as `name` (a domain and path without scheme is customary).
    ///
    /// # Errors
    /// When `name` is empty or holds white space or `+`.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// Reads `PRIVATE+KEY+<name>+<id>+<base64>`, as Go's sumdb tools write it.
    ///
    /// # Errors
    /// When the text is no such key.
    pub fn parse(text: &str) -> Result<Self> {
        let fault = || Error::Key("not a signing key: expected PRIVATE+KEY+<name>+<id>+<base64>".to_owned());
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or_else(fault)?;
        let (name, id, bytes) = split_key(rest).ok_or_else(fault)?;
        let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| fault())?;
        let key = Self::from_seed(name, &seed)?;
        if key.public().id() != id {
            return Err(Error::Key("the signing key does not match its own key id".to_owned()));
        }
        Ok(key)
    }

    /// The constant key that drills sign with. It proves nothing about who signed, and says so by its name.
    pub fn demonstration() -> Self {
        Self {
            name: DEMONSTRATION_NAME.to_owned(),
            key: ed25519_dalek::SigningKey::from_bytes(&DEMONSTRATION_SEED),
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The key with its secret, as [`SigningKey::parse`] reads it: `PRIVATE+KEY+<name>+<id>+<base64>`.
    pub fn to_secret_text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        format!("PRIVATE+KEY+{}+{:08x}+{}", self.name, self.public().id(), BASE64_STANDARD.encode(bytes))
    }

    pub(crate) fn seed(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// `text` with this key's signature below it. `text` ends with a newline.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let mut bytes = self.public().id().to_be_bytes().to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        format!("{text}\n{SIGNATURE_PREFIX}{} {}\n", self.name, BASE64_STANDARD.encode(bytes))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A key that checks checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// The key itself.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Reads a verifier key `<name>+<id>+<base64>`, or the bare 32 bytes in hexadecimal or base64 (then without a name).
    ///
    /// # Errors
    /// When the text is no such key, or not a point of the curve.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let fault = || {
            Error::Key(
                "not a public key: expected <name>+<id>+<base64>, or 32 bytes in hexadecimal or base64"
                    .to_owned(),
            )
        };
        let (name, id, bytes) = match split_key(text) {
            Some((name, id, bytes)) => (name, Some(id), bytes),
            None => ("", None, bare_key(text).ok_or_else(fault)?),
        };
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| fault())?;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| Error::Key("not a public key: its bytes are no point of the curve".to_owned()))?;
        let key = Self { name: name.to_owned(), key };
        if id.is_some_and(|id| id != key.id()) {
            return Err(Error::Key("the public key does not match its own key id".to_owned()));
        }
        Ok(key)
    }

    /// The name it goes by; empty for a bare key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Key id: the first four bytes of SHA-256(name, newline, type, key).
    pub fn id(&self) -> u32 {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Whether both are the same key, whatever they are called.
    pub fn same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether it is the demonstration key, by its bytes and not by its name.
    pub fn is_demonstration(&self) -> bool {
        self.same_key(&SigningKey::demonstration().public())
    }

    pub(crate) fn verifying(&self) -> VerifyingKey {
        self.key
    }

    /// The text of `note` if its first signature is by this key under this name, and nothing but cosignatures of witnesses
    /// follows, no two of one witness.
    ///
    /// # Errors
    /// When it is not so.
    pub fn open<'n>(&self, note: &'n str) -> Result<&'n str> {
        let text = text_of(note)?;
        let lines = signature_lines(note)?;
        let Some((first, more)) = lines.split_first() else { return Err(fault("no signature line")) };
        let (name, id, signature) = first;
        if *name != self.name || *id != self.id() {
            return Err(fault("it names another key"));
        }
        let signature = Signature::from_slice(signature).map_err(|_| fault("it is malformed"))?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(|_| fault("it is not by this key"))?;
        let mut seen = std::collections::BTreeSet::new();
        for (name, id, bytes) in more {
            if Cosignature::read(name, *id, bytes).is_none() {
                return Err(fault("what follows it is no witness's cosignature"));
            }
            if !seen.insert((*name, *id)) {
                return Err(fault("one witness stands there twice"));
            }
        }
        Ok(text)
    }
}

fn fault(why: &str) -> Error {
    Error::Key(format!("the signature does not hold: {why}"))
}

/// The text of a note, without its signatures and whoever signed it.
///
/// # Errors
/// When it has no signature.
pub fn text_of(note: &str) -> Result<&str> {
    let split = note.rfind("\n\n").ok_or_else(|| fault("the note has no signature"))?;
    Ok(&note[..=split])
}

/// Name, key id, and what follows it, of every signature line of a note.
pub(crate) fn signature_lines(note: &str) -> Result<Vec<(&str, u32, Vec<u8>)>> {
    let text = text_of(note)?;
    let lines = note[text.len() + 1..].strip_suffix('\n');
    let lines = lines.ok_or_else(|| fault("the note does not end with a newline"))?;
    let read = |line| {
        let line = str::strip_prefix(line, SIGNATURE_PREFIX).ok_or_else(|| fault("no signature line"))?;
        let (name, base64) = line.split_once(' ').ok_or_else(|| fault("the signature line is malformed"))?;
        check_name(name)?;
        let bytes = BASE64_STANDARD.decode(base64).map_err(|_| fault("its base64 is malformed"))?;
        let (id, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| fault("the signature is too short"))?;
        Ok((name, u32::from_be_bytes(*id), rest.to_vec()))
    };
    lines.split('\n').map(read).collect()
}

/// The cosignatures of witnesses below a checkpoint's own signature.
pub(crate) fn cosignatures(note: &str) -> Vec<Cosignature> {
    let lines = signature_lines(note).unwrap_or_default();
    lines.iter().skip(1).filter_map(|(name, id, bytes)| Cosignature::read(name, *id, bytes)).collect()
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id(), BASE64_STANDARD.encode(bytes))
    }
}

/// A tree head: which log, how many entries, their root, and the digests of the manifest and the first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log; equals the name of the key that signs it.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// SHA-256 of `manifest.json`, in an exported case.
    pub manifest: Option<Hash>,
    /// Leaf hash of the first entry, which tells one record from another; absent before there is one, and in checkpoints of
    /// the first version.
    pub first: Option<Hash>,
}

/// What the extension line with the manifest's digest begins with.
const MANIFEST_LINE: &str = "manifest sha256:";
/// What the extension line with the leaf hash of the first entry begins with.
const FIRST_LINE: &str = "first sha256:";

impl Checkpoint {
    /// Reads the text of a checkpoint (without signatures).
    ///
    /// # Errors
    /// When the text is not exactly what [`Checkpoint`]'s `Display` writes.
    pub fn parse(text: &str) -> Result<Self> {
        let checkpoint =
            Self::parse_lenient(text).ok_or_else(|| Error::Key("the checkpoint is malformed".to_owned()))?;
        if checkpoint.to_string() != text {
            return Err(Error::Key("the checkpoint is not in canonical form".to_owned()));
        }
        Ok(checkpoint)
    }

    fn parse_lenient(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.to_owned();
        check_name(&origin).ok()?;
        let size = lines.next()?.parse().ok()?;
        let root = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let mut rest = lines.peekable();
        let mut extension = |mark: &str| -> Option<Option<Hash>> {
            let Some(digits) = rest.next_if(|it| it.starts_with(mark)) else { return Some(None) };
            Some(Some(hex::decode(&digits[mark.len()..]).ok()?.try_into().ok()?))
        };
        let (manifest, first) = (extension(MANIFEST_LINE)?, extension(FIRST_LINE)?);
        Some(Self { origin, size, root, manifest, first })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, BASE64_STANDARD.encode(self.root))?;
        for (mark, digest) in [(MANIFEST_LINE, &self.manifest), (FIRST_LINE, &self.first)] {
            if let Some(digest) = digest {
                writeln!(f, "{mark}{}", hex::encode(digest))?;
            }
        }
        Ok(())
    }
}

/// A key's name stands between spaces and plus signs, so it holds neither.
fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(Error::Key(format!("`{name}` cannot name a key: empty, or with white space or `+`")));
    }
    Ok(())
}

/// `<name>+<id>+<base64>` into its parts, the type byte checked and taken off.
fn split_key(text: &str) -> Option<(&str, u32, Vec<u8>)> {
    let (name, id, kind, key) = split_any_key(text)?;
    (kind == ED25519).then_some((name, id, key))
}

/// `<name>+<id>+<base64>` into name, id, type and key.
pub(crate) fn split_any_key(text: &str) -> Option<(&str, u32, u8, Vec<u8>)> {
    let (name, rest) = text.split_once('+')?;
    let (id, base64) = rest.split_once('+')?;
    check_name(name).ok()?;
    let id = (id.len() == 8).then(|| u32::from_str_radix(id, 16).ok())??;
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let (kind, key) = bytes.split_first()?;
    Some((name, id, *kind, key.to_vec()))
}

/// 32 bytes in hexadecimal or base64.
fn bare_key(text: &str) -> Option<Vec<u8>> {
    let bytes = if text.len() == 64 { hex::decode(text).ok() } else { BASE64_STANDARD.decode(text).ok() };
    bytes.filter(|it| it.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Go package golang.org/x/mod/sumdb/note, the origin of the format.
    const SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n\n\
                        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn signs_and_opens_as_the_reference_does() {
        let key = SigningKey::parse(SIGNER).unwrap();
        assert_eq!(key.sign(TEXT), NOTE);
        assert_eq!(key.public().to_string(), VERIFIER);
        assert_eq!(PublicKey::parse(VERIFIER).unwrap().open(NOTE).unwrap(), TEXT);
    }

    #[test]
    fn every_flipped_bit_of_a_note_is_seen() {
        let key = PublicKey::parse(VERIFIER).unwrap();
        for at in 0..NOTE.len() {
            for bit in 0..8 {
                let mut bytes = NOTE.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                assert!(key.open(&text).is_err(), "byte {at} bit {bit}");
            }
        }
        for end in 0..NOTE.len() {
            if NOTE.is_char_boundary(end) {
                assert!(key.open(&NOTE[..end]).is_err(), "truncated to {end}");
            }
        }
        let twice = format!("{NOTE}{}", NOTE.lines().last().unwrap());
        assert!(key.open(&format!("{twice}\n")).is_err());
    }

    #[test]
    fn a_bare_key_is_read_in_hexadecimal_and_base64() {
        let key = PublicKey::parse(VERIFIER).unwrap();
        for text in [hex::encode(key.key.as_bytes()), BASE64_STANDARD.encode(key.key.as_bytes())] {
            assert!(PublicKey::parse(&text).unwrap().same_key(&key), "{text}");
        }
        for text in ["", "abc", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"] {
            assert!(PublicKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_checkpoint_has_one_form() {
        let with = |manifest, first| Checkpoint {
            origin: "example.com/a".into(),
            size: 12,
            root: [9; 32],
            manifest,
            first,
        };
        let digest = Some([8; 32]);
        for checkpoint in [with(None, None), with(digest, None), with(digest, digest), with(None, digest)] {
            let text = checkpoint.to_string();
            assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint);
            for bad in [
                text.replace("12\n", "012\n"),
                text.replace("12\n", "+12\n"),
                text.replace('\n', "\r\n"),
                format!("{text}more\n"),
                text.trim_end().to_owned(),
                text.replace("example", " example"),
            ] {
                assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
            }
        }
        assert!(Checkpoint::parse(&with(Some([0xab; 32]), None).to_string().replace("ab", "AB")).is_err());
    }

    #[test]
    fn the_demonstration_key_is_known_by_its_bytes() {
        let renamed = SigningKey::from_seed("example.com/real", &DEMONSTRATION_SEED).unwrap();
        assert!(renamed.public().is_demonstration());
        assert!(!PublicKey::parse(VERIFIER).unwrap().is_demonstration());
        assert!(SigningKey::from_seed("a b", &[0; 32]).is_err());
    }
}
