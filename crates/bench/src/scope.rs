//! `scope`: which incidents the stage finds in labelled alerts of whole networks, online in one pass; labels only score.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bulkhead_incident::{Fusion, IncidentDraft, Memory, Policy, Scope, finding_from_alert};
use bulkhead_model::case::EntityKind;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::{Finding, SourceRef};
use bulkhead_telemetry::{Options, Record, entities, read_bytes};
use serde_json::{Value, json};

use crate::measure::peak_memory_mb;

const DAY_S: i64 = 86_400;

/// One line of a list, as it is scored.
pub struct Row {
    pub at: i64,
    pub host: String,
    pub ip: String,
    label: String,
}

impl Row {
    pub fn is_labelled(&self) -> bool {
        self.label != "-" && !self.label.is_empty()
    }

    /// Whether the label says that the host was only scanned.
    pub fn is_scan(&self) -> bool {
        self.label.ends_with("_scan") || self.label.ends_with("_scans")
    }
}

/// A network's alerts by time, and its attack's phases.
pub struct Network {
    pub name: String,
    pub rows: Vec<Row>,
    /// The header and the lines, in the same order.
    text: Vec<u8>,
    phases: Vec<(String, i64, i64)>,
}

/// What one pass found.
pub struct Pass {
    pub fusion: Fusion,
    pub seconds: f64,
    pub alerts: usize,
}

/// Runs the benchmark: `--data DIR`, `--windows` for parts of the recordings, `--json`.
pub fn run(args: &[String], json: bool) -> Result<()> {
    let folder = folder(args)?;
    let windows = args.iter().any(|it| it == "--windows");
    let mut out = Vec::new();
    for network in networks(&folder)? {
        let mut scored = if windows { in_windows(&network)? } else { whole(&network) };
        scored["rss_mb"] = json!(peak_memory_mb().round());
        if !json {
            println!("{scored:#}");
        }
        out.push(scored);
    }
    if json {
        println!("{}", json!({ "networks": out }));
    }
    Ok(())
}

pub fn folder(args: &[String]) -> Result<PathBuf> {
    let named = args.iter().position(|it| it == "--data").map(|it| args.get(it + 1).map(PathBuf::from));
    let folder = match named {
        Some(folder) => folder.context("--data needs a folder")?,
        None => crate::corpus::root().join("ait-ads"),
    };
    if !folder.join("phases.csv").is_file() {
        bail!("`{}` holds no phases.csv: name the folder with --data", folder.display());
    }
    Ok(folder)
}

pub fn networks(folder: &Path) -> Result<Vec<Network>> {
    let phases = std::fs::read_to_string(folder.join("phases.csv")).context("cannot read phases.csv")?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix("_alerts.txt.gz").or_else(|| file.strip_suffix("_alerts.txt"))
        else {
            continue;
        };
        let mut text = String::new();
        let raw = std::fs::File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if file.ends_with(".gz") {
            flate2::read::MultiGzDecoder::new(raw).read_to_string(&mut text)?;
        } else {
            std::io::BufReader::new(raw).read_to_string(&mut text)?;
        }
        all.push(Network::read(name, &text, &phases)?);
    }
    if all.is_empty() {
        bail!("`{}` holds no NAME_alerts.txt", folder.display());
    }
    Ok(all)
}

impl Network {
    /// Its alerts as findings, in the order of the list.
    pub fn findings(&self) -> Vec<Finding> {
        let files = [(format!("{}_alerts.txt", self.name), self.text.clone())];
        let mut findings = Vec::new();
        let mut take = |record: &Record<'_>| {
            let source = SourceRef { file: record.file.to_owned(), record: record.record };
            findings.extend(finding_from_alert(record.event, &entities(record.event), source));
            ControlFlow::Continue(())
        };
        read_bytes(&files, &Options::default(), &mut take);
        findings
    }

    /// What the list calls a host that the stage names.
    pub fn host<'n>(&'n self, id: &'n str) -> &'n str {
        self.rows.iter().find(|it| it.ip == id).map_or(id, |it| it.host.as_str())
    }

    fn read(name: &str, text: &str, phases: &str) -> Result<Self> {
        let (header, lines) = text.split_once('\n').context("an empty list of alerts")?;
        let mut rows: Vec<(Row, &str)> = lines.lines().filter_map(|it| Some((row(it)?, it))).collect();
        // As they come in life: by their time.
        rows.sort_by_key(|it| it.0.at);
        let mut sorted = format!("{header}\n");
        for (_, line) in &rows {
            sorted.push_str(line);
            sorted.push('\n');
        }
        let phase = |line: &str| {
            let words: Vec<&str> = line.trim().split(',').collect();
            let [network, phase, start, end] = words[..] else { return None };
            let counts = network == name && !phase.starts_with("false_positive");
            counts.then_some((phase.to_owned(), seconds(start)?, seconds(end)?))
        };
        let phases = phases.lines().filter_map(phase).collect();
        let rows = rows.into_iter().map(|it| it.0).collect();
        Ok(Self { name: name.to_owned(), rows, text: sorted.into_bytes(), phases })
    }

    /// The attack's time, from the start of its first phase to the end of its last.
    pub fn attack(&self) -> (i64, i64) {
        let start = self.phases.iter().map(|it| it.1).min().unwrap_or(i64::MAX);
        let end = self.phases.iter().map(|it| it.2).max().unwrap_or(i64::MIN);
        (start, end)
    }
}

