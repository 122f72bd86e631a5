//! An event with fields that its record does not spell out.

use std::borrow::Cow;

use bulkhead_model::event::{Event, Shape, Text, Value, Visitor};

/// `event`, and before its fields some more.
pub(crate) struct With<'a> {
    pub(crate) event: &'a dyn Event,
    pub(crate) more: Vec<(&'static str, Cow<'a, str>)>,
}

impl Event for With<'_> {
    fn raw(&self) -> &[u8] {
        self.event.raw()
    }

    fn shape(&self) -> Shape {
        self.event.shape()
    }

    fn visit<'e>(&'e self, visitor: &mut dyn Visitor<'e>) {
        for (name, value) in &self.more {
            if visitor.wants(name) {
                visitor.value(name, Value::Text(Text::plain(value)));
            }
        }
        self.event.visit(visitor);
    }

    fn get<'e>(&'e self, name: &str) -> Option<Value<'e>> {
        match self.more.iter().find(|(it, _)| *it == name) {
            Some((_, value)) => Some(Value::Text(Text::plain(value))),
            None => self.event.get(name),
        }
    }
}
