//! Unpacking: gzip with several members, zstd with several frames, UTF-16 text, zip archives read from front to back.
//!
//! A zip archive is read by its directory where there is one (see `read`); this module reads one whose directory is
//! lost (a truncated download) or out of reach (standard input, an archive inside an archive).

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::input::{Exactly, Input};

/// Largest zstd window accepted: what `zstd --long` uses without asking the reader's consent.
const ZSTD_WINDOW_MAX: u64 = 128 * 1024 * 1024;

/// The unpacked bytes of a gzip stream.
pub(crate) fn gzip<'r>(packed: Input<'r>) -> impl Read + 'r {
    MultiGzDecoder::new(packed)
}

/// The unpacked bytes of a zstd stream.
pub(crate) fn zstd<'r>(packed: Input<'r>) -> impl Read + 'r {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(ZSTD_WINDOW_MAX);
    Zstd { packed, decoder, inside: false }
}

/// Decodes frame after frame.
struct Zstd<'r> {
    packed: Input<'r>,
    decoder: FrameDecoder,
    /// Whether a frame is begun and not yet wholly served.
    inside: bool,
}

impl Zstd<'_> {
    /// Begins the next frame; false when there is none.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.packed.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.packed) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.packed).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(invalid(&error)),
            }
        }
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside {
                if !self.begin()? {
                    return Ok(0);
                }
                self.inside = true;
            }
            while self.decoder.can_collect() < out.len() && !self.decoder.is_finished() {
                let missing = out.len() - self.decoder.can_collect();
                let strategy = BlockDecodingStrategy::UptoBytes(missing);
                self.decoder.decode_blocks(&mut self.packed, strategy).map_err(|it| invalid(&it))?;
            }
            let n = self.decoder.read(out)?;
            if n > 0 {
                return Ok(n);
            }
            self.inside = false;
            if let Some(stated) = self.decoder.get_checksum_from_data()
                && self.decoder.get_calculated_checksum().is_some_and(|it| it != stated)
            {
                return Err(invalid(&"the checksum of a frame is wrong: what was read of it may be damaged"));
            }
        }
    }
}

fn invalid(error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Byte order of UTF-16 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// The byte order that a mark at the start of a text states; none when the text is not UTF-16.
pub(crate) fn utf16_mark(start: &[u8]) -> Option<ByteOrder> {
    match start {
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some(ByteOrder::Little),
        [0xfe, 0xff, ..] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// UTF-16 text (which Windows PowerShell writes by default) as UTF-8, without its byte order mark.
pub(crate) fn utf16<'r>(text: Input<'r>, order: ByteOrder) -> impl Read + 'r {
    let mut text = text;
    text.skip(2);
    Utf16 { text, order, ready: Vec::new(), served: 0, high: None }
}

struct Utf16<'r> {
    text: Input<'r>,
    order: ByteOrder,
    ready: Vec<u8>,
    served: usize,
    /// The first half of a surrogate pair, when the second is still to come.
    high: Option<u16>,
}

impl Utf16<'_> {
    /// Turns the next units into UTF-8; what is no text becomes U+FFFD.
    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.served = 0;
        let there = self.text.peek(8192);
        let length = there.len();
        let units: Vec<u16> = self
            .high
            .take()
            .into_iter()
            .chain(there.chunks_exact(2).map(|it| match self.order {
                ByteOrder::Little => u16::from_le_bytes([it[0], it[1]]),
                ByteOrder::Big => u16::from_be_bytes([it[0], it[1]]),
            }))
            .collect();
        let waits = length == 8192 && units.last().is_some_and(|it| (0xd800..0xdc00).contains(it));
        let (whole, high) = units.split_at(units.len() - usize::from(waits));
        self.high = high.first().copied();
        let mut utf8 = [0; 4];
        for c in char::decode_utf16(whole.iter().copied()) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
        }
        self.text.skip(length);
        match self.text.fault() {
            Some(fault) if length == 0 => Err(io::Error::new(fault.kind(), fault.to_string())),
            _ => Ok(()),
        }
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.served == self.ready.len() {
            self.refill()?;
        }
        let n = out.len().min(self.ready.len() - self.served);
        out[..n].copy_from_slice(&self.ready[self.served..self.served + n]);
        self.served += n;
        Ok(n)
    }
}

/// The header of a member of a zip archive, as it stands before the member's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    method: u16,
    encrypted: bool,
    /// Packed size; none when it follows the bytes.
    size: Option<u64>,
    /// Checksum of the unpacked bytes; none when it follows them.
    crc: Option<u32>,
}

/// Length of a member's header before its name.
pub(crate) const HEADER: usize = 30;

