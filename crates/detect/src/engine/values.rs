//! The values of one event that any rule could read, gathered in one pass; unescaped and folded only when compared.

use bulkhead_model::event::{Event, Value, Visitor};

use crate::expr::PredId;
use crate::field::{FieldId, Fields, KEYWORDS};
use crate::rule::text::fold_into;

/// No index.
const NONE: u32 = u32::MAX;

/// One value, and where its other forms stand once somebody asked for them.
#[derive(Clone, Copy, Debug)]
struct Entry<'e> {
    value: Value<'e>,
    field: FieldId,
    /// The next value of the same field.
    next: u32,
    folded: (u32, u32),
    plain: (u32, u32),
}

/// First and last value of a field, valid within one event.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    stamp: u64,
    first: u32,
    last: u32,
}

/// Memory that is kept from event to event.
#[derive(Debug, Default)]
pub struct Memory {
    slots: Vec<Slot>,
    entries: Vec<Entry<'static>>,
    text: String,
    stamp: u64,
}

impl Memory {
    /// The same, with room for this number of fields.
    #[inline]
    pub fn for_fields(mut self, n_fields: usize) -> Self {
        self.slots.resize(n_fields, Slot::default());
        self
    }
}

/// The values of one event.
#[derive(Debug)]
pub struct Values<'e> {
    slots: Vec<Slot>,
    entries: Vec<Entry<'e>>,
    /// Folded and unescaped texts, one after the other.
    text: String,
    stamp: u64,
    /// First value for keywords, once they were asked for.
    keywords: Option<u32>,
    /// Comparisons with values of this event that would have taken too long.
    pub given_up: Vec<PredId>,
}

struct Collector<'v, 'e> {
    fields: &'v Fields,
    values: &'v mut Values<'e>,
    current: FieldId,
}

impl<'e> Visitor<'e> for Collector<'_, 'e> {
    #[inline]
    fn wants(&mut self, name: &str) -> bool {
        match self.fields.find(name) {
            Some(field) => {
                self.current = field;
                true
            }
            None => false,
        }
    }

    #[inline]
    fn value(&mut self, _: &str, value: Value<'e>) {
        self.values.push(self.current, value);
    }
}

/// Gathers every value, for keywords.
struct Everything<'v, 'e>(&'v mut Vec<Entry<'e>>);

impl<'e> Visitor<'e> for Everything<'_, 'e> {
    fn wants(&mut self, _: &str) -> bool {
        true
    }

    fn value(&mut self, _: &str, value: Value<'e>) {
        if value != Value::Null {
            let next = index(self.0.len() + 1);
            self.0.push(Entry { value, field: KEYWORDS, next, folded: (NONE, 0), plain: (NONE, 0) });
        }
    }
}

fn index(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(NONE)
}

impl<'e> Values<'e> {
    /// Gathers from `event` the values of all `fields`.
    #[inline]
    pub fn gather(memory: Memory, fields: &Fields, event: &'e dyn Event) -> Self {
        let Memory { slots, entries, text, stamp } = memory.for_fields(fields.len());
        let mut values =
            Self { slots, entries, text, stamp: stamp + 1, keywords: None, given_up: Vec::new() };
        values.text.clear();
        let mut collector = Collector { fields, values: &mut values, current: 0 };
        event.visit(&mut collector);
        values
    }

    /// Gathers from `event` the values that stand at `places` of its layout, in their order there.
    #[inline]
    pub fn gather_at(
        memory: Memory,
        places: impl Iterator<Item = (FieldId, u32)>,
        event: &'e dyn Event,
    ) -> Self {
        let Memory { slots, entries, text, stamp } = memory;
        let mut values =
            Self { slots, entries, text, stamp: stamp + 1, keywords: None, given_up: Vec::new() };
        values.text.clear();
        for (field, place) in places {
            values.push(field, event.value_at(place));
        }
        values
    }

    /// Gives the memory back.
    pub fn into_memory(self) -> Memory {
        Memory { slots: self.slots, entries: recycle(self.entries), text: self.text, stamp: self.stamp }
    }

