//! Texts that people read take their figures from the figures of the case: no digit stands in a text, nothing is counted
//! where the text is made.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the words of reports, filings and narration are made.
const TEXTS: &[&str] = &[
    "crates/report/src/detail/",
    "crates/report/src/summary/",
    "crates/comply/src/filing/sentence.rs",
    "crates/comply/src/filing/public.rs",
    "crates/bulkhead/src/narrate.rs",
    "crates/bulkhead/src/desk/story.rs",
];

/// Names that hold digits and are no figures.
const NAMES: &[&str] = &["SHA-256", "323-1", "323-3"];

/// Told of one event as it is recorded: its numbers are the event's own.
const OF_EVENTS: &str = "crates/bulkhead/src/desk/story.rs";

/// What makes a number on the spot. A line that counts what it shows of a list says so with `// rows`.
const COUNTING: &[&str] = &[".len()", ".count()", ".sum()", ".sum::<"];

/// Attributes of pages whose digits nobody reads.
const ATTRIBUTES: &[&str] = &["tabindex=\"0\""];

/// Looks through every file of `files` that makes texts.
pub fn lint(root: &Path, files: &[PathBuf], faults: &mut Vec<String>) {
    for file in files {
        let shown = file.display().to_string();
        let is_text = TEXTS.iter().any(|it| shown.starts_with(it)) && shown.ends_with(".rs");
        let is_catalogue = shown.starts_with("crates/") && shown.ends_with(".ftl");
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        if is_text {
            source(&shown, &text, faults);
        } else if is_catalogue {
            catalogue(&shown, &text, faults);
        }
    }
}

/// A Rust file, up to its tests.
fn source(name: &str, text: &str, faults: &mut Vec<String>) {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", number + 1);
        let mut read = line.to_owned();
        ATTRIBUTES.iter().for_each(|it| read = read.replace(it, ""));
        let (code, literals) = split(&read, &mut inside);
        for literal in literals {
            if has_digit(&literal) {
                faults.push(format!(
                    "{at}: a digit in a text, which no figure of the case vouches for: {literal:?}"
                ));
            }
        }
        if name != OF_EVENTS
            && COUNTING.iter().any(|it| code.contains(it))
            && !line.trim_end().ends_with("// rows")
        {
            faults.push(format!(
                "{at}: counted where the text is made: take it from `Figures`, or mark it `// rows`"
            ));
        }
    }
}

/// The code of a line and the texts in it; `inside` says whether a text goes on from the line before.
fn split(line: &str, inside: &mut bool) -> (String, Vec<String>) {
    let (mut code, mut literals, mut literal) = (String::new(), Vec::new(), String::new());
    let mut chars = line.chars().peekable();
    while let Some(it) = chars.next() {
        match (it, *inside) {
            ('\\', true) => {
                literal.push(it);
                literal.extend(chars.next());
            }
            ('"', _) => {
                if *inside {
                    literals.push(std::mem::take(&mut literal));
                }
                *inside = !*inside;
            }
            (_, true) => literal.push(it),
            // A quotation mark as a character.
            ('\'', false) if chars.peek() == Some(&'"') => drop(chars.next()),
            ('/', false) if chars.peek() == Some(&'/') => break,
            (_, false) => code.push(it),
        }
    }
    if *inside {
        literals.push(literal);
    }
    (code, literals)
}

/// Whether a digit stands in a text outside what is put in.
fn has_digit(literal: &str) -> bool {
    let mut text = literal.to_owned();
    for name in NAMES {
        text = text.replace(name, "");
    }
    let mut depth = 0_u32;
    text.chars().any(|it| {
        match it {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && it.is_ascii_digit()
    })
}

/// A catalogue of messages: `name = text`, going on in lines that are set in.
fn catalogue(name: &str, text: &str, faults: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate().filter(|it| !it.1.starts_with('#')) {
        let value = match line.split_once('=') {
            Some((_, value)) if !line.starts_with(' ') => value,
            // The variants of a choice are named by numbers: `[1] text`.
            _ => line.split_once(']').map_or(line, |it| it.1),
        };
        if has_digit(value) {
            faults.push(format!("{name}:{}: a digit in a message: {}", number + 1, value.trim()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> usize {
        let mut faults = Vec::new();
        source("a.rs", text, &mut faults);
        faults.len()
    }

    #[test]
    fn digits_in_texts_and_counting_are_found() {
        assert_eq!(faults("let a = format!(\"{} customers\", figures.customers);"), 0);
        assert_eq!(faults("let a = \"180 060 customers\";"), 1);
        assert_eq!(faults("html! { div tabindex=\"0\" { (body) } }"), 0);
        assert_eq!(faults("let a = \"one\\\n    and 2\";"), 1);
        assert_eq!(faults("let a = \"{:.1} \\u{202f}\"; let b = [1, 2]; // 3 \"4\""), 0);
        assert_eq!(faults("format!(\"{} hosts\", hosts.len())"), 1);
        assert_eq!(faults("if list.len() > SHOWN { // rows"), 0);
        assert_eq!(faults("\"SHA-256\" '\"' \"a\"\n#[cfg(test)]\n\"1\""), 0);
    }

    #[test]
    fn a_message_takes_its_figures_as_arguments() {
        let mut found = Vec::new();
        catalogue("a.ftl", "a = { $n } hosts\nb = 5 hosts\n    *[1] one\n# 7\n    and 8", &mut found);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
