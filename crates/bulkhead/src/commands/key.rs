//! `key new|show|rotate`, and the reading of keys by every command that signs.

use std::fs;
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bulkhead_files::{Existing, NewFile};
use bulkhead_journal::keyfile::{self, KeyFile};
use bulkhead_journal::witness::witness_key;
use bulkhead_journal::{PublicKey, SigningKey};
use jiff::Timestamp;

use crate::cli::{Key, PassphraseSource, Signer};
use crate::commands::case::{files_failure, journal_failure};
use crate::failure::{Failure, Outcome};
use crate::say::{note, say};
use crate::when::When;

/// The longest key file and passphrase, in bytes.
const LONGEST: u64 = 64 << 10;
/// The shortest passphrase taken for a new key, in characters.
const SHORTEST: usize = 8;

/// Runs `key ...`.
pub fn run(command: &Key) -> Outcome {
    match command {
        Key::New { file, name, no_passphrase, passphrase } => new(file, name, *no_passphrase, passphrase),
        Key::Show { file } => show(file),
        Key::Rotate { file, now, passphrase } => rotate(file, now.as_ref(), passphrase),
    }
}

/// The key that signs, opened; the demonstration key where none is named.
pub fn signing_key(signer: &Signer) -> Outcome<SigningKey> {
    match &signer.signing_key {
        None => Ok(SigningKey::demonstration()),
        Some(file) => open(file, &signer.passphrase).map(|it| it.0),
    }
}

/// A public key given as such, or as a file that holds it.
pub fn public_key(text: &str) -> Outcome<PublicKey> {
    let file = Path::new(text);
    let held = match limited(file) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        // A key given as such is hardly the name of a file.
        Err(_) if text.contains('+') => None,
        Err(err) => return Err(Failure::file("read the public key", file, &err)),
    };
    PublicKey::parse(held.as_deref().unwrap_or(text)).map_err(|err| Failure::input(format!("--key: {err}")))
}

fn new(file: &Path, name: &str, no_passphrase: bool, source: &PassphraseSource) -> Outcome {
    let public = beside(file, "pub");
    if file.symlink_metadata().is_ok() {
        // Cut off between the two files, only the second is missing, which names nobody's secret.
        if public.symlink_metadata().is_err()
            && let Ok(held) = read(file)
            && held.public().name() == name
        {
            write_public(file, &held.public(), Existing::Refuse)?;
            say!(
                "`{}` is there already; its public half was missing and stands in {} now",
                file.display(),
                public.display()
            );
            say!("  {}", held.public());
            return Ok(());
        }
        return Err(Failure::input(format!(
            "`{}` exists already; a key is never overwritten",
            file.display()
        ))
        .hint("name another file, or replace the key with `bulkhead key rotate`"));
    }
    if public.symlink_metadata().is_ok() {
        return Err(Failure::input(format!(
            "`{}`, where the public half would go, exists already",
            public.display()
        ))
        .hint("name another file, or move that one away"));
    }
    check_name(name)?;
    bulkhead_files::refuse_sealed(file)?;
    let key = SigningKey::from_seed(name, &random()?).map_err(journal_failure)?;
    let passphrase = if no_passphrase { None } else { Some(new_passphrase(source)?) };
    write_secret(file, &key, passphrase.as_deref(), Existing::Refuse)?;
    write_public(file, &key.public(), Existing::Refuse)?;
    say!("new signing key: {}", file.display());
    match passphrase {
        Some(_) => say!("  closed with a passphrase; without it the key is lost"),
        None => say!("  WITHOUT passphrase: whoever can read this file can sign in your name"),
    }
    say!("public key, for those who verify (it stands in {}.pub):", file.display());
    say!("  {}", key.public());
    say!("use it with: bulkhead respond --signing-key {} ...", file.display());
    Ok(())
}