    #[inline]
    fn push(&mut self, field: FieldId, value: Value<'e>) {
        let at = index(self.entries.len());
        self.entries.push(Entry { value, field, next: NONE, folded: (NONE, 0), plain: (NONE, 0) });
        let slot = &mut self.slots[field as usize];
        if slot.stamp == self.stamp {
            self.entries[slot.last as usize].next = at;
            slot.last = at;
        } else {
            *slot = Slot { stamp: self.stamp, first: at, last: at };
        }
    }

    /// Field and value of every number given so far, keywords included.
    #[inline]
    pub fn all(&self) -> impl Iterator<Item = (FieldId, Value<'e>)> + '_ {
        self.entries.iter().map(|it| (it.field, it.value))
    }

    /// Field and value of number `at`.
    #[inline]
    pub fn at(&self, at: u32) -> (FieldId, Value<'e>) {
        let entry = &self.entries[at as usize];
        (entry.field, entry.value)
    }

    /// Number of the first value of `field`.
    #[inline]
    pub fn first(&self, field: FieldId) -> Option<u32> {
        let slot = self.slots.get(field as usize)?;
        (slot.stamp == self.stamp).then_some(slot.first)
    }

    /// Number of the first value for keywords: every value of the event.
    pub fn first_keyword(&mut self, event: &'e dyn Event) -> Option<u32> {
        let first = match self.keywords {
            Some(first) => first,
            None => {
                let first = index(self.entries.len());
                event.visit(&mut Everything(&mut self.entries));
                if self.entries.len() > first as usize
                    && let Some(last) = self.entries.last_mut()
                {
                    last.next = NONE;
                }
                self.keywords = Some(first);
                first
            }
        };
        ((first as usize) < self.entries.len()).then_some(first)
    }

    /// The value after `at` of the same field.
    #[inline]
    pub fn next(&self, at: u32) -> Option<u32> {
        let next = self.entries[at as usize].next;
        (next != NONE).then_some(next)
    }

    /// The value itself.
    #[inline]
    pub fn value(&self, at: u32) -> Value<'e> {
        self.entries[at as usize].value
    }

    /// The value's text.
    pub fn plain(&mut self, at: u32) -> &str {
        let entry = &mut self.entries[at as usize];
        match entry.value {
            Value::Null => return "",
            Value::Bool(it) => return if it { "true" } else { "false" },
            Value::Number(text) => return text,
            Value::Text(text) if !text.is_escaped() => return text.raw(),
            Value::Text(text) => {
                if entry.plain.0 == NONE {
                    let from = self.text.len();
                    text.decode_into(&mut self.text);
                    entry.plain = (index(from), index(self.text.len()));
                }
            }
        }
        let (from, to) = entry.plain;
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The value's text in lower case.
    #[inline]
    pub fn folded(&mut self, at: u32) -> &str {
        let entry = &mut self.entries[at as usize];
        if entry.folded.0 == NONE {
            let from = self.text.len();
            fold_value(entry.value, &mut self.text);
            entry.folded = (index(from), index(self.text.len()));
        }
        let (from, to) = entry.folded;
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

fn fold_value(value: Value<'_>, out: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(it) => out.push_str(if it { "true" } else { "false" }),
        Value::Number(text) => fold_into(text, out),
        Value::Text(text) if !text.is_escaped() => fold_into(text.raw(), out),
        Value::Text(text) => {
            let from = out.len();
            text.decode_into(out);
            if out[from..].is_ascii() {
                out[from..].make_ascii_lowercase();
            } else {
                let plain = out.split_off(from);
                fold_into(&plain, out);
            }
        }
    }
}

/// The same allocation for entries of another event: nothing lives in it, so only its type changes.
fn recycle<'a, 'b>(mut entries: Vec<Entry<'a>>) -> Vec<Entry<'b>> {
    entries.clear();
    entries.into_iter().map(|it| Entry { value: Value::Null, ..it }).collect()
}
