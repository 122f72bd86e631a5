//! The engineer's part: timeline, scope, containment, proof, recovery, clocks, exfiltration, findings.

use std::collections::BTreeMap;

use bulkhead_model::estate::Estate;
use maud::{Markup, html};

mod clocks;
mod containment;
mod evidence;
mod recovery;

pub use clocks::clocks;
pub use containment::{containment, proof};
pub use evidence::{exfiltration, findings, scope, timeline};
pub use recovery::recovery;

/// Rows shown of lists that may be very long; the files of the case hold all of them.
const ROWS: usize = 400;

fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (title) } (body) } }
}

/// Something wide in a box of its own that scrolls by keyboard too.
fn wide(label: &str, body: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (body) } }
}

fn more(total: usize, file: &str) -> Markup {
    html! { @if total > ROWS { p class="note" { (total - ROWS) " more stand in " code { (file) } "." } } }
}

/// Names of services as customers know them, by id.
fn names(estate: &Estate) -> BTreeMap<&str, &str> {
    estate.services.iter().map(|it| (it.id.as_str(), it.name.en())).collect()
}

/// The name of a service, or its id where the estate does not know it.
fn name<'n>(names: &BTreeMap<&str, &'n str>, id: &'n str) -> &'n str {
    names.get(id).copied().unwrap_or(id)
}
