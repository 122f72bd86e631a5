//! Recovery: which steps in which order, by which crews, behind which gates, and how long until services are back.
//!
//! [`plan`] turns lost assets into a staged plan: steps from the estate's procedures, precedence across all tiers, crews
//! as renewable resources, value lost as the objective, with a proven lower bound. [`replan`] keeps what is done when
//! assets fall back in the middle of recovery. [`sample_durations`] draws actual durations for drills.
//!
//! In reading order: [`mod@plan`] the whole path · `work` steps and precedence · `waves`, `stage` stages · `value` services over
//! time · [`schedule`] the scheduler core · `montecarlo` percentiles.
//!
//! Pure: knows neither runners nor clocks; times are seconds from the start of recovery, randomness is a seed.

#![warn(clippy::disallowed_methods)]

mod duration;
mod montecarlo;
pub mod plan;
mod replan;
mod rng;
pub mod schedule;
mod stage;
mod value;
mod waves;
mod work;

pub use duration::Duration;
pub use montecarlo::sample_durations;
pub use plan::{Policy, RecoverError, Request, plan};
pub use replan::{Progress, replan};
pub use rng::Rng;
