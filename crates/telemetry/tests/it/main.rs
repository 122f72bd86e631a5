//! Telemetry files in, events and entities out: samples of every format, broken inputs, archives, the public data sets.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod archives;
mod broken;
mod discover;
mod evtx;
mod fires;
mod properties;
mod samples;
mod sensors;
mod shared_data;
mod support;
mod volumes;
