//! Instants: every usual way to type one is understood, and what is shown names its time zone.
//!
//! What is typed without an offset is of the estate's time zone (UTC where there is no estate), and the instant it was
//! taken for is said.

use std::path::Path;

use bulkhead_model::estate::EstateInfo;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::rfc2822;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, Zoned};

use crate::failure::{Failure, Outcome};
use crate::say::{note, text};

/// An instant as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    typed: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Now,
    Exact(Timestamp),
    /// From now on, or back.
    Relative(Span),
    /// Of today, plus so many days.
    Day(i64, Time),
    Civil(DateTime, Zone),
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

/// Of which zone a civil time is.
#[derive(Clone, Debug)]
enum Zone {
    Estate,
    Named(TimeZone),
    /// Such as `CEST`: one of the two halves of a zone's year.
    Abbreviated(String),
}

/// Reads an instant as people type it.
pub fn read(typed: &str) -> Result<When, String> {
    let form = form(typed.trim()).ok_or_else(|| {
        "write it as 2026-11-20T14:20:00Z, '2026-11-20 15:20' (in the estate's time zone), '20/11/2026 15:20 CET', \
         '15:20', now or '2h ago'"
            .to_owned()
    })?;
    Ok(When { typed: typed.trim().to_owned(), form })
}

fn form(typed: &str) -> Option<Form> {
    if typed.eq_ignore_ascii_case("now") {
        return Some(Form::Now);
    }
    if let Some(at) = epoch(typed) {
        return Some(Form::Exact(at));
    }
    if let Ok(at) = rfc2822::parse(typed) {
        return Some(Form::Exact(at.timestamp()));
    }
    // Our own output begins with the day of the week.
    let typed = without_weekday(typed);
    // An offset may stand apart: `2026-11-20 15:20 +01:00`.
    let joined = typed.rsplit_once(' ').filter(|(_, it)| it.starts_with(['+', '-']));
    let joined = joined.map(|(before, offset)| format!("{before}{offset}"));
    for text in [Some(typed), joined.as_deref()].into_iter().flatten() {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Form::Exact(at));
        }
        if let Ok(at) = text.parse::<Zoned>() {
            return Some(Form::Exact(at.timestamp()));
        }
    }
    if joined.is_some() {
        return None;
    }
    relative(typed).or_else(|| day(typed)).or_else(|| zoned(typed))
}

/// Seconds or milliseconds since 1970, with or without `@`.
fn epoch(typed: &str) -> Option<Timestamp> {
    let digits = typed.strip_prefix('@').unwrap_or(typed);
    if !(9..=13).contains(&digits.len()) || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<i64>().ok()?;
    if digits.len() > 11 { Timestamp::from_millisecond(number) } else { Timestamp::from_second(number) }.ok()
}

fn without_weekday(typed: &str) -> &str {
    const DAYS: [&str; 14] =
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "lun", "mar", "mer", "jeu", "ven", "sam", "dim"];
    match typed.split_once([' ', ',']) {
        Some((word, rest))
            if word.bytes().all(|it| it.is_ascii_alphabetic() || it == b'.')
                && DAYS.iter().any(|it| word.to_ascii_lowercase().starts_with(it)) =>
        {
            rest.trim_start_matches([' ', ','])
        }
        _ => typed,
    }
}

/// `2h ago`, `-90m`, `+1d`.
fn relative(typed: &str) -> Option<Form> {
    if !(typed.ends_with("ago") || typed.starts_with(['-', '+'])) {
        return None;
    }
    typed.parse::<Span>().ok().map(Form::Relative)
}

