//! Working days: weekends and holidays by rule (fixed dates, Easter, nth weekday of a month), not by list.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};

/// How a holiday that falls on a weekend is made up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observed {
    /// It is not.
    #[default]
    None,
    /// Saturday on the Friday before, Sunday on the Monday after (5 USC 6103).
    Nearest,
    /// On the next weekday that is not a holiday itself.
    Next,
}

/// When a holiday falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On this month and day.
    Fixed {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// So many days after (before, when negative) Easter Sunday.
    Easter(i16),
    /// The nth such weekday of a month; -1 is the last.
    Nth {
        /// 1 to 5, or -1.
        nth: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 12.
        month: i8,
    },
    /// The first such weekday on or after a date; the date itself when that is a `itself_when`.
    OnOrAfter {
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
        /// A weekday of the date itself that makes it the holiday.
        itself_when: Option<Weekday>,
    },
    /// Once.
    Once(Date),
}

/// One holiday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// Its name.
    pub name: String,
    /// When it falls.
    pub when: When,
    /// First year it is kept.
    pub from: Option<i16>,
    /// Last year it is kept.
    pub until: Option<i16>,
}

/// The holidays of a country or institution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// `FR`, `DE`, `US`, `EU-INSTITUTIONS`, ...
    pub id: String,
    /// Full name.
    pub name: String,
    /// How holidays at weekends are made up for.
    pub observed: Observed,
    /// Its holidays.
    pub holidays: Vec<Holiday>,
    /// How sure it is, and what it leaves out.
    pub note: String,
}

impl Holiday {
    fn date(&self, year: i16) -> Option<Date> {
        if self.from.is_some_and(|it| year < it) || self.until.is_some_and(|it| year > it) {
            return None;
        }
        match self.when {
            When::Fixed { month, day } => Date::new(year, month, day).ok(),
            When::Easter(offset) => easter(year)?.checked_add(jiff::Span::new().days(offset)).ok(),
            When::Nth { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
            When::OnOrAfter { weekday, month, day, itself_when } => {
                let date = Date::new(year, month, day).ok()?;
                if date.weekday() == weekday || Some(date.weekday()) == itself_when {
                    return Some(date);
                }
                date.nth_weekday(1, weekday).ok()
            }
            When::Once(date) => (date.year() == year).then_some(date),
        }
    }
}

impl Calendar {
    /// The holidays that the rules of `year` give, with substitutes; one of them may fall in the year before.
    pub fn holidays(&self, year: i16) -> BTreeMap<Date, &str> {
        let dated = self.holidays.iter().filter_map(|it| Some((it.date(year)?, it.name.as_str())));
        let mut all: BTreeMap<Date, &str> = dated.collect();
        let at_weekend: Vec<(Date, &str)> =
            all.iter().filter(|(date, _)| is_weekend(**date)).map(|(date, name)| (*date, *name)).collect();
        for (date, name) in at_weekend {
            let substitute = match (self.observed, date.weekday()) {
                (Observed::None, _) => None,
                (Observed::Nearest, Weekday::Saturday) => date.yesterday().ok(),
                (Observed::Nearest, _) => date.tomorrow().ok(),
                (Observed::Next, _) => {
                    let mut day = date;
                    while is_weekend(day) || all.contains_key(&day) {
                        let Ok(next) = day.tomorrow() else { break };
                        day = next;
                    }
                    Some(day)
                }
            };
            if let Some(substitute) = substitute {
                all.entry(substitute).or_insert(name);
            }
        }
        all
    }

    /// The holiday that falls on `date`, if one does.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        let years = [Some(date.year()), date.year().checked_add(1)];
        years.into_iter().flatten().find_map(|year| self.holidays(year).get(&date).copied())
    }
}

/// Working days: a calendar and the operator's own holidays.
#[derive(Clone, Copy, Debug)]
pub struct Days<'a> {
    /// Its calendar.
    pub calendar: &'a Calendar,
    /// Holidays beside the calendar's.
    pub extra: &'a [Date],
}

impl Days<'_> {
    /// Whether `date` is neither Saturday, Sunday nor a holiday.
    pub fn is_working(&self, date: Date) -> bool {
        !is_weekend(date) && !self.extra.contains(&date) && self.calendar.holiday(date).is_none()
    }

    /// The first working day after `date`; `None` only at the end of time.
    pub fn next_working(&self, date: Date) -> Option<Date> {
        let mut day = date.tomorrow().ok()?;
        while !self.is_working(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher).
pub fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Easter Sundays from the tables of the US Census Bureau's genealogy pages and almanacs.
    #[test]
    fn easter_falls_where_almanacs_say() {
        for (year, month, day) in [
            (1818, 3, 22),
            (1943, 4, 25),
            (2000, 4, 23),
            (2008, 3, 23),
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(year), Date::new(year, month, day).ok());
        }
    }
}
