//! Tests of the whole binary, as one program.

mod broken;
mod bulkhead;
mod drill;
mod plan;
mod record;
mod respond;
