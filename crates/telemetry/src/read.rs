//! From paths to records: opens files, goes through archives, tells formats, and calls the parser of each.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::event::Event;
use bulkhead_model::logsource::LogSource;

use crate::format::{self, Format, Packing};
use crate::input::{Counted, Guarded, Input, Limits};
use crate::record::{Options, Progress, Record, Sink};
use crate::report::{Tally, Telemetry};
use crate::walk::{self, Found};
use crate::{ait, auditd, evtx, json, syslog, tar, unpack, zeek};

/// Archives inside archives are opened to this depth.
const NESTING_MAX: usize = 4;

/// How often progress is told, in events.
const PROGRESS_EVERY: u64 = 1024;

/// Reads every record of `paths` into `sink`: files, folders (every file below, by name) and `-` for standard input;
/// packed or plain, in any format of [`Format`]. Memory stays bounded whatever the size of the files.
///
/// What cannot be read is counted and reported, never fatal: a malformed record is skipped, a truncated file yields
/// what comes before the break. A file that the user named and of which nothing can be read is an error in the
/// diagnostics ([`Telemetry::has_errors`]).
pub fn read(paths: &[String], options: &Options, sink: &mut dyn Sink) -> Telemetry {
    let (files, diagnostics) = walk::walk(paths);
    let mut reader = Reader {
        options,
        sink,
        telemetry: Telemetry { sources: Vec::new(), diagnostics },
        read: Rc::default(),
        total: files.iter().map(|it| it.size).sum(),
        events: 0,
        stopped: false,
    };
    for file in &files {
        reader.file(file);
        if reader.stopped {
            break;
        }
    }
    reader.telemetry
}

/// As [`read`], of files held in memory: name and bytes, in the order given.
pub fn read_bytes(files: &[(String, Vec<u8>)], options: &Options, sink: &mut dyn Sink) -> Telemetry {
    let mut reader = Reader {
        options,
        sink,
        telemetry: Telemetry::default(),
        read: Rc::default(),
        total: files.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
        events: 0,
        stopped: false,
    };
    for (name, bytes) in files {
        let packed = Rc::clone(&reader.read);
        let origin = Origin { name, named: true, depth: 0, limits: reader.limits(&packed) };
        reader.stream(&origin, Input::new(Counted::new(bytes.as_slice(), packed)));
        if reader.stopped {
            break;
        }
    }
    reader.telemetry
}

struct Reader<'o> {
    options: &'o Options,
    sink: &'o mut dyn Sink,
    telemetry: Telemetry,
    read: Rc<Cell<u64>>,
    total: u64,
    events: u64,
    stopped: bool,
}

/// A file or member on its way to a parser.
struct Origin<'n> {
    name: &'n str,
    /// Whether the user named it: decides between error and warning.
    named: bool,
    depth: usize,
    limits: Limits,
}

impl<'n> Origin<'n> {
    fn below<'m>(&self, name: &'m str) -> Origin<'m> {
        Origin { name, named: false, depth: self.depth + 1, limits: self.limits.clone() }
    }
}

