//! What the fuzz target of names holds any input to; the tests of `journal` replay the corpus through the same code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulkhead_journal::{Bearer, KeyOrigin, Vault};

/// Parts an input into what stands around a hidden word and what is hidden in it beside the name.
const PART: &str = "\n%%%\n";

/// Somebody's name.
const NAME: &str = "albrecht.schmidt";

/// `bytes` as a text in which names may be hidden: whatever it holds, a name in another writing does not get out.
pub fn encoded_names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (around, inside) = text.split_once(PART).unwrap_or((text, text));
    let inside: String = inside.chars().take(80).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let mut vault = Vault::create(&folder.path().join("vault"), [1; 32], KeyOrigin::Seed).expect("a vault");
    vault.learn([(Bearer::Account, NAME)]).expect("learnt");
    let names = vault.names();
    let veiled = names.veil(text).unwrap_or_else(|| text.to_owned());
    names.reveal(&veiled);
    for word in writings(&format!("{inside} {NAME} {inside}")) {
        let line = format!("{around} {word} {around}");
        let veiled = names.veil(&line).unwrap_or(line);
        assert!(!veiled.contains(&word), "{word} got out: {veiled}");
    }
}

/// Writings of `text` that are one word each.
fn writings(text: &str) -> Vec<String> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let percent = || text.bytes().map(|it| format!("%{it:02x}")).collect::<String>();
    vec![
        STANDARD.encode(text),
        STANDARD.encode(wide),
        STANDARD.encode(STANDARD.encode(text)),
        hex::encode(text),
        percent(),
        text.encode_utf16().map(|it| format!("\\u{it:04x}")).collect(),
        text.chars().map(|it| format!("&#{};", u32::from(it))).collect(),
    ]
}