/// Takes the header of the next member; none at the archive's directory or end.
pub(crate) fn next_member(input: &mut Input<'_>) -> Option<Member> {
    find_member(input)?;
    let header = input.peek(HEADER);
    let short = |at: usize| header.get(at..at + 2).map(|it| u16::from_le_bytes([it[0], it[1]]));
    let flags = short(6)?;
    let method = short(8)?;
    let crc = u32::from(short(14)?) | u32::from(short(16)?) << 16;
    let size = u64::from(short(18)?) | u64::from(short(20)?) << 16;
    let (name_length, extra_length) = (usize::from(short(26)?), usize::from(short(28)?));
    let whole = HEADER + name_length + extra_length;
    let header = input.peek(whole);
    let name = String::from_utf8_lossy(header.get(HEADER..HEADER + name_length)?).into_owned();
    let wide = size == u64::from(u32::MAX);
    let size = if wide { zip64_size(header.get(HEADER + name_length..)?) } else { Some(size) };
    input.skip(whole);
    let follows = flags & 8 != 0;
    let [size, crc] = [size, Some(u64::from(crc))].map(|it| it.filter(|_| !follows));
    let crc = crc.and_then(|it| u32::try_from(it).ok());
    Some(Member { name, method, encrypted: flags & 1 != 0, size, crc })
}

/// Packed size from the zip64 extra field.
fn zip64_size(mut extra: &[u8]) -> Option<u64> {
    while let [id_low, id_high, low, high, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let field = rest.get(..length)?;
        if [*id_low, *id_high] == [1, 0] {
            return field.get(8..16).and_then(|it| it.try_into().ok()).map(u64::from_le_bytes);
        }
        extra = rest.get(length..)?;
    }
    None
}

/// Moves to the next member's header: at once where sizes are right, past a trailing data descriptor otherwise.
fn find_member(input: &mut Input<'_>) -> Option<()> {
    for _ in 0..32 {
        match input.peek(4) {
            b"PK\x03\x04" => return Some(()),
            start if start.len() < 4 || start == b"PK\x01\x02" || start == b"PK\x05\x06" => return None,
            _ => input.skip(1),
        }
    }
    None
}

/// What lay before the next header of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Whether there is a header.
    pub(crate) found: bool,
    /// Bytes that are of no archive: neither records of a directory nor zeros.
    pub(crate) strange: u64,
    /// The first of them, counted from where the search began.
    pub(crate) first: u64,
}

/// Moves to the next header of a member, or to the end. `behind_member`: the search begins where a member ended, so that
/// its size and checksum may come first.
pub(crate) fn skip_to_member(input: &mut Input<'_>, behind_member: bool) -> Passed {
    let from = input.served();
    let (mut passed, mut comment) = (Passed::default(), 0);
    loop {
        let at = input.served() - from;
        let window = input.peek(SEARCHED);
        if window.is_empty() || is_header(window) {
            return Passed { found: !window.is_empty(), ..passed };
        }
        if let Some(length) = record_length(window) {
            comment = comment_length(window);
            // Its own end is the end of what can be skipped.
            if io::copy(&mut Read::take(&mut *input, length), &mut io::sink()).is_err() {
                return passed;
            }
            continue;
        }
        let next = memchr::memmem::find_iter(&window[1..], b"PK").map(|it| it + 1);
        let next =
            next.into_iter().find(|at| is_header(&window[*at..]) || record_length(&window[*at..]).is_some());
        // A header may begin at the window's end.
        let whole = if window.len() < SEARCHED { window.len() } else { SEARCHED - HEADER - NAME_SEEN };
        let run = &window[..next.unwrap_or(whole)];
        let known = (run.len() as u64).min(comment);
        comment -= known;
        let told = if behind_member && at == 0 && run.len() <= DESCRIPTOR { run.len() as u64 } else { known };
        let strange = usize::try_from(told).map_or(&run[..0], |it| &run[it..]);
        if strange.iter().any(|it| *it != 0) {
            if passed.strange == 0 {
                passed.first = at + told;
            }
            passed.strange += strange.len() as u64;
        }
        let n = run.len();
        input.skip(n);
    }
}

/// The longest word about a member behind it: mark, checksum, two sizes.
const DESCRIPTOR: usize = 24;

/// The length of the record that begins `bytes`, if one does: of a directory, its end, what may stand beside them, without
/// the comment on the archive.
fn record_length(bytes: &[u8]) -> Option<u64> {
    let short = |at: usize| bytes.get(at..at + 2).map(|it| u64::from(u16::from_le_bytes([it[0], it[1]])));
    let word = |at: usize| Some(short(at)? | short(at + 2)? << 16);
    match bytes.get(..4)? {
        b"PK\x01\x02" => Some(46 + short(28)? + short(30)? + short(32)?),
        b"PK\x05\x06" => bytes.get(..22).map(|_| 22),
        b"PK\x06\x07" => Some(20),
        b"PK\x06\x06" => Some(12 + (word(4)?).min(u64::from(u16::MAX))),
        b"PK\x06\x08" => Some(8 + word(4)?.min(u64::from(u16::MAX))),
        b"PK\x05\x05" => Some(6 + short(4)?),
        _ => None,
    }
}

