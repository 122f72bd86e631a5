//! Bounds on the work that one comparison may make of one value, so that no rule and no event can hold detection up.
//!
//! Regular expressions take time linear in the value, but the factor is the size of the expression: one of a hundred
//! thousand states over a value of a megabyte would take minutes. So what could take too long is first given to a search
//! that gives up when it makes no headway; and what has been given up is told, never taken for "no match" in silence.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, bytes};
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson;
use regex_syntax::hir::{Class, Hir, HirKind};

/// States times bytes that are searched without further ado: at worst well under a second.
const STEPS_MAX: u64 = 1 << 25;

/// Steps that a wildcard pattern may make: places tried times parts compared.
pub const GLOB_STEPS_MAX: u64 = 1 << 24;

/// Most bytes a compiled regular expression may take.
const REGEX_SIZE_MAX: usize = 16 << 20;

/// Most bytes of states that the search that may give up keeps, how often it may forget them, and how many bytes a state
/// must have served for it to go on after that.
const CACHE_MAX: usize = 2 << 20;
const CLEARED_MAX: usize = 3;
const BYTES_PER_STATE_MIN: usize = 10;

/// How a comparison came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Fails,
    /// It would have taken too long.
    GivenUp,
}

impl From<bool> for Verdict {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// A regular expression for texts within ASCII, and what it costs.
#[derive(Debug)]
struct Narrow {
    n_states: u64,
    regex: bytes::Regex,
}

/// A regular expression that knows what it costs.
#[derive(Debug)]
pub struct Bounded {
    pattern: String,
    n_states: u64,
    /// For texts within ASCII, where it finds the same: classes of a few bytes instead of all of Unicode make an automaton
    /// of a tenth of the size. None where the pattern names characters beyond.
    narrow: OnceLock<Option<Narrow>>,
    /// For all texts; none if it would be too large.
    wide: OnceLock<Option<Regex>>,
    /// Made when a value is long enough to need it.
    patient: OnceLock<Option<DFA>>,
}

impl Bounded {
    /// Prepares `pattern`; none if it is none.
    pub fn new(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
        Some(Self {
            pattern: pattern.to_owned(),
            n_states: n_states(&hir),
            narrow: OnceLock::new(),
            wide: OnceLock::new(),
            patient: OnceLock::new(),
        })
    }

