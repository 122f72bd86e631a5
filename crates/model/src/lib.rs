//! The vocabulary every crate shares: ids, instants, estate types, event access, findings, plan and case types.
//!
//! Pure: knows no file, no clock, no database. In reading order:

#![warn(clippy::disallowed_methods)]

pub mod address;
pub mod attack;
pub mod bytes;
pub mod case;
pub mod count;
pub mod diag;
pub mod entity;
pub mod estate;
pub mod event;
pub mod finding;
pub mod french;
pub mod id;
pub mod json;
pub mod logsource;
pub mod plain;
pub mod rules;
pub mod runs;
pub mod schema;
pub mod sensor;
pub mod span;
pub mod trace;
pub mod uses;
pub mod yaml;
