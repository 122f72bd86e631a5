//! What no source knows: said in the estate's head and in the report, so that nobody takes a draft for the truth.

use bulkhead_model::estate::{Capability, EnforcementPoint, Estate, PointKind, Selector};
use bulkhead_model::id::{PointId, ZoneId};
use bulkhead_model::span::Span;

use crate::facts::Gathered;
use crate::merge::Draft;
use crate::report::Report;

/// Stands in for enforcement points and says what is assumed and what is missing.
pub(crate) fn add(draft: &mut Draft, gathered: &Gathered, base: Option<&Estate>, report: &mut Report) {
    let fresh = base.is_none();
    if draft.estate.assets.is_empty() {
        report.todo.push("no host was found: name files that hold some".to_owned());
        return;
    }
    points(draft, report);
    assumptions(draft, gathered, report);
    let estate = &draft.estate;
    let todo = &mut report.todo;
    if fresh {
        todo.push(
            "estate: name, country, currency and time zone; legal_profile, on which reporting duties depend"
                .to_owned(),
        );
    }
    if estate.services.is_empty() {
        todo.push("services: what customers use, what it needs, value_per_hour, rto, mtpd".to_owned());
    }
    for (what, missing) in [
        ("value_per_hour", estate.services.iter().filter(|it| it.value_per_hour == 0.0).count()),
        ("customers", estate.services.iter().filter(|it| it.customers.is_empty()).count()),
        ("rto and mtpd", estate.services.iter().filter(|it| it.rto.is_none() || it.mtpd.is_none()).count()),
    ] {
        if missing > 0 {
            todo.push(format!("services: {what} of {missing} services"));
        }
    }
    if !estate.assets.iter().any(|it| it.crown_jewel) {
        todo.push("assets: which are crown jewels, that an attacker must never reach".to_owned());
    }
    if estate.assets.iter().all(|it| it.data.is_empty()) {
        todo.push("assets: which classes of data each holds".to_owned());
    }
    if estate.management.is_empty() {
        todo.push(
            "management: the channels from which responders work; none is protected until then".to_owned(),
        );
    }
    if estate.protected_addresses.is_empty() {
        todo.push("protected_addresses: what no action may ever block".to_owned());
    }
    if estate.crews.is_empty() || estate.procedures.is_empty() {
        todo.push("crews and procedures: who recovers what, and how long it takes".to_owned());
    }
    if estate.contacts.is_empty() {
        todo.push("contacts: whom to call".to_owned());
    }
    if estate.zones.iter().any(|it| it.tier == 1) && fresh {
        todo.push("zones: the tier of each (0 is the most trusted); all imported ones are 1".to_owned());
    }
    let idle =
        estate.identities.iter().filter(|it| it.rights.is_empty() && !it.secrets_on.is_empty()).count();
    if idle > 0 {
        todo.push(format!(
            "identities: what {idle} accounts and secrets open, whose place is known but no right"
        ));
    }
    if estate.identities.is_empty() {
        todo.push("identities: administrators and service accounts with their rights".to_owned());
    }
}

/// Where nothing is known of enforcement, people stand in: they can pull a cable and change a rule by hand.
fn points(draft: &mut Draft, report: &mut Report) {
    if !draft.estate.enforcement_points.is_empty() {
        return;
    }
    let point = |id: &str, can: &[Capability]| EnforcementPoint {
        id: PointId::from(id),
        kind: PointKind::Manual,
        product: None,
        asset: None,
        covers: Vec::new(),
        hosts: None,
        can: can.to_vec(),
        time_to_effect: Span::from_secs(30 * 60),
    };
    let everywhere = Selector { any: true, ..Selector::default() };
    let mut points =
        vec![EnforcementPoint { hosts: Some(everywhere), ..point("by-hand-hosts", &[Capability::Isolate]) }];
    let covers = zone_pairs(&draft.estate);
    if !covers.is_empty() {
        let can = [Capability::BlockFlow, Capability::Segment];
        points.push(EnforcementPoint { covers, ..point("by-hand-network", &can) });
    }
    if !draft.estate.identities.is_empty() {
        points.push(point("by-hand-accounts", &[Capability::DisableIdentity]));
    }
    for point in points {
        draft.added.points.insert(point.id.to_string(), "assumed: a person does it".to_owned());
        draft.estate.enforcement_points.push(point);
    }
    report.assumptions.push(
        "People enforce by hand within 30 min: hosts, flows between zones, accounts (points `by-hand-*`)"
            .to_owned(),
    );
    report.todo.push(
        "enforcement_points: firewalls, agents and directories that can act, instead of the points `by-hand-*`".to_owned(),
    );
}

/// Ordered pairs of zones that a flow crosses.
fn zone_pairs(estate: &Estate) -> Vec<(ZoneId, ZoneId)> {
    let index = bulkhead_model::estate::Index::new(estate);
    let mut pairs = std::collections::BTreeSet::new();
    for flow in &estate.flows {
        let zones = |it: &Selector| -> std::collections::BTreeSet<&ZoneId> {
            index.select(it).into_iter().map(|n| &estate.assets[n as usize].zone).collect()
        };
        let to = zones(&flow.to);
        for from in zones(&flow.from) {
            pairs.extend(to.iter().map(|to| (from.clone(), (*to).clone())));
        }
    }
    pairs.into_iter().collect()
}

fn assumptions(draft: &Draft, gathered: &Gathered, report: &mut Report) {
    let said = &mut report.assumptions;
    if !draft.added.assets.is_empty() {
        said.push(
            "Values of assets are defaults by kind: identity provider 100000, server and the like 20000, workstation 5000"
                .to_owned(),
        );
    }
    let added: Vec<_> =
        draft.estate.zones.iter().filter(|it| draft.added.zones.contains_key(it.id.as_str())).collect();
    if added.iter().any(|it| it.flat) {
        said.push(
            "Inside a zone made from a network or a domain every host is assumed to reach every other (flat); a host in no \
             known range stands in the zone of its /24 (IPv6: /64)"
                .to_owned(),
        );
    }
    if !gathered.cluster.workloads.is_empty() {
        said.push(
            "Every replica of a workload is an asset; pods talk as the network policies say and reach the API server; what \
             they reach beyond the cluster is drafted only where a policy names addresses"
                .to_owned(),
        );
        said.push(
            "A service of a cluster needs as many pods as its disruption budget says, else one; how far fewer pods carry the \
             load is not known"
                .to_owned(),
        );
    }
    if !gathered.links.is_empty() {
        said.push(
            "What no flow was seen to use is taken to be closed; flows are drafted for exactly the pairs that were seen, as \
             whole zones or roles where all their members talk alike"
                .to_owned(),
        );
    }
}
