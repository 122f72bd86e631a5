//! The case directory: one JSON file per object, the report, the rules as applied, the vault, and the sealed journal.

use std::borrow::Cow;
use std::path::Path;

use bulkhead_files::file_name;
use bulkhead_journal::{Names, Vault};
use bulkhead_model::case::{
    Certificate, Clock, Exfiltration, Figures, Impact, Incident, Localized, Plan, RecoveryPlan, Score,
    TimelineEntry,
};
use bulkhead_model::finding::Finding;
use bulkhead_model::plain::plain_json;
use bulkhead_report::Lang;
use bulkhead_report::filing::Filing;
use serde::Serialize;

use crate::commands::case::journal_failure;
use crate::failure::Outcome;
use crate::veil::{veil, veil_path, veil_value};

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
    /// `figures.json`: every quantity that a text of the case states.
    pub figures: Option<Figures>,
    /// `score.json`, of drills.
    pub score: Option<Score>,
    /// `timeline.json`.
    pub timeline: Vec<TimelineEntry>,
    /// Sentences for the head of the report.
    pub notices: Vec<Localized>,
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
    /// The same with pseudonyms for names, as far as the objects go; texts are veiled when they are written.
    pub fn veiled(&self, names: &Names) -> Self {
        Self {
            incident: veil_value(&self.incident, names),
            findings: veil_value(&self.findings, names),
            impact: veil_value(&self.impact, names),
            plan: veil_value(&self.plan, names),
            certificate: veil_value(&self.certificate, names),
            recovery: veil_value(&self.recovery, names),
            clocks: veil_value(&self.clocks, names),
            exfiltration: veil_value(&self.exfiltration, names),
            figures: veil_value(&self.figures, names),
            score: veil_value(&self.score, names),
            timeline: veil_value(&self.timeline, names),
            ..self.clone()
        }
    }

    /// Writes every file into `dir`, names replaced by the pseudonyms of `vault`, and into the vault as people read it;
    /// `veiled_report` is the page drawn from what is [`CaseFiles::veiled`]. The same content gives the same bytes.
    pub fn write(&self, dir: &Path, vault: &Vault, veiled_report: &str) -> Outcome {
        let door = Door { dir, vault };
        door.json("impact.json", &self.impact)?;
        door.json("clocks.json", &self.clocks)?;
        door.json("timeline.json", &self.timeline)?;
        door.optional("incident.json", self.incident.as_ref())?;
        door.optional("plan.json", self.plan.as_ref())?;
        door.optional("certificate.json", self.certificate.as_ref())?;
        door.optional("recovery.json", self.recovery.as_ref())?;
        door.optional("exfiltration.json", self.exfiltration.as_ref())?;
        door.optional("figures.json", self.figures.as_ref())?;
        door.optional("score.json", self.score.as_ref())?;
        let mut lines = String::new();
        for finding in &self.findings {
            lines.push_str(&serde_json::to_string(finding).map_err(anyhow::Error::new)?);
            lines.push('\n');
        }
        door.put("findings.ndjson", &lines, &lines)?;
        door.put("report.html", &self.report, veiled_report)?;
        door.put("estate.yaml", &self.estate, &self.estate)?;
        for (name, text) in &self.rules {
            door.put(&format!("rules/{}.nft", file_name(name)), text, text)?;
        }
        for (name, text) in &self.more {
            door.put(name, text, text)?;
        }
        Ok(())
    }
}

/// The one way into a case directory: nobody is named in what passes it; what does name somebody lies in the vault too.
struct Door<'a> {
    dir: &'a Path,
    vault: &'a Vault,
}

impl Door<'_> {
    fn optional<T: Serialize>(&self, name: &str, value: Option<&T>) -> Outcome {
        value.map_or(Ok(()), |value| self.json(name, value))
    }

    fn json<T: Serialize>(&self, name: &str, value: &T) -> Outcome {
        let mut text = serde_json::to_string_pretty(value).map_err(anyhow::Error::new)?;
        text.push('\n');
        self.put(name, &text, &text)
    }

    /// Writes `outside` veiled, and `named` into the vault where the two differ.
    fn put(&self, name: &str, named: &str, outside: &str) -> Outcome {
        let names = self.vault.names();
        // The same data, and nothing in it steers the terminal of whoever looks at it.
        let is_json = name.ends_with(".json") || name.ends_with(".ndjson");
        let spelt = |it| if is_json { plain_json(it) } else { Cow::Borrowed(it) };
        let (named, outside) = (spelt(named), spelt(outside));
        let veiled = veil(name, outside.as_bytes(), names);
        let bytes = veiled.as_deref().unwrap_or(outside.as_bytes());
        let place = veil_path(name, names);
        // The readable report links to these by its own place: they lie beside it whether they name somebody or not.
        let linked = name.starts_with("filings/") || name.starts_with("work-orders/");
        if bytes != named.as_bytes() || place != name || linked {
            self.vault.keep(name, named.as_bytes()).map_err(journal_failure)?;
        }
        let path = self.dir.join(place);
        // Putting names in or out spells the text anew.
        let spelt = std::str::from_utf8(bytes).map_or(Cow::Borrowed(bytes), |it| match spelt(it) {
            Cow::Borrowed(it) => Cow::Borrowed(it.as_bytes()),
            Cow::Owned(it) => Cow::Owned(it.into_bytes()),
        });
        Ok(bulkhead_files::tree::put(&path, &spelt)?)
    }
}
