//! Enforcement: a plan's rules brought to the enforcement points, and what really holds there.
//!
//! An intent (the rules of one point, with the plan's generation) is checked, applied in one transaction, read back and
//! compared; only then it is confirmed. Points refuse older generations, leases lapse by themselves, and undo is a new
//! intent with a higher generation. Knows nothing of how a plan was found. In reading order:

pub mod fleet;

mod eval;
mod guard;
mod reconcile;
mod sim;
mod topology;
mod undo;
mod verify;

pub use eval::{Decision, Packet, decide};
pub use fleet::{
    Applied, DroppedBy, EnforceError, ErrorClass, Fleet, Left, ProbeOutcome, ProbeResult, Retry, Session,
    Severed,
};
pub use guard::{Guard, Guards};
pub use reconcile::{
    Clock, LogLine, PointReport, PointState, Report, RetryPolicy, VirtualClock, differences, reconcile,
};
pub use sim::{BadFaultPlan, Fault, FaultPlan, SimFleet};
pub use topology::Topology;
pub use undo::{lift, undo};
pub use verify::{Expectation, Verification, verify};
