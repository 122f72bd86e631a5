//! The engineer's part: timeline, scope, containment, proof, recovery, clocks, filings, exfiltration, findings.

use maud::{Markup, html};

mod clocks;
mod containment;
mod evidence;
mod findings;
mod recovery;

pub use clocks::{clocks, filings};
pub use containment::{containment, proof};
pub use evidence::{exfiltration, scope, timeline};
pub use findings::findings;
pub use recovery::recovery;

/// The same of what is not printed: it is long, and stands in a file of the case or on a page of its own.
fn annex(label: &str, body: &Markup) -> Markup {
    html! { div class="scroll annex" tabindex="0" role="region" aria-label=(label) { (body) } }
}

/// Something wide in a box of its own that scrolls by keyboard too.
fn wide(label: &str, body: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (body) } }
}
