//! Archives: every member becomes a stream of its own; what an archive promises and does not hold, or holds and does not
//! list, is said.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use bulkhead_model::count::counted;

use crate::input::{Exactly, Guarded, Input};
use crate::read::{Origin, Reader};
use crate::unpack::Passed;
use crate::{tar, unpack};

/// Where the members of an archive stand: from the header of each to behind its bytes.
pub(crate) type Taken = Vec<(u64, u64)>;

/// Bytes of an archive that belong to none of its members.
#[derive(Clone, Copy, Debug, Default)]
struct Strange {
    bytes: u64,
    /// Where the first of them stands.
    first: Option<u64>,
}

impl Strange {
    /// Takes in what was passed in a search that began `at`.
    fn add(&mut self, at: u64, passed: Passed) {
        if passed.strange > 0 {
            self.first.get_or_insert(at + passed.first);
            self.bytes += passed.strange;
        }
    }
}

impl Reader<'_> {
    /// The members of a zip archive, in the order of its directory; where they stand.
    pub(crate) fn archive<R: Read + Seek>(
        &mut self,
        origin: &Origin<'_>,
        mut archive: zip::ZipArchive<R>,
    ) -> Taken {
        let mut taken = Vec::new();
        for index in 0..archive.len() {
            if let Ok(member) = archive.by_index_raw(index)
                && let Some(start) = member.data_start()
            {
                taken.push((member.header_start(), start.saturating_add(member.compressed_size())));
            }
            let mut member = match archive.by_index(index) {
                Ok(member) if member.is_dir() => continue,
                Ok(member) => member,
                Err(error) => {
                    let why = format!("member {} cannot be read: {error}", index + 1);
                    self.warn(origin, "unreadable-member", why);
                    continue;
                }
            };
            let name = format!("{}!{}", origin.name, member.name().unwrap_or_default());
            let below = origin.below(&name);
            let bytes = Guarded::new(&mut member, below.limits.clone());
            self.stream(&below, Input::new(bytes));
            if self.stopped {
                break;
            }
        }
        taken
    }

    /// The members that stand in a zip archive beside those that its directory lists (`taken`): whoever lost or took them
    /// out of the directory may have done so with others. What belongs to no member is counted.
    pub(crate) fn unlisted(&mut self, origin: &Origin<'_>, path: &Path, mut taken: Taken) -> io::Result<()> {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        taken.sort_unstable();
        taken.push((length, length));
        let (mut at, mut strange) = (0, Strange::default());
        for (from, to) in taken {
            while at < from {
                file.seek(SeekFrom::Start(at))?;
                let mut input = Input::new(Read::take(&file, from - at));
                let passed = unpack::skip_to_member(&mut input, at > 0);
                strange.add(at, passed);
                if passed.found && self.unlisted_member(origin, &mut input) {
                    at += input.served();
                } else {
                    at = from;
                }
                if self.stopped {
                    return Ok(());
                }
            }
            at = at.max(to);
        }
        self.tell_strange(origin, strange);
        Ok(())
    }

    /// Says so when bytes of an archive belong to none of its members.
    fn tell_strange(&mut self, origin: &Origin<'_>, strange: Strange) {
        let Some(first) = strange.first else { return };
        let bytes = counted(
            strange.bytes,
            "byte belongs to no member of the archive and was not read",
            "bytes belong to no member of the archive and were not read",
        );
        let why = format!("{bytes}; the first stands behind {}", counted(first, "byte", "bytes"));
        self.warn_bytes(origin, "incomplete-archive", why, Some(strange.bytes));
    }

    /// Reads the member that begins `input`; whether there is one.
    fn unlisted_member(&mut self, origin: &Origin<'_>, input: &mut Input<'_>) -> bool {
        let Some(member) = unpack::next_member(input) else { return false };
        let why = format!(
            "its directory does not list member {}, or lists another of that name: it was read all the same, others may be missing",
            member.name
        );
        self.warn(origin, "incomplete-archive", why);
        self.member(origin, input, &member);
        true
    }

    /// Reads one member of a zip archive whose header was taken; false when nothing after it can be read.
    fn member(&mut self, origin: &Origin<'_>, input: &mut Input<'_>, member: &unpack::Member) -> bool {
        let name = format!("{}!{}", origin.name, member.name);
        let below = origin.below(&name);
        match unpack::member_bytes(input, member) {
            Ok(mut bytes) => {
                if !member.name.ends_with('/') {
                    self.stream(&below, Input::new(Guarded::new(&mut bytes, below.limits.clone())));
                }
                !self.stopped && io::copy(&mut bytes, &mut io::sink()).is_ok()
            }
            Err(why) => {
                self.warn(&below, "unreadable-member", format!("cannot be read: {why}"));
                true
            }
        }
    }

    /// The members of a zip archive without a directory in reach. Archives put one after another are all read.
    pub(crate) fn archive_stream(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
        let (before, mut strange) = (self.telemetry.sources.len(), Strange::default());
        loop {
            while let Some(member) = unpack::next_member(&mut input) {
                if !self.member(origin, &mut input, &member) {
                    break;
                }
            }
            if self.stopped {
                break;
            }
            if !unpack::at_directory(&mut input) {
                let why = "the archive ends before its directory: members may be missing".to_owned();
                self.warn(origin, "incomplete-archive", why);
                break;
            }
            let at = input.served();
            let passed = unpack::skip_to_member(&mut input, false);
            strange.add(at, passed);
            if !passed.found {
                break;
            }
        }
        self.tell_strange(origin, strange);
        self.expect_sources(origin, before);
    }

    /// The members of a tar archive. Behind a damaged header, reading goes on at the next that is whole.
    pub(crate) fn tar(&mut self, origin: &Origin<'_>, input: Input<'_>) {
        let before = self.telemetry.sources.len();
        let tail = Rc::new(Cell::new(tar::Tail::default()));
        let mut rest: Box<dyn Read + '_> = Box::new(tar::Watched::new(input, Rc::clone(&tail)));
        let mut n_members = 0;
        loop {
            let mut archive = ::tar::Archive::new(rest);
            // Archives put one after another are all read.
            archive.set_ignore_zeros(true);
            let ended = self.tar_members(origin, &mut archive, &mut n_members);
            if self.stopped {
                return;
            }
            let Err(error) = ended else { break };
            match tar::resume(archive.into_inner()) {
                Ok((passed, found)) => {
                    let on = if found.is_some() {
                        "reading went on behind it"
                    } else {
                        "nothing behind it was read"
                    };
                    let what = format!("the header after member {n_members} is damaged ({error}); {on}");
                    self.warn_bytes(origin, "incomplete-archive", what, Some(passed + 512));
                    match found {
                        Some(found) => rest = Box::new(found),
                        None => return self.expect_sources(origin, before),
                    }
                }
                Err(error) => {
                    self.warn(origin, "incomplete-archive", format!("the archive ends early: {error}"));
                    return self.expect_sources(origin, before);
                }
            }
        }
        if !tail.get().is_mark {
            let why = format!(
                "the archive ends after member {n_members} without the mark of its end: members after it may be missing"
            );
            self.warn(origin, "incomplete-archive", why);
        }
        self.expect_sources(origin, before);
    }

    /// Reads the members of an archive up to its end or to a header that cannot be read.
    fn tar_members(
        &mut self,
        origin: &Origin<'_>,
        archive: &mut ::tar::Archive<Box<dyn Read + '_>>,
        n_members: &mut u64,
    ) -> io::Result<()> {
        for entry in archive.entries()? {
            let mut entry = entry?;
            *n_members += 1;
            if !entry.header().entry_type().is_file()
                && !entry.header().entry_type().is_contiguous()
                && !entry.header().entry_type().is_gnu_sparse()
            {
                continue;
            }
            let name = format!("{}!{}", origin.name, String::from_utf8_lossy(&entry.path_bytes()));
            let size = entry.size();
            let mut bytes = Exactly::new(&mut entry, size);
            self.stream(&origin.below(&name), Input::new(&mut bytes));
            // A cut within the member is reported as the member's.
            if self.stopped || io::copy(&mut bytes, &mut io::sink()).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Says so when an archive held nothing of use.
    pub(crate) fn expect_sources(&mut self, origin: &Origin<'_>, before: usize) {
        if self.telemetry.sources.len() == before {
            self.unusable(origin, "no-telemetry", "no member of the archive holds telemetry".to_owned());
        }
    }
}
