//! Names and the keyed pseudonyms that stand for them: put in, and put back.
//!
//! A name is found in any spelling that [folds](crate::fold) to it, and only where it stands by itself: `alice` in `CORP\alice`, `C:\Users\Alice\x` and
//! `alice-pc`, never in `malice`; `alice2` is hers too, and `kowalska` or `j.doe` are nothing else whatever stands beside them.
//! Names of two characters are words too often: they also need free space from `-` and `_`.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::encoded::withhold;
use crate::error::{Error, Result};
use crate::fold::{Folded, fold};

/// What stands behind a pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bearer {
    /// An account, or the person whose account it is.
    Account,
    /// A person named as such, or how to reach one.
    Person,
}

impl Bearer {
    fn prefix(self) -> &'static str {
        match self {
            Self::Account => "account-",
            Self::Person => "person-",
        }
    }
}

/// What a pseudonym begins with; the last one is the form of the first version.
const PREFIXES: [&str; 3] = ["account-", "person-", "account:"];
/// Lengths of what follows, longest first: with and without the digest of a spelling.
const LENGTHS: [usize; 4] = [41, 32, 25, 16];
/// Hexadecimal digits of a pseudonym; 64 bits, more only where two names share them.
const DIGITS: usize = 16;
/// Names shorter than this are found only away from `-` and `_` too.
const SURE: usize = 3;
/// Names this long are no part of another word when a digit stands beside them.
const LONG: usize = 5;
/// Names this long, or with a mark such as a full stop inside, are found wherever they stand.
const UNMISTAKABLE: usize = 8;
/// Names this long, in bytes, are looked for in other writings too.
const HIDDEN: usize = 3;

/// The names of one case.
pub struct Names {
    key: [u8; 32],
    /// What is written to `mapping.ndjson`: by pseudonym.
    by_pseudonym: BTreeMap<String, String>,
    /// Pseudonym by name, folded.
    by_name: BTreeMap<String, String>,
    /// Names that are hidden: all of them, save while a case is being worked on.
    awake: BTreeSet<String>,
    finder: Option<Finder>,
}

/// The automaton over all names, and the name of each pattern.
struct Finder {
    automaton: AhoCorasick,
    means: Vec<String>,
}

