//! What is meant for the public or for customers names no account and no machine of the house: such a text is not filled in
//! from the case, a person writes it.

use bulkhead_model::case::Localized;

use super::CaseView;
use crate::regime::Stage;

/// Words by which a recipient is somebody outside: customers, users, the public.
const OUTSIDERS: [&str; 17] = [
    "public",
    "customer",
    "client",
    "subscriber",
    "abonn",
    "user",
    "utilisateur",
    "recipient",
    "destinataire",
    "data subject",
    "personnes concern",
    "investor",
    "investisseur",
    "market",
    "marché",
    "policyholder",
    // What is filed there anybody can read.
    "edgar",
];

impl Stage {
    /// Whether what is filed goes to the public or to customers, rather than to an authority or a partner under secrecy.
    pub fn is_for_outsiders(&self) -> bool {
        let says = |text: &str| OUTSIDERS.iter().any(|it| text.to_lowercase().contains(it));
        self.channel.as_deref() == Some("public") || self.recipients.iter().any(|it| says(&it.1))
    }
}

/// Names of machines and accounts, in lower case.
pub(super) fn names(case: &CaseView<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut take = |name: &str| {
        // A host's short name and an account's bare one give away as much.
        let name = name.rsplit('\\').next().unwrap_or(name).split('@').next().unwrap_or(name);
        names.extend([name, name.split('.').next().unwrap_or(name)].map(str::to_lowercase));
        names.push(name.to_lowercase());
    };
    for it in &case.estate.assets {
        take(it.id.as_str());
        it.hostname.iter().for_each(|it| take(it));
    }
    for it in &case.estate.identities {
        take(it.id.as_str());
        it.accounts.iter().for_each(|it| take(it));
    }
    for it in case.incident.compromised.iter().chain(&case.incident.suspected) {
        take(&it.id);
        it.hostname.iter().for_each(|it| take(it));
    }
    names.retain(|it| it.chars().count() > 1 && !it.bytes().all(|it| it.is_ascii_digit()));
    names.sort();
    names.dedup();
    names
}

/// Whether a text names one of them, as a word of its own.
pub(super) fn named_in(text: &Localized, names: &[String]) -> bool {
    let stands = |text: &str, name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let part = |c: char| c.is_alphanumeric();
            !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part)
        })
    };
    [text.en(), text.fr()].iter().any(|it| {
        let lower = it.to_lowercase();
        names.iter().any(|name| stands(&lower, name))
    })
}

/// What is asked instead.
pub(super) fn question() -> Localized {
    Localized::Each {
        en: "Say it in plain words: what the case knows names accounts or machines, which outsiders must not read.".to_owned(),
        fr: Some(
            "À dire en termes simples : ce que le dossier sait nomme des comptes ou des machines, que des tiers ne doivent pas lire."
                .to_owned(),
        ),
    }
}
