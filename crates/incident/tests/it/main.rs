//! Tests of fusion and of the exfiltration assessment.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod again;
mod cases;
mod damaged;
mod exfiltration;
mod fixture;
mod fuzz;
mod late;
mod online;
mod properties;
