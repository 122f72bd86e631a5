//! The detection engine: Sigma rules compiled once, matched against events at the speed of reading them.
//!
//! Pure: knows no file, clock or network. [`compile`] turns rule files into a [`RuleSet`] and a report of everything
//! that could not be used; a [`Detector`] turns events into findings. In reading order:

#![warn(clippy::disallowed_methods)]

mod rule;

mod compile;
mod correlation;
mod detector;
mod engine;
mod explain;
mod expr;
mod field;
mod filter;
mod load;
mod logsource;
mod matcher;
mod parallel;
mod pipeline;
mod ruleset;

pub use compile::Placeholders;
pub use correlation::correlator::{CorrelationCounts, CorrelationOptions};
pub use detector::{Counts, Detector, EventRef};
pub use explain::{
    Contribution, CorrelationExplanation, Explanation, ItemTrace, Node, NodeKind, SearchTrace,
};
pub use load::{LoadReport, Options, RuleEntry, RuleFile, compile};
pub use parallel::{Collector, Match, Matcher};
pub use ruleset::RuleSet;
