//! A small case with everything in it that a case can have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bulkhead_journal::{Draft, Journal, KeyOrigin, SigningKey, Vault, export};
use jiff::Timestamp;

/// Second `n` of the case's time.
pub fn at(n: i64) -> Timestamp {
    Timestamp::from_second(1_753_430_400 + n).unwrap()
}

/// An entry of kind `kind` with this body.
pub fn draft(kind: &str, n: i64, body: impl Into<Vec<u8>>) -> Draft {
    Draft { kind: kind.into(), v: 1, at: at(n), actor: "engine".into(), cause: None, body: body.into() }
}

/// A key that is not the demonstration key.
pub fn key() -> SigningKey {
    SigningKey::from_seed("soc.telco.example/case-1", &[7; 32]).unwrap()
}

/// `count` entries, one of them with a body too long for a bundle.
pub fn journal(count: i64) -> Journal {
    let mut journal = Journal::in_memory().unwrap();
    for n in 0..count {
        let body = if n == 1 { "x".repeat(70_000) } else { format!("{{\"n\":{n}}}") };
        journal.append(vec![draft("step", n, body)]).unwrap();
    }
    journal
}

/// Writes the case's own files and its vault into `dir`, exports the journal beside them.
pub fn case(dir: &Path, entries: i64) -> Journal {
    fs::write(dir.join("incident.json"), "{\"id\":\"INC-1\"}\n").unwrap();
    fs::write(dir.join("findings.ndjson"), "").unwrap();
    fs::create_dir_all(dir.join("filings/nis2")).unwrap();
    fs::write(dir.join("filings/nis2/early.txt"), "early warning\n").unwrap();
    let mut vault = Vault::create(&dir.join("vault"), [3; 32], KeyOrigin::Random).unwrap();
    vault.put(&b"raw evidence"[..]).unwrap();
    vault.hide(br#"{"user":"corp\\alice"}"#, &BTreeSet::from(["corp\\alice".to_owned()])).unwrap();
    let mut journal = journal(entries);
    export(&mut journal, dir, &key(), at(1000), "journal").unwrap();
    journal
}

/// Every file below `dir` with its bytes.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(next) = pending.pop() {
        for item in fs::read_dir(next).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Writes these files into `dir`.
pub fn write_files(dir: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
