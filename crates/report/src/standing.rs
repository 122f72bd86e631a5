//! Where the incident stands, never better than what it rests on: simulated points are said, what stays is named.

use bulkhead_model::case::{Incident, IncidentState, Residual};

use bulkhead_model::french::spaced;

use crate::html::CaseView;
use crate::text::listed;

/// Names shown of what may be long.
const SHOWN: usize = 6;

/// The words of one language.
struct Words {
    states: fn(IncidentState) -> &'static str,
    simulated: &'static str,
    except: &'static str,
    and: &'static str,
    more: (&'static str, &'static str),
    colon: &'static str,
}

const ENGLISH: Words = Words {
    states: |state| match state {
        IncidentState::Declared => "declared, not yet contained",
        IncidentState::Contained => "contained",
        IncidentState::Eradicated => "eradicated",
        IncidentState::Recovering => "recovering",
        IncidentState::Monitoring => "recovered and under heightened surveillance",
        IncidentState::Closed => "closed",
    },
    simulated: " (simulated)",
    except: ", except ",
    and: "and",
    more: ("more", "more"),
    colon: ": ",
};

const FRENCH: Words = Words {
    states: |state| match state {
        IncidentState::Declared => "déclaré, pas encore endigué",
        IncidentState::Contained => "endigué",
        IncidentState::Eradicated => "éradiqué",
        IncidentState::Recovering => "reconstruction en cours",
        IncidentState::Monitoring => "rétabli, sous surveillance renforcée",
        IncidentState::Closed => "clos",
    },
    simulated: " (simulation)",
    except: ", sauf ",
    and: "et",
    more: ("autre", "autres"),
    colon: " : ",
};

/// `contained (simulated), except ws-1 and adm-2`.
pub fn english(incident: &Incident) -> String {
    standing(incident, &ENGLISH)
}

/// `endigué (simulation), sauf ws-1 et adm-2`.
pub fn french(incident: &Incident) -> String {
    standing(incident, &FRENCH)
}

fn standing(incident: &Incident, words: &Words) -> String {
    let mut text = (words.states)(incident.state).to_owned();
    if incident.simulated && incident.state != IncidentState::Declared {
        text.push_str(words.simulated);
    }
    let accepted = names(incident, |it| it.accepted.is_some());
    if incident.state == IncidentState::Contained && !accepted.is_empty() {
        text.push_str(words.except);
        text.push_str(&listed(&accepted, SHOWN, words.and, words.more));
    }
    text
}

fn names(incident: &Incident, which: impl Fn(&Residual) -> bool) -> Vec<String> {
    incident.residual.iter().filter(|it| which(it)).map(|it| it.entity.clone()).collect()
}

/// Whether a proof that holds says all there is to say: something was done, and nothing stays that nobody accepted.
pub fn is_clear(view: &CaseView<'_>) -> bool {
    let acts = view.plan.is_some_and(|it| !it.actions.is_empty());
    acts && view.incident.residual.iter().all(|it| it.accepted.is_some())
}

/// What a proof that holds does not speak of: hosts that paths left open lead to. None of them may be known where only a
/// foothold stays; no path is then called closed either.
struct Open(Vec<String>);

impl Open {
    fn in_words(&self, to: &str, stay: &str, and: &str, more: (&str, &str)) -> String {
        if self.0.is_empty() {
            String::new()
        } else {
            format!("{to} {} {stay}", listed(&self.0, SHOWN, and, more))
        }
    }
}

/// None when nothing stays.
fn still_open(view: &CaseView<'_>) -> Option<Open> {
    let certificate = view.certificate?;
    let beyond = certificate.reached.iter().filter(|it| !certificate.sources.contains(it));
    let open: Vec<String> = beyond.cloned().collect();
    let stays = !open.is_empty() || !certificate.footholds.is_empty() || !view.incident.residual.is_empty();
    stays.then_some(Open(open))
}

