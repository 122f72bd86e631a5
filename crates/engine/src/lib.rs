//! The pure heart: what is known (`State`), what is asked (`Command`), what happened (`Event`), what should be going on
//! (`Effect`).
//!
//! Knows no file, clock, network or randomness. [`run`] shows the whole loop; whoever drives it implements
//! [`run::Executor`]. In reading order:
//!
//! * [`decide`]: a command against the state gives events or a rejection; follow-ups that need nobody come with them.
//! * [`evolve`]: an event makes the next state; total, so that every journal replays.
//! * [`due`]: what time demands. [`effects`]: what should be going on, a function of the state alone.

#![warn(clippy::disallowed_methods)]

pub mod facts;
pub mod run;
pub mod state;

mod command;
mod decide;
mod due;
mod effects;
mod event;
mod evolve;

pub use command::{Command, Ctx, Policy, Rejection};
pub use decide::decide;
pub use due::{due, next_due, next_progress};
pub use effects::{Effect, effects};
pub use event::{Event, Fact, ReadError};
pub use evolve::{evolve, replay};
pub use facts::{GateCheck, Named, Subject, Via};
pub use state::State;
