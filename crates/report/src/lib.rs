//! Rendering, no IO: the case's report as one self-contained page, and pictures as SVG. Same input, same bytes.
//!
//! In reading order: [`html`] assembles the page; [`timeline`], [`graph`] and [`gantt`] draw;
//! [`map`] draws the estate; [`filing`] and [`order`] are the pages beside it. Words stand in `locales/`, one catalogue per language.

#![warn(clippy::disallowed_methods)]

pub mod filing;
pub mod gantt;
pub mod graph;
pub mod html;
pub mod map;
pub mod order;
pub mod timeline;

mod detail;
mod page;
mod said;
mod standing;
mod style;
mod summary;
mod svg;
mod text;
mod why;
mod words;

pub use html::{CaseView, html};
pub use said::in_french;
pub use svg::standalone;
pub use text::{listed, percent, span};
pub use why::{Why, WhyPart, WhyStanding};
pub use words::{Lang, Words};
