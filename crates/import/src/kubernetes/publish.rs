//! Services of a cluster to services of the estate: they need as many of their pods as a disruption budget says.

use bulkhead_model::case::Localized;
use bulkhead_model::estate::{AtLeast, Requirement, Service};
use bulkhead_model::id::ServiceId;

use super::hosts::key;
use super::policy::is_behind;
use super::{Amount, Cluster, Workload};
use crate::facts::Gathered;
use crate::merge::{Draft, told};
use crate::names::sanitise;
use crate::report::{LeftOut, Report};
use crate::source::Source;

/// Adds the services that lead to pods.
pub(crate) fn services(draft: &mut Draft, gathered: &Gathered, report: &mut Report) {
    let cluster = &gathered.cluster;
    let mut without = 0;
    for ((namespace, name), service) in &cluster.services {
        let id = sanitise(&format!("{namespace}-{name}"));
        if draft.estate.services.iter().any(|it| it.id.as_str() == id) {
            continue;
        }
        let (mut of, mut n) = (Vec::new(), 0);
        for ((space, kind, workload_name), workload) in &cluster.workloads {
            if !is_behind(service, namespace, workload) {
                continue;
            }
            n += least(cluster, workload);
            for replica in 0..workload.replicas {
                let key = (Source::Kubernetes, key(space, kind, workload_name, replica));
                if let Some(place) = draft.by_key.get(&key) {
                    of.push(Requirement::Asset { asset: draft.estate.assets[*place].id.clone() });
                }
            }
        }
        let requires = match of.len() {
            0 => {
                without += 1;
                continue;
            }
            1 => of.remove(0),
            all => Requirement::AtLeast { at_least: AtLeast { n: n.clamp(1, all), of } },
        };
        let comment = told(std::iter::once(service.origin), &gathered.files).join("; ");
        draft.added.services.insert(id.clone(), comment.clone());
        report.others.insert(format!("service:{id}"), vec![comment]);
        draft.estate.services.push(Service {
            id: ServiceId::new(id),
            name: Localized::Same(format!("{name} ({namespace})")),
            customers: Vec::new(),
            value_per_hour: 0.0,
            rto: None,
            mtpd: None,
            requires,
            degraded: None,
        });
    }
    if without > 0 {
        let why = "services of clusters that lead to no pod in the files".to_owned();
        report.left_out.push(LeftOut { why, count: without });
    }
}

/// How many of its pods a workload must keep: what a budget says, else one, since a service answers while it has one.
fn least(cluster: &Cluster, workload: &Workload) -> usize {
    let all = workload.replicas;
    let of = |it: &&(String, super::Selector, Amount)| {
        it.0 == workload.namespace && it.1.matches(&workload.labels)
    };
    let budgets = cluster.budgets.iter().filter(of).map(|(_, _, amount)| match amount {
        Amount::AtLeast(n) => *n,
        Amount::AtLeastPercent(share) => (all * share).div_ceil(100),
        Amount::Without(n) => all.saturating_sub(*n),
        Amount::WithoutPercent(share) => all.saturating_sub((all * share).div_ceil(100)),
    });
    budgets.max().unwrap_or(1).clamp(1, all.max(1))
}
