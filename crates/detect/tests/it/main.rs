//! Tests of the detection engine over public corpora; each says what was not run where `../shared/data` is absent.
#![allow(clippy::unwrap_used, reason = "tests")]

mod correlation;
mod correlation_oracle;
mod data;
mod fuzz;
mod language;
mod log_sources;
mod oracle;
mod pipeline;
mod regression;
