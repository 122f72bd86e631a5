//! Ids as names of files: one encoding for all of them.

use sha2::{Digest as _, Sha256};

/// Longest name given, in bytes; with an ending it still fits every file system.
const LONGEST: usize = 120;
/// How much of a longer one stays readable.
const KEPT: usize = 80;

/// The name of a file that stands for `id`: ordinary ids as they are, every other byte as `=` and two hexadecimal digits.
///
/// Two ids never share a name, no name is hidden, empty, `.` or `..`, or leads out of its folder, and none is longer than
/// 120 bytes: of a longer one the beginning is kept, and `=~` with the first half of its SHA-256 stands for the rest. Names
/// need no escaping in a link.
pub fn file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        let hidden = byte == b'.' && name.is_empty();
        if !hidden && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@')) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("={byte:02X}"));
        }
    }
    if name.is_empty() {
        return "=".to_owned();
    }
    if name.len() <= LONGEST {
        return name;
    }
    let digest = hex::encode(Sha256::digest(id.as_bytes()));
    // Not in the middle of an escape.
    let cut =
        (KEPT - 2..=KEPT).rev().find(|at| !name[at.saturating_sub(2)..*at].contains('=')).unwrap_or(KEPT);
    format!("{}=~{}", &name[..cut], &digest[..32])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_ids_are_their_own_names() {
        for (id, name) in [
            ("fw-core", "fw-core"),
            ("isolate:db-1@agents", "isolate=3Adb-1@agents"),
            ("nis2_fr.early", "nis2_fr.early"),
            ("../../x", "=2E.=2F..=2Fx"),
            (".", "=2E"),
            ("..", "=2E."),
            ("", "="),
            ("a b\n", "a=20b=0A"),
            ("=2E", "=3D2E"),
            ("é", "=C3=A9"),
        ] {
            assert_eq!(file_name(id), name, "{id:?}");
        }
    }

    /// Undoes the encoding; none for a shortened name.
    fn decoded(name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = name;
        while let Some(first) = rest.chars().next() {
            if first == '=' && name != "=" {
                bytes.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
                rest = &rest[3..];
            } else if first == '=' {
                rest = "";
            } else {
                bytes.push(u8::try_from(first).ok()?);
                rest = &rest[1..];
            }
        }
        Some(bytes)
    }

    proptest! {
        #[test]
        fn names_stay_in_their_folder_and_tell_their_ids_apart(id in "\\PC{0,200}|[./=~a-f]{0,12}|[\\x00-\\x7f]{0,60}") {
            let name = file_name(&id);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST);
            prop_assert!(!name.starts_with('.'));
            prop_assert!(name.bytes().all(|it| it.is_ascii_graphic() && it != b'/' && it != b'\\'));
            match name.split_once("=~") {
                // The hash is of the whole id.
                Some((_, hash)) => prop_assert_eq!(hash, &hex::encode(Sha256::digest(id.as_bytes()))[..32]),
                None => prop_assert_eq!(decoded(&name), Some(id.into_bytes())),
            }
        }
    }
}
