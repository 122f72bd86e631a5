//! Tests of the detection engine over public corpora; each says what was not run where `../shared/data` is absent.

mod data;
mod regression;
