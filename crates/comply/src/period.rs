//! How legal periods are counted: the earliest defensible instant and the latest that can be argued.
//!
//! Earliest: the minute of the event plus the period, never extended. Outer: what Regulation (EEC, Euratom) 1182/71
//! art. 3 (or the regime's own rule) allows beyond it: the event's hour or day not counted, the last one counted to its
//! end, weekends and holidays rolled over for periods not expressed in hours.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::calendar::Days;
use crate::regime::{Limit, Rollover, Unit};

/// When a period ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Work to this.
    pub earliest: Timestamp,
    /// The latest that can be argued.
    pub outer: Timestamp,
    /// Why `outer` is later than `earliest`.
    pub outer_rule: Option<String>,
    /// Contested readings.
    pub flags: Vec<String>,
}

/// Computes the end of `limit` from `anchor`, in `zone`, with the working days of `days`. `may_roll` is false where
/// the operator may not use the regime's roll-over. `None` only beyond the year 9999.
pub fn due(
    anchor: Timestamp,
    limit: &Limit,
    zone: &TimeZone,
    days: &Days<'_>,
    may_roll: bool,
) -> Option<Due> {
    let start = anchor.to_zoned(zone.clone());
    let rollover = if may_roll { limit.rollover } else { Rollover::None };
    match limit.unit {
        Unit::Hour => hours(&start, limit, days, rollover),
        Unit::Day => {
            let last = start.date().checked_add(Span::new().try_days(limit.amount).ok()?).ok()?;
            in_days(&start, last, limit, days, rollover)
        }
        Unit::Month => {
            // jiff gives the last day of the month where the same date does not exist, as art. 3(2)(c) does.
            let last = start.date().checked_add(Span::new().try_months(limit.amount).ok()?).ok()?;
            in_days(&start, last, limit, days, rollover)
        }
        Unit::BusinessDay => {
            let mut last = start.date();
            for _ in 0..limit.amount {
                last = days.next_working(last)?;
            }
            in_days(&start, last, limit, days, Rollover::None)
        }
    }
}

fn hours(start: &Zoned, limit: &Limit, days: &Days<'_>, rollover: Rollover) -> Option<Due> {
    let length = SignedDuration::from_hours(i64::from(limit.amount));
    let earliest = start.checked_add(length).ok()?;
    let mut due = Due {
        earliest: earliest.timestamp(),
        outer: earliest.timestamp(),
        outer_rule: None,
        flags: Vec::new(),
    };
    let mut begin = start.clone();
    if limit.whole_units {
        // The hour of the event is not counted: the period runs from the beginning of the next one.
        let past = start.minute() as i64 * 60 + i64::from(start.second());
        let past = SignedDuration::new(past, start.subsec_nanosecond());
        begin = start.checked_add(SignedDuration::from_hours(1).checked_sub(past)?).ok()?;
        due.outer = begin.checked_add(length).ok()?.timestamp();
        due.outer_rule =
            Some("whole hours, that of the event not counted (Reg. 1182/71 art. 3(1)-(2))".to_owned());
    }
    if rollover == Rollover::Dora && !days.is_working(earliest.date()) {
        due.outer = noon_after(earliest.date(), start, days)?;
        due.outer_rule = Some(DORA_NOON.to_owned());
    }
    let end = due.outer.to_zoned(start.time_zone().clone());
    if limit.contested_working_days > 0
        && whole_working_days(&begin, &end, days) < limit.contested_working_days
    {
        due.flags.push(format!(
            "The period holds fewer than {} whole working days: whether Reg. 1182/71 art. 3(5) extends a period \
             expressed in hours is contested (Bavarian DPA, June 2019: no); counsel decides",
            limit.contested_working_days
        ));
    }
    Some(due)
}

const DORA_NOON: &str =
    "weekend or bank holiday: noon of the next working day (Del. Reg. (EU) 2025/301 art. 5(4)-(6))";

fn in_days(start: &Zoned, last: Date, limit: &Limit, days: &Days<'_>, rollover: Rollover) -> Option<Due> {
    let zone = start.time_zone();
    let at = |date: Date, time: Time| date.to_datetime(time).to_zoned(zone.clone()).ok();
    let mut rules = Vec::new();
    let mut end = last;
    // DORA's own rule takes the place of 1182/71, its two working days included.
    let needed = if rollover == Rollover::Dora { 0 } else { limit.min_working_days };
    // Rules that move the end by days count whole days by nature; so does an event on a day that is not counted.
    let uncounted = limit.unit == Unit::BusinessDay && !days.is_working(start.date());
    let whole = limit.whole_units || uncounted || rollover != Rollover::None || needed > 0;
    if whole {
        rules.push("to the end of the last day".to_owned());
    }
    if !days.is_working(last) {
        match rollover {
            Rollover::Reg1182 => rules.push("next working day (Reg. 1182/71 art. 3(4))".to_owned()),
            Rollover::National => rules.push("next working day (national rule, to be confirmed)".to_owned()),
            Rollover::Dora => {
                let earliest = at(last, start.time())?.timestamp();
                let outer = noon_after(last, start, days)?.max(earliest);
                return Some(Due {
                    earliest,
                    outer,
                    outer_rule: Some(DORA_NOON.to_owned()),
                    flags: Vec::new(),
                });
            }
            Rollover::None => {}
        }
        if rollover != Rollover::None {
            end = days.next_working(last)?;
        }
    }
    let counted = |end: Date| working_days_between(start.date(), end, days);
    if counted(end) < needed {
        rules.push(format!("at least {needed} working days (Reg. 1182/71 art. 3(5))"));
        while counted(end) < needed {
            end = days.next_working(end)?;
        }
    }
    let close = |date: Date| match limit.closes {
        Some(hour) => at(date, hour),
        None => at(date.tomorrow().ok()?, Time::midnight()),
    };
    let outer = if whole || limit.closes.is_some() { close(end)? } else { at(end, start.time())? };
    let earliest = if uncounted { close(last)? } else { at(last, start.time())? };
    let outer = outer.timestamp();
    // The recipient may close before the hour of the event.
    let earliest = earliest.timestamp().min(outer);
    let outer_rule = (outer > earliest).then(|| rules.join("; "));
    Some(Due { earliest, outer, outer_rule, flags: Vec::new() })
}

fn noon_after(date: Date, start: &Zoned, days: &Days<'_>) -> Option<Timestamp> {
    let noon = days.next_working(date)?.at(12, 0, 0, 0);
    Some(noon.to_zoned(start.time_zone().clone()).ok()?.timestamp())
}

/// Working days after `from` up to and including `to`.
fn working_days_between(from: Date, to: Date, days: &Days<'_>) -> u32 {
    let mut count = 0;
    let mut day = from;
    while day < to {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        count += u32::from(days.is_working(day));
    }
    count
}

/// Working days that lie wholly between two instants.
fn whole_working_days(begin: &Zoned, end: &Zoned, days: &Days<'_>) -> u32 {
    let first_whole =
        if begin.time() == Time::midnight() { Some(begin.date()) } else { begin.date().tomorrow().ok() };
    let Some(mut day) = first_whole else { return 0 };
    let mut count = 0;
    while day < end.date() {
        count += u32::from(days.is_working(day));
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    count
}
