//! French typography: narrow no-break spaces where they belong.

/// The text with narrow no-break spaces inside quotation marks and before `; : ? ! %`.
pub fn spaced(text: &str) -> String {
    [" ;", " :", " ?", " !", " »", " %"].iter().fold(text.replace("« ", "«\u{202f}"), |text, mark| {
        text.replace(mark, &format!("\u{202f}{}", mark.trim_start()))
    })
}

#[cfg(test)]
mod tests {
    use super::spaced;

    #[test]
    fn signs_keep_their_space() {
        assert_eq!(spaced("« a » : 54,0 % ?"), "«\u{202f}a\u{202f}»\u{202f}: 54,0\u{202f}%\u{202f}?");
        assert_eq!(spaced("https://a.example:443"), "https://a.example:443");
    }
}
