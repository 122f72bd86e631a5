//! The embedded regimes and calendars, and the library that operators' own files extend or override.

use std::collections::BTreeMap;

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::id::RegimeId;

use crate::calendar::Calendar;
use crate::load::{Loaded, load};
use crate::regime::Regime;

macro_rules! embedded {
    ($($file:literal),* $(,)?) => {
        /// Every embedded file: name and text.
        pub const EMBEDDED: &[(&str, &str)] = &[$(($file, include_str!(concat!("../", $file))),)*];
    };
}

embedded! {
    "regimes/nis2.yaml",
    "regimes/france.yaml",
    "regimes/gdpr.yaml",
    "regimes/eprivacy.yaml",
    "regimes/dora.yaml",
    "regimes/eidas.yaml",
    "regimes/cra.yaml",
    "regimes/cer.yaml",
    "regimes/markets.yaml",
    "regimes/us.yaml",
    "regimes/uk.yaml",
    "regimes/proposals.yaml",
    "calendars/europe.yaml",
    "calendars/others.yaml",
}

/// Regimes and holiday calendars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    regimes: Vec<Regime>,
    calendars: BTreeMap<String, Calendar>,
}

impl Library {
    /// The embedded regimes and calendars. A test holds that every embedded file reads without a fault.
    pub fn builtin() -> Self {
        let mut library = Self::default();
        for (file, text) in EMBEDDED {
            library.extend(load(file, text).0);
        }
        library
    }

    /// Adds what an operator's file holds; a regime or calendar of a known id replaces the embedded one. A document
    /// with an error is left out and reported.
    pub fn add(&mut self, file: &str, text: &str) -> Vec<Diagnostic> {
        let (loaded, faults) = load(file, text);
        self.extend(loaded);
        faults
    }

    fn extend(&mut self, loaded: Loaded) {
        for regime in loaded.regimes {
            match self.regimes.iter_mut().find(|it| it.id == regime.id) {
                Some(known) => *known = regime,
                None => self.regimes.push(regime),
            }
        }
        self.calendars.extend(loaded.calendars.into_iter().map(|it| (it.id.clone(), it)));
    }

    /// The regimes, in file order.
    pub fn regimes(&self) -> &[Regime] {
        &self.regimes
    }

    /// The regime of this id.
    pub fn regime(&self, id: &RegimeId) -> Option<&Regime> {
        self.regimes.iter().find(|it| it.id == *id)
    }

    /// The calendar of a country or institution (`GB` is `UK`).
    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.get(if id == "GB" { "UK" } else { id })
    }
}
