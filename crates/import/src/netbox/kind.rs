//! What the role and model of a device say of its kind.

use bulkhead_model::estate::AssetKind;

/// Words of roles and models, the telling ones first.
const WORDS: &[(AssetKind, &[&str])] = &[
    (
        AssetKind::IdentityProvider,
        &["domain-controller", "active-directory", "identity", "idp", "ldap", "sso", "dc", "kdc", "ipa"],
    ),
    (
        AssetKind::Hypervisor,
        &["hypervisor", "esxi", "esx", "proxmox", "vmhost", "kvm", "hyper-v", "virtualization-host"],
    ),
    (
        AssetKind::NetworkDevice,
        &[
            "firewall",
            "router",
            "switch",
            "leaf",
            "spine",
            "access-switch",
            "core",
            "distribution",
            "wlc",
            "access-point",
            "ap",
            "load-balancer",
            "gateway",
            "edge",
            "cpe",
            "olt",
            "bng",
            "vpn",
            "tor",
            "network",
        ],
    ),
    (
        AssetKind::Workstation,
        &["workstation", "desktop", "laptop", "pc", "client", "thin-client", "vdi", "notebook"],
    ),
    (
        AssetKind::Appliance,
        &[
            "appliance",
            "storage",
            "nas",
            "san",
            "pdu",
            "ups",
            "printer",
            "camera",
            "console-server",
            "patch-panel",
            "sensor",
            "phone",
            "plc",
            "hsm",
            "tap",
        ],
    ),
    (
        AssetKind::Server,
        &["server", "database", "db", "web", "app", "application", "mail", "dns", "proxy", "node", "vm"],
    ),
];

/// The kind, by the role first; none if neither says.
pub(super) fn of(role: Option<&str>, model: Option<&str>) -> Option<AssetKind> {
    [role, model].into_iter().flatten().find_map(|text| {
        let text = crate::names::sanitise(text);
        let has = |word: &str| {
            text == word
                || text.starts_with(&format!("{word}-"))
                || text.ends_with(&format!("-{word}"))
                || text.contains(&format!("-{word}-"))
                || text.strip_suffix('s') == Some(word)
        };
        WORDS.iter().find(|(_, words)| words.iter().any(|it| has(it))).map(|it| it.0)
    })
}

/// Whether a role is one of things without a network of their own.
pub(super) fn is_passive(role: Option<&str>) -> bool {
    let role = role.map(crate::names::sanitise).unwrap_or_default();
    ["patch-panel", "pdu", "shelf", "blank", "cable", "tap"].iter().any(|it| role.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_models() {
        for (role, model, kind) in [
            ("Access Switch", "C9300", Some(AssetKind::NetworkDevice)),
            ("domain-controller", "PowerEdge", Some(AssetKind::IdentityProvider)),
            ("web-server", "", Some(AssetKind::Server)),
            ("Firewalls", "", Some(AssetKind::NetworkDevice)),
            ("billing", "R640", None),
        ] {
            assert_eq!(of(Some(role), Some(model)), kind, "{role} {model}");
        }
    }
}
