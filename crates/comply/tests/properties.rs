//! Properties of period computation and of judging triggers, and working days of known years.

use bulkhead_comply::calendar::Days;
use bulkhead_comply::period::due;
use bulkhead_comply::predicate::{Predicate, Profile, Truth};
use bulkhead_comply::regime::{Limit, Rollover, Unit};
use bulkhead_comply::{Fact, Facts, Library};
use bulkhead_model::estate::{EstateInfo, LegalProfile};
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::builtin);

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("bundled")
}

fn limits() -> impl Strategy<Value = Limit> {
    let unit = prop_oneof![Just(Unit::Hour), Just(Unit::Day), Just(Unit::Month), Just(Unit::BusinessDay)];
    let rollover = prop_oneof![
        Just(Rollover::None),
        Just(Rollover::Reg1182),
        Just(Rollover::Dora),
        Just(Rollover::National)
    ];
    (1u32..100, unit, any::<bool>(), rollover, 0u32..4).prop_map(
        |(amount, unit, whole_units, rollover, min_working_days)| Limit {
            amount: if unit == Unit::Month { amount % 12 + 1 } else { amount },
            unit,
            whole_units,
            rollover,
            rollover_not_for: None,
            min_working_days,
            contested_working_days: 0,
            calendar: None,
            zone: None,
            closes: None,
        },
    )
}

/// Instants from 2020 to 2040, to the second.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_577_836_800i64..2_208_988_800).prop_map(|it| Timestamp::from_second(it).expect("in range"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn earliest_is_after_the_anchor_and_never_after_outer(
        at in instants(),
        limit in limits(),
        place in prop::sample::select(vec![("FR", "Europe/Paris"), ("SE", "Europe/Stockholm"), ("US", "America/New_York")]),
    ) {
        let days = Days { calendar: LIBRARY.calendar(place.0).expect("calendar"), extra: &[] };
        let due = due(at, &limit, &zone(place.1), &days, true).expect("in range");
        prop_assert!(at < due.earliest && due.earliest <= due.outer);
        prop_assert_eq!(due.outer_rule.is_some(), due.outer > due.earliest);
        if limit.unit == Unit::Hour {
            // Hours are hours: no weekend, no daylight saving changes their number.
            let length = SignedDuration::from_hours(i64::from(limit.amount));
            prop_assert_eq!(due.earliest.duration_since(at), length);
            if limit.rollover != Rollover::Dora {
                prop_assert!(due.outer.duration_since(due.earliest) <= SignedDuration::from_hours(1));
            }
        }
        if matches!(limit.rollover, Rollover::Reg1182 | Rollover::National) && !matches!(limit.unit, Unit::Hour | Unit::BusinessDay) {
            // It ends with a working day: a second before its end is one.
            let last = due.outer.to_zoned(zone(place.1)).yesterday().expect("a day").date();
            prop_assert!(days.is_working(last), "{last}");
        }
    }

    #[test]
    fn later_awareness_never_gives_an_earlier_deadline(at in instants(), gap in 0i64..400_000, limit in limits()) {
        let days = Days { calendar: LIBRARY.calendar("FR").expect("calendar"), extra: &[] };
        let of = |it| due(it, &limit, &zone("Europe/Paris"), &days, true).expect("in range");
        let (first, second) = (of(at), of(at + SignedDuration::from_secs(gap)));
        // The one hour that clocks show twice may swap two instants of day counts within it; so may the days that
        // share the last day of a shorter month, within that day.
        let slip = match limit.unit {
            Unit::Hour => 0,
            Unit::Month => 86_400,
            Unit::Day | Unit::BusinessDay => 3600,
        };
        prop_assert!(first.earliest <= second.earliest + SignedDuration::from_secs(slip));
        // DORA's noon of Monday is later than a Monday morning that follows by its own hours: that is its wording.
        if !(limit.unit == Unit::Hour && limit.rollover == Rollover::Dora) {
            prop_assert!(first.outer <= second.outer + SignedDuration::from_secs(slip));
        }
    }

    #[test]
    fn stating_a_fact_never_turns_one_certainty_into_the_other(
        known in prop::collection::vec(prop::option::of(any::<bool>()), Fact::ALL.len()),
        pick in any::<prop::sample::Index>(),
        value in any::<bool>(),
    ) {
        // Kleene's logic is monotone in knowledge: met or excluded stays so when unknown facts become known.
        let (legal, estate) = (LegalProfile::default(), EstateInfo {
            id: String::new(), name: String::new(), country: "FR".into(), currency: "EUR".into(), timezone: "UTC".into(), drafted: false,
        });
        let profile = Profile { legal: &legal, estate: &estate };
        let mut facts = Facts::new(Timestamp::UNIX_EPOCH);
        for (fact, known) in Fact::ALL.iter().zip(&known) {
            if let Some(yes) = known {
                facts.set(*fact, *yes);
            }
        }
        let fact = *pick.get(Fact::ALL);
        let mut more = facts.clone();
        if more.known.contains_key(&fact) {
            return Ok(());
        }
        more.set(fact, value);
        for regime in LIBRARY.regimes() {
            let before = regime.trigger.judge(profile, Some(&facts)).truth;
            let after = regime.trigger.judge(profile, Some(&more)).truth;
            prop_assert!(before == Truth::Unknown || before == after, "{}", regime.id);
        }
    }
}

