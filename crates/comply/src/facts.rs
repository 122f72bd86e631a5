//! What is known about an incident: instants that start clocks, and facts that triggers ask for.
//!
//! A fact that is not stated is unknown, and unknown keeps clocks running.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::case::figures::segments;
use bulkhead_model::case::{Exfiltration, ExfiltrationConclusion, Impact, Incident, Localized};
use bulkhead_model::id::{RegimeId, ServiceId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a fact's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// Yes or no.
    YesNo,
    /// A number in the unit of the fact's name.
    Number,
}

/// The value of a fact that is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    YesNo(bool),
    /// A number in the unit of the fact's name.
    Number(f64),
}

macro_rules! facts {
    ($($name:ident $key:literal $kind:ident $en:literal $fr:literal;)*) => {
        /// A fact that a trigger may ask for. The key is its name in regime files.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Fact {
            $(#[doc = $en] #[serde(rename = $key)] $name,)*
        }

        impl Fact {
            /// Every fact, in the order of the questions to ask.
            pub const ALL: &'static [Fact] = &[$(Fact::$name,)*];

            /// Its name in regime files.
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What its value is.
            pub fn kind(self) -> FactKind {
                match self { $(Self::$name => FactKind::$kind,)* }
            }

            /// The question it answers, in English and French.
            pub fn question(self) -> Localized {
                let (en, fr) = match self { $(Self::$name => ($en, $fr),)* };
                Localized::Each { en: en.to_owned(), fr: Some(fr.to_owned()) }
            }

            /// The fact of this name.
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$name),)* _ => None }
            }
        }
    };
}

