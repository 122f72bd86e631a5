//! Tests of the whole binary, as one program.

mod baseline;
mod broken;
mod bulkhead;
mod consistency;
mod coverage;
mod detect;
mod drill;
mod early;
mod erasure;
mod faults;
mod faults_everywhere;
mod french;
mod hostile;
mod import;
mod keys;
mod left_open;
mod noise;
mod plan;
mod reach;
mod record;
mod respond;
mod resume;
mod spared;
mod told;
mod why;
mod writing;
