//! Names that stand in a text in another writing: Base64 (of UTF-8 or UTF-16, as `powershell -enc` takes it), hexadecimal,
//! percent signs, escapes of JSON and pages. A word that hides one is withheld whole; the vault's copy has it.

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};

/// Takes what was cut out of a longer text: no padding, and bits left over at the end.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What stands for a word that is withheld.
pub(crate) const WITHHELD: &str = "(withheld: an encoded name)";

/// Shortest runs that are decoded, in characters: of less nothing comes that could be a name.
const BASE64_MIN: usize = 8;
const HEX_MIN: usize = 6;
/// Writings within writings.
const DEPTH: u32 = 3;

/// `text` without the words in which another writing hides what `is_named` finds in plain text; none when there are none.
pub(crate) fn withhold(text: &str, is_named: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut out = String::new();
    let (mut rest, mut copied, mut at) = (text, 0, 0);
    while !rest.is_empty() {
        let start = rest.find(|it: char| !is_gap(it)).unwrap_or(rest.len());
        let length = rest[start..].find(is_gap).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        if word.len() >= HEX_MIN && hides(word, is_named, DEPTH) {
            out.push_str(&text[copied..at + start]);
            out.push_str(WITHHELD);
            copied = at + start + length;
        }
        at += start + length;
        rest = &rest[start + length..];
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn is_gap(it: char) -> bool {
    it.is_whitespace() || matches!(it, '"' | '\'' | '<' | '>' | ',' | '(' | ')' | '[' | ']' | '|')
}

fn hides(word: &str, is_named: &dyn Fn(&str) -> bool, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    let tells = |it: &String| is_named(it) || hides(it, is_named, depth - 1);
    unescaped(word).iter().any(tells) || runs(word).iter().any(tells)
}

/// The word with its escapes undone, where it has any.
fn unescaped(word: &str) -> Option<String> {
    if !(word.contains('%')
        || word.contains('\\')
        || word.contains("&#")
        || word.contains("&amp;")
        || word.contains('='))
    {
        return None;
    }
    let bytes = word.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut changed) = (0, false);
    while at < bytes.len() {
        let (taken, put) = escape(&bytes[at..]);
        if taken == 0 {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(put);
            at += taken;
            changed = true;
        }
    }
    changed.then(|| String::from_utf8_lossy(&out).into_owned())
}

/// The escape that `bytes` begin with: how long it is, and what it stands for.
fn escape(bytes: &[u8]) -> (usize, Vec<u8>) {
    let digits = |from: usize, n: usize, radix: u32| {
        let text = std::str::from_utf8(bytes.get(from..from + n)?).ok()?;
        u32::from_str_radix(text, radix).ok()
    };
    let text = |code: u32| char::from_u32(code).map(|it| it.to_string().into_bytes());
    let found = match bytes {
        [b'%', b'u', ..] => digits(2, 4, 16).and_then(|it| Some((6, text(it)?))),
        [b'\\', b'u', b'{', rest @ ..] => {
            braced(rest).and_then(|(taken, code)| Some((taken + 3, text(code)?)))
        }
        // A page within a page: what the sign stands for is looked at again.
        [b'&', b'a', b'm', b'p', b';', ..] => Some((5, b"&".to_vec())),
        [b'%' | b'=', ..] => digits(1, 2, 16).and_then(|it| Some((3, vec![u8::try_from(it).ok()?]))),
        [b'\\', b'x', ..] => digits(2, 2, 16).and_then(|it| Some((4, vec![u8::try_from(it).ok()?]))),
        [b'\\', b'u', ..] => digits(2, 4, 16).and_then(|it| Some((6, text(it)?))),
        [b'&', b'#', rest @ ..] => entity(rest).and_then(|(taken, code)| Some((taken + 2, text(code)?))),
        _ => None,
    };
    found.unwrap_or((0, Vec::new()))
}

/// A numeric character reference after `&#`: how long it is with its `;`, and the code.
fn entity(rest: &[u8]) -> Option<(usize, u32)> {
    let is_hexadecimal = matches!(rest.first(), Some(b'x' | b'X'));
    let start = usize::from(is_hexadecimal);
    let is_digit = |it: &u8| if is_hexadecimal { it.is_ascii_hexdigit() } else { it.is_ascii_digit() };
    let length = rest[start..].iter().take(7).take_while(|it| is_digit(it)).count();
    let text = std::str::from_utf8(&rest[start..start + length]).ok()?;
    let code = u32::from_str_radix(text, if is_hexadecimal { 16 } else { 10 }).ok()?;
    // Browsers read it without its `;`, too.
    let end = start + length;
    Some((end + usize::from(rest.get(end) == Some(&b';')), code))
}

/// The code of `\u{…}` after its brace, and how long it is with the brace that closes it.
fn braced(rest: &[u8]) -> Option<(usize, u32)> {
    let end = rest.iter().take(9).position(|it| *it == b'}')?;
    let code = u32::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
    Some((end + 1, code))
}

/// What runs of Base64 and hexadecimal digits in the word decode to, each as every text that it may be.
fn runs(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in word.split(|it: char| !(it.is_ascii_alphanumeric() || matches!(it, '+' | '/' | '-' | '_'))) {
        if run.len() >= BASE64_MIN {
            // A run may begin anywhere in the stream that it was cut from.
            (0..4).for_each(|skip| texts(&base64(&run.as_bytes()[skip..]), &mut found));
        }
    }
    // Bytes may stand apart: `6b:6f`, `6B-6F`, `0x6b0x6f`, `\x6b\x6f`.
    let close: String =
        word.replace("0x", "").chars().filter(|it| !matches!(it, ':' | '-' | '\\' | 'x')).collect();
    for run in close.split(|it: char| !it.is_ascii_hexdigit()) {
        if run.len() >= HEX_MIN {
            (0..2).for_each(|skip| texts(&hexadecimal(&run.as_bytes()[skip..]), &mut found));
        }
    }
    found
}

/// Bytes as UTF-8, and as UTF-16 of either order where they may be that.
fn texts(bytes: &[u8], found: &mut Vec<String>) {
    found.push(String::from_utf8_lossy(bytes).into_owned());
    if bytes.len() < 4 || !bytes.contains(&0) {
        return;
    }
    for skip in 0..2 {
        let pairs = || bytes[skip..].chunks_exact(2);
        let little: Vec<u16> = pairs().map(|it| u16::from_le_bytes([it[0], it[1]])).collect();
        let big: Vec<u16> = pairs().map(|it| u16::from_be_bytes([it[0], it[1]])).collect();
        found.extend([String::from_utf16_lossy(&little), String::from_utf16_lossy(&big)]);
    }
}

/// What a run of characters of either alphabet (RFC 4648, sections 4 and 5) comes to, cut to what fills bytes.
fn base64(run: &[u8]) -> Vec<u8> {
    let standard = |it: &u8| match it {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let whole = if run.len() % 4 == 1 { run.len() - 1 } else { run.len() };
    let text: Vec<u8> = run[..whole].iter().map(standard).collect();
    ENGINE.decode(text).unwrap_or_default()
}

fn hexadecimal(run: &[u8]) -> Vec<u8> {
    hex::decode(&run[..run.len() / 2 * 2]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let named =
            |it: &str| it.to_lowercase().contains("jane.doe") || it.to_lowercase().contains("m\u{fc}ller");
        assert_eq!(withhold(text, &named).unwrap_or_else(|| text.to_owned()), expect);
    }

    #[test]
    fn a_word_that_hides_a_name_is_withheld() {
        for hidden in [
            "amFuZS5kb2U=",                            // Base64
            "eGphbmUuZG9l",                            // of `xjane.doe`, another alignment
            "agBhAG4AZQAuAGQAbwBlAA==",                // of UTF-16LE, as -EncodedCommand takes it
            "%6A%61%6E%65%2E%64%6F%65",                // percent signs
            "6a616e652e646f65",                        // hexadecimal
            r"\u006a\u0061\u006e\u0065\u002e\u0064oe", // JSON
            r"M\u00fcller",                            // one escape in a name
            r"\x6aane.doe",
            r"\x6a\x61\x6e\x65\x2e\x64\x6f\x65",
            "%u006aane.doe",
            "6a:61:6e:65:2e:64:6f:65",
            "6A-61-6E-65-2E-64-6F-65",
            "0x6a0x610x6e0x650x2e0x640x6f0x65",
            "&#106ane&#46doe",
            "&amp;#106;ane.doe",
            "AGoAYQBuAGUALgBkAG8AZQ==", // of UTF-16BE
            "&#106;ane&#46;doe",
            "u=%61mFuZS5kb2U%3D", // Base64 in percent signs
        ] {
            check(hidden, WITHHELD);
            check(&format!("-enc {hidden} -x"), &format!("-enc {WITHHELD} -x"));
        }
    }

    #[test]
    fn other_words_stay() {
        for text in
            ["", "powershell -enc aGVsbG8gd29ybGQ=", r"C:\Users\x\y.exe 100%", "deadbeefdeadbeef", "\u{e9}%"]
        {
            check(text, text);
        }
    }
}
