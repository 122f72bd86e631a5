//! Imports held to what was written by hand.

mod cases;
mod fuzz;
mod properties;
