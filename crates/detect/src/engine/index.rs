//! One multi-pattern index for the values of one field: which comparisons hold for a text, found in one look.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::dfa::{self, DFA};
use aho_corasick::nfa::{contiguous, noncontiguous};
use aho_corasick::packed::{MatchKind as PackedKind, Searcher};
use aho_corasick::{Input, MatchKind};
use memchr::memmem::Finder;

use super::hash::FastHash;
use super::raw::{RawFilter, RawFilters};
use crate::matcher::number;

/// What a hit tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Program's number of the comparison.
    pub pred: u32,
    /// Whether the comparison holds; otherwise it only may, and is still to be made.
    pub sure: bool,
}

/// Patterns by kind, all in lower case.
#[derive(Debug, Default)]
pub struct Patterns {
    pub equals: Vec<(String, Hit)>,
    /// Whole numbers, by their decimal text; they also match other spellings of the same number.
    pub numbers: Vec<(String, Hit)>,
    pub prefixes: Vec<(String, Hit)>,
    pub suffixes: Vec<(String, Hit)>,
    pub contains: Vec<(String, Hit)>,
    /// Comparisons to be tried whenever the field has a value.
    pub present: Vec<Hit>,
}

impl Patterns {
    /// A filter over raw bytes that lets every event through in which one of the patterns can be found.
    pub fn raw_filter(&self, filters: &mut RawFilters) -> Option<Arc<RawFilter>> {
        if !self.present.is_empty() {
            return None;
        }
        let lists = [&self.equals, &self.numbers, &self.prefixes, &self.suffixes, &self.contains];
        let texts: Vec<&str> = lists.into_iter().flatten().map(|it| it.0.as_str()).collect();
        filters.filter(&texts)
    }
}

/// The index of a field's values, made when the first value is looked up: most fields that rules for one kind of event
/// read never stand in it.
#[derive(Debug)]
pub struct TextIndex {
    patterns: Patterns,
    automata: Arc<Automata>,
    made: OnceLock<Made>,
}

/// The index as it is searched.
#[derive(Debug)]
struct Made {
    equals: HashMap<String, Vec<Hit>, FastHash>,
    numbers: bool,
    prefixes: Option<Trie>,
    suffixes: Option<Trie>,
    contains: Option<Contains>,
    present: Vec<Hit>,
}

#[derive(Debug)]
enum Contains {
    /// A few texts, each with its own search.
    Few(Vec<(Finder<'static>, Vec<Hit>)>),
    /// Many texts at once.
    Many {
        automaton: Arc<Many>,
        hits: Vec<Vec<Hit>>,
        /// Tells quickly that nothing matches, for sets small enough for a vector search.
        any: Option<Quick>,
    },
}

/// Searches for many texts that programs of one rule set have made: those for events of different kinds often look for the same.
#[derive(Debug, Default)]
pub struct Automata(Mutex<Vec<Weak<Many>>>);

impl Automata {
    /// The search for `texts`, shared with whoever looks for the same.
    fn many(&self, texts: &[&str]) -> Option<Arc<Many>> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|it| it.strong_count() > 0);
        if let Some(same) = made.iter().filter_map(Weak::upgrade).find(|it| it.texts == texts) {
            return Some(same);
        }
        let many = Arc::new(Many::new(texts)?);
        made.push(Arc::downgrade(&many));
        Some(many)
    }
}

/// Many texts in one search: first one that is quickly made, then, once much was searched, one that searches quickly.
#[derive(Debug)]
struct Many {
    /// What is looked for.
    texts: Vec<String>,
    first: contiguous::NFA,
    fast: OnceLock<Option<DFA>>,
    /// What the fast one is made of.
    source: Mutex<Option<noncontiguous::NFA>>,
    /// Bytes searched so far.
    searched: AtomicUsize,
    /// Bytes after which the fast one pays; none where it would take too much memory.
    fast_from: Option<usize>,
}

