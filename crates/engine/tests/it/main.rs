//! Tests of the engine: a whole incident on a fake fleet, crashes at every record, refusals, stored formats.

#![allow(clippy::unwrap_used)] // a test's helpers may fail as loudly as the test

mod contained;
mod crash;
mod fake;
mod golden;
mod lifecycle;
mod properties;
mod stages;
