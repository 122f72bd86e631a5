//! Where an incident stands, and how it may move on.

use bulkhead_model::case::IncidentState;

/// A move that the states of an incident do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an incident that is {from:?} cannot become {to:?}")]
pub struct BadTransition {
    /// Where it stands.
    pub from: IncidentState,
    /// Where it was to go.
    pub to: IncidentState,
}

/// Whether an incident may go from one state to the other.
///
/// Forward one step at a time. Back to `Declared` from anywhere but `Closed`: the attacker is seen again, containment
/// starts anew. From `Declared` straight to `Closed`: it was a false alarm.
pub fn allowed(from: IncidentState, to: IncidentState) -> bool {
    use IncidentState::{Closed, Contained, Declared, Eradicated, Monitoring, Recovering};
    matches!(
        (from, to),
        (Declared, Contained | Closed)
            | (Contained, Eradicated | Declared)
            | (Eradicated, Recovering | Declared)
            | (Recovering, Monitoring | Declared)
            | (Monitoring, Closed | Declared)
    )
}

/// `to`, if an incident that stands at `from` may go there.
pub fn transition(from: IncidentState, to: IncidentState) -> Result<IncidentState, BadTransition> {
    if allowed(from, to) { Ok(to) } else { Err(BadTransition { from, to }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IncidentState::{Closed, Contained, Declared, Eradicated, Monitoring, Recovering};

    const ALL: [IncidentState; 6] = [Declared, Contained, Eradicated, Recovering, Monitoring, Closed];

    #[test]
    fn forward_goes_one_step_at_a_time() {
        for (from, it) in ALL.iter().enumerate() {
            for (to, other) in ALL.iter().enumerate().skip(from + 1) {
                let false_alarm = (*it, *other) == (Declared, Closed);
                assert_eq!(allowed(*it, *other), to == from + 1 || false_alarm, "{it:?} -> {other:?}");
            }
        }
    }

    #[test]
    fn backward_means_containment_anew_and_closed_is_final() {
        for it in ALL {
            assert_eq!(allowed(it, Declared), it != Declared && it != Closed, "{it:?}");
            assert!(!allowed(Closed, it));
        }
        assert_eq!(
            transition(Closed, Declared).map_err(|it| it.to_string()),
            Err("an incident that is Closed cannot become Declared".to_owned())
        );
    }
}
