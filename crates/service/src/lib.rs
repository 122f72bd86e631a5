//! The service graph: which services hold under a set of losses, for whom, and what an hour of it costs.
//!
//! Pure, and knows neither attackers nor plans: it is told what is lost ([`Losses`]) and answers exactly. The same
//! evaluation serves "what the attacker broke" and "what our plan breaks". [`EstateIndex`] numbers the estate densely
//! so that searches over thousands of losses stay cheap.

#![warn(clippy::disallowed_methods)]

mod condense;
mod graph;
mod index;
mod losses;
mod worth;

#[cfg(test)]
mod tests;

pub use graph::{Evaluation, Leaf, ServiceGraph};
pub use index::{EstateIndex, FlowMembers, FlowOrigin, ZoneEnds, pairs_of_ends};
pub use losses::{Exemptions, Losses};
pub use worth::{MOST_WEIGHT, set_apart};
