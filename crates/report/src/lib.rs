//! Rendering, no IO: the case's report as one self-contained page, and pictures as SVG. Same input, same bytes.
//!
//! In reading order: [`html`] assembles the page; [`timeline`], [`graph`] and [`gantt`] draw;
//! [`map`] draws the estate.

#![warn(clippy::disallowed_methods)]

pub mod gantt;
pub mod graph;
pub mod html;
pub mod map;
pub mod timeline;

mod detail;
mod standing;
mod style;
mod summary;
mod svg;
mod text;

pub use html::{CaseView, html};
pub use svg::standalone;
