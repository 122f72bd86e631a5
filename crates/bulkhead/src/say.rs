//! The one door to the terminal. Values are shown plain (`bulkhead_model::plain`): none can clear a screen, turn a line
//! around or forge a line of ours.
//!
//! `say!` prints a line on standard output, `note!` one on standard error, `show` text composed before; such text is
//! composed with `line!`, `add!` and `text!`. All of them write out what is hidden in every argument; a name captured in
//! the format would slip past them, so that is refused when compiling. `println!`, `writeln!` and their like are
//! disallowed in this crate.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal};

use bulkhead_model::plain::{Plain, plain_json, plain_lines};

use crate::out;

/// Prints a line for people on standard output.
macro_rules! say {
    () => { $crate::say::show("\n") };
    ($form:literal $(, $arg:expr)* $(,)?) => {
        $crate::say::show(&$crate::say::text!(concat!($form, "\n") $(, $arg)*))
    };
}

/// Prints a line for people on standard error.
macro_rules! note {
    ($form:literal $(, $arg:expr)* $(,)?) => {
        $crate::say::show_beside(&$crate::say::text!(concat!($form, "\n") $(, $arg)*))
    };
}

/// Adds to text that is being composed.
macro_rules! add {
    ($out:expr, $form:expr $(, $arg:expr)* $(,)?) => {{
        const _: () = assert!(!$crate::say::captures($form), "give values as arguments of the macro, not as names in its format");
        $out.push_str(&$crate::say::composed(format_args!($form $(, $crate::say::value(&$arg))*)));
    }};
}

/// Adds a line to text that is being composed.
macro_rules! line {
    ($out:expr, $form:literal $(, $arg:expr)* $(,)?) => {
        $crate::say::add!($out, concat!($form, "\n") $(, $arg)*)
    };
}

/// Text composed of a format and values.
macro_rules! text {
    ($form:expr $(, $arg:expr)* $(,)?) => {{
        let mut text = String::new();
        $crate::say::add!(text, $form $(, $arg)*);
        text
    }};
}

pub(crate) use {add, line, note, say, text};

/// A value as people may see it.
pub fn value<T: fmt::Display>(value: T) -> Plain<T> {
    Plain(value)
}

/// What the macros compose.
pub fn composed(form: fmt::Arguments<'_>) -> String {
    form.to_string()
}

/// Whether a format captures a name, such as `{name}`.
pub const fn captures(form: &str) -> bool {
    let bytes = form.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' {
            match bytes[at + 1] {
                b'{' => at += 1,
                b'}' | b':' | b'0'..=b'9' => {}
                _ => return true,
            }
        }
        at += 1;
    }
    false
}

/// Prints text composed for people on standard output.
pub fn show(text: &str) {
    out::print(&plain_lines(text));
}

/// Prints text composed for people on standard error.
pub fn show_beside(text: &str) {
    out::eprint(&plain_lines(text));
}

/// Prints JSON for programs: exact data, in which nothing steers a terminal.
pub fn show_json(json: &str) {
    out::print(&plain_json(json));
}

/// Prints a file's content, which programs read too: as it is, but plain where a terminal would obey it.
pub fn show_document(text: &str) {
    let text = if io::stdout().is_terminal() { plain_lines(text) } else { Cow::Borrowed(text) };
    out::print(&text);
}

#[cfg(test)]
mod tests {
    use super::captures;

    #[test]
    fn values_cannot_forge_a_line() {
        let title = "x\nPROOF HOLDS\u{1b}[2J";
        assert_eq!(
            text!("  {} is {:>4}\n", title, 7_u8.to_string()),
            "  x\\nPROOF HOLDS\\u{1b}[2J is    7\n"
        );
    }

    #[test]
    fn captured_names_are_seen() {
        assert!(captures("a {name}"));
        assert!(captures("{name:>4}"));
        assert!(!captures("{} {{name}} {:>4} {0}"));
    }
}
