//! What a person sees: progress on standard error, tables and money on standard output.

use std::io::IsTerminal;
use std::time::Duration;

use bulkhead_model::plain::plain;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error; draws nothing when that is no terminal or `quiet` is asked.
pub fn progress(quiet: bool, what: &str, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if quiet || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    let template = if total.is_some() {
        "{msg} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec} eta {eta}"
    } else {
        "{spinner} {msg} {elapsed}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(plain(what).into_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A progress bar of a hunt: bytes, events, rate and time left; none before a second has passed.
pub fn hunting(quiet: bool, live: bool) -> ProgressBar {
    let bar = progress(quiet, "hunting", (!live).then_some(0));
    let template = if live {
        "{spinner} {msg} {bytes} {bytes_per_sec} {elapsed}"
    } else {
        "{msg} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec} eta {eta}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.disable_steady_tick();
    bar
}

/// Shows how far a hunt has come.
pub fn hunted(bar: &ProgressBar, progress: &bulkhead_telemetry::Progress<'_>) {
    if bar.elapsed() < Duration::from_secs(1) {
        return;
    }
    if progress.total > 0 {
        bar.set_length(progress.total);
    }
    let rate = progress.events as f64 / bar.elapsed().as_secs_f64().max(1e-9);
    bar.set_message(format!("{} events, {}/s", count(progress.events), count(rate as u64)));
    bar.set_position(progress.read);
}

/// A table with a header; columns as wide as their content, numbers are the caller's to align.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles.
    pub fn new<const N: usize>(titles: [&str; N]) -> Self {
        Self { rows: vec![titles.map(str::to_owned).to_vec()] }
    }

    /// Adds a row; cells are shown plain.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into_iter().map(|it| plain(&it).into_owned()).collect());
    }

    /// The table as text, every line indented by `indent` spaces.
    pub fn render(&self, indent: usize) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.chars().count() + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Money for people: `1 234 567 EUR`, rounded to the unit.
pub fn money(amount: f64, currency: &str) -> String {
    format!("{} {currency}", grouped(amount.round()))
}

/// A count for people: `1 234 567`.
pub fn count(number: u64) -> String {
    group_digits(&number.to_string())
}

/// A count with what is counted: `1 action`, `1 234 actions`.
pub fn counted(number: usize, what: &str) -> String {
    counted_as(number as u64, what, &format!("{what}s"))
}

/// As [`counted`], where the plural is another word: `1 stretch`, `2 stretches`.
pub fn counted_as(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

fn grouped(amount: f64) -> String {
    let digits = group_digits(&format!("{:.0}", amount.abs()));
    if amount < 0.0 { format!("-{digits}") } else { digits }
}

fn group_digits(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A length of time for people, as every page writes it.
pub fn duration(secs: u64) -> String {
    bulkhead_report::span(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align() {
        let mut table = Table::new(["a", "long title"]);
        table.row(["x".to_owned(), "1".to_owned()]);
        assert_eq!(table.render(2), "  a  long title\n  x  1\n");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(money(1_234_567.4, "EUR"), "1 234 567 EUR");
        assert_eq!(money(-1000.0, "EUR"), "-1 000 EUR");
        assert_eq!(count(999), "999");
        assert_eq!(duration(100), "100 s");
        assert_eq!(duration(11_100), "3 h 05 min");
        assert_eq!(duration(352_800), "4 d 2 h");
    }
}
