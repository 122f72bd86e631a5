//! The loop over the lines of a stream that all readers of one event a line share.

use std::ops::ControlFlow;

use crate::input::Line;
use crate::read::{Out, Stream};

/// Shows `take` every line that is not blank, as bytes and as text; lines that are too long or for which `take` gives a
/// reason are counted as malformed.
pub(crate) fn each(
    stream: &mut Stream<'_, '_>,
    mut take: impl FnMut(&mut Out<'_>, &[u8], &str) -> Result<ControlFlow<()>, String>,
) -> ControlFlow<()> {
    let mut number = stream.before;
    while let Some(line) = stream.input.line(stream.options.record_max) {
        number += 1;
        let line = match line {
            Line::Whole(line) => crate::json::without_bom(line, number),
            Line::TooLong(length) => {
                stream.out.tally.malformed(number, 0, || format!("it is {length} bytes long"));
                continue;
            }
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text = stream.out.tally.text(line);
        match take(&mut stream.out, line, &text) {
            Ok(flow) => flow?,
            Err(why) => stream.out.tally.malformed(number, 0, || why),
        }
    }
    ControlFlow::Continue(())
}
