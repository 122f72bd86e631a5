//! A byte stream with a window: peek at its start, cut lines out of it without copying, count what went by.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use bulkhead_model::bytes::find;

use crate::report::Cut;

/// Bytes asked of the inner reader at a time.
const CHUNK: usize = 256 * 1024;

/// A reader whose upcoming bytes can be looked at before they are taken.
///
/// An IO error (a truncated archive, a bad checksum) ends the stream; [`Input::fault`] says so afterwards, and what
/// came before it is still served.
pub struct Input<'r> {
    inner: Box<dyn Read + 'r>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in `buf` lines end, as far as whoever gave the bytes has found out, in their order.
    line_ends: std::vec::IntoIter<usize>,
    done: bool,
    fault: Option<io::Error>,
    served: u64,
}

/// One line cut from an [`Input`].
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'b> {
    /// The line without its line break.
    Whole(&'b [u8]),
    /// A line longer than the limit was skipped; its length in bytes.
    TooLong(u64),
}

impl<'r> Input<'r> {
    /// Wraps `inner`.
    pub fn new(inner: impl Read + 'r) -> Self {
        Self {
            inner: Box::new(inner),
            buf: Vec::new(),
            start: 0,
            end: 0,
            line_ends: Vec::new().into_iter(),
            done: false,
            fault: None,
            served: 0,
        }
    }

    /// The bytes themselves, without another copy of them.
    pub fn of(bytes: Vec<u8>) -> Self {
        let end = bytes.len();
        Self { buf: bytes, end, done: true, ..Self::new(io::empty()) }
    }

    /// As [`Input::of`], of the bytes from `start` to `end` only; `line_ends` are the first line breaks among them, counted
    /// from `start`.
    pub(crate) fn within(bytes: Vec<u8>, start: usize, end: usize, mut line_ends: Vec<usize>) -> Self {
        line_ends.iter_mut().for_each(|it| *it += start);
        Self { start, end: end.min(bytes.len()), line_ends: line_ends.into_iter(), ..Self::of(bytes) }
    }

    /// The memory it was made of or has grown, whatever is left in it.
    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.buf
    }

    /// Takes the first `n` bytes of the window without copying them: the memory they stand in, and where they begin in
    /// it. What follows them goes on in `spare`.
    pub(crate) fn give(&mut self, n: usize, mut spare: Vec<u8>) -> (Vec<u8>, usize) {
        let from = self.start;
        self.skip(n);
        let rest = &self.buf[self.start..self.end];
        // With room for one more reading, as `fill` wants it.
        if spare.len() < rest.len() + CHUNK {
            spare.resize(rest.len() + CHUNK, 0);
        }
        spare[..rest.len()].copy_from_slice(rest);
        (self.start, self.end) = (0, rest.len());
        (std::mem::replace(&mut self.buf, spare), from)
    }

    /// The error that ended the stream early, if one did.
    pub fn fault(&self) -> Option<&io::Error> {
        self.fault.as_ref()
    }

    /// Bytes taken so far.
    pub fn served(&self) -> u64 {
        self.served
    }

    /// Up to `n` upcoming bytes, fewer only at the end of the stream.
    pub fn peek(&mut self, n: usize) -> &[u8] {
        while self.end - self.start < n && self.fill() {}
        let end = self.end.min(self.start + n);
        &self.buf[self.start..end]
    }

    /// The upcoming bytes that are in memory, at least one unless the stream is over.
    pub fn window(&mut self) -> &[u8] {
        if self.start == self.end {
            self.fill();
        }
        &self.buf[self.start..self.end]
    }

    /// Asks for more bytes behind the window; false at the end of the stream.
    pub fn extend(&mut self) -> bool {
        self.fill()
    }

    /// Moves past `n` bytes of the window.
    pub fn skip(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.served += n as u64;
    }

    /// The next line, without `\n` and one `\r` before it; none at the end. Lines longer than `limit` bytes are skipped.
    pub fn line(&mut self, limit: usize) -> Option<Line<'_>> {
        let known = self.line_ends.find(|it| *it >= self.start).map(|it| it - self.start);
        let mut seen = 0;
        loop {
            let window = &self.buf[self.start..self.end];
            if let Some(length) = known.or_else(|| Some(seen + find(b'\n', &window[seen..])?)) {
                let from = self.start;
                self.skip(length + 1);
                if length > limit {
                    return Some(Line::TooLong(length as u64));
                }
                return Some(Line::Whole(without_cr(&self.buf[from..from + length])));
            }
            seen = window.len();
            if seen > limit {
                return Some(Line::TooLong(self.skip_line()));
            }
            if !self.fill() {
                break;
            }
        }
        if self.start == self.end {
            return None;
        }
        let (from, to) = (self.start, self.end);
        self.skip(to - from);
        Some(Line::Whole(without_cr(&self.buf[from..to])))
    }

    /// Takes everything up to and with the next line break; how many bytes that was.
    pub(crate) fn skip_line(&mut self) -> u64 {
        let mut skipped = 0;
        loop {
            let window = self.window();
            if window.is_empty() {
                return skipped;
            }
            if let Some(at) = memchr::memchr(b'\n', window) {
                self.skip(at + 1);
                return skipped + at as u64;
            }
            let length = window.len();
            self.skip(length);
            skipped += length as u64;
        }
    }

    /// Reads once more into the buffer; false when nothing came.
    fn fill(&mut self) -> bool {
        if self.done {
            return false;
        }
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buf.len() < self.end + CHUNK {
            let larger = (self.end + CHUNK).max(self.buf.len().saturating_mul(2));
            self.buf.resize(larger, 0);
        }
        loop {
            match self.inner.read(&mut self.buf[self.end..]) {
                Ok(0) => self.done = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.done = true;
                    self.fault = Some(error);
                }
            }
            return !self.done;
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let window = self.window();
        let n = window.len().min(out.len());
        out[..n].copy_from_slice(&window[..n]);
        self.skip(n);
        if n == 0
            && !out.is_empty()
            && let Some(error) = &self.fault
        {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        Ok(n)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end
            && !self.fill()
            && let Some(error) = &self.fault
        {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        Ok(&self.buf[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        self.skip(n);
    }
}

/// Counts the bytes read from a file, for the progress bar.
pub struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    /// Adds what is read from `inner` to `count`.
    pub fn new(inner: R, count: Rc<Cell<u64>>) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

impl<R: io::Seek> io::Seek for Counted<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A stream of a stated size: an error where it ends before.
pub(crate) struct Exactly<R> {
    inner: R,
    served: u64,
    size: u64,
}

impl<R> Exactly<R> {
    /// `inner`, which should hold `size` bytes.
    pub(crate) fn new(inner: R, size: u64) -> Self {
        Self { inner, served: 0, size }
    }
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.size - self.served;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let n = self.inner.read(&mut out[..most])?;
        self.served += n as u64;
        if n == 0 {
            let cut = Cut { served: self.served, size: self.size };
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut));
        }
        Ok(n)
    }
}

