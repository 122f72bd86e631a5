//! A plan as rules: per enforcement point, complete, so that whoever applies it has no choices left.

mod nft;
mod points;

pub use nft::nftables;
pub(crate) use points::{PlannedAction, point_rules};
