//! From paths to records: opens files, goes through archives, tells formats, and calls the parser of each.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::event::Event;
use bulkhead_model::json::Memory;
use bulkhead_model::logsource::LogSource;

use crate::auditd::rotated::Around;
use crate::format::{self, Format, Packing};
use crate::input::{Counted, Guarded, Input, Limits};
use crate::parts::{self, Cut, Part, Taker, Whole};
use crate::record::{Options, Progress, Record, Sink};
use crate::report::{Ended, SourceReport, Tally, Telemetry};
use crate::walk::{self, Found};
use crate::web::{access, squid, w3c};
use crate::{ait, auditd, delimited, evtx, json, server, syslog, tar, unpack, winxml, zeek};

/// Archives inside archives are opened to this depth.
const NESTING_MAX: usize = 4;

/// How many bytes are looked at to tell whether lines of syslog carry records that belong together.
const LOOK: usize = 64 * 1024;

/// How often progress is told, in events.
const PROGRESS_EVERY: u64 = 1024;

/// Reads every record of `paths` into `sink`: files, folders (every file below, by name) and `-` for standard input;
/// packed or plain, in any format of [`Format`]. Memory stays bounded whatever the size of the files.
///
/// What cannot be read is counted and reported, never fatal: a malformed record is skipped, a truncated file yields
/// what comes before the break. A file that the user named and of which nothing can be read is an error in the
/// diagnostics ([`Telemetry::has_errors`]).
pub fn read(paths: &[String], options: &Options, sink: &mut dyn Sink) -> Telemetry {
    let (files, telemetry) = walk::walk(paths);
    let mut whole = Whole(sink);
    let mut reader = Reader::new(options, &mut whole, files.iter().map(|it| it.size).sum());
    reader.telemetry = telemetry;
    for file in &files {
        reader.file(file);
        if reader.stopped {
            break;
        }
    }
    reader.telemetry.sorted()
}

/// As [`read`], of files held in memory: name and bytes, in the order given.
pub fn read_bytes(files: &[(String, Vec<u8>)], options: &Options, sink: &mut dyn Sink) -> Telemetry {
    let mut whole = Whole(sink);
    let total = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let mut reader = Reader::new(options, &mut whole, total);
    for (name, bytes) in files {
        let packed = Rc::clone(&reader.read);
        let (limits, around) = (reader.limits(&packed), Around::default());
        let origin = Origin { name, named: true, depth: 0, limits, around };
        reader.stream(&origin, Input::new(Counted::new(bytes.as_slice(), packed)));
        if reader.stopped {
            break;
        }
    }
    reader.telemetry.sorted()
}

pub(crate) struct Reader<'o> {
    options: &'o Options,
    taker: &'o mut dyn Taker,
    pub(crate) telemetry: Telemetry,
    /// Streams that were handed out in parts.
    pub(crate) cuts: Vec<Cut>,
    read: Rc<Cell<u64>>,
    total: u64,
    events: u64,
    pub(crate) stopped: bool,
    memory: Memory,
}

/// A file or member on its way to a parser.
pub(crate) struct Origin<'n> {
    pub(crate) name: &'n str,
    /// Whether the user named it: decides between error and warning.
    named: bool,
    depth: usize,
    pub(crate) limits: Limits,
    /// The files before and after it, where it is one of a rotated log.
    around: Around,
}

impl<'n> Origin<'n> {
    pub(crate) fn below<'m>(&self, name: &'m str) -> Origin<'m> {
        let (limits, around) = (self.limits.clone(), Around::default());
        Origin { name, named: false, depth: self.depth + 1, limits, around }
    }
}

impl<'o> Reader<'o> {
    pub(crate) fn new(options: &'o Options, taker: &'o mut dyn Taker, total: u64) -> Self {
        Self {
            options,
            taker,
            telemetry: Telemetry::default(),
            cuts: Vec::new(),
            read: Rc::default(),
            total,
            events: 0,
            stopped: false,
            memory: Memory::default(),
        }
    }

    /// The limits of one file, whose packed bytes `packed` counts.
    fn limits(&self, packed: &Rc<Cell<u64>>) -> Limits {
        Limits {
            packed: Rc::clone(packed),
            unpacked: Rc::default(),
            unpacked_max: self.options.unpacked_max,
            ratio_max: self.options.ratio_max,
        }
    }

