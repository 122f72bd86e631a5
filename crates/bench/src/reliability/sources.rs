//! What the stage said of hosts and accounts in data that tells what is true: networks, recordings, drills.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use bulkhead_evaluate::Truth;
use bulkhead_incident::{Fusion, IncidentDraft, Memory, Policy, Standing, watch};
use bulkhead_model::case::EntityKind;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::Estate;
use bulkhead_model::finding::Finding;
use bulkhead_model::id::{AssetId, IdentityId};
use bulkhead_model::span::Span;
use bulkhead_telemetry::{Options, Record, discover, read};
use jiff::Timestamp;

use super::curve::Said;
use crate::play::{self, Watcher};
use crate::{corpus, scope};

const HOUR_S: i64 = 3600;

/// Of each the last that was said, and what was said every hour.
#[derive(Default)]
pub struct Told {
    pub at_the_end: Vec<Said>,
    pub every_hour: Vec<Said>,
}

/// What is judged.
struct Judged<'a> {
    source: &'static str,
    of: String,
    findings: &'a [Finding],
    observations: &'a Observations,
    estate: &'a Estate,
}

impl Judged<'_> {
    /// Watches it, and holds what is said against `truth`: whether that host or account was in the attacker's hands by then;
    /// none where nobody knows.
    fn tell(&self, hourly: bool, truth: impl Fn(&Standing) -> Option<bool>, told: &mut Told) {
        let policy = Policy::default();
        let times = || self.findings.iter().filter_map(|it| it.time);
        let mut hours = Vec::new();
        if let (Some(first), Some(last), true) = (times().min(), times().max(), hourly) {
            let hour = |it: Timestamp| it.as_second().div_euclid(HOUR_S) + 1;
            hours.extend((hour(first)..hour(last)).filter_map(|it| Timestamp::from_second(it * HOUR_S).ok()));
        }
        let memory = Memory::default();
        let (fusion, standings) =
            watch(memory, self.findings, self.observations, self.estate, &policy, &hours);
        let last = standings.iter().map(|it| it.at).max();
        let (end, hourly): (Vec<_>, Vec<_>) = standings.into_iter().partition(|it| Some(it.at) == last);
        let said = |it: &Standing, printed: Option<f64>, weight: f64| {
            Some(Said {
                source: self.source,
                of: self.of.clone(),
                id: it.id.clone(),
                is_host: it.kind == EntityKind::Asset,
                points: it.points,
                confidence: printed.unwrap_or_else(|| policy.confidence(it.points)),
                named: printed.is_some(),
                truth: truth(it)?,
                weight,
            })
        };
        let named = named(&fusion);
        let mut missing = named.clone();
        for it in end {
            let key = (it.kind, it.id.clone());
            missing.remove(&key);
            told.at_the_end.extend(said(&it, named.get(&key).copied(), 1.0));
        }
        // Named in an incident that is over, or was before what speaks against it faded.
        for ((kind, id), confidence) in missing {
            let points = policy.points_of(confidence.min(0.9995));
            let it = Standing { at: last.unwrap_or_default(), kind, id, points };
            told.at_the_end.extend(said(&it, Some(confidence), 1.0));
        }
        let mut n = BTreeMap::<(EntityKind, &str), f64>::new();
        hourly.iter().for_each(|it| *n.entry((it.kind, it.id.as_str())).or_default() += 1.0);
        let hourly = hourly.iter().filter_map(|it| said(it, None, 1.0 / n[&(it.kind, it.id.as_str())]));
        told.every_hour.extend(hourly);
    }
}

/// Whom incidents name, how sure.
fn named(fusion: &Fusion) -> BTreeMap<(EntityKind, String), f64> {
    let mut named = BTreeMap::new();
    for it in fusion.incidents.iter().flat_map(IncidentDraft::named) {
        let confidence: &mut f64 = named.entry((it.kind, it.id.clone())).or_default();
        *confidence = confidence.max(it.confidence);
    }
    named
}