#[test]
fn unknown_is_neither_and_clauses_are_named() {
    let (legal, estate) = (
        LegalProfile::default(),
        EstateInfo {
            id: String::new(),
            name: String::new(),
            country: "FR".into(),
            currency: "EUR".into(),
            timezone: "UTC".into(),
            drafted: false,
        },
    );
    let profile = Profile { legal: &legal, estate: &estate };
    let clause = |name: &str, fact| Predicate::Clause(name.to_owned(), Box::new(Predicate::Is(fact)));
    let any = Predicate::Any(vec![clause("a", Fact::Cyber), clause("b", Fact::Malicious)]);
    let mut facts = Facts::new(Timestamp::UNIX_EPOCH);
    facts.set(Fact::Cyber, true);
    let verdict = any.judge(profile, Some(&facts));
    assert_eq!(
        (verdict.truth, verdict.fired, verdict.open),
        (Truth::True, vec!["a".into()], vec!["b".into()])
    );
    let two = Predicate::AtLeast(2, vec![clause("a", Fact::Cyber), clause("b", Fact::Malicious)]);
    assert_eq!(two.judge(profile, Some(&facts)).truth, Truth::Unknown);
    facts.set(Fact::Malicious, false);
    assert_eq!(two.judge(profile, Some(&facts)).truth, Truth::False);
}

#[track_caller]
fn holidays(calendar: &str, year: i16, expect: &[&str]) {
    let library = Library::builtin();
    let found = library.calendar(calendar).expect("calendar").holidays(year);
    let dates: Vec<String> = found.keys().map(|it: &Date| it.strftime("%m-%d").to_string()).collect();
    assert_eq!(dates, expect, "{calendar} {year}");
}

#[test]
fn calendars_give_the_days_of_known_years() {
    holidays(
        "FR",
        2026,
        &["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"],
    );
    // Independence Day falls on a Saturday and is observed on Friday 3 July.
    holidays(
        "US",
        2026,
        &[
            "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "07-04", "09-07", "10-12", "11-11",
            "11-26", "12-25",
        ],
    );
    // Christmas on a Saturday moves to Monday 27, Boxing Day on the Sunday to Tuesday 28.
    holidays(
        "UK",
        2021,
        &["01-01", "04-02", "04-05", "05-03", "05-31", "08-30", "12-25", "12-26", "12-27", "12-28"],
    );
    // Saint Brigid's Day on Monday 5 February.
    holidays(
        "IE",
        2024,
        &["01-01", "02-05", "03-17", "04-01", "05-06", "06-03", "08-05", "10-28", "12-25", "12-26"],
    );
    holidays("DE", 2025, &["01-01", "04-18", "04-21", "05-01", "05-29", "06-09", "10-03", "12-25", "12-26"]);
    // Midsummer eve Friday 19 June, All Saints' Day Saturday 31 October.
    holidays(
        "SE",
        2026,
        &[
            "01-01", "01-06", "04-03", "04-05", "04-06", "05-01", "05-14", "05-24", "06-06", "06-19",
            "06-20", "10-31", "12-24", "12-25", "12-26", "12-31",
        ],
    );
}

#[test]
fn new_years_day_on_a_saturday_is_observed_the_year_before() {
    let library = Library::builtin();
    let us = library.calendar("US").expect("calendar");
    assert_eq!(us.holiday(jiff::civil::date(2021, 12, 31)), Some("New Year's Day"));
}
