//! The vault: raw evidence by digest, and who stands behind a pseudonym. All of it can be erased; the record stays whole.
//!
//! Plain files, so that it can stand in a case directory as it is:
//! ```text
//! vault/key                    the case key, 32 bytes in hexadecimal
//! vault/mapping.ndjson         {"pseudonym": "account:...", "value": "corp\\alice"}, one a line
//! vault/evidence/ab/ab12...    evidence under its SHA-256
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bulkhead_files::{Existing, NewFile};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::files::{self, HashingWriter};

/// What a pseudonym begins with.
const PREFIX: &str = "account:";

/// Digest and length of a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest {
    /// SHA-256, hexadecimal, lower case.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    pseudonym: String,
    value: String,
}

/// Evidence and names, in a directory of their own.
pub struct Vault {
    dir: PathBuf,
    key: [u8; 32],
    /// By pseudonym.
    names: BTreeMap<String, String>,
    mapping: File,
}

impl Vault {
    /// Makes a vault in `dir` with `key`, which keys every pseudonym; opens it when it is there already.
    ///
    /// # Errors
    /// When it cannot be written, or is there with another key.
    pub fn create(dir: &Path, key: [u8; 32]) -> Result<Self> {
        let file = dir.join("key");
        if !file.exists() {
            bulkhead_files::tree::make_private_dir(dir)?;
            let mut new = NewFile::beside(&file)?;
            new.make_private()?;
            writeln!(new, "{}", hex::encode(key)).map_err(Error::io("create", &file))?;
            new.commit(&file, Existing::Refuse)?;
        }
        let vault = Self::open(dir)?;
        if vault.key != key {
            return Err(Error::Key(format!("{}: this vault has another key", dir.display())));
        }
        Ok(vault)
    }

    /// The same where an interrupted run may have begun one: its key stays, and whom it named is named again, in the same
    /// order, when the run is made again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create_again(dir: &Path, key: [u8; 32]) -> Result<Self> {
        let begun = dir.join("key").exists();
        if begun {
            bulkhead_files::tree::remove_file(&dir.join("mapping.ndjson"))?;
            return Self::open(dir);
        }
        Self::create(dir, key)
    }

    /// Opens the vault in `dir`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self> {
        let file = dir.join("key");
        let text = fs::read_to_string(&file).map_err(Error::io("read", &file))?;
        let key = hex::decode(text.trim()).ok().and_then(|it| it.try_into().ok());
        let key = key.ok_or_else(|| Error::Key(format!("{}: not a case key", file.display())))?;
        let path = dir.join("mapping.ndjson");
        let (names, good) = read_mapping(&path)?;
        let mapping = bulkhead_files::tree::append(&path, true)?;
        // A line torn by a crash is cut off: what it named was never recorded, since the journal comes after it.
        mapping.set_len(good).map_err(Error::io("write", &path))?;
        Ok(Self { dir: dir.to_owned(), key, names, mapping })
    }

    /// Stores evidence and returns its digest; storing the same bytes again changes nothing.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn put(&self, from: impl Read) -> Result<Digest> {
        let incoming = self.dir.join("incoming");
        let file = NewFile::beside(&incoming)?;
        file.make_private()?;
        let mut writer = HashingWriter::new(file);
        files::copy(from, &mut writer).map_err(Error::io("store evidence in", &incoming))?;
        let (file, sha256, bytes) = writer.into_parts();
        let path = self.evidence_path(&sha256)?;
        bulkhead_files::tree::make_private_dir(path.parent().unwrap_or(&self.dir))?;
        // The same bytes are the same evidence.
        file.commit(&path, Existing::Replace)?;
        Ok(Digest { sha256, bytes })
    }

    /// Opens a piece of evidence; the caller compares its digest, or lets [`crate::verify`] do it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn get(&self, sha256: &str) -> Result<File> {
        let path = self.evidence_path(sha256)?;
        File::open(&path).map_err(Error::io("open", &path))
    }

    fn evidence_path(&self, sha256: &str) -> Result<PathBuf> {
        if sha256.len() != 64 || !sha256.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Error::Invalid(format!("`{sha256}` is no SHA-256")));
        }
        Ok(self.dir.join("evidence").join(&sha256[..2]).join(sha256))
    }

    /// The pseudonym of a person or account; the mapping is on the disk when this returns.
    ///
    /// `account:` and 32 hexadecimal digits of HMAC-SHA256(case key, name in lower case); a spelling with capitals carries
    /// eight more of its own, so that it stays recognisably the same account and reads back to the letter.
    ///
    /// # Errors
    /// When the mapping cannot be written.
    pub fn pseudonym(&mut self, name: &str) -> Result<String> {
        let lower = name.to_lowercase();
        let mut pseudonym = format!("{PREFIX}{}", &self.keyed(&lower)[..32]);
        if lower != name {
            pseudonym.push('.');
            pseudonym.push_str(&self.keyed(name)[..8]);
        }
        if !self.names.contains_key(&pseudonym) {
            let line = Line { pseudonym: pseudonym.clone(), value: name.to_owned() };
            let mut text = serde_json::to_vec(&line).map_err(|it| Error::Invalid(it.to_string()))?;
            text.push(b'\n');
            let written = self.mapping.write_all(&text).and_then(|()| self.mapping.sync_data());
            written.map_err(Error::io("write", &self.dir.join("mapping.ndjson")))?;
            self.names.insert(pseudonym.clone(), name.to_owned());
        }
        Ok(pseudonym)
    }

    /// Who stands behind a pseudonym.
    pub fn name(&self, pseudonym: &str) -> Option<&str> {
        self.names.get(pseudonym).map(String::as_str)
    }

    fn keyed(&self, text: &str) -> String {
        // HMAC takes a key of any length, so this cannot fail; an all-zero digest would merely collide.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return "0".repeat(64) };
        hex::encode(mac.chain_update(text.as_bytes()).finalize().into_bytes())
    }

    /// The JSON `body` with every occurrence of `accounts` replaced by their pseudonyms, in keys and texts alike; of
    /// `domain\name` and `name@domain` the bare name too. Accounts seen before are replaced wherever they stand.
    ///
    /// # Errors
    /// When `body` is no JSON or the mapping cannot be written.
    pub fn hide(&mut self, body: &[u8], accounts: &BTreeSet<String>) -> Result<Vec<u8>> {
        for account in accounts.iter().filter(|it| !it.is_empty()) {
            self.pseudonym(account)?;
            if let Some(bare) = bare_name(account) {
                self.pseudonym(bare)?;
            }
        }
        let mut known: Vec<String> = self.names.values().map(|it| it.to_ascii_lowercase()).collect();
        known.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        known.dedup();
        rewrite(body, &mut |text| self.hide_text(text, &known))
    }

    /// The JSON `body` with every pseudonym of this vault replaced by the name behind it: undoes [`Vault::hide`].
    ///
    /// # Errors
    /// When `body` is no JSON.
    pub fn reveal(&self, body: &[u8]) -> Result<Vec<u8>> {
        rewrite(body, &mut |text| Ok(self.reveal_text(text)))
    }

    fn hide_text(&mut self, text: &str, known: &[String]) -> Result<Option<String>> {
        let lower = text.to_ascii_lowercase();
        let mut out = String::new();
        let mut at = 0;
        while let Some((start, end)) = first_name(&lower, at, known) {
            out.push_str(&text[at..start]);
            out.push_str(&self.pseudonym(&text[start..end])?);
            at = end;
        }
        if at == 0 {
            return Ok(None);
        }
        out.push_str(&text[at..]);
        Ok(Some(out))
    }

    fn reveal_text(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(PREFIX) {
            let token =
                rest[start + PREFIX.len()..].bytes().take_while(|it| it.is_ascii_hexdigit() || *it == b'.');
            let end = start + PREFIX.len() + token.count();
            // A full stop after a pseudonym may be the sentence's own.
            let candidates = [end.min(start + PREFIX.len() + 41), start + PREFIX.len() + 32];
            let known = candidates.into_iter().find_map(|end| Some((end, self.name(rest.get(start..end)?)?)));
            let (end, shown) = known.unwrap_or((start + PREFIX.len(), PREFIX));
            out.push_str(&rest[..start]);
            out.push_str(shown);
            rest = &rest[end..];
        }
        out.push_str(rest);
        (out != text).then_some(out)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("dir", &self.dir)
            .field("names", &self.names.len())
            .finish_non_exhaustive()
    }
}

