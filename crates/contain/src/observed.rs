//! What containment broke, judged by the rules that were read back instead of those that were asked for.

use bulkhead_model::case::{Action, Plan, ServiceImpact};
use bulkhead_model::rules::PointRules;
use bulkhead_service::Losses;

use crate::actions::Effect;
use crate::ground::Ground;
use crate::request::{PlanError, Request};

/// Services that fare worse because of those actions of `plan` of which any rule was read back.
///
/// # Errors
/// When the request names what the estate does not have.
pub fn observed_impact(
    request: &Request<'_>,
    plan: &Plan,
    installed: &[PointRules],
) -> Result<Vec<ServiceImpact>, PlanError> {
    let ground = request.ground()?;
    let mut losses = Losses::none(ground.exempt.clone());
    let none = ground.services.evaluate(&ground.index, &losses);
    for action in plan.actions.iter().filter(|it| is_installed(it, installed)) {
        if let Some(effect) = effect_of(&ground, action) {
            effect.apply(&mut losses);
        }
    }
    let now = ground.services.evaluate(&ground.index, &losses);
    Ok(ground.services.impacts(&none.states, &now.states))
}

fn is_installed(action: &Action, installed: &[PointRules]) -> bool {
    installed.iter().any(|it| {
        let rule = it.rules.iter().any(|rule| rule.action.as_deref() == Some(action.id.as_str()));
        rule || it.disabled.iter().any(|disabled| disabled.name == action.id)
    })
}

/// What an action of a plan blocks; none when it names what this estate does not have.
pub(crate) fn effect_of(ground: &Ground<'_>, action: &Action) -> Option<Effect> {
    use bulkhead_model::case::ActionKind;
    let asset = |id: &str| ground.index.asset(&id.into());
    let zone = |id: &Option<String>| ground.index.zone(&id.as_deref()?.into());
    Some(match action.kind {
        ActionKind::Isolate => Effect::Isolate(asset(&action.target)?),
        ActionKind::DisableIdentity => {
            Effect::Disable(ground.index.identity(&action.target.as_str().into())?)
        }
        ActionKind::Segment => Effect::Segment(zone(&action.from)?, zone(&action.to)?),
        ActionKind::BlockFlow => {
            let flow = ground.index.flow(&action.target.as_str().into())?;
            match (&action.from, &action.to) {
                (Some(from), _) => Effect::FlowFrom(flow, asset(from)?),
                (None, Some(to)) => Effect::FlowTo(flow, asset(to)?),
                (None, None) => Effect::Flow(flow),
            }
        }
    })
}
