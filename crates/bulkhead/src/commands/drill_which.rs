//! Which of the incidents that a drill declares is its attack, and which is not: by what the attacker truly did.

use std::collections::BTreeSet;

use bulkhead_evaluate::Truth;
use bulkhead_incident::IncidentDraft;
use bulkhead_model::case::EntityKind;
use bulkhead_model::estate::EstateInfo;
use bulkhead_model::id::{AssetId, IdentityId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::say::{line, text};
use crate::ui::counted;
use crate::when::local;

/// Hosts and accounts named of the attack.
const NAMED: usize = 5;

/// What an incident has to do with the attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// Whom it names and the attacker acted on or as, by the time of its last finding.
    pub acted_on: Vec<String>,
    /// Whether it was declared before the attack began, or there is none.
    pub is_early: bool,
    /// Whether the drill plays no attack.
    pub is_peace: bool,
}

impl Which {
    /// What `draft` has to do with what truly happened in a drill whose attack begins then.
    pub fn of(draft: &IncidentDraft, truth: &Truth, begins: Option<Timestamp>) -> Self {
        let mut hosts = BTreeSet::new();
        let mut accounts = BTreeSet::new();
        for act in truth.acts.iter().filter(|it| it.at <= draft.last_finding_at) {
            hosts.insert(act.host.as_str());
            hosts.extend(act.target.iter().map(AssetId::as_str));
            accounts.extend(act.identity.iter().map(IdentityId::as_str));
        }
        let is_his = |kind: EntityKind, id: &str| match kind {
            EntityKind::Asset => hosts.contains(id),
            EntityKind::Identity => accounts.contains(id),
        };
        Self {
            acted_on: draft.named().filter(|it| is_his(it.kind, &it.id)).map(|it| it.id.clone()).collect(),
            is_early: begins.is_none_or(|begins| draft.declared_at < begins),
            is_peace: begins.is_none(),
        }
    }

    /// Whether it speaks of the attack.
    pub fn is_attack(&self) -> bool {
        !self.acted_on.is_empty()
    }

    /// The same for people.
    pub fn told(&self) -> String {
        let mut named: Vec<String> = self.acted_on.iter().take(NAMED).cloned().collect();
        if self.acted_on.len() > NAMED {
            named.push(text!("{} more", self.acted_on.len() - NAMED));
        }
        let named = named.join(", ");
        if self.is_peace {
            return "no attack: this drill plays none".to_owned();
        }
        match (self.is_attack(), self.is_early) {
            (true, false) => text!("this is the drill's attack: the attacker acted on {}", named),
            (true, true) => text!(
                "not the drill's attack when it was declared, which was before it began; it has since come to speak of it: the attacker \
                 acted on {}",
                named
            ),
            (false, true) => "not the drill's attack: it was declared before any began".to_owned(),
            (false, false) => "not the drill's attack: the attacker acted on nobody it names".to_owned(),
        }
    }
}

/// Every incident that a drill declared, where there are several: which is the attack, and which was answered.
pub fn table(all: &[(IncidentDraft, Which)], answered: Option<&str>, info: &EstateInfo) -> String {
    let mut out = String::new();
    if all.len() < 2 {
        return out;
    }
    line!(out, "\n{} declared, of which the drill answers one:", counted(all.len(), "incident"));
    for (draft, which) in all {
        line!(
            out,
            "  {}  {}: {} [{}]{}",
            local(draft.declared_at, info),
            draft.id,
            draft.title,
            draft.severity.as_str(),
            if answered == Some(draft.id.as_str()) { ", answered" } else { "" }
        );
        line!(out, "    {}", which.told());
    }
    out
}

/// The same for programs.
pub fn objects(all: &[(IncidentDraft, Which)], answered: Option<&str>) -> Vec<Value> {
    let object = |(draft, which): &(IncidentDraft, Which)| {
        json!({
            "id": draft.id, "title": draft.title, "declared_at": draft.declared_at,
            "is_attack": which.is_attack(), "acted_on": which.acted_on,
            "before_attack": which.is_early, "answered": answered == Some(draft.id.as_str()),
        })
    };
    all.iter().map(object).collect()
}
