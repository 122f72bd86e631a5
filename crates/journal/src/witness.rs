//! Cosignatures of witnesses on checkpoints: <https://c2sp.org/tlog-cosignature>, Ed25519, version 1.
//!
//! A witness vouches that at some instant the largest tree it had seen of this log had this root, and that every tree it
//! saw before is a beginning of it. So a case cannot be shown to one in one form and to another in another.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, VerifyingKey};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::note::{self, PublicKey, SigningKey};

/// Signature type byte of Ed25519 cosignatures in a key.
const COSIGNATURE: u8 = 4;
/// Timestamp and signature, in bytes.
const LENGTH: usize = 8 + 64;

/// A cosignature as it stands below a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the witness.
    pub name: String,
    id: u32,
    time: u64,
    signature: [u8; 64],
}

impl Cosignature {
    /// Reads what follows the key id in a signature line.
    pub(crate) fn read(name: &str, id: u32, bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = signature.try_into().ok()?;
        i64::try_from(time).ok().map(|_| Self { name: name.to_owned(), id, time, signature })
    }

    /// When the witness signed.
    pub fn at(&self) -> Option<Timestamp> {
        i64::try_from(self.time).ok().and_then(|it| Timestamp::from_second(it).ok())
    }
}

/// The public key of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: VerifyingKey,
}

impl WitnessKey {
    /// Reads `<name>+<id>+<base64>`, of type cosignature (4) or, as some witnesses publish it, of type Ed25519 (1).
    ///
    /// # Errors
    /// When the text is no such key.
    pub fn parse(text: &str) -> Result<Self> {
        let fault = || Error::Key("not a witness's key: expected <name>+<id>+<base64>".to_owned());
        let (name, id, kind, bytes) = note::split_any_key(text.trim()).ok_or_else(fault)?;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| fault())?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| fault())?;
        if !matches!(kind, COSIGNATURE | note::ED25519) || key_id(name, kind, &key) != id {
            return Err(Error::Key(
                "the witness's key does not match its own key id or is of another type".to_owned(),
            ));
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// The name it goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the key of the signer `it`, whatever either is called.
    pub(crate) fn is_key(&self, it: &PublicKey) -> bool {
        self.key.as_bytes() == it.bytes()
    }

    /// Whether `cosignature` claims to be this witness's.
    pub fn is_of(&self, cosignature: &Cosignature) -> bool {
        self.name == cosignature.name && cosignature.id == key_id(&self.name, COSIGNATURE, &self.key)
    }

    /// Whether it truly is, over the checkpoint whose text is `text`.
    pub fn holds(&self, cosignature: &Cosignature, text: &str) -> bool {
        let signature = Signature::from_bytes(&cosignature.signature);
        self.is_of(cosignature)
            && self.key.verify_strict(message(cosignature.time, text).as_bytes(), &signature).is_ok()
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![COSIGNATURE];
        bytes.extend_from_slice(self.key.as_bytes());
        let id = key_id(&self.name, COSIGNATURE, &self.key);
        write!(f, "{}+{id:08x}+{}", self.name, BASE64_STANDARD.encode(bytes))
    }
}

/// The signature line by which the holder of `key` vouches, as a witness, for the checkpoint whose text is `text`; ends
/// with a newline.
pub fn cosign(key: &SigningKey, text: &str, at: Timestamp) -> String {
    let time = u64::try_from(at.as_second()).unwrap_or_default();
    let witness = WitnessKey { name: key.public().name().to_owned(), key: key.public().verifying() };
    let mut bytes = key_id(&witness.name, COSIGNATURE, &witness.key).to_be_bytes().to_vec();
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes.extend_from_slice(&key.sign_bytes(message(time, text).as_bytes()));
    format!("{}{} {}\n", note::SIGNATURE_PREFIX, witness.name, BASE64_STANDARD.encode(bytes))
}

/// The key under which the holder of `key` is known as a witness.
pub fn witness_key(key: &SigningKey) -> WitnessKey {
    WitnessKey { name: key.public().name().to_owned(), key: key.public().verifying() }
}

/// What verification says of one cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessReport {
    /// Name of the witness.
    pub name: String,
    /// When it signed, by its own clock.
    pub at: Option<Timestamp>,
    /// Whether it was checked against a key that the verifier brought, and holds.
    pub authenticated: bool,
}

fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn key_id(name: &str, kind: u8, key: &VerifyingKey) -> u32 {
    let hash =
        Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key.as_bytes()).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_reads() {
        let line = "witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        let (name, base64) = line.split_once(' ').unwrap();
        let bytes = BASE64_STANDARD.decode(base64).unwrap();
        let (id, rest) = bytes.split_first_chunk::<4>().unwrap();
        let read = Cosignature::read(name, u32::from_be_bytes(*id), rest).unwrap();
        assert_eq!(read.at().unwrap().as_second(), 1_679_315_147);
        assert_eq!(message(read.time, TEXT), format!("cosignature/v1\ntime 1679315147\n{TEXT}"));
    }

    #[test]
    fn a_cosignature_holds_for_its_text_and_witness_alone() {
        let key = SigningKey::from_seed("witness.example/w", &[5; 32]).unwrap();
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let note = format!("{TEXT}\n\u{2014} x AAAAAA==\n{}", cosign(&key, TEXT, at));
        let lines = note::signature_lines(&note).unwrap();
        let cosignature = Cosignature::read(lines[1].0, lines[1].1, &lines[1].2).unwrap();
        let witness = WitnessKey::parse(&witness_key(&key).to_string()).unwrap();
        assert_eq!(cosignature.at(), Some(at));
        assert!(witness.holds(&cosignature, TEXT));
        assert!(!witness.holds(&cosignature, &TEXT.replace("20852163", "20852164")));
        assert!(!witness.holds(&Cosignature { time: 1, ..cosignature.clone() }, TEXT));
        let other = witness_key(&SigningKey::from_seed("witness.example/w", &[6; 32]).unwrap());
        assert!(!other.holds(&cosignature, TEXT));
        // The key of the same secret as a signer's is another key, but names the same witness.
        assert_eq!(WitnessKey::parse(&key.public().to_string()).unwrap(), witness);
    }
}
