//! What the compromise of an asset is assumed to cost. Which services rest on it no telemetry says: a draft names none.

use bulkhead_model::estate::AssetKind;

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

/// The assumptions on values and services, in sentences.
pub(super) fn say(said: &mut Vec<String>) {
    said.push(
        "The compromise of a domain controller costs EUR 100000, of a server EUR 20000, of a workstation EUR 5000"
            .to_owned(),
    );
    said.push(
        "No service is named, since telemetry does not say who depends on what: which services and customers the intrusion or a \
         containment hits is unknown until `services` are declared"
            .to_owned(),
    );
}
