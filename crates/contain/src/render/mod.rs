//! A plan as rules: per enforcement point, complete, so that whoever applies it has no choices left.

mod boxes;
mod nft;
mod outside;
mod points;

pub use nft::{install, nftables, swap};
pub(crate) use points::{PlannedAction, point_rules};