facts! {
    Cyber "cyber" YesNo "Is the cause, or may it be, a cyber attack?" "La cause est-elle, ou peut-elle être, une cyberattaque ?";
    Malicious "malicious" YesNo "Is an unlawful or malicious act suspected?" "Un acte illicite ou malveillant est-il soupçonné ?";
    ComputerOffence "computer_offence" YesNo "Is it an attack on a data-processing system under arts 323-1 to 323-3-1 of the French penal code?" "S'agit-il d'une atteinte à un STAD (art. 323-1 à 323-3-1 du code pénal) ?";
    CrossBorder "cross_border" YesNo "May it have a cross-border impact?" "Peut-il avoir un impact transfrontière ?";
    Ongoing "ongoing" YesNo "Is the incident still being handled when the final report falls due?" "L'incident est-il toujours en cours à l'échéance du rapport final ?";
    SevereDisruption "severe_disruption" YesNo "Has it caused, or can it cause, severe operational disruption of the services?" "A-t-il causé, ou peut-il causer, une perturbation opérationnelle grave des services ?";
    SevereFinancialLoss "severe_financial_loss" YesNo "Has it caused, or can it cause, severe financial loss to the entity?" "A-t-il causé, ou peut-il causer, des pertes financières graves pour l'entité ?";
    DamageToOthers "damage_to_others" YesNo "Has it caused, or can it cause, considerable damage to other persons?" "A-t-il causé, ou peut-il causer, un dommage considérable à d'autres personnes ?";
    RecipientsAffected "recipients_affected" YesNo "Is it likely to adversely affect the provision of services to their recipients?" "Est-il susceptible de nuire à la fourniture des services à leurs destinataires ?";
    SignificantThreat "significant_threat" YesNo "Is there a particular and significant threat of a security incident?" "Existe-t-il une menace particulière et importante d'incident de sécurité ?";
    ServiceImpactSignificant "service_impact_significant" YesNo "Is the impact on the functioning of networks or services significant?" "L'impact sur le fonctionnement des réseaux ou services est-il significatif ?";
    EssentialSystemsAffected "essential_systems_affected" YesNo "Are networks or systems hit that an essential service needs?" "Des réseaux ou systèmes nécessaires à un service essentiel sont-ils touchés ?";
    VitalSystemsAffected "vital_systems_affected" YesNo "Is the functioning or security of a vital information system (SIIV) affected?" "Le fonctionnement ou la sécurité d'un SIIV est-il affecté ?";
    EmergencyCallsAffected "emergency_calls_affected" YesNo "Are emergency-call routing indicators below their alert thresholds?" "Les indicateurs d'acheminement des appels d'urgence sont-ils sous les seuils d'alerte ?";
    SubscriberSystemsAffected "subscriber_systems_affected" YesNo "Did the authority's markers detect events affecting subscribers' systems?" "Les marqueurs de l'autorité ont-ils détecté des événements affectant les systèmes d'abonnés ?";
    PersonalDataBreach "personal_data_breach" YesNo "Is there a personal data breach?" "Y a-t-il une violation de données à caractère personnel ?";
    RiskUnlikely "risk_unlikely" YesNo "Is a risk to the rights and freedoms of persons unlikely?" "Un risque pour les droits et libertés des personnes est-il peu probable ?";
    HighRisk "high_risk" YesNo "Is a high risk to the rights and freedoms of persons likely?" "Un risque élevé pour les droits et libertés des personnes est-il probable ?";
    DataUnintelligible "data_unintelligible" YesNo "Were the data unintelligible to the intruder (encrypted)?" "Les données étaient-elles incompréhensibles pour l'intrus (chiffrées) ?";
    RiskRemoved "risk_removed" YesNo "Do later measures make the high risk unlikely?" "Des mesures ultérieures rendent-elles le risque élevé improbable ?";
    SubscribersAdverselyAffected "subscribers_adversely_affected" YesNo "Is the breach likely to adversely affect subscribers or individuals?" "La violation peut-elle porter atteinte aux abonnés ou aux particuliers ?";
    CriticalServiceAffected "critical_service_affected" YesNo "Are services affected that support critical or important functions (DORA)?" "Des services soutenant des fonctions critiques ou importantes sont-ils touchés (DORA) ?";
    MaliciousAccess "malicious_access" YesNo "Was there a successful, malicious, unauthorised access that may cause data loss or severe disruption?" "Un accès malveillant non autorisé a-t-il réussi, pouvant causer perte de données ou perturbation grave ?";
    ReputationalImpact "reputational_impact" YesNo "Is there a reputational impact (media, complaints, loss of clients)?" "Y a-t-il un impact sur la réputation (médias, plaintes, perte de clients) ?";
    DataLossAdverse "data_loss_adverse" YesNo "Do data losses harm business objectives or regulatory requirements?" "Les pertes de données nuisent-elles aux objectifs ou aux exigences réglementaires ?";
    RelevantClientAffected "relevant_client_affected" YesNo "Is a relevant client or financial counterpart affected?" "Un client ou une contrepartie financière pertinent est-il touché ?";
    ClientsFinanciallyAffected "clients_financially_affected" YesNo "Are the financial interests of clients affected?" "Les intérêts financiers de clients sont-ils touchés ?";
    TrustServiceImpact "trust_service_impact" YesNo "Is there a significant impact on the trust service or on personal data in it?" "Y a-t-il un impact important sur le service de confiance ou ses données personnelles ?";
    ExploitedVulnerability "exploited_vulnerability" YesNo "Is a vulnerability of one of our products actively exploited?" "Une vulnérabilité d'un de nos produits est-elle activement exploitée ?";
    ProductProtectionAffected "product_protection_affected" YesNo "Can it affect a product's ability to protect sensitive data or functions?" "Peut-il affecter la capacité d'un produit à protéger des données ou fonctions sensibles ?";
    MaliciousCodeInProduct "malicious_code_in_product" YesNo "Can it bring malicious code into a product or its users' systems?" "Peut-il introduire du code malveillant dans un produit ou les systèmes de ses utilisateurs ?";
    ProductVulnerabilitySignificant "product_vulnerability_significant" YesNo "Has one of our software products a significant vulnerability, or may the incident affect one?" "Un de nos logiciels présente-t-il une vulnérabilité significative ou l'incident peut-il en affecter un ?";
    InsideInformation "inside_information" YesNo "Is it inside information (price-sensitive and not public)?" "S'agit-il d'une information privilégiée ?";
    Material "material" YesNo "Is the incident material to investors?" "L'incident est-il significatif pour les investisseurs (material) ?";
    CpniBreach "cpni_breach" YesNo "Are CPNI or personal information of US customers breached?" "Des données CPNI ou personnelles de clients américains sont-elles touchées ?";
    HarmUnlikely "harm_unlikely" YesNo "Is harm to customers not reasonably likely?" "Un préjudice pour les clients est-il improbable ?";
    SubstantialCyberIncident "substantial_cyber_incident" YesNo "Is it a substantial cyber incident (CIRCIA)?" "S'agit-il d'un incident cyber substantiel (CIRCIA) ?";
    RansomPaid "ransom_paid" YesNo "Was a ransom paid?" "Une rançon a-t-elle été payée ?";
    TradeSecretsExfiltrated "trade_secrets_exfiltrated" YesNo "Were trade secrets exfiltrated, or can they have been?" "Des secrets d'affaires ont-ils été, ou ont-ils pu être, exfiltrés ?";
    Death "death" YesNo "Has it caused, or can it cause, the death of a person?" "A-t-il causé, ou peut-il causer, le décès d'une personne ?";
    HealthDamage "health_damage" YesNo "Has it caused, or can it cause, considerable damage to a person's health?" "A-t-il causé, ou peut-il causer, un dommage considérable à la santé d'une personne ?";
    Recurring "recurring" YesNo "Is it one of at least two incidents within 6 months with the same root cause that together reach the loss threshold?" "Est-ce l'un d'au moins deux incidents en 6 mois de même cause dépassant ensemble le seuil de perte ?";
    MaliciousCompromise "malicious_compromise" YesNo "Were integrity, confidentiality or authenticity of the service's data compromised by a suspectedly malicious act?" "L'intégrité, la confidentialité ou l'authenticité des données ont-elles été compromises par un acte soupçonné malveillant ?";
    DataCompromised "data_compromised" YesNo "Were integrity, confidentiality or authenticity of the service's data compromised, by whatever cause?" "L'intégrité, la confidentialité ou l'authenticité des données du service ont-elles été compromises, quelle qu'en soit la cause ?";
    PhysicalAccessCompromised "physical_access_compromised" YesNo "Was physical access to the facilities compromised?" "L'accès physique aux installations a-t-il été compromis ?";
    UsersHit "users_hit" Number "How many users or customers are hit?" "Combien d'utilisateurs ou de clients sont touchés ?";
    UsersShare "users_share" Number "What share of the service's users is hit (0 to 1)?" "Quelle part des utilisateurs du service est touchée (0 à 1) ?";
    MemberStatesHit "member_states_hit" Number "How many Member States are hit?" "Combien d'États membres sont touchés ?";
    UnavailableMinutes "unavailable_minutes" Number "For how many minutes is or was the service completely unavailable?" "Pendant combien de minutes le service est-il ou a-t-il été totalement indisponible ?";
    UnavailableMinutesWeek "unavailable_minutes_week" Number "For how many minutes of this calendar week was the service completely unavailable, summed up?" "Pendant combien de minutes cumulées de cette semaine civile le service a-t-il été totalement indisponible ?";
    LimitedMinutes "limited_minutes" Number "For how many minutes is or was the availability of the service limited?" "Pendant combien de minutes la disponibilité du service est-elle ou a-t-elle été limitée ?";
    DurationHours "duration_hours" Number "How long does the incident last, in hours?" "Combien d'heures dure l'incident ?";
    DowntimeHours "downtime_hours" Number "How long are critical services down, in hours?" "Combien d'heures les services critiques sont-ils arrêtés ?";
    DirectLossEur "direct_loss_eur" Number "Direct financial loss, in EUR?" "Perte financière directe, en EUR ?";
    LossShareOfTurnover "loss_share_of_turnover" Number "Direct loss as a share of last year's turnover (0 to 1)?" "Perte directe en part du chiffre d'affaires de l'an dernier (0 à 1) ?";
    CostsEur "costs_eur" Number "Total costs and losses, in EUR?" "Total des coûts et pertes, en EUR ?";
    ClientsHit "clients_hit" Number "How many clients of the financial service are hit?" "Combien de clients du service financier sont touchés ?";
    ClientsShare "clients_share" Number "What share of the financial service's clients is hit (0 to 1)?" "Quelle part des clients du service financier est touchée (0 à 1) ?";
    CounterpartsShare "counterparts_share" Number "What share of financial counterparts is hit (0 to 1)?" "Quelle part des contreparties financières est touchée (0 à 1) ?";
    TransactionsShare "transactions_share" Number "What share of the daily average of transactions, by number or value, is hit (0 to 1)?" "Quelle part de la moyenne journalière des transactions est touchée (0 à 1) ?";
    PersonsAffected "persons_affected" Number "How many persons does the data breach concern?" "Combien de personnes la violation de données concerne-t-elle ?";
    RecordsAffected "records_affected" Number "How many data records does the breach concern?" "Combien d'enregistrements de données la violation concerne-t-elle ?";
    UsCustomersAffected "us_customers_affected" Number "How many US customers does the breach concern?" "Combien de clients américains la violation concerne-t-elle ?";
}

