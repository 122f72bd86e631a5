//! The planner from outside: against brute force over every set of actions, and against plain reachability.

mod brute_force;
mod oracle;
mod random;
