//! Tar archives (POSIX.1-1988 ustar, with the long names of GNU and pax), read from front to back.

use std::io::{self, Read};

use crate::input::Input;

/// Size of every header, and what members are filled up to.
const BLOCK: usize = 512;

/// Longest name taken from an extension header.
const NAME_MAX: u64 = 64 * 1024;

/// Whether a stream that begins so is a tar archive.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// A regular file in the archive; its bytes follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// Takes headers up to that of the next regular file; none at the end of the archive.
pub(crate) fn next_member(input: &mut Input<'_>) -> Option<Member> {
    let mut long_name = None;
    loop {
        let header = input.peek(BLOCK);
        if header.len() < BLOCK || !is_tar(header) {
            return None;
        }
        let size = octal(&header[124..136])?;
        let kind = header[156];
        let prefix = text(&header[345..500]);
        let name = text(&header[..100]);
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        input.skip(BLOCK);
        match kind {
            b'0' | 0 | b'7' => return Some(Member { name: long_name.unwrap_or(name), size }),
            b'L' => long_name = Some(text(&extension(input, size)?)),
            b'x' => long_name = pax_path(&extension(input, size)?).or(long_name),
            _ => {
                io::copy(&mut Read::take(&mut *input, size), &mut io::sink()).ok()?;
                skip_padding(input, size);
            }
        }
    }
}

/// Moves over what fills the last block of a member of `size` bytes.
pub(crate) fn skip_padding(input: &mut Input<'_>, size: u64) {
    let beyond = size % BLOCK as u64;
    if beyond > 0 {
        let padding = BLOCK - usize::try_from(beyond).unwrap_or_default();
        let there = input.peek(padding).len();
        input.skip(there);
    }
}

/// The contents of an extension header.
fn extension(input: &mut Input<'_>, size: u64) -> Option<Vec<u8>> {
    if size > NAME_MAX {
        return None;
    }
    let mut bytes = Vec::new();
    Read::take(&mut *input, size).read_to_end(&mut bytes).ok()?;
    skip_padding(input, size);
    Some(bytes)
}

/// Bytes up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A number in octal digits, or in base 256 when its first bit is set (GNU, for 8 GiB and more).
fn octal(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let low = field.get(field.len() - 8..)?;
        return Some(u64::from_be_bytes(low.try_into().ok()?));
    }
    let digits = text(field);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// `path` of a pax header, whose lines are `length key=value`.
fn pax_path(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find_map(|it| it.split_once(' ').and_then(|(_, it)| it.strip_prefix("path=")))?;
    Some(line.to_owned())
}
