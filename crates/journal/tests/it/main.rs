//! Integration tests of the journal: the store, the case directory, its verification, and what survives a crash.

#![allow(clippy::unwrap_used)] // a test's helpers may fail as loudly as the test

mod case;
mod crash;
mod edits;
mod fixture;
mod fuzz;
mod golden;
mod spellings;
mod store;
