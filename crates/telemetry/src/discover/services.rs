//! Services: one per role that hosts were seen to have, and the work of the people at their workstations.

use bulkhead_model::case::Localized;
use bulkhead_model::entity::Observations;
use bulkhead_model::estate::{Asset, AssetKind, AtLeast, Customers, Degraded, Requirement, Service};
use bulkhead_model::id::ServiceId;

use super::ports::ROLES;
use super::span;

/// What an hour without a service is assumed to cost.
const VALUE_PER_HOUR: f64 = 1000.0;

/// What an hour without the work at all workstations is assumed to cost, per workstation.
const WORK_PER_HOUR: f64 = 50.0;

/// What the compromise of an asset is assumed to cost.
pub(super) fn asset_value(kind: AssetKind) -> f64 {
    match kind {
        AssetKind::IdentityProvider => 100_000.0,
        AssetKind::Server | AssetKind::Hypervisor | AssetKind::NetworkDevice | AssetKind::Appliance => {
            20_000.0
        }
        AssetKind::Workstation => 5000.0,
    }
}

/// The services, with the assumptions on their values.
pub(super) fn services(
    observations: &Observations,
    assets: &[Asset],
    said: &mut Vec<String>,
) -> Vec<Service> {
    if assets.is_empty() {
        return Vec::new();
    }
    let users = observations.hosts.len().max(1) as u64;
    let mut services = Vec::new();
    for role in ROLES {
        let Some([en, fr]) = role.service else {
            continue;
        };
        let hosts: Vec<&Asset> =
            assets.iter().filter(|it| it.roles.iter().any(|it| it == role.name)).collect();
        if !hosts.is_empty() {
            // A directory or name server stands in for another; other servers each hold their own share.
            let replaceable = matches!(role.name, "directory" | "dns");
            services.push(service(role.name, [en, fr], VALUE_PER_HOUR, &hosts, replaceable, users));
        }
    }
    let desks: Vec<&Asset> = assets.iter().filter(|it| it.kind == AssetKind::Workstation).collect();
    if !desks.is_empty() {
        let value = WORK_PER_HOUR * desks.len() as f64;
        services.push(service(
            "workplaces",
            ["Workplaces", "Postes de travail"],
            value,
            &desks,
            false,
            users,
        ));
    }
    said.push(format!(
        "Every service is worth EUR {VALUE_PER_HOUR:.0} an hour (workplaces EUR {WORK_PER_HOUR:.0} each), is to be back \
         in 8 h and must be within 24 h; its customers are internal, as many as there are hosts with logs"
    ));
    said.push(
        "The compromise of a domain controller costs EUR 100000, of a server EUR 20000, of a workstation EUR 5000"
            .to_owned(),
    );
    services
}

/// A service of these hosts: with `replaceable` one of them is enough; otherwise it needs all, and with half of them
/// gives half its value.
fn service(
    id: &str,
    [en, fr]: [&str; 2],
    value: f64,
    hosts: &[&Asset],
    replaceable: bool,
    users: u64,
) -> Service {
    let needs: Vec<Requirement> =
        hosts.iter().map(|it| Requirement::Asset { asset: it.id.clone() }).collect();
    let (requires, degraded) = match needs.as_slice() {
        [one] => (one.clone(), None),
        _ if replaceable => (Requirement::Any { any: needs }, None),
        _ => {
            let half = AtLeast { n: needs.len().div_ceil(2), of: needs.clone() };
            let degraded = Degraded { requires: Requirement::AtLeast { at_least: half }, share: 0.5 };
            (Requirement::All { all: needs }, Some(degraded))
        }
    };
    Service {
        id: ServiceId::from(id),
        name: Localized::Each { en: en.to_owned(), fr: Some(fr.to_owned()) },
        customers: vec![Customers { segment: "internal".to_owned(), count: users }],
        value_per_hour: value,
        rto: Some(span(8 * 60)),
        mtpd: Some(span(24 * 60)),
        requires,
        degraded,
    }
}
