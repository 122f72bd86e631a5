//! The planner from outside: against brute force over every set of actions, and against plain reachability.

#![allow(clippy::unwrap_used)]

mod brute_force;
mod corners;
mod footholds;
mod opened;
mod oracle;
mod proof;
mod random;
mod reaching;
mod rendering;
mod silenced;
mod steering;
mod telco;
mod ways_out;
