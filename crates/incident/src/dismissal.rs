//! What an operator said is no sign of an intruder: a rule on a host, with the reason.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::normal::Normal;

/// A rule on a host that an operator said is no sign of an intruder there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// Id of the rule, as findings carry it.
    pub rule: String,
    /// Id of the host, as incidents name it.
    pub host: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Says the same of hosts under the names of now.
pub(crate) fn rename(dismissed: &mut Vec<Dismissal>, hosts: &BTreeMap<String, String>) {
    for it in dismissed.iter_mut() {
        if let Some(new) = hosts.get(&it.host) {
            it.host.clone_from(new);
        }
    }
    dismissed.sort_by(|a, b| (&a.rule, &a.host).cmp(&(&b.rule, &b.host)));
    dismissed.dedup_by(|a, b| (&a.rule, &a.host) == (&b.rule, &b.host));
}

impl Normal {
    /// Notes that a rule is no sign of an intruder on a host; what was said of both before it takes the place of, and gives.
    pub fn dismiss(&mut self, dismissal: Dismissal) -> Option<Dismissal> {
        let same = |it: &mut Dismissal| (&it.rule, &it.host) == (&dismissal.rule, &dismissal.host);
        let before = self.dismissed.extract_if(.., same).next();
        self.dismissed.push(dismissal);
        self.dismissed.sort_by(|a, b| (&a.rule, &a.host).cmp(&(&b.rule, &b.host)));
        before
    }

    /// Takes back what was said of a rule on a host; whether anything was.
    pub fn recall(&mut self, rule: &str, host: &str) -> bool {
        let before = self.dismissed.len();
        self.dismissed.retain(|it| it.rule != rule || it.host != host);
        self.dismissed.len() < before
    }

    /// What was said of a rule on a host.
    pub(crate) fn dismissed(&self, rule: &str, host: &str) -> Option<&Dismissal> {
        let place =
            self.dismissed.binary_search_by(|it| (it.rule.as_str(), it.host.as_str()).cmp(&(rule, host)));
        place.ok().map(|it| &self.dismissed[it])
    }

    /// All that was dismissed, by rule and host.
    pub fn dismissals(&self) -> &[Dismissal] {
        &self.dismissed
    }
}
