//! Sentences of filings, English and French, each from the case's own data and nothing else.

use std::collections::BTreeSet;

use bulkhead_model::case::figures::Hit;
use bulkhead_model::case::{Entity, ExfiltrationConclusion, IncidentState, Localized, ServiceImpact};
use bulkhead_model::french::spaced;
use bulkhead_model::id::{RegimeId, ServiceId};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::filing::CaseView;

/// A text in both languages.
pub fn both(en: impl Into<String>, fr: impl Into<String>) -> Localized {
    Localized::Each { en: en.into(), fr: Some(spaced(&fr.into())) }
}

/// An instant in the operator's time zone, to the minute, with its zone: written as terminal and report write it.
pub fn instant(case: &CaseView<'_>, at: Timestamp) -> Localized {
    let (en, fr) = stamp(case, at);
    both(en, fr)
}

pub(super) fn stamp(case: &CaseView<'_>, at: Timestamp) -> (String, String) {
    let zone = TimeZoneDatabase::bundled().get(&case.estate.estate.timezone).unwrap_or(TimeZone::UTC);
    let at = at.to_zoned(zone);
    (at.strftime("%a %Y-%m-%d %H:%M %Z").to_string(), at.strftime("%d/%m/%Y %H:%M %Z").to_string())
}

/// `1 host`, `3 hosts`, in both languages.
struct Noun(&'static str, &'static str, &'static str, &'static str);

const HOST: Noun = Noun("host", "hosts", "machine", "machines");
const ACCOUNT: Noun = Noun("account", "accounts", "compte", "comptes");
const RESTS: Noun = Noun("service rests", "services rest", "service repose", "services reposent");
const STAGE: Noun = Noun("stage", "stages", "étape", "étapes");
const PLAN: Noun = Noun("plan", "plans", "plan", "plans");
const TIME: Noun = Noun("time", "times", "fois", "fois");

impl Noun {
    fn en(&self, n: u64) -> String {
        format!("{} {}", grouped(n), if n == 1 { self.0 } else { self.1 })
    }

    fn fr(&self, n: u64) -> String {
        format!("{} {}", grouped(n), if n < 2 { self.2 } else { self.3 })
    }
}

/// `180 060`, with narrow no-break spaces.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index; // rows
        if index > 0 && left.is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A value in the estate's currency, whole.
fn money(case: &CaseView<'_>, amount: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are not negative")]
    let whole = amount.max(0.0).round() as u64;
    format!("{} {}", grouped(whole), case.estate.estate.currency)
}

/// Whether the attacker's footholds are removed.
fn is_over(case: &CaseView<'_>) -> bool {
    case.incident.state >= IncidentState::Eradicated
}

/// What happened, for authorities: title, instants, entities, relapses, services.
pub fn summary(case: &CaseView<'_>) -> Localized {
    let (incident, figures) = (case.incident, case.figures);
    let (first, declared) = (stamp(case, incident.first_finding_at), stamp(case, incident.declared_at));
    let mut en = format!(
        "{}. First detected {}, declared an incident {}. {} and {} {} held to be in the attacker's hands; \
         suspected besides: {}.",
        incident.title,
        first.0,
        declared.0,
        HOST.en(figures.hosts),
        ACCOUNT.en(figures.accounts),
        if is_over(case) { "were" } else { "are" },
        grouped(figures.suspected)
    );
    let mut fr = format!(
        "{}. Première détection le {}, incident déclaré le {}. {} et {} {} tenus pour compromis ; suspects en \
         outre : {}.",
        (case.in_french)(&incident.title),
        first.1,
        declared.1,
        HOST.fr(figures.hosts),
        ACCOUNT.fr(figures.accounts),
        if is_over(case) { "ont été" } else { "sont" },
        grouped(figures.suspected)
    );
    if let Some(last) = figures.relapses.last() {
        let (n, at) = (figures.times_back(), stamp(case, last.at));
        let who = last.entities.join(", ");
        en = format!("{en} The attacker came back {}, last seen {} on {who}.", TIME.en(n), at.0);
        fr = format!("{fr} L'attaquant est revenu {}, vu en dernier le {} sur {who}.", TIME.fr(n), at.1);
    }
    if let Some(impact) = impact(case) {
        en = format!("{en} {}", impact.en());
        fr = format!("{fr} {}", impact.fr());
    }
    both(en, fr)
}

