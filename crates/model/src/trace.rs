//! What an event is a part of: of which process, logon session and file on its host it speaks, as fingerprints that can be
//! compared and not read, and where what it speaks of came from.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Fingerprints of what an event is a part of; 0 where it does not say. They mean something on one host only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The process that acted.
    pub process: u64,
    /// The process that started it.
    pub parent: u64,
    /// The logon session in which it acted.
    pub session: u64,
    /// The file that was run or loaded.
    pub ran: u64,
    /// The file that was written.
    pub wrote: u64,
    /// The event itself, as it came.
    pub content: u64,
    /// The address that a logon or flow came from.
    pub origin: Option<IpAddr>,
    /// Whether it was an attempt that failed: the account it names was tried, and need not exist.
    pub refused: bool,
}

impl Trace {
    /// The fingerprint of an event as it came, never 0.
    pub fn of_event(raw: &[u8]) -> u64 {
        fnv(raw.iter().copied()).max(1)
    }

    /// The fingerprint of `text` among things of one `kind`, never 0; capital letters of ASCII do not matter.
    pub fn print(kind: &str, text: &str) -> u64 {
        fnv(kind.bytes().chain([0]).chain(text.bytes()).map(|it| it.to_ascii_lowercase())).max(1)
    }
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo): the same on every machine and in every version, which what is kept rests on.
pub fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_and_kinds_differ() {
        assert_eq!(Trace::print("file", "C:\\A.exe"), Trace::print("file", "c:\\a.EXE"));
        assert_ne!(Trace::print("file", "1"), Trace::print("process", "1"));
        assert_ne!(Trace::print("ab", "c"), Trace::print("a", "bc"));
    }
}
