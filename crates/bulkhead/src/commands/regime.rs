//! `regime list|clocks`: the obligations and their deadlines.

use std::path::Path;

use bulkhead_comply::{Facts, Library};
use bulkhead_model::case::{Clock, ClockStatus, Trigger};
use bulkhead_model::estate::EstateInfo;
use bulkhead_report::{Lang, Words};
use jiff::Timestamp;

use crate::cli::{Format, Regime};
use crate::commands::case::{print_json, text_of};
use crate::config::Config;
use crate::estate_input;
use crate::failure::Outcome;
use crate::say::{self, say};
use crate::ui::Table;
use crate::when::{When, local, zone};

/// Runs `regime ...`.
pub fn run(command: &Regime, config: &Config, quiet: bool) -> Outcome {
    match command {
        Regime::List { estate, format } => list(estate.as_deref(), *format, config, quiet),
        Regime::Clocks { estate, aware, format } => clocks(estate.as_deref(), aware, *format, config, quiet),
    }
}

fn list(estate: Option<&Path>, format: Format, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(estate, config, quiet)?;
    let today = Timestamp::now().to_zoned(zone(&input.estate.estate)).date();
    let summaries = Library::builtin().list(&input.estate.legal_profile, &input.estate.estate, today);
    if format == Format::Json {
        return print_json(&summaries);
    }
    say!("regimes as they bear on {} ({})", input.estate.estate.name, input.origin);
    let mut table = Table::new(["regime", "bears", "status", "in", "checked", "stages"]);
    for it in &summaries {
        table.row([
            it.regime.to_string(),
            text_of(&it.bearing),
            text_of(&it.status),
            it.jurisdiction.clone(),
            it.verified_on.map(|it| it.to_string()).unwrap_or_default(),
            it.stages.join("; "),
        ]);
    }
    say::show(&table.render(0));
    Ok(())
}

fn clocks(estate: Option<&Path>, aware: &When, format: Format, config: &Config, quiet: bool) -> Outcome {
    let input = estate_input::require(estate, config, quiet)?;
    let aware = aware.resolve("--aware", &zone(&input.estate.estate), Timestamp::now(), quiet)?;
    let profile = &input.estate.legal_profile;
    let clocks = Library::builtin().clocks(&Facts::new(aware), profile, &input.estate.estate);
    if format == Format::Json {
        return print_json(&clocks);
    }
    say!("{} ({}), aware {}", input.estate.estate.name, input.origin, local(aware, &input.estate.estate));
    say::show(&table(&clocks, &input.estate.estate).render(0));
    say!("earliest = work to this; latest arguable = counsel decides. Not legal advice.");
    Ok(())
}

/// The clocks for people: binding ones first, proposals left out.
pub fn table(clocks: &[Clock], estate: &EstateInfo) -> Table {
    let mut table = Table::new(["regime", "stage", "status", "earliest", "latest arguable", "to", ""]);
    let words = Words::new(Lang::En);
    for it in clocks.iter().filter(|it| it.status != ClockStatus::Proposed) {
        let earliest = match (it.due_earliest, it.anchor_at) {
            (Some(due), _) => local(due, estate),
            (None, Some(_)) => "at once".to_owned(),
            (None, None) => format!("after {}", words.anchor(&it.anchor)),
        };
        // Open and met are told apart wherever clocks are told.
        let open = if it.trigger == Trigger::Unknown { "runs while facts are missing" } else { "" };
        let outer = it.due_outer.filter(|due| Some(*due) != it.due_earliest);
        table.row([
            it.regime.to_string(),
            it.stage.clone(),
            text_of(&it.status),
            earliest,
            outer.map(|it| local(it, estate)).unwrap_or_default(),
            it.recipient.clone(),
            open.to_owned(),
        ]);
    }
    table
}