/// The mapping and the length of its whole lines.
fn read_mapping(path: &Path) -> Result<(BTreeMap<String, String>, u64)> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(fault) => return Err(Error::io("read", path)(fault)),
    };
    let good = bytes.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    let mut names = BTreeMap::new();
    for (n, line) in bytes[..good].split(|it| *it == b'\n').enumerate().filter(|(_, it)| !it.is_empty()) {
        let line: Line = serde_json::from_slice(line)
            .map_err(|it| Error::damaged(format!("{}:{}: {it}", path.display(), n + 1)))?;
        names.insert(line.pseudonym, line.value);
    }
    Ok((names, good as u64))
}

/// The name without its domain, where there is one and it is long enough to be told from a word.
fn bare_name(account: &str) -> Option<&str> {
    let bare = match account.rsplit_once('\\') {
        Some((_, name)) => name,
        None => account.split_once('@')?.0,
    };
    (bare.len() >= 3).then_some(bare)
}

/// Start and end of the first known name from `at` on that stands by itself; of several at one place the longest.
fn first_name(text: &str, at: usize, known: &[String]) -> Option<(usize, usize)> {
    let of = |name: &String| {
        let mut from = at;
        while let Some(found) = text.get(from..)?.find(name.as_str()) {
            let (start, end) = (from + found, from + found + name.len());
            if stands_alone(text, start, end) {
                return Some((start, end));
            }
            from = start + text[start..].chars().next()?.len_utf8();
        }
        None
    };
    known.iter().filter_map(of).min_by_key(|(start, end)| (*start, usize::MAX - end))
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !text[..start].ends_with(part) && !text[end..].starts_with(part) && !text[..start].ends_with(PREFIX)
}

/// A replacement for a text, or none when it stays as it is.
type Replace<'a> = dyn FnMut(&str) -> Result<Option<String>> + 'a;

/// JSON with every text and key passed through `replace`.
fn rewrite(body: &[u8], replace: &mut Replace<'_>) -> Result<Vec<u8>> {
    let mut value: Value =
        serde_json::from_slice(body).map_err(|it| Error::Invalid(format!("the body is no JSON: {it}")))?;
    rewrite_value(&mut value, replace)?;
    serde_json::to_vec(&value).map_err(|it| Error::Invalid(format!("the body is no JSON: {it}")))
}

fn rewrite_value(value: &mut Value, replace: &mut Replace<'_>) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(new) = replace(text)? {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(|it| rewrite_value(it, replace))?,
        Value::Object(map) => {
            for (key, mut value) in std::mem::take(map) {
                rewrite_value(&mut value, replace)?;
                map.insert(replace(&key)?.unwrap_or(key), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}
