//! Text from elsewhere as it may be shown to people: on one line, every character that steers a terminal or hides written out.
//!
//! Telemetry, rule titles, names of files and archive members, and reasons that people give are chosen by others, the
//! attacker among them. Printed as they are, they clear the screen, forge a line of ours ("the signer is
//! authenticated") or read backwards. What is dangerous is written as in a string literal: `\n`, `\t`, `\u{1b}`,
//! `\u{202e}`. Backslashes stay as they are, since paths are full of them: this is for reading, not for reading back.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Whether `it` is unseen or steers what is seen: controls (C0, DEL, C1), line and paragraph separators, marks of
/// direction, zero-width characters, fillers, variation selectors, tags, what Unicode does not call a character.
pub const fn is_hidden(it: char) -> bool {
    matches!(it,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

/// `text` on one line, with what is hidden written out.
pub fn plain(text: &str) -> Cow<'_, str> {
    replaced(text, is_hidden, written)
}

/// The same for text of several lines of ours: line ends stay.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |it| it != '\n' && is_hidden(it), written)
}

/// JSON text with what is hidden as `\uXXXX`: the same data, and nothing in it steers a terminal.
pub fn plain_json(json: &str) -> Cow<'_, str> {
    // Outside strings JSON holds no such character but line ends and tabs, which are its white space.
    let hidden = |it: char| it != '\n' && it != '\t' && is_hidden(it);
    replaced(json, hidden, |it, out| {
        for unit in it.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn written(it: char, out: &mut String) {
    match it {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

pub(crate) fn replaced(
    text: &str,
    is_hidden: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    // Most text is plain ASCII and is not looked at twice.
    if text.bytes().all(|it| matches!(it, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(&is_hidden) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for it in text[first..].chars() {
        if is_hidden(it) { write(it, &mut out) } else { out.push(it) }
    }
    Cow::Owned(out)
}

/// Shows whatever it holds as [`plain`] does; width, alignment and precision of the format hold.
#[derive(Clone, Copy, Debug)]
pub struct Plain<T>(pub T);

impl<T: fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match f.precision() {
            Some(digits) => write!(text, "{:.digits$}", self.0)?,
            None => write!(text, "{}", self.0)?,
        }
        let text = plain(&text);
        match f.width() {
            // `pad` would cut to the precision, which has done its work.
            Some(width) => {
                let missing = width.saturating_sub(text.chars().count());
                let before = match f.align() {
                    Some(fmt::Alignment::Right) => missing,
                    Some(fmt::Alignment::Center) => missing / 2,
                    Some(fmt::Alignment::Left) | None => 0,
                };
                let fill = |f: &mut fmt::Formatter<'_>, n: usize| (0..n).try_for_each(|_| f.write_char(' '));
                fill(f, before)?;
                f.write_str(&text)?;
                fill(f, missing - before)
            }
            None => f.write_str(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(plain(text), expect);
        assert_eq!(plain(expect), expect, "what was written out stays as it is");
        assert_eq!(Plain(text).to_string(), expect);
    }

    #[test]
    fn what_steers_or_hides_is_written_out() {
        check(r"C:\Windows\System32\whoami.exe /all", r"C:\Windows\System32\whoami.exe /all");
        check("Société “Générale” 東京 🚢", "Société “Générale” 東京 🚢");
        check("a\u{1b}[2Jb\u{1b}]0;t\u{7}", r"a\u{1b}[2Jb\u{1b}]0;t\u{7}");
        check("ok\nthe signer is authenticated\r\t", r"ok\nthe signer is authenticated\r\t");
        check("\u{9b}31m\u{85}\u{7f}\u{0}", r"\u{9b}31m\u{85}\u{7f}\u{0}");
        check(
            "\u{202e}live\u{200b}\u{2028}\u{feff}\u{e0041}",
            r"\u{202e}live\u{200b}\u{2028}\u{feff}\u{e0041}",
        );
        check("10\u{a0}000\u{202f}€", "10\u{a0}000\u{202f}€");
    }

    #[test]
    fn lines_of_ours_stay_lines() {
        assert_eq!(plain_lines("a\nb\tc\u{1b}\n"), "a\nb\\tc\\u{1b}\n");
    }

    #[test]
    fn json_stays_the_same_data() {
        for text in ["\u{9b}\u{7f}\u{202e}\u{e0041}é\n\t\\", "plain"] {
            let json = serde_json::to_string_pretty(&[text]).unwrap();
            let shown = plain_json(&json);
            assert!(shown.chars().all(|it| it == '\n' || !is_hidden(it)), "{shown}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [text]);
        }
    }

    #[test]
    fn formats_hold() {
        assert_eq!(format!("[{:<5}]", Plain("a\t")), "[a\\t  ]");
        assert_eq!(format!("[{:>6.1}]", Plain(1.25)), "[   1.2]");
    }
}
