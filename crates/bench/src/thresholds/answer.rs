//! Drills answered by the program as users run it, and what its cases say was lost.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use bulkhead_contain::ports::MovementPorts;
use bulkhead_contain::{Request, plan};
use bulkhead_evaluate::Truth;
use bulkhead_model::case::customers_hit;
use bulkhead_model::estate::Estate;
use bulkhead_service::{EstateIndex, Losses, ServiceGraph};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Hours after which an attack that was never declared comes to light all the same: an assumption.
pub const UNSEEN_H: f64 = 240.0;

/// What one drill lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loss {
    /// Customers hit times hours.
    pub customer_hours: f64,
    /// Value lost, in the estate's currency.
    pub value: f64,
    /// Hosts in the attacker's hands when it was contained.
    pub hosts: f64,
    /// Whether data left before it was contained.
    pub data_left: bool,
    /// Whether it was contained at all.
    pub contained: bool,
    /// Whether the case came to its end, whatever the attacker did after he was let back in.
    pub closed: bool,
}

/// The program beside this one.
pub fn program() -> Result<PathBuf> {
    let folder = std::env::current_exe()?.parent().map(Path::to_path_buf).unwrap_or_default();
    let program = folder.join("bulkhead");
    if !program.is_file() {
        bail!("{} is not built: `cargo xtask bench thresholds` builds it first", program.display());
    }
    Ok(program)
}

/// Plays a drill to its end; none where no incident was declared.
pub fn drill(
    program: &Path,
    folder: &Path,
    (scenario, seed, length_s): (&str, u64, Option<u64>),
    declare_points: f64,
) -> Result<Option<Case>> {
    let (policy, out) = (folder.join("policy.toml"), folder.join("case"));
    std::fs::write(&policy, format!("declare_points = {declare_points:.1}\n"))?;
    let mut command = Command::new(program);
    command.args(["drill", scenario, "--quiet", "--force", "--seed", &seed.to_string()]);
    command.arg("--policy").arg(&policy).arg("--out").arg(&out);
    if let Some(length) = length_s {
        command.args(["--length", &format!("{length}s")]);
    }
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let output = command.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    // 1 is an objective that was missed, which is what is looked for here.
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    if !out.join("incident.json").is_file() {
        return Ok(None);
    }
    let read = |name: &str| -> Result<Value> {
        let text = std::fs::read_to_string(out.join(name)).with_context(|| name.to_owned())?;
        Ok(serde_json::from_str(&text)?)
    };
    Ok(Some(Case {
        incident: read("incident.json")?,
        figures: read("figures.json")?,
        score: read("score.json")?,
    }))
}

/// What a case says of itself.
pub struct Case {
    incident: Value,
    figures: Value,
    score: Value,
}

impl Case {
    fn instant(value: &Value) -> Option<Timestamp> {
        value.as_str()?.parse().ok()
    }

    /// Hours from `from` until the main services were back; until the end of the case where they never were.
    fn hours_from(&self, from: Timestamp) -> f64 {
        let declared = Self::instant(&self.incident["declared_at"]).unwrap_or(from);
        let back = self.figures["main_services"]["back_after"].as_i64();
        let until = match back {
            Some(seconds) => declared.saturating_add(SignedDuration::from_secs(seconds)).ok(),
            None if self.figures["main_services"] == "none_hit" => Some(from),
            None => Self::instant(&self.figures["as_of"]),
        };
        until.map_or(0.0, |it| (it.as_second() - from.as_second()).max(0) as f64 / 3600.0)
    }

    /// What needless containment lost.
    pub fn needless(&self) -> Loss {
        let from = Self::instant(&self.incident["declared_at"]).unwrap_or_default();
        let hours = self.hours_from(from);
        let hit = &self.figures["containment_observed"];
        Loss {
            customer_hours: hit["customers"].as_f64().unwrap_or_default() * hours,
            value: hit["value_per_hour"].as_f64().unwrap_or_default() * hours,
            contained: true,
            closed: self.incident["state"] == "closed",
            ..Loss::default()
        }
    }

    /// What the attack and the answer to it lost, from the attacker's first act on.
    pub fn attacked(&self, truth: &Truth) -> Loss {
        let first = truth.first_act.unwrap_or_default();
        let (hours, hit) = (self.hours_from(first), &self.figures["hit"]);
        let after = self.score["mttd_s"].as_i64().zip(self.score["mttc_s"].as_i64());
        let contained = after.and_then(|(a, b)| first.saturating_add(SignedDuration::from_secs(a + b)).ok());
        let until = contained.unwrap_or(Timestamp::MAX);
        Loss {
            customer_hours: hit["customers"].as_f64().unwrap_or_default() * hours,
            value: hit["value_per_hour"].as_f64().unwrap_or_default() * hours,
            hosts: truth.held_at(until).len() as f64,
            data_left: left_by(truth, until),
            contained: contained.is_some(),
            closed: self.incident["state"] == "closed",
        }
    }
}

/// Whether data was sent out by then.
fn left_by(truth: &Truth, until: Timestamp) -> bool {
    truth.acts.iter().any(|it| it.tactic == "exfiltration" && it.is_done() && it.at <= until)
}

/// What an attack loses that is never declared.
pub fn unseen(truth: &Truth, estate: &Estate) -> Loss {
    let index = EstateIndex::new(estate);
    let graph = ServiceGraph::new(estate, &index);
    let none = graph.evaluate(&index, &Losses::default());
    let mut losses = Losses::default();
    let held = truth.ever_held();
    losses.assets.extend(held.iter().filter_map(|it| index.asset(it)));
    let hit = graph.impacts(&none.states, &graph.evaluate(&index, &losses).states);
    Loss {
        customer_hours: customers_hit(&hit) as f64 * UNSEEN_H,
        value: hit.iter().map(|it| it.value_per_hour).sum::<f64>() * UNSEEN_H,
        hosts: held.len() as f64,
        data_left: left_by(truth, Timestamp::MAX),
        ..Loss::default()
    }
}

/// What it loses in an hour to contain one host that nobody attacked, were it any of the estate's: on average over them, and
/// how many of them lose anything.
pub fn needless_anywhere(estate: &Estate) -> (Loss, usize, usize) {
    let ports = MovementPorts::default();
    let (mut lost, mut n, mut n_hit) = (Loss::default(), 0, 0);
    for it in &estate.assets {
        let compromised = [it.id.clone()];
        let Ok(planned) = plan(&Request::new(estate, &compromised, &ports)) else { continue };
        let customers = customers_hit(&planned.predicted);
        n += 1;
        n_hit += usize::from(customers > 0);
        lost.customer_hours += customers as f64;
        lost.value += planned.predicted.iter().map(|it| it.value_per_hour).sum::<f64>();
    }
    let share = 1.0 / n.max(1) as f64;
    lost.customer_hours *= share;
    lost.value *= share;
    (lost, n_hit, n)
}
