//! No edit anywhere in a case directory goes unseen.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bulkhead_journal::verify;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::{case, files};

/// One way to tamper; numbers are reduced to what there is.
#[derive(Clone, Debug)]
enum Edit {
    Flip { file: usize, at: usize, bit: u8 },
    Truncate { file: usize, keep: usize },
    Extend { file: usize, byte: u8 },
    Remove { file: usize },
    Add { beside: usize, name: String, bytes: Vec<u8> },
    AddDir { beside: usize, name: String },
    SwapFiles { a: usize, b: usize },
    SwapEntries { bundle: usize, a: usize, b: usize },
}

fn edits() -> impl Strategy<Value = Edit> {
    let name = "[a-z]{1,8}(\\.json|\\.p)?";
    prop_oneof![
        6 => (any::<usize>(), any::<usize>(), 0..8_u8).prop_map(|(file, at, bit)| Edit::Flip { file, at, bit }),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(file, keep)| Edit::Truncate { file, keep }),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(file, byte)| Edit::Extend { file, byte }),
        2 => any::<usize>().prop_map(|file| Edit::Remove { file }),
        2 => (any::<usize>(), name, any::<Vec<u8>>()).prop_map(|(beside, name, bytes)| Edit::Add { beside, name, bytes }),
        1 => (any::<usize>(), name).prop_map(|(beside, name)| Edit::AddDir { beside, name }),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Edit::SwapFiles { a, b }),
        3 => (any::<usize>(), any::<usize>(), any::<usize>()).prop_map(|(bundle, a, b)| Edit::SwapEntries { bundle, a, b }),
    ]
}

/// Does it in `dir`; false when it would change nothing.
fn tamper(dir: &Path, files: &BTreeMap<String, Vec<u8>>, edit: &Edit) -> bool {
    let names: Vec<&String> = files.keys().collect();
    let nth = |n: usize| names[n % names.len()];
    let put = |name: &str, bytes: &[u8]| {
        fs::write(dir.join(name), bytes).unwrap();
        files[name] != bytes
    };
    match edit {
        Edit::Flip { file, at, bit } => {
            let mut bytes = files[nth(*file)].clone();
            let Some(last) = bytes.len().checked_sub(1) else { return false };
            bytes[at % (last + 1)] ^= 1 << bit;
            put(nth(*file), &bytes)
        }
        Edit::Truncate { file, keep } => {
            let bytes = &files[nth(*file)];
            put(nth(*file), &bytes[..keep % (bytes.len() + 1)])
        }
        Edit::Extend { file, byte } => put(nth(*file), &[files[nth(*file)].as_slice(), &[*byte]].concat()),
        Edit::Remove { file } => fs::remove_file(dir.join(nth(*file))).is_ok(),
        Edit::Add { beside, name, bytes } => {
            let path = dir.join(nth(*beside)).with_file_name(name);
            !path.exists() && fs::write(path, bytes).is_ok()
        }
        Edit::AddDir { beside, name } => fs::create_dir(dir.join(nth(*beside)).with_file_name(name)).is_ok(),
        Edit::SwapFiles { a, b } => {
            let changed = put(nth(*a), &files[nth(*b)]);
            put(nth(*b), &files[nth(*a)]) && changed
        }
        Edit::SwapEntries { bundle, a, b } => {
            let bundles: Vec<&&String> =
                names.iter().filter(|it| it.starts_with("journal/tile/entries/")).collect();
            let name = bundles[bundle % bundles.len()];
            let mut entries = split(&files[*name]);
            let n = entries.len();
            entries.swap(a % n, b % n);
            put(name, &entries.concat())
        }
    }
}

/// Entries of a bundle, each with its length before it.
fn split(mut bundle: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let length = 2 + usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
        let (entry, rest) = bundle.split_at(length);
        entries.push(entry);
        bundle = rest;
    }
    entries
}

#[test]
fn a_thousand_random_edits_are_each_rejected() {
    let dir = tempfile::tempdir().unwrap();
    case(dir.path(), 300);
    let original = files(dir.path());
    let mut runner = TestRunner::deterministic();
    let mut done = 0;
    while done < 1000 {
        let edit = edits().new_tree(&mut runner).unwrap().current();
        if tamper(dir.path(), &original, &edit) {
            let report = verify(dir.path(), None).unwrap();
            assert!(!report.is_ok(), "not seen: {edit:?}");
            done += 1;
        }
        restore(dir.path(), &original);
    }
    assert!(verify(dir.path(), None).unwrap().is_ok());
}

/// Undoes whatever was done below `dir`.
fn restore(dir: &Path, original: &BTreeMap<String, Vec<u8>>) {
    let now = files(dir);
    for name in now.keys().filter(|it| !original.contains_key(*it)) {
        fs::remove_file(dir.join(name)).unwrap();
    }
    for (name, bytes) in original.iter().filter(|(name, bytes)| now.get(*name) != Some(bytes)) {
        fs::write(dir.join(name), bytes).unwrap();
    }
    for empty in walk_dirs(dir).iter().rev().filter(|it| fs::read_dir(it).unwrap().next().is_none()) {
        fs::remove_dir(empty).unwrap();
    }
}

/// Every bit of the two files that bind all others, and of the tree's own files.
#[test]
fn every_single_byte_of_the_journal_counts() {
    let dir = tempfile::tempdir().unwrap();
    case(dir.path(), 2);
    let original = files(dir.path());
    for (name, bytes) in
        original.iter().filter(|(name, _)| name.starts_with("journal/") && !name.contains("bodies"))
    {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(dir.path().join(name), changed).unwrap();
            assert!(!verify(dir.path(), None).unwrap().is_ok(), "{name} byte {at}");
        }
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    assert!(verify(dir.path(), None).unwrap().is_ok());
}

proptest! {
    #![proptest_config(Config { cases: 64, ..Config::default() })]

    /// Several edits at once are no better hidden, and the verifier never panics.
    #[test]
    fn combined_edits_are_rejected(several in proptest::collection::vec(edits(), 1..4)) {
        let dir = tempfile::tempdir().unwrap();
        case(dir.path(), 4);
        let original = files(dir.path());
        let dirs = walk_dirs(dir.path());
        for edit in &several {
            let _ = std::panic::catch_unwind(|| tamper(dir.path(), &original, edit));
        }
        if files(dir.path()) != original || walk_dirs(dir.path()).len() != dirs.len() {
            prop_assert!(!verify(dir.path(), None).unwrap().is_ok());
        }
    }
}

fn walk_dirs(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![dir.to_owned()];
    let mut next = 0;
    while next < found.len() {
        for item in fs::read_dir(&found[next]).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                found.push(path);
            }
        }
        next += 1;
    }
    found
}
