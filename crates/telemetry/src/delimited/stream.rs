//! The loop over the records of a table, of which one may stand on many lines.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::record::Quotes;
use super::{LOOK, detect};
use crate::input::{Input, Line};
use crate::read::Stream;

/// A record longer than this (bytes, lines) has a quote that nobody closed.
const RECORD_MAX: (usize, usize) = (1024 * 1024, 4096);

/// Reads one event a record.
pub(crate) fn read(stream: &mut Stream<'_, '_>) -> ControlFlow<()> {
    let start = stream.input.peek(LOOK);
    let Some(table) = detect(start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start)) else {
        return ControlFlow::Continue(());
    };
    for (code, message, hint) in &table.notes {
        stream.out.tally.note(code, message.clone(), hint);
    }
    let mut lines = Lines::default();
    let mut record = Vec::new();
    while lines.next(&mut stream.input, stream.options.record_max) {
        if lines.number <= table.header_lines || lines.line.trim_ascii().is_empty() {
            continue;
        }
        let first = lines.number;
        if let Some(length) = lines.too_long {
            stream.out.tally.malformed(first, 0, || format!("it is {length} bytes long"));
            continue;
        }
        let mut quotes = Quotes::default();
        if quotes.ends(&lines.line, table.separator) {
            table.record(&mut stream.out, &lines.line, first)?;
            continue;
        }
        record.clear();
        let mut ends = vec![];
        let mut whole = false;
        loop {
            record.extend_from_slice(&lines.line);
            ends.push(record.len());
            if record.len() > RECORD_MAX.0 || ends.len() > RECORD_MAX.1 {
                break;
            }
            record.push(b'\n');
            if !lines.next(&mut stream.input, stream.options.record_max) {
                break;
            }
            if let Some(length) = lines.too_long {
                stream.out.tally.malformed(lines.number, 0, || format!("it is {length} bytes long"));
                break;
            }
            if quotes.ends(&lines.line, table.separator) {
                record.extend_from_slice(&lines.line);
                whole = true;
                break;
            }
        }
        if whole && table.fits(&record) {
            table.record(&mut stream.out, &record, first)?;
        } else if whole {
            // The quote of a later record closed what this one left open: only the first line is lost.
            let why = || "a quote is opened in this line and closed in a record after it".to_owned();
            stream.out.tally.malformed(first, 0, why);
            ends.push(record.len());
            lines.again(&record, &ends, first);
        } else {
            let why = || "a quote is opened in this line and not closed".to_owned();
            stream.out.tally.malformed(first, 0, why);
            lines.again(&record, &ends, first);
        }
    }
    ControlFlow::Continue(())
}

/// Lines one after another, of which some may be read again.
#[derive(Default)]
struct Lines {
    /// 1-based number of the line at hand.
    number: u64,
    line: Vec<u8>,
    /// Length of the line where it is too long to be kept.
    too_long: Option<u64>,
    waiting: VecDeque<Vec<u8>>,
}

impl Lines {
    /// Moves to the next line; false at the end.
    fn next(&mut self, input: &mut Input<'_>, limit: usize) -> bool {
        self.too_long = None;
        self.line.clear();
        if let Some(line) = self.waiting.pop_front() {
            self.line = line;
        } else {
            match input.line(limit) {
                Some(Line::Whole(line)) => self.line.extend_from_slice(line),
                Some(Line::TooLong(length)) => self.too_long = Some(length),
                None => return false,
            }
        }
        self.number += 1;
        if self.number == 1 && self.line.starts_with(b"\xEF\xBB\xBF") {
            self.line.drain(..3);
        }
        true
    }

    /// Puts the lines of `record`, which end at `ends`, back, but for the first, whose number is given.
    fn again(&mut self, record: &[u8], ends: &[usize], first: u64) {
        let n_back = ends.len() as u64 - 1;
        // A line too long to be kept ended the attempt; it keeps its number.
        if self.number > first + n_back {
            self.waiting.push_front(Vec::new());
        }
        for pair in ends.windows(2).rev() {
            self.waiting.push_front(record[pair[0] + 1..pair[1]].to_vec());
        }
        self.number = first;
    }
}
