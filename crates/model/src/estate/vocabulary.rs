//! Closed vocabularies of the estate file that no regime gives: countries, currencies, time zones, systems, protocols.
//!
//! Each is asked whether it has a word, and what was meant by one that it has not.

use std::collections::BTreeSet;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::diag::nearest;

/// Countries: ISO 3166-1 alpha-2, as of 2025.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH \
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT \
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS \
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI \
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG \
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Currencies: ISO 4217, as of 2025.
const CURRENCIES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN \
    BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD \
    FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS \
    KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR \
    SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD \
    USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XUA \
    YER ZAR ZMW ZWL";

/// Codes that people write for a country whose code is another.
const COUNTRY_SLIPS: &[(&str, &str)] =
    &[("FX", "FR"), ("EL", "GR"), ("EN", "GB"), ("SP", "ES"), ("SW", "SE"), ("JA", "JP"), ("DA", "DK")];

/// What `os` of an asset says: families that telemetry, attack models and recovery tell apart.
pub const SYSTEMS: &[&str] =
    &["windows", "linux", "macos", "bsd", "unix", "esxi", "android", "ios", "network", "embedded"];

/// Protocols through which a right may be used (`identities[].rights[].via`).
pub const PROTOCOLS: &[&str] =
    &["ssh", "rdp", "smb", "winrm", "wmi", "vnc", "telnet", "database", "ipmi", "http"];

/// Whether `code` is a country of ISO 3166-1; `UK` counts as `GB`, as regimes take it.
pub fn is_country(code: &str) -> bool {
    code == "UK" || COUNTRIES.split(' ').any(|it| it == code)
}

/// Whether `code` is a currency of ISO 4217.
pub fn is_currency(code: &str) -> bool {
    CURRENCIES.split(' ').any(|it| it == code)
}

/// Whether `name` is a zone of the bundled IANA database, which all clocks are computed with.
pub fn is_timezone(name: &str) -> bool {
    // The database knows two entries that say that nobody has chosen one.
    !["Factory", "Etc/Unknown"].iter().any(|it| it.eq_ignore_ascii_case(name))
        && TimeZoneDatabase::bundled().get(name).is_ok()
}

/// The zone called `name`, of the same database.
pub fn timezone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The country meant by `code`, of `likely` ones first.
pub fn country_meant(code: &str, likely: &[&str]) -> Option<String> {
    let upper = code.to_uppercase();
    let slip = COUNTRY_SLIPS.iter().find(|it| it.0 == upper).map(|it| it.1.to_owned());
    let spelt = (is_country(&upper) && upper != code).then(|| upper.clone());
    let near = || nearest(&upper, likely.iter().copied()).map(str::to_owned);
    slip.or(spelt).or_else(near).or_else(|| nearest(&upper, COUNTRIES.split(' ')).map(str::to_owned))
}

/// The currency meant by `code`: that of the money's usual sign or name, else the nearest, usual ones first.
pub fn currency_meant(code: &str) -> Option<String> {
    const NAMES: &[(&str, &str)] = &[
        ("\u{20ac}", "EUR"),
        ("euro", "EUR"),
        ("euros", "EUR"),
        ("$", "USD"),
        ("dollar", "USD"),
        ("\u{a3}", "GBP"),
        ("franc", "CHF"),
    ];
    let lower = code.to_lowercase();
    let named = NAMES.iter().find(|it| it.0 == lower).map(|it| it.1);
    let usual = || nearest(code, ["EUR", "USD", "GBP", "CHF"]);
    named.or_else(usual).or_else(|| nearest(code, CURRENCIES.split(' '))).map(str::to_owned)
}

/// The time zone meant by `name`: the nearest name, or the one whose city it names.
pub fn timezone_meant(name: &str) -> Option<String> {
    let known: BTreeSet<String> = TimeZoneDatabase::bundled().available().map(|it| it.to_string()).collect();
    let city = name.rsplit('/').next().unwrap_or(name).replace(' ', "_");
    let near = nearest(name, known.iter().map(String::as_str));
    let of_city =
        || known.iter().find(|it| it.rsplit('/').next().is_some_and(|it| it.eq_ignore_ascii_case(&city)));
    near.map(str::to_owned).or_else(|| of_city().cloned())
}

