//! `plan recover`: in which order services come back.

use bulkhead_model::id::AssetId;
use bulkhead_recover::{Policy, RecoverError, Request};
use bulkhead_report::percent;

use crate::cli::{Format, PlanRecover};
use crate::commands::case::print_json;
use crate::config::Config;
use crate::entities::Directory;
use crate::estate_input;
use crate::failure::{Failure, Outcome};
use crate::say::{self, say};
use crate::ui::{Table, counted, duration, money};

/// Simulated recoveries for the percentiles.
const SAMPLES: usize = 1000;

/// Runs `plan recover`.
pub fn run(args: &PlanRecover, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(args.estate.as_deref(), config, quiet)?;
    let directory = Directory::new(&input.estate);
    let lost: Vec<AssetId> =
        args.lost.iter().map(|it| directory.asset("--lost", it)).collect::<Outcome<_>>()?;
    let policy = Policy::default();
    let request = Request {
        estate: &input.estate,
        lost: &lost,
        actions: &[],
        policy: &policy,
        samples: SAMPLES,
        seed: args.seed,
    };
    let plan = bulkhead_recover::plan(&request).map_err(|err| match err {
        RecoverError::UnknownAsset(id) => Failure::input(format!("--lost: `{id}` is no asset of the estate")),
        RecoverError::Cycle(..) => Failure::input(err.to_string()),
    })?;
    if args.format == Format::Json {
        return print_json(&plan);
    }
    say!(
        "{}; value lost until everything is back: {}, proven within {}",
        counted(plan.stages.len(), "stage"),
        money(plan.objective, &input.estate.estate.currency),
        percent(plan.gap)
    );
    for stage in &plan.stages {
        say!("stage {}: {}", stage.n, stage.title);
        let mut table = Table::new(["step", "crew", "from", "to", "after"]);
        for it in &stage.steps {
            table.row([
                it.id.clone(),
                it.crew.to_string(),
                duration(it.start_s),
                duration(it.end_s),
                it.after.join(", "),
            ]);
        }
        say::show(&table.render(2));
        say!("  gate: {}; watched for {}", stage.gate.checks.join("; "), duration(stage.gate.surveillance_s));
    }
    let mut table = Table::new(["service", "median", "nine in ten", "RTO", "MTPD", "MTPD missed with"]);
    let limit = |it: Option<u64>| it.map_or("-".to_owned(), duration);
    for it in &plan.services {
        let risk = percent(it.mtpd_breach);
        table.row([
            it.service.to_string(),
            duration(it.p50),
            duration(it.p90),
            limit(it.rto),
            limit(it.mtpd),
            risk,
        ]);
    }
    say::show(&table.render(0));
    for note in &plan.notes {
        say!("note: {}", note);
    }
    Ok(())
}
