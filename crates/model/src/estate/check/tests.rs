//! Cases for every fault.
