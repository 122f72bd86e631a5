//! Containment: the cheapest isolation that provably cuts an attacker off.
//!
//! [`plan`] computes it over the estate for the semantics fixed in the contract; [`certificate::from_rules`] states, from the rules
//! read back, why no path is left; [`checker`] decides independently whether that is so. Pure: no clock, no IO.
//! In reading order: the request and its answer, what moves count ([`ports`]), what can be done (`actions`), the graph
//! (`attack`), the search (`problem`, `presolve`, `solve`), its rendering ([`render`]), its proof.

#![warn(clippy::disallowed_methods)]

mod actions;
mod alone;
mod alternatives;
mod attack;
mod baseline;
mod blocked;
mod build;
mod build_talk;
mod catalogue;
pub mod certificate;
pub mod checker;
mod clean;
mod common;
mod cover;
mod doubts;
mod draft;
mod entries;
#[cfg(test)]
mod exhaustive;
mod explain;
pub mod generate;
mod ground;
mod maxflow;
mod moves;
mod named;
mod node;
mod observed;
mod planner;
pub mod ports;
mod presolve;
mod problem;
pub mod reach;
mod refusal;
mod relax;
pub mod render;
mod request;
mod required;
mod residual;
mod solve;
mod talk;
mod wanted;

pub use catalogue::Possible;
pub use certificate::from_rules as certificate;
pub use explain::Explanation;
pub use observed::observed_impact;
pub use planner::{PlanStage, Planned, Planner, Stats, plan};
pub use request::{PlanError, Request};
