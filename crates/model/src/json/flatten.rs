//! Names as Sigma rules use them: Windows nesting undone, other nesting joined with dots, arrays repeated per element.

use std::borrow::Cow;

use super::conflict::{Conflicts, Section};
use super::scan::{Entry, Kind};
use crate::bytes::find;
use crate::event::{Shape, Text, Value, Visitor};

/// How names below a nested object are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Prefix, dot, key.
    Dotted,
    /// The key alone, prefix dropped (what Windows calls `EventData`).
    Bare,
    /// The key alone, below one more level that is dropped (`UserData`).
    BareBelow,
    /// Prefix, underscore, key: an XML attribute (`Provider_Name`).
    Attributes,
    /// winlogbeat's `winlog`: its own members have names in Windows' terms.
    Winlog,
    /// `Event` of an EVTX record: members decide.
    Root,
}

/// Takes the fields that a walk over an event comes by.
pub(super) trait Sink {
    /// The scalar of entry number `entry`, as the field `name`.
    fn field(&mut self, name: &str, entry: usize);

    /// Whether no more fields are wanted.
    fn done(&self) -> bool {
        false
    }

    /// Is told in which part of a Windows event the fields that follow stand.
    fn section(&mut self, _section: Section) {}
}

/// Shows every field to `visitor`.
pub(super) fn visit<'e>(raw: &'e str, shape: Shape, entries: &'e [Entry], visitor: &mut dyn Visitor<'e>) {
    struct Shown<'e, 'v> {
        raw: &'e str,
        entries: &'e [Entry],
        visitor: &'v mut dyn Visitor<'e>,
    }
    impl Sink for Shown<'_, '_> {
        fn field(&mut self, name: &str, entry: usize) {
            if self.visitor.wants(name) {
                self.visitor.value(name, value(self.raw, &self.entries[entry]));
            }
        }
        fn done(&self) -> bool {
            self.visitor.done()
        }
    }
    Walk::new(raw, shape, entries, &mut Shown { raw, entries, visitor }).run();
}

/// Name and entry of every field, in the order [`visit`] shows them.
pub(super) fn names(raw: &str, shape: Shape, entries: &[Entry]) -> Vec<(Box<str>, usize)> {
    struct Named(Vec<(Box<str>, usize)>);
    impl Sink for Named {
        fn field(&mut self, name: &str, entry: usize) {
            self.0.push((name.into(), entry));
        }
    }
    let mut named = Named(Vec::new());
    Walk::new(raw, shape, entries, &mut named).run();
    named.0
}

/// The first value of the field `name`.
pub(super) fn get<'e>(raw: &'e str, shape: Shape, entries: &'e [Entry], name: &str) -> Option<Value<'e>> {
    struct First<'n> {
        name: &'n str,
        found: Option<usize>,
    }
    impl Sink for First<'_> {
        fn field(&mut self, name: &str, entry: usize) {
            if self.found.is_none() && name == self.name {
                self.found = Some(entry);
            }
        }
        fn done(&self) -> bool {
            self.found.is_some()
        }
    }
    let mut first = First { name, found: None };
    Walk::new(raw, shape, entries, &mut first).run();
    Some(value(raw, &entries[first.found?]))
}

fn slice(raw: &str, start: u32, end: u32) -> &str {
    raw.get(start as usize..end as usize).unwrap_or_default()
}

pub(super) fn key<'e>(raw: &'e str, entry: &Entry) -> &'e str {
    slice(raw, entry.key_start, entry.key_end)
}

fn is_escaped(text: &str) -> bool {
    find(b'\\', text.as_bytes()).is_some()
}

/// A key as a field's name: unescaped, and for Windows without spaces.
fn field_name(key: &str, windows: bool) -> Cow<'_, str> {
    let special = |it: &u8| *it == b'\\' || (windows && *it == b' ');
    if !key.as_bytes().iter().any(special) {
        return Cow::Borrowed(key);
    }
    let mut name =
        if is_escaped(key) { Text::json_escaped(key).decode().into_owned() } else { key.to_owned() };
    if windows {
        name.retain(|c| c != ' ');
    }
    Cow::Owned(name)
}

/// The name in Windows' terms of what shippers call otherwise.
pub(super) fn windows_alias(name: &str) -> Option<&'static str> {
    // Most names are told apart by their first letter.
    if !matches!(name.as_bytes().first(), Some(b'S' | b's' | b'P' | b'p' | b'H' | b'c' | b'e' | b'l')) {
        return None;
    }
    Some(match name {
        "SourceName" | "source_name" | "ProviderName" | "provider_name" => "Provider_Name",
        "Hostname" | "computer_name" => "Computer",
        "event_id" => "EventID",
        "log_name" | "channel" => "Channel",
        _ => return None,
    })
}

pub(super) fn value<'e>(raw: &'e str, entry: &Entry) -> Value<'e> {
    let text = slice(raw, entry.start, entry.end);
    match entry.kind {
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::Number => Value::Number(text),
        Kind::Escaped => Value::Text(Text::json_escaped(text)),
        Kind::Text => Value::Text(Text::plain(text)),
        Kind::Null | Kind::Object | Kind::Array => Value::Null,
    }
}

pub(super) struct Walk<'e, 's, S> {
    raw: &'e str,
    entries: &'e [Entry],
    windows: bool,
    zeek: bool,
    /// Names that header and data of this event both have.
    conflicts: Conflicts,
    section: Section,
    sink: &'s mut S,
    /// Names under construction; the current one begins at `start`.
    names: String,
    start: usize,
}