/// Most texts that are looked for one by one.
const FEW_MAX: usize = 5;
/// Most texts for which the fastest automaton is worth its memory.
const DFA_MAX: usize = 1000;
/// Bytes searched for each byte of the texts until the fastest automaton has paid for being made.
const DFA_PAYS: usize = 64;
/// More places than this in one value, and texts are looked for one by one: `a`, `aa`, `aaa` in a long row of `a` stand in
/// as many places as the product of both.
const OVERLAPS_MAX: usize = 4096;
/// Most patterns for which a vector search for any of them pays.
const QUICK_MAX: usize = 48;

impl TextIndex {
    /// An index of `patterns`, with searches out of `automata`.
    pub fn new(patterns: Patterns, automata: Arc<Automata>) -> Self {
        Self { patterns, automata, made: OnceLock::new() }
    }

    /// How many patterns of each kind, for people who tune.
    pub fn describe(&self) -> String {
        let Patterns { equals, numbers, prefixes, suffixes, contains, present } = &self.patterns;
        format!(
            "eq{} pre{} suf{} con{} any{}",
            equals.len() + numbers.len(),
            prefixes.len(),
            suffixes.len(),
            contains.len(),
            present.len()
        )
    }

    /// Calls `hit` for every comparison that holds, or may hold, for `text` (lower case).
    #[inline]
    pub fn find(&self, text: &str, hit: impl FnMut(Hit)) {
        self.made.get_or_init(|| Made::new(&self.patterns, &self.automata)).find(text, hit);
    }
}

impl Made {
    fn new(patterns: &Patterns, automata: &Automata) -> Self {
        let mut equals: HashMap<String, Vec<Hit>, FastHash> = HashMap::default();
        let numbers = !patterns.numbers.is_empty();
        for (text, hit) in patterns.equals.iter().chain(&patterns.numbers) {
            equals.entry(text.clone()).or_default().push(*hit);
        }
        Self {
            equals,
            numbers,
            prefixes: Trie::new(&patterns.prefixes, false),
            suffixes: Trie::new(&patterns.suffixes, true),
            contains: Contains::new(&patterns.contains, automata),
            present: patterns.present.clone(),
        }
    }

    #[inline]
    fn find(&self, text: &str, mut hit: impl FnMut(Hit)) {
        self.present.iter().for_each(|it| hit(*it));
        if !self.equals.is_empty() {
            if let Some(hits) = self.equals.get(text) {
                hits.iter().for_each(|it| hit(*it));
            }
            if self.numbers {
                self.odd_number(text, &mut hit);
            }
        }
        if let Some(trie) = &self.prefixes {
            trie.walk(text.bytes(), &mut hit);
        }
        if let Some(trie) = &self.suffixes {
            trie.walk(text.bytes().rev(), &mut hit);
        }
        if let Some(contains) = &self.contains {
            contains.find(text, &mut hit);
        }
    }

    /// Numbers spelt otherwise than rules are compiled to: `4624.0`, `+1`, `007`, `1e3`.
    fn odd_number(&self, text: &str, hit: &mut impl FnMut(Hit)) {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let usual = !digits.is_empty()
            && digits.bytes().all(|it| it.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'))
            && digits.len() < 16;
        if usual {
            return;
        }
        let Some(value) = number(text) else { return };
        let Some(usual) = crate::matcher::Number::new(value).as_whole() else { return };
        if usual != text
            && let Some(hits) = self.equals.get(&usual)
        {
            hits.iter().filter(|it| !it.sure).for_each(|it| hit(*it));
        }
    }
}

impl Contains {
    fn new(patterns: &[(String, Hit)], automata: &Automata) -> Option<Self> {
        let mut by_text: Vec<(&str, Vec<Hit>)> = Vec::new();
        let mut sorted: Vec<&(String, Hit)> = patterns.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        for (text, hit) in sorted {
            match by_text.last_mut() {
                Some((last, hits)) if last == text => hits.push(*hit),
                _ => by_text.push((text, vec![*hit])),
            }
        }
        if by_text.is_empty() {
            return None;
        }
        if by_text.len() <= FEW_MAX {
            let few =
                by_text.into_iter().map(|(text, hits)| (Finder::new(text.as_bytes()).into_owned(), hits));
            return Some(Self::Few(few.collect()));
        }
        let (texts, hits): (Vec<&str>, Vec<Vec<Hit>>) = by_text.into_iter().unzip();
        let any = Quick::new(&texts);
        Some(Self::Many { automaton: automata.many(&texts)?, hits, any })
    }

