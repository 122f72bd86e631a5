//! Words of closed vocabularies: a word that nobody knows would be taken for another, or for none, without a sound.

use super::Checker;
use crate::diag::{Diagnostic, nearest};
use crate::estate::Place;
use crate::estate::vocabulary::{
    PROTOCOLS, SYSTEMS, country_meant, currency_meant, is_country, is_currency, is_timezone, timezone_meant,
};

impl Checker<'_> {
    pub(super) fn vocabularies(&mut self) {
        self.head();
        self.systems();
        self.protocols();
    }

    fn head(&mut self) {
        let info = &self.estate.estate;
        let head = self.places.section("estate");
        if !is_country(&info.country) {
            let what = format!(
                "`{}` is no country of ISO 3166-1: no duty of any country would be found",
                info.country
            );
            let meant = country_meant(&info.country, &[]);
            self.unknown(
                head.key("country"),
                "unknown-country",
                what,
                meant.as_deref(),
                "two capital letters, such as FR",
            );
        }
        if !is_currency(&info.currency) {
            let what = format!("`{}` is no currency of ISO 4217", info.currency);
            let meant = currency_meant(&info.currency);
            self.unknown(
                head.key("currency"),
                "unknown-currency",
                what,
                meant.as_deref(),
                "three capital letters, such as EUR",
            );
        }
        if !is_timezone(&info.timezone) {
            let what = format!(
                "`{}` is no time zone of the IANA database: every deadline would be computed in UTC",
                info.timezone
            );
            let meant = timezone_meant(&info.timezone);
            self.unknown(
                head.key("timezone"),
                "unknown-timezone",
                what,
                meant.as_deref(),
                "a name such as Europe/Paris, or UTC",
            );
        }
    }

    fn systems(&mut self) {
        for (n, asset) in self.estate.assets.iter().enumerate() {
            let Some(os) = asset.os.as_deref().filter(|it| !SYSTEMS.contains(it)) else { continue };
            let what = format!("`{os}` of `{}` is no system that rules and attack models know", asset.id);
            let family = crate::estate::system_family(os).map(str::to_owned);
            let meant = family.or_else(|| nearest(os, SYSTEMS.iter().copied()).map(str::to_owned));
            let known = format!("known: {}", SYSTEMS.join(", "));
            let place = self.places.item("assets", n).key("os");
            self.unknown(place, "unknown-os", what, meant.as_deref(), &known);
        }
    }

    fn protocols(&mut self) {
        for (n, identity) in self.estate.identities.iter().enumerate() {
            for (of, right) in identity.rights.iter().enumerate() {
                let strange = right.via.iter().filter(|it| !PROTOCOLS.contains(&it.as_str()));
                for via in strange {
                    let what =
                        format!("`{via}` is no protocol of a right: `{}` could not use it", identity.id);
                    let meant = nearest(via, PROTOCOLS.iter().copied()).map(str::to_owned);
                    let known = format!("known: {}", PROTOCOLS.join(", "));
                    let place =
                        self.places.item("identities", n).key("rights").nth(of).key("via").scalar(via);
                    self.unknown(place, "unknown-protocol", what, meant.as_deref(), &known);
                }
            }
        }
    }

    fn unknown(
        &mut self,
        place: Place<'_>,
        code: &'static str,
        what: String,
        meant: Option<&str>,
        form: &str,
    ) {
        self.diagnostics.push(unknown_word(place, code, what, meant, form));
    }
}

/// A warning that a word is not of its vocabulary, with the word that was meant where there is one.
pub fn unknown_word(
    place: Place<'_>,
    code: &'static str,
    what: impl Into<String>,
    meant: Option<&str>,
    form: &str,
) -> Diagnostic {
    let fault = place.warning(code, what);
    match meant {
        Some(meant) => fault.hint(format!("did you mean `{meant}`? ({form})")),
        None => fault.hint(form.to_owned()),
    }
}
