//! Memory of what was found before: telemetry repeats its values, and what rules make of a value does not change.
//!
//! Both tables are small, exact (bytes are compared, not only their hashes) and of a fixed number of entries: two places
//! for each hash, and what is newer takes the first.

use bulkhead_model::event::Value;

use super::hash::{of_bytes, of_short, short};
use super::index::Hit;

/// Values remembered.
const VALUES: usize = 4096;
/// Longer values are not remembered.
const LENGTH_MAX: usize = 1536;
/// More hits are not remembered.
const HITS_MAX: usize = 64;
/// Outcomes remembered.
const OUTCOMES: usize = 2048;

/// What was found in values of fields.
#[derive(Debug)]
pub struct ValueMemo {
    slots: Vec<ValueSlot>,
    /// Number of the value remembered last; never given twice.
    last: u64,
}

#[derive(Debug, Default)]
struct ValueSlot {
    hash: u64,
    /// The look and whether the text is escaped.
    look: u64,
    number: u64,
    /// The text's length, and all of a short text.
    length: usize,
    words: [u64; 2],
    /// A longer text.
    raw: Vec<u8>,
    hits: Vec<Hit>,
    /// Whether `hits` was filled.
    known: bool,
}

/// A value remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    slot: usize,
    /// Tells it from every other value of every look.
    pub number: u64,
}

impl Default for ValueMemo {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(ValueSlot::default).take(VALUES).collect(), last: 0 }
    }
}

impl ValueMemo {
    /// The place of a value that look number `look` meets, taken for it if it has none; none for what is too long to be
    /// remembered. A null is no value.
    #[inline]
    pub fn place(&mut self, look: u64, value: Value<'_>) -> Option<Known> {
        let (raw, escaped) = match value {
            Value::Null => return None,
            Value::Bool(it) => (if it { "true" } else { "false" }, false),
            Value::Number(text) => (text, false),
            Value::Text(text) => (text.raw(), text.is_escaped()),
        };
        let raw = raw.as_bytes();
        if raw.len() > LENGTH_MAX {
            return None;
        }
        let look = look << 1 | u64::from(escaped);
        let words = short(raw);
        let hash = match words {
            Some(words) => of_short(look, raw.len(), words),
            None => of_bytes(look, raw),
        };
        let first = hash as usize % VALUES;
        for slot in [first, first ^ 1] {
            let it = &self.slots[slot];
            let same = it.hash == hash && it.look == look && it.length == raw.len() && it.number != 0;
            if same && words.map_or_else(|| it.raw == raw, |words| it.words == words) {
                return Some(Known { slot, number: it.number });
            }
        }
        self.slots.swap(first, first ^ 1);
        self.last += 1;
        let slot = &mut self.slots[first];
        (slot.hash, slot.look, slot.number, slot.known) = (hash, look, self.last, false);
        (slot.length, slot.words) = (raw.len(), words.unwrap_or_default());
        slot.raw.clear();
        if words.is_none() {
            slot.raw.extend_from_slice(raw);
        }
        Some(Known { slot: first, number: self.last })
    }

    /// What was found in the value, if that is remembered.
    #[inline]
    pub fn hits(&self, known: Known) -> Option<&[Hit]> {
        let slot = &self.slots[known.slot];
        (slot.number == known.number && slot.known).then_some(slot.hits.as_slice())
    }

    /// Remembers what was found in the value.
    pub fn found(&mut self, known: Known, hits: &[Hit]) {
        let slot = &mut self.slots[known.slot];
        if slot.number == known.number && hits.len() <= HITS_MAX {
            slot.hits.clear();
            slot.hits.extend_from_slice(hits);
            slot.known = true;
        }
    }
}

/// Which rules matched events with the same values in all fields that the rules read.
#[derive(Debug)]
pub struct OutcomeMemo {
    slots: Vec<OutcomeSlot>,
}

#[derive(Debug, Default)]
struct OutcomeSlot {
    hash: u64,
    /// Numbers of the values, behind that of the program's first look.
    key: Vec<u64>,
    matched: Vec<u32>,
}

impl Default for OutcomeMemo {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(OutcomeSlot::default).take(OUTCOMES).collect() }
    }
}

fn hash_of(key: &[u64]) -> u64 {
    let hash =
        key.iter().fold(0, |hash: u64, it| (hash.rotate_left(5) ^ it).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    hash ^ (hash >> 32)
}

impl OutcomeMemo {
    /// What matched where the values had these numbers.
    #[inline]
    pub fn get(&self, key: &[u64]) -> Option<&[u32]> {
        let hash = hash_of(key);
        let first = hash as usize % OUTCOMES;
        [first, first ^ 1]
            .into_iter()
            .map(|it| &self.slots[it])
            .find(|it| it.hash == hash && it.key == key)
            .map(|it| it.matched.as_slice())
    }

    /// Remembers what matched.
    pub fn put(&mut self, key: &[u64], matched: &[u32]) {
        let hash = hash_of(key);
        let first = hash as usize % OUTCOMES;
        self.slots.swap(first, first ^ 1);
        let slot = &mut self.slots[first];
        slot.hash = hash;
        slot.key.clear();
        slot.key.extend_from_slice(key);
        slot.matched.clear();
        slot.matched.extend_from_slice(matched);
    }
}
