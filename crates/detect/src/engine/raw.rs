//! A search over the raw bytes of an event that spares most events the look into every value that keywords need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use bulkhead_model::bytes::{find_either, is_ascii};
use memchr::memmem;

use super::index::Quick;

/// Most different pieces: the vector search has eight buckets, and the cases of a piece share one.
const PIECES_MAX: usize = 9;
/// Most pieces in all their cases: what the fastest vector search takes, with [`ESCAPES`].
const CASES_MAX: usize = 30;

/// How escapes begin that stand for a character within ASCII, or for one of [`FOLD_TO_ASCII`].
const ESCAPES: [[u8; 3]; 2] = [*b"\\u0", *b"\\u2"];

/// The characters beyond ASCII whose lower case begins with one within: the Kelvin sign and the dotted capital I.
const FOLD_TO_ASCII: [&[u8]; 2] = ["\u{212A}".as_bytes(), "\u{130}".as_bytes()];

/// A search for any of some texts.
#[derive(Debug)]
enum Any {
    Quick(Quick),
    /// Where the texts are too many or too short for a vector search.
    Sure(AhoCorasick),
}

/// Tells from the raw bytes of a JSON event that none of its values can hold any of some texts.
#[derive(Debug)]
pub struct RawFilter {
    /// Looks at the bytes as they stand, for short pieces of the texts in all their cases, and for [`ESCAPES`].
    pieces: Option<Quick>,
    any: Any,
    /// Finds `\u`.
    escape: memmem::Finder<'static>,
}

/// Filters made so far, by their texts: programs for one product have the same keywords.
#[derive(Debug, Default)]
pub struct RawFilters(BTreeMap<Vec<String>, Option<Arc<RawFilter>>>);

impl RawFilters {
    /// As [`RawFilter::new`].
    pub fn filter(&mut self, texts: &[&str]) -> Option<Arc<RawFilter>> {
        let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
        let make = |texts: &Vec<String>| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            RawFilter::new(&texts).map(Arc::new)
        };
        self.0.entry(texts).or_insert_with_key(make).clone()
    }
}

impl RawFilter {
    /// A filter for texts in lower case; none if one of them has no piece that JSON never escapes.
    pub fn new(texts: &[&str]) -> Option<Self> {
        let escaped = |c: char| !c.is_ascii() || c.is_ascii_control() || matches!(c, '"' | '\\' | '/');
        let piece = |it: &str| it.split(escaped).max_by_key(|it| it.len()).unwrap_or_default().to_owned();
        let pieces: Vec<String> = texts.iter().map(|it| piece(it)).collect();
        if pieces.iter().any(|it| it.len() < 2) {
            return None;
        }
        let texts: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let any = match Quick::new(&texts) {
            Some(quick) => Any::Quick(quick),
            None => {
                Any::Sure(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&texts).ok()?)
            }
        };
        let pieces = in_all_cases(&texts).and_then(|it| Quick::new(&[it.as_slice(), &ESCAPES].concat()));
        Some(Self { pieces, any, escape: memmem::Finder::new(b"\\u") })
    }

    /// Whether a value may hold one of the texts; `memory` is reused from event to event.
    pub fn may_match(&self, raw: &[u8], memory: &mut Vec<u8>) -> bool {
        if folds_to_ascii(raw) {
            return true;
        }
        // Most events end here: one look for pieces and escapes.
        if self.pieces.as_ref().is_some_and(|it| !it.is_match(raw)) {
            return false;
        }
        if has_unicode_escape(&self.escape, raw) {
            return true;
        }
        memory.clear();
        memory.extend(raw.iter().map(u8::to_ascii_lowercase));
        match &self.any {
            Any::Quick(quick) => quick.is_match(memory),
            Any::Sure(automaton) => automaton.is_match(&memory[..]),
        }
    }
}

