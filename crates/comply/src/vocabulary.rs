//! The words of the estate file that duties are decided by, as the regimes, facts and filings here use them.
//!
//! A word that none of them uses would drop a duty without a sound, so [`check`] names it with the one that was meant.
//! There is no list beside the code: what is known is what [`Predicate`]s ask for.

use std::collections::BTreeSet;

use bulkhead_model::diag::{Diagnostic, nearest};
use bulkhead_model::estate::vocabulary::{country_meant, is_country};
use bulkhead_model::estate::{Estate, Places, unknown_word};

use crate::builtin::Library;
use crate::facts::PERSONAL_DATA;
use crate::filing::CONTACT_ROLES;
use crate::predicate::{EU, Predicate};

/// Classes of data that are not personal, so that no duty follows from their loss by itself.
pub const OTHER_DATA: &[&str] = &[
    "backup",
    "configuration",
    "credentials",
    "customer_network",
    "evidence",
    "financial",
    "internal",
    "logs",
    "network",
    "operational",
    "public",
    "source_code",
    "trade_secrets",
];

/// The words that some regime asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Kinds of entity (`legal_profile.entity`).
    pub entities: BTreeSet<String>,
    /// Markets (`legal_profile.listed_in`).
    pub markets: BTreeSet<String>,
    /// Directives (`legal_profile.transposed`).
    pub directives: BTreeSet<String>,
    /// Countries in which offering services starts a duty (`legal_profile.member_states`), `EU` spelt out.
    pub countries: BTreeSet<String>,
}

impl Vocabulary {
    /// What the regimes of `library` ask for.
    pub fn of(library: &Library) -> Self {
        let mut known = Self::default();
        for regime in library.regimes() {
            known.directives.extend(regime.transposition.iter().chain(&regime.ends_with).cloned());
            regime.predicates().into_iter().for_each(|it| known.learn(it));
        }
        known
    }

    fn learn(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::All(parts) | Predicate::Any(parts) | Predicate::AtLeast(_, parts) => {
                parts.iter().for_each(|it| self.learn(it));
            }
            Predicate::Not(part) | Predicate::Clause(_, part) => self.learn(part),
            Predicate::Entity(kinds) => self.entities.extend(kinds.iter().cloned()),
            Predicate::ListedIn(markets) => self.markets.extend(markets.iter().cloned()),
            Predicate::EstablishedIn(places) | Predicate::OffersIn(places) => {
                for place in places {
                    match place.as_str() {
                        "EU" => self.countries.extend(EU.iter().map(|it| (*it).to_owned())),
                        "UK" | "GB" => self.countries.extend(["UK".to_owned(), "GB".to_owned()]),
                        _ => drop(self.countries.insert(place.clone())),
                    }
                }
            }
            Predicate::Always | Predicate::Is(_) | Predicate::Compare(..) | Predicate::Insured => {}
        }
    }
}

/// Words of the estate's legal profile, data classes and contacts that no duty knows.
pub fn check(estate: &Estate, places: &Places, library: &Library) -> Vec<Diagnostic> {
    let known = Vocabulary::of(library);
    let mut found = Vec::new();
    legal_profile(estate, places, &known, &mut found);
    member_states(estate, places, &known, &mut found);
    data_classes(estate, places, &mut found);
    contact_roles(estate, places, &mut found);
    found
}

fn legal_profile(estate: &Estate, places: &Places, known: &Vocabulary, found: &mut Vec<Diagnostic>) {
    let legal = &estate.legal_profile;
    let lists = [
        (
            "entity",
            "unknown-entity",
            &legal.entity,
            &known.entities,
            "kind of entity that any regime asks for",
        ),
        (
            "transposed",
            "unknown-directive",
            &legal.transposed,
            &known.directives,
            "directive whose transposition any regime waits for",
        ),
        ("listed_in", "unknown-market", &legal.listed_in, &known.markets, "market that any regime asks for"),
    ];
    for (key, code, written, words, what) in lists {
        for word in written.iter().filter(|it| !words.contains(*it)) {
            let place = places.section("legal_profile").key(key).scalar(word);
            // A Member State stands for the market of the Union.
            let of_union = key == "listed_in" && EU.contains(&word.as_str());
            let meant = if of_union { Some("EU") } else { nearest(word, words.iter().map(String::as_str)) };
            let message = format!("`{word}` is no {what}: no duty follows from it");
            found.push(unknown_word(place, code, message, meant, &listed(words)));
        }
    }
}

fn member_states(estate: &Estate, places: &Places, known: &Vocabulary, found: &mut Vec<Diagnostic>) {
    for state in estate.legal_profile.member_states.iter().filter(|it| !known.countries.contains(*it)) {
        let place = places.section("legal_profile").key("member_states").scalar(state);
        if is_country(state) {
            let message = format!("no duty is known for services offered in `{state}`");
            let form = "neither a Member State of the European Union nor a country that any regime asks for";
            found.push(unknown_word(place, "country-without-duty", message, None, form));
            continue;
        }
        let own = estate.estate.country.as_str();
        let likely: Vec<&str> =
            [own].into_iter().chain(EU.iter().copied()).filter(|it| is_country(it)).collect();
        let meant = country_meant(state, &likely);
        let message = format!("`{state}` is no country of ISO 3166-1: its duties would be missing");
        let form = "Member States by two capital letters, such as FR, BE, DE";
        found.push(unknown_word(place, "unknown-member-state", message, meant.as_deref(), form));
    }
}

