//! A first estate drafted from what telemetry shows, with every assumption said in a sentence.
//!
//! The draft is a beginning to correct, not a description of the operator: values, customers and recovery times are
//! defaults, and what no event showed is not in it.

mod accounts;
mod hosts;
mod links;
mod outside;
mod ports;
mod values;

use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{
    Capability, Crew, DurationEstimate, EnforcementPoint, Estate, PointKind, Procedure, Selector, Step,
};
use bulkhead_model::id::{CrewId, PointId, drafted};
use bulkhead_model::span::Span;

use hosts::Hosts;
use links::Links;

/// Drafts the estate `name` from observations, and says what was assumed. The same observations give the same draft.
pub fn draft(observations: &Observations, name: &str) -> (Estate, Vec<String>) {
    let mut said = Vec::new();
    let hosts = Hosts::find(observations, &mut said);
    let links = Links::find(observations, &hosts, &mut said);
    let mut estate = Estate::empty(&sanitise(name));
    name.clone_into(&mut estate.estate.name);
    estate.zones = hosts.zones();
    estate.assets = hosts.assets(&links);
    links.mark_domain_controllers(observations, &hosts, &mut estate.assets, &mut said);
    estate.flows = links.flows(&hosts);
    estate.identities = accounts::identities(observations, &hosts, &links, &mut said);
    if !estate.assets.is_empty() {
        values::say(&mut said);
    }
    estate.enforcement_points = enforcement_points(&links, &hosts, &estate);
    recovery(&mut estate);
    outside::open(&mut estate, &mut said);
    general(observations, &estate, &mut said);
    (estate, said)
}

/// The longest drafted id, so that one made of two of them is still an id.
const LONGEST: usize = 90;

/// A text as an id.
fn sanitise(text: &str) -> String {
    drafted(text, LONGEST)
}

fn span(minutes: u64) -> Span {
    Span::from_secs(minutes * 60)
}

/// Simulated points: agents on every host, one firewall between the zones, the directory for accounts.
fn enforcement_points(links: &Links, hosts: &Hosts<'_>, estate: &Estate) -> Vec<EnforcementPoint> {
    let point = |id: &str, can: &[Capability], seconds| EnforcementPoint {
        id: PointId::from(id),
        kind: PointKind::Simulated,
        product: None,
        asset: None,
        covers: Vec::new(),
        hosts: None,
        can: can.to_vec(),
        time_to_effect: Span::from_secs(seconds),
    };
    let mut points = Vec::new();
    if !estate.assets.is_empty() {
        let everywhere = Selector { any: true, ..Selector::default() };
        points.push(EnforcementPoint {
            hosts: Some(everywhere),
            ..point("host-agents", &[Capability::Isolate], 5)
        });
    }
    let covers = links.zone_pairs(hosts);
    if !covers.is_empty() {
        points.push(EnforcementPoint {
            covers,
            ..point("firewall", &[Capability::BlockFlow, Capability::Segment], 2)
        });
    }
    if !estate.identities.is_empty() {
        points.push(point("directory", &[Capability::DisableIdentity], 10));
    }
    points
}

/// One crew and one procedure for every asset.
fn recovery(estate: &mut Estate) {
    if estate.assets.is_empty() {
        return;
    }
    let crew = CrewId::from("responders");
    estate.crews = vec![Crew { id: crew.clone(), members: 2 }];
    let step = |id: &str, duration, after: &[&str]| Step {
        id: id.to_owned(),
        crew: crew.clone(),
        duration,
        after: after.iter().map(|it| (*it).to_owned()).collect(),
    };
    let estimate = |low, median, high| DurationEstimate {
        p10: Some(span(low)),
        p50: span(median),
        p90: Some(span(high)),
    };
    let clean = step("clean", estimate(30, 60, 180), &[]);
    let verify = step("verify", estimate(10, 20, 60), &["clean"]);
    let everywhere = Selector { any: true, ..Selector::default() };
    estate.procedures = vec![Procedure { applies_to: everywhere, steps: vec![clean, verify] }];
}

/// What holds for every draft.
fn general(observations: &Observations, estate: &Estate, said: &mut Vec<String>) {
    if estate.assets.is_empty() {
        said.push("No host could be recognised in the telemetry, so the estate is empty".to_owned());
        return;
    }
    said.push(
        "No asset is marked as a crown jewel and none as holding personal data, since telemetry does not say so"
            .to_owned(),
    );
    said.push("Country FR, currency EUR and time zone UTC are assumed, and no legal profile".to_owned());
    said.push(
        "Enforcement is simulated: an agent on every host, one firewall between the zones, and a directory that can \
         disable accounts"
            .to_owned(),
    );
    said.push(
        "No management channel is declared, since which hosts the responders work from is not known"
            .to_owned(),
    );
    said.push(
        "Two responders clean a host in 1 h (30 min to 3 h) and verify it in 20 min; these are defaults, not measured"
            .to_owned(),
    );
    if observations.dropped > 0 {
        said.push(format!(
            "{} hosts, logons, flows, names or accounts were left out because the tables were full",
            observations.dropped
        ));
    }
}
