//! From flags to a request: who is compromised, which actions are forced, forbidden or pinned.

use std::collections::BTreeSet;
use std::path::Path;

use bulkhead_contain::{Planner, Request};
use bulkhead_model::case::Plan;
use bulkhead_model::diag::nearest;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId, PointId};

use super::plan_failure;
use crate::cli::{Intrusion, Steering};
use crate::entities::{Directory, Meant};
use crate::estate_input;
use crate::failure::{Failure, Outcome};

/// The contract's default.
const SUSPECT_THRESHOLD: f64 = 0.5;

/// Who is compromised, sorted into what the estate knows.
#[derive(Debug, Default)]
pub struct Start {
    pub assets: Vec<AssetId>,
    pub identities: Vec<IdentityId>,
    pub suspected: Vec<(AssetId, f64)>,
    pub unavailable: Vec<PointId>,
}

impl Start {
    /// The start that `flags` name. Suspected identities at or above `suspect_threshold` count as compromised, as assets
    /// do.
    pub fn read(
        flags: &Intrusion,
        unavailable: &[String],
        estate: &Estate,
        suspect_threshold: Option<f64>,
    ) -> Outcome<Self> {
        let threshold = suspect_threshold.unwrap_or(SUSPECT_THRESHOLD);
        let directory = Directory::new(estate);
        let mut start = Self::default();
        for (whence, text) in listed("--compromised", &flags.compromised)? {
            match directory.find(&whence, &text)? {
                Meant::Asset(id) => start.assets.push(id.clone()),
                Meant::Identity(id) => start.identities.push(id.clone()),
            }
        }
        for (whence, text) in listed("--suspected", &flags.suspected)? {
            let wrong = || {
                Failure::input(format!("{whence}: `{text}` is not WHO=CONFIDENCE"))
                    .hint("such as C=0.7; the confidence lies between 0 and 1")
            };
            let (who, confidence) = text.rsplit_once('=').ok_or_else(wrong)?;
            let confidence: f64 = confidence.trim().parse().map_err(|_| wrong())?;
            if !(0.0..=1.0).contains(&confidence) {
                return Err(wrong());
            }
            match directory.find(&whence, who)? {
                Meant::Asset(id) => start.suspected.push((id.clone(), confidence)),
                Meant::Identity(id) if confidence >= threshold => start.identities.push(id.clone()),
                Meant::Identity(_) => {}
            }
        }
        start.identities.sort();
        start.identities.dedup();
        let points = || estate.enforcement_points.iter().map(|it| it.id.as_str());
        if let Some(id) = unavailable.iter().find(|id| !points().any(|it| it == id.as_str())) {
            let what = format!("--unavailable: {} is no enforcement point of the estate", named(id));
            let near = nearest(id, points()).map(|it| format!("did you mean `{it}`?"));
            let all = || format!("its points: {}", points().collect::<Vec<_>>().join(", "));
            return Err(Failure::input(what).hint(near.unwrap_or_else(all)));
        }
        start.unavailable = unavailable.iter().map(PointId::new).collect();
        Ok(start)
    }

    /// How many assets count as compromised.
    pub fn held(&self, suspect_threshold: f64) -> usize {
        let suspected = self.suspected.iter().filter(|it| it.1 >= suspect_threshold).map(|it| &it.0);
        self.assets.iter().chain(suspected).collect::<BTreeSet<_>>().len()
    }
}

/// An id as messages name it; an empty one comes of a stray comma.
fn named(id: &str) -> String {
    if id.is_empty() { "an empty id".to_owned() } else { format!("`{id}`") }
}

/// Each entry with where it stands; `@FILE` stands for the entries of a file, separated by commas or white space, what
/// follows a `#` left out.
fn listed(flag: &str, given: &[String]) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in given {
        let Some(file) = entry.strip_prefix('@') else {
            found.push((flag.to_owned(), entry.clone()));
            continue;
        };
        let path = Path::new(file);
        let text = crate::estate_input::text(path)?;
        let before = found.len();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default();
            let entries = line.split(|it: char| it == ',' || it.is_whitespace()).filter(|it| !it.is_empty());
            found.extend(entries.map(|it| (format!("{file}:{number}"), it.to_owned())));
        }
        if found.len() == before {
            return Err(Failure::input(format!("{flag}: `{file}` lists nothing")));
        }
    }
    Ok(found)
}

