//! All groups alive: found by key, ended in the order of time, given up when there are too many. Every step costs the
//! same however many there are.

use std::collections::HashMap;
use std::sync::Arc;

use super::Correlation;
use super::window::Group;

/// No slot.
const NONE: u32 = u32::MAX;

/// A group and where it stands.
#[derive(Debug)]
pub struct Slot {
    /// Number of its correlation.
    pub correlation: u32,
    /// Its key.
    pub key: Arc<str>,
    /// What it remembers.
    pub group: Group,
    /// After this time nothing in it counts any more.
    pub ends: i64,
    before: u32,
    after: u32,
}

/// Groups that last equally long, in the order of their ends: time goes forward, so a group that is touched ends last.
#[derive(Debug)]
struct Line {
    timespan_ms: i64,
    first: u32,
    last: u32,
}

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// By correlation and key.
    by_key: Vec<HashMap<Arc<str>, u32>>,
    lines: Vec<Line>,
    /// By correlation, its line.
    line_of: Vec<usize>,
    len: usize,
    n_entries: usize,
}

impl Groups {
    /// Room for groups of `correlations`.
    pub fn new(correlations: &[Correlation]) -> Self {
        let mut spans: Vec<i64> = correlations.iter().map(|it| it.timespan_ms).collect();
        spans.sort_unstable();
        spans.dedup();
        let line_of =
            correlations.iter().filter_map(|it| spans.binary_search(&it.timespan_ms).ok()).collect();
        let line = |timespan_ms| Line { timespan_ms, first: NONE, last: NONE };
        Self {
            by_key: correlations.iter().map(|_| HashMap::new()).collect(),
            lines: spans.into_iter().map(line).collect(),
            line_of,
            ..Self::default()
        }
    }

    /// How many groups are alive.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many entries they hold.
    pub fn n_entries(&self) -> usize {
        self.n_entries
    }

    /// Number of the group of `correlation` with `key`, made by `make` if there is none.
    pub fn find(&mut self, correlation: u32, key: &str, make: impl FnOnce() -> Group) -> u32 {
        if let Some(slot) = self.by_key[correlation as usize].get(key) {
            return *slot;
        }
        self.place(correlation, Arc::from(key), make(), i64::MIN)
    }

    /// Adds a group that ends last of those that last as long.
    pub fn place(&mut self, correlation: u32, key: Arc<str>, group: Group, ends: i64) -> u32 {
        self.n_entries += group.len();
        self.len += 1;
        let slot = Slot { correlation, key: Arc::clone(&key), group, ends, before: NONE, after: NONE };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = Some(slot);
                number
            }
            None => {
                self.slots.push(Some(slot));
                u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
            }
        };
        self.by_key[correlation as usize].insert(key, number);
        self.link(number);
        number
    }

    /// Changes group `number` at `time`; it lasts anew from then on.
    pub fn touch<R>(&mut self, number: u32, time: i64, change: impl FnOnce(&mut Group) -> R) -> Option<R> {
        self.unlink(number);
        let slot = self.slots.get_mut(number as usize)?.as_mut()?;
        let before = slot.group.len();
        let result = change(&mut slot.group);
        self.n_entries = self.n_entries + slot.group.len() - before;
        slot.ends = time.saturating_add(self.lines[self.line_of[slot.correlation as usize]].timespan_ms);
        self.link(number);
        Some(result)
    }

    /// Drops groups in which nothing counts any more at `time`.
    pub fn expire(&mut self, time: i64) {
        for line in 0..self.lines.len() {
            loop {
                let first = self.lines[line].first;
                match self.slot(first) {
                    Some(slot) if slot.ends < time => self.remove(first),
                    _ => break,
                }
            }
        }
    }

    /// Gives up the group that would end first; whether there was one.
    pub fn evict(&mut self) -> bool {
        let ends = |line: &Line| Some((self.slot(line.first)?.ends, line.first));
        let Some((_, number)) = self.lines.iter().filter_map(ends).min_by_key(|it| it.0) else {
            return false;
        };
        self.remove(number);
        true
    }

    /// All groups; those that last equally long in the order of their ends.
    pub fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.lines
            .iter()
            .flat_map(|line| std::iter::successors(self.slot(line.first), |slot| self.slot(slot.after)))
    }

    fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number as usize)?.as_ref()
    }

    fn remove(&mut self, number: u32) {
        self.unlink(number);
        if let Some(slot) = self.slots.get_mut(number as usize).and_then(Option::take) {
            self.n_entries -= slot.group.len();
            self.len -= 1;
            self.by_key[slot.correlation as usize].remove(&slot.key);
            self.free.push(number);
        }
    }

    fn line(&mut self, number: u32) -> Option<usize> {
        self.slot(number).map(|it| self.line_of[it.correlation as usize])
    }

    fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(number as usize)?.as_mut()
    }

    /// Puts a group at the end of its line.
    fn link(&mut self, number: u32) {
        let Some(line) = self.line(number) else { return };
        let last = self.lines[line].last;
        if let Some(slot) = self.slot_mut(number) {
            (slot.before, slot.after) = (last, NONE);
        }
        match self.slot_mut(last) {
            Some(slot) => slot.after = number,
            None => self.lines[line].first = number,
        }
        self.lines[line].last = number;
    }

    /// Takes a group out of its line.
    fn unlink(&mut self, number: u32) {
        let Some(line) = self.line(number) else { return };
        let Some((before, after)) = self.slot(number).map(|it| (it.before, it.after)) else { return };
        match self.slot_mut(before) {
            Some(slot) => slot.after = after,
            None => self.lines[line].first = after,
        }
        match self.slot_mut(after) {
            Some(slot) => slot.before = before,
            None => self.lines[line].last = before,
        }
    }
}