impl Reader<'_> {
    /// The limits of one file, whose packed bytes `packed` counts.
    fn limits(&self, packed: &Rc<Cell<u64>>) -> Limits {
        Limits {
            packed: Rc::clone(packed),
            unpacked: Rc::default(),
            unpacked_max: self.options.unpacked_max,
            ratio_max: self.options.ratio_max,
        }
    }

    fn file(&mut self, file: &Found) {
        let packed = Rc::clone(&self.read);
        let origin = Origin { name: &file.name, named: file.named, depth: 0, limits: self.limits(&packed) };
        let Some(path) = &file.path else {
            self.stream(&origin, Input::new(Counted::new(io::stdin(), packed)));
            return;
        };
        if let Err(error) = self.opened(&origin, path, packed) {
            self.unusable(&origin, "unreadable-file", format!("cannot be read: {error}"));
        }
    }

    /// A file on disk: a zip archive goes by its directory, anything else from front to back.
    fn opened(&mut self, origin: &Origin<'_>, path: &Path, packed: Rc<Cell<u64>>) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut start = Vec::new();
        Read::take(&mut file, 4).read_to_end(&mut start)?;
        if format::packing(&start) == Packing::Zip && file.rewind().is_ok() {
            match zip::ZipArchive::new(io::BufReader::new(Counted::new(file, Rc::clone(&packed)))) {
                Ok(archive) => {
                    self.archive(origin, archive);
                    return Ok(());
                }
                Err(error) => {
                    let why = format!(
                        "the archive's directory cannot be read ({error}); its members are read anyway"
                    );
                    self.warn(origin, "incomplete-archive", why);
                }
            }
            start.clear();
            file = File::open(path)?;
        }
        self.stream(origin, Input::new(Counted::new(io::Cursor::new(start).chain(file), packed)));
        Ok(())
    }

    /// The members of a zip archive, in the order of its directory.
    fn archive<R: Read + io::Seek>(&mut self, origin: &Origin<'_>, mut archive: zip::ZipArchive<R>) {
        let before = self.telemetry.sources.len();
        for index in 0..archive.len() {
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
                return;
            }
        }
        self.expect_sources(origin, before);
    }

    /// The members of a zip archive without a directory in reach.
    fn archive_stream(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
        let before = self.telemetry.sources.len();
        while let Some(member) = unpack::next_member(&mut input) {
            let name = format!("{}!{}", origin.name, member.name);
            let below = origin.below(&name);
            match unpack::member_bytes(&mut input, &member) {
                Ok(mut bytes) => {
                    if !member.name.ends_with('/') {
                        self.stream(&below, Input::new(Guarded::new(&mut bytes, below.limits.clone())));
                    }
                    if self.stopped || io::copy(&mut bytes, &mut io::sink()).is_err() {
                        break;
                    }
                }
                Err(why) => self.warn(&below, "unreadable-member", format!("cannot be read: {why}")),
            }
        }
        self.expect_sources(origin, before);
    }

    /// The members of a tar archive.
    fn tar(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
        let before = self.telemetry.sources.len();
        while let Some(member) = tar::next_member(&mut input) {
            let name = format!("{}!{}", origin.name, member.name);
            let mut bytes = Read::take(&mut input, member.size);
            self.stream(&origin.below(&name), Input::new(&mut bytes));
            if self.stopped || io::copy(&mut bytes, &mut io::sink()).is_err() {
                break;
            }
            tar::skip_padding(&mut input, member.size);
        }
        if let Some(fault) = input.fault() {
            let why = format!("the archive ends early: {fault}");
            self.warn(origin, "incomplete-archive", why);
        }
        self.expect_sources(origin, before);
    }

    /// Says so when an archive held nothing of use.
    fn expect_sources(&mut self, origin: &Origin<'_>, before: usize) {
        if self.telemetry.sources.len() == before {
            self.unusable(origin, "no-telemetry", "no member of the archive holds telemetry".to_owned());
        }
    }

    /// A stream, packed or plain.
    fn stream(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
        let packing = format::packing(input.peek(4));
        if packing != Packing::Plain && origin.depth >= NESTING_MAX {
            let why = format!("is packed more than {NESTING_MAX} times over; not opened");
            self.warn(origin, "nested-archive", why);
            return;
        }
        // One file in a packing of its own keeps its name: `a.json.gz` is the log `a.json.gz`.
        let inner = Origin { depth: origin.depth + 1, named: origin.named, ..origin.below(origin.name) };
        match packing {
            Packing::Zip => self.archive_stream(origin, input),
            Packing::Gzip => {
                let bytes = Guarded::new(unpack::gzip(input), inner.limits.clone());
                self.stream(&inner, Input::new(bytes));
            }
            Packing::Zstd => {
                let bytes = Guarded::new(unpack::zstd(input), inner.limits.clone());
                self.stream(&inner, Input::new(bytes));
            }
            Packing::Plain if tar::is_tar(input.peek(512)) && origin.depth < NESTING_MAX => {
                self.tar(&inner, input);
            }
            Packing::Plain => match unpack::utf16_mark(input.peek(4)) {
                Some(order) => self.plain(origin, Input::new(unpack::utf16(input, order))),
                None => self.plain(origin, input),
            },
        }
    }

    fn plain(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
        let Some(format) = format::sniff(&mut input) else {
            self.unknown(origin, &mut input);
            return;
        };
        let mut stream = Stream {
            input,
            options: self.options,
            out: Out {
                sink: &mut *self.sink,
                tally: Tally::new(origin.name, self.options.shown_max),
                read: &self.read,
                total: self.total,
                events: &mut self.events,
            },
        };
        let flow = match format {
            Format::Ndjson => json::lines(&mut stream),
            Format::Json => json::objects(&mut stream),
            Format::Evtx => evtx::read(&mut stream),
            Format::ZeekTsv => zeek::read(&mut stream),
            Format::Auditd => auditd::read(&mut stream),
            Format::Syslog => syslog::read(&mut stream),
            Format::AitAlerts => ait::read(&mut stream),
        };
        self.stopped = flow.is_break();
        let Stream { input, out, .. } = stream;
        let mut tally = out.tally;
        if let Some(fault) = input.fault() {
            tally.ended_early(fault);
        }
        let (report, diagnostics) = tally.finish(format, input.served());
        let hopeless = report.events == 0 && report.malformed > 0;
        self.telemetry.sources.push(report);
        self.telemetry.diagnostics.extend(diagnostics);
        if hopeless {
            self.unusable(origin, "no-telemetry", format!("none of its records could be read as {format}"));
        }
    }

    /// A stream in no known format.
    fn unknown(&mut self, origin: &Origin<'_>, input: &mut Input<'_>) {
        if let Some(fault) = input.fault() {
            let why = format!("cannot be read: {fault}");
            self.unusable(origin, "unreadable-file", why);
        } else if input.window().is_empty() {
            self.warn(origin, "empty-file", "holds nothing".to_owned());
        } else {
            let why = "is in no format that is read here; skipped".to_owned();
            self.unusable(origin, "unknown-format", why);
        }
    }

    /// Nothing of this file can be used: an error when the user named it.
    fn unusable(&mut self, origin: &Origin<'_>, code: &'static str, why: String) {
        if !origin.named {
            self.warn(origin, code, why);
            return;
        }
        let hint = "telemetry is JSON lines, EVTX, Zeek logs, Suricata EVE, auditd or syslog, plain or in zip, gz or zst";
        let diagnostic = Diagnostic::error(code, origin.name, None, why).hint(hint);
        self.telemetry.diagnostics.push(diagnostic);
    }

    fn warn(&mut self, origin: &Origin<'_>, code: &'static str, why: String) {
        self.telemetry.diagnostics.push(Diagnostic::warning(code, origin.name, None, why));
    }
}

/// What a parser works on: the bytes of one stream, and where its records go.
pub(crate) struct Stream<'s, 'r> {
    pub(crate) input: Input<'r>,
    pub(crate) options: &'s Options,
    pub(crate) out: Out<'s>,
}

/// Where the records of one stream go.
pub(crate) struct Out<'s> {
    sink: &'s mut dyn Sink,
    pub(crate) tally: Tally,
    read: &'s Cell<u64>,
    total: u64,
    events: &'s mut u64,
}

impl Out<'_> {
    /// Hands one event out.
    pub(crate) fn event(&mut self, event: &dyn Event, source: LogSource<'_>) -> ControlFlow<()> {
        let record = self.tally.next_record();
        self.tally.events += 1;
        *self.events += 1;
        let flow = self.sink.record(&Record { file: &self.tally.file, record, event, source });
        if *self.events % PROGRESS_EVERY == 1 {
            let read = self.read.get();
            let progress = Progress { file: &self.tally.file, read, total: self.total, events: *self.events };
            self.sink.progress(&progress);
        }
        flow
    }
}