/// `15:20`, `today 15:20`, `yesterday 23h05`.
fn day(typed: &str) -> Option<Form> {
    let (word, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    let days = match word.to_lowercase().as_str() {
        "today" | "aujourd'hui" => Some(0),
        "yesterday" | "hier" => Some(-1),
        "tomorrow" | "demain" => Some(1),
        _ => None,
    };
    match days {
        Some(days) if rest.is_empty() => Some(Form::Day(days, Time::midnight())),
        Some(days) => clock(&tidied(rest)).map(|it| Form::Day(days, it)),
        None => clock(&tidied(typed)).map(|it| Form::Day(0, it)),
    }
}

fn clock(text: &str) -> Option<Time> {
    ["%H:%M:%S", "%H:%M"].iter().find_map(|it| Time::strptime(it, text).ok())
}

/// A civil time, with a zone behind it or none.
fn zoned(typed: &str) -> Option<Form> {
    if let Some(at) = civil(&tidied(typed)) {
        return Some(Form::Civil(at, Zone::Estate));
    }
    let (before, word) = typed.rsplit_once(' ')?;
    let at = civil(&tidied(before.trim()))?;
    let word = word.trim_start_matches('(').trim_end_matches(')');
    if ["UTC", "GMT", "Z"].iter().any(|it| word.eq_ignore_ascii_case(it)) {
        return Some(Form::Civil(at, Zone::Named(TimeZone::UTC)));
    }
    if word.contains('/') {
        return Some(Form::Civil(at, Zone::Named(TimeZoneDatabase::bundled().get(word).ok()?)));
    }
    let is_abbreviation = (2..=5).contains(&word.len()) && word.bytes().all(|it| it.is_ascii_alphabetic());
    is_abbreviation.then(|| Form::Civil(at, Zone::Abbreviated(word.to_uppercase())))
}

/// `20/11/2026 à 15h20` as `20/11/2026 15:20`.
fn tidied(text: &str) -> String {
    let text = text.replace(" à ", " ").replace(" at ", " ").replace(", ", " ");
    let letters: Vec<char> = text.chars().collect();
    let is_digit = |at: Option<usize>| at.and_then(|it| letters.get(it)).is_some_and(char::is_ascii_digit);
    let colon = |(at, it): (usize, &char)| {
        let between = is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
        if *it == 'h' && between { ':' } else { *it }
    };
    letters.iter().enumerate().map(colon).collect()
}

fn civil(text: &str) -> Option<DateTime> {
    if let Ok(at) = text.parse::<DateTime>() {
        return Some(at);
    }
    // Where the year comes last, the day comes first: the product is made for Europe, and what is taken is said.
    const DATES: [&str; 6] = ["%Y/%m/%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y"];
    DATES.iter().find_map(|date| {
        let times = ["%H:%M:%S", "%H:%M"].iter();
        let with_time =
            times.filter_map(|time| DateTime::strptime(format!("{date} {time}"), text).ok()).next();
        with_time.or_else(|| Date::strptime(date, text).ok().map(|it| it.to_datetime(Time::midnight())))
    })
}

impl When {
    /// The instant meant, on the clocks of `zone` at `now`; `flag` is where it was given. Said aloud unless `quiet`,
    /// where it could be taken otherwise.
    pub fn resolve(&self, flag: &str, zone: &TimeZone, now: Timestamp, quiet: bool) -> Outcome<Timestamp> {
        let at = match &self.form {
            Form::Exact(at) => return Ok(*at),
            Form::Now => now,
            Form::Relative(span) => {
                let moved = now.to_zoned(zone.clone()).checked_add(*span);
                moved.map_err(|_| self.wrong(flag, "lies outside the calendar"))?.timestamp()
            }
            Form::Day(days, time) => {
                let today = now.to_zoned(zone.clone()).date();
                let date = today.checked_add(Span::new().days(*days));
                let date = date.map_err(|_| self.wrong(flag, "lies outside the calendar"))?;
                self.on_clock(flag, date.to_datetime(*time), zone, None)?
            }
            Form::Civil(at, Zone::Estate) => self.on_clock(flag, *at, zone, None)?,
            Form::Civil(at, Zone::Named(zone)) => self.on_clock(flag, *at, zone, None)?,
            Form::Civil(at, Zone::Abbreviated(name))
                if zone_lacks(zone, *at, name) && european(name).is_some() =>
            {
                let offset = european(name).unwrap_or(Offset::UTC);
                offset.to_timestamp(*at).map_err(|_| self.wrong(flag, "lies outside the calendar"))?
            }
            Form::Civil(at, Zone::Abbreviated(name)) => self.on_clock(flag, *at, zone, Some(name))?,
        };
        if !quiet {
            let name = zone.iana_name().unwrap_or("UTC");
            note!("{} {}: taken as {} ({})", flag, self.typed, shown(at, zone), name);
        }
        Ok(at)
    }

    /// The instant at which clocks of `zone` show `at`; they may show it twice, or never.
    fn on_clock(&self, flag: &str, at: DateTime, zone: &TimeZone, name: Option<&str>) -> Outcome<Timestamp> {
        let with = |offset: Offset| {
            offset.to_timestamp(at).map_err(|_| self.wrong(flag, "lies outside the calendar"))
        };
        let is_named = |it: &Timestamp| {
            name.is_none_or(|name| zone.to_offset_info(*it).abbreviation().eq_ignore_ascii_case(name))
        };
        let candidates = match zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => vec![with(offset)?],
            AmbiguousOffset::Fold { before, after } => vec![with(before)?, with(after)?],
            AmbiguousOffset::Gap { .. } => {
                return Err(self
                    .wrong(flag, "does not exist: clocks are put forward over it")
                    .hint("write it with its offset, such as +01:00"));
            }
        };
        let meant: Vec<Timestamp> = candidates.iter().copied().filter(is_named).collect();
        match meant.as_slice() {
            [one] => Ok(*one),
            [] => Err(self
                .wrong(flag, "names a time zone that is not the estate's then")
                .hint(text!("write its offset; there it is {}", shown(candidates[0], zone)))),
            more => {
                let choices: Vec<String> = more
                    .iter()
                    .map(|it| it.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
                    .collect();
                Err(self
                    .wrong(flag, "happens twice: clocks are put back over it")
                    .hint(text!("write {}", choices.join(" or "))))
            }
        }
    }

    fn wrong(&self, flag: &str, why: &str) -> Failure {
        Failure::input(format!("{flag}: `{}` {why}", self.typed))
    }
}

/// Whether clocks of `zone` never go by `name` in the year of `at`.
fn zone_lacks(zone: &TimeZone, at: DateTime, name: &str) -> bool {
    (1..=12).all(|month| {
        let middle = jiff::civil::date(at.year(), month, 15).to_datetime(Time::midnight());
        let instant = zone.to_timestamp(middle);
        instant.is_ok_and(|it| !zone.to_offset_info(it).abbreviation().eq_ignore_ascii_case(name))
    })
}

/// The offset of an abbreviation that means one thing all over Europe, whoever's estate it is.
fn european(name: &str) -> Option<Offset> {
    let hours = match name {
        "WET" => 0,
        "CET" | "WEST" => 1,
        "CEST" | "EET" => 2,
        "EEST" => 3,
        _ => return None,
    };
    Offset::from_hours(hours).ok()
}

/// The operator's time zone; UTC where it is not known.
pub fn zone(estate: &EstateInfo) -> TimeZone {
    TimeZoneDatabase::bundled().get(&estate.timezone).unwrap_or(TimeZone::UTC)
}

/// An instant on the operator's clocks, with the zone: `Fri 2025-07-25 14:20 CEST`.
pub fn local(at: Timestamp, estate: &EstateInfo) -> String {
    shown(at, &zone(estate))
}

/// An instant on the clocks of `zone`.
pub fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// The zone of the case in `dir`; UTC where its estate cannot be read.
pub fn zone_of_case(dir: &Path) -> TimeZone {
    let text = std::fs::read_to_string(dir.join("estate.yaml")).unwrap_or_default();
    bulkhead_model::estate::read("estate.yaml", &text).0.map_or(TimeZone::UTC, |it| zone(&it.estate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(typed: &str) -> Result<String, String> {
        let zone = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap();
        let now = "2026-11-29T13:00:00Z".parse().unwrap();
        let when = read(typed)?;
        when.resolve("--aware", &zone, now, true).map(|it| it.to_string()).map_err(|it| it.to_string())
    }

    #[track_caller]
    fn check(typed: &str, expect: &str) {
        assert_eq!(resolved(typed).as_deref(), Ok(expect), "{typed}");
    }

    #[track_caller]
    fn refused(typed: &str, why: &str) {
        let message = resolved(typed).expect_err(typed);
        assert!(message.contains(why), "{typed}: {message}");
    }

    #[test]
    fn usual_forms_are_understood() {
        check("2026-11-20T14:20:00Z", "2026-11-20T14:20:00Z");
        check("2026-11-20T15:20:00+01:00", "2026-11-20T14:20:00Z");
        check("2026-11-20 15:20+01", "2026-11-20T14:20:00Z");
        check("2026-11-20 15:20 +01:00", "2026-11-20T14:20:00Z");
        check("2026-11-20T15:20:00+01:00[Europe/Paris]", "2026-11-20T14:20:00Z");
        check("Fri, 20 Nov 2026 15:20:00 +0100", "2026-11-20T14:20:00Z");
        check("@1795184400", "2026-11-20T14:20:00Z");
        check("1795184400000", "2026-11-20T14:20:00Z");
    }

    #[test]
    fn without_an_offset_the_estates_zone_counts() {
        check("2026-11-20 15:20", "2026-11-20T14:20:00Z");
        check("2026-11-20T15:20:30", "2026-11-20T14:20:30Z");
        check("2026-07-20 15:20", "2026-07-20T13:20:00Z");
        check("2026-11-20", "2026-11-19T23:00:00Z");
        check("20/11/2026 15:20", "2026-11-20T14:20:00Z");
        check("20/11/2026 à 15h20", "2026-11-20T14:20:00Z");
        check("20.11.2026 15:20:10", "2026-11-20T14:20:10Z");
        check("20 Nov 2026 15:20", "2026-11-20T14:20:00Z");
        check("Fri 2026-11-20 15:20 CET", "2026-11-20T14:20:00Z");
        check("2026-11-20 14:20 UTC", "2026-11-20T14:20:00Z");
        check("2026-11-20 09:20 America/New_York", "2026-11-20T14:20:00Z");
    }

    #[test]
    fn now_and_what_is_counted_from_it() {
        check("now", "2026-11-29T13:00:00Z");
        check("NOW", "2026-11-29T13:00:00Z");
        check("2h ago", "2026-11-29T11:00:00Z");
        check("-1d 30m", "2026-11-28T12:30:00Z");
        check("15:20", "2026-11-29T14:20:00Z");
        check("today 15:20", "2026-11-29T14:20:00Z");
        check("yesterday 23h05", "2026-11-28T22:05:00Z");
    }

    #[test]
    fn what_is_ambiguous_or_wrong_is_refused_with_a_way_out() {
        refused("2026-10-25 02:30", "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00");
        check("2026-10-25 02:30 CEST", "2026-10-25T00:30:00Z");
        refused("2026-03-29 02:30", "does not exist");
        refused("2026-11-20 15:20 EST", "there it is Fri 2026-11-20 15:20 CET");
        refused("soon", "write it as");
        refused("2026-13-40", "write it as");
        refused("", "write it as");
    }

    #[test]
    fn what_is_shown_names_its_zone_and_is_read_back() {
        let zone = TimeZoneDatabase::bundled().get("Europe/Paris").unwrap();
        let at: Timestamp = "2026-07-20T13:20:00Z".parse().unwrap();
        assert_eq!(shown(at, &zone), "Mon 2026-07-20 15:20 CEST");
        check(&shown(at, &zone), "2026-07-20T13:20:00Z");
    }
}