impl Names {
    pub(crate) fn new(key: [u8; 32], by_pseudonym: BTreeMap<String, String>) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for (pseudonym, value) in &by_pseudonym {
            // Of a name's spellings the one whose pseudonym carries no digest is the name.
            let folded = fold(value);
            if !pseudonym.contains('.') || !by_name.contains_key(&folded) {
                by_name.insert(folded, pseudonym.clone());
            }
        }
        let awake = by_name.keys().cloned().collect();
        let mut names = Self { key, by_pseudonym, by_name, awake, finder: None };
        names.prepare()?;
        Ok(names)
    }

    /// The pseudonyms that `names` have under `key`, without any vault: who knows the key can tell who is meant.
    ///
    /// # Errors
    /// When there are too many names for one case.
    pub fn of<'n>(key: [u8; 32], names: impl IntoIterator<Item = (Bearer, &'n str)>) -> Result<Self> {
        let mut all = Self::new(key, BTreeMap::new())?;
        for (bearer, name) in names {
            let name = if bearer == Bearer::Account { bare_name(name) } else { name };
            all.learn(bearer, name.trim());
        }
        all.prepare()?;
        Ok(all)
    }

    /// Whether `text` has the form of a pseudonym.
    pub fn is_pseudonym(text: &str) -> bool {
        let digits = PREFIXES.iter().find_map(|it| text.strip_prefix(it));
        let is_digit = |it: u8| it.is_ascii_hexdigit() || it == b'.';
        digits.is_some_and(|it| LENGTHS.contains(&it.len()) && it.bytes().all(is_digit))
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Every name, folded, sorted.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The name behind a pseudonym.
    pub fn behind(&self, pseudonym: &str) -> Option<&str> {
        self.by_pseudonym.get(pseudonym).map(String::as_str)
    }

    /// The pseudonym of `name`, when it is known.
    pub fn pseudonym(&self, name: &str) -> Option<&str> {
        self.by_name.get(&fold(name)).map(String::as_str)
    }

    /// `text` with every name replaced by its pseudonym, and without words that hide one in another writing; none when it
    /// holds none.
    pub fn veil(&self, text: &str) -> Option<String> {
        let plain = self.veil_plain(text);
        let finder = self.finder.as_ref()?;
        let holds = |it: &str| finder.automaton.find_iter(it).any(|it| it.len() >= HIDDEN);
        let is_named = |it: &str| holds(it) || Folded::readings(it).iter().any(|it| holds(&it.text));
        withhold(plain.as_deref().unwrap_or(text), &is_named).or(plain)
    }

    fn veil_plain(&self, text: &str) -> Option<String> {
        let found = self.find(text);
        if found.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len() + 16 * found.len());
        let mut at = 0;
        for (start, end, name) in found {
            out.push_str(&text[at..start]);
            out.push_str(self.by_name.get(name).map_or("", String::as_str));
            at = end;
        }
        out.push_str(&text[at..]);
        Some(out)
    }

    /// `text` with every pseudonym replaced by the name behind it; none when it holds none.
    pub fn reveal(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        let first = |text: &str| PREFIXES.iter().filter_map(|it| Some((text.find(it)?, it.len()))).min();
        while let Some((start, prefix)) = first(rest) {
            let digits = rest[start + prefix..].bytes();
            let run = digits.take_while(|it| it.is_ascii_hexdigit() || *it == b'.').count();
            // A full stop after a pseudonym may be the sentence's own.
            let ends = LENGTHS.iter().filter(|it| **it <= run).map(|it| start + prefix + it);
            let known = ends.filter_map(|end| Some((end, self.behind(rest.get(start..end)?)?))).next();
            let (end, shown) = known.unwrap_or((start + prefix, &rest[start..start + prefix]));
            out.push_str(&rest[..start]);
            out.push_str(shown);
            rest = &rest[end..];
        }
        out.push_str(rest);
        (out != text).then_some(out)
    }

    /// Takes a name in; returns the line of the mapping that is new by it.
    pub(crate) fn learn(&mut self, bearer: Bearer, name: &str) -> Option<(String, String)> {
        let folded = fold(name);
        if folded.chars().count() < 2 || !self.awake.insert(folded.clone()) {
            return None;
        }
        self.finder = None;
        if self.by_name.contains_key(&folded) {
            return None;
        }
        let digest = self.keyed(&folded);
        let short = format!("{}{}", bearer.prefix(), &digest[..DIGITS]);
        let is_taken = self.by_pseudonym.contains_key(&short);
        let pseudonym = if is_taken { format!("{}{}", bearer.prefix(), &digest[..32]) } else { short };
        let lower: String = name.nfc().collect::<String>().to_lowercase();
        self.by_pseudonym.insert(pseudonym.clone(), lower.clone());
        self.by_name.insert(folded, pseudonym.clone());
        Some((pseudonym, lower))
    }

    /// The pseudonym of a name as it is spelled here, which reads back to the letter; and the new line of the mapping.
    pub(crate) fn spelled(&mut self, text: &str) -> (String, Option<(String, String)>) {
        let plain = self.by_name.get(&fold(text)).cloned().unwrap_or_default();
        if self.behind(&plain) == Some(text) {
            return (plain, None);
        }
        let base = plain.split('.').next().unwrap_or_default();
        let pseudonym = format!("{base}.{}", &self.keyed(text)[..8]);
        let is_new = self.by_pseudonym.insert(pseudonym.clone(), text.to_owned()).is_none();
        (pseudonym.clone(), is_new.then(|| (pseudonym, text.to_owned())))
    }

    /// Hides nobody until a name is learnt again.
    pub(crate) fn sleep(&mut self) -> Result<()> {
        self.awake.clear();
        self.finder = None;
        self.prepare()
    }

    /// Makes names learned since usable.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        if self.finder.is_some() {
            return Ok(());
        }
        let means: Vec<String> = self.awake.iter().cloned().collect();
        let built = AhoCorasick::builder().ascii_case_insensitive(true).build(&means);
        let automaton = built.map_err(|it| Error::Invalid(format!("too many names for one case: {it}")))?;
        self.finder = Some(Finder { automaton, means });
        Ok(())
    }

    /// Names in `text` that stand by themselves: start, end, name; of several at one place the longest, none overlap.
    pub(crate) fn find<'n>(&'n self, text: &str) -> Vec<(usize, usize, &'n str)> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let alone = |text: &str| -> Vec<(usize, usize, usize)> {
            let found = finder.automaton.find_overlapping_iter(text);
            let found = found.map(|it| (it.start(), it.end(), it.pattern().as_usize()));
            found.filter(|(start, end, _)| stands_alone(text, *start, *end)).collect()
        };
        // As it is written, and as it reads: what looks like an escape may be none.
        let mut found = alone(text);
        for folded in Folded::readings(text) {
            found.extend(alone(&folded.text).into_iter().filter_map(|(start, end, pattern)| {
                let (start, end) = folded.origin(start, end)?;
                Some((start, end, pattern))
            }));
        }
        found.sort_by_key(|(start, end, pattern)| (*start, usize::MAX - end, *pattern));
        let mut at = 0;
        let mut kept = Vec::with_capacity(found.len());
        for (start, end, pattern) in found {
            if start >= at {
                kept.push((start, end, finder.means[pattern].as_str()));
                at = end;
            }
        }
        kept
    }

    fn keyed(&self, text: &str) -> String {
        // HMAC takes a key of any length, so this cannot fail; an all-zero digest would merely collide.
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return "0".repeat(64) };
        hex::encode(mac.chain_update(text.as_bytes()).finalize().into_bytes())
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The name of an account without its domain: of `domain\name` and `name@domain` the name.
pub fn bare_name(account: &str) -> &str {
    match account.rsplit_once('\\') {
        Some((_, name)) if !name.is_empty() => name,
        _ => {
            account.split_once('@').map_or(account, |(name, _)| if name.is_empty() { account } else { name })
        }
    }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    // A text that is no name boundary can only come of bytes inside a character.
    let (Some(before), Some(name), Some(after)) = (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return false;
    };
    // A letter with a mark on it is one letter.
    let letters = || name.chars().filter(|it| !is_combining_mark(*it));
    let length = letters().count();
    if PREFIXES.iter().any(|it| before.ends_with(it)) {
        return false;
    }
    if length >= 2 && letters().all(is_unspaced) {
        return true;
    }
    if length >= UNMISTAKABLE || (length >= LONG && letters().any(|it| !it.is_alphanumeric())) {
        return true;
    }
    // Words that look like a short name (`al-script`) are of our alphabet.
    let is_short = length < SURE && name.is_ascii();
    let part = |c: char| {
        let beside = if length >= LONG { c.is_alphabetic() } else { c.is_alphanumeric() };
        beside || is_combining_mark(c) || (is_short && matches!(c, '_' | '-'))
    };
    let is_free_before = !before.ends_with(part) || ends_with_escape(before);
    is_free_before && !after.starts_with(part)
}