/// What the check of the rules read back says, in English.
pub fn proof_english(view: &CaseView<'_>) -> String {
    let points = if view.incident.simulated { "simulated enforcement points" } else { "enforcement points" };
    let none = view.plan.is_some_and(|it| it.actions.is_empty());
    let text = match view.proof_holds {
        _ if none => {
            "The plan has no actions: nothing was read back that would prove the paths cut.".to_owned()
        }
        Some(true) => {
            let open = still_open(view).map_or_else(
                || "finds no path onward.".to_owned(),
                |open| {
                    format!(
                        "finds closed what the plan cuts{}.",
                        open.in_words("; the paths to", "stay open", "and", ("more", "more"))
                    )
                },
            );
            format!(
                "It is applied to {points}, and an independent check of the rules read back from them {open}"
            )
        }
        Some(false) => {
            format!(
                "It is applied to {points}, but the check of the rules read back found a path that is STILL OPEN."
            )
        }
        None if view.figures.measures.plans_enforced == 0 => {
            "Nothing of it is known to be in force: all that is compromised is still in the attacker's hands."
                .to_owned()
        }
        None => "It has not been applied in full.".to_owned(),
    };
    let text = conditional(
        text,
        view,
        " This is proven of the draft alone: the estate is only a draft, and of hosts, addresses and accounts that no log \
         showed it says nothing.",
    );
    stays(text, view, &ENGLISH, "Accepted to stay", "NOT CONTAINED: these stay, and nobody accepted them")
}

/// What the check of the rules read back says, in French.
pub fn proof_french(view: &CaseView<'_>) -> String {
    let points =
        if view.incident.simulated { "points d'application simulés" } else { "points d'application" };
    let none = view.plan.is_some_and(|it| it.actions.is_empty());
    let text = match view.proof_holds {
        _ if none => {
            "Le plan ne comporte aucune action : rien n'a été relu qui prouverait la coupure des chemins."
                .to_owned()
        }
        Some(true) => {
            let open = still_open(view).map_or_else(
                || "ne trouve aucun chemin vers l'avant.".to_owned(),
                |open| {
                    let but = open.in_words(" ; les chemins vers", "restent ouverts", "et", ("autre", "autres"));
                    format!("trouve fermé ce que le plan coupe{but}.")
                },
            );
            format!("Le plan est appliqué sur des {points} ; la relecture indépendante des règles {open}")
        }
        Some(false) => format!(
            "Le plan est appliqué sur des {points}, mais la relecture des règles a trouvé un chemin ENCORE OUVERT."
        ),
        None if view.figures.measures.plans_enforced == 0 => {
            "Rien n'en est connu comme étant en vigueur : tout ce qui est compromis reste aux mains de l'attaquant."
                .to_owned()
        }
        None => "Le plan n'a pas été appliqué en totalité.".to_owned(),
    };
    let text = conditional(
        text,
        view,
        " Ceci n'est prouvé que pour l'ébauche : le système a été esquissé à partir de la télémétrie, et rien n'est dit des \
         machines, adresses et comptes qu'aucun journal n'a montrés.",
    );
    let text = stays(
        text,
        view,
        &FRENCH,
        "Accepté comme restant",
        "NON ENDIGUÉ : ceci reste, sans que personne l'ait accepté",
    );
    spaced(&text)
}

/// Nothing is called proven of a drafted estate without the condition it stands under.
fn conditional(mut text: String, view: &CaseView<'_>, condition: &str) -> String {
    if view.estate.estate.drafted && view.proof_holds.is_some() {
        text.push_str(condition);
    }
    text
}

fn stays(text: String, view: &CaseView<'_>, words: &Words, accepted: &str, open: &str) -> String {
    let list = |names: &[String]| listed(names, SHOWN, words.and, words.more);
    let (kept, left) =
        (names(view.incident, |it| it.accepted.is_some()), names(view.incident, |it| it.accepted.is_none()));
    let mut text = text;
    for (what, names) in [(accepted, kept), (open, left)] {
        if !names.is_empty() {
            text.push_str(&format!(" {what}{}{}.", words.colon, list(&names)));
        }
    }
    text
}
