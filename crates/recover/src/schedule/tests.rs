//! Tests of the scheduler core against brute force.