    pub(crate) fn file(&mut self, file: &Found) {
        let packed = Rc::clone(&self.read);
        let (limits, around) = (self.limits(&packed), file.around.clone());
        let origin = Origin { name: &file.name, named: file.named, depth: 0, limits, around };
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
        let before = self.telemetry.sources.len();
        let mut file = File::open(path)?;
        let mut start = Vec::new();
        Read::take(&mut file, 4).read_to_end(&mut start)?;
        if is_archive(&mut file, &start) && file.rewind().is_ok() {
            match zip::ZipArchive::new(io::BufReader::new(Counted::new(file, Rc::clone(&packed)))) {
                Ok(archive) => {
                    let taken = self.archive(origin, archive);
                    if !self.stopped {
                        self.unlisted(origin, path, taken)?;
                    }
                    self.expect_sources(origin, before);
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

    /// A stream, packed or plain.
    pub(crate) fn stream(&mut self, origin: &Origin<'_>, mut input: Input<'_>) {
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
            Packing::Plain
                if !is_text(&mut input) && tar::is_tar(input.peek(512)) && origin.depth < NESTING_MAX =>
            {
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
        // Records of one audit event may stand in two parts.
        let whole = format == Format::Syslog && syslog::carries_audit(start_of(&mut input));
        if self.taker.wants_parts() && parts::can_cut(format) && !whole {
            self.in_parts(origin, format, input);
            return;
        }
        let mut stream = Stream {
            input,
            options: self.options,
            before: 0,
            around: origin.around.clone(),
            out: Out {
                sink: &mut *self.taker,
                tally: Tally::new(origin.name, self.options.shown_max),
                read: &self.read,
                total: self.total,
                events: &mut self.events,
                memory: &mut self.memory,
            },
        };
        self.stopped = parse(format, &mut stream).is_break();
        let Stream { input, out, .. } = stream;
        let mut tally = out.tally;
        if let Some(fault) = input.fault() {
            tally.ended_early(&Ended::by(fault));
        }
        let done = tally.finish(format, input.served());
        let hopeless = hopeless(&done.report, origin.named);
        self.telemetry.take(done);
        self.telemetry.diagnostics.extend(hopeless);
    }

    /// Hands the stream out in parts that others parse; its report is completed when they have.
    fn in_parts(&mut self, origin: &Origin<'_>, format: Format, mut input: Input<'_>) {
        let stream = self.cuts.len();
        self.cuts.push(Cut {
            source_at: self.telemetry.sources.len(),
            diagnostics_at: self.telemetry.diagnostics.len(),
            named: origin.named,
            fault: None,
            missing: Vec::new(),
        });
        self.telemetry.sources.push(SourceReport {
            file: origin.name.to_owned(),
            format,
            events: 0,
            malformed: 0,
            bytes: 0,
            replaced: 0,
        });
        let (taker, read) = (&mut *self.taker, &self.read);
        let name = std::sync::Arc::from(origin.name);
        let live = origin.name == "-";
        let mut emit = |part: Part| taker.part(part, read.get());
        let (limit, spare) = (self.options.record_max, parts::Spare::default());
        let cutter = parts::Cutter { stream, file: name, format, live, limit, spare };
        let mut missing = Vec::new();
        self.stopped = cutter.run(&mut input, &mut missing, &mut emit).is_break();
        self.cuts[stream].missing = missing;
        self.cuts[stream].fault = input.fault().map(Ended::by);
        self.telemetry.sources[self.cuts[stream].source_at].bytes = input.served();
    }

    /// A stream in no known format.
    fn unknown(&mut self, origin: &Origin<'_>, input: &mut Input<'_>) {
        if let Some(fault) = input.fault() {
            let why = format!("cannot be read: {fault}");
            self.unusable(origin, "unreadable-file", why);
        } else if input.window().is_empty() {
            let diagnostic = Diagnostic::warning("empty-file", origin.name, None, "holds nothing".to_owned());
            self.telemetry.diagnostics.push(diagnostic);
        } else {
            let why = delimited::unknown(input.peek(64 * 1024))
                .unwrap_or_else(|| "is in no format that is read here; skipped".to_owned());
            self.unusable(origin, "unknown-format", why);
        }
    }

    /// Nothing of this file can be used: an error when the user named it.
    pub(crate) fn unusable(&mut self, origin: &Origin<'_>, code: &'static str, why: String) {
        // That no member is of use was said of each.
        if code != "no-telemetry" {
            self.telemetry.missed(origin.name, why.clone(), None);
        }
        self.telemetry.diagnostics.push(unusable(origin.name, origin.named, code, why));
    }

    /// Something of the file was not read.
    pub(crate) fn warn(&mut self, origin: &Origin<'_>, code: &'static str, why: String) {
        self.warn_bytes(origin, code, why, None);
    }

    pub(crate) fn warn_bytes(
        &mut self,
        origin: &Origin<'_>,
        code: &'static str,
        why: String,
        bytes: Option<u64>,
    ) {
        self.telemetry.missed(origin.name, why.clone(), bytes);
        self.telemetry.diagnostics.push(Diagnostic::warning(code, origin.name, None, why));
    }
}

/// Whether a file that begins with `start` goes by a directory at its end: a zip archive, or one behind something that is
/// no log (a program that unpacks it).
fn is_archive(file: &mut File, start: &[u8]) -> bool {
    if format::packing(start) != Packing::Plain {
        return format::packing(start) == Packing::Zip;
    }
    let is_other = |file: &mut File| file.rewind().is_err() || format::sniff(&mut Input::new(file)).is_some();
    let is_archive = unpack::ends_as_archive(file).unwrap_or(false) && !is_other(file);
    // What cannot go back has not moved.
    let _ = file.seek(SeekFrom::Start(start.len() as u64));
    is_archive
}

/// Says that nothing of a file can be used.
fn unusable(file: &str, named: bool, code: &'static str, why: String) -> Diagnostic {
    if !named {
        return Diagnostic::warning(code, file, None, why);
    }
    let hint = "telemetry is JSON, EVTX, Windows XML, CSV with a header, Zeek, Suricata EVE, auditd, syslog, access and W3C logs, \
                plain or in zip, gz or zst";
    Diagnostic::error(code, file, None, why).hint(hint)
}

/// Says so when no record of a stream could be read.
pub(crate) fn hopeless(report: &SourceReport, named: bool) -> Option<Diagnostic> {
    let why = || format!("none of its records could be read as {}", report.format);
    (report.events == 0 && report.malformed > 0).then(|| unusable(&report.file, named, "no-telemetry", why()))
}

/// The first bytes of what has arrived: nobody waits for more of a live stream.
fn start_of<'i>(input: &'i mut Input<'_>) -> &'i [u8] {
    let window = input.window();
    &window[..window.len().min(LOOK)]
}

/// Whether what has arrived begins with a line of text. An archive does not; and on a live stream nobody waits for more
/// bytes than there are.
fn is_text(input: &mut Input<'_>) -> bool {
    let window = input.window();
    memchr::memchr(b'\n', &window[..window.len().min(512)]).is_some()
}

/// Reads the records of a stream.
fn parse(format: Format, stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    match format {
        Format::Ndjson => json::lines(stream),
        Format::Json => json::objects(stream),
        Format::Evtx => evtx::read(stream),
        Format::ZeekTsv => zeek::read(stream),
        Format::Auditd => auditd::read(stream),
        Format::Syslog => syslog::read(stream),
        Format::AitAlerts => ait::read(stream),
        Format::WindowsXml => winxml::read(stream),
        Format::Csv => delimited::read(stream),
        Format::AccessLog => access::read(stream),
        Format::Squid => squid::read(stream),
        Format::W3c => w3c::read(stream),
        Format::ServerLog => server::read(stream),
    }
}

/// Reads the records of one part of a stream; what they were is told by the tally. `memory` goes from part to part: a part
/// holds a hundred events, and a layout learned anew in each of them would hardly ever be used.
pub(crate) fn parse_part(part: Part, options: &Options, taker: &mut dyn Taker, memory: &mut Memory) -> Tally {
    let (read, mut events) = (Cell::new(0), 0);
    let mut stream = Stream {
        input: Input::within(part.bytes, part.range.start, part.range.end, part.line_ends),
        options,
        before: part.before,
        around: Around::default(),
        out: Out {
            sink: taker,
            tally: Tally::new(&part.file, options.shown_max),
            read: &read,
            total: 0,
            events: &mut events,
            memory,
        },
    };
    if let Some(length) = part.too_long {
        let why = || format!("it is {length} bytes long, more than a record may be");
        stream.out.tally.malformed(part.before + 1, 0, why);
    }
    // A sink that wants no more is asked again at the next part.
    let _ = match part.format {
        Format::Evtx => evtx::chunks(&mut stream),
        format => parse(format, &mut stream),
    };
    part.spare.put(stream.input.into_memory());
    stream.out.tally
}

/// What a parser works on: the bytes of one stream, and where its records go.
pub(crate) struct Stream<'s, 'r> {
    pub(crate) input: Input<'r>,
    pub(crate) options: &'s Options,
    /// Lines (chunks of EVTX) of the stream before these bytes.
    pub(crate) before: u64,
    /// The files before and after these bytes, where they are of a rotated log.
    pub(crate) around: Around,
    pub(crate) out: Out<'s>,
}

/// Where the records of one stream go.
pub(crate) struct Out<'s> {
    sink: &'s mut dyn Taker,
    pub(crate) tally: Tally,
    read: &'s Cell<u64>,
    total: u64,
    events: &'s mut u64,
    /// What readers of JSON keep from event to event.
    pub(crate) memory: &'s mut Memory,
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
