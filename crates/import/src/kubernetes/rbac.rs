//! Who may use the cluster's API, and which secrets lie in which pods.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::estate::IdentityKind;

use super::hosts::key;
use super::{API, Workload};
use crate::facts::Gathered;
use crate::identities::Claimed;
use crate::merge::Draft;
use crate::names::sanitise;
use crate::source::Source;

/// Identities of a cluster: accounts and users that are bound to a role, and secrets that pods hold.
pub(crate) fn identities(draft: &Draft, gathered: &Gathered) -> Vec<Claimed> {
    let cluster = &gathered.cluster;
    let servers: BTreeSet<usize> = draft
        .estate
        .assets
        .iter()
        .enumerate()
        .filter(|(_, it)| it.roles.iter().any(|role| role == API))
        .map(|it| it.0)
        .collect();
    let mut claimed: BTreeMap<(String, String, String), Claimed> = BTreeMap::new();
    for binding in &cluster.bindings {
        let powerful = matches!(binding.role.1.as_str(), "cluster-admin" | "admin" | "edit")
            || cluster.roles.get(&binding.role).copied().unwrap_or(false);
        for (kind, namespace, name) in &binding.subjects {
            // Groups are the API server's to resolve: who is in them no manifest says.
            if !matches!(kind.as_str(), "ServiceAccount" | "User") {
                continue;
            }
            let subject = (kind.clone(), namespace.clone(), name.clone());
            let it = claimed.entry(subject).or_insert_with(|| account(kind, namespace, name));
            it.privileged |= powerful;
            it.origins.insert(binding.origin);
            for server in &servers {
                it.rights.entry(*server).or_default().insert("http".to_owned());
            }
        }
    }
    for ((namespace, kind, name), workload) in &cluster.workloads {
        let places: BTreeSet<usize> = (0..workload.replicas)
            .filter_map(|n| draft.by_key.get(&(Source::Kubernetes, key(namespace, kind, name, n))).copied())
            .collect();
        let subject = ("ServiceAccount".to_owned(), namespace.clone(), workload.account.clone());
        if let (true, Some(it)) = (workload.token, claimed.get_mut(&subject)) {
            it.secrets.extend(&places);
            it.origins.insert(workload.origin);
        }
        for secret in &workload.secrets {
            let subject = ("Secret".to_owned(), namespace.clone(), secret.clone());
            let it = claimed.entry(subject).or_insert_with(|| held(workload, secret));
            it.secrets.extend(&places);
            it.origins.insert(workload.origin);
        }
    }
    claimed.into_values().collect()
}

fn account(kind: &str, namespace: &str, name: &str) -> Claimed {
    let service = kind == "ServiceAccount";
    let (id, account) = if service {
        (format!("{namespace}-{name}-sa"), format!("system:serviceaccount:{namespace}:{name}"))
    } else {
        (name.to_owned(), name.to_owned())
    };
    Claimed {
        id: sanitise(&id),
        kind: if service { IdentityKind::Service } else { IdentityKind::Human },
        accounts: BTreeSet::from([account]),
        privileged: false,
        rights: BTreeMap::new(),
        secrets: BTreeSet::new(),
        origins: BTreeSet::new(),
    }
}

/// A secret in pods: what it opens no manifest says.
fn held(workload: &Workload, secret: &str) -> Claimed {
    Claimed {
        id: sanitise(&format!("{}-{secret}-secret", workload.namespace)),
        kind: IdentityKind::Service,
        accounts: BTreeSet::new(),
        privileged: false,
        rights: BTreeMap::new(),
        secrets: BTreeSet::new(),
        origins: BTreeSet::new(),
    }
}