/// Ends an unpacked stream that grows beyond what telemetry does: the guard against archives made to exhaust.
pub struct Guarded<R> {
    inner: R,
    limits: Limits,
}

/// What a [`Guarded`] stream may grow to, with the counts that the streams of one file share.
#[derive(Clone)]
pub struct Limits {
    /// Bytes read of the packed file.
    pub packed: Rc<Cell<u64>>,
    /// Bytes unpacked from it.
    pub unpacked: Rc<Cell<u64>>,
    /// Most bytes it may unpack to.
    pub unpacked_max: u64,
    /// Most bytes that one packed byte may unpack to.
    pub ratio_max: u64,
}

/// Below this size no ratio is judged: small logs of equal lines pack extremely well.
const RATIO_FROM: u64 = 256 * 1024 * 1024;

impl<R> Guarded<R> {
    /// Guards `inner`, which unpacks.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self { inner, limits }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        let Limits { packed, unpacked, unpacked_max, ratio_max } = &self.limits;
        let total = unpacked.get() + n as u64;
        unpacked.set(total);
        if total > *unpacked_max {
            return Err(io::Error::other(format!("it unpacks to more than {unpacked_max} bytes")));
        }
        if total > RATIO_FROM && total / packed.get().max(1) > *ratio_max {
            return Err(io::Error::other(format!("it unpacks more than {ratio_max}-fold")));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out `bytes` a few at a time, as a pipe does.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], limit: usize, expected: &[&str]) {
        for step in [1, 3, 1000] {
            let mut input = Input::new(Trickle(bytes, step));
            let mut lines = Vec::new();
            while let Some(line) = input.line(limit) {
                lines.push(match line {
                    Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    Line::TooLong(length) => format!("<{length}>"),
                });
            }
            assert_eq!(lines, expected, "in steps of {step}");
            assert_eq!(input.served(), bytes.len() as u64);
        }
    }

    #[test]
    fn cuts_lines() {
        check(b"", 9, &[]);
        check(b"a\r\nb\n\nc", 9, &["a", "b", "", "c"]);
        check(b"\n", 9, &[""]);
    }

    #[test]
    fn skips_lines_beyond_the_limit() {
        check(b"abc\nabcdef\nxyz\n", 4, &["abc", "<6>", "xyz"]);
        check(b"abcdefgh", 4, &["<8>"]);
    }

    #[test]
    fn the_guard_stops_what_grows_without_end() {
        let limits = Limits {
            packed: Rc::new(Cell::new(10)),
            unpacked: Rc::default(),
            unpacked_max: 1_000_000,
            ratio_max: 1000,
        };
        let mut input = Input::new(Guarded::new(io::repeat(b'x'), limits));
        let mut total = 0;
        while !input.window().is_empty() {
            let length = input.window().len();
            total += length;
            input.skip(length);
        }
        assert!(total <= 1_000_000);
        assert!(input.fault().is_some_and(|it| it.to_string().contains("more than 1000000 bytes")));
    }
}
