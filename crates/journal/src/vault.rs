//! The vault: raw evidence by digest, and who stands behind a pseudonym. All of it can be erased; the record stays whole.
//!
//! Plain files, so that it can stand in a case directory as it is; only their owner may read them:
//! ```text
//! vault/key                    the case key, 32 bytes in hexadecimal; then how it came about: random, or from a seed
//! vault/mapping.ndjson         {"pseudonym": "account-...", "value": "alice"}, one a line
//! vault/named/...              the files of the case as people read them, with names
//! vault/evidence/ab/ab12...    evidence under its SHA-256
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bulkhead_files::{Existing, NewFile, tree};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::files::{self, HashingWriter};
use crate::names::{Bearer, Names, bare_name};

/// Directory of the readable files inside the vault.
const NAMED_DIR: &str = "named";

/// How the key of the pseudonyms came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// Drawn at random: once the vault is erased nobody can tell who is behind a pseudonym.
    Random,
    /// Derived from a seed: whoever knows the seed can try names, after an erasure too. For drills and tests.
    Seed,
}

impl KeyOrigin {
    fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Seed => "seed",
        }
    }
}

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
#[derive(Debug)]
pub struct Vault {
    dir: PathBuf,
    key: [u8; 32],
    origin: Option<KeyOrigin>,
    names: Names,
    mapping: File,
}

impl Vault {
    /// Makes a vault in `dir` with `key`, which keys every pseudonym; opens it when it is there already.
    ///
    /// # Errors
    /// When it cannot be written, or is there with another key.
    pub fn create(dir: &Path, key: [u8; 32], origin: KeyOrigin) -> Result<Self> {
        let vault = Self::open_or_create(dir, origin, || Ok(key))?;
        if vault.key != key {
            return Err(Error::Key(format!("{}: this vault has another key", dir.display())));
        }
        Ok(vault)
    }

    /// Opens the vault in `dir`, or makes one with the key that `draw` yields. Names of an earlier run are hidden once they
    /// are learnt again: so a case taken up anew hides the same names in the same entries.
    ///
    /// # Errors
    /// When it cannot be written or read, or `draw` fails.
    pub fn open_or_create(
        dir: &Path,
        origin: KeyOrigin,
        draw: impl FnOnce() -> Result<[u8; 32]>,
    ) -> Result<Self> {
        tree::make_private_dir(dir)?;
        let file = dir.join("key");
        if !file.exists() {
            let text = format!("{}\n{}\n", hex::encode(draw()?), origin.word());
            let mut new = NewFile::beside(&file)?;
            new.make_private()?;
            new.write_all(text.as_bytes()).map_err(Error::io("write", &file))?;
            new.commit(&file, Existing::Refuse)?;
        }
        let mut vault = Self::open(dir)?;
        vault.names.sleep()?;
        Ok(vault)
    }

    /// Opens the vault in `dir` for writing.
    ///
    /// # Errors
    /// When there is none, or it cannot be read or written.
    pub fn open(dir: &Path) -> Result<Self> {
        let (key, origin) = read_key(dir)?;
        let path = dir.join("mapping.ndjson");
        let (names, good) = read_mapping(&path)?;
        let mapping = tree::append(&path, true)?;
        // A line torn by a crash is cut off: what it named was never recorded, since the journal comes after it.
        mapping.set_len(good).map_err(Error::io("write", &path))?;
        Ok(Self { dir: dir.to_owned(), key, origin, names: Names::new(key, names)?, mapping })
    }

    /// The names of the vault in `dir`, for reading; none where there is no vault.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read_names(dir: &Path) -> Result<Option<Names>> {
        if !dir.join("key").exists() {
            return Ok(None);
        }
        let (key, _) = read_key(dir)?;
        let (names, _) = read_mapping(&dir.join("mapping.ndjson"))?;
        Names::new(key, names).map(Some)
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
        let (file, sha256, bytes) = writer.finish();
        let path = self.evidence_path(&sha256)?;
        tree::make_private_dir(&self.dir.join("evidence"))?;
        tree::make_private_dir(path.parent().unwrap_or(&self.dir))?;
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

    /// Keeps a readable file of the case, `path` relative to the case directory.
    ///
    /// # Errors
    /// When it cannot be written or the path leads elsewhere.
    pub fn keep(&self, path: &str, bytes: &[u8]) -> Result<()> {
        if !files::plain_path(path) {
            return Err(Error::Invalid(format!("`{path}` is not a path a case may hold")));
        }
        let file = self.dir.join(NAMED_DIR).join(path);
        let above: Vec<_> = file.ancestors().skip(1).take_while(|it| it.starts_with(&self.dir)).collect();
        for folder in above.into_iter().rev() {
            tree::make_private_dir(folder)?;
        }
        Ok(tree::put_private(&file, bytes)?)
    }