    fn find(&self, text: &str, hit: &mut impl FnMut(Hit)) {
        match self {
            Self::Few(few) => {
                for (finder, hits) in few {
                    if finder.find(text.as_bytes()).is_some() {
                        hits.iter().for_each(|it| hit(*it));
                    }
                }
            }
            Self::Many { automaton, hits, any } => {
                if any.as_ref().is_some_and(|it| !it.is_match(text.as_bytes())) {
                    return;
                }
                let found = match automaton.fast(text) {
                    Some(fast) => overlapping(fast, text, hits, hit),
                    None => overlapping(&automaton.first, text, hits, hit),
                };
                if found.is_break() {
                    each_by_itself(&automaton.texts, hits, text, hit);
                }
            }
        }
    }
}

impl Many {
    fn new(texts: &[&str]) -> Option<Self> {
        let length: usize = texts.iter().map(|it| it.len()).sum();
        let mut builder = noncontiguous::Builder::new();
        let source = builder.match_kind(MatchKind::Standard).prefilter(false).build(texts).ok()?;
        let first = contiguous::Builder::new().prefilter(false).build_from_noncontiguous(&source).ok()?;
        let fast_from = (texts.len() <= DFA_MAX).then(|| length.saturating_mul(DFA_PAYS));
        Some(Self {
            texts: texts.iter().map(|it| (*it).to_owned()).collect(),
            first,
            fast: OnceLock::new(),
            source: Mutex::new(fast_from.map(|_| source)),
            searched: AtomicUsize::new(0),
            fast_from,
        })
    }

    /// The fast search, once it has paid to make it for texts such as `text`; it finds the same.
    #[inline]
    fn fast(&self, text: &str) -> Option<&DFA> {
        if let Some(fast) = self.fast.get() {
            return fast.as_ref();
        }
        let searched = self.searched.fetch_add(text.len(), Ordering::Relaxed);
        if self.fast_from.is_none_or(|it| searched < it) {
            return None;
        }
        let make = || {
            let source = self.source.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            dfa::Builder::new().prefilter(false).build_from_noncontiguous(&source).ok()
        };
        self.fast.get_or_init(make).as_ref()
    }
}

/// Calls `hit` for all that stands in `text`; breaks off where that is in too many places.
fn overlapping(
    automaton: &impl Automaton,
    text: &str,
    hits: &[Vec<Hit>],
    hit: &mut impl FnMut(Hit),
) -> ControlFlow<()> {
    let (input, mut state) = (Input::new(text), OverlappingState::start());
    for _ in 0..OVERLAPS_MAX {
        // Searches of this kind of automaton, from anywhere in the text, do not fail.
        if automaton.try_find_overlapping(&input, &mut state).is_err() {
            return ControlFlow::Break(());
        }
        let Some(found) = state.get_match() else { return ControlFlow::Continue(()) };
        hits[found.pattern().as_usize()].iter().for_each(|it| hit(*it));
    }
    ControlFlow::Break(())
}

/// Calls `hit` once for each of `texts` that stands in `text`.
fn each_by_itself(texts: &[String], hits: &[Vec<Hit>], text: &str, hit: &mut impl FnMut(Hit)) {
    for (needle, hits) in texts.iter().zip(hits) {
        if memchr::memmem::find(text.as_bytes(), needle.as_bytes()).is_some() {
            hits.iter().for_each(|it| hit(*it));
        }
    }
}

/// A vector search for any of a few texts.
#[derive(Debug)]
pub struct Quick(Searcher);

impl Quick {
    /// A search; none where it would not pay.
    pub fn new<T: AsRef<[u8]>>(texts: &[T]) -> Option<Self> {
        if texts.len() > QUICK_MAX || texts.iter().any(|it| it.as_ref().len() < 3) {
            return None;
        }
        let mut config = aho_corasick::packed::Config::new();
        config.match_kind(PackedKind::LeftmostFirst);
        config.builder().extend(texts).build().map(Self)
    }

    /// Whether one of the texts stands in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.find(text).is_some()
    }
}

