//! The way through: files to claims, claims to hosts, hosts to an estate.

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::Estate;

use crate::bloodhound::{opengraph, sharphound};
use crate::facts::{Gathered, Intake};
use crate::report::{FileReport, LeftOut, Report};
use crate::sniff::{self, Format};
use crate::source::Source;
use crate::traffic::{self, netflow, zeek};
use crate::{emit, flows, identities, json, kubernetes, merge, netbox, nmap, open, outside, todo, zones};

/// One file: its name as the user would write it, and what it holds.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Name for provenance and faults.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// How to import.
#[derive(Clone, Debug)]
pub struct Options {
    /// Short name of a new estate.
    pub name: String,
    /// Limits of size.
    pub bounds: Bounds,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "imported".to_owned(), bounds: Bounds::default() }
    }
}

/// What is held at most; what goes beyond is counted and said.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Claims about hosts.
    pub hosts: usize,
    /// Claims about zones.
    pub zones: usize,
    /// Different observed flows.
    pub links: usize,
    /// Identities in the estate.
    pub identities: usize,
    /// Flows in the estate.
    pub flows: usize,
    /// Faults told of one file; all are counted.
    pub diagnostics_per_file: u64,
    /// Bytes of one file.
    pub file_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            hosts: 500_000,
            zones: 20_000,
            links: 1_000_000,
            identities: 20_000,
            flows: 20_000,
            diagnostics_per_file: 20,
            file_bytes: 512 << 20,
        }
    }
}

/// An imported estate.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The estate: the base with everything added.
    pub estate: Estate,
    /// The same as a file, with the place every line came from.
    pub text: String,
    /// What was done, and what a person should look at.
    pub report: Report,
    /// Faults of the files, each with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// The estate imported onto, as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Base<'b> {
    /// The file's name.
    pub name: &'b str,
    /// Its text.
    pub text: &'b str,
    /// What it says.
    pub estate: &'b Estate,
}

/// Imports `files` into a new estate, or onto `base`, of which nothing is lost or changed.
///
/// The order of the files does not matter, and importing the same files onto the result adds nothing.
pub fn import(files: &[SourceFile], base: Option<Base<'_>>, options: &Options) -> Imported {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| (&a.name, &a.bytes).cmp(&(&b.name, &b.bytes)));
    files.dedup_by(|a, b| a.name == b.name && a.bytes == b.bytes);
    let mut importer = Importer::new(options.clone());
    for file in files {
        importer.add(file);
    }
    importer.finish(base)
}

/// An import file by file, for callers that do not want to hold all of them at once. Files come in the order of their
/// names, each once: what the result says of places, and which of two equal claims counts, depends on that order.
#[derive(Debug)]
pub struct Importer {
    gathered: Gathered,
    options: Options,
}

impl Importer {
    /// Nothing read yet.
    pub fn new(options: Options) -> Self {
        // The first place among the files is the base's.
        let gathered = Gathered { files: vec![String::new()], ..Gathered::default() };
        Self { gathered, options }
    }

    /// Reads one file; nothing of its bytes is kept.
    pub fn add(&mut self, file: &SourceFile) {
        read(file, &mut self.gathered, &self.options.bounds);
    }

    /// Notes a file that could not be read, or was not, with the reason.
    pub fn skipped(&mut self, name: &str, fault: Diagnostic) {
        self.gathered.files.push(name.to_owned());
        self.gathered.diagnostics.push(fault);
        self.gathered.reports.push(FileReport { file: name.to_owned(), ..FileReport::default() });
    }

    /// Notes what the caller found out about a file that is read all the same.
    pub fn told(&mut self, fault: Diagnostic) {
        self.gathered.diagnostics.push(fault);
    }

