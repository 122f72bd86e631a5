//! The case directory: one JSON file per object, the report, the rules as applied, the vault, and the sealed journal.

use std::path::Path;

use bulkhead_files::file_name;
use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Impact, Incident, Plan, RecoveryPlan, Score, TimelineEntry,
};
use bulkhead_model::finding::Finding;
use bulkhead_report::Lang;
use bulkhead_report::filing::Filing;
use serde::Serialize;

use crate::failure::Outcome;

/// Everything a case directory holds beside the journal; what did not come about is absent.
#[derive(Clone, Debug, Default)]
pub struct CaseFiles {
    /// `incident.json`.
    pub incident: Option<Incident>,
    /// `findings.ndjson`.
    pub findings: Vec<Finding>,
    /// `impact.json`.
    pub impact: Impact,
    /// `plan.json`.
    pub plan: Option<Plan>,
    /// `certificate.json`.
    pub certificate: Option<Certificate>,
    /// `recovery.json`.
    pub recovery: Option<RecoveryPlan>,
    /// `clocks.json`.
    pub clocks: Vec<Clock>,
    /// `exfiltration.json`.
    pub exfiltration: Option<Exfiltration>,
    /// `score.json`, of drills.
    pub score: Option<Score>,
    /// `timeline.json`.
    pub timeline: Vec<TimelineEntry>,
    /// `report.html`.
    pub report: String,
    /// `estate.yaml`, as it was read, so that every figure can be computed again.
    pub estate: String,
    /// Rules per enforcement point, as text for a packet filter: `rules/<point>.nft`.
    pub rules: Vec<(String, String)>,
    /// Filings, as pages show them; their files stand in `more`.
    pub filings: Vec<Filing>,
    /// Names of work orders, without language and ending; their files stand in `more`.
    pub orders: Vec<String>,
    /// Language of the report.
    pub lang: Lang,
    /// Further files by name, such as the filings.
    pub more: Vec<(String, String)>,
}

impl CaseFiles {
    /// Writes every file into `dir`; the same content gives the same bytes.
    pub fn write(&self, dir: &Path) -> Outcome {
        json(dir, "impact.json", &self.impact)?;
        json(dir, "clocks.json", &self.clocks)?;
        json(dir, "timeline.json", &self.timeline)?;
        optional(dir, "incident.json", self.incident.as_ref())?;
        optional(dir, "plan.json", self.plan.as_ref())?;
        optional(dir, "certificate.json", self.certificate.as_ref())?;
        optional(dir, "recovery.json", self.recovery.as_ref())?;
        optional(dir, "exfiltration.json", self.exfiltration.as_ref())?;
        optional(dir, "score.json", self.score.as_ref())?;
        let mut lines = String::new();
        for finding in &self.findings {
            lines.push_str(&serde_json::to_string(finding).map_err(anyhow::Error::new)?);
            lines.push('\n');
        }
        file(dir, "findings.ndjson", &lines)?;
        file(dir, "report.html", &self.report)?;
        file(dir, "estate.yaml", &self.estate)?;
        for (name, text) in &self.rules {
            file(dir, &format!("rules/{}.nft", file_name(name)), text)?;
        }
        for (name, text) in &self.more {
            file(dir, name, text)?;
        }
        Ok(())
    }
}

fn optional<T: Serialize>(dir: &Path, name: &str, value: Option<&T>) -> Outcome {
    value.map_or(Ok(()), |value| json(dir, name, value))
}

fn json<T: Serialize>(dir: &Path, name: &str, value: &T) -> Outcome {
    let mut text = serde_json::to_string_pretty(value).map_err(anyhow::Error::new)?;
    text.push('\n');
    file(dir, name, &text)
}

fn file(dir: &Path, name: &str, text: &str) -> Outcome {
    Ok(bulkhead_files::tree::put(&dir.join(name), text.as_bytes())?)
}