    /// Whether the expression is found in `text`.
    pub fn find_in(&self, text: &str) -> Verdict {
        let is_soon = |n_states: u64| n_states.saturating_mul(text.len() as u64) <= STEPS_MAX;
        // What takes too long with all of Unicode often does not within ASCII.
        if text.is_ascii()
            && let Some(narrow) = self.narrow.get_or_init(|| Narrow::new(&self.pattern))
            && is_soon(narrow.n_states)
        {
            return narrow.regex.is_match(text.as_bytes()).into();
        }
        if is_soon(self.n_states) {
            let make = || RegexBuilder::new(&self.pattern).size_limit(REGEX_SIZE_MAX).build().ok();
            let wide = self.wide.get_or_init(make).as_ref();
            return wide.map_or(Verdict::GivenUp, |it| it.is_match(text).into());
        }
        let Some(dfa) = self.patient.get_or_init(|| patient(&self.pattern)) else { return Verdict::GivenUp };
        let mut cache = dfa.create_cache();
        match dfa.try_search_fwd(&mut cache, &Input::new(text).earliest(true)) {
            Ok(found) => found.is_some().into(),
            Err(_) => Verdict::GivenUp,
        }
    }
}

impl Narrow {
    /// Prepares `pattern`; none if it names characters beyond ASCII, or is too large.
    fn new(pattern: &str) -> Option<Self> {
        if !is_narrow(pattern) {
            return None;
        }
        let hir =
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()?;
        let regex =
            bytes::RegexBuilder::new(pattern).unicode(false).size_limit(REGEX_SIZE_MAX).build().ok()?;
        Some(Self { n_states: n_states(&hir), regex })
    }
}

/// Whether a pattern is written in ASCII alone: caselessly, the Kelvin sign is a `k`, and only all of Unicode tells.
fn is_narrow(pattern: &str) -> bool {
    pattern.is_ascii() && ["\\x", "\\u", "\\U"].iter().all(|it| !pattern.contains(it))
}

/// A search that gives up where it would have to make a new state at nearly every byte.
fn patient(pattern: &str) -> Option<DFA> {
    let config = DFA::config()
        .cache_capacity(CACHE_MAX)
        .skip_cache_capacity_check(true)
        .unicode_word_boundary(true)
        .minimum_cache_clear_count(Some(CLEARED_MAX))
        .minimum_bytes_per_state(Some(BYTES_PER_STATE_MIN));
    // Counted repetitions within each other multiply: what is built is bounded, as everywhere.
    let size = thompson::Config::new().nfa_size_limit(Some(REGEX_SIZE_MAX));
    DFA::builder().configure(config).thompson(size).build(pattern).ok()
}

/// About how many states an automaton for `hir` has.
fn n_states(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(it) => it.0.len() as u64,
        // A character beyond ASCII is several bytes.
        HirKind::Class(Class::Unicode(it)) => it.ranges().len() as u64 * 2,
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Repetition(it) => {
            let times = u64::from(it.max.unwrap_or(it.min.saturating_add(1)).max(1));
            n_states(&it.sub).saturating_add(1).saturating_mul(times)
        }
        HirKind::Capture(it) => n_states(&it.sub).saturating_add(2),
        HirKind::Concat(sides) | HirKind::Alternation(sides) => {
            sides.iter().fold(1, |sum: u64, it| sum.saturating_add(n_states(it)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expect: Verdict) {
        assert_eq!(
            Bounded::new(pattern).unwrap().find_in(text),
            expect,
            "{}",
            &pattern[..pattern.len().min(40)]
        );
    }

    #[test]
    fn usual_expressions_are_searched_however_long_the_value_is() {
        let long = "powershell ".repeat(1 << 20);
        check(r"(?i)-enc(odedcommand)?\s+[A-Za-z0-9+/=]{20,}", &long, Verdict::Fails);
        check(r"\w+\s+\w{3,40}$", long.trim_end(), Verdict::Holds);
        let end = format!("{long} -enc {}", "A".repeat(30));
        check(r"(?i)-enc(odedcommand)?\s+[A-Za-z0-9+/=]{20,}", &end, Verdict::Holds);
    }

    proptest! {
        /// What is made for texts within ASCII finds there what the expression finds.
        #[test]
        fn both_forms_find_the_same(
            pattern in r"((?:\(\?[ims]\))?(?:[a-cK\u{212a}é.^$]|\\[wsdbWSDB]|\\x\{212a\}|\[\^?[a-z]{1,2}\]|[*+?|]){0,8})",
            text in "[a-ck K\n0_\u{7f}]{0,12}",
        ) {
            let Some(bounded) = Bounded::new(&pattern) else { return Ok(()) };
            let Ok(wide) = Regex::new(&pattern) else { return Ok(()) };
            prop_assert_eq!(bounded.find_in(&text), Verdict::from(wide.is_match(&text)), "{}", pattern);
        }
    }

    #[test]
    fn what_would_take_for_ever_is_given_up() {
        let pattern = "(a|b)".repeat(5_000);
        check(&pattern, &"a".repeat(1_000), Verdict::Fails);
        check(&pattern, &"a".repeat(100_000), Verdict::GivenUp);
        // Two gigabytes if it were built.
        check("((((a{0,100}){0,100}){0,100}){0,10})z$", &"a".repeat(100), Verdict::GivenUp);
        check("((((a{0,100}){0,100}){0,100}){0,10})é$", &"é".repeat(100), Verdict::GivenUp);
        check("x", &"a".repeat(1 << 26), Verdict::Fails);
    }
}
