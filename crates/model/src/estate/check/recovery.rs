//! Recovery procedures: crews that exist, steps in an order, and one for every asset a service needs.

use std::collections::BTreeSet;

use super::services::for_each_need;
use super::{Checker, some};
use crate::estate::Requirement;

impl Checker<'_> {
    pub(super) fn recovery(&mut self) {
        for (n, crew) in self.estate.crews.iter().enumerate() {
            if crew.members == 0 {
                let message =
                    format!("the crew `{}` has no members, so its steps can never be done", crew.id);
                let place = self.places.item("crews", n).key("members");
                self.diagnostics.push(place.warning("empty-crew", message));
            }
        }
        for n in 0..self.estate.procedures.len() {
            self.steps(n);
        }
        self.missing_procedures();
        if self.estate.contacts.is_empty() {
            let fault =
                self.places.section("contacts").warning("no-contacts", "the estate names nobody to call");
            self.diagnostics.push(
                fault.hint("add contacts with the roles incident_commander, dpo, legal, communications"),
            );
        }
    }

    fn steps(&mut self, procedure: usize) {
        let steps = &self.estate.procedures[procedure].steps;
        let place = self.places.item("procedures", procedure).key("steps");
        let position = |id: &str| steps.iter().position(|it| it.id == id);
        let mut waits: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); steps.len()];
        for (n, step) in steps.iter().enumerate() {
            for after in &step.after {
                if let Some(before) = position(after) {
                    waits[n].insert(before);
                    continue;
                }
                let message = format!("no step of this procedure has the id `{after}`");
                let fault = place.nth(n).key("after").scalar(after).error("unknown-reference", message);
                let known = steps.iter().map(|it| it.id.as_str()).collect::<Vec<_>>().join(", ");
                self.diagnostics.push(fault.hint(format!("its steps: {known}")));
            }
        }
        // What can be done is done, over and over; what is left waits for itself.
        let mut done: BTreeSet<usize> = BTreeSet::new();
        loop {
            let ready = |n: &usize| !done.contains(n) && waits[*n].is_subset(&done);
            let Some(next) = (0..steps.len()).find(ready) else { break };
            done.insert(next);
        }
        let stuck: Vec<usize> = (0..steps.len()).filter(|n| !done.contains(n)).collect();
        if let Some(first) = stuck.first() {
            let names: Vec<&str> = stuck.iter().map(|n| steps[*n].id.as_str()).collect();
            let message = format!("steps wait for one another in a circle: {}", some(&names));
            let fault = place.nth(*first).key("after").error("step-cycle", message);
            self.diagnostics.push(fault.hint("remove one of the `after` entries"));
        }
    }

    fn missing_procedures(&mut self) {
        let mut covered = vec![false; self.estate.assets.len()];
        for procedure in &self.estate.procedures {
            for at in self.index.select(&procedure.applies_to) {
                covered[at as usize] = true;
            }
        }
        for (n, service) in self.estate.services.iter().enumerate() {
            let mut missing = BTreeSet::new();
            for_each_need(service, &mut |need| {
                if let Requirement::Asset { asset } = need
                    && let Some((at, asset)) = self.index.asset(asset.as_str())
                    && !covered[at as usize]
                {
                    missing.insert(asset.id.as_str());
                }
            });
            if missing.is_empty() {
                continue;
            }
            let missing: Vec<&str> = missing.into_iter().collect();
            let message = format!(
                "no procedure says how to recover what the service `{}` needs: {}",
                service.id,
                some(&missing)
            );
            let fault = self.places.item("services", n).key("id").warning("no-procedure", message);
            self.diagnostics.push(fault.hint("add a procedure whose `for` means these assets"));
        }
    }
}