/// The length of the comment on the archive, where `bytes` begin with the end of its directory.
fn comment_length(bytes: &[u8]) -> u64 {
    match bytes {
        [b'P', b'K', 5, 6, rest @ ..] if rest.len() >= 18 => {
            u64::from(u16::from_le_bytes([rest[16], rest[17]]))
        }
        _ => 0,
    }
}

/// Whether the last bytes of a file are the end of an archive's directory, which stands right before it.
pub(crate) fn ends_as_archive(file: &mut (impl Read + io::Seek)) -> io::Result<bool> {
    const MOST: u64 = 22 + 65_535;
    let length = file.seek(io::SeekFrom::End(0))?;
    file.seek(io::SeekFrom::Start(length.saturating_sub(MOST)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let marks = memchr::memmem::find_iter(&tail, b"PK\x05\x06");
    let is_end = |at: &usize| {
        tail.len() >= at + 22 && (at + 22) as u64 + comment_length(&tail[*at..]) == tail.len() as u64
    };
    let Some(at) = marks.filter(is_end).last() else { return Ok(false) };
    let size = u64::from(u32::from_le_bytes([tail[at + 12], tail[at + 13], tail[at + 14], tail[at + 15]]));
    let Some(directory) = (length - tail.len() as u64 + at as u64).checked_sub(size) else {
        return Ok(false);
    };
    file.seek(io::SeekFrom::Start(directory))?;
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start)?;
    Ok(start == b"PK\x01\x02")
}

/// Bytes that are searched for a header at a time.
const SEARCHED: usize = 256 * 1024;

/// Bytes of a name that are looked at to tell whether a header is one.
const NAME_SEEN: usize = 16;

/// Whether what begins like a header of a member is one: its version, method and name are such as archives have.
fn is_header(bytes: &[u8]) -> bool {
    const METHODS: [u16; 11] = [0, 1, 6, 8, 9, 12, 14, 93, 95, 98, 99];
    if !bytes.starts_with(b"PK\x03\x04") {
        return false;
    }
    let short = |at: usize| bytes.get(at..at + 2).map(|it| u16::from_le_bytes([it[0], it[1]]));
    let (Some(method), Some(length)) = (short(8), short(26)) else { return false };
    let name = bytes.get(HEADER..).unwrap_or_default();
    let seen = usize::from(length).min(NAME_SEEN);
    bytes[4] <= 63
        && METHODS.contains(&method)
        && (1..=4096).contains(&length)
        && name.get(..seen).is_some_and(|it| it.iter().all(|it| *it >= b' '))
}

/// The unpacked bytes of `member`, which follow its header. The caller reads them to the end before the next member.
pub(crate) fn member_bytes<'i>(
    input: &'i mut Input<'_>,
    member: &Member,
) -> Result<Box<dyn Read + 'i>, String> {
    let fault = match (member.encrypted, member.method, member.size) {
        (false, 0, Some(size)) => return Ok(Box::new(Checked::new(Exactly::new(input, size), member.crc))),
        (false, 8, _) => return Ok(Box::new(Checked::new(DeflateDecoder::new(input), member.crc))),
        (false, 0, None) => return Err("its size is not stated before its bytes".to_owned()),
        (true, _, _) => "it is encrypted".to_owned(),
        (_, method, _) => format!("packing method {method} is not supported"),
    };
    if let Some(size) = member.size {
        io::copy(&mut Read::take(input, size), &mut io::sink()).map_err(|it| it.to_string())?;
    }
    Err(fault)
}

/// Whether what follows the last member is the archive's directory, as in an archive that is whole.
pub(crate) fn at_directory(input: &mut Input<'_>) -> bool {
    matches!(input.peek(4), b"PK\x01\x02" | b"PK\x05\x06")
}

/// Bytes whose checksum is compared at their end.
struct Checked<R> {
    inner: R,
    crc: flate2::Crc,
    expected: Option<u32>,
}

impl<R> Checked<R> {
    fn new(inner: R, expected: Option<u32>) -> Self {
        Self { inner, crc: flate2::Crc::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.crc.update(&out[..n]);
        if n == 0 && !out.is_empty() && self.expected.is_some_and(|it| it != self.crc.sum()) {
            return Err(invalid(&"its checksum is wrong: what was read of it may be damaged"));
        }
        Ok(n)
    }
}
