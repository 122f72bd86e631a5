//! The case directory: sealed, verified, reopened, its vault erased.

use std::fs;
use std::os::unix::fs::symlink;

use bulkhead_journal::{
    Error, Journal, KeyOrigin, PublicKey, SigningKey, Vault, erase_vault, export, reopen, verify,
};

use crate::fixture::{at, case, draft, files, key};

#[test]
fn a_sealed_case_verifies_and_says_who_signed() {
    let dir = tempfile::tempdir().unwrap();
    case(dir.path(), 300);
    let report = verify(dir.path(), None).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.entries, 301);
    assert_eq!(report.files, files(dir.path()).len() as u64);
    assert_eq!(report.bytes, files(dir.path()).values().map(|it| it.len() as u64).sum::<u64>());
    assert!(report.to_string().contains("the signer is not authenticated"), "{report}");
    for text in [key().public().to_string(), hex_of(&key())] {
        let report = verify(dir.path(), Some(&PublicKey::parse(&text).unwrap())).unwrap();
        assert!(report.signer.as_ref().unwrap().authenticated);
        assert!(report.to_string().contains("the signer is authenticated"), "{report}");
    }
    let other = SigningKey::from_seed("soc.telco.example/case-1", &[8; 32]).unwrap().public();
    assert!(!verify(dir.path(), Some(&other)).unwrap().is_ok());
}

/// The bare public key in hexadecimal, from the verifier key's base64.
fn hex_of(key: &SigningKey) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let text = key.public().to_string();
    let bytes = BASE64_STANDARD.decode(text.rsplit_once('+').map(|(_, it)| it).unwrap()).unwrap();
    bytes[1..].iter().map(|it| format!("{it:02x}")).collect()
}

#[test]
fn the_demonstration_key_is_called_that_even_when_given() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::in_memory().unwrap();
    let key = SigningKey::demonstration();
    let note = export(&mut journal, dir.path(), &key, at(1), "drill").unwrap();
    assert!(note.starts_with("demonstration.bulkhead.invalid\n1\n"), "{note}");
    let report = verify(dir.path(), Some(&key.public())).unwrap();
    assert!(report.is_ok());
    assert!(!report.signer.as_ref().unwrap().authenticated);
    assert!(report.to_string().contains("DEMONSTRATION"), "{report}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    case(a.path(), 20);
    case(b.path(), 20);
    assert_eq!(files(a.path()), files(b.path()));
}

#[test]
fn a_case_can_be_sealed_again_after_more_entries() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = case(dir.path(), 5);
    journal.append(vec![draft("later", 2000, "{}")]).unwrap();
    fs::write(dir.path().join("recovery.json"), "{}").unwrap();
    assert!(!verify(dir.path(), None).unwrap().is_ok());
    export(&mut journal, dir.path(), &key(), at(2001), "journal").unwrap();
    let report = verify(dir.path(), None).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!((report.entries, report.sealed_at), (8, Some(at(2001))));
}

#[test]
fn links_and_odd_names_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = case(dir.path(), 3);
    let link = dir.path().join("link");
    for target in ["incident.json", "nowhere", "/etc/passwd", "vault"] {
        symlink(target, &link).unwrap();
        let report = verify(dir.path(), None).unwrap();
        assert_eq!(report.faults.iter().map(|it| it.code).collect::<Vec<_>>(), ["link"], "{target}");
        assert!(matches!(export(&mut journal, dir.path(), &key(), at(1), "x"), Err(Error::Invalid(_))));
        fs::remove_file(&link).unwrap();
    }
    // A sealed file replaced by a link to the same bytes.
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::copy(dir.path().join("incident.json"), elsewhere.path()).unwrap();
    fs::remove_file(dir.path().join("incident.json")).unwrap();
    symlink(elsewhere.path(), dir.path().join("incident.json")).unwrap();
    assert!(!verify(dir.path(), None).unwrap().is_ok());
}

