//! What stands around the objects of a JSON text: arrays and wrappers, whose end tells that nothing was cut off.

use crate::read::Stream;
use crate::report::Ended;

/// What is open around the next object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// An array of objects.
    Array,
    /// An object whose array holds the records, and that array.
    Wrapper,
    /// An object that was passed over.
    Object,
}

/// More than this is not followed.
const OPEN_MAX: usize = 64;

/// What is open, and since which line: an input that ends before all of it does was cut.
#[derive(Default)]
pub(crate) struct Around {
    open: Vec<(Open, u64)>,
    /// Opened beyond what is followed.
    deeper: u64,
    /// The line in which an array ended that had never begun.
    headless: Option<u64>,
}

impl Around {
    /// Notes that `what` begins.
    pub(crate) fn begin(&mut self, what: Open, line: u64) {
        if self.open.len() < OPEN_MAX {
            self.open.push((what, line));
        } else {
            self.deeper += 1;
        }
    }

    /// What ends here, if anything is open.
    pub(crate) fn end(&mut self) -> Option<Open> {
        if self.deeper > 0 {
            self.deeper -= 1;
            return Some(Open::Array);
        }
        Some(self.open.pop()?.0)
    }

    /// The line in which the innermost began.
    pub(crate) fn since(&self) -> Option<u64> {
        self.open.last().map(|it| it.1)
    }

    /// An array ended that had never begun.
    pub(crate) fn ends_headless(&mut self, line: u64) {
        self.headless = self.headless.or(Some(line));
    }

    /// Says at the end of the input what of it is missing, unless something else has cut it and is said.
    pub(crate) fn tell(&self, stream: &mut Stream<'_, '_>) {
        if stream.input.fault().is_some() {
            return;
        }
        if let Some(line) = self.headless {
            let what =
                format!("the array that ends in line {line} has no beginning: what stood before is missing");
            stream.out.tally.missing(what, None, None);
        }
        if let Some((what, line)) = self.open.first() {
            let what = match what {
                Open::Array => "array",
                Open::Wrapper => "list of records",
                Open::Object => "object",
            };
            let why = format!("the {what} that begins in line {line} has no end: what followed is missing");
            stream.out.tally.ended_early(&Ended { why, bytes: None });
        }
    }
}