/// A byte trie, walked from one end of a text until it leads nowhere.
#[derive(Debug)]
struct Trie {
    nodes: Vec<TrieNode>,
    edges: Vec<(u8, u32)>,
    hits: Vec<Hit>,
    /// Children of the root, by byte; 0 is none.
    root: Box<[u32; 256]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct TrieNode {
    edges: (u32, u32),
    hits: (u32, u32),
}

#[derive(Default)]
struct Draft {
    children: std::collections::BTreeMap<u8, usize>,
    hits: Vec<Hit>,
}

impl Trie {
    fn new(patterns: &[(String, Hit)], backwards: bool) -> Option<Self> {
        if patterns.is_empty() {
            return None;
        }
        let mut drafts = vec![Draft::default()];
        for (text, hit) in patterns {
            let mut at = 0;
            let mut step = |byte: u8| {
                let next = drafts.len();
                let found = *drafts[at].children.entry(byte).or_insert(next);
                if found == next {
                    drafts.push(Draft::default());
                }
                at = found;
            };
            if backwards {
                text.bytes().rev().for_each(&mut step);
            } else {
                text.bytes().for_each(&mut step);
            }
            drafts[at].hits.push(*hit);
        }
        let mut trie = Self {
            nodes: Vec::with_capacity(drafts.len()),
            edges: Vec::new(),
            hits: Vec::new(),
            root: Box::new([0; 256]),
        };
        let size = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        for draft in &drafts {
            let edges = size(trie.edges.len());
            trie.edges.extend(draft.children.iter().map(|(byte, to)| (*byte, size(*to))));
            let hits = size(trie.hits.len());
            trie.hits.extend(&draft.hits);
            trie.nodes.push(TrieNode {
                edges: (edges, size(trie.edges.len())),
                hits: (hits, size(trie.hits.len())),
            });
        }
        for (byte, to) in &drafts[0].children {
            trie.root[usize::from(*byte)] = size(*to);
        }
        Some(trie)
    }

    #[inline]
    fn walk(&self, mut bytes: impl Iterator<Item = u8>, hit: &mut impl FnMut(Hit)) {
        self.report(0, hit);
        let Some(first) = bytes.next() else { return };
        let mut at = self.root[usize::from(first)] as usize;
        if at == 0 {
            return;
        }
        self.report(at, hit);
        for byte in bytes {
            let (from, to) = self.nodes[at].edges;
            let edges = &self.edges[from as usize..to as usize];
            let Some((_, next)) = edges.iter().find(|it| it.0 == byte) else { return };
            at = *next as usize;
            self.report(at, hit);
        }
    }

    #[inline]
    fn report(&self, node: usize, hit: &mut impl FnMut(Hit)) {
        let (from, to) = self.nodes[node].hits;
        if from != to {
            self.hits[from as usize..to as usize].iter().for_each(|it| hit(*it));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbered(texts: &[String], first: usize) -> Vec<(String, Hit)> {
        let hit = |it: usize| Hit { pred: u32::try_from(it).unwrap(), sure: true };
        texts.iter().enumerate().map(|(index, text)| (text.clone(), hit(first + index))).collect()
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            texts in prop::collection::vec("[ab\\\\.é]{0,4}", 1..12),
            haystack in "[ab\\\\.é]{0,10}",
        ) {
            let n = texts.len();
            let patterns = Patterns {
                equals: numbered(&texts, 0),
                prefixes: numbered(&texts, n),
                suffixes: numbered(&texts, 2 * n),
                contains: numbered(&texts, 3 * n),
                ..Patterns::default()
            };
            let index = TextIndex::new(patterns, Arc::default());
            let mut got = std::collections::BTreeSet::new();
            index.find(&haystack, |it| { got.insert(it.pred as usize); });
            let mut expect = std::collections::BTreeSet::new();
            for (at, text) in texts.iter().enumerate() {
                let text = text.as_str();
                let holds = [haystack == text, haystack.starts_with(text), haystack.ends_with(text), haystack.contains(text)];
                expect.extend(holds.iter().enumerate().filter(|it| *it.1).map(|(kind, _)| kind * n + at));
            }
            prop_assert_eq!(got, expect);
        }
    }
}
