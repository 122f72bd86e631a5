//! Services under losses: one table per idea.
