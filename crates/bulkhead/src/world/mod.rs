//! The worlds a desk can stand in: recorded telemetry, where people decide, and a drill, where everybody is simulated.

pub mod drill;
pub mod recorded;
mod scope;
mod sums;