/// The operator's will, by ids of actions.
#[derive(Debug, Default)]
pub struct Will {
    /// Must be taken: forced, or pinned.
    pub forced: Vec<String>,
    /// Must not be taken.
    pub forbidden: Vec<String>,
    /// Ids and patterns of `--forbid` that mean nothing here.
    pub idle: Vec<String>,
    /// The plan to go on from.
    pub previous: Option<Plan>,
}

impl Will {
    /// The will that `flags` state, patterns resolved against what `request` makes possible.
    pub fn read(flags: &Steering, planner: &Planner<'_>, request: &Request<'_>) -> Outcome<Self> {
        let previous = flags.previous.as_deref().map(read_plan).transpose()?;
        let mut forced = flags.force.clone();
        for pattern in &flags.pin {
            let earlier = previous.iter().flat_map(|it| &it.actions).map(|it| &it.id);
            let pinned: Vec<String> = earlier.filter(|it| meant(pattern, it)).cloned().collect();
            if pinned.is_empty() {
                return Err(Failure::input(format!("--pin: the earlier plan has no action `{pattern}`"))
                    .hint("its `actions` list their ids"));
            }
            forced.extend(pinned);
        }
        forced.sort();
        forced.dedup();
        let forbidden = forbidden(&flags.forbid, planner, request)?;
        let idle = idle(&flags.forbid, planner, request)?;
        Ok(Self { forced, forbidden, idle, previous })
    }
}

/// Ids that `patterns` forbid. The same effect at another point is another action, which shows only once the first is
/// forbidden; so until nothing more is found.
fn forbidden(patterns: &[String], planner: &Planner<'_>, request: &Request<'_>) -> Outcome<Vec<String>> {
    let mut ids: Vec<String> = patterns.iter().filter(|it| !it.contains('*')).cloned().collect();
    let patterns: Vec<&String> = patterns.iter().filter(|it| it.contains('*')).collect();
    while !patterns.is_empty() {
        let possible = planner
            .possible(&Request { forbidden: &ids, ..request.clone() })
            .map_err(|err| plan_failure(&err))?;
        let is_meant = |id: &String| patterns.iter().any(|pattern| meant(pattern, id));
        let found: Vec<String> = possible.into_iter().map(|it| it.id).filter(is_meant).collect();
        if found.is_empty() {
            break;
        }
        ids.extend(found);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Those of `patterns` that mean no action which could be taken here: a slip of the pen must not pass for a ban.
fn idle(patterns: &[String], planner: &Planner<'_>, request: &Request<'_>) -> Outcome<Vec<String>> {
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    // Of actions that have one effect at several points, the forced one is listed.
    let exact = patterns.iter().filter(|it| !it.contains('*')).map(|it| vec![it.clone()]);
    let mut possible: BTreeSet<String> = BTreeSet::new();
    for forced in std::iter::once(Vec::new()).chain(exact) {
        let asked = Request { forced: &forced, ..request.clone() };
        let listed = planner.possible(&asked).map_err(|err| plan_failure(&err))?;
        possible.extend(listed.into_iter().map(|it| it.id));
    }
    let means_any = |pattern: &String| possible.iter().any(|it| meant(pattern, it));
    Ok(patterns.iter().filter(|it| !means_any(it)).cloned().collect())
}

/// Whether `pattern`, in which `*` stands for anything, means `id`.
fn meant(pattern: &str, id: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = id.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn read_plan(path: &Path) -> Outcome<Plan> {
    let text = estate_input::text(path)?;
    serde_json::from_str(&text).map_err(|err| {
        Failure::input(format!("{}:{}:{}: no plan: {err}", path.display(), err.line(), err.column()))
            .hint("give the plan.json of a case, or what `bulkhead plan contain --format json` printed")
    })
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[track_caller]
    fn check(pattern: &str, id: &str, expect: bool) {
        assert_eq!(meant(pattern, id), expect, "{pattern} {id}");
    }

    #[test]
    fn patterns_mean_ids() {
        check("isolate:a@p", "isolate:a@p", true);
        check("isolate:a@p", "isolate:a@pq", false);
        check("isolate:*", "isolate:a@p", true);
        check("*@p", "isolate:a@p", true);
        check("isolate:*@p", "isolate:a@q", false);
        check("*a*a*", "isolate:a@p", true);
        check("a*a", "a", false);
        check("*", "", true);
    }
}
