//! Stages: critical services first, each wave complete with everything its services need.

use std::collections::BTreeSet;

use bulkhead_model::estate::Estate;

use crate::value::Services;
use crate::work::Work;

/// One wave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wave {
    /// Services it is made for, by number, most urgent first.
    pub services: Vec<usize>,
    /// Lost assets it brings back, by position.
    pub assets: BTreeSet<usize>,
}

/// Shares of the value at stake by the end of each wave but the last.
const SHARES: [f64; 2] = [0.6, 0.9];

/// Cuts the work into waves. The first holds the services that make up most of the value at stake and those whose MTPD
/// is shortest, the last holds the assets that no service waits for. Whatever must be back before an asset is in its
/// wave or an earlier one; assets that are `back` already are in none.
pub fn waves(estate: &Estate, services: &Services, work: &Work, back: &BTreeSet<usize>) -> Vec<Wave> {
    let mut affected: Vec<usize> =
        services.affected().into_iter().filter(|it| !services.holds_with(*it, back)).collect();
    let mtpd = |it: usize| estate.services[it].mtpd.map_or(u64::MAX, bulkhead_model::span::Span::secs);
    affected.sort_by(|&a, &b| {
        let value = services.rates(b).0.total_cmp(&services.rates(a).0);
        value.then(mtpd(a).cmp(&mtpd(b))).then(a.cmp(&b))
    });
    let total: f64 = affected.iter().map(|it| services.rates(*it).0).sum();
    let urgent = affected.iter().map(|it| mtpd(*it)).min().filter(|it| *it != u64::MAX);
    let mut waves = vec![Wave::default(); SHARES.len() + 1];
    let mut reached = 0.0;
    for service in affected {
        let mut number = SHARES.iter().take_while(|share| reached >= *share * total).count();
        if urgent == Some(mtpd(service)) {
            number = 0;
        }
        reached += services.rates(service).0;
        waves[number].services.push(service);
    }
    let mut taken = back.clone();
    for wave in &mut waves {
        let wanted: BTreeSet<usize> = wave.services.iter().flat_map(|it| &work.needs[*it]).copied().collect();
        wave.assets = closure(work, wanted).difference(&taken).copied().collect();
        taken.extend(&wave.assets);
    }
    let rest: BTreeSet<usize> = (0..services.lost()).filter(|it| !taken.contains(it)).collect();
    waves.push(Wave { services: Vec::new(), assets: rest });
    merge(waves)
}

/// `assets` and all that must be back before them.
fn closure(work: &Work, mut assets: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut stack: Vec<usize> = assets.iter().copied().collect();
    while let Some(asset) = stack.pop() {
        stack.extend(work.before[asset].iter().copied().filter(|it| assets.insert(*it)));
    }
    assets
}

/// Drops waves with nothing to do; their services come back with the wave before.
fn merge(waves: Vec<Wave>) -> Vec<Wave> {
    let mut kept: Vec<Wave> = Vec::new();
    for wave in waves {
        match kept.last_mut() {
            Some(last) if wave.assets.is_empty() => last.services.extend(wave.services),
            _ if wave.assets.is_empty() && wave.services.is_empty() => {}
            _ => kept.push(wave),
        }
    }
    kept
}