/// Labelled alerts of whole networks: hosts, worked on from their first label in the attack's time that is no scan.
pub fn networks(told: &mut Told) -> Result<()> {
    let estate = Estate::empty("networks");
    for network in scope::networks(&scope::folder(&[])?)? {
        let (start, end) = network.attack();
        let mut since = BTreeMap::<&str, i64>::new();
        let mut scanned = BTreeSet::<&str>::new();
        for it in network.rows.iter().filter(|it| it.is_labelled()) {
            if it.is_scan() {
                scanned.insert(&it.host);
            } else if (start..=end).contains(&it.at) {
                since.entry(&it.host).or_insert(it.at);
            }
        }
        let findings = network.findings();
        let judged = Judged {
            source: "network",
            of: network.name.clone(),
            findings: &findings,
            observations: &Observations::default(),
            estate: &estate,
        };
        let truth = |it: &Standing| {
            let host = network.host(&it.id);
            let worked_on = since.get(host).is_some_and(|since| *since <= it.at.as_second());
            // Of a host that was merely scanned nobody says whether it was worked on.
            (it.kind == EntityKind::Asset && (worked_on || !scanned.contains(host))).then_some(worked_on)
        };
        judged.tell(true, truth, told);
    }
    Ok(())
}

/// Recorded attacks on Windows hosts (docs/otrf.md says what they are). Accounts are known where the attack is documented
/// with the one it used.
pub fn recordings(told: &mut Told) -> Result<()> {
    let rules = play::rules(corpus::rules()?);
    for archive in corpus::archives() {
        let mut watcher = Watcher::new(&rules);
        let mut take = |record: &Record<'_>| watcher.take(record);
        read(&[archive.display().to_string()], &Options::default(), &mut take);
        let seen = watcher.finish();
        let name = archive.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (estate, _) = discover::draft(&seen.observations, &name);
        let hosts = attacked(&name);
        let judged = Judged {
            source: "recording",
            of: name.clone(),
            findings: &seen.findings,
            observations: &seen.observations,
            estate: &estate,
        };
        let truth = |it: &Standing| match it.kind {
            EntityKind::Asset => Some(hosts.contains(&it.id.as_str())),
            EntityKind::Identity => name.starts_with("covenant_").then(|| it.id == "pgustavo"),
        };
        judged.tell(false, truth, told);
    }
    Ok(())
}

/// The hosts that the attack of an archive worked on.
fn attacked(archive: &str) -> &'static [&'static str] {
    match archive {
        "covenant_psremoting_grunt" => &["it001", "hr001"],
        "covenant_sc_query_dcerpc_smb_svcctl" => &["workstation5", "mordordc"],
        "covenant_dcom_executeexcel4macro_blocked" => &["workstation5"],
        "metasploit_comsvcs_lsass_memory_dump" => &["prd01"],
        "metasploit_logonpasswords_lsass_memory_dump" => &["mkt01"],
        "metasploit_procdump_lsass_memory_dump" => &["acct01"],
        it if it.starts_with("covenant_") => &["workstation5", "workstation6"],
        _ => &[],
    }
}

/// Drills with so many seeds, of which a fifth begin after two days of ordinary life.
pub fn drills(seeds: u64, told: &mut Told) -> Result<()> {
    let (estate, rules) = (play::telco()?, play::rules(Vec::new()));
    for name in ["reference", "oss-ssh", "false-alarm"] {
        for seed in 1..=seeds {
            let before = Span::from_secs(if seed % 5 == 0 { 2 * 86_400 } else { 0 });
            let scenario = play::scenario_of(name, None, before)?;
            let play::Played { seen, truth, estate } = play::play(&scenario, &estate, &rules, seed);
            let judged = Judged {
                source: "drill",
                of: format!("{name}-{seed}"),
                findings: &seen.findings,
                observations: &seen.observations,
                estate: &estate,
            };
            judged.tell(true, |it| Some(is_held(&truth, it)), told);
        }
    }
    Ok(())
}

/// Whether the attacker had acted on this host, or as this account, by then.
fn is_held(truth: &Truth, it: &Standing) -> bool {
    let mut acts = truth.acts.iter().filter(|act| act.is_done() && act.at <= it.at);
    match it.kind {
        EntityKind::Asset => {
            let id = AssetId::new(&it.id);
            acts.any(|act| act.host == id || act.gained() == Some(&id))
        }
        EntityKind::Identity => {
            let id = IdentityId::new(&it.id);
            acts.any(|act| act.identity.as_ref() == Some(&id))
        }
    }
}