/// A domain and a path without scheme, as every log of this kind is called.
fn check_name(name: &str) -> Outcome {
    let (domain, path) = name.split_once('/').unwrap_or((name, "x"));
    let plain = |it: &str, marks: &str| {
        !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || marks.contains(it))
    };
    let labels = domain.split('.').all(|it| plain(it, "-_"));
    let parts = path.split('/').all(|it| plain(it, "-_.~@:") && it.chars().any(|it| it != '.'));
    if labels && parts {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{name}` cannot be the name of a key: it is a domain and a path, without scheme"
    ))
    .hint("such as soc.example.com/cases"))
}

fn show(file: &Path) -> Outcome {
    let held = read(file)?;
    warn_if_readable(file);
    say!("{}", held.public());
    let closed = match &held {
        KeyFile::Closed(_) => "closed with a passphrase",
        KeyFile::Open(key) => {
            say!("as a witness: {}", witness_key(key));
            "WITHOUT passphrase: whoever can read the file can sign"
        }
    };
    let mode =
        fs::metadata(file).map_err(|err| Failure::file("inspect", file, &err))?.permissions().mode() & 0o777;
    say!("{}: {}; file mode {}", file.display(), closed, format!("{mode:03o}"));
    if held.public().is_demonstration() {
        say!("this is the DEMONSTRATION key, whose secret everybody knows: it proves nothing");
    }
    Ok(())
}

/// Replaces the key in `file`. The new one is written beside it first, so that a rotation interrupted anywhere is carried on
/// by the next: to the same new key, with one statement of the change.
fn rotate(file: &Path, now: Option<&When>, source: &PassphraseSource) -> Outcome {
    let clock = Timestamp::now();
    let now = now.map_or(Ok(clock), |it| it.resolve("--now", &jiff::tz::TimeZone::UTC, clock, false))?;
    let (old, passphrase) = open(file, source)?;
    let coming = beside(file, "next");
    let begun = coming.symlink_metadata().is_ok();
    let new = if begun {
        note!("a rotation of {} was interrupted; it is carried on", file.display());
        unlock(&coming, passphrase.as_deref())?
    } else {
        let new = SigningKey::from_seed(old.public().name(), &random()?).map_err(journal_failure)?;
        write_secret(&coming, &new, passphrase.as_deref(), Existing::Refuse)?;
        new
    };
    if begun && new.public() == old.public() {
        // Only the last step was missing.
        write_public(file, &new.public(), Existing::Replace)?;
        remove(&coming)?;
        say!("the signing key in {} is the new one already: {}", file.display(), new.public());
        return Ok(());
    }
    let aside = beside(file, &format!("{:08x}.retired", old.public().id()));
    let record = beside(file, &format!("{:08x}.rotation", new.public().id()));
    // The old key first: a case that it sealed can only be erased with it.
    let is_aside = aside.symlink_metadata().is_ok() && read(&aside)?.public() == old.public();
    if !(begun && is_aside) {
        write_secret(&aside, &old, passphrase.as_deref(), Existing::Refuse)?;
    }
    write_public(&aside, &old.public(), if begun { Existing::Replace } else { Existing::Refuse })?;
    if !(begun && record.symlink_metadata().is_ok()) {
        let statement =
            format!("bulkhead key rotation\nat {now}\nfrom {}\nto {}\n", old.public(), new.public());
        let signed = old.sign(&statement);
        let second = new.sign(&statement);
        let second = second.lines().last().unwrap_or_default();
        bulkhead_files::write(&record, format!("{signed}{second}\n").as_bytes(), Existing::Refuse)
            .map_err(files_failure)?;
    }
    write_secret(file, &new, passphrase.as_deref(), Existing::Replace)?;
    write_public(file, &new.public(), Existing::Replace)?;
    remove(&coming)?;
    say!("new signing key: {}", file.display());
    say!("  {}", new.public());
    say!("statement of the change, signed by both keys, for those who verify: {}", record.display());
    say!("old key, kept because cases that it sealed can only be erased with it: {}", aside.display());
    say!("  move it off this machine; once none of its cases has a vault left, destroy it");
    Ok(())
}

fn remove(file: &Path) -> Outcome {
    bulkhead_files::tree::remove_file(file).map_err(files_failure)
}

/// The key that an interrupted rotation left in `file`.
fn unlock(file: &Path, passphrase: Option<&[u8]>) -> Outcome<SigningKey> {
    match (read(file)?, passphrase) {
        (KeyFile::Open(key), _) => Ok(key),
        (KeyFile::Closed(closed), Some(passphrase)) => {
            closed.open(passphrase).map_err(|err| Failure::input(format!("{}: {err}", file.display())))
        }
        (KeyFile::Closed(_), None) => Err(Failure::input(format!(
            "{}: closed with a passphrase, which the key it is to replace has not",
            file.display()
        ))
        .hint("remove it, if it is not the work of an interrupted `key rotate`")),
    }
}

/// The key in `file`, opened, and the passphrase that did it.
fn open(file: &Path, source: &PassphraseSource) -> Outcome<(SigningKey, Option<Vec<u8>>)> {
    let held = read(file)?;
    warn_if_readable(file);
    match held {
        KeyFile::Open(key) => Ok((key, None)),
        KeyFile::Closed(closed) => {
            let passphrase = passphrase(source, &format!("passphrase of {}: ", file.display()))?;
            let key = closed.open(&passphrase).map_err(|err| {
                Failure::input(format!("{}: {err}", file.display())).hint("nothing was signed; try again")
            })?;
            Ok((key, Some(passphrase)))
        }
    }
}

fn read(file: &Path) -> Outcome<KeyFile> {
    let bytes = limited(file).map_err(|err| Failure::file("read the signing key", file, &err))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::input(format!("{}: not a signing key: not text", file.display())))?;
    KeyFile::parse(&text).map_err(|err| {
        Failure::input(format!("{}: {err}", file.display()))
            .hint("`bulkhead key new FILE --name NAME` makes one")
    })
}

fn limited(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn warn_if_readable(file: &Path) {
    let Ok(metadata) = fs::metadata(file) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        let mode = format!("{mode:03o}");
        note!(
            "WARNING: OTHERS CAN READ THE SIGNING KEY {} (mode {}): they can sign in your name",
            file.display(),
            mode
        );
        note!("  hint: chmod 600 {}, and if others have had access: bulkhead key rotate", file.display());
    }
}

/// Writes the key for its owner alone.
fn write_secret(file: &Path, key: &SigningKey, passphrase: Option<&[u8]>, existing: Existing) -> Outcome {
    let text = match passphrase {
        None => format!("{}\n", key.to_secret_text()),
        Some(it) => keyfile::close(key, it, random()?, random()?).map_err(journal_failure)?,
    };
    if existing == Existing::Replace {
        // It may have been open to others; what replaces it is not.
        bulkhead_files::tree::make_private(file).map_err(files_failure)?;
    }
    let place = bulkhead_files::resolve(file).map_err(files_failure)?;
    let mut new = NewFile::beside(&place).map_err(files_failure)?;
    new.make_private().map_err(files_failure)?;
    new.write_all(text.as_bytes()).map_err(|err| Failure::file("write", file, &err))?;
    new.commit(&place, existing).map_err(files_failure)
}

/// Writes the public half beside the key, for everybody.
fn write_public(file: &Path, key: &PublicKey, existing: Existing) -> Outcome {
    let public = format!("{key}\n");
    bulkhead_files::write(&beside(file, "pub"), public.as_bytes(), existing).map_err(files_failure)
}

/// `FILE.ending`.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn random<const N: usize>() -> Outcome<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|err| Failure::input(format!("the machine gives no random numbers for a key: {err}")))?;
    Ok(bytes)
}

/// A passphrase for a new key, typed twice where it is typed.
fn new_passphrase(source: &PassphraseSource) -> Outcome<Vec<u8>> {
    let first = passphrase(source, "new passphrase: ")?;
    if String::from_utf8_lossy(&first).chars().count() < SHORTEST {
        return Err(Failure::input(format!("the passphrase is shorter than {SHORTEST} characters"))
            .hint("four or five words chosen by dice are easy to keep and hard to guess"));
    }
    let is_typed = source.passphrase_file.is_none() && source.passphrase_fd.is_none();
    if is_typed && passphrase(source, "the same again: ")? != first {
        return Err(Failure::input("the two passphrases differ; nothing was written"));
    }
    Ok(first)
}

/// The passphrase from where it is to come from; never from the command line, which others can read.
fn passphrase(source: &PassphraseSource, prompt: &str) -> Outcome<Vec<u8>> {
    let file = match (&source.passphrase_file, source.passphrase_fd) {
        (Some(file), _) => file.clone(),
        (None, Some(number)) => PathBuf::from(format!("/dev/fd/{number}")),
        (None, None) if std::io::stdin().is_terminal() => {
            let typed = rpassword::prompt_password(prompt);
            return typed.map(String::into_bytes).map_err(|err| {
                Failure::input(format!("no passphrase could be read from the terminal: {err}"))
            });
        }
        (None, None) => {
            return Err(Failure::input(
                "the signing key needs a passphrase, and nobody is at a terminal to type it",
            )
            .hint("give --passphrase-file FILE or --passphrase-fd N"));
        }
    };
    let bytes = limited(&file).map_err(|err| Failure::file("read the passphrase", &file, &err))?;
    let line = bytes.split(|it| *it == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::input(format!("{}: its first line, the passphrase, is empty", file.display())));
    }
    Ok(line.to_vec())
}
