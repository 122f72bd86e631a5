//! Tests of the whole binary, as one program.

mod broken;
mod bulkhead;
mod drill;
mod record;
mod respond;
