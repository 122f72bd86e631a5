//! What an operator knows beforehand of its ordinary life, as its estate would announce it: patch windows and scanners.

use bulkhead_model::estate::{Maintenance, Scanner, Selector};
use bulkhead_model::span::Span;
use jiff::Timestamp;

use super::{Maker, after};
use crate::scenario::{Noise, NoiseKind, Pace};

/// So long after its end a window is kept open, for what restarts late.
const LATE: Span = Span::from_secs(3600);

impl Maker<'_, '_> {
    /// The windows and scanners that `noises` announce between two instants.
    pub fn announced(
        &self,
        noises: &[Noise],
        (start, end): (Timestamp, Timestamp),
    ) -> (Vec<Maintenance>, Vec<Scanner>) {
        let (mut windows, mut scanners) = (Vec::new(), Vec::new());
        for (number, noise) in noises.iter().enumerate() {
            let Pace::Dated(dates) = &noise.pace else { continue };
            if !dates.announced {
                continue;
            }
            if noise.kind == NoiseKind::Scanner {
                let asset = self.scanning(dates, number).map(|it| self.world.id(it));
                let from = asset.map(|it| Selector { asset: Some(it), ..Selector::default() });
                let why = "the operator's own scanner for weaknesses".to_owned();
                scanners.push(Scanner {
                    id: format!("scanner-{number}").into(),
                    from,
                    addresses: Vec::new(),
                    why,
                });
                continue;
            }
            for (date, begin) in self.calendar.occurrences(dates, start, end) {
                windows.push(Maintenance {
                    id: format!("{}-{number}-{date}", noise.kind.name()).into(),
                    on: Selector { any: true, ..Selector::default() },
                    from: begin,
                    to: after(begin, dates.lasts.secs() + LATE.secs()),
                    every: None,
                    why: format!("announced {}", noise.kind.name()),
                });
            }
        }
        (windows, scanners)
    }
}
