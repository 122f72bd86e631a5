//! Texts between quotes, as access logs escape them, and the time they write.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::syslog::MONTHS;
use crate::zeek::hex_digit;

/// Cuts `"..."` from the start of `text`: its inside, still escaped, and what follows.
pub(crate) fn cut(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', &bytes[from..])?;
        if bytes[at] == b'"' {
            return Some((&inner[..at], &inner[at + 1..]));
        }
        from = (at + 2).min(bytes.len());
    }
}

/// Undoes `\"`, `\\`, `\n`, `\xhh` of Apache and nginx; what is no escape stands as written.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let (byte, length) = match rest {
            [b'\\', b'x', high, low, ..] => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            [b'\\', it @ (b'"' | b'\\'), ..] => (*it, 2),
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            _ => (*first, 1),
        };
        out.push(byte);
        rest = if length == 1 { tail } else { &rest[length..] };
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// `22/Nov/2026:14:15:42 +0100`, as NCSA's common log format writes it.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[2] != b'/' || bytes[6] != b'/' || bytes[11] != b':' || bytes[20] != b' ' {
        return None;
    }
    let month = MONTHS.iter().position(|it| text.get(3..6).is_some_and(|month| month == *it))? + 1;
    let [day, year, clock, zone] = [&text.get(..2)?, &text.get(7..11)?, &text.get(12..20)?, &text.get(21..)?];
    crate::parse_time(&format!("{year}-{month:02}-{day}T{clock}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_where_no_backslash_stands() {
        assert_eq!(cut(r#""a \"b\" \\" c"#), Some((r#"a \"b\" \\"#, " c")));
        for open in ["", "a", "\"", "\"a\\", "\"a\\\""] {
            assert_eq!(cut(open), None, "{open}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(r#"\x22a\" \\b\xzz \q\"#), "\"a\" \\b\\xzz \\q\\");
        assert_eq!(unescape(r"\xc3\xa9\x16\x03"), "é\u{16}\u{3}");
    }

    #[test]
    fn times_have_a_zone() {
        let shown = |text| time(text).map(|it| it.to_string());
        assert_eq!(shown("22/Nov/2026:14:15:42 +0100").as_deref(), Some("2026-11-22T13:15:42Z"));
        for text in ["22/Nov/2026:14:15:42", "22/Foo/2026:14:15:42 +0100", "99/Nov/2026:14:15:42 +0100"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
