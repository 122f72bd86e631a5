//! The starter pack and the scenarios, through the product's own readers and engine.

mod drill;
mod hunt;
mod pack;
