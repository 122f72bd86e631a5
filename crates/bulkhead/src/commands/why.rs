//! `respond --why ENTITY`: what speaks for it that a host or an account is in the attacker's hands, and how much.

use std::path::{Path, PathBuf};

use bulkhead_incident::{Explained, Memory, Policy, explain, fuse_knowing};
use bulkhead_journal::{Names, Vault};
use bulkhead_model::estate::Estate;
use bulkhead_report::{Lang, Why, WhyPart, WhyStanding, Words};
use serde_json::{Value, json};

use crate::baseline::Baseline;
use crate::cli::{Format, Respond};
use crate::commands::case::{journal_failure, print_json};
use crate::failure::{Failure, Outcome};
use crate::flow::key_of_seed;
use crate::narrate;
use crate::persons::People;
use crate::say::{note, say};
use crate::telemetry_input::Gathered;
use crate::when::{local, zone};

/// What everything is explained by.
struct Asked<'a> {
    args: &'a Respond,
    gathered: &'a Gathered,
    estate: &'a Estate,
    memory: &'a Memory,
    policy: &'a Policy,
}

/// Explains every entity asked for.
///
/// # Errors
/// When one of them was never seen, or nothing here tells who is behind a pseudonym.
pub fn run(
    args: &Respond,
    gathered: &Gathered,
    estate: &Estate,
    baseline: &Baseline,
    policy: &Policy,
) -> Outcome {
    let asked = Asked { args, gathered, estate, memory: baseline.explains(&gathered.findings), policy };
    let (mut all, mut failed) = (Vec::new(), None);
    for name in &args.why {
        match asked.about(name) {
            Ok(found) => all.push(found),
            Err(failure) => {
                failed.get_or_insert(failure);
            }
        }
    }
    told(args, &all, estate, policy)?;
    failed.map_or(Ok(()), Err)
}

impl Asked<'_> {
    fn about(&self, name: &str) -> Outcome<Explained> {
        let explained = |name: &str| {
            let Gathered { findings, observations, .. } = self.gathered;
            explain(self.memory, findings, observations, self.estate, self.policy, name)
        };
        if let Some(found) = explained(name) {
            return Ok(found);
        }
        if let Some(pseudonym) = pseudonym(name) {
            let behind = self.behind(name, pseudonym)?;
            if self.args.common.format == Format::Table {
                note!("{} is {}", pseudonym, behind);
            }
            if let Some(found) = explained(&behind) {
                return Ok(found);
            }
        }
        Err(Failure::input(format!("--why {name}: no host and no account of that name was seen"))
            .hint("name it as the logs or the estate do: id, host name, address or account"))
    }

    /// Who is behind a pseudonym: the vault of the case named with `--out` knows, and so does who knows the seed.
    fn behind(&self, given: &str, pseudonym: &str) -> Outcome<String> {
        let common = &self.args.common;
        if let Some(out) = &common.out {
            for vault in vaults(out) {
                let names = Vault::read_names(&vault).map_err(journal_failure)?;
                if let Some(name) = names.as_ref().and_then(|it| it.behind(pseudonym)) {
                    return Ok(name.to_owned());
                }
            }
        }
        if let Some(seed) = common.seed {
            let Gathered { findings, observations, .. } = self.gathered;
            let memory = self.memory.clone();
            let fusion = fuse_knowing(memory, findings, observations, self.estate, self.policy, seed);
            let mut people = People::of_estate(self.estate);
            people.observed(observations);
            findings.iter().for_each(|it| people.finding(it));
            for it in &fusion.incidents {
                let names = Names::of(key_of_seed(seed, &it.id), people.iter()).map_err(journal_failure)?;
                if let Some(name) = names.behind(pseudonym) {
                    return Ok(name.to_owned());
                }
            }
        }
        let tried = match (&common.out, common.seed) {
            (Some(_), _) => "neither the case named nor any seed given tells who is behind this pseudonym",
            (None, Some(_)) => "no case of this telemetry with this seed calls anybody so",
            (None, None) => "this is a pseudonym, and nothing here tells who is behind it",
        };
        Err(Failure::input(format!("--why {given}: {tried}")).hint(
            "name the case that printed it with `--out DIR`, whose vault knows unless it was erased, or the `--seed` it was made \
             with; or name the account as the logs do",
        ))
    }
}

/// The pseudonym in what was typed; what stands before it may say that it is an account.
fn pseudonym(given: &str) -> Option<&str> {
    let bare = ["account:", "identity:"].iter().find_map(|it| given.strip_prefix(it));
    [Some(given), bare].into_iter().flatten().find(|it| Names::is_pseudonym(it))
}

/// The vaults of a case directory, or of those it holds.
fn vaults(dir: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|it| it.path());
    let mut all: Vec<PathBuf> = below.map(|it| it.join("vault")).filter(|it| it.is_dir()).collect();
    all.sort();
    all.insert(0, dir.join("vault"));
    all
}

fn told(args: &Respond, all: &[Explained], estate: &Estate, policy: &Policy) -> Outcome {
    match args.common.format {
        Format::Json => print_json(&Value::from(all.iter().map(|it| object(it, policy)).collect::<Vec<_>>())),
        Format::Table => {
            let words = Words::new(args.common.lang);
            all.iter().for_each(|it| tell(it, estate, policy, &words));
            Ok(())
        }
    }
}

/// What its points make of it.
fn standing(it: &Explained, policy: &Policy) -> WhyStanding {
    let confidence = policy.confidence(it.points);
    if confidence >= policy.compromised {
        WhyStanding::Compromised
    } else if confidence >= policy.suspected {
        WhyStanding::Suspected
    } else {
        WhyStanding::NotNamed
    }
}

fn tell(it: &Explained, estate: &Estate, policy: &Policy, words: &Words) {
    let part = |part: &bulkhead_incident::Part| WhyPart {
        points: part.points,
        at: part.at,
        text: part.text.clone(),
        rule: part.rule.clone(),
        every_h: part.every_h,
    };
    let why = Why {
        id: &it.id,
        was_seen: it.was_seen,
        points: it.points,
        at: it.at,
        standing: standing(it, policy),
        suspected_from: policy.points_of(policy.suspected),
        compromised_from: policy.points_of(policy.compromised),
        declares: policy.declare_points,
        reasons: it.reasons.iter().map(part).collect(),
        has_muted: !it.muted.is_empty(),
    };
    let zone = zone(&estate.estate);
    words.why(&why, &zone).iter().for_each(|line| say!("{}", line));
    for muted in &it.muted {
        match words.lang {
            Lang::En => say!("  {}", narrate::muted(muted, |at| local(at, &estate.estate))),
            Lang::Fr => say!("  {}", words.muted(muted, &zone)),
        }
    }
}

fn object(it: &Explained, policy: &Policy) -> Value {
    json!({
        "id": it.id,
        "standing": standing(it, policy).in_words(),
        "was_seen": it.was_seen,
        "points": it.points,
        "confidence": policy.confidence(it.points),
        "at": it.at,
        "declare_points": policy.declare_points,
        "muted": it.muted,
        "reasons": it.reasons.iter().map(|it| json!({
            "points": it.points,
            "at": it.at,
            "text": it.text,
            "rule": it.rule,
            "usual_every_h": it.every_h,
        })).collect::<Vec<_>>(),
    })
}
