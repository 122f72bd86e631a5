//! What an import did: files, provenance of every attribute, conflicts, what was left out and what nobody could know.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use bulkhead_model::plain::{Plain, plain};
use serde::Serialize;

/// Everything a person needs to review an imported estate; also what `--report` writes as JSON.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How much there is.
    pub summary: Summary,
    /// Every file, in the order of their names.
    pub files: Vec<FileReport>,
    /// Where sources disagree, and which was believed.
    pub conflicts: Vec<Conflict>,
    /// Sound records that did not become part of the estate, by reason.
    pub left_out: Vec<LeftOut>,
    /// What was assumed, each in a sentence.
    pub assumptions: Vec<String>,
    /// What no source knows and a person must add.
    pub todo: Vec<String>,
    /// Every asset that a source speaks of, with the place of each of its attributes.
    pub assets: Vec<AssetReport>,
    /// Every flow that was added, with its evidence.
    pub flows: Vec<FlowReport>,
    /// The busiest destinations outside the estate.
    pub outside: Vec<Outbound>,
    /// Places of zones, identities and services that were added or extended, by `zone:ID`, `identity:ID`, `service:ID`.
    pub others: BTreeMap<String, Vec<String>>,
}

/// Counts of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records read.
    pub records: u64,
    /// Records that could not be read.
    pub malformed: u64,
    /// Zones added.
    pub zones: usize,
    /// Assets added.
    pub assets: usize,
    /// Typed assets to which something was added.
    pub assets_extended: usize,
    /// Identities added.
    pub identities: usize,
    /// Typed identities to which something was added.
    pub identities_extended: usize,
    /// Flows added.
    pub flows: usize,
    /// Services added.
    pub services: usize,
    /// Disagreements.
    pub conflicts: usize,
}

/// What one file held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file as it was named.
    pub file: String,
    /// What it was recognised as; none if as nothing.
    pub format: Option<String>,
    /// Records found.
    pub records: u64,
    /// Records that said something of use.
    pub taken: u64,
    /// Records that could not be read.
    pub malformed: u64,
    /// Sound records not taken, by reason.
    pub left_out: BTreeMap<String, u64>,
}

/// What sources disagree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disagreement {
    /// One address, two hosts.
    Address,
    /// One name, two hosts.
    SharedName,
    /// Two names, one host.
    Hostname,
    /// Operating systems.
    Os,
    /// Kinds of asset.
    Kind,
    /// Zones.
    Zone,
    /// Roles that a typed asset does not have.
    Roles,
    /// A published port that a network policy closes.
    Policy,
}

impl Disagreement {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address of two hosts",
            Self::SharedName => "name of two hosts",
            Self::Hostname => "hostname",
            Self::Os => "os",
            Self::Kind => "kind",
            Self::Zone => "zone",
            Self::Roles => "roles",
            Self::Policy => "network policy",
        }
    }
}

/// One disagreement: what was believed and what was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conflict {
    /// On what.
    pub on: Disagreement,
    /// The asset or the address.
    pub subject: String,
    /// What counts.
    pub chosen: Choice,
    /// What does not.
    pub rejected: Vec<Choice>,
}

/// A value and who says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// `source file:line`, at most a few.
    pub by: Vec<String>,
}

/// Sound records that did not become part of the estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Why.
    pub why: String,
    /// How many.
    pub count: u64,
}

/// Provenance of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AssetReport {
    /// The asset.
    pub id: String,
    /// Whether it was typed in the estate imported onto.
    pub typed: bool,
    /// Who speaks of each attribute: `source file:line`.
    pub attributes: BTreeMap<&'static str, Vec<String>>,
    /// Ports on which a scan found it listening.
    pub listening: Vec<String>,
}

/// Provenance of one flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowReport {
    /// The flow.
    pub id: String,
    /// Connections seen.
    pub connections: u64,
    /// First seen, RFC 3339.
    pub first: Option<String>,
    /// Last seen, RFC 3339.
    pub last: Option<String>,
    /// `source file:line`, at most a few.
    pub by: Vec<String>,
}

/// A destination outside the estate that assets were seen to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outbound {
    /// Public address.
    pub address: IpAddr,
    /// Port there, `tcp/443`.
    pub port: String,
    /// Connections seen.
    pub connections: u64,
    /// Number of assets that opened them.
    pub assets: usize,
    /// The first few of these.
    pub from: Vec<String>,
}

/// Rows of each part that the table for people shows.
const SHOWN: usize = 40;

impl Report {
    /// The report for people.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let it = &self.summary;
        let _ = writeln!(
            out,
            "added: {} zones, {} assets, {} identities, {} flows, {} services; extended: {} assets, {} identities",
            it.zones,
            it.assets,
            it.identities,
            it.flows,
            it.services,
            it.assets_extended,
            it.identities_extended
        );
        let mut rows = vec![row(["file", "read as", "records", "taken", "malformed"])];
        for it in &self.files {
            let format = it.format.clone().unwrap_or_else(|| "nothing known".to_owned());
            let counts = [it.records, it.taken, it.malformed].map(|it| it.to_string());
            let [records, taken, malformed] = counts;
            rows.push(vec![it.file.clone(), format, records, taken, malformed]);
        }
        columns(&mut out, &rows);
        if !self.conflicts.is_empty() {
            let _ = writeln!(out, "conflicts: {}", self.conflicts.len());
            let mut rows = vec![row(["on", "of", "believed", "not believed"])];
            for it in &self.conflicts {
                let rejected: Vec<String> = it.rejected.iter().map(choice).collect();
                rows.push(vec![
                    it.on.name().to_owned(),
                    it.subject.clone(),
                    choice(&it.chosen),
                    rejected.join(", "),
                ]);
            }
            columns(&mut out, &rows);
        }
        list(&mut out, "left out", self.left_out.iter().map(|it| format!("{}: {}", it.count, it.why)));
        list(&mut out, "assumed", self.assumptions.iter().cloned());
        list(&mut out, "not known, to be added", self.todo.iter().cloned());
        out
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn choice(it: &Choice) -> String {
    match it.by.first() {
        Some(by) => format!("{} ({by})", it.value),
        None => it.value.clone(),
    }
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}:");
    for line in &lines {
        let _ = writeln!(out, "  - {}", Plain(line));
    }
}

fn columns(out: &mut String, rows: &[Vec<String>]) {
    let rows_shown = &rows[..rows.len().min(SHOWN + 1)];
    let n = rows_shown.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows_shown.iter().map(|it| plain(&it[column]).chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..n).map(width).collect();
    for cells in rows_shown {
        let cells = cells.iter().map(|it| plain(it));
        let mut line = String::from(" ");
        for (cell, width) in cells.zip(&widths) {
            line.push(' ');
            line.push_str(&cell);
            line.push_str(&" ".repeat(width + 1 - cell.chars().count()));
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if rows.len() > rows_shown.len() {
        let _ = writeln!(out, "  ... and {} more in the report", rows.len() - rows_shown.len());
    }
}