/// Beginning, detection and awareness.
pub fn instants(case: &CaseView<'_>) -> Localized {
    let of = |it: Option<Timestamp>| {
        it.map_or_else(|| ("unknown".to_owned(), "inconnu".to_owned()), |it| stamp(case, it))
    };
    let (began, found) = (of(case.facts.incident), of(case.facts.detection));
    let aware = stamp(case, case.facts.awareness);
    both(
        format!("Earliest known sign {}; detected {}; aware {}", began.0, found.0, aware.0),
        format!("Premier signe connu {} ; détection {} ; connaissance {}", began.1, found.1, aware.1),
    )
}

/// Names of hosts and accounts, sorted as the incident has them.
pub fn entities(entities: &[Entity]) -> String {
    let name = |it: &Entity| it.hostname.clone().unwrap_or_else(|| it.id.clone());
    entities.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Rules that fired, as the reasons for holding entities compromised name them.
pub fn indicators(case: &CaseView<'_>) -> String {
    let reasons = case.incident.compromised.iter().flat_map(|it| &it.reasons);
    let texts: BTreeSet<&str> = reasons.map(|it| it.text.as_str()).filter(|it| !it.is_empty()).collect();
    texts.into_iter().take(50).collect::<Vec<_>>().join("; ")
}

/// Offences of the French penal code that the facts point to; a prosecutor decides.
pub fn offences(case: &CaseView<'_>) -> Option<Localized> {
    if case.incident.compromised.is_empty() {
        return None;
    }
    // Hindering a system is for people to state: services that rest on what the attacker held need not be interrupted.
    let mut articles = vec!["323-1"];
    if case.exfiltration.is_some_and(|it| it.conclusion == ExfiltrationConclusion::Evidenced) {
        articles.push("323-3");
    }
    let list = articles.join(", ");
    Some(both(
        format!("Suspected, to be confirmed: penal code, arts {list}"),
        format!("Soupçonnées, à confirmer : code pénal, art. {list}"),
    ))
}

/// How it was discovered.
pub fn discovery(case: &CaseView<'_>) -> Option<Localized> {
    let findings = case.figures.findings;
    (findings > 0).then(|| {
        both(
            format!("By the operator's own detection; findings: {}", grouped(findings)),
            format!("Par la détection de l'opérateur ; constats : {}", grouped(findings)),
        )
    })
}

/// Names of services, in both languages.
pub(super) fn names(case: &CaseView<'_>, list: &[ServiceImpact]) -> (String, String) {
    let known = |id: &ServiceId| case.estate.services.iter().find(|it| it.id == *id);
    let en = list.iter().map(|it| known(&it.service).map_or(it.service.as_str(), |it| it.name.en()));
    let fr = list.iter().map(|it| known(&it.service).map_or(it.service.as_str(), |it| it.name.fr()));
    (en.collect::<Vec<_>>().join(", "), fr.collect::<Vec<_>>().join(", "))
}

/// `180 000 business, 60 wholesale`, in both languages.
fn customers(case: &CaseView<'_>, hit: &Hit) -> (String, String) {
    let listed = |word: &dyn Fn(&str) -> String| {
        let groups = hit.segments.iter().map(|it| format!("{} {}", grouped(it.count), word(&it.segment)));
        let groups: Vec<String> = groups.collect();
        if groups.is_empty() { "-".to_owned() } else { groups.join(", ") }
    };
    (listed(&str::to_owned), listed(&|it| (case.in_french)(it)))
}

/// What must stand beside everything that simulated enforcement points did.
const SIMULATED: (&str, &str) = (
    "SIMULATED: nothing was changed on the real network",
    "SIMULÉ : rien n'a été modifié sur le réseau réel",
);

/// Services that rest on what the attacker held, and those that containment takes down; each by its own cause, and no
/// more than is known. `None` when no service is concerned or it is not known.
pub fn impact(case: &CaseView<'_>) -> Option<Localized> {
    let (mut en, mut fr) = (Vec::new(), Vec::new());
    if let Some(hit) = case.figures.resting_on_attacker.as_ref().filter(|it| it.services() > 0) {
        let (names_en, names_fr) = names(case, &case.impact.attacker);
        let (groups, groupes) = customers(case, hit);
        en.push(format!(
            "{} on hosts that the attacker {}, and cannot be trusted: {names_en}. That they were interrupted is not \
             established. Their customers: {groups}.",
            RESTS.en(hit.services()),
            if is_over(case) { "held" } else { "holds" },
        ));
        fr.push(format!(
            "{} sur des machines que l'attaquant {}, sans pouvoir être jugés sûrs : {names_fr}. Leur interruption n'est \
             pas établie. Leurs clients : {groupes}.",
            RESTS.fr(hit.services()),
            if is_over(case) { "a tenues" } else { "tient" },
        ));
    }
    if let Some(text) = containment(case) {
        en.push(text.en().to_owned());
        fr.push(text.fr().to_owned());
    }
    (!en.is_empty()).then(|| both(en.join(" "), fr.join(" ")))
}

/// Said of figures that belong to several incidents: one containment answers them, and what it hits cannot be parted.
fn in_common(case: &CaseView<'_>) -> (String, String) {
    if case.incidents < 2 {
        return (String::new(), String::new());
    }
    let n = grouped(case.incidents);
    (
        format!(" (of the common containment of {n} incidents)"),
        format!(" (de l'endiguement commun à {n} incidents)"),
    )
}

/// Services that our own containment takes down: observed, or planned and not applied.
fn containment(case: &CaseView<'_>) -> Option<Localized> {
    let figures = case.figures;
    let (hit, list, observed) = match &figures.containment_observed {
        Some(hit) => (hit, &case.impact.containment_observed, true),
        None => (figures.containment_predicted.as_ref()?, &case.impact.containment_predicted, false),
    };
    if hit.services() == 0 {
        return None;
    }
    let (names_en, names_fr) = names(case, list);
    let (down, degraded) = (grouped(hit.down), grouped(hit.degraded));
    let (groups, groupes) = customers(case, hit);
    let (mut en, mut fr) = if observed {
        (
            format!(
                "The operator's own containment acts on services: down {down}, degraded {degraded} ({names_en}). Their \
                 customers: {groups}"
            ),
            format!(
                "L'endiguement par l'opérateur agit sur des services : arrêtés {down}, dégradés {degraded} ({names_fr}). \
                 Leurs clients : {groupes}"
            ),
        )
    } else {
        (
            format!(
                "The containment planned, not applied, would act on services: down {down}, degraded {degraded} \
                 ({names_en}). Their customers: {groups}"
            ),
            format!(
                "L'endiguement prévu, non appliqué, agirait sur des services : arrêtés {down}, dégradés {degraded} \
                 ({names_fr}). Leurs clients : {groupes}"
            ),
        )
    };
    let (common, commun) = in_common(case);
    en = format!("{en}{common}");
    fr = format!("{fr}{commun}");
    if observed && figures.simulated {
        en = format!("{en} ({})", SIMULATED.0);
        fr = format!("{fr} ({})", SIMULATED.1);
    }
    Some(both(format!("{en}."), format!("{fr}.")))
}

/// Names of the services known to be hit: those that containment was observed to take down on the real network.
pub fn services(case: &CaseView<'_>) -> Option<Localized> {
    let known = case.figures.containment_observed.is_some() && !case.figures.simulated;
    let list = case.impact.containment_observed.as_slice();
    let (en, fr) = names(case, list);
    (known && !list.is_empty()).then(|| both(en, fr))
}

/// What the services concerned are worth per hour, and until restored as planned: an estimate, no loss established.
pub fn loss(case: &CaseView<'_>) -> Option<Localized> {
    let hit = case.figures.hit.as_ref().filter(|it| it.services() > 0)?;
    let per_hour = money(case, hit.value_per_hour);
    let (common, commun) = in_common(case);
    let mut en =
        format!("Value of the services concerned{common} by the estate's figures: {per_hour} per hour");
    let mut fr = format!("Valeur des services concernés{commun} selon le référentiel : {per_hour} par heure");
    if let Some(recovery) = case.recovery.filter(|it| it.objective > 0.0) {
        let total = money(case, recovery.objective);
        en = format!("{en}; {total} until restored as planned");
        fr = format!("{fr} ; {total} jusqu'au rétablissement prévu");
    }
    Some(both(
        format!("{en} (estimate; no loss is established)"),
        format!("{fr} (estimation ; aucune perte n'est établie)"),
    ))
}

/// Measures of containment taken over the whole case, and recovery as planned.
pub fn measures(case: &CaseView<'_>) -> Option<Localized> {
    let (figures, measures) = (case.figures, &case.figures.measures);
    let (mut en, mut fr) = (Vec::new(), Vec::new());
    let kinds = [
        (measures.isolated, "hosts isolated", "machines isolées"),
        (measures.blocked, "flows blocked", "flux bloqués"),
        (measures.segmented, "zone pairs segmented", "couples de zones segmentés"),
        (measures.disabled, "accounts disabled", "comptes désactivés"),
    ];
    let taken = |word: fn(&(u64, &'static str, &'static str)) -> &'static str| {
        let kinds = kinds.iter().filter(|it| it.0 > 0);
        kinds.map(|it| format!("{} {}", word(it), grouped(it.0))).collect::<Vec<_>>().join(", ")
    };
    if measures.total() > 0 {
        let mark = |text: &str| if figures.simulated { format!(" ({text})") } else { String::new() };
        let plans = measures.plans_enforced;
        let (taken_en, taken_fr) = (taken(|it| it.1), taken(|it| it.2));
        // What containment hits is told of all of them: whose measures these are must be said too.
        let (own, propres) = match case.incidents {
            0 | 1 => ("", ""),
            _ => (", measures that this incident needs", ", mesures que cet incident exige"),
        };
        en.push(format!("Containment, over {}{}{own}: {taken_en}", PLAN.en(plans), mark(SIMULATED.0)));
        fr.push(format!("Endiguement, sur {}{}{propres} : {taken_fr}", PLAN.fr(plans), mark(SIMULATED.1)));
    } else if let Some(plan) = figures.plan.as_ref().filter(|_| measures.plans_enforced == 0) {
        en.push(format!(
            "A containment plan is prepared and not applied; actions: {}",
            grouped(plan.actions)
        ));
        fr.push(format!(
            "Un plan d'endiguement est prêt et n'est pas appliqué ; actions : {}",
            grouped(plan.actions)
        ));
    }
    if figures.stages > 0 {
        let n = figures.stages;
        // After a relapse there was more than one plan of recovery, and the figure is of the last.
        let (last, dernier) = match figures.relapses.is_empty() {
            true => ("", ""),
            false => {
                (" by the plan made after the last relapse", " par le plan établi après la dernière rechute")
            }
        };
        let chacune = if n == 1 { "" } else { "chacune " };
        let each = if n == 1 { "" } else { "each " };
        en.push(format!(
            "recovery planned{last} in {}, {each}behind a gate and under surveillance",
            STAGE.en(n)
        ));
        fr.push(format!(
            "rétablissement prévu{dernier} en {}, {chacune}sous contrôle et surveillance",
            STAGE.fr(n)
        ));
    }
    (!en.is_empty()).then(|| both(en.join("; "), fr.join(" ; ")))
}

