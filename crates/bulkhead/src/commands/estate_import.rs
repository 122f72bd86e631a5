//! `estate import`: exports of other tools to a draft estate, with provenance and conflicts for a person to review.

use std::path::PathBuf;

use bulkhead_import::{Base, Imported, Importer, Options};
use serde_json::json;

use crate::cli::{EstateImport, Format};
use crate::commands::case::print_json;
use crate::commands::estate::emit;
use crate::failure::{Failure, Outcome, print_diagnostics};
use crate::say::{self, note, say};
use crate::{estate_input, import_input};

/// Faults printed; all are counted in the report.
const SHOWN: usize = 100;

/// Runs `estate import`.
pub fn run(args: &EstateImport, quiet: bool) -> Outcome {
    let options = Options { name: name_of(&args.files), ..Options::default() };
    let base = args.estate.as_deref().map(|path| estate_input::read_file(path, true)).transpose()?;
    let base = base.as_ref().map(|it| Base { name: &it.origin, text: &it.text, estate: &it.estate });
    let file_bytes = options.bounds.file_bytes;
    let mut importer = Importer::new(options);
    import_input::read_all(&args.files, file_bytes, &mut importer)?;
    let imported = importer.finish(base);
    if !quiet {
        print_diagnostics(&imported.diagnostics, SHOWN);
    }
    if imported.report.files.iter().all(|it| it.format.is_none()) {
        return Err(Failure::input("nothing that can be imported is in what was named")
            .hint("give nmap XML, Zeek conn logs, NetFlow CSV, BloodHound, NetBox or Kubernetes exports"));
    }
    if imported.estate.assets.is_empty() && imported.estate.zones.is_empty() {
        for it in imported.report.left_out.iter().filter(|_| !quiet) {
            note!("left out: {}: {}", it.count, it.why);
        }
        return Err(Failure::input("no host and no network came of what was named; nothing is written")
            .hint(
                "what was left out is told above; where traffic is between public addresses alone, import onto an estate whose zones \
                 name the ranges that are yours (--estate)",
            ));
    }
    // Neither of two files is written where one of them must not be.
    for taken in [&args.out, &args.report].into_iter().flatten().filter(|it| !args.force && it.is_file()) {
        if args.out.is_some() && args.report.is_some() {
            return Err(bulkhead_files::Error::Exists(taken.clone()).into());
        }
    }
    if let Some(path) = &args.report {
        let mut text = serde_json::to_string_pretty(&imported.report).map_err(anyhow::Error::new)?;
        text.push('\n');
        emit(&text, Some(path), args.force)?;
    }
    print(&imported, args, quiet)
}

fn print(imported: &Imported, args: &EstateImport, quiet: bool) -> Outcome {
    if let Some(out) = &args.out {
        emit(&imported.text, Some(out), args.force)?;
    }
    match (args.format, &args.out) {
        (Format::Json, Some(_)) => print_json(&imported.report),
        (Format::Json, None) => print_json(&json!({"estate": imported.estate, "report": imported.report})),
        (Format::Table, Some(out)) => {
            say::show(&imported.report.table());
            say!("written to {}; check it with `bulkhead estate check`", out.display());
            Ok(())
        }
        (Format::Table, None) => {
            if !quiet {
                say::show_beside(&imported.report.table());
            }
            emit(&imported.text, None, false)
        }
    }
}

/// A name for the estate, from the first file or folder.
fn name_of(files: &[PathBuf]) -> String {
    let stem = files.first().and_then(|it| it.file_stem()).map(|it| it.to_string_lossy().into_owned());
    stem.filter(|it| !it.is_empty() && it != "." && it != "..").unwrap_or_else(|| "imported".to_owned())
}
