//! The estate a command works on: named on the command line, in bulkhead.toml, or the embedded example.

use std::path::{Path, PathBuf};

use bulkhead_comply::{Library, vocabulary};
use bulkhead_model::diag::Diagnostic;
use bulkhead_model::estate::{self, Estate};

use crate::config::Config;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::inputs;
use crate::say::note;
use crate::ui::counted;

/// The embedded example, a fictional telecom operator.
const EXAMPLE: &str = include_str!("../../../examples/telco/estate.yaml");

/// How many faults of one file are printed; a table of a thousand helps nobody.
pub const SHOWN: usize = 50;

/// How many words that nobody knows are printed at every use.
const LOUD: usize = 10;

/// An estate with the text it came from, which goes into the case.
#[derive(Debug, Clone)]
pub struct EstateInput {
    /// Where it came from, for people.
    pub origin: String,
    /// The file's text.
    pub text: String,
    /// What it says.
    pub estate: Estate,
}

/// The estate file meant by the command line or the configuration, if any.
pub fn path(given: Option<&Path>, config: &Config) -> Option<PathBuf> {
    given.map(Path::to_path_buf).or_else(|| config.estate.clone())
}

/// Reads the estate meant; an input error names every fault.
pub fn read(given: Option<&Path>, config: &Config, quiet: bool) -> Outcome<Option<EstateInput>> {
    path(given, config).map(|path| read_file(&path, quiet)).transpose()
}

/// Reads the estate meant, or the embedded example.
pub fn read_or_example(given: Option<&Path>, config: &Config, quiet: bool) -> Outcome<EstateInput> {
    match read(given, config, quiet)? {
        Some(input) => Ok(input),
        None => parse("examples/telco/estate.yaml", EXAMPLE, true),
    }
}

/// Reads the estate meant; that there is one is the user's duty.
pub fn require(given: Option<&Path>, config: &Config, quiet: bool) -> Outcome<EstateInput> {
    read(given, config, quiet)?.ok_or_else(|| {
        Failure::input("no estate is named")
            .hint("give --estate FILE, set `estate` in bulkhead.toml, or make one with `bulkhead init DIR`")
    })
}

/// The text of a file of the user.
pub fn text(path: &Path) -> Outcome<String> {
    let bytes = inputs::text(path).map_err(|err| Failure::file("read", path, &err))?;
    String::from_utf8(bytes).map_err(|err| {
        let at = err.utf8_error().valid_up_to();
        Failure::input(format!("{}: not UTF-8 text: byte {at} is none", path.display()))
    })
}

/// Reads the estate at `path`; an input error names every fault.
pub fn read_file(path: &Path, quiet: bool) -> Outcome<EstateInput> {
    let text = text(path)?;
    parse(&path.display().to_string(), &text, quiet)
}

/// Reads an estate and judges its words by the duties that are decided by them.
pub fn examine(origin: &str, text: &str) -> (Option<Estate>, Vec<Diagnostic>) {
    let (read, mut diagnostics) = estate::read_with_places(origin, text);
    let Some((estate, places)) = read else { return (None, diagnostics) };
    diagnostics.extend(vocabulary::check(&estate, &places, &Library::builtin()));
    diagnostics.sort_by_key(|it| it.pos);
    (Some(estate), diagnostics)
}

/// Whether a warning is of a word that nobody knows: it changes what is computed, so it is said at every use.
pub fn is_loud(diagnostic: &Diagnostic) -> bool {
    !diagnostic.is_error() && (diagnostic.code.starts_with("unknown-") || diagnostic.code == "drafted-estate")
}

fn parse(origin: &str, text: &str, quiet: bool) -> Outcome<EstateInput> {
    let (estate, diagnostics) = examine(origin, text);
    let errors: Vec<Diagnostic> = diagnostics.iter().filter(|it| it.is_error()).cloned().collect();
    let Some(estate) = estate else {
        print_diagnostics(&errors, SHOWN);
        return Err(Failure::input(format!(
            "{origin}: {}; the estate cannot be used",
            counted(errors.len(), "error")
        ))
        .hint("`bulkhead estate check` lists every fault with its place"));
    };
    let loud: Vec<Diagnostic> = diagnostics.iter().filter(|it| is_loud(it)).cloned().collect();
    if !quiet {
        print_diagnostics(&loud, LOUD);
    }
    if !quiet && !diagnostics.is_empty() {
        let warnings = crate::ui::counted(diagnostics.len(), "warning");
        note!("{}: {}; `bulkhead estate check` lists them", origin, warnings);
    }
    Ok(EstateInput { origin: origin.to_owned(), text: text.to_owned(), estate })
}