impl<'e, 's, S: Sink> Walk<'e, 's, S> {
    fn new(raw: &'e str, shape: Shape, entries: &'e [Entry], sink: &'s mut S) -> Self {
        let windows = shape == Shape::Windows;
        let conflicts = if windows { Conflicts::find(raw, entries) } else { Conflicts::default() };
        Self { windows, zeek: shape == Shape::Zeek, ..Self::of_windows(raw, entries, conflicts, sink) }
    }

    /// A walk over a Windows event of which header and data have names in common.
    pub(super) fn of_windows(
        raw: &'e str,
        entries: &'e [Entry],
        conflicts: Conflicts,
        sink: &'s mut S,
    ) -> Self {
        let section = Section::Header;
        Self {
            raw,
            entries,
            windows: true,
            zeek: false,
            conflicts,
            section,
            sink,
            names: String::new(),
            start: 0,
        }
    }

    pub(super) fn run(mut self) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            let name = field_name(key(self.raw, entry), self.windows);
            if entry.kind == Kind::Array && self.only_scalars(index) {
                for element in index + 1..entry.next as usize {
                    self.conflicts.field(self.sink, self.section, &name, element);
                }
            } else if matches!(entry.kind, Kind::Object | Kind::Array) {
                let rule = if self.windows { windows_rule(&name) } else { Rule::Dotted };
                self.names.clear();
                self.names.push_str(&name);
                self.start = 0;
                self.enter(&name);
                self.nested(index, rule);
                self.enter("System");
            } else {
                self.conflicts.field(self.sink, self.section, &name, index);
                let alias =
                    if self.windows { windows_alias(&name) } else { zeek_alias(&name).filter(|_| self.zeek) };
                if let Some(alias) = alias {
                    self.conflicts.field(self.sink, self.section, alias, index);
                }
            }
            if self.sink.done() {
                return;
            }
            index = entry.next as usize;
        }
    }

    /// Notes the part of a Windows event that its member `name` begins.
    fn enter(&mut self, name: &str) {
        let section = match name {
            _ if !self.windows => return,
            "EventData" | "event_data" | "UserData" | "user_data" => Section::Data,
            "System" => Section::Header,
            _ => return,
        };
        if section != self.section {
            self.section = section;
            self.sink.section(section);
        }
    }

    /// Whether the array at `index` holds neither objects nor arrays.
    fn only_scalars(&self, index: usize) -> bool {
        let inside = &self.entries[index + 1..self.entries[index].next as usize];
        inside.iter().all(|it| !matches!(it.kind, Kind::Object | Kind::Array))
    }

    /// What stands inside the object or array at `index`, whose name is the current one.
    fn nested(&mut self, index: usize, rule: Rule) {
        let outer = self.entries[index];
        let mut inner = index + 1;
        while inner < outer.next as usize {
            let entry = self.entries[inner];
            if outer.kind == Kind::Object {
                self.member(inner, &entry, rule);
            } else if matches!(entry.kind, Kind::Object | Kind::Array) {
                self.nested(inner, rule);
            } else {
                self.conflicts.field(self.sink, self.section, &self.names[self.start..], inner);
            }
            inner = entry.next as usize;
        }
    }

    /// One member of an object whose name is the current one.
    fn member(&mut self, index: usize, entry: &Entry, rule: Rule) {
        let (length, start) = (self.names.len(), self.start);
        let key = field_name(key(self.raw, entry), self.windows);
        let below = self.descend(&key, rule);
        if matches!(entry.kind, Kind::Object | Kind::Array) {
            let section = self.section;
            if matches!(rule, Rule::Root | Rule::Winlog) {
                self.enter(&key);
            }
            self.nested(index, below);
            if section != self.section {
                self.section = section;
                self.sink.section(section);
            }
        } else {
            self.conflicts.field(self.sink, self.section, &self.names[self.start..], index);
            if rule == Rule::Winlog
                && let Some(alias) = windows_alias(&key)
            {
                self.conflicts.field(self.sink, self.section, alias, index);
            }
        }
        self.names.truncate(length);
        self.start = start;
    }

    /// Turns the current name from an object's into that of its member `key`; returns the rule below.
    fn descend(&mut self, key: &str, rule: Rule) -> Rule {
        if self.windows && key == "#text" {
            return rule;
        }
        if self.windows && rule == Rule::Dotted && key == "#attributes" {
            return Rule::Attributes;
        }
        match rule {
            Rule::Dotted => self.names.push('.'),
            Rule::Attributes => self.names.push('_'),
            Rule::Bare | Rule::BareBelow | Rule::Winlog | Rule::Root => self.start = self.names.len(),
        }
        self.names.push_str(key);
        match rule {
            Rule::Root | Rule::Winlog => windows_rule(key),
            Rule::BareBelow => Rule::Bare,
            Rule::Dotted | Rule::Attributes | Rule::Bare => Rule::Dotted,
        }
    }
}

/// Zeek's name of what shippers that allow no dot in names write so.
fn zeek_alias(name: &str) -> Option<&'static str> {
    match name {
        "id_orig_h" => Some("id.orig_h"),
        "id_orig_p" => Some("id.orig_p"),
        "id_resp_h" => Some("id.resp_h"),
        "id_resp_p" => Some("id.resp_p"),
        _ => None,
    }
}

/// The rule for what stands below a Windows event's member `name`.
fn windows_rule(name: &str) -> Rule {
    match name {
        "Event" => Rule::Root,
        "System" | "EventData" | "event_data" | "user_data" => Rule::Bare,
        "UserData" => Rule::BareBelow,
        "winlog" => Rule::Winlog,
        _ => Rule::Dotted,
    }
}
