//! A signing key as a file: as it is, or closed with a passphrase.
//!
//! ```text
//! bulkhead signing key, closed with a passphrase, version 1
//! public soc.example.com+c74f20a3+ARpc2...
//! argon2id memory=65536 passes=3 lanes=1 salt=...
//! xchacha20poly1305 nonce=... secret=...
//! ```
//! The passphrase goes through Argon2id (RFC 9106) to the key of XChaCha20-Poly1305, which seals the 32 bytes of the secret and
//! vouches for the lines above it.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};

use crate::error::{Error, Result};
use crate::note::{PublicKey, SigningKey};

const HEAD: &str = "bulkhead signing key, closed with a passphrase, version 1";
/// Memory in KiB, passes and lanes of new files: the second choice that RFC 9106 recommends.
const COST: Cost = Cost { memory: 65_536, passes: 3, lanes: 1 };
/// No file may cost whoever opens it more than this.
const MOST: Cost = Cost { memory: 1_048_576, passes: 16, lanes: 16 };

#[derive(Clone, Copy, Debug)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// What a file with a signing key holds.
#[derive(Debug)]
pub enum KeyFile {
    /// The key itself.
    Open(SigningKey),
    /// The key, closed with a passphrase.
    Closed(ClosedKey),
}

/// A signing key closed with a passphrase.
#[derive(Debug)]
pub struct ClosedKey {
    public: PublicKey,
    cost: Cost,
    salt: Vec<u8>,
    nonce: [u8; 24],
    secret: Vec<u8>,
    /// The lines that the seal vouches for.
    vouched: String,
}

impl KeyFile {
    /// Reads the text of a key file.
    ///
    /// # Errors
    /// When it is neither of the two forms.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with(HEAD) {
            return ClosedKey::parse(text).map(Self::Closed).ok_or_else(|| {
                Error::Key("the closed signing key is malformed or asks for too much memory".to_owned())
            });
        }
        SigningKey::parse(text).map(Self::Open)
    }

    /// The public half, which needs no passphrase.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Open(key) => key.public(),
            Self::Closed(key) => key.public.clone(),
        }
    }
}

impl ClosedKey {
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let [head, public, kdf, seal] = lines[..] else { return None };
        let public = PublicKey::parse(public.strip_prefix("public ")?).ok()?;
        let kdf = fields(kdf.strip_prefix("argon2id ")?, ["memory", "passes", "lanes", "salt"])?;
        let cost =
            Cost { memory: kdf[0].parse().ok()?, passes: kdf[1].parse().ok()?, lanes: kdf[2].parse().ok()? };
        let seal = fields(seal.strip_prefix("xchacha20poly1305 ")?, ["nonce", "secret"])?;
        let is_fair = cost.memory <= MOST.memory && cost.passes <= MOST.passes && cost.lanes <= MOST.lanes;
        (head == HEAD && is_fair).then_some(())?;
        Some(Self {
            public,
            cost,
            salt: BASE64_STANDARD.decode(kdf[3]).ok()?,
            nonce: BASE64_STANDARD.decode(seal[0]).ok()?.try_into().ok()?,
            secret: BASE64_STANDARD.decode(seal[1]).ok()?,
            vouched: lines[..3].join("\n"),
        })
    }

    /// Opens it.
    ///
    /// # Errors
    /// When the passphrase is another, or the file was changed.
    pub fn open(&self, passphrase: &[u8]) -> Result<SigningKey> {
        let wrong = || Error::Key("the passphrase is wrong, or the key file was changed".to_owned());
        let cipher = cipher(passphrase, &self.salt, self.cost)?;
        let payload = Payload { msg: &self.secret, aad: self.vouched.as_bytes() };
        let seed = cipher.decrypt(&self.nonce.into(), payload).map_err(|_| wrong())?;
        let seed: [u8; 32] = seed.try_into().map_err(|_| wrong())?;
        let key = SigningKey::from_seed(self.public.name(), &seed)?;
        if key.public() == self.public { Ok(key) } else { Err(wrong()) }
    }
}

/// The text of a file with `key` closed by `passphrase`; `salt` and `nonce` are fresh random bytes.
///
/// # Errors
/// When there is not enough memory.
pub fn close(key: &SigningKey, passphrase: &[u8], salt: [u8; 16], nonce: [u8; 24]) -> Result<String> {
    let Cost { memory, passes, lanes } = COST;
    let (salt_text, public) = (BASE64_STANDARD.encode(salt), key.public());
    let vouched = format!(
        "{HEAD}\npublic {public}\nargon2id memory={memory} passes={passes} lanes={lanes} salt={salt_text}"
    );
    let payload = Payload { msg: &key.seed(), aad: vouched.as_bytes() };
    let sealed = cipher(passphrase, &salt, COST)?.encrypt(&nonce.into(), payload);
    let sealed = sealed.map_err(|_| Error::Key("the key cannot be closed".to_owned()))?;
    let (nonce, sealed) = (BASE64_STANDARD.encode(nonce), BASE64_STANDARD.encode(sealed));
    Ok(format!("{vouched}\nxchacha20poly1305 nonce={nonce} secret={sealed}\n"))
}

fn cipher(passphrase: &[u8], salt: &[u8], cost: Cost) -> Result<XChaCha20Poly1305> {
    let unfit = |it: argon2::Error| Error::Key(format!("the passphrase cannot be used: {it}"));
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).map_err(unfit)?;
    let mut key = [0; 32];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(passphrase, salt, &mut key).map_err(unfit)?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

/// `a=1 b=2`, in this order.
fn fields<'t, const N: usize>(text: &'t str, names: [&str; N]) -> Option<[&'t str; N]> {
    let mut parts = text.split(' ');
    let mut values = [""; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = parts.next()?.strip_prefix(name)?.strip_prefix('=')?;
    }
    parts.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_key_opens_with_its_passphrase_alone() {
        let key = SigningKey::from_seed("soc.example/a", &[7; 32]).unwrap();
        let text = close(&key, b"correct horse", [1; 16], [2; 24]).unwrap();
        let KeyFile::Closed(closed) = KeyFile::parse(&text).unwrap() else { panic!("it is closed") };
        assert_eq!(closed.open(b"correct horse").unwrap().to_secret_text(), key.to_secret_text());
        assert!(closed.open(b"wrong horse").is_err());
        assert_eq!(KeyFile::parse(&text).unwrap().public(), key.public());
        assert!(!text.contains(&key.to_secret_text()));
        // What it says of itself is vouched for.
        let cheaper = text.replace("passes=3", "passes=2");
        let KeyFile::Closed(closed) = KeyFile::parse(&cheaper).unwrap() else { panic!("it is closed") };
        assert!(closed.open(b"correct horse").is_err());
    }

    #[test]
    fn odd_files_are_refused() {
        let key = SigningKey::from_seed("soc.example/a", &[7; 32]).unwrap();
        let text = close(&key, b"x", [1; 16], [2; 24]).unwrap();
        for bad in [
            text.replace("memory=65536", "memory=4000000000"),
            text.replace("lanes=1 ", ""),
            text.replace("version 1", "version 2"),
            text.lines().take(3).collect::<Vec<_>>().join("\n"),
            String::new(),
            "PRIVATE+KEY+x".to_owned(),
        ] {
            assert!(KeyFile::parse(&bad).is_err(), "{bad}");
        }
        assert!(matches!(KeyFile::parse(&key.to_secret_text()), Ok(KeyFile::Open(_))));
    }
}
