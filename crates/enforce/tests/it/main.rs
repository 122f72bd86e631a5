//! Tests of enforcement against the simulated fleet.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod faults;
mod fixture;
mod management;
mod probes;
mod properties;
