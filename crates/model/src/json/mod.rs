//! JSON events: one pass over the bytes finds where every value stands; names and texts are made when somebody asks.

mod conflict;
mod flatten;
mod layout;
mod scan;
mod sniff;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::event::{Event, Layout, Shape, Value, Visitor};
use layout::Layouts;

pub use scan::{Entry, Malformed};

/// One JSON object as it stands in a file, and where its values are. Nothing is unescaped or copied.
///
/// Texts that nobody reads are not looked into, so a wrong escape inside one goes unnoticed; structure, literals and
/// numbers are checked when the event is made.
#[derive(Clone, Debug)]
pub struct JsonEvent<'a> {
    raw: &'a str,
    shape: Shape,
    /// Everything scanned; for an event whose layout was learned its scalars only.
    entries: Vec<Entry>,
    /// What was learned from events before.
    layouts: Option<Box<Layouts>>,
    layout: Option<u32>,
}

/// Memory that a reader of many events keeps from one to the next: where values stand, and the layouts learned.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    entries: Vec<Entry>,
    layouts: Option<Box<Layouts>>,
}

impl<'a> JsonEvent<'a> {
    /// Reads one JSON object; `shape` is sniffed from its names where it is not given.
    pub fn new(raw: &'a [u8], shape: Option<Shape>) -> Result<Self, Malformed> {
        Self::make(raw, shape, Memory::default()).map_err(|(fault, _)| fault)
    }

    /// The same, reusing the memory of an event that is done with (`into_buffer`).
    pub fn with_buffer(
        raw: &'a [u8],
        shape: Option<Shape>,
        entries: Vec<Entry>,
    ) -> Result<Self, (Malformed, Vec<Entry>)> {
        let memory = Memory { entries, layouts: None };
        Self::make(raw, shape, memory).map_err(|(fault, memory)| (fault, memory.entries))
    }

    /// The same for readers of many events: learns how events are laid out, and reads those laid out alike faster.
    /// [`JsonEvent::into_memory`] gives the memory back.
    pub fn with_memory(
        raw: &'a [u8],
        shape: Option<Shape>,
        mut memory: Memory,
    ) -> Result<Self, (Malformed, Memory)> {
        memory.layouts.get_or_insert_default();
        Self::make(raw, shape, memory)
    }

    fn make(raw: &'a [u8], asked: Option<Shape>, memory: Memory) -> Result<Self, (Malformed, Memory)> {
        let Memory { mut entries, mut layouts } = memory;
        let raw = match simdutf8::compat::from_utf8(raw) {
            Ok(raw) => raw,
            Err(fault) => {
                let fault = Malformed { at: fault.valid_up_to(), what: Malformed::NO_TEXT };
                return Err((fault, Memory { entries, layouts }));
            }
        };
        entries.clear();
        if let Some(layouts_known) = &mut layouts
            && let Some((shape, layout)) = layouts_known.follow(raw.as_bytes(), asked, &mut entries)
        {
            return Ok(Self { raw, shape, entries, layouts, layout: Some(layout) });
        }
        entries.clear();
        if let Err(fault) = scan::scan(raw.as_bytes(), &mut entries) {
            return Err((fault, Memory { entries, layouts }));
        }
        let shape = asked.unwrap_or_else(|| sniff::sniff(raw, &entries));
        if let Some(layouts) = &mut layouts {
            layouts.learn(raw, asked, shape, &entries);
        }
        Ok(Self { raw, shape, entries, layouts, layout: None })
    }

    /// Gives the memory back for the next event.
    pub fn into_buffer(self) -> Vec<Entry> {
        self.entries
    }

    /// Gives the memory back, with the layouts learned.
    pub fn into_memory(self) -> Memory {
        Memory { entries: self.entries, layouts: self.layouts }
    }
}

impl Event for JsonEvent<'_> {
    fn raw(&self) -> &[u8] {
        self.raw.as_bytes()
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn visit<'e>(&'e self, visitor: &mut dyn Visitor<'e>) {
        let Some(layout) = self.layout() else {
            return flatten::visit(self.raw, self.shape, &self.entries, visitor);
        };
        for (name, place) in layout.fields() {
            if visitor.wants(name) {
                visitor.value(name, self.value_at(place));
            }
            if visitor.done() {
                return;
            }
        }
    }

    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>> {
        match self.layout() {
            Some(layout) => {
                let (_, place) = layout.fields().find(|(it, _)| *it == name)?;
                Some(self.value_at(place))
            }
            None => flatten::get(self.raw, self.shape, &self.entries, name),
        }
    }

    fn raw_holds_values(&self) -> bool {
        true
    }

    fn layout(&self) -> Option<&Arc<Layout>> {
        Some(self.layouts.as_ref()?.get(self.layout?))
    }

    fn value_at(&self, place: u32) -> Value<'_> {
        match self.entries.get(place as usize) {
            Some(entry) if self.layout.is_some() => flatten::value(self.raw, entry),
            _ => Value::Null,
        }
    }
}
