//! `estate check|show|discover|import|schema`.

use std::path::{Path, PathBuf};

use bulkhead_files::Existing;

use crate::cli::{Estate, Format};
use crate::commands::case::print_json;
use crate::config::Config;
use crate::estate_input;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::say::{self, say};
use crate::telemetry_input;
use crate::ui::{counted, counted_as};

/// Runs `estate ...`.
pub fn run(command: &Estate, config: &Config, quiet: bool) -> Outcome {
    match command {
        Estate::Check { file, estate, format } => {
            check(file.as_deref().or(estate.as_deref()), *format, config)
        }
        Estate::Show { file, estate, out, force, format } => {
            let input = estate_input::read_or_example(file.as_deref().or(estate.as_deref()), config, quiet)?;
            match format {
                Format::Json => print_json(&input.estate),
                Format::Table => emit(&bulkhead_report::map::svg(&input.estate), out.as_deref(), *force),
            }
        }
        Estate::Discover { files, out, force } => discover(files, out.as_deref(), *force, quiet),
        Estate::Import(args) => super::estate_import::run(args, quiet),
        Estate::Schema => emit(&estate_schema()?, None, false),
    }
}

fn check(file: Option<&Path>, format: Format, config: &Config) -> Outcome {
    let Some(path) = estate_input::path(file, config) else {
        return Err(Failure::input("no estate is named")
            .hint("`bulkhead estate check FILE`, or make one with `bulkhead init DIR`"));
    };
    let text = estate_input::text(&path)?;
    let name = path.display().to_string();
    let (estate, diagnostics) = estate_input::examine(&name, &text);
    let errors = diagnostics.iter().filter(|it| it.is_error()).count();
    match format {
        Format::Json => print_json(&diagnostics)?,
        Format::Table => print_diagnostics(&diagnostics, 1000),
    }
    let Some(estate) = estate else {
        return Err(Failure::input(format!(
            "{name}: {}, {}",
            counted(errors, "error"),
            counted(diagnostics.len() - errors, "warning")
        )));
    };
    if format == Format::Table {
        let unknown = diagnostics.iter().filter(|it| it.code.starts_with("unknown-")).count();
        let verdict = match (unknown, diagnostics.len()) {
            (0, 0) => "sound".to_owned(),
            (0, _) => "usable".to_owned(),
            (n, _) => format!("usable, but {} not known, and duties or deadlines may be missing", words(n)),
        };
        say!(
            "{}: {}; {}, {}, {}, {}, {}, {}; {}",
            name,
            verdict,
            counted(estate.zones.len(), "zone"),
            counted(estate.assets.len(), "asset"),
            counted_as(estate.identities.len() as u64, "identity", "identities"),
            counted(estate.flows.len(), "flow"),
            counted(estate.services.len(), "service"),
            counted(estate.enforcement_points.len(), "enforcement point"),
            counted(diagnostics.len(), "warning")
        );
    }
    Ok(())
}

fn words(n: usize) -> String {
    if n == 1 { "1 word is".to_owned() } else { format!("{n} words are") }
}

fn discover(files: &[PathBuf], out: Option<&Path>, force: bool, quiet: bool) -> Outcome {
    let observed = telemetry_input::observe(files, quiet)?;
    let (estate, assumptions) = bulkhead_telemetry::discover::draft(&observed, &name_of(files));
    let text = super::respond::draft_text(&estate, &assumptions)?;
    emit(&text, out, force)?;
    if let Some(out) = out {
        say!(
            "{} drafted into {}; check it with `bulkhead estate check`",
            counted(estate.assets.len(), "asset"),
            out.display()
        );
    }
    Ok(())
}

/// A name for the draft, from the first file.
fn name_of(files: &[PathBuf]) -> String {
    let stem = files.first().and_then(|it| it.file_stem()).map(|it| it.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "discovered".to_owned())
}

/// The JSON Schema of the estate file.
pub fn estate_schema() -> Outcome<String> {
    bulkhead_model::schema::all()
        .into_iter()
        .find(|(name, _)| name.starts_with("estate"))
        .map(|(_, text)| text)
        .ok_or_else(|| Failure::Internal(anyhow::anyhow!("the estate has no schema")))
}

/// Writes `text` to `out`, or prints it; a file that is there is replaced only when `force` says so.
pub fn emit(text: &str, out: Option<&Path>, force: bool) -> Outcome {
    match out {
        Some(path) => {
            let existing = if force { Existing::Replace } else { Existing::Refuse };
            Ok(bulkhead_files::write(path, text.as_bytes(), existing)?)
        }
        None => {
            say::show_document(text);
            Ok(())
        }
    }
}