/// The family of [`SYSTEMS`] that a system's name, such as `Windows 11` or `debian`, belongs to.
pub fn system_family(name: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &[&str])] = &[
        ("windows", &["windows", "win", "microsoft"]),
        (
            "linux",
            &[
                "linux", "debian", "ubuntu", "redhat", "rhel", "centos", "fedora", "suse", "alpine", "arch",
                "rocky", "alma",
            ],
        ),
        ("macos", &["macos", "mac", "darwin", "osx"]),
        ("bsd", &["bsd", "freebsd", "openbsd", "netbsd"]),
        ("unix", &["unix", "aix", "solaris", "hpux", "hp-ux"]),
        ("esxi", &["esxi", "vmware", "vsphere"]),
        ("android", &["android"]),
        (
            "network",
            &[
                "network", "cisco", "asa", "junos", "nxos", "ios-xe", "ios-xr", "fortios", "panos", "pan-os",
                "eos",
            ],
        ),
        ("ios", &["ios", "ipados"]),
        ("embedded", &["embedded", "firmware", "plc", "rtos"]),
    ];
    let lower = name.to_lowercase();
    NAMES.iter().find(|(_, names)| names.iter().any(|it| lower.starts_with(it))).map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standards() {
        let countries: BTreeSet<&str> = COUNTRIES.split(' ').collect();
        assert_eq!(countries.len(), 249);
        assert!(countries.iter().all(|it| it.len() == 2 && it.bytes().all(|it| it.is_ascii_uppercase())));
        assert!(["FR", "BE", "DE", "GB", "US", "UK"].iter().all(|it| is_country(it)));
        assert!(["FX", "EL", "EU", "fr", "", "F"].iter().all(|it| !is_country(it)));
        assert!(
            CURRENCIES.split(' ').all(|it| it.len() == 3 && it.bytes().all(|it| it.is_ascii_uppercase()))
        );
        assert!(["EUR", "USD", "CHF", "XAF"].iter().all(|it| is_currency(it)));
        assert!(["EURO", "eur", "XYZ", "DEM"].iter().all(|it| !is_currency(it)));
        assert!(["UTC", "Europe/Paris", "Indian/Reunion"].iter().all(|it| is_timezone(it)));
        assert!(
            ["Europe/Pariss", "CET/Paris", "", "Factory", "factory", "+01:00"]
                .iter()
                .all(|it| !is_timezone(it))
        );
    }

    #[test]
    fn a_system_has_a_family() {
        for (name, family) in [
            ("Windows 11", Some("windows")),
            ("debian12", Some("linux")),
            ("Cisco IOS", Some("network")),
            ("asa", Some("network")),
            ("OS/400", None),
        ] {
            assert_eq!(system_family(name), family, "{name}");
        }
        assert!(SYSTEMS.iter().all(|it| system_family(it) == Some(*it)), "each is of its own family");
    }

    #[test]
    fn what_was_meant_is_found() {
        let likely = ["FR", "DE"];
        let country = |code| country_meant(code, &likely).unwrap_or_default();
        assert_eq!([country("FX"), country("fr"), country("EL"), country("DF")], ["FR", "FR", "GR", "DE"]);
        let currency = |code| currency_meant(code).unwrap_or_default();
        assert_eq!([currency("EURO"), currency("\u{20ac}"), currency("EUE"), currency("eur")], ["EUR"; 4]);
        let zone = |name| timezone_meant(name).unwrap_or_default();
        assert_eq!([zone("Europe/Pariss"), zone("Paris"), zone("europe/pari")], ["Europe/Paris"; 3]);
        assert_eq!(zone("Mars/Olympus_Mons"), "");
    }
}
