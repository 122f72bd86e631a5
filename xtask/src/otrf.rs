//! `cargo xtask otrf`: runs `bulkhead respond` on every recorded host attack and writes the table of `docs/otrf.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{Cmd, cargo, target};

/// The three rule folders of SigmaHQ.
const RULES: [&str; 3] = ["rules", "rules-emerging-threats", "rules-threat-hunting"];

/// Text above the table.
const HEAD: &str = "\
# Recorded attacks: which hosts are named

Windows host logs of simulated attacks (OTRF Security-Datasets, MIT), one archive an attack, run through
`bulkhead respond ARCHIVE --yes` with the built-in rules and the three SigmaHQ rule folders (`rules`, `rules-emerging-threats`,
`rules-threat-hunting`), the estate drafted from the telemetry, default policy for all. The table is written by
`cargo xtask otrf`; the data is not part of this repository.

Hosts and accounts are named with their confidence; from 0.65 on they count as compromised. *With findings* are the hosts on
which a rule of at least level low fired (`bulkhead detect --level low`), with the number of findings, whether or not they
belong to the incident; *without* are all others that appear in the telemetry.

*Plan* is what the plan does (`plan.json`), and *stays* what it leaves in the attacker's hands or within reach (`residual`), each
to be accepted by name before anything is called contained. The estate is a draft: what no event showed is taken as open, so a
host is silenced by isolating it. Everything is carried out on simulated points; *state* is what the case says of itself.

";

/// Text below it.
const TAIL: &str = "
What the archives are: in the `covenant_*` ones an implant on one workstation (`workstation5`, or `it001`) acts on a second
(`workstation6`, or `hr001`; in `sc_query` on the domain controller `mordordc`) with the account `pgustavo`; in the
`metasploit_*` ones the attack stays on one host. In `dcom_executeexcel4macro_blocked` the second step was blocked, as the name
says, and the telemetry of `workstation6` shows nothing of it. All other hosts are bystanders, however noisy: the domain controller of `theshire` carries a
cloud agent that sets off a medium rule 169 times within two minutes.
";

/// Regenerates `docs/otrf.md`.
///
/// `program` is the `bulkhead` to run; without it one is built.
pub fn run(root: &Path, program: Option<PathBuf>) -> Result<()> {
    let data = data(root)?;
    let program = match program {
        Some(program) => program,
        None => {
            cargo(root).args(["build", "--release", "--quiet", "--package", "bulkhead"]).run()?;
            target(root).join("release/bulkhead")
        }
    };
    let scratch = target(root).join("otrf");
    let mut page = String::from(HEAD);
    page.push_str("| archive | events | severity | compromised | suspected | plan | stays | state | with findings | without |\n");
    page.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    let (mut unnamed, mut idle) = (Vec::new(), Vec::new());
    for archive in archives(&data)? {
        let row = respond(root, &program, &archive, &data, &scratch)?;
        if row.compromised.is_empty() && row.suspected.is_empty() {
            unnamed.push(row.name.clone());
        }
        if row.actions.is_empty() && row.stays.is_empty() {
            idle.push(row.name.clone());
        }
        writeln!(page, "{}", row.markdown())?;
    }
    page.push_str(TAIL);
    fs::write(root.join("docs/otrf.md"), page).context("failed to write docs/otrf.md")?;
    if !unnamed.is_empty() {
        bail!("no incident came of {}", unnamed.join(", "));
    }
    if !idle.is_empty() {
        bail!("plans that do nothing and leave nothing, of {}", idle.join(", "));
    }
    Ok(())
}

/// Where the public data lies.
fn data(root: &Path) -> Result<PathBuf> {
    let data = std::env::var_os("BULKHEAD_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if !data.join("otrf").is_dir() {
        bail!("`{}` has no folder `otrf`: set BULKHEAD_DATA to the folder of public data", data.display());
    }
    Ok(data)
}

/// The host archives, by name; the `*_zeek_logs.zip` ones hold network logs of the same attacks.
fn archives(data: &Path) -> Result<Vec<PathBuf>> {
    let mut archives = Vec::new();
    for entry in fs::read_dir(data.join("otrf")).context("failed to list the archives")? {
        let path = entry.context("failed to list the archives")?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".zip") && !name.contains("zeek_logs") {
            archives.push(path);
        }
    }
    archives.sort();
    Ok(archives)
}

/// One row of the table.
struct Row {
    name: String,
    events: u64,
    severity: String,
    compromised: Vec<String>,
    suspected: Vec<String>,
    actions: Vec<String>,
    stays: Vec<String>,
    state: String,
    with: BTreeMap<String, u64>,
    without: BTreeSet<String>,
}

impl Row {
    fn markdown(&self) -> String {
        let list = |it: &[String]| if it.is_empty() { "-".to_owned() } else { it.join(", ") };
        let with: Vec<String> = self.with.iter().map(|(host, count)| format!("{host} ({count})")).collect();
        let without: Vec<String> = self.without.iter().cloned().collect();
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.name,
            self.events,
            self.severity,
            list(&self.compromised),
            list(&self.suspected),
            list(&self.actions),
            list(&self.stays),
            self.state,
            list(&with),
            list(&without)
        )
    }
}

