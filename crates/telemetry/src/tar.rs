//! Tar archives, read from front to back with the `tar` crate; here is what tells a whole archive from a cut or damaged one.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

/// Size of every header, and what members are filled up to.
const BLOCK: usize = 512;

/// Where the checksum stands in a header.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Whether a stream that begins so is a tar archive.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// Whether `block` is a header whose checksum is right.
fn is_header(block: &[u8]) -> bool {
    let sum = |of: fn(u8) -> i64| -> i64 {
        let at = |(at, byte): (usize, &u8)| if CHECKSUM.contains(&at) { i64::from(b' ') } else { of(*byte) };
        block.iter().enumerate().map(at).sum()
    };
    let digits = String::from_utf8_lossy(&block[CHECKSUM]);
    let stated = i64::from_str_radix(digits.trim_matches(['\0', ' ']), 8);
    // Some old writers added signed bytes.
    is_tar(block)
        && stated.is_ok_and(|it| it == sum(i64::from) || it == sum(|it| i64::from(it.cast_signed())))
}

/// What the last reads of an archive met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The last block read was all zeros: the mark at an archive's end.
    pub(crate) is_mark: bool,
    /// Bytes of the last block, when the stream ended within it.
    pub(crate) short: usize,
}

/// A reader that remembers the [`Tail`], and serves whole blocks where they are there.
pub(crate) struct Watched<R> {
    inner: R,
    tail: Rc<Cell<Tail>>,
}

impl<R: Read> Watched<R> {
    pub(crate) fn new(inner: R, tail: Rc<Cell<Tail>>) -> Self {
        Self { inner, tail }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while n < out.len() {
            match self.inner.read(&mut out[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if n == 0 => return Err(error),
                // The error comes again at the next read.
                Err(_) => break,
            }
        }
        if n > 0 {
            let last = &out[..n];
            let is_mark = n.is_multiple_of(BLOCK) && last[n - BLOCK..].iter().all(|it| *it == 0);
            self.tail.set(Tail { is_mark, short: n % BLOCK });
        }
        Ok(n)
    }
}

/// An archive from a header on that was read already.
type Rest<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// Passes over what follows a damaged header, up to the next header that is whole; how many bytes were passed over, and the
/// archive from there on, if there is more of it.
pub(crate) fn resume<R: Read>(mut rest: R) -> io::Result<(u64, Option<Rest<R>>)> {
    let mut passed = 0;
    loop {
        let mut block = Vec::with_capacity(BLOCK);
        Read::take(&mut rest, BLOCK as u64).read_to_end(&mut block)?;
        if block.len() < BLOCK {
            return Ok((passed + block.len() as u64, None));
        }
        if is_header(&block) {
            return Ok((passed, Some(Cursor::new(block).chain(rest))));
        }
        passed += BLOCK as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_its_checksum() {
        let mut header = ::tar::Header::new_ustar();
        header.set_path("a.ndjson").unwrap();
        header.set_size(3);
        header.set_cksum();
        let mut block = header.as_bytes().to_vec();
        assert!(is_header(&block));
        let junk = vec![b'x'; 2 * BLOCK];
        let damaged = [junk.clone(), block.clone()].concat();
        let (passed, rest) = resume(damaged.as_slice()).unwrap();
        assert_eq!((passed, rest.is_some()), (2 * BLOCK as u64, true));
        block[0] ^= 1;
        assert!(!is_header(&block));
        assert!(resume([junk, block].concat().as_slice()).unwrap().1.is_none());
    }
}
