//! Where a field's value comes from: the names that regime files may write after `from:`.

use bulkhead_model::case::Localized;

use crate::facts::{Fact, FactValue};
use crate::filing::CaseView;
use crate::filing::{asked, public, sentence};
use crate::regime::{Regime, Stage};

macro_rules! sources {
    ($($name:ident $key:literal $doc:literal;)*) => {
        /// What a case can fill a field with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FieldSource {
            $(#[doc = $doc] $name,)*
            /// A fact, `fact.NAME`.
            Fact(Fact),
        }

        impl FieldSource {
            /// The source of this name.
            pub fn from_key(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$name),)*
                    _ => Fact::from_key(key.strip_prefix("fact.")?).map(Self::Fact),
                }
            }

            /// Every name but the facts'.
            pub fn keys() -> &'static [&'static str] {
                &[$($key,)*]
            }
        }
    };
}

sources! {
    EntityName "entity.name" "The operator's full name.";
    EntityCurrency "entity.currency" "The currency of all values, ISO 4217.";
    ContactSecurity "contact.security" "Whom to call on the incident.";
    ContactDpo "contact.dpo" "The data protection officer.";
    ContactLegal "contact.legal" "Legal counsel or representative.";
    ContactCommunications "contact.communications" "The communications officer.";
    IncidentId "incident.id" "The incident's id.";
    IncidentTitle "incident.title" "One line on the incident.";
    IncidentSummary "incident.summary" "What happened, in sentences, for authorities.";
    IncidentPublic "incident.public" "What happened, for customers and the public: no host, no account.";
    IncidentSeverity "incident.severity" "How grave it is.";
    IncidentCompromised "incident.compromised" "Hosts and accounts in the attacker's hands.";
    IncidentTactics "incident.tactics" "ATT&CK tactics seen.";
    IncidentIndicators "incident.indicators" "What others can look for.";
    IncidentOffences "incident.offences" "Offences suspected under the French penal code.";
    IncidentDiscovery "incident.discovery" "How it was discovered.";
    IncidentBegan "incident.began_at" "When it began.";
    IncidentDetected "incident.detected_at" "When it was detected.";
    IncidentAware "incident.aware_at" "When the operator became aware.";
    IncidentClassified "incident.classified_at" "When it was classified as major.";
    IncidentHandled "incident.handled_at" "When its handling ended.";
    IncidentInstants "incident.instants" "Beginning, detection and awareness.";
    ImpactSummary "impact.summary" "Services and customers hit, in sentences.";
    ImpactServices "impact.services" "Services known to be hit.";
    ImpactLoss "impact.loss" "Value lost per hour and planned until restored.";
    ImpactMemberStates "impact.member_states" "Member States in which services are offered.";
    MeasuresAll "measures.all" "Containment and recovery measures.";
    ExfiltrationStatement "exfiltration.statement" "The dated statement on exfiltration.";
    ExfiltrationData "exfiltration.data" "Classes of data affected: of stores from which exfiltration is evidenced.";
    ExfiltrationReach "exfiltration.in_reach" "Classes of data within the attacker's reach, not known to be affected.";
    FilingOrdinal "filing.ordinal" "First or second notification.";
    FilingOthers "filing.others" "Other authorities notified.";
    FilingClauses "filing.clauses" "Clauses of the trigger that are met.";
}

/// Contact roles that filings look for, the first found counts: for security, data protection, law, the public.
pub const CONTACT_ROLES: [&[&str]; 4] = [
    &["incident_commander", "ciso", "soc", "security"],
    &["dpo"],
    &["legal", "legal_representative"],
    &["communications"],
];

impl FieldSource {
    /// Whether its text may hold names of hosts and accounts: never for customers and the public.
    pub fn is_internal(self) -> bool {
        matches!(
            self,
            Self::IncidentTitle
                | Self::IncidentSummary
                | Self::IncidentCompromised
                | Self::IncidentTactics
                | Self::IncidentIndicators
                | Self::IncidentDiscovery
        )
    }

    /// The question whose answer would fill it, where the case does not know; `open` are clauses that wait for a fact.
    pub fn question(self, case: &CaseView<'_>, open: &[Localized]) -> Option<Localized> {
        match self {
            Self::Fact(fact) => Some(fact.question()),
            Self::ExfiltrationData | Self::ExfiltrationReach => Some(asked::data_question(case)),
            Self::ImpactSummary | Self::ImpactServices | Self::ImpactLoss => {
                Some(asked::services_question(case))
            }
            Self::FilingClauses => Some(sentence::clauses_question(open)),
            _ => None,
        }
    }

