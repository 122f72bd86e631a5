//! Everything a correlator remembers, saved as JSON and restored exactly.
//!
//! Rules and fields stand in it by id and name, so that it survives a change of the rules loaded.

use std::sync::Arc;

use bulkhead_model::trace::Trace;
use serde::{Deserialize, Serialize};

use super::Source;
use super::correlator::{CorrelationCounts, Correlator, Hit};
use super::window::Group;
use crate::ruleset::RuleSet;

/// Version of the saved form.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    latest: i64,
    done: i64,
    counts: CorrelationCounts,
    pending: Vec<SavedHit>,
    /// Ids of the correlations that `groups` name by number.
    correlations: Vec<String>,
    /// Correlation, key, end, group; in the order in which groups end.
    groups: Vec<(u32, String, i64, Group)>,
}

#[derive(Serialize, Deserialize)]
struct SavedHit {
    rule: String,
    time_ms: i64,
    fields: Vec<(String, String)>,
    file: String,
    record: u64,
    host: Option<String>,
    user: Option<String>,
    #[serde(default)]
    trace: Trace,
}

impl Correlator {
    /// Everything it remembers, as JSON.
    pub fn save(&self) -> String {
        let inner = &self.set.inner;
        let hit = |it: &Hit| SavedHit {
            rule: inner.refs[it.rule as usize].id.clone(),
            time_ms: it.time_ms,
            fields: it
                .fields
                .iter()
                .map(|(name, value)| (self.plan.name_of(*name).to_owned(), value.to_string()))
                .collect(),
            file: it.file.to_string(),
            record: it.record,
            host: it.host.as_deref().map(str::to_owned),
            user: it.user.as_deref().map(str::to_owned),
            trace: it.trace,
        };
        let saved = Saved {
            version: VERSION,
            latest: self.latest,
            done: self.done,
            counts: self.counts,
            pending: self.pending.values().map(hit).collect(),
            correlations: inner.correlations.iter().map(|it| it.rule.id.clone()).collect(),
            groups: self
                .groups
                .iter()
                .map(|it| (it.correlation, it.key.to_string(), it.ends, it.group.clone()))
                .collect(),
        };
        serde_json::to_string(&saved).unwrap_or_default()
    }

    /// Takes over what `save` wrote. Groups and findings of rules that are not loaded any more are left out; their
    /// number is returned.
    pub fn restore(&mut self, text: &str) -> Result<usize, String> {
        let mut saved: Saved =
            serde_json::from_str(text).map_err(|err| format!("not a saved correlation state: {err}"))?;
        if saved.version != VERSION {
            return Err(format!("saved correlation state of version {}, expected {VERSION}", saved.version));
        }
        *self = Self::new(&self.set, self.options);
        (self.latest, self.done, self.counts) = (saved.latest, saved.done, saved.counts);
        let mut left_out = 0;
        let mut file: Arc<str> = Arc::from("");
        for hit in saved.pending {
            let Some(rule) = self.rule(&hit.rule) else {
                left_out += 1;
                continue;
            };
            if *file != *hit.file {
                file = Arc::from(hit.file);
            }
            let named = |(name, value): (String, String)| Some((self.plan.find(&name)?, value.into()));
            let fields = hit.fields.into_iter().filter_map(named).collect();
            let (host, user) = (hit.host.map(Into::into), hit.user.map(Into::into));
            self.n_hits += 1;
            let hit = Hit {
                rule,
                time_ms: hit.time_ms,
                fields,
                file: Arc::clone(&file),
                record: hit.record,
                host,
                user,
                trace: hit.trace,
            };
            self.pending.insert((hit.time_ms, self.n_hits), hit);
        }
        let now: Vec<Option<u32>> = saved.correlations.iter().map(|it| number(&self.set, it)).collect();
        // Other rules may order groups otherwise; those that end later must come later.
        saved.groups.sort_by_key(|it| it.2);
        for (correlation, key, ends, mut group) in saved.groups {
            let known = now.get(correlation as usize).copied().flatten();
            let fits = known.filter(|it| group.restored(&self.set.inner.correlations[*it as usize]));
            match fits {
                Some(it) => drop(self.groups.place(it, Arc::from(key), group, ends)),
                None => left_out += 1,
            }
        }
        Ok(left_out)
    }

    fn rule(&self, id: &str) -> Option<u32> {
        let found = self.set.inner.refs.iter().position(|it| it.id == id)?;
        let rule = u32::try_from(found).ok()?;
        (!self.plan.readers(Source::Rule(rule)).is_empty()).then_some(rule)
    }
}

fn number(set: &RuleSet, id: &str) -> Option<u32> {
    let found = set.inner.correlations.iter().position(|it| it.rule.id == id)?;
    u32::try_from(found).ok()
}