/// A filing that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Submission {
    /// Under which regime.
    pub regime: RegimeId,
    /// Which stage.
    pub stage: String,
    /// When.
    pub at: Timestamp,
}

/// What is known about an incident. Later knowledge makes new facts; every deadline is then computed anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// When the operator became aware, with a reasonable degree of certainty.
    pub awareness: Timestamp,
    /// When it was first detected; taken to be `awareness` when absent.
    #[serde(default)]
    pub detection: Option<Timestamp>,
    /// When the incident itself began or happened.
    #[serde(default)]
    pub incident: Option<Timestamp>,
    /// When it was classified as major (DORA).
    #[serde(default)]
    pub classification: Option<Timestamp>,
    /// When it was determined material (SEC), or a breach was reasonably determined (FCC).
    #[serde(default)]
    pub determination: Option<Timestamp>,
    /// When a corrective or mitigating measure became available (CRA).
    #[serde(default)]
    pub measure_available: Option<Timestamp>,
    /// When its handling ended.
    #[serde(default)]
    pub handling_end: Option<Timestamp>,
    /// Filings made.
    #[serde(default)]
    pub submissions: Vec<Submission>,
    /// Services that are or were down or degraded.
    #[serde(default)]
    pub services_hit: BTreeSet<ServiceId>,
    /// What is known; what is missing here is unknown.
    #[serde(default)]
    pub known: BTreeMap<Fact, FactValue>,
}

