//! From flags to a request: who is compromised, which actions are forced, forbidden or pinned.

use std::path::Path;

use bulkhead_contain::{Planner, Request};
use bulkhead_model::case::Plan;
use bulkhead_model::estate::Estate;
use bulkhead_model::id::{AssetId, IdentityId, PointId};

use super::plan_failure;
use crate::cli::{PlanContain, Steering};
use crate::estate_input;
use crate::failure::{Failure, Outcome};

/// Who is compromised, sorted into what the estate knows.
#[derive(Debug, Default)]
pub struct Start {
    pub assets: Vec<AssetId>,
    pub identities: Vec<IdentityId>,
    pub suspected: Vec<(AssetId, f64)>,
    pub unavailable: Vec<PointId>,
}

impl Start {
    /// The start that `args` name.
    pub fn read(args: &PlanContain, estate: &Estate) -> Outcome<Self> {
        let mut start = Self::default();
        for id in &args.compromised {
            if estate.assets.iter().any(|it| it.id.as_str() == id) {
                start.assets.push(AssetId::new(id));
            } else if estate.identities.iter().any(|it| it.id.as_str() == id) {
                start.identities.push(IdentityId::new(id));
            } else {
                return Err(Failure::input(format!(
                    "--compromised: `{id}` is no asset or identity of the estate"
                ))
                .hint("`bulkhead estate show --format json` lists them"));
            }
        }
        for text in &args.suspected {
            let wrong = || {
                Failure::input(format!("--suspected: `{text}` is not ID=CONFIDENCE")).hint("such as C=0.7")
            };
            let (id, confidence) = text.split_once('=').ok_or_else(wrong)?;
            let confidence: f64 = confidence.parse().map_err(|_| wrong())?;
            if !(0.0..=1.0).contains(&confidence) {
                return Err(wrong());
            }
            start.suspected.push((AssetId::new(id), confidence));
        }
        start.unavailable = args.unavailable.iter().map(PointId::new).collect();
        Ok(start)
    }
}

/// The operator's will, by ids of actions.
#[derive(Debug, Default)]
pub struct Will {
    /// Must be taken: forced, or pinned.
    pub forced: Vec<String>,
    /// Must not be taken.
    pub forbidden: Vec<String>,
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
        Ok(Self { forced, forbidden, previous })
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
