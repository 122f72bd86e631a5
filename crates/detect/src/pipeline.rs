//! Processing pipelines.

use bulkhead_model::diag::{Diagnostic, Pos};

use crate::compile::Placeholders;
use crate::rule::Rule;

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Lower first.
    pub priority: i64,
}

impl Pipeline {
    /// Reads a pipeline.
    pub fn parse(name: &str, _: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let pos = Some(Pos { line: 1, column: 1 });
        (
            None,
            vec![Diagnostic::error("not-supported", name, pos, "processing pipelines are not applied yet")],
        )
    }

    /// Adds its placeholders' values.
    pub fn placeholders(&self, _: &mut Placeholders) {}

    /// Changes a rule.
    pub fn apply(&self, _: &mut Rule) -> Vec<Diagnostic> {
        Vec::new()
    }
}
