//! The starter pack and the scenarios, through the product's own readers and engine.

mod drill;
mod faults;
mod hunt;
mod noise;
mod pack;
mod score;