fn respond(root: &Path, program: &Path, archive: &Path, data: &Path, scratch: &Path) -> Result<Row> {
    let name = archive.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (program, archive) = (program.to_string_lossy(), archive.to_string_lossy());
    let case = scratch.join(&name);
    let mut common = vec![archive.to_string(), "--quiet".to_owned()];
    for folder in RULES {
        common.push("--rules".to_owned());
        common.push(data.join("sigma").join(folder).to_string_lossy().into_owned());
    }
    let out = case.to_string_lossy();
    Cmd::new(&program, root).args(["respond", "--yes", "--force", "--out", &*out]).args(&common).run()?;
    let cases = cases(&case)?;
    let incidents = read_all(&cases, "incident.json")?;
    let plans = read_all(&cases, "plan.json")?;
    let findings = Cmd::new(&program, root)
        .args(["detect", "--level", "low", "--format", "ndjson"])
        .args(&common)
        .read()?;
    let with = hosts_with_findings(&findings)?;
    let estate = readable(cases.first().map_or(case.as_path(), PathBuf::as_path), "estate.yaml");
    let estate =
        fs::read_to_string(&estate).with_context(|| format!("failed to read {}", estate.display()))?;
    let without = hostnames(&estate).filter(|it| !with.contains_key(it)).collect();
    Ok(Row {
        name,
        events: incidents
            .iter()
            .filter_map(|it| it["telemetry"]["events"].as_u64())
            .max()
            .unwrap_or_default(),
        severity: each(&incidents, |it| vec![it["severity"].as_str().unwrap_or("-").to_owned()]).join(", "),
        compromised: each(&incidents, |it| entities(&it["compromised"])),
        suspected: each(&incidents, |it| entities(&it["suspected"])),
        actions: each(&plans, |it| actions(&it["actions"])),
        stays: each(&plans, |it| residual(&it["residual"])),
        state: each(&incidents, state).join(", "),
        with,
        without,
    })
}

/// The case directories under `out`: itself, or one per incident.
fn cases(out: &Path) -> Result<Vec<PathBuf>> {
    if out.join("incident.json").is_file() {
        return Ok(vec![out.to_path_buf()]);
    }
    let mut cases = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("no case in {}", out.display()))? {
        cases.push(entry.context("failed to list the cases")?.path());
    }
    cases.retain(|it| it.join("incident.json").is_file());
    cases.sort();
    Ok(cases)
}

/// A file of a case: with names, from its vault, where it has one there.
fn readable(case: &Path, name: &str) -> PathBuf {
    let named = case.join("vault/named").join(name);
    if named.is_file() { named } else { case.join(name) }
}

fn read_all(cases: &[PathBuf], name: &str) -> Result<Vec<Value>> {
    cases.iter().map(|it| readable(it, name)).filter(|it| it.is_file()).map(|it| read_json(&it)).collect()
}

/// What `of` gives for each, each thing once, in order.
fn each(values: &[Value], of: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for it in values.iter().flat_map(of) {
        if !all.contains(&it) {
            all.push(it);
        }
    }
    all
}

/// Kind and target of each action.
fn actions(list: &Value) -> Vec<String> {
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().replace('_', " ");
    let action = |it: &Value| format!("{} {}", text(it, "kind"), it["target"].as_str().unwrap_or("?"));
    list.as_array().into_iter().flatten().map(action).collect()
}

/// Who stays, why, and whether anybody accepted it.
fn residual(list: &Value) -> Vec<String> {
    let entry = |it: &Value| {
        let why = it["why"].as_str().unwrap_or("?").replace('_', " ");
        let by = it["accepted"]["by"].as_str().map(|by| format!(", accepted by {by}"));
        format!("{} ({why}{})", it["entity"].as_str().unwrap_or("?"), by.unwrap_or_default())
    };
    list.as_array().into_iter().flatten().map(entry).collect()
}

/// The state as the case gives it, with what it is worth.
fn state(incident: &Value) -> Vec<String> {
    let simulated = if incident["simulated"].as_bool() == Some(true) { " (simulated)" } else { "" };
    vec![format!("{}{simulated}", incident["state"].as_str().unwrap_or("-"))]
}

fn read_json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("failed to parse {}", path.display()))
}

/// `id confidence` of each entity.
fn entities(list: &Value) -> Vec<String> {
    let entity = |it: &Value| {
        format!("{} {:.2}", it["id"].as_str().unwrap_or("?"), it["confidence"].as_f64().unwrap_or_default())
    };
    list.as_array().into_iter().flatten().map(entity).collect()
}

/// Number of findings by short host name.
fn hosts_with_findings(findings: &str) -> Result<BTreeMap<String, u64>> {
    let mut hosts = BTreeMap::new();
    for line in findings.lines() {
        let finding: Value = serde_json::from_str(line).context("failed to parse a finding")?;
        if let Some(host) = finding["host"].as_str() {
            *hosts.entry(short(host)).or_default() += 1;
        }
    }
    Ok(hosts)
}

/// The host names of an estate file, one `hostname:` a line.
fn hostnames(estate: &str) -> impl Iterator<Item = String> {
    estate.lines().filter_map(|it| it.trim().trim_start_matches("- ").strip_prefix("hostname:")).map(short)
}

fn short(host: &str) -> String {
    let host = host.trim().trim_matches(['"', '\'']);
    host.split('.').next().unwrap_or(host).to_lowercase()
}