    /// Everything read, as an estate: a new one, or `base` with what it does not say.
    pub fn finish(self, base: Option<Base<'_>>) -> Imported {
        let Self { mut gathered, options } = self;
        if let Some(base) = base {
            base.name.clone_into(&mut gathered.files[0]);
        }
        let mut report = Report::default();
        kubernetes::settle(&mut gathered);
        traffic::settle(&mut gathered, &mut report);
        let base_estate = base.map(|it| it.estate);
        let mut draft = merge::Draft::new(base_estate, &options.name);
        zones::add(&mut draft, &gathered);
        merge::hosts(&mut draft, &gathered, &mut report);
        zones::finish(&mut draft, &gathered);
        outside::mark(&mut draft, &mut report);
        flows::add(&mut draft, &gathered, &options.bounds, &mut report);
        kubernetes::services(&mut draft, &gathered, &mut report);
        let mut accounts = identities::of_directory(&draft, &gathered, &mut report);
        accounts.extend(kubernetes::identities(&draft, &gathered));
        identities::add(&mut draft, accounts, &gathered, &options.bounds, &mut report);
        outside::relays(&mut draft, &mut report);
        if base_estate.is_none() {
            open::everything(&mut draft, &mut report);
        }
        todo::add(&mut draft, &gathered, base_estate, &mut report);
        finish(&draft, &mut gathered, &mut report);
        let text = emit::text(&draft, &report, base);
        Imported { estate: draft.estate, text, report, diagnostics: gathered.diagnostics }
    }
}

/// Reads one file by what it holds.
fn read(file: &SourceFile, gathered: &mut Gathered, bounds: &Bounds) {
    let number = u32::try_from(gathered.files.len()).unwrap_or(u32::MAX);
    gathered.files.push(file.name.clone());
    let report = FileReport { file: file.name.clone(), ..FileReport::default() };
    let mut intake = Intake { file: number, source: Source::Nmap, record: 0, bounds, gathered, report };
    let whole =
        |code, message: String, hint: &str| Diagnostic::warning(code, &file.name, None, message).hint(hint);
    if file.bytes.len() > bounds.file_bytes {
        let message = format!("more than the {} bytes that are read of one file", bounds.file_bytes);
        intake.gathered.diagnostics.push(whole("file-too-large", message, "split the export"));
    } else if file.bytes.iter().all(u8::is_ascii_whitespace) {
        intake.gathered.diagnostics.push(whole("empty-file", "is empty".to_owned(), "export it again"));
    } else {
        let text = sniff::decode(&file.bytes);
        match sniff::sniff(&text) {
            Some(format) => {
                intake.report.format = Some(format.name().to_owned());
                read_as(format, &text, &mut intake);
            }
            None => {
                let (message, hint) = sniff::unknown(&file.bytes, &text);
                intake.gathered.diagnostics.push(whole("unknown-format", message.to_owned(), hint));
            }
        }
    }
    let report = intake.report;
    gathered.reports.push(report);
}

fn read_as(format: Format, text: &str, intake: &mut Intake<'_>) {
    intake.source = format.source();
    match format {
        Format::Nmap => nmap::read(text, intake),
        Format::SharpHound => sharphound::read(&json::split(text), intake),
        Format::OpenGraph => opengraph::read(&json::split(text), intake),
        Format::NetboxJson => netbox::read(&json::split(text), intake),
        Format::NetboxFixture => netbox::fixture::read(&json::split(text), intake),
        Format::NetboxCsv => netbox::read_csv(text, intake),
        Format::Kubernetes => kubernetes::read(text, intake),
        Format::ZeekConn => zeek::read_table(text, intake),
        Format::ZeekConnJson => zeek::read_json(text, intake),
        Format::FlowTable => netflow::read_table(text, intake),
        Format::FlowLines => netflow::read_lines(text, intake),
    }
}

/// Sums up what the files held.
fn finish(draft: &merge::Draft, gathered: &mut Gathered, report: &mut Report) {
    report.files = std::mem::take(&mut gathered.reports);
    let mut left_out = std::collections::BTreeMap::new();
    for file in &report.files {
        report.summary.records += file.records;
        report.summary.malformed += file.malformed;
        for (why, count) in &file.left_out {
            *left_out.entry(why.clone()).or_insert(0) += count;
        }
    }
    for it in std::mem::take(&mut report.left_out) {
        *left_out.entry(it.why).or_insert(0) += it.count;
    }
    report.left_out = left_out.into_iter().map(|(why, count)| LeftOut { why, count }).collect();
    report.conflicts.sort();
    report.conflicts.dedup();
    report.summary.conflicts = report.conflicts.len();
    report.summary.zones = draft.added.zones.len();
    report.summary.assets = draft.added.assets.len();
    report.summary.assets_extended = draft.extended_assets.len();
    report.summary.identities = draft.added.identities.len();
    report.summary.identities_extended = draft.extended_identities.len();
    report.summary.flows = draft.added.flows.len();
    report.summary.services = draft.added.services.len();
}
