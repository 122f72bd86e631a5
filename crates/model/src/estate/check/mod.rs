//! Semantic faults of an estate: what contradicts itself (errors) and what somebody should look at (warnings).
//!
//! Errors are unknown references, duplicate ids and cycles, as `contracts.md` fixes them; everything else warns.

use super::{Estate, Index, Places};
use crate::diag::Diagnostic;

mod ids;
mod network;
mod outside;
mod points;
mod recovery;
mod references;
mod selectors;
mod services;
mod vocabulary;

pub use vocabulary::unknown_word;

/// Checks an estate that could be read; `places` give the faults their file, line and column.
pub fn check(estate: &Estate, places: &Places) -> Vec<Diagnostic> {
    let mut checker =
        Checker { estate, places, index: Index::new(estate), diagnostics: Vec::new(), suggestions: 20 };
    checker.duplicate_ids();
    checker.shared_ids();
    checker.unknown_references();
    checker.selectors();
    checker.networks();
    checker.outside();
    checker.vocabularies();
    checker.enforcement();
    checker.services();
    checker.recovery();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|it| it.pos);
    diagnostics
}

/// What all checks share.
struct Checker<'e> {
    estate: &'e Estate,
    places: &'e Places,
    index: Index<'e>,
    diagnostics: Vec<Diagnostic>,
    /// How many more times a near name is searched for: the search is over all ids.
    suggestions: u32,
}

/// At most three of `names`, and how many more there are.
fn some(names: &[&str]) -> String {
    let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=3 => shown,
        all => format!("{shown} and {} more", all - 3),
    }
}