    /// What the case says, if it says it.
    pub fn value(
        self,
        case: &CaseView<'_>,
        regime: &Regime,
        stage: &Stage,
        clauses: &[Localized],
    ) -> Option<Localized> {
        let said = self.said(case, regime, stage, clauses)?;
        // What the record says in one language is told in both.
        Some(match said {
            Localized::Same(text) => {
                let french = (case.in_french)(&text);
                if french == text { Localized::Same(text) } else { sentence::both(text, french) }
            }
            each @ Localized::Each { .. } => each,
        })
    }

    fn said(
        self,
        case: &CaseView<'_>,
        regime: &Regime,
        stage: &Stage,
        clauses: &[Localized],
    ) -> Option<Localized> {
        let incident = case.incident;
        let at = |it: Option<jiff::Timestamp>| it.map(|it| sentence::instant(case, it));
        match self {
            // A draft is called after the file it was made from, which is nobody's name.
            Self::EntityName if case.estate.estate.drafted => None,
            Self::EntityName => text(&case.estate.estate.name),
            Self::EntityCurrency => text(&case.estate.estate.currency),
            Self::ContactSecurity => contact(case, CONTACT_ROLES[0]),
            Self::ContactDpo => contact(case, CONTACT_ROLES[1]),
            Self::ContactLegal => contact(case, CONTACT_ROLES[2]),
            Self::ContactCommunications => contact(case, CONTACT_ROLES[3]),
            Self::IncidentId => text(&incident.id),
            Self::IncidentTitle => text(&incident.title),
            Self::IncidentSummary => Some(sentence::summary(case)),
            Self::IncidentPublic => Some(public::public_summary(case)),
            Self::IncidentSeverity => text(incident.severity.as_str()),
            Self::IncidentCompromised => text(&sentence::entities(&incident.compromised)),
            Self::IncidentTactics => text(&incident.tactics.join(", ")),
            Self::IncidentIndicators => text(&sentence::indicators(case)),
            Self::IncidentOffences => sentence::offences(case),
            Self::IncidentDiscovery => sentence::discovery(case),
            Self::IncidentBegan => at(case.facts.incident),
            Self::IncidentDetected => at(case.facts.detection),
            Self::IncidentAware => at(Some(case.facts.awareness)),
            Self::IncidentClassified => at(case.facts.classification),
            Self::IncidentHandled => at(case.facts.handling_end),
            Self::IncidentInstants => Some(sentence::instants(case)),
            // What the public reads holds no count of the house and nothing of a rehearsal.
            Self::ImpactSummary if stage.is_for_outsiders() => public::public_impact(case),
            Self::ImpactSummary => sentence::impact(case),
            Self::ImpactServices => sentence::services(case),
            Self::ImpactLoss => sentence::loss(case),
            Self::ImpactMemberStates => text(&case.estate.legal_profile.member_states.join(", ")),
            Self::MeasuresAll if stage.is_for_outsiders() => public::public_measures(case),
            Self::MeasuresAll => sentence::measures(case),
            Self::ExfiltrationStatement => sentence::exfiltration(case),
            Self::ExfiltrationData => text(&sentence::data_affected(case)),
            Self::ExfiltrationReach => text(&sentence::data_in_reach(case)),
            Self::FilingOrdinal => {
                Some(sentence::ordinal(case.facts.submission(&regime.id, &stage.id).is_some()))
            }
            Self::FilingOthers => text(&sentence::others(case, &regime.id)),
            Self::FilingClauses => sentence::clauses(clauses),
            Self::Fact(fact) => case.facts.known.get(&fact).map(fact_value),
        }
    }
}

fn text(it: &str) -> Option<Localized> {
    (!it.is_empty()).then(|| Localized::Same(it.to_owned()))
}

fn contact(case: &CaseView<'_>, roles: &[&str]) -> Option<Localized> {
    let of = |role: &&str| case.estate.contacts.iter().find(|it| it.role == *role);
    let contact = roles.iter().find_map(of)?;
    text(&format!("{} ({})", contact.name, contact.channel))
}

fn fact_value(value: &FactValue) -> Localized {
    match value {
        FactValue::YesNo(true) => sentence::both("yes", "oui"),
        FactValue::YesNo(false) => sentence::both("no", "non"),
        FactValue::Number(number) => Localized::Same(number.to_string()),
    }
}