fn data_classes(estate: &Estate, places: &Places, found: &mut Vec<Diagnostic>) {
    let known = || PERSONAL_DATA.iter().chain(OTHER_DATA).copied();
    let mut said = BTreeSet::new();
    for (n, asset) in estate.assets.iter().enumerate() {
        for class in asset.data.iter().filter(|it| !known().any(|known| known == it.as_str())) {
            if !said.insert(class) {
                continue;
            }
            let place = places.item("assets", n).key("data").scalar(class);
            let message =
                format!("`{class}` is no class of data that duties know: it is taken as not personal");
            let form = format!("personal: {}; other: {}", PERSONAL_DATA.join(", "), OTHER_DATA.join(", "));
            found.push(unknown_word(place, "unknown-data-class", message, nearest(class, known()), &form));
        }
    }
}

/// Roles are the operator's own, but one that almost reads like a role filings look for is a slip.
fn contact_roles(estate: &Estate, places: &Places, found: &mut Vec<Diagnostic>) {
    let known = || CONTACT_ROLES.iter().flat_map(|it| it.iter()).copied();
    for (n, contact) in estate.contacts.iter().enumerate() {
        let role = contact.role.as_str();
        let Some(meant) = nearest(role, known()).filter(|it| *it != role) else { continue };
        let place = places.item("contacts", n).key("role");
        let message = format!("no filing looks for the contact role `{role}`");
        found.push(unknown_word(
            place,
            "unknown-contact-role",
            message,
            Some(meant),
            "other roles are yours to name",
        ));
    }
}

fn listed(words: &BTreeSet<String>) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    format!("known: {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(legal_profile: &str, rest: &str) -> Vec<String> {
        let text = format!(
            "version: 1\nestate: {{id: t, name: T, country: FR}}\nlegal_profile: {legal_profile}\n{rest}\n"
        );
        let (read, diagnostics) = bulkhead_model::estate::read_with_places("t.yaml", &text);
        let (estate, places) = read.unwrap_or_else(|| panic!("{diagnostics:?}"));
        check(&estate, &places, &Library::builtin()).iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn names(found: &[String], wanted: &[(&str, &str)]) {
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
        for (text, (place, meant)) in found.iter().zip(wanted) {
            assert!(text.contains(place) && text.contains(&format!("did you mean `{meant}`")), "{text}");
        }
    }

    #[test]
    fn every_wrong_word_is_named_with_the_right_one() {
        let profile = "{entity: [telecom_operater, nis2_esential, oiv], member_states: [FX, BE, de], \
                       transposed: [NIS-2], listed_in: [US, FR]}";
        let wanted = [
            ("`telecom_operater`", "telecom_operator"),
            ("`nis2_esential`", "nis2_essential"),
            ("`NIS-2`", "NIS2"),
            ("`FR` is no market", "EU"),
            ("`FX`", "FR"),
            ("`de`", "DE"),
        ];
        names(&faults(profile, ""), &wanted);
    }

    #[test]
    fn what_regimes_ask_for_is_known() {
        let known = Vocabulary::of(&Library::builtin());
        let of_all: BTreeSet<String> = (Library::builtin().regimes().iter())
            .flat_map(|it| {
                it.predicates()
                    .into_iter()
                    .flat_map(Predicate::entities)
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(known.entities, of_all);
        assert!(["EU", "US"].iter().all(|it| known.markets.contains(*it)), "{:?}", known.markets);
        assert!(["NIS2", "CER"].iter().all(|it| known.directives.contains(*it)), "{:?}", known.directives);
        assert!(EU.iter().all(|it| known.countries.contains(*it) && is_country(it)));
        let whole = format!(
            "{{entity: [{}], member_states: [{}], transposed: [{}], listed_in: [{}]}}",
            known.entities.iter().cloned().collect::<Vec<_>>().join(", "),
            known.countries.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", "),
            known.directives.iter().cloned().collect::<Vec<_>>().join(", "),
            known.markets.iter().cloned().collect::<Vec<_>>().join(", "),
        );
        let found = faults(&whole, "");
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn classes_of_data_and_contacts_are_looked_at() {
        let rest = "zones: [{id: z}]\nassets: [{id: a, zone: z, data: [custmer, internal, cdr]}]\n\
                    contacts: [{role: dpo}, {role: comunications}, {role: plumber}]";
        let wanted = [("`custmer`", "customer"), ("`comunications`", "communications")];
        names(&faults("{}", rest), &wanted);
        let neither = PERSONAL_DATA.iter().find(|it| OTHER_DATA.contains(it));
        assert_eq!(neither, None, "a class is personal or not");
    }

    #[test]
    fn a_country_without_duties_is_said() {
        let found = faults("{member_states: [FR, BR]}", "");
        assert!(
            found.len() == 1 && found[0].contains("no duty is known for services offered in `BR`"),
            "{found:?}"
        );
    }
}
