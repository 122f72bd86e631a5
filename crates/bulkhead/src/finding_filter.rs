//! Which findings are printed: by level, tag, status, rule and time.

use std::collections::BTreeMap;

use bulkhead_detect::LoadReport;
use bulkhead_model::finding::Finding;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Wanted;
use crate::failure::{Failure, Outcome};
use crate::when::When;

/// The conditions of the command line, and the status of each rule.
#[derive(Debug)]
pub struct FindingFilter<'a> {
    wanted: &'a Wanted,
    tags: Vec<String>,
    status: BTreeMap<&'a str, &'a str>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Values of `status` that Sigma knows (specification 2.1).
const STATUS: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];

impl<'a> FindingFilter<'a> {
    /// The filter for rules loaded as `report` says; a rule or status that cannot be is an input error.
    pub fn new(wanted: &'a Wanted, report: &'a LoadReport) -> Outcome<Self> {
        for name in &wanted.rule {
            if !report.rules.iter().any(|it| it.id == *name || it.title.eq_ignore_ascii_case(name)) {
                return Err(Failure::input(format!("no rule loaded has the id or title `{name}`"))
                    .hint("`bulkhead rules list` shows them"));
            }
        }
        if let Some(other) = wanted.status.iter().find(|it| !STATUS.contains(&it.as_str())) {
            return Err(Failure::input(format!("`{other}` is no status of rules"))
                .hint(format!("use {}", STATUS.join(", "))));
        }
        let status = report.rules.iter().filter_map(|it| Some((it.id.as_str(), it.status.as_deref()?)));
        let tags = wanted.tag.iter().map(|it| folded(it)).collect();
        // A hunt knows no estate: what is typed without a zone is UTC, as everything it prints.
        let now = Timestamp::now();
        let instant = |flag: &str, it: &Option<When>| {
            it.as_ref().map(|it| it.resolve(flag, &TimeZone::UTC, now, false)).transpose()
        };
        let since = instant("--since", &wanted.since)?;
        let until = instant("--until", &wanted.until)?;
        Ok(Self { wanted, tags, status: status.collect(), since, until })
    }

    /// Whether `finding` is wanted.
    pub fn holds(&self, finding: &Finding) -> bool {
        let wanted = self.wanted;
        let rule = &finding.rule;
        wanted.level.is_none_or(|it| rule.level >= it)
            && (self.tags.is_empty() || rule.tags.iter().any(|tag| self.means(tag)))
            && (wanted.rule.is_empty()
                || wanted.rule.iter().any(|it| *it == rule.id || it.eq_ignore_ascii_case(&rule.title)))
            && (wanted.status.is_empty()
                || self.status.get(rule.id.as_str()).is_some_and(|it| wanted.status.iter().any(|s| s == it)))
            && self.since.is_none_or(|since| finding.time.is_some_and(|it| it >= since))
            && self.until.is_none_or(|until| finding.time.is_some_and(|it| it < until))
    }

    /// Whether a tag is one of those asked for, or stands below one.
    fn means(&self, tag: &str) -> bool {
        let tag = folded(tag);
        self.tags
            .iter()
            .any(|it| tag.strip_prefix(it.as_str()).is_some_and(|it| it.is_empty() || it.starts_with('.')))
    }
}

/// Tags are written with `-` and with `_`, in any case.
fn folded(tag: &str) -> String {
    tag.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &str, tag: &str, expect: bool) {
        let wanted = Wanted { tag: vec![asked.to_owned()], ..Wanted::default() };
        let report = LoadReport::default();
        let filter = FindingFilter::new(&wanted, &report).expect("valid");
        assert_eq!(filter.means(tag), expect, "{asked} {tag}");
    }

    #[test]
    fn a_tag_means_those_below_it() {
        check("attack.t1021", "attack.t1021", true);
        check("attack.t1021", "attack.t1021.001", true);
        check("attack.T1021", "attack.t1021.001", true);
        check("attack.t1021", "attack.t10211", false);
        check("attack.t1021.001", "attack.t1021", false);
        check("attack.lateral_movement", "attack.lateral-movement", true);
        check("attack", "attack.t1021.001", true);
    }
}