/// Time in whole seconds; some lists write fractions.
fn seconds(text: &str) -> Option<i64> {
    text.split('.').next()?.parse().ok()
}

fn row(line: &str) -> Option<Row> {
    let mut words = line.trim_end().rsplitn(6, ',');
    let label = words.next()?.to_owned();
    let (_, _, host, ip) = (words.next()?, words.next()?, words.next()?.to_owned(), words.next()?.to_owned());
    let at = seconds(words.next()?.split(',').next()?)?;
    Some(Row { at, host, ip, label })
}

/// One pass over the alerts of `[from, to)`, going on from `memory`. The finding of row `n` has number `n`.
fn pass(network: &Network, memory: Memory, from: usize, to: usize) -> Pass {
    let (estate, policy) = (Estate::empty("networks"), Policy::default());
    let mut lines = network.text.split_inclusive(|it| *it == b'\n');
    let mut text: Vec<u8> = lines.next().unwrap_or_default().to_vec();
    lines.skip(from).take(to - from).for_each(|it| text.extend_from_slice(it));
    let files = [(format!("{}_alerts.txt", network.name), text)];
    let start = Instant::now();
    let mut scope = Scope::new(&Observations::default(), &estate, &policy, memory, 1);
    let mut alerts = 0;
    let mut take = |record: &Record<'_>| {
        let source = SourceRef { file: record.file.to_owned(), record: record.record };
        if let Some(finding) = finding_from_alert(record.event, &entities(record.event), source) {
            alerts += 1;
            // Records count from 1, and the header is the first.
            let number = from + usize::try_from(record.record).unwrap_or(usize::MAX).saturating_sub(2);
            scope.observe(&finding, number);
        }
        ControlFlow::Continue(())
    };
    read_bytes(&files, &Options::default(), &mut take);
    if let Some(last) =
        network.rows.get(to.saturating_sub(1)).and_then(|it| jiff::Timestamp::from_second(it.at).ok())
    {
        scope.settle(last);
    }
    Pass { fusion: scope.finish(), seconds: start.elapsed().as_secs_f64(), alerts }
}

fn whole(network: &Network) -> Value {
    let found = pass(network, Memory::default(), 0, network.rows.len());
    let quiet =
        pass(network, Memory::default(), 0, network.rows.partition_point(|it| it.at < network.attack().0));
    let mut scored = score(network, &found);
    scored["strongest_before"] = json!(quiet.fusion.strongest.points);
    scored
}

