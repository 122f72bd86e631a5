//! Developer commands: `cargo xtask test|bench|gen`.
fn main() {}
