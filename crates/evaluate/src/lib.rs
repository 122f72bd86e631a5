//! Drills: attack scenarios played against an estate, the telemetry they leave, and how well the answer went.
//!
//! A scenario ([`scenario`]) is played by [`generate`]: the attacker obeys the estate's flows and whatever the defence
//! has installed, benign noise goes on around, and telemetry comes out in the shapes real sources write. What truly
//! happened stays in [`Truth`], which only [`score`] may look at. Pure: seeds, instants and texts are arguments.
//! In reading order:

#![warn(clippy::disallowed_methods)]

mod attack;
mod defence;
mod generate;
mod movement;
mod noise;
mod pack;
mod rng;
pub mod scenario;
mod score;
mod telemetry;
mod truth;
mod world;

pub use defence::Defence;
pub use generate::{Generated, Play, announced, generate};
pub use pack::{PackedRule, scenario, scenarios, starter_pack, starter_rules};
pub use scenario::{LENGTH_MAX, Scenario, read};
pub use score::{Facts, Verdict, score, verdicts};
pub use truth::{Act, Outcome, Truth};
