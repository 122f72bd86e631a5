//! What everybody must know of a record before trusting it: who signed it, and who can undo its pseudonyms.

use bulkhead_journal::{KeyOrigin, SigningKey};
use bulkhead_model::case::Localized;

use crate::cli::Format;
use crate::say::{note, say};

/// Facts of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordNote {
    demonstration: bool,
    seeded: bool,
}

impl RecordNote {
    /// Of a record that `key` signs, its pseudonyms keyed by a key of this origin.
    pub fn new(key: &SigningKey, origin: Option<KeyOrigin>) -> Self {
        Self { demonstration: key.public().is_demonstration(), seeded: origin == Some(KeyOrigin::Seed) }
    }

    /// Sentences for the head of the report; `veiled` when names were replaced in it.
    pub fn notices(self, veiled: bool) -> Vec<Localized> {
        let mut notices = Vec::new();
        let mut say = |en: &str, fr: &str| {
            notices.push(Localized::Each { en: en.to_owned(), fr: Some(fr.to_owned()) });
        };
        if self.demonstration {
            say(
                "Signed with the DEMONSTRATION key, which anybody can use: this record proves nothing about who made it.",
                "Signé avec la clé de DÉMONSTRATION, que tout le monde peut utiliser : ce dossier ne prouve pas qui l'a établi.",
            );
        }
        if self.seeded {
            say(
                "Pseudonyms derived from a seed: whoever knows it can tell who is behind them, even after an erasure.",
                "Pseudonymes dérivés d'une graine : qui la connaît peut savoir qui est derrière, même après un effacement.",
            );
        }
        if veiled {
            say(
                "Persons and accounts stand here as pseudonyms; whoever may see names opens vault/named/report.html.",
                "Personnes et comptes figurent ici sous pseudonyme ; qui a le droit de les voir ouvre vault/named/report.html.",
            );
        } else {
            say(
                "This copy names persons and accounts: for those alone who may see them. It goes with the vault.",
                "Cet exemplaire nomme des personnes et des comptes : réservé à qui a le droit de les voir. Il disparaît avec le coffre.",
            );
        }
        notices
    }

    /// Says it to whoever ran the command: beside the result for people, on standard error for programs.
    pub fn announce(self, format: Format) {
        let mut lines = Vec::new();
        if self.demonstration {
            lines.push("WARNING: signed with the DEMONSTRATION key, which anybody can use: this record proves nothing about who made it");
            lines.push("  hint: bulkhead key new FILE --name NAME makes a key of your own; give it with --signing-key FILE");
        }
        if self.seeded {
            lines.push("note: pseudonyms are derived from the seed; whoever knows it can tell who is behind them, even after an erasure");
        }
        for line in lines {
            match format {
                Format::Table => say!("{}", line),
                Format::Json => note!("{}", line),
            }
        }
    }
}