#[test]
fn an_erased_vault_is_accepted_and_listed_only_when_recorded() {
    let dir = tempfile::tempdir().unwrap();
    case(dir.path(), 300);
    let before = files(dir.path());
    let in_vault = before.keys().filter(|it| it.starts_with("vault/")).count();
    fs::remove_dir_all(dir.path().join("vault")).unwrap();
    assert!(!verify(dir.path(), None).unwrap().is_ok(), "not recorded");
    crate::fixture::write_files(dir.path(), &before);
    let other = SigningKey::demonstration();
    assert!(erase_vault(dir.path(), &other, at(2), "dpo", "request").is_err(), "another key");
    assert_eq!(
        erase_vault(dir.path(), &key(), at(3000), "dpo", "GDPR article 17 request").unwrap(),
        in_vault
    );
    assert!(!dir.path().join("vault").exists());
    let report = verify(dir.path(), Some(&key().public())).unwrap();
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.entries, 302);
    let erasure = &report.erasures[0];
    assert_eq!((erasure.at, erasure.actor.as_str(), erasure.files.len()), (at(3000), "dpo", in_vault));
    assert!(report.to_string().contains("GDPR article 17 request"));
    assert!(erase_vault(dir.path(), &key(), at(3001), "dpo", "again").is_err(), "nothing left to erase");

    // What was erased cannot be slipped back in, and an interrupted erasure can be ended.
    crate::fixture::write_files(
        dir.path(),
        &before.into_iter().filter(|(name, _)| name.starts_with("vault/")).collect(),
    );
    let report = verify(dir.path(), None).unwrap();
    assert!(!report.is_ok() && report.faults.iter().all(|it| it.code == "erased-but-present"), "{report}");
    assert_eq!(erase_vault(dir.path(), &key(), at(3002), "dpo", "again").unwrap(), in_vault);
    assert!(verify(dir.path(), None).unwrap().is_ok());
    assert_eq!(reopen(dir.path(), &key()).unwrap().size(), 302);
}

#[test]
fn pseudonyms_hide_and_reveal_to_the_letter() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(dir.path(), [1; 32], KeyOrigin::Random).unwrap();
    let accounts = ["corp\\alice", "bob@corp.example", "al"].map(str::to_owned).into();
    let body = br#"{"user":"corp\\alice","text":"CORP\\Alice, alice. and malice ran bob's al-script as al on bob-pc","n":1.50,"bob@corp.example":[null,"account:"]}"#;
    let hidden = vault.hide(body, &accounts).unwrap();
    let text = String::from_utf8(hidden.clone()).unwrap();
    for name in ["\\alice", "alice,", "alice.", "bob's", "as al", "bob@", "bob-pc"] {
        assert!(!text.to_lowercase().contains(name), "{name} in {text}");
    }
    for word in ["malice", "al-script", "\"account:\""] {
        assert!(text.contains(word), "{word} in {text}");
    }
    drop(vault);
    let mut vault = Vault::open(dir.path()).unwrap();
    assert_eq!(vault.reveal(&hidden).unwrap(), body.replace_number());
    assert_eq!(vault.hide(body, &accounts).unwrap(), hidden, "stable");
    let stranger = tempfile::tempdir().unwrap();
    let stranger = Vault::create(stranger.path(), [2; 32], KeyOrigin::Random).unwrap();
    assert_eq!(stranger.reveal(&hidden).unwrap(), hidden, "nothing to reveal without the mapping");
}

/// JSON numbers are written in their shortest form.
trait ReplaceNumber {
    fn replace_number(&self) -> Vec<u8>;
}

impl ReplaceNumber for [u8] {
    fn replace_number(&self) -> Vec<u8> {
        String::from_utf8(self.to_vec()).unwrap().replace("1.50", "1.5").into_bytes()
    }
}

#[test]
fn a_torn_mapping_is_mended_and_evidence_is_addressed_by_content() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(dir.path(), [1; 32], KeyOrigin::Random).unwrap();
    let alice = vault.pseudonym("alice").unwrap();
    drop(vault);
    let path = dir.path().join("mapping.ndjson");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [whole.as_slice(), b"{\"pseudonym\":\"acc"].concat()).unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    assert_eq!(vault.names().behind(&alice), Some("alice"));
    assert_eq!(fs::read(&path).unwrap(), whole);
    let digest = vault.put(&b"abc"[..]).unwrap();
    assert_eq!(digest.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(vault.put(&b"abc"[..]).unwrap(), digest);
    assert_eq!(std::io::read_to_string(vault.get(&digest.sha256).unwrap()).unwrap(), "abc");
    assert!(vault.get("../key").is_err());
    assert!(Vault::create(dir.path(), [2; 32], KeyOrigin::Random).is_err(), "another key");
}
