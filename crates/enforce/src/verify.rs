//! Verification by observation: flows are tried, not assumed.

use bulkhead_model::estate::Port;
use bulkhead_model::id::AssetId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fleet::{EnforceError, Fleet, ProbeResult};
use crate::guard::Guards;

/// What a probe should find.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expectation {
    /// Who opens the flow.
    pub from: AssetId,
    /// Who answers.
    pub to: AssetId,
    /// On which port.
    pub port: Port,
    /// Whether it should get through.
    pub open: bool,
}

impl Expectation {
    /// That every management channel of `guards` is open.
    pub fn management(guards: &Guards) -> Vec<Self> {
        let open = |from: &AssetId, to: &AssetId, port: Port| Self {
            from: from.clone(),
            to: to.clone(),
            port,
            open: true,
        };
        guards
            .list()
            .flat_map(|it| it.ports.iter().map(|port| open(&it.from, &it.to, *port)).collect::<Vec<_>>())
            .collect()
    }
}

/// What a probe was expected to find and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// What was expected.
    pub expected: Expectation,
    /// What was found; an error means nobody knows, which never counts as met.
    pub found: Result<ProbeResult, EnforceError>,
}

impl Verification {
    /// Whether it was found as expected.
    pub fn is_met(&self) -> bool {
        self.found.as_ref().is_ok_and(|it| it.is_open() == self.expected.open)
    }
}

/// Tries every expected flow, in order.
pub fn verify(fleet: &mut dyn Fleet, expected: &[Expectation], now: Timestamp) -> Vec<Verification> {
    let try_one = |it: &Expectation| Verification {
        expected: it.clone(),
        found: fleet.probe(&it.from, &it.to, it.port, now),
    };
    expected.iter().map(try_one).collect()
}