/// The dated statement on exfiltration with the coverage it rests on.
pub fn exfiltration(case: &CaseView<'_>) -> Option<Localized> {
    let (it, figures) = (case.exfiltration?, case.figures);
    let (at, auj) = stamp(case, it.as_of);
    if figures.stores == 0 {
        return Some(both(
            format!(
                "As of {at}, whether data left cannot be assessed: no store of data within reach is known"
            ),
            format!(
                "Au {auj}, il n'est pas possible de dire si des données sont sorties : aucun dépôt de données à portée n'est \
                 connu"
            ),
        ));
    }
    let share = percent(it.coverage);
    let (part, partie) = (share.clone(), share.replace('.', ","));
    let (stores, blind) = (grouped(figures.stores), grouped(figures.stores_not_assessable));
    // What was not seen is never said without how much could be seen.
    let (en, fr) = match it.conclusion {
        ExfiltrationConclusion::NoneSeen => (
            format!("no exfiltration was seen in the {part} of the time that telemetry covers"),
            format!(
                "aucune exfiltration n'a été constatée dans les {partie} du temps que couvre la télémétrie"
            ),
        ),
        ExfiltrationConclusion::NotAssessable => (
            format!("whether data left cannot be assessed; telemetry covers {part} of the time"),
            format!(
                "il n'est pas possible de dire si des données sont sorties ; la télémétrie couvre {partie} du temps"
            ),
        ),
        ExfiltrationConclusion::Indications => (
            format!("there are signs of exfiltration; telemetry covers {part} of the time"),
            format!("il existe des indices d'exfiltration ; la télémétrie couvre {partie} du temps"),
        ),
        ExfiltrationConclusion::Evidenced => (
            format!("exfiltration is evidenced; telemetry covers {part} of the time"),
            format!("une exfiltration est établie ; la télémétrie couvre {partie} du temps"),
        ),
    };
    Some(both(
        format!(
            "As of {at}, {en} of the stores within reach ({stores}), over logons, processes, files, egress and DNS; stores \
             without any record of what left them: {blind}"
        ),
        format!(
            "Au {auj}, {fr}, pour les dépôts à portée ({stores}), sur les connexions, processus, fichiers, flux sortants et \
             DNS ; dépôts sans aucune trace de ce qui en est sorti : {blind}"
        ),
    ))
}

