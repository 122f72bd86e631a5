//! Correlation rules.

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::yaml::Node;

use crate::load::RuleEntry;
use crate::rule::Rule;
use crate::rule::parse::Reader;

/// A correlation rule.
#[derive(Clone, Debug)]
pub struct Correlation {
    names: Vec<String>,
}

impl Correlation {
    /// Names of the event fields it reads.
    pub fn field_names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }
}

/// Reads a correlation rule from one document.
pub fn parse(reader: &mut Reader<'_>, node: &Node) -> Option<Correlation> {
    reader.error("not-supported", node.pos, "correlation rules are not evaluated yet");
    None
}

/// Finds the rules correlations name.
pub fn resolve(
    correlations: Vec<Correlation>,
    rules: &[Rule],
    _: &mut Vec<RuleEntry>,
    _: &mut Vec<Diagnostic>,
) -> (Vec<Correlation>, Vec<bool>) {
    (correlations, vec![true; rules.len()])
}
