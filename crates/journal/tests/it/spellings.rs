//! A name is hidden in whatever spelling it stands, and given back to the letter.

use std::collections::BTreeSet;

use bulkhead_journal::{Bearer, KeyOrigin, Vault};
use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::UnicodeNormalization as _;

/// Ways of writing one name.
const SPELLINGS: [fn(&str) -> String; 16] =
    [
        str::to_owned,
        |it| it.to_uppercase(),
        |it| it.split(' ').map(capital).collect::<Vec<_>>().join(" "),
        |it| it.nfd().collect(),
        |it| it.nfc().collect(),
        |it| it.chars().map(wide).collect(),
        |it| it.chars().flat_map(|it| [it, '\u{200b}']).collect(),
        |it| it.chars().flat_map(|it| ['\u{ad}', it]).collect(),
        |it| it.replace(' ', "\u{a0}").replace('\'', "\u{2019}"),
        |it| it.replace(' ', "  ").replace('\'', "''"),
        |it| it.replace(' ', "\\ ").replace('\'', "\\'"),
        |it| it.replace(' ', "+").replace('\'', "%27"),
        |it| {
            it.bytes()
                .map(|it| {
                    if it.is_ascii_alphanumeric() { char::from(it).to_string() } else { format!("%{it:02X}") }
                })
                .collect()
        },
        |it| it.bytes().map(|it| format!("%{it:02x}")).collect(),
        |it| it.chars().map(|it| format!("&#{};", u32::from(it))).collect(),
        |it| it.chars().map(|it| format!("\\u{:04x}", u32::from(it))).collect(),
    ];

/// Where names stand.
const PLACES: [&str; 16] = [
    "{}",
    "net user /domain \"{}\"",
    "net user '{}' x /add",
    "ssh {}@srv",
    "scp x {}@10.0.0.1:/tmp",
    r"C:\Users\{}",
    r"C:\\Users\\{}\\x.exe",
    "dir /home/{} /tmp",
    "file:///C:/Users/{}/x",
    "file:///C:/Users%2F{}%2Fx",
    "dsadd user \"CN={},OU=Staff,DC=corp\"",
    r"CORP\{} logged on",
    "https://{}:x@srv/?u={}&v=1",
    "<{}> said: {}, {}.",
    "{\"{}\":\"{}\"}",
    "of {}'s",
];

/// Cases of the property; `BULKHEAD_SPELLINGS` asks for more.
fn cases() -> u32 {
    std::env::var("BULKHEAD_SPELLINGS").ok().and_then(|it| it.parse().ok()).unwrap_or(600)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + chars.as_str()
}

fn wide(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        ' ' => '\u{3000}',
        other => other,
    }
}

/// What somebody finds who looks for names in a text by a simpler road: escapes, unseen characters and forms undone.
fn read(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let two = bytes.get(at + 1..at + 3).and_then(|it| std::str::from_utf8(it).ok());
        match two.and_then(|it| u8::from_str_radix(it, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&out).into_owned();
    text.nfkc().filter(|it| !"\u{200b}\u{ad}".contains(*it)).collect::<String>().to_lowercase()
}

fn name() -> impl Strategy<Value = String> {
    let part = || {
        prop_oneof![
            "[a-z]{3,9}",
            // What begins as an escape does after a backslash or a percent sign.
            "x[a-f]{2}[a-z]{1,6}",
            "u[a-f]{4}[a-z]{0,4}",
            "[a-f]{3,9}",
            select(vec![
                "o'brien",
                "d'arc",
                "jos\u{e9}",
                "m\u{fc}ller",
                "stra\u{df}e",
                "\u{e7}elik",
                "ng\u{f4}",
                "\u{441}\u{430}\u{448}\u{430}",
                "\u{674e}\u{4f1f}"
            ])
            .prop_map(str::to_owned),
        ]
    };
    (part(), select(vec!["", ".", " ", "-", "_"]), part()).prop_map(|(first, mark, second)| {
        if mark.is_empty() { first } else { format!("{first}{mark}{second}") }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]
    #[test]
    fn no_spelling_of_a_name_gets_out(
        name in name(),
        spelling in select(SPELLINGS.to_vec()),
        place in select(PLACES.to_vec()),
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut vault = Vault::create(&dir.path().join("vault"), [1; 32], KeyOrigin::Seed).expect("a vault");
        vault.learn([(Bearer::Account, name.as_str())]).expect("learnt");
        let spelled = spelling(&name);
        let text = place.replace("{}", &spelled);
        let veiled = vault.names().veil(&text).unwrap_or_else(|| text.clone());
        // The digits of a pseudonym may spell a short name.
        let veiled = veiled.replace(vault.names().pseudonym(&name).unwrap_or("-"), "<>");
        prop_assert!(!read(&veiled).contains(&read(&name)), "{name}: {text} became {veiled}");
        prop_assert!(!veiled.contains(&spelled), "{name}: {text} became {veiled}");
        // Every spelling has the one pseudonym, and reads back to the letter.
        prop_assert_eq!(vault.names().pseudonym(&spelled), vault.names().pseudonym(&name));
        let body = serde_json::to_vec(&serde_json::json!({ "text": text })).expect("JSON");
        let hidden = vault.hide(&body, &BTreeSet::new()).expect("hidden");
        let shown = String::from_utf8_lossy(&hidden).replace(vault.names().pseudonym(&name).unwrap_or("-"), "<>");
        prop_assert!(!shown.contains(&spelled), "{name}: {shown}");
        prop_assert_eq!(vault.reveal(&hidden).expect("revealed"), body);
    }
}