    /// Learns who is to be hidden; the mapping is on the disk when this returns.
    ///
    /// Of `domain\name` and `name@domain` the bare name is kept, so that every spelling of an account has one pseudonym:
    /// the bearer's word and 16 hexadecimal digits of HMAC-SHA256(case key, name in lower case).
    ///
    /// # Errors
    /// When the mapping cannot be written.
    pub fn learn<'n>(&mut self, names: impl IntoIterator<Item = (Bearer, &'n str)>) -> Result<()> {
        let mut text = Vec::new();
        for (bearer, name) in names {
            let name = if bearer == Bearer::Account { bare_name(name) } else { name };
            if let Some(line) = self.names.learn(bearer, name.trim()) {
                push_line(&mut text, line)?;
            }
        }
        self.append(&text)?;
        self.names.prepare()
    }

    /// The pseudonym of an account; learns it.
    ///
    /// # Errors
    /// When the mapping cannot be written.
    pub fn pseudonym(&mut self, account: &str) -> Result<String> {
        self.learn([(Bearer::Account, account)])?;
        let (pseudonym, line) = self.names.spelled(bare_name(account));
        self.append_lines(line)?;
        Ok(pseudonym)
    }

    fn append_lines(&mut self, lines: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        let mut text = Vec::new();
        lines.into_iter().try_for_each(|it| push_line(&mut text, it))?;
        self.append(&text)
    }

    fn append(&mut self, text: &[u8]) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let written = self.mapping.write_all(text).and_then(|()| self.mapping.sync_data());
        written.map_err(Error::io("write", &self.dir.join("mapping.ndjson")))
    }

    /// Who stands behind which pseudonym.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// How its key came about; unknown in vaults of the first version.
    pub fn origin(&self) -> Option<KeyOrigin> {
        self.origin
    }

    /// The JSON `body` with every name known, and every one of `accounts`, replaced by its pseudonym, in keys and texts
    /// alike. Spellings with capitals carry eight digits more, so that [`Vault::reveal`] gives them back to the letter.
    ///
    /// # Errors
    /// When `body` is no JSON or the mapping cannot be written.
    pub fn hide(&mut self, body: &[u8], accounts: &BTreeSet<String>) -> Result<Vec<u8>> {
        self.learn(accounts.iter().map(|it| (Bearer::Account, it.as_str())))?;
        let mut lines = Vec::new();
        let names = &mut self.names;
        let hidden = rewrite(body, &mut |text| {
            let spots: Vec<(usize, usize)> = names.find(text).iter().map(|it| (it.0, it.1)).collect();
            if spots.is_empty() {
                return None;
            }
            let (mut out, mut at) = (String::new(), 0);
            for (start, end) in spots {
                let (pseudonym, line) = names.spelled(&text[start..end]);
                out.push_str(&text[at..start]);
                out.push_str(&pseudonym);
                lines.extend(line);
                at = end;
            }
            out.push_str(&text[at..]);
            Some(out)
        })?;
        self.append_lines(lines)?;
        Ok(hidden)
    }

    /// The JSON `body` with every pseudonym of this vault replaced by the name behind it: undoes [`Vault::hide`].
    ///
    /// # Errors
    /// When `body` is no JSON.
    pub fn reveal(&self, body: &[u8]) -> Result<Vec<u8>> {
        rewrite(body, &mut |text| self.names.reveal(text))
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn push_line(text: &mut Vec<u8>, (pseudonym, value): (String, String)) -> Result<()> {
    serde_json::to_writer(&mut *text, &Line { pseudonym, value })
        .map_err(|it| Error::Invalid(it.to_string()))?;
    text.push(b'\n');
    Ok(())
}

/// The case key and how it came about.
fn read_key(dir: &Path) -> Result<([u8; 32], Option<KeyOrigin>)> {
    let file = dir.join("key");
    let text = fs::read_to_string(&file).map_err(Error::io("read", &file))?;
    let mut lines = text.lines();
    let key = lines.next().and_then(|it| hex::decode(it.trim()).ok()).and_then(|it| it.try_into().ok());
    let key = key.ok_or_else(|| Error::Key(format!("{}: not a case key", file.display())))?;
    let word = lines.next();
    Ok((key, [KeyOrigin::Random, KeyOrigin::Seed].into_iter().find(|it| Some(it.word()) == word)))
}

/// How the key of the vault in `dir` came about, where there is one that says.
pub(crate) fn origin(dir: &Path) -> Option<KeyOrigin> {
    read_key(dir).ok().and_then(|it| it.1)
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

/// A replacement for a text, or none when it stays as it is.
type Replace<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// JSON with every text and key passed through `replace`.
fn rewrite(body: &[u8], replace: &mut Replace<'_>) -> Result<Vec<u8>> {
    let mut value: Value =
        serde_json::from_slice(body).map_err(|it| Error::Invalid(format!("the body is no JSON: {it}")))?;
    rewrite_value(&mut value, replace);
    serde_json::to_vec(&value).map_err(|it| Error::Invalid(format!("the body is no JSON: {it}")))
}

fn rewrite_value(value: &mut Value, replace: &mut Replace<'_>) {
    match value {
        Value::String(text) => {
            if let Some(new) = replace(text) {
                *text = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| rewrite_value(it, replace)),
        Value::Object(map) => {
            for (key, mut value) in std::mem::take(map) {
                rewrite_value(&mut value, replace);
                map.insert(replace(&key).unwrap_or(key), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