/// Pieces of three characters, few and rare as far as a greedy choice finds them, of which each text (lower case, ASCII)
/// has one; in upper and lower case, and all mixtures. None if that is more than a vector search can look for at once.
fn in_all_cases(texts: &[&str]) -> Option<Vec<[u8; 3]>> {
    let pieces_of =
        |it: &str| it.as_bytes().windows(3).map(|it| [it[0], it[1], it[2]]).collect::<BTreeSet<_>>();
    let mut left: Vec<&str> = texts.to_vec();
    let mut chosen = Vec::new();
    let mut others = Vec::new();
    while !left.is_empty() {
        let mut counts: BTreeMap<[u8; 3], u32> = BTreeMap::new();
        for text in &left {
            let pieces = pieces_of(text);
            if pieces.is_empty() {
                return None;
            }
            pieces.into_iter().for_each(|it| *counts.entry(it).or_default() += 1);
        }
        let cost = |(piece, n): &([u8; 3], u32)| (commonness(piece) + 2) * 64 / n;
        let (piece, _) = counts.into_iter().rev().min_by_key(cost)?;
        left.retain(|it| !pieces_of(it).contains(&piece));
        chosen.push(piece);
        others.extend(cases(piece).into_iter().skip(1));
        if chosen.len() > PIECES_MAX || chosen.len() + others.len() > CASES_MAX {
            return None;
        }
    }
    // The search deals buckets out by position, so that each piece gets its own only if the pieces come first.
    chosen.extend(others);
    Some(chosen)
}

/// A piece in upper and lower case, and all mixtures.
fn cases(piece: [u8; 3]) -> Vec<[u8; 3]> {
    let mut cases = vec![piece];
    for at in (0..3).filter(|it| piece[*it].is_ascii_alphabetic()) {
        for number in 0..cases.len() {
            let mut upper = cases[number];
            upper[at].make_ascii_uppercase();
            cases.push(upper);
        }
    }
    cases
}

/// How often a piece in all its cases will be found in telemetry: a rough weight, as the power of two it is.
fn commonness(piece: &[u8; 3]) -> u32 {
    let of = |it: &u8| match it {
        b'k' | b'v' | b'b' | b'j' | b'x' | b'q' | b'z' => 2,
        b'a'..=b'z' => 3,
        // Names of files and hosts end alike.
        b'.' => 4,
        b'0'..=b'9' | b' ' | b'-' => 3,
        _ => 0,
    };
    piece.iter().map(of).sum()
}

/// Whether a character stands there that [`FOLD_TO_ASCII`] lists.
fn folds_to_ascii(raw: &[u8]) -> bool {
    let [kelvin, dotted] = FOLD_TO_ASCII;
    !is_ascii(raw)
        && find_either(kelvin[0], dotted[0], raw)
            .is_some_and(|from| FOLD_TO_ASCII.iter().any(|it| memmem::find(&raw[from..], it).is_some()))
}

/// Whether `\uXXXX` stands anywhere in a JSON text: a `\u` after an even number of backslashes.
fn has_unicode_escape(escape: &memmem::Finder<'_>, raw: &[u8]) -> bool {
    escape.find_iter(raw).any(|at| raw[..at].iter().rev().take_while(|it| **it == b'\\').count() % 2 == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::text::fold;

    #[test]
    fn pieces_are_few_and_rare() {
        let pieces =
            in_all_cases(&["sekurlsa::", "lsadump::", "gentilkiwi.com", "kiwi legit printer"]).unwrap();
        let lower: BTreeSet<String> =
            pieces.iter().map(|it| String::from_utf8_lossy(it).to_lowercase()).collect();
        assert_eq!(lower.into_iter().collect::<Vec<_>>(), ["a::", "kiw", "p::"]);
        assert_eq!(pieces.len(), 2 + 8 + 2);
        assert_eq!(in_all_cases(&["ab"]), None);
    }

    proptest! {
        /// A value that holds a text in any case, however JSON writes it, is let through.
        #[test]
        fn lets_through_what_holds_a_text(
            texts in prop::collection::vec("[a-dk:. ]{3,6}", 1..5),
            before in "[a-dA-D\\\\\"é\u{212A}]{0,40}",
            picked in any::<prop::sample::Index>(),
            upper in any::<u8>(),
            written in 0_u8..3,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let Some(filter) = RawFilter::new(&texts) else { return Ok(()) };
            let cased = |(at, c): (usize, char)| if upper >> (at % 8) & 1 == 1 { c.to_ascii_uppercase() } else { c };
            let mut text: String = picked.get::<&str>(&texts).char_indices().map(cased).collect();
            if written == 1 {
                text = text.replace('k', "\u{212A}");
            }
            let value = format!("{before}{text}{before}");
            prop_assert!(texts.iter().any(|it| fold(&value).contains(it)));
            let mut raw = serde_json::to_string(&value).unwrap();
            if written == 2 {
                raw = raw.replace('b', "\\u0062");
            }
            prop_assert!(filter.may_match(raw.as_bytes(), &mut Vec::new()), "{raw}");
        }
    }
}