/// Whether a letter is of a script that is written without spaces (Han, kana, Hangul, Thai, Lao, Khmer, Burmese): two of them are
/// a whole name, and what stands beside them tells nothing.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether `text` ends with an escaped character (`%5C`, `=5C`, `\u0027`), whose digits belong to no word.
fn ends_with_escape(text: &str) -> bool {
    let escaped = |mark: &str, digits: usize| {
        let Some(at) = text.len().checked_sub(mark.len() + digits) else { return false };
        text.get(at..).is_some_and(|it| {
            it.starts_with(mark) && it.bytes().skip(mark.len()).all(|it| it.is_ascii_hexdigit())
        })
    };
    escaped("%", 2) || escaped("=", 2) || escaped("\\u", 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> Names {
        let mut names = Names::new([1; 32], BTreeMap::new()).unwrap();
        for it in of {
            names.learn(Bearer::Account, it);
        }
        names.prepare().unwrap();
        names
    }

    #[track_caller]
    fn check(of: &[&str], text: &str, expect: &str) {
        let names = names(of);
        let mut shown = names.veil(text).unwrap_or_else(|| text.to_owned());
        for (n, name) in of.iter().enumerate() {
            if let Some(pseudonym) = names.pseudonym(name) {
                shown = shown.replace(pseudonym, &format!("<{n}>"));
            }
        }
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn a_name_is_found_where_it_stands_by_itself() {
        check(
            &["alice"],
            r"CORP\Alice, ALICE@corp.example, C:\Users\alice\a.txt",
            r"CORP\<0>, <0>@corp.example, C:\Users\<0>\a.txt",
        );
        check(&["alice"], "malice alices alice-pc alice_old alice2", "malice alices <0>-pc <0>_old <0>2");
        check(&["kowalska", "j.doe"], "xkowalskas aj.doe2", "x<0>s a<1>2");
        check(&["al"], "al al-script an al. (AL)", "<0> al-script an <0>. (<0>)");
        check(&["\u{674e}\u{660e}"], "ws-\u{674e}\u{660e} x\u{674e}\u{660e}\u{5148}", "ws-<0> x<0>\u{5148}");
        check(&["svc", "svc-backup"], "svc-backup svc svc-backups", "<1> <0> <1>s");
        check(&["jos\u{e9}"], "JOS\u{c9} Jos\u{e9} jos\u{e9}s", "<0> <0> jos\u{e9}s");
        check(
            &["alice"],
            r#"?u=%22alice%22 \u0027alice\u0027 %alice%"#,
            r#"?u=%22<0>%22 \u0027<0>\u0027 %<0>%"#,
        );
        check(&["a"], "a name of one letter is no name", "a name of one letter is no name");
        check(&["o&m"], "O&amp;M o&m", "<0> <0>");
        check(&[], "nobody", "nobody");
    }

    #[test]
    fn pseudonyms_are_not_searched_for_names() {
        // A name that happens to be the digits of another's pseudonym.
        let mut names = names(&["alice"]);
        let digits = names.pseudonym("alice").unwrap().strip_prefix("account-").unwrap().to_owned();
        names.learn(Bearer::Account, &digits);
        names.prepare().unwrap();
        let veiled = names.veil("alice").unwrap();
        assert_eq!(names.veil(&veiled), None);
    }

    #[test]
    fn of_an_account_the_name_alone_counts() {
        for (account, bare) in [
            (r"CORP\alice", "alice"),
            ("bob@corp.example", "bob"),
            ("carol", "carol"),
            ("@x", "@x"),
            (r"x\", r"x\"),
        ] {
            assert_eq!(bare_name(account), bare, "{account}");
        }
    }
}
