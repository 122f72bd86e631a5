//! Reads regime and calendar files: a stranger's file never panics, every fault carries its place.

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::yaml;

use crate::calendar::Calendar;
use crate::reader::Reader;
use crate::regime::Regime;

mod calendar;
mod predicate;
mod regime;

/// What files hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Regimes, in file order.
    pub regimes: Vec<Regime>,
    /// Calendars, in file order.
    pub calendars: Vec<Calendar>,
}

/// Reads every document of `text` as a regime (`regime: ID`) or a calendar (`calendar: ID`). `file` names it in
/// messages. A document with an error is left out.
pub fn load(file: &str, text: &str) -> (Loaded, Vec<Diagnostic>) {
    let (documents, mut faults) = yaml::parse(file, text);
    let mut loaded = Loaded::default();
    for document in &documents {
        let mut reader = Reader::new(file);
        let mut found = Loaded::default();
        match (document.get("regime"), document.get("calendar")) {
            (Some(_), None) => found.regimes.extend(regime::regime(&mut reader, document, file)),
            (None, Some(_)) => found.calendars.extend(calendar::calendar(&mut reader, document)),
            _ => {
                let message = "the document is neither a regime nor a holiday calendar".to_owned();
                let hint = "begin it with `regime: ID` or `calendar: ID`";
                reader.error("unknown-document", document.pos, message, hint);
            }
        }
        if !reader.faults.iter().any(Diagnostic::is_error) {
            loaded.regimes.append(&mut found.regimes);
            loaded.calendars.append(&mut found.calendars);
        }
        faults.append(&mut reader.faults);
    }
    (loaded, faults)
}