/// Coverage in per cent to one place, cut off: what is not covered is never rounded away.
fn percent(share: f64) -> String {
    const PER_MILLE: f64 = 1000.0;
    format!("{:.1} %", (share * PER_MILLE).floor() / 10.0)
}

fn classes<'a>(case: &CaseView<'a>, counts: impl Fn(ExfiltrationConclusion) -> bool) -> String {
    let stores = case.exfiltration.into_iter().flat_map(|it| &it.stores).filter(|it| counts(it.conclusion));
    let classes: BTreeSet<&'a str> = stores.flat_map(|it| &it.data).map(String::as_str).collect();
    classes.into_iter().collect::<Vec<_>>().join(", ")
}

/// Classes of data affected: those of stores from which exfiltration is evidenced.
pub fn data_affected(case: &CaseView<'_>) -> String {
    classes(case, |it| it == ExfiltrationConclusion::Evidenced)
}

/// Classes of data on the stores within the attacker's reach, which is not yet affected.
pub fn data_in_reach(case: &CaseView<'_>) -> String {
    classes(case, |_| true)
}

/// Clauses, one after the other, in both languages.
pub fn clauses(list: &[Localized]) -> Option<Localized> {
    let joined = |of: fn(&Localized) -> &str, with: &str| list.iter().map(of).collect::<Vec<_>>().join(with);
    (!list.is_empty()).then(|| both(joined(Localized::en, "; "), joined(Localized::fr, " ; ")))
}

/// Asks which criteria are met, with those that are open.
pub fn clauses_question(open: &[Localized]) -> Localized {
    let list = clauses(open).unwrap_or_else(|| Localized::Same("-".to_owned()));
    both(
        format!("Which criteria are met? None is established. To be decided: {}", list.en()),
        format!("Quels critères sont remplis ? Aucun n'est établi. À trancher : {}", list.fr()),
    )
}

/// First or second notification.
pub fn ordinal(again: bool) -> Localized {
    if again { both("second", "seconde") } else { both("first", "première") }
}

/// Filings made under other regimes.
pub fn others(case: &CaseView<'_>, regime: &RegimeId) -> String {
    let others = case.facts.submissions.iter().filter(|it| it.regime != *regime);
    let lines: BTreeSet<String> =
        others.map(|it| format!("{} {} ({})", it.regime, it.stage, stamp(case, it.at).0)).collect();
    lines.into_iter().collect::<Vec<_>>().join("; ")
}
