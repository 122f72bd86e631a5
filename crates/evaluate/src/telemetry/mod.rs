//! Telemetry as real sources write it: one function per kind of record, nothing that a sensor would not see.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::defence::Peer;
use crate::movement::Movement;
use crate::rng::Rng;
use crate::world::{HostNo, World};

mod device;
mod linux;
mod web;
mod windows;
mod zeek;

pub(crate) use linux::User;
pub(crate) use web::Site;
pub(crate) use windows::SYSTEM;
pub(crate) use zeek::Conn;

/// Lines by file, to be sorted by time.
#[derive(Default)]
pub(crate) struct Sink {
    files: BTreeMap<&'static str, Vec<(Timestamp, String)>>,
}

impl Sink {
    fn push(&mut self, file: &'static str, at: Timestamp, line: String) {
        self.files.entry(file).or_default().push((at, line));
    }

    /// The files, each in order of time. Lines of one instant stay in the order in which they were written.
    pub fn finish(self) -> Vec<(String, Vec<u8>)> {
        let files = self.files.into_iter().map(|(file, mut lines)| {
            lines.sort_by_key(|(at, _)| *at);
            let mut bytes = Vec::new();
            for (_, line) in lines {
                bytes.extend_from_slice(line.as_bytes());
                bytes.push(b'\n');
            }
            (file.to_owned(), bytes)
        });
        files.collect()
    }
}

/// Something happening: a moving instant, and where its records go.
pub(crate) struct Scene<'a, 'e> {
    pub world: &'a World<'e>,
    pub movement: &'a Movement,
    pub sink: &'a mut Sink,
    pub rng: Rng,
    /// The time of the last record.
    pub at: Timestamp,
}

impl Scene<'_, '_> {
    /// A moment later.
    pub fn tick(&mut self) -> Timestamp {
        let pause = self.rng.range(120, 1900);
        self.wait_ms(pause);
        self.at
    }

    pub fn wait_ms(&mut self, ms: u64) {
        let pause = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.at = self.at.saturating_add(pause).unwrap_or(self.at);
    }

    pub fn address(&self, peer: Peer) -> Option<IpAddr> {
        match peer {
            Peer::Host(no) => self.world.host(no).address,
            Peer::Outside(address) => Some(address),
        }
    }

    fn name(&self, no: HostNo) -> &str {
        &self.world.host(no).name
    }
}

/// RFC 3339 in UTC with milliseconds.
fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
