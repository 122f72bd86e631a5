//! The case directory: one JSON file per object, the report, the rules as applied, the vault, and the sealed journal.

use std::fs;
use std::path::{Path, PathBuf};

use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Impact, Incident, Plan, RecoveryPlan, Score, TimelineEntry,
};
use bulkhead_model::finding::Finding;
use serde::Serialize;

use crate::failure::{Failure, Outcome};

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
    /// Further files by name, such as the filings.
    pub more: Vec<(String, String)>,
}

/// Makes `dir` ready: absent or empty, or emptied when `force` is given and it holds a case.
///
/// # Errors
/// When it holds anything else, so that `--force` with a mistyped folder destroys nothing.
pub fn prepare(dir: &Path, force: bool) -> Outcome {
    let occupied = dir.exists()
        && fs::read_dir(dir)
            .map_err(|err| Failure::file("use as case directory", dir, &err))?
            .next()
            .is_some();
    if occupied {
        if !force {
            return Err(Failure::input(format!("the case directory `{}` is not empty", dir.display()))
                .hint("name another folder with --out, or replace it with --force"));
        }
        if !is_case(dir) && !holds_cases(dir) {
            return Err(Failure::input(format!(
                "`{}` is not a case directory: --force replaces only those",
                dir.display()
            ))
            .hint("name another folder with --out"));
        }
        fs::remove_dir_all(dir).map_err(|err| Failure::file("empty", dir, &err))?;
    }
    fs::create_dir_all(dir).map_err(|err| Failure::file("make", dir, &err))
}

fn is_case(dir: &Path) -> bool {
    dir.join("incident.json").exists() || dir.join("journal").exists()
}

/// Whether all that it holds are cases, as when several incidents were answered at once.
fn holds_cases(dir: &Path) -> bool {
    let entries: Vec<_> = fs::read_dir(dir).into_iter().flatten().collect();
    !entries.is_empty() && entries.iter().all(|it| it.as_ref().is_ok_and(|it| is_case(&it.path())))
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
            file(dir, &format!("rules/{name}.nft"), text)?;
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
    let path: PathBuf = dir.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|err| Failure::file("make", folder, &err))?;
    }
    fs::write(&path, text).map_err(|err| Failure::file("write", &path, &err))
}
