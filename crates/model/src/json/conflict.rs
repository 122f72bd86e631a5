//! Names that header and data of one Windows event have in common (`Channel` of event 104): rules mean the data's value,
//! the log source gate the header's.

use super::flatten::{Sink, Walk, key, windows_alias};
use super::scan::Entry;
use crate::event::{WINDOWS_HEADER, windows_header};

/// Which part of a Windows event a field stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// `System`, or the top of a flat record.
    Header,
    /// `EventData`, `UserData`.
    Data,
}

/// The names, as bits of their places in [`WINDOWS_HEADER`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conflicts(u32);

impl Conflicts {
    /// The names that the event of these entries has in both parts.
    pub(super) fn find(raw: &str, entries: &[Entry]) -> Self {
        // Nearly no event has such a name twice.
        let (mut once, mut twice) = (0_u32, 0_u32);
        for entry in entries.iter().filter(|it| it.key_start < it.key_end) {
            let name = key(raw, entry);
            if let Some(at) = place(windows_alias(name).unwrap_or(name)) {
                twice |= once & 1 << at;
                once |= 1 << at;
            }
        }
        if twice == 0 {
            return Self::default();
        }
        let mut parts = Parts { section: Section::Header, header: 0, data: 0 };
        Walk::of_windows(raw, entries, Self::default(), &mut parts).run();
        Self(parts.header & parts.data)
    }

    /// Shows `sink` a field under the name it goes by.
    #[inline]
    pub(super) fn field(self, sink: &mut impl Sink, section: Section, name: &str, entry: usize) {
        if self.0 != 0
            && section == Section::Header
            && let Some(at) = place(name).filter(|at| self.0 >> at & 1 == 1)
        {
            return sink.field(WINDOWS_HEADER[at].1, entry);
        }
        sink.field(name, entry);
    }
}

fn place(name: &str) -> Option<usize> {
    windows_header(name)?;
    WINDOWS_HEADER.iter().position(|it| it.0 == name)
}

/// Which names of the header stand in which part.
struct Parts {
    section: Section,
    header: u32,
    data: u32,
}

impl Sink for Parts {
    fn field(&mut self, name: &str, _: usize) {
        let Some(at) = place(name) else { return };
        match self.section {
            Section::Header => self.header |= 1 << at,
            Section::Data => self.data |= 1 << at,
        }
    }

    fn section(&mut self, section: Section) {
        self.section = section;
    }
}
