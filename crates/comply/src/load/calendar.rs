//! Holiday calendars as files: `calendar: FR`, then `holidays` by rule.

use bulkhead_model::yaml::Node;
use jiff::civil::{Date, Weekday};

use crate::calendar::{Calendar, Holiday, Observed, When};
use crate::reader::Reader;

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

const OBSERVED: &[(&str, Observed)] =
    &[("none", Observed::None), ("nearest", Observed::Nearest), ("next", Observed::Next)];

/// Reads a calendar.
pub fn calendar(reader: &mut Reader<'_>, node: &Node) -> Option<Calendar> {
    reader.map(node, &["calendar", "name", "observed", "note", "holidays"], "a calendar")?;
    let id = reader.need(node, "calendar")?;
    let id = reader.text(id)?;
    let name = reader.need(node, "name")?;
    let name = reader.text(name)?;
    let observed = match reader.may(node, "observed") {
        Some(it) => reader.word(it, OBSERVED)?,
        None => Observed::None,
    };
    let note = match reader.may(node, "note") {
        Some(it) => reader.text(it)?,
        None => String::new(),
    };
    let list = reader.need(node, "holidays")?;
    let Some(items) = list.as_seq() else {
        reader.wrong(list, "a list of holidays");
        return None;
    };
    let holidays = items.iter().filter_map(|it| holiday(reader, it)).collect();
    Some(Calendar { id, name, observed, holidays, note })
}

fn holiday(reader: &mut Reader<'_>, node: &Node) -> Option<Holiday> {
    let known = &[
        "name",
        "on",
        "easter",
        "nth",
        "weekday",
        "month",
        "on_or_after",
        "itself_when",
        "date",
        "from",
        "until",
    ];
    reader.map(node, known, "a holiday")?;
    let name = reader.need(node, "name")?;
    let name = reader.text(name)?;
    let when = when(reader, node)?;
    let mut year = |key: &str| match reader.may(node, key) {
        Some(it) => reader.parsed::<i16>(it, "a year").map(Some),
        None => Some(None),
    };
    let (from, until) = (year("from")?, year("until")?);
    Some(Holiday { name, when, from, until })
}

fn when(reader: &mut Reader<'_>, node: &Node) -> Option<When> {
    if let Some(on) = reader.may(node, "on") {
        let (month, day) = month_day(reader, on)?;
        return Some(When::Fixed { month, day });
    }
    if let Some(offset) = reader.may(node, "easter") {
        return Some(When::Easter(reader.parsed(offset, "a number of days after Easter")?));
    }
    if let Some(date) = reader.may(node, "date") {
        return Some(When::Once(reader.date(date)?));
    }
    if let Some(after) = reader.may(node, "on_or_after") {
        let (month, day) = month_day(reader, after)?;
        let weekday = reader.need(node, "weekday")?;
        let weekday = reader.word(weekday, WEEKDAYS)?;
        let itself_when = match reader.may(node, "itself_when") {
            Some(it) => Some(reader.word(it, WEEKDAYS)?),
            None => None,
        };
        return Some(When::OnOrAfter { weekday, month, day, itself_when });
    }
    if let Some(nth) = reader.may(node, "nth") {
        let count: i8 = reader.parsed(nth, "1 to 5, or -1 for the last")?;
        let weekday = reader.need(node, "weekday")?;
        let weekday = reader.word(weekday, WEEKDAYS)?;
        let month_node = reader.need(node, "month")?;
        let month: i8 = reader.parsed(month_node, "a month, 1 to 12")?;
        if !(1..=12).contains(&month) || !((1..=5).contains(&count) || count == -1) {
            reader.wrong(nth, "1 to 5, or -1, of a month 1 to 12");
            return None;
        }
        return Some(When::Nth { nth: count, weekday, month });
    }
    let hint = "write `on: \"05-01\"`, `easter: 1`, `nth`, `on_or_after` or `date`";
    reader.error("missing-key", node.pos, "the holiday has no date".to_owned(), hint);
    None
}

fn month_day(reader: &mut Reader<'_>, node: &Node) -> Option<(i8, i8)> {
    let parts = node.as_str().and_then(|it| it.split_once('-'));
    let numbers = parts.and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    // 2024 is a leap year, so that 29 February is a day.
    let valid = numbers.filter(|(month, day)| Date::new(2024, *month, *day).is_ok());
    if valid.is_none() {
        reader.wrong(node, "a month and day such as \"05-01\"");
    }
    valid
}