/// The hosts an incident names, as the lists call them.
fn named(network: &Network, draft: &IncidentDraft) -> BTreeSet<String> {
    let by_ip: BTreeMap<&str, &str> =
        network.rows.iter().map(|it| (it.ip.as_str(), it.host.as_str())).collect();
    let hosts = draft.named().filter(|it| it.kind == EntityKind::Asset);
    hosts.map(|it| by_ip.get(it.id.as_str()).map_or_else(|| it.id.clone(), |it| (*it).to_owned())).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of alerts and hosts")]
fn score(network: &Network, found: &Pass) -> Value {
    let (start, end) = network.attack();
    let during = |it: &&Row| (start..=end).contains(&it.at);
    let labelled = || network.rows.iter().filter(|it| it.is_labelled());
    let attacked: BTreeSet<&str> =
        labelled().filter(during).filter(|it| !it.is_scan()).map(|it| it.host.as_str()).collect();
    let scanned: BTreeSet<&str> = labelled()
        .filter(|it| it.is_scan() && !attacked.contains(it.host.as_str()))
        .map(|it| it.host.as_str())
        .collect();
    let days: BTreeSet<i64> = network.rows.iter().map(|it| it.at.div_euclid(DAY_S)).collect();
    let bad: BTreeSet<i64> = labelled().map(|it| it.at.div_euclid(DAY_S)).collect();
    let is_true = |it: &&IncidentDraft| {
        let evidence = it.findings.iter().filter_map(|it| network.rows.get(*it));
        evidence.filter(during).any(Row::is_labelled)
    };
    let all = &found.fusion.incidents;
    let hits: Vec<&IncidentDraft> = all.iter().filter(is_true).collect();
    let declared = |it: &IncidentDraft| it.declared_at.as_second();
    let n_false =
        all.iter().filter(|it| !is_true(it) && !bad.contains(&declared(it).div_euclid(DAY_S))).count();
    let n_benign = days.difference(&bad).count();
    let evidence: BTreeSet<usize> = hits.iter().flat_map(|it| it.findings.iter().copied()).collect();
    let inside = |phase: &(String, i64, i64)| {
        let rows = network.rows.iter().enumerate().filter(|it| it.1.is_labelled());
        let rows: Vec<usize> =
            rows.filter(|it| (phase.1..=phase.2).contains(&it.1.at)).map(|it| it.0).collect();
        (!rows.is_empty()).then(|| (phase.0.clone(), rows.iter().any(|it| evidence.contains(it))))
    };
    let phases: Vec<(String, bool)> = network.phases.iter().filter_map(inside).collect();
    let names: BTreeSet<String> = hits.iter().flat_map(|it| named(network, it)).collect();
    let right = names.iter().filter(|it| attacked.contains(it.as_str())).count();
    let wrong: Vec<&String> =
        names.iter().filter(|it| !attacked.contains(it.as_str()) && !scanned.contains(it.as_str())).collect();
    let first = labelled().filter(during).find(|it| !it.is_scan()).map(|it| it.at);
    let at = hits.iter().map(|it| declared(it)).min();
    let missing: Vec<&str> = attacked.iter().filter(|it| !names.contains(**it)).copied().collect();
    json!({
        "name": network.name,
        "found": !hits.is_empty(),
        "delay_s": at.zip(first).map(|it| it.0 - it.1),
        "incidents": all.len(),
        "false_per_day": n_false as f64 / n_benign.max(1) as f64,
        "benign_days": n_benign,
        "phases_in": phases.iter().filter(|it| it.1).count(),
        "phases": phases.len(),
        "phases_missing": phases.iter().filter(|it| !it.1).map(|it| &it.0).collect::<Vec<_>>(),
        "host_precision": (right + wrong.len() > 0).then(|| right as f64 / (right + wrong.len()) as f64),
        "host_recall": right as f64 / attacked.len().max(1) as f64,
        "hosts_named": names,
        "hosts_wrong": wrong,
        "hosts_missing": missing,
        "alerts": found.alerts,
        "alerts_per_s": (found.alerts as f64 / found.seconds).round(),
        "declared": all.iter().map(|it| it.declared_at.to_string()).collect::<Vec<_>>(),
    })
}

/// Windows of 6, 12 and 24 hours, each knowing what came before it and each knowing nothing: how many hold an incident, and
/// whether it is one of the whole recording's.
fn in_windows(network: &Network) -> Result<Value> {
    let whole = pass(network, Memory::default(), 0, network.rows.len()).fusion.incidents;
    let (first, last) = match (network.rows.first(), network.rows.last()) {
        (Some(first), Some(last)) => (first.at, last.at),
        _ => bail!("{}: no alerts", network.name),
    };
    let known: BTreeSet<String> = whole.iter().flat_map(|it| named(network, it)).collect();
    let spans: Vec<(i64, i64)> =
        whole.iter().map(|it| (it.first_finding_at.as_second(), it.last_finding_at.as_second())).collect();
    let mut out = Vec::new();
    for hours in [6, 12, 24] {
        let mut from = first;
        while from < last {
            let to = from + hours * 3600;
            let place = |at: i64| network.rows.partition_point(|it| it.at < at);
            let (a, b) = (place(from), place(to));
            let before = pass(network, Memory::default(), 0, a).fusion.memory;
            let expected = spans.iter().any(|it| it.0 < to && it.1 >= from);
            for (knowing, memory) in [("what came before", before), ("nothing", Memory::default())] {
                let found = pass(network, memory, a, b).fusion;
                let names: BTreeSet<String> =
                    found.incidents.iter().flat_map(|it| named(network, it)).collect();
                if expected || !found.incidents.is_empty() {
                    out.push(json!({
                        "hours": hours,
                        "from_h": (from - first) / 3600,
                        "knowing": knowing,
                        "expected": expected,
                        "incidents": found.incidents.len(),
                        "declared": found.incidents.iter().map(|it| it.declared_at.to_string()).collect::<Vec<_>>(),
                        "hosts_known": names.intersection(&known).collect::<Vec<_>>(),
                        "hosts_new": names.difference(&known).collect::<Vec<_>>(),
                        "strongest": found.strongest.points,
                    }));
                }
            }
            from = to;
        }
    }
    Ok(json!({ "name": network.name, "windows": out }))
}
