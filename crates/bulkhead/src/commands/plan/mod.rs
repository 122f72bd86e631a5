//! `plan contain|reach|recover`: computes and explains, changes nothing.

mod contain;
mod reach;
mod steer;
mod tell;

use bulkhead_contain::{PlanError, Request};

use crate::cli::{self, Planning};
use crate::commands::recover;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::say::note;

pub use tell::{comparison, services};

/// Runs `plan ...`.
pub fn run(command: &cli::Plan, config: &Config, quiet: bool) -> Outcome {
    match command {
        cli::Plan::Contain(args) => contain::run(args, config, quiet),
        cli::Plan::Reach(args) => reach::run(args, config, quiet),
        cli::Plan::Recover(args) => recover::run(args, config, quiet),
    }
}

/// The planning flags over the configuration over the contract's defaults.
pub fn settle(request: &mut Request<'_>, flags: &Planning, config: &Config) -> Outcome {
    if let Some(attitude) = flags.attitude.or(config.planning.attitude) {
        request.attitude = attitude;
    }
    if let Some(horizon) = flags.horizon.or(config.planning.horizon_h) {
        if !(horizon > 0.0 && horizon.is_finite()) {
            return Err(Failure::input(format!("--horizon must be a number of hours above 0: {horizon}")));
        }
        request.horizon_h = horizon;
    }
    if let Some(threshold) = flags.suspect_threshold.or(config.planning.suspect_threshold) {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Failure::input(format!("--suspect-threshold must lie between 0 and 1: {threshold}")));
        }
        request.suspect_threshold = threshold;
    }
    Ok(())
}

/// No plan is the command's own verdict; a name that does not exist is the user's error.
pub fn plan_failure(err: &PlanError) -> Failure {
    match err {
        PlanError::Unknown { .. } => Failure::input(err.to_string()),
        PlanError::UnknownAction { .. } => Failure::input(err.to_string())
            .hint("`bulkhead plan contain --list-actions ...` lists what can be done here"),
        PlanError::Infeasible { .. } => {
            // Standard output is for a plan; programs that read it must not find prose there.
            note!("no feasible plan: {}", err);
            Failure::Verdict(err.to_string())
        }
    }
}