impl Facts {
    /// Nothing but the awareness instant.
    pub fn new(awareness: Timestamp) -> Self {
        Self {
            awareness,
            detection: None,
            incident: None,
            classification: None,
            determination: None,
            measure_available: None,
            handling_end: None,
            submissions: Vec::new(),
            services_hit: BTreeSet::new(),
            known: BTreeMap::new(),
        }
    }

    /// What a case shows by itself. Only what telemetry and the estate establish is stated; legal judgements
    /// (severity, offence, risk to persons, materiality) stay unknown, and "no breach" is never inferred. Services are
    /// hit by what containment was observed to take down on the real network: not by what rests on hosts in the
    /// attacker's hands, nor by what is planned or `simulated`.
    pub fn from_case(
        incident: &Incident,
        impact: &Impact,
        exfiltration: Option<&Exfiltration>,
        simulated: bool,
    ) -> Self {
        let mut facts = Self::new(incident.declared_at);
        facts.detection = Some(incident.first_finding_at);
        facts.incident =
            incident.compromised.iter().map(|it| it.since).chain([incident.first_finding_at]).min();
        if !incident.compromised.is_empty() {
            facts.set(Fact::Cyber, true);
            facts.set(Fact::Malicious, true);
        }
        let observed = if simulated { &[] } else { impact.containment_observed.as_slice() };
        facts.services_hit = observed.iter().map(|it| it.service.clone()).collect();
        // The operator's own staff are no users in the sense of the law.
        let outside = segments(observed).into_iter().filter(|it| it.segment != "internal");
        if !facts.services_hit.is_empty() {
            facts.count(Fact::UsersHit, outside.map(|it| it.count).sum());
        }
        if exfiltration.is_some_and(personal_data_taken) {
            facts.set(Fact::PersonalDataBreach, true);
        }
        facts
    }

    /// States that the answer to a yes-or-no fact is `yes`.
    pub fn set(&mut self, fact: Fact, yes: bool) -> &mut Self {
        self.known.insert(fact, FactValue::YesNo(yes));
        self
    }

    /// States the value of a number fact.
    pub fn number(&mut self, fact: Fact, value: f64) -> &mut Self {
        self.known.insert(fact, FactValue::Number(value));
        self
    }

    /// States the value of a number fact that is a count.
    #[expect(clippy::cast_precision_loss, reason = "counts of people stay far below 2^52")]
    pub fn count(&mut self, fact: Fact, value: u64) -> &mut Self {
        self.number(fact, value as f64)
    }

    /// States that `stage` of `regime` was filed `at`.
    pub fn submitted(&mut self, regime: &str, stage: &str, at: Timestamp) -> &mut Self {
        self.submissions.push(Submission { regime: regime.into(), stage: stage.to_owned(), at });
        self
    }

    /// When `stage` of `regime` was first filed.
    pub fn submission(&self, regime: &RegimeId, stage: &str) -> Option<Timestamp> {
        self.submissions.iter().filter(|it| it.regime == *regime && it.stage == stage).map(|it| it.at).min()
    }

    /// When `stage` of `regime` was last filed: an updated report starts the next period anew.
    pub fn last_submission(&self, regime: &RegimeId, stage: &str) -> Option<Timestamp> {
        self.submissions.iter().filter(|it| it.regime == *regime && it.stage == stage).map(|it| it.at).max()
    }
}

/// Classes of data that are personal.
pub const PERSONAL_DATA: &[&str] = &[
    "billing",
    "cdr",
    "customer",
    "employee",
    "health",
    "location",
    "payment",
    "personal",
    "subscriber",
    "traffic",
];

fn personal_data_taken(exfiltration: &Exfiltration) -> bool {
    exfiltration.stores.iter().any(|store| {
        store.conclusion == ExfiltrationConclusion::Evidenced
            && store.data.iter().any(|class| PERSONAL_DATA.contains(&class.as_str()))
    })
}
