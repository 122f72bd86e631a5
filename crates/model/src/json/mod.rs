//! JSON events: one pass over the bytes finds where every value stands; names and texts are made when somebody asks.

mod flatten;
mod scan;
#[cfg(test)]
mod tests;

use crate::event::{Event, Shape, Value, Visitor};

pub use scan::{Entry, Malformed};

/// One JSON object as it stands in a file, and where its values are. Nothing is unescaped or copied.
///
/// Texts that nobody reads are not looked into, so a wrong escape inside one goes unnoticed; structure, literals and
/// numbers are checked when the event is made.
#[derive(Clone, Debug)]
pub struct JsonEvent<'a> {
    raw: &'a str,
    shape: Shape,
    entries: Vec<Entry>,
}

impl<'a> JsonEvent<'a> {
    /// Reads one JSON object; `shape` is sniffed from its names where it is not given.
    pub fn new(raw: &'a [u8], shape: Option<Shape>) -> Result<Self, Malformed> {
        Self::with_buffer(raw, shape, Vec::new()).map_err(|(fault, _)| fault)
    }

    /// The same, reusing the memory of an event that is done with (`into_buffer`).
    pub fn with_buffer(
        raw: &'a [u8],
        shape: Option<Shape>,
        mut entries: Vec<Entry>,
    ) -> Result<Self, (Malformed, Vec<Entry>)> {
        entries.clear();
        let raw = match simdutf8::compat::from_utf8(raw) {
            Ok(raw) => raw,
            Err(fault) => {
                let fault = Malformed { at: fault.valid_up_to(), what: "this is not UTF-8" };
                return Err((fault, entries));
            }
        };
        if let Err(fault) = scan::scan(raw.as_bytes(), &mut entries) {
            return Err((fault, entries));
        }
        let shape = shape.unwrap_or_else(|| flatten::sniff(raw, &entries));
        Ok(Self { raw, shape, entries })
    }

    /// Gives the memory back for the next event.
    pub fn into_buffer(self) -> Vec<Entry> {
        self.entries
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
        flatten::visit(self.raw, self.shape, &self.entries, visitor);
    }

    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>> {
        flatten::get(self.raw, self.shape, &self.entries, name)
    }

    fn raw_holds_values(&self) -> bool {
        true
    }
}
