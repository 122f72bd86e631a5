//! Small pieces of SVG, written by hand: numbers with one decimal, text escaped, nothing that depends on the machine.

use std::fmt::Write;

use bulkhead_model::plain::plain;

/// An SVG picture being drawn.
#[derive(Debug)]
pub struct Svg {
    body: String,
    width: f64,
    height: f64,
    title: String,
    description: String,
}

impl Svg {
    /// An empty picture. `title` and `description` are what a screen reader says instead of it.
    pub fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        Self {
            body: String::new(),
            width,
            height,
            title: title.to_owned(),
            description: description.to_owned(),
        }
    }

    /// A rectangle with rounded corners.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, class: &str) -> &mut Self {
        self.raw(&format!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="3" class="{class}"/>"#
        ))
    }

    /// A straight line.
    pub fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, class: &str) -> &mut Self {
        self.raw(&format!(r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#))
    }

    /// A circle.
    pub fn circle(&mut self, x: f64, y: f64, radius: f64, class: &str) -> &mut Self {
        self.raw(&format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" class="{class}"/>"#))
    }

    /// A path.
    pub fn path(&mut self, d: &str, class: &str) -> &mut Self {
        self.raw(&format!(r#"<path d="{d}" class="{class}"/>"#))
    }

    /// One line of text; `class` may hold `end` or `middle` for its anchor.
    pub fn text(&mut self, x: f64, y: f64, text: &str, class: &str) -> &mut Self {
        self.raw(&format!(r#"<text x="{x:.1}" y="{y:.1}" class="{class}">{}</text>"#, escape(text)))
    }

    /// A group whose content is explained when pointed at.
    pub fn explained(&mut self, tooltip: &str, draw: impl FnOnce(&mut Self)) -> &mut Self {
        self.raw(&format!("<g><title>{}</title>", escape(tooltip)));
        draw(self);
        self.raw("</g>")
    }

    /// Adds markup as it is.
    pub fn raw(&mut self, markup: &str) -> &mut Self {
        self.body.push_str(markup);
        self.body.push('\n');
        self
    }

    /// The picture as markup to stand inside a page, with an id prefix unique on that page.
    pub fn finish(&self, id: &str) -> String {
        let mut out = String::new();
        let Self { body, width, height, title, description } = self;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" id="{id}" viewBox="0 0 {width:.0} {height:.0}" role="img" aria-labelledby="{id}-t {id}-d"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc>
{body}</svg>"#,
            escape(title),
            escape(description)
        );
        out
    }
}

/// A picture made for a page, as a file of its own: with the style that the page would give it, at its natural size.
pub fn standalone(picture: &str) -> String {
    let parts = || {
        let (head, body) = picture.split_once("</desc>")?;
        let (before, size) = head.split_once(" viewBox=\"0 0 ")?;
        let (width, height) = size.split_once('"')?.0.split_once(' ')?;
        Some((before, width, height, &head[before.len()..], body))
    };
    match parts() {
        Some((before, width, height, rest, body)) => format!(
            "{before} width=\"{width}\" height=\"{height}\"{rest}</desc><style>{}</style>{body}\n",
            crate::style::PICTURE
        ),
        None => picture.to_owned(),
    }
}

/// Text as it may stand inside markup, on one line and with what is hidden written out; XML 1.0 forbids some of it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in plain(text).chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// `text` cut to `most` characters, with an ellipsis where something is missing.
pub fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_text() {
        assert_eq!(escape("<a b=\"c\">&\u{1}"), r"&lt;a b=&quot;c&quot;&gt;&amp;\u{1}");
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }

    #[test]
    fn a_file_of_its_own_has_a_size_and_a_style() {
        let file = standalone(&Svg::new(300.0, 200.0, "t", "d").finish("x"));
        assert!(file.contains(r#"id="x" width="300" height="200" viewBox="0 0 300 200""#), "{file}");
        assert!(file.contains("</desc><style>"));
    }
}
