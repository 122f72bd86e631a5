//! The one writer. Whatever the product writes is on the disk whole or not at all, and what stood there before stays
//! until it is.
//!
//! In reading order:
//!
//! * [`write`](write()): one file: written beside its place, synced, renamed into it, its folder synced.
//! * [`Staged`]: a whole folder, built beside its place and swapped with what stands there; an interrupted swap is
//!   finished by whoever comes next ([`settle`]).
//! * [`refuse_sealed`]: neither writes into a sealed case; only who seals it may ([`write_within_seal`]).
//! * [`replace_dir`]: a folder inside one that is being worked on.
//! * [`file_name`]: ids as names of files.
//! * [`tree`]: what is needed while a folder is built.
//!
//! No other crate writes, renames or removes a file by itself; `cargo xtask tidy` looks for it.

#![forbid(unsafe_code)]

mod error;
mod lock;
mod name;
mod place;
mod staged;
mod swap;
pub mod tree;
mod write;

pub use error::{Error, Result};
pub use lock::lock;
pub use name::file_name;
pub use place::{refuse_sealed, resolve};
pub use staged::{Staged, Standing, settle, standing};
pub use swap::{recover_dir, replace_dir};
pub use write::{Existing, NewFile, write, write_private, write_within_seal};
